//! Who a draft is: an entry we know, or a new one.
//!
//! An id outlives the file's name, title, address and host, and the ledger that keeps it as far as
//! can be: it grows from the site's id and the path at first sight (RFC 9562 section 5.5), so that a
//! lost ledger gives the same ids back to files that were never renamed.
//!
//! **What tells who a draft is**, best first:
//!
//! 1. an id that it states;
//! 2. the entry at its path, unless that one has moved on;
//! 3. the same file on the disk, seen under another name before: device, inode and the nanosecond of
//!    its birth;
//! 4. the watcher's word that it was renamed;
//! 5. the same content, if exactly one such file is gone, now or ever since, and exactly one is new.
//!
//! Never when it is ambiguous: a copy is a new entry.
//!
//! **Who moves on.** A file that is saved under its own name is often another file afterwards, since
//! editors write beside it and rename; so the path comes before the file. But names can be swapped,
//! or passed on in a chain (`mv a c`, `mv b a`): then each entry follows its file. A draft at a known
//! path is another entry only if both ends are accounted for: the entry it is has left its place, and
//! the entry whose place it takes was found elsewhere or had been seen gone before.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use imbl::OrdSet;
use uuid::Uuid;

use super::bulk::set_of;
use super::{Catalogue, Key, Record};
use crate::entry::{Digest, Draft, EntryId, FolderPath, Problem, Stamp};

/// How many entries of equal content are looked after when a new file has that content, too.
const MAX_SUSPECTS: usize = 64;

/// Who a draft is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// An entry we know.
    Known(Key),
    /// One never seen before.
    New,
}

/// What a look found, as far as it tells who is who.
#[derive(Clone, Copy)]
pub(super) struct Sightings<'a> {
    /// In the order of their paths.
    pub(super) drafts: &'a [(Draft, Stamp)],
    /// Paths where nothing is.
    pub(super) missing: &'a HashSet<FolderPath>,
    /// Paths of drafts where nothing was for a while.
    pub(super) returned: &'a HashSet<FolderPath>,
    /// What the watcher saw renamed, from and to.
    pub(super) renamed: &'a [(FolderPath, FolderPath)],
}

/// How sure it is that a draft is an entry with another path. The surest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Stated,
    File,
    Renamed,
    Content,
}

impl Catalogue {
    /// Who each of the drafts is, in their order. Fails for one that states the id of an entry which is
    /// another file.
    pub(super) fn identify(&self, sightings: Sightings<'_>) -> Vec<Result<Identity, Problem>> {
        let moves = Moves::new(self, sightings);
        let mut stated: HashMap<&EntryId, &FolderPath> = HashMap::new();
        let mut identities = Vec::new();
        for (number, (draft, _)) in sightings.drafts.iter().enumerate() {
            let is = moves.of(number).or_else(|| moves.stays(number));
            let holder = draft.claims.id.as_ref().and_then(|id| {
                // Of two in one look, the one that comes first; else the entry that has it.
                let first = stated.get(id).copied();
                let holder = self.by_id.get(id).filter(|holder| Some(**holder) != is);
                let holder = holder.and_then(|holder| self.records.get(holder));
                let path = first.or_else(|| holder.map(|holder| &holder.entry.path));
                stated.entry(id).or_insert(&draft.path);
                path.map(|path| belongs_to(id, &draft.path, path))
            });
            identities.push(match holder {
                Some(problem) => Err(problem),
                None => Ok(is.map_or(Identity::New, Identity::Known)),
            });
        }
        identities
    }

    /// The paths of entries that `draft` may be under another name: whether it is depends on whether
    /// their files are still there.
    pub fn suspects(&self, draft: &Draft, stamp: &Stamp) -> Vec<FolderPath> {
        let here = self.by_path.get(&draft.path).copied();
        let holder = self.holder_of_file(stamp).map(|record| record.key);
        let is_saved_in_place = here.is_some() && holder == here;
        let stated = draft.claims.id.as_ref().and_then(|id| self.by_id.get(id));
        let mut alike: Vec<Key> = Vec::new();
        // Where the file tells, the text says nothing.
        if !is_saved_in_place {
            alike.extend(holder);
        }
        if holder.is_none() {
            let contents = self.traces.with_content(draft.content);
            alike.extend(contents.take(MAX_SUSPECTS));
        }
        alike
            .into_iter()
            .chain(stated.copied())
            .filter(|key| Some(*key) != here)
            .filter_map(|key| self.records.get(&key))
            .map(|record| record.entry.path.clone())
            .collect()
    }

    /// The entries whose file this was at the last look: one, unless it has several names.
    pub(super) fn with_file(&self, stamp: &Stamp) -> Vec<Key> {
        self.traces.with_file(stamp).collect()
    }

    /// The entry whose file this was at the last look, if it was just one's.
    pub fn holder_of_file(&self, stamp: &Stamp) -> Option<&Arc<Record>> {
        let key = only(self.traces.with_file(stamp))?;
        self.records.get(&key)
    }

