//! What is at an address, worked out once for each snapshot: a poll costs a look-up, and the fields of its
//! answer are made already.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    LAST_MODIFIED, LINK,
};
use jiff::Timestamp;
use quick_cache::sync::Cache;

use super::conditional::{Tag, Validators};
use super::freshness::{Fresh, Said};
use super::respond::{PAGE_POLICY, SEALED_POLICY};
use crate::documents::Coding;
use crate::documents::compress::is_compressible;
use crate::entry::FolderPath;
use crate::site::{Found, Plan, Site};

/// Addresses of which the offers are kept: all feeds that readers poll, at some 500 bytes each. The
/// others are worked out again.
const KEPT: usize = 4096;

/// A document that can be had, and what all answers with it say.
#[derive(Debug)]
pub struct Offer {
    /// What to make.
    pub plan: Plan,
    tag: HeaderValue,
    /// The date, and the field that says it.
    modified: Option<(Timestamp, HeaderValue)>,
    links: Option<HeaderValue>,
    /// Whether a coding gains anything.
    pub(super) is_compressible: bool,
    /// Of how long copies are fresh.
    said: Said,
    /// How many bytes the document had when it was sent last, in each coding; 0: not known.
    lengths: [AtomicU64; 4],
}

impl Offer {
    /// The document of `plan`, with these `links` to itself and its other forms.
    pub fn new(plan: Plan, links: Option<String>) -> Self {
        let tag = Tag::Weak(plan.tag);
        let modified = plan.changed.and_then(end_of_second).and_then(|modified| {
            let validators = Validators {
                tag,
                modified: Some(modified),
            };
            Some((modified, validators.last_modified()?))
        });
        Self {
            tag: tag.to_header(),
            modified,
            links: links.and_then(|links| HeaderValue::try_from(links).ok()),
            is_compressible: is_compressible(plan.content_type),
            said: Said::nothing(),
            lengths: Default::default(),
            plan,
        }
    }

    /// What [`Offer::new`] was given for links.
    pub(super) fn links(&self) -> Option<&str> {
        self.links.as_ref().and_then(|links| links.to_str().ok())
    }

    /// The validators at the moment `now`: a date is none before it is over. So no two versions have
    /// the same date, however fast they follow each other: many clients drop a 200 whose date is the one
    /// they know. Nor is a date ever in the future. (RFC 9110 section 8.8.2.1)
    pub(super) fn validators(&self, now: Timestamp) -> Validators {
        let modified = self.modified.as_ref().map(|(modified, _)| *modified);
        Validators {
            tag: Tag::Weak(self.plan.tag),
            modified: modified.filter(|modified| *modified <= now),
        }
    }

    /// The document for who wishes this coding has so many bytes.
    pub(super) fn measured(&self, coding: Coding, bytes: u64) {
        let length = &self.lengths[coding as usize];
        // Mostly it is known: what only reads stays with all cores.
        if length.load(Ordering::Relaxed) != bytes {
            length.store(bytes, Ordering::Relaxed);
        }
    }

    /// How many bytes the document has for who wishes this coding; 0 if nobody knows.
    pub(super) fn length(&self, coding: Coding) -> u64 {
        self.lengths[coding as usize].load(Ordering::Relaxed)
    }

    /// Writes what 200 and 304 have in common, but for `Vary`. (RFC 9110 section 15.4.5)
    pub(super) fn share(&self, fields: &mut HeaderMap, validators: &Validators, fresh: &Fresh<'_>) {
        fields.insert(ETAG, self.tag.clone());
        if let Some((_, field)) = &self.modified
            && validators.modified.is_some()
        {
            fields.insert(LAST_MODIFIED, field.clone());
        }
        let cached = fresh.cache_control_of(self.plan.fresh, &self.said);
        fields.insert(CACHE_CONTROL, cached);
    }

    /// Writes what the document is and what else there is of it.
    pub(super) fn describe(&self, fields: &mut HeaderMap) {
        let content_type = self.plan.content_type;
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let policy = if content_type.starts_with("text/html") {
            PAGE_POLICY
        } else {
            SEALED_POLICY
        };
        fields.insert(CONTENT_SECURITY_POLICY, policy);
        if let Some(links) = &self.links {
            fields.insert(LINK, links.clone());
        }
    }
}

