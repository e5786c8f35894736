//! The service manager's watchdog: it restarts a daemon that does not say in time that it is alive.
//!
//! That is said only when all have proved it since it was said last, and by doing what they are for:
//!
//! - **The writer** answers from within its turns, at steps that are never far apart however long a turn
//!   is; one that waits for hints is woken by one.
//! - **The watch** on the folder tells the writer of something that the writer does, as it would tell of an
//!   article ([`crate::folder::watch::Hints::is_watch_alive`]). Where there is no watch, only the writer is asked.
//! - **The listeners**: each loop that accepts connections answers a [`RollCall`].
//! - **The main thread**, which waits for signals, runs this.
//!
//! A daemon that idles is asked once in half of the interval, which wakes each thread once.

use std::pin::pin;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{error, info};

use super::notify::Notifier;
use super::pulse::Pulse;
use crate::http::RollCall;

/// How soon a writer or a watch that did not prove anything is asked again, at most: it may just have been
/// busy, or the watch have been set anew.
const AGAIN: Duration = Duration::from_secs(1);

/// What has to be alive.
pub(super) struct Watchdog {
    pub(super) notifier: Notifier,
    pub(super) pulse: Pulse,
    pub(super) roll_call: RollCall,
}

impl Watchdog {
    /// Says that we are alive, as often as the service manager wants to hear it, in a task of this
    /// runtime, until what is returned is dropped. It does nothing where nobody wants to.
    pub(super) fn start(self) -> JoinSet<()> {
        let mut watch = JoinSet::new();
        if let Some(interval) = sd_notify::watchdog_enabled() {
            watch.spawn(self.run(interval));
        }
        watch
    }

    async fn run(self, interval: Duration) {
        let again = AGAIN.min(interval / 8);
        loop {
            let mut writer = pin!(self.pulse.feel(again));
            let mut readers = pin!(self.roll_call.call());
            let (mut writer_is_alive, mut readers_are_served) = (false, false);
            let mut is_told = false;
            while !(writer_is_alive && readers_are_served) {
                tokio::select! {
                    () = &mut writer, if !writer_is_alive => writer_is_alive = true,
                    () = &mut readers, if !readers_are_served => readers_are_served = true,
                    () = sleep(interval / 2), if !is_told => {
                        is_told = true;
                        error!(
                            writer_is_alive,
                            readers_are_served,
                            "no sign of life: the service manager will restart the daemon if none comes soon"
                        );
                    }
                }
            }
            if is_told {
                info!("all signs of life are there again");
            }
            self.notifier.alive();
            sleep(interval / 2).await;
        }
    }
}
