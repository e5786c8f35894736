//! `tidings health`: whether the daemon that serves this state lives, and does its work.
//!
//! It is asked at its socket in the state folder, so that nothing else is needed: no address, no admin
//! listener, and in a container no other program.

use super::settings::Overrides;

/// What to ask.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Whether it does all that it should, not just whether it lives: what /readyz says
    #[arg(long)]
    ready: bool,
}

/// Ends the help.
pub(super) const EXIT_CODES: &str = "\
In a container:
  HEALTHCHECK CMD [\"tidings\", \"health\"]

Exit codes: 0 it is well, 1 it is not, or there is none, 2 wrong usage or settings.";

/// Prints what the daemon says; returns whether it is well.
#[cfg(unix)]
pub(super) fn run(arguments: &Arguments, overrides: Overrides) -> anyhow::Result<bool> {
    use std::io::Write;

    use super::settings::Settings;
    use crate::daemon::{self, Question};

    let question = if arguments.ready {
        Question::Ready
    } else {
        Question::Alive
    };
    let state = Settings::load(overrides)?.state()?;
    let answer = daemon::ask(&state, question)?;
    writeln!(std::io::stdout(), "{}", answer.text)?;
    Ok(answer.is_yes)
}

/// Elsewhere there is no socket to ask at.
#[cfg(not(unix))]
pub(super) fn run(arguments: &Arguments, _: Overrides) -> anyhow::Result<bool> {
    let path = if arguments.ready {
        "/readyz"
    } else {
        "/healthz"
    };
    Err(super::UsageError(format!(
        "this needs a Unix socket, which this system has not: expected {path} of the admin listener to be asked"
    ))
    .into())
}
