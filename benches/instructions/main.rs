//! How many instructions the key paths take, by valgrind's count, against those that are stored beside
//! this. See `benches/README.md`.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads and writes files, and says what it found"
)]

#[allow(dead_code, reason = "others write the corpus to a folder")]
#[path = "../corpus.rs"]
mod corpus;
mod counted;
mod paths;
#[allow(dead_code, reason = "others want more of it")]
#[path = "../published.rs"]
mod published;
mod stored;
mod valgrind;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use rayon::prelude::*;

use self::paths::PATHS;
use self::stored::Stored;

/// Counts instructions.
#[derive(Parser)]
struct Options {
    /// Store what is counted: from now on it may be that much
    #[arg(long)]
    accept: bool,
    /// Just run this path, which valgrind watches
    #[arg(long, hide = true, value_name = "PATH")]
    run: Option<String>,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(name) = options.run {
        let path = PATHS.iter().find(|it| it.name == name);
        return (path.context("no such path")?.run)();
    }
    valgrind::require()?;
    // Beside each other: who else is at work does not change what is counted.
    let counts: Result<BTreeMap<String, u64>> = PATHS
        .par_iter()
        .map(|path| {
            let all = valgrind::count(path)?;
            ensure!(all > 0, "nothing was counted for `{}`", path.name);
            Ok((path.name.to_owned(), all / path.times))
        })
        .collect();
    let now = Stored::new(counts?)?;
    if options.accept {
        return now.write();
    }
    let before = Stored::read()?;
    print!("{}", now.table(&before));
    now.check(&before)
}
