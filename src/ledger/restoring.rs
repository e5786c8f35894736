//! A new ledger in the place of one that is damaged or gone.
//!
//! The mirror says who is who. What of the old ledger can be proved to be as it was written is taken
//! over: a row that has its sum and says just what the mirror says, a text that has its name. An
//! identity without such a row comes back withdrawn, and is live again when its file is found.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::PathBuf;

use rusqlite::{Connection, params};

use super::Feeds;
use super::bodies::Source;
use super::census::Census;
use super::examination::{FOLDER, Good, SITE, needs_text, text};
use super::mirror::{Held, Identity};
use super::place::Place;
use super::progress::{Count, Progress, Step};
use super::rows::{self, DEPARTURE, ENTRY, FACT, HISTORY, MEDIA};
use super::{LedgerError, schema};
use crate::catalogue::{Key, Record};
use crate::entry::{Digest, EntryId, FolderPath, Media};

/// What had to be done so that there is a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What was wrong.
    pub fault: String,
    /// Where the old files are now, if there were any.
    pub aside: Option<PathBuf>,
    /// Identities that have their last version again.
    pub whole: usize,
    /// Identities that wait for their files.
    pub waiting: usize,
    /// Lines of the mirror that were of no use.
    pub damaged_lines: usize,
    /// Nobody knows the site's id any more.
    pub has_lost_site: bool,
}

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, whole, .. } = self;
        write!(f, "{fault}. {whole} entries came back as they were, ")?;
        write!(
            f,
            "{} without their text, which is read from their files",
            self.waiting
        )?;
        if self.damaged_lines > 0 {
            let lines = self.damaged_lines;
            write!(f, "; {lines} lines of the mirror were damaged as well")?;
        }
        if self.has_lost_site {
            f.write_str("; the site's id is lost, and ids grow from `[site] id` or a new one")?;
        }
        match &self.aside {
            Some(aside) => write!(f, ". The old files are in {}", aside.display()),
            None => Ok(()),
        }
    }
}

/// All that a ledger is made of, but for the texts.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) facts: BTreeMap<String, String>,
    pub(super) records: BTreeMap<Key, Record>,
    pub(super) media: Vec<(FolderPath, Media)>,
    pub(super) feeds: Feeds,
    /// The last commit.
    pub(super) turn: u64,
}

impl Contents {
    /// What of the ledger that `source` reads is as it was written. It may be nothing.
    pub(super) fn salvaged(source: Option<&Source>) -> Self {
        let mut contents = Self::default();
        let Some(connection) = source.map(|source| &source.connection) else {
            return contents;
        };
        // A walk ends at a page that can't be read; a second one, from the other end, finds the rest.
        for order in ["ORDER BY key", "ORDER BY key DESC"] {
            let _ = ENTRY.each(connection, order, rows::record, |record| {
                let sound = record.ok();
                contents
                    .records
                    .extend(sound.map(|record| (record.key, record)));
                Ok(())
            });
        }
        let _ = FACT.each(connection, "", rows::fact, |fact| {
            contents.facts.extend(fact.ok());
            Ok(())
        });
        let _ = MEDIA.each(connection, "", rows::media, |media| {
            contents.media.extend(media.ok());
            Ok(())
        });
        let _ = DEPARTURE.each(connection, "", rows::departure, |departure| {
            contents.feeds.departures.extend(departure.ok());
            Ok(())
        });
        let _ = HISTORY.each(connection, "", rows::history, |history| {
            contents.feeds.histories.extend(history.ok());
            Ok(())
        });
        let census = contents.facts.get(Census::FACT);
        contents.turn = census
            .and_then(|kept| Census::parse(kept))
            .map_or(0, |it| it.turn);
        contents
    }
}

/// Makes a new ledger from the mirror, which holds `held`, and from what is sound in the old one.
pub(super) fn restore(
    place: &Place,
    held: &Held,
    folder: &str,
    fault: String,
    progress: &Progress<'_>,
) -> Result<Restored, LedgerError> {
    progress(Step::Salvage, 0, 0);
    let is_there = place.ledger().exists();
    let old = is_there
        .then(|| Source::open(&place.ledger()).ok())
        .flatten();
    let mut contents = Contents::salvaged(old.as_ref());
    let site = contents.facts.get(SITE).cloned();
    let mirrored = held.head.as_ref().map(|head| head.site.to_string());
    // Another site's mirror says nothing of this one.
    let is_ours = site.is_none() || mirrored.is_none() || site == mirrored;
    let site = site.or(mirrored);
    let identities = held.identities.values().filter(|_| is_ours);
    contents.turn = identities
        .clone()
        .map(|it| it.turn)
        .fold(contents.turn, u64::max);
    for identity in identities {
        let key = identity.key();
        let is_sound = contents
            .records
            .get(&key)
            .is_some_and(|it| identity.is_of(it));
        if !is_sound {
            contents.records.insert(key, identity.clone().restore(key));
        }
    }
    let waiting = make_wait(&mut contents, old.as_ref(), progress);
    contents.facts.insert(FOLDER.to_owned(), folder.to_owned());
    let has_lost_site = site.is_none();
    contents
        .facts
        .extend(site.map(|site| (SITE.to_owned(), site)));
    if has_lost_site {
        let new = uuid::Uuid::new_v4().to_string();
        contents.facts.insert(SITE.to_owned(), new);
    }
    build(place, &contents, old.as_ref(), progress)?;
    drop(old);
    let aside = is_there.then(|| place.set_aside()).transpose()?;
    place.put_next()?;
    Ok(Restored {
        fault,
        aside,
        whole: contents.records.len() - waiting,
        waiting,
        damaged_lines: held.damaged,
        has_lost_site,
    })
}

