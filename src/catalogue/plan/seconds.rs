//! How entries of one date are told apart: each is given a second of its own.
//!
//! Readers show whole seconds, and the feed validator warns of two entries with one `updated`
//! (`DuplicateUpdated`). A writer who stated a second is taken at their word. Whoever stated a bare date,
//! or none, gets the next second of that day that nobody has: from the beginning of a day that is over,
//! and back from the present moment today, so that none lies in the future. Files are asked in the order
//! of their paths, so that the same folder gives the same seconds; and a second once given is kept.
//!
//! What comes later stands above what was there before: nobody is sent back behind an entry of an earlier
//! turn. Who finds no second on this side of it shares one with it; then a fraction of the second says
//! which came first.
//!
//! **What it costs.** A turn remembers how far each search got, so that a day is walked through once in
//! a turn, however many entries it has: [`DAY`] steps at most.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::Turn;
use crate::catalogue::{Key, Record};
use crate::entry::{Draft, Stamp, StatedDate};

/// The seconds of a day; when all are given, the rest of its entries share one.
const DAY: i64 = 24 * 60 * 60;

/// What a turn knows of seconds besides those that records have.
#[derive(Default)]
pub(super) struct Seconds {
    /// What the writers of the turn's drafts stated, wherever in the order of paths they come.
    stated: HashSet<i64>,
    /// How far the searches got: from where, in which direction.
    searched: HashMap<(i64, Direction), i64>,
}

/// Where a search goes from its beginning.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Direction {
    Later,
    Earlier,
}

impl Seconds {
    /// Before any of `drafts` is admitted.
    pub(super) fn of(drafts: &[(Draft, Stamp)]) -> Self {
        let claims = drafts.iter().map(|(draft, _)| &draft.claims);
        let dates = claims.flat_map(|claims| [claims.published, claims.updated]);
        let stated = dates.filter_map(|date| match date {
            Some(StatedDate::At(at)) => Some(second_of(at)),
            _ => None,
        });
        Self {
            stated: stated.collect(),
            searched: HashMap::new(),
        }
    }
}

impl Turn<'_> {
    /// When the entry `key`, which was `old` before and seen first at `first_seen`, is published by the
    /// word of its writer.
    pub(super) fn published(
        &mut self,
        stated: Option<StatedDate>,
        first_seen: Timestamp,
        key: Key,
        old: Option<&Record>,
    ) -> Timestamp {
        let was = old.map(|old| old.entry.published);
        match stated {
            Some(StatedDate::At(at)) => at,
            Some(StatedDate::Day { start, end }) => was
                .filter(|was| (start..end).contains(was))
                .or_else(|| self.second_in(start, end, first_seen, key))
                .unwrap_or_else(|| within(start, end, first_seen)),
            None => was
                .filter(|was| is_near(*was, first_seen))
                .or_else(|| self.second_before(first_seen, second_of(first_seen) - DAY, key))
                .unwrap_or(first_seen),
        }
    }

    /// When the entry `key` was last updated by the word of its writer, a date that is not in the
    /// future. `is_edit` says whether what matters of it changed just now.
    pub(super) fn updated_as_stated(
        &mut self,
        stated: StatedDate,
        published: Timestamp,
        is_edit: bool,
        key: Key,
        old: Option<&Record>,
    ) -> Option<Timestamp> {
        let (start, end) = match stated {
            StatedDate::At(at) => return (at <= self.now).then_some(at),
            StatedDate::Day { start, end } => (start, end),
        };
        if start > self.now {
            return None;
        }
        let is_that_day = |at: &Timestamp| (start..end).contains(at);
        let is_today = is_that_day(&self.now);
        let was = old
            .map(|old| old.entry.updated)
            .filter(|_| !(is_edit && is_today));
        let was = was.or_else(|| old.is_none().then_some(published));
        was.filter(is_that_day)
            .or_else(|| Some(published).filter(|at| is_that_day(at) && !is_today))
            .or_else(|| self.second_in(start, end, self.now, key))
            .or_else(|| Some(within(start, end, self.now)))
    }

    /// The second at which the entry `key` was updated that changed just now: after `was`, if there is
    /// one.
    pub(super) fn updated_now(&mut self, was: Timestamp, key: Key) -> Timestamp {
        self.second_before(self.now, second_of(was) + 1, key)
            .unwrap_or(self.now)
    }

    /// A second of the day from `start` to `end` that no other entry has, `present` being a moment of
    /// that day or another.
    fn second_in(
        &mut self,
        start: Timestamp,
        end: Timestamp,
        present: Timestamp,
        key: Key,
    ) -> Option<Timestamp> {
        let (first, after) = (second_of(start), second_of(end));
        if (start..end).contains(&present) {
            self.second_before(present, first, key)
        } else {
            // The 25th hour of a day whose clocks go back is let be.
            let last = (after - 1).min(first + DAY - 1);
            self.search(first, Direction::Later, first..=last, key)
        }
    }

    /// The last second that no other entry has, not after `present` and not before `least`; the present
    /// second is the moment itself.
    fn second_before(&mut self, present: Timestamp, least: i64, key: Key) -> Option<Timestamp> {
        let from = second_of(present);
        let least = least.max(from - DAY);
        let found = self.search(from, Direction::Earlier, least..=from, key)?;
        Some(if second_of(found) == from {
            present
        } else {
            found
        })
    }

    fn search(
        &mut self,
        from: i64,
        direction: Direction,
        bounds: std::ops::RangeInclusive<i64>,
        key: Key,
    ) -> Option<Timestamp> {
        let step = match direction {
            Direction::Later => 1,
            Direction::Earlier => -1,
        };
        let place = (from, direction);
        let mut second = self.seconds.searched.get(&place).copied().unwrap_or(from);
        let mut found = None;
        while found.is_none() && bounds.contains(&second) {
            let is_taken = self.next.has_other_at(second, key);
            let was_taken = is_taken && self.before.has_other_at(second, key);
            if was_taken && direction == Direction::Earlier {
                break;
            }
            let is_free = !is_taken && !self.seconds.stated.contains(&second);
            found = is_free.then_some(second);
            second += step;
        }
        self.seconds.searched.insert(place, second);
        found.and_then(|second| Timestamp::from_second(second).ok())
    }
}

/// The moment of a day that is not told apart: the present one, or the day's first.
fn within(start: Timestamp, end: Timestamp, present: Timestamp) -> Timestamp {
    if (start..end).contains(&present) {
        present
    } else {
        start
    }
}

/// Whether an entry without a date that was seen first at `first_seen` may have been given `moment`.
fn is_near(moment: Timestamp, first_seen: Timestamp) -> bool {
    let first_seen_at = second_of(first_seen);
    moment <= first_seen && (first_seen_at - DAY..=first_seen_at).contains(&second_of(moment))
}

/// The whole second that `moment` lies in.
pub(in crate::catalogue) fn second_of(moment: Timestamp) -> i64 {
    moment.as_millisecond().div_euclid(1000)
}
