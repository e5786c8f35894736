//! Pages: what they say, that nothing in them gets out of its place, and that they can be read.
//!
//! **Why this file is long.** Each kind of page has its tests, and most look at all kinds, made from one
//! sample by the functions at the top.

use std::collections::HashMap;

use super::values::{duration, escape, size};
use super::*;
use crate::entry::{Episode, EpisodeKind};
use crate::feed::{Format, History, sample};

static ZONE: TimeZone = TimeZone::UTC;
const ROOT: &str = "/";
const OUTLINE: &str = "https://news.example.org/feeds.opml";

fn pages(theme: &Theme) -> Pages<'_> {
    Pages { theme, zone: &ZONE }
}

fn face<'a>(main: &'a Feed<'a>) -> Face<'a> {
    Face {
        main,
        root: ROOT,
        outline: OUTLINE,
    }
}

fn link(label: &str, folder: &str, entries: usize) -> FeedLink {
    FeedLink {
        label: Text::one_line(label),
        address: format!("{}{folder}", sample::BASE),
        entries,
    }
}

fn shelves() -> Vec<Shelf> {
    let sections = Shelf {
        title: "Sections",
        is_sections: true,
        first: vec![link("Stadt & <Land>", "sections/stadt-land/", 3)],
        rest: vec![link("Sport", "sections/sport/", 1)],
        more: 0,
    };
    let tags = Shelf {
        title: "Tags",
        is_sections: false,
        first: vec![link("Brücken", "tags/br%C3%BCcken/", 12)],
        rest: vec![link("a & b", "tags/a-b/", 1)],
        more: 7,
    };
    vec![sections, tags]
}

fn front(feed: &Feed<'_>) -> String {
    let page = FrontPage {
        face: face(feed),
        feed,
        text: None,
        shelves: if feed.entries.is_empty() {
            &[]
        } else {
            &shelves()
        },
    };
    pages(&Theme::built_in()).front(&page).unwrap()
}

/// The page of a tag's feed, or of an archive of it, with the entries of `main`.
fn tag(main: &Feed<'_>, is_archive: bool) -> String {
    let in_folder = |folder: &str| {
        main.addresses
            .clone()
            .map(|it| it.replace(sample::BASE, &format!("{}{folder}", sample::BASE)))
    };
    let archive = if is_archive { "archive/2/" } else { "" };
    let feed = Feed {
        id: crate::entry::EntryId::parse("urn:example:tag").unwrap(),
        title: Text::one_line("a & b – Harbour & Höfe"),
        home: format!("{}tags/a-b/", sample::BASE),
        subscribe: format!("{}tags/a-b/subscribe", sample::BASE),
        addresses: in_folder(&format!("tags/a-b/{archive}")),
        history: History {
            current: is_archive.then(|| in_folder("tags/a-b/")),
            previous: Some(in_folder("tags/a-b/archive/1/")),
        },
        ..main.clone()
    };
    let page = FeedPage {
        face: face(main),
        feed: &feed,
        label: "a & b",
        kind: "Tag",
        entries: feed.entries.len(),
        newer: is_archive.then_some("https://news.example.org/tags/a-b/"),
    };
    pages(&Theme::built_in()).feed(&page).unwrap()
}

fn subscribe(main: &Feed<'_>, has_recordings: bool) -> String {
    let page = SubscribePage {
        face: face(main),
        feed: main,
        label: main.title.as_str(),
        has_recordings,
    };
    pages(&Theme::built_in()).subscribe(&page).unwrap()
}

fn places(number: usize) -> Places {
    let page = |folder: &str| format!("{}{folder}", sample::BASE);
    let thread = page("entries/1/related/");
    Places {
        section: (number == 0).then(|| {
            let name = Text::one_line("Stadt & <Land>");
            (name, Some(page("sections/stadt-land/")))
        }),
        tags: vec![page("tags/stadt-land/"), page("tags/verkehr/")],
        authors: vec![Some(page("authors/ana-reis/")), None],
        thread: (number == 0).then(|| (thread.clone(), thread + "atom.xml")),
    }
}

fn entry(feed: &Feed<'_>, number: usize) -> String {
    let mentions = Mentions {
        newest: vec![Mention {
            title: Text::new("Who <mentions> it"),
            address: "https://news.example.org/entries/9".into(),
        }],
        more: number,
    };
    let page = EntryPage {
        face: face(feed),
        shown: &feed.entries[number],
        places: &places(number),
        mentions: &mentions,
    };
    pages(&Theme::built_in()).entry(&page).unwrap()
}

/// All pages of the sample, with names for messages.
fn all() -> Vec<(String, String)> {
    let entries = sample::entries();
    all_of(&sample::feed(&entries))
}

