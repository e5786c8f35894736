//! The life of an entry: who it is and when it is seen, whatever happens to its file.

use std::fs;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::Value;

use crate::support::{PATIENCE, Setup, Tidings, eventually};

fn article(title: &str, text: &str) -> String {
    format!("---\ntitle: {title}\n---\n\n{text}\n")
}

/// Title, id, date of publication and date of the last edit of each entry in the feed, by title.
fn lives(tidings: &Tidings) -> Vec<[String; 4]> {
    let feed = tidings.feed_when("there is a feed", |_| true);
    let keys = ["title", "id", "date_published", "date_modified"];
    let items = feed["items"].as_array().unwrap().iter();
    let life = |item: &Value| keys.map(|key| item[key].as_str().unwrap_or_default().to_owned());
    let mut lives: Vec<_> = items.map(life).collect();
    lives.sort();
    lives
}

fn ids(tidings: &Tidings) -> Vec<(String, String)> {
    let mut titles = tidings.titles();
    titles.sort();
    titles
}

fn in_seconds(seconds: u64) -> Timestamp {
    let now = Timestamp::try_from(SystemTime::now()).unwrap();
    now + Duration::from_secs(seconds)
}

/// The ids that the Atom feed says were withdrawn.
fn tombstones(tidings: &Tidings) -> Vec<String> {
    let answer = tidings.get("/atom.xml");
    let document = roxmltree::Document::parse(answer.text()).unwrap();
    let deleted = document.root_element().children().filter(|node| {
        node.has_tag_name(("http://purl.org/atompub/tombstones/1.0", "deleted-entry"))
    });
    deleted
        .map(|node| {
            let when = node.attribute("when").unwrap();
            assert!(when.parse::<Timestamp>().is_ok(), "{when}");
            node.attribute("ref").unwrap().to_owned()
        })
        .collect()
}

#[test]
fn two_files_that_swap_names_keep_their_entries() {
    let mut tidings = Setup::new().with("grace", "\"2s\"").start();
    tidings.drop_entry("a.md", &article("One", "The first."));
    tidings.drop_entry("b.md", &article("Two", "The second."));
    tidings.has_titles(&["One", "Two"]);
    let before = lives(&tidings);
    let entries = tidings.entries();
    let rename = |from: &str, to: &str| {
        fs::rename(entries.join(from), entries.join(to)).unwrap();
    };
    for pause in [0, 0, 100] {
        let pause = || std::thread::sleep(Duration::from_millis(pause));
        rename("a.md", ".between");
        pause();
        rename("b.md", "a.md");
        pause();
        rename(".between", "b.md");
        // Something else tells that all of this was looked at.
        let mark = format!("Mark {}", Timestamp::try_from(SystemTime::now()).unwrap());
        tidings.drop_entry("mark.md", &article("Mark", &mark));
        tidings.feed_when("the mark", |feed| feed.to_string().contains(&mark));
        let mut after = lives(&tidings);
        after.retain(|[title, ..]| title != "Mark");
        assert_eq!(after, before);
        assert!(tombstones(&tidings).is_empty());
    }
    // Also while nobody looks.
    assert!(tidings.stop().success());
    rename("a.md", "c.md");
    rename("b.md", "a.md");
    rename("c.md", "b.md");
    rename("mark.md", "c.md");
    tidings.start_again();
    tidings.drop_entry("last.md", &article("Zero", "The last."));
    tidings.has_titles(&["One", "Two", "Mark", "Zero"]);
    let after = ids(&tidings);
    let before: Vec<_> = before
        .into_iter()
        .map(|[title, id, ..]| (title, id))
        .collect();
    assert_eq!(&after[1..3], &before[..]);
}

