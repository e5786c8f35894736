//! What must survive a restart: identities, dates, the last good versions and their texts, in `SQLite`.
//!
//! One writer, one transaction for each turn, committed before the new snapshot is seen. WAL with
//! `synchronous=FULL`: what was committed survives a power cut (<https://sqlite.org/pragma.html#pragma_synchronous>).
//! Readers of full texts have a connection of their own and never wait for the writer.
//!
//! A ledger belongs to one entries folder and one daemon: it remembers the folder, and a lock on the
//! file `lock` beside it is held as long as it is open.
//!
//! **Damage.** Nothing that was kept is believed without a proof: each row has a sum, each text its
//! name, and the rows are counted (`rows`, `examination`). What is damaged is moved aside, and a new ledger is
//! made from the mirror of all identities and from what is sound (`mirror`, `restoring`): at start, or under
//! a running daemon by [`Ledger::heal`].
//!
//! **No writing.** A ledger that can be read but not written, on a full or read-only disk, opens all
//! the same: what it knows can be served, and each commit first tries to open it properly.

mod bodies;
mod examination;
mod mirror;
mod opening;
mod place;
mod restoring;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod tools;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use uuid::Uuid;

use crate::catalogue::{Catalogue, Changes, Key, Record};
use crate::entry::{Digest, FolderPath, Media};
use bodies::Source;
pub use bodies::{Alarm, LedgerBodies};
use examination::{FOLDER, Good, SETTINGS, SITE, Verdict};
use mirror::{Head, Identity, Mirror};
use opening::Opened;
use place::Place;
use restoring::Contents;
pub use restoring::Restored;
use rows::{Census, Fault};
pub use tools::{Checked, Inspector};

/// Why a ledger can't be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The state folder can't be used.
    #[error("the state folder {0} can't be used: expected a folder that this user may write")]
    Folder(PathBuf, #[source] io::Error),
    /// Another daemon holds it.
    #[error("another daemon{} holds the ledger in {folder}: expected to be the only one", holder.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Held {
        /// The state folder.
        folder: PathBuf,
        /// The process that holds it, as far as it said.
        holder: Option<String>,
    },
    /// It belongs to another entries folder.
    #[error(
        "the ledger in {state} belongs to the entries in {owner}, not {asked}: expected another state folder, or `--adopt` if the entries were moved"
    )]
    Foreign {
        /// The state folder.
        state: PathBuf,
        /// The folder it remembers.
        owner: String,
        /// The folder it was asked to serve.
        asked: String,
    },
    /// It was written by a newer program.
    #[error("the ledger in {0} was written by a newer version of tidings (schema {1}, this one knows {known}): expected that version or a newer one", known = schema::VERSION)]
    Newer(PathBuf, i64),
    /// It is not as it was written.
    #[error("the ledger in {0} is damaged, {1}: expected it to be as tidings left it")]
    Damaged(PathBuf, String),
    /// Somebody else wrote it while it could not be written here.
    #[error(
        "the ledger in {0} was changed by another program: expected to be the only one; start again"
    )]
    Changed(PathBuf),
    /// There is none.
    #[error("there is no ledger in {0}: expected the state folder of a daemon that has run")]
    Missing(PathBuf),
    /// There is nothing to rebuild it from.
    #[error(
        "there are no identities in {0}: expected a mirror, identities.jsonl, to rebuild the ledger from"
    )]
    NoMirror(PathBuf),
    /// A copy would take the place of another file.
    #[error("{0} is there already: expected the name of a new file")]
    Exists(PathBuf),
    /// A copy can't be written.
    #[error("the copy {0} can't be written: expected a place with room that this user may write")]
    Copy(PathBuf, #[source] io::Error),
    /// It can only be read for now.
    #[error(transparent)]
    Refused(Arc<LedgerError>),
    /// `SQLite` failed.
    #[error("the ledger could not be {0}")]
    Sqlite(&'static str, #[source] rusqlite::Error),
}

impl LedgerError {
    /// Whether the ledger is not as it was written: it can be healed.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(..) => true,
            Self::Sqlite(_, error) => rows::is_damage(error),
            _ => false,
        }
    }

    /// Whether it is the disk that refuses, and may think better of it.
    fn is_refusal(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        match self {
            Self::Folder(_, error) => matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::ReadOnlyFilesystem
                    | io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
            ),
            Self::Sqlite(_, error) => matches!(
                error.sqlite_error_code(),
                Some(
                    Code::ReadOnly
                        | Code::CannotOpen
                        | Code::DiskFull
                        | Code::PermissionDenied
                        | Code::SystemIoFailure
                )
            ),
            _ => false,
        }
    }
}

