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
    pub zone: TimeZone,
    /// What begins a "Read:" line.
    pub labels: Labels,
    /// What holds for an entry that says nothing else itself.
    pub defaults: Defaults,
}

impl Conventions {
    /// The digest of all that makes the same bytes mean the same.
    pub fn digest(&self) -> Digest {
        let Self {
            zone,
            labels,
            defaults,
        } = self;
        Digester::new()
            .field(VERSION)
            .field(zone.iana_name().unwrap_or("local"))
            .field(format!("{labels:?}"))
            .field(format!("{defaults:?}"))
            .finish()
    }
}
