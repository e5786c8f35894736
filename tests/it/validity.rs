//! Any catalogue gives valid documents: by our own rules, by another parser, and by the Atom schema.
//!
//! `PROPTEST_CASES=10000 cargo test --release --test it validity` looks for longer. The schema,
//! `tests/schemas/atom.rng`, is asked with xmllint, a foreign program, when `TIDINGS_TOOLS=required`.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tidings::catalogue::{Catalogue, Observation};
use tidings::check::Severity;
use tidings::check::documents::{Document, Fault, Rule, judge};
use tidings::documents::Documents;
use tidings::entry::parse::{Kind, parse, recording};
use tidings::entry::{
    Address, Draft, FolderPath, Language, Media, Person, Recording, Reference, Stamp, Text,
};
use tidings::feed::{FeedKey, Format};
use tidings::site::{DocumentKey, Found, Kept, Settings, Site, View};
use uuid::Uuid;

use crate::golden::{self, Texts};
use crate::properties::{CONVENTIONS, config, soup};
use crate::support::{repository, tools_are_required};

/// Security rules are warnings to the validator; to us they are not.
const NEVER: [Rule; 4] = [
    Rule::ActiveElement,
    Rule::ActiveAttribute,
    Rule::Style,
    Rule::RelativeReference,
];

const PATHS: &[&str] = &[
    "a.md",
    "b.md",
    "c.md",
    "d.txt",
    "e.html",
    "news/a.md",
    "news/2026-01-31-f.md",
    "2026-01-31-g.txt",
    "news/story/index.md",
    "ü b/ñ [1].md",
    "h.mp3",
    "news/i.ogg",
];

/// A value for each key, good ones and those that break a rule if they get through. Those that are wrong
/// stand under other tools' names: then the entry is published without them.
#[expect(clippy::too_many_lines, reason = "one line a key")]
fn value() -> impl Strategy<Value = (&'static str, Value)> {
    let of = |key: &'static str, values: Vec<Value>| {
        select(values).prop_map(move |it| (key, it)).boxed()
    };
    let words = |key: &'static str| soup().prop_map(move |it| (key, json!(it))).boxed();
    prop_oneof![
        words("title"),
        words("summary"),
        of(
            "date",
            vec![
                json!("2026-01-31"),
                json!("2026-01-31T10:00:00+05:45"),
                json!("1066-10-14"),
                json!("9999-12-30")
            ]
        ),
        of(
            "lastmod",
            vec![
                json!("2026-02-01"),
                json!("2026-11-22"),
                json!("2030-01-01"),
                json!("never")
            ]
        ),
        of(
            "guid",
            vec![
                json!("urn:isbn:1"),
                json!("tag:a.example:1"),
                json!("https://a.example/ü?p=12"),
                json!("http:x"),
                json!("harbour:12"),
                json!("12"),
                json!("urn:uuid:1"),
                json!(" 550e8400-e29b-41d4-a716-446655440000")
            ]
        ),
        of(
            "external_url",
            vec![
                json!("https://a.example/[x]|{y}?a=1&b=\"2\"#c#d%"),
                json!("https://ü.example"),
                json!("https://"),
                json!("http://[::1]/")
            ]
        ),
        of(
            "language",
            vec![
                json!("de"),
                json!("pt_BR"),
                json!("xx"),
                json!("english"),
                json!("zh-Hant-TW")
            ]
        ),
        of(
            "author",
            vec![
                json!("Ann <ann@a.example>"),
                json!("ann@a.example"),
                json!("Ann <ann@>"),
                json!({"name": "Ö <b>", "email": "nobody", "url": "https://a.example/|"}),
                json!([{"name": "A & B", "url": "https://b.example/"}, "C"])
            ]
        ),
        (soup(), soup()).prop_map(|(one, other)| ("categories", json!([one, other, "sea", "Sea"]))),
        of(
            "cover",
            vec![
                json!("a b.png"),
                json!("https://a.example/x.jpg?a=1|2"),
                json!({"url": "../x.jpg", "alt": "<b> & \"c\""}),
                json!("x.svg")
            ]
        ),
        of(
            "audio",
            vec![
                json!("a.mp3"),
                json!(["https://a.example/1.mp3", "https://a.example/2.ogg"]),
                json!({"url": "https://a.example/3", "type": "mp3"}),
                json!({"url": "https://a.example/4", "length": -4}),
                json!({"url": "https://a.example/5", "type": "audio/mpeg; codecs=\"x\"", "length": 5, "duration": "1:02"})
            ]
        ),
        of(
            "see_also",
            vec![
                json!(["a.md#x%y", "b.md", "https://a.example/{x}"]),
                json!(["Nothing & <more>", {"title": "<b>", "url": "https://a.example/^"}])
            ]
        ),
        of(
            "via",
            vec![
                json!("https://a.example/a|b"),
                json!({"url": "https://a.example/", "title": " "}),
                json!({"url": "https://a.example/", "title": "<b>&amp;"})
            ]
        ),
        of(
            "source",
            vec![
                json!("https://a.example/feed|"),
                json!({"url": "https://a.example/", "title": ""})
            ]
        ),
        of(
            "comments",
            vec![json!("https://a.example/t?id=7&all=[1]"), json!(true)]
        ),
        of("episode", vec![json!(1), json!(0), json!("x")]),
        of("season", vec![json!(2), json!(0)]),
        of("duration", vec![json!("1:02:03"), json!("long")]),
        of("episodeType", vec![json!("bonus"), json!("half")]),
        of(
            "feed",
            vec![
                json!({"dc": {"date": "2026-01-31", "creator": "Ann", "rights": "<b>"}, "geo": {"lat": 1, "long": "-180"}}),
                json!({"itunes": {"duration": 5, "episode": 8, "season": 1, "explicit": "true"}, "media": {"title": "x"}}),
                json!({"georss": {"point": "1 2"}, "thr": {"total": 0}, "slash": {"comments": 12}, "podcast": {"person": "Ö"}}),
            ]
        ),
        of("slug", vec![json!("ü/%41 [x]"), json!("a")]),
    ]
}

