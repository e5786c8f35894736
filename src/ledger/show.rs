//! The id of a podcast, which outlives the address that it grew from.

use uuid::Uuid;

use super::{Ledger, LedgerError};

/// The fact that keeps the id of the show.
const SHOW: &str = "show";

impl Ledger {
    /// The `podcast:guid` of the show: the one that is `stated`, else the one that was kept, else
    /// `worked_out`, which is kept from now on. It is given once, whatever becomes of the feed's address.
    /// (Podcasting 2.0, `guid`)
    pub fn show(&self, stated: Option<Uuid>, worked_out: Uuid) -> Result<Uuid, LedgerError> {
        let kept = self.fact(SHOW).and_then(|text| text.parse().ok());
        let show = stated.or(kept).unwrap_or(worked_out);
        self.set_fact(SHOW, &show.to_string())?;
        Ok(show)
    }
}
