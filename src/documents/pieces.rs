//! Entries as they stand in feeds, in bounds: what a new document mostly shows is known from others.

use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

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

/// The part of the room for what was wanted more than once; the rest is for what is new. An entry in a
/// version of a feed is wanted again with the next entry there: if nearly all the room were for what
/// lasts, the new would be pushed out by the new before that. None heavier than this part of a shard is
/// kept, so that whole documents have other shares.
const LASTING: f64 = 0.5;

/// The pieces that are kept.
pub(super) struct Pieces {
    kept: Cache<Name, Arc<Piece>, Weight>,
}

impl Pieces {
    /// Keeps up to `bytes` of them.
    #[expect(
        clippy::expect_used,
        reason = "it fails only without a capacity, and both are given"
    )]
    pub(super) fn new(bytes: usize) -> Self {
        let options = OptionsBuilder::new()
            // Only a hint for the first allocation.
            .estimated_items_capacity((bytes / 8_192).max(16))
            .weight_capacity(bytes as u64)
            .hot_allocation(LASTING)
            .build()
            .expect("both capacities are given");
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self {
            kept: Cache::with_options(options, Weight, hasher, lifecycle),
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
