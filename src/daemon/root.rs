//! The entries folder itself: whether it is there, whether it is the one it was, and its watch.

use tracing::{info, warn};

use super::health::Trouble;
use super::looker::Surroundings;
use crate::config::WatchMode;
use crate::folder::watch::Watch;

/// The folder that was there at the last check.
#[derive(Default)]
pub(super) struct Root {
    /// Device and inode.
    identity: Option<(u64, u64)>,
    watch: Option<Watch>,
}

impl Root {
    /// Whether the system tells us of changes.
    pub(super) fn has_events(&self) -> bool {
        self.watch.is_some()
    }

    /// Whether the folder is the one it was; `None` if it is not there. Another one is watched anew:
    /// a watch stays with the folder it was set on, wherever that is moved.
    pub(super) fn check(&mut self, around: &Surroundings) -> Option<bool> {
        let folder = &around.folder;
        let identity = match folder.identity() {
            Ok(identity) => identity,
            Err(error) => {
                if around.health.set(Trouble::FolderMissing, true) {
                    let folder = folder.root().display();
                    warn!(%folder, %error, "the entries folder is not there: waiting for it; what was published stays");
                }
                *self = Self::default();
                return None;
            }
        };
        if around.health.set(Trouble::FolderMissing, false) {
            info!("the entries folder is there");
        }
        let is_same = self.identity == Some(identity);
        if !is_same {
            self.identity = Some(identity);
            self.start_watch(around);
        }
        Some(is_same)
    }

    fn start_watch(&mut self, around: &Surroundings) {
        self.watch = None;
        if around.mode == WatchMode::Scan {
            return;
        }
        match Watch::start(around.folder.root(), &around.hints) {
            Ok(watch) => self.watch = Some(watch),
            Err(error) => warn!(
                %error,
                "the folder can't be watched and is scanned every 10 s instead: \
                 a higher fs.inotify.max_user_watches may help"
            ),
        }
        around.health.set(Trouble::NoEvents, self.watch.is_none());
    }
}
