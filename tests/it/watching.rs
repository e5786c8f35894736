//! How changes are noticed when the system does not tell, tells too late, or tells the wrong thing: the
//! rows W1 to W21 of the table of what can go wrong with watching, as far as they have no test
//! elsewhere.
//!
//! Elsewhere: W4 in `removal`; W7, W8, W9 and W11 in `publish`; W13 in `folder::watch`; W15, W16 and W18
//! in `folder::scan`; W10 in `folder::names`; W21 in `folder::settle`. The tests of
//! `publish` are run once more without events, by `TIDINGS_WATCH=scan` (W12).

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Setup, Tidings, eventually, request, run, tools_are_required};

/// How long a change may take to be seen in a folder that was exchanged, and what a busy machine needs.
const SOON: Duration = Duration::from_secs(5);
const BUSY: Duration = Duration::from_secs(5);

fn article(title: &str) -> String {
    format!("# {title}\n\nText of {title}.\n")
}

fn has(tidings: &Tidings, title: &str, within: Duration) {
    eventually(&format!("{title} is published"), within, || {
        let titles = tidings.titles();
        titles.iter().any(|(have, _)| have == title).then_some(())
    });
}

fn is_told(tidings: &Tidings, text: &str) {
    eventually(&format!("the log says {text:?}"), PATIENCE, || {
        tidings.log().contains(text).then_some(())
    });
}

fn count(tidings: &Tidings, text: &str) -> usize {
    let log = tidings.log();
    log.lines().filter(|line| line.contains(text)).count()
}

/// W1: more happens than the system's queue holds, while nobody takes it out.
#[test]
fn an_overflow_leads_to_a_look_at_everything() {
    let queue = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events");
    let queue: usize = queue.map_or(16_384, |text| text.trim().parse().unwrap());
    let tidings = Setup::new().start();
    tidings.drop_entry("first.md", &article("First"));
    has(&tidings, "First", PATIENCE);
    let signal = |name: &str| {
        let process = tidings.process().to_string();
        run(Command::new("kill").args([name, &process]), PATIENCE);
    };
    signal("-STOP");
    let [one, other] = ["one.tmp", "other.tmp"].map(|name| tidings.entries().join(name));
    fs::write(&one, "x").unwrap();
    // Each is two events, and there and back.
    for _ in 0..=queue / 4 {
        fs::rename(&one, &other).unwrap();
        fs::rename(&other, &one).unwrap();
    }
    for number in 0..20 {
        let name = format!("late-{number}.md");
        fs::write(
            tidings.entries().join(name),
            article(&format!("Late {number}")),
        )
        .unwrap();
    }
    fs::remove_file(tidings.entries().join("first.md")).unwrap();
    signal("-CONT");
    eventually("all of it is seen", PATIENCE, || {
        let titles = tidings.titles();
        let late = titles.iter().filter(|(title, _)| title.starts_with("Late"));
        let late: BTreeSet<_> = late.collect();
        (late.len() == 20 && titles.len() == 20).then_some(())
    });
}

/// W2: the system has no watches left, at the start or for a folder that is made later.
#[cfg(target_os = "linux")]
#[test]
fn used_up_watches_are_told_and_made_up_for_by_scans() {
    if !tools_are_required() {
        eprintln!("skipped: limits need unshare; TIDINGS_TOOLS=required runs them");
        return;
    }
    let limits = [
        "echo 0 > /proc/sys/user/max_inotify_watches",
        "echo 0 > /proc/sys/user/max_inotify_instances",
        // Enough for the folder and its parent, and for some made later.
        "echo 6 > /proc/sys/user/max_inotify_watches",
    ];
    std::thread::scope(|scope| {
        for limit in limits {
            scope.spawn(move || is_scanned_under(limit));
        }
    });
}

