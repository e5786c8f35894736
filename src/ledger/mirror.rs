//! The mirror: all identities once more, in a file that people can read and that outlives the ledger.
//!
//! `identities.jsonl` has one line of JSON for the site, then one for each identity: all that is
//! needed to give a file its identity back, but not its text. Lines are appended after each commit,
//! and the file is written anew at start and stop, and when it has grown to several times its size.
//! Later lines for a key win. Each line ends with a sum of its own; one that is torn or changed is
//! passed over and counted.
//!
//! **What a crash can lose of it.** Appending does not wait for the disk: a power cut can take the last
//! lines, and a killed process those of its last commit. The ledger has them all, and the next start
//! writes them anew. They are lost only if the ledger is damaged in the same accident; then files that
//! were renamed in those last moments get new ids.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tracing::warn;
use uuid::Uuid;

use super::place::{remove, sync_folder};
use super::rows::Life;
use super::table::BATCH;
use crate::catalogue::{Key, Record, Standing};
use crate::entry::{Article, Content, Digest, Entry, EntryId, FolderPath, Slug, Text};

/// The mirror is written anew when it has so many times the lines that it needs…
const GROWTH: usize = 4;

/// …and so many more: a small one is not worth the writing.
const SLACK: usize = 1000;

/// How many letters of a digest end a line: 64 bits, against accidents.
const SUM_LETTERS: usize = 16;

/// The first line: whose identities these are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The site's id.
    pub(super) site: Uuid,
    /// The entries folder.
    pub(super) folder: String,
}

/// One identity, ids and paths first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    id: EntryId,
    pub(super) path: FolderPath,
    title: Text,
    slug: Slug,
    published: Timestamp,
    updated: Timestamp,
    first_seen: Timestamp,
    first_path: FolderPath,
    changed: Timestamp,
    key: Key,
    body: Digest,
    #[serde(flatten)]
    life: Life,
    /// The commit after which it was written.
    #[serde(default)]
    pub(super) turn: u64,
}

impl Identity {
    /// What the mirror keeps of `record` after the commit `turn`.
    pub(super) fn of(record: &Record, turn: u64) -> Self {
        let entry = &record.entry;
        Self {
            id: entry.id.clone(),
            path: entry.path.clone(),
            title: entry.article.title.clone(),
            slug: entry.slug.clone(),
            published: entry.published,
            updated: entry.updated,
            first_seen: record.first_seen,
            first_path: record.first_path.clone(),
            changed: record.changed,
            key: record.key,
            body: entry.article.body,
            life: Life::of(record),
            turn,
        }
    }

    /// Whether it is what the mirror would keep of `record`.
    pub(super) fn is_of(&self, record: &Record) -> bool {
        *self == Self::of(record, self.turn)
    }

    /// The record of this identity, under the key `key`, without a text: withdrawn, so that nothing
    /// empty is ever shown, until its file is found. See [`Record::is_restored`].
    pub(super) fn restore(self, key: Key) -> Record {
        let Self {
            id,
            path,
            title,
            slug,
            published,
            updated,
            first_seen,
            first_path,
            changed,
            key: _,
            body,
            mut life,
            turn: _,
        } = self;
        life.standing = match life.standing {
            standing @ (Standing::Retired(_) | Standing::Withdrawn(_)) => standing,
            _ => Standing::Withdrawn(changed),
        };
        let entry = Entry {
            id,
            path,
            slug,
            published,
            updated,
            article: untold(title, body),
        };
        life.record(key, Arc::new(entry), first_path, [first_seen, changed])
    }

    pub(super) fn id(&self) -> &EntryId {
        &self.id
    }

    pub(super) fn key(&self) -> Key {
        self.key
    }
}

/// An article of which nothing is known but its title and the name of its text.
fn untold(title: Text, body: Digest) -> Article {
    Article {
        title,
        authors: Vec::new(),
        categories: Vec::new(),
        summary: Text::new(""),
        language: None,
        link: None,
        image: None,
        enclosures: Vec::new(),
        via: Vec::new(),
        source: None,
        comments: None,
        episode: None,
        elements: Vec::new(),
        section: None,
        content: Content::Full,
        text_bytes: 0,
        references: Vec::new(),
        body,
    }
}

/// What a mirror holds.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) head: Option<Head>,
    pub(super) identities: BTreeMap<Key, Identity>,
    /// Lines that are not as they were written.
    pub(super) damaged: usize,
    /// All lines.
    lines: usize,
}

impl Held {
    /// Reads the mirror at `path`; there need not be one.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let mut bytes = Vec::new();
        match File::options().read(true).open(path) {
            Ok(mut file) => drop(io::Read::read_to_end(&mut file, &mut bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(Self::parse(&bytes))
    }

    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut held = Self::default();
        let lines = bytes.par_split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !line.is_empty()).map(Line::of);
        for line in lines.collect::<Vec<_>>() {
            held.lines += 1;
            match line {
                Line::Identity(identity) => {
                    held.identities.insert(identity.key, *identity);
                }
                Line::Site(site) => held.head = Some(site),
                Line::Damaged => held.damaged += 1,
            }
        }
        held
    }

    /// Whether it says neither more nor less than that `records` belong to `head`.
    fn is_just(&self, head: &Head, records: &[Record]) -> bool {
        self.head.as_ref() == Some(head)
            && self.lines == records.len() + 1
            && records.par_iter().all(|record| {
                self.identities
                    .get(&record.key)
                    .is_some_and(|it| it.is_of(record))
            })
    }
}

