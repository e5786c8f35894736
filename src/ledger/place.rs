//! The files in the state folder: their names, the lock, and how they are moved aside.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::LedgerError;

/// A state folder.
#[derive(Clone, Debug)]
pub(super) struct Place {
    state: PathBuf,
}

/// The lock on a state folder, let go when dropped.
///
/// Not by closing the file alone: a process that we just start is a copy of us with all our files
/// until it becomes another program, and would hold the lock for that moment.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // It can't fail for a file that is locked; and if it did, closing it does the same.
        let _ = self.0.unlock();
    }
}

/// What `SQLite` keeps beside a database in WAL mode.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// How many bytes a disk must take to be worth a try: more than a small commit needs.
const PROBE: usize = 64 << 10;

impl Place {
    pub(super) fn new(state: &Path) -> Self {
        Self {
            state: state.to_owned(),
        }
    }

    pub(super) fn state(&self) -> &Path {
        &self.state
    }

    /// The database.
    pub(super) fn ledger(&self) -> PathBuf {
        self.state.join("ledger.sqlite")
    }

    /// What `SQLite` has not yet moved into the database.
    pub(super) fn wal(&self) -> PathBuf {
        self.state.join("ledger.sqlite-wal")
    }

    /// How many bytes the ledger has on the disk, mirror included.
    pub(super) fn size(&self) -> io::Result<u64> {
        let size = |path: PathBuf| match std::fs::metadata(path) {
            Ok(found) => Ok(found.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        };
        Ok(size(self.ledger())? + size(self.wal())? + size(self.mirror())?)
    }

    /// A database that is being made, to take the place of the ledger.
    pub(super) fn next(&self) -> PathBuf {
        self.state.join("ledger.sqlite.new")
    }

    /// The mirror.
    pub(super) fn mirror(&self) -> PathBuf {
        self.state.join("identities.jsonl")
    }

    /// The copy that is made before a migration from `version`; the `number`th of that name.
    pub(super) fn backup(&self, version: usize, number: usize) -> PathBuf {
        let end = if number == 1 {
            String::new()
        } else {
            format!(".{number}")
        };
        self.state.join(format!("ledger.v{version}.backup{end}"))
    }

    /// Takes the lock, and writes our process id into it for the one who asks.
    pub(super) fn lock(&self) -> Result<Lock, LedgerError> {
        std::fs::create_dir_all(&self.state).map_err(|error| self.unusable(error))?;
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.state.join("lock"))
            .map_err(|error| self.unusable(error))?;
        let mut lock = self.take(file)?;
        // The lock counts, not the note in it: a full disk may refuse that.
        let note = &mut lock.0;
        let _ = note
            .set_len(0)
            .and_then(|()| note.rewind())
            .and_then(|()| writeln!(note, "{}", std::process::id()));
        Ok(lock)
    }

    /// Takes the lock where nothing can be written. `None` if there is no file to lock, or it is not
    /// ours to open: then nobody can write here, as long as that is so.
    pub(super) fn lock_unwritten(&self) -> Result<Option<Lock>, LedgerError> {
        let file = File::options().read(true).open(self.state.join("lock"));
        let Ok(file) = file else { return Ok(None) };
        self.take(file).map(Some)
    }

    fn take(&self, mut file: File) -> Result<Lock, LedgerError> {
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let known = file.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
                let holder = known.then(|| holder.trim().to_owned());
                Err(LedgerError::Held {
                    folder: self.state.clone(),
                    holder,
                })
            }
            Err(TryLockError::Error(error)) => Err(self.unusable(error)),
        }
    }

    /// Whether it looks as if the ledger could be written, at little cost: the ledger's own file is not
    /// opened, for closing it would let go of all locks that this process has on it
    /// (sqlite.org/howtocorrupt.html section 2.2).
    pub(super) fn probe(&self) -> Result<(), LedgerError> {
        let path = self.state.join("probe");
        let write = || -> io::Result<()> {
            let mut options = File::options();
            options.write(true).create(true).truncate(false);
            options.open(self.state.join("lock"))?;
            let is_locked =
                std::fs::metadata(self.ledger()).is_ok_and(|it| it.permissions().readonly());
            if is_locked {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            let mut file = File::create(&path)?;
            file.write_all(&vec![0; PROBE])?;
            file.sync_all()
        };
        let written = write();
        let removed = remove(&path);
        written.and(removed).map_err(|error| self.unusable(error))
    }

    /// Lets everything beside the ledger be written if the ledger itself may be: `SQLite` makes it as the
    /// ledger is, and a ledger that was only to be read for a while has left what stays so.
    pub(super) fn free_beside(&self) -> io::Result<()> {
        let Ok(ledger) = std::fs::metadata(self.ledger()) else {
            return Ok(());
        };
        let allowed = ledger.permissions();
        for end in BESIDE {
            let path = self.state.join(format!("ledger.sqlite{end}"));
            let found = std::fs::metadata(&path).map(|it| it.permissions().readonly());
            if found.is_ok_and(|is_locked| is_locked && !allowed.readonly()) {
                std::fs::set_permissions(&path, allowed.clone())?;
            }
        }
        Ok(())
    }

    /// Moves the ledger with all that belongs to it into a new folder, whose path is returned; a
    /// mirror is copied there. Nothing that was moved aside before is touched.
    pub(super) fn set_aside(&self) -> Result<PathBuf, LedgerError> {
        let aside = self.new_folder().map_err(|error| self.unusable(error))?;
        let move_all = || -> io::Result<()> {
            if self.mirror().exists() {
                std::fs::copy(self.mirror(), aside.join("identities.jsonl"))?;
            }
            // The database goes last: as long as it is there, this can be done again.
            for end in BESIDE.into_iter().chain([""]) {
                let name = format!("ledger.sqlite{end}");
                match std::fs::rename(self.state.join(&name), aside.join(&name)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            sync_folder(&aside)?;
            sync_folder(&self.state)
        };
        move_all().map_err(|error| self.unusable(error))?;
        Ok(aside)
    }

    fn new_folder(&self) -> io::Result<PathBuf> {
        let mut number = 1;
        loop {
            let folder = self.state.join(format!("damaged-{number}"));
            match std::fs::create_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                made => return made.map(|()| folder),
            }
        }
    }

    /// Puts what was made as [`Place::next`] in the place of the ledger, which must be free.
    pub(super) fn put_next(&self) -> Result<(), LedgerError> {
        std::fs::rename(self.next(), self.ledger())
            .and_then(|()| sync_folder(&self.state))
            .map_err(|error| self.unusable(error))
    }

    /// Removes what is left of a database that was being made.
    pub(super) fn clear_next(&self) -> Result<(), LedgerError> {
        for end in ["", "-journal"] {
            remove(&self.state.join(format!("ledger.sqlite.new{end}")))
                .map_err(|error| self.unusable(error))?;
        }
        Ok(())
    }

    pub(super) fn unusable(&self, error: io::Error) -> LedgerError {
        LedgerError::Folder(self.state.clone(), error)
    }
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a rename in `folder` outlast a power cut.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::options().read(true).open(folder)?.sync_all()
    } else {
        // Elsewhere a folder can't be opened, and the file system sees to it.
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that was started while the lock was held has our files until it becomes another
    /// program; two descriptors of one open file are the same thing.
    #[test]
    fn a_lock_that_was_let_go_is_free_although_a_child_has_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path());
        let lock = place.lock().unwrap();
        let _of_the_child = lock.0.try_clone().unwrap();
        assert!(matches!(place.lock(), Err(LedgerError::Held { .. })));
        drop(lock);
        place.lock().unwrap();
    }
}
