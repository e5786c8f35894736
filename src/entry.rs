//! The vocabulary: what an entry is made of, and what each part promises.
//!
//! Everything here is a plain value. A value that exists can be published: [`Text`] holds only
//! characters that XML 1.0 can carry, an [`EntryId`] is an absolute IRI, an [`Address`] an absolute
//! URL, and nothing has a `Default` that would pass for real data.
//!
//! The way of one file: its bytes become a [`Draft`] (in [`parse`]), the catalogue gives the draft
//! an identity, and the result is an [`Entry`].

mod body;
mod content;
mod element;
mod episode;
mod excerpt;
pub mod form;
mod language;
pub mod parse;
mod path;
mod problem;
mod text;
mod web;

pub use body::{Bodies, Body, Hole};
pub use content::Content;
pub use element::{Element, ElementError, Form};
pub use episode::{Episode, EpisodeKind, Participant, Recording, Transcript};
pub use excerpt::Excerpt;
pub use language::Language;
pub(crate) use path::media_type_of;
pub use path::{FolderPath, Inlay};
pub use problem::{Problem, Warning, WarningKind};
pub use text::{Digest, Digester, Slug, Text};
pub use web::{Address, AddressError, EntryId, EntryIdError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the writer wrote, parsed: all that is shown of an entry except its full text.
///
/// Nothing in it depends on other entries, on the clock or on where the site is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// One line, never empty.
    pub title: Text,
    /// Who wrote it, in the writer's order; empty means "the site's author".
    pub authors: Vec<Person>,
    /// The writer's tags, in the writer's order, each once.
    pub categories: Vec<Category>,
    /// Plain text; may be empty when there is nothing to sum up (an image alone, say).
    pub summary: Text,
    /// The language of the text, when it is not the site's.
    pub language: Option<Language>,
    /// Where the article really lives, when that is not our own page.
    pub link: Option<Address>,
    /// The lead image.
    pub image: Option<Image>,
    /// Audio, video and other files that belong to the entry.
    pub enclosures: Vec<Enclosure>,
    /// Where the writer found what the entry is about. (RFC 4287 section 4.2.7.2, `via`)
    #[serde(default)]
    pub via: Vec<Link>,
    /// The feed or site that the entry was taken over from. (RSS 2.0, `source`)
    #[serde(default)]
    pub source: Option<Link>,
    /// Where readers discuss it. (RSS 2.0, `comments`; RFC 4685 section 4, `replies`)
    #[serde(default)]
    pub comments: Option<Address>,
    /// What makes it an episode of a podcast.
    #[serde(default)]
    pub episode: Option<Episode>,
    /// Elements of other namespaces that the writer wants in the feeds.
    #[serde(default)]
    pub elements: Vec<Element>,
    /// The title of the section that the entry lies in, when its folder says one.
    #[serde(default)]
    pub section: Option<Text>,
    /// How much of the text feeds may carry.
    #[serde(default, alias = "is_summary_only")]
    pub content: Content,
    /// How long the full text is when it is written into XML, in bytes, before its holes are filled.
    #[serde(default)]
    pub text_bytes: u64,
    /// Everything the entry points to inside the site: "Read:" lines and files or entries named by
    /// a path. The holes of the [`Body`] are numbers into this list.
    pub references: Vec<Reference>,
    /// The name of the full text: the digest of its [`Body`].
    pub body: Digest,
}

impl Article {
    /// The paths that it refers to, of entries and other files.
    pub fn paths(&self) -> impl Iterator<Item = &FolderPath> {
        self.references
            .iter()
            .filter_map(|reference| match reference {
                Reference::Local(local)
                | Reference::Related(RelatedLine {
                    wanted: Wanted::Local(local),
                    ..
                }) => Some(&local.path),
                _ => None,
            })
    }
}

/// A file, parsed, not yet identified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where the file lies.
    pub path: FolderPath,
    /// What will be shown.
    pub article: Article,
    /// The full text that `article.body` names.
    pub body: Body,
    /// What the front matter says of the entry's identity and life.
    pub claims: Claims,
    /// The address the entry would like when `claims.slug` is absent: from the file name or title.
    pub slug: Slug,
    /// The digest of what matters to a reader (title, text, link, files; white space folded):
    /// `updated` moves only when this does.
    pub content: Digest,
    /// What the writer should know although the entry is published.
    pub warnings: Vec<Warning>,
    /// The digest of the conventions by which the file was read: with others, the same bytes may
    /// mean something else.
    pub conventions: Digest,
}

/// What front matter (or a file name) says of an entry's identity and life, as far as it does.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Claims {
    /// An id to keep, e.g. from a former system.
    pub id: Option<EntryId>,
    /// The address the writer wants.
    pub slug: Option<Slug>,
    /// When it was, or is to be, published.
    pub published: Option<StatedDate>,
    /// When it last mattered, by the writer's own word.
    pub updated: Option<StatedDate>,
    /// Former addresses.
    pub aliases: Vec<Slug>,
    /// Not to be published.
    pub draft: bool,
    /// To be withdrawn then.
    pub expires: Option<StatedDate>,
    /// This edit is no news: `updated` stays.
    pub minor: bool,
}

