//! Single turns that once went wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Bench;
use crate::entry::FolderPath;
use crate::folder::settle::Sign;
use crate::folder::watch::Taken;

/// Longer than any wait for a file that is closed: second looks, the grace, the slow look.
const LONG_ENOUGH: Duration = Duration::from_secs(80);

struct Place {
    folder: tempfile::TempDir,
    bench: Bench,
    now: Instant,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("entries")).unwrap();
        let bench = Bench::open(folder.path());
        Self {
            now: bench.started(),
            folder,
            bench,
        }
    }

    fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join("entries").join(path)
    }

    fn write(&self, path: &str, keys: &str, text: &str) {
        let text = format!("---\ntitle: {text}\n{keys}---\n\nThe text of {text}.\n");
        fs::write(self.file(path), text).unwrap();
    }

    fn rename(&self, from: impl AsRef<Path>, to: &str) {
        let from = self.folder.path().join("entries").join(from);
        fs::rename(from, self.file(to)).unwrap();
    }

    /// A turn with these hints.
    fn turn(&mut self, hints: &[(&str, Sign)]) {
        let mut taken = Taken::default();
        for (path, sign) in hints {
            let path = FolderPath::new(path).unwrap();
            taken.paths.entry(path).or_default().push(*sign);
        }
        self.now += Duration::from_millis(1);
        self.bench.turn(taken, self.now);
    }

    fn settle(&mut self) {
        self.settle_for(LONG_ENOUGH);
    }

    fn settle_for(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.now = self.bench.next_look().clamp(self.now, until) + Duration::from_millis(1);
            self.bench.turn(Taken::default(), self.now);
        }
    }

    /// The id of the live entry at `path`.
    fn id(&self, path: &str) -> Option<String> {
        let path = FolderPath::new(path).unwrap();
        self.bench.live().remove(&path).map(|(id, _)| id)
    }
}

#[test]
fn a_file_that_was_refused_is_missed_when_it_goes() {
    let mut place = Place::new();
    place.write("a.md", "id: tag:x,2026:1\n", "One");
    place.write("b.md", "", "Two");
    place.settle();
    // Its last good version stays, as long as the file is there.
    place.write("b.md", "id: tag:x,2026:1\n", "Two, edited");
    place.settle();
    assert!(place.id("b.md").is_some());
    fs::remove_file(place.file("b.md")).unwrap();
    place.settle();
    assert_eq!(place.id("b.md"), None);
}

#[test]
fn a_file_that_was_put_off_is_missed_when_it_goes() {
    let mut place = Place::new();
    place.write("a.md", "", "One");
    place.write("b.md", "", "Two");
    place.settle();
    let two = place.id("b.md");
    // Put over another, which may be half of a swap; and gone before that is clear.
    place.rename("b.md", "a.md");
    place.turn(&[("b.md", Sign::Left), ("a.md", Sign::Arrived)]);
    fs::remove_file(place.file("a.md")).unwrap();
    place.turn(&[("a.md", Sign::Left)]);
    place.settle();
    assert!(two.is_some());
    assert_eq!((place.id("a.md"), place.id("b.md")), (None, None));
}

#[test]
fn of_two_that_swapped_names_one_may_be_unfinished_or_broken() {
    for half in ["", "---\ntitle: Two\n", "---\ndate: never\n---\n\nText.\n"] {
        let mut place = Place::new();
        place.write("a.md", "", "One");
        place.write("b.md", "", "Two");
        place.settle();
        let [one, two] = ["a.md", "b.md"].map(|path| place.id(path));
        place.rename("a.md", "../between");
        place.rename("b.md", "a.md");
        place.rename("../between", "b.md");
        // Who writes to the one is seen in the middle of it, then the other one is looked at.
        fs::write(place.file("a.md"), half).unwrap();
        place.turn(&[("a.md", Sign::Arrived)]);
        place.write("b.md", "", "One, edited");
        place.turn(&[("b.md", Sign::Arrived)]);
        place.write("a.md", "", "Two, edited");
        place.settle();
        assert_eq!((place.id("b.md"), place.id("a.md")), (one, two), "{half:?}");
    }
}

