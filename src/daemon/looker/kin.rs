//! Which entries a file may be under another name: they are looked after in the same turn, because events
//! come in any order, late, or not at all, and an entry that is found elsewhere before it is missed would
//! be taken for a new one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use super::Looker;
use crate::catalogue::Catalogue;
use crate::entry::{Draft, FolderPath, Media, Stamp};
use crate::folder::scan::Look;
use crate::folder::settle::{MAX_WAIT, OPEN_PATIENCE, SECOND_LOOK};

/// How long a file waits, at most, to be told who it is: until whatever it may be was surely read.
const PATIENCE: Duration = OPEN_PATIENCE.saturating_add(MAX_WAIT);

/// What was found where an entry should be.
enum Kin {
    /// Its file.
    Unchanged,
    /// Nothing.
    Gone,
    /// Another file, or another version of it, and whole.
    Changed(Stamp),
    /// Something that nobody can tell about yet.
    Unclear,
}

/// The entry files of the folder, by what makes them the same under any name.
pub(super) struct Files(HashMap<(u64, u64), (FolderPath, Stamp)>);

impl Files {
    /// Where the file with this stamp is now.
    pub(super) fn find(&self, stamp: &Stamp) -> Option<&FolderPath> {
        let (path, file) = self.0.get(&(stamp.device, stamp.inode))?;
        file.is_same_file(stamp).then_some(path)
    }
}

impl Looker {
    /// All entry files that are in the folder now; none if it can't be walked.
    pub(super) fn files(&self) -> Files {
        let listing = self.around.folder.walk(None).unwrap_or_default();
        let files = listing.entries.into_iter();
        Files(
            files
                .map(|file| ((file.1.device, file.1.inode), file))
                .collect(),
        )
    }

    /// Looks after the entries that these drafts may be under another name, reads their files where they
    /// have changed as well, and puts off whoever can't be told yet.
    pub(super) fn look_after_kin(
        &mut self,
        drafts: &mut Vec<(Draft, Stamp)>,
        media: &mut BTreeMap<FolderPath, Option<Media>>,
        catalogue: &Catalogue,
        now: Instant,
    ) {
        let mut seen: HashSet<FolderPath> = drafts.iter().map(|it| it.0.path.clone()).collect();
        let mut unclear: HashSet<FolderPath> = HashSet::new();
        let mut gone: HashSet<FolderPath> = HashSet::new();
        let mut next = 0;
        // Each round looks at what the one before it has read; names may have been passed on in a ring.
        while next < drafts.len() {
            let mut changed: BTreeMap<FolderPath, Stamp> = BTreeMap::new();
            for (draft, stamp) in &drafts[next..] {
                for suspect in catalogue.suspects(draft, stamp) {
                    if !seen.insert(suspect.clone()) {
                        continue;
                    }
                    match self.kin_at(&suspect, catalogue) {
                        Kin::Unchanged => {}
                        Kin::Gone => {
                            let record = catalogue.at_path(&suspect);
                            if record.is_some_and(|it| !it.is_lost()) {
                                self.is_missed(suspect.clone(), now);
                            }
                            if record.is_some_and(|it| !it.stamp.is_same_file(stamp)) {
                                gone.insert(suspect);
                            }
                        }
                        Kin::Changed(stamp) => {
                            self.missing.remove(&suspect);
                            self.doubt(&suspect);
                            changed.insert(suspect, stamp);
                        }
                        Kin::Unclear => drop(unclear.insert(suspect)),
                    }
                }
            }
            next = drafts.len();
            drafts.extend(self.read(&changed, media, now));
            // Somebody is writing to it just now.
            let is_read = |path: &FolderPath, stamp| {
                let known = self.known.get(path);
                known.is_some_and(|known| known.is(stamp))
            };
            let unread = changed.iter().filter(|(path, stamp)| !is_read(path, stamp));
            unclear.extend(unread.map(|(path, _)| path.clone()));
        }
        let put_over: HashSet<FolderPath> = drafts
            .iter()
            .filter(|(draft, stamp)| self.is_put_over(draft, stamp, drafts, catalogue))
            .map(|(draft, _)| draft.path.clone())
            .collect();
        gone.extend(put_over.iter().cloned());
        if !gone.is_empty() {
            unclear.extend(self.found_elsewhere(gone, drafts, catalogue, now));
        }
        while self.put_off(drafts, &mut unclear, &put_over, catalogue, now) {}
        for (draft, _) in drafts {
            self.puzzling.remove(&draft.path);
        }
    }

