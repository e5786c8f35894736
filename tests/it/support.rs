//! The harness: the real program in a folder of its own, a small HTTP client, a recording
//! forwarder, and polling with a deadline.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long the program may take for anything that a test waits for, on a busy machine; also where
/// `TIDINGS_WATCH=scan` has it look only every 10 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How long one request may stand still.
const REQUEST: Duration = Duration::from_secs(10);

/// The program under test: the one just built, or the one that `TIDINGS_PROGRAM` names.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("TIDINGS_PROGRAM")
        .map_or_else(|| env!("CARGO_BIN_EXE_tidings").into(), PathBuf::from)
}

/// Whether tests of foreign programs are to run. Then a missing program is a failure.
pub(crate) fn tools_are_required() -> bool {
    std::env::var_os("TIDINGS_TOOLS").is_some_and(|value| value == "required")
}

/// Whether the program is to do without events, as `TIDINGS_WATCH=scan` says: the tests of publishing
/// must hold then, too.
pub(crate) fn events_are_off() -> bool {
    std::env::var_os("TIDINGS_WATCH").is_some_and(|value| value == "scan")
}

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Asks again and again until there is an answer; fails when the deadline has passed.
pub(crate) fn eventually<T>(
    what: &str,
    deadline: Duration,
    mut ask: impl FnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            start.elapsed() < deadline,
            "not within {deadline:?}: {what}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// Runs a foreign program to its end, within `deadline`, and returns what it printed.
///
/// Fails with what it said when it is missing, too slow, or unhappy.
pub(crate) fn run(command: &mut Command, deadline: Duration) -> String {
    let name = command.get_program().display().to_string();
    let output = tempfile::tempdir().unwrap();
    let [out, err] = ["out", "err"].map(|file| output.path().join(file));
    let mut child = command
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1")
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&err).unwrap())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if start.elapsed() > deadline {
            drop(child.kill());
            drop(child.wait());
            break None;
        }
        thread::sleep(Duration::from_millis(10));
    };
    let [out, err] = [out, err].map(|file| lossy(&fs::read(file).unwrap()));
    match status {
        Some(status) if status.success() => out,
        Some(status) => panic!("{name}: {status}\n{out}\n{err}"),
        None => panic!("{name}: not done after {deadline:?}\n{out}\n{err}"),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with entries, a config and state, before the program runs in it.
pub(crate) struct Setup {
    folder: TempDir,
    /// The config's top level: keys and values, as TOML has them.
    keys: BTreeMap<&'static str, &'static str>,
    /// The config's tables.
    tables: String,
    arguments: Vec<String>,
    /// A foreign program with its arguments that is to run ours.
    through: Vec<String>,
    variables: BTreeMap<&'static str, String>,
    is_unprivileged: bool,
    /// Sockets that the program finds open, from descriptor 3 on: two at most.
    passed: Vec<OwnedFd>,
    /// Flags of `unshare`, and what a shell does in those namespaces before the program runs there.
    namespaces: Option<(&'static str, &'static str)>,
}

impl Setup {
    /// No entries, a free port, nothing that makes a test wait.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("entries")).unwrap();
        let mut keys = BTreeMap::from([
            ("base_url", "\"https://news.example.org/\""),
            ("listen", "\"127.0.0.1:0\""),
            ("admin_listen", "\"127.0.0.1:0\""),
            ("grace", "\"100ms\""),
            ("timezone", "\"UTC\""),
        ]);
        if events_are_off() {
            keys.insert("watch", "\"scan\"");
        }
        Self {
            folder,
            keys,
            tables: "[http]\nmax_age = \"0s\"\n".to_owned(),
            arguments: Vec::new(),
            through: Vec::new(),
            variables: BTreeMap::new(),
            is_unprivileged: false,
            passed: Vec::new(),
            namespaces: None,
        }
    }

    /// Run in namespaces of its own, by `unshare` with these flags, after a shell has done what
    /// `script` says. The shell is in the folder that holds all of this.
    pub(crate) fn in_namespaces(mut self, flags: &'static str, script: &'static str) -> Self {
        self.namespaces = Some((flags, script));
        self
    }

    /// With the sample articles of this repository.
    pub(crate) fn with_sample_entries(self) -> Self {
        copy_folder(&repository().join("entries"), &self.entries());
        self
    }

    /// With `value`, as TOML has it, under a key of the config's top level.
    pub(crate) fn with(mut self, key: &'static str, value: &'static str) -> Self {
        self.keys.insert(key, value);
        self
    }

    /// Without a key of the config's top level.
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.keys.remove(key);
        self
    }

    /// With `tables`, as TOML has them, at the config's end.
    pub(crate) fn with_tables(mut self, tables: &str) -> Self {
        self.tables.push_str(tables);
        self
    }

    /// With these tables of the config and no others.
    pub(crate) fn with_only_tables(mut self, tables: &str) -> Self {
        tables.clone_into(&mut self.tables);
        self
    }

    /// Run by a foreign program, which turns into ours in the end, so that it is the same process.
    pub(crate) fn through(mut self, command: &[&str]) -> Self {
        self.through = command.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// With sockets that are open already, as systemd passes them in: at each start, the same ones.
    pub(crate) fn passing(self, sockets: Vec<OwnedFd>) -> Self {
        let [open, count] = [["3<&0", "3<&0 4<&1"], ["1", "2"]].map(|it| it[sockets.len() - 1]);
        let script = format!(
            "LISTEN_PID=$$ LISTEN_FDS={count} exec \"$0\" \"$@\" {open} </dev/null >/dev/null"
        );
        let setup = self.through(&["sh", "-c", &script]);
        Self {
            passed: sockets,
            ..setup
        }
    }

    /// With a variable in the program's environment.
    pub(crate) fn with_variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    /// With one more argument.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Run as a user who is not root, for what root would not notice.
    pub(crate) fn unprivileged(mut self) -> Self {
        self.is_unprivileged = rustix::process::geteuid().is_root();
        self
    }

    /// Where entries go.
    pub(crate) fn entries(&self) -> PathBuf {
        self.folder.path().join("entries")
    }

    /// The command that starts the program here.
    pub(crate) fn serving(&self) -> Command {
        self.configured()
    }

    /// The folder that holds all of this, for what a test wants beside it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the program and waits until it listens.
    pub(crate) fn start(self) -> Tidings {
        let running = self.spawn();
        Tidings {
            running,
            setup: self,
        }
    }

    fn spawn(&self) -> Running {
        let [stdin, stdout] = self.passed();
        Running::spawn_with(&mut self.configured(), stdin, stdout)
    }

    fn passed(&self) -> [Stdio; 2] {
        let mut passed = self.passed.iter();
        [(); 2].map(|()| {
            let socket = passed.next().map(|it| it.try_clone().unwrap());
            socket.map_or_else(Stdio::null, Stdio::from)
        })
    }

    /// Runs the program, which is to end by itself and soon: its exit code, and what it said.
    pub(crate) fn ends(&self) -> (Option<i32>, String) {
        let mut command = self.configured();
        let [stdin, stdout] = self.passed();
        command.stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let start = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if start.elapsed() > PATIENCE {
                drop(child.kill());
            }
            thread::sleep(Duration::from_millis(10));
        }
        let output = child.wait_with_output().unwrap();
        (output.status.code(), lossy(&output.stderr))
    }

    fn configured(&self) -> Command {
        let config = self.folder.path().join("tidings.toml");
        let keys = self.keys.iter();
        let keys: Vec<String> = keys
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        fs::write(config, format!("{}\n{}", keys.join("\n"), self.tables)).unwrap();
        self.command()
    }

    fn command(&self) -> Command {
        let folder = self.folder.path();
        let mut command = if let Some((flags, script)) = self.namespaces {
            let mut command = Command::new("unshare");
            let script = format!("set -e; {script}; exec \"$0\" \"$@\"");
            command.args([flags, "sh", "-c", &script]).arg(program());
            command
        } else if self.is_unprivileged {
            self.for_nobody()
        } else if let Some((first, rest)) = self.through.split_first() {
            let mut command = Command::new(first);
            command.args(rest).arg(program());
            command
        } else {
            Command::new(program())
        };
        command
            .envs(&self.variables)
            .arg("serve")
            .args(["--config".as_ref(), folder.join("tidings.toml").as_os_str()])
            .args(["--entries".as_ref(), self.entries().as_os_str()])
            .args(["--state".as_ref(), folder.join("state").as_os_str()])
            .args(&self.arguments)
            .current_dir(folder);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TIDINGS_") {
                command.env_remove(name);
            }
        }
        command
    }
}

