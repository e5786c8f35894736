//! What must survive a restart: identities, dates, the last good versions and their texts, in `SQLite`.
//!
//! One writer, one transaction for each turn, committed before the new snapshot is seen. WAL with
//! `synchronous=FULL`: what was committed survives a power cut (<https://sqlite.org/pragma.html#pragma_synchronous>).
//! Readers of full texts have a connection of their own and never wait for the writer.
//!
//! A ledger belongs to one entries folder and one daemon: it remembers the folder, and a lock on the
//! file `lock` beside it is held as long as it is open.

mod schema;
#[cfg(test)]
mod tests;

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use uuid::Uuid;

use crate::catalogue::{Changes, Record};
use crate::entry::{Bodies, Body, Digest, FolderPath, Media};

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
    /// `SQLite` failed.
    #[error("the ledger could not be {0}")]
    Sqlite(&'static str, #[source] rusqlite::Error),
}

/// What a ledger kept.
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
    connection: Connection,
    path: PathBuf,
    /// Held for its lock.
    _lock: File,
}

impl Ledger {
    /// Opens, or makes, the ledger in the folder `state` for the entries in `entries`.
    pub fn open(state: &Path, entries: &Path, adopt: bool) -> Result<Self, LedgerError> {
        std::fs::create_dir_all(state)
            .map_err(|error| LedgerError::Folder(state.to_owned(), error))?;
        let lock = lock(state)?;
        let path = state.join("ledger.sqlite");
        let connection =
            Connection::open(&path).map_err(|error| LedgerError::Sqlite("opened", error))?;
        schema::prepare(&connection, state)?;
        let ledger = Self {
            connection,
            path,
            _lock: lock,
        };
        ledger.belong_to(state, entries, adopt)?;
        Ok(ledger)
    }

    fn belong_to(&self, state: &Path, entries: &Path, adopt: bool) -> Result<(), LedgerError> {
        let asked = entries.to_string_lossy().into_owned();
        match self.fact("folder")? {
            Some(owner) if owner != asked && !adopt => Err(LedgerError::Foreign {
                state: state.to_owned(),
                owner,
                asked,
            }),
            Some(owner) if owner == asked => Ok(()),
            _ => self.set_fact("folder", &asked),
        }
    }

    /// The site's id: `stated` if the publisher states one, else the one kept here, else a new one.
    pub fn site(&self, stated: Option<Uuid>) -> Result<Uuid, LedgerError> {
        if let Some(stated) = stated {
            return Ok(stated);
        }
        if let Some(kept) = self.fact("site")?.and_then(|text| text.parse().ok()) {
            return Ok(kept);
        }
        let new = Uuid::new_v4();
        self.set_fact("site", &new.to_string())?;
        Ok(new)
    }

    /// The device that the entries folder lay on when it was last seen whole.
    pub fn root_device(&self) -> Option<u64> {
        self.fact("device").ok().flatten()?.parse().ok()
    }

    /// Keeps the device that the entries folder lies on.
    pub fn set_root_device(&self, device: u64) -> Result<(), LedgerError> {
        self.set_fact("device", &device.to_string())
    }

    /// Everything kept.
    pub fn load(&self) -> Result<Stored, LedgerError> {
        stored(&self.connection)
    }

