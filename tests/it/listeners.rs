//! Where readers connect: several addresses at once, and Unix sockets.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use crate::support::{PATIENCE, Response, Setup, eventually, head_of, program, request};

/// One request at a Unix socket.
pub(crate) fn ask(socket: &Path, path: &str) -> Response {
    let mut peer = UnixStream::connect(socket).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.write_all(head_of("GET", "news.example.org", path, &[]).as_bytes())
        .unwrap();
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).unwrap();
    Response::read("GET", &bytes)
}

#[test]
fn readers_are_served_at_several_places_at_once() {
    let mut tidings = Setup::new()
        .with(
            "listen",
            "[\"127.0.0.1:0\", \"unix:http.sock\", \"127.0.0.1:0\"]",
        )
        .start();
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    tidings.has_titles(&["One"]);
    let places = tidings.places();
    let addresses: Vec<SocketAddr> = places
        .iter()
        .filter_map(|place| place.strip_prefix("http://")?.parse().ok())
        .collect();
    let [one, other] = addresses[..] else {
        panic!("{places:?}");
    };
    assert_ne!(one, other);
    assert!(places.contains(&"unix:http.sock".to_owned()), "{places:?}");
    let socket = tidings.folder().join("http.sock");
    let answers = [
        request(one, "GET", "/atom.xml", &[]),
        request(other, "GET", "/atom.xml", &[]),
        ask(&socket, "/atom.xml"),
    ];
    for answer in &answers {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("etag"), answers[0].header("etag"));
        assert_eq!(answer.body, answers[0].body);
    }
    assert_eq!(ask(&socket, "/nothing").status, 404);
    // All of them end with the program.
    assert!(tidings.stop().success());
    for address in [one, other] {
        assert!(TcpStream::connect(address).is_err());
    }
    assert!(!socket.exists(), "no socket is left behind");
}

/// Whoever may enter the folder may connect: the proxy is another user.
#[test]
fn a_unix_socket_is_all_that_a_proxy_needs() {
    let tidings = Setup::new().with("listen", "\"unix:http.sock\"").start();
    assert_eq!(tidings.places(), ["unix:http.sock"]);
    assert_eq!(tidings.address().port(), 0, "there is no address");
    let socket = tidings.folder().join("http.sock");
    let found = fs::symlink_metadata(&socket).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o666);
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    let answer = eventually("the entry is out", PATIENCE, || {
        Some(ask(&socket, "/atom.xml")).filter(|it| it.status == 200 && it.text().contains("One"))
    });
    assert!(answer.text().contains("https://news.example.org/atom.xml"));
}

#[test]
fn a_socket_that_was_left_behind_is_replaced() {
    let mut tidings = Setup::new().with("listen", "\"unix:http.sock\"").start();
    let socket = tidings.folder().join("http.sock");
    let before = fs::symlink_metadata(&socket).unwrap().ctime_nsec();
    tidings.kill();
    assert!(socket.exists(), "nobody could remove it");
    tidings.start_again();
    assert_ne!(fs::symlink_metadata(&socket).unwrap().ctime_nsec(), before);
    // Until the first scan is over, all is 503.
    assert!([404, 503].contains(&ask(&socket, "/nothing").status));
}

#[test]
fn a_socket_that_somebody_listens_at_is_left_alone() {
    let setup = Setup::new().with("listen", "\"unix:http.sock\"");
    let socket = setup.folder().join("http.sock");
    let other = UnixListener::bind(&socket).unwrap();
    let refused = || {
        let (code, said) = setup.ends();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("can't listen at unix:http.sock"), "{said}");
    };
    refused();
    assert!(UnixStream::connect(&socket).is_ok(), "it is as it was");
    // Also when its queue is full, so that nobody can connect at once.
    rustix::net::listen(&other, 0).unwrap();
    let waiting = || {
        let peer = rustix::net::socket_with(
            rustix::net::AddressFamily::UNIX,
            rustix::net::SocketType::STREAM,
            rustix::net::SocketFlags::NONBLOCK,
            None,
        );
        let peer = peer.unwrap();
        let address = rustix::net::SocketAddrUnix::new(&socket).unwrap();
        rustix::net::connect(&peer, &address).map(|()| peer)
    };
    let mut peers = Vec::new();
    while let Ok(peer) = waiting() {
        peers.push(peer);
        assert!(peers.len() < 1000, "the queue has an end");
    }
    refused();
    drop(peers);
    assert!(socket.exists(), "it is as it was");
}