impl Place {
    fn damaged(&self, what: String) -> LedgerError {
        LedgerError::Damaged(self.state().to_owned(), what)
    }

    fn fault(&self, what: &'static str, fault: Fault) -> LedgerError {
        match fault {
            Fault::Damage(what) => self.damaged(what),
            Fault::Sqlite(error) => LedgerError::Sqlite(what, error),
        }
    }
}

/// What a ledger kept.
#[derive(Debug, Default)]
pub struct Stored {
    /// All identities with their last good versions.
    pub records: Vec<Record>,
    /// Files beside entries.
    pub media: Vec<(FolderPath, Media)>,
    /// For each feed, by its path, when an entry last left it.
    pub departures: Vec<(String, Timestamp)>,
    /// The digest of the settings that documents show, and when they last changed.
    pub settings: Option<(Digest, Timestamp)>,
}

/// The open ledger.
pub struct Ledger {
    place: Place,
    /// The entries folder.
    folder: String,
    adopt: bool,
    /// Goes before the writer's connection, so that the last to go may tidy up.
    bodies: LedgerBodies,
    hold: Hold,
    alarm: Alarm,
    facts: RefCell<BTreeMap<String, String>>,
    /// What was read when it was opened, until somebody asks for it.
    fresh: RefCell<Option<Stored>>,
    /// The digest of all identities when it was opened.
    print: Digest,
    census: Census,
    /// The highest key that was committed.
    last: Key,
    /// The files whose texts have to be read again.
    untold: Vec<FolderPath>,
    restored: Option<Restored>,
}

/// How far it is ours.
enum Hold {
    /// To read and write.
    Full {
        connection: Connection,
        mirror: RefCell<Mirror>,
        /// The last commit failed, and nobody knows what of it is on the disk: never to be trusted
        /// again (<https://danluu.com/fsyncgate/>).
        is_doubtful: bool,
        _lock: File,
    },
    /// To read only.
    Frozen {
        why: Arc<LedgerError>,
        /// Held for its lock, where there is a file to lock.
        lock: Option<File>,
    },
}

impl Ledger {
    /// Opens, or makes, the ledger in the folder `state` for the entries in `entries`.
    ///
    /// One that is damaged or gone is restored, which [`Ledger::restored`] tells; one that can't be
    /// written is opened for reading, which [`Ledger::refusal`] tells.
    pub fn open(state: &Path, entries: &Path, adopt: bool) -> Result<Self, LedgerError> {
        let place = Place::new(state);
        let folder = entries.to_string_lossy().into_owned();
        let lock = match place.lock() {
            Ok(lock) => lock,
            Err(why) if why.is_refusal() => {
                let lock = place.lock_unwritten()?;
                return Self::frozen(place, folder, adopt, lock, why);
            }
            Err(error) => return Err(error),
        };
        match opening::open(&place, &folder, adopt) {
            Ok(opened) => Self::full(place, folder, adopt, lock, opened),
            Err(why) if why.is_refusal() => Self::frozen(place, folder, adopt, Some(lock), why),
            Err(error) => Err(error),
        }
    }

    fn full(
        place: Place,
        folder: String,
        adopt: bool,
        lock: File,
        opened: Opened,
    ) -> Result<Self, LedgerError> {
        let Opened {
            connection,
            good,
            held,
            restored,
        } = opened;
        let source = Source::open(&place.ledger())
            .map_err(|error| LedgerError::Sqlite("opened for reading", error))?;
        let head = Head {
            site: good.site().unwrap_or_default(),
            folder: folder.clone(),
        };
        let turn = good.census.turn;
        let mirror = Mirror::start(place.mirror(), head, &held, &good.stored.records, turn);
        let hold = Hold::Full {
            connection,
            mirror: RefCell::new(mirror),
            is_doubtful: false,
            _lock: lock,
        };
        let ledger = Self {
            restored,
            ..Self::of(place, folder, adopt, hold, source, good)
        };
        ledger.set_fact(FOLDER, &ledger.folder)?;
        Ok(ledger)
    }

