//! `tidings build`: the whole site as files.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueHint};

use super::UsageError;
use super::logging::{self, Verbosity};
use super::output;
use super::progress::{Progress, Scan};
use super::settings::{Overrides, Settings};
use crate::build::{BuildError, Built, Source, Target, build};
use crate::daemon;

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Arguments {
    /// The folder to write into: a new or empty one, or that of an earlier build
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: PathBuf,
}

const HELP: &str = "\
Each file has the bytes that `tidings serve` answers at its address, with .gz, .br and .zst twins.
Only what changed is written, and what is gone from the site is removed. `_redirects` and `_headers` are for hosts
that read them. Ids and dates are kept in the state folder, as by `serve`; a daemon that serves this
state may run, and then what it has published is written.

Examples:
  tidings build --out public --base-url https://example.org/
  tidings build --out /srv/www --entries ~/articles

Not written: feeds of several terms at once, and pages that say that an article was withdrawn.

Exit codes: 0 done, 1 failed, 2 wrong usage or settings.";

pub(super) fn run(
    arguments: &Arguments,
    overrides: Overrides,
    verbosity: Verbosity,
) -> anyhow::Result<()> {
    let settings = Settings::load(overrides)?;
    logging::start(verbosity, &settings.config.log)?;
    let entries = &settings.config.entries;
    if !entries.is_dir() {
        let what = format!(
            "there is no entries folder {}: expected a folder",
            entries.display()
        );
        return Err(UsageError(what).into());
    }
    if settings.config.base_url.is_none() {
        let what = "files need a public address, as feeds name every article by its full URL: set \
                    `base_url` or --base-url, for example https://example.org/";
        return Err(UsageError(what.to_owned()).into());
    }
    let target = Target::open(&arguments.out).map_err(refused)?;
    let options = daemon::Options {
        state: settings.state()?,
        config: settings.config,
        adopt: false,
    };
    let still = daemon::still(options, Arc::new(Scan::new(verbosity)))?;
    let media = still.opener();
    let source = Source {
        site: &still.site,
        documents: &still.documents,
        media: &media,
    };
    let progress = Progress::begin(verbosity);
    let built = build(&source, target, |done, total| {
        progress.tell("files written", done, total);
    });
    drop(progress);
    let Built {
        files,
        written,
        removed,
    } = built.map_err(refused)?;
    let out = arguments.out.display();
    let built = format!("{out}: {files} files, {written} written, {removed} removed\n");
    output::print(&built)
}

/// A folder of somebody else's is a slip of whoever calls.
fn refused(error: BuildError) -> anyhow::Error {
    match error {
        BuildError::NotOurs(_) => UsageError(error.to_string()).into(),
        error => error.into(),
    }
}
