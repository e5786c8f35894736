//! Which entries are in which feed.

use std::iter;

use super::key::{Facet, FeedKey};
use super::order::OrderBy;
use crate::entry::{Content, Entry, Language, Person, Slug, Text};

/// A feed that the publisher defines.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Its address, below `/feeds/`.
    pub name: Slug,
    /// One line, never empty.
    pub title: Text,
    /// What it is about; may be empty.
    pub description: Text,
    /// Which entries.
    pub filter: Filter,
    /// In which order.
    pub order: OrderBy,
    /// How many at most; `None`: as many as in the other feeds.
    pub limit: Option<usize>,
    /// How much of each; `None`: as much as in the other feeds.
    pub content: Option<Content>,
    /// The language of the feed; `None`: the site's.
    pub language: Option<Language>,
}

/// Which entries: those that have, for each facet that is named, one of its terms, and none of the
/// terms that are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Facets with the terms of which an entry must have one.
    pub any: Vec<(Facet, Vec<Slug>)>,
    /// Terms that an entry must not have.
    pub none: Vec<(Facet, Vec<Slug>)>,
}

impl Filter {
    fn takes(&self, terms: &Terms) -> bool {
        self.any
            .iter()
            .all(|(facet, slugs)| terms.have_any(*facet, slugs))
            && !self
                .none
                .iter()
                .any(|(facet, slugs)| terms.have_any(*facet, slugs))
    }
}

/// What sorts entries into feeds, besides the entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorting {
    /// The author of entries that name none.
    pub author: Option<Slug>,
    /// The language of entries that name none.
    pub language: Option<Slug>,
    /// The publisher's own feeds.
    pub selections: Vec<Selection>,
}

impl Sorting {
    /// With what holds for entries that say nothing themselves.
    pub fn new(author: &Person, language: &Language, selections: Vec<Selection>) -> Self {
        Self {
            author: Slug::from_words(author.name.as_str()),
            language: Slug::from_words(language.as_str()),
            selections,
        }
    }

    /// The publisher's own feed of this name.
    pub fn selection(&self, name: &Slug) -> Option<&Selection> {
        self.selections.iter().find(|it| it.name == *name)
    }

    /// The feeds that show `entry`, when it is among their newest. (Not those that are made for one
    /// question: mixes and threads.)
    pub fn feeds_of(&self, entry: &Entry) -> Vec<FeedKey> {
        let terms = Terms::of(entry, self);
        let selections = self.selections.iter().filter(|it| it.filter.takes(&terms));
        let named = selections.map(|it| FeedKey::Named(it.name.clone()));
        let by_term = terms.0.iter().cloned();
        let by_term = by_term.map(|(facet, slug)| FeedKey::Term(facet, slug));
        [FeedKey::All, FeedKey::Updates]
            .into_iter()
            .chain(by_term)
            .chain(named)
            .collect()
    }

    /// Whether `entry` has the term `slug`.
    pub fn has(&self, entry: &Entry, facet: Facet, slug: &Slug) -> bool {
        Terms::of(entry, self).have_any(facet, std::slice::from_ref(slug))
    }

    /// By which date `feed` is ordered.
    pub fn order_of(&self, feed: &FeedKey) -> OrderBy {
        match feed {
            FeedKey::Updates => OrderBy::Updated,
            FeedKey::Named(name) => self.selection(name).map(|it| it.order).unwrap_or_default(),
            _ => OrderBy::Published,
        }
    }
}

/// The terms of one entry, each once.
struct Terms(Vec<(Facet, Slug)>);

impl Terms {
    fn of(entry: &Entry, sorting: &Sorting) -> Self {
        let article = &entry.article;
        let tags = article.categories.iter().map(|it| it.term.clone());
        let mut authors: Vec<Slug> = article
            .authors
            .iter()
            .filter_map(|author| Slug::from_words(author.name.as_str()))
            .collect();
        if article.authors.is_empty() {
            authors.extend(sorting.author.clone());
        }
        let language = match &article.language {
            Some(language) => Slug::from_words(language.as_str()),
            None => sorting.language.clone(),
        };
        let terms = iter::empty()
            .chain(section_of(entry).map(|(slug, _)| (Facet::Section, slug)))
            .chain(tags.map(|slug| (Facet::Tag, slug)))
            .chain(authors.into_iter().map(|slug| (Facet::Author, slug)))
            .chain(language.map(|slug| (Facet::Language, slug)));
        let mut once: Vec<(Facet, Slug)> = Vec::new();
        for term in terms {
            if !once.contains(&term) {
                once.push(term);
            }
        }
        Self(once)
    }

