//! What the publisher's settings say in documents.

use std::fmt;

use jiff::tz::TimeZone;

use super::Ages;
use crate::entry::{Address, Content, Digest, Digester, Language, Person, Text};
use crate::feed::{Podcast, Selection};

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
    /// What the site says of itself as a podcast, if it is one.
    pub podcast: Option<Podcast>,
    /// How many entries a document of a feed shows.
    pub limit: usize,
    /// How many bytes a document of a feed has at most.
    pub max_bytes: u64,
    /// How much of each entry's text feeds carry.
    pub content: Content,
    /// The publisher's own feeds.
    pub selections: Vec<Selection>,
    /// How long copies may be fresh.
    pub ages: Ages,
    /// The zone in which pages give dates.
    pub zone: Zone,
}

/// A time zone, known by its IANA name, or as much as is known of it.
#[derive(Clone, PartialEq)]
pub struct Zone(pub TimeZone);

/// What tells it from others in a digest of settings: not its rules, which the machine's own
/// database may know in another version.
impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.iana_name().unwrap_or("local"), f)
    }
}

impl Settings {
    /// The digest of all of them.
    pub fn digest(&self) -> Digest {
        Digester::new().field(format!("{self:?}")).finish()
    }
}
