//! Single files of the publisher that are watched wherever they lie: certificates, the settings file.
//!
//! Such a file is written in place, renamed into place, or a link that points elsewhere from one moment to
//! the next. So the folders that it is named in are watched, and those of every link on the way to it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

/// The most links that are followed to a file, as in the kernel.
const MOST_LINKS: usize = 40;

/// The folders that are watched.
pub(super) struct Watched {
    /// `None` where the system has no events for us.
    watcher: Option<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
}

impl Watched {
    /// Has `tell` told that something happened there.
    pub(super) fn new(tell: impl Fn() + Send + 'static) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // That we read them ourselves is no news. An error is: something may have been missed.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                tell();
            }
        });
        Self {
            watcher: watcher.ok(),
            folders: BTreeSet::new(),
        }
    }

    /// Whether the system tells at all.
    pub(super) fn has_events(&self) -> bool {
        self.watcher.is_some()
    }

    /// Watches where `files` are now, and says whether all of that is watched as well as it can be.
    ///
    /// What is watched already is watched anew, since it may be another folder of the same name.
    pub(super) fn follow<'a>(&mut self, files: impl IntoIterator<Item = &'a PathBuf>) -> bool {
        let Some(watcher) = &mut self.watcher else {
            return true;
        };
        let files = files.into_iter();
        let folders: BTreeSet<PathBuf> = files.flat_map(|path| folders_on_the_way(path)).collect();
        for left in self.folders.difference(&folders) {
            // It may be gone.
            let _ = watcher.unwatch(left);
        }
        let mut is_all = true;
        for folder in &folders {
            is_all &= watcher.watch(folder, RecursiveMode::NonRecursive).is_ok();
        }
        self.folders = folders;
        is_all
    }
}

/// The folders in which something must change for `path` to be another file: the one it is named in,
/// and those of the links on the way to it and of what they point to.
fn folders_on_the_way(path: &Path) -> BTreeSet<PathBuf> {
    let parent = |path: &Path| match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut folders = BTreeSet::new();
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        folders.insert(parent(&path));
        let link = path
            .ancestors()
            .find_map(|part| Some((part, std::fs::read_link(part).ok()?)));
        let Some((link, target)) = link else {
            break;
        };
        let folder = parent(link);
        // What lies behind the link, if it is not the last part of the path.
        let rest = path.strip_prefix(link).unwrap_or(Path::new(""));
        let mut target = folder.join(target);
        if !rest.as_os_str().is_empty() {
            target.push(rest);
        }
        folders.insert(folder);
        path = target;
    }
    folders
}
