//! What the writer has done of late, for people, and how long things took, for [`crate::metrics`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::clock;
use crate::catalogue::{Changes, Shift};
use crate::entry::Text;
use crate::metrics::{Look, Metrics};

/// Publications that are remembered.
pub(super) const MOST_REMEMBERED: usize = 50;

/// Titles that are remembered of one.
pub(super) const TITLES_REMEMBERED: usize = 3;

/// A snapshot with something new that readers were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Publication {
    /// When.
    pub(super) moment: Timestamp,
    /// How long it took the daemon, from when it began to look.
    pub(super) took: Duration,
    /// Entries that were not published before.
    pub(super) new: usize,
    /// Entries that are shown anew: they were edited, or what they lead to was.
    pub(super) edited: usize,
    /// Entries that are not published any more.
    pub(super) withdrawn: usize,
    /// The first titles of all of these, new ones first.
    pub(super) titles: Vec<Text>,
    /// Entries that are published from then on.
    pub(super) live: usize,
}

impl Publication {
    /// What `changes` show to readers; `None`: nothing else than before.
    pub(super) fn of(changes: &Changes, moment: Timestamp, took: Duration) -> Option<Self> {
        let mut kinds: [Vec<&Shift>; 3] = Default::default();
        for shift in &changes.shifts {
            let kind = match (&shift.before, &shift.after) {
                (None, Some(_)) => 0,
                (Some(_), Some(_)) => 1,
                _ => 2,
            };
            kinds[kind].push(shift);
        }
        let [new, edited, withdrawn] = kinds.each_ref().map(Vec::len);
        let records = kinds.into_iter().flatten();
        let records = records.filter_map(|shift| shift.after.as_ref().or(shift.before.as_ref()));
        let titles = records.map(|record| record.entry.article.title.clone());
        (new + edited + withdrawn > 0).then(|| Self {
            moment,
            took,
            new,
            edited,
            withdrawn,
            titles: titles.take(TITLES_REMEMBERED).collect(),
            live: changes.next().live(),
        })
    }

    /// How many entries changed for readers.
    pub(super) fn entries(&self) -> usize {
        self.new + self.edited + self.withdrawn
    }
}

/// See the module's text.
pub(super) struct Journal {
    /// When the daemon started.
    pub(super) started: Timestamp,
    /// What is measured.
    pub(super) metrics: Arc<Metrics>,
    /// The latest last.
    publications: Mutex<VecDeque<Publication>>,
}

impl Default for Journal {
    /// Begins now.
    fn default() -> Self {
        Self {
            started: clock::now(),
            metrics: Arc::default(),
            publications: Mutex::default(),
        }
    }
}

impl Journal {
    /// The last publications, the latest first: [`MOST_REMEMBERED`] at most, since the start.
    pub(super) fn publications(&self) -> Vec<Publication> {
        let publications = self.publications.lock();
        let publications = publications.unwrap_or_else(PoisonError::into_inner);
        publications.iter().rev().cloned().collect()
    }

    /// The whole folder is looked at.
    pub(super) fn looked(&self, why: Look) {
        self.metrics.looked(why);
    }

    /// The ledger has kept something, which it began at `since`.
    pub(super) fn kept(&self, since: Instant) {
        let took = clock::instant().saturating_duration_since(since);
        self.metrics.kept(took);
    }

    /// Readers have a new snapshot now; `noticed` are the files that it shows anew, with the moments at
    /// which they were noticed.
    pub(super) fn published(
        &self,
        publication: Publication,
        noticed: impl IntoIterator<Item = Instant>,
    ) {
        let now = clock::instant();
        let waits = noticed.into_iter();
        self.metrics
            .published(waits.map(|it| now.saturating_duration_since(it)));
        let publications = self.publications.lock();
        let mut publications = publications.unwrap_or_else(PoisonError::into_inner);
        if publications.len() >= MOST_REMEMBERED {
            publications.pop_front();
        }
        publications.push_back(publication);
    }
}

#[cfg(test)]
mod tests;
