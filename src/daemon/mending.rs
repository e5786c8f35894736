//! A ledger that is damaged or refuses to be written, under a running daemon.
//!
//! A thread of its own examines the whole ledger once all files were looked at, and every day; readers
//! of texts and commits may come upon damage, too. The writer then makes the ledger anew from all that it
//! knows, and nobody who is served notices. A ledger that could only be read at the start is tried again
//! each second.

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing::{debug, error, info, warn};

use super::clock;
use super::health::{Health, Trouble};
use super::writer::Writer;
use crate::folder::watch::Hints;
use crate::ledger::{Alarm, Inspector, Ledger, LedgerError};

/// How often what failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How often the whole ledger is examined.
const EXAMINE: Duration = Duration::from_hours(24);

/// How long the examination leaves the disk to others after each batch.
const PAUSE: Duration = Duration::from_millis(2);

/// What is known to be wrong with the ledger.
pub(super) struct Mending {
    alarm: Alarm,
    /// The damage that a commit came upon, or that could not be healed yet.
    damage: Option<String>,
    next_try: Option<Instant>,
    /// Why it could not be written when that was last told.
    told: Option<String>,
    /// Lets the examination begin.
    examination: Option<SyncSender<()>>,
}

/// Whether all that was live when the ledger was written is so still; if not, nothing is shown before
/// the first scan has brought it back.
pub(super) fn is_whole(ledger: &Ledger) -> bool {
    ledger
        .restored()
        .is_none_or(|restored| restored.waiting == 0)
}

impl Mending {
    /// Tells what had to be done to open `ledger`.
    pub(super) fn begin(ledger: &Ledger, health: &Health) -> Self {
        if let Some(restored) = ledger.restored() {
            error!(%restored, "the ledger had to be restored");
        }
        if let Some(refusal) = ledger.refusal() {
            health.set(Trouble::LedgerFails, true);
            let error: &dyn std::error::Error = refusal;
            error!(
                error,
                "the ledger can only be read: what it knows is served, and new entries wait"
            );
        }
        Self {
            alarm: ledger.alarm(),
            damage: None,
            next_try: ledger.refusal().map(|_| clock::instant() + RETRY),
            told: ledger.refusal().map(reason),
            examination: None,
        }
    }

    /// Has `ledger` examined again and again from [`Mending::examine`] on; what is found wakes the writer
    /// through `hints`.
    pub(super) fn watch(&mut self, ledger: &Ledger, hints: &Hints) -> io::Result<()> {
        let hints = hints.clone();
        self.alarm.wakes(move || hints.everything());
        let inspector = ledger.inspector();
        let (examination, begins) = sync_channel(1);
        // It only reads, and ends with the process.
        thread::Builder::new()
            .name("examine".to_owned())
            .spawn(move || {
                if begins.recv().is_ok() {
                    examine(&inspector);
                }
            })?;
        self.examination = Some(examination);
        Ok(())
    }

    /// Nothing else is to be done: a start wants all cores for itself.
    pub(super) fn examine(&mut self) {
        if let Some(examination) = self.examination.take() {
            // There is room for it, and the thread waits for nothing else.
            let _ = examination.send(());
        }
    }

    /// A commit failed with `error`.
    pub(super) fn note(&mut self, error: &LedgerError) {
        if error.is_damage() {
            self.damage = Some(error.to_string());
        }
    }

    /// It can't be written yet, for the reason `error`, which is told if it is another one than before.
    fn refused(&mut self, error: &LedgerError) {
        let why = reason(error);
        if self.told.as_ref() != Some(&why) {
            warn!(error = why, "the ledger still can't be written");
            self.told = Some(why);
        }
    }

    /// When there is something to try again.
    pub(super) fn next_try(&self) -> Option<Instant> {
        self.next_try
    }
}

/// An error with all its causes.
fn reason(error: &LedgerError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |it| it.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn examine(inspector: &Inspector) {
    loop {
        if let Err(error) = inspector.inspect(&|| thread::sleep(PAUSE)) {
            // A ledger that can't be written may not be open to a second reader either.
            debug!(%error, "the ledger could not be examined");
        }
        thread::sleep(EXAMINE);
    }
}

impl Writer {
    /// Heals or opens the ledger, as far as there is need.
    pub(super) fn mend(&mut self, now: Instant) {
        if self.mending.next_try.is_some_and(|next| now < next) {
            return;
        }
        let heard = self.mending.alarm.take();
        let damage = self.mending.damage.take().or(heard);
        let is_frozen = self.ledger.refusal().is_some();
        self.mending.next_try = None;
        if is_frozen {
            self.mending.damage = damage;
            match self.ledger.recover() {
                Ok(()) => {
                    self.health.set(Trouble::LedgerFails, false);
                    info!("the ledger can be written again");
                }
                Err(error) => {
                    self.mending.refused(&error);
                    self.mending.next_try = Some(now + RETRY);
                }
            }
        } else if let Some(damage) = damage {
            self.heal(damage, now);
        }
    }

    fn heal(&mut self, damage: String, now: Instant) {
        match self.ledger.heal(&self.catalogue) {
            Ok(aside) => {
                self.health.set(Trouble::LedgerFails, false);
                let lost = self.ledger.untold().to_vec();
                error!(
                    damage,
                    old_files = %aside.display(),
                    entries = self.catalogue.records().count(),
                    texts_to_read_again = lost.len(),
                    "the ledger was damaged, and has been made anew from what is known"
                );
                self.looker.forget(lost, Vec::new(), now);
            }
            Err(error) => {
                if self.health.set(Trouble::LedgerFails, true) {
                    let error: &dyn std::error::Error = &error;
                    error!(damage, error, "the damaged ledger can't be made anew");
                } else {
                    warn!(%error, "the damaged ledger still can't be made anew");
                }
                self.mending.damage = Some(damage);
                self.mending.next_try = Some(now + RETRY);
            }
        }
    }
}
