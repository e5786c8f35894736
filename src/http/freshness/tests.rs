//! How long copies are fresh, and what an answer tells of a date that nobody is to know.

use super::*;
use proptest::prelude::*;

const MINUTE: u64 = 60;

/// Saturday, 31 January 2026, 10:00:00 UTC: a full hour.
const HOUR: u64 = 1_769_853_600;

fn ladder(least: u64, most: u64) -> Ladder {
    let ages = Ages::new(Duration::from_secs(least), Duration::from_secs(most));
    Ladder::new(ages)
}

/// The bounds of a server that says nothing else.
fn usual() -> Ladder {
    ladder(MINUTE, 15 * MINUTE)
}

fn moment(seconds: u64) -> Timestamp {
    Timestamp::from_second(seconds.try_into().unwrap()).unwrap()
}

/// Draws nothing, and spreads nothing.
fn none(number: u64) -> u64 {
    u64::from(number <= u64::MAX / 2)
}

/// A lottery like that of a server, but the same each time.
fn lottery(seed: u64) -> impl Fn(u64) -> u64 {
    let seed = mixed(seed);
    move |number| mixed(seed ^ number)
}

/// splitmix64
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The answer for a document whose rhythm is the upper bound.
fn slow(ladder: &Ladder, due: Option<u64>, now: u64, lot: impl Fn(u64) -> u64) -> u64 {
    let rhythm = Duration::from_secs(ladder.most);
    fresh_for(ladder, rhythm, due.map(moment), moment(now), lot)
}

#[test]
fn copies_are_fresh_until_the_next_mark() {
    let check = |due: Option<u64>, now: u64, expected: u64| {
        let due = due.map(|due| HOUR + due);
        let fresh = slow(&usual(), due, HOUR + now, none);
        assert_eq!(fresh, expected, "{due:?} {now}");
    };
    // The full quarter of an hour.
    check(None, 2, 15 * MINUTE);
    check(None, 5 * MINUTE, 10 * MINUTE);
    check(None, 5 * MINUTE + 1, 10 * MINUTE);
    check(None, 5 * MINUTE + 5, 10 * MINUTE - 5);
    check(None, 14 * MINUTE + 30, MINUTE);
    check(None, 15 * MINUTE, MINUTE);
    check(None, 15 * MINUTE + LATE - 1, MINUTE);
    check(None, 15 * MINUTE + LATE, 15 * MINUTE);
    // Something is due.
    check(Some(7 * MINUTE), 5 * MINUTE, 2 * MINUTE);
    check(Some(7 * MINUTE + 1), 5 * MINUTE, 3 * MINUTE);
    check(Some(7 * MINUTE), 6 * MINUTE + 59, MINUTE);
    check(Some(7 * MINUTE), 7 * MINUTE, MINUTE);
    check(Some(20 * MINUTE), 5 * MINUTE, 10 * MINUTE);
    // It should have been shown long ago.
    check(Some(0), 5 * MINUTE, MINUTE);
}

#[test]
fn a_fast_rhythm_holds() {
    let check = |rhythm: u64, due: Option<u64>, expected: u64| {
        let rhythm = Duration::from_secs(rhythm);
        let due = due.map(|due| moment(HOUR + due));
        let now = moment(HOUR + 2);
        let fresh = fresh_for(&usual(), rhythm, due, now, none);
        assert_eq!(fresh, expected, "{rhythm:?} {due:?}");
    };
    check(0, None, 60);
    check(60, Some(0), 60);
    check(300, None, 300);
    check(301, None, 305);
    check(300, Some(4 * MINUTE), 240);
    check(1_000_000, None, 900);
}

#[test]
fn each_value_of_the_ladder_is_written_once() {
    let check = |least: u64, most: u64, count: usize, step: u64| {
        let ages = Ages::new(Duration::from_secs(least), Duration::from_secs(most));
        let freshness = Freshness::new(ages);
        assert_eq!(freshness.values.len(), count, "{least} {most}");
        assert_eq!(freshness.ladder.step, step, "{least} {most}");
        for seconds in [0, least, least + 1, most / 2, most, most + 1, u64::MAX] {
            let value = freshness.cache_control(seconds);
            let step = freshness.ladder.step_of(seconds);
            let expected = freshness.ladder.seconds(step);
            assert!(expected >= seconds.min(most) && (least.min(most)..=most).contains(&expected));
            assert_eq!(value, written(expected, least.min(most)), "{seconds}");
        }
        assert_eq!(freshness.longest(), written(most, least.min(most)));
    };
    check(60, 900, 169, 5);
    check(60, 86_400, 721, 120);
    check(60, 63, 2, 5);
    check(900, 900, 1, 5);
    check(60, 0, 1, 5);
    check(0, 3, 2, 5);
}

#[test]
fn there_is_a_number_always() {
    let check = |seconds, while_asking, expected: &str| {
        assert_eq!(written(seconds, while_asking), expected);
    };
    check(
        300,
        60,
        "public, max-age=300, stale-while-revalidate=60, stale-if-error=86400",
    );
    check(1, 0, "public, max-age=1, stale-if-error=86400");
    check(0, 0, "public, max-age=0, must-revalidate");
}

#[test]
fn a_site_that_is_never_fresh_stays_so() {
    let never = Freshness::new(Ages::new(Duration::from_mins(1), Duration::ZERO));
    for due in [None, Some(moment(HOUR)), Some(moment(HOUR + 100))] {
        let fresh = never.at(due, moment(HOUR + 7));
        let value = fresh.cache_control(Duration::from_mins(5));
        assert_eq!(value, "public, max-age=0, must-revalidate");
        assert_eq!(fresh.longest(), value);
    }
}

