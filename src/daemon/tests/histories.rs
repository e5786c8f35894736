//! Random histories of a folder: whatever happens to the files, whatever becomes of the events about it,
//! and however often the daemon ends in between, every file is the entry that a plain oracle says.
//!
//! The files, the ledger and its mirror are real; time is not, so that a minute passes at once. An
//! operation is only drawn where the rules leave no doubt who is who: what nobody can tell apart, the
//! program may take for new.
//!
//! **Why this file is long.** The operations and the oracle are one thing: what an operation does to the
//! files and what it does to the oracle must be read side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use jiff::Timestamp;
use tempfile::TempDir;

use super::Bench;
use crate::entry::FolderPath;
use crate::folder::settle::Sign;
use crate::folder::watch::Taken;

const PATHS: [&str; 9] = [
    "a.md",
    "b.md",
    "c.txt",
    "news/d.md",
    "news/e.md",
    "news/sea/f.md",
    "g.html",
    "old/h.md",
    "i.md",
];

/// How long it takes, at most, until all that happened was seen: a file that was never closed, the slow
/// look at everything, the grace, and second looks.
const LONG_ENOUGH: Duration = Duration::from_secs(150);

/// What happened to a path since all was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Touch {
    Edited,
    Replaced,
    Moved,
    Other,
}

/// An entry as the oracle knows it.
#[derive(Debug)]
struct Being {
    /// As it was seen first.
    seen: Option<(String, Timestamp)>,
    content: u32,
    /// It states an id.
    is_stated: bool,
    /// The date that it states.
    date: Option<&'static str>,
    first_path: &'static str,
    /// It never had another path.
    is_settled: bool,
}

struct History {
    chance: Rng,
    place: TempDir,
    bench: Option<Bench>,
    now: Instant,
    beings: Vec<Being>,
    /// Who is at a path.
    at: BTreeMap<&'static str, usize>,
    /// Who was at a path when its file was deleted there.
    last_at: BTreeMap<&'static str, usize>,
    /// Whose file is gone.
    lost: BTreeSet<usize>,
    /// How many entries had their first path there.
    born_at: BTreeMap<&'static str, u32>,
    touched: BTreeMap<&'static str, Touch>,
    /// Who has a file that can't be published just now.
    broken: BTreeSet<usize>,
    /// Nothing but the mirror remembers what was good.
    is_bare: bool,
    contents: u32,
    late: Vec<(FolderPath, Sign)>,
    events: Vec<(FolderPath, Sign)>,
    told: Vec<String>,
}

impl History {
    fn new(seed: u64) -> Self {
        let memory = PathBuf::from("/dev/shm");
        let place = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let place = place.unwrap();
        for folder in ["entries/news/sea", "entries/old", "aside"] {
            fs::create_dir_all(place.path().join(folder)).unwrap();
        }
        let bench = Bench::open(place.path());
        Self {
            chance: Rng::with_seed(seed),
            now: bench.started(),
            bench: Some(bench),
            place,
            beings: Vec::new(),
            at: BTreeMap::new(),
            last_at: BTreeMap::new(),
            lost: BTreeSet::new(),
            born_at: BTreeMap::new(),
            touched: BTreeMap::new(),
            broken: BTreeSet::new(),
            is_bare: false,
            contents: 0,
            late: Vec::new(),
            events: Vec::new(),
            told: Vec::new(),
        }
    }

    fn file(&self, path: &str) -> PathBuf {
        self.place.path().join("entries").join(path)
    }

    fn event(&mut self, path: &str, signs: &[Sign]) {
        let path = FolderPath::new(path).unwrap();
        self.events
            .extend(signs.iter().map(|sign| (path.clone(), *sign)));
    }

    fn text(&self, being: usize) -> String {
        let Being {
            content,
            is_stated,
            date,
            ..
        } = &self.beings[being];
        let id = is_stated.then(|| format!("id: tag:example.org,2026:{being}\n"));
        let date = date.map(|date| format!("date: {date}\n"));
        format!(
            "---\ntitle: Entry {content}\n{}{}---\n\nThe text of {content}.\n",
            id.unwrap_or_default(),
            date.unwrap_or_default()
        )
    }

