//! Feeds before there is a snapshot: what the last process would answer, for as long as that is right.
//!
//! A large ledger takes seconds to be read, in which nothing has changed that readers could see. What was
//! polled is kept over a restart, with its validators: most polls need no more.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::offer::{AskedFor, Located, Offer, Shown};
use crate::documents::{Coding, Documents};
use crate::site::{DocumentKey, Plan, Site, View};

/// A feed as it is answered at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFeed {
    /// The path that it was asked for by.
    pub path: String,
    /// What it is, with its validators.
    pub plan: Plan,
    /// What `Link` says.
    pub links: Option<String>,
    /// All of it; empty where just the validators are kept.
    pub bytes: Bytes,
}

impl KeptFeed {
    /// The feeds of `site` that were `asked` for, and the feed of everything: those most likely polled
    /// first, and of these up to `most` bytes.
    pub(super) fn all(
        site: &Arc<Site>,
        asked: &Arc<AskedFor>,
        documents: &Documents,
        most: usize,
    ) -> Vec<Self> {
        let main = site.main_paths();
        let asked_for = asked.iter().map(|(path, ())| path.into_string());
        let paths: BTreeSet<String> = main.iter().cloned().chain(asked_for).collect();
        let shown = Shown::new(Arc::clone(site), Arc::clone(asked));
        let offered = paths.into_iter().filter_map(|path| {
            let Located::Document(offer) = shown.locate(&path) else {
                return None;
            };
            let plan = &offer.plan;
            let DocumentKey::Feed(View { part: None, .. }, _) = plan.key else {
                return None;
            };
            let codings = [Coding::Gzip, Coding::Identity, Coding::Brotli, Coding::Zstd];
            let is_cached = codings
                .iter()
                .any(|it| documents.length(plan, *it).is_some());
            Some((!main.contains(&path), !is_cached, path, offer))
        });
        let mut offered: Vec<(bool, bool, String, Arc<Offer>)> = offered.collect();
        offered.sort_by(|one, other| (one.0, one.1, &one.2).cmp(&(other.0, other.1, &other.2)));
        let mut left = most;
        let mut bytes_of = |plan: &Plan| {
            let made = (left > 0)
                .then(|| documents.make(site, plan).ok())
                .flatten();
            let bytes = made.filter(|bytes| bytes.len() <= left);
            left -= bytes.as_ref().map_or(left, Bytes::len);
            bytes.unwrap_or_default()
        };
        let kept = offered.into_iter().map(|(.., path, offer)| Self {
            bytes: bytes_of(&offer.plan),
            links: offer.links().map(str::to_owned),
            plan: offer.plan.clone(),
            path,
        });
        kept.collect()
    }
}

/// What can be answered before there is a snapshot.
#[derive(Debug)]
pub struct Early {
    offers: HashMap<Box<str>, Arc<Offer>>,
    /// When something of it changes by itself.
    due: Option<Timestamp>,
}

impl Early {
    /// `feeds`, of which nothing changes before `due`. Their bytes go to `documents`.
    pub fn new(
        feeds: impl IntoIterator<Item = KeptFeed>,
        due: Option<Timestamp>,
        documents: &Documents,
    ) -> Self {
        let offers = feeds.into_iter().map(|feed| {
            if !feed.bytes.is_empty() {
                documents.put(&feed.plan, feed.bytes);
            }
            let offer = Offer::new(feed.plan, feed.links);
            (feed.path.into_boxed_str(), Arc::new(offer))
        });
        Self {
            offers: offers.collect(),
            due,
        }
    }

    /// How many addresses have an answer.
    pub fn len(&self) -> usize {
        self.offers.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.offers.is_empty()
    }

    /// When something of it changes by itself.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Whether it says at the moment `now` what a snapshot would.
    pub(super) fn is_right(&self, now: Timestamp) -> bool {
        self.due.is_none_or(|due| now < due)
    }

    /// What is at `path`, if that is known.
    pub(super) fn locate(&self, path: &str) -> Located {
        let offer = self.offers.get(path);
        offer.map_or(Located::Unknown, |it| Located::Document(Arc::clone(it)))
    }
}
