//! What is wrong at the moment: told once when it begins, listed as long as it lasts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{Timestamp, Unit};
use tracing::{info, warn};

use super::clock;
use super::first_scan::FirstScan;
use super::notify::Notifier;
use crate::entry::{FolderPath, Problem};
use crate::http::admin;
use crate::metrics;

/// From so many files on it is told how far the first scan is.
const LARGE: usize = 5000;

/// How often the log says how far it is.
const BETWEEN_LINES: Duration = Duration::from_secs(2);

/// What makes the daemon less than it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// The entries folder is not there.
    FolderMissing,
    /// So many files are gone at once that it may be an accident.
    MassRemoval,
    /// The folder can't be watched, only scanned.
    NoEvents,
    /// The ledger can't be written.
    LedgerFails,
    /// The machine's clock is behind what was published.
    ClockBehind,
    /// The machine's clock is too far ahead to be believed.
    ClockAhead,
    /// The settings can't be used as they are now.
    Settings,
    /// The publisher's theme can't be used.
    Theme,
    /// A certificate is at its end.
    Certificate,
    /// The writer has panicked.
    WriterFailed,
}

impl Trouble {
    /// All that there may be.
    const ALL: [Self; 10] = [
        Self::FolderMissing,
        Self::MassRemoval,
        Self::NoEvents,
        Self::LedgerFails,
        Self::ClockBehind,
        Self::ClockAhead,
        Self::Settings,
        Self::Theme,
        Self::Certificate,
        Self::WriterFailed,
    ];

    /// In one word, for programs.
    fn name(self) -> &'static str {
        match self {
            Self::FolderMissing => "folder_missing",
            Self::MassRemoval => "mass_removal",
            Self::NoEvents => "no_events",
            Self::LedgerFails => "ledger_fails",
            Self::ClockBehind => "clock_behind",
            Self::ClockAhead => "clock_ahead",
            Self::Settings => "settings",
            Self::Theme => "theme",
            Self::Certificate => "certificate",
            Self::WriterFailed => "writer_failed",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::FolderMissing => {
                "the entries folder is not there: everything stays published until it returns or `tidings confirm-removal` is run"
            }
            Self::MassRemoval => "many files are gone at once",
            Self::NoEvents => "the entries folder can't be watched and is scanned instead",
            Self::LedgerFails => "the ledger can't be written",
            Self::ClockBehind => "the machine's clock is behind what is published",
            Self::ClockAhead => "the machine's clock is too far ahead to be believed",
            Self::Settings => "the settings can't be used: those from before stay",
            Self::Theme => "the theme can't be used",
            Self::Certificate => "a certificate is at its end",
            Self::WriterFailed => "the writer has failed, and nothing new is published",
        }
    }
}

/// Filled by the writer; what of it concerns readiness goes to the admin listener.
#[derive(Debug)]
pub(super) struct Health {
    state: Mutex<State>,
    admin: Arc<admin::Health>,
    notifier: Notifier,
    scan: Arc<dyn FirstScan>,
}

#[derive(Debug, Default)]
struct State {
    is_serving: bool,
    /// How many entries are published, and when that, or one of them, changed last.
    live: usize,
    published: Option<Timestamp>,
    /// How far the first scan is.
    progress: Option<Progress>,
    /// Each with the reason in words, and since when it is there.
    troubles: BTreeMap<Trouble, (String, Timestamp)>,
    /// What was said of a file last, so that it is said once.
    told: BTreeMap<String, Told>,
}

/// Why a file is not published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// What is wrong; where in the file, if that is known.
    pub(super) reason: Reason,
    /// Since when it is.
    pub(super) since: Timestamp,
}

/// See [`Told`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Something in the file.
    Problem(Problem),
    /// The file as such.
    Other(String),
    /// A place in the folder that a walk could not look at.
    Hidden(String),
}

