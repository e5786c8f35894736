//! Tidings and nginx, serving the same bytes: what each needs of its CPU. See `benches/README.md`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a benchmark asks for the clock, opens files and sockets, and says what it found"
)]

mod alone;
#[path = "../client.rs"]
mod client;
#[allow(dead_code, reason = "other benchmarks need more of it")]
#[path = "../corpus.rs"]
mod corpus;
#[path = "../feeds.rs"]
mod feeds;
mod load;
#[allow(dead_code, reason = "other benchmarks need more of it")]
#[path = "../meter.rs"]
mod meter;
mod nginx;
mod offered;
mod pairs;
#[path = "../report.rs"]
mod report;
mod rows;
#[allow(dead_code, reason = "other benchmarks need more of it")]
#[path = "../server.rs"]
mod server;
mod site;
#[path = "../statistics.rs"]
mod statistics;
mod tools;

use anyhow::Result;
use clap::Parser;
use serde_json::json;

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
    let Options {
        articles,
        repeats,
        seconds,
        ..
    } = options;
    let note = format!(
        "Seconds are those of the server's CPU for 100,000 requests; the ratio is that of nginx to Tidings.\n\
         {articles} articles, medians of {repeats} pairs of {seconds} s each."
    );
    let setting = Setting {
        other: "nginx",
        note,
        values: json!({ "articles": articles, "repeats": repeats, "seconds": seconds }),
        programs: vec![
            report::version("nginx", "-v"),
            report::version("wrk", "-v"),
            report::version("h2load", "--version"),
        ],
        busy,
    };
    report::publish("serving", &rows, &setting)
}
