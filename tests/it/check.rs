//! What the commands for writers say, and how they end.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Setup, Tidings, repository};

/// What a command said, and how it ended.
struct Said {
    code: i32,
    out: String,
    err: String,
}

/// The program in `home`, with none of the caller's settings.
fn tidings(home: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.current_dir(home).env_clear().env("HOME", home);
    let output = command.args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said {
        code: output.status.code().unwrap(),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

/// A home with these files in its entries folder.
fn home(files: &[(&str, &str)]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("entries")).unwrap();
    for (name, text) in files {
        let place = home.path().join("entries").join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    home
}

/// All kinds of findings.
const FOLDER: &[(&str, &str)] = &[
    ("bridge.md", "# Harbour bridge reopens\n\nIt turned.\n"),
    (
        "calls.md",
        "# Calls\n\nText.\n\nSee also: Habour bridge reopens soon\n\nRead: nothing.md\n",
    ),
    (
        "twin-one.md",
        "---\ndate: 2026-01-01\n---\n# The same title\n\nOne.\n",
    ),
    (
        "twin-two.md",
        "---\ndate: 2026-02-01\n---\n# The same title\n\nTwo.\n",
    ),
    (
        "asks.md",
        "---\ndate: 2026-03-01\n---\n# Asks\n\nRead: The same title\n\n![](fog.png)\n\n[gone](a%20b.pdf)\n",
    ),
    (
        "openings-a.md",
        "# The council votes on the new harbour wall\n\nA.\n",
    ),
    (
        "openings-b.md",
        "# The council votes on the new market hall\n\nB.\n",
    ),
    (
        "unclear.md",
        "# Unclear\n\nRead: The council votes on the new\n",
    ),
    (
        "later.md",
        "---\ntitle: Later\npublishDate: 2999-01-01\n---\nNot yet.\n",
    ),
    (
        "wrong.md",
        "---\ntitle: Wrong\ndate: tomorrow\n---\nText.\n",
    ),
    ("open.md", "---\ntitle: Open\n"),
    ("id-a.md", "---\ntitle: First\nid: urn:x-test:1\n---\nA.\n"),
    ("id-b.md", "---\ntitle: Second\nid: urn:x-test:1\n---\nB.\n"),
    ("x7.txt", "a few words without a title\n"),
    (
        "hugo.md",
        "---\ntitle: Hugo\nweight: 3\npubdate: soon\n---\nText.\n",
    ),
    ("sub/_feed.toml", "titel = \"x\"\n"),
    ("sub/a.md", "# A\n\nText.\n"),
    ("fog.png", "a picture"),
];

#[test]
fn each_kind_of_finding_has_a_code_a_place_and_words() {
    let home = home(FOLDER);
    let said = tidings(home.path(), &["check", "--format", "json"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{}", said.out);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["version"], 1);
    let findings = report["findings"].as_array().unwrap();
    let told: Vec<String> = findings
        .iter()
        .map(|it| {
            let text = |key: &str| it[key].as_str().unwrap().to_owned();
            let suggestions = it["suggestions"].as_array().unwrap();
            let suggestions: Vec<_> = suggestions.iter().filter_map(Value::as_str).collect();
            format!(
                "{} {} {}:{}:{} {}",
                text("severity"),
                text("code"),
                text("file"),
                it["line"],
                it["column"],
                suggestions.join(" / ")
            )
        })
        .collect();
    let expected = [
        "warning ambiguous-title asks.md:6:7 /twin-one.md",
        "warning missing-alt asks.md:8:5 ",
        "warning dead-link asks.md:10:8 ",
        "warning pending-line calls.md:5:11 Harbour bridge reopens",
        "warning pending-line calls.md:7:7 ",
        "warning foreign-value hugo.md:4:10 ",
        "error duplicate-id id-b.md:3:5 ",
        "warning future-date later.md:3:14 ",
        "error unfinished open.md:1:1 ",
        "error defaults sub/_feed.toml:1:9 ",
        "error defaults sub/a.md:1:1 ",
        "warning unclear-line unclear.md:3:7 The council votes on the new harbour wall / The council votes on the new market hall",
        "error rejected wrong.md:3:7 ",
        "warning guessed-title x7.txt:1:1 ",
    ];
    assert_eq!(told.join("\n"), expected.join("\n"));
    let count = |severity: &str| told.iter().filter(|it| it.starts_with(severity)).count();
    assert_eq!(report["errors"], count("error"));
    assert_eq!(report["warnings"], count("warning"));
}

#[test]
fn people_see_the_line_and_a_caret() {
    let home = home(&[
        FOLDER[0],
        FOLDER[1],
        (
            "wrong.md",
            "---\ntitle: Wrong\ndate: tomorrow\n---\nText.\n",
        ),
    ]);
    let said = tidings(home.path(), &["check"]);
    assert_eq!(
        said.out,
        "\
warning: no entry has this title: it becomes a link as soon as one has
 --> calls.md:5:11
  |
5 | See also: Habour bridge reopens soon
  |           ^^^^^^^^^^^^^^^^^^^^^^^^^^
  = did you mean \"Harbour bridge reopens\"?

warning: `nothing.md` is not there: the line becomes a link as soon as there is such an entry
 --> calls.md:7:7
  |
7 | Read: nothing.md
  |       ^^^^^^^^^^

error: `date` is not a date: expected 2026-01-31 or 2026-01-31T10:00:00Z
 --> wrong.md:3:7
  |
3 | date: tomorrow
  |       ^^^^^^^^

3 files: 1 error, 2 warnings
"
    );
}

#[test]
fn the_exit_code_tells_whether_all_is_well() {
    let clean = home(&[("a.md", "# A title\n\nText.\n")]);
    let said = tidings(clean.path(), &["check", "--strict"]);
    assert_eq!((said.code, said.out.as_str()), (0, "1 file: all is well\n"));
    let warned = home(&[("a.md", "# A title\n\nRead: Nobody's words\n")]);
    assert_eq!(tidings(warned.path(), &["check"]).code, 0);
    assert_eq!(tidings(warned.path(), &["check", "--strict"]).code, 1);
    let wrong = home(&[("a.md", "---\ndate: soon\n---\nText.\n")]);
    assert_eq!(tidings(wrong.path(), &["check"]).code, 1);
    // A folder that is named counts, not the one in the settings.
    let named = clean.path().join("entries");
    let named = tidings(wrong.path(), &["check", named.to_str().unwrap()]);
    assert_eq!(named.code, 0);
    let missing = tidings(wrong.path(), &["check", "nowhere"]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.err.contains("there is no entries folder"),
        "{}",
        missing.err
    );
    assert_eq!(tidings(wrong.path(), &["check", "--format", "xml"]).code, 2);
}

#[test]
fn our_own_articles_have_no_errors_and_break_no_rule() {
    let entries = repository().join("entries");
    let home = home(&[]);
    let arguments = ["check", entries.to_str().unwrap(), "--format", "json"];
    let said = tidings(home.path(), &arguments);
    assert_eq!(said.code, 0, "{}", said.out);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let mut findings = report["findings"].as_array().unwrap().iter();
    assert!(findings.all(|it| it["code"] != "document"), "{}", said.out);
}

/// Asks about the folder of `daemon`, and about what its ledger knows.
fn ask(daemon: &Tidings, arguments: &[&str]) -> Said {
    let entries = daemon.entries();
    let state = daemon.folder().join("state");
    let folders = [
        "--entries",
        entries.to_str().unwrap(),
        "--state",
        state.to_str().unwrap(),
    ];
    let base = ["--base-url", "https://news.example.org/"];
    tidings(daemon.folder(), &[arguments, &folders, &base].concat())
}

#[test]
fn beside_a_daemon_former_titles_count_and_the_ledger_stays_as_it_is() {
    let mut daemon = Setup::new().start();
    let bridge = |title: &str| format!("---\ndate: 2026-01-31\n---\n# {title}\n\nIt turned.");
    daemon.drop_entry("bridge.md", &bridge("Harbour bridge reopens"));
    daemon.has_titles(&["Harbour bridge reopens"]);
    daemon.drop_entry("bridge.md", &bridge("The bridge is open"));
    daemon.has_titles(&["The bridge is open"]);
    daemon.drop_entry("asks.md", "# Asks\n\nRead: Harbour bridge reopens");
    daemon.has_titles(&["The bridge is open", "Asks"]);
    let ledger = daemon.folder().join("state").join("ledger.sqlite");
    let before = fs::read(&ledger).unwrap();
    let said = ask(&daemon, &["check", "--strict"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (0, "2 files: all is well\n")
    );
    assert_eq!(fs::read(&ledger).unwrap(), before);
    let elsewhere = tempfile::tempdir().unwrap();
    let entries = daemon.entries();
    let alone = ["check", entries.to_str().unwrap(), "--strict"];
    assert_eq!(tidings(elsewhere.path(), &alone).code, 1);

    let why = ask(&daemon, &["why", "bridge.md"]);
    assert_eq!(why.code, 0, "{}", why.err);
    for expected in [
        "\"The bridge is open\" is published at https://news.example.org/entries/bridge.",
        "its id is urn:uuid:",
        "In the feeds it is number 2 of 2.",
        "It is mentioned in \"Asks\".",
    ] {
        assert!(why.out.contains(expected), "{expected}\n{}", why.out);
    }
    let why = ask(&daemon, &["why", "asks.md"]);
    let rule = "leads to \"The bridge is open\" (bridge.md), by a title that it had before.";
    assert!(why.out.contains(rule), "{}", why.out);

    daemon.drop_entry(
        "asks.md",
        "# Asks\n\n[b](bridge.md) [d](_drafts/d.md) [n](_n.md)",
    );
    daemon.drop_entry("_drafts/d.md", "# D\n\nText.");
    daemon.drop_entry("_n.md", "# N\n\nText.");
    let said = ask(&daemon, &["check"]);
    for expected in [
        "`_drafts/d.md` is there, but not published",
        "`_n.md` is passed over",
    ] {
        assert!(said.out.contains(expected), "{expected}\n{}", said.out);
    }

    daemon.drop_entry("bridge.md", "---\ndate: soon\n---\n# Broken\n\nText.");
    let why = ask(&daemon, &["why", "bridge.md"]);
    assert!(
        why.out
            .contains("It can't be published as it is. Line 2, column 7"),
        "{}",
        why.out
    );
    assert!(
        why.out.contains("The last good version stays published"),
        "{}",
        why.out
    );

    // What the daemon has not seen yet is told as what it will do.
    daemon.stop();
    fs::remove_file(daemon.entries().join("asks.md")).unwrap();
    fs::write(
        daemon.entries().join("bridge.md"),
        "---\ndraft: true\n---\nText.",
    )
    .unwrap();
    for (file, what) in [
        ("asks.md", "its file is gone"),
        ("bridge.md", "it is a draft now"),
    ] {
        let why = ask(&daemon, &["why", file]);
        let expected = format!("is published still, but {what}: it will be withdrawn");
        assert!(why.out.contains(&expected), "{expected}\n{}", why.out);
    }
}

#[test]
fn why_tells_what_becomes_of_each_file() {
    let home = home(&[
        ("a.md", "---\ntitle: Fresh\nimage: used.png\n---\nText.\n"),
        ("draft.md", "---\ndraft: true\n---\n# Not yet\n\nText.\n"),
        ("_drafts/d.md", "# A draft\n\nText.\n"),
        (
            "later.md",
            "---\ntitle: Later\ndate: 2999-01-01\n---\nText.\n",
        ),
        (
            "over.md",
            "---\ntitle: Over\ndate: 2020-01-01\nexpires: 2020-02-01\n---\nText.\n",
        ),
        ("_note.md", "x"),
        ("a.md~", "x"),
        ("README.md", "x"),
        ("used.png", "x"),
        ("unused.png", "x"),
        ("index.md", "# Welcome\n\nText.\n"),
        ("_feed.toml", "tags = [\"x\"]\n"),
        ("wait.md", "# Waits\n\nRead: Frish\n"),
    ]);
    let check = |file: &str, expected: &str| {
        let said = tidings(home.path(), &["why", file]);
        assert_eq!(said.code, 1, "{file}: {}{}", said.out, said.err);
        assert!(said.out.contains(expected), "{file}: {}", said.out);
    };
    check(
        "a.md",
        "Nothing is wrong with \"Fresh\": as soon as the daemon sees it",
    );
    check("entries/a.md", "http://127.0.0.1:7373/entries/fresh");
    check("draft.md", "is a draft, and so it is not published");
    check("_drafts/d.md", "is a draft, and so it is not published");
    check("later.md", "It will be published by itself on 2999-01-01");
    check("over.md", "expired on 2020-02-01");
    check("_note.md", "begins with a dot or an underscore");
    check("a.md~", "an editor or sync tool leaves behind");
    check("entries/README.md", "speak of the folder itself");
    check("unused.png", "no published entry uses it");
    check("index.md", "the front page's own text");
    check("_feed.toml", "for the entries of its folder");
    check("nothing.md", "There is no file nothing.md");
    check("nothing.png", "nothing.png is not there");
    check("_drafts", "_drafts is a folder");
    check("wait.md", "The line \"Frish\" waits");
    let used = tidings(home.path(), &["why", "used.png"]);
    assert_eq!(used.code, 0);
    assert!(
        used.out
            .contains("is served at http://127.0.0.1:7373/media/used.png")
    );
    let outside = tidings(home.path(), &["why", "/etc/passwd"]);
    assert_eq!(outside.code, 2);
    assert!(outside.err.contains("does not lie in the entries folder"));
}

#[test]
fn a_new_article_is_a_draft_until_somebody_says_otherwise() {
    let home = home(&[]);
    let path = |said: &Said| {
        assert_eq!(said.code, 0, "{}", said.err);
        said.out.trim_end().to_owned()
    };
    let made = path(&tidings(
        home.path(),
        &["new", "The \"lamp\": lit, at last", "--section", "sea"],
    ));
    assert!(
        made.starts_with("entries/sea/2") && made.ends_with("-the-lamp-lit-at-last.md"),
        "{made}"
    );
    let why = tidings(home.path(), &["why", &made]);
    assert_eq!(why.code, 1);
    assert!(why.out.contains("is a draft"), "{}", why.out);
    let text = fs::read_to_string(home.path().join(&made)).unwrap();
    let text = text.replace("draft: true\n", "") + "It burns.\n";
    fs::write(home.path().join(&made), text).unwrap();
    let said = tidings(home.path(), &["check", "--strict"]);
    assert_eq!(said.code, 0, "{}", said.out);

    let again = path(&tidings(
        home.path(),
        &["new", "The \"lamp\": lit, at last", "--section", "sea"],
    ));
    assert!(again.ends_with("-the-lamp-lit-at-last-2.md"), "{again}");
    for odd in ["..", "/etc/passwd", "🙂", "no"] {
        let made = path(&tidings(home.path(), &["new", odd]));
        let parent = Path::new(&made).parent().unwrap();
        assert_eq!(parent, Path::new("entries"), "{odd}");
    }
    for wrong in [
        &["new", ""][..],
        &["new", "A", "--section", "../x"],
        &["new", "A", "--section", "_x"],
        &["new", "A", "--section", ""],
        &["new", "A", "--entries", "nowhere"],
        &["new", "A", "--entries", "nowhere", "--section", "x"],
    ] {
        assert_eq!(tidings(home.path(), wrong).code, 2, "{wrong:?}");
    }
    assert!(!home.path().join("nowhere").exists());
}

#[test]
fn the_documents_are_judged_too() {
    let stated = "---\ntitle: Ferries\ndate: 2026-01-31T10:00:00Z\n---\nThey run.\n";
    let files = [
        ("a.md", stated),
        ("b.md", &stated.replace("Ferries", "Trams <b>& trains</b>")),
        (
            "c.md",
            "---\nid: harbour:12\ndate: 2026-01-30\n---\n# Boats\n\nThey float.\n",
        ),
    ];
    let home = home(&files);
    fs::write(home.path().join("tidings.toml"), "[feeds]\nlimit = 2\n").unwrap();
    let arguments = ["check", "--config", "tidings.toml", "--format", "json"];
    let said = tidings(home.path(), &arguments);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let told: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let text = |key: &str| it[key].as_str().unwrap().to_owned();
            let rule = text("message");
            let rule = rule.rsplit('(').next().unwrap().trim_end_matches(')');
            let place = format!("{}:{}:{}", text("file"), it["line"], it["column"]);
            format!("{} {} {place} {rule}", text("severity"), text("code"))
        })
        .collect();
    // The feed shows two entries; the third is judged all the same, in an archive.
    let archive = "archive/0/before/2026-01-31T10:00:00Z/trams-b-trains-b/atom.xml";
    let third = format!("warning document c.md:1:1 IdScheme in {archive}");
    let expected = [
        "warning document b.md:2:8 Markup in atom.xml",
        "warning document b.md:3:7 RepeatedUpdated in atom.xml",
        &third,
    ];
    assert_eq!(told, expected, "{}", said.out);
    assert_eq!(said.code, 0, "they are warnings");
}
