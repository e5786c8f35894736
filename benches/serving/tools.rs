//! The foreign programs, all from Debian, and how many cores and files they may have.

use std::process::Command;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A thousand connections, on either side.
const FILES: u64 = 4096;

/// Each program with its package.
const PROGRAMS: [(&str, &str); 4] = [
    ("nginx", "nginx"),
    ("wrk", "wrk"),
    ("h2load", "nghttp2-client"),
    ("taskset", "util-linux"),
];

/// Sees to it that everything is there, or says what to do.
pub(crate) fn require(may_install: bool) -> Result<()> {
    let cores = thread::available_parallelism()?.get();
    ensure!(
        cores >= 2,
        "one core for the servers and one for the load: there is only {cores}"
    );
    let missing = missing();
    if !missing.is_empty() {
        let mut words = vec!["apt-get", "install", "--no-install-recommends", "--yes"];
        words.extend(missing);
        let line = words.join(" ");
        ensure!(
            may_install,
            "programs are missing: run `{line}` as root, or this with --install"
        );
        let status = Command::new(words[0]).args(&words[1..]).status();
        let status = status.with_context(|| format!("`{line}` can't be run"))?;
        ensure!(status.success(), "`{line}`: {status}");
        if !self::missing().is_empty() {
            bail!("`{line}` has not brought {}", self::missing().join(" "));
        }
    }
    let files = getrlimit(Resource::Nofile);
    ensure!(
        files.maximum.is_none_or(|most| most >= FILES),
        "a process may have no more than {:?} open files: {FILES} are needed (ulimit -Hn)",
        files.maximum
    );
    let most = Rlimit {
        current: files.maximum,
        ..files
    };
    setrlimit(Resource::Nofile, most).context("the limit of open files can't be raised")
}

fn missing() -> Vec<&'static str> {
    // nginx is where only root looks, and so may not be in the PATH.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there =
        |program: &str| std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
    let missing = PROGRAMS.iter().filter(|(program, _)| !is_there(program));
    missing.map(|&(_, package)| package).collect()
}
