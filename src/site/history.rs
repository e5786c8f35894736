//! How a feed's entries are divided among its documents. (RFC 5005)
//!
//! The subscription document shows the newest entries. The others are in *volumes*: the contents of
//! archive documents. A volume is filled once, with the oldest entries that are in none yet, and from
//! then on the same entries are in it: a new one never enters, however old its date, for it is in the
//! folder since after the volume was filled. So what is published leaves every archive document as it
//! is, to the byte; only an edit or a withdrawal of one of its own entries changes it.
//!
//! What is neither among the newest nor in a volume yet is the *rest*. It has a document as well, whose
//! address says after which entry it begins, so that it is a continuation of just the subscription
//! document that names it, whatever has been published since.

use std::sync::Arc;

use imbl::{OrdMap, Vector};
use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, Key, Record};
use crate::entry::Slug;
use crate::feed::{Order, OrderBy, weight};

/// Where the entries of a volume end. That is enough to know again which they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// When its newest entry was published.
    published: Timestamp,
    /// The address of its newest entry.
    slug: Slug,
    /// When it was filled: what became live later is in none before the next.
    sealed: Timestamp,
}

impl Bound {
    fn order(&self) -> Order {
        Order::at(self.published, self.slug.clone())
    }
}

/// One volume.
#[derive(Clone)]
struct Volume {
    bound: Bound,
    members: Arc<[Key]>,
}

/// How much a document holds at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Entries.
    pub(super) entries: usize,
    /// Bytes, as [`weight`] counts them. A single entry may weigh more.
    pub(super) bytes: u64,
}

/// All entries of a feed, and how they are divided.
#[derive(Clone, Default)]
pub(super) struct History {
    by: OrderBy,
    order: OrdMap<Order, Arc<Record>>,
    volumes: Vector<Volume>,
    /// Those in no volume.
    open: OrdMap<Order, Open>,
}

/// An entry in no volume, weighed once: what is published is fitted in among all of them.
#[derive(Clone)]
struct Open {
    record: Arc<Record>,
    /// See [`weight`].
    weight: u64,
}

/// Older entries than a subscription document shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Those of one volume, counted from 1.
    Volume(usize),
    /// Those that come after the entry of this moment and address, and are in no volume up to this
    /// number.
    Rest(usize, Timestamp, Slug),
}

/// How many volumes may have been filled since an address of a rest was given out: then whoever still
/// walks has taken more than a hundred times as long as anybody should.
pub(super) const OLDEST_REST: usize = 8;

impl History {
    /// In this order, with volumes up to these bounds, and no entries yet.
    pub(super) fn new(by: OrderBy, bounds: Vec<Bound>) -> Self {
        let volumes = bounds.into_iter().map(|bound| Volume {
            bound,
            members: Arc::new([]),
        });
        Self {
            by,
            volumes: volumes.collect(),
            ..Self::default()
        }
    }

