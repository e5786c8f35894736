//! Requests, by what was asked for and how it was answered.
//!
//! Each feed has an array of counts, so that to count is to find the array and to add: no lock, nothing on the
//! heap. Arrays are made when a feed is asked for first; after [`MOST_FEEDS`] of them, all others share one.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;
use prometheus_client::registry::Unit;

use super::families::{Family, Kind, Label, Value};
use crate::documents::Coding;
use crate::feed::{FeedKey, Format};
use crate::http::{Answered, Asked};
use crate::site::DocumentKey;

/// Feeds that have a label of their own: the main ones, then those that are asked for first. Each has 2 kB for
/// each of its formats, and some ten series that are stored by whoever scrapes.
pub const MOST_FEEDS: usize = 100;

/// What the label of all other feeds says. Paths begin with `/`.
const OTHER: &str = "other";

/// What a label says where there is nothing to say.
const NONE: &str = "none";

/// The statuses that are told apart.
const STATUSES: [u16; 16] = [
    200, 204, 206, 226, 303, 304, 308, 400, 404, 405, 410, 412, 416, 429, 500, 503,
];

/// How a body is coded, in the order of the counts.
const CODINGS: [(Option<Coding>, &str); 5] = [
    (None, NONE),
    (Some(Coding::Identity), "identity"),
    (Some(Coding::Gzip), "gzip"),
    (Some(Coding::Brotli), "br"),
    (Some(Coding::Zstd), "zstd"),
];

/// By what bytes are saved, in the order of the counts.
const SAVINGS: [&str; 3] = ["not_modified", "encoding", "delta"];

/// What is no feed, in the order of the counts.
const OTHERS: [&str; 5] = ["html", "opml", "asset", "media", NONE];

/// The counts of one kind of answers.
#[derive(Default)]
struct Counts {
    /// By status, the last for those that are in no list, and by coding.
    requests: [[AtomicU64; CODINGS.len()]; STATUSES.len() + 1],
    sent: [AtomicU64; CODINGS.len()],
    saved: [AtomicU64; SAVINGS.len()],
}

/// One feed's, in the order of [`Format::ALL`].
#[derive(Default)]
struct OfFeed([Counts; Format::ALL.len()]);

/// See the module's text.
pub(super) struct Requests {
    feeds: ArcSwap<HashMap<FeedKey, Arc<OfFeed>, RandomState>>,
    /// Held by who adds a feed.
    adding: Mutex<()>,
    other_feeds: OfFeed,
    others: [Counts; OTHERS.len()],
    /// By why their clients are told to come later.
    limited: [AtomicU64; LIMITS.len()],
}

/// Why a client is told to come later, in the order of the counts.
const LIMITS: [&str; 2] = ["hammering", "unconditional"];

impl Default for Requests {
    fn default() -> Self {
        let main = [FeedKey::All, FeedKey::Updates];
        let feeds = main.into_iter().map(|key| (key, Arc::default()));
        Self {
            feeds: ArcSwap::from_pointee(feeds.collect()),
            adding: Mutex::default(),
            other_feeds: OfFeed::default(),
            others: Default::default(),
            limited: Default::default(),
        }
    }
}

fn add(count: &AtomicU64, more: u64) {
    if more > 0 {
        count.fetch_add(more, Ordering::Relaxed);
    }
}

impl Counts {
    fn count(&self, answer: &Answered<'_>) {
        let status = answer.status.as_u16();
        let status = STATUSES.iter().position(|it| *it == status);
        let status = status.unwrap_or(STATUSES.len());
        let coding = answer.coding.map_or(0, |coding| coding as usize + 1);
        add(&self.requests[status][coding], 1);
        add(&self.sent[coding], answer.sent);
        let saved = answer.saved;
        let saved = [saved.not_modified, saved.coding, saved.delta];
        for (count, bytes) in self.saved.iter().zip(saved) {
            add(count, bytes);
        }
    }
}

impl Requests {
    pub(super) fn count(&self, answer: &Answered<'_>) {
        if let Some(why) = answer.limited {
            add(&self.limited[why as usize], 1);
        }
        let other = match answer.asked {
            Asked::Document(DocumentKey::Feed(view, format)) => {
                return self.count_feed(&view.feed, *format, answer);
            }
            Asked::Document(
                DocumentKey::Page(_)
                | DocumentKey::Subscribe(_)
                | DocumentKey::Entry(_)
                | DocumentKey::Gone,
            ) => 0,
            Asked::Document(DocumentKey::Feeds) => 1,
            Asked::Document(DocumentKey::Asset(_)) => 2,
            Asked::File => 3,
            Asked::Other => 4,
        };
        self.others[other].count(answer);
    }

