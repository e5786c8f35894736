//! A feed for tests: four entries with all that is hard to write down.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Feed, Format, History, Related, RelatedTarget, Shown, ShownEnclosure, ShownEpisode, ShownImage,
    ShownPerson, WriteError,
};
use crate::entry::{
    Address, Article, Category, Content, Digest, Element, Entry, EntryId, Episode, EpisodeKind,
    FolderPath, Language, Link, Person, Slug, Text,
};

/// The document of `feed` in `format`.
pub(crate) fn write(feed: &Feed<'_>, format: Format) -> Result<Vec<u8>, WriteError> {
    let pieces = feed.entries.iter().map(|shown| format.piece(feed, shown));
    let pieces: Result<Vec<_>, _> = pieces.map(|piece| piece.map(Arc::new)).collect();
    format.document(feed, &pieces?)
}

/// The site that the addresses of the sample belong to.
pub(crate) const BASE: &str = "https://news.example.org/";

/// The entries of [`feed`], newest first: the full one, the hostile one, the bare one, the one that
/// lives elsewhere.
pub(crate) fn entries() -> Vec<Entry> {
    let mut full = entry("Straßenbahn fährt wieder", 4, "2026-11-20T10:00:00Z");
    full.updated = instant("2026-11-21T08:30:15.75Z");
    full.article.summary = Text::new("Die Brücke ist frei; „endlich“, sagt Ana.");
    full.article.language = Language::parse("de");
    full.article.authors = vec![person("Ana Reis"), person("Jörg Öztürk")];
    full.article.authors[0].email = Some(Text::new("ana@example.org"));
    full.article.authors[0].uri = Address::parse("https://ana.example/?a=1&b=2").ok();
    full.article.categories = vec![category("Stadt & Land"), category("Verkehr")];
    full.article.via = vec![
        link("https://found.example/?a=1&b=2", Some("Found & <seen>")),
        link("https://other.example/", None),
    ];
    full.article.source = Some(link("https://wire.example/rss.xml", Some("The \"Wire\"")));
    full.article.comments = Address::parse("https://talk.example/t?id=7&all=1").ok();
    full.article.section = Some(Text::one_line("Stadt & <Land>"));
    full.article.episode = Some(Episode {
        number: Some(7),
        season: Some(2),
        kind: Some(EpisodeKind::Bonus),
        explicit: Some(false),
        ..Episode::default()
    });
    full.article.elements = vec![
        element("geo", "lat", "38.72"),
        element("dc", "subject", "Trams & <trains>"),
        element("dc", "subject", "Bridges"),
        element("dc", "creator", "Nobody"),
        element("itunes", "episode", "8"),
    ];
    let mut hostile = entry("<3 & \"quotes\" ]]> 2026+00:00", 3, "2026-11-19T23:59:59Z");
    hostile.article.summary = Text::new("1 < 2 && 3 > 2, said <b>nobody</b> & \"all\" ]]>");
    let bare = entry("港の橋が再開 🙂", 2, "2026-11-18T00:00:00Z");
    let mut elsewhere = entry("A talk, elsewhere", 1, "2024-02-29T12:00:00Z");
    elsewhere.article.summary = Text::new("Given at a conference.");
    elsewhere.article.link = Address::parse("https://talks.example/t?id=1&v=2").ok();
    vec![full, hostile, bare, elsewhere]
}

/// A feed of `entries` as [`entries`] makes them.
pub(crate) fn feed(entries: &[Entry]) -> Feed<'_> {
    let mut shown: Vec<_> = entries.iter().map(show).collect();
    let [full, hostile, bare, elsewhere] = shown.as_mut_slice() else {
        panic!("the sample has four entries")
    };
    full.content = "<p>Die Straßenbahn fährt.</p>\n<p>Read: <a href=\"https://news.example.org/entries/3\">&lt;3 &amp; \"quotes\"</a></p>".into();
    full.related = related();
    full.authors[1].avatar = Some(format!("{BASE}media/j.png?a=1&b=2"));
    full.image = Some(ShownImage {
        address: "https://news.example.org/media/a.jpg?w=1&h=2".into(),
        media_type: Some("image/jpeg".into()),
        length: Some(52_310),
        alt: Text::new("Die Brücke\nam <Abend>"),
    });
    full.enclosures = vec![
        ShownEnclosure {
            seconds: Some(754),
            ..enclosure("media/episode.mp3?a=1&b=2", "audio/mpeg", 1_234_567)
        },
        enclosure("media/notes.pdf", "application/pdf", 0),
    ];
    hostile.content = "<pre>a ]]&gt; b ]]> c</pre><p>&lt;updated&gt;2026-01-01T00:00:00+00:00&lt;/updated&gt; <code>+00:00</updated></code></p>".into();
    bare.content = "<p>橋。</p>".into();
    elsewhere.content = "<p>It went well.</p>".into();
    Feed {
        id: EntryId::parse("9d6c1a50-58c4-4d38-b7ab-1f8a35ff0a10").unwrap(),
        title: Text::one_line("Harbour & Höfe"),
        description: Text::new("News from <the> harbour"),
        home: BASE.into(),
        scheme: format!("{BASE}tags/"),
        subscribe: format!("{BASE}subscribe"),
        history: History::default(),
        addresses: ["atom.xml", "rss.xml", "feed.json"].map(|name| format!("{BASE}{name}")),
        language: Language::parse("en-GB").unwrap(),
        author: person("The Desk"),
        icon: Some(format!("{BASE}media/icon.png")),
        copyright: Some(Text::new("© 2026 Harbour & Höfe")),
        podcast: None,
        changed: instant("2026-11-21T08:31:00.5Z"),
        ttl_minutes: 60,
        entries: shown,
        tombstones: Vec::new(),
    }
}

