//! Which entries stood in which version of a feed, so that who has that version can be sent the others.
//!
//! A version is known by its tag, and an entry in it by the beginning of the digest of all that
//! documents show of it ([`Record::face`]); what else a feed says of entries is the same for as long as
//! the process runs. Only versions that were sent to clients who ask for deltas are noted, so that the
//! others cost nothing; the table is the process's own, and who comes with an older version is sent all.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::catalogue::Record;
use crate::entry::{Digest, Digester};
use crate::feed::Format;
use crate::site::{DocumentKey, Plan, Site, View, Window};

/// Memory for known versions: some 4500 of 50 entries each. The least used are forgotten.
const BYTES: u64 = 2 << 20;

/// What a version weighs besides its entries.
const HEAD_BYTES: u64 = 64;

/// A version of a feed that a client has.
#[derive(Clone, Debug)]
pub struct Since {
    /// Its tag.
    pub tag: Digest,
    /// Its entries.
    marks: Marks,
}

/// Entries as they stood somewhere, in ascending order.
type Marks = Arc<[u64]>;

#[derive(Clone)]
struct Weight;

impl Weighter<Digest, Marks> for Weight {
    fn weight(&self, _: &Digest, marks: &Marks) -> u64 {
        HEAD_BYTES + size_of_val(&**marks) as u64
    }
}

/// The versions that are known.
pub(super) struct Known {
    versions: Cache<Digest, Marks, Weight>,
}

impl Known {
    pub(super) fn new() -> Self {
        Self {
            versions: Cache::with_weighter(1 << 12, BYTES, Weight),
        }
    }

    /// Remembers what `plan` shows, if it is the newest of a feed.
    pub(super) fn note(&self, site: &Site, plan: &Plan) {
        let Some((view, _)) = feed(plan) else {
            return;
        };
        let name = name(view, &plan.tag);
        if self.versions.get(&name).is_some() {
            return;
        }
        if let Some(window) = site.window(view) {
            let mut marks: Vec<u64> = window.entries.iter().map(|it| mark(it)).collect();
            marks.sort_unstable();
            self.versions.insert(name, marks.into());
        }
    }

    /// The version of this tag of what `plan` shows, if it is known, and if the entries that are new
    /// since then say all that a client should know.
    pub(super) fn since(&self, site: &Site, plan: &Plan, tag: Digest) -> Option<Since> {
        let (view, format) = feed(plan)?;
        let marks = self.versions.get(&name(view, &tag))?;
        let since = Since { tag, marks };
        let window = site.window(view)?;
        // An entry that others pushed out is no news. One that was withdrawn is: Atom tells of it, and
        // the other formats have nothing to say so but its absence from the whole.
        let mut withdrawn = window.tombstones.iter();
        let tells_all = format == Format::Atom || !withdrawn.any(|it| since.has(it));
        let fresh = window.entries.iter().filter(|it| !since.has(it)).count();
        // With no entry that is new, something else is; with none that is old, nothing is saved.
        (tells_all && fresh > 0 && fresh < window.entries.len()).then_some(since)
    }
}

impl Since {
    /// Whether the entry stood there as it stands now.
    fn has(&self, record: &Record) -> bool {
        self.marks.binary_search(&mark(record)).is_ok()
    }

    /// The window without what stood there already.
    pub(super) fn cut(&self, window: &Window) -> Window {
        let fresh = window.entries.iter().filter(|it| !self.has(it));
        window.with_entries(fresh.cloned().collect())
    }
}

/// The feed whose newest entries these are. What is made for one question, a mix or a thread, does not
/// remember what left it, and could not tell of it.
fn feed(plan: &Plan) -> Option<(&View, Format)> {
    match &plan.key {
        DocumentKey::Feed(view, format) if view.part.is_none() => {
            plan.changed.is_some().then_some((view, *format))
        }
        _ => None,
    }
}

/// The feed is part of it: of another feed a client may have the entries, but has not seen them here.
fn name(view: &View, tag: &Digest) -> Digest {
    let digester = Digester::new().field(view.path());
    digester.field(tag.as_bytes()).finish()
}

/// The first 8 of 16 bytes: that an entry changes and its mark does not is not to be expected.
fn mark(record: &Record) -> u64 {
    let first = record.face.as_bytes().first_chunk();
    u64::from_le_bytes(first.copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stays_within_its_bytes() {
        let known = Known::new();
        let marks: Marks = (0..50).collect();
        for number in 0..20_000_u32 {
            let name = Digest::of(&number.to_le_bytes());
            known.versions.insert(name, Arc::clone(&marks));
            assert!(known.versions.weight() <= BYTES);
        }
        assert!(known.versions.len() > 4_000, "{}", known.versions.len());
        // A feed of very many entries takes the place of many small ones.
        let marks: Marks = (0..10_000).collect();
        for number in 0..200_u32 {
            known
                .versions
                .insert(Digest::of(&number.to_be_bytes()), Arc::clone(&marks));
            assert!(known.versions.weight() <= BYTES);
        }
        assert!(known.versions.len() < 4_000);
    }
}
