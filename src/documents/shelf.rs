//! Finished documents, by the validators of their plans and in bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use super::{Coding, Document, Since};
use crate::entry::Digest;
use crate::site::{DocumentKey, Plan};

/// At which request for a document a better coding pays. Many are asked for once in a version, by
/// somebody's crawler.
const ASKED_AGAIN: u32 = 3;

/// Which document. It can't be stale: one that says something else has another name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) key: DocumentKey,
    tag: Digest,
    changed: Option<Timestamp>,
    /// For a delta: the tag of the version it begins from.
    pub(super) since: Option<Digest>,
    pub(super) coding: Coding,
}

/// A [`Name`], borrowed: asking for what is there copies nothing. The fields, in their order, are those
/// of the name, so that both have one hash.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Asked<'a> {
    key: &'a DocumentKey,
    tag: &'a Digest,
    changed: Option<Timestamp>,
    since: Option<Digest>,
    coding: Coding,
}

impl<'a> Asked<'a> {
    pub(super) fn new(plan: &'a Plan, coding: Coding) -> Self {
        Self {
            key: &plan.key,
            tag: &plan.tag,
            changed: plan.changed,
            since: None,
            coding,
        }
    }

    pub(super) fn since(self, since: Option<&Since>) -> Self {
        let since = since.map(|it| it.tag);
        Self { since, ..self }
    }

    pub(super) fn in_coding(self, coding: Coding) -> Self {
        Self { coding, ..self }
    }

    /// Whether this is its name.
    pub(super) fn is_of(self, name: &Name) -> bool {
        *self.tag == name.tag
            && self.coding == name.coding
            && self.changed == name.changed
            && self.since == name.since
            && *self.key == name.key
    }

    pub(super) fn to_name(self) -> Name {
        Name {
            key: self.key.clone(),
            tag: *self.tag,
            changed: self.changed,
            since: self.since,
            coding: self.coding,
        }
    }
}

impl Equivalent<Name> for Asked<'_> {
    fn equivalent(&self, name: &Name) -> bool {
        self.is_of(name)
    }
}

/// A document that is kept.
pub(super) struct Kept {
    pub(super) document: Document,
    /// Whether no more is to be gained.
    is_best: bool,
    /// How often it was asked for, as far as that matters.
    asked: AtomicU32,
}

impl Kept {
    /// As it was made for somebody who waited.
    pub(super) fn quick(document: Document) -> Arc<Self> {
        Arc::new(Self {
            is_best: document.coding == Coding::Identity,
            document,
            asked: AtomicU32::new(0),
        })
    }

    /// As it stays, after it was asked for.
    pub(super) fn best(document: Document) -> Arc<Self> {
        Arc::new(Self {
            is_best: true,
            document,
            asked: AtomicU32::new(1),
        })
    }

    /// Counts a request; whether it is the one at which a better coding pays.
    pub(super) fn is_due(&self) -> bool {
        // Where none does, what only reads stays with all cores.
        if self.is_best && self.is_asked() {
            return false;
        }
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        !self.is_best && asked == ASKED_AGAIN
    }

    /// It was made for somebody. However many waited for it, they count as one.
    pub(super) fn was_awaited(&self) {
        // Another number says that one came before.
        let _ = self
            .asked
            .compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether anybody asked for it.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) > 0
    }

    /// There was no time for a better coding: later requests ask for it again.
    pub(super) fn put_off(&self) {
        self.asked.store(1, Ordering::Relaxed);
    }
}

/// A document weighs what it holds, and something for its name.
#[derive(Clone)]
pub(super) struct Weight;

impl Weighter<Name, Arc<Kept>> for Weight {
    fn weight(&self, _: &Name, kept: &Arc<Kept>) -> u64 {
        kept.document.bytes.len() as u64 + 256
    }
}

/// Documents by their names. It holds [`Kept`] as one pointer, so that a look-up counts one reference.
pub(super) type Shelf = Cache<Name, Arc<Kept>, Weight>;

/// A shelf for up to `bytes`.
pub(super) fn shelf(bytes: usize) -> Shelf {
    // How many documents are expected; only a hint for the first allocation.
    let expected = (bytes / 65_536).max(16);
    Cache::with_weighter(expected, bytes as u64, Weight)
}