/// The smallest feed: nothing that may be left out, one entry.
pub(crate) fn small_entry() -> Entry {
    let mut small = entry("Ferries & tides", 1, "2026-03-02T09:05:00Z");
    small.article.summary = Text::new("High < low.");
    small
}

/// A feed of [`small_entry`] alone.
pub(crate) fn small(entry: &Entry) -> Feed<'_> {
    let mut shown = show(entry);
    shown.content = "<p>High &lt; low.</p>".into();
    shown.related = vec![related().swap_remove(0)];
    Feed {
        description: Text::new(""),
        icon: None,
        copyright: None,
        entries: vec![shown],
        tombstones: Vec::new(),
        ..feed(&entries()).without_entries()
    }
}

impl Feed<'_> {
    /// This feed without its entries, free of what they borrow.
    pub(crate) fn without_entries(self) -> Feed<'static> {
        Feed {
            id: self.id,
            title: self.title,
            description: self.description,
            home: self.home,
            subscribe: self.subscribe,
            scheme: self.scheme,
            history: self.history,
            addresses: self.addresses,
            language: self.language,
            author: self.author,
            icon: self.icon,
            copyright: self.copyright,
            podcast: self.podcast,
            changed: self.changed,
            ttl_minutes: self.ttl_minutes,
            entries: Vec::new(),
            tombstones: Vec::new(),
        }
    }
}

fn related() -> Vec<Related> {
    let line = |title: &str, target| Related {
        title: Text::new(title),
        target,
    };
    let target = |address: &str, id: Option<u32>, language: Option<&str>, is_page| {
        Some(RelatedTarget {
            address: address.into(),
            id: id.map(entry_id),
            language: language.and_then(Language::parse),
            is_page,
        })
    };
    vec![
        line(
            "港の橋が再開 \"soon\" & <later>",
            target(
                "https://news.example.org/entries/2",
                Some(2),
                Some("ja"),
                true,
            ),
        ),
        line("Ferry strike ends after talks", None),
        line(
            "Tunnel\ttolls\nsuspended",
            target("https://tolls.example/p?a=1&b=2", None, None, false),
        ),
    ]
}

fn show(entry: &Entry) -> Shown<'_> {
    let address = match &entry.article.link {
        Some(link) => link.to_string(),
        None => format!("{BASE}entries/{}", entry.slug.to_url_path()),
    };
    let authors = entry.article.authors.iter().map(|person| ShownPerson {
        person,
        avatar: None,
    });
    Shown {
        entry,
        address,
        content: String::new(),
        authors: authors.collect(),
        related: Vec::new(),
        image: None,
        enclosures: Vec::new(),
        episode: entry.article.episode.clone().map(|said| ShownEpisode {
            said,
            cover: None,
            chapters: None,
            transcripts: Vec::new(),
            pictures: Vec::new(),
        }),
    }
}

fn entry(title: &str, number: u32, published: &str) -> Entry {
    let published = instant(published);
    Entry {
        id: entry_id(number),
        path: FolderPath::new(&format!("{number}.md")).unwrap(),
        slug: Slug::from_words(title).unwrap(),
        published,
        updated: published,
        article: Article {
            title: Text::one_line(title),
            authors: Vec::new(),
            categories: Vec::new(),
            summary: Text::new(""),
            language: None,
            link: None,
            image: None,
            enclosures: Vec::new(),
            via: Vec::new(),
            source: None,
            comments: None,
            episode: None,
            elements: Vec::new(),
            section: None,
            content: Content::Full,
            text_bytes: 0,
            references: Vec::new(),
            body: Digest::of(b""),
        },
    }
}

fn entry_id(number: u32) -> EntryId {
    EntryId::from_uuid(uuid::Uuid::from_u128(
        0x6f1c_2b9e_8a00_4000_8000_0000_0000_0000 + u128::from(number),
    ))
}

fn enclosure(path: &str, media_type: &str, length: u64) -> ShownEnclosure {
    ShownEnclosure {
        address: format!("{BASE}{path}"),
        media_type: media_type.into(),
        length,
        seconds: None,
    }
}

fn link(address: &str, title: Option<&str>) -> Link {
    Link {
        address: Address::parse(address).unwrap(),
        title: title.map(Text::one_line),
    }
}

fn element(prefix: &str, name: &str, value: &str) -> Element {
    Element::new(prefix, name, value).unwrap()
}

fn person(name: &str) -> Person {
    Person {
        name: Text::one_line(name),
        email: None,
        uri: None,
        avatar: None,
    }
}

fn category(label: &str) -> Category {
    Category {
        term: Slug::from_words(label).unwrap(),
        label: Text::one_line(label),
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}