#[cfg(target_os = "linux")]
fn is_scanned_under(limit: &'static str) {
    let tidings = Setup::new().in_namespaces("-Ur", limit).start();
    for number in 0..8 {
        let folder = tidings.entries().join(format!("folder-{number}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a.md"), article(&format!("Article {number}"))).unwrap();
    }
    is_told(&tidings, "max_user_watches");
    for number in 0..8 {
        has(&tidings, &format!("Article {number}"), PATIENCE);
    }
    let late = tidings.entries().join("folder-7/late.md");
    fs::write(late, article("Late")).unwrap();
    has(&tidings, "Late", PATIENCE);
    assert_eq!(count(&tidings, "max_user_watches"), 1, "{}", tidings.log());
    let health = tidings.health();
    assert_eq!(health.status, 503);
    let reason = "can't be watched and is scanned instead (since 20";
    assert!(health.text().contains(reason), "{health:?}");
}

/// W3: the folder is deleted, made anew, exchanged, or its link leads elsewhere.
#[test]
fn whatever_becomes_of_the_folder_it_is_followed() {
    let setup = Setup::new();
    let real = setup.folder().join("real");
    let entries = setup.entries();
    fs::rename(&entries, &real).unwrap();
    symlink(&real, &entries).unwrap();
    let tidings = setup.start();
    let away = tidings.folder().join("away");
    let link = tidings.folder().join("link");
    for round in 0..30 {
        match round % 3 {
            0 => {
                fs::remove_dir_all(&real).unwrap();
                fs::create_dir(&real).unwrap();
            }
            1 => {
                fs::rename(&real, &away).unwrap();
                fs::create_dir(&real).unwrap();
                fs::remove_dir_all(&away).unwrap();
            }
            _ => {
                let next = tidings.folder().join(format!("real-{round}"));
                fs::create_dir(&next).unwrap();
                symlink(&next, &link).unwrap();
                fs::rename(&link, &entries).unwrap();
                fs::remove_dir_all(&real).unwrap();
                fs::rename(&next, &real).unwrap();
                symlink(&real, &link).unwrap();
                fs::rename(&link, &entries).unwrap();
            }
        }
    }
    tidings.drop_entry("one.md", &article("One"));
    has(&tidings, "One", SOON + BUSY);
    // And the new one is watched: this is not found by a slow scan.
    let start = Instant::now();
    tidings.drop_entry("two.md", &article("Two"));
    has(&tidings, "Two", SOON + BUSY);
    assert!(start.elapsed() < SOON + BUSY);
    tidings.has_titles(&["One", "Two"]);
}

/// W3: the folder around it is exchanged, and no event says so.
#[test]
fn another_parent_is_followed_without_events() {
    let setup = Setup::new().with("watch", "\"scan\"");
    let around = setup.folder().join("around");
    fs::create_dir_all(around.join("entries")).unwrap();
    fs::remove_dir(setup.entries()).unwrap();
    symlink(around.join("entries"), setup.entries()).unwrap();
    let tidings = setup.start();
    tidings.drop_entry("one.md", &article("One"));
    has(&tidings, "One", PATIENCE);
    let other = tidings.folder().join("other");
    fs::create_dir_all(other.join("entries")).unwrap();
    fs::write(other.join("entries/two.md"), article("Two")).unwrap();
    fs::rename(&around, tidings.folder().join("former")).unwrap();
    fs::rename(&other, &around).unwrap();
    has(&tidings, "Two", SOON + BUSY);
    tidings.has_titles(&["Two"]);
}

/// What readers know an article by: its title, id and first date.
fn known(tidings: &Tidings) -> BTreeSet<(String, String, String)> {
    let feed = tidings.feed_when("it is JSON", |_| true);
    let items = feed["items"].as_array().unwrap().clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let items = items.iter().map(|item| {
        let [title, id, date] = ["title", "id", "date_published"].map(|key| text(&item[key]));
        (title, id, date)
    });
    items.collect()
}

