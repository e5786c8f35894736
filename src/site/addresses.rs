//! All addresses that there are.

use super::address::FEEDS;
use super::{DocumentKey, Site, View};
use crate::catalogue::Standing;
use crate::entry::Slug;
use crate::feed::{FeedKey, Format};
use crate::page;

impl Site {
    /// The paths of everything that is served, below the site's address: documents of all feeds and
    /// their archives, pages, files beside entries, and what is part of the program. Percent-encoded.
    ///
    /// Not among them are mixes, of which there are as many as combinations of terms, and threads of
    /// entries that are linked with none.
    pub fn addresses(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let catalogue = self.catalogue();
        let media = catalogue.media_paths();
        let media = media.filter(|path| catalogue.media(path).is_some());
        all.extend(media.map(|path| format!("media/{}", path.to_url_path())));
        all.extend(page::ASSETS.iter().map(|asset| asset.path.to_owned()));
        all.push(page::STYLE.to_owned());
        let mut pages: Vec<&Slug> = catalogue
            .records()
            .filter(|record| record.is_live())
            .map(|record| &record.entry.slug)
            .collect();
        pages.sort_unstable();
        all.extend(
            pages
                .iter()
                .map(|slug| format!("entries/{}", slug.to_url_path())),
        );
        let threads = pages.into_iter().map(|slug| FeedKey::Thread(slug.clone()));
        let threads = threads.filter(|thread| self.has_links(thread));
        let feeds = self
            .listing()
            .feeds
            .iter()
            .map(|listed| listed.feed.clone());
        for feed in threads.chain(feeds) {
            all.push(Self::subscribe_path(&feed));
            let mut view = View::newest(feed);
            while let Some(window) = self.window(&view) {
                let folder = view.path();
                all.extend(Format::ALL.map(|format| folder.clone() + format.file_name()));
                all.push(folder);
                let Some(part) = window.previous.clone() else {
                    break;
                };
                view.part = Some(part);
            }
        }
        all.push(FEEDS.to_owned());
        all
    }

    fn has_links(&self, thread: &FeedKey) -> bool {
        let window = self.window(&View::newest(thread.clone()));
        window.is_some_and(|window| window.entries.len() > 1)
    }

    /// The former paths of entries that are published, with their paths now; below the site's address,
    /// percent-encoded.
    pub fn moves(&self) -> Vec<(String, String)> {
        let records = self.catalogue().records();
        let live = records.filter(|record| record.standing == Standing::Live);
        let mut moves: Vec<(String, String)> = live
            .flat_map(|record| {
                let to = format!("entries/{}", record.entry.slug.to_url_path());
                let former = record
                    .former
                    .iter()
                    .filter(|slug| **slug != record.entry.slug);
                former.flat_map(move |slug| {
                    let from = slug.to_url_path();
                    [(format!("entries/{from}"), to.clone()), (from, to.clone())]
                })
            })
            .collect();
        moves.sort();
        moves
    }
}

impl DocumentKey {
    /// Whether it is a page, whose address is no file's name.
    pub fn is_page(&self) -> bool {
        matches!(
            self,
            Self::Page(_) | Self::Subscribe(_) | Self::Entry(_) | Self::Gone
        )
    }
}
