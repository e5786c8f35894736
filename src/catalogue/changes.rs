//! What one turn decided, between the plan and its being made so.

use std::sync::Arc;

use super::{Catalogue, Record};
use crate::entry::{Body, Digest, FolderPath, Media, Problem};

/// What one turn decided. Nothing has happened yet; the ledger stores it, then
/// [`Catalogue::apply`] makes it so.
pub struct Changes {
    pub(super) next: Catalogue,
    /// Records that are new or differ in anything, to be stored.
    pub records: Vec<Arc<Record>>,
    /// Full texts that the records name, as far as they were read in this turn.
    pub bodies: Vec<(Digest, Body)>,
    /// Files beside entries: what is known of them, or `None` where there is nothing any more.
    pub media: Vec<(FolderPath, Option<Media>)>,
    /// What changed for readers: an entry before and after, `None` where it was or is not live.
    pub shifts: Vec<Shift>,
    /// Files that parse but can't be published beside the others.
    pub refused: Vec<(FolderPath, Problem)>,
}

/// A live entry before and after a turn.
#[derive(Clone, Debug)]
pub struct Shift {
    /// `None`: it was not live.
    pub before: Option<Arc<Record>>,
    /// `None`: it is not live any more.
    pub after: Option<Arc<Record>>,
}

impl Changes {
    /// Whether there is nothing to store and nothing to show.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.media.is_empty()
    }

    /// The catalogue as it will be.
    pub fn next(&self) -> &Catalogue {
        &self.next
    }

    pub(super) fn into_next(self) -> Catalogue {
        self.next
    }
}
