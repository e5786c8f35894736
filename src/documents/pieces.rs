//! Entries as they stand in feeds, in bounds: what a new document mostly shows is known from others.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::shelf::cache;
use crate::catalogue::Record;
use crate::entry::{Content, Digest};
use crate::feed::{Format, Piece};
use crate::site::Site;

/// Which piece. It can't be stale: one that says something else has another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    /// All that documents show of the entry.
    face: Digest,
    /// All else that they say of it.
    manner: Digest,
    /// How much of its text the feed carries.
    content: Content,
    format: Format,
}

impl Name {
    /// The entry of `record` in feeds of `site` that carry so much of each text.
    pub(super) fn new(site: &Site, record: &Record, content: Content, format: Format) -> Self {
        Self {
            face: record.face,
            manner: site.manner(),
            content: content.least(record.entry.article.content),
            format,
        }
    }
}

/// A piece weighs what it holds, and something for its name.
#[derive(Clone)]
struct Weight;

impl Weighter<Name, Arc<Piece>> for Weight {
    fn weight(&self, _: &Name, piece: &Arc<Piece>) -> u64 {
        piece.weight() as u64 + 128
    }
}

/// The pieces that are kept.
pub(super) struct Pieces {
    kept: Cache<Name, Arc<Piece>, Weight>,
}

impl Pieces {
    /// Keeps up to `bytes` of them.
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            kept: cache(bytes, 8 << 10, Weight),
        }
    }

    /// How many bytes they take.
    pub(super) fn weight(&self) -> u64 {
        self.kept.weight()
    }

    /// The piece of this name. Two who want it at once may both make it.
    pub(super) fn get_or_make<E>(
        &self,
        name: Name,
        make: impl FnOnce() -> Result<Piece, E>,
    ) -> Result<Arc<Piece>, E> {
        if let Some(piece) = self.kept.get(&name) {
            return Ok(piece);
        }
        let piece = Arc::new(make()?);
        self.kept.insert(name, Arc::clone(&piece));
        Ok(piece)
    }
}
