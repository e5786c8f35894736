//! The main job: what happens in the folder is in the feeds, whole, once, and soon.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Setup, Tidings, eventually, run, tools_are_required};

const DOCUMENTS: [&str; 3] = ["/rss.xml", "/atom.xml", "/feed.json"];

fn article(title: &str, text: &str) -> String {
    format!("---\ntitle: {title}\n---\n\n{text}\n")
}

/// Waits until every document says `text`, or none does.
fn all_say(tidings: &Tidings, text: &str, expected: bool) {
    for document in DOCUMENTS {
        eventually(
            &format!("{document} says {text:?}: {expected}"),
            PATIENCE,
            || {
                let answer = tidings.get(document);
                (answer.status == 200 && answer.text().contains(text) == expected).then_some(())
            },
        );
    }
}

/// Asks every few milliseconds, as long as `act` runs and a little longer, whether the feed ever says
/// what it must not. Returns how often it asked.
fn never_says(tidings: &Tidings, forbidden: &[&str], act: impl FnOnce() + Send) -> u32 {
    thread::scope(|scope| {
        let acting = scope.spawn(act);
        let mut asked = 0;
        let mut end = None;
        while end.is_none_or(|end| Instant::now() < end) {
            if acting.is_finished() && end.is_none() {
                end = Some(Instant::now() + Duration::from_millis(600));
            }
            let answer = tidings.get("/feed.json");
            for text in forbidden {
                assert!(
                    !answer.text().contains(text),
                    "{text:?} was published:\n{answer:?}"
                );
            }
            asked += 1;
            thread::sleep(Duration::from_millis(10));
        }
        acting.join().unwrap();
        asked
    })
}

#[test]
fn an_article_is_published_edited_and_withdrawn() {
    let tidings = Setup::new().start();
    eventually(
        "an empty folder is a feed without entries",
        PATIENCE,
        || (tidings.get("/atom.xml").status == 200).then_some(()),
    );
    let file = tidings.entries().join("bridge.md");
    fs::write(&file, article("Bridge reopens", "On Monday.")).unwrap();
    all_say(&tidings, "Bridge reopens", true);
    let (_, id) = tidings.titles().remove(0);
    for document in DOCUMENTS {
        assert!(
            tidings.get(document).text().contains(&id),
            "{document} has the same id"
        );
    }
    let page = tidings.get("/entries/bridge");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("On Monday."));

    fs::write(&file, article("Bridge reopens", "On Tuesday.")).unwrap();
    all_say(&tidings, "On Tuesday.", true);
    assert_eq!(tidings.titles(), [("Bridge reopens".to_owned(), id)]);

    fs::remove_file(&file).unwrap();
    all_say(&tidings, "Bridge reopens", false);
    assert_eq!(tidings.get("/entries/bridge").status, 410);
}

#[test]
fn ids_dates_and_validators_outlive_a_restart_and_a_rename() {
    let mut tidings = Setup::new().start();
    tidings.drop_entry(
        "bridge.md",
        &article("Bridge", "It is open. Read on.\n\nRead: Tolls"),
    );
    tidings.drop_entry(
        "tolls.txt",
        "Tolls\n\nThey are suspended, says the council, until spring.",
    );
    tidings.has_titles(&["Bridge", "Tolls"]);
    let before = DOCUMENTS.map(|document| tidings.get(document));
    tidings.restart();
    // A restart shows what the ledger knows at once: the first answer is the right one.
    for (document, before) in DOCUMENTS.iter().zip(&before) {
        let after = tidings.get(document);
        assert_eq!(
            (after.status, after.header("etag")),
            (200, before.header("etag")),
            "{document}"
        );
        assert_eq!(after.text(), before.text(), "{document}");
    }
    let titles = tidings.titles();
    fs::create_dir(tidings.entries().join("roads")).unwrap();
    fs::rename(
        tidings.entries().join("bridge.md"),
        tidings.entries().join("roads/the-bridge.md"),
    )
    .unwrap();
    let edited = article("Bridge", "It is open again.");
    fs::write(tidings.entries().join("roads/the-bridge.md"), edited).unwrap();
    eventually("the renamed file is known", PATIENCE, || {
        tidings
            .get("/feed.json")
            .text()
            .contains("open again")
            .then_some(())
    });
    assert_eq!(tidings.titles(), titles, "same ids, same order");

    // A folder under another name takes its entries along.
    let roads = tidings.entries().join("roads");
    fs::write(roads.join("map.md"), article("Map", "Where the roads are.")).unwrap();
    tidings.has_titles(&["Bridge", "Tolls", "Map"]);
    let titles = tidings.titles();
    fs::rename(roads, tidings.entries().join("streets")).unwrap();
    tidings.drop_entry("last.md", &article("Last", "It comes after the rename."));
    tidings.has_titles(&["Bridge", "Tolls", "Map", "Last"]);
    let mut after = tidings.titles();
    // Of two that are first seen in one second, either may come first.
    after.retain(|(title, _)| title != "Last");
    assert_eq!(after, titles, "same ids, same order");
}

