//! What the documents of one feed show, and when that changes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use imbl::OrdMap;
use jiff::Timestamp;

use crate::catalogue::{Catalogue, Key, Record};
use crate::entry::{Digest, Digester};
use crate::feed::{self, Format};

/// How long a feed tells that an entry was withdrawn: who polls less often than that has other copies
/// to clean up, too.
const TOMBSTONE_AGE: Duration = Duration::from_hours(30 * 24);

/// Of how many withdrawn entries a feed tells: enough for a clean-up, and not so many that they
/// outweigh the entries.
pub(super) const MAX_TOMBSTONES: usize = 100;

/// What the documents of a feed show.
pub struct Window {
    /// Newest first.
    pub entries: Vec<Arc<Record>>,
    /// Entries that were withdrawn lately, the latest first.
    pub tombstones: Vec<Arc<Record>>,
    /// When this last changed.
    pub changed: Timestamp,
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
}

/// One feed: all its entries in order, and what its documents show.
#[derive(Clone, Default)]
pub(super) struct FeedState {
    pub(super) order: OrdMap<feed::Order, Arc<Record>>,
    pub(super) window: Option<Arc<Window>>,
    /// When an entry or a tombstone last left the window.
    pub(super) departure: Option<Timestamp>,
}

/// What a window is cut from, besides the feed's entries.
pub(super) struct Frame<'a> {
    pub(super) catalogue: &'a Catalogue,
    /// How many entries a window holds.
    pub(super) limit: usize,
    /// Since when the settings are so.
    pub(super) since: Timestamp,
    /// What else makes documents what they are.
    pub(super) manner: Digester,
}

impl FeedState {
    /// Works out what the documents show at the moment `now`. Returns whether an entry or a tombstone
    /// left them, which is remembered as of then.
    pub(super) fn renew(&mut self, frame: Frame<'_>, now: Timestamp) -> bool {
        let last_month = now.saturating_sub(TOMBSTONE_AGE).unwrap_or(Timestamp::MIN);
        let withdrawn = frame.catalogue.withdrawn(last_month, Timestamp::MAX);
        let tombstones: Vec<Arc<Record>> = withdrawn.take(MAX_TOMBSTONES).cloned().collect();
        let mut buried = frame.catalogue.withdrawn(Timestamp::MIN, last_month);
        let buried = buried.next().and_then(|record| burial(record));
        let entries = self.order.values().take(frame.limit);
        let entries: Vec<Arc<Record>> = entries.cloned().collect();

        let departed = self.window.as_ref().is_some_and(|old| {
            lacks_any(&entries, &old.entries) || lacks_any(&tombstones, &old.tombstones)
        });
        if departed {
            self.departure = Some(now);
        }
        let moments = entries.iter().map(|record| record.changed);
        let changed = moments
            .chain(self.departure)
            .chain(tombstones.iter().filter_map(|record| record.withdrawn()))
            .chain(buried)
            .fold(frame.since, Ord::max);
        let faces = entries.iter().fold(frame.manner, |digester, record| {
            digester.field(record.face.as_bytes())
        });
        let tag = faces.finish();
        let digester = Digester::new().field(tag.as_bytes());
        let atom = tombstones.iter().fold(digester, |digester, record| {
            let moment = record.withdrawn().map(|moment| moment.to_string());
            let id = record.entry.id.as_str();
            digester.field(id).field(moment.unwrap_or_default())
        });
        self.window = Some(Arc::new(Window {
            entries,
            tombstones,
            changed,
            tag,
            atom_tag: atom.finish(),
        }));
        departed
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
    let stay: HashSet<Key> = after.iter().map(|record| record.key).collect();
    before.iter().any(|record| !stay.contains(&record.key))
}
