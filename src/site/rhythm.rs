//! How often a feed has news, and so how long a copy of it may count as fresh.
//!
//! It is a property of what a document shows, worked out from the dates of its entries alone and never
//! from the clock: feeds say it (`ttl`, `sy:updatePeriod`), so that equal entries must give equal
//! rhythms on every host. What a server makes of it from one second to the next is its own affair.

use std::time::Duration;

use jiff::Timestamp;

/// How long a copy may be fresh, at least and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ages {
    least: Duration,
    most: Duration,
}

impl Ages {
    /// From `least` to `most`, which holds if it is the smaller one; whole seconds count.
    pub fn new(least: Duration, most: Duration) -> Self {
        let most = Duration::from_secs(most.as_secs());
        let least = Duration::from_secs(least.as_secs()).min(most);
        Self { least, most }
    }

    /// A copy is fresh for so long even if there is news all the time.
    pub fn least(self) -> Duration {
        self.least
    }

    /// No copy is fresh for longer.
    pub fn most(self) -> Duration {
        self.most
    }

    /// `age`, or the bound that it exceeds.
    pub fn hold(self, age: Duration) -> Duration {
        Duration::from_secs(age.as_secs()).clamp(self.least, self.most)
    }
}

/// How many of the newest entries tell the rhythm: enough that one holiday or one busy day does not,
/// few enough that it follows a site which picks up speed.
const NEWEST: usize = 20;

/// Entries closer to each other came out together: what was imported, or dated by the day alone, has
/// a second each.
const TOGETHER: Duration = Duration::from_mins(1);

/// The part of a usual gap for which a copy is fresh: the tenth that RFC 9111 section 4.2.2 names where
/// a cache has to guess.
const SHARE: u32 = 10;

/// How long a copy of a document is fresh that shows entries of these dates, in any order: a tenth of
/// the usual gap between two. Without a gap nothing is known, and that is no reason to be asked often.
pub(super) fn rhythm(dates: impl Iterator<Item = Timestamp>, ages: Ages) -> Duration {
    let mut dates: Vec<Timestamp> = dates.collect();
    dates.sort_unstable_by(|one, other| other.cmp(one));
    dates.truncate(NEWEST);
    let mut gaps: Vec<Duration> = dates
        .windows(2)
        .filter_map(|pair| Duration::try_from(pair[0].duration_since(pair[1])).ok())
        .filter(|gap| *gap >= TOGETHER)
        .collect();
    if gaps.is_empty() {
        return ages.most();
    }
    // The median; of two in the middle the shorter one, so that news comes sooner.
    let middle = (gaps.len() - 1) / 2;
    let (_, usual, _) = gaps.select_nth_unstable(middle);
    ages.hold(*usual / SHARE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;

    fn ages() -> Ages {
        Ages::new(Duration::from_mins(1), Duration::from_mins(15))
    }

    /// The rhythm of entries with these seconds between them, from the newest on.
    fn of(gaps: &[u64]) -> u64 {
        let newest: Timestamp = "2026-01-31T10:00:00Z".parse().unwrap();
        let moments = gaps.iter().scan(newest, |at, gap| {
            *at -= Duration::from_secs(*gap);
            Some(*at)
        });
        let mut dates: Vec<Timestamp> = std::iter::once(newest).chain(moments).collect();
        let forward = rhythm(dates.iter().copied(), ages());
        dates.reverse();
        assert_eq!(
            rhythm(dates.into_iter(), ages()),
            forward,
            "in any order: {gaps:?}"
        );
        forward.as_secs()
    }

    #[test]
    fn a_tenth_of_the_usual_gap_within_bounds() {
        for (gaps, expected) in [
            (&[DAY, DAY, DAY][..], 15 * MINUTE),
            (&[HOUR, HOUR, HOUR], 6 * MINUTE),
            (&[2 * HOUR, HOUR, HOUR, HOUR, 30 * DAY], 6 * MINUTE),
            (&[HOUR, 2 * HOUR], 6 * MINUTE),
            (&[5 * MINUTE, 5 * MINUTE], MINUTE),
            (&[75 * MINUTE], 450),
            // Nothing is known of it.
            (&[], 15 * MINUTE),
            // All at once, each with a second of its own.
            (&[1, 1, 1, 1], 15 * MINUTE),
            (&[0, 0], 15 * MINUTE),
            // Several each morning are one piece of news each morning.
            (&[1, 1, 1, 2 * HOUR, 1, 1, 1, 2 * HOUR, 1, 1], 12 * MINUTE),
        ] {
            assert_eq!(of(gaps), expected, "{gaps:?}");
        }
    }

    #[test]
    fn what_was_long_ago_says_nothing() {
        let mut gaps = vec![HOUR; NEWEST - 1];
        gaps.extend([DAY; 100]);
        assert_eq!(of(&gaps), 6 * MINUTE);
    }

    #[test]
    fn the_upper_bound_holds() {
        let check = |least, most, expected: (u64, u64)| {
            let ages = Ages::new(Duration::from_millis(least), Duration::from_millis(most));
            let bounds = (ages.least().as_secs(), ages.most().as_secs());
            assert_eq!(bounds, expected, "{least} {most}");
        };
        check(60_000, 900_000, (60, 900));
        check(60_000, 0, (0, 0));
        check(60_000, 59_999, (59, 59));
        check(0, 1_500, (0, 1));
    }

    #[test]
    fn dates_at_the_ends_of_time_have_a_rhythm() {
        let dates = [Timestamp::MIN, Timestamp::MAX];
        assert_eq!(rhythm(dates.into_iter(), ages()), Duration::from_mins(15));
    }
}
