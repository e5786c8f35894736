//! A storm of edits over an entries folder, and what must be true of each entry meanwhile.
//!
//! Each entry has a number that stays with it, and each text a version; both are in the title and in
//! the first and last line of the body. So whatever the feed shows can be told apart, whole or half.
//!
//! The storm stays within what the rules of identity can decide. The daemon finds a renamed file
//! again by its inode and birth, and a replaced one by its path; if between two looks both changed,
//! the file is lawfully a new entry. So neither is changed before the other one was seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

/// How many entries there come to be.
const FILES: usize = 40;

/// So many files at most are deleted, or renamed and not yet seen again, at one time. From eleven on
/// the daemon may take it for an accident (DESIGN section 7, `[removal_guard]`).
const MAX_ASTRAY: usize = 8;

/// Where files live.
const SECTIONS: [&str; 4] = ["", "news", "sport", "news/far/away"];

/// What an entry is, if the world is in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Truth {
    path: String,
    /// The version that was written last.
    pub(super) version: u64,
    is_there: bool,
    /// How often it has left its path.
    departures: u64,
    /// Who has seen this version knows where the file is.
    path_from: u64,
    /// Who has seen this version knows the file's inode.
    inode_from: u64,
    /// The newest version that the feed has shown.
    pub(super) seen: u64,
    names: u64,
    /// All that was done to it and seen of it.
    history: String,
}

impl Truth {
    fn path_is_known(&self) -> bool {
        self.seen >= self.path_from
    }

    fn file_is_known(&self) -> bool {
        self.seen >= self.inode_from
    }

    /// Whether it is published, and has to stay so until it leaves.
    fn is_steady(&self) -> bool {
        self.is_there && self.path_is_known()
    }
}

/// The storm, and all that is known of the entries. Shared by the one who makes it and the one who
/// looks at the feed.
pub(super) struct Storm {
    entries: PathBuf,
    beside: PathBuf,
    started: Instant,
    files: Mutex<Vec<Truth>>,
}

/// What can be done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    InPlace,
    InPlaceSlowly,
    ByRename,
    Move,
    Delete,
    Swap,
}

const DEEDS: [Deed; 9] = [
    Deed::InPlace,
    Deed::InPlace,
    Deed::InPlaceSlowly,
    Deed::ByRename,
    Deed::ByRename,
    Deed::ByRename,
    Deed::Move,
    Deed::Delete,
    Deed::Swap,
];

impl Storm {
    /// Before the first drop, over the folder `entries`; `beside` is where files are made that will be
    /// renamed into it.
    pub(super) fn over(entries: &Path, beside: &Path) -> Self {
        for section in SECTIONS {
            fs::create_dir_all(entries.join(section)).unwrap();
        }
        fs::create_dir_all(beside).unwrap();
        Self {
            entries: entries.to_owned(),
            beside: beside.to_owned(),
            started: Instant::now(),
            files: Mutex::default(),
        }
    }

    /// Does one thing to one file.
    pub(super) fn blow(&self, rng: &mut Rng) {
        let count = self.files().len();
        if count == 0 || count < FILES && rng.u8(..6) == 0 {
            return self.create(rng);
        }
        let number = rng.usize(..count);
        let truth = self.files()[number].clone();
        if !truth.is_there {
            return self.restore(number, rng);
        }
        let deed = rng.choice(DEEDS).unwrap();
        let is_lawful = match deed {
            Deed::InPlace | Deed::InPlaceSlowly => true,
            Deed::ByRename => truth.path_is_known(),
            Deed::Move => truth.file_is_known() && self.has_room(),
            Deed::Delete => truth.path_is_known() && self.has_room(),
            Deed::Swap => truth.path_is_known() && truth.file_is_known(),
        };
        match deed {
            Deed::ByRename if is_lawful => self.replace(number, rng),
            Deed::Move if is_lawful => self.rename(number, rng),
            Deed::Delete if is_lawful => self.delete(number),
            Deed::Swap if is_lawful => self.swap(number, rng),
            deed => {
                let slowly = deed == Deed::InPlaceSlowly;
                self.write_in_place(number, slowly, rng);
            }
        }
    }

    fn create(&self, rng: &mut Rng) {
        let mut files = self.files();
        let number = files.len();
        files.push(Truth {
            version: 1,
            path_from: 1,
            inode_from: 1,
            is_there: true,
            ..Truth::default()
        });
        let path = new_name(number, &mut files[number], rng);
        files[number].path.clone_from(&path);
        drop(files);
        self.note(number, format_args!("created as {path}"));
        let text = text(number, 1, rng);
        if rng.bool() {
            self.arrive(&path, &text);
        } else {
            fs::write(self.entries.join(path), text).unwrap();
        }
    }

    fn write_in_place(&self, number: usize, slowly: bool, rng: &mut Rng) {
        let mut files = self.files();
        let truth = &mut files[number];
        truth.version += 1;
        let (path, version) = (truth.path.clone(), truth.version);
        drop(files);
        self.note(
            number,
            format_args!("version {version} written in place, slowly: {slowly}"),
        );
        let text = text(number, version, rng);
        let mut file = fs::File::create(self.entries.join(path)).unwrap();
        if slowly {
            let (half, rest) = text.as_bytes().split_at(text.len() * 2 / 3);
            file.write_all(half).unwrap();
            thread::sleep(Duration::from_millis(rng.u64(..20)));
            file.write_all(rest).unwrap();
        } else {
            file.write_all(text.as_bytes()).unwrap();
        }
    }

    fn replace(&self, number: usize, rng: &mut Rng) {
        let mut files = self.files();
        let truth = &mut files[number];
        truth.version += 1;
        truth.inode_from = truth.version;
        let (path, version) = (truth.path.clone(), truth.version);
        drop(files);
        self.note(number, format_args!("version {version} renamed into place"));
        self.arrive(&path, &text(number, version, rng));
    }

