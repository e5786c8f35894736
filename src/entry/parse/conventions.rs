//! By which conventions files are read.

use jiff::tz::TimeZone;

use super::{Defaults, Labels};
use crate::entry::{Digest, Digester};

/// The program's way of reading. Raise the number when the same bytes make another draft: the files
/// are then read again at the next start.
const VERSION: &str = "1";

/// What the publisher decided about how the entries of a folder are read.
#[derive(Clone, Debug)]
pub struct Conventions {
    /// The zone of dates that name none.
    pub(super) zone: TimeZone,
    /// What begins a "Read:" line.
    pub(super) labels: Labels,
    /// What holds for an entry that says nothing else itself.
    pub(super) defaults: Defaults,
    digest: Digest,
}

impl Conventions {
    /// Dates without a zone are in `zone`, `labels` begin a "Read:" line, and `defaults` hold for an
    /// entry that says nothing else itself.
    pub fn new(zone: TimeZone, labels: Labels, defaults: Defaults) -> Self {
        let digest = Digester::new()
            .field(VERSION)
            .field(zone.iana_name().unwrap_or("local"))
            .field(format!("{labels:?}"))
            .field(format!("{defaults:?}"))
            .finish();
        Self {
            zone,
            labels,
            defaults,
            digest,
        }
    }

    /// The same with other `defaults`.
    #[must_use]
    pub fn with_defaults(&self, defaults: Defaults) -> Self {
        Self::new(self.zone.clone(), self.labels.clone(), defaults)
    }

    /// The zone of dates that name none.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What holds for an entry that says nothing else itself.
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// What begins a "Read:" line.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The digest of all that makes the same bytes mean the same.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}
