//! Entries of one date are told apart, once and for ever.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::catalogue::sample::{at, draft, found, gone, path};
use crate::catalogue::{Catalogue, Observation};
use crate::entry::{Draft, StatedDate};
use uuid::Uuid;

const DAY: i64 = 86_400;

/// The day that begins so many seconds after some moment.
fn day(start: i64) -> StatedDate {
    StatedDate::Day {
        start: at(start),
        end: at(start + DAY),
    }
}

fn dated(file: &str, title: &str, date: StatedDate) -> Draft {
    let mut draft = draft(file, title, &[]);
    draft.claims.published = Some(date);
    draft
}

fn turn(catalogue: &mut Catalogue, observation: Observation, now: i64) {
    let changes = catalogue.plan(observation, at(now));
    assert!(changes.refused.is_empty());
    catalogue.apply(changes);
}

fn seen(drafts: Vec<Draft>, now: i64) -> Catalogue {
    let mut catalogue = Catalogue::new(Uuid::nil());
    turn(&mut catalogue, found(drafts), now);
    catalogue
}

fn published(catalogue: &Catalogue, file: &str) -> Timestamp {
    catalogue.at_path(&path(file)).unwrap().entry.published
}

fn updated(catalogue: &Catalogue, file: &str) -> Timestamp {
    catalogue.at_path(&path(file)).unwrap().entry.updated
}

#[test]
fn entries_of_one_bare_date_have_a_second_each() {
    let past = |file: &str| dated(file, file, day(-3 * DAY));
    let drafts = || vec![past("c.md"), past("a.md"), past("b.md")];
    let catalogue = seen(drafts(), 0);
    for (file, second) in [("a.md", 0), ("b.md", 1), ("c.md", 2)] {
        assert_eq!(published(&catalogue, file), at(-3 * DAY + second), "{file}");
        assert_eq!(updated(&catalogue, file), published(&catalogue, file));
    }
    let again = seen(drafts().into_iter().rev().collect(), 5);
    for file in ["a.md", "b.md", "c.md"] {
        assert_eq!(published(&again, file), published(&catalogue, file));
    }
}

#[test]
fn entries_first_seen_together_have_a_second_each_none_in_the_future() {
    let today = day(-100);
    let drafts = vec![
        dated("a.md", "A", today),
        draft("b.md", "B", &[]),
        dated("c.md", "C", today),
        draft("d.md", "D", &[]),
    ];
    let catalogue = seen(drafts, 50);
    for (file, second) in [("a.md", 50), ("b.md", 49), ("c.md", 48), ("d.md", 47)] {
        assert_eq!(published(&catalogue, file), at(second), "{file}");
    }
}

#[test]
fn who_states_a_second_has_it_and_others_go_round() {
    let stated = |file: &str| dated(file, file, StatedDate::At(at(-3 * DAY)));
    let drafts = vec![
        dated("a.md", "A", day(-3 * DAY)),
        stated("y.md"),
        stated("z.md"),
    ];
    let catalogue = seen(drafts, 0);
    assert_eq!(published(&catalogue, "a.md"), at(-3 * DAY + 1));
    assert_eq!(published(&catalogue, "y.md"), at(-3 * DAY));
    assert_eq!(published(&catalogue, "z.md"), at(-3 * DAY));
}

#[test]
fn a_second_once_given_is_kept() {
    let past = |file: &str, title: &str| dated(file, title, day(-3 * DAY));
    let mut catalogue = seen(vec![past("a.md", "A"), past("b.md", "B")], 0);
    let was = published(&catalogue, "b.md");
    assert_eq!(was, at(-3 * DAY + 1));
    turn(&mut catalogue, gone("a.md"), 10);
    turn(&mut catalogue, found(vec![past("b.md", "Edited")]), 20);
    assert_eq!(published(&catalogue, "b.md"), was, "after an edit");
    turn(&mut catalogue, found(vec![past("c.md", "C")]), 30);
    let later = published(&catalogue, "c.md");
    assert_eq!(later, at(-3 * DAY + 2), "one that was withdrawn may return");
    turn(&mut catalogue, found(vec![past("a.md", "A")]), 40);
    assert_eq!(published(&catalogue, "a.md"), at(-3 * DAY));
    let records = catalogue.records().map(|record| (**record).clone());
    let mut loaded = Catalogue::load(Uuid::nil(), records.collect(), Vec::new());
    turn(&mut loaded, found(vec![past("b.md", "Edited again")]), 50);
    assert_eq!(published(&loaded, "b.md"), was, "after a restart");
    turn(
        &mut loaded,
        found(vec![dated("b.md", "Moved", day(-9 * DAY))]),
        60,
    );
    assert_eq!(published(&loaded, "b.md"), at(-9 * DAY), "another day");
    let mut undated = seen(vec![draft("a.md", "A", &[]), draft("b.md", "B", &[])], 70);
    turn(
        &mut undated,
        found(vec![draft("b.md", "Edited", &[])]),
        5 * DAY,
    );
    assert_eq!(published(&undated, "b.md"), at(69), "without a date");
}

