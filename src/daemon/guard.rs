//! The guard against mass removal: whether so many files are gone at once that it looks like an
//! accident, a deploy that failed or a disk that is not there, and how long that is believed.
//!
//! Once on, it stays on until all the files are back, the time it waits has passed, or somebody
//! confirms that they are gone. Where the folder as a whole looks like another one, time confirms
//! nothing: a disk may stay away for a weekend.
//!
//! Pure: time comes in with each call.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use jiff::fmt::friendly::SpanPrinter;

/// Up to so many files may always go: somebody who tidies up a small site by hand means it.
pub(super) const MINIMUM: usize = 10;

/// What goes within this time goes at once: a deploy may take a while to remove what it removes.
pub(super) const WINDOW: Duration = Duration::from_mins(1);

/// See the module's text.
#[derive(Debug)]
pub(super) struct Guard {
    /// In per cent.
    share: u8,
    wait: Option<Duration>,
    alarm: Option<Alarm>,
    /// How many entries were withdrawn within the last [`WINDOW`] because their files were gone.
    withdrawn: VecDeque<(Instant, usize)>,
}

/// What a look saw of the files behind the live entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    /// Live entries, those included whose files are gone.
    pub(super) live: usize,
    /// Live entries whose files are gone.
    pub(super) gone: usize,
    /// What the folder as a whole looks like.
    pub(super) place: Place,
}

/// What the folder as a whole looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// As before.
    Same,
    /// There is no entry file in it.
    Empty,
    /// It lies on another device than before.
    Elsewhere,
}

/// Why nothing is withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alarm {
    /// So many files are gone, with those withdrawn shortly before.
    pub(super) gone: usize,
    /// Of so many.
    pub(super) of: usize,
    place: Place,
    wait: Option<Duration>,
    /// From when the wait counts.
    since: Instant,
}

/// What a look changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// From now on nothing is withdrawn.
    Began,
    /// All the files are back.
    Returned,
    /// The wait is over: what is gone may be withdrawn.
    Waited,
}

impl Guard {
    /// Trips above `share` per cent, and waits for `wait`, or for ever.
    pub(super) fn new(share: u8, wait: Option<Duration>) -> Self {
        Self {
            share,
            wait,
            alarm: None,
            withdrawn: VecDeque::new(),
        }
    }

    /// Why nothing may be withdrawn at the moment.
    pub(super) fn alarm(&self) -> Option<&Alarm> {
        self.alarm.as_ref()
    }

    /// When time will confirm what is gone.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.alarm.as_ref().and_then(Alarm::deadline)
    }

    /// Takes in what a look saw. `is_leaving` tells whether something is about to be withdrawn: files
    /// that are gone for a moment, as in a checkout, are no reason for an alarm.
    pub(super) fn judge(&mut self, sight: Sight, is_leaving: bool, now: Instant) -> Option<News> {
        let Sight { live, gone, place } = sight;
        let Some(alarm) = &mut self.alarm else {
            if is_leaving && self.is_mass_removal(sight, now) {
                let recent = self.recent(now);
                self.alarm = Some(Alarm {
                    gone: gone + recent,
                    of: live + recent,
                    place,
                    wait: self.wait,
                    since: now,
                });
                return Some(News::Began);
            }
            return None;
        };
        if gone == 0 {
            self.end();
            return Some(News::Returned);
        }
        if alarm.place != place {
            alarm.place = place;
            alarm.since = now;
        }
        if alarm.deadline().is_some_and(|deadline| now >= deadline) {
            self.end();
            return Some(News::Waited);
        }
        None
    }

    /// Whether what is gone is too much to be meant.
    pub(super) fn is_mass_removal(&mut self, sight: Sight, now: Instant) -> bool {
        let recent = self.recent(now);
        let (gone, of) = (sight.gone + recent, sight.live + recent);
        let minimum = match sight.place {
            Place::Same | Place::Empty => MINIMUM,
            // Whatever lies on another disk, it is not what was removed from this one.
            Place::Elsewhere => 0,
        };
        gone > minimum && gone * 100 > usize::from(self.share) * of
    }

    /// Somebody says that what is gone is meant to be. Returns whether there was an alarm.
    pub(super) fn confirm(&mut self) -> bool {
        let was_on = self.alarm.is_some();
        self.end();
        was_on
    }

    /// Notes that so many entries are withdrawn because their files were gone.
    pub(super) fn withdrew(&mut self, entries: usize, now: Instant) {
        if entries > 0 {
            self.withdrawn.push_back((now, entries));
        }
    }

    /// What was withdrawn at `now` could not be kept, so it was not withdrawn.
    pub(super) fn withdrew_nothing(&mut self, now: Instant) {
        self.withdrawn.retain(|(moment, _)| *moment != now);
    }

    fn recent(&mut self, now: Instant) -> usize {
        self.withdrawn
            .retain(|(moment, _)| now.saturating_duration_since(*moment) < WINDOW);
        self.withdrawn.iter().map(|(_, entries)| entries).sum()
    }

    /// What was confirmed counts no longer as gone at once.
    fn end(&mut self) {
        self.alarm = None;
        self.withdrawn.clear();
    }
}

impl Alarm {
    fn deadline(&self) -> Option<Instant> {
        match self.place {
            Place::Same => self.wait.map(|wait| self.since + wait),
            Place::Empty | Place::Elsewhere => None,
        }
    }
}

