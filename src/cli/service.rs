//! `tidings service`: systemd has Tidings run, at every start of the machine or of its user's session.

mod machine;
mod status;
mod units;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use self::machine::{Machine, say};
use self::units::{HOME, Start};
use super::UsageError;
use super::settings::{Overrides, Settings};
use crate::config::{Config, DEFAULT_FILE};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the units, and start the service now and ever after
    #[command(after_help = INSTALL_HELP)]
    Install {
        #[command(flatten)]
        to: To,
        /// The program that the service runs, instead of this one
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
    /// Stop the service, and remove what `install` wrote
    #[command(after_help = UNINSTALL_HELP)]
    Uninstall {
        #[command(flatten)]
        to: To,
    },
    /// Say whether the service runs, and what it says of itself
    #[command(after_help = "Exit codes: 0 it runs, 1 it does not, 2 there is no systemd.")]
    Status {
        /// The service of the user who asks
        #[arg(long)]
        user: bool,
    },
}

#[derive(Clone, Debug, Args)]
struct To {
    /// A service of the user who asks, not of the machine: it needs no root, and may read what lies in the
    /// user's home
    #[arg(long)]
    user: bool,
    /// Into the files of another machine, which lie below this folder; nothing is started
    #[arg(long, value_name = "DIR", conflicts_with = "user")]
    root: Option<PathBuf>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl To {
    fn machine(&self) -> Machine {
        Machine {
            is_user: self.user,
            root: self.root.clone(),
            is_rehearsal: self.dry_run,
        }
    }
}

const INSTALL_HELP: &str = "\
What --entries, --listen, --base-url and --config say here is what the service is started with.

The service of the machine reads /etc/tidings/tidings.toml, which is made if it is not there, publishes
/srv/tidings/entries, which members of the group `tidings` may write to, and keeps its state in
/var/lib/tidings. That of a user works in the folder where this is run, as `tidings` does there, and
with the same state.

Examples:
  sudo tidings service install --base-url https://example.org/
  tidings service install --user --entries ~/articles
  tidings service install --dry-run";

const UNINSTALL_HELP: &str = "Articles, settings, ids and dates stay.";

/// The settings of the machine's service.
const SETTINGS: &str = "/etc/tidings/tidings.toml";

/// Both units, the service first.
const UNITS: [&str; 2] = ["tidings.service", "tidings.socket"];

/// What makes the group and the folder of the machine's service.
const BESIDE: [&str; 2] = [
    "/etc/sysusers.d/tidings.conf",
    "/etc/tmpfiles.d/tidings.conf",
];

/// Where the service of the machine can't look: homes are closed to it, and it has temporary folders of its
/// own.
const HIDDEN: [&str; 5] = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

/// Returns whether the answer is a good one.
pub(super) fn run(arguments: &Arguments, overrides: Overrides) -> anyhow::Result<bool> {
    match &arguments.command {
        Command::Install { to, program } => install(to, program.as_deref(), overrides)?,
        Command::Uninstall { to } => uninstall(to)?,
        Command::Status { user } => return status::run(*user),
    }
    Ok(true)
}

fn install(to: &To, program: Option<&Path>, overrides: Overrides) -> anyhow::Result<()> {
    let machine = to.machine();
    machine.has_systemd()?;
    let program = match program {
        Some(program) => absolute(program)?,
        None => std::env::current_exe().context("can't find out where this program is")?,
    };
    if to.user {
        install_for_user(&machine, program, overrides)
    } else {
        install_for_machine(&machine, program, overrides)
    }
}

fn install_for_user(
    machine: &Machine,
    program: PathBuf,
    overrides: Overrides,
) -> anyhow::Result<()> {
    let settings = Settings::load(overrides.clone())?;
    let folder = std::env::current_dir().context("can't find out which folder this is")?;
    // Named here, since not every way to find them is open to a service.
    let named = Overrides {
        config: settings.file.clone(),
        state: Some(settings.state()?),
        ..overrides
    };
    let start = Start {
        program,
        arguments: arguments(named)?,
        folder,
    };
    let is_new = write(machine, units::of_user(&units_of_user()?, &start)?)?;
    machine.control(&["daemon-reload"])?;
    machine.control(&["enable", UNITS[0]])?;
    begin(machine, &[UNITS[0]], is_new)?;
    say(format_args!(
        "it runs while you are logged in; `loginctl enable-linger` has it run always"
    ))
}

fn install_for_machine(
    machine: &Machine,
    program: PathBuf,
    overrides: Overrides,
) -> anyhow::Result<()> {
    let package = Path::new("/usr/lib/systemd/system/tidings.service");
    if machine.read(package)?.is_some() {
        return Err(UsageError(
            "a package has installed the service already: expected `systemctl enable --now \
             tidings.socket tidings.service`"
                .to_owned(),
        )
        .into());
    }
    let file = overrides.config.clone();
    let config = settings_of_machine(machine, overrides.clone())?;
    let entries = Path::new(HOME).join(&config.entries);
    for (what, path) in [("program", &program), ("entries folder", &entries)] {
        if let Some(hidden) = HIDDEN.iter().find(|hidden| path.starts_with(hidden)) {
            return Err(UsageError(format!(
                "the {what} {} lies in {hidden}, where the service of the machine can't look: \
                 expected another place, or --user",
                path.display()
            ))
            .into());
        }
    }
    if config.state.is_some() {
        return Err(UsageError(
            "`state` is set, but the service of the machine keeps its state in /var/lib/tidings: \
             expected it to be taken away"
                .to_owned(),
        )
        .into());
    }
    let named = Overrides {
        config: Some(file.unwrap_or_else(|| PathBuf::from(SETTINGS))),
        ..overrides
    };
    let start = Start {
        program,
        arguments: arguments(named)?,
        folder: HOME.into(),
    };
    let files = units::of_machine(&start, &config)?;
    let units: Vec<&str> = UNITS
        .into_iter()
        .filter(|unit| files.iter().any(|file| file.path.ends_with(unit)))
        .collect();
    let is_new = write(machine, files)?;
    if units.len() < UNITS.len() {
        say(format_args!(
            "no socket unit: `listen` has a free port, or a path that is not absolute"
        ))?;
    }
    machine.begin(SETTINGS, DEFAULT_FILE)?;
    let enable = [&["enable"], units.as_slice()].concat();
    if machine.root.is_some() {
        // It makes group and folders when it starts for the first time.
        return machine.control(&enable);
    }
    machine.command("systemd-sysusers", &BESIDE[..1])?;
    machine.command("systemd-tmpfiles", &["--create", BESIDE[1]])?;
    machine.control(&["daemon-reload"])?;
    machine.control(&enable)?;
    begin(machine, &units, is_new)?;
    say(format_args!(
        "articles go into {}, which the service reads as a member of the group `tidings`",
        entries.display()
    ))
}

/// The settings that the service of the machine will have: from its file, or, before there is one, the
/// defaults.
fn settings_of_machine(machine: &Machine, mut overrides: Overrides) -> anyhow::Result<Config> {
    let usual = Path::new(SETTINGS);
    if overrides.config.is_none() && machine.read(usual)?.is_none() {
        let mut config = Config::default();
        overrides.win(&mut config)?;
        return Ok(config);
    }
    if overrides.config.is_none() {
        overrides.config = Some(machine.place(usual));
    }
    Ok(Settings::load(overrides)?.config)
}

/// Returns whether a file is not as it was.
fn write(machine: &Machine, files: Vec<units::File>) -> anyhow::Result<bool> {
    let mut is_new = false;
    for file in files {
        is_new |= machine.write(&file)?;
    }
    Ok(is_new)
}

/// Starts the units; if they are new, they replace those that run.
fn begin(machine: &Machine, units: &[&str], is_new: bool) -> anyhow::Result<()> {
    if !is_new {
        return machine.control(&[&["start"], units].concat());
    }
    // A socket can't be set up anew under a service that runs.
    machine.control(&["stop", UNITS[0]])?;
    let sockets_first: Vec<&str> = units.iter().rev().copied().collect();
    machine.control(&[&["restart"], sockets_first.as_slice()].concat())
}

fn uninstall(to: &To) -> anyhow::Result<()> {
    let machine = to.machine();
    machine.has_systemd()?;
    let (folder, others) = if to.user {
        (units_of_user()?, [].as_slice())
    } else {
        (PathBuf::from("/etc/systemd/system"), BESIDE.as_slice())
    };
    let mut units = Vec::new();
    for unit in UNITS {
        if machine.is_ours(&folder.join(unit))? {
            units.push(unit);
        }
    }
    if units.is_empty() {
        return Err(UsageError(
            "there is no service that `tidings service install` wrote: expected one".to_owned(),
        )
        .into());
    }
    let now: &[&str] = if to.root.is_some() {
        &["disable"]
    } else {
        &["disable", "--now"]
    };
    machine.control(&[now, units.as_slice()].concat())?;
    for unit in units {
        machine.remove(&folder.join(unit))?;
    }
    for other in others {
        machine.remove(Path::new(other))?;
    }
    if to.root.is_none() {
        machine.control(&["daemon-reload"])?;
    }
    say(format_args!(
        "articles, settings, ids and dates stay where they are"
    ))
}

/// The folder of the user's own units.
fn units_of_user() -> anyhow::Result<PathBuf> {
    let config = super::settings::config_home().ok_or_else(|| {
        UsageError("no folder for units: set the environment variable HOME".to_owned())
    })?;
    Ok(config.join("systemd/user"))
}

/// The command line that has these settings, from any folder.
fn arguments(overrides: Overrides) -> anyhow::Result<Vec<String>> {
    let mut arguments = vec!["serve".to_owned()];
    let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
    let paths = [
        ("--config", overrides.config),
        ("--entries", overrides.entries),
        ("--state", overrides.state),
    ];
    for (flag, path) in paths {
        let Some(path) = path else { continue };
        let path = absolute(&path)?.into_os_string().into_string();
        let path = path.map_err(|path| {
            UsageError(format!(
                "{} is not UTF-8: expected a path that can stand in a unit",
                path.display()
            ))
        })?;
        add(flag, path);
    }
    for place in overrides.listen {
        add("--listen", place.to_string());
    }
    if let Some(base_url) = overrides.base_url {
        add("--base-url", base_url.as_str().to_owned());
    }
    Ok(arguments)
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("can't tell where {} is", path.display()))
}
