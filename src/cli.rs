//! The command line: arguments, the settings they lead to, one file a command, and exit codes.

mod build;
mod check;
mod completions;
mod config;
mod confirm;
mod feeds;
mod health;
mod ledger;
mod logging;
mod man;
mod new;
mod output;
mod progress;
mod serve;
mod service;
mod settings;
mod status;
mod why;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::daemon::StartError;
use logging::Verbosity;
use settings::{Overrides, SettingsError};

/// The version and, in a program built from a checkout, its commit: `config/version.rs`.
const VERSION: &str = env!("TIDINGS_VERSION");

/// Publishes a folder of articles as feeds.
///
/// Drop an article into the folder; seconds later every feed reader can have it, as RSS 2.0,
/// Atom 1.0 and JSON Feed. `tidings` alone is `tidings serve`.
#[derive(Debug, Parser)]
#[command(name = "tidings", version = VERSION, after_help = EXAMPLES, subcommand_help_heading = "Commands")]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Arguments,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  tidings                                  serve ./entries on http://127.0.0.1:7373
  tidings --entries ~/news                 serve another folder
  tidings --listen 0.0.0.0:80 --base-url https://example.org/
                                           serve the world
  tidings new \"The lamp is lit\"             begin an article
  tidings check                            what is wrong, or worth a second look
  tidings why entries/lamp.md              is it published, where, and if not, why
  tidings feeds                            which feeds there are
  tidings status                           how the daemon is, and who reads
  tidings build --out public --base-url https://example.org/
                                           the site as files
  tidings confirm-removal                  those many files are meant to be gone
  sudo tidings service install             run from now on, by systemd
  tidings config default > config/tidings.toml
                                           begin a settings file

What a flag does not say, the environment does (TIDINGS_LISTEN for --listen; every setting has its
variable, such as TIDINGS_FEEDS__LIMIT), then the settings file, then the defaults.

Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 75 another daemon serves this state.";

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    verbosity: Verbosity,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the feeds of the entries folder, and publish what changes in it
    Serve(serve::Arguments),
    /// Write the whole site as files, for a server that serves nothing else
    Build(build::Arguments),
    /// Say how the daemon is: what is live and to come, what is not published and why, who reads
    #[command(after_help = status::EXIT_CODES)]
    Status(status::Arguments),
    /// List the feeds: address, number of articles, last change
    Feeds(feeds::Arguments),
    /// Say what is wrong, or worth a second look, in a folder of articles
    Check(check::Arguments),
    /// Say whether and where a file is published, and if not, why and when
    Why(why::Arguments),
    /// Write a new article to begin with, and print its path
    New(new::Arguments),
    /// Say that files which are gone all at once are meant to be gone
    ///
    /// When more than half of the files, and more than 10, vanish at once, the daemon takes it for an
    /// accident and keeps everything published. This tells the daemon that serves this state to
    /// withdraw their entries now.
    #[command(after_help = confirm::EXIT_CODES)]
    ConfirmRemoval,
    /// Say that the machine's clock is right although it leapt ahead
    ///
    /// A clock that is more than a year ahead of the last moment known is not believed, because dates
    /// are given once and for ever. This tells the daemon that serves this state to believe it: after a
    /// year in which the machine was switched off, say.
    #[command(after_help = confirm::EXIT_CODES)]
    ConfirmClock,
    /// Say whether the daemon that serves this state lives, and does its work
    #[command(after_help = health::EXIT_CODES)]
    Health(health::Arguments),
    /// Check, show or begin a settings file
    Config(config::Arguments),
    /// Have systemd run Tidings: install, uninstall, status
    Service(service::Arguments),
    /// Check, copy or rebuild what ids and dates are kept in
    Ledger(ledger::Arguments),
    /// Print what a shell needs to complete command lines
    Completions(completions::Arguments),
    /// Write the manual, a page for each command
    Man(man::Arguments),
}

