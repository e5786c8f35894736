//! By which conventions a file is read: those of the publisher, and what the `_feed.toml` of its folder
//! and of the folders around it say.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::scan::{Folder, ReadError};
use crate::entry::parse::{Conventions, Defaults};
use crate::entry::{FolderPath, Problem};

/// Why a `_feed.toml` can't be followed.
#[derive(Debug, thiserror::Error)]
pub enum DefaultsError {
    /// It can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What it says is wrong.
    #[error("{0}")]
    Wrong(Problem),
}

/// The conventions of every folder.
#[derive(Clone, Debug)]
pub struct FolderConventions {
    base: Arc<Conventions>,
    /// What the files say, by the folders they lie in; `None` for one that can't be followed.
    said: BTreeMap<String, Option<Defaults>>,
    /// Those of the folders that say something.
    folders: BTreeMap<String, Option<Arc<Conventions>>>,
}

impl FolderConventions {
    /// Those of the publisher alone.
    pub fn new(base: Conventions) -> Self {
        Self {
            base: Arc::new(base),
            said: BTreeMap::new(),
            folders: BTreeMap::new(),
        }
    }

    /// Reads the `_feed.toml` at `path`. Returns whether that changed anything. If it can't be
    /// followed, what it said before still holds.
    pub fn read(&mut self, folder: &Folder, path: &FolderPath) -> Result<bool, DefaultsError> {
        let read = || {
            let (bytes, _) = folder.read(path)?;
            Defaults::read(&bytes).map_err(DefaultsError::Wrong)
        };
        let place = path.parent().to_owned();
        match read() {
            Ok(defaults) => {
                let said = Some(defaults);
                let is_new = self.said.get(&place) != Some(&said);
                self.said.insert(place, said);
                self.work_out();
                Ok(is_new)
            }
            Err(error) => {
                self.said.entry(place).or_insert(None);
                self.work_out();
                Err(error)
            }
        }
    }

    /// The file at `path` is gone. Returns whether that changed anything.
    pub fn forget(&mut self, path: &FolderPath) -> bool {
        let is_known = self.said.remove(path.parent()).is_some();
        self.work_out();
        is_known
    }

    fn work_out(&mut self) {
        self.folders.clear();
        // A folder comes before those in it.
        for (place, said) in &self.said {
            let outer = self.nearest(around(place));
            let conventions = outer.zip(said.clone()).map(|(outer, said)| {
                let defaults = said.within(outer.defaults());
                Arc::new(outer.with_defaults(defaults))
            });
            self.folders.insert(place.clone(), conventions);
        }
    }

    fn nearest(&self, mut place: Option<&str>) -> Option<Arc<Conventions>> {
        while let Some(folder) = place {
            if let Some(conventions) = self.folders.get(folder) {
                return conventions.clone();
            }
            place = around(folder);
        }
        Some(Arc::clone(&self.base))
    }

    /// By which the file at `path` is read; `None` while a `_feed.toml` around it can't be followed
    /// and never could: what it says might be that nothing there is to be published.
    pub fn of(&self, path: &FolderPath) -> Option<Arc<Conventions>> {
        if self.folders.is_empty() {
            return Some(Arc::clone(&self.base));
        }
        self.nearest(Some(path.parent()))
    }
}

/// The folder around one; none around the root, `""`.
fn around(folder: &str) -> Option<&str> {
    let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    (!folder.is_empty()).then_some(parent)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::entry::parse::Labels;
    use crate::folder::names::Names;

    #[test]
    fn the_nearest_folder_wins_and_a_broken_file_stops_what_is_below() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("news/sea")).unwrap();
        let folder = Folder::new(place.path().to_owned(), Names::new(&[]).unwrap(), 1000);
        let labels = Labels::new(["Read"]);
        let base = Conventions::new(TimeZone::UTC, labels, Defaults::default());
        let mut conventions = FolderConventions::new(base);
        let path = |path: &str| FolderPath::new(path).unwrap();
        let draft = |conventions: &FolderConventions, file: &str| {
            conventions.of(&path(file)).map(|it| it.defaults().draft)
        };
        assert_eq!(draft(&conventions, "a.md"), Some(None));

        fs::write(place.path().join("_feed.toml"), "draft = true").unwrap();
        assert!(conventions.read(&folder, &path("_feed.toml")).unwrap());
        assert!(!conventions.read(&folder, &path("_feed.toml")).unwrap());
        fs::write(place.path().join("news/_feed.toml"), "draft = false").unwrap();
        assert!(conventions.read(&folder, &path("news/_feed.toml")).unwrap());
        assert_eq!(draft(&conventions, "a.md"), Some(Some(true)));
        assert_eq!(draft(&conventions, "news.md"), Some(Some(true)));
        assert_eq!(draft(&conventions, "news/sea/a.md"), Some(Some(false)));

        // What was good once still holds.
        fs::write(place.path().join("news/_feed.toml"), "draft = ").unwrap();
        assert!(conventions.read(&folder, &path("news/_feed.toml")).is_err());
        assert_eq!(draft(&conventions, "news/a.md"), Some(Some(false)));
        // What never was, stops what is below.
        fs::write(place.path().join("news/sea/_feed.toml"), "drafd = true").unwrap();
        assert!(
            conventions
                .read(&folder, &path("news/sea/_feed.toml"))
                .is_err()
        );
        assert_eq!(draft(&conventions, "news/sea/a.md"), None);
        assert!(conventions.forget(&path("news/sea/_feed.toml")));
        assert!(!conventions.forget(&path("news/sea/_feed.toml")));
        assert_eq!(draft(&conventions, "news/sea/a.md"), Some(Some(false)));
        assert!(conventions.forget(&path("news/_feed.toml")));
        assert_eq!(draft(&conventions, "news/sea/a.md"), Some(Some(true)));
    }
}