fn all_of(feed: &Feed<'_>) -> Vec<(String, String)> {
    let empty = feed.clone().without_entries();
    let gone = pages(&Theme::built_in()).gone(&face(feed)).unwrap();
    let mut all = vec![
        ("front".to_owned(), front(feed)),
        ("empty".to_owned(), front(&empty)),
        ("tag".to_owned(), tag(feed, false)),
        ("archive".to_owned(), tag(feed, true)),
        ("empty tag".to_owned(), tag(&empty, false)),
        ("subscribe".to_owned(), subscribe(feed, false)),
        ("subscribe to a podcast".to_owned(), subscribe(feed, true)),
        ("gone".to_owned(), gone),
    ];
    all.extend((0..4).map(|number| (format!("entry {number}"), entry(feed, number))));
    all
}

/// The page as XML, if its void elements and the full text are set aside: then every element is
/// closed, every attribute quoted, every character escaped.
fn skeleton(page: &str) -> String {
    let mut xml = String::new();
    let mut rest = page.strip_prefix("<!doctype html>").unwrap();
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        xml.push_str(&rest[..=start]);
        xml.push_str(&tag.replace(" controls", ""));
        let name = tag.split(' ').next().unwrap();
        xml.push_str(if ["meta", "link", "img"].contains(&name) {
            "/>"
        } else {
            ">"
        });
        rest = &rest[end + 1..];
    }
    xml + rest
}

#[test]
fn every_element_is_closed_and_every_character_escaped() {
    let entries = sample::entries();
    let mut feed = sample::feed(&entries);
    for shown in &mut feed.entries {
        shown.content = "<p>full text</p>".into();
    }
    for (name, page) in all_of(&feed) {
        let xml = skeleton(&page);
        let parsed = roxmltree::Document::parse(&xml);
        assert!(parsed.is_ok(), "{name}: {:?}\n{xml}", parsed.err());
    }
}

#[test]
fn titles_are_text() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let title = "&lt;3 &amp; &quot;quotes&quot; ]]&gt; 2026+00:00";
    assert!(front(&feed).contains(&format!(">{title}</a></h2>")));
    let page = entry(&feed, 1);
    assert!(page.contains(&format!("<title>{title} – Harbour &amp; Höfe</title>")));
    assert!(page.contains(&format!("<h1 class=\"p-name\">{title}</h1>")));
    assert!(page.contains(&format!("<meta property=\"og:title\" content=\"{title}\">")));
    assert!(page.contains(">Who &lt;mentions&gt; it</a>"));
    assert!(page.contains("said &lt;b&gt;nobody&lt;/b&gt;"));
}

#[test]
fn nothing_needs_more_than_a_strict_policy() {
    for (name, page) in all() {
        let page = page.to_lowercase();
        for forbidden in [
            "<script",
            "<style",
            " style=",
            " onclick",
            "javascript:",
            "<iframe",
        ] {
            assert!(!page.contains(forbidden), "{name}: {forbidden}");
        }
        assert!(
            page.contains("<link rel=\"stylesheet\" href=\"/style.css\">"),
            "{name}"
        );
    }
}

#[test]
fn every_page_leads_to_all_feeds() {
    for (name, page) in all() {
        for format in Format::ALL {
            let link = format!(
                "<link rel=\"alternate\" type=\"{}\" title=\"Harbour &amp; Höfe ({})\" href=\"https://news.example.org/{}\">",
                format.media_type(),
                format.name(),
                format.file_name(),
            );
            assert!(page.contains(&link), "{name}: {link}");
        }
    }
}

#[test]
fn the_front_page_lists_entries_in_order() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let page = front(&feed);
    let places: Vec<_> = feed
        .entries
        .iter()
        .map(|shown| {
            let mut address = String::new();
            escape(&mut address, &shown.address).unwrap();
            page.find(&format!("<a class=\"u-url\" href=\"{address}\">"))
                .unwrap()
        })
        .collect();
    assert!(places.is_sorted());
    assert!(page.contains("<html lang=\"en-GB\">"));
    assert!(page.contains("<article class=\"h-entry\" lang=\"de\" dir=\"auto\">"));
    assert!(page.contains(
        "<time class=\"dt-published\" datetime=\"2026-11-19T23:59:59Z\">19 November 2026</time>"
    ));
    assert!(
        front(&feed.clone().without_entries()).contains("Nothing has been published here yet.")
    );
}

#[test]
fn an_entry_page_shows_the_text_as_it_is() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let page = entry(&feed, 0);
    assert!(page.contains(&feed.entries[0].content));
    assert!(page.contains("<html lang=\"de\">"));
    assert!(page.contains("<h2 id=\"mentions-title\" lang=\"en\">Mentioned in</h2>"));
    assert!(page.contains("datetime=\"2026-11-20T10:00:00Z\">2026-11-20</time>"));
    assert!(page.contains(
        "<a class=\"p-name\" rel=\"author\" href=\"https://news.example.org/authors/ana-reis/\">Ana Reis</a> \
         (<a class=\"u-url\" href=\"https://ana.example/?a=1&amp;b=2\">ana.example</a>)"
    ));
    assert!(page.contains(
        "<link rel=\"canonical\" href=\"https://news.example.org/entries/stra%C3%9Fenbahn-f%C3%A4hrt-wieder\">"
    ));
    assert!(page.contains("<span class=\"meta\">1.2 MB</span>"));
}

