//! Which entries, in which order, make which feed; and what a format needs to write one.
//!
//! A [`Feed`] is complete: every address is absolute, every hole of a full text is filled. The
//! formats below (`rss`, `atom`, `json`) only put it into their words: each entry a [`Piece`], and the
//! pieces into a document. They are pure, know nothing of each other, of HTTP or of the clock, and two
//! equal feeds give equal bytes.

mod atom;
mod extras;
mod json;
mod key;
mod links;
pub mod opml;
mod order;
mod piece;
mod podcast;
mod rss;
#[cfg(test)]
pub(crate) mod sample;
mod selection;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

use crate::entry::{Entry, EntryId, Language, Person, Text};
pub use key::{Facet, FeedKey, Join, MOST_TERMS};
pub use order::{Order, OrderBy};
pub use piece::Piece;
pub use podcast::{Podcast, RemoteFeed, ShownEpisode, ShownTranscript, guid as podcast_guid};
pub use selection::{Filter, Selection, Sorting, label, section_of, weight};

/// The program's name, as documents give it.
const PROGRAM: &str = "Tidings";

/// The program's version, as documents give it: without the patch level, so that a mere repair does
/// not change every document, and with it every reader's copy.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR")
);

/// Why a feed could not be written. No feed that the catalogue makes should lead here.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// An instant that the format's dates can't express.
    #[error("the date {0} can't be written: expected one of the years 0000 to 9999")]
    Date(Timestamp),
    /// What the format's writer says.
    #[error("the feed could not be written")]
    Format(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl WriteError {
    fn format(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Format(Box::new(error))
    }
}

/// The formats a feed comes in, in the order in which we recommend them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Atom 1.0, RFC 4287.
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    /// The one for this format of three in the order of [`Format::ALL`].
    pub fn of(self, addresses: &[String; 3]) -> &str {
        let [atom, rss, json] = addresses;
        match self {
            Self::Atom => atom,
            Self::Rss => rss,
            Self::Json => json,
        }
    }

    /// The registered media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml",
            Self::Rss => "application/rss+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// The media type with its charset, for those who don't look into the document.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Json => "application/feed+json; charset=utf-8",
        }
    }

    /// `shown` as it stands in this format's documents, in all feeds of the site that `head` is of.
    pub fn piece(self, head: &Feed<'_>, shown: &Shown<'_>) -> Result<Piece, WriteError> {
        match self {
            Self::Atom => atom::piece(head, shown),
            Self::Rss => rss::piece(head, shown),
            Self::Json => json::piece(shown),
        }
    }

    /// The document in which `pieces` stand below what `head` says of itself; entries of its own don't
    /// count.
    pub fn document(self, head: &Feed<'_>, pieces: &[Arc<Piece>]) -> Result<Vec<u8>, WriteError> {
        match self {
            Self::Atom => atom::document(head, pieces),
            Self::Rss => rss::document(head, pieces),
            Self::Json => json::document(head, pieces),
        }
    }

    /// The last segment of the feed's address.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Atom => "atom.xml",
            Self::Rss => "rss.xml",
            Self::Json => "feed.json",
        }
    }

    /// Where the page that says how to subscribe has the feed's address in this format.
    pub fn anchor(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
        }
    }

    /// The format's name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Atom => "Atom",
            Self::Rss => "RSS",
            Self::Json => "JSON Feed",
        }
    }
}

/// Where a document stands in the history of its feed. (RFC 5005 section 4)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The subscription document's address in each format, in the order of [`Format::ALL`], where this
    /// is an archive document.
    pub current: Option<[String; 3]>,
    /// The archive document with the entries before these, in each format.
    pub previous: Option<[String; 3]>,
}

