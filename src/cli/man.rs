//! `tidings man`: the manual, a page for each command.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Command, CommandFactory, ValueHint};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::{CommandLine, VERSION, output};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Arguments {
    /// The folder to write into; it is made if it is not there
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: PathBuf,
}

const HELP: &str = "\
Pages have no date but that of the program, so that the same program writes the same pages.

Examples:
  tidings man --out /usr/local/share/man/man1
  tidings man --out man && man man/tidings-ledger-check.1";

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = &arguments.out;
    fs::create_dir_all(folder)
        .with_context(|| format!("can't make the folder {}", folder.display()))?;
    let mut command = CommandLine::command().disable_help_subcommand(true);
    command.build();
    let mut pages = 0;
    write(&command, "tidings", None, folder, &mut pages)?;
    output::print(&format!("{}: {pages} pages\n", folder.display()))
}

/// Writes the page of `command`, which is called `name` and belongs below `parent`, and those of all
/// that lies below it.
fn write(
    command: &Command,
    name: &str,
    parent: Option<&str>,
    folder: &Path,
    pages: &mut usize,
) -> anyhow::Result<()> {
    let path = folder.join(format!("{name}.1"));
    let text = page(command, name, parent).context("can't make a page of the manual")?;
    fs::write(&path, text).with_context(|| format!("can't write {}", path.display()))?;
    *pages += 1;
    for below in command.get_subcommands() {
        let below_name = format!("{name}-{}", below.get_name());
        write(below, &below_name, Some(name), folder, pages)?;
    }
    Ok(())
}

/// A page as `clap_mangen` writes it, but for what stands after the options: it has one section for all
/// of that, in which examples run together.
fn page(command: &Command, name: &str, parent: Option<&str>) -> std::io::Result<Vec<u8>> {
    let bare = command.clone().after_help(None::<&str>);
    // It would have a section by itself; it stands at the foot of each page.
    let bare = bare.version(None::<&str>);
    let man = Man::new(bare)
        .title(name)
        .source(format!("tidings {VERSION}"))
        .manual("Tidings");
    let mut text = Vec::new();
    man.render(&mut text)?;
    let mut rest = Roff::new();
    if let Some(help) = command.get_after_help() {
        after_help(&help.to_string(), &mut rest);
    }
    let below = command.get_subcommands();
    let others = below.map(|below| format!("{name}-{}", below.get_name()));
    let others = parent.map(str::to_owned).into_iter().chain(others);
    let others: Vec<String> = others.map(|other| format!("{other}(1)")).collect();
    rest.control("SH", ["SEE ALSO"])
        .text([roman(others.join(", "))]);
    rest.to_writer(&mut text)?;
    Ok(text)
}

/// What `--help` ends with: blocks with a blank line between them. That of examples stays as it is, line
/// for line, that of exit codes has its own section, and all others flow.
fn after_help(help: &str, page: &mut Roff) {
    let mut is_in_notes = false;
    for block in help.split("\n\n") {
        if let Some(examples) = block.strip_prefix("Examples:\n") {
            page.control("SH", ["EXAMPLES"]).control("nf", []);
            for line in examples.lines() {
                page.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
            }
            page.control("fi", []);
            is_in_notes = false;
        } else if let Some(codes) = block.strip_prefix("Exit codes: ") {
            page.control("SH", ["EXIT STATUS"]);
            page.text([roman(codes)]);
            is_in_notes = false;
        } else {
            if is_in_notes {
                page.control("PP", None);
            } else {
                page.control("SH", ["NOTES"]);
            }
            page.text([roman(block)]);
            is_in_notes = true;
        }
    }
}