/// What is wrong, what happens next, and what to do.
impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gone, of, .. } = self;
        write!(f, "{gone} of {of} files are gone at once")?;
        match self.place {
            Place::Same => {}
            Place::Empty => f.write_str(", and the entries folder is empty")?,
            Place::Elsewhere => {
                f.write_str(", and the entries folder is on another disk than before")?;
            }
        }
        f.write_str(": everything stays published until they return")?;
        if let (Place::Same, Some(wait)) = (self.place, self.wait) {
            let wait = SpanPrinter::new().unsigned_duration_to_string(&wait);
            write!(f, ", {wait} have passed,")?;
        }
        f.write_str(" or `tidings confirm-removal` is run")
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "a test needs some instant to count from"
)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const WAIT: Duration = Duration::from_mins(10);

    fn sight(gone: usize, live: usize, place: Place) -> Sight {
        Sight { live, gone, place }
    }

    #[test]
    fn more_than_a_share_and_more_than_a_few_trip_it() {
        use Place::{Elsewhere, Empty, Same};
        let check = |share: u8, gone: usize, live: usize, place: Place, expected: bool| {
            let mut guard = Guard::new(share, None);
            let is_mass = guard.is_mass_removal(sight(gone, live, place), Instant::now());
            assert_eq!(is_mass, expected, "{gone} of {live}, {place:?}, {share}%");
        };
        check(50, 0, 0, Same, false);
        check(50, 10, 10, Empty, false);
        check(50, 11, 11, Empty, true);
        check(50, 11, 21, Same, true);
        check(50, 11, 22, Same, false);
        check(50, 10, 14, Same, false);
        check(50, 500_000, 1_000_000, Same, false);
        check(50, 500_001, 1_000_000, Same, true);
        check(50, 1, 1, Elsewhere, true);
        check(50, 1, 2, Elsewhere, false);
        check(0, 11, 1000, Same, true);
        check(100, 1000, 1000, Empty, false);
    }

    #[test]
    fn what_goes_within_a_minute_goes_at_once() {
        let start = Instant::now();
        let check = |seconds: u32, expected: bool| {
            let mut guard = Guard::new(50, None);
            guard.withdrew(6, start);
            let now = start + seconds * SECOND;
            // 6 of 20 before, 5 of the 14 that were left now.
            let is_mass = guard.is_mass_removal(sight(5, 14, Place::Same), now);
            assert_eq!(is_mass, expected, "after {seconds} s");
        };
        check(1, true);
        check(59, true);
        check(60, false);
        let mut guard = Guard::new(50, None);
        guard.withdrew(6, start);
        guard.withdrew_nothing(start);
        assert!(!guard.is_mass_removal(sight(5, 14, Place::Same), start));
    }

    /// At seconds since the start: what is seen, and what is new then.
    fn check(wait: Option<Duration>, looks: &[(u32, Sight, Option<News>)]) {
        let start = Instant::now();
        let mut guard = Guard::new(50, wait);
        for (at, sight, expected) in looks {
            let news = guard.judge(*sight, true, start + *at * SECOND);
            assert_eq!(news, *expected, "{sight:?} after {at} s");
        }
    }

    #[test]
    fn it_stays_on_until_the_files_return_or_time_is_up() {
        use News::{Began, Returned, Waited};
        use Place::{Elsewhere, Empty, Same};
        let some = |place| sight(12, 20, place);
        let few = sight(1, 20, Same);
        let none = sight(0, 20, Same);
        check(Some(WAIT), &[(0, few, None), (1, some(Same), Some(Began))]);
        check(
            Some(WAIT),
            &[
                (0, some(Same), Some(Began)),
                (5, few, None),
                (6, none, Some(Returned)),
                (7, few, None),
            ],
        );
        check(
            Some(WAIT),
            &[
                (0, some(Same), Some(Began)),
                (599, some(Same), None),
                (600, some(Same), Some(Waited)),
            ],
        );
        check(
            None,
            &[(0, some(Same), Some(Began)), (900_000, some(Same), None)],
        );
        for place in [Empty, Elsewhere] {
            check(
                Some(WAIT),
                &[
                    (0, some(place), Some(Began)),
                    (900_000, some(place), None),
                    // The wait counts from when it looks like the same folder again.
                    (900_001, some(Same), None),
                    (900_600, some(Same), None),
                    (900_601, some(Same), Some(Waited)),
                ],
            );
        }
    }

    #[test]
    fn what_was_confirmed_counts_no_more() {
        let now = Instant::now();
        let mut guard = Guard::new(50, Some(WAIT));
        assert!(!guard.confirm());
        guard.withdrew(6, now);
        let gone = sight(12, 20, Place::Same);
        assert_eq!(guard.judge(gone, false, now), None, "nothing is leaving");
        assert_eq!(guard.judge(gone, true, now), Some(News::Began));
        assert_eq!(guard.deadline(), Some(now + WAIT));
        assert!(guard.confirm());
        assert!(guard.alarm().is_none());
        assert!(!guard.is_mass_removal(sight(5, 8, Place::Same), now));
    }

    #[test]
    fn an_alarm_says_what_happens_and_what_to_do() {
        let check = |place: Place, wait: Option<Duration>, expected: &str| {
            let mut guard = Guard::new(50, wait);
            guard.judge(sight(12, 12, place), true, Instant::now());
            let alarm = guard.alarm().unwrap().to_string();
            let rest = alarm
                .strip_prefix("12 of 12 files are gone at once")
                .unwrap();
            assert_eq!(rest, expected);
        };
        check(
            Place::Same,
            Some(WAIT),
            ": everything stays published until they return, 10m have passed, or `tidings confirm-removal` is run",
        );
        check(
            Place::Same,
            None,
            ": everything stays published until they return or `tidings confirm-removal` is run",
        );
        check(
            Place::Empty,
            Some(WAIT),
            ", and the entries folder is empty: everything stays published until they return or `tidings confirm-removal` is run",
        );
        check(
            Place::Elsewhere,
            Some(WAIT),
            ", and the entries folder is on another disk than before: everything stays published until they return or `tidings confirm-removal` is run",
        );
    }
}
