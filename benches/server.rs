//! Servers, each a process of its own that ends with its value here.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::client;
use crate::meter::{self, Cpu};

/// The core that servers run on.
const CORE: &str = "0";

/// How long a server may take to be ready; the first start over a corpus reads all of it.
const PATIENCE: Duration = Duration::from_mins(10);

/// How often it is looked whether one is ready: seldom enough to be no load, and often for what takes
/// some ten milliseconds.
const LOOK: Duration = Duration::from_millis(2);

/// Where Tidings logs, in its folder.
pub(crate) const LOG: &str = "tidings.log";

/// A server that runs; it ends with this value.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    /// Where it speaks HTTP/2, if it does.
    pub(crate) http2: Option<SocketAddr>,
    /// When it was started.
    pub(crate) started: Instant,
    /// How long it took from there to the first good answer.
    pub(crate) ready: Duration,
    child: Child,
}

/// A program to start as a server.
pub(crate) struct Launch<'a> {
    pub(crate) name: &'static str,
    pub(crate) command: Command,
    pub(crate) address: SocketAddr,
    /// Where the first good answer is looked for.
    pub(crate) path: &'a str,
    /// Where what it prints goes.
    pub(crate) log: &'a Path,
}

/// Which cores a server may use.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "not every benchmark needs both")]
pub(crate) enum Cores {
    /// One: the measure of requests.
    One,
    /// All there are: as people run it.
    All,
}

impl Server {
    /// Tidings over `entries`, as it comes, with its state and config in `folder`. Returns when it
    /// serves the first snapshot.
    pub(crate) fn tidings(folder: &Path, entries: &Path, cores: Cores) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let config = folder.join("tidings.toml");
        // A restart has the settings that there were.
        let address = match listens_at(&config) {
            Some(address) => address,
            None => free_address()?,
        };
        fs::write(
            &config,
            format!(
                "base_url = \"https://news.example.org/\"\nlisten = \"{address}\"\n\
                 admin_listen = \"off\"\ntimezone = \"UTC\"\n"
            ),
        )?;
        let mut command = tidings(cores);
        command
            .arg("serve")
            .args(["--config".as_ref(), config.as_os_str()])
            .args(["--entries".as_ref(), entries.as_os_str()])
            .args(["--state".as_ref(), folder.join("state").as_os_str()])
            .current_dir(folder);
        Self::start(Launch {
            name: "tidings",
            command,
            address,
            path: "/rss.xml",
            log: &folder.join(LOG),
        })
    }

    /// Starts it, and returns when it is ready.
    pub(crate) fn start(launch: Launch) -> Result<Self> {
        let Launch {
            name,
            mut command,
            address,
            path,
            log,
        } = launch;
        let file = File::create(log)?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        let started = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("{name} can't be started"))?;
        let mut server = Self {
            name,
            address,
            http2: None,
            started,
            ready: Duration::ZERO,
            child,
        };
        loop {
            // Anything but "not yet" and no answer at all.
            let answer = client::get(address, path, &[]);
            if answer.is_ok_and(|answer| answer.status == 200) {
                server.ready = started.elapsed();
                return Ok(server);
            }
            if server.child.try_wait()?.is_some() {
                let log = fs::read_to_string(log).unwrap_or_default();
                bail!("{name} has ended:\n{log}");
            }
            if started.elapsed() > PATIENCE {
                bail!("{name} was not ready within {PATIENCE:?}");
            }
            thread::sleep(LOOK);
        }
    }

    /// Its process, or of several the one that started the others.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// What it has used of its core so far.
    pub(crate) fn cpu(&self) -> Result<Cpu> {
        Cpu::of(&meter::family(self.process())?)
    }

    /// Waits until it has nothing to do any more: what a start leaves to be done behind the answers is
    /// no part of them.
    pub(crate) fn settle(&self) -> Result<()> {
        const A_WHILE: Duration = Duration::from_secs(1);
        const QUIET: u64 = 5_000_000;
        let start = Instant::now();
        loop {
            let before = self.cpu()?;
            thread::sleep(A_WHILE);
            if self.cpu()?.since(&before) < QUIET {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                bail!("{} was not quiet within {PATIENCE:?}", self.name);
            }
        }
    }

    fn end(&mut self) {
        if let Ok(id) = i32::try_from(self.child.id())
            && let Some(id) = Pid::from_raw(id)
        {
            // It may have ended by itself.
            let _ = kill_process(id, Signal::TERM);
        }
        drop(self.child.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Where Tidings listens by `config`, if that was written before.
fn listens_at(config: &Path) -> Option<SocketAddr> {
    let text = fs::read_to_string(config).ok()?;
    let mut lines = text.lines();
    let address = lines.find_map(|line| line.strip_prefix("listen = \"")?.strip_suffix('"'));
    address?.parse().ok()
}

/// The program just built, or as in the tests the one that `TIDINGS_PROGRAM` names, with nothing else
/// that the environment says of it.
pub(crate) fn tidings(cores: Cores) -> Command {
    let named = std::env::var_os("TIDINGS_PROGRAM");
    let program = named.unwrap_or_else(|| env!("CARGO_BIN_EXE_tidings").into());
    let mut command = on(cores, &program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TIDINGS_") {
            command.env_remove(name);
        }
    }
    command
}

/// `program`, on the servers' core or on all.
pub(crate) fn on(cores: Cores, program: &OsStr) -> Command {
    match cores {
        Cores::All => Command::new(program),
        Cores::One => {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", CORE]).arg(program);
            command
        }
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A folder for everything that a run needs, on the disk that the build is on.
pub(crate) fn folder_for_all() -> Result<tempfile::TempDir> {
    let parent = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(&parent)?;
    Ok(tempfile::tempdir_in(parent)?)
}
