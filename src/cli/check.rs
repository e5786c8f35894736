//! `tidings check`: what a writer should know of a folder.

mod judge;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueHint};
use jiff::Timestamp;
use serde::Serialize;

use super::UsageError;
use super::logging::Verbosity;
use super::output::{self, Format, has_colours};
use super::progress::{Progress, Stderr};
use super::settings::{Overrides, Settings};
use crate::check::{Code, Finding, Known, Review, Severity, Step, draw, review};
use crate::daemon;
use crate::entry::parse::text_of;
use crate::entry::{Address, FolderPath};
use crate::folder::names::Names;
use crate::folder::scan::Folder;
use crate::ledger::Ledger;
use crate::site::{Kept, Site};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Arguments {
    /// The folder to look at, instead of the one in the settings
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: Option<PathBuf>,
    /// How to tell it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Let warnings count as errors, for the exit code
    #[arg(long)]
    strict: bool,
}

const HELP: &str = r#"Also judges the feeds that would be published by the rules of the W3C's feed validator. Nothing is
changed, and a daemon may be running.

Examples:
  tidings check
  tidings check ~/articles --strict
  tidings check --format json | jq -r '.findings[] | "\(.file):\(.line): \(.message)"'

Exit codes: 0 nothing is wrong (with --strict, not even a warning), 1 something is,
2 wrong usage or settings."#;

/// A folder and what a look at it found.
pub(super) struct Looked {
    pub(super) settings: Settings,
    pub(super) folder: Folder,
    pub(super) review: Review,
}

/// Looks at the folder of the settings.
pub(super) fn look(overrides: Overrides, progress: &Progress) -> anyhow::Result<Looked> {
    let settings = Settings::load(overrides)?;
    let config = &settings.config;
    let root = std::path::absolute(&config.entries).context("the entries folder has no path")?;
    let names = Names::new(&config.ignore).context("`ignore` holds what is no glob")?;
    let folder = Folder::new(root, names, config.limits.entry_bytes);
    if !folder.root().is_dir() {
        return Err(UsageError(format!(
            "there is no entries folder {}: expected a folder",
            folder.root().display()
        ))
        .into());
    }
    progress.tell("reading the ledger", 0, 0);
    let known = known(&settings, &folder);
    let tell = |step, done, all| progress.tell(words(step), done, all);
    let conventions = daemon::conventions(config);
    let review = review(&folder, conventions, known, daemon::now(), &tell)
        .with_context(|| format!("can't look into {}", folder.root().display()))?;
    Ok(Looked {
        settings,
        folder,
        review,
    })
}

fn words(step: Step) -> &'static str {
    match step {
        Step::Walk => "listing the folder",
        Step::Reading => "files read",
        Step::Publishing => "working out what would be published",
        Step::Entries => "entries looked at",
    }
}

impl Looked {
    /// The site that would be published, at the moment `now`.
    pub(super) fn site(&self, now: Timestamp) -> anyhow::Result<Site> {
        let config = &self.settings.config;
        let base = match &config.base_url {
            Some(base) => base.clone(),
            None => Address::parse(&config.local_base_url(None))?,
        };
        let settings = daemon::site_settings(config, base);
        Ok(Site::new(
            settings,
            now,
            &self.review.catalogue,
            &Kept::default(),
            now,
        ))
    }
}

/// What the folder's ledger knows, if it has one. That it can't be read is told, and no reason to stop.
fn known(settings: &Settings, folder: &Folder) -> Option<Known> {
    let state = settings.state().ok()?;
    match Ledger::peek(&state, folder.root()) {
        Ok(found) => found.map(|(site, stored)| Known { site, stored }),
        Err(error) => {
            let mut cause = String::new();
            if let Some(source) = std::error::Error::source(&error) {
                cause = format!(": {source}");
            }
            let line = format!("tidings: {error}{cause}; going on without former titles and ids\n");
            let _ = Stderr.write_all(line.as_bytes());
            None
        }
    }
}

/// Returns whether all is well.
pub(super) fn run(
    arguments: Arguments,
    mut overrides: Overrides,
    verbosity: Verbosity,
) -> anyhow::Result<bool> {
    overrides.entries = arguments.folder.or(overrides.entries);
    let progress = Progress::begin(verbosity);
    let mut looked = look(overrides, &progress)?;
    progress.tell("judging the feeds", 0, 0);
    judge::documents(&mut looked)?;
    let text = match arguments.format {
        Format::Human => human(&looked),
        Format::Json => json(&looked)?,
    };
    drop(progress);
    output::print(&text)?;
    let review = &looked.review;
    let is_well = review.count(Severity::Error) == 0
        && (!arguments.strict || review.count(Severity::Warning) == 0);
    Ok(is_well)
}

fn human(looked: &Looked) -> String {
    let Looked { folder, review, .. } = looked;
    let mut sources: HashMap<&str, Option<String>> = HashMap::new();
    let mut text = String::new();
    for finding in &review.findings {
        let source = sources
            .entry(&finding.file)
            .or_insert_with(|| source(folder, &finding.file));
        text.push_str(&draw(
            finding,
            source.as_deref(),
            has_colours(&io::stdout()),
        ));
        text.push_str("\n\n");
    }
    let errors = review.count(Severity::Error);
    let warnings = review.count(Severity::Warning);
    let files = counted(review.files, "file");
    let summary = if errors + warnings == 0 {
        format!("{files}: all is well\n")
    } else {
        let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
        format!("{files}: {errors}, {warnings}\n")
    };
    text + &summary
}

/// The text of a file, as far as it is text.
pub(super) fn source(folder: &Folder, file: &str) -> Option<String> {
    let path = FolderPath::new(file)?;
    if path.is_recording() {
        return None;
    }
    let (bytes, _) = folder.read(&path).ok()?;
    let lossy = || String::from_utf8_lossy(&bytes).into_owned();
    Some(text_of(&bytes).unwrap_or_else(|_| lossy()))
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// What `--format json` prints. Names are only ever added.
#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    folder: String,
    files: usize,
    errors: usize,
    warnings: usize,
    findings: Vec<Reported<'a>>,
}

#[derive(Serialize)]
pub(super) struct Reported<'a> {
    severity: Severity,
    code: Code,
    file: &'a str,
    line: u32,
    column: u32,
    message: &'a str,
    suggestions: &'a [String],
}

impl<'a> From<&'a Finding> for Reported<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            severity: finding.severity,
            code: finding.code,
            file: &finding.file,
            line: finding.problem.line,
            column: finding.problem.column,
            message: &finding.problem.message,
            suggestions: &finding.suggestions,
        }
    }
}

fn json(looked: &Looked) -> anyhow::Result<String> {
    let review = &looked.review;
    let findings = review.findings.iter().map(Reported::from);
    let report = Report {
        version: 1,
        folder: looked.folder.root().display().to_string(),
        files: review.files,
        errors: review.count(Severity::Error),
        warnings: review.count(Severity::Warning),
        findings: findings.collect(),
    };
    output::json(&report)
}