    fn rename(&self, number: usize, rng: &mut Rng) {
        let mut files = self.files();
        let truth = &mut files[number];
        truth.departures += 1;
        truth.path_from = truth.version + 1;
        let path = new_name(number, truth, rng);
        let old = std::mem::replace(&mut truth.path, path.clone());
        drop(files);
        self.note(number, format_args!("renamed to {path}"));
        fs::rename(self.entries.join(old), self.entries.join(path)).unwrap();
    }

    fn delete(&self, number: usize) {
        let mut files = self.files();
        let truth = &mut files[number];
        truth.departures += 1;
        truth.is_there = false;
        let path = truth.path.clone();
        drop(files);
        self.note(number, format_args!("deleted"));
        fs::remove_file(self.entries.join(path)).unwrap();
    }

    /// Brings back a deleted file, as it was or edited.
    fn restore(&self, number: usize, rng: &mut Rng) {
        let mut files = self.files();
        let truth = &mut files[number];
        truth.is_there = true;
        truth.path_from = truth.version + 1;
        truth.inode_from = truth.version + 1;
        truth.version += u64::from(rng.bool());
        let (path, version) = (truth.path.clone(), truth.version);
        drop(files);
        self.note(number, format_args!("restored with version {version}"));
        self.arrive(&path, &text(number, version, rng));
    }

    /// Swaps the names of a file and another one that is as well known.
    fn swap(&self, number: usize, rng: &mut Rng) {
        let mut files = self.files();
        let other = rng.usize(..files.len());
        let is_lawful = other != number && files[other].is_steady() && files[other].file_is_known();
        if !is_lawful || astray(&files) + 2 > MAX_ASTRAY {
            return;
        }
        for swapped in [number, other] {
            let truth = &mut files[swapped];
            truth.departures += 1;
            truth.path_from = truth.version + 1;
        }
        let [one, two] = [number, other].map(|swapped| files[swapped].path.clone());
        files[number].path.clone_from(&two);
        files[other].path.clone_from(&one);
        drop(files);
        self.note(number, format_args!("swapped with {other}, to {two}"));
        self.note(other, format_args!("swapped with {number}, to {one}"));
        let [one, two] = [one, two].map(|path| self.entries.join(path));
        let between = self.entries.join(".swapped.tmp");
        fs::rename(&one, &between).unwrap();
        fs::rename(&two, &one).unwrap();
        fs::rename(&between, &two).unwrap();
    }

    fn arrive(&self, path: &str, text: &str) {
        let beside = self.beside.join("new");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, self.entries.join(path)).unwrap();
    }

    fn has_room(&self) -> bool {
        astray(&self.files()) < MAX_ASTRAY
    }

    /// The entries that are published and have to stay so, each with how often it left before.
    pub(super) fn steady(&self) -> BTreeMap<usize, u64> {
        let files = self.files();
        let steady = files.iter().enumerate().filter(|(_, it)| it.is_steady());
        steady.map(|(number, it)| (number, it.departures)).collect()
    }

    /// The entries whose files are there, each with its last version.
    pub(super) fn live(&self) -> BTreeMap<usize, u64> {
        let files = self.files();
        let live = files.iter().enumerate().filter(|(_, it)| it.is_there);
        live.map(|(number, it)| (number, it.version)).collect()
    }

    /// Takes in that the feed shows `version` of an entry.
    pub(super) fn sight(&self, number: usize, version: u64) -> Result<(), String> {
        let mut files = self.files();
        let truth = files.get_mut(number).ok_or("an entry that never was")?;
        if !(truth.seen..=truth.version).contains(&version) {
            return Err(format!(
                "version {version}, after {} was seen and {} written",
                truth.seen, truth.version
            ));
        }
        let is_news = version > truth.seen;
        truth.seen = version;
        drop(files);
        if is_news {
            self.note(number, format_args!("version {version} seen"));
        }
        Ok(())
    }

    /// Writes something down for the case that the test fails.
    pub(super) fn note(&self, number: usize, what: std::fmt::Arguments<'_>) {
        let at = self.started.elapsed();
        let mut files = self.files();
        writeln!(files[number].history, "{at:10.3?} {what}").unwrap();
    }

    /// Writes something down that happens to all.
    pub(super) fn note_for_all(&self, what: &str) {
        let count = self.files().len();
        for number in 0..count {
            self.note(number, format_args!("--- {what}"));
        }
    }

    /// The last that happened to an entry.
    pub(super) fn history(&self, number: usize) -> String {
        const LINES: usize = 60;
        let files = self.files();
        let Some(truth) = files.get(number) else {
            return String::new();
        };
        let lines: Vec<&str> = truth.history.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }

    fn files(&self) -> MutexGuard<'_, Vec<Truth>> {
        self.files.lock().unwrap()
    }
}

fn astray(files: &[Truth]) -> usize {
    files.iter().filter(|it| !it.is_steady()).count()
}

/// A path that no file had before.
fn new_name(number: usize, truth: &mut Truth, rng: &mut Rng) -> String {
    truth.names += 1;
    let section = rng.choice(SECTIONS).unwrap();
    let name = format!("{section}/{number}-{}.md", truth.names);
    name.trim_start_matches('/').to_owned()
}

fn text(number: usize, version: u64, rng: &mut Rng) -> String {
    let filler = "The storm has carried this line along.\n\n".repeat(rng.usize(1..40));
    format!(
        "---\ntitle: Entry {number} version {version}\n---\n\nbegin {number}.{version}\n\n{filler}end {number}.{version}\n"
    )
}
