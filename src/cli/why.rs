//! `tidings why`: whether and where a file is published, and if not, why and when.

use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::UsageError;
use super::check::{Looked, has_colours, look, source};
use super::settings::Overrides;
use crate::check::{Code, Severity, draw, why};
use crate::daemon;
use crate::entry::FolderPath;
use crate::folder::scan::Folder;

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 it is published, 1 it is not, 2 wrong usage or settings.")]
pub(super) struct Arguments {
    /// The file: as it is seen from here, or from the entries folder
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Returns whether it is published.
pub(super) fn run(arguments: &Arguments, overrides: Overrides) -> anyhow::Result<bool> {
    let looked = look(overrides)?;
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
    let mut text = answer.sentences.join("\n");
    text.push('\n');
    let warnings = review.findings.iter();
    // What waits was told in a sentence already.
    let warnings = warnings.filter(|it| {
        it.severity == Severity::Warning && it.file == path.as_str() && it.code != Code::PendingLine
    });
    for finding in warnings {
        let source = source(&folder, path.as_str());
        text.push('\n');
        text.push_str(&draw(finding, source.as_deref(), has_colours()));
        text.push('\n');
    }
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .context("can't write to standard output")?;
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
