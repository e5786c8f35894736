//! Under a service manager: what it is told and when, its watchdog, the sockets that it passes in, and
//! the units and the command that set it up.
//!
//! The manager is played by the test. What systemd itself thinks of the units, and a writer that is stuck in
//! the middle of its work, take foreign programs: those tests run when `TIDINGS_TOOLS=required` is set; then
//! a missing one is a failure.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::faults::Fault;
use crate::listeners::ask;
use rustix::process::{Signal, kill_process};

use crate::support::{PATIENCE, Setup, Tidings, eventually, request, tools_are_required};

/// A service manager, as far as it listens.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        Self {
            socket,
            path,
            _folder: folder,
        }
    }

    /// What is told next, line by line; `None` if nothing is, for so long.
    fn hears_within(&self, patience: Duration) -> Option<Vec<String>> {
        self.socket.set_read_timeout(Some(patience)).unwrap();
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes).ok()?;
        let text = std::str::from_utf8(&bytes[..length]).unwrap();
        Some(text.lines().map(str::to_owned).collect())
    }

    /// All that is told until a line is as expected, that one last.
    fn hears_until(&self, what: &str, expected: impl Fn(&str) -> bool) -> Vec<String> {
        let mut heard = Vec::new();
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            for line in self.hears_within(PATIENCE).unwrap_or_default() {
                heard.push(line);
                if heard.last().is_some_and(|line| expected(line)) {
                    return heard;
                }
            }
        }
        panic!("not heard: {what}, but {heard:?}");
    }

    /// The program, started by this manager, which wants a sign of life so often.
    fn starts(&self, setup: Setup, watchdog: Option<Duration>) -> Tidings {
        let setup = setup.with_variable("NOTIFY_SOCKET", self.path.to_str().unwrap());
        let setup = match watchdog {
            Some(interval) => {
                setup.with_variable("WATCHDOG_USEC", interval.as_micros().to_string())
            }
            None => setup,
        };
        setup.start()
    }
}

fn is_status(line: &str) -> bool {
    line.starts_with("STATUS=")
}

#[test]
fn a_start_and_a_stop_are_told_in_order() {
    let manager = Manager::new();
    let setup = Setup::new();
    fs::write(setup.entries().join("one.md"), "# One\n\nText.\n").unwrap();
    let mut tidings = manager.starts(setup, None);
    let before = manager.hears_until("ready", |line| line == "READY=1");
    let (ready, before) = before.split_last().unwrap();
    assert_eq!(ready, "READY=1");
    assert!(before.iter().all(|line| is_status(line)), "{before:?}");
    // Who may connect is answered.
    assert!([200, 503].contains(&tidings.get("/atom.xml").status));
    let published = |line: &str| line.starts_with("STATUS=1 entry is published; the last change");
    let heard = manager.hears_until("the first scan", published);
    assert!(heard.iter().all(|line| is_status(line)), "{heard:?}");

    tidings.drop_entry("two.md", "# Two\n\nText.\n");
    manager.hears_until("the second entry", |line| {
        line.starts_with("STATUS=2 entries are published; the last change was at 2")
    });
    // What is wrong stands there, too.
    let away = tidings.folder().join("away");
    fs::rename(tidings.entries(), &away).unwrap();
    manager.hears_until("the folder is away", |line| {
        line.starts_with("STATUS=2 entries are published; ")
            && line.contains("the entries folder is not there")
    });
    fs::rename(&away, tidings.entries()).unwrap();
    manager.hears_until("it is back", |line| {
        line.starts_with("STATUS=2 entries are published; ") && !line.contains("not there")
    });

    assert!(tidings.stop().success());
    let heard = manager.hears_until("the end", |line| line == "STOPPING=1");
    let rest = heard.iter().filter(|line| !is_status(line)).count();
    assert_eq!(rest, 1, "{heard:?}");
    assert_eq!(manager.hears_within(Duration::from_millis(100)), None);
    // With a known ledger, something is shown when it says that it is ready.
    tidings.start_again();
    let heard = manager.hears_until("ready", |line| line == "READY=1");
    assert_eq!(heard[0], "STATUS=2 entries are published");
    assert_eq!(tidings.get("/atom.xml").status, 200);
}

