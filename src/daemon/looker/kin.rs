//! Which entries a file may be under another name: they are looked after in the same turn, because events
//! come in any order, late, or not at all, and an entry that is found elsewhere before it is missed would
//! be taken for a new one.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use super::Looker;
use crate::catalogue::Catalogue;
use crate::entry::{Draft, FolderPath, Media, Stamp};
use crate::folder::scan::Look;
use crate::folder::settle::MAX_WAIT;

/// What was found where an entry should be.
enum Kin {
    /// Its file, as it was.
    Unchanged,
    /// Nothing.
    Gone,
    /// Another file, or another version of it, and whole.
    Changed(Stamp),
    /// Something that nobody can tell about yet.
    Unclear,
}

impl Looker {
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
                        Kin::Gone => self.is_missed(suspect, now),
                        Kin::Changed(stamp) => drop(changed.insert(suspect, stamp)),
                        Kin::Unclear => drop(unclear.insert(suspect)),
                    }
                }
            }
            next = drafts.len();
            drafts.extend(self.read(changed, media, now));
        }
        while self.put_off(drafts, &mut unclear, catalogue, now) {}
        for (draft, _) in drafts {
            self.puzzling.remove(&draft.path);
        }
    }

    fn kin_at(&self, path: &FolderPath, catalogue: &Catalogue) -> Kin {
        let known = self.known.get(path).map(|known| known.stamp);
        match self.around.folder.look(path) {
            Ok(Look::File(stamp)) if known == Some(stamp) => Kin::Unchanged,
            Ok(Look::File(stamp)) if catalogue.knows_version(&stamp) => Kin::Changed(stamp),
            Ok(Look::File(_)) => Kin::Unclear,
            Ok(Look::Nothing) => Kin::Gone,
            // Nothing that could be read; and what can't be looked at is not gone.
            Ok(Look::Folder | Look::Other) | Err(_) => Kin::Unchanged,
        }
    }

    fn is_missed(&mut self, path: FolderPath, now: Instant) {
        if !self.missing.contains_key(&path) {
            self.missing.insert(path.clone(), now);
            self.settling.look_later(path, self.around.grace, now);
        }
    }

    /// Has the drafts wait that may be one of the entries at `unclear`, but not for ever. Those that wait
    /// are unclear themselves: returns whether there are any.
    fn put_off(
        &mut self,
        drafts: &mut Vec<(Draft, Stamp)>,
        unclear: &mut HashSet<FolderPath>,
        catalogue: &Catalogue,
        now: Instant,
    ) -> bool {
        if unclear.is_empty() {
            return false;
        }
        let before = drafts.len();
        drafts.retain(|(draft, stamp)| {
            let mut suspects = catalogue.suspects(draft, stamp).into_iter();
            let since = *self.puzzling.entry(draft.path.clone()).or_insert(now);
            let waits = now < since + MAX_WAIT && suspects.any(|path| unclear.contains(&path));
            if waits {
                self.known.remove(&draft.path);
                self.settling
                    .look_again(draft.path.clone(), *stamp, self.around.settle, now);
                unclear.insert(draft.path.clone());
            }
            !waits
        });
        drafts.len() < before
    }
}
