//! Files and folders that the system told us were renamed, from which name to which.
//!
//! Only a help to know a file again where the disk does not number its files for good; what is lost
//! of it costs nothing where it does. So it is bounded, and forgets rather than guesses.

use std::collections::{BTreeMap, HashSet};

use crate::entry::FolderPath;

/// How many renames are kept; beyond, none.
pub const MAX_RENAMES: usize = 10_000;

/// Renames in a row count as one: a → b → c is a → c, and what lies in a folder goes with it.
#[derive(Clone, Debug, Default)]
pub struct Renames {
    /// From the new name to the first one.
    origins: BTreeMap<FolderPath, FolderPath>,
    /// The first names: what has one of them now is another file.
    left: HashSet<FolderPath>,
}

impl Renames {
    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// What was at `from` is at `to` now, a file or a folder.
    pub fn add(&mut self, from: &FolderPath, to: &FolderPath) {
        // What was at `to` before is gone, with all that lay in it.
        self.forget(to);
        let origin = self.origin(from);
        for (name, first) in self.at_or_below(from) {
            self.origins.remove(&name);
            if let Some(moved) = name.as_str().strip_prefix(from.as_str())
                && let Some(moved) = FolderPath::new(&format!("{to}{moved}"))
                && moved != first
            {
                self.origins.insert(moved, first);
            } else {
                self.left.remove(&first);
            }
        }
        match origin {
            Some(origin) if origin == *to => {}
            Some(origin) => drop(self.origins.entry(to.clone()).or_insert(origin)),
            None if self.left.insert(from.clone()) => {
                self.origins.insert(to.clone(), from.clone());
            }
            // Something was renamed away from there before: this is a second one of that name.
            None => {}
        }
        if self.origins.len() > MAX_RENAMES {
            *self = Self::default();
        }
    }

    /// What was at `path`, or lay in it, is gone for good.
    pub fn forget(&mut self, path: &FolderPath) {
        for (name, first) in self.at_or_below(path) {
            self.origins.remove(&name);
            self.left.remove(&first);
        }
    }

    /// What the file or folder that is at `path` now was called before; `None` if it was not renamed.
    pub fn origin(&self, path: &FolderPath) -> Option<FolderPath> {
        if let Some(origin) = self.origins.get(path) {
            return Some(origin.clone());
        }
        let ends = path.as_str().rmatch_indices('/').map(|(end, _)| end);
        for end in ends {
            let (folder, rest) = path.as_str().split_at(end);
            let folder = FolderPath::new(folder)?;
            if let Some(origin) = self.origins.get(&folder) {
                return FolderPath::new(&format!("{origin}{rest}"));
            }
        }
        None
    }

    /// Takes in later renames.
    pub fn extend(&mut self, later: Self) {
        for (to, from) in later.origins {
            self.add(&from, &to);
        }
    }

    fn at_or_below(&self, path: &FolderPath) -> Vec<(FolderPath, FolderPath)> {
        self.origins
            .range(path.clone()..)
            .take_while(|(name, _)| name.as_str().starts_with(path.as_str()))
            .filter(|(name, _)| name.lies_in(path.as_str()))
            .map(|(name, first)| (name.clone(), first.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> FolderPath {
        FolderPath::new(path).unwrap()
    }

    /// After these renames, written as in a shell, what `file` was called before.
    fn check(moves: &[(&str, &str)], file: &str, expected: Option<&str>) {
        let mut renames = Renames::default();
        for (from, to) in moves {
            renames.add(&path(from), &path(to));
        }
        assert_eq!(
            renames.origin(&path(file)),
            expected.map(path),
            "{file} after {moves:?}"
        );
    }

    #[test]
    fn renames_in_a_row_are_one() {
        check(&[("a", "b")], "b", Some("a"));
        check(&[("a", "b")], "a", None);
        check(&[("a", "b"), ("b", "c")], "c", Some("a"));
        check(&[("a", "b"), ("b", "c")], "b", None);
        check(&[("a", "b"), ("b", "a")], "a", None);
        // Two files that swap names.
        let swap = [("a", "t"), ("b", "a"), ("t", "b")];
        check(&swap, "a", Some("b"));
        check(&swap, "b", Some("a"));
        check(&swap, "t", None);
        // Another file over it.
        check(&[("a", "b"), ("z", "b")], "b", Some("z"));
        // A new file under the old name, renamed as well: nobody knows where that came from.
        check(&[("a", "b"), ("a", "c")], "b", Some("a"));
        check(&[("a", "b"), ("a", "c")], "c", None);
    }

    #[test]
    fn a_folder_takes_its_files_along() {
        check(&[("news", "old")], "old/x/a.md", Some("news/x/a.md"));
        check(&[("news", "old")], "older/a.md", None);
        check(
            &[("news", "old"), ("old/a.md", "old/b.md")],
            "old/b.md",
            Some("news/a.md"),
        );
        check(&[("a", "x/b"), ("x", "y")], "y/b", Some("a"));
        check(&[("a", "x/b"), ("x", "y")], "y/c", Some("x/c"));
        check(&[("a", "x/b"), ("x.md", "y")], "x/b", Some("a"));
        check(
            &[("x/b", "a"), ("x", "y"), ("a", "y/b")],
            "y/b",
            Some("x/b"),
        );
    }

    #[test]
    fn what_is_gone_was_not_renamed() {
        let mut renames = Renames::default();
        renames.add(&path("a"), &path("x/b"));
        renames.forget(&path("x"));
        assert!(renames.is_empty());
        renames.add(&path("a"), &path("c"));
        assert_eq!(renames.origin(&path("c")), Some(path("a")));
    }

    #[test]
    fn of_too_many_none_is_kept() {
        let mut renames = Renames::default();
        for number in 0..MAX_RENAMES {
            renames.add(&path(&format!("a{number}")), &path(&format!("b{number}")));
        }
        assert_eq!(renames.origin(&path("b7")), Some(path("a7")));
        renames.add(&path("a"), &path("b"));
        assert!(renames.is_empty());
    }
}
