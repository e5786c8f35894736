//! How the program starts, what it says when it can't, and how it ends.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use std::time::Duration;

use crate::support::{PATIENCE, Response, Setup, Tidings, eventually, program, request};

/// The program over `folder`, until it ends by itself.
fn ends(folder: &std::path::Path, arguments: &[&str]) -> Output {
    let child = Command::new(program())
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder)
        .args(["--state", "state"])
        .args(arguments)
        .output();
    child.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("entries")).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = ends(folder.path(), &["--listen", &address]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains(&format!("can't listen at {address}")),
        "{}",
        said(&output)
    );
}

#[test]
fn a_port_that_this_user_may_not_take_is_named() {
    // Root may take any, and a system may let everybody.
    let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    let first: u16 = first.map_or(1024, |text| text.trim().parse().unwrap());
    if first == 0 {
        eprintln!("skipped: this system lets everybody take every port");
        return;
    }
    let setup = Setup::new()
        .unprivileged()
        .with("listen", "\"127.0.0.1:1\"");
    let (code, said) = setup.ends();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("can't listen at 127.0.0.1:1"), "{said}");
    assert!(said.contains("ermission denied"), "{said}");
}

#[test]
fn a_state_folder_that_may_not_be_written_is_named() {
    let setup = Setup::new().unprivileged();
    let state = setup.folder().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o500)).unwrap();
    let (code, said) = setup.ends();
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("the state folder") && said.contains("this user may write"),
        "{said}"
    );
}

