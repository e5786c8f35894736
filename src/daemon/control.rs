//! The control socket: how other commands speak with the daemon that serves a state.
//!
//! It is `control.sock` in the state folder, and for its owner alone. One connection is one question:
//! a line with the name of a command. The answer is a line with `yes` or `no`, whether what was asked
//! was done, and then text for people, until the connection is closed.
//!
//! ```text
//! > confirm-removal
//! < yes
//! < 12 entries were withdrawn
//! ```

#![expect(
    clippy::disallowed_types,
    reason = "this is the socket that other commands use"
)]

mod address;

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{Semaphore, oneshot};
use tracing::{info, warn};

use self::address::Address;
pub(super) use self::address::listen_for_owner;
use super::status::{Telling, Wanted};
use crate::folder::watch::Hints;
use crate::http::admin::Health;

/// The socket's name in the state folder.
const NAME: &str = "control.sock";

/// The longest question, in bytes.
const LONGEST_LINE: u64 = 256;

/// The longest answer that is read, in bytes. A status is the longest: its lists have an end.
const LONGEST_ANSWER: u64 = 4 * 1024 * 1024;

/// How long a question may take to come in, and an answer to be taken.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the writer may take to do what was asked: a turn over a large folder is long.
const WORK: Duration = Duration::from_mins(2);

/// Connections at one time; the next one waits.
const CONNECTIONS: usize = 8;

/// How long to wait after a connection that could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// To withdraw the entries whose files are gone.
    ConfirmRemoval,
    /// To believe the machine's clock.
    ConfirmClock,
    /// Whether the daemon lives.
    Alive,
    /// Whether it does all that it should.
    Ready,
    /// How it is, for people.
    Status,
    /// How it is, for programs.
    StatusJson,
}

impl Question {
    const ALL: [Self; 6] = [
        Self::ConfirmRemoval,
        Self::ConfirmClock,
        Self::Alive,
        Self::Ready,
        Self::Status,
        Self::StatusJson,
    ];

    /// The line that asks it.
    fn name(self) -> &'static str {
        match self {
            Self::ConfirmRemoval => "confirm-removal",
            Self::ConfirmClock => "confirm-clock",
            Self::Alive => "alive",
            Self::Ready => "ready",
            Self::Status => "status",
            Self::StatusJson => "status-json",
        }
    }

    /// How long an answer may take.
    fn patience(self) -> Duration {
        match self {
            Self::ConfirmRemoval | Self::ConfirmClock | Self::Status | Self::StatusJson => {
                PATIENCE + WORK
            }
            Self::Alive | Self::Ready => PATIENCE,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody is there.
    #[error("no daemon serves the state in {0}: expected one that runs")]
    NoDaemon(PathBuf),
    /// Somebody is, but the talk failed.
    #[error("the daemon that serves the state in {0} does not answer")]
    Broken(PathBuf, #[source] io::Error),
}

/// What the daemon says to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether what was asked was done.
    pub is_yes: bool,
    /// What it says to people, without a line's end.
    pub text: String,
}

/// Asks the daemon that serves `state`.
pub fn ask(state: &Path, question: Question) -> Result<Answer, AskError> {
    let broken = |error| AskError::Broken(state.to_owned(), error);
    let nobody = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            AskError::NoDaemon(state.to_owned())
        }
        _ => AskError::Broken(state.to_owned(), error),
    };
    let address = Address::of(state).map_err(nobody)?;
    let mut daemon = UnixStream::connect(&address.path).map_err(nobody)?;
    let mut talk = || -> io::Result<String> {
        daemon.set_write_timeout(Some(PATIENCE))?;
        daemon.set_read_timeout(Some(question.patience()))?;
        writeln!(daemon, "{}", question.name())?;
        let mut answer = String::new();
        (&daemon).take(LONGEST_ANSWER).read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = talk().map_err(broken)?;
    let (first, text) = answer.split_once('\n').unwrap_or((&answer, ""));
    let is_yes = match first {
        "yes" => true,
        "no" => false,
        _ => {
            let error = io::Error::new(io::ErrorKind::InvalidData, "expected yes or no");
            return Err(broken(error));
        }
    };
    Ok(Answer {
        is_yes,
        text: text.trim_end().to_owned(),
    })
}

/// What became of what somebody confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// So many entries were withdrawn.
    Withdrawn(usize),
    /// Nothing that is gone was held back.
    NothingGone,
    /// They were to be withdrawn, but the ledger can't be written.
    Failed,
    /// The time is this one now.
    ClockBelieved(Timestamp),
    /// Nobody doubts the clock.
    ClockFine,
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        let (is_yes, text) = match outcome {
            Outcome::Withdrawn(1) => (true, "1 entry was withdrawn".to_owned()),
            Outcome::Withdrawn(entries) => (true, format!("{entries} entries were withdrawn")),
            Outcome::NothingGone => (
                false,
                "there is nothing to confirm: no removal is held back".to_owned(),
            ),
            Outcome::Failed => (
                false,
                "nothing was withdrawn: the ledger can't be written".to_owned(),
            ),
            Outcome::ClockBelieved(now) => (true, format!("the time is {now} from now on")),
            Outcome::ClockFine => (
                false,
                "there is nothing to confirm: the machine's clock is believed".to_owned(),
            ),
        };
        Self { is_yes, text }
    }
}

