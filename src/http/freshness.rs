//! How long readers and caches may use a copy without asking: `Cache-Control`.
//! (RFC 9111 section 5.2.2, RFC 5861)
//!
//! A copy is fresh for as long as the rhythm of its document says ([`Plan::fresh`](crate::site::Plan)),
//! within `http.min_age` and `http.max_age`. `Expires` is never sent: caches that know `max-age` must
//! pass it over, and the others are gone.
//!
//! # What is due
//!
//! An entry with a date in the future appears in its second, and readers should soon know. But a copy
//! that is fresh just until then is a countdown, and would give an embargo away to whoever reads it. So
//! **every answer is a countdown, and nearly all of them end in nothing**: copies are fresh until the
//! next *mark*, no matter which document they are of. Marks are
//!
//! - each full `max_age` since 1970: by default each quarter of an hour, at which most entries are due;
//! - other full minutes, drawn by lot with a secret of the process, one in each `max_age` on average;
//! - and the first full minute at which something is due.
//!
//! The last could always have been one of the others. In figures: what is due at a full quarter of an
//! hour changes no answer at all; and what is due at another time, known for a `max_age` or longer,
//! gives just the answers of another secret under which that minute was drawn. Whoever asks every second
//! for an hour sees eight marks, give or take two, and one more where something is due, whatever it is:
//! an entry that appears, one that expires, a tombstone that is taken down.
//!
//! **What is not hidden.** Who expects something in one certain minute that is no quarter of an hour, and
//! sees a mark there, may take it for fifteen times as likely as before. What becomes due in less than
//! a `max_age` (a date just set, or taken back) moves a mark that others may have seen before. A restart
//! draws anew: a mark that was there before and after it is no drawn one. And a feed that has changed
//! has changed.
//!
//! **How late a reader may be.** Copies handed out before something is due are fresh for no longer than
//! `min_age`, or else a minute and a half, after it (a sixtieth of a long `max_age`, and a half), and one
//! step of the ladder below. They end up to half a minute after a mark, not all at once.
//!
//! # The other numbers
//!
//! - `stale-while-revalidate` is `min_age`: for so long a cache may still answer at once, while it asks
//!   us. Longer, and through a cache the first reader after an embargo would get the old feed.
//! - `stale-if-error` is a day: when we are down, caches keep feeds alive until a person has noticed; and
//!   what was withdrawn or corrected is not spread for longer than that.
//! - Both are left out where `max_age` is 0: `must-revalidate` forbids what they allow.
//!
//! All values are made once, as a ladder of a few hundred steps; to answer costs a few hashes of a
//! number, and no text is written.

use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::header::HeaderValue;
use jiff::Timestamp;

use crate::site::Ages;

/// How long caches may use a copy when we can't be asked.
const STALE_IF_ERROR: Duration = Duration::from_hours(24);

/// The fewest seconds between two values of `max-age`.
const STEP: u64 = 5;

/// How many steps the ladder of values has at most.
const STEPS: u64 = 720;

/// For so many seconds after a mark it still stands: what is due takes a moment until it is shown, and
/// a copy from that moment must not be fresh until the mark after it.
const LATE: u64 = 2;

/// The freshness of all answers: bounds, the secret, and the finished values.
#[derive(Debug)]
pub struct Freshness {
    ladder: Ladder,
    /// For each step of the ladder.
    values: Vec<HeaderValue>,
    /// The secret: `SipHash` with keys from the system's source of randomness.
    secret: RandomState,
}

impl Freshness {
    /// Within `ages`, with a secret of its own.
    pub fn new(ages: Ages) -> Self {
        Self::with_secret(ages, RandomState::new())
    }

    /// Within other `ages`. The secret stays, and with it the marks where they can.
    #[must_use]
    pub fn within(&self, ages: Ages) -> Self {
        Self::with_secret(ages, self.secret.clone())
    }

    fn with_secret(ages: Ages, secret: RandomState) -> Self {
        let ladder = Ladder::new(ages);
        let values = (0..=ladder.top()).map(|step| written(ladder.seconds(step), ladder.least));
        Self {
            ladder,
            values: values.collect(),
            secret,
        }
    }

    /// The freshness of answers at the moment `now`, when something changes by itself at `due`.
    pub fn at(&self, due: Option<Timestamp>, now: Timestamp) -> Fresh<'_> {
        Fresh {
            freshness: self,
            due,
            now,
        }
    }

    /// `Cache-Control` for what no date changes: files beside entries.
    pub fn longest(&self) -> HeaderValue {
        self.cache_control(self.ladder.most)
    }

    /// `Cache-Control` for a copy that is fresh for so many seconds, held within the bounds.
    fn cache_control(&self, seconds: u64) -> HeaderValue {
        self.value(usize::try_from(self.ladder.step_of(seconds)).unwrap_or_default())
    }

    fn value(&self, step: usize) -> HeaderValue {
        let value = self.values.get(step);
        value.map_or(HeaderValue::from_static("no-cache"), HeaderValue::clone)
    }
}

/// The freshness of the answers of one moment.
#[derive(Clone, Copy, Debug)]
pub struct Fresh<'a> {
    freshness: &'a Freshness,
    due: Option<Timestamp>,
    now: Timestamp,
}

/// What was said of one document last, in which second: within it nothing else is said.
#[derive(Debug)]
pub struct Said(AtomicU64);

impl Said {
    /// Bits of the number of a step.
    const STEP_BITS: u32 = 16;

