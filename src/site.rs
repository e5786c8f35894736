//! The immutable snapshot that readers see: address → plan, with validators.
//!
//! A `Site` holds plans, not bytes: which entries a document shows, in which order, and two
//! validators for it. It knows no sockets, no disk and no requests, and never changes once made;
//! [`Site::with`] makes the next one and shares with the old one whatever stayed.
//!
//! **Tags** are digests of all that a document says: equal content gives equal tags, after a restart
//! and on another host. **Dates** are the moments at which what a feed shows last changed. A feed that
//! lost an entry has changed too, although all entries that it still shows are old; so departures are
//! remembered, and kept in the ledger.

mod address;
#[cfg(test)]
mod tests;
mod window;

use std::cmp::Reverse;
use std::sync::Arc;

use imbl::HashMap;
use jiff::Timestamp;

use crate::catalogue::{Catalogue, Changes, Key, Record};
use crate::entry::{Address, Digest, Digester, EntryId, FolderPath, Language, Person, Slug, Text};
use crate::feed::{self, FeedKey, Format};
use crate::page;
pub use window::Window;
use window::{FeedState, Frame};

/// Which document. Together with a snapshot it says all that is needed to make it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKey {
    /// A feed in a format.
    Feed(FeedKey, Format),
    /// The front page.
    Front,
    /// An entry's page.
    Entry(Slug),
    /// What stands where an entry was withdrawn.
    Gone,
    /// A file that is part of the program: the style sheet, the icon, `robots.txt`.
    Asset(&'static str),
}

/// What an address shows, with its validators; the bytes are made by `documents`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What to make.
    pub key: DocumentKey,
    /// The digest of all that the document says; equal for every encoding. (RFC 9110 section 8.8.3)
    pub tag: Digest,
    /// When it last changed; `None` where that is not known, as for pages, whose back-links come and
    /// go with other entries. (RFC 9110 section 8.8.2)
    pub changed: Option<Timestamp>,
    /// `Content-Type`, with its charset.
    pub content_type: &'static str,
}

/// What is at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A document.
    Document(Plan),
    /// A file beside an entry.
    Media(FolderPath),
    /// It is at another path of this site for good: the path, beginning with `/`.
    Moved(String),
    /// It was there, and was withdrawn: a document that says so.
    Gone(Plan),
    /// Nothing.
    Nothing,
}

/// What the publisher's settings say in documents.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The public address of the site, ending in `/`.
    pub base: Address,
    /// The title of the main feed.
    pub title: Text,
    /// What it is about.
    pub description: Text,
    /// The language of entries that name none.
    pub language: Language,
    /// The author of entries that name none.
    pub author: Person,
    /// A square picture.
    pub icon: Option<Address>,
    /// Rights.
    pub copyright: Option<Text>,
    /// How many entries a feed shows.
    pub limit: usize,
    /// How long a copy is fresh, in minutes.
    pub ttl_minutes: u32,
    /// The zone in which pages give dates: its IANA name, or as much as is known of it.
    pub zone: String,
}

impl Settings {
    /// The digest of all of them.
    pub fn digest(&self) -> Digest {
        Digester::new().field(format!("{self:?}")).finish()
    }
}

/// The program's way of writing feeds. Raise the number when documents change although nothing that
/// they show did; the version without its patch level is in it because feeds name it.
const MANNER: &str = concat!(
    "2 ",
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR")
);

/// The snapshot. A clone is cheap.
#[derive(Clone)]
pub struct Site {
    settings: Arc<Settings>,
    /// The digest of the settings and of the program's way of writing documents.
    manner: Digest,
    /// Since when the settings are so.
    since: Timestamp,
    catalogue: Catalogue,
    feeds: HashMap<FeedKey, FeedState>,
}

impl Site {
    /// The first snapshot of a process, at the moment `now`. `departures` are what the ledger kept;
    /// `since` is when the settings last changed.
    pub fn new(
        settings: Settings,
        since: Timestamp,
        catalogue: &Catalogue,
        departures: &[(FeedKey, Timestamp)],
        now: Timestamp,
    ) -> Self {
        let manner = Digester::new()
            .field(MANNER)
            .field(settings.digest().as_bytes())
            .finish();
        let mut site = Self {
            settings: Arc::new(settings),
            manner,
            since,
            catalogue: catalogue.clone(),
            feeds: HashMap::unit(FeedKey::All, FeedState::default()),
        };
        for (key, moment) in departures {
            site.feeds.entry(key.clone()).or_default().departure = Some(*moment);
        }
        for record in catalogue.records().filter(|record| record.is_live()) {
            for key in feed::memberships(&record.entry) {
                let state = site.feeds.entry(key).or_default();
                state
                    .order
                    .insert(feed::Order::of(&record.entry), Arc::clone(record));
            }
        }
        let keys: Vec<FeedKey> = site.feeds.keys().cloned().collect();
        for key in keys {
            site.make_window(&key, now);
        }
        site
    }

