//! The entries folder itself: whether it is there, whether it is the one it was, and its watch.

use std::fmt::Display;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::health::Trouble;
use super::looker::Surroundings;
use crate::config::WatchMode;
use crate::folder::disk::mute_file_system;
use crate::folder::stamp::FolderIdentity;
use crate::folder::watch::{Fault, Watch};

/// How often it is asked whether the folder is still the one it was: no event may tell. A file that is
/// found in another folder may need a second look, and both together must not take more than 5 s.
pub(super) const CHECK: Duration = Duration::from_secs(2);

/// How often the system is asked again for the watches that it did not have.
const WATCH_AGAIN: Duration = Duration::from_mins(1);

/// How far apart a watch that fails again and again is set anew.
const WATCH_ANEW: Duration = Duration::from_secs(1);

/// How often everything is compared, whatever the events said.
const RECONCILE: Duration = Duration::from_mins(1);

/// The same where events are missing.
const RECONCILE_WITHOUT_EVENTS: Duration = Duration::from_secs(10);

/// The folder that was there at the last check.
pub(super) struct Root {
    identity: Option<FolderIdentity>,
    /// The device on which the folder was last seen with its files, in this run or an earlier one.
    home: Option<u64>,
    watch: Option<Watch>,
    /// The watch does not tell of everything.
    is_watch_faulty: bool,
    /// When it was tried last to watch the folder.
    watch_tried: Option<Instant>,
    /// When the folder is to be watched anew.
    watch_at: Option<Instant>,
    /// The file system's name, if it does not tell of all changes.
    mute: Option<&'static str>,
}

impl Root {
    /// Not looked at yet. `home` is the device of the last run.
    pub(super) fn new(home: Option<u64>) -> Self {
        Self {
            identity: None,
            home,
            watch: None,
            is_watch_faulty: false,
            watch_tried: None,
            watch_at: None,
            mute: None,
        }
    }

    /// How often everything is to be compared.
    pub(super) fn pause(&self) -> Duration {
        let has_events = self.watch.is_some() && !self.is_watch_faulty && self.mute.is_none();
        if has_events {
            RECONCILE
        } else {
            RECONCILE_WITHOUT_EVENTS
        }
    }

    /// Whether the folder lies on another device than where it was last seen with its files.
    pub(super) fn is_elsewhere(&self) -> bool {
        match (self.identity, self.home) {
            (Some(identity), Some(home)) => identity.device != home,
            _ => false,
        }
    }

    /// The folder is at home where it is. Returns its device if that is news.
    pub(super) fn settle_down(&mut self) -> Option<u64> {
        let device = self.identity?.device;
        (self.home.replace(device) != Some(device)).then_some(device)
    }

    /// Whether the folder is the one it was, and was watched all the while; `None` if it is not there.
    /// Another one is watched anew: a watch stays with the folder it was set on, wherever that is moved.
    pub(super) fn check(
        &mut self,
        around: &Surroundings,
        fault: Option<Fault>,
        now: Instant,
    ) -> Option<bool> {
        let folder = &around.folder;
        let identity = match folder.identity() {
            Ok(identity) => identity,
            Err(error) => {
                if around.health.set(Trouble::FolderMissing, true) {
                    let folder = folder.root().display();
                    warn!(%folder, %error, "the entries folder is not there: waiting for it; what was published stays");
                }
                *self = Self::new(self.home);
                return None;
            }
        };
        if around.health.set(Trouble::FolderMissing, false) {
            info!("the entries folder is there");
        }
        if self.identity != Some(identity) {
            self.identity = Some(identity);
            self.notice_mute_disk(around);
            self.start_watch(around, now);
            return Some(false);
        }
        match fault {
            Some(Fault::UsedUp) => {
                self.is_not_watched(around, now + WATCH_AGAIN, &"the watches are used up");
            }
            Some(Fault::Stale) => {
                self.is_watch_faulty = true;
                let earliest = self.watch_tried.map_or(now, |tried| tried + WATCH_ANEW);
                self.watch_at = Some(earliest.max(now));
            }
            None => {}
        }
        if self.watch_at.is_some_and(|at| now >= at) {
            self.start_watch(around, now);
            return Some(false);
        }
        Some(true)
    }

    /// When the next check is due after one at `now`.
    pub(super) fn next_check(&self, now: Instant) -> Instant {
        let next = now + CHECK;
        self.watch_at.map_or(next, |at| next.min(at))
    }

    fn notice_mute_disk(&mut self, around: &Surroundings) {
        let mute = mute_file_system(around.folder.root());
        let is_news = mute != self.mute && around.mode == WatchMode::Auto;
        self.mute = mute;
        if let Some(name) = mute.filter(|_| is_news) {
            info!(
                file_system = name,
                "the entries folder is scanned every 10 s as well: its file system does not tell of all changes"
            );
        }
    }

    fn start_watch(&mut self, around: &Surroundings, now: Instant) {
        // The old one goes first: the new one may need what it held.
        self.watch = None;
        self.watch_at = None;
        self.watch_tried = Some(now);
        if around.mode == WatchMode::Scan {
            return;
        }
        match Watch::start(around.folder.root(), &around.hints) {
            Ok(watch) => {
                self.watch = Some(watch);
                self.is_watch_faulty = false;
                if around.health.set(Trouble::NoEvents, false) {
                    info!("the entries folder is watched again");
                }
            }
            Err(error) => self.is_not_watched(around, now + WATCH_AGAIN, &error),
        }
    }

    /// What is left of the watch still gives hints; it is tried again at `again`.
    fn is_not_watched(&mut self, around: &Surroundings, again: Instant, reason: &dyn Display) {
        self.is_watch_faulty = true;
        self.watch_at = Some(again);
        if around.health.set(Trouble::NoEvents, true) {
            warn!(
                %reason,
                "the entries folder can't be watched as a whole and is scanned every 10 s instead: \
                 a higher fs.inotify.max_user_watches or fs.inotify.max_user_instances helps"
            );
        }
    }
}
