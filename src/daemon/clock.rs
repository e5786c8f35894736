//! The clock: the only place that asks what time it is.
//!
//! Dates that are given once are remembered for ever, so the daemon does not believe its machine's clock
//! blindly. It keeps [a time of its own](Clock):
//!
//! - It never goes back, neither while it runs nor from one run to the next: a clock that was set back
//!   is waited for, and until it has caught up the daemon's time goes on by itself. So no entry is ever
//!   older than one that came before it.
//! - A clock that is more than [`MAX_LEAP`] ahead of the last moment that is known is not believed: a
//!   machine that thinks it is ten years later would publish all that is scheduled, and give dates that
//!   lie in the future ever after.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the clock that all others are told"
)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// How far the machine's clock may run ahead of the last moment that is known: as long as a machine may
/// well be switched off.
const MAX_LEAP: Duration = Duration::from_hours(366 * 24);

/// How far it may be behind before that is worth telling.
const TOLD_BEHIND: Duration = Duration::from_mins(1);

/// In seconds since 1970: before this program was written (2026-01-01) no clock can be right.
const EARLIEST: i64 = 1_767_225_600;

/// Wall time as the machine tells it, for what is not remembered.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Time that never jumps, for waiting.
pub(super) fn instant() -> Instant {
    Instant::now()
}

/// How old a file's change at `modified` (nanoseconds since 1970) is; a change in the future counts
/// as just made.
pub(super) fn age(modified: i64) -> Duration {
    let modified = UNIX_EPOCH + Duration::from_nanos(u64::try_from(modified).unwrap_or(0));
    SystemTime::now()
        .duration_since(modified)
        .unwrap_or(Duration::ZERO)
}

/// What is wrong with the machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It is behind what was remembered.
    Behind,
    /// It is too far ahead to be believed.
    Ahead,
}

/// The daemon's own time: see the module's text.
#[derive(Debug)]
pub(super) struct Clock {
    /// The last moment that was told, and when that was.
    last: Timestamp,
    told: Instant,
    /// Whether `last` is remembered or told, not only a lower bound.
    is_set: bool,
    doubt: Option<Doubt>,
}

impl Clock {
    /// Goes on from the last moment that is known, if there is one.
    pub(super) fn from(known: Option<Timestamp>) -> Self {
        Self {
            last: known.unwrap_or_else(earliest).max(earliest()),
            told: Instant::now(),
            is_set: known.is_some(),
            doubt: None,
        }
    }

    /// The time. Each is later than the one before.
    pub(super) fn now(&mut self) -> Timestamp {
        self.tell(Timestamp::now(), Instant::now())
    }

    /// When it will be `moment`, at most an hour from now: by then the clock may have been set.
    pub(super) fn instant_of(&self, moment: Timestamp) -> Instant {
        let ahead = Duration::try_from(moment.duration_since(self.last)).unwrap_or(Duration::ZERO);
        self.told + ahead.min(Duration::from_hours(1))
    }

    /// What was wrong with the machine's clock when it was asked last.
    pub(super) fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// Believes the machine's clock from now on, whatever it says, and returns the time.
    pub(super) fn believe(&mut self) -> Timestamp {
        self.last = self.last.max(Timestamp::now());
        self.now()
    }

    fn tell(&mut self, wall: Timestamp, instant: Instant) -> Timestamp {
        let passed = instant.saturating_duration_since(self.told);
        let expected = later(self.last, passed);
        let (now, doubt) = if wall < self.last {
            let is_far = later(wall, TOLD_BEHIND) < self.last;
            (expected, is_far.then_some(Doubt::Behind))
        } else if self.is_set && wall > later(expected, MAX_LEAP) {
            (expected, Some(Doubt::Ahead))
        } else {
            (wall, None)
        };
        self.last = now.max(later(self.last, Duration::from_nanos(1)));
        self.told = instant;
        self.is_set |= doubt.is_none();
        self.doubt = doubt;
        self.last
    }
}

