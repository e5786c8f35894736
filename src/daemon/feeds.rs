//! What settings and ledger say of feeds, in the words of the site.

use jiff::Timestamp;
use tracing::warn;

use crate::config::{FeedConfig, FeedOrder};
use crate::entry::Slug;
use crate::feed::{Facet, FeedKey, Filter, OrderBy, Selection};
use crate::ledger::Feeds;
use crate::site::{Bound, Kept};

/// The feed that the publisher defines by `config`.
pub(super) fn selection(config: &FeedConfig) -> Selection {
    let facets = |sections: &[Slug], tags: &[Slug], authors: &[Slug], languages: &[Slug]| {
        [
            (Facet::Section, sections.to_vec()),
            (Facet::Tag, tags.to_vec()),
            (Facet::Author, authors.to_vec()),
            (Facet::Language, languages.to_vec()),
        ]
        .into_iter()
        .filter(|(_, terms)| !terms.is_empty())
        .collect()
    };
    let FeedConfig {
        sections,
        tags,
        authors,
        languages,
        without,
        ..
    } = config;
    Selection {
        name: config.name.clone(),
        title: config.title.clone(),
        description: config.description.clone(),
        filter: Filter {
            any: facets(sections, tags, authors, languages),
            none: facets(
                &without.sections,
                &without.tags,
                &without.authors,
                &without.languages,
            ),
        },
        order: match config.order {
            FeedOrder::Published => OrderBy::Published,
            FeedOrder::Updated => OrderBy::Updated,
        },
        limit: config.limit,
        content: config.content,
        language: config.language.clone(),
    }
}

/// What the ledger keeps of feeds.
pub(super) fn to_ledger(kept: Kept) -> Feeds {
    let departures = kept.departures.into_iter();
    let histories = kept.histories.into_iter();
    Feeds {
        departures: departures
            .map(|(key, moment)| (key.path(), moment))
            .collect(),
        histories: histories
            .filter_map(|(key, bounds)| Some((key.path(), serde_json::to_string(&bounds).ok()?)))
            .collect(),
    }
}

/// What the ledger kept of feeds. What can't be understood is passed over: it is worked out anew.
pub(super) fn from_ledger(feeds: Feeds) -> Kept {
    let departure =
        |(path, moment): (String, Timestamp)| Some((FeedKey::from_path(&path)?, moment));
    let history = |(path, volumes): (String, String)| {
        let bounds: Vec<Bound> = serde_json::from_str(&volumes)
            .inspect_err(|error| {
                let error: &dyn std::error::Error = error;
                warn!(feed = path, error, "the archives of a feed are made anew");
            })
            .ok()?;
        Some((FeedKey::from_path(&path)?, bounds))
    };
    Kept {
        departures: feeds.departures.into_iter().filter_map(departure).collect(),
        histories: feeds.histories.into_iter().filter_map(history).collect(),
    }
}
