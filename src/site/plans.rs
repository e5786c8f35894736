//! The plans of documents: what each shows, and its validators.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{DocumentKey, Part, Plan, Site, View, Window};
use crate::catalogue::{Key, Record};
use crate::entry::{Digest, Digester, Reference, Target};
use crate::feed::{FeedKey, Format};
use crate::page;

const HTML: &str = "text/html; charset=utf-8";

/// How many of the entries that mention one its page names.
pub(super) const MENTIONS: usize = 50;

impl Site {
    /// The newest entries whose "Read:" lines lead to `key`, newest first, and how many more there are.
    pub fn mentions(&self, key: Key) -> (Vec<&Arc<Record>>, usize) {
        let newest_first = |one: &&Arc<Record>, other: &&Arc<Record>| {
            let place = |record: &Record| Reverse(record.entry.published);
            let by_date = place(one).cmp(&place(other));
            by_date.then_with(|| one.entry.slug.cmp(&other.entry.slug))
        };
        let mut sources: Vec<_> = self.catalogue.mentions(key).collect();
        let more = sources.len().saturating_sub(MENTIONS);
        if more > 0 {
            sources.select_nth_unstable_by(MENTIONS, newest_first);
            sources.truncate(MENTIONS);
        }
        sources.sort_unstable_by(newest_first);
        (sources, more)
    }

    /// The plan of a feed's document; `None` if it is another document, or none of this snapshot.
    pub fn plan_of(&self, key: &DocumentKey) -> Option<Plan> {
        match key {
            DocumentKey::Feed(view, format) => self.feed_plan(view.clone(), *format),
            _ => None,
        }
    }

    pub(super) fn feed_plan(&self, view: View, format: Format) -> Option<Plan> {
        let window = self.window(&view)?;
        let is_dated = view.part.is_none() && self.feeds.contains_key(&view.feed);
        Some(Plan {
            tag: window.tag(format),
            fresh: window.fresh,
            // What left an archive, a mix or a thread is not remembered: no date could tell.
            changed: is_dated.then_some(window.changed),
            content_type: format.content_type(),
            key: DocumentKey::Feed(view, format),
        })
    }

    pub(super) fn page_plan(&self, view: View) -> Option<Plan> {
        let window = self.window(&view)?;
        let mut digester = Digester::new()
            .field(self.theme.version().as_bytes())
            .field(window.tag(Format::Json).as_bytes());
        if view == View::newest(FeedKey::All) {
            digester = digester.field(self.listing().names.as_bytes());
            if let Some(front) = self.catalogue.front() {
                digester = digester.field(front.face.as_bytes());
            }
        } else {
            let newer = self.newer(&view).map(|it| it.path());
            digester = digester
                .field(newer.unwrap_or_default())
                .field(self.entries_in(&view.feed).to_string());
        }
        Some(Plan {
            key: DocumentKey::Page(view),
            tag: digester.finish(),
            changed: None,
            content_type: HTML,
            fresh: window.fresh,
        })
    }

    pub(super) fn subscribe_plan(&self, feed: FeedKey) -> Option<Plan> {
        let window = self.window(&View::newest(feed.clone()))?;
        let digester = self.manner_of(&feed).field(self.theme.version().as_bytes());
        Some(Plan {
            tag: digester
                .field("subscribe")
                .field(window.title.as_str())
                .field(Self::has_recordings(&window).to_string())
                .finish(),
            key: DocumentKey::Subscribe(feed),
            changed: None,
            content_type: HTML,
            fresh: self.settings.ages.most(),
        })
    }

    /// The page with the entries after those of an archive.
    pub fn newer(&self, view: &View) -> Option<View> {
        let part = view.part.as_ref()?;
        let newest = View::newest(view.feed.clone());
        let previous = self.window(&newest)?.previous.clone();
        let next = match (part, previous) {
            (Part::Volume(number), Some(Part::Volume(last))) if *number < last => {
                Some(Part::Volume(number + 1))
            }
            (Part::Volume(number), Some(Part::Rest(last, ..))) if *number < last => {
                Some(Part::Volume(number + 1))
            }
            (Part::Volume(number), Some(Part::Rest(last, moment, slug))) if *number == last => {
                Some(Part::Rest(last, moment, slug))
            }
            _ => None,
        };
        Some(View {
            part: next,
            ..newest
        })
    }

    /// How many entries a feed has in all; 0 for those that are made for one question.
    pub fn entries_in(&self, feed: &FeedKey) -> usize {
        let state = self.feeds.get(feed);
        state.map_or(0, |state| state.history.len())
    }

    /// Whether any of the entries can be listened to, or watched.
    pub fn has_recordings(window: &Window) -> bool {
        window.entries.iter().any(|record| {
            let article = &record.entry.article;
            let is_recording = |target: &Target| match target {
                Target::Address(_) => false,
                Target::Reference(number) => match article.references.get(*number) {
                    Some(Reference::Local(local)) => local.path.is_recording(),
                    _ => false,
                },
            };
            let is_played = |media_type: &str| {
                media_type.starts_with("audio/") || media_type.starts_with("video/")
            };
            let mut enclosures = article.enclosures.iter();
            article.episode.is_some()
                || record.beside.iter().any(|(path, _)| path.is_recording())
                || enclosures.any(|it| {
                    let media_type = it.media_type.as_ref();
                    is_recording(&it.target) || media_type.is_some_and(|it| is_played(it.as_str()))
                })
        })
    }

    pub(super) fn style_plan(&self) -> Plan {
        Plan {
            key: DocumentKey::Asset(page::STYLE),
            tag: Digest::of(&self.theme.style()),
            changed: None,
            content_type: "text/css; charset=utf-8",
            fresh: self.settings.ages.most(),
        }
    }

    pub(super) fn feeds_plan(&self) -> Plan {
        Plan {
            key: DocumentKey::Feeds,
            tag: self.listing().digest,
            changed: None,
            content_type: "text/x-opml; charset=utf-8",
            fresh: self.settings.ages.most(),
        }
    }

    pub(super) fn gone_plan(&self) -> Plan {
        let digester = Digester::new()
            .field(self.theme.version().as_bytes())
            .field(self.manner.as_bytes());
        Plan {
            key: DocumentKey::Gone,
            tag: digester.finish(),
            changed: None,
            content_type: HTML,
            fresh: self.settings.ages.most(),
        }
    }

    pub(super) fn entry_plan(&self, record: &Record) -> Plan {
        let digester = Digester::new()
            .field(self.theme.version().as_bytes())
            .field(self.manner.as_bytes())
            .field(record.face.as_bytes())
            .field(record.entry.path.parent());
        let (newest, more) = self.mentions(record.key);
        let tag = newest
            .iter()
            .fold(digester, |digester, source| {
                digester.field(source.card.digest().as_bytes())
            })
            .field(more.to_string())
            .finish();
        Plan {
            key: DocumentKey::Entry(record.entry.slug.clone()),
            tag,
            changed: None,
            content_type: HTML,
            fresh: self.settings.ages.most(),
        }
    }
}
