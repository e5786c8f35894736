//! Readers that ask for much and take little.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_recv_buffer_size;

use super::alone;
use super::frames::{INITIAL_WINDOW_SIZE, Wire, get, streams};
use super::gauge::{Gauge, MIB, Usual, can_open, kernel_memory};
use crate::support::{PATIENCE, Setup, Tidings, eventually};

/// How long a reader may take no byte.
const PATIENT: Duration = Duration::from_secs(3);

/// A feed and a film, both larger than what lies between two ends of a connection.
pub(super) fn with_much_to_read(tables: &str) -> Tidings {
    let tidings = Setup::new()
        .with_tables("[feeds]\nmax_bytes = \"4MiB\"\n")
        .with_tables(tables)
        .start();
    let paragraph = "The ferry is late again, and nobody knows why. ".repeat(20) + "\n\n";
    let long = paragraph.repeat(850_000 / paragraph.len());
    for number in 0..4 {
        tidings.drop_entry(
            &format!("long-{number}.txt"),
            &format!("Long {number}\n\n{long}"),
        );
    }
    fs::write(tidings.entries().join("film.mp4"), vec![7; 16 << 20]).unwrap();
    tidings.drop_entry("film.md", "# Film\n\n![The film](film.mp4)\n");
    eventually("there is much to read", PATIENCE, || {
        let film = tidings.get_with("/media/film.mp4", &[("Range", "bytes=0-0")]);
        (film.status == 206 && tidings.titles().len() == 5).then_some(())
    });
    let feed = tidings.get("/rss.xml").body.len();
    assert!(feed > 3 << 20, "{feed} bytes");
    tidings
}

/// Asks, and takes no more than what fits into a small buffer.
fn ask_and_wait(at: SocketAddr, path: &str) -> TcpStream {
    const BUFFER: usize = 4096;
    let mut stream = TcpStream::connect(at).unwrap();
    set_socket_recv_buffer_size(&stream, BUFFER).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: news.example.org\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_nonblocking(true).unwrap();
    stream
}

fn slow_readers_are_cut(count: usize) {
    let _alone = alone();
    can_open(count as u64 + 200);
    let tidings = with_much_to_read("[limits]\nwrite_timeout = \"3s\"\nconnections = 4096\n");
    let at = tidings.address();
    let gauge = Gauge::new(&tidings);
    let usual = Usual::of(at, &gauge);
    let before = gauge.descriptors();
    let kernel = kernel_memory();
    let paths = ["/rss.xml", "/media/film.mp4"];
    let begun = Instant::now();
    let mut readers: Vec<TcpStream> = (0..count)
        .map(|number| ask_and_wait(at, paths[number % 2]))
        .collect();
    thread::scope(|scope| {
        // Half of them take ten bytes a second.
        let slow = &mut readers[..count / 2];
        scope.spawn(|| {
            while begun.elapsed() < PATIENT {
                for reader in &mut *slow {
                    // Nothing there yet, or cut already.
                    let _ = reader.read(&mut [0; 10]);
                }
                thread::sleep(Duration::from_secs(1));
            }
        });
        let most = kernel_memory();
        usual.still_holds(&format!("{count} slow readers"), at, &gauge);
        match (kernel, most.max(kernel_memory())) {
            (Some(before), Some(most)) => {
                let most = most.saturating_sub(before);
                eprintln!("{} KiB of kernel memory each", most / 1024 / count as u64);
                // The send buffer as the kernel counts it, and a little for the other end.
                assert!(most < count as u64 * MIB, "{most} bytes of kernel memory");
            }
            _ => eprintln!("not measured: the kernel does not say what it holds for TCP"),
        }
    });
    eventually("all of them are cut", PATIENCE, || {
        (gauge.descriptors() <= before + 2).then_some(())
    });
    let (took, grown) = (begun.elapsed(), gauge.grown());
    eprintln!("all cut after {took:.1?}; {} MiB more", grown / MIB);
    assert!(took < Duration::from_secs(30), "{took:?}");
    // A piece of the film for each, and what a connection needs.
    let most = 40 * MIB + count as u64 * 64 * 1024;
    assert!(grown < most, "{grown} bytes");
    drop(readers);
}

#[test]
fn two_hundred_slow_readers_are_cut() {
    slow_readers_are_cut(200);
}

/// `cargo test --test it two_thousand_slow_readers -- --ignored --nocapture`
#[test]
#[ignore = "takes a gigabyte of the kernel's memory"]
fn two_thousand_slow_readers_are_cut() {
    slow_readers_are_cut(2000);
}

/// A connection of HTTP/2 has 64 streams, and each may be sent a file: neither descriptors nor memory
/// may be had for the asking, and the writer must have its own.
#[test]
fn files_that_nobody_takes_leave_room_for_others() {
    let _alone = alone();
    let tidings = with_much_to_read("[limits]\nconnections = 128\nidle_timeout = \"4s\"\n");
    let at = tidings.address();
    let gauge = Gauge::new(&tidings);
    let usual = Usual::of(at, &gauge);
    let before = gauge.descriptors();
    let wires = taken_files(at, 20);
    usual.still_holds("1280 streams that take nothing", at, &gauge);
    let (most, grown) = (gauge.descriptors() - before, gauge.grown());
    eprintln!("{most} descriptors, {} MiB more", grown / MIB);
    let none_left = tidings.get("/media/film.mp4");
    assert_eq!(
        (none_left.status, none_left.header("retry-after")),
        (503, Some("5"))
    );
    tidings.drop_entry("news.md", "# Ferry back in service\n\nAt last.\n");
    eventually("the writer publishes", PATIENCE, || {
        (tidings.titles().len() == 6).then_some(())
    });
    assert!(most <= 2 * 128 + 10, "{most} descriptors");
    assert!(grown < 50 * MIB, "{grown} bytes");
    eventually("all of them are cut", PATIENCE, || {
        (gauge.descriptors() <= before + 2).then_some(())
    });
    drop(wires);
    assert_eq!(tidings.get("/media/film.mp4").body.len(), 16 << 20);
}

/// Connections of HTTP/2 with all the streams they may have, each of which asks for a file and takes a
/// byte of it.
fn taken_files(at: SocketAddr, connections: usize) -> Vec<Wire> {
    let requests: Vec<u8> = streams(64)
        .flat_map(|stream| get(stream, "/media/film.mp4"))
        .collect();
    let open = |_| {
        let mut wire = Wire::open(at, &[(INITIAL_WINDOW_SIZE, 1)]).unwrap();
        wire.send(&requests).unwrap();
        wire
    };
    (0..connections).map(open).collect()
}