#[test]
fn a_second_daemon_is_refused_and_the_first_goes_on() {
    let tidings = Setup::new().start();
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    tidings.has_titles(&["One"]);
    let output = ends(tidings.folder(), &["--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(75), "{}", said(&output));
    assert!(
        said(&output).contains("another daemon (process "),
        "{}",
        said(&output)
    );
    assert_eq!(tidings.get("/atom.xml").status, 200);
}

#[test]
fn a_ledger_is_not_used_for_another_folder() {
    let mut tidings = Setup::new().start();
    assert!(tidings.stop().success());
    fs::create_dir(tidings.folder().join("others")).unwrap();
    let output = ends(
        tidings.folder(),
        &["--listen", "127.0.0.1:0", "--entries", "others"],
    );
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("--adopt"), "{}", said(&output));
}

#[test]
fn a_missing_folder_is_awaited() {
    let setup = Setup::new();
    fs::remove_dir(setup.entries()).unwrap();
    let mut tidings = setup.start();
    eventually("the log says that the folder is missing", PATIENCE, || {
        tidings
            .log()
            .contains("the entries folder is not there")
            .then_some(())
    });
    let answer = tidings.get("/atom.xml");
    assert_eq!(answer.status, 503, "emptiness is never published");
    assert!(answer.header("retry-after").is_some());
    fs::create_dir(tidings.entries()).unwrap();
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    tidings.has_titles(&["One"]);

    // With a ledger, what it knows is served.
    assert!(tidings.stop().success());
    fs::rename(tidings.entries(), tidings.folder().join("away")).unwrap();
    tidings.start_again();
    assert_eq!(tidings.titles().len(), 1);
    eventually("the log says that the folder is missing", PATIENCE, || {
        tidings
            .log()
            .contains("the entries folder is not there")
            .then_some(())
    });
    assert_eq!(tidings.titles().len(), 1);
    fs::rename(tidings.folder().join("away"), tidings.entries()).unwrap();
    tidings.drop_entry("two.md", "# Two\n\nText.\n");
    tidings.has_titles(&["One", "Two"]);
}

#[test]
fn a_file_that_may_not_be_read_hides_no_other() {
    let setup = Setup::new().unprivileged();
    let write = |name: &str, mode: u32| {
        let file = setup.entries().join(name);
        fs::write(&file, format!("# {name}\n\nText.\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        file
    };
    let closed = write("closed.md", 0o000);
    let open = write("open.md", 0o644);
    let tidings = setup.start();
    tidings.has_titles(&["open.md"]);
    eventually("the log names the file", PATIENCE, || {
        tidings
            .log()
            .lines()
            .any(|line| line.contains("closed.md") && line.contains("ermission"))
            .then_some(())
    });
    // A published file that may not be read any more keeps its last good version.
    fs::write(&open, "# open.md\n\nAnother text.\n").unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o644)).unwrap();
    tidings.has_titles(&["open.md", "closed.md"]);
}

/// Not being allowed to look is not the same as there being nothing.
#[test]
fn a_folder_that_may_not_be_read_withdraws_nothing() {
    let setup = Setup::new().unprivileged().with("watch", "\"scan\"");
    let entries = setup.entries();
    fs::write(entries.join("one.md"), "# One\n\nText.\n").unwrap();
    let tidings = setup.start();
    tidings.has_titles(&["One"]);
    let allow =
        |mode: u32| fs::set_permissions(&entries, fs::Permissions::from_mode(mode)).unwrap();
    allow(0o000);
    // The next scan, and the grace after it.
    eventually("the log says so", Duration::from_secs(30), || {
        tidings
            .log()
            .to_lowercase()
            .contains("permission denied")
            .then_some(())
    });
    // Also after the next scan, when the grace is long over.
    let end = std::time::Instant::now() + Duration::from_secs(12);
    while std::time::Instant::now() < end {
        assert_eq!(tidings.titles().len(), 1, "{}", tidings.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    allow(0o755);
    tidings.drop_entry("two.md", "# Two\n\nText.\n");
    eventually("it goes on", Duration::from_secs(30), || {
        (tidings.titles().len() == 2).then_some(())
    });
}

#[test]
fn answers_in_flight_are_finished_at_the_end() {
    let mut tidings = Setup::new().start();
    // More than any socket's buffers hold, so that the answer is in flight as long as nobody reads.
    let whole: Vec<u8> = (0..12_000_000_u32).map(|it| it.to_le_bytes()[1]).collect();
    std::fs::write(tidings.entries().join("plans.pdf"), &whole).unwrap();
    tidings.drop_entry("bridge.md", "# Bridge\n\nThe [plans](plans.pdf).\n");
    eventually("the long file is out", PATIENCE, || {
        (tidings.get("/media/plans.pdf").status == 200).then_some(())
    });

    let mut peer = TcpStream::connect(tidings.address()).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut idle = TcpStream::connect(tidings.address()).unwrap();
    write!(peer, "GET /media/plans.pdf HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut first = [0; 1000];
    peer.read_exact(&mut first).unwrap();
    let reading = std::thread::spawn(move || {
        // SIGTERM comes meanwhile.
        std::thread::sleep(Duration::from_millis(300));
        let mut bytes = first.to_vec();
        peer.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let status = tidings.stop();
    assert!(status.success(), "{status}");
    let answer = reading.join().unwrap();
    assert!(
        answer.ends_with(&whole[whole.len() - 100..]),
        "the body is whole"
    );
    assert!(
        TcpStream::connect(tidings.address()).is_err(),
        "nobody listens any more"
    );
    assert_eq!(
        idle.read(&mut [0; 1]).unwrap_or(0),
        0,
        "an idle connection is closed"
    );
    assert!(
        tidings
            .log()
            .contains("every answer in flight was finished"),
        "{}",
        tidings.log()
    );
}

#[test]
fn health_is_told_on_its_own_listener() {
    let tidings = Setup::new().start();
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    tidings.has_titles(&["One"]);
    let log = tidings.log();
    let url = log
        .lines()
        .find_map(|line| line.trim().strip_prefix("health"));
    let (_, address) = url
        .expect("its address is said")
        .split_once("http://")
        .unwrap();
    let address = address.strip_suffix("/readyz").unwrap().parse().unwrap();
    let ask = |path: &str| {
        let answer = request(address, "GET", path, &[]);
        (answer.status, answer.text().to_owned())
    };
    assert_eq!(ask("/readyz"), (200, "ready\n".to_owned()));
    assert_eq!(ask("/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(ask("/atom.xml").0, 404);
    assert_eq!(
        tidings.get("/readyz").status,
        404,
        "readers are not asked in"
    );
}

/// Starts the program again, and asks before it can have read its ledger: for a feed, for the same with its
/// tag, and for the front page.
fn asks_early(tidings: &mut Tidings, at: SocketAddr, tag: &str) -> [Response; 3] {
    // In WAL mode anybody may read; but a daemon that starts notes the time.
    let ledger = tidings.folder().join("state/ledger.sqlite");
    let ledger = rusqlite::Connection::open(ledger).unwrap();
    ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::thread::scope(|scope| {
        let early = scope.spawn(move || {
            eventually("somebody listens", PATIENCE, || {
                TcpStream::connect(at).is_ok().then_some(())
            });
            let poll = [("If-None-Match", tag)];
            let answers = [("/rss.xml", &[][..]), ("/rss.xml", &poll), ("/", &[])]
                .map(|(path, fields)| request(at, "GET", path, fields));
            drop(ledger);
            answers
        });
        tidings.start_again();
        early.join().unwrap()
    })
}

#[test]
fn what_was_polled_is_answered_before_the_ledger_is_read() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = free.local_addr().unwrap();
    drop(free);
    let listen = Box::leak(format!("\"{at}\"").into_boxed_str());
    let mut tidings = Setup::new().with("listen", listen).start();
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    tidings.has_titles(&["One"]);
    let before = tidings.get("/rss.xml");
    let tag = before.header("etag").unwrap().to_owned();

    assert!(tidings.stop().success());
    let [feed, poll, page] = asks_early(&mut tidings, at, &tag);
    assert_eq!((feed.status, &feed.body), (200, &before.body));
    for name in ["etag", "last-modified", "content-type", "link", "vary"] {
        assert_eq!(feed.header(name), before.header(name), "{name}");
    }
    assert_eq!((poll.status, poll.header("etag")), (304, Some(&*tag)));
    assert_eq!(page.status, 503);
    assert_eq!(tidings.get("/").status, 200);

    // Nobody knows what one that died has published since.
    tidings.kill();
    let [feed, poll, _] = asks_early(&mut tidings, at, &tag);
    assert_eq!((feed.status, poll.status), (503, 503));
    assert_eq!(tidings.get("/rss.xml").body, before.body);

    // With other settings the feed may say something else.
    assert!(tidings.stop().success());
    tidings.configure("[feeds]\nlimit = 7\n");
    let [feed, poll, _] = asks_early(&mut tidings, at, &tag);
    assert_eq!((feed.status, poll.status), (503, 503));
}
