//! What a feed says of itself.

use std::time::Duration;

use crate::feed::{Facet, Feed, FeedKey, History, Tombstone};
use crate::site::{Part, Settings, Site, View, Window};

/// What the feed of `view` in `site` says of itself, and of what was withdrawn.
pub(in crate::documents) fn head_with_tombstones<'a>(
    site: &'a Site,
    view: &View,
    window: &'a Window,
) -> Feed<'a> {
    let tombstones = window.tombstones.iter().filter_map(|record| {
        Some(Tombstone {
            id: &record.entry.id,
            withdrawn: record.withdrawn()?,
        })
    });
    Feed {
        tombstones: tombstones.collect(),
        ..head(site, view, window)
    }
}

/// What the feed of `view` in `site` says of itself, without its entries.
pub(in crate::documents) fn head<'a>(site: &'a Site, view: &View, window: &Window) -> Feed<'a> {
    let Settings {
        base,
        description,
        author,
        icon,
        copyright,
        podcast,
        ..
    } = site.settings();
    let newest = View::newest(view.feed.clone());
    let older = |part: &Part| View {
        feed: view.feed.clone(),
        part: Some(part.clone()),
    };
    let is_archive = view.part.is_some();
    let previous = window.previous.as_ref();
    Feed {
        id: site.feed_id(&view.feed),
        title: window.title.clone(),
        description: match &view.feed {
            FeedKey::All => description.clone(),
            key => site.description_of(key),
        },
        home: format!("{base}{}", newest.path()),
        scheme: site.absolute(&format!("{}/", Facet::Tag.folder())),
        subscribe: site.absolute(&Site::subscribe_path(&view.feed)),
        addresses: site.addresses_of(view),
        history: History {
            current: is_archive.then(|| site.addresses_of(&newest)),
            previous: previous.map(|part| site.addresses_of(&older(part))),
        },
        language: site.language_of(&view.feed),
        author: author.clone(),
        icon: icon.as_ref().map(ToString::to_string),
        copyright: copyright.clone(),
        // A show has one feed; those of its parts are none of their own.
        podcast: podcast.clone().filter(|_| view.feed == FeedKey::All),
        changed: window.changed,
        ttl_minutes: minutes(window.fresh),
        entries: Vec::new(),
        tombstones: Vec::new(),
    }
}

/// RSS counts in minutes, and 0 would mean "never wait".
fn minutes(fresh: Duration) -> u32 {
    let minutes = fresh.as_secs().div_ceil(60);
    u32::try_from(minutes).unwrap_or(u32::MAX).max(1)
}
