//! What the documents of one feed show, and when that changes.

use std::sync::Arc;
use std::time::Duration;

use imbl::OrdMap;
use jiff::Timestamp;

use super::history::{History, Limits, Part};
use super::rhythm::{Ages, rhythm};
use crate::catalogue::{Catalogue, Key, Record};
use crate::entry::{Digest, Digester, Text};
use crate::feed::{Format, OrderBy};

/// How long a feed tells that an entry was withdrawn: who polls less often than that has other copies
/// to clean up, too.
const TOMBSTONE_AGE: Duration = Duration::from_hours(30 * 24);

/// Of how many withdrawn entries a feed tells: enough for a clean-up, and not so many that they
/// outweigh the entries.
pub(super) const MAX_TOMBSTONES: usize = 100;

/// What a document of a feed shows.
pub struct Window {
    /// What the feed is called.
    pub title: Text,
    /// In the feed's order.
    pub entries: Vec<Arc<Record>>,
    /// Entries that were withdrawn lately, the latest first.
    pub tombstones: Vec<Arc<Record>>,
    /// Where the entries before these are.
    pub previous: Option<Part>,
    /// When this last changed.
    pub changed: Timestamp,
    /// How long a copy is fresh by the rhythm of the entries.
    pub fresh: Duration,
    tag: Digest,
    /// The tag of the one format that tells of tombstones.
    atom_tag: Digest,
}

impl Window {
    /// The digest of all that the document in `format` says.
    pub(super) fn tag(&self, format: Format) -> Digest {
        match format {
            Format::Atom => self.atom_tag,
            Format::Rss | Format::Json => self.tag,
        }
    }

    /// This window with these of its entries alone, for who has the others: all else is said as it was.
    #[must_use]
    pub fn with_entries(&self, entries: Vec<Arc<Record>>) -> Self {
        Self {
            title: self.title.clone(),
            entries,
            tombstones: self.tombstones.clone(),
            previous: self.previous.clone(),
            changed: self.changed,
            fresh: self.fresh,
            tag: self.tag,
            atom_tag: self.atom_tag,
        }
    }

    /// A window of these entries and tombstones; `manner` is what else makes documents what they are.
    pub(super) fn new(
        title: Text,
        entries: Vec<Arc<Record>>,
        tombstones: Vec<Arc<Record>>,
        previous: Option<Part>,
        changed: Timestamp,
        fresh: Duration,
        manner: Digester,
    ) -> Self {
        let manner = manner
            .field(title.as_str())
            .field(format!("{previous:?}"))
            .field(fresh.as_secs().to_string());
        let faces = entries.iter().fold(manner, |digester, record| {
            digester.field(record.face.as_bytes())
        });
        let tag = faces.finish();
        let digester = Digester::new().field(tag.as_bytes());
        let atom = tombstones.iter().fold(digester, |digester, record| {
            let moment = record.withdrawn().map(|moment| moment.to_string());
            let id = record.entry.id.as_str();
            digester.field(id).field(moment.unwrap_or_default())
        });
        Self {
            title,
            entries,
            tombstones,
            previous,
            changed,
            fresh,
            tag,
            atom_tag: atom.finish(),
        }
    }
}

/// One feed: all its entries, and what its subscription documents show.
#[derive(Clone, Default)]
pub(super) struct FeedState {
    pub(super) history: History,
    pub(super) window: Option<Arc<Window>>,
    /// When an entry or a tombstone last left the window, or its continuation became another one.
    pub(super) departure: Option<Timestamp>,
    /// Whether a store knows of all volumes.
    pub(super) is_kept: bool,
    /// Its entries that were withdrawn in the last month, by when.
    graves: OrdMap<(Timestamp, Key), Arc<Record>>,
    /// When the last tombstone had been shown for long enough.
    buried: Option<Timestamp>,
}

/// What a window is cut from, besides the feed's entries.
pub(super) struct Frame<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) limits: Limits,
    /// Since when the settings are so.
    pub(super) since: Timestamp,
    /// What else makes documents what they are.
    pub(super) manner: Digester,
    /// What the feed is called, if it shows these entries.
    pub(super) title: &'a dyn Fn(&[Arc<Record>]) -> Text,
    /// How long copies may be fresh.
    pub(super) ages: Ages,
}

