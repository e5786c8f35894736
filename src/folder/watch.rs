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
//! - Events come late when the machine is busy: what was read may have been half written, and nobody have
//!   told yet. Events come in order, though: a file of our own, the echo, is watched as well, and once
//!   our opening it has come back, everything before that was told.
//!
//! The callback only notes the hint in a set, so it can't fall behind: the set is bounded by the
//! number of paths, and beyond [`MAX_HINTS`] it turns into "everything".

mod translator;

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use self::translator::Translator;
use super::renames::Renames;
use super::settle::Sign;
use crate::entry::FolderPath;

/// How many paths are kept apart; beyond, everything is looked at.
pub const MAX_HINTS: usize = 50_000;

/// How many signs are kept of one path.
pub const MAX_SIGNS: usize = 64;

/// How long the system may take to tell what has happened, before that is not waited for any longer.
pub const ECHO_PATIENCE: Duration = Duration::from_millis(250);

/// Where hints wait for the one who looks. Clones share it.
#[derive(Clone, Default)]
pub struct Hints(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Nobody else opens this file.
    echo: Option<PathBuf>,
    /// Tells when a hint comes.
    clock: Option<fn() -> Instant>,
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
    /// When the first path came.
    since: Option<Instant>,
    /// Whoever waits is to wait no longer, although there is nothing to look at.
    woken: bool,
    /// How often it was told that the echo was opened; `None`: it is not watched.
    echoes: Option<u64>,
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
    /// When the first of the paths was hinted at, if there was a clock.
    pub since: Option<Instant>,
    /// What is wrong with the watch.
    pub fault: Option<Fault>,
    /// The daemon stops.
    pub stopped: bool,
}

impl Hints {
    /// None yet. `echo` is where a file of our own may be that nobody else opens, in a
    /// folder of its own: one that is watched as the parent of the entries would tell twice. `clock` tells
    /// when a hint comes.
    pub fn with_echo(echo: PathBuf, clock: fn() -> Instant) -> Self {
        Self(Arc::new(Shared {
            echo: Some(echo),
            clock: Some(clock),
            ..Shared::default()
        }))
    }

    /// Waits until there is a hint or a stop, or until `deadline` (for ever without one).
    /// `now` is the time of the call.
    pub fn wait(&self, now: Instant, deadline: Option<Instant>) -> Taken {
        let is_idle = |state: &mut State| {
            state.paths.is_empty() && !state.everything && !state.stopped && !state.woken
        };
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
        state.woken = false;
        Taken {
            paths: std::mem::take(&mut state.paths),
            renames: std::mem::take(&mut state.renames),
            everything: std::mem::take(&mut state.everything),
            since: state.since.take(),
            fault: state.fault.take(),
            stopped: state.stopped,
        }
    }

    /// Waits until all that has happened before the call was told. `false`: it could not be waited for,
    /// [`ECHO_PATIENCE`] at most. Where nobody tells of openings (no watch, or not Linux) there is nothing
    /// to wait for.
    pub fn catch_up(&self) -> bool {
        matches!(self.await_echo(), Ok(true))
    }

    /// Whether the watch, if there is one, tells of what is done now, [`ECHO_PATIENCE`] later at most. Where
    /// that can't be tried, there is no reason to doubt it.
    pub fn is_watch_alive(&self) -> bool {
        !matches!(self.await_echo(), Ok(false))
    }

    /// Opens the echo and waits until that is told, if it would be: `false` if it was not in time.
    fn await_echo(&self) -> io::Result<bool> {
        let before = self.lock().echoes;
        let Some(echo) = self.0.echo.as_ref().filter(|_| before.is_some()) else {
            return Ok(true);
        };
        File::options().read(true).open(echo)?;
        let is_due = |state: &mut State| state.echoes == before && !state.stopped;
        let waited = self
            .0
            .changed
            .wait_timeout_while(self.lock(), ECHO_PATIENCE, is_due)
            .unwrap_or_else(PoisonError::into_inner);
        Ok(!waited.1.timed_out())
    }

    /// Whether somebody wrote to `path` since the hints were taken last, as far as it was told.
    pub fn tells_of_writing(&self, path: &FolderPath) -> bool {
        let state = self.lock();
        let signs = state.paths.get(path);
        signs.is_some_and(|signs| signs.contains(&Sign::Writing))
    }

    /// Ends all waiting, now and later.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.0.changed.notify_all();
    }

    /// Ends the waiting of now, or the next, although there is nothing to look at.
    pub fn wake(&self) {
        self.lock().woken = true;
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

    fn echoed(&self) {
        if let Some(echoes) = &mut self.lock().echoes {
            *echoes += 1;
        }
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
        state.since = state.since.or_else(|| self.0.clock.map(|clock| clock()));
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
    hints: Hints,
}

impl Watch {
    /// Watches the folder at `root` (and its parent, to see it replaced), with hints into `hints`.
    pub fn start(root: &Path, hints: &Hints) -> notify::Result<Self> {
        let real = root.canonicalize().map_err(notify::Error::io)?;
        let translator = Translator {
            root: root.to_owned(),
            real: real.clone(),
            echo: hints.0.echo.as_deref().and_then(ready_echo),
            hints: hints.clone(),
        };
        let echo = translator.echo.clone();
        let mut watcher = notify::recommended_watcher(move |event| translator.take(event))?;
        // Before the folder, which may use up what watches there are.
        let is_echo_watched = cfg!(target_os = "linux")
            && echo.is_some_and(|echo| watcher.watch(&echo, RecursiveMode::NonRecursive).is_ok());
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
        hints.lock().echoes = is_echo_watched.then_some(0);
        Ok(Self {
            _watcher: watcher,
            hints: hints.clone(),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.hints.lock().echoes = None;
    }
}

/// The file at `path` as events name it, made if it was not there. `None`: it can't be.
fn ready_echo(path: &Path) -> Option<PathBuf> {
    if !path.is_file() {
        std::fs::create_dir_all(path.parent()?).ok()?;
        File::create(path).ok()?;
    }
    path.canonicalize().ok()
}

#[cfg(test)]
mod tests;
