//! A small site, for tests.

use std::fmt::Write as _;
use std::time::Duration;

use crate::catalogue::Catalogue;
use crate::catalogue::sample::{at, found};
use crate::entry::{Address, Content, Draft, Language, Person, Text};
use crate::site::{Ages, Kept, Settings, Site};

/// A site with these entries.
pub(crate) fn site(drafts: Vec<Draft>) -> Site {
    let mut catalogue = Catalogue::new(uuid::Uuid::from_u128(7));
    let changes = catalogue.plan(found(drafts), at(0));
    catalogue.apply(changes);
    Site::new(settings(), at(0), &catalogue, &Kept::default(), at(0))
}

pub(crate) fn settings() -> Settings {
    Settings {
        base: Address::parse("https://example.org/").unwrap(),
        title: Text::new("News"),
        description: Text::new(""),
        language: Language::parse("en").unwrap(),
        author: Person {
            name: Text::new("Ann"),
            email: None,
            uri: None,
            avatar: None,
        },
        icon: None,
        copyright: None,
        podcast: None,
        limit: 50,
        max_bytes: 1 << 20,
        content: Content::Full,
        selections: Vec::new(),
        ages: Ages::new(Duration::from_mins(1), Duration::from_mins(15)),
        zone: crate::site::Zone(jiff::tz::TimeZone::UTC),
    }
}

/// 100 kB of words that repeat, but not too soon.
pub(crate) fn prose() -> String {
    let mut random = fastrand::Rng::with_seed(7);
    let words = [
        "harbour", "bridge", "tide", "boat", "net", "herring", "quay",
    ];
    let mut prose = String::new();
    while prose.len() < 100_000 {
        let word = random.choice(words).unwrap();
        let _ = writeln!(prose, "<p>{word} {}</p>", random.u16(..));
    }
    prose
}
