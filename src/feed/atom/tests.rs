//! Atom to the letter, and what other parsers make of it.

use super::*;
use crate::entry::EntryId;
use crate::feed::{Tombstone, sample};

fn written(feed: &Feed<'_>) -> String {
    String::from_utf8(sample::write(feed, Format::Atom).unwrap()).unwrap()
}

#[test]
fn a_small_feed_to_the_letter() {
    let entry = sample::small_entry();
    let document = written(&sample::small(&entry));
    assert_eq!(document.replace('\n', ""), SMALL.replace('\n', ""));
}

const SMALL: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB">
<title>Harbour &amp; Höfe</title>
<id>urn:uuid:9d6c1a50-58c4-4d38-b7ab-1f8a35ff0a10</id>
<updated>2026-11-21T08:31:00Z</updated>
<author><name>The Desk</name></author>
<generator version="0.1">Tidings</generator>
<link href="https://news.example.org/" rel="alternate" type="text/html"/>
<link href="https://news.example.org/atom.xml" rel="self" type="application/atom+xml"/>
<link href="https://news.example.org/rss.xml" rel="alternate" type="application/rss+xml"/>
<link href="https://news.example.org/feed.json" rel="alternate" type="application/feed+json"/>
<entry>
<title>Ferries &amp; tides</title>
<id>urn:uuid:6f1c2b9e-8a00-4000-8000-000000000001</id>
<updated>2026-03-02T09:05:00Z</updated>
<link href="https://news.example.org/entries/ferries-tides" rel="alternate" type="text/html"/>
<link href="https://news.example.org/entries/2" rel="related" hreflang="ja" type="text/html" title="港の橋が再開 &quot;soon&quot; &amp; &lt;later&gt;"/>
<published>2026-03-02T09:05:00Z</published>
<summary>High &lt; low.</summary>
<content type="html">&lt;p&gt;High &amp;lt; low.&lt;/p&gt;</content>
</entry>
</feed>"#;

#[test]
fn the_crate_reads_back_what_was_meant() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let read = atom::Feed::read_from(&sample::write(&feed, Format::Atom).unwrap()[..]).unwrap();
    assert_eq!(read.title.value, feed.title.as_str());
    for (entry, shown) in read.entries.iter().zip(&feed.entries) {
        let article = &shown.entry.article;
        assert_eq!(entry.title.value, article.title.as_str());
        assert_eq!(entry.id, shown.entry.id.as_str());
        let content = entry.content.as_ref().unwrap();
        assert_eq!(content.value.as_deref(), Some(shown.content.as_str()));
        assert_eq!(content.content_type.as_deref(), Some("html"));
    }
    let full = &read.entries[0];
    let rels: Vec<_> = full.links.iter().map(|link| link.rel.as_str()).collect();
    assert_eq!(
        rels,
        [
            "alternate",
            "related",
            "related",
            "via",
            "via",
            "via",
            "replies",
            "enclosure",
            "enclosure"
        ]
    );
    assert_eq!(full.links[0].href, feed.entries[0].address);
    assert_eq!(full.links[0].hreflang.as_deref(), Some("de"));
    assert_eq!(full.links[1].hreflang.as_deref(), Some("ja"));
    assert_eq!(full.links[2].href, "https://tolls.example/p?a=1&b=2");
    assert_eq!(full.links[2].mime_type, None);
    assert_eq!(full.links[8].length, None);
    assert_eq!(full.authors.len(), 2);
    assert_eq!(full.authors[0].email.as_deref(), Some("ana@example.org"));
    assert_eq!(full.title.lang.as_deref(), Some("de"));
    assert!(read.entries[1].authors.is_empty());
    assert_eq!(full.categories[0].term, "stadt-land");
}

#[test]
fn what_the_writer_asks_for_is_said_beside_what_we_say() {
    let entries = sample::entries();
    let document = written(&sample::feed(&entries));
    let read = roxmltree::Document::parse(&document).unwrap();
    let texts = |namespace: &str, name: &str| -> Vec<Option<&str>> {
        let found = read.descendants();
        let found = found.filter(|node| node.has_tag_name((namespace, name)));
        found.map(|node| node.text()).collect()
    };
    let dc = "http://purl.org/dc/elements/1.1/";
    assert_eq!(
        texts(dc, "subject"),
        [Some("Trams & <trains>"), Some("Bridges")]
    );
    assert!(texts(dc, "creator").is_empty(), "it has an author");
    let geo = "http://www.w3.org/2003/01/geo/wgs84_pos#";
    assert_eq!(texts(geo, "lat"), [Some("38.72")]);
    assert_eq!(texts(MEDIA, "content"), [None]);
    assert!(document.contains(
        "<link href=\"https://talk.example/t?id=7&amp;all=1\" rel=\"replies\" type=\"text/html\"/>"
    ));
}

#[test]
fn only_dates_lose_their_offset() {
    let entries = sample::entries();
    let document = written(&sample::feed(&entries));
    assert!(document.contains("<updated>2026-11-21T08:30:15Z</updated>"));
    assert!(!document.contains("+00:00</updated>") && !document.contains("+00:00</published>"));
    assert!(document.contains("]]&gt; 2026+00:00</title>"));
    assert!(document.contains("&lt;code&gt;+00:00&lt;/updated&gt;"));
}

#[test]
fn what_was_withdrawn_is_told() {
    let entries = sample::entries();
    let id = EntryId::parse("tag:news.example.org,2026:a?b=1&c=2").unwrap();
    let mut feed = sample::feed(&entries);
    feed.tombstones = vec![Tombstone {
        id: &id,
        withdrawn: "2026-11-20T10:00:00.5Z".parse().unwrap(),
    }];
    let document = written(&feed);
    let document = roxmltree::Document::parse(&document).unwrap();
    let tombstone = document
        .root_element()
        .children()
        .find(|node| node.has_tag_name((TOMBSTONES, "deleted-entry")))
        .unwrap();
    assert_eq!(tombstone.attribute("ref"), Some(id.as_str()));
    assert_eq!(tombstone.attribute("when"), Some("2026-11-20T10:00:00Z"));
    // The grammar of RFC 4287 has entries last.
    let mut after = tombstone.next_siblings();
    assert!(after.any(|node| node.has_tag_name("entry")));
    let last = document.root_element().last_element_child().unwrap();
    assert!(last.has_tag_name("entry"));
    let count = last
        .parent()
        .unwrap()
        .children()
        .filter(|node| node.has_tag_name("entry"));
    assert_eq!(count.count(), entries.len());
}

#[test]
fn attributes_of_extensions_are_escaped_once() {
    let entries = sample::entries();
    let document = written(&sample::feed(&entries));
    let document = roxmltree::Document::parse(&document).unwrap();
    let image = document
        .descendants()
        .find(|node| node.has_tag_name((MEDIA, "content")))
        .unwrap();
    assert_eq!(
        image.attribute("url"),
        Some("https://news.example.org/media/a.jpg?w=1&h=2")
    );
}
