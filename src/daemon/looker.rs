//! Where to look in the folder, what is seen there, and what is remembered from one look to the next.
//!
//! The looker knows the files; what they mean to readers is the catalogue's affair, which it asks
//! only which paths have, or want, something published.

mod defaults;
mod kin;
mod leaving;
mod noticed;
mod observing;
mod surroundings;
mod walking;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use super::clock;
use super::finding::Finding;
use super::guard::Guard;
use super::health::Trouble;
use super::root::{self, Root};
use crate::catalogue::{Catalogue, Observation, Record};
use crate::entry::parse::Defaults;
use crate::entry::{Digest, FolderPath, Media, Stamp};
use crate::folder::names::Role;
use crate::folder::renames::Renames;
use crate::folder::settle::{SECOND_LOOK, Settling, Sign, Trust};
use crate::folder::watch::Taken;
use crate::metrics::Look;
use noticed::Noticed;
pub(super) use surroundings::{Surroundings, Ties};

/// How often what failed is tried again: a missing folder, a ledger that can't be written.
const RETRY: Duration = Duration::from_secs(1);

/// How long it is remembered what was renamed: until what lies there was surely looked at.
const RENAMES_KEPT: Duration = Duration::from_secs(10);

/// How long a file that looks unfinished may stay so before its writer is told.
const UNFINISHED_PATIENCE: Duration = Duration::from_secs(10);

/// See the module's text.
pub(super) struct Looker {
    around: Surroundings,
    settling: Settling,
    noticed: Noticed,
    /// In the order of paths, so that what lies below a folder is one range.
    known: BTreeMap<FolderPath, Known>,
    /// Since when a file that has an entry, or belongs to one, is not there.
    missing: HashMap<FolderPath, Instant>,
    /// What was known of the files whose entries go in this turn.
    leaving: Vec<(FolderPath, Known)>,
    /// Paths where a file is again that was not read since.
    returned: HashSet<FolderPath>,
    /// Files that wait until it is clear who they are: since when, and in which version.
    puzzling: HashMap<FolderPath, (Instant, Stamp)>,
    guard: Guard,
    /// How many entries go because somebody confirmed that their files are gone.
    confirmed: Option<usize>,
    /// What was renamed of late, and until when that is remembered.
    renames: (Renames, Instant),
    /// The `_feed.toml` files that were read last.
    defaults: BTreeMap<FolderPath, Stamp>,
    root: Root,
    /// The device on which the folder is at home now, until the ledger was told.
    new_home: Option<u64>,
    looked_at: Instant,
    /// The folder was not there at the last look: what is due in it has to wait.
    is_away: bool,
    /// Not everything was looked at yet.
    is_first: bool,
    next_reconcile: Instant,
    next_root_check: Instant,
}

/// What we know of a file from the last look that came to an end.
#[derive(Clone, Copy, Debug)]
struct Known {
    stamp: Stamp,
    /// The digest of the conventions by which it was read.
    conventions: Digest,
    /// It looked as if somebody was still writing.
    is_unfinished: bool,
    /// It is to be read again, whatever its stamp says. (What is forgotten altogether can't be missed.)
    is_stale: bool,
    /// When it was read, and what its bytes were, if it was so fresh then that it may have been written
    /// to since without another stamp.
    racy: Option<(Instant, Digest)>,
}

impl Known {
    /// Whether it was read in the version with this stamp, and need not be read again.
    fn is(&self, stamp: &Stamp) -> bool {
        self.stamp == *stamp && !self.is_stale
    }
}

impl Looker {
    /// Knows what `catalogue` knows.
    pub(super) fn new(around: Surroundings, catalogue: &Catalogue, now: Instant) -> Self {
        let awaited = catalogue.records().filter(|record| is_awaited(record));
        let known = |record: &Record| Known {
            stamp: record.stamp,
            conventions: record.conventions,
            is_unfinished: false,
            // It has lost its text.
            is_stale: record.is_restored(),
            racy: None,
        };
        Self {
            settling: Settling::new(around.settle),
            noticed: Noticed::default(),
            known: awaited
                .map(|record| (record.entry.path.clone(), known(record)))
                .collect(),
            missing: HashMap::new(),
            leaving: Vec::new(),
            returned: HashSet::new(),
            puzzling: HashMap::new(),
            guard: Guard::new(around.guard.share, around.guard.wait),
            confirmed: None,
            renames: (Renames::default(), now),
            defaults: BTreeMap::new(),
            root: Root::new(around.device),
            new_home: None,
            looked_at: now,
            is_away: false,
            is_first: true,
            next_reconcile: now,
            next_root_check: now + root::CHECK,
            around,
        }
    }