/// How many of the files that a turn has to read are read.
#[derive(Clone, Copy, Debug)]
struct Progress {
    read: usize,
    all: usize,
    /// When the log said so last.
    told: Instant,
}

impl Health {
    /// Nothing is wrong, and nothing is served yet.
    pub(super) fn new() -> Self {
        Self::telling(Notifier::default(), Arc::new(()))
    }

    /// The same; the service manager is told how we are, and `scan` how far the first scan is.
    pub(super) fn telling(notifier: Notifier, scan: Arc<dyn FirstScan>) -> Self {
        Self {
            state: Mutex::default(),
            admin: Arc::new(admin::Health::new()),
            notifier,
            scan,
        }
    }

    /// What the admin listener reads out.
    pub(super) fn admin(&self) -> Arc<admin::Health> {
        Arc::clone(&self.admin)
    }

    /// All that may be wrong, with the moments since when it is.
    pub(super) fn troubles(&self) -> Vec<metrics::Trouble> {
        let state = self.lock();
        let since = |trouble| state.troubles.get(trouble).map(|(_, since)| *since);
        let all = Trouble::ALL.iter().map(|trouble| metrics::Trouble {
            name: trouble.name(),
            since: since(trouble),
        });
        all.collect()
    }

    /// How many files and places in the folder can't be published.
    pub(super) fn rejections(&self) -> usize {
        self.lock().told.len()
    }

    /// Something was published, which makes so many entries.
    pub(super) fn published(&self, live: usize, moment: Timestamp) {
        let mut state = self.lock();
        state.live = live;
        state.published = Some(moment);
        self.tell(&state);
    }

    /// There is a snapshot for readers from now on, with so many entries.
    pub(super) fn is_serving(&self, live: usize) {
        let mut state = self.lock();
        state.is_serving = true;
        state.live = live;
        self.tell(&state);
    }

    /// Says how we are, although nothing has changed.
    pub(super) fn say(&self) {
        self.tell(&self.lock());
    }

    /// Notes that `trouble` is, or is not, there. Returns whether that is new.
    pub(super) fn set(&self, trouble: Trouble, is_there: bool) -> bool {
        self.set_because(trouble, is_there.then(|| trouble.reason().to_owned()))
    }

    /// The same, with a reason of its own; `None`: it is not there. Since when it is there does not
    /// change when the reason does.
    pub(super) fn set_because(&self, trouble: Trouble, reason: Option<String>) -> bool {
        let mut state = self.lock();
        let since = state.troubles.remove(&trouble).map(|(_, since)| since);
        if since.is_none() && reason.is_none() {
            return false;
        }
        let is_new = since.is_some() != reason.is_some();
        if let Some(reason) = reason {
            let since = since.unwrap_or_else(clock::now);
            state.troubles.insert(trouble, (reason, since));
        }
        self.tell(&state);
        is_new
    }

    /// Notes that `read` of `all` files are read. As long as nothing is served, people want to know: at a
    /// terminal at once, elsewhere of many files.
    pub(super) fn has_read(&self, read: usize, all: usize) {
        if self.lock().is_serving {
            return;
        }
        self.scan.has_read(read, all);
        if all < LARGE {
            return;
        }
        let mut state = self.lock();
        let now = clock::instant();
        let told = state.progress.map_or(now, |it| it.told);
        let is_time = now.saturating_duration_since(told) >= BETWEEN_LINES;
        let told = if is_time { now } else { told };
        state.progress = Some(Progress { read, all, told });
        self.tell(&state);
        if read == all {
            info!(files = all, "all files are read, and are being published");
        } else if is_time {
            info!(read, all, "reading the folder for the first time");
        }
    }

    /// A turn has published what it read, or can't for now.
    pub(super) fn turn_is_over(&self) {
        self.scan.is_over();
    }