fn earliest() -> Timestamp {
    Timestamp::from_second(EARLIEST).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn later(moment: Timestamp, by: Duration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;
    const YEARS: i64 = 10 * 365 * DAY;

    /// What the clock says when the machine's says `wall` seconds after some day in 2026, `passed`
    /// seconds after the clock was made.
    fn check(known: Option<i64>, steps: &[(u64, i64, i64, Option<Doubt>)]) {
        let at = |seconds: i64| Timestamp::from_second(EARLIEST + 100 * DAY + seconds).unwrap();
        let mut clock = Clock::from(known.map(at));
        let start = clock.told;
        for (passed, wall, expected, doubt) in steps {
            let told = clock.tell(at(*wall), start + Duration::from_secs(*passed));
            let off = told.as_second() - at(*expected).as_second();
            assert_eq!((off, clock.doubt()), (0, *doubt), "{passed} {wall}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_is_waited_for() {
        check(
            None,
            &[
                (0, 0, 0, None),
                (10, 10, 10, None),
                // A little, as clocks are set all the time; then ten years, and back.
                (20, 5, 20, None),
                (25, 24, 24, None),
                (30, 30, 30, None),
                (40, 40 - YEARS, 40, Some(Doubt::Behind)),
                (3640, 3640 - YEARS, 3640, Some(Doubt::Behind)),
                (3650, 3650, 3650, None),
            ],
        );
        // Also over a restart.
        check(
            Some(500),
            &[
                (0, -YEARS, 500, Some(Doubt::Behind)),
                (60, 60 - YEARS, 560, Some(Doubt::Behind)),
                (70, 1000, 1000, None),
            ],
        );
    }

    #[test]
    fn a_clock_that_leaps_ahead_is_believed_for_a_year() {
        check(
            Some(0),
            &[
                (0, 300 * DAY, 300 * DAY, None),
                (10, YEARS, 300 * DAY + 10, Some(Doubt::Ahead)),
                (20, YEARS + 10, 300 * DAY + 20, Some(Doubt::Ahead)),
                (30, 300 * DAY + 30, 300 * DAY + 30, None),
            ],
        );
        // Who knows nothing yet believes what it is told; but no clock stands at 1970.
        check(None, &[(0, YEARS, YEARS, None)]);
        check(
            None,
            &[
                (0, -YEARS, -100 * DAY, Some(Doubt::Behind)),
                (9, YEARS, YEARS, None),
            ],
        );
    }

    #[test]
    fn a_leap_that_was_confirmed_is_believed() {
        let long_ago = Timestamp::from_second(EARLIEST - 10 * YEARS).unwrap();
        let mut clock = Clock {
            last: long_ago,
            told: Instant::now(),
            is_set: true,
            doubt: None,
        };
        assert!(clock.now() < later(long_ago, MAX_LEAP));
        assert_eq!(clock.doubt(), Some(Doubt::Ahead));
        let believed = clock.believe();
        assert!(believed > earliest() && clock.now() > believed);
        assert_eq!(clock.doubt(), None);
    }

    #[test]
    fn each_moment_is_later_than_the_one_before() {
        let mut clock = Clock::from(None);
        let (wall, instant) = (Timestamp::now(), Instant::now());
        let first = clock.tell(wall, instant);
        assert!(clock.tell(wall, instant) > first);
    }

    #[test]
    fn a_moment_is_waited_for_by_the_clock_that_never_jumps() {
        let mut clock = Clock::from(None);
        let now = clock.now();
        let second = Duration::from_secs(1);
        assert_eq!(clock.instant_of(later(now, second)), clock.told + second);
        assert_eq!(clock.instant_of(earliest()), clock.told);
        let hour = Duration::from_hours(1);
        assert_eq!(clock.instant_of(later(now, 3 * hour)), clock.told + hour);
    }
}