/// A file: its path and text.
fn file() -> impl Strategy<Value = (&'static str, String)> {
    let values = prop::collection::vec(value(), 0..6);
    (select(PATHS), values, soup()).prop_map(|(path, values, text)| {
        let fields: serde_json::Map<_, _> = values
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        if fields.is_empty() {
            (path, text)
        } else {
            (path, format!("{}\n\n{text}", Value::from(fields)))
        }
    })
}

fn draft(path: &str, text: &str) -> Option<Draft> {
    let path = FolderPath::new(path).unwrap();
    if Kind::of(&path).is_some() && !path.is_recording() {
        return parse(&path, text.as_bytes(), &CONVENTIONS).ok();
    }
    let said = Recording {
        title: Some(text.to_owned()),
        artist: Some(name(text)),
        description: Some(text.to_owned()),
        track: Some(0),
        language: Some("English".to_owned()),
        seconds: Some(5),
        ..Recording::default()
    };
    recording(&path, &said, &CONVENTIONS).ok()
}

/// A name that feed-rs survives: 3.0.0 looks for mail addresses in names, and cuts letters in two when it
/// meets one that is not all ASCII.
fn name(text: &str) -> String {
    text.replace('@', "")
}

/// What a publisher may say of the site, as far as the settings let it through.
fn site_settings() -> impl Strategy<Value = Settings> {
    let bases = select(vec![
        "https://a.example/",
        "http://127.0.0.1:7373/",
        "https://ü.example/a b/",
    ]);
    let languages = select(vec!["en", "zh-Hant", "pt-BR"]);
    let icons = select(vec![
        None,
        Some("https://a.example/i.png"),
        Some("https://a.example/i.ico?|"),
    ]);
    let sizes = select(vec![64 << 10, 1 << 20]);
    (bases, soup(), soup(), languages, icons, 1..6_usize, sizes).prop_map(
        |(base, title, other, language, icon, limit, max_bytes)| {
            let line = |text: &str| {
                let line = Text::one_line(text);
                if line.is_empty() {
                    Text::new("News")
                } else {
                    line
                }
            };
            Settings {
                base: Address::parse(base).unwrap(),
                title: line(&title),
                description: Text::one_line(&other),
                language: Language::parse(language).unwrap(),
                author: Person {
                    name: line(&name(&other)),
                    email: Some(Text::new("ann@a.example")),
                    uri: Address::parse("https://a.example/|").ok(),
                    avatar: None,
                },
                icon: icon.map(|icon| Address::parse(icon).unwrap()),
                copyright: Some(line(&title)),
                limit,
                max_bytes,
                ..golden::settings()
            }
        },
    )
}