    /// Begins anew in other surroundings, as after a restart: everything is looked at, and what is on its
    /// way is found again.
    pub(super) fn move_to(&mut self, around: Surroundings, catalogue: &Catalogue, now: Instant) {
        // One of this looker's alarms has nobody left to end it; if it has reason, there will be another.
        around.health.set(Trouble::MassRemoval, false);
        *self = Self::new(around, catalogue, now);
    }

    /// When to look next if no hint comes.
    pub(super) fn next_look(&self) -> Instant {
        if self.is_away {
            return self.next_reconcile;
        }
        // One that passed without a look at everything has to wait for the next.
        let deadline = self.guard.deadline().filter(|at| *at > self.looked_at);
        [self.settling.next_due(), deadline]
            .into_iter()
            .flatten()
            .fold(self.next_reconcile.min(self.next_root_check), Instant::min)
    }

    /// Whether nothing is waiting to be looked at.
    pub(super) fn is_settled(&self) -> bool {
        self.settling.is_empty()
    }

    /// Waits for hints until `deadline` at most.
    pub(super) fn wait(&self, now: Instant, deadline: Instant) -> Taken {
        self.around.hints.wait(now, Some(deadline))
    }

    /// Shows whoever asks that a step is taken.
    pub(super) fn beat(&self) {
        self.around.pulse.beat();
    }

    /// Takes in hints, looks where it is time to, and says what was observed; `None` while the folder
    /// is not there. `is_confirmed` says that what is gone is meant to be gone.
    pub(super) fn look(
        &mut self,
        taken: Taken,
        is_confirmed: bool,
        catalogue: &Catalogue,
        now: Instant,
    ) -> Option<Observation> {
        self.looked_at = now;
        self.leaving.clear();
        let folder = &self.around.folder;
        let mut everything = self.is_first.then_some(Look::Start);
        everything = everything.or(is_confirmed.then_some(Look::Asked));
        everything = everything.or(taken.everything.then_some(Look::Told));
        let since = taken.since.unwrap_or(now).min(now);
        for (path, signs) in taken.paths {
            if !folder.names().enters(&path) {
                let is_folder = folder.leads_to_a_folder(&path);
                everything = everything.or(is_folder.then_some(Look::Told));
                continue;
            }
            let is_new = signs.contains(&Sign::Arrived);
            self.noticed.note(&path, is_new, since);
            for sign in signs {
                self.settling.hint(path.clone(), sign, now);
            }
        }
        self.remember_renames(taken.renames, now);
        let root = self.root.check(&self.around, taken.fault, now);
        self.next_root_check = self.root.next_check(now);
        self.is_away = root.is_none();
        let Some(is_same_root) = root else {
            self.next_reconcile = now + RETRY;
            return self.look_at_nothing(is_confirmed, catalogue, now);
        };
        let deadline = self.guard.deadline();
        let others = [
            (!is_same_root, Look::Replaced),
            (now >= self.next_reconcile, Look::Regular),
            (deadline.is_some_and(|it| now >= it), Look::Removal),
        ];
        let other = others.into_iter().find(|(is_so, _)| *is_so);
        let mut finding = match everything.or(other.map(|(_, why)| why)) {
            Some(why) => {
                self.is_first = false;
                self.around.journal.looked(why);
                self.look_at_everything(catalogue, now)
            }
            None => self.look_at_due(catalogue, now),
        };
        // What could not be looked at is no reason to believe anything.
        if !finding.saw_nothing {
            self.let_go(&mut finding, is_confirmed, catalogue, now);
        }
        if finding.saw_all {
            self.settle_down(catalogue, now);
        }
        Some(self.observe(finding, catalogue, now))
    }

    /// When the change of the file at `path` was noticed.
    pub(super) fn noticed(&self, path: &FolderPath) -> Instant {
        // What a look at everything came upon was noticed then.
        self.noticed.at(path).unwrap_or(self.looked_at)
    }

    /// Readers have all that was noticed, but for what waits.
    pub(super) fn forget_noticed(&mut self) {
        let settling = &self.settling;
        self.noticed.keep(|path| settling.is_waiting(path));
    }

    fn remember_renames(&mut self, renames: Renames, now: Instant) {
        let (known, until) = &mut self.renames;
        if now >= *until {
            *known = Renames::default();
        }
        if !renames.is_empty() {
            known.extend(renames);
            *until = now + RENAMES_KEPT;
        }
    }

