//! SIGTERM while many are connected.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::alone;
use super::frames::{WINDOW_UPDATE, Wire, frame, get};
use super::gauge::{Client, can_open};
use super::slow::with_much_to_read;
use crate::support::{PATIENCE, Tidings, eventually, head_of};
use crate::tls::{Authority, NAME, Tls, ask, handshake, started_with};

const FILM: usize = 16 << 20;

/// Asks for the film and takes its beginning.
fn begin(at: SocketAddr) -> (TcpStream, Vec<u8>) {
    let mut stream = TcpStream::connect(at).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let head = "GET /media/film.mp4 HTTP/1.1\r\nHost: news.example.org\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut beginning = vec![0; 16 * 1024];
    stream.read_exact(&mut beginning).unwrap();
    (stream, beginning)
}

/// The bytes of the body, after the connection has ended.
fn finish((mut stream, mut got): (TcpStream, Vec<u8>)) -> usize {
    // It must be going on at the moment of the signal, and some time after.
    thread::sleep(Duration::from_millis(300));
    stream.read_to_end(&mut got).unwrap();
    let end = got.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    got.len() - end - 4
}

/// How long answers may take to their end.
const DRAIN: Duration = Duration::from_secs(20);

/// Half a head has ten seconds otherwise.
const SOON: Duration = Duration::from_secs(8);

fn stops_under(clients: usize, within: Duration) {
    let _alone = alone();
    can_open(clients as u64 + 200);
    let mut tidings = with_much_to_read("[limits]\ndrain = \"20s\"\nconnections = 4096\n");
    let at = tidings.address();
    let share = clients / 5;
    let silent: Vec<_> = (0..share)
        .map(|_| TcpStream::connect(at).unwrap())
        .collect();
    let half: Vec<_> = (0..share)
        .map(|_| {
            let mut stream = TcpStream::connect(at).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHos").unwrap();
            stream
        })
        .collect();
    let idle: Vec<_> = (0..share)
        .map(|_| {
            let mut client = Client::new(at).unwrap();
            assert_eq!(client.ask("/").unwrap().0, 200);
            client.into_stream()
        })
        .collect();
    let quiet: Vec<_> = (0..share).map(|_| Wire::open(at, &[]).unwrap()).collect();
    // A tenth is at its answer in HTTP/1, a few in HTTP/2: what all of them take is read as a whole.
    let active: Vec<_> = (0..share / 2).map(|_| begin(at)).collect();
    let mut multiplexed: Vec<_> = (0..share / 10)
        .map(|_| Wire::open(at, &[]).unwrap())
        .collect();
    let mut before = Vec::new();
    for wire in &mut multiplexed {
        wire.send(&get(1, "/media/film.mp4")).unwrap();
        before.push(wire.attack(&[], DRAIN, |seen| seen.data.contains_key(&1)));
    }
    let start = Instant::now();
    let (status, took) = thread::scope(|scope| {
        let active: Vec<_> = active
            .into_iter()
            .map(|client| scope.spawn(move || finish(client)))
            .collect();
        let multiplexed: Vec<_> = multiplexed
            .into_iter()
            .map(|mut wire| {
                scope.spawn(move || {
                    thread::sleep(Duration::from_millis(300));
                    let all = 0x4000_0000_u32.to_be_bytes();
                    let more = [0, 1]
                        .map(|stream| frame(WINDOW_UPDATE, 0, stream, &all))
                        .concat();
                    wire.attack(&more, DRAIN, |_| false)
                })
            })
            .collect();
        let status = tidings.stop();
        let took = start.elapsed();
        for client in active {
            assert_eq!(client.join().unwrap(), FILM, "truncated");
        }
        for (wire, before) in multiplexed.into_iter().zip(before) {
            let seen = wire.join().unwrap();
            let bytes = before.data[&1] + seen.data[&1];
            assert_eq!((bytes, seen.whole), (FILM, 1), "truncated");
        }
        (status, took)
    });
    eprintln!("{clients} clients, ended after {took:.1?}");
    assert!(status.success(), "{status}");
    // Those who never say that they have understood don't hold it up, either.
    assert!(took < within, "{took:?}");
    drop((silent, half, idle, quiet));
}

#[test]
fn told_to_end_among_two_hundred_clients_it_truncates_nothing() {
    stops_under(200, SOON);
}

/// `cargo test --test it told_to_end_among_two_thousand -- --ignored --nocapture`
#[test]
#[ignore = "takes two thousand connections and half a minute"]
fn told_to_end_among_two_thousand_clients_it_truncates_nothing() {
    stops_under(2000, DRAIN);
}