#[test]
fn a_file_that_is_being_written_is_never_seen_half() {
    let tidings = Setup::new().start();
    tidings.drop_entry("old.md", &article("Old", "The old text."));
    tidings.has_titles(&["Old"]);
    let new = tidings.entries().join("new.md");
    let old = tidings.entries().join("old.md");
    let asked = never_says(&tidings, &["Half", "Another half"], || {
        let mut file = File::create(&new).unwrap();
        let mut edited = File::create(&old).unwrap();
        file.write_all(b"---\ntitle: Half written\n---\n\nHalf of it")
            .unwrap();
        edited
            .write_all(b"---\ntitle: Another half\n---\n\nHalf of the edit")
            .unwrap();
        // Slowly, with pauses longer than any time to settle, and open all the while.
        for _ in 0..6 {
            thread::sleep(Duration::from_millis(500));
            file.write_all(b" and then some").unwrap();
            edited.write_all(b" and then some").unwrap();
        }
        file.set_len(0).unwrap();
        edited.set_len(0).unwrap();
        thread::sleep(Duration::from_millis(300));
        for (mut open, title) in [(file, "Whole"), (edited, "Old, edited")] {
            use std::io::Seek;
            open.rewind().unwrap();
            open.write_all(article(title, "All of it.").as_bytes())
                .unwrap();
        }
    });
    assert!(asked > 20, "the feed was watched all the while");
    tidings.has_titles(&["Whole", "Old, edited"]);
}

