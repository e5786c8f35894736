//! A clock that jumps by years, and a time zone that changes: dates once given stay, nothing comes
//! out of order, early, or from the future.
//!
//! libfaketime stands between the program and the system's clock; it is a foreign program, so these
//! tests run when `TIDINGS_TOOLS=required` is set; then its absence is a failure. `.ci/run` installs
//! it and sets it. Waiting goes by another clock, which does not jump: that is left alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::{PATIENCE, Setup, Tidings, eventually, tools_are_required};

/// What the clock says at one step after the other, as libfaketime has it: off by so much.
const JUMPS: [&str; 9] = [
    "+0", "+3650d", "+0", "-3650d", "+3650d", "-3650d", "-1h", "+0", "-1",
];

/// Our clock and the program's are read one after the other, and documents tell seconds.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(1);

const DOCUMENTS: [&str; 3] = ["/rss.xml", "/atom.xml", "/feed.json"];

fn skips() -> bool {
    let skips = !tools_are_required();
    if skips {
        eprintln!("skipped: the clock is a foreign program's; TIDINGS_TOOLS=required runs them");
    }
    skips
}

fn article(title: &str, keys: &str, text: &str) -> String {
    format!("---\ntitle: {title}\n{keys}---\n\n{text}\n")
}

fn true_time() -> Timestamp {
    Timestamp::now()
}

/// The clock that the program sees.
struct Clock {
    folder: PathBuf,
}

impl Clock {
    /// Off by nothing, for the program that `setup` will start.
    fn of(setup: Setup) -> (Self, Setup) {
        let clock = Self {
            folder: setup.folder().to_owned(),
        };
        clock.jump("+0");
        let setup = setup
            .with_variable("LD_PRELOAD", libfaketime().to_str().unwrap())
            .with_variable("FAKETIME_TIMESTAMP_FILE", clock.file().to_str().unwrap())
            .with_variable("FAKETIME_NO_CACHE", "1")
            .with_variable("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .with_variable("NO_FAKE_STAT", "1");
        (clock, setup)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("clock")
    }

    fn jump(&self, by: &str) {
        let beside = self.folder.join("clock-to-be");
        fs::write(&beside, by).unwrap();
        fs::rename(beside, self.file()).unwrap();
    }
}

/// Debian keeps the library in a folder named after the machine's kind.
fn libfaketime() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap();
    let places = folders.map(|folder| folder.unwrap().path().join("faketime/libfaketime.so.1"));
    let mut found = places.filter(|place| Path::is_file(place));
    found.next().expect("libfaketime is installed")
}

/// What the feed has shown, and must go on to show.
#[derive(Default)]
struct Memory {
    dates: BTreeMap<String, Timestamp>,
    order: Vec<String>,
}

impl Memory {
    /// Asks for the feed, which is the same as before but for new entries.
    fn compare(&mut self, tidings: &Tidings, when: &str) -> Vec<Value> {
        let feed: Value = serde_json::from_slice(&tidings.get("/feed.json").body).unwrap();
        let items = feed["items"].as_array().unwrap().clone();
        let order: Vec<String> = items.iter().map(title).collect();
        let kept = order.iter().filter(|it| self.dates.contains_key(*it));
        assert_eq!(
            kept.collect::<Vec<_>>(),
            self.order.iter().collect::<Vec<_>>(),
            "{when}: what was there is there, in the same order"
        );
        for item in &items {
            let date = date(item, "date_published");
            let known = *self.dates.entry(title(item)).or_insert(date);
            assert_eq!(known, date, "{when}: {} has another date", title(item));
        }
        self.order = order;
        items
    }
}

fn title(item: &Value) -> String {
    item["title"].as_str().unwrap().to_owned()
}

fn date(item: &Value, key: &str) -> Timestamp {
    item[key].as_str().unwrap().parse().unwrap()
}

