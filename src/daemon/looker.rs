//! Where to look in the folder, what is seen there, and what is remembered from one look to the next.
//!
//! The looker knows the files; what they mean to readers is the catalogue's affair, which it asks
//! only which paths have, or want, something published.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{debug, warn};

use super::clock;
use super::finding::Finding;
use super::health::Health;
use super::root::Root;
use crate::catalogue::{Catalogue, Observation, Standing};
use crate::config::WatchMode;
use crate::entry::{Draft, FolderPath, Media, Stamp};
use crate::folder::conventions::FolderConventions;
use crate::folder::names::Role;
use crate::folder::reading::{Read, read_all};
use crate::folder::scan::{Folder, Listing, Look};
use crate::folder::settle::{SECOND_LOOK, Settling, Trust};
use crate::folder::watch::{Hints, Taken};

/// How often everything is compared, whatever the events said.
const RECONCILE: Duration = Duration::from_mins(1);

/// The same without events.
const RECONCILE_WITHOUT_EVENTS: Duration = Duration::from_secs(10);

/// How often what failed is tried again: a missing folder, a ledger that can't be written.
const RETRY: Duration = Duration::from_secs(1);

/// How long a file that looks unfinished may stay so before its writer is told.
const UNFINISHED_PATIENCE: Duration = Duration::from_secs(10);

/// What the looker needs from its surroundings.
pub(super) struct Surroundings {
    pub(super) folder: Folder,
    pub(super) conventions: FolderConventions,
    pub(super) settle: Duration,
    pub(super) grace: Duration,
    pub(super) mode: WatchMode,
    pub(super) hints: Hints,
    pub(super) health: Arc<Health>,
}

/// See the module's text.
pub(super) struct Looker {
    around: Surroundings,
    settling: Settling,
    /// In the order of paths, so that what lies below a folder is one range.
    known: BTreeMap<FolderPath, Known>,
    /// Since when a file that has an entry is not there.
    missing: HashMap<FolderPath, Instant>,
    root: Root,
    next_reconcile: Instant,
}

/// What we know of a file from the last look that came to an end.
#[derive(Clone, Copy, Debug)]
struct Known {
    stamp: Stamp,
    /// It looked as if somebody was still writing.
    is_unfinished: bool,
}

impl Looker {
    /// Knows what `catalogue` knows.
    pub(super) fn new(around: Surroundings, catalogue: &Catalogue, now: Instant) -> Self {
        let is_awaited = |standing| matches!(standing, Standing::Live | Standing::Scheduled);
        let awaited = catalogue
            .records()
            .filter(|record| is_awaited(record.standing));
        let known = |stamp| Known {
            stamp,
            is_unfinished: false,
        };
        Self {
            settling: Settling::new(around.settle),
            known: awaited
                .map(|record| (record.entry.path.clone(), known(record.stamp)))
                .collect(),
            missing: HashMap::new(),
            root: Root::default(),
            next_reconcile: now,
            around,
        }
    }

    /// When to look next if no hint comes.
    pub(super) fn next_look(&self) -> Instant {
        self.settling
            .next_due()
            .map_or(self.next_reconcile, |due| due.min(self.next_reconcile))
    }

    /// Whether nothing is waiting to be looked at.
    pub(super) fn is_settled(&self) -> bool {
        self.settling.is_empty()
    }

    /// Waits for hints until `deadline` at most.
    pub(super) fn wait(&self, now: Instant, deadline: Instant) -> Taken {
        self.around.hints.wait(now, Some(deadline))
    }