    fn tell(&self, state: &State) {
        let scan = "the first scan has not come to its end";
        let starting = match state.progress {
            None => scan.to_owned(),
            Some(Progress { read, all, .. }) if read < all => {
                format!("{scan}: {read} of {all} files are read")
            }
            Some(Progress { all, .. }) => {
                format!("{scan}: {all} files are read, and are being published")
            }
        };
        let troubles = state.troubles.values().map(|(reason, since)| {
            let since = since.round(Unit::Second).unwrap_or(*since);
            format!("{reason} (since {since})")
        });
        let starting = (!state.is_serving).then_some(starting);
        let reasons: Vec<String> = starting.into_iter().chain(troubles).collect();
        self.notifier.status(status(state, &reasons));
        self.admin.set(reasons);
    }

    /// Tells that the version just read of the file at `path` can't be published.
    pub(super) fn rejected(&self, path: &FolderPath, problem: &Problem) {
        self.is_news(path.as_str(), Reason::Problem(problem.clone()));
        tell(path, problem);
    }

    /// Tells that the file at `path` can't be published beside the others; once, however often it is
    /// tried again.
    pub(super) fn refused(&self, path: &FolderPath, problem: &Problem) {
        if self.is_news(path.as_str(), Reason::Problem(problem.clone())) {
            tell(path, problem);
        }
    }

    /// Tells that something is wrong with `place`, a path in the folder; once, as long as it is so.
    pub(super) fn report(&self, place: &str, reason: &str) {
        if self.is_news(place, Reason::Other(reason.to_owned())) {
            warn!(%place, %reason, "not published");
        }
    }

    /// Tells what a walk of everything could not look at; what an earlier one could not, it can again.
    pub(super) fn hidden(&self, troubles: &[(String, String)]) {
        let is_hidden = |place: &str| troubles.iter().any(|(hidden, _)| hidden == place);
        self.lock()
            .told
            .retain(|place, told| !matches!(told.reason, Reason::Hidden(_)) || is_hidden(place));
        for (place, reason) in troubles {
            if self.is_news(place, Reason::Hidden(reason.clone())) {
                warn!(%place, %reason, "not published");
            }
        }
    }

    /// The first so many of the places that are not published, in their order, and how many there are.
    pub(super) fn unpublished(&self, most: usize) -> (Vec<(String, Told)>, usize) {
        let state = self.lock();
        let first = state.told.iter().take(most);
        let first = first.map(|(place, told)| (place.clone(), told.clone()));
        (first.collect(), state.told.len())
    }

    /// What is wrong with the daemon, and since when.
    pub(super) fn wrong(&self) -> Vec<(String, Timestamp)> {
        self.lock().troubles.values().cloned().collect()
    }

    /// The file at `path` is published, or gone, whatever was told of it before.
    pub(super) fn accepted(&self, path: &FolderPath) {
        self.lock().told.remove(path.as_str());
    }

    fn is_news(&self, place: &str, reason: Reason) -> bool {
        let mut state = self.lock();
        let is_news = state.told.get(place).is_none_or(|it| it.reason != reason);
        if is_news {
            let since = clock::now();
            let told = Told { reason, since };
            state.told.insert(place.to_owned(), told);
        }
        is_news
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that panics holds the lock; and a list of troubles is never in between.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line: what is published, and what is wrong.
fn status(state: &State, reasons: &[String]) -> String {
    let mut parts = Vec::new();
    if state.is_serving {
        parts.push(match state.live {
            1 => "1 entry is published".to_owned(),
            live => format!("{live} entries are published"),
        });
        let published = state.published.and_then(|it| it.round(Unit::Second).ok());
        parts.extend(published.map(|moment| format!("the last change was at {moment}")));
    }
    parts.extend_from_slice(reasons);
    // A line is all that there is room for.
    parts.join("; ").replace('\n', " ")
}

fn tell(
    path: &FolderPath,
    Problem {
        line,
        column,
        message,
    }: &Problem,
) {
    warn!(place = %format_args!("{path}:{line}:{column}"), reason = %message, "not published");
}

#[cfg(test)]
mod tests;
