//! What holds for all formats alike.

use super::Format;
use super::sample::{self, write};
use crate::entry::Entry;

#[test]
fn the_strict_oracle_reads_the_xml() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    for format in [Format::Atom, Format::Rss] {
        let document = String::from_utf8(write(&feed, format).unwrap()).unwrap();
        let document = roxmltree::Document::parse(&document).unwrap();
        let titles: Vec<_> = document
            .descendants()
            .filter(|node| matches!(node.tag_name().name(), "item" | "entry"))
            .filter_map(|entry| entry.children().find(|it| it.has_tag_name_local("title")))
            .filter_map(|title| title.text())
            .collect();
        let expected: Vec<_> = entries.iter().map(|it| it.article.title.as_str()).collect();
        assert_eq!(titles, expected, "{format:?}");
        let related: Vec<_> = document
            .descendants()
            .filter(|node| node.attribute("rel") == Some("related"))
            .map(|link| link.attribute("title").unwrap())
            .collect();
        assert_eq!(
            related,
            ["港の橋が再開 \"soon\" & <later>", "Tunnel tolls suspended"],
            "{format:?}"
        );
    }
}

/// The local name alone: in RSS the core elements have no namespace, in Atom they have its.
trait HasLocalName {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl HasLocalName for roxmltree::Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[test]
fn an_independent_reader_finds_the_same_in_all_formats() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    for format in Format::ALL {
        let document = write(&feed, format).unwrap();
        let read = feed_rs::parser::parse(&document[..]).unwrap();
        assert_eq!(
            read.title.unwrap().content,
            feed.title.as_str(),
            "{format:?}"
        );
        assert_eq!(read.entries.len(), entries.len());
        for (found, shown) in read.entries.iter().zip(&feed.entries) {
            same_entry(found, shown.entry, format);
            assert_eq!(found.links[0].href, shown.address, "{format:?}");
            let content = found.content.as_ref().unwrap();
            assert_eq!(
                content.body.as_deref(),
                Some(shown.content.as_str()),
                "{format:?}"
            );
        }
    }
}

fn same_entry(found: &feed_rs::model::Entry, entry: &Entry, format: Format) {
    assert_eq!(found.id, entry.id.as_str(), "{format:?}");
    assert_eq!(
        found.title.as_ref().unwrap().content,
        entry.article.title.as_str(),
        "{format:?}"
    );
    assert_eq!(
        found.published.unwrap().timestamp(),
        entry.published.as_second(),
        "{format:?}"
    );
}

#[test]
fn equal_feeds_give_equal_bytes() {
    let (one, other) = (sample::entries(), sample::entries());
    for format in Format::ALL {
        assert_eq!(
            write(&sample::feed(&one), format).unwrap(),
            write(&sample::feed(&other), format).unwrap()
        );
    }
}

#[test]
fn a_feed_without_entries_is_a_feed() {
    let empty = sample::feed(&sample::entries()).without_entries();
    for format in Format::ALL {
        let document = write(&empty, format).unwrap();
        let read = feed_rs::parser::parse(&document[..]).unwrap();
        assert!(read.entries.is_empty(), "{format:?}");
    }
}