/// Takes out of sight what has no text any more; returns how many identities wait for their files.
fn make_wait(contents: &mut Contents, old: Option<&Source>, progress: &Progress<'_>) -> usize {
    let is_there =
        |digest| old.is_some_and(|source| matches!(text(&source.connection, digest), Ok(Some(_))));
    let count = Count::new(progress, Step::Texts, contents.records.len());
    let mut waiting = 0;
    for record in contents.records.values_mut() {
        if needs_text(record) && !is_there(record.entry.article.body) {
            *record = Identity::of(record, 0).restore(record.key);
        }
        waiting += usize::from(record.is_restored());
        count.one();
    }
    waiting
}

/// Makes a database of `contents`, with all texts that `old` has and that are right, beside the
/// ledger. It takes the ledger's place by [`Place::put_next`].
pub(super) fn build(
    place: &Place,
    contents: &Contents,
    old: Option<&Source>,
    progress: &Progress<'_>,
) -> Result<(), LedgerError> {
    place.clear_next()?;
    let made = |error| LedgerError::Sqlite("made anew", error);
    let connection = Connection::open(place.next()).map_err(made)?;
    let old = old.map(|source| &source.connection);
    fill(&connection, contents, old, progress).map_err(made)?;
    connection.close().map_err(|(_, error)| made(error))
}

fn fill(
    connection: &Connection,
    contents: &Contents,
    old: Option<&Connection>,
    progress: &Progress<'_>,
) -> rusqlite::Result<()> {
    let texts = old.map(|old| texts_of(contents, old)).unwrap_or_default();
    let all = contents.records.len() + texts.len();
    let count = Count::new(progress, Step::Writing, all);
    schema::migrate(connection, 0, schema::VERSION)?;
    let transaction = connection.unchecked_transaction()?;
    for (name, value) in &contents.facts {
        if ![Census::FACT, schema::VERSION_FACT].contains(&name.as_str()) {
            rows::put_fact(&transaction, name, value)?;
        }
    }
    for record in contents.records.values() {
        rows::put_record(&transaction, record)?;
        count.one();
    }
    for (path, media) in &contents.media {
        rows::put_media(&transaction, path, *media)?;
    }
    for (feed, moment) in &contents.feeds.departures {
        rows::put_departure(&transaction, feed, *moment)?;
    }
    for (feed, volumes) in &contents.feeds.histories {
        rows::HISTORY.put(&transaction, vec![rows::text(feed), rows::text(volumes)])?;
    }
    if let Some(old) = old {
        for digest in texts {
            if let Ok(Some(body)) = text(old, digest) {
                put_text(&transaction, digest, body.as_str())?;
            }
            count.one();
        }
    }
    Census::take(&transaction, contents.turn + 1)?.put(&transaction)?;
    transaction.commit()
}

/// Writes a text, if it is not there.
pub(super) fn put_text(
    connection: &Connection,
    digest: Digest,
    html: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO body (digest, html) VALUES (?1, ?2)")?
        .execute(params![digest.as_bytes(), html])
        .map(drop)
}

/// The texts to take over: those that are named, and those that a snapshot may still show.
fn texts_of(contents: &Contents, old: &Connection) -> BTreeSet<Digest> {
    let records = contents.records.values();
    let mut texts: BTreeSet<Digest> = records.map(|record| record.entry.article.body).collect();
    let mut add_all = || -> rusqlite::Result<()> {
        let mut statement = old.prepare("SELECT digest FROM body")?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let name = row.get_ref(0)?.as_blob().unwrap_or_default();
            texts.extend(<[u8; 16]>::try_from(name).ok().map(Digest::from_bytes));
        }
        Ok(())
    };
    // As far as they can be listed.
    let _ = add_all();
    texts
}

/// What the mirror knows and the ledger does not, although it is sound: its last commits were lost, or
/// an older copy of it was put in its place.
pub(super) fn unknown_to(good: &Good, held: &Held) -> Vec<Record> {
    let is_ours = held.head.as_ref().map(|head| head.site) == good.site();
    let records = &good.stored.records;
    let mut holders: HashMap<&EntryId, Key> = HashMap::new();
    for record in records {
        holders.insert(&record.entry.id, record.key);
    }
    let keys: BTreeSet<Key> = records.iter().map(|record| record.key).collect();
    let last = keys.last().max(held.identities.keys().last());
    let mut next = last.map_or(1, |key| key.0 + 1);
    let mut unknown = Vec::new();
    for identity in held.identities.values().filter(|_| is_ours) {
        let is_newer = identity.turn > good.census.turn;
        let key = match holders.get(identity.id()) {
            Some(key) if *key == identity.key() && is_newer => *key,
            Some(_) => continue,
            // Its id is another one now, or it is not known at all.
            None if is_newer || !keys.contains(&identity.key()) => identity.key(),
            None => {
                next += 1;
                Key(next - 1)
            }
        };
        unknown.push(identity.clone().restore(key));
    }
    unknown
}
