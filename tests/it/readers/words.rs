//! What libraries that readers are built on make of everything that they have words for.

use std::fs;

use serde_json::{Value, json};

use super::{Newsboat, POLL, Reader, Sfeed, glue};
use crate::podcast::{COVER, recording};
use crate::support::{Setup, Tidings, bare, repository, run, tools_are_required};

/// An article with all that readers know; `None` without the tools.
fn site() -> Option<(Tidings, String)> {
    if !tools_are_required() {
        eprintln!("skipped: readers are foreign programs; TIDINGS_TOOLS=required runs them");
        return None;
    }
    let setup = Setup::new();
    let entries = setup.entries();
    fs::write(
        entries.join("bridge.md"),
        "# The bridge is open\n\nAt last.\n",
    )
    .unwrap();
    fs::write(entries.join("ferry.pdf"), "a timetable").unwrap();
    fs::write(
        entries.join("ferry.md"),
        "---\ntitle: A ferry & a <song>\nlang: pt\nauthors: [Ana Reis, Bo]\ntags: [Stadt & Land, Ferries]\n\
         comments: https://talk.example/1\nenclosures: ferry.pdf\nsummary: It sings.\n---\n\nIt sang.\n\nRead: The bridge is open\n\n\
         Read: Tides <https://tides.example/?a=1&b=2>\n",
    )
    .unwrap();
    fs::write(entries.join("horn.mp3"), recording("Horn", 1, 2, COVER)).unwrap();
    let tidings = setup.start();
    tidings.has_titles(&["The bridge is open", "A ferry & a <song>", "Horn"]);
    let ferry = tidings
        .titles()
        .into_iter()
        .find(|(title, _)| title.starts_with("A ferry"));
    let id = ferry.unwrap().1;
    Some((tidings, id))
}

/// What `script`, run by `program`, sees of the ferry in the document at `path`.
fn seen(program: &std::ffi::OsStr, script: &str, tidings: &Tidings, path: &str, id: &str) -> Value {
    let home = tempfile::tempdir().unwrap();
    let modules = std::env::var_os("NODE_PATH")
        .unwrap_or_else(|| repository().join("target/tools/node_modules").into());
    let said = run(
        bare(program, home.path())
            .env("NODE_PATH", modules)
            .arg(glue(script))
            .arg(format!("http://{}{path}", tidings.address())),
        POLL,
    );
    let said: Value = serde_json::from_str(&said).unwrap();
    said[id].clone()
}

#[test]
fn feedparser_knows_links_people_files_and_languages() {
    let Some((tidings, id)) = site() else { return };
    let python = std::env::var_os("TIDINGS_PYTHON").unwrap_or_else(|| "python3".into());
    let length = fs::metadata(tidings.entries().join("ferry.pdf"))
        .unwrap()
        .len();
    for path in ["/atom.xml", "/rss.xml"] {
        let seen = seen(&python, "read_feedparser.py", &tidings, path, &id);
        let check = |name: &str, expected: Value| {
            assert_eq!(seen[name], expected, "{path} {name}: {seen:#}");
        };
        check(
            "related",
            json!([
                [
                    "https://news.example.org/entries/bridge",
                    "The bridge is open"
                ],
                ["https://tides.example/?a=1&b=2", "Tides"],
            ]),
        );
        check("authors", json!(["Ana Reis", "Bo"]));
        check("tags", json!(["Stadt & Land", "Ferries"]));
        check(
            "enclosures",
            json!([[
                "https://news.example.org/media/ferry.pdf",
                length,
                "application/pdf"
            ]]),
        );
        check("summary", json!("It sings."));
        check("has_text", json!(true));
        if path == "/atom.xml" {
            check("language", json!("pt"));
        } else {
            check("comments", json!("https://talk.example/1"));
        }
    }
}

#[test]
fn rss_parser_knows_people_and_files() {
    let Some((tidings, id)) = site() else { return };
    let length = fs::metadata(tidings.entries().join("ferry.pdf"))
        .unwrap()
        .len();
    let seen = seen(
        "node".as_ref(),
        "read_rss_parser.js",
        &tidings,
        "/rss.xml",
        &id,
    );
    let expected = json!({
        "creator": "Ana Reis",
        "tags": seen["tags"],
        "enclosure": {
            "url": "https://news.example.org/media/ferry.pdf",
            "length": length.to_string(),
            "type": "application/pdf",
        },
        "text": true,
    });
    assert_eq!(seen, expected);
}

#[test]
fn newsboat_knows_people_and_files() {
    let Some((tidings, id)) = site() else { return };
    for path in ["/atom.xml", "/rss.xml"] {
        let home = tempfile::tempdir().unwrap();
        let url = format!("http://{}{path}", tidings.address());
        Newsboat::new(home.path(), &url).poll();
        let cache = rusqlite::Connection::open(home.path().join("cache.db")).unwrap();
        let author: String = cache
            .query_row(
                "select author from rss_item where guid = ?1",
                [&id],
                |row| row.get(0),
            )
            .unwrap();
        // Of several people it shows one in RSS.
        let is_known = author.contains("Ana Reis") || (path == "/rss.xml" && author == "Bo");
        assert!(is_known, "{path}: {author}");
        // It takes sound alone.
        let sound = "select enclosure_type from rss_item where enclosure_url = ?1";
        let horn = "https://news.example.org/media/horn.mp3";
        let media_type: String = cache.query_row(sound, [horn], |row| row.get(0)).unwrap();
        assert_eq!(media_type, "audio/mpeg", "{path}");
    }
}

#[test]
fn sfeed_knows_people_files_and_tags() {
    let Some((tidings, id)) = site() else { return };
    for path in ["/atom.xml", "/rss.xml"] {
        let home = tempfile::tempdir().unwrap();
        let url = format!("http://{}{path}", tidings.address());
        Sfeed::new(home.path(), &url).poll();
        let lines = fs::read_to_string(home.path().join("feeds/tidings")).unwrap();
        let lines = lines
            .lines()
            .map(|line| line.split('\t').collect::<Vec<_>>());
        let ferry = lines.into_iter().find(|fields| fields[5] == id).unwrap();
        assert!(ferry[6].contains("Ana Reis"), "{path}: {ferry:?}");
        assert_eq!(
            ferry[7], "https://news.example.org/media/ferry.pdf",
            "{path}"
        );
        assert!(ferry[8].contains("erries"), "{path}: {ferry:?}");
    }
}
