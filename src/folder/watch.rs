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
mod tests;
