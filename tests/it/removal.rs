//! So much gone at once that it may be an accident: everything stays published, until the files are
//! back, time has passed, or somebody says that it is meant.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Setup, Tidings, eventually, program, tools_are_required};

/// Long enough for many files to go within it on a busy machine.
const GRACE: &str = "\"1s\"";

/// Long enough for everything that must not happen to have happened: the grace, and looks after it.
const LONG: Duration = Duration::from_millis(1500);

/// The program over so many articles, each with a picture of its own.
fn site(entries: usize, guard: &str) -> Tidings {
    let setup = Setup::new().with("grace", GRACE);
    write(&setup.entries(), entries);
    let mut tidings = setup.start();
    if !guard.is_empty() {
        tidings.stop();
        tidings.configure(guard);
        tidings.start_again();
    }
    has(&tidings, entries);
    tidings
}

fn write(folder: &Path, entries: usize) {
    for number in 0..entries {
        let text = format!("# Article {number}\n\n![It](pictures/{number}.png)\n");
        fs::write(folder.join(format!("{number}.md")), text).unwrap();
        fs::create_dir_all(folder.join("pictures")).unwrap();
        fs::write(folder.join(format!("pictures/{number}.png")), "a picture").unwrap();
    }
}

fn remove(folder: &Path, numbers: std::ops::Range<usize>) {
    for number in numbers {
        fs::remove_file(folder.join(format!("{number}.md"))).unwrap();
        fs::remove_file(folder.join(format!("pictures/{number}.png"))).unwrap();
    }
}

fn has(tidings: &Tidings, entries: usize) {
    eventually(
        &format!("{entries} entries are published"),
        PATIENCE,
        || (tidings.titles().len() == entries).then_some(()),
    );
}

/// All that readers could notice: the feed with its ids, dates and pictures.
fn published(tidings: &Tidings) -> String {
    tidings.get("/feed.json").text().to_owned()
}

/// Waits for the alarm, and then looks for a while whether anything changes for readers.
fn is_held(tidings: &Tidings, gone: &str, before: &str) {
    eventually("the alarm is raised", PATIENCE, || {
        assert_eq!(published(tidings), before);
        tidings.log().contains(gone).then_some(())
    });
    let end = Instant::now() + LONG;
    while Instant::now() < end {
        assert_eq!(published(tidings), before);
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(tidings.get("/entries/article-0").status, 200);
    assert_eq!(told(tidings), 1, "told once:\n{}", tidings.log());
    let health = health(tidings);
    assert!(health.contains(gone), "{health}");
    assert!(health.contains("tidings confirm-removal"), "{health}");
    assert!(health.contains("(since 20"), "{health}");
}

fn told(tidings: &Tidings) -> usize {
    let log = tidings.log();
    let alarms = log
        .lines()
        .filter(|line| line.contains("nothing is withdrawn"));
    alarms
        .inspect(|line| assert!(line.contains("ERROR"), "{line}"))
        .count()
}

/// What `/readyz` says.
fn health(tidings: &Tidings) -> String {
    let answer = tidings.health();
    assert_eq!(answer.status == 200, answer.text() == "ready\n");
    answer.text().to_owned()
}

fn is_ready(tidings: &Tidings) {
    eventually("it is ready again", PATIENCE, || {
        (health(tidings) == "ready\n").then_some(())
    });
}

/// `tidings confirm-removal` for this state: its exit code and what it said.
fn confirm(tidings: &Tidings) -> (Option<i32>, String) {
    let output: Output = Command::new(program())
        .arg("confirm-removal")
        .args([
            "--config".as_ref(),
            tidings.folder().join("tidings.toml").as_os_str(),
        ])
        .args([
            "--state".as_ref(),
            tidings.folder().join("state").as_os_str(),
        ])
        .current_dir(tidings.folder())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn an_emptied_folder_stays_published_until_the_files_return() {
    let tidings = site(12, "[removal_guard]\nwait = \"1s\"\n");
    let before = published(&tidings);
    remove(&tidings.entries(), 0..12);
    // Longer than the wait: of an empty folder, time confirms nothing.
    is_held(
        &tidings,
        "12 of 12 files are gone at once, and the entries folder is empty",
        &before,
    );
    write(&tidings.entries(), 12);
    is_ready(&tidings);
    tidings.says("have returned");
    assert_eq!(published(&tidings), before, "same ids, same dates");
}

#[test]
fn more_than_half_is_held_back_and_confirmed_by_command() {
    let tidings = site(14, "[removal_guard]\nwait = \"never\"\n");
    let (code, said) = confirm(&tidings);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("nothing to confirm"), "{said}");
    let before = published(&tidings);
    remove(&tidings.entries(), 0..11);
    is_held(&tidings, "11 of 14 files are gone at once", &before);
    // What else happens goes on.
    tidings.drop_entry("new.md", "# New\n\nText.\n");
    has(&tidings, 15);
    let (code, said) = confirm(&tidings);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "11 entries were withdrawn\n")
    );
    has(&tidings, 4);
    assert_eq!(tidings.get("/entries/article-0").status, 410);
    assert_eq!(tidings.get("/media/pictures/0.png").status, 404);
    is_ready(&tidings);
    assert_eq!(confirm(&tidings).0, Some(1), "once is enough");
    // What was confirmed does not count against what goes next.
    remove(&tidings.entries(), 11..13);
    has(&tidings, 2);
}

