//! `tidings confirm-removal` and `confirm-clock`: what the daemon would not believe is true.

use super::settings::Overrides;

/// What is true.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// Files that are gone at once are meant to be gone.
    Removal,
    /// The machine's clock is right.
    Clock,
}

/// Ends the help of both commands.
pub(super) const EXIT_CODES: &str = "Exit codes: 0 done, 1 there is nothing to confirm or no daemon, \
                                     2 wrong usage or settings.";

/// Returns whether there was something to confirm.
#[cfg(unix)]
pub(super) fn run(what: What, overrides: Overrides) -> anyhow::Result<bool> {
    use std::io::Write;

    use super::settings::Settings;
    use crate::daemon::{self, Question};

    let question = match what {
        What::Removal => Question::ConfirmRemoval,
        What::Clock => Question::ConfirmClock,
    };
    let state = Settings::load(overrides)?.state()?;
    let answer = daemon::ask(&state, question)?;
    if answer.is_yes {
        super::output::print(&format!("{}\n", answer.text))?;
    } else {
        writeln!(std::io::stderr(), "tidings: {}", answer.text)?;
    }
    Ok(answer.is_yes)
}

/// Elsewhere there is no socket to ask at.
#[cfg(not(unix))]
pub(super) fn run(what: What, _: Overrides) -> anyhow::Result<bool> {
    let instead = match what {
        What::Removal => "`[removal_guard] wait` in the settings to be over",
        What::Clock => "the machine's clock to be set",
    };
    Err(super::UsageError(format!(
        "this needs a Unix socket, which this system has not: expected {instead}"
    ))
    .into())
}
