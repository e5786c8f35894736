//! `_feed.toml`: when one changes, everything below its folder is read again.

use std::time::Instant;

use super::{Finding, Looker, is_defaults};
use crate::catalogue::Catalogue;
use crate::entry::{FolderPath, Stamp};
use crate::folder::conventions::DefaultsError;
use crate::folder::scan::Listing;
use crate::folder::settle::Trust;

impl Looker {
    /// Reads the `_feed.toml` at `path` unless it is known. Returns whether it says something new.
    pub(super) fn read_defaults(&mut self, path: FolderPath, stamp: Stamp) -> bool {
        if self.defaults.get(&path) == Some(&stamp) {
            return false;
        }
        let is_new = match self.around.conventions.read(&self.around.folder, &path) {
            Ok(is_new) => {
                self.around.health.accepted(&path);
                is_new
            }
            Err(DefaultsError::Wrong(problem)) => {
                self.around.health.refused(&path, &problem);
                false
            }
            Err(error) => {
                self.around.health.report(path.as_str(), &error.to_string());
                return false;
            }
        };
        self.defaults.insert(path, stamp);
        is_new
    }

    /// What a walk of everything did not find is gone.
    pub(super) fn forget_defaults(&mut self, listing: &Listing) {
        let is_there = |path: &FolderPath| {
            let is_found = listing.defaults.iter().any(|(found, _)| found == path);
            let mut troubles = listing.troubles.iter();
            is_found || troubles.any(|(place, _)| path.lies_in(place))
        };
        let gone: Vec<FolderPath> = self
            .defaults
            .keys()
            .filter(|path| !is_there(path))
            .cloned()
            .collect();
        for path in gone {
            self.drop_defaults(&path);
        }
    }

    fn drop_defaults(&mut self, path: &FolderPath) -> bool {
        self.defaults.remove(path);
        self.around.health.accepted(path);
        self.around.conventions.forget(path)
    }

    /// Nothing is at `path` any more; if that was a `_feed.toml`, or a folder with some, what they
    /// said does not hold any longer.
    pub(super) fn defaults_are_gone(
        &mut self,
        path: &FolderPath,
        catalogue: &Catalogue,
        now: Instant,
        finding: &mut Finding,
    ) {
        let gone: Vec<FolderPath> = self
            .defaults
            .keys()
            .filter(|known| known.lies_in(path.as_str()))
            .cloned()
            .collect();
        for known in gone {
            if self.drop_defaults(&known) && known == *path && is_defaults(path) {
                self.look_below(path.parent(), catalogue, now, finding);
            }
        }
    }

    /// Looks at everything below a folder, `""` being the root.
    pub(super) fn look_below(
        &mut self,
        place: &str,
        catalogue: &Catalogue,
        now: Instant,
        finding: &mut Finding,
    ) {
        if let Ok(listing) = self.around.folder.walk(FolderPath::new(place).as_ref()) {
            self.list(listing, Trust::Doubtful, catalogue, now, finding);
        }
    }
}