/// W5: the steps of Kubernetes' kubelet when a `ConfigMap` changes, again and again.
#[test]
fn a_config_map_that_changes_is_never_away() {
    let tidings = Setup::new().with("grace", "\"2s\"").start();
    let entries = tidings.entries();
    let publish = |round: usize| {
        let name = format!("..2026_{round}");
        fs::create_dir(entries.join(&name)).unwrap();
        let text = format!("# Waves\n\nVersion {round}.\n");
        fs::write(entries.join(&name).join("a.md"), text).unwrap();
        symlink(&name, entries.join("..data_tmp")).unwrap();
        fs::rename(entries.join("..data_tmp"), entries.join("..data")).unwrap();
        if round > 0 {
            fs::remove_dir_all(entries.join(format!("..2026_{}", round - 1))).unwrap();
        }
    };
    publish(0);
    symlink("..data/a.md", entries.join("a.md")).unwrap();
    has(&tidings, "Waves", PATIENCE);
    let before = known(&tidings);
    for round in 1..=30 {
        publish(round);
        assert_eq!(known(&tidings), before, "round {round}");
    }
    eventually("the last version is out", PATIENCE, || {
        assert_eq!(known(&tidings), before);
        tidings
            .get("/feed.json")
            .text()
            .contains("Version 30")
            .then_some(())
    });
    assert_eq!(count(&tidings, "withdrawn=1"), 0, "{}", tidings.log());
}

/// W6: git checks out another branch, and comes back.
#[test]
fn a_checkout_back_and_forth_changes_no_id_and_no_date() {
    let tidings = Setup::new().with("grace", "\"3s\"").start();
    let entries = tidings.entries();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        let who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"];
        command.current_dir(&entries).args(who).args(arguments);
        run(&mut command, PATIENCE);
    };
    git(&["init", "-q", "-b", "main"]);
    for number in 0..20 {
        let name = format!("{number}.md");
        fs::write(entries.join(name), article(&format!("Article {number}"))).unwrap();
    }
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "all"]);
    git(&["checkout", "-q", "-b", "half"]);
    for number in 0..10 {
        fs::remove_file(entries.join(format!("{number}.md"))).unwrap();
        let kept = entries.join(format!("{}.md", number + 10));
        fs::write(kept, article(&format!("Article {}, edited", number + 10))).unwrap();
    }
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "half of it"]);
    git(&["checkout", "-q", "main"]);
    let is_whole = || {
        let titles = tidings.titles();
        (titles.len() == 20 && titles.iter().all(|(title, _)| !title.contains("edited")))
            .then_some(())
    };
    eventually("all are published", PATIENCE, is_whole);
    let before = known(&tidings);
    for _ in 0..10 {
        git(&["checkout", "-q", "half"]);
        git(&["checkout", "-q", "main"]);
    }
    eventually("all are published again", PATIENCE, is_whole);
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(known(&tidings), before);
    // And when the other branch stays long enough to be believed.
    git(&["checkout", "-q", "half"]);
    eventually("half of it is gone", PATIENCE, || {
        (tidings.titles().len() == 10).then_some(())
    });
    git(&["checkout", "-q", "main"]);
    eventually("all are published again", PATIENCE, is_whole);
    assert_eq!(known(&tidings), before);
}

