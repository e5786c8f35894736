//! What makes an entry an episode of a podcast, and what a recording says of itself.

use serde::{Deserialize, Serialize};

use super::{Address, Inlay, Language, Target, Text};

/// What makes an entry an episode of a podcast. (Apple's guide to podcast RSS; the namespace of Podcasting
/// 2.0, <https://podcastindex.org/namespace/1.0>)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// Its number within the season.
    pub number: Option<u32>,
    /// The season.
    pub season: Option<u32>,
    /// What kind of episode, when it is not a whole one.
    pub kind: Option<EpisodeKind>,
    /// Whether it is nothing for children.
    pub explicit: Option<bool>,
    /// Its title where the numbers stand beside it.
    #[serde(default)]
    pub title: Option<Text>,
    /// A file of its chapters.
    #[serde(default)]
    pub chapters: Option<Target>,
    /// What is said in it.
    #[serde(default)]
    pub transcripts: Vec<Transcript>,
    /// Who takes part in it.
    #[serde(default)]
    pub people: Vec<Participant>,
}

/// An episode that is not a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EpisodeKind {
    /// It announces others.
    Trailer,
    /// It comes on top of others.
    Bonus,
}

/// A text of what is said in a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// Where it is.
    pub target: Target,
    /// Its media type, when the writer says so or its name tells.
    pub media_type: Option<Text>,
    /// Its language, when it is not the entry's.
    pub language: Option<Language>,
    /// Whether it is meant to be read while listening.
    pub is_captions: bool,
}

/// Somebody who takes part in a show or in an episode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Never empty.
    pub name: Text,
    /// Their role, of the Podcast Taxonomy Project: "host" if none is said.
    pub role: Option<Text>,
    /// The group that the role belongs to: "cast" if none is said.
    pub group: Option<Text>,
    /// A picture of them.
    pub image: Option<Target>,
    /// A page about them.
    pub page: Option<Address>,
}

/// What a recording says of itself, in its own tags: as written there, unchecked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Its title.
    pub title: Option<String>,
    /// Who made it.
    pub artist: Option<String>,
    /// The show or album.
    pub album: Option<String>,
    /// A few words about it.
    pub description: Option<String>,
    /// When it came out: often a year alone.
    pub date: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// Its number.
    pub track: Option<u32>,
    /// The number of the disk, which podcasters use for the season.
    pub disk: Option<u32>,
    /// How long it plays, in seconds.
    pub seconds: Option<u32>,
    /// The files inside it that have an address of their own, with their bytes.
    pub inlays: Vec<(Inlay, u64)>,
}