/// Does what the command line says, and tells how it went.
pub fn run() -> ExitCode {
    let line = match CommandLine::read(std::env::args_os()) {
        Ok(line) => line,
        Err(error) => {
            // --help and --version are such errors, too. Nobody is left to tell of a closed pipe.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match line.run() {
        Ok(is_well) => ExitCode::from(u8::from(!is_well)),
        Err(error) => {
            let told = message(&error);
            if logging::is_for_programs() {
                tracing::error!(target: "tidings", "{told}");
            } else if !is_broken_pipe(&error) {
                let _ = writeln!(io::stderr(), "tidings: {told}");
            }
            ExitCode::from(exit_code(&error))
        }
    }
}

impl CommandLine {
    fn read<T: Into<OsString> + Clone>(
        arguments: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let line = Self::try_parse_from(arguments)?;
        // A flag of `serve` may stand before that word; before another, it would be ignored.
        if line.serve.adopt && !matches!(line.command, None | Some(Command::Serve(_))) {
            return Err(Self::command().error(
                ErrorKind::ArgumentConflict,
                "the argument '--adopt' cannot be used with another command than `serve`",
            ));
        }
        Ok(line)
    }

    /// Returns whether the answer is a good one; only some commands have a bad one that is no error.
    fn run(self) -> anyhow::Result<bool> {
        let Common {
            overrides,
            verbosity,
        } = self.common;
        match self.command {
            None => serve::run(self.serve, overrides, verbosity),
            Some(Command::Serve(arguments)) => {
                serve::run(arguments.or(self.serve), overrides, verbosity)
            }
            Some(Command::Check(arguments)) => return check::run(arguments, overrides, verbosity),
            Some(Command::Why(arguments)) => return why::run(&arguments, overrides, verbosity),
            Some(Command::ConfirmRemoval) => {
                return confirm::run(confirm::What::Removal, overrides);
            }
            Some(Command::ConfirmClock) => return confirm::run(confirm::What::Clock, overrides),
            Some(Command::Service(arguments)) => return service::run(&arguments, overrides),
            Some(Command::Ledger(arguments)) => {
                return ledger::run(&arguments, overrides, verbosity);
            }
            Some(Command::Health(arguments)) => return health::run(&arguments, overrides),
            Some(Command::Build(arguments)) => build::run(&arguments, overrides, verbosity),
            Some(Command::Status(arguments)) => status::run(arguments, overrides),
            Some(Command::Feeds(arguments)) => feeds::run(&arguments, overrides),
            Some(Command::New(arguments)) => new::run(&arguments, overrides),
            Some(Command::Config(arguments)) => config::run(&arguments, overrides),
            Some(Command::Completions(arguments)) => completions::run(&arguments),
            Some(Command::Man(arguments)) => man::run(&arguments),
        }?;
        Ok(true)
    }
}

/// The error and its causes in one line. A cause that its effect already tells is left out.
fn message(error: &anyhow::Error) -> String {
    let mut message = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !message.ends_with(&cause) {
            message.push_str(": ");
            message.push_str(&cause);
        }
    }
    message
}

/// What was asked for can't be done as it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// 2: the caller must change something; 1: something went wrong; a daemon has its own.
fn exit_code(error: &anyhow::Error) -> u8 {
    if let Some(error) = error.downcast_ref::<StartError>() {
        error.exit_code()
    } else if error.is::<SettingsError>() || error.is::<UsageError>() {
        2
    } else {
        // Whoever reads may have read enough: `tidings config default | head -1` has not failed.
        u8::from(!is_broken_pipe(error))
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(line: &str) -> Result<CommandLine, clap::Error> {
        CommandLine::read(line.split(' '))
    }

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn flags_mean_the_same_with_and_without_the_word_serve() {
        for line in [
            "tidings -v --entries e --adopt --listen [::1]:0 --base-url https://a.example",
            "tidings serve -v --entries e --adopt --listen [::1]:0 --base-url https://a.example",
            "tidings -v --entries e --adopt serve --listen [::1]:0 --base-url https://a.example",
        ] {
            let line = parse(line).unwrap();
            let overrides = &line.common.overrides;
            assert_eq!(overrides.entries.as_deref(), Some(Path::new("e")));
            assert_eq!(overrides.listen[0].to_string(), "[::1]:0");
            let base_url = overrides.base_url.as_ref().unwrap();
            assert_eq!(base_url.as_str(), "https://a.example/");
            let adopt = match line.command {
                Some(Command::Serve(arguments)) => arguments.or(line.serve).adopt,
                _ => line.serve.adopt,
            };
            assert!(adopt);
        }
    }

    #[test]
    fn wrong_flags_are_refused_and_the_error_tells_what_would_be_right() {
        let check = |line: &str, expected: &str| {
            let error = parse(line).expect_err(line).to_string();
            assert!(error.contains(expected), "{line}: {error}");
        };
        check("tidings --listen 80", "expected for example 127.0.0.1:7373");
        check("tidings --base-url a.example", "expected for example https");
        check("tidings --lissen x", "--listen");
        check("tidings serv", "serve");
        check("tidings -v -q", "cannot be used with");
        check("tidings --adopt config check", "cannot be used with");
    }

    #[test]
    fn errors_tell_their_causes_once() {
        let error = anyhow::Error::new(io::Error::other("no such disk")).context("can't read `a`");
        assert_eq!(message(&error), "can't read `a`: no such disk");
        assert_eq!(exit_code(&error), 1);
        let error = anyhow::Error::new(SettingsError::NoStateFolder);
        assert_eq!(exit_code(&error), 2);
        let error = anyhow::Error::new(UsageError("no such file".to_owned()));
        assert_eq!(
            (message(&error).as_str(), exit_code(&error)),
            ("no such file", 2)
        );
    }
}
