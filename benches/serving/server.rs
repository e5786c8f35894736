//! The two servers, each on one core with one thread for requests.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::client;
use crate::meter::{self, Cpu};

/// The core that servers run on.
const CORE: &str = "0";

/// How long a server may take to be ready; the first start over a corpus reads all of it.
const PATIENCE: Duration = Duration::from_mins(10);

/// A server that runs; it ends with this value.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    /// Where it speaks HTTP/2, if it does.
    pub(crate) http2: Option<SocketAddr>,
    child: Child,
}

/// Which cores a server may use.
#[derive(Clone, Copy)]
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
        let address = free_address()?;
        let config = folder.join("tidings.toml");
        fs::write(
            &config,
            format!(
                "base_url = \"https://news.example.org/\"\nlisten = \"{address}\"\n\
                 admin_listen = \"off\"\ntimezone = \"UTC\"\n"
            ),
        )?;
        let mut command = on(cores, &program());
        command
            .arg("serve")
            .args(["--config".as_ref(), config.as_os_str()])
            .args(["--entries".as_ref(), entries.as_os_str()])
            .args(["--state".as_ref(), folder.join("state").as_os_str()])
            .current_dir(folder);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TIDINGS_") {
                command.env_remove(name);
            }
        }
        let mut server = Self::start("tidings", command, address, &folder.join("tidings.log"))?;
        if client::speaks_http2(address)? {
            server.http2 = Some(address);
        }
        Ok(server)
    }

    /// nginx with `root` as its files, and what it needs besides in `folder`.
    pub(crate) fn nginx(folder: &Path, root: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let (address, http2) = (free_address()?, free_address()?);
        let config = folder.join("nginx.conf");
        fs::write(&config, nginx_config(folder, root, address, http2))?;
        let mut command = on(Cores::One, "nginx".as_ref());
        command
            .arg("-p")
            .arg(folder)
            .arg("-c")
            .arg(&config)
            .args(["-e", "stderr"]);
        let mut server = Self::start("nginx", command, address, &folder.join("nginx.log"))?;
        server.http2 = Some(http2);
        Ok(server)
    }

    fn start(
        name: &'static str,
        mut command: Command,
        address: SocketAddr,
        log: &Path,
    ) -> Result<Self> {
        let file = File::create(log)?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        let child = command
            .spawn()
            .with_context(|| format!("{name} can't be started"))?;
        let mut server = Self {
            name,
            address,
            http2: None,
            child,
        };
        let start = Instant::now();
        loop {
            if server.child.try_wait()?.is_some() {
                let log = fs::read_to_string(log).unwrap_or_default();
                bail!("{name} has ended:\n{log}");
            }
            // Anything but "not yet" and no answer at all.
            let answer = client::get(address, "/rss.xml", &[]);
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(server);
            }
            if start.elapsed() > PATIENCE {
                bail!("{name} was not ready within {PATIENCE:?}");
            }
            thread::sleep(Duration::from_millis(50));
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
        const LOOK: Duration = Duration::from_secs(1);
        const QUIET: u64 = 5_000_000;
        let start = Instant::now();
        loop {
            let before = self.cpu()?;
            thread::sleep(LOOK);
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

/// The program just built, or as in the tests the one that `TIDINGS_PROGRAM` names.
fn program() -> OsString {
    let named = std::env::var_os("TIDINGS_PROGRAM");
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_tidings").into())
}

/// `program`, on the servers' core or on all.
fn on(cores: Cores, program: &OsStr) -> Command {
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
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// nginx as fast as it can be made for files that don't change: nothing is logged, files stay open, what
/// is compressed lies beside them, and a connection is accepted with its first request.
fn nginx_config(folder: &Path, root: &Path, address: SocketAddr, http2: SocketAddr) -> String {
    let folder = folder.display();
    let root = root.display();
    let mut config = String::new();
    if geteuid().is_root() {
        // Else the worker would become a user who may not read the files.
        config.push_str("user root;\n");
    }
    let _ = write!(
        config,
        r#"daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid "{folder}/nginx.pid";
events {{
    worker_connections 4096;
}}
http {{
    types {{
        application/rss+xml xml;
    }}
    access_log off;
    client_body_temp_path "{folder}/body";
    proxy_temp_path "{folder}/proxy";
    fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi";
    scgi_temp_path "{folder}/scgi";
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=10000 inactive=1h;
    open_file_cache_valid 1h;
    gzip_static on;
    etag on;
    root "{root}";
    server {{
        listen {address} deferred backlog=4096;
    }}
    server {{
        listen {http2} http2 deferred backlog=4096;
    }}
}}
"#
    );
    config
}

/// A folder for everything that a run needs, on the disk that the build is on.
pub(crate) fn folder_for_all() -> Result<tempfile::TempDir> {
    let parent = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(&parent)?;
    Ok(tempfile::tempdir_in(parent)?)
}