#[test]
fn what_comes_later_stands_above_what_was_there() {
    let mut catalogue = seen(vec![draft("a.md", "A", &[])], 50);
    let moments = ["10.2", "10.6", "11.5"].map(|it| format!("2023-11-14T22:14:{it}Z"));
    let moments: [Timestamp; 3] = moments.map(|it| it.parse().unwrap());
    assert_eq!(moments[0].as_second(), at(50).as_second());
    let mut drop_in = |files: &[&str], now: Timestamp| {
        let drafts = files.iter().map(|file| draft(file, file, &[])).collect();
        let changes = catalogue.plan(found(drafts), now);
        catalogue.apply(changes);
    };
    drop_in(&["b.md"], moments[0]);
    drop_in(&["c.md", "d.md"], moments[1]);
    drop_in(&["e.md", "f.md"], moments[2]);
    let dates =
        ["a.md", "b.md", "c.md", "d.md", "f.md", "e.md"].map(|it| published(&catalogue, it));
    assert!(dates.is_sorted(), "{dates:?}");
    assert_eq!(
        (dates[1], dates[2], dates[5]),
        (moments[0], moments[1], moments[2])
    );
}

#[test]
fn entries_edited_together_are_updated_one_by_one() {
    let files = ["a.md", "b.md", "c.md"];
    let drafts = |title: &str| files.map(|file| draft(file, &format!("{title} {file}"), &[]));
    let mut catalogue = seen(drafts("First").into(), 0);
    turn(&mut catalogue, found(drafts("Second").into()), 60);
    assert_eq!(
        files.map(|file| updated(&catalogue, file)),
        [60, 59, 58].map(at)
    );
    turn(&mut catalogue, found(drafts("Third").into()), 61);
    let expected = [61, 60, 59].map(at);
    assert_eq!(files.map(|file| updated(&catalogue, file)), expected);
    // There is no room for a second each; still none goes back.
    turn(&mut catalogue, found(drafts("Fourth").into()), 61);
    let expected = [61, 61, 61].map(at);
    assert_eq!(files.map(|file| updated(&catalogue, file)), expected);
}

#[test]
fn a_bare_date_of_the_last_update_is_kept_too() {
    let said = |title: &str, start: i64| {
        let mut draft = dated("a.md", title, day(-9 * DAY));
        draft.claims.updated = Some(day(start));
        draft
    };
    let mut catalogue = seen(vec![said("A", -9 * DAY)], 10);
    assert_eq!(updated(&catalogue, "a.md"), at(-9 * DAY), "never updated");
    turn(&mut catalogue, found(vec![said("B", 0)]), 20);
    assert_eq!(updated(&catalogue, "a.md"), at(20), "today");
    turn(&mut catalogue, found(vec![said("B", 0)]), 30);
    assert_eq!(updated(&catalogue, "a.md"), at(20), "the same text");
    turn(&mut catalogue, found(vec![said("C", 0)]), 40);
    assert_eq!(updated(&catalogue, "a.md"), at(40), "another text");
    turn(&mut catalogue, found(vec![said("D", 0)]), DAY + 5);
    assert_eq!(updated(&catalogue, "a.md"), at(40), "by the writer's word");
    turn(&mut catalogue, found(vec![said("D", 2 * DAY)]), DAY + 6);
    assert_eq!(
        updated(&catalogue, "a.md"),
        at(40),
        "a day to come says nothing"
    );
}

#[test]
fn a_full_day_is_left_alone() {
    let short = StatedDate::Day {
        start: at(-3 * DAY),
        end: at(-3 * DAY + 3),
    };
    let files = ["a.md", "b.md", "c.md", "d.md", "e.md"];
    let catalogue = seen(files.map(|file| dated(file, file, short)).into(), 0);
    let expected = [0, 1, 2, 0, 0].map(|second| at(-3 * DAY + second));
    assert_eq!(files.map(|file| published(&catalogue, file)), expected);
}

#[test]
fn so_many_entries_of_one_day_are_told_apart() {
    let count = 2000;
    let drafts = (0..count).map(|number| {
        let file = format!("{number:05}.md");
        dated(&file, &file, day(-3 * DAY))
    });
    let catalogue = seen(drafts.collect(), 0);
    let records = catalogue.records();
    let seconds: BTreeSet<Timestamp> = records.map(|record| record.entry.published).collect();
    assert_eq!(seconds.len(), count);
    assert_eq!(seconds.first(), Some(&at(-3 * DAY)));
}