#[test]
fn what_is_no_edit_changes_nothing() {
    let tidings = Setup::new().start();
    tidings.drop_entry(
        "a.md",
        "---\ntitle: One\ntags: [x]\nlang: en\n---\n\nThe *first* text.\n",
    );
    tidings.drop_entry("b.md", &article("Two", "Read: Three"));
    tidings.has_titles(&["One", "Two"]);
    let before = lives(&tidings);
    let feed = tidings.get("/atom.xml");
    // Touched, its front matter put in another order, white space, a minor edit, and a line that heals.
    let file = tidings.entries().join("a.md");
    let touched = fs::File::options().append(true).open(&file).unwrap();
    touched.set_modified(SystemTime::now()).unwrap();
    drop(touched);
    for text in [
        "---\nlang: en\ntags: [x]\ntitle: One\n---\n\nThe *first* text.\n",
        "---\ntitle:   One\ntags:\n  - x\nlang: en\n---\n\n\n\nThe *first*\ntext.   \n\n",
        "---\ntitle: One\ntags: [x]\nlang: en\nminor: true\n---\n\nThe *very first* text.\n",
    ] {
        tidings.drop_entry("a.md", text);
        let mark = format!("Mark {}", text.len());
        tidings.drop_entry("mark.md", &article(&mark, "It was looked at."));
        tidings.feed_when("the mark", |feed| feed.to_string().contains(&mark));
        let mut after = lives(&tidings);
        after.retain(|[title, ..]| !title.starts_with("Mark"));
        assert_eq!(after, before, "{text}");
    }
    fs::remove_file(tidings.entries().join("mark.md")).unwrap();
    tidings.has_titles(&["One", "Two"]);
    assert_ne!(tidings.get("/atom.xml").header("etag"), feed.header("etag"));
    tidings.drop_entry("c.md", &article("Three", "What was waited for."));
    tidings.feed_when("the line heals", |feed| {
        feed.to_string().contains("/entries/three")
    });
    let after = lives(&tidings);
    assert!(after.contains(&before[0]) && after.contains(&before[1]));
}

#[test]
fn an_entry_appears_and_expires_by_itself() {
    let tidings = Setup::new().start();
    let (from, until) = (in_seconds(3), in_seconds(5));
    let text = format!("---\ntitle: Short\ndate: {from}\nexpires: {until}\n---\n\nSoon over.\n");
    tidings.drop_entry("short.md", &text);
    tidings.drop_entry("other.md", &article("Other", "It stays."));
    tidings.has_titles(&["Other"]);
    assert_eq!(tidings.get("/entries/short").status, 404);
    tidings.has_titles(&["Other", "Short"]);
    let appeared = Timestamp::try_from(SystemTime::now()).unwrap();
    assert!(appeared >= from, "{appeared} {from}");
    let (_, id) = ids(&tidings).remove(1);
    tidings.has_titles(&["Other"]);
    assert!(Timestamp::try_from(SystemTime::now()).unwrap() >= until);
    assert_eq!(tidings.get("/entries/short").status, 410);
    assert_eq!(tombstones(&tidings), [id]);
}

#[test]
fn copies_are_not_fresh_long_after_an_entry_appears() {
    let tidings = Setup::new()
        .with_only_tables("[http]\nmax_age = \"24h\"\n")
        .start();
    tidings.drop_entry("now.md", &article("Now", "It is here."));
    tidings.has_titles(&["Now"]);
    let fresh_for = || {
        let answer = tidings.get("/rss.xml");
        let field = answer.header("cache-control").unwrap().to_owned();
        let seconds = field.split("max-age=").nth(1).unwrap();
        let seconds = seconds.split(',').next().unwrap().trim();
        seconds.parse::<u64>().unwrap()
    };
    let date = in_seconds(600);
    tidings.drop_entry(
        "soon.md",
        &format!("---\ntitle: Soon\ndate: {date}\n---\n\nNot yet.\n"),
    );
    // At most a sixtieth of a day, half as much again, and a step of two minutes.
    let late = 86_400 / 60 * 3 / 2 + 120;
    eventually("copies are not fresh long after it", PATIENCE, || {
        let seconds = fresh_for();
        (seconds <= 600 + late).then(|| assert!(seconds >= 60, "{seconds}"))
    });
}

#[test]
fn a_new_entry_is_held_and_can_be_taken_back_for_free() {
    let setup = Setup::new().with("hold", "\"3s\"");
    fs::write(
        setup.entries().join("old.md"),
        article("Old", "It was here."),
    )
    .unwrap();
    let tidings = setup.start();
    // What is there at the very first start does not wait.
    tidings.has_titles(&["Old"]);
    tidings.drop_entry("slip.md", &article("Slip", "Not meant to be seen."));
    tidings.drop_entry("new.md", &article("New", "Seen in a while."));
    let dropped = SystemTime::now();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(tidings.titles().len(), 1);
    assert_eq!(tidings.get("/entries/new").status, 404);
    fs::remove_file(tidings.entries().join("slip.md")).unwrap();
    tidings.has_titles(&["Old", "New"]);
    assert!(dropped.elapsed().unwrap() >= Duration::from_secs(2));
    // The slip left no trace.
    std::thread::sleep(Duration::from_millis(500));
    tidings.has_titles(&["Old", "New"]);
    assert_eq!(tidings.get("/entries/slip").status, 404);
    assert!(tombstones(&tidings).is_empty());
}

