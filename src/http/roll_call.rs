//! Whether readers could still connect: each loop that accepts connections is called, and answers from
//! within the loop itself. A thread that is stuck answers nothing.
//!
//! A connection of our own would prove less: only that one of the threads is well, and nothing where
//! sockets come from outside of the network that the daemon itself is in.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

/// Calls those who accept connections. Clones call the same.
#[derive(Clone, Default)]
pub struct RollCall(Arc<Roll>);

#[derive(Default)]
struct Roll {
    /// The number of the last call.
    call: watch::Sender<u64>,
    /// The last call that each has answered.
    answers: Mutex<Vec<Arc<AtomicU64>>>,
    answered: Notify,
}

impl Roll {
    fn answers(&self) -> MutexGuard<'_, Vec<Arc<AtomicU64>>> {
        // A list is never in between, whatever became of who held it.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RollCall {
    /// Calls all, and is ready when each of them has answered; where there is none, never.
    pub async fn call(&self) {
        let Self(roll) = self;
        roll.call.send_modify(|call| *call += 1);
        let call = *roll.call.borrow();
        let is_answered = |answer: &Arc<AtomicU64>| answer.load(Ordering::Acquire) >= call;
        loop {
            let answered = roll.answered.notified();
            let is_complete = {
                let answers = roll.answers();
                !answers.is_empty() && answers.iter().all(is_answered)
            };
            if is_complete {
                return;
            }
            answered.await;
        }
    }

    /// One more is to be called from now on.
    pub(super) fn join(&self) -> Called {
        let roll = Arc::clone(&self.0);
        let answer = Arc::new(AtomicU64::new(0));
        roll.answers().push(Arc::clone(&answer));
        Called {
            call: roll.call.subscribe(),
            answer,
            roll,
        }
    }
}

/// Who is called. One that is dropped without a farewell is missed at each call.
pub(super) struct Called {
    call: watch::Receiver<u64>,
    answer: Arc<AtomicU64>,
    roll: Arc<Roll>,
}

impl Called {
    /// Ready at the next call, which is then to be answered.
    pub(super) async fn called(&mut self) {
        // The sender lives as long as we do.
        let _ = self.call.changed().await;
    }

    /// Answers the last call.
    pub(super) fn answer(&mut self) {
        let call = *self.call.borrow_and_update();
        if self.answer.swap(call, Ordering::AcqRel) != call {
            self.roll.answered.notify_waiters();
        }
    }

    /// Is not called any more.
    pub(super) fn leave(self) {
        let is_other = |answer: &Arc<AtomicU64>| !Arc::ptr_eq(answer, &self.answer);
        self.roll.answers().retain(is_other);
        self.roll.answered.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// Whether the call is answered by all, as far as they can while nothing else happens.
    async fn is_answered(roll: &RollCall) -> bool {
        let soon = Duration::from_millis(50);
        timeout(soon, roll.call()).await.is_ok()
    }

    fn answers(mut called: Called) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            loop {
                called.answer();
                called.called().await;
            }
        })
    }

    #[tokio::test]
    async fn all_have_to_answer_each_call() {
        let roll = RollCall::default();
        assert!(!is_answered(&roll).await, "nobody is there");
        let _one = answers(roll.join());
        assert!(is_answered(&roll).await);
        let mute = roll.join();
        assert!(!is_answered(&roll).await);
        // Who comes late answers the last call only.
        let other = answers(mute);
        assert!(is_answered(&roll).await);
        assert!(is_answered(&roll).await);
        other.abort();
        assert!(!is_answered(&roll).await, "it went without a word");
    }

    #[tokio::test]
    async fn who_leaves_is_not_missed() {
        let roll = RollCall::default();
        let _one = answers(roll.join());
        let other = roll.join();
        assert!(!is_answered(&roll).await);
        other.leave();
        assert!(is_answered(&roll).await);
    }
}