    /// Writes the file of `being` at `path` as most editors do: beside it, and renamed.
    fn write(&mut self, path: &str, text: &str) {
        let beside = self.place.path().join("aside/new");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, self.file(path)).unwrap();
        self.event(path, &[Sign::Arrived]);
    }

    fn new_content(&mut self) -> u32 {
        self.contents += 1;
        self.contents
    }

    /// Who a file with this content is, where nobody lives.
    fn who(&mut self, path: &'static str, content: u32, copied_from: Option<usize>) -> usize {
        let alike: Vec<usize> = self
            .lost
            .iter()
            .copied()
            .filter(|lost| self.beings[*lost].content == content)
            .collect();
        let here = self.last_at.get(path).copied();
        let here_is_alike = here.filter(|here| self.beings[*here].content == content);
        let is = match (here_is_alike, &alike[..], here) {
            (Some(here), ..) => Some(here),
            (None, [one], _) => Some(*one),
            (None, _, here) => here,
        };
        let is = is.unwrap_or_else(|| {
            let born = self.born_at.entry(path).or_default();
            *born += 1;
            self.beings.push(Being {
                seen: None,
                content,
                is_stated: false,
                date: copied_from.and_then(|from| self.beings[from].date),
                first_path: path,
                is_settled: true,
            });
            self.beings.len() - 1
        });
        if !self.born_at.contains_key(path) || self.beings[is].first_path != path {
            self.beings[is].is_settled = false;
        }
        is
    }

    fn settle_at(&mut self, path: &'static str, being: usize) {
        self.lost.remove(&being);
        let last = self.last_at.iter().find(|(_, lost)| **lost == being);
        if let Some(last) = last.map(|(last, _)| *last) {
            // Until it was seen elsewhere, whatever lies there now would be taken for it.
            self.last_at.remove(last);
            self.touched.insert(last, Touch::Other);
        }
        if let Some(other) = self.last_at.remove(path) {
            // Its name is another's now: only its own file or text brings it back.
            assert!(self.lost.contains(&other));
        }
        self.at.insert(path, being);
    }

    fn create(&mut self, path: &'static str) -> String {
        let content = self.new_content();
        let is_stated = self.chance.usize(..6) == 0 && !self.last_at.contains_key(path);
        let date = (self.chance.usize(..4) == 0).then_some("2026-01-31T10:00:00Z");
        let being = self.who(path, content, None);
        self.beings[being].content = content;
        if self.beings[being].seen.is_none() {
            self.beings[being].is_stated = is_stated;
            self.beings[being].date = date;
        }
        let text = self.text(being);
        if self.chance.usize(..3) == 0 {
            fs::write(self.file(path), text).unwrap();
            self.event(path, &[Sign::Touched, Sign::Writing, Sign::Closed]);
        } else {
            self.write(path, &text);
        }
        self.settle_at(path, being);
        self.touched.insert(path, Touch::Other);
        format!("create {path}")
    }

    fn edit(&mut self, path: &'static str) -> String {
        let being = self.at[path];
        let was_seen = self.beings[being].seen.is_some();
        let is_calm = !self.touched.contains_key(path);
        let breaks = was_seen && is_calm && !self.is_bare && self.chance.usize(..8) == 0;
        if breaks {
            self.broken.insert(being);
        } else {
            self.broken.remove(&being);
            self.beings[being].content = self.new_content();
        }
        let text = if breaks {
            "---\ntitle: Entry\ndate: never\n---\n\nText.\n".to_owned()
        } else {
            self.text(being)
        };
        let touch = self.touched.get(path).copied();
        let in_place = self.chance.usize(..2) == 0 || touch == Some(Touch::Moved);
        if in_place {
            fs::write(self.file(path), text).unwrap();
            self.event(path, &[Sign::Writing, Sign::Writing, Sign::Closed]);
            self.touched.entry(path).or_insert(Touch::Edited);
        } else {
            self.write(path, &text);
            self.touched.insert(path, Touch::Replaced);
        }
        format!("edit {path}, broken: {breaks}, in place: {in_place}")
    }

    fn rename(&mut self, from: &'static str, to: &'static str) -> String {
        fs::rename(self.file(from), self.file(to)).unwrap();
        self.event(from, &[Sign::Left]);
        self.event(to, &[Sign::Arrived]);
        let being = self.at.remove(from).unwrap();
        self.beings[being].is_settled = false;
        self.settle_at(to, being);
        self.touched.insert(from, Touch::Other);
        self.touched.insert(to, Touch::Moved);
        format!("rename {from} {to}")
    }

    fn swap(&mut self, one: &'static str, other: &'static str) -> String {
        let between = self.place.path().join("aside/between");
        fs::rename(self.file(one), &between).unwrap();
        self.event(one, &[Sign::Left]);
        if self.chance.usize(..4) == 0 {
            self.see();
        }
        fs::rename(self.file(other), self.file(one)).unwrap();
        self.event(other, &[Sign::Left]);
        self.event(one, &[Sign::Arrived]);
        if self.chance.usize(..4) == 0 {
            self.see();
        }
        fs::rename(&between, self.file(other)).unwrap();
        self.event(other, &[Sign::Arrived]);
        let [a, b] = [one, other].map(|path| self.at[path]);
        self.at.insert(one, b);
        self.at.insert(other, a);
        for (path, being) in [(one, b), (other, a)] {
            self.beings[being].is_settled = false;
            self.touched.insert(path, Touch::Other);
        }
        format!("swap {one} {other}")
    }

    fn copy(&mut self, from: &'static str, to: &'static str) -> String {
        let original = self.at[from];
        let content = self.beings[original].content;
        let being = self.who(to, content, Some(original));
        self.beings[being].content = content;
        let text = self.text(being);
        self.write(to, &text);
        self.settle_at(to, being);
        self.touched.insert(to, Touch::Other);
        self.hold_still(content);
        format!("copy {from} {to}")
    }

    /// If another with this content goes before anybody has looked, a copy may be taken for it.
    fn hold_still(&mut self, content: u32) {
        for (path, being) in &self.at {
            if self.beings[*being].content == content {
                self.touched.insert(path, Touch::Other);
            }
        }
    }

    fn delete(&mut self, path: &'static str) -> String {
        fs::remove_file(self.file(path)).unwrap();
        self.event(path, &[Sign::Left]);
        let being = self.at.remove(path).unwrap();
        self.lost.insert(being);
        self.last_at.insert(path, being);
        self.touched.insert(path, Touch::Other);
        format!("delete {path}")
    }

    /// What was deleted comes back from a backup, as another file, maybe under another name.
    fn restore(&mut self, being: usize, path: &'static str) -> String {
        let content = self.beings[being].content;
        let is = if self.beings[being].is_stated {
            being
        } else {
            self.who(path, content, Some(being))
        };
        if self.beings[is].first_path != path {
            self.beings[is].is_settled = false;
        }
        self.beings[is].content = content;
        let text = self.text(is);
        self.write(path, &text);
        self.settle_at(path, is);
        self.touched.insert(path, Touch::Other);
        self.hold_still(content);
        format!("restore {being} at {path}, which is {is}")
    }

    /// `mv from to` over another: the name keeps its entry, which has another text now.
    fn overwrite(&mut self, from: &'static str, to: &'static str) -> String {
        fs::rename(self.file(from), self.file(to)).unwrap();
        self.event(from, &[Sign::Left]);
        self.event(to, &[Sign::Arrived]);
        let (moved, under) = (self.at.remove(from).unwrap(), self.at[to]);
        self.beings[under].content = self.beings[moved].content;
        self.lost.insert(moved);
        self.last_at.insert(from, moved);
        self.touched.insert(from, Touch::Other);
        self.touched.insert(to, Touch::Other);
        format!("overwrite {to} by {from}")
    }

    /// The daemon ends, in good order or not, and starts again.
    fn restart(&mut self) -> String {
        let bench = self.bench.take().unwrap();
        let is_orderly = self.chance.usize(..2) == 0;
        bench.close(is_orderly);
        self.events.clear();
        self.late.clear();
        self.reopen();
        format!("restart, in good order: {is_orderly}")
    }

    fn reopen(&mut self) {
        let bench = Bench::open(self.place.path());
        self.now = self.now.max(bench.started());
        self.bench = Some(bench);
    }

    fn lose_ledger(&mut self, and_mirror: bool) -> String {
        self.settle();
        self.bench
            .take()
            .unwrap()
            .close(self.chance.usize(..2) == 0);
        for file in fs::read_dir(self.place.path().join("state")).unwrap() {
            let file = file.unwrap().path();
            let is_mirror = file.ends_with("identities.jsonl");
            if file.is_file() && (and_mirror || !is_mirror) {
                fs::remove_file(file).unwrap();
            }
        }
        if and_mirror {
            self.forget();
        }
        self.reopen();
        self.is_bare = true;
        if and_mirror {
            // Until the folder was looked at, nothing is known that could be known again.
            self.settle();
        }
        format!("the ledger is lost, and the mirror: {and_mirror}")
    }

    /// What can't be known any more without any memory.
    fn forget(&mut self) {
        self.lost.clear();
        self.last_at.clear();
        let live: BTreeSet<usize> = self.at.values().copied().collect();
        for (number, being) in self.beings.iter_mut().enumerate() {
            let is_first = self.born_at.get(being.first_path) == Some(&1);
            let keeps_id = being.is_stated || being.is_settled && is_first;
            let date: Option<Timestamp> = being.date.map(|date| date.parse().unwrap());
            being.seen = match (being.seen.take(), date) {
                (Some((id, _)), Some(date)) if keeps_id && live.contains(&number) => {
                    Some((id, date))
                }
                (Some((id, _)), None) if keeps_id && live.contains(&number) => {
                    // The id is expected, a new date is accepted.
                    Some((id, Timestamp::MIN))
                }
                _ => None,
            };
        }
        self.born_at.clear();
        for (path, being) in &self.at {
            self.born_at.insert(path, 1);
            self.beings[*being].first_path = path;
            self.beings[*being].is_settled = true;
        }
    }

    /// The daemon takes a turn with some of the events.
    fn turn(&mut self) {
        let mut taken = Taken::default();
        self.events.append(&mut self.late);
        let mut events = std::mem::take(&mut self.events);
        if self.chance.usize(..5) == 0 {
            self.chance.shuffle(&mut events);
        }
        for (path, sign) in events {
            match self.chance.usize(..12) {
                0 => {}
                1 => self.late.push((path, sign)),
                2 => taken.paths.entry(path).or_default().extend([sign, sign]),
                _ => taken.paths.entry(path).or_default().push(sign),
            }
        }
        taken.everything = self.chance.usize(..20) == 0;
        let ahead = [0, 1, 50, 300, 2_500, 7_000][self.chance.usize(..6)];
        self.now += Duration::from_millis(ahead);
        self.told
            .push(format!("  turn after {ahead} ms: {:?}", taken.paths));
        self.bench.as_mut().unwrap().turn(taken, self.now);
    }

    /// The daemon takes a turn and misses nothing: in the middle of a swap it would have to guess.
    fn see(&mut self) {
        self.events.clear();
        let taken = Taken {
            everything: true,
            ..Taken::default()
        };
        self.bench.as_mut().unwrap().turn(taken, self.now);
    }

    /// All that happened is seen.
    fn settle(&mut self) {
        self.turn();
        let until = self.now + LONG_ENOUGH;
        while self.now < until {
            let bench = self.bench.as_mut().unwrap();
            self.now = bench.next_look().clamp(self.now, until) + Duration::from_millis(1);
            bench.turn(Taken::default(), self.now);
        }
        self.events.clear();
        self.late.clear();
        self.touched.clear();
        self.is_bare = false;
    }

    /// Compares with the oracle.
    fn check(&mut self) {
        self.settle();
        let live = self.bench.as_ref().unwrap().live();
        let paths: Vec<&str> = live.keys().map(FolderPath::as_str).collect();
        let expected: Vec<&str> = self.at.keys().copied().collect();
        assert_eq!(paths, expected, "the live set");
        let mut ids = BTreeSet::new();
        for (path, (id, published)) in live {
            let being = &mut self.beings[self.at[path.as_str()]];
            assert!(ids.insert(id.clone()), "{id} is on two entries");
            let date: Option<Timestamp> = being.date.map(|date| date.parse().unwrap());
            match &mut being.seen {
                Some((known, date)) if *date == Timestamp::MIN => {
                    assert_eq!(*known, id, "{path}");
                    *date = published;
                }
                Some((known, first)) => {
                    assert_eq!(*known, id, "{path}");
                    assert_eq!(published, *first, "{path}");
                }
                seen @ None => {
                    if let Some(date) = date {
                        assert_eq!(published, date, "{path}");
                    }
                    *seen = Some((id, published));
                }
            }
        }
    }

    fn one(&mut self, is_right: impl Fn(&Self, &'static str) -> bool) -> Option<&'static str> {
        let right: Vec<&'static str> = PATHS
            .into_iter()
            .filter(|path| is_right(self, path))
            .collect();
        (!right.is_empty()).then(|| right[self.chance.usize(..right.len())])
    }

    fn step(&mut self) -> Option<String> {
        let is_clean = |it: &Self, path: &'static str| !it.touched.contains_key(path);
        let is_free =
            |it: &Self, path: &'static str| is_clean(it, path) && !it.at.contains_key(path);
        let is_sound = |it: &Self, path: &'static str| {
            it.at
                .get(path)
                .is_some_and(|being| !it.broken.contains(being))
        };
        let is_calm = |it: &Self, path: &'static str| is_sound(it, path) && is_clean(it, path);
        let has_file = |it: &Self, path: &'static str| {
            let touch = it.touched.get(path);
            let is_same = matches!(touch, None | Some(Touch::Edited | Touch::Moved));
            is_sound(it, path) && is_same
        };
        let is_stated = |it: &Self, path: &'static str| it.beings[it.at[path]].is_stated;
        Some(match self.chance.usize(..24) {
            0..=5 => {
                let path = self.one(is_free)?;
                self.create(path)
            }
            6..=9 => {
                let may = |it: &Self, path| {
                    it.at.contains_key(path) && it.touched.get(path) != Some(&Touch::Other)
                };
                let path = self.one(may)?;
                self.edit(path)
            }
            10..=12 => {
                let from = self.one(has_file)?;
                let to = self.one(is_free)?;
                self.rename(from, to)
            }
            13 | 14 => {
                let one = self.one(is_calm)?;
                let other = self.one(|it, path| path != one && is_calm(it, path))?;
                self.swap(one, other)
            }
            15 => {
                let from = self.one(|it, path| is_calm(it, path) && !is_stated(it, path))?;
                let to = self.one(is_free)?;
                self.copy(from, to)
            }
            16 | 17 => {
                let path = self.one(is_calm)?;
                self.delete(path)
            }
            18 => {
                // Whether it is gone has been seen when nothing is touched.
                if !self.touched.is_empty() {
                    return None;
                }
                let lost: Vec<usize> = self.lost.iter().copied().collect();
                if lost.is_empty() {
                    return None;
                }
                let being = lost[self.chance.usize(..lost.len())];
                let path = self.one(is_free)?;
                self.restore(being, path)
            }
            19 => {
                let plain = |it: &Self, path: &'static str| {
                    is_calm(it, path)
                        && !is_stated(it, path)
                        && it.beings[it.at[path]].date.is_none()
                };
                let from = self.one(plain)?;
                let to = self.one(|it, path| path != from && plain(it, path))?;
                self.overwrite(from, to)
            }
            20 => self.restart(),
            21 => {
                // What a broken file was when it was good is in the ledger alone.
                if self.chance.usize(..3) > 0 || !self.broken.is_empty() {
                    return None;
                }
                let and_mirror = self.chance.usize(..2) == 0;
                self.lose_ledger(and_mirror)
            }
            22 => {
                self.turn();
                "a turn".to_owned()
            }
            _ => {
                self.check();
                "a check".to_owned()
            }
        })
    }
}