/// A date as people write it: an instant, or a whole day in the writer's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatedDate {
    /// A date with a time.
    At(Timestamp),
    /// A bare date: its midnight, and the midnight that ends it.
    Day {
        /// The first instant of the day.
        start: Timestamp,
        /// The first instant of the next day.
        end: Timestamp,
    },
}

impl StatedDate {
    /// The instant this stands for in the life of an entry first seen at `first_seen`: of a bare date
    /// the first sight if that was its day, so that "today" is neither midnight nor in the future, else
    /// its midnight. (When entries appear, the catalogue tells those of one day apart.)
    pub fn instant(self, first_seen: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::Day { start, end } if (start..end).contains(&first_seen) => first_seen,
            Self::Day { start, .. } => start,
        }
    }
}

/// An identified, live entry: what feeds and pages are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The same in RSS, Atom and JSON, for ever.
    pub id: EntryId,
    /// Where its file lies (or lay, when the file is broken or away at the moment).
    pub path: FolderPath,
    /// Its address on this site, unique among live entries.
    pub slug: Slug,
    /// When it was published.
    pub published: Timestamp,
    /// When its content last mattered; never before `published`.
    pub updated: Timestamp,
    /// What the writer wrote.
    pub article: Article,
}

/// Somebody, as far as the writer tells. (RFC 4287 section 3.2)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Never empty.
    pub name: Text,
    /// A mail address.
    pub email: Option<Text>,
    /// A home page.
    pub uri: Option<Address>,
    /// A picture of them. (JSON Feed 1.1, `avatar`)
    #[serde(default)]
    pub avatar: Option<Target>,
}

/// A tag. (RFC 4287 section 4.2.2)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// The form that addresses and comparisons use.
    pub term: Slug,
    /// As the writer wrote it.
    pub label: Text,
}

/// A picture and what it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Where it is.
    pub target: Target,
    /// What a reader who can't see it should know.
    pub alt: Text,
    /// Whether the writer named it as the lead image; else it is the first one of the text.
    #[serde(default)]
    pub is_stated: bool,
}

/// A file that belongs to an entry. Size and type of local files come from the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Where it is.
    pub target: Target,
    /// Its media type, when the writer says so or its name tells.
    pub media_type: Option<Text>,
    /// Its size in bytes, when the writer says so.
    pub length: Option<u64>,
    /// How long it plays, in seconds, when the writer says so.
    #[serde(default)]
    pub seconds: Option<u32>,
}

/// A link to somewhere else, with words for it if the writer gave any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Where it leads.
    pub address: Address,
    /// What is there.
    pub title: Option<Text>,
}

/// What is known of a file beside entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Bytes.
    pub bytes: u64,
    /// How long it plays, in seconds, if it does.
    pub seconds: Option<u32>,
}

/// Where something points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Anywhere, by an absolute URL.
    Address(Address),
    /// Inside the folder: the number of a [`Reference::Local`] in the same article.
    Reference(usize),
}

/// Something inside the site that an entry points to; what it means is worked out by the catalogue
/// and may change while the file does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reference {
    /// A "Read:" line, or an item of the front matter's `related`.
    Related(RelatedLine),
    /// A file or entry named by a path.
    Local(LocalRef),
    /// A place on the entry's own page: `#notes`, without the `#`.
    Fragment(Text),
}

/// A path inside the folder, with what followed it in the URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalRef {
    /// From the folder's root, `..` resolved; it never leaves the folder.
    pub path: FolderPath,
    /// `?query#fragment`, or empty.
    pub suffix: Text,
}

/// One "Read:" line: something else worth reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedLine {
    /// The words a reader sees: a title, or a URL when there is none.
    pub text: Text,
    /// What is meant.
    pub wanted: Wanted,
}

/// What a "Read:" line names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// A URL: this very page.
    Address(Address),
    /// A path: the entry in that file.
    Local(LocalRef),
    /// The title (or bare slug) of an entry, there already or not yet: the line's text.
    Title,
}

/// What a file system says of a file. Two equal stamps mean an unchanged file, unless its last change
/// was so recent that another may hide in the same tick of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The device.
    pub device: u64,
    /// The file's number there; a freed one goes to the next file, so it is no identity by itself.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// When the content changed, in nanoseconds since 1970.
    pub modified: i64,
    /// When content or name changed, in nanoseconds since 1970; 0 where the system has no such time.
    pub changed: i64,
    /// When the file was made, in nanoseconds since 1970, where the file system tells.
    pub born: Option<i64>,
}

impl Stamp {
    /// Whether both are of one file, under whatever name: same place on the disk and made in the
    /// same nanosecond. (The inode alone would hand one article's identity to another.)
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.born.is_some()
            && (self.device, self.inode, self.born) == (other.device, other.inode, other.born)
    }
}

impl Media {
    /// A file of so many bytes that is nothing to play.
    pub fn of_bytes(bytes: u64) -> Self {
        Self {
            bytes,
            seconds: None,
        }
    }
}