#[test]
fn a_few_or_no_more_than_half_are_withdrawn() {
    let tidings = site(22, "");
    remove(&tidings.entries(), 0..11);
    has(&tidings, 11);
    assert_eq!(told(&tidings), 0, "{}", tidings.log());

    // Ten and fewer are a small site, whose guard is its publisher.
    let tidings = site(10, "");
    remove(&tidings.entries(), 0..10);
    has(&tidings, 0);
    assert_eq!(told(&tidings), 0, "{}", tidings.log());
}

#[test]
fn what_goes_little_by_little_goes_at_once_too() {
    let tidings = site(24, "");
    remove(&tidings.entries(), 0..8);
    has(&tidings, 16);
    remove(&tidings.entries(), 8..14);
    eventually("the alarm is raised", PATIENCE, || {
        tidings
            .log()
            .contains("14 of 24 files are gone at once")
            .then_some(())
    });
    assert_eq!(tidings.titles().len(), 16);
}

#[test]
fn time_confirms_what_a_folder_that_is_there_has_lost() {
    let tidings = site(14, "[removal_guard]\nwait = \"3s\"\n");
    let before = published(&tidings);
    remove(&tidings.entries(), 0..12);
    is_held(&tidings, "12 of 14 files are gone at once", &before);
    assert!(health(&tidings).contains("3s have passed"));
    has(&tidings, 2);
    is_ready(&tidings);
}

/// The time is up while nobody can look: it is neither believed nor asked for again and again.
#[cfg(target_os = "linux")]
#[test]
fn an_alarm_waits_for_a_folder_that_is_not_there() {
    let tidings = site(14, "[removal_guard]\nwait = \"2s\"\n");
    remove(&tidings.entries(), 0..12);
    eventually("the alarm is raised", PATIENCE, || {
        (told(&tidings) == 1).then_some(())
    });
    let away = tidings.folder().join("away");
    fs::rename(tidings.entries(), &away).unwrap();
    thread::sleep(Duration::from_millis(2500));
    // User and system time, in hundredths of a second. (proc_pid_stat(5))
    let spent = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", tidings.process())).unwrap();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        let [user, system] = [11, 12].map(|at: usize| fields[at].parse::<u64>().unwrap());
        user + system
    };
    let before = spent();
    thread::sleep(Duration::from_secs(1));
    assert!(
        spent() - before < 30,
        "it waits, and does not turn in circles"
    );
    assert_eq!(tidings.titles().len(), 14);
    fs::rename(&away, tidings.entries()).unwrap();
    has(&tidings, 2);
}

#[test]
fn a_restart_in_between_changes_nothing() {
    let mut tidings = site(12, "");
    let before = published(&tidings);
    remove(&tidings.entries(), 0..12);
    is_held(&tidings, "12 of 12 files are gone", &before);
    tidings.restart();
    is_held(&tidings, "12 of 12 files are gone", &before);
    // Gone while nobody looked.
    write(&tidings.entries(), 12);
    is_ready(&tidings);
    assert!(tidings.stop().success());
    remove(&tidings.entries(), 0..12);
    tidings.start_again();
    is_held(&tidings, "12 of 12 files are gone", &before);
    let (code, said) = confirm(&tidings);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "12 entries were withdrawn\n")
    );
    has(&tidings, 0);
}

