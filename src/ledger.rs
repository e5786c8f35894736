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
//! name, and the rows are counted (`table`, `examination`). What is damaged is moved aside, and a new ledger is
//! made from the mirror of all identities and from what is sound (`mirror`, `restoring`): at start, or under
//! a running daemon by [`Ledger::heal`].
//!
//! **No writing.** A ledger that can be read but not written, on a full or read-only disk, opens all
//! the same: what it knows can be served, and each commit first tries to open it properly.

mod bodies;
mod census;
mod claim;
mod error;
mod examination;
mod mending;
mod mirror;
mod opening;
mod place;
mod progress;
mod restoring;
mod rows;
mod schema;
mod show;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod tools;
mod writing;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use uuid::Uuid;

use crate::catalogue::{Changes, Key};
use crate::entry::{Digest, FolderPath};
use bodies::Source;
pub use bodies::{Alarm, LedgerBodies};
use census::Census;
pub use claim::Claim;
pub use error::LedgerError;
use examination::{FOLDER, Good, SETTINGS, SITE, Verdict};
use mirror::{Head, Mirror};
use opening::Opened;
use place::{Lock, Place};
pub use progress::{Progress, Step};
pub use restoring::Restored;
pub use stored::{Feeds, Stored};
pub use tools::{Checked, Inspector};

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
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, and nearly always the large one"
)]
enum Hold {
    /// To read and write.
    Full {
        connection: Connection,
        mirror: RefCell<Mirror>,
        /// The last commit failed, and nobody knows what of it is on the disk: never to be trusted
        /// again (<https://danluu.com/fsyncgate/>).
        is_doubtful: bool,
        _lock: Option<Lock>,
    },
    /// To read only.
    Frozen {
        why: Arc<LedgerError>,
        /// Held for its lock, where there is a file to lock.
        lock: Option<Lock>,
    },
}

impl Ledger {
    /// Opens, or makes, the ledger in the folder `state` for the entries in `entries`: [`Claim::take`] and
    /// [`Claim::open`] in one.
    ///
    /// # Errors
    ///
    /// Those of both.
    pub fn open(state: &Path, entries: &Path, adopt: bool) -> Result<Self, LedgerError> {
        Claim::take(state, entries, adopt)?.open()
    }

    fn full(claim: Claim, opened: Opened) -> Result<Self, LedgerError> {
        let Opened {
            connection,
            good,
            held,
            restored,
        } = opened;
        let place = &claim.place;
        let source = Source::open(&place.ledger())
            .map_err(|error| LedgerError::Sqlite("opened for reading", error))?;
        let head = Head {
            site: good.site().unwrap_or_default(),
            folder: claim.folder.clone(),
        };
        let turn = good.census.turn;
        let mirror = Mirror::start(place.mirror(), head, &held, &good.stored.records, turn);
        let hold = |lock| Hold::Full {
            connection,
            mirror: RefCell::new(mirror),
            is_doubtful: false,
            _lock: lock,
        };
        let ledger = Self {
            restored,
            ..Self::of(claim, hold, source, good)
        };
        ledger.set_fact(FOLDER, &ledger.folder)?;
        Ok(ledger)
    }

    /// For reading only, because of `why`, if it can be read.
    fn frozen(claim: Claim, why: LedgerError) -> Result<Self, LedgerError> {
        let Ok(source) = Source::without_writing(&claim.place) else {
            return Err(why);
        };
        let Ok(Verdict::Good(good)) = examination::examine(&source.connection) else {
            return Err(why);
        };
        match good.folder() {
            Some(owner) if owner != claim.folder && !claim.adopt => Err(LedgerError::Foreign {
                state: claim.place.state().to_owned(),
                owner: owner.to_owned(),
                asked: claim.folder,
            }),
            _ => {
                let why = Arc::new(why);
                let hold = |lock| Hold::Frozen { why, lock };
                Ok(Self::of(claim, hold, source, *good))
            }
        }
    }

    fn of(
        claim: Claim,
        hold: impl FnOnce(Option<Lock>) -> Hold,
        source: Source,
        good: Good,
    ) -> Self {
        let Claim {
            place,
            folder,
            adopt,
            bodies,
            lock,
            ..
        } = claim;
        bodies.read_from(source);
        let records = &good.stored.records;
        let untold = records
            .iter()
            .filter(|record| good.untold.contains(&record.key));
        Self {
            folder,
            adopt,
            hold: hold(lock),
            alarm: bodies.alarm(),
            bodies,
            untold: untold.map(|record| record.entry.path.clone()).collect(),
            last: records.iter().map(|it| it.key).max().unwrap_or(Key(0)),
            facts: RefCell::new(good.facts),
            fresh: RefCell::new(Some(good.stored)),
            print: good.print,
            census: good.census,
            restored: None,
            place,
        }
    }

    /// By what to know that nobody has written since: it changes with every commit, and whenever a daemon
    /// says that it is alive. `None` if it can't be written, or read.
    pub fn stamp(&self) -> Option<Digest> {
        match &self.hold {
            Hold::Full { connection, .. } => examination::stamp(connection, &self.folder).ok(),
            Hold::Frozen { .. } => None,
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

    /// Keeps `changes`, and what became of feeds, in one transaction.
    pub fn commit(&mut self, changes: &Changes, feeds: &Feeds) -> Result<(), LedgerError> {
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
        let counted =
            writing::write(connection, *census, *last, changes, feeds).map_err(|error| {
                *is_doubtful = true;
                LedgerError::Sqlite("written", error)
            })?;
        *census = counted;
        let keys = changes.records.iter().map(|record| record.key);
        *last = keys.fold(*last, Key::max);
        let all = || writing::identities_after(connection, changes, counted);
        mirror.get_mut().append(&changes.records, counted.turn, all);
        Ok(())
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
            mirror
                .get_mut()
                .finish(|| writing::identities(connection, turn));
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
            writing::put_fact(connection, name, value)
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