#[test]
fn an_entry_page_shows_what_else_is_known() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let page = entry(&feed, 0);
    for expected in [
        "<p class=\"meta section\"><a href=\"https://news.example.org/sections/stadt-land/\">Stadt &amp; &lt;Land&gt;</a></p>",
        "<li lang=\"de\"><a class=\"p-category\" rel=\"tag\" href=\"https://news.example.org/tags/verkehr/\">Verkehr</a></li>",
        "href=\"https://news.example.org/entries/1/related/\">All that is linked with this article</a>",
        "<span lang=\"en\">Season 2, bonus 7</span>",
        "<img class=\"u-photo avatar\" src=\"https://news.example.org/media/j.png?a=1&amp;b=2\" alt=\"\" width=\"24\" height=\"24\">",
        "<span class=\"meta\">12:34</span>",
        "<a class=\"u-comments\" href=\"https://talk.example/t?id=7&amp;all=1\" lang=\"en\">Comments</a>",
        "href=\"https://wire.example/rss.xml\">The &quot;Wire&quot;</a>",
        "href=\"https://found.example/?a=1&amp;b=2\">Found &amp; &lt;seen&gt;</a>",
        "href=\"https://other.example/\">other.example</a>",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    assert!(!page.contains("more</p>"));
    assert!(entry(&feed, 3).contains("<p class=\"meta\">and 3 more</p>"));
    assert!(!entry(&feed, 3).contains("Comments"));
}

#[test]
fn episodes_and_durations_are_words() {
    let check = |season, number, kind, expected: &str| {
        let episode = Episode {
            season,
            number,
            kind,
            explicit: None,
            ..Episode::default()
        };
        assert_eq!(episode_words(&episode), expected);
    };
    check(Some(2), Some(7), None, "Season 2, episode 7");
    check(None, Some(7), None, "Episode 7");
    check(None, None, Some(EpisodeKind::Trailer), "Trailer");
    check(Some(1), None, None, "Season 1");
    check(None, None, None, "");
    assert_eq!(duration(0), "0:00");
    assert_eq!(duration(754), "12:34");
    assert_eq!(duration(36_061), "10:01:01");
}

#[test]
fn the_lead_image_is_shown_once() {
    let entries = sample::entries();
    let mut feed = sample::feed(&entries);
    assert!(entry(&feed, 0).contains("class=\"u-photo\""));
    feed.entries[0].content =
        "<img src=\"https://news.example.org/media/a.jpg?w=1&amp;h=2\" alt=\"\">".into();
    assert!(!entry(&feed, 0).contains("class=\"u-photo\""));
}

#[test]
fn days_are_those_of_the_zone() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let pages = Pages {
        theme: &Theme::built_in(),
        zone: &TimeZone::fixed(jiff::tz::offset(2)),
    };
    let page = FrontPage {
        face: face(&feed),
        feed: &feed,
        text: Some("<p>Welcome</p>"),
        shelves: &[],
    };
    let page = pages.front(&page).unwrap();
    assert!(page.contains("datetime=\"2026-11-19T23:59:59Z\">20 November 2026</time>"));
    assert!(page.contains("<p>Welcome</p>"));
}

#[test]
fn sizes_are_words() {
    let check = |bytes, expected: &str| assert_eq!(size(bytes), expected);
    check(1, "1 byte");
    check(999, "999 bytes");
    check(1_000, "1.0 kB");
    check(52_310, "52 kB");
    check(1_234_567, "1.2 MB");
    check(7_000_000_000, "7.0 GB");
}

#[test]
fn assets_are_found_by_path() {
    assert!(asset("/favicon.svg").is_none());
    let icon = asset("favicon.svg").unwrap();
    assert!(roxmltree::Document::parse(std::str::from_utf8(icon.bytes).unwrap()).is_ok());
    assert!(ASSETS.iter().all(|asset| !asset.bytes.is_empty()));
}

/// WCAG 2.2, 1.4.3: 4.5 to 1 for text of normal size.
#[test]
fn colours_can_be_told_apart() {
    let style = Theme::built_in().style();
    let css = std::str::from_utf8(&style).unwrap();
    let (light, rest) = css.split_once("prefers-color-scheme: dark").unwrap();
    let (dark, _) = rest.split_once("box-sizing").unwrap();
    for scheme in [light, dark] {
        let colours: HashMap<&str, f64> = scheme
            .lines()
            .filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"))
            .map(|(name, hex)| (name, luminance(hex.trim_end_matches(';'))))
            .collect();
        for text in ["ink", "soft", "link", "seen"] {
            for ground in ["paper", "shade"] {
                let (one, other) = (colours[text], colours[ground]);
                let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
                assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
            }
        }
    }
}