#[test]
fn a_folder_moved_in_brings_all_its_files() {
    let tidings = Setup::new().start();
    let tree = tidings.folder().join("tree");
    let mut titles = Vec::new();
    for place in ["", "a", "a/b", "a/b/c"] {
        fs::create_dir_all(tree.join(place)).unwrap();
        for number in 0..5 {
            let title = format!("Moved {place} {number}");
            let file = tree.join(place).join(format!("moved-{number}.md"));
            fs::write(file, article(&title, "Text.")).unwrap();
            titles.push(title.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    fs::rename(&tree, tidings.entries().join("news")).unwrap();
    let expected: Vec<&str> = titles.iter().map(String::as_str).collect();
    tidings.has_titles(&expected);

    // Made and filled in place, faster than any watch can be set.
    for round in 0..5 {
        let deep = tidings.entries().join(format!("deep-{round}/x/y/z"));
        fs::create_dir_all(&deep).unwrap();
        fs::write(
            deep.join("found.md"),
            article(&format!("Found {round}"), "Text."),
        )
        .unwrap();
    }
    eventually("files in new folders are found", PATIENCE, || {
        let found = tidings
            .titles()
            .iter()
            .filter(|(title, _)| title.starts_with("Found"))
            .count();
        (found == 5).then_some(())
    });

    // No more than half of them: that might be an accident.
    fs::rename(
        tidings.entries().join("news/a/b"),
        tidings.folder().join("gone"),
    )
    .unwrap();
    eventually("what left with its folder is withdrawn", PATIENCE, || {
        (tidings.titles().len() == 15).then_some(())
    });
}

/// The name of a way of saving, and the way.
type Save<'a> = (&'a str, Box<dyn Fn(&str) + 'a>);

/// How editors and copying programs save a file, step by step.
#[test]
fn every_way_of_saving_is_one_publication() {
    let tidings = Setup::new().with("grace", "\"2s\"").start();
    let file = tidings.entries().join("saved.md");
    let at = |name: &str| tidings.entries().join(name);
    let beside = |name: &str, text: &str| fs::write(at(name), text).unwrap();
    let saves: Vec<Save<'_>> = vec![
        ("in place", Box::new(|text| fs::write(&file, text).unwrap())),
        (
            "vim, backup by renaming",
            Box::new(|text| {
                beside(".saved.md.swp", "b0VIM");
                beside("4913", "");
                fs::remove_file(at("4913")).unwrap();
                fs::rename(&file, at("saved.md~")).unwrap();
                fs::write(&file, text).unwrap();
                fs::remove_file(at("saved.md~")).unwrap();
                fs::remove_file(at(".saved.md.swp")).unwrap();
            }),
        ),
        (
            "vim, backup by copying",
            Box::new(|text| {
                fs::copy(&file, at("saved.md~")).unwrap();
                fs::write(&file, text).unwrap();
                fs::remove_file(at("saved.md~")).unwrap();
            }),
        ),
        (
            "truncated, then written",
            Box::new(|text| {
                let mut open = File::create(&file).unwrap();
                thread::sleep(Duration::from_millis(50));
                open.write_all(text.as_bytes()).unwrap();
            }),
        ),
        (
            "a temporary file renamed over it",
            Box::new(|text| {
                beside("saved.md___jb_tmp___", text);
                fs::rename(&file, at("saved.md___jb_old___")).unwrap();
                fs::rename(at("saved.md___jb_tmp___"), &file).unwrap();
                fs::remove_file(at("saved.md___jb_old___")).unwrap();
            }),
        ),
        (
            "sed -i",
            Box::new(|text| {
                beside("sedAbCdEf", text);
                fs::rename(at("sedAbCdEf"), &file).unwrap();
            }),
        ),
        (
            "rsync",
            Box::new(|text| {
                beside(".saved.md.X1y2Z3", text);
                fs::rename(at(".saved.md.X1y2Z3"), &file).unwrap();
            }),
        ),
        (
            "Emacs",
            Box::new(|text| {
                std::os::unix::fs::symlink("user@host.1:2", at(".#saved.md")).unwrap();
                beside("#saved.md#", text);
                fs::rename(&file, at("saved.md~")).unwrap();
                fs::write(&file, text).unwrap();
                fs::remove_file(at("#saved.md#")).unwrap();
                fs::remove_file(at(".#saved.md")).unwrap();
                fs::remove_file(at("saved.md~")).unwrap();
            }),
        ),
        (
            "removed and made anew",
            Box::new(|text| {
                fs::remove_file(&file).unwrap();
                thread::sleep(Duration::from_millis(100));
                fs::write(&file, text).unwrap();
            }),
        ),
    ];
    fs::write(&file, article("Saved", "First.")).unwrap();
    tidings.has_titles(&["Saved"]);
    let before = tidings.titles();
    for (number, (way, save)) in saves.iter().enumerate() {
        let said = format!("Saved by way {number}.");
        save(&article("Saved", &said));
        eventually(&format!("{way}: the new text is out"), PATIENCE, || {
            assert_eq!(
                tidings.titles(),
                before,
                "{way}: one entry, one id, never away"
            );
            tidings
                .get("/feed.json")
                .text()
                .contains(&said)
                .then_some(())
        });
    }
}

/// The real rsync, slowly: under a name of its own, and in place.
#[test]
fn uploads_are_published_once_and_whole() {
    if !tools_are_required() {
        eprintln!("skipped: rsync is a foreign program; TIDINGS_TOOLS=required runs it");
        return;
    }
    let tidings = Setup::new().start();
    let upload = tidings.folder().join("upload");
    fs::create_dir(&upload).unwrap();
    let long = "A sentence that fills the file. ".repeat(12_000);
    for (number, way) in ["--whole-file", "--inplace"].iter().enumerate() {
        let title = format!("Upload {number}");
        let text = format!("{}\nThe end of upload {number}.\n", article(&title, &long));
        fs::write(upload.join(format!("{number}.md")), text).unwrap();
        let to = tidings.entries();
        let copy = || {
            let from = format!("{}/", upload.display());
            let mut rsync = Command::new("rsync");
            rsync.args(["-a", "--bwlimit=150", way, &from]).arg(&to);
            run(&mut rsync, PATIENCE);
        };
        thread::scope(|scope| {
            let copying = scope.spawn(copy);
            let end = format!("The end of upload {number}.");
            eventually("the upload is published", PATIENCE, || {
                let feed = tidings.get("/feed.json");
                let is_there = feed.text().contains(&title);
                assert!(!is_there || feed.text().contains(&end), "half of it is out");
                is_there.then_some(())
            });
            copying.join().unwrap();
        });
    }
    assert_eq!(tidings.titles().len(), 2);
    let published = tidings
        .log()
        .lines()
        .filter(|line| line.contains("published 1 entry in ") && line.contains(" new=1 "))
        .count();
    assert_eq!(published, 2, "each once:\n{}", tidings.log());
    assert!(!tidings.log().contains("edited=1"), "{}", tidings.log());
}

#[test]
fn a_bad_file_keeps_the_good_version_and_is_told_once() {
    let mut tidings = Setup::new().start();
    let file = tidings.entries().join("news.md");
    fs::write(&file, article("News", "Good.")).unwrap();
    fs::write(
        tidings.entries().join("other.md"),
        article("Other", "Good."),
    )
    .unwrap();
    tidings.has_titles(&["News", "Other"]);
    let before = tidings.get("/rss.xml");

    fs::write(&file, "---\ntitle: News\ndate: soonish\n---\n\nBad.\n").unwrap();
    fs::write(tidings.entries().join("bytes.md"), b"caf\xe9 \xff").unwrap();
    let told = |log: &str, place: &str| log.lines().filter(|line| line.contains(place)).count();
    eventually(
        "the log names both files with their places",
        PATIENCE,
        || {
            let log = tidings.log();
            (told(&log, "news.md:3:") == 1 && told(&log, "bytes.md:1:") == 1).then_some(())
        },
    );
    assert!(
        tidings.log().contains("2026-01-31"),
        "it says what would be right:\n{}",
        tidings.log()
    );
    assert_eq!(tidings.get("/rss.xml").text(), before.text());

    // The good version outlives a restart too, and so does the complaint.
    tidings.restart();
    eventually("the complaint is repeated at start", PATIENCE, || {
        (told(&tidings.log(), "news.md:3:") == 1).then_some(())
    });
    assert_eq!(tidings.get("/rss.xml").text(), before.text());

    fs::write(&file, article("News", "Better.")).unwrap();
    all_say(&tidings, "Better.", true);
}

#[test]
fn of_two_files_with_one_id_the_second_waits_for_the_first_to_go() {
    let tidings = Setup::new().with("watch", "\"scan\"").start();
    let claiming =
        |title: &str| format!("---\ntitle: {title}\nid: tag:example.org,2026:1\n---\n\nText.\n");
    tidings.drop_entry("first.md", &claiming("First"));
    tidings.has_titles(&["First"]);
    tidings.drop_entry("second.md", &claiming("Second"));
    let told = || {
        tidings
            .log()
            .lines()
            .filter(|line| line.contains("belongs to first.md"))
            .count()
    };
    eventually("the log names both files", PATIENCE, || {
        (told() > 0).then_some(())
    });
    fs::remove_file(tidings.entries().join("first.md")).unwrap();
    eventually("the second takes over", Duration::from_secs(40), || {
        (tidings.titles() == [("Second".to_owned(), "tag:example.org,2026:1".to_owned())])
            .then_some(())
    });
    assert_eq!(
        told(),
        1,
        "told once, however often it was tried:\n{}",
        tidings.log()
    );
}

#[test]
fn read_lines_heal_in_every_format() {
    let tidings = Setup::new().start();
    tidings.drop_entry(
        "first.md",
        &article("First", "Text.\n\nRead: The second article"),
    );
    tidings.has_titles(&["First"]);
    let pending = tidings.get("/feed.json");
    assert!(pending.text().contains("\"pending\":true"), "{pending:?}");
    assert!(!tidings.get("/atom.xml").text().contains("rel=\"related\""));
    tidings.drop_entry("second.md", &article("The second article", "More."));
    let address = "https://news.example.org/entries/second";
    for document in ["/rss.xml", "/atom.xml"] {
        let link = eventually(
            &format!("{document} links the second article"),
            PATIENCE,
            || {
                let text = tidings.get(document).text().to_owned();
                let at = text.find("rel=\"related\"")?;
                let start = text[..at].rfind('<')?;
                Some(text[start..].split('>').next()?.to_owned())
            },
        );
        assert!(
            link.contains(address) && link.contains("The second article"),
            "{link}"
        );
    }
    all_say(&tidings, "pending", false);
    let mentioned = tidings.get("/entries/second");
    assert!(
        mentioned
            .text()
            .contains("https://news.example.org/entries/first"),
        "{mentioned:?}"
    );
    fs::remove_file(tidings.entries().join("second.md")).unwrap();
    eventually("the link falls back to text", PATIENCE, || {
        (!tidings.get("/atom.xml").text().contains("rel=\"related\"")).then_some(())
    });
}

#[test]
fn pictures_beside_entries_are_served_and_nothing_else_is() {
    let tidings = Setup::new().start();
    let picture = b"\x89PNG\r\n\x1a\nnot much of a picture";
    tidings.drop_entry(
        "news/bridge.md",
        &article("Bridge", "![A bridge](bridge.png)"),
    );
    fs::write(tidings.entries().join("news/bridge.png"), picture).unwrap();
    fs::write(tidings.entries().join("news/unused.png"), picture).unwrap();
    all_say(
        &tidings,
        "https://news.example.org/media/news/bridge.png",
        true,
    );
    let answer = tidings.get("/media/news/bridge.png");
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, picture.as_slice())
    );
    assert_eq!(answer.header("content-type"), Some("image/png"));
    let tag = answer.header("etag").unwrap();
    assert!(tag.starts_with('"'), "a strong tag: {tag}");
    assert_eq!(
        tidings
            .get_with("/media/news/bridge.png", &[("If-None-Match", tag)])
            .status,
        304
    );
    let part = tidings.get_with("/media/news/bridge.png", &[("Range", "bytes=0-3")]);
    assert_eq!(
        (part.status, part.body.as_slice()),
        (206, b"\x89PNG".as_slice())
    );
    for path in [
        "/media/news/unused.png",
        "/media/news/bridge.md",
        "/media/../state/ledger.sqlite",
        "/media/%2e%2e/state/ledger.sqlite",
        "/media/..%2fstate%2fledger.sqlite",
        "/media//etc/passwd",
        "/news/bridge.md",
    ] {
        let status = tidings.get(path).status;
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
}

#[test]
fn without_events_everything_is_found_all_the_same() {
    let tidings = Setup::new().with("watch", "\"scan\"").start();
    fs::write(tidings.entries().join("one.md"), article("One", "Text.")).unwrap();
    tidings.has_titles(&["One"]);
    fs::write(
        tidings.entries().join("one.md"),
        article("One, edited", "Text."),
    )
    .unwrap();
    tidings.has_titles(&["One, edited"]);
    fs::remove_file(tidings.entries().join("one.md")).unwrap();
    tidings.has_titles(&[]);
}

#[test]
fn another_folder_in_its_place_is_followed() {
    let tidings = Setup::new().start();
    tidings.drop_entry("one.md", &article("One", "Text."));
    tidings.has_titles(&["One"]);
    let away = tidings.folder().join("away");
    for round in 0..3 {
        fs::rename(tidings.entries(), &away).unwrap();
        thread::sleep(Duration::from_millis(50 * round));
        fs::create_dir(tidings.entries()).unwrap();
        let title = format!("Round {round}");
        drop_into(&tidings.entries(), &tidings.folder().join("beside"), &title);
        tidings.has_titles(&[&title]);
        fs::remove_dir_all(&away).unwrap();
    }
}

fn drop_into(entries: &Path, beside: &Path, title: &str) {
    fs::write(beside, article(title, "Text.")).unwrap();
    fs::rename(
        beside,
        entries.join(format!("{}.md", title.to_lowercase().replace(' ', "-"))),
    )
    .unwrap();
}
