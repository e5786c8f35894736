//! When time alone will change what is shown.

use jiff::Timestamp;

use super::Site;
use super::window::FeedState;
use crate::feed::FeedKey;

impl Site {
    /// When time alone will change what is shown: an entry appears, expires, or has been withdrawn
    /// for so long that nobody has to be told any more. Worked out once: each answer asks for it.
    pub fn next_due(&self) -> Option<Timestamp> {
        *self.due.get_or_init(|| {
            let burials = self.feeds.values().filter_map(FeedState::burial);
            burials.chain(self.catalogue.next_due()).min()
        })
    }

    pub(super) fn feeds_with_old_tombstones(&self, now: Timestamp) -> Vec<FeedKey> {
        if self.next_due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        let is_due = |state: &FeedState| state.burial().is_some_and(|moment| moment <= now);
        let due = self.feeds.iter().filter(|(_, state)| is_due(state));
        due.map(|(key, _)| key.clone()).collect()
    }
}
