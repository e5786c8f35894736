//! The plans of documents: what each shows, and its validators.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{DocumentKey, Plan, Site, View};
use crate::catalogue::{Key, Record};
use crate::entry::Digester;
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

    pub(super) fn feed_plan(&self, view: View, format: Format) -> Option<Plan> {
        let window = self.window(&view)?;
        let is_dated = view.part.is_none() && self.feeds.contains_key(&view.feed);
        Some(Plan {
            tag: window.tag(format),
            // What left an archive, a mix or a thread is not remembered: no date could tell.
            changed: is_dated.then_some(window.changed),
            content_type: match format {
                Format::Atom => "application/atom+xml; charset=utf-8",
                Format::Rss => "application/rss+xml; charset=utf-8",
                Format::Json => "application/feed+json; charset=utf-8",
            },
            key: DocumentKey::Feed(view, format),
        })
    }

    pub(super) fn page_plan(&self, view: View) -> Option<Plan> {
        let window = self.window(&view)?;
        let mut digester = Digester::new()
            .field(page::version().as_bytes())
            .field(window.tag(Format::Json).as_bytes());
        if view == View::newest(FeedKey::All) {
            digester = digester.field(self.listing().digest.as_bytes());
            if let Some(front) = self.catalogue.front() {
                digester = digester.field(front.face.as_bytes());
            }
        }
        Some(Plan {
            key: DocumentKey::Page(view),
            tag: digester.finish(),
            changed: None,
            content_type: HTML,
        })
    }

    pub(super) fn subscribe_plan(&self, feed: FeedKey) -> Option<Plan> {
        let window = self.window(&View::newest(feed.clone()))?;
        let digester = self.manner_of(&feed).field(page::version().as_bytes());
        Some(Plan {
            tag: digester
                .field("subscribe")
                .field(window.title.as_str())
                .finish(),
            key: DocumentKey::Subscribe(feed),
            changed: None,
            content_type: HTML,
        })
    }

    pub(super) fn feeds_plan(&self) -> Plan {
        Plan {
            key: DocumentKey::Feeds,
            tag: self.listing().digest,
            changed: None,
            content_type: "text/x-opml; charset=utf-8",
        }
    }

    pub(super) fn gone_plan(&self) -> Plan {
        let digester = Digester::new()
            .field(page::version().as_bytes())
            .field(self.manner.as_bytes());
        Plan {
            key: DocumentKey::Gone,
            tag: digester.finish(),
            changed: None,
            content_type: HTML,
        }
    }

    pub(super) fn entry_plan(&self, record: &Record) -> Plan {
        let digester = Digester::new()
            .field(page::version().as_bytes())
            .field(self.manner.as_bytes())
            .field(record.face.as_bytes());
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
        }
    }
}
