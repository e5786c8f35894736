//! How far long work is: a bar on stderr, for people who wait at a terminal.
//!
//! Others get nothing: neither files and pipes, nor the service manager, nor programs that read the log,
//! nor who asked for quiet. Nor is there a bar for what is done at once.
//!
//! A bar is drawn over and over in the terminal's last line. Whoever else writes to stderr meanwhile does
//! so through [`Stderr`], which takes it out of the way.

use std::env;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::logging::{self, Verbosity};
use crate::daemon::FirstScan;

/// What takes no longer has no bar.
const DELAY: Duration = Duration::from_millis(500);

/// How often a bar is drawn, whether or not there is news: it also shows that we are alive.
const BETWEEN_DRAWINGS: Duration = Duration::from_millis(100);

/// For what can be counted. One line, however wide the terminal is: more would be torn by the log.
const COUNTED: &str = "{wide_bar} {pos} of {len} {msg}{left}";

/// For what nobody knows the end of.
const UNCOUNTED: &str = "{spinner} {msg}";

/// The bar that is drawn at the moment. There is one piece of work at a time.
static DRAWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn drawn() -> MutexGuard<'static, Option<ProgressBar>> {
    DRAWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A piece of long work. Its bar is gone when this is dropped.
#[derive(Debug)]
pub(super) struct Progress(Option<Work>);

#[derive(Debug)]
struct Work {
    bar: ProgressBar,
    step: Mutex<Step>,
    /// Dropped at the end, so that nobody draws what is over.
    _over: Sender<()>,
}

/// What is being done, and how many of it there are; none if nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Step {
    what: &'static str,
    all: usize,
}

impl Progress {
    /// The work begins now.
    pub(super) fn begin(verbosity: Verbosity) -> Self {
        let is_for_people = io::stderr().is_terminal()
            && logging::is_for_people()
            && !verbosity.is_quiet()
            && env::var_os("NOTIFY_SOCKET").is_none();
        Self(is_for_people.then(Work::begin))
    }

    /// Of `what`, so many of `all` are done; where `all` is 0, nobody knows how many there are.
    pub(super) fn tell(&self, what: &'static str, done: usize, all: usize) {
        if let Self(Some(work)) = self {
            work.tell(Step { what, all }, done);
        }
    }
}

impl Work {
    fn begin() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let (over, is_over) = mpsc::channel();
        let hidden = bar.clone();
        // Without the thread the work is done all the same.
        let _ = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || {
                if is_over.recv_timeout(DELAY) == Err(RecvTimeoutError::Timeout) {
                    show(&hidden);
                }
            });
        Self {
            bar,
            step: Mutex::default(),
            _over: over,
        }
    }

    fn tell(&self, step: Step, done: usize) {
        let mut before = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        if *before != step {
            *before = step;
            let Step { what, all } = step;
            let template = if all == 0 { UNCOUNTED } else { COUNTED };
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.bar.set_style(style.with_key("left", left));
            }
            self.bar.set_message(what);
            self.bar.reset();
            self.bar.set_length(all as u64);
        }
        self.bar.set_position(done as u64);
    }
}

/// How long it will take, as soon as something is done to tell from.
fn left(state: &ProgressState, text: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        // What can't be said is left out.
        let _ = write!(text, ", {:#} left", HumanDuration(state.eta()));
    }
}

fn show(bar: &ProgressBar) {
    let mut drawn = drawn();
    if !bar.is_finished() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(BETWEEN_DRAWINGS);
        *drawn = Some(bar.clone());
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let mut drawn = drawn();
        self.bar.finish_and_clear();
        *drawn = None;
    }
}

/// Standard error, without a bar in between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        aside(|| io::stderr().write(bytes))
    }

    /// At once, so that a bar does not come back in the middle of a line.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        aside(|| io::stderr().write_all(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Does `write` while no bar is there, nor comes.
fn aside<T>(write: impl FnOnce() -> T) -> T {
    match &*drawn() {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// The first scan of a folder, each turn that it takes.
#[derive(Debug)]
pub(super) struct Scan {
    verbosity: Verbosity,
    turn: Mutex<Option<Progress>>,
}

impl Scan {
    pub(super) fn new(verbosity: Verbosity) -> Self {
        Self {
            verbosity,
            turn: Mutex::new(None),
        }
    }

    fn turn(&self) -> MutexGuard<'_, Option<Progress>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FirstScan for Scan {
    fn has_read(&self, read: usize, all: usize) {
        let mut turn = self.turn();
        let progress = turn.get_or_insert_with(|| Progress::begin(self.verbosity));
        if read < all {
            progress.tell("files read", read, all);
        } else {
            progress.tell("publishing what was read", 0, 0);
        }
    }

    fn is_over(&self) {
        self.turn().take();
    }
}
