//! Golden documents: the sample articles of `tests/golden/manifest`, written byte for byte as they
//! are kept in `tests/golden/`, and read again by other people's parsers.
//!
//! `TIDINGS_GOLDEN=update cargo test --test it golden` writes them anew; read the difference before
//! you commit it.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tidings::catalogue::{Catalogue, Observation};
use tidings::documents::{Coding, Documents};
use tidings::entry::parse::{Conventions, Defaults, Labels, parse};
use tidings::entry::{
    Address, Bodies, Body, Content, Digest, Draft, FolderPath, Language, Media, Person, Reference,
    Stamp, Text,
};
use tidings::site::{Ages, Found, Kept, Settings, Site, Zone};
use uuid::Uuid;

use crate::support::repository;

const BASE: &str = "https://saltmere.example.org/";

pub(crate) struct Texts(pub(crate) HashMap<Digest, Body>);

impl Bodies for Texts {
    fn body(&self, digest: Digest) -> std::io::Result<Body> {
        self.0
            .get(&digest)
            .cloned()
            .ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }
}

/// The moment at which everything was seen first.
fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn drafts() -> Vec<Draft> {
    let manifest = fs::read_to_string(repository().join("tests/golden/manifest")).unwrap();
    let labels = tidings::config::Config::default().related.labels;
    let conventions = Conventions::new(TimeZone::UTC, Labels::new(labels), Defaults::default());
    let read = |line: &str| {
        let bytes = fs::read(repository().join("entries").join(line)).unwrap();
        let path = FolderPath::new(line).unwrap();
        parse(&path, &bytes, &conventions).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    manifest.lines().map(read).collect()
}

pub(crate) fn settings() -> Settings {
    Settings {
        base: Address::parse(BASE).unwrap(),
        title: Text::new("The Saltmere Lantern"),
        description: Text::new("News from a small harbour town"),
        language: Language::parse("en").unwrap(),
        author: Person {
            name: Text::new("The Saltmere Lantern"),
            email: None,
            uri: None,
            avatar: None,
        },
        icon: Some(Address::parse(&format!("{BASE}favicon.ico")).unwrap()),
        copyright: Some(Text::new("The Saltmere Lantern")),
        podcast: None,
        limit: 50,
        max_bytes: 1 << 20,
        content: Content::Full,
        selections: Vec::new(),
        ages: Ages::new(Duration::from_mins(1), Duration::from_mins(15)),
        zone: Zone(TimeZone::UTC),
    }
}

/// The snapshot of all drafts, and their texts.
pub(crate) fn publish(drafts: Vec<Draft>) -> (Arc<Site>, Texts) {
    publish_with(settings(), drafts)
}

fn publish_with(settings: Settings, drafts: Vec<Draft>) -> (Arc<Site>, Texts) {
    let texts = drafts
        .iter()
        .map(|draft| (draft.article.body, draft.body.clone()))
        .collect();
    let media = drafts
        .iter()
        .flat_map(|draft| &draft.article.references)
        .filter_map(|reference| {
            let Reference::Local(local) = reference else {
                return None;
            };
            let file = fs::metadata(repository().join("entries").join(local.path.as_str())).ok()?;
            let is_media = tidings::entry::parse::Kind::of(&local.path).is_none();
            is_media.then(|| (local.path.clone(), Some(Media::of_bytes(file.len()))))
        });
    let media = media.collect();
    let stamped = drafts.into_iter().zip(1..).map(|(draft, inode)| {
        let stamp = Stamp {
            device: 1,
            inode,
            size: 0,
            modified: 0,
            changed: 0,
            born: None,
        };
        (draft, stamp)
    });
    let mut catalogue = Catalogue::new(Uuid::from_u128(0x5a17_3e2e));
    let site = Site::new(settings, now(), &catalogue, &Kept::default(), now());
    let observation = Observation {
        drafts: stamped.collect(),
        media,
        ..Observation::default()
    };
    let changes = catalogue.plan(observation, now());
    assert!(changes.refused.is_empty(), "{:?}", changes.refused);
    let (site, _) = site.with(&changes, now());
    catalogue.apply(changes);
    (Arc::new(site), Texts(texts))
}

pub(crate) fn document(site: &Arc<Site>, documents: &Documents, path: &str) -> String {
    let Found::Document(plan) = site.find(path) else {
        panic!("{path}: {:?}", site.find(path))
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let document = runtime
        .block_on(documents.get(site, &plan, Coding::Identity))
        .unwrap();
    String::from_utf8(document.bytes.to_vec()).unwrap()
}

fn made(paths: &[&str]) -> Vec<String> {
    made_with(settings(), paths)
}

fn made_with(settings: Settings, paths: &[&str]) -> Vec<String> {
    let (site, texts) = publish_with(settings, drafts());
    let documents = Documents::new(texts, 1 << 20);
    paths
        .iter()
        .map(|path| document(&site, &documents, path))
        .collect()
}

const FEEDS: [&str; 3] = ["/rss.xml", "/atom.xml", "/feed.json"];

/// One of each kind of document, by the file that holds it.
const KINDS: [(&str, &str); 12] = [
    ("rss.xml", "/rss.xml"),
    ("atom.xml", "/atom.xml"),
    ("feed.json", "/feed.json"),
    ("feeds.opml", "/feeds.opml"),
    ("front.html", "/"),
    (
        "harbour-bridge-reopens.html",
        "/entries/harbour-bridge-reopens",
    ),
    ("subscribe.html", "/subscribe"),
    ("tag.html", "/tags/bridge/"),
    ("tag.atom.xml", "/tags/bridge/atom.xml"),
    ("mix.rss.xml", "/tags/bridge,recipe/rss.xml"),
    (
        "thread.feed.json",
        "/entries/harbour-bridge-reopens/related/feed.json",
    ),
    ("updates.atom.xml", "/updates/atom.xml"),
];

/// The same of a site whose feeds are so short that there are archives.
const ARCHIVES: [(&str, &str); 5] = [
    ("short.atom.xml", "/atom.xml"),
    ("archive.atom.xml", "/archive/1/atom.xml"),
    ("archive.rss.xml", "/archive/2/rss.xml"),
    ("archive.feed.json", "/archive/2/feed.json"),
    ("archive.html", "/archive/2/"),
];

#[test]
fn documents_are_as_they_are_kept() {
    let is_update = std::env::var_os("TIDINGS_GOLDEN").is_some_and(|value| value == "update");
    let short = Settings {
        limit: 5,
        ..settings()
    };
    let paths =
        |kinds: &[(_, &'static str)]| kinds.iter().map(|(_, path)| *path).collect::<Vec<_>>();
    let names = KINDS.iter().chain(&ARCHIVES).map(|(name, _)| name);
    let all = made(&paths(&KINDS));
    let all = all.into_iter().chain(made_with(short, &paths(&ARCHIVES)));
    for (name, text) in names.zip(all) {
        let kept = repository().join("tests/golden").join(name);
        if is_update {
            fs::write(&kept, &text).unwrap();
        }
        let expected = fs::read_to_string(&kept).unwrap_or_default();
        let same = text
            .lines()
            .zip(expected.lines())
            .take_while(|(one, other)| one == other)
            .count();
        assert!(
            text == expected,
            "tests/golden/{name} differs from line {}:\n  is   {:?}\n  kept {:?}",
            same + 1,
            text.lines().nth(same),
            expected.lines().nth(same)
        );
    }
}

#[test]
fn the_order_of_discovery_changes_no_byte() {
    let (site, texts) = publish(drafts());
    let (reversed, _) = publish(drafts().into_iter().rev().collect());
    let texts_again = Texts(texts.0.clone());
    let (one, other) = (Documents::new(texts, 0), Documents::new(texts_again, 0));
    for path in FEEDS {
        assert_eq!(
            site.find(path),
            reversed.find(path),
            "{path}: same validators"
        );
        assert_eq!(
            document(&site, &one, path),
            document(&reversed, &other, path),
            "{path}"
        );
    }
}

/// An item as every parser should see it: id, title, address, published, and related addresses.
type Seen = (String, String, String, Timestamp, Vec<String>);

fn expected() -> Vec<Seen> {
    let feed: serde_json::Value = serde_json::from_str(&made(&["/feed.json"])[0]).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let related = |item: &serde_json::Value| {
        let all = item["_tidings"]["related"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        all.iter()
            .filter_map(|it| it["url"].as_str().map(str::to_owned))
            .collect()
    };
    let items = feed["items"].as_array().unwrap().iter();
    let seen = items.map(|item| {
        let published = text(&item["date_published"]).parse().unwrap();
        (
            text(&item["id"]),
            text(&item["title"]),
            text(&item["url"]),
            published,
            related(item),
        )
    });
    let seen: Vec<Seen> = seen.collect();
    assert_eq!(seen.len(), 16);
    assert!(
        seen.iter()
            .map(|(.., related)| related.len())
            .sum::<usize>()
            > 10
    );
    seen
}

#[test]
fn atom_is_read_again_as_it_was_meant() {
    let text = &made(&["/atom.xml"])[0];
    roxmltree::Document::parse(text).unwrap();
    let feed = atom_syndication::Feed::read_from(text.as_bytes()).unwrap();
    let seen: Vec<Seen> = feed
        .entries()
        .iter()
        .map(|entry| {
            assert_eq!(entry.links()[0].rel(), "alternate", "first of all");
            let links = |rel: &str| {
                entry
                    .links()
                    .iter()
                    .filter(|link| link.rel() == rel)
                    .map(|link| link.href().to_owned())
                    .collect()
            };
            let alternate: Vec<String> = links("alternate");
            assert_eq!(alternate.len(), 1);
            let published = entry.published().unwrap().to_rfc3339().parse().unwrap();
            let title = entry.title().as_str().to_owned();
            (
                entry.id().to_owned(),
                title,
                alternate[0].clone(),
                published,
                links("related"),
            )
        })
        .collect();
    assert_eq!(seen, expected());
}

#[test]
fn rss_is_read_again_as_it_was_meant() {
    let text = &made(&["/rss.xml"])[0];
    roxmltree::Document::parse(text).unwrap();
    let channel = rss::Channel::read_from(text.as_bytes()).unwrap();
    let seen: Vec<Seen> = channel
        .items()
        .iter()
        .map(|item| {
            let guid = item.guid().unwrap();
            assert!(!guid.is_permalink());
            let published = jiff::fmt::rfc2822::parse(item.pub_date().unwrap())
                .unwrap()
                .timestamp();
            let related = item
                .atom_ext()
                .into_iter()
                .flat_map(rss::extension::atom::AtomExtension::links);
            let related = related
                .filter(|link| link.rel() == "related")
                .map(|link| link.href().to_owned());
            let title = item.title().unwrap().to_owned();
            (
                guid.value().to_owned(),
                title,
                item.link().unwrap().to_owned(),
                published,
                related.collect(),
            )
        })
        .collect();
    assert_eq!(seen, expected());
}

#[test]
fn a_third_parser_sees_the_same_in_all_formats() {
    let expected: Vec<_> = expected()
        .into_iter()
        .map(|(id, title, url, at, _)| (id, title, url, at))
        .collect();
    for (path, text) in FEEDS.iter().zip(made(&FEEDS)) {
        let feed = feed_rs::parser::parse(text.as_bytes()).unwrap();
        let seen: Vec<_> = feed
            .entries
            .iter()
            .map(|entry| {
                let published = entry
                    .published
                    .unwrap()
                    .to_rfc3339()
                    .parse::<Timestamp>()
                    .unwrap();
                let title = entry.title.as_ref().unwrap().content.clone();
                (
                    entry.id.clone(),
                    title,
                    entry.links[0].href.clone(),
                    published,
                )
            })
            .collect();
        assert_eq!(seen, expected, "{path}");
    }
}
