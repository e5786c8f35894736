//! What the looker needs from outside, and where the settings decide it.

use std::sync::Arc;
use std::time::Duration;

use super::Looker;
use crate::config::{Config, RemovalGuardConfig, WatchMode};
use crate::daemon::conventions;
use crate::daemon::health::Health;
use crate::daemon::journal::Journal;
use crate::daemon::pulse::Pulse;
use crate::folder::conventions::FolderConventions;
use crate::folder::scan::Folder;
use crate::folder::watch::Hints;

/// What the looker needs from its surroundings.
pub(in crate::daemon) struct Surroundings {
    pub(in crate::daemon) folder: Folder,
    pub(in crate::daemon) conventions: FolderConventions,
    pub(in crate::daemon) settle: Duration,
    pub(in crate::daemon) grace: Duration,
    pub(in crate::daemon) guard: RemovalGuardConfig,
    pub(in crate::daemon) mode: WatchMode,
    /// The device on which the folder lay when it was last seen with its files.
    pub(in crate::daemon) device: Option<u64>,
    pub(in crate::daemon) hints: Hints,
    pub(in crate::daemon) health: Arc<Health>,
    pub(in crate::daemon) pulse: Pulse,
    pub(in crate::daemon) journal: Arc<Journal>,
}

/// How the looker is tied to the rest of the daemon: no setting changes that.
pub(in crate::daemon) struct Ties {
    pub(in crate::daemon) hints: Hints,
    pub(in crate::daemon) health: Arc<Health>,
    pub(in crate::daemon) pulse: Pulse,
    pub(in crate::daemon) journal: Arc<Journal>,
}

impl Surroundings {
    /// As `config` says them.
    pub(in crate::daemon) fn new(
        config: &Config,
        folder: Folder,
        device: Option<u64>,
        ties: Ties,
    ) -> Self {
        let Ties {
            hints,
            health,
            pulse,
            journal,
        } = ties;
        Self {
            folder,
            conventions: FolderConventions::new(conventions(config)),
            settle: config.settle,
            grace: config.grace,
            guard: config.removal_guard.clone(),
            mode: config.watch,
            device,
            hints,
            health,
            pulse,
            journal,
        }
    }
}

impl Looker {
    /// Its surroundings as `config` says them, in `folder`, on what was `device`; what no setting changes stays.
    pub(in crate::daemon) fn surroundings(
        &self,
        config: &Config,
        folder: Folder,
        device: Option<u64>,
    ) -> Surroundings {
        let Surroundings {
            hints,
            health,
            pulse,
            journal,
            ..
        } = &self.around;
        let ties = Ties {
            hints: hints.clone(),
            health: Arc::clone(health),
            pulse: pulse.clone(),
            journal: Arc::clone(journal),
        };
        Surroundings::new(config, folder, device, ties)
    }
}
