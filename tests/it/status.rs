//! How the daemon is, for its publisher: `/status`, `/status.json` and `tidings status`.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{PATIENCE, Setup, Tidings, eventually, program, request};

const FEEDLY: &str =
    "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers; like FeedFetcher-Google)";
const NEWSBOAT: &str = "newsboat/2.36.0 (Linux 6.8; x86_64)";

/// A title that would like to be more than one.
const HOSTILE: &str = "Lamp \u{1b}[31m\u{202e}<script>alert(1)</script>";

fn json(tidings: &Tidings) -> Value {
    let answer = tidings.admin("/status.json", &[]);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    serde_json::from_slice(&answer.body).unwrap()
}

fn json_when(tidings: &Tidings, what: &str, good: impl Fn(&Value) -> bool) -> Value {
    eventually(what, PATIENCE, || Some(json(tidings)).filter(&good))
}

/// `tidings status`, for the state of `setup`.
fn status(tidings: &Tidings, arguments: &[&str]) -> Output {
    let folder = tidings.folder();
    Command::new(program())
        .args(["status", "--entries"])
        .arg(folder.join("entries"))
        .arg("--state")
        .arg(folder.join("state"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A folder with a bit of everything.
fn site() -> Tidings {
    let tidings = Setup::new().start();
    tidings.drop_entry(
        "lamp.md",
        &format!("---\ntitle: \"{HOSTILE}\"\n---\n\nLit.\n"),
    );
    tidings.drop_entry(
        "waits.md",
        "# The tunnel\n\nDug.\n\nRead: Ferry strike ends & starts\nRead: Tolls\n",
    );
    tidings.drop_entry(
        "later.md",
        "---\ntitle: Regatta\ndate: 2091-05-01\n---\nSail.\n",
    );
    tidings.drop_entry(
        "bad.md",
        "---\ntitle: Broken\ndate: <b>soon\u{1b}c\n---\nText.\n",
    );
    json_when(&tidings, "all is known", |it| {
        ["live", "rejected", "scheduled", "pending"].map(|list| it[list]["total"].as_u64().unwrap())
            == [2, 1, 1, 2]
    });
    tidings
}

#[test]
fn everything_about_the_folder_is_told() {
    let tidings = site();
    let status = json(&tidings);
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["base_url"], "https://news.example.org/");
    assert_eq!(status["is_serving"], true);
    assert_eq!(status["troubles"], serde_json::json!([]));
    let bad = &status["rejected"]["first"][0];
    assert_eq!(bad["file"], "bad.md");
    assert_eq!((&bad["line"], &bad["column"]), (&3.into(), &7.into()));
    let reason = bad["reason"].as_str().unwrap();
    assert!(
        reason.contains("`date` is not a date: expected"),
        "{reason}"
    );
    let line = bad["source"]["line"].as_str().unwrap();
    assert!(line.starts_with("date: "), "{line}");
    assert_eq!(bad["source"]["column"], 7);
    let pending = &status["pending"]["first"];
    assert_eq!(pending[0]["text"], "Ferry strike ends & starts");
    assert_eq!(
        (&pending[0]["file"], &pending[0]["line"]),
        (&"waits.md".into(), &5.into())
    );
    let to_come = &status["scheduled"]["first"][0];
    assert_eq!(to_come["title"], "Regatta");
    assert_eq!(to_come["due"], "2091-05-01T00:00:00Z");
    assert_eq!(status["ledger"]["entries"], 3);
    let page = tidings.admin("/status", &[]);
    let page = page.text();
    for part in [
        "<strong dir=\"auto\">bad.md:3:7</strong>",
        "<b>^</b>",
        "Read: Ferry strike ends &amp; starts",
        "waits.md:5",
        "Regatta",
        "2091-05-01 00:00",
        "&lt;script&gt;",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    assert!(!page.contains("<script"), "{page}");
    // Mended, and gone.
    tidings.drop_entry(
        "bad.md",
        "---\ntitle: Mended\ndate: 2026-01-31\n---\nText.\n",
    );
    json_when(&tidings, "it is mended", |it| it["rejected"]["total"] == 0);
    tidings.drop_entry("bad.md", "---\ndate: never\n---\nText.\n");
    json_when(&tidings, "it is broken", |it| it["rejected"]["total"] == 1);
    fs::remove_file(tidings.entries().join("bad.md")).unwrap();
    json_when(&tidings, "it is gone", |it| it["rejected"]["total"] == 0);
}

#[test]
fn publications_are_told_with_their_times() {
    let tidings = site();
    tidings.drop_entry("new.md", "# Quite new\n\nText.\n");
    let status = json_when(&tidings, "it is published", |it| {
        it["publications"]["first"][0]["titles"][0] == "Quite new"
    });
    let last = &status["publications"]["first"][0];
    assert_eq!((&last["new"], &last["edited"]), (&1.into(), &0.into()));
    assert!(last["milliseconds"].as_u64().is_some());
    let moment: jiff::Timestamp = last["moment"].as_str().unwrap().parse().unwrap();
    let now: jiff::Timestamp = status["now"].as_str().unwrap().parse().unwrap();
    assert!(moment <= now, "{status}");
}

#[test]
fn who_reads_is_told() {
    let tidings = site();
    let tag = tidings.get_with("/atom.xml", &[("User-Agent", FEEDLY)]);
    let tag = tag.header("etag").unwrap().to_owned();
    for _ in 0..3 {
        let again = [("User-Agent", NEWSBOAT), ("If-None-Match", &*tag)];
        assert_eq!(tidings.get_with("/atom.xml", &again).status, 304);
    }
    for (path, agent) in [
        ("/rss.xml", "Feedbin feed-id:7 - 5 subscribers"),
        ("/rss.xml", "Googlebot/2.1"),
        ("/rss.xml", "Shiny/1.0 (900 subscribers)"),
        // No feed, not found, and an older part of one.
        ("/", NEWSBOAT),
        ("/tags/none/atom.xml", NEWSBOAT),
        ("/archive/1/atom.xml", NEWSBOAT),
    ] {
        tidings.get_with(path, &[("User-Agent", agent)]);
    }
    let status = json(&tidings);
    let audience = &status["audience"];
    assert_eq!(audience["total"], 1, "{audience}");
    let all = &audience["feeds"][0];
    assert_eq!(all["feed"], "");
    // The feed was asked for by the test itself, too, in the format that it likes: that program has no name.
    assert_eq!(all["estimate"]["through_services"], 47);
    let row = |name: &str| {
        let rows = all["programs"].as_array().unwrap().iter();
        rows.clone().find(|it| it["name"] == name).cloned()
    };
    let newsboat = row("Newsboat").unwrap();
    assert_eq!(
        ["readers", "polls", "not_modified"].map(|key| newsboat[key].as_u64().unwrap()),
        [1, 3, 3]
    );
    let feedly = row("Feedly").unwrap();
    assert_eq!(
        ["readers", "polls", "not_modified"].map(|key| feedly[key].as_u64().unwrap()),
        [42, 1, 0]
    );
    assert_eq!(all["unverified"][0]["name"], "Shiny");
    let singles = all["estimate"]["single_readers"].as_u64().unwrap();
    assert!(singles >= 1, "{all}");
    assert_eq!(all["estimate"]["subscribers"], 47 + singles);
    let page = tidings.admin("/status", &[]);
    assert!(page.text().contains("Feedly <span"), "{page:?}");
    // No address and no User-Agent is in what is told.
    for trace in ["127.0.0.1", "2.36.0", "feedly.com"] {
        assert!(!audience.to_string().contains(trace), "{audience}");
    }
}

#[test]
fn the_page_is_for_looking_alone() {
    let tidings = site();
    let head = request(tidings.admin_address(), "HEAD", "/status", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(
        request(tidings.admin_address(), "POST", "/status", &[]).status,
        405
    );
    assert_eq!(tidings.get("/status").status, 404);
    assert_eq!(tidings.get("/status.json").status, 404);
    let page = tidings.admin("/status", &[]);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'; "),
        "{policy}"
    );
    let style = tidings.admin("/status.css", &[]);
    assert_eq!(
        style.header("content-type"),
        Some("text/css; charset=utf-8")
    );
}

#[test]
fn the_command_asks_the_daemon_that_runs() {
    let mut tidings = site();
    let told = status(&tidings, &[]);
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    let lines = text(&told.stdout);
    for part in [
        "2 live, 1 scheduled, 1 not published, 2 lines waiting",
        "\n  bad.md:3:7: `date` is not a date",
        "\n    3 | date: ",
        "\n      |       ^\n",
        "\n  waits.md:5: Read: Ferry strike ends & starts\n",
        "\n  2091-05-01 00:00  Regatta  (later.md)\n",
    ] {
        assert!(lines.contains(part), "no {part:?} in {lines}");
    }
    let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!lines.contains(steers), "{lines:?}");
    let json = status(&tidings, &["--format", "json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["live"]["total"], 2);
    assert!(tidings.stop().success());
    let alone = status(&tidings, &[]);
    assert_eq!(alone.status.code(), Some(1));
    let said = text(&alone.stderr);
    assert!(
        said.starts_with("tidings: no daemon serves the state in "),
        "{said}"
    );
    assert!(alone.stdout.is_empty());
    let wrong = status(&tidings, &["--format", "xml"]);
    assert_eq!(wrong.status.code(), Some(2));
}
