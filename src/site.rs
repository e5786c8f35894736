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
mod addresses;
mod beginning;
mod due;
mod history;
mod links;
mod listing;
mod moves;
mod plans;
mod rhythm;
mod settings;
#[cfg(test)]
mod tests;
mod view;
mod window;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use imbl::HashMap;
use jiff::Timestamp;

use crate::catalogue::{Catalogue, Changes, Record, on_all_cores};
use crate::entry::{Digest, Digester, EntryId, FolderPath, Slug};
use crate::feed::{FeedKey, Format, Sorting};
use crate::page::Theme;
pub use address::SUBSCRIBE;
use history::Limits;
pub use history::{Bound, Part};
pub use listing::{Listed, Listing};
use moves::Moves;
pub use rhythm::Ages;
use rhythm::rhythm;
pub use settings::{Settings, Zone};
pub use view::View;
pub use window::Window;
use window::{FeedState, Frame, Renewed};

/// Which document. Together with a snapshot it says all that is needed to make it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKey {
    /// A feed, or an archive of its older entries, in a format.
    Feed(View, Format),
    /// A feed's page for people; that of the feed of everything is the front page.
    Page(View),
    /// How to subscribe to a feed.
    Subscribe(FeedKey),
    /// The list of all feeds, for programs.
    Feeds,
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
    /// How long a copy is fresh by the rhythm of what it shows.
    pub fresh: Duration,
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

/// What a store keeps of feeds for the next process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// When an entry last left a feed.
    pub departures: Vec<(FeedKey, Timestamp)>,
    /// Where the volumes of a feed's history end.
    pub histories: Vec<(FeedKey, Vec<Bound>)>,
}

/// The program's way of writing feeds. Raise the number when documents change although nothing that
/// they show did; the version without its patch level is in it because feeds name it.
const MANNER: &str = concat!(
    "3 ",
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR")
);

/// The snapshot. A clone is cheap.
#[derive(Clone)]
pub struct Site {
    settings: Arc<Settings>,
    sorting: Arc<Sorting>,
    /// The digest of the settings and of the program's way of writing documents.
    manner: Digest,
    /// Since when the settings are so.
    since: Timestamp,
    theme: Theme,
    catalogue: Catalogue,
    feeds: HashMap<FeedKey, FeedState>,
    /// Worked out when it is asked for first.
    listing: Arc<OnceLock<Listing>>,
    /// So is this.
    due: Arc<OnceLock<Option<Timestamp>>>,
}

/// How many bytes of a document are left for what a feed says of itself, tombstones included.
const HEAD_BYTES: u64 = 32 << 10;

impl Site {
    /// This snapshot with other templates: its pages are other ones, its feeds stay.
    #[must_use]
    pub fn with_theme(&self, theme: Theme) -> Self {
        Self {
            theme,
            ..self.clone()
        }
    }

    /// The snapshot after `changes`, made at `now`, and what a store is to keep of it.
    pub fn with(&self, changes: &Changes, now: Timestamp) -> (Self, Kept) {
        let mut site = Self {
            catalogue: changes.next().clone(),
            listing: Arc::default(),
            due: Arc::default(),
            ..self.clone()
        };
        let mut moves = moves::of(&self.catalogue, &changes.records, &self.sorting);
        for key in self.feeds_with_old_tombstones(now) {
            moves.entry(key).or_default();
        }
        let mut kept = Kept::default();
        for (key, renewed) in site.make(moves, now) {
            let state = site.state(&key);
            if renewed.sealed || !state.is_kept {
                state.is_kept = true;
                let bounds = state.history.bounds();
                if !bounds.is_empty() {
                    kept.histories.push((key.clone(), bounds));
                }
            }
            if renewed.departed {
                kept.departures.push((key, now));
            }
        }
        (site, kept)
    }

    /// Makes these moves, and works out what the documents of their feeds show.
    fn make(
        &mut self,
        moves: BTreeMap<FeedKey, Moves<'_>>,
        now: Timestamp,
    ) -> Vec<(FeedKey, Renewed)> {
        let moves: Vec<_> = moves.into_iter().collect();
        let site = &*self;
        let states = on_all_cores(&moves, |(key, moves)| {
            let by = site.sorting.order_of(key);
            let state = site.feeds.get(key).cloned();
            let mut state = state.unwrap_or_else(|| FeedState::new(by));
            moves.make_in(&mut state);
            let renewed = site.renew(key, &mut state, now);
            Some((state, renewed))
        });
        let made = moves.into_iter().zip(states);
        made.map(|((key, _), (state, renewed))| {
            self.feeds.insert(key.clone(), state);
            (key, renewed)
        })
        .collect()
    }