    /// The moment by which an entry has its place.
    pub(super) fn moment_of(&self, record: &Record) -> Timestamp {
        self.by.moment_of(&record.entry)
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// All entries with their places, the newest first.
    pub(super) fn places(&self) -> impl Iterator<Item = (&Order, &Arc<Record>)> {
        self.order.iter()
    }

    /// Where the volumes end, in their order.
    pub(super) fn bounds(&self) -> Vec<Bound> {
        self.volumes.iter().map(|it| it.bound.clone()).collect()
    }

    /// Takes an entry in.
    pub(super) fn insert(&mut self, record: &Arc<Record>) {
        let order = self.order_of(record);
        if self.is_divided() {
            if let Some(number) = self.volume_of(&order, record) {
                self.change(number, |members| members.push(record.key));
            } else {
                self.open.insert(order.clone(), Open::new(record));
            }
        }
        self.order.insert(order, Arc::clone(record));
    }

    /// Takes an entry as it is now, in the place that it has.
    pub(super) fn replace(&mut self, record: &Arc<Record>) {
        let order = self.order_of(record);
        if let Some(open) = self.open.get_mut(&order) {
            *open = Open::new(record);
        }
        self.order.insert(order, Arc::clone(record));
    }

    /// Takes an entry out, as it was when it came in.
    pub(super) fn remove(&mut self, record: &Record) {
        let order = self.order_of(record);
        self.order.remove(&order);
        if self.open.remove(&order).is_none()
            && let Some(number) = self.volume_of(&order, record)
        {
            self.change(number, |members| members.retain(|it| *it != record.key));
        }
    }

    /// Where an edit moves an entry to the front there is nothing that could stay as it is.
    fn is_divided(&self) -> bool {
        self.by == OrderBy::Published
    }

    fn change(&mut self, number: usize, change: impl FnOnce(&mut Vec<Key>)) {
        if let Some(volume) = self.volumes.get_mut(number) {
            let mut members = volume.members.to_vec();
            change(&mut members);
            volume.members = members.into();
        }
    }

    /// The first volume that was filled when the entry was live, with entries as new as it.
    ///
    /// Those that were filled at one moment go from old to new, so that each such batch is searched in
    /// halves; and an entry is found in one of the first batches after its debut.
    fn volume_of(&self, order: &Order, record: &Record) -> Option<usize> {
        let debut = record.debut?;
        let mut start = self.first_volume(0, |it| it.sealed >= debut);
        while let Some(volume) = self.volumes.get(start) {
            let batch = volume.bound.sealed;
            let end = self.first_volume(start, |it| it.sealed > batch);
            let found = self.first_volume(start, |it| it.sealed > batch || it.order() <= *order);
            if found < end {
                return Some(found);
            }
            start = end;
        }
        None
    }

    /// The first volume from `start` on whose bound is so; from there on all are.
    fn first_volume(&self, start: usize, is_so: impl Fn(&Bound) -> bool) -> usize {
        let (mut low, mut high) = (start, self.volumes.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.volumes.get(middle).is_some_and(|it| is_so(&it.bound)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// Fills volumes from what is neither among the newest nor in one, as long as there is enough.
    /// Returns whether it filled any.
    pub(super) fn seal(&mut self, limits: Limits, now: Timestamp) -> bool {
        let open: Vec<(&Order, &Open)> = self.open.iter().collect();
        let newest = fitting(open.iter().map(|(_, it)| it.weight), limits);
        let mut rest = &open[newest..];
        let mut bytes = bytes_of(rest);
        let sealed = self.after_the_last(now);
        let mut volumes = Vec::new();
        while rest.len() >= limits.entries || bytes > limits.bytes {
            let oldest_first = rest.iter().rev().map(|(_, it)| it.weight);
            let (stay, filled) = rest.split_at(rest.len() - fitting(oldest_first, limits));
            let Some((newest, _)) = filled.first() else {
                break;
            };
            volumes.push(Volume {
                bound: Bound {
                    published: newest.moment(),
                    slug: newest.slug().clone(),
                    sealed,
                },
                members: filled.iter().map(|(_, it)| it.record.key).collect(),
            });
            bytes -= bytes_of(filled);
            rest = stay;
        }
        let has_sealed = !volumes.is_empty();
        let stay = newest + rest.len();
        if has_sealed {
            let stay = open[..stay].iter();
            self.open = stay
                .map(|(order, it)| ((*order).clone(), (*it).clone()))
                .collect();
        }
        self.volumes.extend(volumes);
        has_sealed
    }

    /// `now`, but after the last volume was filled: see [`History::volume_of`].
    fn after_the_last(&self, now: Timestamp) -> Timestamp {
        let last = self.volumes.last().map(|it| it.bound.sealed);
        let next = last.and_then(|last| last.checked_add(SignedDuration::from_nanos(1)).ok());
        next.map_or(now, |next| next.max(now))
    }

    /// What the subscription document shows, the newest first, and where the older ones begin.
    pub(super) fn newest(
        &self,
        catalogue: &Catalogue,
        limits: Limits,
    ) -> (Vec<Arc<Record>>, Option<Part>) {
        if !self.is_divided() {
            let count = fitting(self.order.values().map(weight_of), limits);
            let newest = self.order.values().take(count).cloned().collect();
            return (newest, None);
        }
        let mut entries: Vec<(&Arc<Record>, u64)> = self.open.values().map(Open::weighed).collect();
        let mut volumes = self.volumes.len();
        // When so much was withdrawn that what is in no volume is not enough, the last volumes are
        // shown too, and the history begins before them.
        while volumes > 0
            && entries.len() < limits.entries
            && fitting(entries.iter().map(|(_, weight)| *weight), limits) == entries.len()
        {
            volumes -= 1;
            let members = self.members(volumes, catalogue);
            entries.extend(members.map(|record| (record, weight_of(record))));
            entries.sort_by_cached_key(|(record, _)| self.order_of(record));
        }
        let count = fitting(entries.iter().map(|(_, weight)| *weight), limits);
        let previous = match entries[..count].last() {
            Some((last, _)) if count < entries.len() => {
                let last = &last.entry;
                Some(Part::Rest(volumes, last.published, last.slug.clone()))
            }
            _ => (volumes > 0).then_some(Part::Volume(volumes)),
        };
        let newest = entries[..count]
            .iter()
            .map(|(record, _)| Arc::clone(record));
        (newest.collect(), previous)
    }

    /// The entries of `part`, the newest first, and where the older ones are. `None` if there is no
    /// such part.
    pub(super) fn part(
        &self,
        part: &Part,
        catalogue: &Catalogue,
    ) -> Option<(Vec<Arc<Record>>, Option<Part>)> {
        let (mut entries, before): (Vec<&Arc<Record>>, usize) = match part {
            Part::Volume(number) => {
                let index = number
                    .checked_sub(1)
                    .filter(|it| *it < self.volumes.len())?;
                (self.members(index, catalogue).collect(), index)
            }
            Part::Rest(volumes, moment, slug) => {
                let count = self.volumes.len();
                if *volumes > count || volumes + OLDEST_REST < count {
                    return None;
                }
                let begin = Order::at(*moment, slug.clone());
                let later = (*volumes..count).flat_map(|it| self.members(it, catalogue));
                let open = self.open.values().map(|it| &it.record);
                let entries = open.chain(later);
                let entries = entries.filter(|it| self.order_of(it) > begin);
                (entries.collect(), *volumes)
            }
        };
        entries.sort_by_cached_key(|record| self.order_of(record));
        let previous = (before > 0).then_some(Part::Volume(before));
        Some((entries.into_iter().cloned().collect(), previous))
    }

    fn members<'a>(
        &'a self,
        volume: usize,
        catalogue: &'a Catalogue,
    ) -> impl Iterator<Item = &'a Arc<Record>> {
        let members = self.volumes.get(volume).map(|it| it.members.iter());
        let keys = members.into_iter().flatten();
        keys.filter_map(|key| catalogue.record(*key))
    }

    fn order_of(&self, record: &Record) -> Order {
        Order::of(&record.entry, self.by)
    }
}

impl Open {
    fn new(record: &Arc<Record>) -> Self {
        Self {
            weight: weight_of(record),
            record: Arc::clone(record),
        }
    }

    fn weighed(&self) -> (&Arc<Record>, u64) {
        (&self.record, self.weight)
    }
}

fn bytes_of(entries: &[(&Order, &Open)]) -> u64 {
    entries.iter().map(|(_, it)| it.weight).sum()
}

/// See [`weight`].
pub(super) fn weight_of(record: &Arc<Record>) -> u64 {
    weight(&record.entry)
}

/// How many entries of these weights fit into one document: at least one, if there is any.
pub(super) fn fitting(weights: impl Iterator<Item = u64>, limits: Limits) -> usize {
    let mut bytes = 0;
    weights
        .take(limits.entries)
        .take_while(|weight| {
            let is_first = bytes == 0;
            bytes += weight;
            is_first || bytes <= limits.bytes
        })
        .count()
}

/// Records in an order in which they are entered fast, and leave little room in the feeds' trees. What
/// goes in beside the one before is still at hand; but side by side, nodes come out half full. So most go
/// in first, the newest first, and then the others between them.
pub(super) fn in_good_order(mut records: Vec<&Arc<Record>>) -> Vec<&Arc<Record>> {
    records.par_sort_by_cached_key(|record| Order::of(&record.entry, OrderBy::Published));
    let is_early = |place: usize| place % 5 < 3;
    let places = (0..records.len()).filter(|it| is_early(*it));
    let places = places.chain((0..records.len()).filter(|it| !is_early(*it)));
    places.map(|place| records[place]).collect()
}