/// How far a client is with its handshake when the program is told to end.
#[derive(Clone, Copy)]
enum Shaking {
    /// It has connected.
    Silent,
    /// A part of its first message is sent.
    Begun,
    /// It has been answered, and owes the last message.
    Answered,
}

/// A client that is in the middle of its handshake.
fn shaking(at: SocketAddr, client: &Arc<ClientConfig>, how_far: Shaking) -> Tls {
    let name = ServerName::try_from(NAME).unwrap();
    let mut connection = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut socket = TcpStream::connect(at).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    match how_far {
        Shaking::Silent => {}
        Shaking::Begun => {
            let mut hello = Vec::new();
            connection.write_tls(&mut hello).unwrap();
            socket.write_all(&hello[..hello.len() / 2]).unwrap();
        }
        Shaking::Answered => {
            connection.write_tls(&mut socket).unwrap();
            // Without this the server may not have read a byte of it yet.
            socket.peek(&mut [0]).unwrap();
        }
    }
    StreamOwned::new(connection, socket)
}

/// How many go on with their handshake after the signal. They have a quarter of `header_timeout`.
const PROMPT: usize = 10;

fn with_a_film_by_tls(authority: &Authority) -> Tidings {
    let limits = "[limits]\ndrain = \"20s\"\nheader_timeout = \"20s\"\nconnections = 4096\n";
    let tidings = started_with(authority, limits);
    fs::write(tidings.entries().join("film.mp4"), vec![7; FILM]).unwrap();
    tidings.drop_entry("film.md", "# Film\n\n![The film](film.mp4)\n");
    let client = authority.client(&["http/1.1"]);
    eventually("the film is there", PATIENCE, || {
        let stream = handshake(tidings.address(), &client, NAME).unwrap();
        let first = ask(stream, "GET", "/media/film.mp4", &[("Range", "bytes=0-0")]);
        (first.status == 206).then_some(())
    });
    tidings
}

fn stops_under_clients_of_tls(clients: usize, within: Duration) {
    let _alone = alone();
    can_open(clients as u64 + 200);
    let authority = Authority::new();
    let client = authority.client(&["http/1.1"]);
    let mut tidings = with_a_film_by_tls(&authority);
    let at = tidings.address();
    let some = |count, how_far| -> Vec<Tls> {
        let one = |_| shaking(at, &client, how_far);
        (0..count).map(one).collect()
    };
    let stages = [Shaking::Silent, Shaking::Begun, Shaking::Answered];
    let left_alone = stages.map(|how_far| some(clients / 4, how_far));
    let prompt = some(PROMPT, Shaking::Answered);
    let active = (0..clients / 20).map(|_| {
        let mut stream = handshake(at, &client, NAME).unwrap();
        let head = head_of("GET", NAME, "/media/film.mp4", &[]);
        stream.write_all(head.as_bytes()).unwrap();
        let mut beginning = vec![0; 16 * 1024];
        stream.read_exact(&mut beginning).unwrap();
        (stream, beginning)
    });
    let active: Vec<_> = active.collect();
    let start = Instant::now();
    let (status, took) = thread::scope(|scope| {
        let active: Vec<_> = active
            .into_iter()
            .map(|(mut stream, mut got)| {
                scope.spawn(move || {
                    thread::sleep(Duration::from_millis(300));
                    // An end that was not announced is an error.
                    stream.read_to_end(&mut got).unwrap();
                    let end = got.windows(4).position(|four| four == b"\r\n\r\n");
                    got.len() - end.unwrap() - 4
                })
            })
            .collect();
        // Those who go on as they should have their answer, too.
        let prompt = scope.spawn(move || {
            thread::sleep(Duration::from_millis(100));
            let answers = prompt.into_iter().map(|it| ask(it, "GET", "/", &[]).status);
            answers.collect::<Vec<_>>()
        });
        let status = tidings.stop();
        let took = start.elapsed();
        for client in active {
            assert_eq!(client.join().unwrap(), FILM, "truncated");
        }
        assert_eq!(prompt.join().unwrap(), [200; PROMPT]);
        (status, took)
    });
    eprintln!("{clients} clients of TLS, ended after {took:.1?}");
    assert!(status.success(), "{status}");
    assert!(took < within, "{took:?}");
    tidings.says("every answer in flight was finished");
    drop(left_alone);
}

#[test]
fn told_to_end_amid_handshakes_it_waits_for_nobody_who_is_silent() {
    stops_under_clients_of_tls(200, SOON);
}

/// `cargo test --test it told_to_end_amid_two_thousand -- --ignored --nocapture`
#[test]
#[ignore = "takes two thousand connections and half a minute"]
fn told_to_end_amid_two_thousand_handshakes_it_waits_for_nobody_who_is_silent() {
    stops_under_clients_of_tls(2000, DRAIN);
}
