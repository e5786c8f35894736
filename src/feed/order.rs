//! In which order a feed shows its entries.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::entry::{Entry, Slug};

/// By which date a feed is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderBy {
    /// The newest first.
    #[default]
    Published,
    /// The one that changed last first.
    Updated,
}

impl OrderBy {
    /// The moment by which `entry` has its place.
    pub fn moment_of(self, entry: &Entry) -> Timestamp {
        match self {
            Self::Published => entry.published,
            Self::Updated => entry.updated,
        }
    }
}

/// An entry's place in a feed: newest first. Among entries of one instant the address decides: it
/// stays the same for ever, and on every host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order(Reverse<Timestamp>, Slug);

impl Order {
    /// The place of `entry`.
    pub fn of(entry: &Entry, by: OrderBy) -> Self {
        Self::at(by.moment_of(entry), entry.slug.clone())
    }

    /// The place of an entry of that moment with that address.
    pub fn at(moment: Timestamp, slug: Slug) -> Self {
        Self(Reverse(moment), slug)
    }

    /// The moment.
    pub fn moment(&self) -> Timestamp {
        self.0.0
    }

    /// The address.
    pub fn slug(&self) -> &Slug {
        &self.1
    }
}
