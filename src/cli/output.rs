//! What commands print: text for people or JSON for programs, and whether it is coloured.

use std::io::{self, Write};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anyhow::Context;
use clap::ValueEnum;
use serde::Serialize;

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Human,
    /// For programs: one object, whose names stay as they are
    Json,
}

/// Writes `text` to standard output, to its end.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .context("can't write to standard output")
}

/// `report` as `--format json` prints it.
pub(super) fn json(report: &impl Serialize) -> anyhow::Result<String> {
    let text = serde_json::to_string_pretty(report).context("can't write JSON")?;
    Ok(text + "\n")
}

/// Whether what is written to `stream` has colours: on a terminal, unless `NO_COLOR` or `CLICOLOR=0` asks
/// for none (<https://no-color.org>), and elsewhere if `CLICOLOR_FORCE` asks for them. `--help` follows
/// the same rules.
pub(super) fn has_colours(stream: &impl RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}
