//! Full texts by their digests, for those who make documents.

use std::fs::DirBuilder;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use super::LedgerError;
use super::examination::text;
use super::place::Place;
use super::table::Fault;
use crate::entry::{Bodies, Body, Digest};

/// Full texts by their digests, from a ledger. All clones read from the same place, also after the
/// ledger was made anew.
#[derive(Clone)]
pub struct LedgerBodies {
    source: Arc<Mutex<Option<Source>>>,
    alarm: Alarm,
}

impl LedgerBodies {
    pub(super) fn new(source: Source) -> Self {
        let bodies = Self::closed();
        bodies.read_from(source);
        bodies
    }

    /// There is nothing yet to read from.
    pub(super) fn closed() -> Self {
        Self {
            source: Arc::default(),
            alarm: Alarm::default(),
        }
    }

    /// Where damage is told of.
    pub(super) fn alarm(&self) -> Alarm {
        self.alarm.clone()
    }

    /// Reads from `source` from now on.
    pub(super) fn read_from(&self, source: Source) {
        *self.lock() = Some(source);
    }

    /// Reads from nothing while `work` is done, and then from what it returns; readers wait for it.
    ///
    /// All connections of a process to one database have one view of its `-shm` file (`unixShmNode` in
    /// `SQLite`'s `os_unix.c`): as long as one has it for reading only, no other can write.
    pub(super) fn closed_during<T>(&self, work: impl FnOnce() -> (T, Option<Source>)) -> T {
        let mut held = self.lock();
        drop(held.take());
        let (done, source) = work();
        *held = source;
        done
    }

    /// What was read from, which nobody does any more.
    pub(super) fn into_source(self) -> Option<Source> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Source>> {
        // A poisoned lock only means that another reader panicked; the connection is as good as before.
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bodies for LedgerBodies {
    fn body(&self, digest: Digest) -> io::Result<Body> {
        let held = self.lock();
        let source = held.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        match text(&source.connection, digest) {
            Ok(Some(body)) => Ok(body),
            Ok(None) => Err(io::ErrorKind::NotFound.into()),
            // Nobody is shown another text than the writer's.
            Err(Fault::Damage(what)) => {
                self.alarm.raise(what.clone());
                Err(io::Error::new(io::ErrorKind::InvalidData, what))
            }
            Err(Fault::Sqlite(error)) => Err(io::Error::other(error)),
        }
    }
}

/// Tells the one who may write the ledger that somebody came upon damage.
#[derive(Clone, Default)]
pub struct Alarm(Arc<Mutex<Raised>>);

#[derive(Default)]
struct Raised {
    what: Option<String>,
    wake: Option<Box<dyn Fn() + Send>>,
    /// How often the ledger was made anew.
    healed: u64,
}

impl Alarm {
    /// Has `wake` called whenever damage is found.
    pub fn wakes(&self, wake: impl Fn() + Send + 'static) {
        self.lock().wake = Some(Box::new(wake));
    }

    /// What was found since this was last asked, if anything.
    pub fn take(&self) -> Option<String> {
        self.lock().what.take()
    }

    /// Damage was found.
    pub(super) fn raise(&self, what: String) {
        let mut raised = self.lock();
        raised.what = Some(what);
        if let Some(wake) = &raised.wake {
            wake();
        }
    }

    /// Damage was found in the ledger that was there when it had been made anew so often.
    pub(super) fn raise_since(&self, healed: u64, what: String) {
        if self.times_healed() == healed {
            self.raise(what);
        }
    }

    /// How often the ledger was made anew.
    pub(super) fn times_healed(&self) -> u64 {
        self.lock().healed
    }

    /// The ledger was made anew: what was found before is no news.
    pub(super) fn healed(&self) {
        let mut raised = self.lock();
        raised.what = None;
        raised.healed += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Raised> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something to read a ledger from.
pub(super) struct Source {
    pub(super) connection: Connection,
    /// Goes when nobody reads any more.
    _copy: Option<Copied>,
}

impl Source {
    /// The ledger itself, for reading only; whoever writes goes on meanwhile.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open_with_flags(path, READ)?;
        connection.busy_timeout(super::schema::BUSY)?;
        Ok(Self {
            connection,
            _copy: None,
        })
    }

    /// The ledger, where nothing can be written: as it is, if `SQLite` can read it so; declared never to
    /// change, if there is nothing beside it (sqlite.org/uri.html, `immutable`); else a copy elsewhere.
    /// Nobody may write it meanwhile.
    pub(super) fn without_writing(place: &Place) -> Result<Self, LedgerError> {
        let opened = |error| LedgerError::Sqlite("opened for reading", error);
        if let Ok(source) = Self::open(&place.ledger()).and_then(Self::tried) {
            return Ok(source);
        }
        let is_alone = std::fs::metadata(place.wal()).map_or(true, |wal| wal.len() == 0);
        if is_alone {
            let path =
                std::path::absolute(place.ledger()).map_err(|error| place.unusable(error))?;
            let mut uri = url::Url::from_file_path(path)
                .map_err(|()| place.unusable(io::ErrorKind::InvalidFilename.into()))?;
            uri.set_query(Some("immutable=1"));
            let flags = READ | OpenFlags::SQLITE_OPEN_URI;
            let connection = Connection::open_with_flags(uri.as_str(), flags).map_err(opened)?;
            let source = Self {
                connection,
                _copy: None,
            };
            return source.tried().map_err(opened);
        }
        let copy = Copied::of(place).map_err(|error| place.unusable(error))?;
        let connection = Connection::open(copy.0.join("ledger.sqlite")).map_err(opened)?;
        let source = Self {
            connection,
            _copy: Some(copy),
        };
        source.tried().map_err(opened)
    }

    /// `SQLite` opens files when they are first read.
    fn tried(self) -> rusqlite::Result<Self> {
        self.connection
            .query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
        Ok(self)
    }
}

const READ: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// A folder with a copy of the ledger, which goes when this does.
struct Copied(PathBuf);

impl Copied {
    fn of(place: &Place) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("tidings-{}", Uuid::new_v4()));
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder)?;
        let copied = Self(folder);
        std::fs::copy(place.ledger(), copied.0.join("ledger.sqlite"))?;
        std::fs::copy(place.wal(), copied.0.join("ledger.sqlite-wal"))?;
        Ok(copied)
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        // What can't be removed is in a folder that the system cleans.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
