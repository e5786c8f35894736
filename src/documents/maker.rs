//! Plan → bytes, from a snapshot and full texts.

use std::sync::Arc;

use bytes::Bytes;

use super::pieces::{self, Pieces};
use super::{MakeError, Since, around, assemble, outline};
use crate::entry::Bodies;
use crate::feed::{FeedKey, Format, opml};
use crate::page::{
    EntryPage, Face, FeedPage, FrontPage, Pages, STYLE, SubscribePage, Theme, asset,
};
use crate::site::{DocumentKey, Site, View, Window};

/// Makes documents.
pub(super) struct Maker {
    pub(super) bodies: Arc<dyn Bodies>,
    pub(super) pieces: Arc<Pieces>,
}

impl Maker {
    /// This maker, with other texts.
    pub(super) fn with(&self, bodies: impl Bodies) -> Self {
        Self {
            bodies: Arc::new(bodies),
            pieces: Arc::clone(&self.pieces),
        }
    }

    /// The document of `key`; of a feed just what is new `since`.
    pub(super) fn make(
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