    /// Everything kept in the folder `state` for the entries in `entries`, and the site's id, without
    /// taking the ledger from a daemon that may hold it and without changing it. `None` if there is no
    /// ledger, or it belongs to other entries.
    pub fn peek(state: &Path, entries: &Path) -> Result<Option<(Uuid, Stored)>, LedgerError> {
        let path = state.join("ledger.sqlite");
        if !path.is_file() {
            return Ok(None);
        }
        let connection = open_to_read(&path)?;
        let version: i64 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|error| LedgerError::Sqlite("read", error))?;
        match usize::try_from(version) {
            Ok(schema::VERSION) => {}
            // The next daemon brings it up to date.
            Ok(..schema::VERSION) => return Ok(None),
            _ => return Err(LedgerError::Newer(state.to_owned(), version)),
        }
        let owner = fact(&connection, "folder")?;
        if owner.is_none_or(|owner| owner != entries.to_string_lossy()) {
            return Ok(None);
        }
        let site = fact(&connection, "site")?.and_then(|text| text.parse().ok());
        Ok(Some((site.unwrap_or_default(), stored(&connection)?)))
    }

    /// When a daemon said last that it was alive.
    pub fn alive(&self) -> Result<Option<Timestamp>, LedgerError> {
        let moment = self.fact("alive")?;
        Ok(moment.and_then(|moment| moment.parse().ok()))
    }

    /// Keeps that a daemon was alive at `now`.
    pub fn set_alive(&self, now: Timestamp) -> Result<(), LedgerError> {
        self.set_fact("alive", &now.to_string())
    }

    /// Keeps the digest of the settings that documents show, and since when they are so.
    pub fn set_settings(&self, digest: Digest, since: Timestamp) -> Result<(), LedgerError> {
        self.set_fact("settings", &format!("{digest} {since}"))
    }

    /// Keeps `changes`, and the moments at which entries left feeds, in one transaction.
    pub fn commit(
        &mut self,
        changes: &Changes,
        departures: &[(String, Timestamp)],
    ) -> Result<(), LedgerError> {
        let write = |connection: &mut Connection| -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            for (digest, body) in &changes.bodies {
                transaction
                    .prepare_cached("INSERT OR IGNORE INTO body (digest, html) VALUES (?1, ?2)")?
                    .execute(params![digest.as_bytes(), body.as_str()])?;
            }
            for record in &changes.records {
                schema::store(&transaction, record)?;
            }
            for (path, media) in &changes.media {
                match media {
                    Some(media) => transaction
                        .prepare_cached(
                            "INSERT OR REPLACE INTO media (path, bytes, seconds) VALUES (?1, ?2, ?3)",
                        )?
                        .execute(params![path.as_str(), media.bytes, media.seconds])?,
                    None => transaction
                        .prepare_cached("DELETE FROM media WHERE path = ?1")?
                        .execute([path.as_str()])?,
                };
            }
            for (feed, moment) in departures {
                transaction
                    .prepare_cached(
                        "INSERT OR REPLACE INTO departure (feed, moment) VALUES (?1, ?2)",
                    )?
                    .execute(params![feed, schema::nanoseconds(*moment)])?;
            }
            transaction.commit()
        };
        write(&mut self.connection).map_err(|error| LedgerError::Sqlite("written", error))
    }

    /// Lets go of texts that no record names any more. Not done in [`Ledger::commit`], because a
    /// snapshot that readers still hold may need the text that was just replaced.
    pub fn sweep(&self) -> Result<usize, LedgerError> {
        self.connection
            .execute("DELETE FROM body WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.body = body.digest)", ())
            .map_err(|error| LedgerError::Sqlite("swept", error))
    }

    /// A reader of full texts with a connection of its own.
    pub fn bodies(&self) -> Result<LedgerBodies, LedgerError> {
        let connection = open_to_read(&self.path)?;
        Ok(LedgerBodies {
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    fn fact(&self, name: &str) -> Result<Option<String>, LedgerError> {
        fact(&self.connection, name)
    }

    fn set_fact(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)",
                [name, value],
            )
            .map(drop)
            .map_err(|error| LedgerError::Sqlite("written", error))
    }
}

fn open_to_read(path: &Path) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .map_err(|error| LedgerError::Sqlite("opened for reading", error))
}

fn fact(connection: &Connection, name: &str) -> Result<Option<String>, LedgerError> {
    connection
        .query_row("SELECT value FROM fact WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .optional()
        .map_err(|error| LedgerError::Sqlite("read", error))
}

fn stored(connection: &Connection) -> Result<Stored, LedgerError> {
    let read = || -> rusqlite::Result<Stored> {
        let records = schema::records(connection)?;
        let media = schema::media(connection)?;
        let departures = connection
            .prepare("SELECT feed, moment FROM departure")?
            .query_map((), |row| Ok((row.get(0)?, schema::moment(row.get(1)?))))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Stored {
            records,
            media,
            departures,
            settings: None,
        })
    };
    let mut stored = read().map_err(|error| LedgerError::Sqlite("read", error))?;
    stored.settings = fact(connection, "settings")?.and_then(|text| {
        let (digest, moment) = text.split_once(' ')?;
        Some((digest.parse().ok()?, moment.parse().ok()?))
    });
    Ok(stored)
}

/// Full texts by their digests, from a ledger.
#[derive(Clone)]
pub struct LedgerBodies {
    connection: Arc<Mutex<Connection>>,
}

impl Bodies for LedgerBodies {
    fn body(&self, digest: Digest) -> io::Result<Body> {
        // A poisoned lock only means that another reader panicked; the connection is as good as before.
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connection
            .prepare_cached("SELECT html FROM body WHERE digest = ?1")
            .and_then(|mut statement| statement.query_row([digest.as_bytes()], |row| row.get(0)))
            .map(Body::from_clean_html)
            .map_err(io::Error::other)
    }
}

/// Takes the lock of the state folder, and writes our process id into it for the one who asks.
fn lock(state: &Path) -> Result<File, LedgerError> {
    let in_folder = |error| LedgerError::Folder(state.to_owned(), error);
    let mut lock = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(state.join("lock"))
        .map_err(in_folder)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let known = lock.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
            let holder = known.then(|| holder.trim().to_owned());
            return Err(LedgerError::Held {
                folder: state.to_owned(),
                holder,
            });
        }
        Err(TryLockError::Error(error)) => return Err(in_folder(error)),
    }
    let mut note = || -> io::Result<()> {
        lock.set_len(0)?;
        lock.rewind()?;
        writeln!(lock, "{}", std::process::id())
    };
    note().map_err(in_folder)?;
    Ok(lock)
}
