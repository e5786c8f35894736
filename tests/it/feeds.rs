//! One feed for every interest, over the wire.

use serde_json::Value;

use crate::support::{PATIENCE, Setup, Tidings, eventually};

const OWN: &str = r#"
[[feed]]
name = "City Desk"
title = "City"
description = "What the council does"
tags = ["council", "harbour"]
without = { authors = ["Bo"] }
limit = 2
content = "summary"
language = "de"
[[feed]]
name = "long"
title = "Long reads"
content = "first 2"
order = "updated"
"#;

fn article(tidings: &Tidings, file: &str, day: u32, front: &str, body: &str) {
    let title = file.rsplit('/').next().unwrap().trim_end_matches(".md");
    let text =
        format!("---\ntitle: {title}\ndate: 2026-01-{day:02}T10:00:00Z\n{front}---\n\n{body}\n");
    tidings.drop_entry(file, &text);
}

fn site() -> Tidings {
    let tidings = Setup::new().with_tables(OWN).start();
    article(
        &tidings,
        "news/alpha.md",
        1,
        "tags: [Council]\nauthors: Ana Reis\n",
        "One.\n\nTwo.\n\nThree.",
    );
    article(
        &tidings,
        "news/beta.md",
        2,
        "tags: [Council, Harbour]\nlang: pt\n",
        "Um.\n\nRead: alpha",
    );
    article(
        &tidings,
        "sport/gamma.md",
        3,
        "tags: [Harbour]\nauthors: Bo\n",
        "Text.",
    );
    article(&tidings, "delta.md", 4, "tags: [Harbour]\n", "Text.");
    tidings.has_titles(&["alpha", "beta", "gamma", "delta"]);
    tidings
}

fn json(tidings: &Tidings, path: &str) -> Value {
    let response = tidings.get(path);
    assert_eq!(response.status, 200, "{path}");
    serde_json::from_str(response.text()).unwrap()
}

