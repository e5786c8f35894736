//! `tidings config`: is a settings file right, what is in force, and a file to begin with.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::output::{self, Format};
use super::settings::{Overrides, Settings};
use crate::config::{Config, DEFAULT_FILE};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const HELP: &str = "\
Examples:
  tidings config default > config/tidings.toml
  tidings config check --config /etc/tidings/tidings.toml
  TIDINGS_FEEDS__LIMIT=20 tidings config show

Exit codes: 0 done, 1 failed, 2 the settings are wrong.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Say whether the settings are right, and if not, where
    Check,
    /// Print the settings in force: flags, environment, file and defaults together
    Show {
        /// How to print them: as a settings file, or as JSON
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Print a settings file with every key, its default and why one would change it
    Default,
}

/// What `show --format json` prints. Names are only ever added.
#[derive(Serialize)]
struct Report {
    version: u32,
    /// The file that was read.
    file: Option<PathBuf>,
    /// With the keys of a settings file; one without a value is null.
    settings: Config,
}

pub(super) fn run(arguments: &Arguments, overrides: Overrides) -> anyhow::Result<()> {
    let text = match arguments.command {
        Command::Check => match Settings::load(overrides)?.file {
            Some(path) => format!("{}: ok\n", path.display()),
            None => "no settings file, the defaults are in force: ok\n".to_owned(),
        },
        Command::Show { format } => {
            let mut settings = Settings::load(overrides)?;
            // Where it is kept is a part of what is in force, even if nobody has set it.
            settings.config.state = Some(settings.state()?);
            match format {
                Format::Human => settings
                    .config
                    .to_toml()
                    .context("can't write these settings as TOML")?,
                Format::Json => output::json(&Report {
                    version: 1,
                    file: settings.file,
                    settings: settings.config,
                })?,
            }
        }
        Command::Default => DEFAULT_FILE.to_owned(),
    };
    output::print(&text)
}
