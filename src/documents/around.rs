//! What pages show besides their own feed or entry: the site, and the ways to its other pages.

use std::cmp::Reverse;

use super::assemble;
use crate::catalogue::{Record, Resolved};
use crate::entry::{Person, Slug, Text};
use crate::feed::{Facet, Feed, FeedKey, Format, section_of};
use crate::page::{FeedLink, Places, Shelf};
use crate::site::{Listed, Site, View};

/// How many tags, or feeds of another kind, the front page shows to everybody: those with most entries.
const FIRST: usize = 24;

/// How many more it has for who asks for them. A site with more has a list for programs.
const REST: usize = 400;

/// The head of the feed of everything, which says what the site is.
pub(super) fn main(site: &Site) -> Option<Feed<'_>> {
    let all = View::newest(FeedKey::All);
    let window = site.window(&all)?;
    Some(assemble::head(site, &all, &window))
}

/// What kind of feed it is, in a word; nothing where its title says it all.
pub(super) fn kind(feed: &FeedKey) -> &'static str {
    match feed {
        FeedKey::All | FeedKey::Updates | FeedKey::Named(_) => "",
        FeedKey::Thread(_) => "All that is linked with",
        FeedKey::Term(facet, _) => match facet {
            Facet::Tag => "Tag",
            Facet::Author => "Author",
            Facet::Section => "Section",
            Facet::Language => "Language",
        },
        FeedKey::Mix(facet, ..) => match facet {
            Facet::Tag => "Tags",
            Facet::Author => "Authors",
            Facet::Section => "Sections",
            Facet::Language => "Languages",
        },
    }
}