impl Setup {
    /// The program, as a user who may do nothing but what this folder is for.
    fn for_nobody(&self) -> Command {
        const NOBODY: u32 = 65534;
        let folder = self.folder.path();
        let copy = folder.join("program");
        fs::copy(program(), &copy).unwrap();
        for place in [folder, &copy, &self.entries()] {
            std::os::unix::fs::chown(place, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        for file in fs::read_dir(self.entries()).unwrap() {
            let file = file.unwrap().path();
            std::os::unix::fs::chown(file, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut command = Command::new("setpriv");
        let user = NOBODY.to_string();
        command
            .args(["--reuid", &user, "--regid", &user, "--clear-groups", "--"])
            .arg(copy);
        command
    }
}

/// Copies a folder with all that lies below it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let path = item.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The program, running over its folder. It is killed when this is dropped; when a test fails, its
/// log goes to the test's output.
pub(crate) struct Tidings {
    // Ended before its folder goes: what it would say about that is no finding.
    running: Running,
    setup: Setup,
}

impl Tidings {
    /// Where readers connect.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// All places where readers connect, as they are printed.
    pub(crate) fn places(&self) -> &[String] {
        &self.running.places
    }

    /// Where entries go.
    pub(crate) fn entries(&self) -> PathBuf {
        self.setup.entries()
    }

    /// Where the publisher's programs connect.
    pub(crate) fn admin_address(&self) -> SocketAddr {
        let log = self.log();
        let mut lines = log.lines();
        let line = lines.find(|line| line.trim().starts_with("health"));
        let url = line.and_then(|line| line.split_once("http://"));
        let (_, address) = url.expect("the health address is said");
        address.strip_suffix("/readyz").unwrap().parse().unwrap()
    }

    /// What the admin listener has at a path.
    pub(crate) fn admin(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        request(self.admin_address(), "GET", path, fields)
    }

    /// What the admin listener says of its readiness.
    pub(crate) fn health(&self) -> Response {
        self.admin("/readyz", &[])
    }

    /// Does what `script` says, in the namespaces of the program and the folder that holds all of this.
    pub(crate) fn inside(&self, script: &str) {
        let process = self.process().as_raw_nonzero().to_string();
        let mut command = Command::new("nsenter");
        command
            .args([
                "--target",
                &process,
                "--user",
                "--mount",
                "--preserve-credentials",
            ])
            .args(["--", "sh", "-c", "cd \"$0\" && set -e && eval \"$1\""])
            .arg(self.folder())
            .arg(script);
        run(&mut command, REQUEST);
    }

    /// The folder that holds all of this.
    pub(crate) fn folder(&self) -> &Path {
        self.setup.folder()
    }

    /// What the program has said since it was started.
    pub(crate) fn log(&self) -> String {
        self.running.log()
    }

    /// Waits until the program has said `part`: a line may come after what it tells of.
    pub(crate) fn says(&self, part: &str) {
        eventually(&format!("the log says: {part}"), PATIENCE, || {
            self.log().contains(part).then_some(())
        });
    }

    /// The entries of the feed as title and id, or nothing while there is no feed.
    pub(crate) fn titles(&self) -> Vec<(String, String)> {
        let answer = self.get("/feed.json");
        if answer.status != 200 {
            return Vec::new();
        }
        let feed: serde_json::Value =
            serde_json::from_slice(&answer.body).expect("the JSON Feed is JSON");
        let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap().to_owned();
        let items = feed["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| (text(item, "title"), text(item, "id")))
            .collect()
    }

    /// Waits until the feed has just these titles, in any order.
    pub(crate) fn has_titles(&self, expected: &[&str]) {
        let mut expected: Vec<&str> = expected.to_vec();
        expected.sort_unstable();
        eventually(&format!("the feed has {expected:?}"), PATIENCE, || {
            let titles = self.titles();
            let mut titles: Vec<&str> = titles.iter().map(|(title, _)| title.as_str()).collect();
            titles.sort_unstable();
            (titles == expected).then_some(())
        });
    }

    /// Asks for a path.
    pub(crate) fn get(&self, path: &str) -> Response {
        request(self.address(), "GET", path, &[])
    }

    /// Asks for a path while the program may die: `None` if no whole answer came.
    pub(crate) fn get_in_danger(&self, path: &str) -> Option<Response> {
        let mut peer = TcpStream::connect_timeout(&self.address(), REQUEST).ok()?;
        let bytes = exchange(
            &mut peer,
            head_of("GET", self.address(), path, &[]).as_bytes(),
        )
        .ok()?;
        let is_whole = find(&bytes, b"\r\n\r\n").is_some_and(|end| {
            let length = lossy(&bytes[..end])
                .to_ascii_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            length == Some(bytes.len() - end - 4)
        });
        is_whole.then(|| Response::read("GET", &bytes))
    }

    /// What `/readyz` says: the status, and the reasons.
    pub(crate) fn readiness(&self) -> (u16, String) {
        let log = self.log();
        let line = log
            .lines()
            .find_map(|line| line.trim().strip_prefix("health"));
        let (_, url) = line
            .expect("the address of health is said")
            .split_once("http://")
            .unwrap();
        let address = url.strip_suffix("/readyz").unwrap().parse().unwrap();
        let answer = request(address, "GET", "/readyz", &[]);
        (answer.status, answer.text().to_owned())
    }

    /// Asks for a path with more header fields.
    pub(crate) fn get_with(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        request(self.address(), "GET", path, fields)
    }

    /// Drops an entry into the folder as a careful program does: written beside, renamed into place.
    pub(crate) fn drop_entry(&self, path: &str, text: &str) {
        let target = self.setup.entries().join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        let beside = self.setup.folder.path().join("beside");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, target).unwrap();
    }

    /// The JSON Feed, as soon as it answers and `good` likes it.
    pub(crate) fn feed_when(
        &self,
        what: &str,
        good: impl Fn(&serde_json::Value) -> bool,
    ) -> serde_json::Value {
        eventually(what, PATIENCE, || {
            let answer = self.get("/feed.json");
            (answer.status == 200)
                .then(|| serde_json::from_slice(&answer.body).expect("the JSON Feed is JSON"))
                .filter(|feed| good(feed))
        })
    }

    /// The process that is the program.
    pub(crate) fn process(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.running.child)
    }

    /// SIGKILL: no word of farewell, nothing put in order. Waits until the program is gone.
    pub(crate) fn kill(&mut self) {
        self.running.child.kill().unwrap();
        self.running.child.wait().unwrap();
    }

    /// Asks the program to end, and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.running.stop()
    }

    /// Stops the program and starts it over the same folder and state.
    pub(crate) fn restart(&mut self) {
        let status = self.stop();
        assert!(status.success(), "{status}");
        self.start_again();
    }

    /// Puts `value`, as TOML has it, under a key of the config's top level, for the next start.
    pub(crate) fn set(&mut self, key: &'static str, value: &'static str) {
        self.setup.keys.insert(key, value);
    }

    /// Changes a variable of the program's environment, for the next start.
    pub(crate) fn set_variable(&mut self, name: &'static str, value: impl Into<String>) {
        self.setup.variables.insert(name, value.into());
    }

    /// Has the next start run by a foreign program, or by none.
    pub(crate) fn set_through(&mut self, command: &[&str]) {
        self.setup.through = command.iter().map(|&word| word.to_owned()).collect();
    }

    /// Adds `tables` to the config, for the next start.
    pub(crate) fn configure(&mut self, tables: &str) {
        self.setup.tables.push_str(tables);
    }

    /// Starts the program and kills it `after` a while, wherever it has got to.
    pub(crate) fn die_at_start(&mut self, after: Duration) {
        let mut command = self.setup.configured();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts the program again after it has ended.
    pub(crate) fn start_again(&mut self) {
        self.running = self.setup.spawn();
    }
}

/// A started program that has said where it listens.
pub(crate) struct Running {
    child: Child,
    log: Arc<Mutex<String>>,
    /// The first address where readers connect; port 0 if there is none.
    pub(crate) address: SocketAddr,
    /// Where readers connect, as it is printed.
    places: Vec<String>,
}

impl Running {
    /// Starts `command`, and waits for the line that says where it listens.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self::spawn_with(command, Stdio::null(), Stdio::null())
    }

    fn spawn_with(command: &mut Command, stdin: Stdio, stdout: Stdio) -> Self {
        let mut child = command
            .stdin(stdin)
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let log = Arc::new(Mutex::new(String::new()));
        let errors = child.stderr.take().unwrap();
        let kept = Arc::clone(&log);
        thread::spawn(move || {
            for line in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                log.push_str(&lossy(&line));
                log.push('\n');
            }
        });
        let mut running = Self {
            child,
            log,
            address: ([127, 0, 0, 1], 0).into(),
            places: Vec::new(),
        };
        let places = eventually("it is printed where it listens", PATIENCE, || {
            if let Some(status) = running.child.try_wait().unwrap() {
                panic!("ended at start: {status}");
            }
            let log = running.log();
            // The addresses of feeds come after all of them.
            let (_, lines) = log.split_once("listening on ")?;
            let (lines, _) = lines.split_once("\n  ")?;
            Some(lines.replace("listening on ", ""))
        });
        running.places = places.lines().map(str::to_owned).collect();
        let mut addresses = running
            .places
            .iter()
            .filter_map(|place| place.split_once("://")?.1.parse().ok());
        if let Some(address) = addresses.next() {
            running.address = address;
        }
        running
    }

    /// What the program has written to stderr.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// SIGTERM, and how the program ended.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        let process = self.child.id().to_string();
        let kill = ["-c", "kill -TERM \"$0\"", &process];
        run(Command::new("sh").args(kill), REQUEST);
        eventually("the program ends after SIGTERM", PATIENCE, || {
            self.child.try_wait().unwrap()
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if thread::panicking() {
            eprintln!("--- what the program said ---\n{}---", self.log());
        }
    }
}

/// An answer, whole.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The first field of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    /// Takes the bytes of a connection's whole answer apart. A body shorter or longer than its
    /// framing says is a failure.
    pub(crate) fn read(method: &str, bytes: &[u8]) -> Self {
        let end = find(bytes, b"\r\n\r\n").unwrap_or_else(|| panic!("no head: {:?}", lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).expect("the head is text");
        let mut lines = head.split("\r\n");
        let status = status_of(lines.next().unwrap()).expect("a status line");
        let headers: Vec<(String, String)> = lines
            .map(|line| {
                let (name, value) = line.split_once(':').expect("a header field");
                (name.to_owned(), value.trim().to_owned())
            })
            .collect();
        let mut answer = Self {
            status,
            headers,
            body: bytes[end + 4..].to_vec(),
        };
        let coded = answer.header("transfer-encoding").is_some();
        if coded {
            answer.body = joined_chunks(&answer.body);
        } else if method == "HEAD" || matches!(status, 204 | 304) {
            assert!(
                answer.body.is_empty(),
                "a body where none may be:\n{answer:?}"
            );
        } else if let Some(length) = answer.header("content-length") {
            assert_eq!(length.parse(), Ok(answer.body.len()), "{answer:?}");
        }
        answer
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "{}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(to, "{name}: {value}")?;
        }
        write!(to, "\n{}", lossy(&self.body))
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn status_of(line: &str) -> Option<u16> {
    let (version, rest) = line.split_once(' ')?;
    let code = rest.split(' ').next()?;
    version.starts_with("HTTP/1.").then(|| code.parse().ok())?
}

/// The body inside the chunks of RFC 9112 section 7.1, without trailers.
fn joined_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = find(rest, b"\r\n").expect("a chunk's size");
        let size = lossy(&rest[..line]);
        let size =
            usize::from_str_radix(size.split(';').next().unwrap().trim(), 16).expect("a size");
        let chunk = &rest[line + 2..];
        if size == 0 {
            assert_eq!(chunk, b"\r\n", "the last chunk ends the answer");
            return body;
        }
        assert!(chunk.len() >= size + 2, "the last chunk is missing");
        body.extend_from_slice(&chunk[..size]);
        rest = &chunk[size + 2..];
    }
}

/// One request on a connection of its own.
pub(crate) fn request(
    to: SocketAddr,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Response {
    let head = head_of(method, to, path, fields);
    let mut peer = TcpStream::connect_timeout(&to, REQUEST).expect("the program listens");
    let bytes = exchange(&mut peer, head.as_bytes())
        .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
    Response::read(method, &bytes)
}

/// A reader who keeps the connection and asks again and again.
pub(crate) struct Kept(BufReader<TcpStream>);

/// What matters of an answer that such a reader is given.
#[derive(Debug)]
pub(crate) struct Short {
    pub(crate) status: u16,
    pub(crate) tag: Option<String>,
    /// Whether the connection stays.
    pub(crate) stays: bool,
}

impl Kept {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the program listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn ask(&mut self, path: &str) -> std::io::Result<Short> {
        self.ask_with(path, "")
    }

    /// The same, with whole lines of the head.
    pub(crate) fn ask_with(&mut self, path: &str, fields: &str) -> std::io::Result<Short> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        self.0.get_mut().write_all(head.as_bytes())?;
        let mut length = 0;
        let mut answer = Short {
            status: 0,
            tag: None,
            stays: true,
        };
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            match line.split_once(": ") {
                Some(("etag", tag)) => answer.tag = Some(tag.to_owned()),
                Some(("content-length", number)) => length = number.parse().unwrap(),
                Some(("connection", "close")) => answer.stays = false,
                _ if line.is_empty() => break,
                _ => {}
            }
            if let Some(status) = status_of(line) {
                answer.status = status;
            }
        }
        if answer.status != 304 {
            let mut body = vec![0; length];
            self.0.read_exact(&mut body)?;
        }
        Ok(answer)
    }
}