/// One history from its seed; a panic names what happened.
fn run(seed: u64) {
    let mut history = History::new(seed);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        for _ in 0..24 {
            if let Some(told) = history.step() {
                history.told.push(told);
            }
        }
        history.check();
    }));
    if let Err(panic) = outcome {
        let told = history.told.join("\n  ");
        eprintln!(
            "history of seed {seed}:\n  {told}\n  at: {:?}\n  lost: {:?}",
            history.at, history.lost
        );
        std::panic::resume_unwind(panic);
    }
}

/// Runs histories on two threads, from `TIDINGS_SEED` on if that is set.
fn run_all(histories: u64) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let first = number("TIDINGS_SEED").unwrap_or(1);
    let histories = number("TIDINGS_HISTORIES").unwrap_or(histories);
    eprintln!("{histories} histories from seed {first} on");
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + histories {
                        return;
                    }
                    run(seed);
                }
            });
        }
    });
}

#[test]
fn every_file_is_the_entry_that_the_oracle_says() {
    run_all(10_000);
}

/// `cargo test --release --lib histories -- --ignored --nocapture`, some hours; `TIDINGS_SEED=7
/// TIDINGS_HISTORIES=1` runs one of them again.
#[test]
#[ignore = "takes hours"]
fn a_million_histories() {
    run_all(1_000_000);
}