    fn kin_at(&self, path: &FolderPath, catalogue: &Catalogue) -> Kin {
        // Not what was read last there counts, but what the entry was made of: the last version may be
        // that of another file, and unfinished or broken.
        let entry = catalogue.at_path(path).map(|record| record.stamp);
        let is_its =
            |stamp: &Stamp| entry.is_some_and(|entry| entry == *stamp || entry.is_same_file(stamp));
        match self.around.folder.look(path) {
            Ok(Look::File(stamp)) if is_its(&stamp) => Kin::Unchanged,
            Ok(Look::File(stamp)) if self.is_known_whole(path, stamp, catalogue) => {
                Kin::Changed(stamp)
            }
            Ok(Look::File(_)) => Kin::Unclear,
            Ok(Look::Nothing) => Kin::Gone,
            // Nothing that could be read; and what can't be looked at is not gone.
            Ok(Look::Folder | Look::Other) | Err(_) => Kin::Unchanged,
        }
    }

    /// Whether this version was found whole before: under another name, or when it was put off.
    fn is_known_whole(&self, path: &FolderPath, stamp: Stamp, catalogue: &Catalogue) -> bool {
        let put_off = self.puzzling.get(path).map(|(_, version)| *version);
        put_off == Some(stamp) || catalogue.knows_version(&stamp)
    }

    /// Which of the entries that are gone from their paths have their files under a name that was not read
    /// yet: who has the same text, or the name, must not be taken for them before that.
    fn found_elsewhere(
        &mut self,
        gone: HashSet<FolderPath>,
        drafts: &[(Draft, Stamp)],
        catalogue: &Catalogue,
        now: Instant,
    ) -> Vec<FolderPath> {
        let read: HashSet<&FolderPath> = drafts.iter().map(|(draft, _)| &draft.path).collect();
        let files = self.files();
        let mut found = Vec::new();
        for path in gone {
            let record = catalogue.at_path(&path);
            let elsewhere = record.and_then(|record| files.find(&record.stamp));
            if let Some(elsewhere) = elsewhere.filter(|elsewhere| !read.contains(elsewhere)) {
                self.settling
                    .look_later(elsewhere.clone(), Duration::ZERO, now);
                found.push(path);
            }
        }
        found
    }

    fn is_missed(&mut self, path: FolderPath, now: Instant) {
        if !self.missing.contains_key(&path) {
            self.missing.insert(path.clone(), now);
            self.settling.look_later(path, self.around.grace, now);
        }
    }

    /// Whether another entry's file has the name of an entry whose own file was not found: it was put
    /// over that one, or two are just swapping their names.
    fn is_put_over(
        &self,
        draft: &Draft,
        stamp: &Stamp,
        drafts: &[(Draft, Stamp)],
        catalogue: &Catalogue,
    ) -> bool {
        let here = catalogue.at_path(&draft.path).filter(|it| !it.is_lost());
        let is_other = here.is_some_and(|here| {
            let is_found = drafts
                .iter()
                .any(|(_, other)| here.stamp.is_same_file(other));
            !is_found && !self.returned.contains(&draft.path)
        });
        let moved = catalogue.holder_of_file(stamp);
        let has_moved = moved
            .is_some_and(|moved| moved.is_lost() || self.missing.contains_key(&moved.entry.path));
        is_other && has_moved
    }

    /// Has the drafts wait that may be one of the entries at `unclear`, or are put over another, but not
    /// for ever. Those that wait are unclear themselves: returns whether there are any.
    fn put_off(
        &mut self,
        drafts: &mut Vec<(Draft, Stamp)>,
        unclear: &mut HashSet<FolderPath>,
        put_over: &HashSet<FolderPath>,
        catalogue: &Catalogue,
        now: Instant,
    ) -> bool {
        if unclear.is_empty() && put_over.is_empty() {
            return false;
        }
        let before = drafts.len();
        drafts.retain(|(draft, stamp)| {
            let mut suspects = catalogue.suspects(draft, stamp).into_iter();
            let puzzle = self.puzzling.entry(draft.path.clone());
            let (since, version) = puzzle.or_insert((now, *stamp));
            if !version.is_same_file(stamp) {
                *since = now; // Another puzzle.
            }
            *version = *stamp;
            let is_unclear =
                unclear.contains(&draft.path) || suspects.any(|path| unclear.contains(&path));
            let is_swapping = put_over.contains(&draft.path) && now < *since + SECOND_LOOK;
            let waits = is_unclear && now < *since + PATIENCE || is_swapping;
            if waits {
                if let Some(known) = self.known.get_mut(&draft.path) {
                    known.is_stale = true;
                }
                self.settling
                    .look_again(draft.path.clone(), *stamp, self.around.settle, now);
                unclear.insert(draft.path.clone());
            }
            !waits
        });
        drafts.len() < before
    }
}
