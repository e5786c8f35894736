//! `tidings confirm-removal`: the word that files which are gone at once are meant to be gone.

use clap::Args;

use super::settings::Overrides;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the entries are withdrawn, 1 there is nothing to confirm or no daemon, \
                  2 wrong usage or settings."
)]
pub(super) struct Arguments {}

/// Returns whether there was something to confirm.
#[cfg(unix)]
pub(super) fn run(_: &Arguments, overrides: Overrides) -> anyhow::Result<bool> {
    use std::io::Write;

    use super::settings::Settings;
    use crate::daemon;

    let state = Settings::load(overrides)?.state()?;
    let answer = daemon::confirm_removal(&state)?;
    if answer.is_yes {
        writeln!(std::io::stdout(), "{}", answer.text)?;
    } else {
        writeln!(std::io::stderr(), "tidings: {}", answer.text)?;
    }
    Ok(answer.is_yes)
}

/// Elsewhere there is no socket to ask at.
#[cfg(not(unix))]
pub(super) fn run(_: &Arguments, _: Overrides) -> anyhow::Result<bool> {
    Err(super::UsageError(
        "`confirm-removal` needs a Unix socket, which this system has not: \
         expected `[removal_guard] wait` in the settings to be over"
            .to_owned(),
    )
    .into())
}
