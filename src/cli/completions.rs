//! `tidings completions`: what a shell must know to complete a command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{CommandLine, output};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

const HELP: &str = "\
Examples:
  tidings completions bash > ~/.local/share/bash-completion/completions/tidings
  tidings completions zsh > ~/.zfunc/_tidings
  tidings completions fish > ~/.config/fish/completions/tidings.fish
  tidings completions elvish >> ~/.config/elvish/rc.elv
  tidings completions powershell >> $PROFILE

For zsh, ~/.zfunc has to be in fpath before compinit is called.";

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut script = Vec::new();
    let mut command = CommandLine::command();
    clap_complete::generate(arguments.shell, &mut command, "tidings", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
