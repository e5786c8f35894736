//! What is at which address, and when its validators move.

use uuid::Uuid;

mod history;
mod links;
mod pages;
mod rhythm;

use super::history::OLDEST_REST;
use super::plans::MENTIONS;
use super::window::MAX_TOMBSTONES;
use super::*;
use crate::catalogue::sample::{at, draft, found, gone, path};
use crate::catalogue::{Key, Observation};
use crate::entry::{Address, Content, Draft, Language, Media, Person, StatedDate, Text};

fn settings(base: &str, limit: usize) -> Settings {
    Settings {
        base: Address::parse(base).unwrap(),
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
        limit,
        max_bytes: 1 << 20,
        content: Content::Full,
        selections: Vec::new(),
        ages: Ages::new(Duration::from_mins(1), Duration::from_mins(15)),
        zone: super::settings::Zone(jiff::tz::TimeZone::UTC),
    }
}

/// A site and what it is made from.
struct World {
    catalogue: Catalogue,
    site: Site,
    seconds: i64,
}

impl World {
    fn new(base: &str, limit: usize) -> Self {
        let catalogue = Catalogue::new(Uuid::from_u128(7));
        let site = Site::new(
            settings(base, limit),
            at(0),
            &catalogue,
            &Kept::default(),
            at(0),
        );
        Self {
            catalogue,
            site,
            seconds: 0,
        }
    }

    fn turn(&mut self, observation: Observation) -> Kept {
        self.seconds += 60;
        let changes = self.catalogue.plan(observation, at(self.seconds));
        let (site, kept) = self.site.with(&changes, at(self.seconds));
        self.catalogue.apply(changes);
        self.site = site;
        kept
    }

    fn drop_in(&mut self, drafts: Vec<Draft>) -> Kept {
        self.turn(found(drafts))
    }

    fn remove(&mut self, file: &str) -> Kept {
        self.turn(gone(file))
    }

    fn plan(&self, address: &str) -> Plan {
        match self.site.find(address) {
            Found::Document(plan) => plan,
            other => panic!("{address}: {other:?}"),
        }
    }
}

/// When an entry left the feed of everything.
fn departure(kept: &Kept) -> Option<Timestamp> {
    let mut departures = kept.departures.iter();
    let found = departures.find(|(key, _)| *key == FeedKey::All);
    found.map(|(_, moment)| *moment)
}

/// The files of the entries that the document at `address` shows, in its order.
fn shown(world: &World, address: &str) -> Vec<String> {
    let DocumentKey::Feed(view, _) = world.plan(address).key else {
        panic!("{address} is no feed");
    };
    let window = world.site.window(&view).unwrap();
    let paths = window.entries.iter().map(|it| it.entry.path.to_string());
    paths.collect()
}

/// A draft that was published so many seconds after some moment.
fn dated(file: &str, seconds: i64) -> Draft {
    let mut draft = draft(file, file, &[]);
    draft.claims.published = Some(StatedDate::At(at(seconds)));
    draft
}

#[test]
fn addresses_lead_to_what_is_there() {
    let mut world = World::new("https://example.org/", 50);
    let mut moved = draft("maps/bridge.md", "Bridge", &["/maps/harbour.png"]);
    moved.claims.slug = Slug::from_path("harbour-bridge");
    moved.claims.aliases = vec![Slug::from_path("2020/01/old").unwrap()];
    let mut slipway = draft("posts/slipway/index.md", "Slipway", &[]);
    slipway.claims.slug = Slug::from_path("slipway");
    let later = dated("later.md", 1_000_000);
    world.drop_in(vec![draft("gone.md", "Gone", &[]), moved, slipway, later]);
    let map = vec![
        (path("maps/harbour.png"), Some(Media::of_bytes(9))),
        (path("maps/unused.png"), Some(Media::of_bytes(9))),
    ];
    world.turn(Observation {
        media: map,
        ..Observation::default()
    });
    world.remove("gone.md");
    let check = |address: &str, expected: &str| {
        let found = match world.site.find(address) {
            Found::Document(plan) => format!("{:?}", plan.key),
            Found::Media(path) => format!("file {path}"),
            Found::Moved(to) => format!("moved to {to}"),
            Found::Gone(_) => "gone".to_owned(),
            Found::Nothing => "nothing".to_owned(),
        };
        assert_eq!(found, expected, "{address}");
    };
    check("/", "Page(View { feed: All, part: None })");
    check("/atom.xml", "Feed(View { feed: All, part: None }, Atom)");
    check("/rss.xml", "Feed(View { feed: All, part: None }, Rss)");
    check("/feed.json", "Feed(View { feed: All, part: None }, Json)");
    check("/style.css", "Asset(\"style.css\")");
    check("/entries/harbour-bridge", "Entry(Slug(\"harbour-bridge\"))");
    check(
        "/entries/Harbour-Bridge",
        "moved to /entries/harbour-bridge",
    );
    check(
        "/entries/harbour-bridge/",
        "moved to /entries/harbour-bridge",
    );
    check(
        "/entries/harbour-bridge.html",
        "moved to /entries/harbour-bridge",
    );
    check("/entries/2020/01/old", "moved to /entries/harbour-bridge");
    check("/2020/01/old/", "moved to /entries/harbour-bridge");
    // Where other publishers would have it: by its slug, or by its file's path.
    for address in [
        "/harbour-bridge",
        "/harbour-bridge/",
        "/harbour-bridge.html",
        "/maps/bridge",
        "/maps/bridge/",
        "/maps/bridge.html",
        "/2020/01/old.html",
    ] {
        check(address, "moved to /entries/harbour-bridge");
    }
    check("/maps/bridge.md", "nothing");
    check("/posts/slipway/", "moved to /entries/slipway");
    check("/maps", "nothing");
    check("/entries/gone", "gone");
    check("/gone", "gone");
    check("/later", "nothing");
    check("/media/maps/harbour.png", "file maps/harbour.png");
    check("/media/maps/unused.png", "nothing");
    check("/media/bridge.md", "nothing");
    check("/media/../bridge.md", "nothing");
    for habit in ["/feed", "/feed/", "/feed.xml", "/atom", "/atom/"] {
        check(habit, "moved to /atom.xml");
    }
    for habit in ["/index.xml", "/rss", "/rss/"] {
        check(habit, "moved to /rss.xml");
    }
    for nothing in [
        "",
        "x",
        "/entries/",
        "/entries/%FF",
        "/ATOM.XML",
        "/entries/..%2f..%2fetc",
    ] {
        check(nothing, "nothing");
    }
}