    /// The state of a feed, which exists from now on.
    fn state(&mut self, key: &FeedKey) -> &mut FeedState {
        let by = self.sorting.order_of(key);
        let feeds = &mut self.feeds;
        feeds
            .entry(key.clone())
            .or_insert_with(|| FeedState::new(by))
    }

    /// Works out what the documents of a feed in this state show.
    fn renew(&self, key: &FeedKey, state: &mut FeedState, now: Timestamp) -> Renewed {
        let frame = Frame {
            catalogue: &self.catalogue,
            limits: self.limits(key),
            since: self.since,
            manner: self.manner_of(key),
            title: &|entries| self.title_of(key, entries),
            ages: self.settings.ages,
        };
        state.renew(frame, now)
    }

    fn limits(&self, key: &FeedKey) -> Limits {
        let own = match key {
            FeedKey::Named(name) => self.sorting.selection(name).and_then(|it| it.limit),
            _ => None,
        };
        Limits {
            entries: own.unwrap_or(self.settings.limit),
            bytes: self.settings.max_bytes.saturating_sub(HEAD_BYTES),
        }
    }

    fn manner_of(&self, key: &FeedKey) -> Digester {
        Digester::new()
            .field(self.manner.as_bytes())
            .field(key.path())
    }

    /// The path of the site on its host, beginning and ending in `/`.
    pub fn root(&self) -> &str {
        let base = self.settings.base.as_str();
        let authority = base.find("://").map_or(0, |scheme| scheme + 3);
        base[authority..]
            .find('/')
            .map_or("/", |path| &base[authority + path..])
    }

    /// The paths of the feed of every entry, in each format.
    pub fn main_paths(&self) -> [String; 3] {
        Format::ALL.map(|format| format!("{}{}", self.root(), format.file_name()))
    }

    /// The digest of all that makes documents what they are, besides their entries.
    pub fn manner(&self) -> Digest {
        self.manner
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The templates of its pages.
    pub fn theme(&self) -> &Theme {
        &self.theme
    }

    /// All entries.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What the documents of a view show; `None` if there is no such feed, or no such part of it.
    pub fn window(&self, view: &View) -> Option<Arc<Window>> {
        match (&view.part, self.feeds.get(&view.feed)) {
            (None, Some(state)) => state.window.clone(),
            (None, None) => self.made_for_one_question(&view.feed).map(Arc::new),
            (Some(part), state) => self.archive(&view.feed, part, state?).map(Arc::new),
        }
    }

    fn archive(&self, key: &FeedKey, part: &Part, state: &FeedState) -> Option<Window> {
        let (entries, previous) = state.history.part(part, &self.catalogue)?;
        let changed = entries.iter().map(|record| record.changed);
        let changed = changed.fold(self.since, Ord::max);
        let manner = self.manner_of(key).field(format!("{part:?}"));
        // After its own entries: what an archive document says changes with them alone.
        let title = self.title_of(key, &entries);
        Some(Window::new(
            title,
            entries,
            Vec::new(),
            previous,
            changed,
            // Hardly anything is edited there any more.
            self.settings.ages.most(),
            manner,
        ))
    }

    /// A mix, or a thread. Neither remembers what left it, so that its date is that of its entries.
    fn made_for_one_question(&self, key: &FeedKey) -> Option<Window> {
        let limits = self.limits(key);
        let entries = match key {
            FeedKey::Mix(facet, join, slugs) => self.mix(*facet, *join, slugs, limits)?,
            FeedKey::Thread(slug) => self.thread(slug, limits)?,
            _ => return None,
        };
        let changed = entries.iter().map(|record| record.changed);
        let changed = changed.fold(self.since, Ord::max);
        let title = self.title_of(key, &entries);
        let fresh = rhythm(
            entries.iter().map(|record| record.entry.published),
            self.settings.ages,
        );
        let manner = self.manner_of(key);
        Some(Window::new(
            title,
            entries,
            Vec::new(),
            None,
            changed,
            fresh,
            manner,
        ))
    }

    /// A feed's own id, independent of its address and of the host.
    pub fn feed_id(&self, key: &FeedKey) -> EntryId {
        let site = self.catalogue.site();
        EntryId::from_uuid(match key {
            FeedKey::All => site,
            key => uuid::Uuid::new_v5(&site, key.path().as_bytes()),
        })
    }
}

/// Whether feeds show the entry, or tell that it was withdrawn.
fn is_told_of(record: &Record) -> bool {
    record.is_live() || record.was_withdrawn()
}
