//! This very program, watched by valgrind's callgrind.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::paths::KeyPath;

/// How it has to be built: what other settings make of the same source takes another number.
const PROFILE: &str = "benches/instructions/profile.toml";

/// What is set by that file alone.
const BUILT: &str = "TIDINGS_BUILT_TO_BE_COUNTED";

/// Says what is missing, if anything is.
pub(crate) fn require() -> Result<()> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "what is stored was counted on Linux, for x86_64: expected such a machine"
    );
    ensure!(
        std::env::var_os(BUILT).is_some() && !cfg!(debug_assertions),
        "this was built with other settings: expected `cargo --config {PROFILE} bench --profile dev`"
    );
    let version = Command::new("valgrind").arg("--version").output();
    version.context("valgrind can't be run: expected Debian's package `valgrind`")?;
    Ok(())
}

/// How many instructions the function of `path` takes, all its runs together.
pub(crate) fn count(path: &KeyPath) -> Result<u64> {
    let folder = tempfile::tempdir()?;
    let counts = folder.path().join("counts");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!(
            "--toggle-collect=instructions::counted::{}",
            path.function
        ))
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(std::env::current_exe()?)
        .args(["--run", path.name])
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("valgrind ended with {}: {said}", output.status);
    }
    let counts = fs::read_to_string(counts)?;
    let totals = counts.lines().find_map(|line| line.strip_prefix("totals:"));
    let totals = totals.context("valgrind wrote no totals")?;
    Ok(totals.trim().parse()?)
}
