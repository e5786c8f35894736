//! The one task that changes anything: hints in, snapshots out.
//!
//! A turn takes all hints, has the looker look, lets the catalogue plan, has the ledger commit, and
//! only then shows the new snapshot; what readers will ask for is made meanwhile. If a step fails, nothing
//! has changed, and it is tried again.

use std::collections::HashSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::oneshot;
use tracing::{debug, error, info, warn};

use super::clock::{self, Clock, Doubt};
#[cfg(unix)]
use super::control::{Asked, Outcome, Question, Questions};
use super::display::Display;
use super::feeds;
use super::health::{Health, Trouble};
use super::journal::{Journal, Publication};
use super::looker::Looker;
use super::mending::Mending;
use super::revision::Revisions;
use super::theme::ThemeFolder;
use crate::catalogue::{Catalogue, Observation, Terms};
use crate::entry::{Digest, FolderPath, Text};
use crate::folder::settle::MAX_WAIT;
use crate::folder::watch::Taken;
use crate::ledger::Ledger;
use crate::site::Site;

/// How often the ledger is told what time it is.
const HEARTBEAT: Duration = Duration::from_hours(24);

/// See the module's text.
pub(super) struct Writer {
    pub(super) looker: Looker,
    pub(super) ledger: Ledger,
    pub(super) mending: Mending,
    pub(super) catalogue: Catalogue,
    pub(super) site: Site,
    pub(super) theme: ThemeFolder,
    pub(super) display: Display,
    pub(super) health: Arc<Health>,
    pub(super) journal: Arc<Journal>,
    pub(super) started: Instant,
    pub(super) clock: Clock,
    /// What holds for new entries once something is shown.
    pub(super) terms: Terms,
    /// When the ledger was last told that we live.
    pub(super) alive: Instant,
    /// The ledger could not be written in the last turn that had something for it.
    pub(super) has_failed: bool,
    /// Other settings, once there are.
    pub(super) revisions: Revisions,
    /// What other commands ask.
    #[cfg(unix)]
    pub(super) questions: Questions,
}

impl Writer {
    /// Begins to take turns on a thread of its own, until the hints are stopped. The receiver wakes
    /// when it has ended, in whatever way; with the stamp of the ledger, if that was closed and can be
    /// known again.
    ///
    /// A writer that panics is a fault of ours: what is published stays, and health says so.
    pub(super) fn start(self) -> io::Result<oneshot::Receiver<Digest>> {
        let (running, ended) = oneshot::channel();
        let health = Arc::clone(&self.health);
        let work = move || {
            match catch_unwind(AssertUnwindSafe(|| self.run())) {
                Ok(Some(stamp)) => {
                    // Who does not wait for it any more needs no stamp.
                    let _ = running.send(stamp);
                }
                Ok(None) => {}
                Err(_) => {
                    health.set(Trouble::WriterFailed, true);
                    error!(
                        "the writer failed: nothing new is published until the daemon is started again"
                    );
                }
            }
        };
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(work)?;
        Ok(ended)
    }

    fn run(mut self) -> Option<Digest> {
        loop {
            let taken = self.looker.wait(clock::instant(), self.deadline());
            if taken.stopped {
                self.note_time();
                let stamp = self.ledger.stamp().filter(|_| !self.has_failed);
                self.ledger.close();
                return stamp;
            }
            if clock::instant() >= self.alive + HEARTBEAT {
                self.note_time();
            }
            self.turn(taken, clock::instant());
        }
    }

    /// Takes turns until nothing is left to look at. Returns whether it came to that before `end`.
    pub(super) fn catch_up(&mut self, end: Instant) -> bool {
        let mut now = clock::instant();
        let mut taken = self.looker.wait(now, now);
        taken.everything = true;
        loop {
            self.turn(taken, now);
            now = clock::instant();
            if self.looker.is_settled() || now >= end {
                return self.looker.is_settled();
            }
            taken = self.looker.wait(now, self.deadline().min(end));
            now = clock::instant();
        }
    }