#[test]
fn a_site_below_a_path_answers_with_and_without_it() {
    let mut world = World::new("https://example.org/news/", 50);
    world.drop_in(vec![draft("a.md", "One", &[])]);
    assert_eq!(world.site.root(), "/news/");
    assert_eq!(world.plan("/news/atom.xml"), world.plan("/atom.xml"));
    assert_eq!(
        world.plan("/news/").key,
        DocumentKey::Page(View::newest(FeedKey::All))
    );
    assert_eq!(
        world.site.find("/news/feed"),
        Found::Moved("/news/atom.xml".to_owned())
    );
    assert_eq!(
        world.site.find("/feed"),
        Found::Moved("/news/atom.xml".to_owned())
    );
    assert_eq!(
        world.site.page_of(&Slug::from_words("a").unwrap()),
        "https://example.org/news/entries/a"
    );
}

#[test]
fn a_feed_changes_with_what_it_shows() {
    let mut world = World::new("https://example.org/", 3);
    assert_eq!(world.plan("/rss.xml").changed, Some(at(0)));
    let three = [
        dated("a.md", -300),
        dated("b.md", -200),
        dated("c.md", -100),
    ];
    world.drop_in([dated("x.md", -500)].into_iter().chain(three).collect());
    let before = world.plan("/rss.xml");
    assert_eq!(before.changed, Some(at(60)));

    // Older than all that the feed shows: no change at all.
    let kept = world.drop_in(vec![dated("y.md", -400)]);
    assert_eq!(departure(&kept), None);
    assert_eq!(world.plan("/rss.xml"), before);

    // A newer one pushes one out, which is a departure.
    let kept = world.drop_in(vec![dated("d.md", -50)]);
    assert_eq!(departure(&kept), Some(at(180)));
    assert_eq!(world.plan("/rss.xml").changed, Some(at(180)));

    // It is withdrawn: what is shown is all old, and the feed has changed all the same.
    assert_eq!(departure(&world.remove("d.md")), Some(at(240)));
    let again = world.plan("/rss.xml");
    assert_eq!((again.tag, again.changed), (before.tag, Some(at(240))));
    assert_ne!(world.plan("/atom.xml").content_type, again.content_type);
}

#[test]
fn a_healed_link_changes_the_feed_and_its_pages() {
    let mut world = World::new("https://example.org/", 50);
    world.drop_in(vec![draft("a.md", "One", &["Two"])]);
    let before = (world.plan("/rss.xml"), world.plan("/entries/a"));
    world.drop_in(vec![draft("b.md", "Two", &[])]);
    let after = (world.plan("/rss.xml"), world.plan("/entries/a"));
    assert_ne!(before.0.tag, after.0.tag);
    assert_ne!(before.1.tag, after.1.tag);
    // The page of the target shows who mentions it, and changes when that one goes.
    let mentioned = world.plan("/entries/b");
    world.remove("a.md");
    assert_ne!(world.plan("/entries/b").tag, mentioned.tag);
}