#[test]
fn a_withdrawn_entry_leaves_a_page_and_a_tombstone_until_it_is_back() {
    let mut tidings = Setup::new().start();
    tidings.drop_entry("a.md", &article("One", "The first."));
    tidings.drop_entry("b.md", &article("Two", "The second."));
    tidings.has_titles(&["One", "Two"]);
    let before = ids(&tidings);
    let etag = |tidings: &Tidings| tidings.get("/atom.xml").header("etag").map(str::to_owned);
    let with_both = etag(&tidings);
    let away = tidings.folder().join("away.md");
    fs::rename(tidings.entries().join("a.md"), &away).unwrap();
    tidings.has_titles(&["Two"]);
    for restarted in [false, true] {
        assert_eq!(tombstones(&tidings), [before[0].1.clone()], "{restarted}");
        let page = tidings.get("/entries/one");
        assert_eq!(page.status, 410);
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(page.text().contains("This article was withdrawn"));
        for document in ["/rss.xml", "/feed.json"] {
            assert!(!tidings.get(document).text().contains(&before[0].1));
        }
        let without = etag(&tidings);
        assert_ne!(without, with_both);
        if !restarted {
            tidings.restart();
            assert_eq!(etag(&tidings), without);
        }
    }
    fs::rename(&away, tidings.entries().join("back.md")).unwrap();
    tidings.has_titles(&["One", "Two"]);
    assert_eq!(ids(&tidings), before);
    assert!(tombstones(&tidings).is_empty());
    assert_eq!(etag(&tidings), with_both);
    assert_eq!(tidings.get("/entries/one").status, 200);
}

#[test]
fn another_host_another_address_and_a_lost_ledger_give_the_same_ids() {
    let site = "[site]\nid = \"0b2d5a0e-7c7b-4f0e-9f3a-5d2f6c1e8a94\"\n";
    let mut tidings = Setup::new().with_tables(site).start();
    tidings.drop_entry(
        "a.md",
        "---\ntitle: One\ndate: 2026-01-31T10:00:00Z\n---\n\nThe first.\n",
    );
    tidings.drop_entry("sea/b.md", &article("Two", "The second."));
    tidings.has_titles(&["One", "Two"]);
    let before = lives(&tidings);

    assert!(tidings.stop().success());
    tidings.set("base_url", "\"http://other.example/news/\"");
    tidings.start_again();
    assert_eq!(lives(&tidings), before);
    // Another address, and the former one leads to it.
    tidings.drop_entry(
        "a.md",
        "---\ntitle: One, retitled\nslug: first\ndate: 2026-01-31T10:00:00Z\n---\n\nThe first.\n",
    );
    tidings.has_titles(&["One, retitled", "Two"]);
    assert_eq!(lives(&tidings)[0][1..3], before[0][1..3]);
    let former = tidings.get("/entries/one");
    assert_eq!(
        (former.status, former.header("location")),
        (308, Some("/news/entries/first"))
    );

    assert!(tidings.stop().success());
    fs::remove_dir_all(tidings.folder().join("state")).unwrap();
    tidings.start_again();
    tidings.has_titles(&["One, retitled", "Two"]);
    let after = lives(&tidings);
    assert_eq!(after[0][1..3], before[0][1..3]);
    assert_eq!(after[1][1], before[1][1]);
}

#[test]
fn a_bad_edit_keeps_the_good_version_over_a_restart() {
    let mut tidings = Setup::new().start();
    tidings.drop_entry("a.md", &article("One", "The good text."));
    tidings.has_titles(&["One"]);
    let before = tidings.get("/feed.json");
    tidings.drop_entry(
        "a.md",
        "---\ntitle: One\ndate: never\n---\n\nThe bad text.\n",
    );
    eventually("the bad edit is told", PATIENCE, || {
        tidings.log().contains("a.md:3").then_some(())
    });
    for _ in 0..2 {
        let after = tidings.get("/feed.json");
        assert_eq!(
            (after.text(), after.header("etag")),
            (before.text(), before.header("etag"))
        );
        assert!(
            tidings
                .get("/entries/one")
                .text()
                .contains("The good text.")
        );
        tidings.restart();
        eventually("it is told again", PATIENCE, || {
            tidings.log().contains("a.md:3").then_some(())
        });
    }
    tidings.drop_entry("a.md", &article("One", "The better text."));
    tidings.feed_when("the better text", |feed| {
        feed.to_string().contains("better")
    });
    assert_eq!(ids(&tidings).len(), 1);
}
