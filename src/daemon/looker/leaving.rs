//! What is not there any more: its grace, its second look, and the guard against mass removal.

use std::collections::HashSet;
use std::time::Instant;

use tracing::{error, info, warn};

use super::{Looker, UNFINISHED_PATIENCE, is_awaited};
use crate::catalogue::{Catalogue, Observation};
use crate::daemon::finding::Finding;
use crate::daemon::guard::{News, Place, Sight};
use crate::daemon::health::Trouble;
use crate::entry::{FolderPath, Inlay};
use crate::folder::names::Role;

impl Looker {
    /// Nothing is at `path`, where an entry's file was.
    pub(super) fn is_gone(
        &mut self,
        path: FolderPath,
        catalogue: &Catalogue,
        now: Instant,
        finding: &mut Finding,
    ) {
        self.around.health.accepted(&path);
        self.puzzling.remove(&path);
        if catalogue.at_path(&path).is_none() {
            self.known.remove(&path);
            self.missing.remove(&path);
            return;
        }
        if self.is_long_gone(&path, now) {
            finding.absent.push(path);
        }
    }

    /// Nothing is at `path`, where a file beside entries was.
    pub(super) fn is_gone_beside(&mut self, path: FolderPath, now: Instant, finding: &mut Finding) {
        if self.is_long_gone(&path, now) {
            if path.is_recording() {
                let inside = Inlay::ALL.map(|inlay| (path.inlay(inlay), None));
                finding.media.extend(inside);
            }
            finding.media.insert(path, None);
        }
    }

    /// Whether nothing has been at `path` for the whole grace, and at an earlier look; else there will
    /// be another one.
    fn is_long_gone(&mut self, path: &FolderPath, now: Instant) -> bool {
        let since = *self.missing.entry(path.clone()).or_insert(now);
        let until = since + self.around.grace;
        let is_long_gone = since < now && until <= now;
        if !is_long_gone {
            let pause = until.saturating_duration_since(now);
            self.settling.look_later(path.clone(), pause, now);
        }
        is_long_gone
    }

    /// Lets go of what is long gone, unless so much is gone at once that it may be an accident, and
    /// that was not confirmed.
    pub(super) fn let_go(
        &mut self,
        finding: &mut Finding,
        is_confirmed: bool,
        catalogue: &Catalogue,
        now: Instant,
    ) {
        let is_leaving = !finding.absent.is_empty() || finding.media.values().any(Option::is_none);
        if !is_leaving && self.guard.alarm().is_none() {
            return;
        }
        // A file that turned up under another name is not gone.
        let is_of_ours = |path: &FolderPath| {
            let record = catalogue.at_path(path);
            record.is_some_and(|record| is_awaited(record))
                || self.around.folder.names().role(path) == Role::Beside
        };
        self.missing.retain(|path, _| is_of_ours(path));
        finding.absent.retain(|path| is_of_ours(path));
        let sight = self.sight(catalogue);
        let news = self.guard.judge(sight, is_leaving, now);
        self.tell(news);
        if is_confirmed && self.guard.confirm() {
            self.withdraw_all_that_is_gone(finding, catalogue);
            self.tell_alarm();
            return;
        }
        if self.guard.alarm().is_some() {
            self.tell_alarm();
            finding.absent.clear();
            finding.media.retain(|_, media| media.is_some());
            return;
        }
        self.tell_alarm();
        self.keep_what_is_elsewhere(finding, catalogue, now);
        for path in &finding.absent {
            self.missing.remove(path);
            self.leaving.extend(self.known.remove_entry(path));
        }
        for (path, _) in finding.media.iter().filter(|(_, media)| media.is_none()) {
            self.missing.remove(path);
        }
        // What time has confirmed says nothing of what goes next.
        if news != Some(News::Waited) {
            let live = live_of(&finding.absent, catalogue);
            self.guard.withdrew(live, now);
        }
    }

