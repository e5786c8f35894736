//! Whether a ledger is as it was written.
//!
//! `SQLite` knows its own structure; the rest is for us to check: that the file is ours, that the tables
//! are those of its version, that each row has its sum, that no row is missing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension};
use uuid::Uuid;

use super::Feeds;
use super::census::Census;
use super::progress::{Count, Progress, Step, UNTOLD};
use super::rows::{self, DEPARTURE, ENTRY, FACT, HISTORY, MEDIA};
use super::table::{Columns, Fault};
use super::{Stored, schema};
use crate::catalogue::{Key, Record, Standing};
use crate::entry::{Body, Digest, Digester};

/// The names of facts.
pub(super) const FOLDER: &str = "folder";
pub(super) const SITE: &str = "site";
pub(super) const SETTINGS: &str = "settings";

/// What a ledger turned out to be.
pub(super) enum Verdict<G = Box<Good>> {
    /// Nothing has been written to it yet.
    Empty,
    /// It is of this earlier version, whose rows have no sums.
    Old(usize),
    /// It is of a later version, which we can't judge.
    Newer(i64),
    /// It is as it was written.
    Good(G),
}

/// What is known by a name.
type Facts = BTreeMap<String, String>;

/// What a ledger holds that is as it was written.
pub(super) struct Good {
    pub(super) stored: Stored,
    pub(super) facts: Facts,
    pub(super) census: Census,
    /// The digest of all identities: equal as long as nobody writes.
    pub(super) print: Digest,
    /// The entries whose texts are not there although somebody may see them.
    pub(super) untold: Vec<Key>,
}

impl Good {
    /// The site's id.
    pub(super) fn site(&self) -> Option<Uuid> {
        self.facts.get(SITE)?.parse().ok()
    }

    /// The entries folder.
    pub(super) fn folder(&self) -> Option<&str> {
        self.facts.get(FOLDER).map(String::as_str)
    }
}

/// Examines what `connection` reads, and takes it.
pub(super) fn examine(connection: &Connection) -> Result<Verdict, Fault> {
    judge(connection, taken(UNTOLD))
}

/// Examines what `connection` reads; `read` does so with the rows.
fn judge<G>(
    connection: &Connection,
    read: impl FnOnce(&Connection, Facts, Census) -> Result<G, Fault>,
) -> Result<Verdict<G>, Fault> {
    // One moment of it, whatever a daemon may write meanwhile.
    let transaction = connection.unchecked_transaction()?;
    judge_now(&transaction, read).map_err(|fault| match fault {
        // What SQLite can't make sense of: no such table, an unknown format of the file.
        Fault::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
            Fault::Damage(error.to_string())
        }
        fault => fault,
    })
}

fn judge_now<G>(
    connection: &Connection,
    read: impl FnOnce(&Connection, Facts, Census) -> Result<G, Fault>,
) -> Result<Verdict<G>, Fault> {
    let number = |pragma: &str| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, pragma, |row| row.get(0))
    };
    let stated = number("user_version")?;
    let definitions = schema::definitions(connection)?;
    if stated == 0 && definitions.is_empty() {
        return Ok(Verdict::Empty);
    }
    let version = usize::try_from(stated).unwrap_or(usize::MAX);
    if version > schema::VERSION {
        return newer(connection, stated);
    }
    if number("application_id")? != schema::APPLICATION_ID {
        return Err(Fault::Damage("its header is not ours".to_owned()));
    }
    if definitions != schema::expected_definitions(version)? {
        return Err(Fault::Damage(format!(
            "its tables are not those of schema {version}"
        )));
    }
    if version < schema::VERSION {
        quick_check(connection)?;
        return Ok(Verdict::Old(version));
    }
    let facts: Facts = FACT
        .all(connection, rows::fact, &Count::untold())?
        .into_iter()
        .collect();
    if facts.get(schema::VERSION_FACT) != Some(&stated.to_string()) {
        return Err(Fault::Damage("its version is not what it was".to_owned()));
    }
    let census = facts.get(Census::FACT).and_then(|kept| Census::parse(kept));
    let census = census.ok_or_else(|| Fault::Damage("its counts are missing".to_owned()))?;
    if census.rows[0] > 0 && !facts.contains_key(SITE) {
        return Err(Fault::Damage("the site's id is missing".to_owned()));
    }
    read(connection, facts, census).map(Verdict::Good)
}

