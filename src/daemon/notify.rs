//! What the service manager is told: `sd_notify` of systemd, at the socket that `NOTIFY_SOCKET` names.
//!
//! **Ready** is said as soon as readers can connect, also when a new ledger has nothing to show yet and
//! everything is answered with 503. The first scan of a huge folder takes minutes; a manager that waits
//! for it would give up, kill us and begin again, for ever, and hold up whatever is to start after us.
//! Who has to know whether there is something to read asks `/readyz`; until then, the status line says
//! how far the scan is.
//!
//! **The status** is one line for people: how many entries are published, when that changed last, and what
//! is wrong. `systemctl status` shows it.
//!
//! **A reload** is framed by [`Notifier::reloading`] and [`Notifier::ready`], which must follow whatever
//! becomes of it: the manager waits for it.

#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(unix)]
use sd_notify::NotifyState;
use tokio::task::JoinSet;
#[cfg(unix)]
use tracing::warn;

use super::pulse::Pulse;
#[cfg(unix)]
use super::watchdog::Watchdog;
use crate::http::RollCall;

/// Tells the service manager, if there is one. Clones tell the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Notifier(Option<Arc<Manager>>);

#[derive(Debug, Default)]
struct Manager {
    /// The status that was told last.
    status: Mutex<String>,
    /// Nobody hears us, which was logged.
    #[cfg(unix)]
    is_deaf: AtomicBool,
}

/// The environment variable that says where to tell.
#[cfg(unix)]
const SOCKET: &str = "NOTIFY_SOCKET";

impl Notifier {
    /// Tells whoever started us, if that is a service manager that wants to be told.
    pub(super) fn from_environment() -> Self {
        #[cfg(unix)]
        let is_wanted = std::env::var_os(SOCKET).is_some();
        #[cfg(not(unix))]
        let is_wanted = false;
        Self(is_wanted.then(Arc::default))
    }

    /// Readers can connect; or a reload is over, whether or not it changed anything.
    pub(super) fn ready(&self) {
        #[cfg(unix)]
        self.tell(&[NotifyState::Ready]);
    }

    /// The settings are being read again. [`Self::ready`] must follow.
    pub(super) fn reloading(&self) {
        // Newer systemds take a reload without the time for a fault, and end the service.
        #[cfg(unix)]
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            Err(error) => warn!(%error, "the service manager is not told of the reload"),
        }
    }

    /// The end has begun.
    pub(super) fn stopping(&self) {
        #[cfg(unix)]
        self.tell(&[NotifyState::Stopping]);
    }

    /// We are alive.
    #[cfg(unix)]
    pub(super) fn alive(&self) {
        self.tell(&[NotifyState::Watchdog]);
    }

    /// Says that we are alive, if that is wanted, as long as what is returned lives.
    pub(super) fn keep_watch(&self, pulse: Pulse, roll_call: RollCall) -> JoinSet<()> {
        #[cfg(unix)]
        let watch = Watchdog {
            notifier: self.clone(),
            pulse,
            roll_call,
        }
        .start();
        #[cfg(not(unix))]
        let watch = {
            drop((pulse, roll_call));
            JoinSet::new()
        };
        watch
    }

    /// How we are, in one line.
    pub(super) fn status(&self, status: String) {
        let Some(manager) = &self.0 else { return };
        // A string is never in between, whatever became of who held it.
        let mut told = manager
            .status
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *told != status {
            #[cfg(unix)]
            self.tell(&[NotifyState::Status(&status)]);
            *told = status;
        }
    }

    #[cfg(unix)]
    fn tell(&self, states: &[NotifyState<'_>]) {
        let Some(manager) = &self.0 else { return };
        let told = sd_notify::notify(states);
        let was_deaf = manager.is_deaf.swap(told.is_err(), Ordering::Relaxed);
        if let Err(error) = told
            && !was_deaf
        {
            warn!(%error, "the service manager can't be told how the daemon is");
        }
    }
}
