//! A theme is tried before it is used: each page is made with a sample of everything that may be on
//! it, and once more with as little as there may be.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{
    EntryPage, Face, FeedLink, FeedPage, FrontPage, Mention, Mentions, PageError, Pages, Places,
    Shelf, SubscribePage, Theme,
};
use crate::entry::{
    Address, Article, Category, Content, Digest, Entry, EntryId, Episode, FolderPath, Language,
    Link, Person, Slug, Text,
};
use crate::feed::{Feed, History, Shown, ShownEnclosure, ShownImage, ShownPerson};

const HOME: &str = "https://example.org/";

/// Makes each page, with much on it and with little.
pub(super) fn try_all(theme: &Theme) -> Result<(), PageError> {
    let sample = Sample::new();
    let much = Feed {
        description: Text::new("What it is about"),
        icon: Some(format!("{HOME}icon.png")),
        copyright: Some(Text::new("Somebody")),
        history: History {
            current: Some(addresses("tags/sample/")),
            previous: Some(addresses("tags/sample/archive/1/")),
        },
        entries: vec![show_full(&sample), show(&sample.bare)],
        ..sample.head()
    };
    let texts = Much {
        text: "<p>Welcome.</p>",
        kind: "Tag",
        newer: HOME,
        shelves: vec![shelf(true), shelf(false)],
        places: places(),
        mentions: mentions(),
    };
    try_with(theme, &much, &much.entries[0], Some(&texts))?;
    try_with(theme, &sample.head(), &show(&sample.bare), None)
}

/// What pages show besides a feed and an entry.
struct Much {
    text: &'static str,
    kind: &'static str,
    newer: &'static str,
    shelves: Vec<Shelf>,
    places: Places,
    mentions: Mentions,
}

fn try_with(
    theme: &Theme,
    main: &Feed<'_>,
    shown: &Shown<'_>,
    much: Option<&Much>,
) -> Result<(), PageError> {
    let face = Face {
        main,
        root: "/",
        outline: "https://example.org/feeds.opml",
    };
    let pages = Pages {
        theme,
        zone: &TimeZone::UTC,
    };
    pages.front(&FrontPage {
        face,
        feed: main,
        text: much.map(|it| it.text),
        shelves: much.map_or(&[], |it| &it.shelves),
    })?;
    pages.feed(&FeedPage {
        face,
        feed: main,
        label: "sample",
        kind: much.map_or("", |it| it.kind),
        entries: main.entries.len(),
        newer: much.map(|it| it.newer),
    })?;
    pages.entry(&EntryPage {
        face,
        shown,
        places: much.map_or(&Places::default(), |it| &it.places),
        mentions: much.map_or(&Mentions::default(), |it| &it.mentions),
    })?;
    pages.subscribe(&SubscribePage {
        face,
        feed: main,
        label: "sample",
        has_recordings: much.is_some(),
    })?;
    pages.gone(&face)?;
    Ok(())
}

/// An entry with all that it may have, one with nothing, and whose they are.
struct Sample {
    full: Entry,
    bare: Entry,
    id: EntryId,
    language: Language,
    author: Person,
}

impl Sample {
    #[expect(clippy::expect_used, reason = "the texts are constants")]
    fn new() -> Self {
        let address = Address::parse(HOME).expect("an address");
        let slug = Slug::from_words("sample").expect("a slug");
        let language = Language::parse("en").expect("a language");
        let id = EntryId::from_uuid(uuid::Uuid::nil());
        let bare = Entry {
            id: id.clone(),
            path: FolderPath::new("sample.md").expect("a path"),
            slug: slug.clone(),
            published: Timestamp::UNIX_EPOCH,
            updated: Timestamp::UNIX_EPOCH,
            article: Article {
                title: Text::one_line("Sample"),
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
        };
        let author = Person {
            name: Text::one_line("Somebody"),
            email: None,
            uri: Some(address.clone()),
            avatar: None,
        };
        let link = Link {
            address: address.clone(),
            title: Some(Text::one_line("Elsewhere")),
        };
        let category = Category {
            term: slug,
            label: Text::one_line("sample"),
        };
        let full = Entry {
            updated: Timestamp::UNIX_EPOCH + jiff::Span::new().hours(48),
            article: Article {
                authors: vec![author.clone()],
                categories: vec![category],
                summary: Text::new("In short"),
                language: Some(language.clone()),
                via: vec![link.clone()],
                source: Some(link),
                comments: Some(address),
                episode: Some(Episode {
                    number: Some(1),
                    season: Some(1),
                    ..Episode::default()
                }),
                ..bare.article.clone()
            },
            ..bare.clone()
        };
        Self {
            full,
            bare,
            id,
            language,
            author,
        }
    }

    /// The head of a feed with as little as there may be.
    fn head(&self) -> Feed<'static> {
        Feed {
            id: self.id.clone(),
            title: Text::one_line("Sample"),
            description: Text::new(""),
            home: HOME.to_owned(),
            subscribe: format!("{HOME}subscribe"),
            addresses: addresses(""),
            scheme: format!("{HOME}tags/"),
            language: self.language.clone(),
            author: self.author.clone(),
            icon: None,
            copyright: None,
            podcast: None,
            changed: Timestamp::UNIX_EPOCH,
            ttl_minutes: 1,
            entries: Vec::new(),
            tombstones: Vec::new(),
            history: History::default(),
        }
    }
}

fn addresses(folder: &str) -> [String; 3] {
    ["atom.xml", "rss.xml", "feed.json"].map(|file| format!("{HOME}{folder}{file}"))
}

fn show(entry: &Entry) -> Shown<'_> {
    Shown {
        entry,
        address: format!("{HOME}entries/sample"),
        content: String::new(),
        authors: Vec::new(),
        related: Vec::new(),
        image: None,
        enclosures: Vec::new(),
        episode: None,
    }
}

fn show_full(sample: &Sample) -> Shown<'_> {
    let author = ShownPerson {
        person: &sample.author,
        avatar: Some(format!("{HOME}media/face.png")),
    };
    let files = [("a.mp3", "audio/mpeg"), ("b.mp4", "video/mp4"), ("", "a/b")];
    let files = files.map(|(name, media_type)| ShownEnclosure {
        address: format!("{HOME}media/{name}"),
        media_type: media_type.to_owned(),
        length: name.len() as u64,
        seconds: (!name.is_empty()).then_some(1),
    });
    Shown {
        content: "<p>The text.</p>".to_owned(),
        authors: vec![author],
        image: Some(ShownImage {
            address: format!("{HOME}media/lead.png"),
            media_type: None,
            length: None,
            alt: Text::new("What it shows"),
        }),
        enclosures: files.to_vec(),
        ..show(&sample.full)
    }
}

fn shelf(is_sections: bool) -> Shelf {
    let link = FeedLink {
        label: Text::one_line("sample"),
        address: format!("{HOME}tags/sample/"),
        entries: 1,
    };
    Shelf {
        title: "Tags",
        is_sections,
        first: vec![link.clone()],
        rest: vec![link],
        more: 1,
    }
}

fn places() -> Places {
    let page = format!("{HOME}tags/sample/");
    Places {
        section: Some((Text::one_line("Section"), Some(page.clone()))),
        tags: vec![page.clone()],
        authors: vec![Some(page.clone())],
        thread: Some((page.clone(), format!("{page}atom.xml"))),
    }
}

fn mentions() -> Mentions {
    let mention = Mention {
        title: Text::one_line("Another"),
        address: HOME.to_owned(),
    };
    Mentions {
        newest: vec![mention],
        more: 1,
    }
}