    fn have_any(&self, facet: Facet, slugs: &[Slug]) -> bool {
        self.0
            .iter()
            .any(|(its, slug)| *its == facet && slugs.contains(slug))
    }
}

/// The section that `entry` lies in: the first folder, with its name as it is. A folder that is an
/// entry itself, `storm/index.md`, is no section, nor is one with another tool's name, `_posts`.
pub fn section_of(entry: &Entry) -> Option<(Slug, &str)> {
    let path = &entry.path;
    let name = path.section().filter(|name| !name.starts_with('_'))?;
    let is_entry = path.parent() == name && path.stem().eq_ignore_ascii_case("index");
    let slug = (!is_entry).then(|| Slug::from_words(name)).flatten()?;
    Some((slug, name))
}

/// What people call the term `slug`, as the first of `entries` that has it writes it.
pub fn label<'a>(
    facet: Facet,
    slug: &Slug,
    entries: impl Iterator<Item = &'a Entry>,
    sorting: &Sorting,
    site_author: &Person,
) -> Text {
    let mut fallback = None;
    for entry in entries {
        let article = &entry.article;
        let said = match facet {
            Facet::Tag => {
                let tag = article.categories.iter().find(|it| it.term == *slug);
                tag.map(|it| it.label.clone())
            }
            Facet::Author if article.authors.is_empty() => {
                (sorting.author.as_ref() == Some(slug)).then(|| site_author.name.clone())
            }
            Facet::Author => {
                let is_same =
                    |it: &&Person| Slug::from_words(it.name.as_str()).as_ref() == Some(slug);
                article
                    .authors
                    .iter()
                    .find(is_same)
                    .map(|it| it.name.clone())
            }
            // All that is looked for now is a folder's own title.
            Facet::Section if fallback.is_some() && article.section.is_none() => None,
            Facet::Section => match section_of(entry) {
                Some((_, name)) if entry.path.parent() == name && article.section.is_some() => {
                    article.section.clone()
                }
                Some((_, name)) => {
                    fallback = fallback.or_else(|| Some(Text::one_line(name)));
                    None
                }
                None => None,
            },
            Facet::Language => article
                .language
                .as_ref()
                .map(|it| Text::one_line(it.as_str())),
        };
        if let Some(label) = said.filter(|it| !it.is_empty()) {
            return label;
        }
    }
    fallback.unwrap_or_else(|| Text::one_line(slug.as_str()))
}

/// How many bytes of a document `entry` takes at most, in the format that needs most for it.
pub fn weight(entry: &Entry) -> u64 {
    let article = &entry.article;
    let written = |text: &Text| ESCAPED * text.as_str().len() as u64;
    let text = if article.content == Content::Summary {
        0
    } else if article.summary.is_empty() {
        // Then RSS says it twice.
        2 * article.text_bytes
    } else {
        article.text_bytes
    };
    let labels = article
        .categories
        .iter()
        .map(|it| written(&it.label) + 2 * PART);
    let people = article
        .authors
        .iter()
        .map(|it| written(&it.name) + 2 * PART);
    let elements = article.elements.iter().map(|it| written(it.value()) + PART);
    let parts = 2 + article.references.len() + article.enclosures.len() + article.via.len();
    let sum: u64 = labels.chain(people).chain(elements).sum();
    sum + text + written(&article.title) + 2 * written(&article.summary) + parts as u64 * 2 * PART
}

/// How many bytes one character of a text may take: `&quot;`.
const ESCAPED: u64 = 6;

