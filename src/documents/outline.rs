//! From a snapshot to the list of all feeds.

use crate::feed::opml::{Outline, OutlineFeed};
use crate::site::{Site, View};

/// The list of all feeds.
pub(super) fn outline(site: &Site) -> Outline<'_> {
    let settings = site.settings();
    let listing = site.listing();
    let feeds = listing.feeds.iter().map(|it| {
        let view = View::newest(it.feed.clone());
        let [_, rss, _] = site.addresses_of(&view);
        OutlineFeed {
            title: &it.title,
            rss,
            page: site.absolute(&view.path()),
            language: settings.language.as_str(),
        }
    });
    Outline {
        title: &settings.title,
        owner: &settings.author.name,
        changed: listing.changed(),
        feeds: feeds.collect(),
    }
}