    /// The snapshot after `changes`, made at `now`, and the feeds that an entry left.
    pub fn with(&self, changes: &Changes, now: Timestamp) -> (Self, Vec<(FeedKey, Timestamp)>) {
        let mut site = Self {
            catalogue: changes.next().clone(),
            ..self.clone()
        };
        let mut touched: Vec<FeedKey> = Vec::new();
        // First all that leave, then all that enter: two entries may have swapped places.
        for record in changes
            .shifts
            .iter()
            .filter_map(|shift| shift.before.as_ref())
        {
            for key in feed::memberships(&record.entry) {
                let state = site.feeds.entry(key.clone()).or_default();
                state.order.remove(&feed::Order::of(&record.entry));
                touched.push(key);
            }
        }
        for record in changes
            .shifts
            .iter()
            .filter_map(|shift| shift.after.as_ref())
        {
            for key in feed::memberships(&record.entry) {
                let state = site.feeds.entry(key.clone()).or_default();
                let order = feed::Order::of(&record.entry);
                state.order.insert(order, Arc::clone(record));
                touched.push(key);
            }
        }
        touched.extend(site.feeds_with_old_tombstones(now));
        touched.sort();
        touched.dedup();
        let departures = touched
            .into_iter()
            .filter(|key| site.make_window(key, now))
            .map(|key| (key, now))
            .collect();
        (site, departures)
    }

    fn feeds_with_old_tombstones(&self, now: Timestamp) -> Vec<FeedKey> {
        let is_due = |state: &FeedState| state.burial().is_some_and(|moment| moment <= now);
        let due = self.feeds.iter().filter(|(_, state)| is_due(state));
        due.map(|(key, _)| key.clone()).collect()
    }

    /// When time alone will change what is shown: an entry appears, expires, or has been withdrawn
    /// for so long that nobody has to be told any more.
    pub fn next_due(&self) -> Option<Timestamp> {
        let burials = self.feeds.values().filter_map(FeedState::burial);
        burials.chain(self.catalogue.next_due()).min()
    }

    /// Works out what the documents of a feed show. Returns whether an entry or a tombstone left them.
    fn make_window(&mut self, key: &FeedKey, now: Timestamp) -> bool {
        let Some(state) = self.feeds.get_mut(key) else {
            return false;
        };
        let frame = Frame {
            catalogue: &self.catalogue,
            limit: self.settings.limit,
            since: self.since,
            manner: Digester::new()
                .field(self.manner.as_bytes())
                .field(key.path()),
        };
        state.renew(frame, now)
    }

    /// The path of the site on its host, beginning and ending in `/`.
    pub fn root(&self) -> &str {
        let base = self.settings.base.as_str();
        let authority = base.find("://").map_or(0, |scheme| scheme + 3);
        base[authority..]
            .find('/')
            .map_or("/", |path| &base[authority + path..])
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// All entries.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What the documents of a feed show.
    pub fn window(&self, key: &FeedKey) -> Option<&Arc<Window>> {
        self.feeds.get(key).and_then(|state| state.window.as_ref())
    }

    /// A feed's own id, independent of its address and of the host.
    pub fn feed_id(&self, key: &FeedKey) -> EntryId {
        let site = self.catalogue.site();
        EntryId::from_uuid(match key {
            FeedKey::All => site,
        })
    }

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

    fn feed_plan(&self, key: FeedKey, format: Format) -> Option<Plan> {
        let window = self.window(&key)?;
        Some(Plan {
            tag: window.tag(format),
            changed: Some(window.changed),
            content_type: match format {
                Format::Atom => "application/atom+xml; charset=utf-8",
                Format::Rss => "application/rss+xml; charset=utf-8",
                Format::Json => "application/feed+json; charset=utf-8",
            },
            key: DocumentKey::Feed(key, format),
        })
    }

    fn front_plan(&self) -> Option<Plan> {
        let window = self.window(&FeedKey::All)?;
        let digester = Digester::new()
            .field(page::version().as_bytes())
            .field(window.tag(Format::Json).as_bytes());
        let tag = match self.catalogue.front() {
            Some(front) => digester.field(front.face.as_bytes()).finish(),
            None => digester.finish(),
        };
        Some(Plan {
            key: DocumentKey::Front,
            tag,
            changed: None,
            content_type: HTML,
        })
    }

    fn gone_plan(&self) -> Plan {
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

    fn entry_plan(&self, record: &Record) -> Plan {
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

const HTML: &str = "text/html; charset=utf-8";

/// How many of the entries that mention one its page names.
const MENTIONS: usize = 50;