    /// For reading only, because of `why`, if it can be read.
    fn frozen(
        place: Place,
        folder: String,
        adopt: bool,
        lock: Option<File>,
        why: LedgerError,
    ) -> Result<Self, LedgerError> {
        let Ok(source) = Source::without_writing(&place) else {
            return Err(why);
        };
        let Ok(Verdict::Good(good)) = examination::examine(&source.connection) else {
            return Err(why);
        };
        match good.folder() {
            Some(owner) if owner != folder && !adopt => Err(LedgerError::Foreign {
                state: place.state().to_owned(),
                owner: owner.to_owned(),
                asked: folder,
            }),
            _ => {
                let why = Arc::new(why);
                let hold = Hold::Frozen { why, lock };
                Ok(Self::of(place, folder, adopt, hold, source, *good))
            }
        }
    }

    fn of(
        place: Place,
        folder: String,
        adopt: bool,
        hold: Hold,
        source: Source,
        good: Good,
    ) -> Self {
        let alarm = Alarm::default();
        let records = &good.stored.records;
        let untold = records
            .iter()
            .filter(|record| good.untold.contains(&record.key));
        Self {
            folder,
            adopt,
            hold,
            bodies: LedgerBodies::new(source, alarm.clone()),
            alarm,
            untold: untold.map(|record| record.entry.path.clone()).collect(),
            last: records.last().map_or(Key(0), |record| record.key),
            facts: RefCell::new(good.facts),
            fresh: RefCell::new(Some(good.stored)),
            print: good.print,
            census: good.census,
            restored: None,
            place,
        }
    }

    /// What had to be done so that there is a ledger, if anything.
    pub fn restored(&self) -> Option<&Restored> {
        self.restored.as_ref()
    }

    /// Why it can only be read, if so.
    pub fn refusal(&self) -> Option<&LedgerError> {
        match &self.hold {
            Hold::Full { .. } => None,
            Hold::Frozen { why, .. } => Some(&**why),
        }
    }

    /// Where to hear of damage that somebody came upon.
    pub fn alarm(&self) -> Alarm {
        self.alarm.clone()
    }

    /// The files whose entries are there without a text: they are to be read again.
    pub fn untold(&self) -> &[FolderPath] {
        &self.untold
    }

    /// The site's id: `stated` if the publisher states one, else the one kept here, else a new one.
    /// It stays in force when it is no longer stated.
    pub fn site(&self, stated: Option<Uuid>) -> Result<Uuid, LedgerError> {
        let kept = self.fact(SITE).and_then(|text| text.parse().ok());
        let site = stated.or(kept).unwrap_or_else(Uuid::new_v4);
        self.set_fact(SITE, &site.to_string())?;
        if let Hold::Full { mirror, .. } = &self.hold {
            let folder = self.folder.clone();
            mirror.borrow_mut().set_head(Head { site, folder });
        }
        Ok(site)
    }

    /// Everything kept.
    pub fn load(&self) -> Result<Stored, LedgerError> {
        if let Some(stored) = self.fresh.take() {
            return Ok(stored);
        }
        match &self.hold {
            Hold::Full { connection, .. } => {
                opening::good_in(&self.place, connection).map(|good| good.stored)
            }
            Hold::Frozen { .. } => {
                let source = Source::without_writing(&self.place)?;
                opening::good_in(&self.place, &source.connection).map(|good| good.stored)
            }
        }
    }

    /// When a daemon said last that it was alive.
    pub fn alive(&self) -> Option<Timestamp> {
        self.fact(ALIVE)?.parse().ok()
    }

    /// Keeps that a daemon was alive at `now`.
    pub fn set_alive(&self, now: Timestamp) -> Result<(), LedgerError> {
        self.set_fact(ALIVE, &now.to_string())
    }

    /// Keeps the digest of the settings that documents show, and since when they are so.
    pub fn set_settings(&self, digest: Digest, since: Timestamp) -> Result<(), LedgerError> {
        self.fresh.take();
        self.set_fact(SETTINGS, &format!("{digest} {since}"))
    }

    /// The device that the entries folder lay on when it was last looked at.
    pub fn root_device(&self) -> Option<u64> {
        self.fact(ROOT_DEVICE)?.parse().ok()
    }

    /// Keeps the device that the entries folder lies on.
    pub fn set_root_device(&self, device: u64) -> Result<(), LedgerError> {
        self.set_fact(ROOT_DEVICE, &device.to_string())
    }

    /// Keeps `changes`, and the moments at which entries left feeds, in one transaction.
    pub fn commit(
        &mut self,
        changes: &Changes,
        departures: &[(String, Timestamp)],
    ) -> Result<(), LedgerError> {
        self.recover()?;
        self.fresh.take();
        let Self {
            hold, census, last, ..
        } = self;
        let Hold::Full {
            connection,
            mirror,
            is_doubtful,
            ..
        } = hold
        else {
            return Err(self.place.damaged("it can't be written".to_owned()));
        };
        let counted = write(connection, *census, changes, departures).map_err(|error| {
            *is_doubtful = true;
            LedgerError::Sqlite("written", error)
        })?;
        *census = counted;
        let keys = changes.records.iter().map(|record| record.key);
        *last = keys.fold(*last, Key::max);
        let all = || identities(connection, counted.turn);
        mirror.get_mut().append(&changes.records, counted.turn, all);
        Ok(())
    }