    /// Nothing yet.
    pub const fn nothing() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }

    fn again(&self, second: u64) -> Option<usize> {
        let said = self.0.load(Ordering::Relaxed);
        let step = usize::from(u16::try_from(said & u64::from(u16::MAX)).ok()?);
        (said >> Self::STEP_BITS == second).then_some(step)
    }

    fn note(&self, second: u64, step: u64) {
        let said = second << Self::STEP_BITS | step;
        self.0.store(said, Ordering::Relaxed);
    }
}

impl Fresh<'_> {
    /// [`Fresh::cache_control`] for one document of one snapshot, of which `said` remembers what was said
    /// last: most answers of a second need no lot drawn.
    pub(super) fn cache_control_of(&self, rhythm: Duration, said: &Said) -> HeaderValue {
        let second = whole(self.now);
        let step = said.again(second).unwrap_or_else(|| {
            let step = self.freshness.ladder.step_of(self.seconds(rhythm));
            said.note(second, step);
            usize::try_from(step).unwrap_or_default()
        });
        self.freshness.value(step)
    }

    /// `Cache-Control` for a document that is fresh for `rhythm` by what it shows.
    pub fn cache_control(&self, rhythm: Duration) -> HeaderValue {
        self.freshness.cache_control(self.seconds(rhythm))
    }

    fn seconds(&self, rhythm: Duration) -> u64 {
        let Freshness { ladder, secret, .. } = self.freshness;
        let lot = |number: u64| secret.hash_one(number);
        fresh_for(ladder, rhythm, self.due, self.now, lot)
    }

    /// `Cache-Control` for what has no rhythm.
    pub fn longest(&self) -> HeaderValue {
        self.cache_control(Duration::from_secs(self.freshness.ladder.most))
    }
}

/// How many seconds a copy is fresh. `lot` draws: equally likely numbers, always the same for one.
fn fresh_for(
    ladder: &Ladder,
    rhythm: Duration,
    due: Option<Timestamp>,
    now: Timestamp,
    lot: impl Fn(u64) -> u64,
) -> u64 {
    let rhythm = rhythm.as_secs().clamp(ladder.least, ladder.most);
    if rhythm == ladder.least {
        return rhythm;
    }
    let due = due.map(|due| whole(due) + u64::from(due.subsec_nanosecond() > 0));
    let now = whole(now);
    let mark = ladder.next_mark(now, now + rhythm, due, &lot);
    // Another number than that of any slot.
    let spread = lot(u64::MAX - now) % (ladder.slot / 2 + 1);
    let left = (mark + spread).saturating_sub(now).min(rhythm);
    ladder.seconds(ladder.step_of(left))
}

/// Seconds since 1970, without their parts.
fn whole(moment: Timestamp) -> u64 {
    moment.as_second().max(0).unsigned_abs()
}

/// The values that `max-age` may have, and the times at which there may be marks; all in seconds.
#[derive(Clone, Copy, Debug)]
struct Ladder {
    least: u64,
    most: u64,
    step: u64,
    /// Marks lie on full multiples of this.
    slot: u64,
}

impl Ladder {
    fn new(ages: Ages) -> Self {
        let most = ages.most().as_secs();
        Self {
            least: ages.least().as_secs(),
            most,
            step: STEP.max(most / STEPS),
            // A minute, but never many to look through, nor few to draw from.
            slot: (most / 15).clamp(1, 60).max(most / 60),
        }
    }

    /// The number of the last step.
    fn top(&self) -> u64 {
        (self.most - self.least).div_ceil(self.step)
    }

    /// The first step that is not below `seconds`, if there is one.
    fn step_of(&self, seconds: u64) -> u64 {
        let above = seconds.saturating_sub(self.least);
        above.div_ceil(self.step).min(self.top())
    }

    /// The value of a step.
    fn seconds(&self, step: u64) -> u64 {
        (self.least + step * self.step).min(self.most)
    }

    /// The next mark, or `end` if there is none before it.
    fn next_mark(&self, now: u64, end: u64, due: Option<u64>, lot: &impl Fn(u64) -> u64) -> u64 {
        let start = now.saturating_sub(LATE) + 1;
        let full = start.next_multiple_of(self.most);
        // What should have been shown already is what everybody waits for.
        let due = due.map_or(end, |due| due.next_multiple_of(self.slot).max(start));
        let end = end.min(full).min(due);
        let slots = start.div_ceil(self.slot)..end.div_ceil(self.slot);
        let mut drawn = slots.filter(|slot| self.is_drawn(*slot, lot));
        drawn.next().map_or(end, |slot| slot * self.slot)
    }

    /// Whether there is a mark at the beginning of this slot, which happens once in `most` on average.
    fn is_drawn(&self, slot: u64, lot: &impl Fn(u64) -> u64) -> bool {
        lot(slot).is_multiple_of((self.most / self.slot).max(1))
    }
}

/// `Cache-Control` for a copy that is fresh for `seconds`.
///
/// 0 is `max-age=0, must-revalidate` and not `no-cache`, which means the same, because feed readers
/// look for the number, and some caches take `no-cache` for "do not keep" and lose the validators.
fn written(seconds: u64, while_asking: u64) -> HeaderValue {
    let mut text = format!("public, max-age={seconds}");
    if seconds == 0 {
        text.push_str(", must-revalidate");
    } else {
        if while_asking > 0 {
            let _ = write!(text, ", stale-while-revalidate={while_asking}");
        }
        let in_need = STALE_IF_ERROR.as_secs();
        let _ = write!(text, ", stale-if-error={in_need}");
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("no-cache"))
}

#[cfg(test)]
mod tests;