fn titles(feed: &Value) -> Vec<&str> {
    let items = feed["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["title"].as_str().unwrap())
        .collect()
}

#[test]
fn each_interest_has_its_feed() {
    let tidings = site();
    for (path, expected) in [
        ("/tags/council/", vec!["beta", "alpha"]),
        ("/tags/council+harbour/", vec!["beta"]),
        (
            "/tags/council,harbour/",
            vec!["delta", "gamma", "beta", "alpha"],
        ),
        ("/authors/ana-reis/", vec!["alpha"]),
        ("/authors/tidings/", vec!["delta", "beta"]),
        ("/sections/news/", vec!["beta", "alpha"]),
        ("/languages/pt/", vec!["beta"]),
        ("/languages/en/", vec!["delta", "gamma", "alpha"]),
        ("/entries/alpha/related/", vec!["beta", "alpha"]),
        ("/entries/delta/related/", vec!["delta"]),
        ("/feeds/city-desk/", vec!["delta", "beta"]),
    ] {
        let feed = json(&tidings, &format!("{path}feed.json"));
        assert_eq!(titles(&feed), expected, "{path}");
        let home = format!("https://news.example.org{path}");
        assert_eq!(feed["home_page_url"], home);
        assert_eq!(feed["feed_url"], format!("{home}feed.json"));
        let rss = tidings.get(&format!("{path}rss.xml"));
        assert_eq!(
            rss.header("content-type"),
            Some("application/rss+xml; charset=utf-8")
        );
        let page = tidings.get(path);
        assert!(page.text().contains(&format!("{home}atom.xml")), "{path}");
    }
}

#[test]
fn a_feed_of_the_publishers_own_is_as_they_say() {
    let tidings = site();
    let city = json(&tidings, "/feeds/city-desk/feed.json");
    assert_eq!(city["title"], "City – Tidings");
    assert_eq!(city["description"], "What the council does");
    assert_eq!(city["language"], "de");
    assert!(city["items"][0].get("content_html").is_none(), "{city:#}");
    let long = json(&tidings, "/feeds/long/feed.json");
    let alpha = long["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["title"] == "alpha")
        .unwrap();
    assert_eq!(
        alpha["content_html"],
        "<p>One.</p>\n<p>Two.</p>\n<p><a href=\"https://news.example.org/entries/alpha\">[…]</a></p>"
    );

    // What changed last stands first, there and in the feed of what changed.
    let before = titles(&json(&tidings, "/updates/feed.json"))[0].to_owned();
    assert_eq!(before, "delta");
    article(
        &tidings,
        "news/alpha.md",
        1,
        "tags: [Council]\nauthors: Ana Reis\n",
        "Quite another text.",
    );
    eventually("the edit is out", PATIENCE, || {
        let updates = json(&tidings, "/updates/feed.json");
        (titles(&updates)[0] == "alpha").then_some(())
    });
    assert_eq!(titles(&json(&tidings, "/feeds/long/feed.json"))[0], "alpha");
    assert_eq!(titles(&json(&tidings, "/feed.json"))[0], "delta");
}

#[test]
fn a_feed_has_one_address() {
    let tidings = site();
    for (asked, address) in [
        ("/tags/council", "/tags/council/"),
        ("/tags/Council/atom.xml", "/tags/council/atom.xml"),
        (
            "/tags/harbour+council/rss.xml",
            "/tags/council+harbour/rss.xml",
        ),
        ("/tags/harbour%2Ccouncil/", "/tags/council,harbour/"),
        ("/tags/council+council/feed.json", "/tags/council/feed.json"),
        ("/authors/Ana%20Reis/", "/authors/ana-reis/"),
        ("/tags/council/feed", "/tags/council/atom.xml"),
        ("/tags/council/index.xml", "/tags/council/rss.xml"),
    ] {
        let response = tidings.get(asked);
        assert_eq!(
            (response.status, response.header("location")),
            (308, Some(address)),
            "{asked}"
        );
        assert_eq!(tidings.get(address).status, 200, "{address}");
    }
    for nothing in [
        "/tags/",
        "/tags/nowhere/atom.xml",
        "/tags/council+nowhere/atom.xml",
        "/tags/council+harbour,council/atom.xml",
        "/tags/a+b+c+d/atom.xml",
        "/feeds/nowhere/rss.xml",
        "/entries/nowhere/related/atom.xml",
        "/tags/council/archive/1/atom.xml",
    ] {
        assert_eq!(tidings.get(nothing).status, 404, "{nothing}");
    }
}

#[test]
fn a_feed_whose_last_entry_goes_stays() {
    let mut tidings = site();
    std::fs::remove_file(tidings.entries().join("sport/gamma.md")).unwrap();
    eventually("it is withdrawn", PATIENCE, || {
        titles(&json(&tidings, "/sections/sport/feed.json"))
            .is_empty()
            .then_some(())
    });
    for _ in 0..2 {
        let atom = tidings.get("/sections/sport/atom.xml");
        assert!(atom.text().contains("deleted-entry"), "{}", atom.text());
        assert!(
            !tidings
                .get("/sections/news/atom.xml")
                .text()
                .contains("deleted-entry")
        );
        assert!(tidings.get("/sections/sport/").text().contains("sport"));
        tidings.restart();
    }
}

#[test]
fn all_feeds_are_listed() {
    let tidings = site();
    let list = tidings.get("/feeds.opml");
    assert_eq!(
        list.header("content-type"),
        Some("text/x-opml; charset=utf-8")
    );
    let list = roxmltree::Document::parse(list.text()).unwrap();
    let outlines = list.descendants().filter(|it| it.has_tag_name("outline"));
    let addresses: Vec<&str> = outlines.map(|it| it.attribute("xmlUrl").unwrap()).collect();
    assert_eq!(addresses.len(), 13, "{addresses:#?}");
    for address in addresses {
        let path = address.strip_prefix("https://news.example.org").unwrap();
        assert_eq!(tidings.get(path).status, 200, "{path}");
    }
    let output = std::process::Command::new(crate::support::program())
        .args(["feeds", "--format", "json", "--config"])
        .arg(tidings.folder().join("tidings.toml"))
        .arg("--entries")
        .arg(tidings.entries())
        .arg("--state")
        .arg(tidings.folder().join("state"))
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let feeds = said["feeds"].as_array().unwrap();
    let harbour = feeds
        .iter()
        .find(|it| it["title"] == "Harbour – Tidings")
        .unwrap();
    assert_eq!(harbour["entries"], 3);
    assert_eq!(
        harbour["rss"],
        "https://news.example.org/tags/harbour/rss.xml"
    );
}
