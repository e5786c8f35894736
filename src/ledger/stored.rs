//! What a ledger gives back.

use jiff::Timestamp;

use crate::catalogue::Record;
use crate::entry::{Digest, FolderPath, Media};

/// What is kept of feeds, by their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feeds {
    /// When an entry last left it.
    pub departures: Vec<(String, Timestamp)>,
    /// How its entries are divided among its documents; whoever works that out knows what it means.
    pub histories: Vec<(String, String)>,
}

/// What a ledger kept.
#[derive(Debug, Default)]
pub struct Stored {
    /// All identities with their last good versions.
    pub records: Vec<Record>,
    /// Files beside entries.
    pub media: Vec<(FolderPath, Media)>,
    /// What became of feeds.
    pub feeds: Feeds,
    /// The digest of the settings that documents show, and when they last changed.
    pub settings: Option<(Digest, Timestamp)>,
}