/// Takes all that is there.
fn taken(
    progress: &Progress<'_>,
) -> impl FnOnce(&Connection, Facts, Census) -> Result<Box<Good>, Fault> {
    move |connection, facts, census| take(connection, facts, census, progress)
}

fn take(
    connection: &Connection,
    facts: Facts,
    census: Census,
    progress: &Progress<'_>,
) -> Result<Box<Good>, Fault> {
    let stored = stored(connection, &facts, &rows_of(census, progress))?;
    let found = [
        stored.records.len() as u64,
        stored.media.len() as u64,
        stored.feeds.departures.len() as u64,
        stored.feeds.histories.len() as u64,
    ];
    census.expect(found)?;
    Ok(Box::new(Good {
        print: print(connection)?,
        untold: untold(connection, &stored.records)?,
        stored,
        facts,
        census,
    }))
}

/// Counts the rows that there should be.
fn rows_of<'a>(census: Census, progress: &'a Progress<'a>) -> Count<'a> {
    let all = census.rows.iter().sum::<u64>();
    Count::new(
        progress,
        Step::Rows,
        usize::try_from(all).unwrap_or(usize::MAX),
    )
}

/// How many entries there are, every row of every table proved.
fn counted(connection: &Connection, census: Census, progress: &Progress<'_>) -> Result<u64, Fault> {
    let count = rows_of(census, progress);
    let mut found = [0; 4];
    for (table, found) in Census::TABLES.iter().zip(&mut found) {
        let prove = |_: &Columns| Ok(());
        table.each(connection, "", prove, |row| {
            *found += 1;
            count.one();
            row
        })?;
    }
    census.expect(found)?;
    Ok(found[0])
}

/// A version number beyond ours: a newer program wrote it, or damage did. A newer program keeps its
/// number as a fact, too, and leaves a sound file.
fn newer<G>(connection: &Connection, stated: i64) -> Result<Verdict<G>, Fault> {
    quick_check(connection)?;
    let mut kept = None;
    let found = FACT.each(connection, "", rows::fact, |fact| {
        if let Ok((name, value)) = fact
            && name == schema::VERSION_FACT
        {
            kept = value.parse::<i64>().ok();
        }
        Ok(())
    });
    if found.is_ok() && kept.is_some_and(|kept| kept != stated) {
        return Err(Fault::Damage("its version is not what it was".to_owned()));
    }
    Ok(Verdict::Newer(stated))
}

fn quick_check(connection: &Connection) -> Result<(), Fault> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    if said == "ok" {
        Ok(())
    } else {
        Err(Fault::Damage(said))
    }
}

/// Everything but the facts.
fn stored(connection: &Connection, facts: &Facts, count: &Count<'_>) -> Result<Stored, Fault> {
    Ok(Stored {
        records: ENTRY.all(connection, rows::record, count)?,
        media: MEDIA.all(connection, rows::media, count)?,
        feeds: Feeds {
            departures: DEPARTURE.all(connection, rows::departure, count)?,
            histories: HISTORY.all(connection, rows::history, count)?,
        },
        settings: facts.get(SETTINGS).and_then(|kept| settings(kept)),
    })
}

fn settings(kept: &str) -> Option<(Digest, Timestamp)> {
    let (digest, moment) = kept.split_once(' ')?;
    Some((digest.parse().ok()?, moment.parse().ok()?))
}

/// The digest of all facts, for who has the entries in `folder`.
pub(super) fn stamp(connection: &Connection, folder: &str) -> Result<Digest, Fault> {
    let mut facts = FACT.all(connection, rows::fact, &Count::untold())?;
    facts.sort_unstable();
    let digester = facts
        .iter()
        .fold(Digester::new().field(folder), |digester, (name, value)| {
            digester.field(name).field(value)
        });
    Ok(digester.finish())
}

fn print(connection: &Connection) -> Result<Digest, Fault> {
    let mut statement = connection.prepare("SELECT sum FROM entry ORDER BY key")?;
    let mut rows = statement.query(())?;
    let mut digester = Digester::new();
    while let Some(row) = rows.next()? {
        digester = digester.field(row.get_ref(0)?.as_blob().unwrap_or_default());
    }
    Ok(digester.finish())
}

