//! `tidings config`: is a settings file right, what is in force, and a file to begin with.

use std::io::{self, Write};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::settings::{Overrides, Settings};
use crate::config::DEFAULT_FILE;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say whether the settings are right, and if not, where
    Check,
    /// Print the settings in force: flags, environment, file and defaults together
    Show,
    /// Print a settings file with every key, its default and why one would change it
    Default,
}

pub(super) fn run(arguments: &Arguments, overrides: Overrides) -> anyhow::Result<()> {
    let text = match arguments.command {
        Command::Check => match Settings::load(overrides)?.file {
            Some(path) => format!("{}: ok\n", path.display()),
            None => "no settings file, the defaults are in force: ok\n".to_owned(),
        },
        Command::Show => {
            let mut settings = Settings::load(overrides)?;
            // Where it is kept is a part of what is in force, even if nobody has set it.
            settings.config.state = Some(settings.state()?);
            settings
                .config
                .to_toml()
                .context("can't write these settings as TOML")?
        }
        Command::Default => DEFAULT_FILE.to_owned(),
    };
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .context("can't write to standard output")
}
