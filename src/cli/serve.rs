//! `tidings serve`: settings → a running daemon.

use clap::Args;

use super::logging::{self, Verbosity};
use super::settings::{Overrides, Settings};
use crate::daemon;

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Arguments {
    /// Take over a state that belongs to another entries folder: after a move, say
    #[arg(long)]
    pub(super) adopt: bool,
}

impl Arguments {
    /// What either says: the flag may stand before and behind the word `serve`.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            adopt: self.adopt || other.adopt,
        }
    }
}

pub(super) fn run(
    arguments: Arguments,
    overrides: Overrides,
    verbosity: Verbosity,
) -> anyhow::Result<()> {
    let settings = Settings::load(overrides)?;
    logging::start(verbosity, &settings.config.log)?;
    if let Some(path) = &settings.file {
        tracing::debug!(file = %path.display(), "settings read");
    }
    daemon::run(daemon::Options {
        state: settings.state()?,
        config: settings.config,
        adopt: arguments.adopt,
    })?;
    Ok(())
}