    /// Whether a file with this stamp was read before, under whatever name: it was renamed since, and
    /// nothing else.
    pub fn knows_version(&self, stamp: &Stamp) -> bool {
        let is_same = |known: &Stamp| (known.size, known.modified) == (stamp.size, stamp.modified);
        let mut records = self
            .traces
            .with_file(stamp)
            .filter_map(|key| self.records.get(&key));
        records.any(|record| is_same(&record.stamp))
    }

    /// A new id for a file first seen at `path`, never given before.
    pub(super) fn new_id(&self, path: &FolderPath) -> EntryId {
        let mut given = self.ids_given.get(path).copied().unwrap_or(0);
        loop {
            let name = if given == 0 {
                path.to_string()
            } else {
                format!("{path}#{given}")
            };
            let id = EntryId::from_uuid(Uuid::new_v5(&self.site, name.as_bytes()));
            if !self.by_id.contains_key(&id) {
                return id;
            }
            given += 1;
        }
    }
}

fn belongs_to(id: &EntryId, path: &FolderPath, holder: &FolderPath) -> Problem {
    Problem {
        line: 1,
        column: 1,
        message: format!(
            "the id `{id}` of {path} belongs to {holder}: expected an id of its own, or none"
        ),
    }
}

/// Which drafts are entries that had another path before.
struct Moves<'a> {
    catalogue: &'a Catalogue,
    sightings: Sightings<'a>,
    /// The drafts at the paths of entries, by those entries.
    at: HashMap<Key, usize>,
    /// For each draft, the entry at its path.
    here: Vec<Option<Key>>,
    /// For each draft that moves, who it is and what tells so.
    found: HashMap<usize, (Key, Mark)>,
    /// The other way round.
    movers: HashMap<Key, usize>,
}

impl<'a> Moves<'a> {
    fn new(catalogue: &'a Catalogue, sightings: Sightings<'a>) -> Self {
        let paths = sightings.drafts.iter().map(|(draft, _)| &draft.path);
        let here: Vec<Option<Key>> = paths
            .map(|path| catalogue.by_path.get(path).copied())
            .collect();
        let at = here
            .iter()
            .enumerate()
            .filter_map(|(number, here)| here.map(|key| (key, number)))
            .collect();
        let mut moves = Self {
            catalogue,
            sightings,
            at,
            here,
            found: HashMap::new(),
            movers: HashMap::new(),
        };
        moves.propose();
        moves.dispose();
        moves
    }

    /// The entry that the draft is, if it had another path before.
    fn of(&self, number: usize) -> Option<Key> {
        self.found.get(&number).map(|(key, _)| *key)
    }

    /// The entry at the draft's path, unless it has moved on.
    fn stays(&self, number: usize) -> Option<Key> {
        self.here[number].filter(|here| !self.movers.contains_key(here))
    }

    /// Notes who each draft may be besides the entry at its path.
    fn propose(&mut self) {
        let mut twins: HashMap<Digest, usize> = HashMap::new();
        for (number, (draft, _)) in self.sightings.drafts.iter().enumerate() {
            if self.looks_other(number) {
                *twins.entry(draft.content).or_default() += 1;
            }
        }
        let mut proposals: HashMap<Key, Vec<(Mark, usize)>> = HashMap::new();
        for number in 0..self.sightings.drafts.len() {
            if let Some((key, mark)) = self.proposal(number, &twins) {
                proposals.entry(key).or_default().push((mark, number));
            }
        }
        for (key, mut drafts) in proposals {
            drafts.sort_unstable();
            let (mark, number) = drafts[0];
            // Two that are equally likely: neither is. But of two that state one id, the first is.
            let has_rival = drafts.get(1).is_some_and(|(other, _)| *other == mark);
            if mark == Mark::Stated || !has_rival {
                self.found.insert(number, (key, mark));
                self.movers.insert(key, number);
            }
        }
    }

    fn proposal(&self, number: usize, twins: &HashMap<Digest, usize>) -> Option<(Key, Mark)> {
        let (draft, stamp) = &self.sightings.drafts[number];
        let here = self.here[number];
        let may_be = |key: &Key| Some(*key) != here && self.may_have_left(*key);
        if let Some(id) = &draft.claims.id {
            let holder = self.catalogue.by_id.get(id).copied();
            return holder.filter(may_be).map(|key| (key, Mark::Stated));
        }
        if self.is_saved_in_place(number) {
            return None;
        }
        let holder = self.catalogue.holder_of_file(stamp).map(|it| it.key);
        if let Some(key) = holder.filter(may_be) {
            return Some((key, Mark::File));
        }
        let mut renames = self.sightings.renamed.iter();
        let from = renames.find(|(_, to)| *to == draft.path);
        let from = from.and_then(|(from, _)| self.catalogue.by_path.get(from).copied());
        if let Some(key) = from.filter(may_be) {
            return Some((key, Mark::Renamed));
        }
        let is_alone = self.looks_other(number) && twins.get(&draft.content) == Some(&1);
        let alike = self.catalogue.traces.with_content(draft.content);
        only(alike.filter(|key| is_alone && may_be(key))).map(|key| (key, Mark::Content))
    }

