//! Plan → document: made on first request or just before, off the async threads, and kept in one bounded
//! cache.
//!
//! Many may ask for a document at once; one makes it, the others wait for that one. What is in the
//! cache is named by the validators of its plan, so it can't be stale: a changed document has another
//! name, and the old one is pushed out in time.
//!
//! Compressed forms are made on first request, too, as small as is quickly done; one that is asked for
//! again is made smaller in the background, and takes the other's place. Both unpack to the same bytes,
//! and have one name, as tags are those of plans: nobody is told that anything changed.
//!
//! What readers poll is made while the snapshot that it is of is still being committed (`ahead`).

mod ahead;
mod around;
mod assemble;
mod better;
mod blocks;
pub mod compress;
mod known;
mod maker;
mod outline;
mod pieces;
#[cfg(test)]
pub(crate) mod sample;
mod shelf;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use self::ahead::{Favourites, Texts};
use self::better::Improver;
use self::compress::{Effort, pack};
use self::known::Known;
pub use self::known::Since;
use self::maker::Maker;
use self::pieces::Pieces;
use self::shelf::{Asked, Kept, Shelf, shelf};
use crate::entry::{Bodies, Body, Digest};
use crate::feed::WriteError;
use crate::page::PageError;
use crate::site::{Plan, Site};

/// How a document's bytes are coded. (RFC 9110 section 8.4.1)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As they are.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

/// A document as it is sent. A clone is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// All of it.
    pub bytes: Bytes,
    /// How they are coded: as was wished, or not at all, if that gains nothing.
    pub coding: Coding,
    /// How many they are uncoded.
    pub uncoded: usize,
}