/// A feed, ready to be written in any format.
#[derive(Clone, Debug)]
pub struct Feed<'a> {
    /// The feed's own id, independent of its address.
    pub id: EntryId,
    /// One line, never empty.
    pub title: Text,
    /// What it is about; may be empty.
    pub description: Text,
    /// The page for people that this feed belongs to.
    pub home: String,
    /// The page that says how to subscribe to it.
    pub subscribe: String,
    /// This feed's address in each format, in the order of [`Format::ALL`].
    pub addresses: [String; 3],
    /// What the tags are terms of: the address below which their feeds are. (RFC 4287 section 4.2.2.2)
    pub scheme: String,
    /// The language of entries that name none.
    pub language: Language,
    /// The author of entries that name none; a name at least, so that Atom is always valid.
    pub author: Person,
    /// A square picture for the feed, absolute.
    pub icon: Option<String>,
    /// Rights, if the publisher states them.
    pub copyright: Option<Text>,
    /// What it says of itself as a podcast, if it is one.
    pub podcast: Option<Podcast>,
    /// When what this feed shows last changed; never "now".
    pub changed: Timestamp,
    /// How many minutes a reader may wait between two polls.
    pub ttl_minutes: u32,
    /// Newest first.
    pub entries: Vec<Shown<'a>>,
    /// What was withdrawn lately, the latest first.
    pub tombstones: Vec<Tombstone<'a>>,
    /// Where older entries are.
    pub history: History,
}

/// An entry that was withdrawn.
#[derive(Clone, Copy, Debug)]
pub struct Tombstone<'a> {
    /// Its id.
    pub id: &'a EntryId,
    /// When.
    pub withdrawn: Timestamp,
}

impl Feed<'_> {
    /// This feed's address in `format`.
    pub fn address(&self, format: Format) -> &str {
        format.of(&self.addresses)
    }
}

/// An entry as a document shows it: addresses absolute, holes filled.
#[derive(Clone, Debug)]
pub struct Shown<'a> {
    /// What does not depend on where and beside what it is shown.
    pub entry: &'a Entry,
    /// Where it is read: its page here, or its own `link` elsewhere.
    pub address: String,
    /// The full text as HTML; empty where the summary has to do.
    pub content: String,
    /// Who wrote it; empty means the feed's author.
    pub authors: Vec<ShownPerson<'a>>,
    /// What its "Read:" lines name, each once, in order; never the entry itself.
    pub related: Vec<Related>,
    /// The lead image.
    pub image: Option<ShownImage>,
    /// Files that belong to it.
    pub enclosures: Vec<ShownEnclosure>,
    /// What makes it an episode, if anything does.
    pub episode: Option<ShownEpisode>,
}

impl Shown<'_> {
    /// What stands for the entry in a list: its summary, or its title when there is no text at all
    /// (an audio file alone, say). `None` when the full text is all there is; then it is short.
    pub fn blurb(&self) -> Option<&Text> {
        let article = &self.entry.article;
        if !article.summary.is_empty() {
            Some(&article.summary)
        } else if self.content.is_empty() {
            Some(&article.title)
        } else {
            None
        }
    }
}

/// Somebody, and their picture with its absolute address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPerson<'a> {
    /// Who.
    pub person: &'a Person,
    /// Absolute.
    pub avatar: Option<String>,
}

/// A related link, or one that waits for its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The title of what is meant, or the line's own words.
    pub title: Text,
    /// `None` while no such entry is published.
    pub target: Option<RelatedTarget>,
}

/// Where a related link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatedTarget {
    /// Absolute.
    pub address: String,
    /// The id of an entry of our own.
    pub id: Option<EntryId>,
    /// The language of an entry of our own, when it names one.
    pub language: Option<Language>,
    /// Whether we know that it is a web page (all entries of our own are).
    pub is_page: bool,
}

/// A lead image with its absolute address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownImage {
    /// Absolute.
    pub address: String,
    /// By its name or by the folder.
    pub media_type: Option<String>,
    /// Bytes, if known.
    pub length: Option<u64>,
    /// May be empty.
    pub alt: Text,
}

/// A file that belongs to an entry, as a document shows it. RSS needs all three parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownEnclosure {
    /// Absolute.
    pub address: String,
    /// By the writer, its name or the folder.
    pub media_type: String,
    /// Bytes; 0 if unknown, as RSS 2.0 asks for.
    pub length: u64,
    /// How long it plays, in seconds, if it does and that is known.
    pub seconds: Option<u32>,
}

/// `instant` in whole seconds of UTC, with a `Z`: some readers ignore an offset. (RFC 3339
/// section 5.6)
pub(crate) fn rfc3339(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