    /// Strikes out, until nothing is left to strike out, whoever would leave an entry without a file
    /// or take one from the file at its path.
    fn dispose(&mut self) {
        loop {
            let is_wrong = |(number, (key, mark)): (&usize, &(Key, Mark))| {
                let is_taken = self.at.get(key).is_some_and(|other| {
                    let other = self.found.get(other).map(|(_, mark)| *mark);
                    // Where files were renamed, another file with the same text is a copy.
                    let is_copy =
                        *mark == Mark::Content && matches!(other, Some(Mark::File | Mark::Renamed));
                    other.is_none() || is_copy
                });
                let path = &self.sightings.drafts[*number].0.path;
                let is_vacant = |here: Key| {
                    let is_lost = self.record(here).is_some_and(Record::is_lost);
                    is_lost || self.movers.contains_key(&here)
                };
                let may_go = *mark == Mark::Stated
                    || self.here[*number].is_none_or(is_vacant)
                    || self.sightings.returned.contains(path);
                is_taken || !may_go
            };
            let wrong = self.found.iter().filter(|entry| is_wrong(*entry));
            let wrong: Vec<(usize, Key)> =
                wrong.map(|(number, (key, _))| (*number, *key)).collect();
            if wrong.is_empty() {
                return;
            }
            for (number, key) in wrong {
                self.found.remove(&number);
                self.movers.remove(&key);
            }
        }
    }

    fn record(&self, key: Key) -> Option<&'a Record> {
        self.catalogue.records.get(&key).map(|record| &**record)
    }

    /// Whether the draft is the very file that the entry at its path was.
    fn is_saved_in_place(&self, number: usize) -> bool {
        let (_, stamp) = &self.sightings.drafts[number];
        let holder = self.catalogue.holder_of_file(stamp).map(|it| it.key);
        holder.is_some() && holder == self.here[number]
    }

    /// Whether the draft does not say what the entry at its path said.
    fn looks_other(&self, number: usize) -> bool {
        let (draft, _) = &self.sightings.drafts[number];
        let here = self.here[number].and_then(|here| self.record(here));
        here.is_none_or(|here| here.content != draft.content)
    }

    /// Whether the entry's file is not, or need not be, at its path any more.
    fn may_have_left(&self, key: Key) -> bool {
        match (self.at.get(&key), self.record(key)) {
            (Some(number), record) => {
                let stated = &self.sightings.drafts[*number].0.claims.id;
                let own = record.map(|record| &record.entry.id);
                let says_other = stated.is_some() && stated.as_ref() != own;
                says_other || !self.is_saved_in_place(*number)
            }
            (None, Some(record)) => {
                record.is_lost() || self.sightings.missing.contains(&record.entry.path)
            }
            (None, None) => false,
        }
    }
}

/// The one that there is, if there is just one.
fn only<T>(mut of: impl Iterator<Item = T>) -> Option<T> {
    let one = of.next()?;
    of.next().is_none().then_some(one)
}

/// By what a file is known again under another name.
#[derive(Clone, Default)]
pub(super) struct Traces {
    /// Device, inode and birth.
    files: OrdSet<((u64, u64, i64), Key)>,
    contents: OrdSet<(Digest, Key)>,
}

impl Traces {
    /// What tells of `records`.
    pub(super) fn of(records: &[Arc<Record>]) -> Self {
        let files = records
            .iter()
            .filter_map(|it| Some((file_of(&it.stamp)?, it.key)));
        let contents = records.iter().map(|it| (it.content, it.key));
        Self {
            files: set_of(files.collect()),
            contents: set_of(contents.collect()),
        }
    }

    /// Adds what tells of `record`.
    pub(super) fn add(&mut self, record: &Record) {
        if let Some(file) = file_of(&record.stamp) {
            self.files.insert((file, record.key));
        }
        self.contents.insert((record.content, record.key));
    }

    /// Takes back what [`Traces::add`] added.
    pub(super) fn remove(&mut self, record: &Record) {
        if let Some(file) = file_of(&record.stamp) {
            self.files.remove(&(file, record.key));
        }
        self.contents.remove(&(record.content, record.key));
    }

    fn with_file(&self, stamp: &Stamp) -> impl Iterator<Item = Key> {
        let file = file_of(stamp);
        let all = file.map(|file| self.files.range((file, Key::LEAST)..=(file, Key::MOST)));
        all.into_iter().flatten().map(|(_, key)| *key)
    }

    fn with_content(&self, content: Digest) -> impl Iterator<Item = Key> {
        let all = (content, Key::LEAST)..=(content, Key::MOST);
        self.contents.range(all).map(|(_, key)| *key)
    }
}

fn file_of(stamp: &Stamp) -> Option<(u64, u64, i64)> {
    stamp.born.map(|born| (stamp.device, stamp.inode, born))
}