#[test]
fn a_moment_before_1970_has_an_answer() {
    let freshness = Freshness::new(Ages::new(Duration::from_mins(1), Duration::from_mins(15)));
    for (due, now) in [
        (None, Timestamp::MIN),
        (Some(Timestamp::MIN), Timestamp::MAX),
        (Some(Timestamp::MAX), Timestamp::MIN),
    ] {
        let value = freshness.at(due, now).longest();
        assert!(value.to_str().unwrap().starts_with("public, max-age="));
    }
}

/// As many marks as are to be expected: the full quarters of an hour, and as many that are drawn.
#[test]
fn eight_marks_an_hour() {
    let usual = usual();
    let mut counts = Vec::new();
    for seed in 0..500 {
        let lot = lottery(seed);
        let slots = (HOUR / MINUTE..(HOUR + 3600) / MINUTE).filter(|slot| {
            (slot * MINUTE).is_multiple_of(usual.most) || usual.is_drawn(*slot, &lot)
        });
        counts.push(slots.count());
    }
    counts.sort_unstable();
    let mean = counts.iter().sum::<usize>() * 100 / counts.len();
    assert!((740..800).contains(&mean), "{mean}");
    // The middle nine tenths.
    assert_eq!((counts[25], counts[475]), (5, 11));
}

/// The real secret draws, too, and each process has its own.
#[test]
fn two_processes_draw_differently() {
    let ages = Ages::new(Duration::from_mins(1), Duration::from_mins(15));
    let drawn = || {
        let freshness = Freshness::new(ages);
        let lot = |number: u64| freshness.secret.hash_one(number);
        let slots = (0..1_500).filter(|slot| freshness.ladder.is_drawn(*slot, &lot));
        slots.collect::<Vec<u64>>()
    };
    let (one, other) = (drawn(), drawn());
    assert!((50..150).contains(&one.len()), "{}", one.len());
    assert_ne!(one, other);
}

proptest! {
    /// Whatever is due: the copies from before it are not fresh for long after it.
    #[test]
    fn no_copy_is_fresh_long_after_something_was_due(
        seed: u64,
        ages in prop_oneof![
            Just((60, 900)), Just((60, 86_400)), Just((10, 3_600)), Just((1, 10)), (0u64..5_000, 1u64..90_000)
        ],
        due in HOUR..HOUR + 90_000,
        before in 0u64..90_000,
        rhythm in 0u64..100_000,
    ) {
        let ladder = ladder(ages.0, ages.1);
        let now = due - before;
        let rhythm = Duration::from_secs(rhythm);
        let fresh = fresh_for(&ladder, rhythm, Some(moment(due)), moment(now), lottery(seed));
        prop_assert!((ladder.least..=ladder.most).contains(&fresh));
        let late = ladder.least.max(ladder.slot + ladder.slot / 2) + ladder.step;
        prop_assert!(now + fresh <= due + late, "{fresh} s, {before} s before");
        // What is due at a full minute, as people write it: by default a minute and a step.
        if ladder.slot == MINUTE && due % MINUTE == 0 {
            let late = ladder.least.max(ladder.slot / 2) + ladder.step;
            prop_assert!(now + fresh <= due + late, "{fresh} s, {before} s before a full minute");
        }
    }

    /// What is due at a full quarter of an hour changes no answer, until it is shown.
    #[test]
    fn a_quarter_of_an_hour_tells_nothing(seed: u64, quarter in 0u64..4, rhythm in 0u64..1_000) {
        let due = HOUR + 3_600 + quarter * 15 * MINUTE;
        let rhythm = Duration::from_secs(rhythm);
        for now in (HOUR..due + LATE).step_by(53).chain(due - 3..due + LATE) {
            let answer = |due| fresh_for(&usual(), rhythm, due, moment(now), lottery(seed));
            prop_assert_eq!(answer(Some(moment(due))), answer(None), "{}", now);
        }
    }

    /// What is due at another time gives the answers of a site where nothing is due, and which has drawn
    /// that minute: whoever does not know the secret can't know which of the two it is.
    #[test]
    fn a_due_time_is_one_more_mark(seed: u64, due in HOUR..HOUR + 3_600, rhythm in 0u64..1_000) {
        let usual = usual();
        let slot = due.div_ceil(MINUTE);
        let rhythm = Duration::from_secs(rhythm);
        for now in (HOUR - 900..due).step_by(53).chain(due - 3..due) {
            let lot = lottery(seed);
            let drawn = |number| if number == slot { 0 } else { lot(number) };
            prop_assert_eq!(
                fresh_for(&usual, rhythm, Some(moment(due)), moment(now), &lot),
                fresh_for(&usual, rhythm, None, moment(now), drawn),
                "{}", now
            );
        }
    }

    /// A mark is the same for whoever asks before it, for as long as it is the next one.
    #[test]
    fn marks_stand_still(seed: u64, now in HOUR..HOUR + 3_600) {
        let usual = usual();
        let lot = lottery(seed);
        let mark = usual.next_mark(now, now + usual.most, None, &lot);
        for later in (now..mark).step_by(17) {
            prop_assert_eq!(usual.next_mark(later, later + usual.most, None, &lot), mark);
        }
    }
}