/// W14: the same size and times as before, times that go backwards, and a second reading of what was
/// fresh, which nobody notices. W17: a file that can't be read is told once, however often it is tried.
#[test]
fn without_events_no_stamp_deceives_and_nothing_is_told_twice() {
    let setup = Setup::new().unprivileged().with("watch", "\"scan\"");
    let closed = setup.entries().join("closed.md");
    fs::write(&closed, article("Closed")).unwrap();
    run(Command::new("chmod").arg("000").arg(&closed), PATIENCE);
    fs::write(setup.entries().join("fresh.md"), article("Fresh")).unwrap();
    let file = setup.entries().join("a.md");
    let beside = setup.folder().join("beside");
    let stamped = |title: &str, day: &str| {
        fs::write(&beside, article(title)).unwrap();
        let mut touch = Command::new("touch");
        run(touch.args(["-d", day]).arg(&beside), PATIENCE);
        fs::copy(&beside, &file).unwrap();
        let mut touch = Command::new("touch");
        run(touch.arg("-r").args([&beside, &file]), PATIENCE);
    };
    stamped("Sea", "2020-05-05T12:00:00Z");
    let tidings = setup.start();
    is_told(&tidings, "closed.md");
    tidings.has_titles(&["Sea", "Fresh"]);
    // Each is seen by a look at everything.
    stamped("Sky", "2020-05-05T12:00:00Z");
    has(&tidings, "Sky", PATIENCE);
    stamped("Air", "2019-05-05T12:00:00Z");
    has(&tidings, "Air", PATIENCE);
    tidings.has_titles(&["Air", "Fresh"]);
    assert_eq!(count(&tidings, "closed.md"), 1, "{}", tidings.log());
    for title in ["Sea", "Sky", "Air", "Fresh"] {
        assert_eq!(
            count(&tidings, title),
            1,
            "{title} is told once:\n{}",
            tidings.log()
        );
    }
    run(Command::new("chmod").arg("644").arg(&closed), PATIENCE);
    tidings.has_titles(&["Air", "Fresh", "Closed"]);
}

/// W19: names that differ only in case or in how Unicode writes them are entries of their own, at
/// addresses of their own; one that is not UTF-8 is told once.
#[test]
fn twins_by_name_have_addresses_of_their_own() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let tidings = Setup::new().start();
    for (name, title) in [
        ("caf\u{e9}.md", "Composed"),
        ("cafe\u{301}.md", "Decomposed"),
        ("Pier.md", "Upper"),
        ("pier.md", "Lower"),
    ] {
        tidings.drop_entry(name, &article(title));
        has(&tidings, title, PATIENCE);
    }
    let broken = Path::new(OsStr::from_bytes(b"broken-\xe9.md"));
    fs::write(tidings.entries().join(broken), article("Broken")).unwrap();
    is_told(&tidings, "its name is not UTF-8");
    tidings.has_titles(&["Composed", "Decomposed", "Upper", "Lower"]);
    let feed = tidings.feed_when("all are there", |_| true);
    let items = feed["items"].as_array().unwrap();
    let addresses: BTreeSet<String> = items
        .iter()
        .map(|item| item["url"].as_str().unwrap().to_lowercase())
        .collect();
    assert_eq!(addresses.len(), 4, "{addresses:?}");
    for address in addresses {
        let path = address.strip_prefix("https://news.example.org").unwrap();
        assert_eq!(
            request(tidings.address(), "GET", path, &[]).status,
            200,
            "{path}"
        );
    }
    // Looks at everything follow each new file of such a name.
    fs::write(tidings.entries().join(OsStr::from_bytes(b"\xff.tmp")), "x").unwrap();
    has(&tidings, "Lower", PATIENCE);
    assert_eq!(count(&tidings, "broken-"), 1, "{}", tidings.log());
}

/// A file is known by the watcher's word when it is renamed, also with its folder; the disk may not
/// number its files for good.
#[test]
fn renamed_files_and_folders_keep_their_ids() {
    let tidings = Setup::new().start();
    tidings.drop_entry("news/a.md", &article("Ferry"));
    tidings.drop_entry("b.md", &article("Tolls"));
    tidings.has_titles(&["Ferry", "Tolls"]);
    let before = known(&tidings);
    let at = |path: &str| tidings.entries().join(path);
    fs::rename(at("news"), at("harbour")).unwrap();
    fs::rename(at("harbour/a.md"), at("harbour/ferry.md")).unwrap();
    fs::rename(at("b.md"), at("tolls.md")).unwrap();
    tidings.drop_entry("last.md", &article("Last"));
    tidings.has_titles(&["Ferry", "Tolls", "Last"]);
    assert!(known(&tidings).is_superset(&before));
}
