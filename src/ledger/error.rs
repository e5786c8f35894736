//! Why a ledger can't be opened, written or copied.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::place::Place;
use super::schema;
use super::table::{self, Fault};

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
            Self::Sqlite(_, error) => table::is_damage(error),
            _ => false,
        }
    }

    /// Whether it is the disk that refuses, and may think better of it.
    pub(super) fn is_refusal(&self) -> bool {
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
    pub(super) fn damaged(&self, what: String) -> LedgerError {
        LedgerError::Damaged(self.state().to_owned(), what)
    }

    pub(super) fn fault(&self, what: &'static str, fault: Fault) -> LedgerError {
        match fault {
            Fault::Damage(what) => self.damaged(what),
            Fault::Sqlite(error) => LedgerError::Sqlite(what, error),
        }
    }
}
