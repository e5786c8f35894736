//! The system's file events → hints: which paths to look at, or "everything".
//!
//! What an event says happened is not believed; it only tells where to look and how long to wait
//! before. What `notify` is known to get wrong is met here:
//!
//! - Our own reads come back as events of access: dropped.
//! - An overflow of the system's queue is one event without paths: it means "everything".
//! - A folder moved in names none of its files: the looker walks it, as it does any folder hinted at.
//! - A root that is replaced goes silent: its parent is watched as well, and any event about the root
//!   itself means "everything", and that the watch is stale, after which the daemon watches anew.
//! - When the system's watches are used up, folders made later are not watched, and an error says so.
//!
//! The callback only notes the hint in a set, so it can't fall behind: the set is bounded by the
//! number of paths, and beyond [`MAX_HINTS`] it turns into "everything".

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::renames::Renames;
use super::settle::Sign;
use crate::entry::FolderPath;

/// How many paths are kept apart; beyond, everything is looked at.
pub const MAX_HINTS: usize = 50_000;

/// How many signs are kept of one path.
pub const MAX_SIGNS: usize = 64;

/// Where hints wait for the one who looks. Clones share it.
#[derive(Clone, Default)]
pub struct Hints(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    paths: HashMap<FolderPath, Vec<Sign>>,
    renames: Renames,
    everything: bool,
    fault: Option<Fault>,
    stopped: bool,
}

/// Why a watch does not tell of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The system's watches are used up.
    UsedUp,
    /// It failed, or another folder may be in the place of the one it was set on: watch anew.
    Stale,
}

/// What came in since the last time.
#[derive(Debug, Default)]
pub struct Taken {
    /// Hinted paths, each with its signs in order, less repetitions.
    pub paths: HashMap<FolderPath, Vec<Sign>>,
    /// What was renamed, files and folders.
    pub renames: Renames,
    /// Look at everything.
    pub everything: bool,
    /// What is wrong with the watch.
    pub fault: Option<Fault>,
    /// The daemon stops.
    pub stopped: bool,
}

