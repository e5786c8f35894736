//! `tidings ledger`: is it whole, a copy of it, and a new one from its mirror.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand, ValueHint};
use serde::Serialize;

use super::logging::Verbosity;
use super::output::{self, Format};
use super::progress::Progress;
use super::settings::{Overrides, Settings};
use crate::daemon::StartError;
use crate::ledger::{Checked, Ledger, Step};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a complete, checked copy of the ledger to a new file
    #[command(after_help = BACKUP_HELP)]
    Backup {
        /// The file to make; one that is there is not overwritten
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Look at every page, row and text of the ledger, and at its mirror
    #[command(after_help = CHECK_HELP)]
    Check {
        /// How to tell it
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Set the ledger aside, and make a new one from its mirror
    #[command(after_help = REBUILD_HELP)]
    Rebuild,
}

const BACKUP_HELP: &str = "\
A daemon may serve and publish meanwhile: the copy is the ledger at one moment.

Examples:
  tidings ledger backup /var/backups/tidings-$(date +%F).sqlite
  tidings ledger backup copy.sqlite --state /var/lib/tidings

To go back to a copy, stop the daemon, remove ledger.sqlite and what is named like it from the state
folder, and put the copy there as ledger.sqlite. Elsewhere, start with --adopt.";

const CHECK_HELP: &str = "\
Nothing is changed, and a daemon may be running.

Examples:
  tidings ledger check
  tidings ledger check --format json --state /var/lib/tidings

Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage or settings.";

const REBUILD_HELP: &str = "\
A daemon does this by itself when it finds damage; this is for when you know better. The old files are
kept in a folder damaged-1, damaged-2, … in the state folder.

Examples:
  tidings ledger rebuild
  tidings ledger rebuild --entries ~/articles --state /var/lib/tidings

Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 75 a daemon is running.";

/// Returns whether all is well.
pub(super) fn run(
    arguments: &Arguments,
    overrides: Overrides,
    verbosity: Verbosity,
) -> anyhow::Result<bool> {
    let settings = Settings::load(overrides)?;
    let state = settings.state()?;
    let progress = Progress::begin(verbosity);
    let tell = |step, done, all| progress.tell(words(step), done, all);
    let mut is_well = true;
    let text = match &arguments.command {
        Command::Backup { file } => {
            let entries = Ledger::backup(&state, file, &tell).map_err(StartError::Ledger)?;
            format!("{}: {entries} entries, checked\n", file.display())
        }
        Command::Check { format } => {
            let checked = Ledger::check(&state, &tell).map_err(StartError::Ledger)?;
            is_well = checked.findings.is_empty();
            match format {
                Format::Human => human(&checked),
                Format::Json => json(&checked)?,
            }
        }
        Command::Rebuild => {
            let entries = std::path::absolute(&settings.config.entries)
                .context("the entries folder has no path")?;
            let restored = Ledger::rebuild(&state, &entries, &tell).map_err(StartError::Ledger)?;
            format!("{restored}\n")
        }
    };
    drop(progress);
    output::print(&text)?;
    Ok(is_well)
}

fn words(step: Step) -> &'static str {
    match step {
        Step::Rows => "rows proved",
        Step::Pages => "looking at pages and indexes",
        Step::Texts => "texts proved",
        Step::Mirror => "reading the mirror",
        Step::Copy => "copying the ledger",
        Step::Salvage => "looking for what is sound",
        Step::Writing => "rows and texts written",
    }
}

fn human(checked: &Checked) -> String {
    let Checked { entries, findings } = checked;
    if findings.is_empty() {
        return format!("{entries} entries: all is well\n");
    }
    let mut text = String::new();
    for finding in findings {
        text.push_str("error: ");
        text.push_str(finding);
        text.push('\n');
    }
    text
}

/// What `--format json` prints. Names are only ever added.
#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    entries: usize,
    findings: &'a [String],
}

fn json(checked: &Checked) -> anyhow::Result<String> {
    let report = Report {
        version: 1,
        entries: checked.entries,
        findings: &checked.findings,
    };
    output::json(&report)
}
