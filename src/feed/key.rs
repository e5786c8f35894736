//! Which feeds there are, and where.

use std::fmt;

use percent_encoding::percent_decode_str;

use crate::entry::Slug;

/// What entries are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// The writer's tags.
    Tag,
    /// Who wrote it.
    Author,
    /// The first folder.
    Section,
    /// The language of the text.
    Language,
}

impl Facet {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Section, Self::Tag, Self::Author, Self::Language];

    /// The first segment of the addresses.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Tag => "tags",
            Self::Author => "authors",
            Self::Section => "sections",
            Self::Language => "languages",
        }
    }
}

/// How the entries of several terms are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Join {
    /// Entries that have all of the terms: `council+harbour`.
    All,
    /// Entries that have any of them: `council,harbour`.
    Any,
}

impl Join {
    fn sign(self) -> char {
        match self {
            Self::All => '+',
            Self::Any => ',',
        }
    }
}

/// Which feed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeedKey {
    /// Every live entry.
    All,
    /// Every live entry, the one that changed last first.
    Updates,
    /// The entries with one term.
    Term(Facet, Slug),
    /// The entries with two or three terms; sorted, each once.
    Mix(Facet, Join, Vec<Slug>),
    /// A feed that the publisher defines.
    Named(Slug),
    /// An entry and all that is linked with it by "Read:" lines; by the entry's address.
    Thread(Slug),
}

/// How many terms an address may join: more are questions for a search engine, and there would be
/// no end of addresses.
pub const MOST_TERMS: usize = 3;

/// The first segment of the addresses of the publisher's own feeds.
const NAMED: &str = "feeds";

const UPDATES: &str = "updates/";

impl FeedKey {
    /// Where the feed is, below the site's address: empty, or ending in `/`. Percent-encoded.
    pub fn path(&self) -> String {
        self.written(Slug::to_url_path)
    }

    /// [`FeedKey::path`] as people write it, without percent signs.
    pub fn plain_path(&self) -> String {
        self.written(Slug::to_string)
    }

    fn written(&self, write: impl Fn(&Slug) -> String) -> String {
        match self {
            Self::All => String::new(),
            Self::Updates => UPDATES.to_owned(),
            Self::Term(facet, slug) => format!("{}/{}/", facet.folder(), write(slug)),
            Self::Mix(facet, join, slugs) => {
                let slugs: Vec<String> = slugs.iter().map(write).collect();
                let sign = join.sign().to_string();
                format!("{}/{}/", facet.folder(), slugs.join(&sign))
            }
            Self::Named(name) => format!("{NAMED}/{}/", write(name)),
            Self::Thread(slug) => format!("entries/{}/related/", write(slug)),
        }
    }

    /// The feed whose [`FeedKey::path`] this is, or nearly: terms in another order, capitals, a
    /// missing `/`. Compare with [`FeedKey::plain_path`] to know.
    pub fn from_path(path: &str) -> Option<Self> {
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let path = path.trim_end_matches('/');
        if path.is_empty() {
            return Some(Self::All);
        }
        if path == UPDATES.trim_end_matches('/') {
            return Some(Self::Updates);
        }
        let (folder, rest) = path.split_once('/')?;
        if folder == "entries" {
            let slug = rest.strip_suffix("/related")?;
            return Slug::from_path(slug).map(Self::Thread);
        }
        if rest.contains('/') {
            return None;
        }
        if folder == NAMED {
            return Slug::from_words(rest).map(Self::Named);
        }
        let facet = Facet::ALL.into_iter().find(|it| it.folder() == folder)?;
        Self::from_terms(facet, rest)
    }

    fn from_terms(facet: Facet, terms: &str) -> Option<Self> {
        let join = match (terms.contains('+'), terms.contains(',')) {
            (true, true) => return None,
            (true, false) => Join::All,
            (false, _) => Join::Any,
        };
        let slugs = terms.split(join.sign()).map(Slug::from_words);
        let mut slugs: Vec<Slug> = slugs.collect::<Option<_>>()?;
        slugs.sort();
        slugs.dedup();
        match slugs.len() {
            1 => slugs.pop().map(|slug| Self::Term(facet, slug)),
            0 => None,
            number => (number <= MOST_TERMS).then_some(Self::Mix(facet, join, slugs)),
        }
    }

    /// Whether its older entries can be read in archive documents: not where an edit moves an entry to
    /// the front, and not where the documents are made for one question.
    pub fn has_archives(&self) -> bool {
        matches!(self, Self::All | Self::Term(..) | Self::Named(_))
    }
}

impl fmt::Display for FeedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.plain_path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: &str, canonical: Option<&str>) {
        let key = FeedKey::from_path(asked);
        let found = key.as_ref().map(FeedKey::path);
        assert_eq!(found.as_deref(), canonical, "{asked}");
        if let (Some(key), Some(path)) = (key, canonical) {
            assert_eq!(FeedKey::from_path(path), Some(key), "{path}");
        }
    }

    #[test]
    fn each_feed_has_one_path() {
        check("", Some(""));
        check("updates/", Some("updates/"));
        check("tags/council/", Some("tags/council/"));
        check("tags/Council", Some("tags/council/"));
        check("tags/harbour+council/", Some("tags/council+harbour/"));
        check("tags/harbour%2Bcouncil/", Some("tags/council+harbour/"));
        check(
            "tags/harbour,council,art/",
            Some("tags/art,council,harbour/"),
        );
        check("tags/council+council/", Some("tags/council/"));
        check("tags/caf%C3%A9/", Some("tags/caf%C3%A9/"));
        check("authors/ana-reis/", Some("authors/ana-reis/"));
        check("sections/news,sport/", Some("sections/news,sport/"));
        check("languages/pt-BR/", Some("languages/pt-br/"));
        check("feeds/city/", Some("feeds/city/"));
        check(
            "entries/2020/01/old/related/",
            Some("entries/2020/01/old/related/"),
        );
    }

    #[test]
    fn what_is_no_feed_is_none() {
        for asked in [
            "tags/",
            "tags/a+b,c/",
            "tags/a+b+c+d/",
            "tags/a,b,c,d/",
            "tags/a+/",
            "tags/a/b/",
            "colours/red/",
            "entries/old/",
            "feeds/",
            "archive/1/",
        ] {
            check(asked, None);
        }
    }
}
