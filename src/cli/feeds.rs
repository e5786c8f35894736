//! `tidings feeds`: which feeds there are.

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use super::output::{self, Format};
use super::settings::{Overrides, Settings};
use crate::daemon;
use crate::feed::Format as DocumentFormat;
use crate::site::{Site, View};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Arguments {
    /// How to tell it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

const HELP: &str = "\
Of what was published last; a daemon may be running. Terms can be joined in an address, up to three:
tags/council+harbour/ has the articles with both tags, tags/council,harbour/ those with either.

Examples:
  tidings feeds
  tidings feeds --format json --state /var/lib/tidings";

pub(super) fn run(arguments: &Arguments, overrides: Overrides) -> anyhow::Result<()> {
    let settings = Settings::load(overrides)?;
    let site = daemon::published(&settings.config, &settings.state()?)?;
    let text = match arguments.format {
        Format::Human => human(&site),
        Format::Json => json(&site)?,
    };
    output::print(&text)
}

/// Address, number of entries, last change.
fn human(site: &Site) -> String {
    let rows: Vec<[String; 3]> = site
        .listing()
        .feeds
        .iter()
        .map(|it| {
            let address = site.absolute(&View::newest(it.feed.clone()).path());
            let changed = it.changed.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
            [address, it.entries.to_string(), changed]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let (addresses, counts) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
    let mut text = String::new();
    for [address, count, changed] in &rows {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{address:addresses$}  {count:>counts$}  {changed}");
    }
    text
}

/// What `--format json` prints. Names are only ever added.
#[derive(Serialize)]
struct Report {
    version: u32,
    feeds: Vec<Reported>,
}

#[derive(Serialize)]
struct Reported {
    title: String,
    page: String,
    atom: String,
    rss: String,
    json: String,
    entries: usize,
    changed: String,
}

fn json(site: &Site) -> anyhow::Result<String> {
    let feeds = site.listing().feeds.iter().map(|it| {
        let view = View::newest(it.feed.clone());
        let addresses = site.addresses_of(&view);
        let address = |format: DocumentFormat| format.of(&addresses).to_owned();
        Reported {
            title: it.title.to_string(),
            page: site.absolute(&view.path()),
            atom: address(DocumentFormat::Atom),
            rss: address(DocumentFormat::Rss),
            json: address(DocumentFormat::Json),
            entries: it.entries,
            changed: it.changed.to_string(),
        }
    });
    let report = Report {
        version: 1,
        feeds: feeds.collect(),
    };
    output::json(&report)
}
