//! `tidings serve`: settings → a running daemon, and the settings once more when they change.

use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::logging::{self, Logging, Verbosity};
use super::progress::Scan;
use super::settings::{Overrides, Settings, SettingsError};
use crate::config::Config;
use crate::daemon::{self, FirstScan, Source};

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
    mut overrides: Overrides,
    verbosity: Verbosity,
) -> anyhow::Result<()> {
    let settings = Settings::load(overrides.clone())?;
    let logging = logging::start(verbosity, &settings.config.log)?;
    if let Some(path) = &settings.file {
        tracing::debug!(file = %path.display(), "settings read");
        // From now on it is this one and no other: while an editor has it moved away, the next in line
        // would say something else altogether.
        overrides.config = Some(path.clone());
    }
    let state = settings.state()?;
    let again = Again { overrides, logging };
    let scan = Arc::new(Scan::new(verbosity));
    let ended = daemon::run(
        daemon::Options {
            state,
            config: settings.config,
            adopt: arguments.adopt,
        },
        Box::new(again),
        Arc::clone(&scan) as _,
    );
    // The writer may have been cut off in the middle of it.
    scan.is_over();
    ended?;
    Ok(())
}

/// The settings once more: what a flag or the environment said still wins.
struct Again {
    overrides: Overrides,
    logging: Logging,
}

impl Source for Again {
    fn file(&self) -> Option<&Path> {
        self.overrides.config.as_deref()
    }

    fn read(&self) -> Result<Config, String> {
        if let Some(path) = self.file()
            && path.exists()
            && !path.is_file()
        {
            let path = path.display();
            return Err(format!("`{path}` can't be read twice: expected a file"));
        }
        match Settings::load(self.overrides.clone()) {
            Ok(settings) => Ok(settings.config),
            // The log has one line for it.
            Err(SettingsError::Config { line, .. }) => Err(line),
            Err(error) => Err(super::message(&error.into())),
        }
    }

    fn take(&self, config: &Config) {
        self.logging.follow(&config.log);
    }
}
