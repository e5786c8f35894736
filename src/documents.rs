//! Plan → document: made on first request, off the async threads, and kept in one bounded cache.
//!
//! Many may ask for a document at once; one makes it, the others wait for that one. What is in the
//! cache is named by the validators of its plan, so it can't be stale: a changed document has another
//! name, and the old one is pushed out in time.
//!
//! Compressed forms are made on first request, too, as small as is quickly done; one that is asked for
//! again is made smaller in the background, and takes the other's place. Both unpack to the same bytes,
//! and have one name, as tags are those of plans: nobody is told that anything changed.

mod around;
mod assemble;
mod better;
mod blocks;
pub mod compress;
mod known;
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

use self::better::Improver;
use self::compress::{Effort, pack};
use self::known::Known;
pub use self::known::Since;
use self::pieces::Pieces;
use self::shelf::{Asked, Kept, Shelf, shelf};
use crate::entry::{Bodies, Digest};
use crate::feed::{FeedKey, Format, WriteError, opml};
use crate::page::{
    EntryPage, Face, FeedPage, FrontPage, PageError, Pages, STYLE, SubscribePage, Theme, asset,
};
use crate::site::{DocumentKey, Plan, Site, View, Window};

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

struct Maker {
    bodies: Arc<dyn Bodies>,
    pieces: Pieces,
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
        let pieces = Pieces::new(piece_bytes);
        let shelf = Arc::new(shelf(cache_bytes - piece_bytes));
        Self {
            maker: Arc::new(Maker { bodies, pieces }),
            known: Known::new(),
            improver: Improver::new(&shelf),
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
        let make = move || {
            misses.fetch_add(1, Ordering::Relaxed);
            let identity = match uncoded {
                Some(kept) => kept.document.bytes.clone(),
                None => maker.make(&site, &key, since.as_ref())?,
            };
            pack(coding, Effort::Quick, identity)
                .map(Kept::quick)
                .map_err(|error| MakeError::Compress(Arc::new(error)))
        };
        let name = asked.to_name();
        let kept = self.shelf.get_or_insert_async(&name, off_thread(make));
        Ok(kept.await?.document.clone())
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

async fn off_thread<T: Send + 'static>(
    make: impl FnOnce() -> Result<T, MakeError> + Send + 'static,
) -> Result<T, MakeError> {
    tokio::task::spawn_blocking(make)
        .await
        .unwrap_or(Err(MakeError::BrokenOff))
}

impl Maker {
    /// The document of `key`; of a feed just what is new `since`.
    fn make(
        &self,
        site: &Site,
        key: &DocumentKey,
        since: Option<&Since>,
    ) -> Result<Bytes, MakeError> {
        match key {
            DocumentKey::Feed(view, format) => {
                let mut window = site.window(view).ok_or(MakeError::NoSuchDocument)?;
                if let Some(since) = since {
                    window = Arc::new(since.cut(&window));
                }
                self.feed(site, view, &window, *format)
            }
            DocumentKey::Page(_)
            | DocumentKey::Subscribe(_)
            | DocumentKey::Entry(_)
            | DocumentKey::Gone => self.page(site, key).map(Bytes::from),
            DocumentKey::Feeds => opml::write(&outline::outline(site))
                .map(Bytes::from)
                .map_err(MakeError::write),
            DocumentKey::Asset(STYLE) => Ok(site.theme().style()),
            DocumentKey::Asset(path) => asset(path)
                .map(|asset| Bytes::from_static(asset.bytes))
                .ok_or(MakeError::NoSuchDocument),
        }
    }

    /// The document of the feed of `view`, of which `window` is what it shows.
    fn feed(
        &self,
        site: &Site,
        view: &View,
        window: &Window,
        format: Format,
    ) -> Result<Bytes, MakeError> {
        let head = assemble::head_with_tombstones(site, view, window);
        let content = site.content_of(&view.feed);
        let pieces = window.entries.iter().map(|record| {
            let name = pieces::Name::new(site, record, content, format);
            self.pieces.get_or_make(name, || {
                let shown = assemble::in_feed(site, record, content, &*self.bodies)?;
                format.piece(&head, &shown).map_err(MakeError::write)
            })
        });
        let pieces: Vec<_> = pieces.collect::<Result<_, _>>()?;
        let document = format.document(&head, &pieces).map_err(MakeError::write)?;
        Ok(Bytes::from(document))
    }

    /// A page with the site's theme; with the built-in one where that fails on what no sample had.
    fn page(&self, site: &Site, key: &DocumentKey) -> Result<String, MakeError> {
        let theme = site.theme();
        match self.page_in(theme, site, key) {
            Err(MakeError::Page(error)) if !theme.is_built_in() => {
                tracing::warn!(%error, ?key, "the theme can't show this page: the built-in one does");
                self.page_in(&Theme::built_in(), site, key)
            }
            made => made,
        }
    }

    fn page_in(&self, theme: &Theme, site: &Site, key: &DocumentKey) -> Result<String, MakeError> {
        let bodies = &*self.bodies;
        let pages = Pages {
            theme,
            zone: &site.settings().zone.0,
        };
        let main = around::main(site).ok_or(MakeError::NoSuchDocument)?;
        let outline = site.outline_address();
        let face = Face {
            main: &main,
            root: site.root(),
            outline: &outline,
        };
        match key {
            DocumentKey::Page(view) if *view == View::newest(FeedKey::All) => {
                let window = site.window(view).ok_or(MakeError::NoSuchDocument)?;
                pages.front(&FrontPage {
                    face,
                    feed: &assemble::feed(site, view, &window, bodies)?,
                    text: assemble::front(site, bodies)?.as_deref(),
                    shelves: &around::shelves(site),
                })
            }
            DocumentKey::Page(view) => {
                let window = site.window(view).ok_or(MakeError::NoSuchDocument)?;
                let newer = site.newer(view).map(|it| site.absolute(&it.path()));
                pages.feed(&FeedPage {
                    face,
                    feed: &assemble::feed(site, view, &window, bodies)?,
                    label: site.label_of(&view.feed, &window.entries).as_str(),
                    kind: around::kind(&view.feed),
                    entries: site.entries_in(&view.feed).max(window.entries.len()),
                    newer: newer.as_deref(),
                })
            }
            DocumentKey::Subscribe(feed) => {
                let view = View::newest(feed.clone());
                let window = site.window(&view).ok_or(MakeError::NoSuchDocument)?;
                pages.subscribe(&SubscribePage {
                    face,
                    feed: &assemble::head(site, &view, &window),
                    label: site.label_of(feed, &window.entries).as_str(),
                    has_recordings: Site::has_recordings(&window),
                })
            }
            DocumentKey::Entry(slug) => {
                let (record, mentions) =
                    assemble::entry(site, slug).ok_or(MakeError::NoSuchDocument)?;
                pages.entry(&EntryPage {
                    face,
                    shown: &assemble::shown(site, &record, bodies)?,
                    places: &around::places(site, &record, !mentions.newest.is_empty()),
                    mentions: &mentions,
                })
            }
            _ => pages.gone(&face),
        }
        .map_err(|error| MakeError::Page(Arc::new(error)))
    }
}
