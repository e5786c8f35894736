//! Archives (RFC 5005), as a reader walks them over HTTP.

use std::collections::BTreeMap;

use crate::support::{Setup, Tidings};

const ATOM: &str = "http://www.w3.org/2005/Atom";
const BASE: &str = "https://news.example.org";

/// What a document of an Atom feed says: the titles of its entries, and where the older ones are.
fn read(document: &str) -> (Vec<String>, Option<String>) {
    let document = roxmltree::Document::parse(document).unwrap();
    let root = document.root_element();
    let is = |node: &roxmltree::Node<'_, '_>, name: &str| node.has_tag_name((ATOM, name));
    let entries = root.children().filter(|it| is(it, "entry"));
    let titles = entries.map(|entry| {
        let title = entry.children().find(|it| is(it, "title")).unwrap();
        title.text().unwrap().to_owned()
    });
    let previous = root
        .children()
        .find(|it| is(it, "link") && it.attribute("rel") == Some("prev-archive"));
    let previous = previous.map(|it| {
        it.attribute("href")
            .unwrap()
            .strip_prefix(BASE)
            .unwrap()
            .to_owned()
    });
    (titles.collect(), previous)
}

/// The documents from the newest on, by their addresses; between two, `meanwhile` happens.
fn walk(tidings: &Tidings, from: &str, mut meanwhile: impl FnMut(usize)) -> Vec<(String, String)> {
    let mut documents = Vec::new();
    let mut next = Some(from.to_owned());
    while let Some(address) = next {
        let response = tidings.get(&address);
        assert_eq!(response.status, 200, "{address}");
        next = read(response.text()).1;
        documents.push((address, response.text().to_owned()));
        meanwhile(documents.len());
    }
    documents
}

fn titles(documents: &[(String, String)]) -> Vec<String> {
    let mut titles: Vec<String> = documents.iter().flat_map(|(_, it)| read(it).0).collect();
    titles.sort();
    titles
}

fn article(tidings: &Tidings, number: u32, day: u32) {
    let text = format!(
        "---\ntitle: Number {number:02}\ndate: 2026-01-{day:02}T10:00:00Z\ntags: tides\n---\n\nText of {number}.\n"
    );
    tidings.drop_entry(&format!("n-{number}.md"), &text);
}

fn site(articles: u32) -> Tidings {
    let tidings = Setup::new().with_tables("[feeds]\nlimit = 3\n").start();
    for number in 1..=articles {
        article(&tidings, number, number);
        let title = format!("Number {number:02}");
        tidings.feed_when("it is there", |feed| {
            feed["items"][0]["title"] == title.as_str()
        });
    }
    tidings
}

fn numbers(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers
        .into_iter()
        .map(|it| format!("Number {it:02}"))
        .collect()
}

#[test]
fn a_walk_finds_everything_once_while_others_write() {
    let tidings = site(13);
    for feed in [
        "/atom.xml",
        "/tags/tides/atom.xml",
        "/languages/en/atom.xml",
    ] {
        let documents = walk(&tidings, feed, |_| ());
        assert_eq!(titles(&documents), numbers(1..=13), "{feed}");
        assert_eq!(read(&documents[0].1).0, numbers([13, 12, 11]));
    }
    // One comes and pushes others on, an old one comes late, one goes, one is edited.
    let documents = walk(&tidings, "/atom.xml", |document| {
        match document {
            1 => article(&tidings, 14, 20),
            2 => article(&tidings, 15, 1),
            3 => std::fs::remove_file(tidings.entries().join("n-13.md")).unwrap(),
            _ => tidings.drop_entry(
                "n-2.md",
                "---\ntitle: Number 02\ndate: 2026-01-02T10:00:00Z\n---\n\nOther.\n",
            ),
        }
        tidings.feed_when("it has happened", |feed| {
            let first = feed["items"][0]["title"].as_str().unwrap();
            first == "Number 14"
        });
    });
    let found: Vec<String> = titles(&documents);
    let mut once = found.clone();
    once.dedup();
    assert_eq!(found, once, "seen twice");
    for there in numbers(1..=12) {
        assert!(found.contains(&there), "{there} was missed");
    }
}

#[test]
fn an_archive_document_is_marked_and_stays_as_it_is() {
    let tidings = site(13);
    let complete = |tidings: &Tidings| -> BTreeMap<String, String> {
        let documents = walk(tidings, "/atom.xml", |_| ()).into_iter();
        documents
            .filter(|(address, _)| address.matches('/').count() == 3)
            .collect()
    };
    let before = complete(&tidings);
    assert_eq!(before.len(), 3, "{:?}", before.keys());
    for (address, document) in &before {
        let document = roxmltree::Document::parse(document).unwrap();
        let mark = ("http://purl.org/syndication/history/1.0", "archive");
        assert!(
            document
                .root_element()
                .children()
                .any(|it| it.has_tag_name(mark))
        );
        let link = |rel: &str| {
            let mut links = document.root_element().children();
            let link = links
                .find(|it| it.has_tag_name((ATOM, "link")) && it.attribute("rel") == Some(rel));
            link.and_then(|it| it.attribute("href")).map(str::to_owned)
        };
        assert_eq!(link("current"), Some(format!("{BASE}/atom.xml")));
        assert_eq!(link("self"), Some(format!("{BASE}{address}")));
        let rss = tidings.get(&address.replace("atom.xml", "rss.xml"));
        let rss = roxmltree::Document::parse(rss.text()).unwrap();
        assert!(rss.descendants().any(|it| it.has_tag_name(mark)));
        let mut links = rss
            .descendants()
            .filter(|it| it.has_tag_name((ATOM, "link")));
        assert!(links.any(|it| it.attribute("rel") == Some("current")));
    }
    let json: serde_json::Value =
        serde_json::from_str(tidings.get("/archive/2/feed.json").text()).unwrap();
    assert_eq!(json["next_url"], format!("{BASE}/archive/1/feed.json"));
    assert_eq!(json["_tidings"]["current_url"], format!("{BASE}/feed.json"));

    article(&tidings, 20, 25);
    article(&tidings, 21, 1);
    tidings.feed_when("they are there", |feed| {
        feed["items"][0]["title"] == "Number 20"
    });
    let mut tidings = tidings;
    tidings.restart();
    tidings.feed_when("it serves again", |feed| {
        feed["items"][0]["title"] == "Number 20"
    });
    let after = complete(&tidings);
    for (address, document) in before {
        assert_eq!(after[&address], document, "{address}");
    }
}

#[test]
fn an_unchanged_archive_costs_nothing() {
    let tidings = site(7);
    let first = tidings.get("/archive/1/rss.xml");
    assert_eq!(
        first.header("last-modified"),
        None,
        "no date could tell what left it"
    );
    let tag = first.header("etag").unwrap();
    let again = tidings.get_with("/archive/1/rss.xml", &[("If-None-Match", tag)]);
    assert_eq!((again.status, again.body.len()), (304, 0));
}
