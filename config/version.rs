//! Build script: which version `tidings --version` tells.
//!
//! In a git checkout it ends with the commit and its date, `0.1.0 (8f3c4711d0 2026-11-26)`; in a tarball
//! it is that of `Cargo.toml` alone. A build without `.git` that knows its commit all the same (a container)
//! says so in `TIDINGS_COMMIT`. Nothing comes from the clock, so that the same source makes the same program.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;

fn main() -> io::Result<()> {
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&root);
    let mut told = String::from("cargo:rerun-if-env-changed=TIDINGS_COMMIT\n");
    // Without a path that is watched, every change of any file would run this again.
    told.push_str("cargo:rerun-if-changed=config/version.rs\n");
    let stated = std::env::var("TIDINGS_COMMIT").ok();
    let commit = stated
        .filter(|it| !it.trim().is_empty())
        .or_else(|| from_git(root, &mut told));
    let mut version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    if let Some(commit) = commit {
        // Writing to a String can't fail.
        let _ = write!(version, " ({})", commit.trim());
    }
    let _ = writeln!(told, "cargo:rustc-env=TIDINGS_VERSION={version}");
    io::stdout().write_all(told.as_bytes())
}

/// The commit that is checked out at `root`, and (in `told`) the files that change when another one is.
/// A folder inside of somebody else's checkout has none.
fn from_git(root: &Path, told: &mut String) -> Option<String> {
    if !root.join(".git").exists() {
        return None;
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .arg("-C")
            .arg(root)
            .args(arguments)
            // A hook that builds has these set, and they may mean another repository.
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()
    };
    // The log of HEAD has a line for every commit and checkout. Where it is switched off, HEAD and
    // what it names must do. A file that is not there would have the script run each time.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]).unwrap_or_default();
    for name in ["logs/HEAD", "HEAD", "packed-refs", branch.trim()] {
        let path = git(&["rev-parse", "--git-path", name]).unwrap_or_default();
        let path = root.join(path.trim());
        if !name.is_empty() && path.is_file() {
            let _ = writeln!(told, "cargo:rerun-if-changed={}", path.display());
        }
    }
    // So many digits, however many commits there are: git's own choice differs from clone to clone.
    git(&[
        "log",
        "-1",
        "--abbrev=10",
        "--date=format:%Y-%m-%d",
        "--format=%h %cd",
    ])
}