/// Whatever becomes of a reload, the manager is told when it begins and when it is over.
#[test]
fn a_reload_is_told_in_order() {
    let manager = Manager::new();
    let tidings = manager.starts(Setup::new(), None);
    manager.hears_until("ready", |line| line == "READY=1");
    let file = tidings.folder().join("tidings.toml");
    let text = fs::read_to_string(&file).unwrap();
    for (settings, is_good) in [
        (text.clone(), true),
        ("site = [".to_owned(), false),
        (text, true),
    ] {
        fs::write(&file, settings).unwrap();
        kill_process(tidings.process(), Signal::HUP).unwrap();
        let heard = manager.hears_until("the reload is over", |line| line == "READY=1");
        let heard: Vec<&String> = heard.iter().filter(|line| !is_status(line)).collect();
        assert_eq!(heard[0], "RELOADING=1");
        let since = heard[1].strip_prefix("MONOTONIC_USEC=").unwrap();
        assert!(since.parse::<u64>().unwrap() > 0, "{heard:?}");
        assert_eq!(heard.len(), 3, "{heard:?}");
        let expected = if is_good { 200 } else { 503 };
        eventually("the settings are judged", PATIENCE, || {
            (tidings.health().status == expected).then_some(())
        });
    }
}

/// A new ledger is no reason to keep the manager waiting, which might give up and begin again.
#[test]
fn it_is_ready_when_it_listens_and_says_what_is_missing() {
    let manager = Manager::new();
    let setup = Setup::new();
    fs::remove_dir(setup.entries()).unwrap();
    let tidings = manager.starts(setup, None);
    let heard = manager.hears_until("ready", |line| line == "READY=1");
    assert!(
        heard[0].starts_with("STATUS=the first scan has not come to its end"),
        "{heard:?}"
    );
    assert_eq!(tidings.get("/atom.xml").status, 503);
    fs::create_dir(tidings.entries()).unwrap();
    manager.hears_until("the folder is there", |line| {
        line == "STATUS=0 entries are published"
    });
}

/// What the manager wants to hear.
const WATCHDOG: Duration = Duration::from_secs(2);

/// How often a daemon said within `time` that it is alive, and the longest pause before such a word.
fn signs_of_life(manager: &Manager, time: Duration) -> (usize, Duration) {
    let start = Instant::now();
    let (mut signs, mut longest, mut last) = (0, Duration::ZERO, start);
    while let Some(left) = time.checked_sub(start.elapsed()).filter(|it| !it.is_zero()) {
        let lines = manager.hears_within(left).unwrap_or_default();
        if lines.iter().any(|line| line == "WATCHDOG=1") {
            signs += 1;
            longest = longest.max(last.elapsed());
            last = Instant::now();
        }
    }
    (signs, longest)
}

#[test]
fn the_watchdog_hears_of_a_daemon_that_idles_and_of_one_that_works() {
    // Twice as long as where it starves: a busy machine is no dead one.
    let interval = 2 * WATCHDOG;
    let manager = Manager::new();
    let tidings = manager.starts(Setup::new(), Some(interval));
    manager.hears_until("the first sign", |line| line == "WATCHDOG=1");
    let (signs, longest) = signs_of_life(&manager, 2 * interval);
    // Twice in an interval, no more: each wakes all threads.
    assert!((2..=4).contains(&signs), "{signs}");
    assert!(longest < interval, "{longest:?}");
    for number in 0..400 {
        tidings.drop_entry(&format!("{number}.md"), &format!("# {number}\n\nText.\n"));
    }
    let (signs, longest) = signs_of_life(&manager, 2 * interval);
    assert!(signs >= 2 && longest < interval, "{signs} {longest:?}");
    drop(tidings);
}

#[test]
fn nobody_is_told_of_life_who_did_not_ask() {
    let manager = Manager::new();
    let _tidings = manager.starts(Setup::new(), None);
    manager.hears_until("ready", |line| line == "READY=1");
    assert_eq!(signs_of_life(&manager, WATCHDOG).0, 0);
}