/// Relative luminance, as WCAG defines it.
fn luminance(hex: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
}

#[test]
fn the_front_page_leads_into_the_site() {
    let entries = sample::entries();
    let mut feed = sample::feed(&entries);
    assert!(!front(&feed).contains("Older articles"));
    feed.history.previous = Some(
        ["atom.xml", "rss.xml", "feed.json"].map(|it| format!("{}archive/3/{it}", sample::BASE)),
    );
    let page = front(&feed);
    for expected in [
        "<a rel=\"next\" href=\"https://news.example.org/archive/3/\">Older articles</a>",
        "<nav class=\"sections\" aria-label=\"Sections\">",
        "<a href=\"https://news.example.org/sections/stadt-land/\">Stadt &amp; &lt;Land&gt;</a>",
        "<a href=\"https://news.example.org/tags/br%C3%BCcken/\">Brücken</a> <span class=\"count\">12</span>",
        "<summary>More</summary>",
        "<p class=\"meta\">and 7 more</p>",
        "<a href=\"https://news.example.org/subscribe\">Subscribe</a>",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
}

#[test]
fn a_feed_has_a_page_of_its_own() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let check = |page: &str, expected: &[&str], absent: &[&str]| {
        for expected in expected {
            assert!(page.contains(expected), "{expected}\n{page}");
        }
        for absent in absent {
            assert!(!page.contains(absent), "{absent}\n{page}");
        }
    };
    let home = "<a href=\"https://news.example.org/\" rel=\"home\">Harbour &amp; Höfe</a>";
    let older =
        "<a rel=\"next\" href=\"https://news.example.org/tags/a-b/archive/1/\">Older articles</a>";
    let newer = "<a rel=\"prev\" href=\"https://news.example.org/tags/a-b/\">Newer articles</a>";
    let canonical = "<link rel=\"canonical\" href=\"https://news.example.org/tags/a-b/\">";
    check(
        &tag(&feed, false),
        &[
            home,
            older,
            canonical,
            "<title>a &amp; b – Harbour &amp; Höfe</title>",
            "<h1 class=\"p-name\" dir=\"auto\">a &amp; b</h1>",
            "<span>4 articles</span>",
            "href=\"https://news.example.org/tags/a-b/subscribe\">Subscribe</a>",
        ],
        &[newer, "noindex"],
    );
    check(
        &tag(&feed, true),
        &[home, older, newer, "noindex", "<span>Older articles</span>"],
        &[canonical],
    );
    let empty = tag(&feed.clone().without_entries(), false);
    check(
        &empty,
        &[
            "<span>0 articles</span>",
            "Nothing has been published here yet.",
        ],
        &[],
    );
}

#[test]
fn the_head_names_the_feeds_of_the_page_first() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let check = |page: &str, expected: &[&str]| {
        let links = page.split("<link rel=\"alternate\"").skip(1);
        let found: Vec<&str> = links
            .map(|link| {
                let (_, address) = link.split_once("href=\"https://news.example.org/").unwrap();
                address.split('"').next().unwrap()
            })
            .collect();
        assert_eq!(found, expected);
    };
    let site = ["atom.xml", "rss.xml", "feed.json"];
    let own = [
        "tags/a-b/atom.xml",
        "tags/a-b/rss.xml",
        "tags/a-b/feed.json",
    ];
    let both = [own.as_slice(), &site].concat();
    check(&front(&feed), &site);
    check(&tag(&feed, false), &both);
    check(&tag(&feed, true), &both);
    check(&subscribe(&feed, false), &site);
    let thread = [site.as_slice(), &["entries/1/related/atom.xml"]].concat();
    check(&entry(&feed, 0), &thread);
    check(&entry(&feed, 1), &site);
}

#[test]
fn the_subscribe_page_gives_each_address_in_words_that_can_be_copied() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let page = subscribe(&feed, false);
    for format in Format::ALL {
        let address = feed.address(format);
        let expected = format!("<p class=\"address\"><code>{address}</code></p>");
        assert!(page.contains(&expected), "{expected}\n{page}");
        assert!(page.contains(&format!("<li id=\"{}\">", format.anchor())));
        assert!(page.contains(&format!("<a href=\"{address}?raw\"")));
    }
    assert!(page.contains("<a href=\"https://news.example.org/feeds.opml\""));
    assert!(!page.contains("podcast:"), "{page}");
    assert!(subscribe(&feed, true).contains("podcast://news.example.org/rss.xml"));
}
