//! Pages: what they say, that nothing in them gets out of its place, and that they can be read.

use std::collections::HashMap;

use super::values::{duration, size};
use super::*;
use crate::entry::{Episode, EpisodeKind};
use crate::feed::{Format, sample};

fn pages() -> Pages {
    Pages::new(TimeZone::UTC).unwrap()
}

fn front(feed: &Feed<'_>) -> String {
    let page = FrontPage {
        feed,
        root: "/",
        text: None,
    };
    pages().front(&page).unwrap()
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
        feed,
        root: "/",
        shown: &feed.entries[number],
        mentions: &mentions,
    };
    pages().entry(&page).unwrap()
}

/// All pages of the sample, with names for messages.
fn all() -> Vec<(String, String)> {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let empty = feed.clone().without_entries();
    let mut all = vec![
        ("front".to_owned(), front(&feed)),
        ("empty".to_owned(), front(&empty)),
    ];
    all.extend((0..4).map(|number| (format!("entry {number}"), entry(&feed, number))));
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
    let pages = (0..4).map(|number| entry(&feed, number));
    for page in pages.chain([front(&feed), front(&feed.clone().without_entries())]) {
        let xml = skeleton(&page);
        let parsed = roxmltree::Document::parse(&xml);
        assert!(parsed.is_ok(), "{:?}\n{xml}", parsed.err());
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
    assert!(front(&feed.clone().without_entries()).contains("Nothing has been published yet."));
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
    assert!(page.contains("href=\"https://ana.example/?a=1&amp;b=2\">Ana Reis</a>"));
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
        "<p class=\"meta section\">Stadt &amp; &lt;Land&gt;</p>",
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
    let pages = Pages::new(TimeZone::fixed(jiff::tz::offset(2))).unwrap();
    let page = FrontPage {
        feed: &feed,
        root: "/",
        text: Some("<p>Welcome</p>"),
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
    assert_eq!(
        asset("style.css").unwrap().content_type,
        "text/css; charset=utf-8"
    );
    assert!(asset("/style.css").is_none());
    let icon = asset("favicon.svg").unwrap();
    assert!(roxmltree::Document::parse(std::str::from_utf8(icon.bytes).unwrap()).is_ok());
    assert!(ASSETS.iter().all(|asset| !asset.bytes.is_empty()));
}

/// WCAG 2.2, 1.4.3: 4.5 to 1 for text of normal size.
#[test]
fn colours_can_be_told_apart() {
    let css = std::str::from_utf8(asset("style.css").unwrap().bytes).unwrap();
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