fn untold(connection: &Connection, records: &[Record]) -> Result<Vec<Key>, Fault> {
    let keys: Vec<u64> = connection
        .prepare(
            "SELECT key FROM entry
             WHERE NOT EXISTS (SELECT 1 FROM body WHERE body.digest = entry.body) ORDER BY key",
        )?
        .query_map((), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let is_missed =
        |record: &&Record| needs_text(record) && keys.binary_search(&record.key.0).is_ok();
    Ok(records
        .iter()
        .filter(is_missed)
        .map(|record| record.key)
        .collect())
}

/// Whether somebody sees the entry's text, or will without its file being read again.
pub(super) fn needs_text(record: &Record) -> bool {
    !matches!(
        record.standing,
        Standing::Retired(_) | Standing::Withdrawn(_)
    )
}

/// The bytes of a database's header that have one meaning only (sqlite.org/fileformat.html section
/// 1.3): `SQLite` takes some wrong ones for a wish, such as never to be written to again.
pub(super) fn check_header(path: &Path) -> Result<(), Fault> {
    const LENGTH: usize = 100;
    let damaged = |what: &str| Err(Fault::Damage(format!("its header has {what}")));
    let mut header = Vec::new();
    let read = || -> io::Result<usize> {
        let file = File::options().read(true).open(path)?;
        file.take(LENGTH as u64).read_to_end(&mut header)
    };
    match { read }() {
        // Whether it can be opened at all, SQLite says in its own words.
        Err(_) | Ok(0) => return Ok(()),
        Ok(LENGTH) => {}
        Ok(_) => return damaged("no end"),
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return damaged("another format's first bytes");
    }
    if !(1..=2).contains(&header[18]) || !(1..=2).contains(&header[19]) {
        return damaged("an unknown way of writing");
    }
    if header[72..92].iter().any(|byte| *byte != 0) {
        return damaged("something where nothing was written");
    }
    Ok(())
}

/// All that can be known: also each page, each index and each text. Takes its time.
pub(super) fn examine_all(
    connection: &Connection,
    progress: &Progress<'_>,
) -> Result<Verdict, Fault> {
    judge(connection, taken(progress))
        .and_then(|verdict| examine_pages(connection, progress, verdict))
}

/// The same, and takes no more of it than the number of its entries.
pub(super) fn prove_all(
    connection: &Connection,
    progress: &Progress<'_>,
) -> Result<Verdict<u64>, Fault> {
    let counted = |connection: &Connection, _, census| counted(connection, census, progress);
    judge(connection, counted).and_then(|verdict| examine_pages(connection, progress, verdict))
}

fn examine_pages<G>(
    connection: &Connection,
    progress: &Progress<'_>,
    verdict: Verdict<G>,
) -> Result<Verdict<G>, Fault> {
    progress(Step::Pages, 0, 0);
    // Indexes, too: a lookup that misses a text is damage as well.
    let said: String = connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
    if said != "ok" {
        return Err(Fault::Damage(said));
    }
    if let Verdict::Good(_) = verdict {
        check_texts(connection, progress)?;
    }
    Ok(verdict)
}

fn check_texts(connection: &Connection, progress: &Progress<'_>) -> Result<(), Fault> {
    let mut statement = connection.prepare("SELECT digest FROM body")?;
    let digests: Vec<Vec<u8>> = statement
        .query_map((), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let count = Count::new(progress, Step::Texts, digests.len());
    for digest in &digests {
        let digest = <[u8; 16]>::try_from(digest.as_slice())
            .map_err(|_| Fault::Damage("a text has no name".to_owned()))?;
        text(connection, Digest::from_bytes(digest))?;
        count.one();
    }
    Ok(())
}

/// The text named `digest`, if it is there, and just that one.
pub(super) fn text(connection: &Connection, digest: Digest) -> Result<Option<Body>, Fault> {
    let html: Option<String> = connection
        .prepare_cached("SELECT html FROM body WHERE digest = ?1")?
        .query_row([digest.as_bytes()], |row| row.get(0))
        .optional()?;
    let body = html.map(Body::from_clean_html);
    match body {
        Some(body) if body.digest() != digest => Err(Fault::Damage(format!(
            "the text {digest} is not as it was written"
        ))),
        body => Ok(body),
    }
}
