//! Folders as writers have them who come from other tools, and from news desks: they are published
//! unchanged, as those writers expect.
//!
//! Each folder under `tests/sets` is served as it is; the file `*.expected` beside it says what readers
//! are to see. `TIDINGS_EXPECTED=update cargo test --test it habits` writes what they do see: read the
//! difference before you believe it.

use std::fmt::Write as _;
use std::fs;
use std::time::SystemTime;

use serde_json::Value;

use crate::support::{PATIENCE, Setup, Tidings, copy_folder, eventually, repository};

/// The elements that are counted in an entry's full text.
const COUNTED: [&str; 14] = [
    "h2",
    "blockquote",
    "cite",
    "ul",
    "li",
    "table",
    "pre",
    "figure",
    "img",
    "input",
    "sup",
    "script",
    "style=",
    "onload",
];

#[test]
fn hugo() {
    check(
        "hugo",
        &[
            "/2019/nets.html",
            "/nets/",
            "/posts/mending-nets/",
            "/media/posts/lamp.jpg",
        ],
    );
}

#[test]
fn jekyll() {
    check(
        "jekyll",
        &[
            "/2026/rudder/",
            "/rudder.html",
            "/log/2026/rudder.html",
            "/media/assets/rudder.png",
        ],
    );
}

#[test]
fn zola() {
    check(
        "zola",
        &[
            "/tomatoes",
            "/tomatoes/",
            "/media/blog/seed-swap/table.webp",
        ],
    );
}

#[test]
fn eleventy() {
    check(
        "eleventy",
        &["/media/posts/boat.gif", "/media/posts/posts.json"],
    );
}

#[test]
fn pelican() {
    check("pelican", &["/media/images/heron.png"]);
}

#[test]
fn news_desks() {
    check("news_desk", &[]);
}

fn check(name: &str, paths: &[&str]) {
    let sets = repository().join("tests/sets");
    let setup = Setup::new();
    copy_folder(&sets.join(name), &setup.entries());
    let tidings = setup.start();
    eventually("the folder is published", PATIENCE, || {
        (tidings.get("/feed.json").status == 200).then_some(())
    });
    let seen = seen(&tidings, paths);
    let file = sets.join(format!("{name}.expected"));
    if std::env::var_os("TIDINGS_EXPECTED").is_some_and(|value| value == "update") {
        fs::write(&file, &seen).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap();
    assert!(
        seen == expected,
        "{name}: seen\n{seen}\nexpected\n{expected}"
    );
}

/// What readers see: the entries of the feed, and what is at some addresses.
fn seen(tidings: &Tidings, paths: &[&str]) -> String {
    let feed: Value = serde_json::from_str(tidings.get("/feed.json").text()).unwrap();
    let mut seen = String::new();
    for item in feed["items"].as_array().unwrap() {
        describe(&mut seen, item);
    }
    for path in paths {
        let answer = tidings.get(path);
        let place = answer.header("location").unwrap_or_default();
        writeln!(seen, "{} {path} {place}", answer.status).unwrap();
    }
    seen.lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

fn describe(seen: &mut String, item: &Value) {
    let text = |value: &Value| {
        value
            .as_str()
            .unwrap_or_default()
            .replace("https://news.example.org", "")
    };
    let date = |value: &Value| {
        let date = text(value);
        // What nobody dated is dated by its first sight: today.
        let today = humantime(SystemTime::now());
        if date.is_empty() || date[..10] < today[..10] {
            date
        } else {
            "first sight".to_owned()
        }
    };
    let list = |value: &Value, key: &str| {
        let items = value.as_array().into_iter().flatten();
        let items: Vec<String> = items
            .map(|item| {
                if key.is_empty() {
                    text(item)
                } else {
                    text(&item[key])
                }
            })
            .collect();
        items.join(", ")
    };
    writeln!(seen, "{}", text(&item["title"])).unwrap();
    let facts = [
        ("at", text(&item["url"])),
        ("published", date(&item["date_published"])),
        ("updated", date(&item["date_modified"])),
        ("by", list(&item["authors"], "name")),
        ("tags", list(&item["tags"], "")),
        ("language", text(&item["language"])),
        ("image", text(&item["image"])),
        ("files", list(&item["attachments"], "url")),
        ("summary", text(&item["summary"])),
    ];
    for (name, fact) in facts.into_iter().filter(|(_, fact)| !fact.is_empty()) {
        writeln!(seen, "  {name}: {fact}").unwrap();
    }
    for related in item["_tidings"]["related"].as_array().into_iter().flatten() {
        let place = if related["pending"] == true {
            "pending".to_owned()
        } else {
            text(&related["url"])
        };
        writeln!(seen, "  related: {} -> {place}", text(&related["title"])).unwrap();
    }
    let html = text(&item["content_html"]);
    let count = |name: &&str| {
        let count = match name.strip_suffix('=') {
            Some(_) => html.matches(name).count(),
            None => html.matches(&format!("<{name}")).count(),
        };
        (count > 0).then(|| format!("{count} {name}"))
    };
    let counted: Vec<String> = COUNTED.iter().filter_map(count).collect();
    writeln!(seen, "  holds: {}", counted.join(", ")).unwrap();
    for link in html
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        writeln!(seen, "  links to: {link}").unwrap();
    }
    writeln!(seen).unwrap();
}

fn humantime(now: SystemTime) -> String {
    jiff::Timestamp::try_from(now).unwrap().to_string()
}
