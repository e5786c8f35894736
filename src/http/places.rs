//! Who is connected: so many places, and the wish to have one back.
//!
//! Whoever asks nothing for a while has to go. There is no timer for each connection, which would have to
//! be set and taken back with every request: all are looked at a few times in that while, so a peer has
//! the time that it is given, and up to a quarter more. Where nobody sits, nobody looks.
//!
//! When all places are taken, somebody who wants nothing just now has to go, longest quiet first: else
//! a few thousand connections that say nothing would keep everybody out for as long as they like. So one
//! place is always kept free for who comes next, and only where all are being answered does anyone wait.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use atomic_waker::AtomicWaker;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::connections::{Connections, Cut};

/// Looks in the time that is looked for: few, and exact enough.
pub(super) const LOOKS: u32 = 4;

/// The time between two of them.
pub(super) fn between(whole: Duration) -> Duration {
    (whole / LOOKS).max(Duration::from_millis(10))
}

/// The places of one accepting thread.
#[derive(Debug)]
pub(super) struct Places {
    most: AtomicUsize,
    connections: Arc<Connections>,
    taken: AtomicUsize,
    freed: Notify,
    /// Somebody sits down where nobody sat.
    come: Notify,
    /// Those that sit, and some that have left, the longest seated or least lately busy first.
    line: Mutex<VecDeque<Weak<Pulse>>>,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    /// What goes on at it.
    pub(super) pulse: Arc<Pulse>,
}

/// What a connection is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Others wait for this place, or it was quiet for long: go, if nothing is being answered.
    GiveWay,
    /// Finish what is being answered, then go.
    Finish,
}

const GIVE_WAY: u8 = 1;
const FINISH: u8 = 2;

/// What goes on at one connection, for all who ask.
#[derive(Debug)]
pub(super) struct Pulse {
    order: AtomicU8,
    waker: AtomicWaker,
    /// Answers under way.
    answers: AtomicUsize,
    /// Requests so far.
    requests: AtomicU64,
    /// Requests when its turn to go was last thought of; at first no number that there can be.
    considered: AtomicU64,
    /// Requests at the last look; at first no number that there can be.
    looked: AtomicU64,
    /// Looks since there was anything to be seen.
    quiet: AtomicU32,
    /// Whether it is looked at by somebody else.
    is_watched: AtomicBool,
    /// Bytes read so far.
    read: AtomicU64,
    /// Bytes written so far.
    written: AtomicU64,
    /// Whether the peer is being waited for to take more.
    is_stalled: AtomicBool,
    /// Why it is ended here, if it is: a [`Cut`], or 0.
    cut: AtomicU8,
}

/// What has gone on at one connection: requests, and bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SoFar {
    pub(super) requests: u64,
    pub(super) read: u64,
    pub(super) written: u64,
}

impl SoFar {
    /// Whether `least` bytes have been written since `before`, above those that only answer what was read.
    pub(super) fn is_ahead_of(self, before: Self, least: u64) -> bool {
        self.written - before.written >= self.read - before.read + least
    }
}

