//! What is counted, and how it is told to Prometheus and its kin, as OpenMetrics 1.0 or as the older text.
//!
//! Two kinds of figures meet on one page. What happens is counted as it happens, in atomics: requests, by the
//! threads that answer them, and the writer's work. What just *is* (entries, connections, memory) is asked for
//! when somebody looks, and comes in as a [`Moment`].
//!
//! Names follow the conventions of Prometheus: base units, `_total` for what only grows. Labels are bounded: each
//! value is one of a list in this program, but for the feeds, of which [`MOST_FEEDS`] have their own and all
//! others share one. Nothing that a request says becomes a label.

mod families;
mod moment;
mod requests;

use std::fmt;
use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use self::families::{Families, Family};
pub use self::moment::{Entries, Moment, Process, Trouble};
pub use self::requests::MOST_FEEDS;
use self::requests::Requests;
pub use self::work::Look;
use self::work::Work;
use crate::http::{Answered, Observer};

mod work;

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus' own text format, which everybody can read.
    Plain,
}

impl Writing {
    /// Its media type, with all that belongs to it.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// All that is counted.
#[derive(Default)]
pub struct Metrics {
    requests: Requests,
    work: Work,
}

impl Metrics {
    /// The writer looked at the whole folder.
    pub fn looked(&self, why: Look) {
        self.work.looked(why);
    }

    /// The ledger took so long to keep what a turn changed.
    pub fn kept(&self, took: Duration) {
        self.work.ledger.observe(took.as_secs_f64());
    }

    /// Readers have a new snapshot. For each file that it shows for the first time, or anew: how long that took
    /// since it was noticed.
    pub fn published(&self, waits: impl IntoIterator<Item = Duration>) {
        self.work.published(waits);
    }

    /// The whole page, as it is at this moment.
    pub fn write(&self, writing: Writing, moment: &Moment) -> Result<String, fmt::Error> {
        let mut registry = Registry::default();
        let histograms: [(&str, &str, &Histogram); 2] = [
            (
                "tidings_publish",
                "From when a change to an article's file was noticed to when readers have it, for each file; \
                 with the time that a file written in place must be quiet",
                &self.work.publish,
            ),
            (
                "tidings_ledger_commit",
                "How long the ledger took to keep what a turn of the writer changed, safely on the disk",
                &self.work.ledger,
            ),
        ];
        for (name, help, histogram) in histograms {
            registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
        }
        let mut families: Vec<Family> = self.requests.families();
        families.extend(self.work.families());
        families.extend(moment.families());
        registry.register_collector(Box::new(Families(families)));
        let mut page = String::new();
        match writing {
            Writing::OpenMetrics => prometheus_client::encoding::text::encode(&mut page, &registry),
            Writing::Plain => {
                prometheus_client::encoding::prometheus_text::encode(&mut page, &registry)
            }
        }?;
        Ok(page)
    }
}

impl Observer for Metrics {
    fn answered(&self, answer: &Answered<'_>) {
        self.requests.count(answer);
    }
}

#[cfg(test)]
mod tests;
