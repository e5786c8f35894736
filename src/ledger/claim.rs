//! A state folder that is ours, before its ledger is read: that may take seconds.

use std::path::Path;

use super::bodies::Source;
use super::examination::stamp;
use super::opening;
use super::place::{Lock, Place};
use super::{Ledger, LedgerBodies, LedgerError};
use crate::entry::Digest;

/// See the module's text.
pub struct Claim {
    pub(super) place: Place,
    /// The entries folder.
    pub(super) folder: String,
    pub(super) adopt: bool,
    pub(super) bodies: LedgerBodies,
    /// Where there is a file to lock.
    pub(super) lock: Option<Lock>,
    /// Why nothing can be written there, if so.
    refusal: Option<LedgerError>,
}

impl Claim {
    /// Locks the folder `state` for the entries in `entries`; what belongs to other entries is taken over
    /// with `adopt`.
    ///
    /// # Errors
    ///
    /// When another daemon has it, or there can be no such folder.
    pub fn take(state: &Path, entries: &Path, adopt: bool) -> Result<Self, LedgerError> {
        let place = Place::new(state);
        let (lock, refusal) = match place.lock() {
            Ok(lock) => (Some(lock), None),
            Err(why) if why.is_refusal() => (place.lock_unwritten()?, Some(why)),
            Err(error) => return Err(error),
        };
        Ok(Self {
            folder: entries.to_string_lossy().into_owned(),
            adopt,
            bodies: LedgerBodies::closed(),
            lock,
            refusal,
            place,
        })
    }

    /// Full texts, as soon as the ledger is open.
    pub fn bodies(&self) -> LedgerBodies {
        self.bodies.clone()
    }

    /// What [`Ledger::stamp`] was when it was closed, if it was for the same entries and all facts are as
    /// they were written; more is not looked at.
    pub fn stamp(&self) -> Option<Digest> {
        let path = self.place.ledger();
        let source = path.exists().then(|| Source::open(&path).ok())??;
        stamp(&source.connection, &self.folder).ok()
    }

    /// Opens, or makes, the ledger.
    ///
    /// One that is damaged or gone is restored, which [`Ledger::restored`] tells; one that can't be
    /// written is opened for reading, which [`Ledger::refusal`] tells.
    ///
    /// # Errors
    ///
    /// When there is no ledger that could be used, or it belongs to other entries.
    pub fn open(mut self) -> Result<Ledger, LedgerError> {
        if let Some(why) = self.refusal.take() {
            return Ledger::frozen(self, why);
        }
        match opening::open(&self.place, &self.folder, self.adopt) {
            Ok(opened) => Ledger::full(self, opened),
            Err(why) if why.is_refusal() => Ledger::frozen(self, why),
            Err(error) => Err(error),
        }
    }
}