/// What comes back for a head as it is given, on a connection of its own.
pub(crate) fn raw(to: SocketAddr, method: &str, head: &str) -> Response {
    let mut peer = TcpStream::connect_timeout(&to, REQUEST).expect("the program listens");
    let bytes =
        exchange(&mut peer, head.as_bytes()).unwrap_or_else(|error| panic!("{head}: {error}"));
    Response::read(method, &bytes)
}

/// The head of a request whose answer ends the connection.
pub(crate) fn head_of(
    method: &str,
    to: impl fmt::Display,
    path: &str,
    fields: &[(&str, &str)],
) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n");
    for (name, value) in fields {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    head.push_str("\r\n");
    head
}

fn exchange(peer: &mut TcpStream, head: &[u8]) -> std::io::Result<Vec<u8>> {
    peer.set_read_timeout(Some(REQUEST))?;
    peer.set_write_timeout(Some(REQUEST))?;
    peer.write_all(head)?;
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What passed through a [`Recorder`] for one request.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// The request's head, as the client sent it.
    pub(crate) request: String,
    /// The status of the answer.
    pub(crate) status: u16,
}

impl Exchange {
    /// Whether the client named a version that it has.
    pub(crate) fn is_conditional(&self) -> bool {
        let head = self.request.to_ascii_lowercase();
        head.contains("\r\nif-none-match:") || head.contains("\r\nif-modified-since:")
    }
}

