//! The figures that are stored in the repository, and what is said of others.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/instructions/stored.json"
);

/// What stores them.
const ACCEPT: &str = "cargo --config benches/instructions/profile.toml bench --profile dev \
     --bench instructions -- --accept";

/// By so many hundredths a path may grow. What chance does to hashed maps is less than one.
const TOLERANCE: f64 = 10.0;

/// Figures, and by what they were counted.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stored {
    compiler: String,
    instructions: BTreeMap<String, u64>,
}

impl Stored {
    /// Figures that were counted just now.
    pub(crate) fn new(instructions: BTreeMap<String, u64>) -> Result<Self> {
        let version = Command::new("rustc").arg("--version").output()?;
        Ok(Self {
            compiler: String::from_utf8(version.stdout)?.trim().to_owned(),
            instructions,
        })
    }

    pub(crate) fn read() -> Result<Self> {
        let text = fs::read_to_string(FILE).context(FILE)?;
        serde_json::from_str(&text).context(FILE)
    }

    pub(crate) fn write(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(FILE, text).context(FILE)?;
        println!("stored in {FILE}");
        Ok(())
    }

    /// The figures beside those of `before`.
    pub(crate) fn table(&self, before: &Self) -> String {
        let mut table = String::new();
        let _ = writeln!(table, "path           stored         now   change");
        for (path, now) in &self.instructions {
            let before = before.instructions.get(path).copied().unwrap_or(0);
            let change = change(before, *now);
            let _ = writeln!(table, "{path:8} {before:12} {now:11} {change:+7.1} %");
        }
        table
    }

    /// An error if any of them has grown beyond the tolerance.
    pub(crate) fn check(&self, before: &Self) -> Result<()> {
        let mut grown = String::new();
        for (path, &now) in &self.instructions {
            let before = before.instructions.get(path).copied().unwrap_or(0);
            let change = change(before, now);
            if change > TOLERANCE {
                let _ = writeln!(
                    grown,
                    "`{path}` took {before} instructions, and now takes {now} ({change:+.1} %)"
                );
            } else if change < -TOLERANCE {
                println!("`{path}` takes less: to keep it so, store that by `{ACCEPT}`");
            }
        }
        if grown.is_empty() {
            return Ok(());
        }
        if self.compiler != before.compiler {
            let _ = writeln!(
                grown,
                "what was stored was compiled by {}, and this by {}",
                before.compiler, self.compiler
            );
        }
        bail!("{grown}expected no more than {TOLERANCE} %; if it is worth that: {ACCEPT}")
    }
}

/// By how many hundredths it is more than before.
#[expect(clippy::cast_precision_loss, reason = "counts of some millions")]
fn change(before: u64, now: u64) -> f64 {
    (now as f64 / before as f64 - 1.0) * 100.0
}