#[test]
fn the_newest_mentions_come_first_and_the_others_are_counted() {
    let mut world = World::new("https://example.org/", 50);
    let count = MENTIONS + 3;
    let sources = (0..count).map(|number| {
        let mut source = draft(&format!("{number}.md"), &format!("{number}"), &["Target"]);
        let moment = at(i64::try_from(number).unwrap() - 1000);
        source.claims.published = Some(StatedDate::At(moment));
        source
    });
    world.drop_in(sources.collect());
    world.drop_in(vec![draft("target.md", "Target", &[])]);
    let key = world.catalogue.at_path(&path("target.md")).unwrap().key;
    let (newest, more) = world.site.mentions(key);
    let titles: Vec<_> = newest.iter().map(|it| it.card.title.to_string()).collect();
    let expected: Vec<_> = (3..count).rev().map(|it| it.to_string()).collect();
    assert_eq!((titles, more), (expected, 3));
}

#[test]
fn the_front_page_changes_with_its_own_text() {
    let mut world = World::new("https://example.org/", 50);
    world.drop_in(vec![draft("a.md", "One", &["Two"])]);
    let (front, feed) = (world.plan("/"), world.plan("/rss.xml"));
    world.drop_in(vec![draft("index.md", "Welcome", &[])]);
    assert_ne!(world.plan("/").tag, front.tag);
    assert_eq!(world.plan("/rss.xml"), feed);
    world.remove("index.md");
    assert_eq!(world.plan("/").tag, front.tag);
}

#[test]
fn a_restart_gives_the_same_validators_and_other_settings_do_not() {
    let mut world = World::new("https://example.org/", 2);
    world.drop_in(vec![
        dated("a.md", -300),
        dated("b.md", -200),
        dated("c.md", -100),
    ]);
    let kept = world.remove("c.md");
    let again = |settings, since| {
        let now = at(world.seconds);
        Site::new(settings, since, &world.catalogue, &kept, now)
    };
    let same = again(settings("https://example.org/", 2), at(0));
    for address in ["/", "/rss.xml", "/entries/a", "/entries/b"] {
        assert_eq!(same.find(address), world.site.find(address), "{address}");
    }
    let moved = again(settings("https://news.example.org/", 2), at(999));
    let Found::Document(plan) = moved.find("/rss.xml") else {
        panic!()
    };
    assert_ne!(plan.tag, world.plan("/rss.xml").tag);
    assert_eq!(
        plan.changed,
        Some(at(999)),
        "the settings are part of what is shown"
    );
}

#[test]
fn a_withdrawn_entry_is_told_of_for_a_month() {
    const DAY: i64 = 24 * 60 * 60;
    let mut world = World::new("https://news.example.org/", 2);
    // The oldest is in no window: that it goes is told all the same.
    world.drop_in(vec![dated("a.md", 1), dated("b.md", 2), dated("c.md", 3)]);
    let told = |world: &World| {
        let window = world.site.window(&View::newest(FeedKey::All)).unwrap();
        let paths = window.tombstones.iter().map(|it| it.entry.path.to_string());
        paths.collect::<Vec<_>>()
    };
    let before = world.plan("/atom.xml");
    world.remove("a.md");
    assert_eq!(told(&world), ["a.md"]);
    let first = world.plan("/atom.xml");
    assert!(first.tag != before.tag && first.changed == Some(at(120)));
    assert_eq!(world.site.next_due(), Some(at(120 + 30 * DAY)));
    world.seconds += DAY;
    world.remove("b.md");
    assert_eq!(told(&world), ["b.md", "a.md"]);

    // It came back: that it was withdrawn is not true any more, and the document has changed.
    world.drop_in(vec![dated("b.md", 2)]);
    assert_eq!(told(&world), ["a.md"]);
    let changed = world.plan("/atom.xml").changed;
    assert_eq!(changed, Some(at(world.seconds)));

    world.seconds = 60 + 30 * DAY;
    let kept = world.turn(Observation::default());
    assert_eq!(told(&world), Vec::<String>::new());
    assert_eq!(departure(&kept), Some(at(world.seconds)));
    let after = world.plan("/atom.xml");
    assert_eq!(after.changed, Some(at(120 + 30 * DAY)));
    assert_eq!(world.site.next_due(), None);
    // A daemon that was away on that day says the same.
    let settings = settings("https://news.example.org/", 2);
    let now = at(world.seconds + DAY);
    let again = Site::new(settings, at(0), &world.catalogue, &Kept::default(), now);
    let Found::Document(again) = again.find("/atom.xml") else {
        panic!("no feed");
    };
    assert_eq!((again.tag, again.changed), (after.tag, after.changed));
}

#[test]
fn a_feed_tells_of_so_many_withdrawn_entries_and_no_more() {
    let mut world = World::new("https://news.example.org/", 2);
    let names: Vec<String> = (0..=MAX_TOMBSTONES).map(|it| format!("{it}.md")).collect();
    world.drop_in(names.iter().map(|name| dated(name, 1)).collect());
    world.turn(Observation {
        absent: names.iter().map(|name| path(name)).collect(),
        ..Observation::default()
    });
    let window = world.site.window(&View::newest(FeedKey::All)).unwrap();
    assert_eq!(window.tombstones.len(), MAX_TOMBSTONES);
}