/// What a browser may do with a page: show our style sheet, and pictures and sound from anywhere safe;
/// nothing active. (Content Security Policy Level 3)
pub const PAGE_RULES: &str = "default-src 'none'; style-src 'self'; img-src 'self' https: data:; \
     media-src 'self' https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Why a document could not be made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MakeError {
    /// The full text of an entry could not be read.
    #[error("the text of an entry could not be read")]
    Body(#[source] Arc<io::Error>),
    /// A format refused what it was given.
    #[error("a feed could not be written")]
    Write(#[source] Arc<WriteError>),
    /// A page's template failed.
    #[error("a page could not be made")]
    Page(#[source] Arc<PageError>),
    /// Compression failed.
    #[error("a document could not be compressed")]
    Compress(#[source] Arc<io::Error>),
    /// The plan is not of this snapshot.
    #[error("there is no such document in this snapshot")]
    NoSuchDocument,
    /// The maker panicked or was cancelled.
    #[error("the making of a document broke off")]
    BrokenOff,
}

impl MakeError {
    fn write(error: WriteError) -> Self {
        Self::Write(Arc::new(error))
    }
}

/// The part of the cache, one in so many, that is for entries as they stand in feeds. By default that
/// are 12 MiB: a feed of 50 articles of 4 kB takes 0.25 MB, and what one new article changes, ten
/// feeds in three formats, takes 8 MB.
const PIECES_SHARE: usize = 4;

/// Makes and keeps documents.
pub struct Documents {
    maker: Arc<Maker>,
    known: Known,
    shelf: Arc<Shelf>,
    // After the shelf, with which its work ends.
    improver: Improver,
    favourites: Arc<Favourites>,
    hits: AtomicU64,
    misses: Arc<AtomicU64>,
}

/// What is kept, and what use it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many documents.
    pub documents: u64,
    /// Their bytes and those of the entries that they are made of, with something for their names.
    pub bytes: u64,
    /// How often one that was asked for was there.
    pub hits: u64,
    /// How often one had to be made.
    pub misses: u64,
}

impl Documents {
    /// Keeps up to `cache_bytes` of documents and of what they are made of; full texts come from
    /// `bodies`.
    pub fn new(bodies: impl Bodies, cache_bytes: usize) -> Self {
        Self::keeping(Arc::new(bodies), cache_bytes)
    }

    /// These, with room for `cache_bytes`, and nothing there yet.
    #[must_use]
    pub fn with_cache(&self, cache_bytes: usize) -> Self {
        Self::keeping(Arc::clone(&self.maker.bodies), cache_bytes)
    }

    fn keeping(bodies: Arc<dyn Bodies>, cache_bytes: usize) -> Self {
        let piece_bytes = cache_bytes / PIECES_SHARE;
        let pieces = Arc::new(Pieces::new(piece_bytes));
        let shelf = Arc::new(shelf(cache_bytes - piece_bytes));
        Self {
            maker: Arc::new(Maker { bodies, pieces }),
            known: Known::new(),
            improver: Improver::new(&shelf),
            favourites: Arc::default(),
            shelf,
            hits: AtomicU64::new(0),
            misses: Arc::default(),
        }
    }

    /// The bytes of `plan`, a plan of `site`, made here and now, and not kept.
    pub fn make(&self, site: &Site, plan: &Plan) -> Result<Bytes, MakeError> {
        self.maker.make(site, &plan.key, None)
    }

    /// The document of `plan`, for who wishes `coding`, if it was made already. Nothing is made, waited
    /// for or allocated.
    pub fn cached(&self, plan: &Plan, coding: Coding) -> Option<Document> {
        self.find(Asked::new(plan, coding))
    }

    /// What is kept at the moment.
    pub fn figures(&self) -> Figures {
        Figures {
            documents: self.shelf.len() as u64,
            bytes: self.shelf.weight() + self.maker.pieces.weight(),
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }

    /// Keeps `bytes` as the document of `plan`.
    pub fn put(&self, plan: &Plan, bytes: Bytes) {
        let document = Document {
            uncoded: bytes.len(),
            coding: Coding::Identity,
            bytes,
        };
        let name = Asked::new(plan, Coding::Identity).to_name();
        self.shelf.insert(name, Kept::quick(document));
    }

    /// The document of `plan` for who wishes `coding`, made of what is kept, without a snapshot; `None`
    /// if nothing of it is.
    pub async fn of_kept(
        &self,
        plan: &Plan,
        coding: Coding,
    ) -> Option<Result<Document, MakeError>> {
        let asked = Asked::new(plan, coding);
        if let Some(document) = self.find(asked) {
            return Some(Ok(document));
        }
        let uncoded = self.shelf.peek(&asked.in_coding(Coding::Identity))?;
        let uncoded = uncoded.document.bytes.clone();
        let code = off_thread(move || in_coding(coding, uncoded));
        let name = asked.to_name();
        let kept = self.shelf.get_or_insert_async(&name, code).await;
        Some(kept.map(|kept| kept.document.clone()))
    }

    /// How many bytes the document of `plan` has for who wishes `coding`, if it was made already. To ask
    /// this is not to ask for the document.
    pub fn length(&self, plan: &Plan, coding: Coding) -> Option<usize> {
        let kept = self.shelf.peek(&Asked::new(plan, coding))?;
        Some(kept.document.bytes.len())
    }

    /// The document of `plan`, a plan of `site`, for who wishes `coding`.
    pub async fn get(
        &self,
        site: &Arc<Site>,
        plan: &Plan,
        coding: Coding,
    ) -> Result<Document, MakeError> {
        self.obtain(site, plan, None, coding).await
    }

    /// Remembers what `plan`, a plan of `site`, shows, for a client that will ask for a delta: see
    /// [`Documents::since`].
    pub fn note(&self, site: &Site, plan: &Plan) {
        self.known.note(site, plan);
    }

    /// The version of this tag of the feed that `plan`, a plan of `site`, shows now, if it was noted, and
    /// if what is new since then says all that a client should know.
    pub fn since(&self, site: &Site, plan: &Plan, tag: Digest) -> Option<Since> {
        self.known.since(site, plan, tag)
    }

    /// The document of `plan`, a plan of `site`, without the entries that stood in the version `since`
    /// as they stand now. It is made and kept like a whole one: clients of a popular feed mostly have
    /// the same version.
    pub async fn delta(
        &self,
        site: &Arc<Site>,
        plan: &Plan,
        since: &Since,
        coding: Coding,
    ) -> Result<Document, MakeError> {
        self.obtain(site, plan, Some(since), coding).await
    }

    /// Makes what readers are going to ask for of `site`, which is not shown yet, on this thread. `texts` are
    /// those that are not where the others are. What fails is made again for who asks, who is told why.
    pub fn make_ahead(&self, site: &Site, texts: Vec<(Digest, Body)>) {
        let maker = self.maker.with(Texts::new(texts, &self.maker.bodies));
        for (plan, coding) in self.favourites.of(site, &self.shelf) {
            let make = || in_coding(coding, maker.make(site, &plan.key, None)?);
            let name = Asked::new(&plan, coding).to_name();
            if let Err(error) = self.shelf.get_or_insert_with(&name, make) {
                tracing::debug!(%error, "a document could not be made ahead");
            }
        }
    }

    async fn obtain(
        &self,
        site: &Arc<Site>,
        plan: &Plan,
        since: Option<&Since>,
        coding: Coding,
    ) -> Result<Document, MakeError> {
        let asked = Asked::new(plan, coding).since(since);
        if let Some(document) = self.find(asked) {
            return Ok(document);
        }
        // What is asked for coded is not kept uncoded, too, as it is three to five times as large, and
        // made in a millisecond for the next coding; but one that is there is not made again.
        let uncoded = self.shelf.peek(&asked.in_coding(Coding::Identity));
        let (maker, site, key) = (Arc::clone(&self.maker), Arc::clone(site), plan.key.clone());
        let (since, misses) = (since.cloned(), Arc::clone(&self.misses));
        let name = asked.to_name();
        let (favourites, noted) = (Arc::clone(&self.favourites), name.clone());
        let make = move || {
            misses.fetch_add(1, Ordering::Relaxed);
            favourites.note(&noted);
            let identity = match uncoded {
                Some(kept) => kept.document.bytes.clone(),
                None => maker.make(&site, &key, since.as_ref())?,
            };
            in_coding(coding, identity)
        };
        let kept = self
            .shelf
            .get_or_insert_async(&name, off_thread(make))
            .await?;
        kept.was_awaited();
        Ok(kept.document.clone())
    }

    fn find(&self, asked: Asked<'_>) -> Option<Document> {
        let kept = self.shelf.get(&asked)?;
        self.hits.fetch_add(1, Ordering::Relaxed);
        if kept.is_due() && !self.improver.improve(asked.to_name()) {
            kept.put_off();
        }
        Some(kept.document.clone())
    }
}

fn in_coding(coding: Coding, identity: Bytes) -> Result<Arc<Kept>, MakeError> {
    pack(coding, Effort::Quick, identity)
        .map(Kept::quick)
        .map_err(|error| MakeError::Compress(Arc::new(error)))
}

async fn off_thread<T: Send + 'static>(
    make: impl FnOnce() -> Result<T, MakeError> + Send + 'static,
) -> Result<T, MakeError> {
    tokio::task::spawn_blocking(make)
        .await
        .unwrap_or(Err(MakeError::BrokenOff))
}