    /// Makes it writable again after it could not be written: opens it anew, and proves that it is as
    /// it was left. Does nothing if there is no need.
    pub fn recover(&mut self) -> Result<(), LedgerError> {
        match &mut self.hold {
            Hold::Full {
                is_doubtful: false, ..
            } => Ok(()),
            Hold::Full { connection, .. } => {
                let again = opening::connect(&self.place)?;
                let good = opening::good_in(&self.place, &again)?;
                if good.census.rows[0] < self.census.rows[0] {
                    return Err(self.place.damaged("it lacks entries".to_owned()));
                }
                self.census = forget_after(&again, self.last, self.census.turn)
                    .map_err(|error| LedgerError::Sqlite("written", error))?;
                *connection = again;
                self.trust();
                Ok(())
            }
            Hold::Frozen { lock, .. } => {
                lock.take();
                let again = Self::open(self.place.state(), Path::new(&self.folder), self.adopt)?;
                self.thaw(again)
            }
        }
    }

    fn trust(&mut self) {
        if let Hold::Full { is_doubtful, .. } = &mut self.hold {
            *is_doubtful = false;
        }
    }

    /// Becomes `again`, which was opened in its place.
    fn thaw(&mut self, again: Self) -> Result<(), LedgerError> {
        if let Hold::Frozen { why, .. } = &again.hold {
            let refused = LedgerError::Refused(Arc::clone(why));
            self.hold = again.hold;
            return Err(refused);
        }
        if again.print != self.print {
            return Err(LedgerError::Changed(self.place.state().to_owned()));
        }
        let source = Source::open(&self.place.ledger())
            .map_err(|error| LedgerError::Sqlite("opened for reading", error))?;
        self.bodies.read_from(source);
        self.hold = again.hold;
        self.census = again.census;
        // Facts that could not be kept meanwhile.
        for (name, value) in self.facts.take() {
            if ![Census::FACT, schema::VERSION_FACT].contains(&name.as_str()) {
                self.set_fact(&name, &value)?;
            }
        }
        Ok(())
    }

    /// Makes a new ledger under a running daemon, because the present one is damaged: of all that
    /// `catalogue` knows, and of the texts that are still right. Where the old files are now is returned,
    /// and the files whose texts are lost are [`Ledger::untold`].
    pub fn heal(&mut self, catalogue: &Catalogue) -> Result<PathBuf, LedgerError> {
        let old = Source::open(&self.place.ledger()).ok();
        let salvaged = Contents::salvaged(old.as_ref());
        let records = catalogue.records();
        let known = |path: &FolderPath| Some((path.clone(), catalogue.media(path)?));
        let media: BTreeMap<FolderPath, Media> = salvaged
            .media
            .into_iter()
            .chain(catalogue.media_paths().filter_map(known))
            .collect();
        let contents = Contents {
            facts: self.facts.borrow().clone(),
            records: records
                .map(|record| (record.key, (**record).clone()))
                .collect(),
            media: media.into_iter().collect(),
            departures: salvaged.departures,
            turn: self.census.turn,
        };
        restoring::build(&self.place, &contents, old.as_ref())?;
        drop(old);
        let Hold::Full {
            connection,
            mirror,
            is_doubtful,
            ..
        } = &mut self.hold
        else {
            return Err(self.place.damaged("it can't be written".to_owned()));
        };
        // Should a step fail, nothing may be written where the old one was.
        *is_doubtful = true;
        // The old one stays as it is, for whoever wants to know.
        let _ = connection.set_db_config(
            rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
            true,
        );
        let aside = self.place.set_aside()?;
        self.place.put_next()?;
        *connection = opening::connect(&self.place)?;
        let good = opening::good_in(&self.place, connection)?;
        let source = Source::open(&self.place.ledger())
            .map_err(|error| LedgerError::Sqlite("opened for reading", error))?;
        self.bodies.read_from(source);
        self.census = good.census;
        let records = good.stored.records;
        self.last = records.last().map_or(Key(0), |record| record.key);
        let untold = records.iter().filter(|it| good.untold.contains(&it.key));
        self.untold = untold.map(|record| record.entry.path.clone()).collect();
        let turn = good.census.turn;
        let all = || Ok(records.iter().map(|it| Identity::of(it, turn)).collect());
        mirror.get_mut().finish(all);
        self.trust();
        self.alarm.healed();
        Ok(aside)
    }