    fn count_feed(&self, key: &FeedKey, format: Format, answer: &Answered<'_>) {
        let format = format as usize;
        if let Some(feed) = self.feeds.load().get(key) {
            return feed.0[format].count(answer);
        }
        match self.added(key) {
            Some(feed) => feed.0[format].count(answer),
            None => self.other_feeds.0[format].count(answer),
        }
    }

    /// A feed that was not asked for yet, if it gets counts of its own. Not those that a request makes up:
    /// mixes of terms, and the threads of entries.
    fn added(&self, key: &FeedKey) -> Option<Arc<OfFeed>> {
        if matches!(key, FeedKey::Mix(..) | FeedKey::Thread(_))
            || self.feeds.load().len() >= MOST_FEEDS
        {
            return None;
        }
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.feeds.load();
        if let Some(feed) = before.get(key) {
            return Some(Arc::clone(feed));
        }
        if before.len() >= MOST_FEEDS {
            return None;
        }
        let feed = Arc::new(OfFeed::default());
        let mut feeds = HashMap::clone(&before);
        feeds.insert(key.clone(), Arc::clone(&feed));
        self.feeds.store(Arc::new(feeds));
        Some(feed)
    }

    /// What was counted; of series that never were anything there is nothing.
    pub(super) fn families(&self) -> Vec<Family> {
        let counter = |name, help| Family::new(Kind::Counter, name, help);
        let mut requests = Vec::new();
        let mut sent = Vec::new();
        let mut saved = Vec::new();
        let mut tell = |feed: &str, format: &'static str, counts: &Counts| {
            let labels = |more: &[(&'static str, Cow<'static, str>)]| {
                let mut labels: Vec<Label> = vec![
                    ("feed", Cow::Owned(feed.to_owned())),
                    ("format", format.into()),
                ];
                labels.extend_from_slice(more);
                labels
            };
            let statuses = STATUSES.iter().map(|status| status.to_string().into());
            let statuses = statuses.chain([Cow::Borrowed(OTHER)]);
            for (status, counts) in statuses.zip(&counts.requests) {
                for ((_, coding), count) in CODINGS.iter().zip(counts) {
                    let more = [("status", status.clone()), ("encoding", (*coding).into())];
                    requests.extend(series(count, || labels(&more)));
                }
            }
            for ((_, coding), count) in CODINGS.iter().zip(&counts.sent) {
                sent.extend(series(count, || labels(&[("encoding", (*coding).into())])));
            }
            for (by, count) in SAVINGS.iter().zip(&counts.saved) {
                saved.extend(series(count, || labels(&[("by", (*by).into())])));
            }
        };
        let feeds = self.feeds.load();
        let mut feeds: Vec<(String, &OfFeed)> = feeds
            .iter()
            .map(|(key, counts)| (format!("/{}", key.path()), &**counts))
            .collect();
        feeds.sort_by(|(one, _), (other, _)| one.cmp(other));
        feeds.push((OTHER.to_owned(), &self.other_feeds));
        for (path, counts) in feeds {
            for (format, counts) in Format::ALL.into_iter().zip(&counts.0) {
                tell(&path, format.anchor(), counts);
            }
        }
        for (format, counts) in OTHERS.into_iter().zip(&self.others) {
            tell(NONE, format, counts);
        }
        let limited = LIMITS.iter().zip(&self.limited);
        let limited = limited.map(|(why, count)| {
            let count = count.load(Ordering::Relaxed);
            (vec![("reason", (*why).into())], Value::Whole(count))
        });
        vec![
            counter(
                "tidings_http_requests",
                "Requests of readers that were answered, by the feed's path, its format (or what else was asked \
                 for), the status, and how the body was coded",
            )
            .with_all(requests),
            counter(
                "tidings_http_sent",
                "The bodies of answers, of which clients that leave early don't take all",
            )
            .in_unit(Unit::Bytes)
            .with_all(sent),
            counter(
                "tidings_http_saved",
                "What was not sent, as far as it is known: by 304 beside the document, by the encoding beside \
                 the same uncoded, by deltas beside the whole",
            )
            .in_unit(Unit::Bytes)
            .with_all(saved),
            counter(
                "tidings_http_limited",
                "Requests that were answered with 429: their client asks far too often, or for what it has \
                 without saying so",
            )
            .with_all(limited),
        ]
    }
}

fn series(count: &AtomicU64, labels: impl FnOnce() -> Vec<Label>) -> Option<(Vec<Label>, Value)> {
    let count = count.load(Ordering::Relaxed);
    (count > 0).then(|| (labels(), Value::Whole(count)))
}
