//! Tidings and nginx, serving the same bytes: what each needs of its CPU. See `benches/README.md`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a benchmark asks for the clock, opens files and sockets, and says what it found"
)]

mod alone;
mod client;
#[path = "../corpus.rs"]
mod corpus;
mod load;
mod meter;
mod offered;
mod pairs;
mod report;
mod rows;
mod server;
mod site;
mod tools;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Parser;

use self::report::Setting;

/// Measures Tidings against nginx.
#[derive(Parser)]
struct Options {
    /// Only rows with one of these in their names
    rows: Vec<String>,
    /// How long each load lasts
    #[arg(long, value_name = "N", default_value_t = 1)]
    seconds: u32,
    /// How many pairs of loads a row has
    #[arg(long, value_name = "N", default_value_t = 5)]
    repeats: usize,
    /// How many articles there are
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    articles: usize,
    /// Install missing programs with apt-get
    #[arg(long)]
    install: bool,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    tools::require(options.install)?;
    let folder = server::folder_for_all()?;
    let busy = report::busy();
    let rows = rows::measure(&options, folder.path())?;
    let setting = Setting {
        articles: options.articles,
        repeats: options.repeats,
        seconds: options.seconds,
        busy,
    };
    let table = report::markdown(&rows, &setting);
    let json = serde_json::to_string_pretty(&report::json(&rows, &setting))?;
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let target = target.context("the target folder has no parent")?;
    fs::write(target.join("serving.md"), &table)?;
    fs::write(target.join("serving.json"), json + "\n")?;
    println!("\n{table}");
    Ok(())
}