#[test]
fn a_folder_that_is_missing_is_confirmed_only_by_command() {
    let mut tidings = site(3, "[removal_guard]\nwait = \"1s\"\n");
    let before = published(&tidings);
    let away = tidings.folder().join("away");
    fs::rename(tidings.entries(), &away).unwrap();
    eventually("health says so", PATIENCE, || {
        health(&tidings)
            .contains("folder is not there")
            .then_some(())
    });
    thread::sleep(LONG);
    assert_eq!(published(&tidings), before);
    let (code, said) = confirm(&tidings);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "3 entries were withdrawn\n")
    );
    has(&tidings, 0);
    assert_eq!(confirm(&tidings).0, Some(1));
    // What comes back is what it was.
    fs::rename(&away, tidings.entries()).unwrap();
    has(&tidings, 3);
    is_ready(&tidings);
    let ids = |feed: &str| {
        let feed: serde_json::Value = serde_json::from_str(feed).unwrap();
        let items = feed["items"].as_array().unwrap().clone();
        let ids = items
            .into_iter()
            .map(|item| (item["id"].clone(), item["date_published"].clone()));
        ids.collect::<Vec<_>>()
    };
    let after = published(&tidings);
    for item in ids(&before) {
        assert!(ids(&after).contains(&item), "same ids, same dates");
    }
    assert!(tidings.stop().success());
    let (code, said) = confirm(&tidings);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no daemon serves the state in"), "{said}");
}

#[test]
fn pictures_have_the_same_grace_and_stay_with_their_entries() {
    let tidings = site(12, "");
    let before = published(&tidings);
    assert!(before.contains("/media/pictures/0.png"));
    // For a moment, as when a deploy replaces them.
    fs::rename(
        tidings.entries().join("pictures"),
        tidings.folder().join("aside"),
    )
    .unwrap();
    thread::sleep(Duration::from_millis(300));
    fs::rename(
        tidings.folder().join("aside"),
        tidings.entries().join("pictures"),
    )
    .unwrap();
    let end = Instant::now() + LONG;
    while Instant::now() < end {
        assert_eq!(published(&tidings), before);
        thread::sleep(Duration::from_millis(50));
    }
    // With all the articles: what feeds say of them stays. (`is_held` compares.)
    remove(&tidings.entries(), 0..12);
    is_held(&tidings, "12 of 12 files are gone", &before);
}

/// W4: a disk that is not there is not an empty folder, however few the entries are.
#[cfg(target_os = "linux")]
#[test]
fn an_unmounted_disk_withdraws_nothing() {
    if !tools_are_required() {
        eprintln!("skipped: mounts need unshare; TIDINGS_TOOLS=required runs them");
        return;
    }
    let mut tidings = Setup::new()
        .with("grace", GRACE)
        .in_namespaces("-rm", "mount -t tmpfs one entries")
        .start();
    tidings.inside("for n in 0 1 2; do printf '# Article %s\n\nText.\n' $n > entries/$n.md; done");
    has(&tidings, 3);
    let before = published(&tidings);
    let gone = "3 of 3 files are gone at once, and the entries folder is on another disk";
    tidings.inside("cp -a entries kept; umount entries");
    is_held(&tidings, gone, &before);
    // Another disk with all the files is as good as the first one.
    tidings.inside("mount -t tmpfs other entries; cp -a kept/. entries");
    is_ready(&tidings);
    assert_eq!(published(&tidings), before);
    // From now on it is this one, also for the next start.
    tidings.inside("umount entries");
    eventually("the alarm is raised again", PATIENCE, || {
        health(&tidings).contains(gone).then_some(())
    });
    assert_eq!(published(&tidings), before);
    let (code, said) = confirm(&tidings);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "3 entries were withdrawn\n")
    );
    has(&tidings, 0);
    assert!(tidings.stop().success());
}
