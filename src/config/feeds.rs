//! `[feeds]`, and `[[feed]]`: the publisher's own feeds.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::values;
use crate::entry::{Content, Language, Slug, Text};

/// What feeds hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedsConfig {
    /// The newest so many entries.
    #[serde(deserialize_with = "values::count::<_, 1, 10_000>")]
    pub limit: usize,
    /// A document of a feed has no more than so many bytes.
    #[serde(deserialize_with = "values::size::<_, _, 0x1_0000, 0x40_0000>")]
    #[serde(serialize_with = "values::write_size")]
    pub max_bytes: u64,
    /// How much of each entry's text feeds carry.
    #[serde(deserialize_with = "values::content")]
    pub content: Content,
}

/// A feed that the publisher defines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedConfig {
    /// Its address, below `/feeds/`.
    #[serde(deserialize_with = "values::name")]
    pub name: Slug,
    /// What it is called.
    #[serde(deserialize_with = "values::title")]
    pub title: Text,
    /// What it is about; may be empty.
    #[serde(default = "nothing", deserialize_with = "values::description")]
    pub description: Text,
    /// Entries of one of these sections.
    #[serde(default, deserialize_with = "values::terms")]
    pub sections: Vec<Slug>,
    /// Entries with one of these tags.
    #[serde(default, deserialize_with = "values::terms")]
    pub tags: Vec<Slug>,
    /// Entries by one of these authors.
    #[serde(default, deserialize_with = "values::terms")]
    pub authors: Vec<Slug>,
    /// Entries in one of these languages.
    #[serde(default, deserialize_with = "values::terms")]
    pub languages: Vec<Slug>,
    /// Entries that are left out all the same.
    #[serde(default)]
    pub without: WithoutConfig,
    /// In which order.
    #[serde(default, deserialize_with = "values::order")]
    #[serde(serialize_with = "values::write_text")]
    pub order: FeedOrder,
    /// How many entries; as many as in the other feeds, if it is not set.
    #[serde(default, deserialize_with = "values::optional_count::<_, 1, 10_000>")]
    pub limit: Option<usize>,
    /// How much of each text; as much as in the other feeds, if it is not set.
    #[serde(default, deserialize_with = "values::optional_content")]
    pub content: Option<Content>,
    /// The language of the feed; the site's, if it is not set.
    #[serde(default, deserialize_with = "values::optional_language")]
    pub language: Option<Language>,
}

fn nothing() -> Text {
    Text::new("")
}

/// Entries that a feed leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WithoutConfig {
    /// Those of one of these sections.
    #[serde(deserialize_with = "values::terms")]
    pub sections: Vec<Slug>,
    /// Those with one of these tags.
    #[serde(deserialize_with = "values::terms")]
    pub tags: Vec<Slug>,
    /// Those by one of these authors.
    #[serde(deserialize_with = "values::terms")]
    pub authors: Vec<Slug>,
    /// Those in one of these languages.
    #[serde(deserialize_with = "values::terms")]
    pub languages: Vec<Slug>,
}

/// By which date a feed is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeedOrder {
    /// The newest first.
    #[default]
    Published,
    /// The one that changed last first.
    Updated,
}

impl fmt::Display for FeedOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Published => "published",
            Self::Updated => "updated",
        })
    }
}

impl Default for FeedsConfig {
    fn default() -> Self {
        Self {
            limit: 50,
            max_bytes: 1 << 20,
            content: Content::Full,
        }
    }
}