/// A watch that tells nothing any more: the file that proves it is another one than the one that is
/// watched.
#[test]
fn a_watch_that_is_mute_starves_the_watchdog() {
    let manager = Manager::new();
    let tidings = manager.starts(Setup::new().with("watch", "\"auto\""), Some(WATCHDOG));
    manager.hears_until("the first sign", |line| line == "WATCHDOG=1");
    let echo = tidings.folder().join("state/watch/echo");
    eventually("it is watched", PATIENCE, || echo.exists().then_some(()));
    manager.hears_until("a sign by the watch", |line| line == "WATCHDOG=1");
    replace(&echo);
    // One may be under way.
    let heard = signs_of_life(&manager, 2 * WATCHDOG);
    assert!(heard.0 <= 1, "{heard:?}");
    tidings.says("no sign of life");
    // Readers are still served, as long as the manager lets them.
    assert_eq!(tidings.get("/feed.json").status, 200);
    assert_eq!(signs_of_life(&manager, WATCHDOG).0, 0);
}

/// A disk that takes for ever: the writer waits for it in the middle of a turn.
#[test]
fn a_writer_that_is_stuck_starves_the_watchdog() {
    if skips() {
        return;
    }
    let manager = Manager::new();
    let tidings = manager.starts(Setup::new(), Some(WATCHDOG));
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    tidings.has_titles(&["One"]);
    let state = tidings.folder().join("state");
    let files = ["ledger.sqlite", "ledger.sqlite-wal"].map(|file| state.join(file));
    let files = files.each_ref().map(PathBuf::as_path);
    let fault = Fault::begins(&tidings, &files, "fsync,fdatasync", "delay_enter=30000000");
    tidings.drop_entry("two.md", "# Two\n\nText.\n");
    eventually("the daemon notices", PATIENCE, || {
        tidings.log().contains("no sign of life").then_some(())
    });
    while manager.hears_within(Duration::from_millis(1)).is_some() {}
    assert_eq!(signs_of_life(&manager, WATCHDOG).0, 0);
    tidings.says("writer_is_alive=false");
    tidings.says("readers_are_served=true");
    assert_eq!(tidings.titles().len(), 1, "readers have what was there");
    // It was not dead, only slow.
    fault.ends();
    manager.hears_until("it goes on", |line| line == "WATCHDOG=1");
    tidings.has_titles(&["One", "Two"]);
}

/// One of the threads that readers are served by does nothing any more; the others do.
#[test]
fn a_listener_that_is_stuck_starves_the_watchdog() {
    if skips() {
        return;
    }
    let manager = Manager::new();
    let tidings = manager.starts(Setup::new(), Some(WATCHDOG));
    manager.hears_until("the first sign", |line| line == "WATCHDOG=1");
    let how = "delay_enter=30000000";
    let fault = Fault::begins_in(&tidings, "http-0", "epoll_wait", how);
    eventually("the daemon notices", PATIENCE, || {
        tidings.log().contains("no sign of life").then_some(())
    });
    while manager.hears_within(Duration::from_millis(1)).is_some() {}
    assert_eq!(signs_of_life(&manager, WATCHDOG).0, 0);
    tidings.says("writer_is_alive=true");
    tidings.says("readers_are_served=false");
    fault.ends();
    manager.hears_until("it goes on", |line| line == "WATCHDOG=1");
}

fn skips() -> bool {
    let skips = !tools_are_required();
    if skips {
        eprintln!("skipped: it takes foreign programs; TIDINGS_TOOLS=required runs it");
    }
    skips
}

fn replace(file: &Path) {
    let other = file.with_extension("other");
    fs::write(&other, "").unwrap();
    fs::rename(&other, file).unwrap();
}