impl Hints {
    /// Waits until there is a hint or a stop, or until `deadline` (for ever without one).
    /// `now` is the time of the call.
    pub fn wait(&self, now: Instant, deadline: Option<Instant>) -> Taken {
        let is_idle =
            |state: &mut State| state.paths.is_empty() && !state.everything && !state.stopped;
        let state = self.lock();
        let mut state = match deadline {
            None => self
                .0
                .changed
                .wait_while(state, is_idle)
                .unwrap_or_else(PoisonError::into_inner),
            Some(deadline) => {
                let pause = deadline.saturating_duration_since(now);
                let waited = self.0.changed.wait_timeout_while(state, pause, is_idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        Taken {
            paths: std::mem::take(&mut state.paths),
            renames: std::mem::take(&mut state.renames),
            everything: std::mem::take(&mut state.everything),
            fault: state.fault.take(),
            stopped: state.stopped,
        }
    }

    /// Whether somebody is known to write to `path` since the hints were taken last.
    pub fn tells_of_writing(&self, path: &FolderPath) -> bool {
        let state = self.lock();
        let last = state.paths.get(path).and_then(|signs| signs.last());
        last == Some(&Sign::Writing)
    }

    /// Ends all waiting, now and later.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.0.changed.notify_all();
    }

    /// Asks for a look at everything.
    pub fn everything(&self) {
        self.lock().everything = true;
        self.0.changed.notify_all();
    }

    /// Asks for a look at everything, because of `fault`.
    fn fault(&self, fault: Fault) {
        let mut state = self.lock();
        state.fault = state.fault.max(Some(fault));
        state.everything = true;
        drop(state);
        self.0.changed.notify_all();
    }

    fn renamed(&self, from: &FolderPath, to: &FolderPath) {
        self.lock().renames.add(from, to);
    }

    fn removed(&self, path: &FolderPath) {
        self.lock().renames.forget(path);
    }

    fn path(&self, path: FolderPath, sign: Sign) {
        let mut state = self.lock();
        let signs = state.paths.entry(path).or_default();
        if signs.last() != Some(&sign) {
            signs.push(sign);
        }
        if signs.len() > MAX_SIGNS {
            // Rewritten all the time while the looker is busy: what happened last is what counts.
            signs.drain(..MAX_SIGNS / 2);
        }
        if state.paths.len() > MAX_HINTS {
            state.paths.clear();
            state.everything = true;
        }
        drop(state);
        self.0.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is a set of hints: whatever a panicking holder left of it is as good as any.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches as long as it lives.
pub struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches the folder at `root` (and its parent, to see it replaced), with hints into `hints`.
    pub fn start(root: &Path, hints: &Hints) -> notify::Result<Self> {
        let real = root.canonicalize().map_err(notify::Error::io)?;
        let translator = Translator {
            root: root.to_owned(),
            real: real.clone(),
            hints: hints.clone(),
        };
        let mut watcher = notify::recommended_watcher(move |event| translator.take(event))?;
        watcher.watch(&real, RecursiveMode::Recursive)?;
        for place in [root, &real] {
            // Not being allowed to watch the parent costs nothing but speed: the slow scan sees it.
            if let Some(parent) = place
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty())
            {
                let _ = watcher.watch(parent, RecursiveMode::NonRecursive);
            }
        }
        Ok(Self { _watcher: watcher })
    }
}

struct Translator {
    root: PathBuf,
    real: PathBuf,
    hints: Hints,
}

impl Translator {
    fn take(&self, event: notify::Result<Event>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => return self.fail(&error),
        };
        if event.need_rescan() {
            return self.hints.everything();
        }
        self.note_rename(&event);
        let last = event.paths.len().saturating_sub(1);
        for (number, path) in event.paths.iter().enumerate() {
            let Some(sign) = sign(event.kind, number == last) else {
                continue;
            };
            match self.place(path) {
                Place::Inside(path) => self.hints.path(path, sign),
                Place::Root if sign == Sign::Touched && event.kind.is_modify() => {}
                Place::Root => self.hints.fault(Fault::Stale),
                Place::Unreadable => self.hints.everything(),
                Place::Outside => {}
            }
        }
    }

    fn fail(&self, error: &notify::Error) {
        let is_about_the_root = || error.paths.contains(&self.real);
        match error.kind {
            ErrorKind::MaxFilesWatch => self.hints.fault(Fault::UsedUp),
            // A folder was gone before it could be watched.
            ErrorKind::PathNotFound | ErrorKind::WatchNotFound if !is_about_the_root() => {
                self.hints.everything();
            }
            _ => self.hints.fault(Fault::Stale),
        }
    }

    fn note_rename(&self, event: &Event) {
        let inside = |path: &PathBuf| match self.place(path) {
            Place::Inside(path) => Some(path),
            _ => None,
        };
        match (event.kind, event.paths.as_slice()) {
            (EventKind::Modify(ModifyKind::Name(RenameMode::Both)), [from, to]) => {
                if let (Some(from), Some(to)) = (inside(from), inside(to)) {
                    self.hints.renamed(&from, &to);
                }
            }
            (EventKind::Remove(_), paths) => {
                for path in paths.iter().filter_map(inside) {
                    self.hints.removed(&path);
                }
            }
            _ => {}
        }
    }

    fn place(&self, path: &Path) -> Place {
        if path == self.root || path == self.real {
            return Place::Root;
        }
        let Ok(below) = path
            .strip_prefix(&self.real)
            .or_else(|_| path.strip_prefix(&self.root))
        else {
            return Place::Outside;
        };
        let slashed = below
            .to_str()
            .map(|text| text.replace(std::path::MAIN_SEPARATOR, "/"));
        slashed
            .and_then(|text| FolderPath::new(&text))
            .map_or(Place::Unreadable, Place::Inside)
    }
}

enum Place {
    Inside(FolderPath),
    Root,
    Outside,
    /// A name that is not UTF-8.
    Unreadable,
}

/// What an event says of one of its paths; `None` for what a mere reader does.
fn sign(kind: EventKind, is_last: bool) -> Option<Sign> {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(Sign::Closed),
        EventKind::Access(_) => None,
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Some(Sign::Arrived),
        EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => {
            Some(if is_last { Sign::Arrived } else { Sign::Left })
        }
        // Only Linux tells when a file is closed; elsewhere a write is no promise of a close.
        EventKind::Modify(ModifyKind::Data(_)) if cfg!(target_os = "linux") => Some(Sign::Writing),
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => {
            Some(Sign::Left)
        }
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Any | EventKind::Other => {
            Some(Sign::Touched)
        }
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, Flag, MetadataKind, RemoveKind};

    use super::*;

