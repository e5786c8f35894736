//! Every command in the README does what the README says.
//!
//! The blocks fenced as `sh` run in order, in a copy of the repository's `config/` and `entries/`,
//! in a home of their own. Three things are as in no reader's terminal: `cargo run --release` is the
//! program that cargo has built already, `cargo test` is this very run and only compared to what
//! `.ci/run` calls, and the program listens on a free port, which stands for the default address in
//! the blocks that follow.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;

use crate::support::{
    Running, bare, copy_folder, eventually, program, repository, tools_are_required,
};

/// How long a block may take until it has worked.
const PATIENCE: Duration = Duration::from_secs(20);

/// The address in the README.
const DEFAULT_ADDRESS: &str = "127.0.0.1:7373";

/// What a block is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `cargo test`.
    Tests,
    /// Its last line starts the program, which then runs until it is told to end.
    Serves,
    /// It only asks, and may ask again until the program has caught up.
    Asks,
    /// It does something, once.
    Does,
}

fn kind_of(block: &str) -> Kind {
    let lines = || {
        block
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
    };
    let last = lines().next_back().unwrap_or_default();
    if lines().all(|line| line == "cargo test") {
        Kind::Tests
    } else if last.starts_with("cargo run --release") || last.starts_with("tidings serve") {
        Kind::Serves
    } else if lines().all(|line| line.starts_with("curl ")) {
        Kind::Asks
    } else {
        Kind::Does
    }
}

/// The insides of the `sh` fences of a Markdown text.
fn sh_blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in markdown.lines() {
        match (&mut open, line) {
            (None, "```sh") => open = Some(String::new()),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), line) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

/// A machine with nothing but the repository, `cargo` and, once installed, `tidings`.
struct Machine {
    home: TempDir,
}

impl Machine {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let here = home.path().join("tidings");
        for folder in ["config", "entries"] {
            copy_folder(&repository().join(folder), &here.join(folder));
        }
        let bin = home.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let tidings = program();
        std::os::unix::fs::symlink(&tidings, bin.join("tidings")).unwrap();
        let cargo = bin.join("cargo");
        let script = format!(
            "#!/bin/sh\nif [ \"$1 $2\" != 'run --release' ]; then exit 64; fi\nshift 2\n\
             if [ \"${{1-}}\" = -- ]; then shift; fi\nexec '{}' \"$@\"\n",
            tidings.display()
        );
        fs::write(&cargo, script).unwrap();
        fs::set_permissions(cargo, fs::Permissions::from_mode(0o755)).unwrap();
        Self { home }
    }

    fn shell(&self, script: &str) -> Command {
        let home = self.home.path();
        let inherited = std::env::var("PATH").unwrap_or_default();
        let mut shell = bare("sh", home);
        shell
            .env(
                "PATH",
                format!("{}:{inherited}", home.join("bin").display()),
            )
            .env("TIDINGS_LISTEN", "127.0.0.1:0")
            .env("no_proxy", "127.0.0.1")
            .current_dir(home.join("tidings"))
            .args(["-euc", script]);
        shell
    }

    fn run(&self, script: &str) -> Output {
        self.shell(script).output().unwrap()
    }

    /// Runs a block that ends by starting the program; the program takes the shell's place.
    fn serve(&self, block: &str) -> Running {
        let (before, last) = block.trim_end().rsplit_once('\n').unwrap_or(("", block));
        Running::spawn(&mut self.shell(&format!("{before}\nexec {}", last.trim())))
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_command_works() {
    let machine = Machine::new();
    if !machine.run("command -v curl").status.success() {
        let required = tools_are_required();
        assert!(!required, "curl is missing");
        eprintln!("skipped: the README's commands fetch with curl, which is not installed");
        return;
    }
    let mut serving: Option<Running> = None;
    for block in sh_blocks(&read("README.md")) {
        let address = serving.as_ref().map(|running| running.address.to_string());
        let script = block.replace(
            DEFAULT_ADDRESS,
            address.as_deref().unwrap_or(DEFAULT_ADDRESS),
        );
        match kind_of(&block) {
            Kind::Tests => {}
            Kind::Serves => {
                end(serving.take());
                serving = Some(machine.serve(&script));
            }
            Kind::Asks => eventually(&block, PATIENCE, || {
                machine.run(&script).status.success().then_some(())
            }),
            Kind::Does => {
                let output = machine.run(&script);
                assert!(output.status.success(), "{block}\n{output:?}");
            }
        }
    }
    assert!(serving.is_some(), "the README starts the program");
    end(serving);
}

fn end(serving: Option<Running>) {
    if let Some(mut running) = serving {
        let status = running.stop();
        assert!(status.success(), "{status}");
    }
}

#[test]
fn the_two_commands_are_there() {
    let blocks = sh_blocks(&read("README.md"));
    for command in ["cargo run --release", "cargo test"] {
        let alone = blocks.iter().any(|block| block.trim_end() == command);
        assert!(alone, "`{command}` has no block of its own");
    }
    let ci = read(".ci/run");
    let called = ci
        .lines()
        .filter_map(|line| line.trim().strip_prefix("stage "))
        .any(|stage| stage.ends_with(" cargo test"));
    assert!(
        called,
        ".ci/run has no stage that is `cargo test` and nothing else"
    );
}

#[test]
fn blocks_are_told_apart() {
    let markdown = "a\n```sh\ncargo test\n```\n```\nno\n```\n```sh\nmkdir x\ntidings serve\n```\n";
    let blocks = sh_blocks(markdown);
    assert_eq!(blocks, ["cargo test\n", "mkdir x\ntidings serve\n"]);
    let kinds = |blocks: &[&str]| {
        blocks
            .iter()
            .map(|block| kind_of(block))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        kinds(&[
            "cargo test\n",
            "mkdir x\ntidings serve\n",
            "# look\ncurl -s x\n",
            "cp a b\n"
        ]),
        [Kind::Tests, Kind::Serves, Kind::Asks, Kind::Does]
    );
}
