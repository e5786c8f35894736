//! How long a connection of HTTP/2 may do nothing, and how long any may take to part; for those of HTTP/1,
//! which are looked at all together, see [`super::places`].

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::places::{LOOKS, Pulse, SoFar, between};
use crate::config::Limits;

/// Fewer bytes than this in one look are no progress, nor are those that only answer as many: pings and
/// settings are answered with what they have themselves, so they would keep a connection for ever.
const PROGRESS: u64 = 1024;

/// What is to be done with a connection of which it is enough.
pub(super) enum Enough {
    /// It is told to end.
    Tell,
    /// It was told, to no avail.
    Cut,
}

/// In HTTP/2, what `hyper` does not look after: peers that are there and do nothing, and connections
/// that never end.
///
/// A peer may have requested something and take none of it by never opening its window; nothing waits
/// to be written then, so [`super::pace`] sees nothing. So what is looked at is progress: a request, or bytes
/// written that are more than what was read.
pub(super) struct Activity {
    /// Runs until the first request.
    first: Pin<Box<Sleep>>,
    look: Pin<Box<Sleep>>,
    every: Duration,
    quiet: u32,
    /// So many looks in all, and the peer is to come again on a new connection.
    left: u32,
    before: SoFar,
}

impl Activity {
    pub(super) fn new(limits: &Limits) -> Self {
        let every = between(limits.idle_timeout);
        let looks = limits.connection_age.as_millis() / every.as_millis();
        Self {
            first: Box::pin(sleep(limits.header_timeout)),
            look: Box::pin(sleep(every)),
            every,
            quiet: 0,
            left: u32::try_from(looks).unwrap_or(u32::MAX).max(1),
            before: SoFar::default(),
        }
    }

    /// Ready at each moment when it is enough.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        pulse: &Pulse,
        is_told: bool,
    ) -> Poll<Enough> {
        let now = pulse.so_far();
        if !is_told && now.requests == 0 && self.first.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Enough::Tell);
        }
        while self.look.as_mut().poll(cx).is_ready() {
            self.look = Box::pin(sleep(self.every));
            let is_progress =
                now.requests != self.before.requests || now.is_ahead_of(self.before, PROGRESS);
            self.before = now;
            self.quiet = if is_progress { 0 } else { self.quiet + 1 };
            self.left = self.left.saturating_sub(1);
            let is_quiet = self.quiet >= LOOKS;
            if is_told && is_quiet {
                return Poll::Ready(Enough::Cut);
            }
            if !is_told && (is_quiet || self.left == 0) {
                self.quiet = 0;
                return Poll::Ready(Enough::Tell);
            }
        }
        Poll::Pending
    }
}

/// Parting from a peer that was told to end and has all its answers. It may be in the middle of its next
/// request, or have to say that it agrees; one that is mute must not hold up the end of the daemon.
pub(super) struct Farewell {
    /// How long it may take.
    moment: Duration,
    /// Runs while nothing is being answered; and what had gone on before.
    running: Option<(Pin<Box<Sleep>>, SoFar)>,
}

impl Farewell {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            moment: Self::moment(limits),
            running: None,
        }
    }

    /// How long a peer that has nothing to wait for may take to go.
    pub(super) fn moment(limits: &Limits) -> Duration {
        limits.header_timeout / 4
    }

    pub(super) fn is_over(&mut self, cx: &mut Context<'_>, pulse: &Pulse) -> bool {
        if !pulse.is_idle() {
            self.running = None;
            return false;
        }
        let (now, moment) = (pulse.so_far(), self.moment);
        loop {
            let begin = || (Box::pin(sleep(moment)), now);
            let (running, before) = self.running.get_or_insert_with(begin);
            if running.as_mut().poll(cx).is_pending() {
                return false;
            }
            // In HTTP/2, the last piece of an answer is on its way when we know no more of it.
            let is_progress = now.is_ahead_of(*before, 1);
            self.running = None;
            if !is_progress {
                return true;
            }
        }
    }
}