/// What a link or an element takes, its address included: more than most do.
const PART: u64 = 400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Category, FolderPath};
    use crate::feed::sample;

    fn entry(path: &str, tags: &[&str], authors: &[&str], language: Option<&str>) -> Entry {
        let mut entry = sample::small_entry();
        entry.path = FolderPath::new(path).unwrap();
        let category = |label: &&str| Category {
            term: Slug::from_words(label).unwrap(),
            label: Text::one_line(label),
        };
        entry.article.categories = tags.iter().map(category).collect();
        let person = |name: &&str| Person {
            name: Text::one_line(name),
            email: None,
            uri: None,
            avatar: None,
        };
        entry.article.authors = authors.iter().map(person).collect();
        entry.article.language = language.and_then(Language::parse);
        entry
    }

    fn sorting(selections: Vec<Selection>) -> Sorting {
        let desk = &entry("a.md", &[], &["The Desk"], None).article.authors[0];
        Sorting::new(desk, &Language::parse("en-GB").unwrap(), selections)
    }

    fn paths(entry: &Entry, sorting: &Sorting) -> Vec<String> {
        sorting.feeds_of(entry).iter().map(FeedKey::path).collect()
    }

    #[test]
    fn an_entry_is_in_the_feed_of_each_of_its_terms() {
        let check = |entry: &Entry, expected: &[&str]| {
            assert_eq!(paths(entry, &sorting(vec![]))[2..], *expected);
        };
        check(
            &entry(
                "news/2026/a.md",
                &["Stadt & Land", "stadt land"],
                &["Ana Reis", "Bo"],
                Some("de"),
            ),
            &[
                "sections/news/",
                "tags/stadt-land/",
                "authors/ana-reis/",
                "authors/bo/",
                "languages/de/",
            ],
        );
        let plain = ["authors/the-desk/", "languages/en-gb/"];
        check(&entry("a.md", &[], &[], None), &plain);
        check(&entry("storm/index.md", &[], &[], None), &plain);
        check(&entry("_posts/a.md", &[], &[], None), &plain);
    }

    #[test]
    fn a_selection_takes_what_fits_all_it_says() {
        let slugs = |words: &[&str]| words.iter().filter_map(|it| Slug::from_words(it)).collect();
        let filter = Filter {
            any: vec![
                (Facet::Tag, slugs(&["council", "harbour"])),
                (Facet::Section, slugs(&["news"])),
            ],
            none: vec![(Facet::Tag, slugs(&["sport"]))],
        };
        let sorting = sorting(vec![Selection {
            name: Slug::from_words("city").unwrap(),
            title: Text::one_line("City"),
            description: Text::new(""),
            filter,
            order: OrderBy::Updated,
            limit: None,
            content: None,
            language: None,
        }]);
        let check = |path: &str, tags: &[&str], expected: bool| {
            let paths = paths(&entry(path, tags, &[], None), &sorting);
            assert_eq!(
                paths.iter().any(|it| it == "feeds/city/"),
                expected,
                "{path} {tags:?}"
            );
        };
        check("news/a.md", &["Council"], true);
        check("news/a.md", &["Harbour", "Council"], true);
        check("news/a.md", &["Art"], false);
        check("a.md", &["Council"], false);
        check("news/a.md", &["Council", "Sport"], false);
    }

    #[test]
    fn terms_are_called_what_their_writers_call_them() {
        let sorting = sorting(vec![]);
        let author = entry("a.md", &[], &["The Desk"], None)
            .article
            .authors
            .remove(0);
        let mut titled = entry("news/b.md", &["Stadt & Land"], &["Ana Reis"], None);
        titled.article.section = Some(Text::one_line("The news"));
        let entries = [entry("news/deep/a.md", &[], &[], Some("pt-BR")), titled];
        let check = |facet, slug: &str, expected: &str| {
            let slug = Slug::from_words(slug).unwrap();
            let label = label(facet, &slug, entries.iter(), &sorting, &author);
            assert_eq!(label.as_str(), expected);
        };
        check(Facet::Tag, "stadt-land", "Stadt & Land");
        check(Facet::Author, "ana-reis", "Ana Reis");
        check(Facet::Author, "the-desk", "The Desk");
        check(Facet::Section, "news", "The news");
        check(Facet::Language, "pt-br", "pt-BR");
        check(Facet::Tag, "unheard-of", "unheard-of");
    }
}