impl Places {
    /// `most` places, at least one.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Self::counted(most, Arc::default())
    }

    /// The same, with all that sit down counted among these `connections`.
    pub(super) fn counted(most: usize, connections: Arc<Connections>) -> Arc<Self> {
        Arc::new(Self {
            most: AtomicUsize::new(most.max(1)),
            connections,
            taken: AtomicUsize::new(0),
            freed: Notify::new(),
            come: Notify::new(),
            line: Mutex::default(),
        })
    }

    /// From now on there are `most`, at least one. Nobody who sits has to go for that.
    pub(super) fn set_most(&self, most: usize) {
        self.most.store(most.max(1), Ordering::Relaxed);
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// How many places are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Whether nobody else can sit down.
    pub(super) fn are_full(&self) -> bool {
        self.taken() >= self.most()
    }

    /// Takes one.
    pub(super) fn take(self: &Arc<Self>) -> Place {
        if self.taken.fetch_add(1, Ordering::Relaxed) == 0 {
            self.come.notify_one();
        }
        self.connections.accepted.fetch_add(1, Ordering::Release);
        let pulse = Arc::new(Pulse::new());
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if line.len() >= 2 * self.most() {
            line.retain(|pulse| pulse.strong_count() > 0);
        }
        line.push_back(Arc::downgrade(&pulse));
        Place {
            places: Arc::clone(self),
            pulse,
        }
    }

    /// Waits until a place has become free since this was waited for last.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Asks one connection to go at which nothing happens: the first in line that had no request since
    /// it was thought of last. Who had one, or has only just come, is spared this once. `false`: for now
    /// there is none.
    pub(super) fn make_room(&self) -> bool {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..line.len() {
            let Some(pulse) = line.pop_front() else {
                return false;
            };
            let Some(sitting) = pulse.upgrade() else {
                continue;
            };
            line.push_back(pulse);
            if sitting.is_idle() && !sitting.was_busy_since_considered() {
                sitting.tell(GIVE_WAY);
                return true;
            }
        }
        false
    }

    /// Has all go that ask nothing for `limit`, for as long as this is polled.
    pub(super) async fn keep_quiet_out(&self, limit: Duration) -> Infallible {
        loop {
            self.come.notified().await;
            while self.taken() > 0 {
                sleep(between(limit)).await;
                self.look();
            }
        }
    }

    /// Tells those to go that have been quiet at so many looks.
    fn look(&self) {
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        for pulse in line.iter().filter_map(Weak::upgrade) {
            if pulse.quiet_looks() >= LOOKS && !pulse.is_watched.load(Ordering::Relaxed) {
                pulse.tell(GIVE_WAY);
            }
        }
    }

    /// Tells all to finish.
    pub(super) fn finish(&self) {
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        for pulse in line.iter().filter_map(Weak::upgrade) {
            pulse.tell(FINISH);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.fetch_sub(1, Ordering::Relaxed);
        self.places.freed.notify_one();
        let connections = &self.places.connections;
        connections.gone.fetch_add(1, Ordering::Release);
        let cut = self.pulse.cut.load(Ordering::Relaxed);
        for (why, count) in [
            (Cut::Idle, &connections.cut_idle),
            (Cut::Stalled, &connections.cut_stalled),
        ] {
            count.fetch_add(u64::from(cut == why as u8), Ordering::Relaxed);
        }
    }
}

impl Pulse {
    fn new() -> Self {
        Self {
            order: AtomicU8::new(0),
            waker: AtomicWaker::new(),
            answers: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
            considered: AtomicU64::new(u64::MAX),
            looked: AtomicU64::new(u64::MAX),
            quiet: AtomicU32::new(0),
            is_watched: AtomicBool::new(false),
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            is_stalled: AtomicBool::new(false),
            cut: AtomicU8::new(0),
        }
    }

    /// The connection is ended here, not by its peer; the first reason counts.
    pub(super) fn is_cut(&self, why: Cut) {
        let _ = self
            .cut
            .compare_exchange(0, why as u8, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn tell(&self, order: u8) {
        self.order.fetch_max(order, Ordering::AcqRel);
        self.waker.wake();
    }

    /// The next order. To give way is ordered once, the end from then on always.
    pub(super) fn poll_order(&self, cx: &mut Context<'_>) -> Poll<Order> {
        self.waker.register(cx.waker());
        match self.order.load(Ordering::Acquire) {
            0 => Poll::Pending,
            GIVE_WAY => {
                // Not a store: the end may have been ordered just now, and must not be lost.
                let _ =
                    self.order
                        .compare_exchange(GIVE_WAY, 0, Ordering::AcqRel, Ordering::Acquire);
                Poll::Ready(Order::GiveWay)
            }
            _ => Poll::Ready(Order::Finish),
        }
    }

    /// Whether no answer is under way, and none on its way through the kernel.
    pub(super) fn is_idle(&self) -> bool {
        self.answers.load(Ordering::Acquire) == 0 && !self.is_stalled.load(Ordering::Relaxed)
    }

    fn was_busy_since_considered(&self) -> bool {
        let requests = self.requests.load(Ordering::Relaxed);
        self.considered.swap(requests, Ordering::Relaxed) != requests
    }

    /// How many looks, with this one, have found nothing: no request, and no answer under way.
    fn quiet_looks(&self) -> u32 {
        let requests = self.requests.load(Ordering::Relaxed);
        let is_quiet = self.looked.swap(requests, Ordering::Relaxed) == requests && self.is_idle();
        let quiet = if is_quiet {
            self.quiet.load(Ordering::Relaxed).saturating_add(1)
        } else {
            0
        };
        self.quiet.store(quiet, Ordering::Relaxed);
        quiet
    }

    /// From now on somebody else looks whether anything goes on.
    pub(super) fn is_watched_elsewhere(&self) {
        self.is_watched.store(true, Ordering::Relaxed);
    }

    /// A write waits for the peer, or does not any more.
    pub(super) fn set_stalled(&self, is_stalled: bool) {
        self.is_stalled.store(is_stalled, Ordering::Relaxed);
    }

    /// So many bytes have been read.
    pub(super) fn read(&self, bytes: usize) {
        add(&self.read, bytes as u64);
    }

    /// So many bytes have been written.
    pub(super) fn wrote(&self, bytes: usize) {
        add(&self.written, bytes as u64);
    }

    /// All that has gone on so far.
    pub(super) fn so_far(&self) -> SoFar {
        SoFar {
            requests: self.requests.load(Ordering::Relaxed),
            read: self.read.load(Ordering::Relaxed),
            written: self.written.load(Ordering::Relaxed),
        }
    }
}

/// Adds to a count that only the connection's own thread writes: cheaper than an addition that others may
/// make, too.
fn add(count: &AtomicU64, more: u64) {
    let before = count.load(Ordering::Relaxed);
    count.store(before + more, Ordering::Relaxed);
}

/// An answer under way, until this is dropped.
#[derive(Debug)]
pub(super) struct Busy(Arc<Pulse>);

impl Busy {
    /// A request has come.
    pub(super) fn with(pulse: &Arc<Pulse>) -> Self {
        add(&pulse.requests, 1);
        pulse.answers.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(pulse))
    }

    /// How many answers are under way at this connection, with this one.
    pub(super) fn answers(&self) -> usize {
        self.0.answers.load(Ordering::Relaxed)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.answers.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