#[test]
fn a_removal_that_could_not_be_kept_is_found_again() {
    let mut place = Place::new();
    place.write("a.md", "", "One");
    place.settle();
    let other =
        rusqlite::Connection::open(place.folder.path().join("state/ledger.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    fs::remove_file(place.file("a.md")).unwrap();
    place.turn(&[("a.md", Sign::Left)]);
    // When the grace is over, the ledger is another's.
    place.now += Duration::from_secs(6);
    place.turn(&[]);
    assert!(place.id("a.md").is_some(), "what can't be kept is not done");
    other.execute_batch("ROLLBACK").unwrap();
    place.settle();
    assert_eq!(place.id("a.md"), None);
}

#[test]
fn who_swapped_and_was_moved_on_is_waited_for_while_somebody_writes_to_it() {
    let mut place = Place::new();
    place.write("a.md", "", "One");
    place.write("b.md", "", "Two");
    place.settle();
    let [one, two] = ["a.md", "b.md"].map(|path| place.id(path));
    place.rename("a.md", "c.md");
    place.rename("b.md", "a.md");
    place.write("c.md", "", "One, edited");
    place.turn(&[
        ("c.md", Sign::Writing),
        ("b.md", Sign::Left),
        ("a.md", Sign::Arrived),
    ]);
    for _ in 0..8 {
        place.now += Duration::from_secs(1);
        place.turn(&[("c.md", Sign::Writing)]);
    }
    let shown = ["a.md", "b.md"].map(|path| place.id(path));
    assert_eq!(
        shown,
        [one.clone(), two.clone()],
        "nobody goes, or has another's text"
    );
    place.turn(&[("c.md", Sign::Closed)]);
    place.settle();
    assert_eq!((place.id("c.md"), place.id("a.md")), (one, two));
}

#[test]
fn a_file_that_was_renamed_and_broken_keeps_its_entry() {
    let mut place = Place::new();
    place.write("a.md", "", "One");
    place.settle();
    let one = place.id("a.md");
    place.rename("a.md", "b.md");
    place.write("b.md", "date: never\n", "One, edited");
    place.settle();
    assert_eq!(place.id("a.md"), one, "the last good version stays");
    place.write("b.md", "", "One, mended");
    place.settle();
    assert_eq!((place.id("b.md"), place.id("a.md")), (one, None));
    fs::remove_file(place.file("b.md")).unwrap();
    place.settle();
    assert_eq!(place.id("b.md"), None);
}

#[test]
fn of_two_names_of_one_file_one_may_go() {
    let mut place = Place::new();
    place.write("a.md", "", "One");
    fs::hard_link(place.file("a.md"), place.file("b.md")).unwrap();
    place.settle();
    assert!(place.id("a.md").is_some() && place.id("b.md").is_some());
    // The look at everything has just been: the other name is not read before the grace is over.
    place.settle_for(Duration::from_secs(1));
    fs::remove_file(place.file("a.md")).unwrap();
    place.turn(&[("a.md", Sign::Left)]);
    place.settle_for(Duration::from_secs(6));
    assert!(place.id("a.md").is_none() && place.id("b.md").is_some());
}

/// What waits for a second look can't have it then, and must not be asked for again and again.
#[test]
fn a_folder_that_goes_with_its_files_is_not_looked_at_all_the_time() {
    let mut place = Place::new();
    for file in ["a.md", "b.md"] {
        place.write(file, "", file);
    }
    place.settle();
    fs::remove_file(place.file("a.md")).unwrap();
    place.turn(&[("a.md", Sign::Left)]);
    fs::remove_dir_all(place.file("")).unwrap();
    let mut looks = 0;
    let until = place.now + Duration::from_secs(10);
    while place.now < until {
        place.now = place.bench.next_look().max(place.now) + Duration::from_millis(1);
        place.bench.turn(Taken::default(), place.now);
        looks += 1;
    }
    assert!(looks <= 20, "{looks} looks in ten seconds");
    assert!(place.id("b.md").is_some(), "all stays published");
}