/// What a line says.
enum Line {
    Identity(Box<Identity>),
    Site(Head),
    Damaged,
}

impl Line {
    fn of(line: &[u8]) -> Self {
        let text = believed(line);
        let identity = text.as_deref().and_then(read::<Box<Identity>>);
        let identity = identity.map(Self::Identity);
        let site = || text.as_deref().and_then(read::<Head>).map(Self::Site);
        identity.or_else(site).unwrap_or(Self::Damaged)
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    serde_json::from_str(json).ok()
}

/// The line's JSON without its sum, if the sum is right.
fn believed(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?;
    let (json, sum) = line.strip_suffix("\"}")?.rsplit_once(",\"sum\":\"")?;
    let json = format!("{json}}}");
    (sum == sum_of(&json)).then_some(json)
}

fn sum_of(json: &str) -> String {
    let mut sum = Digest::of(json.as_bytes()).to_string();
    sum.truncate(SUM_LETTERS);
    sum
}

/// The line that says `what`.
fn line(what: &impl Serialize) -> io::Result<String> {
    let json = serde_json::to_string(what)?;
    let sum = sum_of(&json);
    let open = json.strip_suffix('}').unwrap_or(&json);
    Ok(format!("{open},\"sum\":\"{sum}\"}}\n"))
}

/// The mirror of an open ledger. That it can't be written is told once, and stops nothing.
pub(super) struct Mirror {
    path: PathBuf,
    head: Head,
    /// What lines are appended to.
    file: Option<File>,
    /// How many lines there are, and how many are needed.
    lines: usize,
    needed: usize,
    /// It does not hold all that it should, and has to be written anew.
    is_behind: bool,
    has_failed: bool,
}

impl Mirror {
    /// The mirror at `path`, which holds `known` and is to hold `records`.
    pub(super) fn start(
        path: PathBuf,
        head: Head,
        known: &Held,
        records: &[Record],
        turn: u64,
    ) -> Self {
        let is_behind = !known.is_just(&head, records);
        let mut mirror = Self {
            path,
            head,
            file: None,
            lines: known.lines,
            needed: records.len() + 1,
            is_behind,
            has_failed: false,
        };
        // There is nothing to lose yet in a new ledger, and it may get another site's id.
        if is_behind && !records.is_empty() {
            mirror.write_anew(|| Ok(records.iter().map(|it| Identity::of(it, turn)).collect()));
        }
        mirror
    }

    /// Whose identities these are, if that has changed.
    pub(super) fn set_head(&mut self, head: Head) {
        if self.head != head {
            self.head = head;
            self.is_behind = true;
        }
    }

    /// Adds what the commit `turn` kept; `all` are all identities after it, should they be needed.
    pub(super) fn append(
        &mut self,
        records: &[Arc<Record>],
        turn: u64,
        all: impl FnOnce() -> io::Result<Vec<Identity>>,
    ) {
        if self.is_behind || self.lines > self.needed.saturating_mul(GROWTH) + SLACK {
            return self.write_anew(all);
        }
        let mut append = || -> io::Result<File> {
            let mut text = String::new();
            for record in records {
                text.push_str(&line(&Identity::of(record, turn))?);
            }
            let mut file = match self.file.take() {
                Some(file) => file,
                None => File::options().append(true).open(&self.path)?,
            };
            file.write_all(text.as_bytes())?;
            Ok(file)
        };
        match append() {
            Ok(file) => {
                self.file = Some(file);
                self.lines += records.len();
            }
            // A line may be torn now; what is written anew is whole.
            Err(error) => self.fails(&error),
        }
    }

    /// Leaves each identity in one line.
    pub(super) fn finish(&mut self, all: impl FnOnce() -> io::Result<Vec<Identity>>) {
        if self.is_behind || self.lines > self.needed {
            self.write_anew(all);
        }
    }

    fn write_anew(&mut self, all: impl FnOnce() -> io::Result<Vec<Identity>>) {
        self.file = None;
        let write = || -> io::Result<usize> {
            let identities = all()?;
            let beside = self.path.with_extension("jsonl.new");
            remove(&beside)?;
            let mut file = File::create_new(&beside)?;
            file.write_all(line(&self.head)?.as_bytes())?;
            for some in identities.chunks(BATCH) {
                let lines = some.par_iter().map(line);
                let lines = lines.collect::<io::Result<Vec<String>>>()?;
                file.write_all(lines.concat().as_bytes())?;
            }
            file.sync_all()?;
            std::fs::rename(&beside, &self.path)?;
            sync_folder(self.path.parent().unwrap_or(Path::new("")))?;
            Ok(identities.len() + 1)
        };
        match write() {
            Ok(lines) => {
                self.lines = lines;
                self.needed = lines;
                self.is_behind = false;
                self.has_failed = false;
            }
            Err(error) => self.fails(&error),
        }
    }

    fn fails(&mut self, error: &io::Error) {
        self.file = None;
        self.is_behind = true;
        if !std::mem::replace(&mut self.has_failed, true) {
            warn!(
                file = %self.path.display(),
                %error,
                "the mirror of identities can't be written: without it, damage to the ledger would cost ids"
            );
        }
    }
}