/// Drops and edits entries, and starts the program again, at each step of the clock. `judge` looks at
/// the feed after each.
fn jumps(judge: impl Fn(&Tidings, &str, usize, &[Value])) {
    let (clock, setup) = Clock::of(Setup::new());
    let mut tidings = setup.start();
    let mut memory = Memory::default();
    for (step, jump) in JUMPS.iter().enumerate() {
        clock.jump(jump);
        let when = format!("step {step}, {jump}");
        tidings.drop_entry(
            &format!("now-{step}.md"),
            &article(&format!("Now {step}"), "", "Text."),
        );
        let month = true_time() - SignedDuration::from_hours(24 * 30);
        tidings.drop_entry(
            &format!("then-{step}.md"),
            &article(
                &format!("Then {step}"),
                &format!("date: {month}\n"),
                "Text.",
            ),
        );
        let edit = format!("Edited in step {step}.");
        tidings.drop_entry("now-0.md", &article("Now 0", "", &edit));
        tidings.feed_when(&format!("{when}: all is published"), |feed| {
            let items = feed["items"].as_array().unwrap();
            items.len() == 2 * (step + 1) && feed.to_string().contains(&edit)
        });
        judge(&tidings, &when, step, &memory.compare(&tidings, &when));
        if step % 2 == 1 {
            tidings.restart();
            let when = format!("{when}, started again");
            judge(&tidings, &when, step, &memory.compare(&tidings, &when));
        }
    }
}

#[test]
fn dates_once_given_and_the_order_stay_whatever_the_clock_does() {
    if skips() {
        return;
    }
    jumps(|_, _, _, _| {});
}

#[test]
fn what_comes_later_is_newer_whatever_the_clock_does() {
    if skips() {
        return;
    }
    jumps(|_, when, step, items| {
        let shown = items.iter().map(title).filter(|it| it.starts_with("Now"));
        let newest_first = (0..=step).rev().map(|step| format!("Now {step}"));
        assert_eq!(
            shown.collect::<Vec<_>>(),
            newest_first.collect::<Vec<_>>(),
            "{when}"
        );
    });
}

#[test]
fn no_date_is_of_the_future_after_a_jump_ahead() {
    if skips() {
        return;
    }
    jumps(|tidings, when, _, items| {
        let latest = true_time() + TOLERANCE;
        for item in items {
            for key in ["date_published", "date_modified"] {
                let date = date(item, key);
                assert!(date <= latest, "{when}: {key} {date} of {}", title(item));
            }
        }
        let atom = tidings.get("/atom.xml");
        let feed = roxmltree::Document::parse(atom.text()).unwrap();
        let updated = feed.root_element().children();
        let mut updated = updated.filter(|node| node.tag_name().name() == "updated");
        let updated: Timestamp = updated.next().unwrap().text().unwrap().parse().unwrap();
        assert!(updated <= latest, "{when}: the feed is of {updated}");
    });
}

/// A jump of ten years ahead is not believed, which is told; a scheduled entry waits for its own time.
#[test]
fn nothing_is_published_early_by_a_jump() {
    if skips() {
        return;
    }
    let (clock, setup) = Clock::of(Setup::new());
    let mut tidings = setup.start();
    tidings.drop_entry("now.md", &article("Now", "", "Text."));
    let due = true_time() + SignedDuration::from_secs(14);
    let far = true_time() + SignedDuration::from_hours(24 * 365 * 5);
    for (name, date) in [("Soon", due), ("In five years", far)] {
        let file = format!("{}.md", name.replace(' ', "-"));
        tidings.drop_entry(&file, &article(name, &format!("date: {date}\n"), "Text."));
    }
    tidings.has_titles(&["Now"]);
    clock.jump("+3650d");
    // Something to do, so that the program takes a look at the clock.
    tidings.drop_entry("now.md", &article("Now", "", "Edited."));
    eventually(
        "/readyz says that the clock is not believed",
        PATIENCE,
        || {
            let (status, reasons) = tidings.readiness();
            (status == 503 && reasons.contains("clock")).then_some(())
        },
    );
    let only_now = |until: Timestamp| {
        while true_time() < until {
            assert_eq!(tidings_titles(&tidings), ["Now"], "published early");
            thread::sleep(Duration::from_millis(50));
        }
    };
    only_now(due - SignedDuration::from_secs(8));
    clock.jump("+0");
    tidings.drop_entry("now.md", &article("Now", "", "Edited again."));
    eventually("/readyz says that all is well", PATIENCE, || {
        (tidings.readiness().0 == 200).then_some(())
    });
    only_now(due - TOLERANCE);
    let start = Instant::now();
    tidings.has_titles(&["Now", "Soon"]);
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "late: {:?}",
        start.elapsed()
    );
    clock.jump("+3650d");
    tidings.restart();
    assert_eq!(tidings_titles(&tidings).len(), 2, "started in the future");
    thread::sleep(Duration::from_secs(2));
    assert_eq!(
        tidings_titles(&tidings).len(),
        2,
        "in the future for a while"
    );
}