/// The end of the second in which a document changed.
fn end_of_second(changed: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second(changed.as_second() + 1).ok()
}

/// What is at an address: [`Found`], with documents as offers.
#[derive(Debug)]
pub enum Located {
    /// A document.
    Document(Arc<Offer>),
    /// A file beside an entry.
    Media(FolderPath),
    /// It is at another path for good.
    Moved(String),
    /// It was withdrawn: a document that says so.
    Gone(Arc<Offer>),
    /// Nothing.
    Nothing,
    /// There is no snapshot yet that could tell.
    Unknown,
}

impl Located {
    /// What was found, with the links of a document.
    pub fn new(found: Found, links: impl FnOnce(&Plan) -> Option<String>) -> Self {
        match found {
            Found::Document(plan) => {
                let links = links(&plan);
                Self::Document(Arc::new(Offer::new(plan, links)))
            }
            Found::Media(path) => Self::Media(path),
            Found::Moved(path) => Self::Moved(path),
            // Its page is not the one that was asked for: it names no address.
            Found::Gone(plan) => Self::Gone(Arc::new(Offer::new(plan, None))),
            Found::Nothing => Self::Nothing,
        }
    }
}

/// A snapshot, with what was worked out for its addresses.
pub(super) struct Shown {
    pub(super) site: Arc<Site>,
    /// When something changes by itself.
    pub(super) due: Option<Timestamp>,
    offers: Cache<Box<str>, Arc<Offer>>,
    asked: Arc<AskedFor>,
}

/// The paths of documents that were asked for, in this snapshot and before.
pub(super) type AskedFor = Cache<Box<str>, ()>;

/// Nothing was asked for yet.
pub(super) fn asked_for() -> Arc<AskedFor> {
    Arc::new(Cache::new(KEPT))
}

impl Shown {
    /// What is asked for is noted in `asked`.
    pub(super) fn new(site: Arc<Site>, asked: Arc<AskedFor>) -> Self {
        Self {
            due: site.next_due(),
            offers: Cache::new(KEPT),
            asked,
            site,
        }
    }

    /// What is at `path`.
    pub(super) fn locate(&self, path: &str) -> Located {
        if let Some(offer) = self.offers.get(path) {
            return Located::Document(offer);
        }
        let links = |plan: &Plan| self.site.links(&plan.key);
        let located = Located::new(self.site.find(path), links);
        if let Located::Document(offer) = &located {
            self.offers.insert(path.into(), Arc::clone(offer));
            self.asked.insert(path.into(), ());
        }
        located
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::entry::Digest;
    use crate::site::DocumentKey;

    fn plan(changed: &str) -> Plan {
        Plan {
            key: DocumentKey::Feeds,
            tag: Digest::of(b"plan"),
            changed: Some(changed.parse().unwrap()),
            content_type: "text/x-opml; charset=utf-8",
            fresh: Duration::from_mins(1),
        }
    }

    #[test]
    fn no_two_versions_share_a_date_and_none_is_in_the_future() {
        let check = |changed: &str, now: &str, expected: Option<&str>| {
            let offer = Offer::new(plan(changed), None);
            let now = now.parse().unwrap();
            let date = offer.validators(now).modified.map(|date| date.to_string());
            assert_eq!(date.as_deref(), expected, "{changed} at {now}");
        };
        check("2026-01-31T10:00:00.2Z", "2026-01-31T10:00:00.3Z", None);
        check(
            "2026-01-31T10:00:00.2Z",
            "2026-01-31T10:00:01Z",
            Some("2026-01-31T10:00:01Z"),
        );
        check("2026-01-31T10:00:00.8Z", "2026-01-31T10:00:00.9Z", None);
        check("2026-01-31T10:00:01Z", "2026-01-31T10:00:01.9Z", None);
        check(
            "2026-01-31T10:00:01Z",
            "2026-01-31T10:00:02Z",
            Some("2026-01-31T10:00:02Z"),
        );
    }
}