    /// Lets go of texts that no record names any more. Not done in [`Ledger::commit`], because a
    /// snapshot that readers still hold may need the text that was just replaced.
    pub fn sweep(&self) -> Result<usize, LedgerError> {
        match &self.hold {
            Hold::Full { connection, .. } => connection
                .execute("DELETE FROM body WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.body = body.digest)", ())
                .map_err(|error| LedgerError::Sqlite("swept", error)),
            Hold::Frozen { .. } => Ok(0),
        }
    }

    /// A reader of full texts with a connection of its own.
    pub fn bodies(&self) -> LedgerBodies {
        self.bodies.clone()
    }

    /// Leaves the mirror with one line for each identity, and the database as a single file: a copy made
    /// while nobody serves it is complete.
    pub fn close(mut self) {
        let turn = self.census.turn;
        if let Hold::Full {
            connection, mirror, ..
        } = &mut self.hold
        {
            mirror.get_mut().finish(|| identities(connection, turn));
            // What can't be moved now stays where it is just as safe.
            let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
        }
    }

    fn fact(&self, name: &str) -> Option<String> {
        self.facts.borrow().get(name).cloned()
    }

    /// Keeps a fact: now, or as soon as the ledger can be written.
    fn set_fact(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        if let Hold::Full { connection, .. } = &self.hold
            && self.fact(name).as_deref() != Some(value)
        {
            put_fact(connection, name, value)
                .map_err(|error| LedgerError::Sqlite("written", error))?;
        }
        let mut facts = self.facts.borrow_mut();
        facts.insert(name.to_owned(), value.to_owned());
        Ok(())
    }
}

/// The fact that keeps when a daemon was last alive.
const ALIVE: &str = "alive";

/// The fact that keeps the device of the entries folder.
const ROOT_DEVICE: &str = "root_device";

fn put_fact(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    rows::put_fact(&transaction, name, value)?;
    transaction.commit()
}

/// Writes one turn, and counts.
fn write(
    connection: &mut Connection,
    before: Census,
    changes: &Changes,
    departures: &[(String, Timestamp)],
) -> rusqlite::Result<Census> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut census = before;
    census.turn += 1;
    let [entries, media_files, left] = &mut census.rows;
    for (digest, body) in &changes.bodies {
        restoring::put_text(&transaction, *digest, body.as_str())?;
    }
    // All go before the first comes: an id may pass from one to another in one turn.
    for record in &changes.records {
        let key = Value::Integer(rows::number_of(record.key));
        let removed = u64::from(rows::ENTRY.remove(&transaction, &key)?);
        *entries = entries.saturating_sub(removed);
    }
    for record in &changes.records {
        *entries += u64::from(rows::put_record(&transaction, record)?);
    }
    for (path, media) in &changes.media {
        match media {
            Some(media) => {
                *media_files += u64::from(rows::put_media(&transaction, path, *media)?);
            }
            None => {
                let key = rows::text(path.as_str());
                let removed = u64::from(rows::MEDIA.remove(&transaction, &key)?);
                *media_files = media_files.saturating_sub(removed);
            }
        }
    }
    for (feed, moment) in departures {
        *left += u64::from(rows::put_departure(&transaction, feed, *moment)?);
    }
    census.put(&transaction)?;
    transaction.commit()?;
    Ok(census)
}

/// Forgets what a commit left that nobody saw succeed: entries after `last`. Counts the rest.
fn forget_after(connection: &Connection, last: Key, turn: u64) -> rusqlite::Result<Census> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    transaction.execute("DELETE FROM entry WHERE key > ?1", [rows::number_of(last)])?;
    let census = Census::take(&transaction, turn + 1)?;
    census.put(&transaction)?;
    transaction.commit()?;
    Ok(census)
}

/// All identities, for the mirror.
fn identities(connection: &Connection, turn: u64) -> io::Result<Vec<Identity>> {
    let read = |row: &rusqlite::Row<'_>| rows::record(row).map(|it| Identity::of(&it, turn));
    rows::ENTRY
        .all(connection, read)
        .map_err(|fault| match fault {
            Fault::Damage(what) => io::Error::new(io::ErrorKind::InvalidData, what),
            Fault::Sqlite(error) => io::Error::other(error),
        })
}
