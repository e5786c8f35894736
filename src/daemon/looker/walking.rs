//! The looks themselves: at everything, and at what is due.

use std::collections::HashSet;
use std::time::Instant;

use tracing::warn;

use super::{Looker, RETRY, is_defaults};
use crate::catalogue::{Catalogue, may_belong};
use crate::daemon::finding::Finding;
use crate::entry::{Digest, FolderPath, Media};
use crate::folder::names::Role;
use crate::folder::reading::other_than;
use crate::folder::scan::{Listing, Look};
use crate::folder::settle::{SECOND_LOOK, Trust};

impl Looker {
    pub(super) fn look_at_everything(&mut self, catalogue: &Catalogue, now: Instant) -> Finding {
        self.next_reconcile = now + self.root.pause();
        let mut finding = Finding::default();
        let listing = match self.around.folder.walk(None) {
            Ok(listing) => listing,
            Err(error) => {
                warn!(%error, "the entries folder can't be walked: trying again");
                self.next_reconcile = now + RETRY;
                finding.saw_nothing = true;
                return finding;
            }
        };
        self.around.health.hidden(&listing.troubles);
        self.forget_defaults(&listing);
        let entries = listing.entries.iter().map(|(path, _)| path);
        let beside = listing.beside.iter().map(|(path, _)| path);
        let present: HashSet<&FolderPath> = entries.chain(beside).collect();
        // What could not be looked at is not absent.
        let is_hidden = |path: &FolderPath| {
            let mut troubles = listing.troubles.iter();
            troubles.any(|(place, _)| path.lies_in(place))
        };
        let is_held = |path: &FolderPath| {
            let carrier = path.carrier();
            carrier.is_some_and(|(carrier, _)| present.contains(&carrier))
        };
        let is_present = |path: &FolderPath| present.contains(path) || is_held(path);
        let is_gone = |path: &&FolderPath| !is_present(path) && !is_hidden(path);
        finding.saw_all = !self.known.keys().any(is_hidden);
        let gone: Vec<FolderPath> = self.known.keys().filter(is_gone).cloned().collect();
        let media: HashSet<FolderPath> = catalogue.media_paths().cloned().collect();
        let media_gone: Vec<FolderPath> = media.iter().filter(is_gone).cloned().collect();
        let unused = listing
            .beside
            .iter()
            .filter(|(path, _)| media.contains(path) && !catalogue.wants(path));
        finding
            .media
            .extend(unused.map(|(path, _)| (path.clone(), None)));
        for path in gone {
            self.is_gone(path, catalogue, now, &mut finding);
        }
        for path in media_gone {
            self.is_gone_beside(path, now, &mut finding);
        }
        self.forget_missing_beside(&media);
        self.read_racy_again(&listing, now, &mut finding);
        self.list(listing, Trust::Doubtful, catalogue, now, &mut finding);
        finding
    }

    /// A file may have been written to again after it was read, and its stamp still be the same: file
    /// systems count time in ticks, some in seconds. So what was fresh when it was read is read once
    /// more, when any later change would show.
    fn read_racy_again(&mut self, listing: &Listing, now: Instant, finding: &mut Finding) {
        let mut racy: Vec<(FolderPath, Digest)> = Vec::new();
        for (path, stamp) in &listing.entries {
            if let Some(known) = self.known.get_mut(path).filter(|it| it.is(stamp))
                && let Some((read, text)) = known.racy
                && now >= read + SECOND_LOOK
                && !self.settling.is_open(path)
            {
                known.racy = None;
                racy.push((path.clone(), text));
            }
        }
        let changed = other_than(&self.around.folder, racy);
        let changed = changed.into_iter().filter_map(|path| {
            let stamp = self.known.get(&path)?.stamp;
            Some((path, stamp))
        });
        finding.read.extend(changed);
    }

    pub(super) fn look_at_due(&mut self, catalogue: &Catalogue, now: Instant) -> Finding {
        let mut finding = Finding::default();
        for (path, trust, seen) in self.settling.due(now) {
            let found = match self.around.folder.look(&path) {
                // What the settings ignore since it was published is as good as gone.
                Ok(Look::File(_)) if self.is_ignored(&path) => Ok(Look::Nothing),
                found => found,
            };
            match found {
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
                    for path in media {
                        self.is_gone_beside(path.clone(), now, &mut finding);
                    }
                }
                Err(error) => self.around.health.report(path.as_str(), &error.to_string()),
            }
        }
        finding
    }

    pub(super) fn list(
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
                self.is_back(&path);
            } else {
                self.is_there(path, stamp, (trust, None), catalogue, now, finding);
            }
        }
        let beside = listing.beside.iter();
        let named = beside.filter(|(path, _)| may_belong(path));
        finding.named.extend(named.cloned());
        for (path, bytes) in listing.beside {
            self.missing.remove(&path);
            if catalogue.wants(&path) {
                finding.media.insert(path, Some(Media::of_bytes(bytes)));
            }
        }
    }

    fn is_ignored(&self, path: &FolderPath) -> bool {
        self.around.folder.names().role(path) == Role::Ignored
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
}
