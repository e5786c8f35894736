//! The writer's pulse: the proof, for whoever asks, that it takes its turns and is still told of what happens
//! in the folder.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(unix)]
use std::time::Duration;

use tokio::sync::Notify;
#[cfg(unix)]
use tokio::time::timeout;

use crate::folder::watch::Hints;

/// See the module's text. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Pulse(Arc<Shared>);

#[derive(Default)]
struct Shared {
    hints: Hints,
    is_asked: AtomicBool,
    beaten: Notify,
}

impl Pulse {
    /// Of the writer who takes `hints`.
    pub(super) fn new(hints: Hints) -> Self {
        Self(Arc::new(Shared {
            hints,
            ..Shared::default()
        }))
    }

    /// The writer has taken a step. If somebody has asked, it is found out whether it is still told of
    /// what happens in the folder.
    pub(super) fn beat(&self) {
        let Self(shared) = self;
        if shared.is_asked.swap(false, Ordering::Relaxed) && shared.hints.is_watch_alive() {
            shared.beaten.notify_one();
        }
    }

    /// Ready when the writer has taken a step since the call, and is told of what happens.
    #[cfg(unix)]
    pub(super) async fn feel(&self, again: Duration) {
        let Self(shared) = self;
        // What is left of a former call proves nothing.
        let _ = timeout(Duration::ZERO, shared.beaten.notified()).await;
        loop {
            shared.is_asked.store(true, Ordering::Relaxed);
            shared.hints.wake();
            if timeout(again, shared.beaten.notified()).await.is_ok() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(50);

    async fn is_felt(pulse: &Pulse) -> bool {
        timeout(SOON, pulse.feel(SOON / 8)).await.is_ok()
    }

    #[tokio::test]
    async fn a_step_proves_life_once_and_only_to_who_has_asked() {
        let hints = Hints::default();
        let pulse = Pulse::new(hints.clone());
        pulse.beat();
        assert!(!is_felt(&pulse).await, "it was before the question");
        // It was asked, to no avail; the answer comes too late for that question.
        pulse.beat();
        assert!(!is_felt(&pulse).await);
        let writer = {
            let (hints, pulse) = (hints.clone(), pulse.clone());
            std::thread::spawn(move || {
                let mut steps = 0;
                // Nothing but the question wakes it.
                while !hints.wait(crate::daemon::clock::instant(), None).stopped {
                    pulse.beat();
                    steps += 1;
                }
                steps
            })
        };
        for _ in 0..3 {
            assert!(is_felt(&pulse).await);
        }
        hints.stop();
        let steps = writer.join().unwrap();
        assert!((3..=3 * 8 + 9).contains(&steps), "{steps}");
        assert!(!is_felt(&pulse).await, "it has ended");
    }
}