    /// One turn, at `now`.
    pub(super) fn turn(&mut self, taken: Taken, now: Instant) {
        self.looker.beat();
        self.mend(now);
        self.revise(now);
        self.look_at_theme(now);
        #[cfg(unix)]
        let questions = self.questions.take();
        #[cfg(unix)]
        let is_confirmed = questions
            .iter()
            .any(|asked| asked.question == Question::ConfirmRemoval);
        #[cfg(not(unix))]
        let is_confirmed = false;
        let observation = self.looker.look(taken, is_confirmed, &self.catalogue, now);
        let is_looked_at = observation.is_some();
        self.looker.beat();
        // Time passes also while the folder is away.
        self.publish(observation.unwrap_or_default(), now);
        if is_looked_at {
            self.show_first(now);
        }
        if self.has_begun(now) {
            self.mending.examine();
        }
        self.health.turn_is_over();
        if !self.has_failed {
            self.looker.forget_noticed();
        }
        self.remember_home();
        self.display.tidy();
        #[cfg(unix)]
        self.answer(questions);
    }

    /// With another theme, what is published is shown anew.
    fn look_at_theme(&mut self, now: Instant) {
        let Some(theme) = self.theme.look(&self.health, now) else {
            return;
        };
        self.site = self.site.with_theme(theme);
        self.show_anew();
    }

    /// What is shown is now shown so, if anything is.
    pub(super) fn show_anew(&mut self) {
        if self.display.is_on() {
            self.display.show(Arc::new(self.site.clone()));
        }
    }

    #[cfg(unix)]
    fn answer(&mut self, questions: Vec<Asked>) {
        let removal = match self.looker.take_confirmed() {
            None => Outcome::NothingGone,
            Some(_) if self.has_failed => Outcome::Failed,
            Some(entries) => Outcome::Withdrawn(entries),
        };
        for Asked { question, to } in questions {
            let outcome = match question {
                Question::ConfirmRemoval => removal,
                Question::ConfirmClock if self.clock.doubt() == Some(Doubt::Ahead) => {
                    let now = self.clock.believe();
                    self.note_time();
                    Outcome::ClockBelieved(now)
                }
                Question::ConfirmClock => Outcome::ClockFine,
                // They are not for the writer.
                Question::Alive | Question::Ready | Question::Status | Question::StatusJson => {
                    continue;
                }
            };
            // Whoever asked may have hung up.
            let _ = to.send(outcome);
        }
    }

    fn remember_home(&mut self) {
        let Some(device) = self.looker.take_new_home() else {
            return;
        };
        // Without it the next start asks for the files before it believes in the folder: no harm.
        if let Err(error) = self.ledger.set_root_device(device) {
            debug!(%error, "the folder's device could not be kept");
        }
    }

    fn deadline(&self) -> Instant {
        // What the ledger refused is tried again when the looker says so, not at once.
        let scheduled = self
            .site
            .next_due()
            .filter(|_| !self.has_failed)
            .map(|due| self.clock.instant_of(due));
        let unshown = (!self.display.is_on()).then(|| self.started + MAX_WAIT);
        let unshown = unshown.filter(|until| *until > clock::instant());
        let next = self.looker.next_look();
        let others = [self.mending.next_try(), self.theme.next_look()];
        [scheduled, unshown]
            .into_iter()
            .chain(others)
            .flatten()
            .fold(next, Instant::min)
    }