    /// An entry whose file is in the folder under another name is not gone: the file was not read there
    /// yet, or can't be published as it is.
    fn keep_what_is_elsewhere(
        &mut self,
        finding: &mut Finding,
        catalogue: &Catalogue,
        now: Instant,
    ) {
        if finding.absent.is_empty() {
            return;
        }
        let files = self.files();
        let is_there = |path: &FolderPath| {
            let stamp = catalogue.at_path(path).map(|record| record.stamp);
            let elsewhere = stamp.and_then(|stamp| files.find(&stamp).zip(Some(stamp)));
            elsewhere.is_some_and(|(elsewhere, stamp)| {
                // A file may have several names, and each of them an entry of its own.
                let other = catalogue.at_path(elsewhere);
                other.is_none_or(|other| !other.stamp.is_same_file(&stamp))
            })
        };
        let (kept, absent) = finding.absent.drain(..).partition(is_there);
        finding.absent = absent;
        for path in kept {
            self.settling.look_later(path, UNFINISHED_PATIENCE, now);
        }
    }

    /// What a look at everything saw decides where the folder is at home.
    pub(super) fn settle_down(&mut self, catalogue: &Catalogue, now: Instant) {
        let sight = self.sight(catalogue);
        if self.guard.alarm().is_none() && !self.guard.is_mass_removal(sight, now) {
            self.new_home = self.root.settle_down().or(self.new_home);
        }
    }

    /// Files beside entries that nobody waits for any more are no longer missing.
    pub(super) fn forget_missing_beside(&mut self, media: &HashSet<FolderPath>) {
        let names = self.around.folder.names();
        self.missing
            .retain(|path, _| names.role(path) != Role::Beside || media.contains(path));
    }

    /// While the folder is not there, only somebody who knows can say that all of it is gone.
    pub(super) fn look_at_nothing(
        &mut self,
        is_confirmed: bool,
        catalogue: &Catalogue,
        now: Instant,
    ) -> Option<Observation> {
        if !is_confirmed || catalogue.live() == 0 {
            return None;
        }
        for path in self.known.keys().chain(catalogue.media_paths()) {
            self.missing.entry(path.clone()).or_insert(now);
        }
        self.guard.confirm();
        let mut finding = Finding::default();
        self.withdraw_all_that_is_gone(&mut finding, catalogue);
        self.tell_alarm();
        Some(self.observe(finding, catalogue, now))
    }

    fn withdraw_all_that_is_gone(&mut self, finding: &mut Finding, catalogue: &Catalogue) {
        finding.absent.clear();
        for (path, _) in self.missing.drain() {
            let record = catalogue.at_path(&path);
            // A recording is both: an entry, and a file beside others.
            if record.is_none() || path.is_recording() {
                finding.media.insert(path.clone(), None);
            }
            if record.is_some() {
                self.leaving.extend(self.known.remove_entry(&path));
                finding.absent.push(path);
            }
        }
        finding.absent.sort();
        let withdrawn = live_of(&finding.absent, catalogue);
        info!(withdrawn, "the removal was confirmed");
        self.confirmed = Some(withdrawn);
    }

    fn sight(&self, catalogue: &Catalogue) -> Sight {
        let place = if self.root.is_elsewhere() {
            Place::Elsewhere
        } else if self.is_empty() {
            Place::Empty
        } else {
            Place::Same
        };
        Sight {
            live: catalogue.live(),
            gone: live_of(self.missing.keys(), catalogue),
            place,
        }
    }

    /// Whether there is no entry file in the folder.
    fn is_empty(&self) -> bool {
        let is_missing = |path| self.missing.contains_key(path);
        // Files that were not read are not known; there can't be many if all the others are gone.
        self.known.keys().all(is_missing)
            && self
                .around
                .folder
                .walk(None)
                .map_or(true, |listing| listing.entries.is_empty())
    }

    fn tell(&self, news: Option<News>) {
        match (news, self.guard.alarm()) {
            (Some(News::Began), Some(alarm)) => {
                error!(gone = alarm.gone, of = alarm.of, reason = %alarm, "nothing is withdrawn");
            }
            (Some(News::Returned), _) => info!("the files that were gone have returned"),
            (Some(News::Waited), _) => {
                warn!("the files that were gone have not returned: their entries are withdrawn");
            }
            _ => {}
        }
    }

    fn tell_alarm(&self) {
        let reason = self.guard.alarm().map(ToString::to_string);
        self.around.health.set_because(Trouble::MassRemoval, reason);
    }
}

/// How many of the entries at `paths` readers see.
fn live_of<'a>(paths: impl IntoIterator<Item = &'a FolderPath>, catalogue: &Catalogue) -> usize {
    let records = paths.into_iter().filter_map(|path| catalogue.at_path(path));
    records.filter(|record| record.is_live()).count()
}
