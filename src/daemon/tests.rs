//! The daemon's work without its sockets and threads: turns are taken by hand, at times that are given.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test needs files, some instant to count from, and a place to tell what happened"
)]

mod histories;
mod turns;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::display::Display;
use super::health::Health;
use super::looker::{Looker, Surroundings};
use super::mending::Mending;
use super::restore::restore;
use super::writer::Writer;
use super::{clock, conventions, site_settings};
use crate::catalogue::Terms;
use crate::config::Config;
use crate::entry::{Address, FolderPath};
use crate::folder::conventions::FolderConventions;
use crate::folder::names::Names;
use crate::folder::scan::Folder;
use crate::folder::watch::{Hints, Taken};
use crate::ledger::Ledger;

/// The writer over `entries` and `state` in a folder.
struct Bench {
    writer: Writer,
}

impl Bench {
    /// As at the start of a daemon.
    fn open(place: &Path) -> Self {
        let mut config = Config {
            timezone: TimeZone::UTC,
            ..Config::default()
        };
        config.site.id = Some(Uuid::from_u128(7));
        config.watch = crate::config::WatchMode::Scan;
        let entries = place.join("entries");
        let ledger = Ledger::open(&place.join("state"), &entries, false).unwrap();
        let base = Address::parse("http://news.example/").unwrap();
        let settings = site_settings(&config, base);
        let (mut catalogue, site, clock) = restore(&config, &ledger, settings).unwrap();
        let terms = Terms {
            hold: Duration::ZERO,
            grace: config.grace,
        };
        catalogue.set_terms(terms);
        let started = clock::instant();
        let health = Arc::new(Health::new());
        let around = Surroundings {
            folder: Folder::new(entries, Names::new(&[]).unwrap(), config.limits.entry_bytes),
            conventions: FolderConventions::new(conventions(&config)),
            settle: config.settle,
            grace: config.grace,
            guard: config.removal_guard.clone(),
            mode: config.watch,
            device: ledger.root_device(),
            hints: Hints::default(),
            health: Arc::clone(&health),
            pulse: super::pulse::Pulse::default(),
            journal: Arc::default(),
        };
        let mending = Mending::begin(&ledger, &health);
        Self {
            writer: Writer {
                looker: Looker::new(around, &catalogue, started),
                ledger,
                catalogue,
                site,
                theme: super::theme::ThemeFolder::default(),
                display: Display::new(Arc::default()),
                health,
                journal: Arc::default(),
                started,
                clock,
                terms,
                alive: started,
                has_failed: false,
                mending,
                revisions: super::revision::Revisions::default(),
                #[cfg(unix)]
                questions: super::control::Questions::default(),
            },
        }
    }

    fn started(&self) -> Instant {
        self.writer.started
    }

    fn turn(&mut self, taken: Taken, now: Instant) {
        self.writer.turn(taken, now);
    }

    fn next_look(&self) -> Instant {
        self.writer.looker.next_look()
    }

    /// Id and date of each live entry.
    fn live(&self) -> BTreeMap<FolderPath, (String, Timestamp)> {
        let records = self.writer.catalogue.records();
        let live = records.filter(|record| record.is_live());
        live.map(|record| {
            let entry = &record.entry;
            (entry.path.clone(), (entry.id.to_string(), entry.published))
        })
        .collect()
    }

    /// As at the end of a daemon, or as when it is killed.
    fn close(self, is_orderly: bool) {
        if is_orderly {
            self.writer.ledger.close();
        }
    }
}
