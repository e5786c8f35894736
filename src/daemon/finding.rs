//! What a look found, before anything is read.

use std::collections::BTreeMap;

use crate::entry::{FolderPath, Media, Stamp};

/// What a look yields before anything is read.
#[derive(Debug, Default)]
pub(super) struct Finding {
    /// It was looked at every place that has an entry.
    pub(super) saw_all: bool,
    /// The folder could not be looked at.
    pub(super) saw_nothing: bool,
    /// Entry files to be read, each once however often it was hinted at, in the version that was found
    /// whole.
    pub(super) read: BTreeMap<FolderPath, Stamp>,
    /// Files that stayed away for the whole grace.
    pub(super) absent: Vec<FolderPath>,
    /// Files that a walk came across and that may belong, by their names, to an entry that is read in this
    /// turn.
    pub(super) named: BTreeMap<FolderPath, u64>,
    /// Files beside entries: what is known of them, or `None` where nothing is.
    pub(super) media: BTreeMap<FolderPath, Option<Media>>,
}
