//! `tidings why`: whether and where a file is published, and if not, why and when.

use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueHint};
use serde::Serialize;

use super::UsageError;
use super::check::{Looked, Reported, look, source};
use super::logging::Verbosity;
use super::output::{self, Format, has_colours};
use super::progress::Progress;
use super::settings::Overrides;
use crate::check::{Code, Severity, draw, why};
use crate::daemon;
use crate::entry::FolderPath;
use crate::folder::scan::Folder;

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Arguments {
    /// The file: as it is seen from here, or from the entries folder
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// How to tell it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

const HELP: &str = "\
Nothing is changed, and a daemon may be running.

Examples:
  tidings why entries/lamp.md
  tidings why harbour/lamp.md --entries ~/articles
  tidings why entries/lamp.md --format json

Exit codes: 0 it is published, 1 it is not, 2 wrong usage or settings.";

/// What `--format json` prints. Names are only ever added.
#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    file: &'a str,
    published: bool,
    sentences: &'a [String],
    warnings: Vec<Reported<'a>>,
}

/// Returns whether it is published.
pub(super) fn run(
    arguments: &Arguments,
    overrides: Overrides,
    verbosity: Verbosity,
) -> anyhow::Result<bool> {
    let progress = Progress::begin(verbosity);
    let looked = look(overrides, &progress)?;
    let path = find(&looked.folder, &arguments.file)?;
    let now = daemon::now();
    let site = looked.site(now)?;
    let Looked {
        settings,
        folder,
        review,
    } = looked;
    let config = &settings.config;
    let answer = why(&folder, &path, &review, &site, now, &config.timezone);
    let warnings = review.findings.iter();
    // What waits was told in a sentence already.
    let warnings = warnings.filter(|it| {
        it.severity == Severity::Warning && it.file == path.as_str() && it.code != Code::PendingLine
    });
    let text = match arguments.format {
        Format::Human => {
            let source = source(&folder, path.as_str());
            let mut text = answer.sentences.join("\n");
            text.push('\n');
            for finding in warnings {
                text.push('\n');
                text.push_str(&draw(
                    finding,
                    source.as_deref(),
                    has_colours(&io::stdout()),
                ));
                text.push('\n');
            }
            text
        }
        Format::Json => output::json(&Report {
            version: 1,
            file: path.as_str(),
            published: answer.is_published,
            sentences: &answer.sentences,
            warnings: warnings.map(Reported::from).collect(),
        })?,
    };
    drop(progress);
    output::print(&text)?;
    Ok(answer.is_published)
}

/// The path in the folder that `file` means: as seen from here, else as seen from the folder.
fn find(folder: &Folder, file: &Path) -> anyhow::Result<FolderPath> {
    let here = plain(&std::path::absolute(file).context("the file has no path")?);
    let root = plain(folder.root());
    let inside = |path: &Path| {
        let below = path.strip_prefix(&root).ok()?;
        FolderPath::new(&below.to_str()?.replace(std::path::MAIN_SEPARATOR, "/"))
    };
    if let Some(path) = inside(&here) {
        return Ok(path);
    }
    // Somebody may have come here through a link.
    if let (Ok(real), Ok(root)) = (here.canonicalize(), root.canonicalize())
        && let Ok(below) = real.strip_prefix(root)
        && let Some(path) = below.to_str().and_then(FolderPath::new)
    {
        return Ok(path);
    }
    if file.is_relative()
        && let Some(path) = inside(&plain(&root.join(file)))
    {
        return Ok(path);
    }
    Err(UsageError(format!(
        "{} does not lie in the entries folder {}: expected a file in it",
        file.display(),
        root.display()
    ))
    .into())
}

/// `path` without `.` and `..`, as far as its text tells.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}