fn tidings_titles(tidings: &Tidings) -> Vec<String> {
    tidings
        .titles()
        .into_iter()
        .map(|(title, _)| title)
        .collect()
}

/// Dates without a zone, among them one in the hour that summer time skips and one in the hour that
/// it repeats.
const NAIVE: [&str; 5] = [
    "2026-01-31",
    "2026-03-29T02:30:00",
    "2025-10-26T02:30:00",
    "2026-07-01T23:30:00",
    "2025-12-31T23:59:59",
];

const ZONES: [&str; 3] = ["America/New_York", "Pacific/Apia", "Nowhere/Atall"];

/// Titles and dates of a JSON Feed.
fn dates(feed: &str) -> Vec<(String, Timestamp)> {
    let feed: Value = serde_json::from_str(feed).unwrap();
    let items = feed["items"].as_array().unwrap().iter();
    items
        .map(|item| (title(item), date(item, "date_published")))
        .collect()
}

#[test]
fn the_machines_zone_changes_no_byte() {
    let berlin = || {
        let setup = Setup::new().with("timezone", "\"Europe/Berlin\"");
        let setup = setup.with_tables("[site]\nid = \"2f1b9c4e-4d7a-4c11-9f3e-0b5a7c9d1e23\"\n");
        for (number, date) in NAIVE.iter().enumerate() {
            let text = article(
                &format!("Entry {number}"),
                &format!("date: {date}\n"),
                "Text.",
            );
            fs::write(setup.entries().join(format!("{number}.md")), text).unwrap();
        }
        setup
    };
    let paths = DOCUMENTS
        .iter()
        .copied()
        .chain(["/", "/entries/entry-0", "/entries/entry-1"]);
    let documents = |tidings: &Tidings| -> Vec<String> {
        let answers = paths.clone().map(|path| tidings.get(path));
        answers.map(|answer| answer.text().to_owned()).collect()
    };
    let is_complete = |tidings: &Tidings| {
        eventually("all entries are published", PATIENCE, || {
            (tidings.titles().len() == NAIVE.len()).then_some(())
        });
    };
    // The same ledger from run to run.
    let mut tidings = berlin().start();
    is_complete(&tidings);
    let first = documents(&tidings);
    let mut before = first.clone();
    for zone in ZONES {
        tidings.set_variable("TZ", zone);
        tidings.restart();
        assert_eq!(documents(&tidings), before, "{zone}");
        // Read again under this zone, it is the same.
        tidings.drop_entry(
            "0.md",
            &article("Entry 0", "date: 2026-01-31\n", "Text, read."),
        );
        tidings.feed_when("the edit is out", |feed| {
            feed.to_string().contains("Text, read.")
        });
        tidings.drop_entry("0.md", &article("Entry 0", "date: 2026-01-31\n", "Text."));
        eventually("it is as it was", PATIENCE, || {
            let feed = tidings.get("/feed.json").text().to_owned();
            assert_eq!(dates(&feed), dates(&first[2]), "{zone}");
            (!feed.contains("Text, read.")).then_some(())
        });
        before = documents(&tidings);
    }
    // A new ledger in each.
    for zone in ZONES {
        let tidings = berlin().with_variable("TZ", zone).start();
        is_complete(&tidings);
        assert_eq!(tidings.get("/feed.json").text(), first[2], "{zone}");
    }
}
