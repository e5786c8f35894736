//! Where to look in the folder, what is seen there, and what is remembered from one look to the next.
//!
//! The looker knows the files; what they mean to readers is the catalogue's affair, which it asks
//! only which paths have, or want, something published.

mod defaults;
mod observing;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::warn;

use super::clock;
use super::finding::Finding;
use super::health::Health;
use super::root::Root;
use crate::catalogue::{Catalogue, Observation, Record, Standing, is_lead_image};
use crate::config::WatchMode;
use crate::entry::parse::Defaults;
use crate::entry::{Digest, FolderPath, Media, Stamp};
use crate::folder::conventions::FolderConventions;
use crate::folder::names::Role;
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
    /// The `_feed.toml` files that were read last.
    defaults: BTreeMap<FolderPath, Stamp>,
    root: Root,
    next_reconcile: Instant,
}

/// What we know of a file from the last look that came to an end.
#[derive(Clone, Copy, Debug)]
struct Known {
    stamp: Stamp,
    /// The digest of the conventions by which it was read.
    conventions: Digest,
    /// It looked as if somebody was still writing.
    is_unfinished: bool,
}

impl Looker {
    /// Knows what `catalogue` knows.
    pub(super) fn new(around: Surroundings, catalogue: &Catalogue, now: Instant) -> Self {
        let is_awaited = |standing| {
            let is_away = matches!(standing, Standing::Retired(_) | Standing::Withdrawn(_));
            !is_away
        };
        let awaited = catalogue
            .records()
            .filter(|record| is_awaited(record.standing));
        let known = |record: &Record| Known {
            stamp: record.stamp,
            conventions: record.conventions,
            is_unfinished: false,
        };
        Self {
            settling: Settling::new(around.settle),
            known: awaited
                .map(|record| (record.entry.path.clone(), known(record)))
                .collect(),
            missing: HashMap::new(),
            defaults: BTreeMap::new(),
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
        let folder = &self.around.folder;
        let mut everything = taken.everything;
        for (path, signs) in taken.paths {
            if !folder.names().enters(&path) {
                everything |= folder.leads_to_a_folder(&path);
                continue;
            }
            for sign in signs {
                self.settling.hint(path.clone(), sign, now);
            }
        }
        let Some(is_same_root) = self.root.check(&self.around) else {
            self.next_reconcile = now + RETRY;
            return None;
        };
        let finding = if everything || !is_same_root || now >= self.next_reconcile {
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
        self.forget_defaults(&listing);
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
        let media: Vec<FolderPath> = catalogue
            .media_paths()
            .filter(|path| !is_in_trouble(path))
            .cloned()
            .collect();
        for path in gone.cloned().collect::<Vec<_>>() {
            self.is_gone(path, catalogue, now, &mut finding);
        }
        for path in media {
            finding.media.insert(path, None);
        }
        self.list(listing, Trust::Doubtful, catalogue, now, &mut finding);
        finding
    }

    fn look_at_due(&mut self, catalogue: &Catalogue, now: Instant) -> Finding {
        let mut finding = Finding::default();
        for (path, trust, seen) in self.settling.due(now) {
            match self.around.folder.look(&path) {
                Ok(Look::File(stamp)) if is_defaults(&path) => {
                    if self.is_whole(&path, stamp, (trust, seen), now)
                        && self.read_defaults(path.clone(), stamp)
                    {
                        self.look_below(path.parent(), catalogue, now, &mut finding);
                    }
                }
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
                    self.defaults_are_gone(&path, catalogue, now, &mut finding);
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
        for (path, stamp) in listing.defaults {
            if self.is_whole(&path, stamp, (trust, None), now) {
                self.read_defaults(path, stamp);
            }
        }
        for (path, stamp) in listing.entries {
            if self.settling.is_open(&path) {
                finding.media.remove(&path);
            } else {
                self.is_there(path, stamp, (trust, None), catalogue, now, finding);
            }
        }
        let pictures = listing
            .beside
            .iter()
            .filter(|(path, _)| is_lead_image(path));
        finding.pictures.extend(pictures.cloned());
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
            Role::Ignored | Role::Defaults => return,
            Role::Beside => {
                if catalogue.wants(&path) {
                    finding
                        .media
                        .insert(path, Some(Media::of_bytes(stamp.size)));
                }
                return;
            }
            // What is known of it as a file stays until it is read again.
            Role::Recording => drop(finding.media.remove(&path)),
            Role::Entry => {}
        }
        let Some(conventions) = self.around.conventions.of(&path) else {
            return; // Its folder's `_feed.toml` has to be set right first, which was told.
        };
        let is_seen_twice = seen == Some(stamp);
        if let Some(known) = self.known.get(&path).filter(|known| known.stamp == stamp) {
            if known.conventions != conventions.digest() {
                finding.read.insert(path);
                return;
            }
            if known.is_unfinished && is_seen_twice {
                let reason = "looks unfinished, being empty or with front matter that has no end: \
                              expected a whole article";
                self.around.health.report(path.as_str(), reason);
            }
            return;
        }
        if self.is_whole(&path, stamp, (trust, seen), now) {
            finding.read.insert(path);
        }
    }

    /// Whether the file is complete, as far as can be told; if not, it is looked at again.
    fn is_whole(
        &mut self,
        path: &FolderPath,
        stamp: Stamp,
        (trust, seen): (Trust, Option<Stamp>),
        now: Instant,
    ) -> bool {
        let is_whole = trust == Trust::Complete
            || seen == Some(stamp)
            || clock::age(stamp.modified) >= SECOND_LOOK;
        if !is_whole {
            self.settling
                .look_again(path.clone(), stamp, SECOND_LOOK, now);
        }
        is_whole
    }
}

/// Whether it says what holds for the entries of its folder.
fn is_defaults(path: &FolderPath) -> bool {
    path.file_name() == Defaults::FILE_NAME
}