/// A socket of our own at a free port of the loopback, and where that is.
fn bound() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
fn sockets_that_were_passed_in_are_served_and_those_of_the_settings_are_not() {
    let (tcp, address) = bound();
    let (free, unused) = bound();
    drop(free);
    let setup = Setup::new().with("listen", format!("\"{unused}\"").leak());
    let socket = setup.folder().join("passed.sock");
    let unix = UnixListener::bind(&socket).unwrap();
    let mut tidings = setup.passing(vec![tcp.into(), unix.into()]).start();
    assert_eq!(
        tidings.places(),
        [
            format!("http://{address}"),
            format!("unix:{}", socket.display())
        ]
    );
    let said = format!("passed in and are served sockets={address}, unix:");
    tidings.says(&said);
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    tidings.has_titles(&["One"]);
    assert_eq!(ask(&socket, "/feed.json").status, 200);
    assert!(TcpStream::connect(unused).is_err());
    // The socket's file is not ours to remove.
    tidings.restart();
    assert_eq!(ask(&socket, "/feed.json").status, 200);
    assert!(tidings.stop().success());
    assert!(socket.exists());
}

#[test]
fn a_socket_at_the_admin_address_serves_what_is_said_there() {
    let (readers, address) = bound();
    let (admin, health) = bound();
    let setup = Setup::new().with("admin_listen", format!("\"{health}\"").leak());
    let tidings = setup.passing(vec![admin.into(), readers.into()]).start();
    assert_eq!(tidings.places(), [format!("http://{address}")]);
    let at = format!("http://{health}/readyz");
    tidings.says(&at);
    assert_eq!(request(health, "GET", "/healthz", &[]).status, 200);
    eventually("readers are answered", PATIENCE, || {
        // Before the first scan has come to its end, all is answered with 503.
        (request(address, "GET", "/healthz", &[]).status == 404).then_some(())
    });

    // Alone, it leaves `listen` as it is.
    let (admin, health) = bound();
    let setup = Setup::new().with("admin_listen", format!("\"{health}\"").leak());
    let tidings = setup.passing(vec![admin.into()]).start();
    assert_ne!(tidings.address().port(), 0);
    assert_eq!(request(health, "GET", "/healthz", &[]).status, 200);
}

#[test]
fn what_is_passed_in_and_can_not_be_served_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let datagrams = UnixDatagram::bind(folder.path().join("datagrams")).unwrap();
    let (listener, address) = bound();
    let connection = TcpStream::connect(address).unwrap();
    let public = TcpListener::bind("0.0.0.0:0").unwrap();
    for (passed, code, expected) in [
        (datagrams.into(), 1, "number 0 is none of these: expected"),
        (connection.into(), 1, "number 0 is a connection"),
        (public.into(), 2, "set `base_url`"),
    ] {
        let setup = Setup::new().without("base_url").passing(vec![passed]);
        let (ended, said) = setup.ends();
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    drop(listener);
}

/// How many requests a restart under load is about, at least.
const LOAD: usize = 300;

/// Readers who ask all the time, while the program is stopped and started again.
#[test]
fn nobody_is_refused_while_the_program_is_restarted() {
    let (listener, address) = bound();
    let mut tidings = Setup::new().passing(vec![listener.into()]).start();
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    tidings.has_titles(&["One"]);
    let is_over = AtomicBool::new(false);
    let load = || {
        let mut answers = 0;
        while !is_over.load(Ordering::Relaxed) {
            // One that is refused, cut or incomplete fails the test.
            assert_eq!(request(address, "GET", "/atom.xml", &[]).status, 200);
            answers += 1;
            thread::sleep(Duration::from_millis(2));
        }
        answers
    };
    let answers: usize = thread::scope(|scope| {
        let readers = [(); 4].map(|()| scope.spawn(load));
        for _ in 0..5 {
            thread::sleep(Duration::from_millis(200));
            tidings.restart();
        }
        thread::sleep(Duration::from_millis(200));
        is_over.store(true, Ordering::Relaxed);
        readers.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert!(answers >= LOAD, "{answers}");
}

/// The same by systemd's own program.
#[test]
fn systemd_passes_sockets_in() {
    if skips() {
        return;
    }
    let (free, address) = bound();
    drop(free);
    let place = address.to_string();
    let setup = Setup::new().through(&["systemd-socket-activate", "-l", &place]);
    // The program is started when somebody comes.
    let first = thread::spawn(move || {
        eventually("somebody answers", PATIENCE, || {
            TcpStream::connect(address).ok()
        })
    });
    let tidings = setup.start();
    assert_eq!(tidings.places(), [format!("http://{address}")]);
    drop(first.join().unwrap());
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    tidings.has_titles(&["One"]);
}