/// Stands between a client and the program, on the loopback, and notes what they say.
///
/// Each request goes to the program on a connection of its own that closes after the answer; apart
/// from that field nothing is changed. It ends with the test's process.
pub(crate) struct Recorder {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Exchange>>>,
}

impl Recorder {
    /// Begins to forward to `to`.
    pub(crate) fn before(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let notes = Arc::clone(&notes);
                thread::spawn(move || {
                    // A client that breaks off is no fault of the program.
                    drop(forward(client, to, &notes));
                });
            }
        });
        Self { address, seen }
    }

    /// The address of a document, through the recorder.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What has passed since this was last asked.
    pub(crate) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

fn forward(
    mut client: TcpStream,
    to: SocketAddr,
    notes: &Mutex<Vec<Exchange>>,
) -> std::io::Result<()> {
    const LONGEST_HEAD: u64 = 64 * 1024;
    client.set_read_timeout(Some(REQUEST))?;
    client.set_write_timeout(Some(REQUEST))?;
    let mut request = String::new();
    let mut forwarded = String::new();
    let mut lines = BufReader::new((&client).take(LONGEST_HEAD));
    loop {
        let start = request.len();
        if lines.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let line = &request[start..];
        if line.trim_end().is_empty() {
            break;
        }
        if !line.to_ascii_lowercase().starts_with("connection:") {
            forwarded.push_str(line);
        }
    }
    forwarded.push_str("Connection: close\r\n\r\n");
    let answer = exchange(&mut TcpStream::connect(to)?, forwarded.as_bytes())?;
    let status = lossy(&answer)
        .lines()
        .next()
        .and_then(status_of)
        .unwrap_or(0);
    notes.lock().unwrap().push(Exchange { request, status });
    client.write_all(&answer)
}

/// A command that starts with nothing of the caller's own settings but its search path.
pub(crate) fn bare(program: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("HOME", home)
        .env("LC_ALL", "C.UTF-8");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}
