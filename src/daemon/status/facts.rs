//! What is told of the daemon.

use jiff::Timestamp;
use serde::Serialize;

use crate::audience::Report;
use crate::entry::{Excerpt, Text};

/// How the daemon is. The names are those of the JSON, which stay.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    /// Of the program.
    pub(super) version: &'static str,
    /// When the daemon was started.
    pub(super) since: Timestamp,
    /// When this was put together.
    pub(super) now: Timestamp,
    /// What the site is called, and where it is.
    pub(super) title: Text,
    pub(super) base_url: String,
    /// Whether readers are served.
    pub(super) is_serving: bool,
    /// What is wrong with the daemon.
    pub(super) troubles: Vec<Trouble>,
    /// Files that are not published, and why.
    pub(super) rejected: List<Rejected>,
    /// "Read:" lines that lead nowhere yet.
    pub(super) pending: List<Pending>,
    /// Entries that are to come, the next first.
    pub(super) scheduled: List<Scheduled>,
    /// What readers were given last, the latest first.
    pub(super) publications: List<Published>,
    /// The newest entries.
    pub(super) live: List<Live>,
    /// What the ledger keeps.
    pub(super) ledger: Kept,
    /// Who reads.
    pub(super) audience: WhoReads,
}

/// The first items of a list.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    pub(super) total: usize,
    pub(super) first: Vec<T>,
}

#[derive(Debug, Serialize)]
pub(super) struct Trouble {
    pub(super) reason: Text,
    pub(super) since: Timestamp,
}

/// A file that is not published.
#[derive(Debug, Serialize)]
pub(super) struct Rejected {
    pub(super) file: Text,
    /// Line and column from 1; `None`: it is not a matter of a place.
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    pub(super) reason: Text,
    /// The line as it is now.
    pub(super) source: Option<Excerpt>,
    pub(super) since: Timestamp,
}

#[derive(Debug, Serialize)]
pub(super) struct Pending {
    pub(super) file: Text,
    pub(super) line: Option<u32>,
    /// What it names.
    pub(super) text: Text,
}

#[derive(Debug, Serialize)]
pub(super) struct Scheduled {
    pub(super) title: Text,
    pub(super) file: Text,
    /// When it is published.
    pub(super) due: Timestamp,
}

/// A snapshot with something new.
#[derive(Debug, Serialize)]
pub(super) struct Published {
    pub(super) moment: Timestamp,
    /// How long it took, from when the daemon began to look.
    pub(super) milliseconds: u64,
    pub(super) new: usize,
    pub(super) edited: usize,
    pub(super) withdrawn: usize,
    /// The first of them.
    pub(super) titles: Vec<Text>,
}

#[derive(Debug, Serialize)]
pub(super) struct Live {
    pub(super) title: Text,
    pub(super) file: Text,
    pub(super) address: String,
    pub(super) published: Timestamp,
}

#[derive(Debug, Serialize)]
pub(super) struct Kept {
    /// Entries that have an id for ever, published or not.
    pub(super) entries: usize,
    /// Those that were published and are no more.
    pub(super) withdrawn: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct WhoReads {
    /// All feeds that are read.
    pub(super) total: usize,
    #[serde(flatten)]
    pub(super) report: Report,
}

impl<T> List<T> {
    /// Without any.
    pub(super) fn nothing() -> Self {
        Self {
            total: 0,
            first: Vec::new(),
        }
    }
}
