//! What the daemon is like at the moment when somebody asks for `/metrics`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::{ArcSwap, ArcSwapOption};
use tracing::warn;

use super::health::Health;
use super::journal::Journal;
use super::process;
use crate::catalogue::{Resolved, Standing};
use crate::entry::Reference;
use crate::http::admin::{Page, Written};
use crate::http::negotiate::welcome;
use crate::http::{Connections, Rules, Server};
use crate::ledger::Ledger;
use crate::metrics::{Entries, Moment, Writing};
use crate::site::Site;

/// The page, and whom it asks.
pub(super) struct Figures {
    health: Arc<Health>,
    journal: Arc<Journal>,
    shown: Arc<ArcSwapOption<Site>>,
    rules: Arc<ArcSwap<Rules>>,
    connections: Arc<Connections>,
    state: PathBuf,
    /// How many entries there are of each kind, in the snapshot that was counted last.
    counted: Mutex<(Weak<Site>, Entries)>,
}

impl Figures {
    /// Of a daemon with its state in this folder.
    pub(super) fn new(
        journal: &Arc<Journal>,
        health: &Arc<Health>,
        server: &Server,
        state: &Path,
    ) -> Self {
        Self {
            health: Arc::clone(health),
            journal: Arc::clone(journal),
            shown: Arc::clone(&server.site),
            rules: Arc::clone(&server.rules),
            connections: Arc::clone(&server.connections),
            state: state.to_owned(),
            counted: Mutex::default(),
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            version: env!("CARGO_PKG_VERSION"),
            started: self.journal.started,
            published: self.journal.publications().first().map(|it| it.moment),
            entries: self.shown.load_full().map(|site| self.entries(&site)),
            rejected: self.health.rejections() as u64,
            is_ready: self.health.admin().reasons().is_empty(),
            troubles: self.health.troubles(),
            documents: self.rules.load().documents.figures(),
            connections: self.connections.figures(),
            ledger_bytes: Ledger::size(&self.state).ok(),
            process: process::look(),
        }
    }

    /// Counted once for each snapshot: they are many.
    fn entries(&self, site: &Arc<Site>) -> Entries {
        let counted = self.counted.lock();
        let mut counted = counted.unwrap_or_else(PoisonError::into_inner);
        if !std::ptr::eq(counted.0.as_ptr(), Arc::as_ptr(site)) {
            *counted = (Arc::downgrade(site), count(site));
        }
        counted.1
    }
}

fn count(site: &Site) -> Entries {
    let mut entries = Entries::default();
    for record in site.catalogue().records() {
        match record.standing {
            Standing::Live => entries.live += 1,
            Standing::Scheduled | Standing::Held(_) => entries.scheduled += 1,
            _ => continue,
        }
        if !record.is_live() {
            continue;
        }
        let references = record.entry.article.references.iter();
        let pending = references
            .zip(&*record.resolved)
            .filter(|(reference, resolved)| {
                matches!(reference, Reference::Related(_)) && **resolved == Resolved::Pending
            });
        entries.pending_reads += pending.count() as u64;
    }
    entries
}

impl Page for Figures {
    fn write(&self, accept: &str) -> Written {
        let types = ["application/openmetrics-text", "text/plain"];
        let [open, plain] = types.map(|it| welcome(accept, it));
        let writing = if plain > open {
            Writing::Plain
        } else {
            Writing::OpenMetrics
        };
        let page = self.journal.metrics.write(writing, &self.moment());
        let page = page.inspect_err(|error| warn!(%error, "the metrics can't be written"));
        Written {
            content_type: writing.content_type(),
            body: page.unwrap_or_default().into(),
            policy: None,
        }
    }
}
