//! When changes were noticed that readers don't have yet.

use std::collections::HashMap;
use std::time::Instant;

use crate::entry::FolderPath;
use crate::folder::watch::MAX_HINTS;

/// The moments, by path. Of more than [`MAX_HINTS`] paths they are not kept: as many hints become a look at
/// everything.
#[derive(Default)]
pub(super) struct Noticed(HashMap<FolderPath, Instant>);

impl Noticed {
    /// Something happens at `path`. With `is_new` it is another file, whatever was noticed before.
    pub(super) fn note(&mut self, path: &FolderPath, is_new: bool, now: Instant) {
        if let Some(moment) = self.0.get_mut(path) {
            if is_new {
                *moment = now;
            }
        } else if self.0.len() < MAX_HINTS {
            self.0.insert(path.clone(), now);
        }
    }

    /// When a change at `path`, or at a folder that it lies in, was noticed; `None`: it was come upon.
    pub(super) fn at(&self, path: &FolderPath) -> Option<Instant> {
        if self.0.is_empty() {
            return None;
        }
        let mut place = path.clone();
        loop {
            if let Some(moment) = self.0.get(&place) {
                return Some(*moment);
            }
            place = FolderPath::new(place.parent())?;
        }
    }

    /// Forgets all but what is still waited for.
    pub(super) fn keep(&mut self, is_waiting: impl Fn(&FolderPath) -> bool) {
        self.0.retain(|path, _| is_waiting(path));
        if self.0.is_empty() {
            // A burst of thousands leaves no room behind.
            self.0 = HashMap::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::daemon::clock;

    fn path(path: &str) -> FolderPath {
        FolderPath::new(path).unwrap()
    }

    #[test]
    fn the_first_sign_of_a_file_counts_and_that_of_its_folder() {
        let start = clock::instant();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut noticed = Noticed::default();
        assert_eq!(noticed.at(&path("a.md")), None);
        noticed.note(&path("a.md"), false, start);
        noticed.note(&path("a.md"), false, after(1));
        noticed.note(&path("news"), false, after(2));
        for (file, expected) in [
            ("a.md", Some(start)),
            ("news/2026/b.md", Some(after(2))),
            ("newspaper/b.md", None),
            ("b.md", None),
        ] {
            assert_eq!(noticed.at(&path(file)), expected, "{file}");
        }
        noticed.note(&path("a.md"), true, after(3));
        assert_eq!(noticed.at(&path("a.md")), Some(after(3)));
        noticed.keep(|path| path.as_str() == "news");
        assert_eq!(noticed.at(&path("a.md")), None);
        assert_eq!(noticed.at(&path("news/c.md")), Some(after(2)));
    }

    #[test]
    fn there_are_not_more_than_hints() {
        let start = clock::instant();
        let mut noticed = Noticed::default();
        for number in 0..=MAX_HINTS {
            noticed.note(&path(&format!("{number}.md")), false, start);
        }
        assert_eq!(noticed.0.len(), MAX_HINTS);
        noticed.note(&path("0.md"), true, start + Duration::from_secs(1));
        assert!(noticed.at(&path("0.md")) > Some(start));
    }
}