/// A path is no reason to remove somebody's file.
#[test]
fn a_file_in_the_place_of_a_socket_is_left_alone() {
    let setup = Setup::new().with("listen", "\"unix:notes.txt\"");
    let file = setup.folder().join("notes.txt");
    fs::write(&file, "mine").unwrap();
    let (code, said) = setup.ends();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("can't listen at unix:notes.txt"), "{said}");
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");

    let setup = Setup::new().with("listen", "\"unix:nowhere/http.sock\"");
    let (code, said) = setup.ends();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("unix:nowhere/http.sock"), "{said}");
}

/// One place that can't be had is enough to end the start: half a site is a fault that nobody sees.
#[test]
fn all_places_are_needed() {
    let setup = Setup::new().with(
        "listen",
        "[\"unix:http.sock\", \"127.0.0.1:0\", \"192.0.2.1:80\"]",
    );
    let (code, said) = setup.ends();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("can't listen at 192.0.2.1:80"), "{said}");
    assert!(
        !setup.folder().join("http.sock").exists(),
        "what was bound already is put in order"
    );
}

/// Asks the daemon that serves this state: the exit code, and what it said.
fn health(state: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = std::process::Command::new(program())
        .arg("health")
        .args(arguments)
        .args(["--state".as_ref(), state.as_os_str()])
        .env("XDG_CONFIG_HOME", state)
        .current_dir(state)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn the_admin_listener_may_be_a_socket_for_its_owner_alone() {
    let setup = Setup::new().with("admin_listen", "\"unix:admin.sock\"");
    // What a daemon left that was killed.
    let socket = setup.folder().join("admin.sock");
    drop(UnixListener::bind(&socket).unwrap());
    let mut tidings = setup.start();
    let found = fs::symlink_metadata(&socket).unwrap();
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    assert_eq!(tidings.places().len(), 1, "readers have another place");
    tidings.says("  health    unix:admin.sock\n");
    // Whoever has come in here may say what they like but the name of a page elsewhere.
    let ask = |host: &str, path: &str| {
        let mut peer = UnixStream::connect(&socket).unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        peer.write_all(head_of("GET", host, path, &[]).as_bytes())
            .unwrap();
        let mut bytes = Vec::new();
        peer.read_to_end(&mut bytes).unwrap();
        Response::read("GET", &bytes)
    };
    assert_eq!(ask("localhost", "/healthz").text(), "ok\n");
    assert!(ask("localhost", "/metrics").text().ends_with("# EOF\n"));
    assert_eq!(ask("evil.example", "/metrics").status, 421);
    assert_eq!(ask("localhost", "/rss.xml").status, 404);
    assert!(tidings.stop().success());
    assert!(!socket.exists(), "no socket is left behind");
}

#[test]
fn health_is_asked_without_any_listener() {
    let setup = Setup::new().with("admin_listen", "\"off\"");
    let state = setup.folder().join("state");
    fs::create_dir(&state).unwrap();
    let (code, said) = health(&state, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no daemon serves the state"), "{said}");
    let mut tidings = setup.start();
    eventually("it is ready", PATIENCE, || {
        (health(&state, &["--ready"]) == (Some(0), "ready\n".to_owned())).then_some(())
    });
    assert_eq!(health(&state, &[]), (Some(0), "ok\n".to_owned()));
    fs::rename(tidings.entries(), tidings.folder().join("away")).unwrap();
    let said = eventually("it is not ready", PATIENCE, || {
        let (code, said) = health(&state, &["--ready"]);
        (code == Some(1)).then_some(said)
    });
    assert!(said.contains("the entries folder is not there"), "{said}");
    assert_eq!(health(&state, &[]).0, Some(0), "it lives all the same");
    assert!(tidings.stop().success());
    assert_eq!(health(&state, &[]).0, Some(1));
}