/// The feeds that the front page leads to, by kind; only kinds that say something. A single section,
/// author or language is the whole site again.
pub(super) fn shelves(site: &Site) -> Vec<Shelf> {
    let listed = &site.listing().feeds;
    let of = |facet: Facet| {
        let is_of =
            move |it: &&Listed| matches!(&it.feed, FeedKey::Term(other, _) if *other == facet);
        listed.iter().filter(is_of)
    };
    let own = listed
        .iter()
        .filter(|it| matches!(it.feed, FeedKey::Named(_)));
    [
        shelf(site, "Sections", of(Facet::Section), 2),
        shelf(site, "Tags", of(Facet::Tag), 1),
        shelf(site, "Authors", of(Facet::Author), 2),
        shelf(site, "Languages", of(Facet::Language), 2),
        shelf(site, "Collections", own, 1),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// At least `least` feeds that have entries.
fn shelf<'a>(
    site: &Site,
    title: &'static str,
    feeds: impl Iterator<Item = &'a Listed>,
    least: usize,
) -> Option<Shelf> {
    let mut feeds: Vec<&Listed> = feeds.filter(|it| it.entries > 0).collect();
    if feeds.len() < least {
        return None;
    }
    feeds.sort_by_key(|it| Reverse(it.entries));
    let more = feeds.len().saturating_sub(FIRST + REST);
    feeds.truncate(FIRST + REST);
    let rest = feeds.split_off(feeds.len().min(FIRST));
    let by_name = |mut feeds: Vec<&Listed>| {
        feeds.sort_by_cached_key(|it| it.label.as_str().to_lowercase());
        let links = feeds.into_iter().map(|it| FeedLink {
            label: it.label.clone(),
            address: page(site, &it.feed),
            entries: it.entries,
        });
        links.collect()
    };
    Some(Shelf {
        title,
        is_sections: title == "Sections",
        first: by_name(feeds),
        rest: by_name(rest),
        more,
    })
}

/// Where an entry belongs; `is_mentioned` says whether another names it.
pub(super) fn places(site: &Site, record: &Record, is_mentioned: bool) -> Places {
    let article = &record.entry.article;
    let term = |facet: Facet, slug: Slug| page(site, &FeedKey::Term(facet, slug));
    let own = section_of(&record.entry);
    let section = match (own, &article.section) {
        // The title that a folder says is that of the folder alone, not of those around it.
        (Some((slug, name)), title) => {
            let is_titled = record.entry.path.parent() == name;
            let title = title.as_ref().filter(|_| is_titled).cloned();
            let title = title.unwrap_or_else(|| Text::one_line(name));
            Some((title, Some(term(Facet::Section, slug))))
        }
        (None, Some(title)) => Some((title.clone(), None)),
        (None, None) => None,
    };
    let author = |person: &Person| {
        let slug = Slug::from_words(person.name.as_str())?;
        Some(term(Facet::Author, slug))
    };
    let mut authors: Vec<_> = article.authors.iter().map(author).collect();
    if authors.is_empty() {
        authors.push(author(&site.settings().author));
    }
    let tags = article.categories.iter();
    let tags = tags.map(|it| term(Facet::Tag, it.term.clone()));
    let is_linked = is_mentioned
        || record
            .resolved
            .iter()
            .any(|it| matches!(it, Resolved::Entry(_)));
    let thread = is_linked.then(|| {
        let view = View::newest(FeedKey::Thread(record.entry.slug.clone()));
        let addresses = site.addresses_of(&view);
        let atom = Format::Atom.of(&addresses).to_owned();
        (site.absolute(&view.path()), atom)
    });
    Places {
        section,
        tags: tags.collect(),
        authors,
        thread,
    }
}

fn page(site: &Site, feed: &FeedKey) -> String {
    site.absolute(&View::newest(feed.clone()).path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::sample::draft;
    use crate::documents::sample;
    use crate::entry::Category;

    /// A site with these entries, each with its tags.
    fn site(entries: &[(&str, &[String])]) -> Site {
        let drafts = entries.iter().map(|(file, tags)| {
            let mut draft = draft(file, file, &[]);
            let category = |tag: &String| Category {
                term: Slug::from_words(tag).unwrap(),
                label: Text::one_line(tag),
            };
            draft.article.categories = tags.iter().map(category).collect();
            draft
        });
        sample::site(drafts.collect())
    }

    fn tags(names: impl IntoIterator<Item = &'static str>) -> Vec<String> {
        names.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn only_kinds_that_say_something_have_a_shelf() {
        let titles = |site: &Site| {
            let titles = shelves(site).into_iter().map(|it| it.title);
            titles.collect::<Vec<_>>()
        };
        assert_eq!(titles(&site(&[])), Vec::<&str>::new());
        assert_eq!(titles(&site(&[("a.md", &[])])), Vec::<&str>::new());
        let one = tags(["bridge"]);
        assert_eq!(titles(&site(&[("news/a.md", &one)])), ["Tags"]);
        let two = site(&[("news/a.md", &one), ("sport/b.md", &[])]);
        assert_eq!(titles(&two), ["Sections", "Tags"]);
    }

    #[test]
    fn of_many_tags_the_most_used_are_seen_first() {
        let number = FIRST + REST + 7;
        let all: Vec<String> = (0..number).map(|it| format!("tag {it:04}")).collect();
        let often = tags(["zebra", "Apple"]);
        let site = site(&[("a.md", &all), ("b.md", &often), ("c.md", &often)]);
        let shelves = shelves(&site);
        let [shelf] = shelves.as_slice() else {
            panic!("{shelves:?}")
        };
        assert_eq!((shelf.first.len(), shelf.rest.len()), (FIRST, REST));
        assert_eq!(shelf.more, 9);
        // By name, so that they can be found.
        let apple = FeedLink {
            label: Text::one_line("Apple"),
            address: "https://example.org/tags/apple/".to_owned(),
            entries: 2,
        };
        assert_eq!(shelf.first.first(), Some(&apple));
        assert_eq!(shelf.first.last().unwrap().label.as_str(), "zebra");
        assert!(shelf.rest.iter().all(|it| it.entries == 1));
    }

    #[test]
    fn an_entry_belongs_to_the_pages_of_its_terms() {
        let both = tags(["Harbour bridge", "art"]);
        let site = site(&[("news/city/a.md", &both), ("b.md", &[])]);
        let places = |file: &str| {
            let mut records = site.catalogue().records();
            let record = records.find(|it| it.entry.path.as_str() == file).unwrap();
            super::places(&site, record, file == "b.md")
        };
        let page = |folder: &str| format!("https://example.org/{folder}");
        assert_eq!(
            places("news/city/a.md"),
            Places {
                section: Some((Text::one_line("news"), Some(page("sections/news/")))),
                tags: vec![page("tags/harbour-bridge/"), page("tags/art/")],
                authors: vec![Some(page("authors/ann/"))],
                thread: None,
            }
        );
        let (thread, atom) = places("b.md").thread.unwrap();
        assert_eq!(thread, page("entries/b/related/"));
        assert_eq!(atom, page("entries/b/related/atom.xml"));
    }
}