    fn publish(&mut self, observation: Observation, now: Instant) {
        let drafts = observation
            .drafts
            .iter()
            .map(|(draft, _)| draft.path.clone());
        let drafts: Vec<FolderPath> = drafts.collect();
        let absent = observation.absent.clone();
        let moment = self.time();
        let changes = self.catalogue.plan(observation, moment);
        for path in drafts
            .iter()
            .filter(|path| !changes.refused.iter().any(|(refused, _)| refused == *path))
        {
            self.health.accepted(path);
        }
        for (path, problem) in &changes.refused {
            self.health.refused(path, problem);
            // What stands in its way may go while the file stays as it is.
            self.looker.doubt(path);
        }
        let is_due = self.site.next_due().is_some_and(|due| due <= moment);
        if changes.is_empty() && !is_due {
            return;
        }
        self.looker.beat();
        let (site, kept) = self.site.with(&changes, moment);
        let site = Arc::new(site);
        self.display.prepare(&site, &changes.bodies);
        self.looker.beat();
        let begun = clock::instant();
        if let Err(error) = self.ledger.commit(&changes, &feeds::to_ledger(kept)) {
            if self.health.set(Trouble::LedgerFails, true) {
                let error: &dyn std::error::Error = &error;
                error!(
                    error,
                    "nothing new is published until the ledger can be written"
                );
            }
            self.has_failed = true;
            self.mending.note(&error);
            self.looker.forget(drafts, absent, now);
            return;
        }
        self.has_failed = false;
        self.journal.kept(begun);
        if self.health.set(Trouble::LedgerFails, false) {
            info!("the ledger can be written again");
        }
        self.looker.beat();
        let is_news = !changes.shifts.is_empty();
        let took = clock::instant().saturating_duration_since(now);
        let publication = Publication::of(&changes, moment, took);
        publication.iter().for_each(report);
        let drafts: HashSet<FolderPath> = drafts.into_iter().collect();
        let shown = changes.shifts.iter().filter_map(|it| it.after.as_ref());
        let shown = shown.map(|record| &record.entry.path);
        let noticed = shown.filter(|path| drafts.contains(path));
        let noticed: Vec<Instant> = noticed.map(|path| self.looker.noticed(path)).collect();
        self.catalogue.apply(changes);
        self.site = Site::clone(&site);
        if is_news {
            self.health.published(self.catalogue.live(), moment);
        }
        if self.display.is_on() {
            self.display.show(site);
            if let Some(publication) = publication {
                self.journal.published(publication, noticed);
            }
        }
    }

    /// The time, as far as the machine's clock can be believed.
    pub(super) fn time(&mut self) -> Timestamp {
        let now = self.clock.now();
        let doubt = self.clock.doubt();
        let troubles = [
            (Trouble::ClockBehind, Doubt::Behind),
            (Trouble::ClockAhead, Doubt::Ahead),
        ];
        for (trouble, is) in troubles {
            let is_there = doubt == Some(is);
            if self.health.set(trouble, is_there) {
                match (is_there, is) {
                    (false, _) => info!("the machine's clock is believed again"),
                    (true, Doubt::Behind) => error!(
                        machine = %clock::now(), ours = %now,
                        "the machine's clock is behind what is published: dates go on from there until it has caught up"
                    ),
                    (true, Doubt::Ahead) => error!(
                        machine = %clock::now(), ours = %now,
                        "the machine's clock is more than a year ahead of the last moment known and is not \
                         believed: if it is right, run `tidings confirm-clock`"
                    ),
                }
            }
        }
        now
    }

    /// Has the ledger remember what time it is, so that the next daemon knows how long nobody ran.
    fn note_time(&mut self) {
        let now = self.time();
        self.alive = clock::instant();
        if let Err(error) = self.ledger.set_alive(now) {
            let error: &dyn std::error::Error = &error;
            warn!(error, "the ledger could not note the time");
        }
    }

    /// Whether all was looked at, or there was time enough for it.
    fn has_begun(&self, now: Instant) -> bool {
        self.looker.is_settled() || now >= self.started + MAX_WAIT
    }

    /// With a new ledger nothing is shown before the first scan has come to its end: emptiness is
    /// never published.
    fn show_first(&mut self, now: Instant) {
        if !self.display.is_on() && self.has_begun(now) {
            self.display.show(Arc::new(self.site.clone()));
            self.catalogue.set_terms(self.terms);
            self.health.is_serving(self.catalogue.live());
            info!(entries = self.catalogue.live(), "ready");
        }
    }
}

/// One line for each snapshot that shows something new.
fn report(publication: &Publication) {
    let Publication {
        new,
        edited,
        withdrawn,
        live,
        ..
    } = publication;
    let ms = publication.took.as_millis();
    let is_more = publication.entries() > publication.titles.len();
    let titles: Vec<&str> = publication.titles.iter().map(Text::as_str).collect();
    let titles = format!("{}{}", titles.join(" · "), if is_more { " …" } else { "" });
    let entries = |count| if count == 1 { "entry" } else { "entries" };
    let done = match (new + edited, *withdrawn) {
        (0, gone) => format!("withdrew {gone} {}", entries(gone)),
        (shown, 0) => format!("published {shown} {}", entries(shown)),
        (shown, gone) => {
            let entries = entries(shown);
            format!("published {shown} {entries} and withdrew {gone}")
        }
    };
    info!(
        new,
        edited, withdrawn, live, ms, "{done} in {ms} ms: {titles}"
    );
}