    /// Takes in hints, looks where it is time to, and says what was observed; `None` while the folder
    /// is not there.
    pub(super) fn look(
        &mut self,
        taken: Taken,
        catalogue: &Catalogue,
        now: Instant,
    ) -> Option<Observation> {
        let names = self.around.folder.names();
        for (path, signs) in taken
            .paths
            .into_iter()
            .filter(|(path, _)| names.enters(path))
        {
            for sign in signs {
                self.settling.hint(path.clone(), sign, now);
            }
        }
        let Some(is_same_root) = self.root.check(&self.around) else {
            self.next_reconcile = now + RETRY;
            return None;
        };
        let finding = if taken.everything || !is_same_root || now >= self.next_reconcile {
            self.look_at_everything(catalogue, now)
        } else {
            self.look_at_due(catalogue, now)
        };
        Some(self.observe(finding, now))
    }

    /// The file at `path` is to be read again at the next look at everything.
    pub(super) fn doubt(&mut self, path: &FolderPath) {
        self.known.remove(path);
    }

    /// What was observed could not be kept: it is to be found again.
    pub(super) fn forget(
        &mut self,
        drafts: Vec<FolderPath>,
        absent: Vec<FolderPath>,
        now: Instant,
    ) {
        for path in drafts {
            self.known.remove(&path);
        }
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

    fn look_at_everything(&mut self, catalogue: &Catalogue, now: Instant) -> Finding {
        let has_events = self.root.has_events();
        self.next_reconcile = now
            + if has_events {
                RECONCILE
            } else {
                RECONCILE_WITHOUT_EVENTS
            };
        let mut finding = Finding::default();
        let listing = match self.around.folder.walk(None) {
            Ok(listing) => listing,
            Err(error) => {
                warn!(%error, "the entries folder can't be walked: trying again");
                self.next_reconcile = now + RETRY;
                return finding;
            }
        };
        for (place, reason) in &listing.troubles {
            self.around.health.report(place, reason);
        }
        let present: HashSet<&FolderPath> = listing.entries.iter().map(|(path, _)| path).collect();
        // What could not be looked at is not absent.
        let is_in_trouble = |path: &FolderPath| {
            listing
                .troubles
                .iter()
                .any(|(place, _)| path.lies_in(place))
        };
        let gone = self
            .known
            .keys()
            .filter(|path| !present.contains(path) && !is_in_trouble(path));
        for path in gone.cloned().collect::<Vec<_>>() {
            self.is_gone(path, catalogue, now, &mut finding);
        }
        for path in catalogue.media_paths() {
            finding.media.insert(path.clone(), None);
        }
        self.list(listing, Trust::Doubtful, catalogue, now, &mut finding);
        finding
    }

    fn look_at_due(&mut self, catalogue: &Catalogue, now: Instant) -> Finding {
        let mut finding = Finding::default();
        for (path, trust, seen) in self.settling.due(now) {
            match self.around.folder.look(&path) {
                Ok(Look::File(stamp)) => {
                    self.is_there(path, stamp, (trust, seen), catalogue, now, &mut finding);
                }
                Ok(Look::Folder) if self.around.folder.names().enters(&path) => {
                    if let Ok(listing) = self.around.folder.walk(Some(&path)) {
                        self.list(listing, trust, catalogue, now, &mut finding);
                    }
                }
                Ok(Look::Folder) => {}
                Ok(Look::Nothing | Look::Other) => {
                    for below in self.known_at_or_below(&path) {
                        self.is_gone(below, catalogue, now, &mut finding);
                    }
                    let media = catalogue
                        .media_paths()
                        .filter(|media| media.lies_in(path.as_str()));
                    finding
                        .media
                        .extend(media.map(|media| (media.clone(), None)));
                }
                Err(error) => self.around.health.report(path.as_str(), &error.to_string()),
            }
        }
        finding
    }

    fn list(
        &mut self,
        listing: Listing,
        trust: Trust,
        catalogue: &Catalogue,
        now: Instant,
        finding: &mut Finding,
    ) {
        for (path, stamp) in listing.entries {
            if !self.settling.is_open(&path) {
                self.is_there(path, stamp, (trust, None), catalogue, now, finding);
            }
        }
        let wanted = listing
            .beside
            .into_iter()
            .filter(|(path, _)| catalogue.wants(path));
        finding
            .media
            .extend(wanted.map(|(path, bytes)| (path, Some(Media::of_bytes(bytes)))));
    }

    fn known_at_or_below(&self, path: &FolderPath) -> Vec<FolderPath> {
        self.known
            .range(path.clone()..)
            .map(|(known, _)| known)
            // What begins with the path but does not lie in it ("news.md" after "news") may stand between.
            .take_while(|known| known.as_str().starts_with(path.as_str()))
            .filter(|known| known.lies_in(path.as_str()))
            .cloned()
            .collect()
    }

    fn is_gone(
        &mut self,
        path: FolderPath,
        catalogue: &Catalogue,
        now: Instant,
        finding: &mut Finding,
    ) {
        self.around.health.accepted(&path);
        if catalogue.at_path(&path).is_none() {
            self.known.remove(&path);
            return;
        }
        let until = *self.missing.entry(path.clone()).or_insert(now) + self.around.grace;
        if now >= until {
            self.missing.remove(&path);
            self.known.remove(&path);
            finding.absent.push(path);
        } else {
            self.settling.look_later(path, until - now, now);
        }
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
        self.missing.remove(&path);
        match self.around.folder.names().role(&path) {
            Role::Ignored => return,
            Role::Beside => {
                if catalogue.wants(&path) {
                    finding
                        .media
                        .insert(path, Some(Media::of_bytes(stamp.size)));
                }
                return;
            }
            Role::Entry => {}
        }
        let is_seen_twice = seen == Some(stamp);
        if let Some(known) = self.known.get(&path).filter(|known| known.stamp == stamp) {
            if known.is_unfinished && is_seen_twice {
                let reason = "looks unfinished, being empty or with front matter that has no end: \
                              expected a whole article";
                self.around.health.report(path.as_str(), reason);
            }
            return;
        }
        if trust == Trust::Complete || is_seen_twice || clock::age(stamp.modified) >= SECOND_LOOK {
            finding.read.insert(path);
        } else {
            self.settling.look_again(path, stamp, SECOND_LOOK, now);
        }
    }

    /// Reads what was found; tells the writer what can't be published.
    fn observe(&mut self, finding: Finding, now: Instant) -> Observation {
        let Finding {
            read,
            absent,
            mut media,
        } = finding;
        let Surroundings {
            folder,
            conventions,
            health,
            ..
        } = &self.around;
        let mut drafts: Vec<(Draft, Stamp)> = Vec::new();
        for (path, result) in read_all(folder, conventions, read) {
            let (stamp, is_unfinished) = match result {
                Read::Draft(draft, stamp) => {
                    for problem in &draft.warnings {
                        debug!(place = %format_args!("{path}:{problem}"), "note");
                    }
                    drafts.push((*draft, stamp));
                    (stamp, false)
                }
                Read::Unfinished(stamp) => {
                    self.settling
                        .look_again(path.clone(), stamp, UNFINISHED_PATIENCE, now);
                    (stamp, true)
                }
                Read::Rejected(stamp, problem) => {
                    health.rejected(&path, &problem);
                    (stamp, false)
                }
                Read::Unreadable(reason) => {
                    health.report(path.as_str(), &reason);
                    continue;
                }
                Read::Again => {
                    self.settling.look_later(path, SECOND_LOOK, now);
                    continue;
                }
            };
            self.known.insert(
                path,
                Known {
                    stamp,
                    is_unfinished,
                },
            );
        }
        for path in drafts.iter().flat_map(|(draft, _)| draft.article.paths()) {
            let is_new = folder.names().role(path) == Role::Beside && !media.contains_key(path);
            if is_new && let Ok(Look::File(stamp)) = folder.look(path) {
                media.insert(path.clone(), Some(Media::of_bytes(stamp.size)));
            }
        }
        let missing = self.missing.keys().cloned().collect();
        Observation {
            drafts,
            missing,
            absent,
            media: media.into_iter().collect(),
        }
    }
}
