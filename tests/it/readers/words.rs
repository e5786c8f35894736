//! What libraries that readers are built on make of everything that they have words for.

use std::fs;

use serde_json::{Value, json};

use super::{POLL, glue};
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
    let tidings = setup.start();
    tidings.has_titles(&["The bridge is open", "A ferry & a <song>"]);
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
