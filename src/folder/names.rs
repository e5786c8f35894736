//! Which names count: entries, files beside them, and what is neither.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::entry::FolderPath;
use crate::entry::parse::{Defaults, Kind};

/// What a name says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An entry.
    Entry,
    /// An audio or video file: an entry of its own, unless another uses it.
    Recording,
    /// What a folder says for its entries: `_feed.toml`.
    Defaults,
    /// A file that an entry may use.
    Beside,
    /// Nothing of ours: hidden, a tool's leftover, or ignored by the publisher.
    Ignored,
}

/// Decides by name alone. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Names {
    /// The publisher's globs, and then those of leftovers.
    ignore: GlobSet,
    /// How many of them are the publisher's.
    own: usize,
}

/// What editors and sync tools leave behind, as globs for one name.
const LEFTOVERS: [&str; 17] = [
    "*~",
    "#*#",
    "~$*",
    "*.swp",
    "*.swx",
    "*.swo",
    "4913",
    "*___jb_tmp___",
    "*___jb_old___",
    "*.tmp",
    "*.part",
    "*.partial",
    "*.crdownload",
    "*.sync-conflict-*",
    "Thumbs.db",
    "desktop.ini",
    "*.bak",
];

/// Names at the root that speak of the folder and not in it.
const ROOT_FILES: [&str; 3] = ["readme", "license", "changelog"];

impl Names {
    /// With the publisher's own globs, relative to the folder. Fails on a glob that is none.
    pub fn new(ignore: &[String]) -> Result<Self, globset::Error> {
        let mut globs = GlobSetBuilder::new();
        for glob in ignore {
            globs.add(Glob::new(glob)?);
            // A glob without a slash means the name at any depth, as in .gitignore.
            if !glob.contains('/') {
                globs.add(Glob::new(&format!("**/{glob}"))?);
            }
        }
        let own = ignore
            .iter()
            .map(|glob| 1 + usize::from(!glob.contains('/')));
        for glob in LEFTOVERS {
            globs.add(Glob::new(glob)?);
            globs.add(Glob::new(&format!("**/{glob}"))?);
        }
        Ok(Self {
            ignore: globs.build()?,
            own: own.sum(),
        })
    }

    /// What the file at `path` is by its name.
    pub fn role(&self, path: &FolderPath) -> Role {
        if !self.enters(path) {
            return Role::Ignored;
        }
        if path.file_name() == Defaults::FILE_NAME {
            return Role::Defaults;
        }
        let is_at_root = path.section().is_none();
        if is_at_root && is_about_the_folder(path) {
            return Role::Ignored;
        }
        match Kind::of(path) {
            Some(_) => Role::Entry,
            None if path.is_recording() => Role::Recording,
            None => Role::Beside,
        }
    }

    /// Why the file at `path` is passed over by its name; `None` if it is not.
    pub fn passed_over(&self, path: &FolderPath) -> Option<&'static str> {
        if self.role(path) != Role::Ignored {
            None
        } else if path.as_str().split('/').any(is_hidden) {
            Some("its name, or that of a folder around it, begins with a dot or an underscore")
        } else if let Some(first) = self.ignore.matches(path.as_str()).first() {
            if *first < self.own {
                Some("a glob under `ignore` in the settings matches it")
            } else {
                Some("it has the name of something that an editor or sync tool leaves behind")
            }
        } else {
            Some("at the root, README, LICENSE and CHANGELOG speak of the folder itself")
        }
    }

    /// Whether there may be anything of ours at `path` or below it.
    pub fn enters(&self, path: &FolderPath) -> bool {
        let name = path.file_name();
        !path.parent().split('/').any(is_hidden)
            && (name == Defaults::FILE_NAME || !is_hidden(name))
            && !self.ignore.is_match(path.as_str())
    }
}

/// Jekyll's `_posts` and `_drafts` count; every other name that begins with a dot or an underscore is somebody
/// else's affair.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || (name.starts_with('_') && !JEKYLLS.contains(&name))
}

/// The folders of Jekyll: of what is published, and of what is not yet.
const JEKYLLS: [&str; 2] = ["_posts", "_drafts"];

fn is_about_the_folder(path: &FolderPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    ROOT_FILES.iter().any(|about| {
        name.strip_prefix(about)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decide() {
        let names = Names::new(&["drafts/**".into(), "*.old.md".into()]).unwrap();
        let check = |path: &str, expected: Role| {
            assert_eq!(
                names.role(&FolderPath::new(path).unwrap()),
                expected,
                "{path}"
            );
        };
        check("bridge.md", Role::Entry);
        check("news/Bridge.MD", Role::Entry);
        check("news/bridge.txt", Role::Entry);
        check("news/bridge.htm", Role::Entry);
        check("news/bridge.png", Role::Beside);
        check("news/bridge/index.md", Role::Entry);
        check("index.md", Role::Entry);
        for recording in [
            "a.mp3",
            "news/a.M4A",
            "a.ogg",
            "a.opus",
            "a.mp4",
            "a.flac",
            "a.webm",
        ] {
            check(recording, Role::Recording);
        }
        check("a.pdf", Role::Beside);
        check("_feed.toml", Role::Defaults);
        check("news/_feed.toml", Role::Defaults);
        check("_layouts/_feed.toml", Role::Ignored);
        check("feed.toml", Role::Beside);
        check("_drafts/x.md", Role::Entry);
        check("news/_drafts/x.md", Role::Entry);
        check("_site/x.md", Role::Ignored);
        check("_index.md", Role::Ignored);
        check(".hidden.md", Role::Ignored);
        check("_draft.md", Role::Ignored);
        check("news/.git/x.md", Role::Ignored);
        check("_posts/2026-01-01-x.md", Role::Entry);
        check("README.md", Role::Ignored);
        check("LICENSE-MIT.txt", Role::Ignored);
        check("readmecarefully.md", Role::Entry);
        check("news/README.md", Role::Entry);
        for leftover in [
            "a.md~",
            "#a.md#",
            ".#a.md",
            "a.md.swp",
            "4913",
            "a.md___jb_tmp___",
            "a.tmp",
            "a.md.part",
            "a.crdownload",
            "~$a.md",
            "._a.md",
            "a.sync-conflict-20260101-x.md",
            ".syncthing.a.md",
            "Thumbs.db",
        ] {
            check(leftover, Role::Ignored);
            check(&format!("deep/er/{leftover}"), Role::Ignored);
        }
        let why = |path: &str| names.passed_over(&FolderPath::new(path).unwrap());
        assert!(why("_a.md").unwrap().contains("underscore"));
        assert!(why("drafts/a.md").unwrap().contains("`ignore`"));
        assert!(why("x/a.old.md").unwrap().contains("`ignore`"));
        assert!(why("a.md~").unwrap().contains("editor"));
        assert!(why("README.md").unwrap().contains("README"));
        assert_eq!(why("a.md"), None);
        check("drafts/a.md", Role::Ignored);
        check("news/a.old.md", Role::Ignored);
    }
}