/// What came of making a window anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Renewed {
    /// An entry or a tombstone left it, or its continuation is another one.
    pub(super) departed: bool,
    /// Volumes were filled.
    pub(super) sealed: bool,
}

impl FeedState {
    /// A feed in this order, without entries.
    pub(super) fn new(by: OrderBy) -> Self {
        Self {
            history: History::new(by, Vec::new()),
            ..Self::default()
        }
    }

    /// Works out what the documents show at the moment `now`. That an entry or a tombstone left them is
    /// remembered as of then.
    pub(super) fn renew(&mut self, frame: Frame<'_>, now: Timestamp) -> Renewed {
        let sealed = self.history.seal(frame.limits, now);
        self.bury(now);
        let graves = self.graves.values().rev().take(MAX_TOMBSTONES);
        let tombstones: Vec<Arc<Record>> = graves.cloned().collect();
        let (entries, previous) = self.history.newest(frame.catalogue, frame.limits);
        let departed = self.window.as_ref().is_some_and(|old| {
            lacks_any(&entries, &old.entries)
                || lacks_any(&tombstones, &old.tombstones)
                || previous != old.previous
        });
        if departed {
            self.departure = Some(now);
        }
        let moments = entries.iter().map(|record| record.changed);
        let changed = moments
            .chain(self.departure)
            .chain(tombstones.iter().filter_map(|record| record.withdrawn()))
            .chain(self.buried)
            .fold(frame.since, Ord::max);
        let title = (frame.title)(&entries);
        let moments = entries.iter().map(|record| self.history.moment_of(record));
        let fresh = rhythm(moments, frame.ages);
        self.window = Some(Arc::new(Window::new(
            title,
            entries,
            tombstones,
            previous,
            changed,
            fresh,
            frame.manner,
        )));
        Renewed { departed, sealed }
    }

    /// Takes an entry in, or notes that it was withdrawn.
    pub(super) fn enter(&mut self, record: &Arc<Record>) {
        if record.is_live() {
            self.history.insert(record);
        } else if let Some(moment) = record.withdrawn() {
            self.graves.insert((moment, record.key), Arc::clone(record));
        }
    }

    /// Takes a live entry as it is now, in the place that it has.
    pub(super) fn replace(&mut self, record: &Arc<Record>) {
        self.history.replace(record);
    }

    /// Takes back what [`FeedState::enter`] did.
    pub(super) fn leave(&mut self, record: &Record) {
        if record.is_live() {
            self.history.remove(record);
        } else if let Some(moment) = record.withdrawn() {
            self.graves.remove(&(moment, record.key));
        }
    }

    /// Nobody has to be told any more of what was withdrawn more than a month ago.
    fn bury(&mut self, now: Timestamp) {
        while let Some(((moment, key), record)) = self.graves.get_min() {
            let Some(burial) = burial(record).filter(|burial| *burial <= now) else {
                break;
            };
            let oldest = (*moment, *key);
            self.buried = self.buried.max(Some(burial));
            self.graves.remove(&oldest);
        }
    }

    /// When the oldest tombstone that is shown has been shown for long enough.
    pub(super) fn burial(&self) -> Option<Timestamp> {
        let window = self.window.as_ref()?;
        window.tombstones.last().and_then(|record| burial(record))
    }
}

/// When nobody has to be told any more that the entry of `record` was withdrawn.
fn burial(record: &Record) -> Option<Timestamp> {
    record.withdrawn()?.checked_add(TOMBSTONE_AGE).ok()
}

/// Whether any of `before` is not among `after`.
fn lacks_any(after: &[Arc<Record>], before: &[Arc<Record>]) -> bool {
    let mut stay: Vec<Key> = after.iter().map(|record| record.key).collect();
    stay.sort_unstable();
    let is_there = |record: &Record| stay.binary_search(&record.key).is_ok();
    before.iter().any(|record| !is_there(record))
}
