//! What a turn moves in each feed.
//!
//! Each feed makes its moves by itself: so its tree stays at hand from one to the next, many feeds are
//! made on all cores, and what leaves is gone before anything enters, as two entries may swap places.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::history::in_good_order;
use super::is_told_of;
use super::window::FeedState;
use crate::catalogue::{Catalogue, Record, on_all_cores};
use crate::feed::{FeedKey, OrderBy, Sorting};

/// The moves in one feed.
#[derive(Default)]
pub(super) struct Moves<'a> {
    leaving: Vec<&'a Record>,
    /// As they are now, where they were.
    staying: Vec<&'a Arc<Record>>,
    entering: Vec<&'a Arc<Record>>,
}

impl Moves<'_> {
    pub(super) fn make_in(&self, feed: &mut FeedState) {
        self.leaving.iter().for_each(|it| feed.leave(it));
        self.staying.iter().for_each(|it| feed.replace(it));
        self.entering.iter().for_each(|it| feed.enter(it));
    }
}

/// What is to be done in which feeds, so that `records` take the places that their entries have in
/// `catalogue`.
pub(super) fn of<'a>(
    catalogue: &'a Catalogue,
    records: &'a [Arc<Record>],
    sorting: &Sorting,
) -> BTreeMap<FeedKey, Moves<'a>> {
    let records = in_good_order(records.iter().collect());
    let routes = on_all_cores(&records, |record| {
        Some(Route::of(catalogue.record(record.key), record, sorting))
    });
    let mut all: BTreeMap<FeedKey, Moves<'a>> = BTreeMap::new();
    for route in routes {
        route.sort_into(sorting, &mut all);
    }
    all
}

/// One entry before and after, with the feeds that show it, or tell of its withdrawal.
struct Route<'a> {
    before: Option<&'a Record>,
    after: &'a Arc<Record>,
    left: Vec<FeedKey>,
    entered: Vec<FeedKey>,
}

impl<'a> Route<'a> {
    fn of(before: Option<&'a Arc<Record>>, after: &'a Arc<Record>, sorting: &Sorting) -> Self {
        let feeds = |record: &Record| sorting.feeds_of(&record.entry);
        let before = before.filter(|record| is_told_of(record));
        let left = before.map(|record| feeds(record)).unwrap_or_default();
        let entered = match before {
            _ if !is_told_of(after) => Vec::new(),
            // What its lines mean has changed, and nothing else.
            Some(before) if Arc::ptr_eq(&before.entry, &after.entry) => left.clone(),
            _ => feeds(after),
        };
        Self {
            before: before.map(|record| &**record),
            after,
            left,
            entered,
        }
    }

    fn sort_into(self, sorting: &Sorting, all: &mut BTreeMap<FeedKey, Moves<'a>>) {
        let Self {
            before,
            after,
            left,
            entered,
        } = self;
        let stays = |key: &FeedKey, others: &[FeedKey]| {
            let keeps = |before| keeps_place(before, after, sorting.order_of(key));
            others.contains(key) && before.is_some_and(keeps)
        };
        let staying: Vec<bool> = entered.iter().map(|key| stays(key, &left)).collect();
        for key in left {
            if let Some(before) = before.filter(|_| !stays(&key, &entered)) {
                all.entry(key).or_default().leaving.push(before);
            }
        }
        for (key, stays) in entered.into_iter().zip(staying) {
            let moves = all.entry(key).or_default();
            if stays {
                moves.staying.push(after);
            } else {
                moves.entering.push(after);
            }
        }
    }
}

/// Whether an entry has the same place, before and after, in a feed of this order that shows it both times.
fn keeps_place(before: &Record, after: &Record, by: OrderBy) -> bool {
    before.is_live()
        && after.is_live()
        && before.debut == after.debut
        && before.entry.slug == after.entry.slug
        && by.moment_of(&before.entry) == by.moment_of(&after.entry)
}