    fn translator() -> Translator {
        Translator {
            root: "/srv/link".into(),
            real: "/srv/entries".into(),
            hints: Hints::default(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a test needs some instant to count from"
    )]
    fn taken(events: Vec<Event>) -> Taken {
        let translator = translator();
        for event in events {
            translator.take(Ok(event));
        }
        let now = Instant::now();
        translator.hints.wait(now, Some(now))
    }

    fn event(kind: EventKind, paths: &[&str]) -> Event {
        paths.iter().fold(Event::new(kind), |event, path| {
            event.add_path((*path).into())
        })
    }

    #[test]
    fn events_become_signs() {
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::Both));
        let taken = taken(vec![
            event(EventKind::Create(CreateKind::File), &["/srv/entries/a.md"]),
            event(written, &["/srv/entries/a.md"]),
            event(written, &["/srv/entries/a.md"]),
            event(closed, &["/srv/entries/a.md"]),
            event(renamed, &["/srv/entries/x/b.tmp", "/srv/link/x/b.md"]),
            event(
                EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)),
                &["/srv/entries"],
            ),
        ]);
        let signs = |path: &str| taken.paths.get(&FolderPath::new(path).unwrap()).cloned();
        assert_eq!(
            signs("a.md"),
            Some(vec![Sign::Touched, Sign::Writing, Sign::Closed])
        );
        assert_eq!(signs("x/b.tmp"), Some(vec![Sign::Left]));
        assert_eq!(signs("x/b.md"), Some(vec![Sign::Arrived]));
        assert!(!taken.everything);
    }

    #[test]
    fn our_own_reads_are_no_hints() {
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
        assert!(
            taken(vec![event(opened, &["/srv/entries/a.md"])])
                .paths
                .is_empty()
        );
    }

    #[test]
    fn overflow_and_a_changed_root_mean_everything() {
        assert!(taken(vec![Event::new(EventKind::Other).set_flag(Flag::Rescan)]).everything);
        assert!(
            taken(vec![event(
                EventKind::Create(CreateKind::Folder),
                &["/srv/entries"]
            )])
            .everything
        );
        let outside = event(EventKind::Create(CreateKind::File), &["/srv/other"]);
        assert!(!taken(vec![outside]).everything);
    }

    #[test]
    fn a_watch_that_fails_is_told() {
        let check = |event: notify::Result<Event>, expected: Option<Fault>| {
            let translator = translator();
            translator.take(event);
            let state = translator.hints.lock();
            assert_eq!((state.fault, state.everything), (expected, true));
        };
        let failed =
            |kind: ErrorKind, path: &str| Err(notify::Error::new(kind).add_path(path.into()));
        let deep = "/srv/entries/new";
        check(failed(ErrorKind::MaxFilesWatch, deep), Some(Fault::UsedUp));
        check(failed(ErrorKind::PathNotFound, deep), None);
        let root = "/srv/entries";
        check(failed(ErrorKind::PathNotFound, root), Some(Fault::Stale));
        let io = std::io::Error::other("broken");
        check(failed(ErrorKind::Io(io), deep), Some(Fault::Stale));
        let removed = event(EventKind::Remove(RemoveKind::Folder), &[root]);
        check(Ok(removed), Some(Fault::Stale));
        let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        check(Ok(overflow), None);
    }

    #[test]
    fn renames_are_kept_until_what_was_renamed_is_removed() {
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::Both));
        let half = EventKind::Modify(ModifyKind::Name(RenameMode::From));
        let path = |path: &str| FolderPath::new(path).unwrap();
        let taken = taken(vec![
            event(renamed, &["/srv/entries/a.md", "/srv/entries/b.md"]),
            event(half, &["/srv/entries/b.md"]),
            event(renamed, &["/srv/entries/b.md", "/srv/link/x/c.md"]),
            event(renamed, &["/srv/entries/d.md", "/srv/entries/e.md"]),
            event(EventKind::Remove(RemoveKind::File), &["/srv/entries/e.md"]),
            event(renamed, &["/srv/other/f.md", "/srv/entries/g.md"]),
        ]);
        let origin = |file: &str| taken.renames.origin(&path(file));
        assert_eq!(origin("x/c.md"), Some(path("a.md")));
        assert_eq!(origin("b.md"), None);
        assert_eq!(origin("e.md"), None);
        assert_eq!(origin("g.md"), None);
    }

    #[test]
    fn of_too_many_signs_the_last_are_kept() {
        let hints = Hints::default();
        let file = FolderPath::new("a.md").unwrap();
        for _ in 0..1000 {
            hints.path(file.clone(), Sign::Writing);
            hints.path(file.clone(), Sign::Closed);
        }
        let state = hints.lock();
        let signs = &state.paths[&file];
        assert!(signs.len() <= MAX_SIGNS && signs.ends_with(&[Sign::Writing, Sign::Closed]));
    }

    #[test]
    fn too_many_paths_mean_everything() {
        let hints = Hints::default();
        for number in 0..=MAX_HINTS {
            hints.path(FolderPath::new(&number.to_string()).unwrap(), Sign::Touched);
        }
        let state = hints.lock();
        assert!(state.everything && state.paths.is_empty());
    }
}