    /// How many entries went at the last look because somebody confirmed it; `None`: nothing that is
    /// gone was held back.
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "only over a Unix socket can anybody ask")
    )]
    pub(super) fn take_confirmed(&mut self) -> Option<usize> {
        self.confirmed.take()
    }

    /// The device on which the folder is at home from now on, if that is news for the ledger.
    pub(super) fn take_new_home(&mut self) -> Option<u64> {
        self.new_home.take()
    }

    /// The file at `path` is to be read again at the next look at everything.
    pub(super) fn doubt(&mut self, path: &FolderPath) {
        if let Some(known) = self.known.get_mut(path) {
            known.is_stale = true;
        }
    }

    /// What was observed could not be kept: it is to be found again.
    pub(super) fn forget(
        &mut self,
        drafts: Vec<FolderPath>,
        absent: Vec<FolderPath>,
        now: Instant,
    ) {
        for path in drafts {
            self.doubt(&path);
        }
        self.known.extend(self.leaving.drain(..));
        self.guard.withdrew_nothing(now);
        for path in absent {
            // Long gone: the next look finds it so again.
            self.missing.insert(
                path.clone(),
                now.checked_sub(self.around.grace).unwrap_or(now),
            );
            self.settling.look_later(path, RETRY, now);
        }
        self.next_reconcile = now + RETRY;
    }

    fn is_there(
        &mut self,
        path: FolderPath,
        stamp: Stamp,
        (trust, seen): (Trust, Option<Stamp>),
        catalogue: &Catalogue,
        now: Instant,
        finding: &mut Finding,
    ) {
        self.is_back(&path);
        match self.around.folder.names().role(&path) {
            Role::Ignored | Role::Defaults => return,
            Role::Beside => {
                if catalogue.wants(&path) {
                    finding
                        .media
                        .insert(path, Some(Media::of_bytes(stamp.size)));
                }
                return;
            }
            // What is known of a recording as a file stays until it is read again.
            Role::Recording | Role::Entry => {}
        }
        let Some(conventions) = self.around.conventions.of(&path) else {
            return; // Its folder's `_feed.toml` has to be set right first, which was told.
        };
        let is_seen_twice = seen == Some(stamp);
        if let Some(known) = self.known.get(&path).filter(|known| known.is(&stamp)) {
            if known.conventions != conventions.digest() || self.was_taken_back(&path, catalogue) {
                finding.read.insert(path, stamp);
                return;
            }
            if known.is_unfinished && is_seen_twice {
                let reason = "looks unfinished, being empty or with front matter that has no end: \
                              expected a whole article";
                self.around.health.report(path.as_str(), reason);
            }
            self.returned.remove(&path);
            return;
        }
        if catalogue.knows_version(&stamp) || self.is_whole(&path, stamp, (trust, seen), now) {
            finding.read.insert(path, stamp);
        }
    }

    /// There is a file at `path`.
    fn is_back(&mut self, path: &FolderPath) {
        if self.missing.remove(path).is_some()
            && self.around.folder.names().role(path) == Role::Entry
        {
            self.returned.insert(path.clone());
        }
    }

    /// Whether the entry at `path` was withdrawn when its file was away, although that was for a moment
    /// only: nobody had seen it.
    fn was_taken_back(&self, path: &FolderPath, catalogue: &Catalogue) -> bool {
        let record = catalogue.at_path(path);
        let is_gone = |record: &Record| record.withdrawn().is_some();
        self.returned.contains(path) && record.is_none_or(|record| is_gone(record))
    }

    /// Whether the file is complete, as far as can be told; if not, it is looked at again.
    pub(super) fn is_whole(
        &mut self,
        path: &FolderPath,
        stamp: Stamp,
        (trust, seen): (Trust, Option<Stamp>),
        now: Instant,
    ) -> bool {
        let quiet = match trust {
            Trust::Complete => return true,
            // Somebody may have begun to write again since: then the file itself tells.
            Trust::Quiet => self.around.settle,
            Trust::Doubtful => SECOND_LOOK,
        };
        let is_whole = seen == Some(stamp) || clock::age(stamp.modified) >= quiet;
        if !is_whole {
            self.noticed.note(path, false, now);
            self.settling.look_again(path.clone(), stamp, quiet, now);
        }
        is_whole
    }
}

/// Whether an entry in this state has a file that should be there.
fn is_awaited(record: &Record) -> bool {
    !record.is_lost()
}

/// Whether it says what holds for the entries of its folder.
fn is_defaults(path: &FolderPath) -> bool {
    path.file_name() == Defaults::FILE_NAME
}