/// What lies in the folder in three turns of the writer.
type History = Vec<Vec<(&'static str, String)>>;

fn history() -> impl Strategy<Value = History> {
    prop::collection::vec(prop::collection::vec(file(), 0..6), 1..4)
}

/// The moment of the first turn.
fn beginning() -> Timestamp {
    "2026-11-22T12:00:00.25Z".parse().unwrap()
}

/// The snapshot after the last turn, its texts, and its moment.
fn publish(settings: Settings, history: &History) -> (Site, Texts, Timestamp) {
    let mut catalogue = Catalogue::new(Uuid::from_u128(7));
    let mut now = beginning();
    let mut site = Site::new(settings, now, &catalogue, &Kept::default(), now);
    let mut texts = HashMap::new();
    for files in history {
        now += SignedDuration::from_secs(90);
        let files: HashMap<&str, &str> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        let drafts: Vec<Draft> = files
            .iter()
            .filter_map(|(path, text)| draft(path, text))
            .collect();
        texts.extend(
            drafts
                .iter()
                .map(|draft| (draft.article.body, draft.body.clone())),
        );
        let references = drafts.iter().flat_map(|draft| &draft.article.references);
        let beside = references.filter_map(|reference| match reference {
            Reference::Local(local) if Kind::of(&local.path).is_none() => {
                Some((local.path.clone(), Some(Media::of_bytes(7))))
            }
            _ => None,
        });
        let media = beside.collect();
        let gone = catalogue.records().map(|record| record.entry.path.clone());
        let absent = gone
            .filter(|path| !files.contains_key(path.as_str()))
            .collect();
        let stamped = drafts.into_iter().map(|draft| {
            let stamp = Stamp {
                device: 1,
                inode: 0,
                size: 0,
                modified: now.as_second(),
                changed: 0,
                born: None,
            };
            (draft, stamp)
        });
        let observation = Observation {
            drafts: stamped.collect(),
            absent,
            media,
            ..Observation::default()
        };
        let changes = catalogue.plan(observation, now);
        site = site.with(&changes, now).0;
        catalogue.apply(changes);
    }
    (site, Texts(texts), now)
}

/// A document of a feed.
struct Made {
    view: View,
    format: Format,
    address: String,
    content_type: &'static str,
    bytes: Vec<u8>,
}

/// All feeds with their archives, in each format.
fn feeds(site: &Site, texts: Texts) -> Vec<Made> {
    let documents = Documents::new(texts, 0);
    let made = site.addresses().into_iter().filter_map(|address| {
        let Found::Document(plan) = site.find(&format!("/{address}")) else {
            return None;
        };
        let DocumentKey::Feed(view, format) = &plan.key else {
            return None;
        };
        Some(Made {
            view: view.clone(),
            format: *format,
            address: site.absolute(&address),
            content_type: plan.content_type,
            bytes: documents.make(site, &plan).unwrap().to_vec(),
        })
    });
    made.collect()
}

/// What our own rules say that must not be.
fn errors(faults: Vec<Fault>) -> Vec<Fault> {
    let is_bad = |fault: &Fault| fault.severity() == Severity::Error || NEVER.contains(&fault.rule);
    faults.into_iter().filter(is_bad).collect()
}

/// What another parser sees: id, title, address and moment of each entry.
type Seen = Vec<(String, String, String, i64)>;

fn seen(bytes: &[u8]) -> Seen {
    let feed = feed_rs::parser::parse(bytes).unwrap();
    let entries = feed.entries.into_iter().map(|entry| {
        let title = entry.title.map_or_else(String::new, |title| title.content);
        let link = entry
            .links
            .first()
            .map_or_else(String::new, |link| link.href.clone());
        let published = entry.published.map_or(0, |published| published.timestamp());
        (entry.id, title, link, published)
    });
    entries.collect()
}

fn expected(site: &Site, view: &View) -> Seen {
    let window = site.window(view).unwrap();
    let entries = window.entries.iter().map(|record| {
        let entry = &record.entry;
        (
            entry.id.to_string(),
            entry.article.title.to_string(),
            site.address_of(entry),
            entry.published.as_second(),
        )
    });
    entries.collect()
}

#[test]
fn any_catalogue_gives_valid_documents() {
    let atoms: Mutex<BTreeSet<Vec<u8>>> = Mutex::default();
    let entries = AtomicUsize::new(0);
    let mut runner = TestRunner::new(config(200));
    let outcome = runner.run(&(site_settings(), history()), |(settings, history)| {
        let (site, texts, now) = publish(settings, &history);
        let mut shown = BTreeSet::new();
        for made in feeds(&site, texts) {
            let Made {
                view,
                format,
                address,
                content_type,
                bytes,
            } = made;
            let faults = errors(judge(&Document {
                bytes: &bytes,
                format,
                address: &address,
                content_type,
                now,
            }));
            let text = String::from_utf8_lossy(&bytes);
            prop_assert!(faults.is_empty(), "{:#?}\n{}", faults, text);
            let expected = expected(&site, &view);
            let is_full = (bytes.len() as u64) <= site.settings().max_bytes || expected.len() == 1;
            prop_assert!(is_full, "{} has {} bytes", address, bytes.len());
            prop_assert_eq!(seen(&bytes), &expected[..], "{}", text);
            if view.feed == FeedKey::All {
                shown.extend(expected.into_iter().map(|(id, ..)| id));
            }
            if format == Format::Atom {
                atoms.lock().unwrap().insert(bytes);
            }
        }
        // Whatever is published can be read in the newest document or in an archive.
        prop_assert_eq!(shown.len(), site.catalogue().live());
        entries.fetch_add(shown.len(), Ordering::Relaxed);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let atoms = atoms.into_inner().unwrap();
    let entries = entries.into_inner();
    assert!(
        atoms.len() > 500 && entries > 200,
        "{} feeds, {entries} entries",
        atoms.len()
    );
    if tools_are_required() {
        ask_the_schema(&atoms);
    } else {
        eprintln!("skipped: xmllint is a foreign program; TIDINGS_TOOLS=required runs it");
    }
}

/// Judges all of `documents` in a few processes.
fn ask_the_schema(documents: &BTreeSet<Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let place = |number: usize| folder.path().join(format!("{number}.xml"));
    for (number, bytes) in documents.iter().enumerate() {
        fs::write(place(number), bytes).unwrap();
    }
    let places: Vec<_> = (0..documents.len()).map(place).collect();
    for places in places.chunks(500) {
        let (is_valid, said) = valid(places);
        let wrong = said.lines().filter(|line| !line.ends_with(" validates"));
        let wrong: Vec<&str> = wrong.take(40).collect();
        assert!(is_valid, "{}", wrong.join("\n"));
    }
    // A schema that takes anything would be none.
    let (is_valid, said) = valid(&[repository().join("tests/golden/rss.xml")]);
    assert!(!is_valid, "{said}");
}

/// Whether all of `places` hold Atom by the schema, and what xmllint says.
fn valid(places: &[std::path::PathBuf]) -> (bool, String) {
    let mut xmllint = Command::new("xmllint");
    xmllint
        .args(["--noout", "--nonet", "--relaxng"])
        .arg(repository().join("tests/schemas/atom.rng"))
        .args(places);
    let output = xmllint
        .output()
        .expect("xmllint, of Debian's libxml2-utils");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}