/// A question on its way to the writer, and where the answer goes.
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) to: oneshot::Sender<Outcome>,
}

/// Questions on their way to the writer. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Questions(Arc<Mutex<Vec<Asked>>>);

impl Questions {
    /// Takes those that came in.
    pub(super) fn take(&self) -> Vec<Asked> {
        // A list is never in between, whatever became of who held it.
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, question: Question) -> oneshot::Receiver<Outcome> {
        let (to, from) = oneshot::channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(Asked { question, to });
        from
    }
}

/// Begins to answer for the daemon that serves `state`, as [`Control::start`] does; returns where the
/// writer finds what is asked of it.
pub(super) fn open(
    state: &Path,
    hints: &Hints,
    health: Arc<Health>,
    status: Telling,
) -> (Questions, Option<Control>) {
    let questions = Questions::default();
    let control = Control::start(state, questions.clone(), hints.clone(), health, status);
    (questions, control)
}

/// Answers as long as it lives; then the socket is gone.
pub(super) struct Control {
    address: Address,
    task: tokio::task::JoinHandle<()>,
}

impl Control {
    /// Begins to answer for the daemon that serves `state`, which must be the only one. Questions for the
    /// writer go into `questions`, and `hints` wakes it. Without a socket the daemon does its work all the
    /// same; `None` then.
    pub(super) fn start(
        state: &Path,
        questions: Questions,
        hints: Hints,
        health: Arc<Health>,
        status: Telling,
    ) -> Option<Self> {
        let start = || -> io::Result<Self> {
            let address = Address::of(state)?;
            let listener = tokio::net::UnixListener::from_std(address.listen()?)?;
            let asked = Arc::new((questions, hints, health, status));
            let task = tokio::spawn(serve(listener, asked));
            Ok(Self { address, task })
        };
        start()
            .inspect_err(|error| {
                warn!(%error, "there is no control socket: nothing can be confirmed");
            })
            .ok()
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        // What is left of it is replaced at the next start.
        let _ = std::fs::remove_file(&self.address.path);
    }
}

/// Whom questions are for.
type Askable = (Questions, Hints, Arc<Health>, Telling);

async fn serve(listener: tokio::net::UnixListener, whom: Arc<Askable>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((peer, _)) => {
                let whom = Arc::clone(&whom);
                tokio::spawn(async move {
                    let _place = place;
                    // Nobody is left to tell of somebody who hung up.
                    let _ = answer(peer, &whom).await;
                });
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn answer(
    mut peer: tokio::net::UnixStream,
    (questions, hints, health, status): &Askable,
) -> io::Result<()> {
    let (from, mut to) = peer.split();
    let mut line = String::new();
    let mut from = BufReader::new(from.take(LONGEST_LINE));
    tokio::time::timeout(PATIENCE, from.read_line(&mut line)).await??;
    let asked = line.strip_suffix('\n');
    let question = Question::ALL
        .into_iter()
        .find(|question| asked == Some(question.name()));
    let Answer { is_yes, text } = match question {
        // Not by the writer, which may be busy for long: to be busy is to live.
        Some(Question::Alive) => Answer {
            is_yes: true,
            text: "ok".to_owned(),
        },
        Some(Question::Ready) => ready(health),
        Some(Question::Status) => status_of(status, Wanted::Text).await,
        Some(Question::StatusJson) => status_of(status, Wanted::Json).await,
        Some(question) => confirm(question, questions, hints).await,
        None => Answer {
            is_yes: false,
            text: format!(
                "the daemon knows no such command: expected {}",
                Question::ALL.map(Question::name).join(" or ")
            ),
        },
    };
    let answer = format!("{}\n{text}\n", if is_yes { "yes" } else { "no" });
    tokio::time::timeout(PATIENCE, to.write_all(answer.as_bytes())).await?
}

async fn status_of(status: &Telling, wanted: Wanted) -> Answer {
    let status = Arc::clone(status);
    let written = tokio::task::spawn_blocking(move || status(wanted)).await;
    match written.map_err(io::Error::other).flatten() {
        Ok(text) => Answer { is_yes: true, text },
        Err(error) => Answer {
            is_yes: false,
            text: format!("the status can't be told: {error}"),
        },
    }
}

/// What `/readyz` says.
fn ready(health: &Health) -> Answer {
    let reasons = health.reasons();
    let is_yes = reasons.is_empty();
    let text = if is_yes {
        "ready".to_owned()
    } else {
        reasons.join("\n")
    };
    Answer { is_yes, text }
}

async fn confirm(question: Question, questions: &Questions, hints: &Hints) -> Answer {
    let outcome = questions.put(question);
    // What is gone is looked at once more before it goes for good.
    hints.everything();
    let answer = match tokio::time::timeout(WORK, outcome).await {
        Ok(Ok(outcome)) => outcome.into(),
        Ok(Err(_)) => Answer {
            is_yes: false,
            text: "the writer has failed or the daemon stops".to_owned(),
        },
        Err(_) => Answer {
            is_yes: false,
            text: "the writer is still busy: expected an answer within 2 minutes".to_owned(),
        },
    };
    info!(question = question.name(), answer = answer.text, "asked");
    answer
}

#[cfg(test)]
mod tests;
