//! What the writer does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;

use super::families::{Family, Kind, Value};

/// The upper ends of the buckets, in seconds: from what a rename takes to what a file needs that is written
/// slowly, and may have been overlooked until the next look at everything.
const PUBLISH: [f64; 13] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// So for the ledger.
const LEDGER: [f64; 11] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
];

/// Why the whole folder was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// It was the first look.
    Start,
    /// It was time.
    Regular,
    /// The system said that events were lost, or that they can't tell what happened.
    Told,
    /// Another folder is in its place.
    Replaced,
    /// So many files are gone that it was looked once more.
    Removal,
    /// Somebody asked for it.
    Asked,
}

/// Their labels, in order.
const LOOKS: [&str; 6] = ["start", "regular", "told", "replaced", "removal", "asked"];

pub(super) struct Work {
    pub(super) publish: Histogram,
    pub(super) ledger: Histogram,
    published: AtomicU64,
    looks: [AtomicU64; LOOKS.len()],
}

impl Default for Work {
    fn default() -> Self {
        Self {
            publish: Histogram::new(PUBLISH),
            ledger: Histogram::new(LEDGER),
            published: AtomicU64::new(0),
            looks: Default::default(),
        }
    }
}

impl Work {
    pub(super) fn looked(&self, why: Look) {
        self.looks[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn published(&self, waits: impl IntoIterator<Item = Duration>) {
        self.published.fetch_add(1, Ordering::Relaxed);
        for wait in waits {
            self.publish.observe(wait.as_secs_f64());
        }
    }

    pub(super) fn families(&self) -> [Family; 2] {
        let counter = |name, help| Family::new(Kind::Counter, name, help);
        let value = |count: &AtomicU64| Value::Whole(count.load(Ordering::Relaxed));
        let looks = LOOKS.iter().zip(&self.looks);
        [
            counter(
                "tidings_publications",
                "Snapshots with something new, edited or withdrawn that readers were given",
            )
            .of(value(&self.published)),
            counter(
                "tidings_full_scans",
                "Looks at the whole folder, by why: start (the first), regular (it was time), told (events were \
                 lost), replaced (another folder is there), removal (too many files are gone), asked (by a command)",
            )
            .with_all(looks.map(|(why, count)| (vec![("reason", (*why).into())], value(count)))),
        ]
    }
}
