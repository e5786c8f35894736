//! What mixes, threads and the list of all feeds hold, and what feeds are called.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Site;
use super::history::{Limits, fitting, weight_of};
use crate::catalogue::{Record, Resolved};
use crate::entry::{Content, Digest, Digester, Entry, Language, Slug, Text};
use crate::feed::{self, Facet, FeedKey, Join, Order, OrderBy, Selection};

/// All feeds but mixes and threads, of which there is no end.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Everything first, then the publisher's own, then by facet and name.
    pub feeds: Vec<Listed>,
    /// Of all but the dates, which pages don't show: they are each host's own.
    pub(super) names: Digest,
    pub(super) digest: Digest,
}

/// A feed, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub feed: FeedKey,
    /// What it is called.
    pub title: Text,
    /// What people call its term, or its title.
    pub label: Text,
    /// How many entries it has.
    pub entries: usize,
    /// When it last changed.
    pub changed: Timestamp,
}

impl Listing {
    /// When one of the feeds last changed.
    pub fn changed(&self) -> Timestamp {
        let moments = self.feeds.iter().map(|it| it.changed);
        moments.max().unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl Site {
    /// All feeds.
    pub fn listing(&self) -> &Listing {
        self.listing.get_or_init(|| {
            let mut feeds: Vec<Listed> = self
                .feeds
                .iter()
                .filter_map(|(key, state)| {
                    let window = state.window.as_ref()?;
                    Some(Listed {
                        feed: key.clone(),
                        title: window.title.clone(),
                        label: self.label_of(key, &window.entries),
                        entries: state.history.len(),
                        changed: window.changed,
                    })
                })
                .collect();
            feeds.sort_by(|one, other| one.feed.cmp(&other.feed));
            let digester = Digester::new().field(self.manner.as_bytes()).field("feeds");
            let names = feeds.iter().fold(digester, |digester, it| {
                digester
                    .field(it.feed.path())
                    .field(it.title.as_str())
                    .field(it.label.as_str())
                    .field(it.entries.to_string())
            });
            let names = names.finish();
            let digester = Digester::new().field(names.as_bytes());
            let digest = feeds.iter().fold(digester, |digester, it| {
                digester.field(it.changed.to_string())
            });
            Listing {
                names,
                digest: digest.finish(),
                feeds,
            }
        })
    }

    /// How much of each text a feed carries.
    pub fn content_of(&self, key: &FeedKey) -> Content {
        let own = self.selection_of(key).and_then(|it| it.content);
        own.unwrap_or(self.settings().content)
    }

    /// What a feed other than that of everything is about; may be empty.
    pub fn description_of(&self, key: &FeedKey) -> Text {
        let own = self.selection_of(key).map(|it| it.description.clone());
        own.unwrap_or_else(|| Text::new(""))
    }

    /// The language of a feed.
    pub fn language_of(&self, key: &FeedKey) -> Language {
        let own = match key {
            FeedKey::Term(Facet::Language, slug) => Language::parse(slug.as_str()),
            key => self.selection_of(key).and_then(|it| it.language.clone()),
        };
        own.unwrap_or_else(|| self.settings().language.clone())
    }

    fn selection_of(&self, key: &FeedKey) -> Option<&Selection> {
        match key {
            FeedKey::Named(name) => self.sorting.selection(name),
            _ => None,
        }
    }

    /// What people call the term of a feed that shows these entries, or the feed itself.
    pub fn label_of(&self, key: &FeedKey, entries: &[Arc<Record>]) -> Text {
        let settings = self.settings();
        match key {
            FeedKey::Term(facet, slug) => self.term(*facet, slug, entries),
            FeedKey::Mix(facet, join, slugs) => {
                let sign = match join {
                    Join::All => " + ",
                    Join::Any => ", ",
                };
                let labels: Vec<String> = slugs
                    .iter()
                    .map(|slug| self.term(*facet, slug, entries).to_string())
                    .collect();
                Text::one_line(&labels.join(sign))
            }
            FeedKey::Named(name) => {
                let selection = self.selection_of(key);
                selection.map_or_else(|| Text::one_line(name.as_str()), |it| it.title.clone())
            }
            FeedKey::Thread(slug) => match self.catalogue.at_slug(slug) {
                Some(record) => record.entry.article.title.clone(),
                None => Text::one_line(slug.as_str()),
            },
            FeedKey::Updates => Text::one_line("Updates"),
            FeedKey::All => settings.title.clone(),
        }
    }

    fn term(&self, facet: Facet, slug: &Slug, shown: &[Arc<Record>]) -> Text {
        let entries = shown.iter().map(|record| &*record.entry);
        let author = &self.settings().author;
        feed::label(facet, slug, entries, &self.sorting, author)
    }

    /// What a feed that shows these entries is called.
    pub(super) fn title_of(&self, key: &FeedKey, entries: &[Arc<Record>]) -> Text {
        let label = self.label_of(key, entries);
        match key {
            FeedKey::All => label,
            _ => Text::one_line(&format!("{label} – {}", self.settings().title)),
        }
    }

    /// The newest entries that have all, or any, of the terms; `None` unless there is a feed of each.
    pub(super) fn mix(
        &self,
        facet: Facet,
        join: Join,
        slugs: &[Slug],
        limits: Limits,
    ) -> Option<Vec<Arc<Record>>> {
        let states = slugs
            .iter()
            .map(|slug| self.feeds.get(&FeedKey::Term(facet, slug.clone())))
            .collect::<Option<Vec<_>>>()?;
        let found: Vec<Arc<Record>> = match join {
            Join::All => {
                let fewest = states.iter().min_by_key(|state| state.history.len())?;
                let has_all = |entry: &Entry| {
                    slugs
                        .iter()
                        .all(|slug| self.sorting.has(entry, facet, slug))
                };
                let entries = fewest.history.places().map(|(_, record)| record);
                let both = entries.filter(|record| has_all(&record.entry));
                both.take(limits.entries).cloned().collect()
            }
            Join::Any => {
                let newest = states
                    .iter()
                    .flat_map(|state| state.history.places().take(limits.entries));
                let once: BTreeMap<&Order, &Arc<Record>> = newest.collect();
                once.into_values().take(limits.entries).cloned().collect()
            }
        };
        let count = fitting(found.iter().map(weight_of), limits);
        Some(found.into_iter().take(count).collect())
    }

    /// The entry at `slug` and all that is linked with it by "Read:" lines, one way or the other.
    pub(super) fn thread(&self, slug: &Slug, limits: Limits) -> Option<Vec<Arc<Record>>> {
        let record = self.catalogue.at_slug(slug).filter(|it| it.is_live())?;
        if record.entry.slug != *slug {
            return None;
        }
        let linked = record
            .resolved
            .iter()
            .filter_map(|resolved| match resolved {
                Resolved::Entry(card) => self.catalogue.record(card.key),
                _ => None,
            });
        let all = linked
            .chain(self.catalogue.mentions(record.key))
            .chain([record])
            .filter(|it| it.is_live());
        let once: BTreeMap<Order, &Arc<Record>> = all
            .map(|it| (Order::of(&it.entry, OrderBy::Published), it))
            .collect();
        let found: Vec<Arc<Record>> = once.into_values().cloned().collect();
        let count = fitting(found.iter().map(weight_of), limits);
        Some(found.into_iter().take(count).collect())
    }
}
