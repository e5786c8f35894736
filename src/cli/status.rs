//! `tidings status`: how the daemon is that serves this state.

use super::settings::Overrides;

/// Arguments of `tidings status`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Arguments {
    /// Write it for people, or for programs
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs, as at /status.json of the admin listener
    Json,
}

/// Ends the help.
pub(super) const EXIT_CODES: &str =
    "Exit codes: 0 told, 1 no daemon or no answer, 2 wrong usage or settings.";

/// Prints what the daemon says.
#[cfg(unix)]
pub(super) fn run(arguments: Arguments, overrides: Overrides) -> anyhow::Result<()> {
    use std::io::Write;

    use super::settings::Settings;
    use crate::daemon::{self, Question};

    let state = Settings::load(overrides)?.state()?;
    let question = match arguments.format {
        Format::Text => Question::Status,
        Format::Json => Question::StatusJson,
    };
    let answer = daemon::ask(&state, question)?;
    anyhow::ensure!(answer.is_yes, "{}", answer.text);
    writeln!(std::io::stdout(), "{}", answer.text)?;
    Ok(())
}

/// Elsewhere there is no socket to ask at.
#[cfg(not(unix))]
pub(super) fn run(_: Arguments, _: Overrides) -> anyhow::Result<()> {
    Err(super::UsageError(
        "this needs a Unix socket, which this system has not: expected a look at /status of the admin listener"
            .to_owned(),
    )
    .into())
}
