//! One entry's place in the catalogue: who it is, how it stands, and what it shows.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::entry::{
    Address, Digest, Digester, Entry, EntryId, Episode, FolderPath, Language, Media, Slug, Stamp,
    Text,
};

/// Names a record inside this catalogue and its ledger; never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub u64);

impl Key {
    /// Not above any other.
    pub(super) const LEAST: Self = Self(0);
    /// Not below any other.
    pub(super) const MOST: Self = Self(u64::MAX);
}

/// Whether and when an entry is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Published.
    Live,
    /// To be published at its date.
    Scheduled,
    /// To be published then, by the publisher's `hold`: until then its writer may take it back for
    /// free.
    Held(Timestamp),
    /// Was withdrawn then although its file is there: a draft again, or expired.
    Retired(Timestamp),
    /// Was withdrawn then because its file was gone.
    Withdrawn(Timestamp),
    /// A recording that belongs to an entry, and is none of its own.
    Enclosed,
    /// The front page's own text, in no feed.
    Front,
}

/// An identity with its last good version.
#[derive(Clone, Debug)]
pub struct Record {
    /// The catalogue's name for it.
    pub key: Key,
    /// The path from which the id grew.
    pub first_path: FolderPath,
    /// When Tidings first saw it: remembered for ever.
    pub first_seen: Timestamp,
    /// The stamp of the file version that was parsed last.
    pub stamp: Stamp,
    /// How it stands.
    pub standing: Standing,
    /// When it was live first; `None`: nobody ever saw it.
    pub debut: Option<Timestamp>,
    /// Another entry has its path since it was moved away or removed: until then its own file may
    /// turn up elsewhere.
    pub displaced: Option<Timestamp>,
    /// The last good version.
    pub entry: Arc<Entry>,
    /// The digest that moves `updated`.
    pub content: Digest,
    /// When it is to be withdrawn.
    pub expires: Option<Timestamp>,
    /// Addresses that lead here besides the entry's own.
    pub former: Vec<Slug>,
    /// Titles that it had before while it was live, the latest last.
    pub former_titles: Vec<Text>,
    /// The digest of the conventions by which its file was read last.
    pub conventions: Digest,
    /// The digest of everything that documents show of it, links included.
    pub face: Digest,
    /// When `face` last changed while it was live, or it became live.
    pub changed: Timestamp,
    /// What each of the article's references means, in their order.
    pub resolved: Arc<[Resolved]>,
    /// The files that belong to it by their names alone: a lead image, recordings.
    pub beside: Arc<[(FolderPath, Media)]>,
    /// What the tags of its recording say, where that is a file of its own; its own words come first.
    pub tagged: Option<Box<Episode>>,
    /// What others show of it.
    pub card: Arc<Card>,
}

impl Record {
    /// Whether it is published.
    pub fn is_live(&self) -> bool {
        self.standing == Standing::Live
    }

    /// When it was withdrawn, for whatever reason.
    pub fn withdrawn(&self) -> Option<Timestamp> {
        match self.standing {
            Standing::Retired(moment) | Standing::Withdrawn(moment) => Some(moment),
            _ => None,
        }
    }

    /// Whether it was seen, and is withdrawn.
    pub fn was_withdrawn(&self) -> bool {
        self.withdrawn().is_some() && self.debut.is_some() && !self.is_restored()
    }

    /// Whether its file is gone, as far as is known.
    pub fn is_lost(&self) -> bool {
        let is_withdrawn = matches!(self.standing, Standing::Withdrawn(_)) && !self.is_restored();
        self.displaced.is_some() || is_withdrawn
    }

    /// Whether only its identity is left, and what it shows waits for its file: the ledger was lost,
    /// and the mirror of identities says no more. It stands as withdrawn at the moment of its last
    /// change, which no turn of the writer brings about: what changes is live.
    pub fn is_restored(&self) -> bool {
        self.standing == Standing::Withdrawn(self.changed)
    }

    /// When time alone will change its standing.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let by_date = match self.standing {
            Standing::Scheduled => Some(self.entry.published),
            Standing::Held(until) => Some(until),
            Standing::Live => self.expires,
            Standing::Retired(_) | Standing::Withdrawn(_) => return None,
            Standing::Enclosed | Standing::Front => None,
        };
        by_date.into_iter().chain(self.displaced).min()
    }

    /// The digest of everything that documents show of it: see [`Record::face`]. The path is not
    /// part of it, so that a move within the folder does not change a byte.
    pub(super) fn work_out_face(&self) -> Digest {
        let Entry {
            id,
            path: _,
            slug,
            published,
            updated,
            article,
        } = &*self.entry;
        let article = serde_json::to_vec(article).unwrap_or_default();
        let mut digester = Digester::new()
            .field(id.as_str())
            .field(slug.as_str())
            .field(published.to_string())
            .field(updated.to_string())
            .field(article);
        for resolved in &*self.resolved {
            digester = match resolved {
                Resolved::Pending => digester.field("pending"),
                Resolved::Itself => digester.field("itself"),
                Resolved::Plain => digester.field("plain"),
                Resolved::Media(media) => digester.field("media").field(format!("{media:?}")),
                Resolved::Entry(card) => digester.field("entry").field(card.digest().as_bytes()),
            };
        }
        for (path, media) in &*self.beside {
            digester = digester.field(path.as_str()).field(format!("{media:?}"));
        }
        if let Some(tagged) = &self.tagged {
            digester = digester.field("tagged").field(format!("{tagged:?}"));
        }
        digester.finish()
    }
}

/// What a reference of an article means at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// Nothing: there is no such entry or file, or not yet.
    Pending,
    /// The entry itself: no link.
    Itself,
    /// Just what it says: a URL, a place on the page.
    Plain,
    /// A file beside the entry.
    Media(Media),
    /// A live entry.
    Entry(Arc<Card>),
}

/// What an entry shows of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Which.
    pub key: Key,
    /// Its id.
    pub id: EntryId,
    /// Its title.
    pub title: Text,
    /// Where it is read.
    pub place: Place,
    /// Its language, when it names one.
    pub language: Option<Language>,
}

/// Where an entry is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On its page here.
    Page(Slug),
    /// Elsewhere: its own `link`.
    Elsewhere(Address),
}

impl Card {
    /// What others show of `entry`.
    pub fn of(key: Key, entry: &Entry) -> Self {
        let place = match &entry.article.link {
            Some(link) => Place::Elsewhere(link.clone()),
            None => Place::Page(entry.slug.clone()),
        };
        Self {
            key,
            id: entry.id.clone(),
            title: entry.article.title.clone(),
            place,
            language: entry.article.language.clone(),
        }
    }

    /// The digest of what others show; the key is our own affair.
    pub fn digest(&self) -> Digest {
        let (kind, place) = match &self.place {
            Place::Page(slug) => ("page", slug.as_str()),
            Place::Elsewhere(address) => ("elsewhere", address.as_str()),
        };
        Digester::new()
            .field(self.id.as_str())
            .field(self.title.as_str())
            .field(kind)
            .field(place)
            .field(self.language.as_ref().map_or("", Language::as_str))
            .finish()
    }
}
