//! Tidings and Hugo over the same articles: how long each takes from a file to a feed. See
//! `benches/README.md`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a benchmark asks for the clock, opens files and sockets, and says what it found"
)]

#[allow(dead_code, reason = "other benchmarks need more of it")]
#[path = "../corpus.rs"]
mod corpus;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

/// Measures Tidings against Hugo.
#[derive(Parser)]
struct Options {
    /// Only writes the articles, into this folder
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// How many articles there are
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    articles: usize,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(folder) = options.write {
        corpus::Corpus::new(options.articles).write(&folder, corpus::Article::with_yaml, || ())?;
    }
    Ok(())
}
