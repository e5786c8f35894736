//! Messages that two programs could take apart in two ways, on raw sockets. What follows one of them on
//! its connection must never be answered: it may be somebody else's request. (RFC 9112 section 11.2)

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::alone;
use crate::support::{Setup, Tidings};

/// Follows each message, and is answered with what no other answer has.
const NEXT: &[u8] = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

fn start() -> Tidings {
    let tidings = Setup::new()
        // Longer than anything takes here, so that it is never this that ends a connection.
        .with_tables("[limits]\nheader_timeout = \"1m\"\n")
        .start();
    tidings.drop_entry("news.md", "# Ferry back in service\n\nAt last.\n");
    tidings.has_titles(&["Ferry back in service"]);
    tidings
}

/// The statuses of all that is answered to `message` and what follows, and whether the program ended the
/// connection; it is not asked to.
fn answers(at: SocketAddr, message: &[u8], next: &[u8]) -> (Vec<u16>, bool) {
    const SILENCE: Duration = Duration::from_millis(400);
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    // Refused at its beginning, a long message may not be taken to its end.
    let _ = stream.write_all(&[message, next].concat());
    let mut got = Vec::new();
    let mut piece = [0; 4096];
    let is_ended = loop {
        match stream.read(&mut piece) {
            Ok(some @ 1..) => got.extend_from_slice(&piece[..some]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break false,
            Ok(_) | Err(_) => break true,
        }
    };
    drop(stream.shutdown(Shutdown::Both));
    let got = String::from_utf8_lossy(&got);
    let statuses = got.split("HTTP/1.").skip(1);
    let statuses = statuses.map(|answer| answer[2..5].parse().unwrap());
    (statuses.collect(), is_ended)
}

/// Header fields after a request line and `Host`, or whole messages.
fn refused() -> Vec<(&'static str, Vec<u8>)> {
    let post =
        |fields: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n").into_bytes();
    let get = |fields: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n").into_bytes();
    let line = |line: &str| format!("{line}\r\nHost: a\r\n\r\n").into_bytes();
    let many = "X-A: b\r\n".repeat(100);
    vec![
        ("lengths that differ", post("Content-Length: 5\r\nContent-Length: 6")),
        ("lengths that differ, GET", get("Content-Length: 5\r\nContent-Length: 0")),
        ("a list of lengths", post("Content-Length: 5, 6")),
        ("a length with a sign", post("Content-Length: +4")),
        ("a negative length", post("Content-Length: -4")),
        ("a hexadecimal length", post("Content-Length: 0x4")),
        ("a length with a space", post("Content-Length: 4 4")),
        ("an empty length", post("Content-Length:")),
        ("a length with a point", post("Content-Length: 4.0")),
        ("a length in quotes", post("Content-Length: \"4\"")),
        ("a length beyond 64 bits", post("Content-Length: 99999999999999999999999")),
        ("an unknown coding", post("Transfer-Encoding: xchunked")),
        ("an unknown coding last", post("Transfer-Encoding: chunked, xyz")),
        ("a coding that does not frame", post("Transfer-Encoding: gzip")),
        ("identity", post("Transfer-Encoding: identity")),
        ("chunked, then identity", post("Transfer-Encoding: chunked, identity")),
        ("two codings in two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x")),
        ("a coding with a vertical tab", post("Transfer-Encoding: \u{b}chunked")),
        (
            "a coding in HTTP/1.0",
            b"POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
        ),
        ("a space before the colon", post("Content-Length : 5")),
        ("a tab before the colon", get("X-A\t: b")),
        ("a space in a name", get("X A: b")),
        ("a folded line", get("X-A: b\r\n c")),
        ("a folded length", post("Content-Length: 5\r\n 0")),
        ("a folded coding", post("Transfer-Encoding:\r\n chunked")),
        ("a space before the first field", b"GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n".to_vec()),
        ("NUL in a value", get("X-A: b\0c")),
        ("NUL in a name", get("X\0A: b")),
        ("NUL in the target", line("GET /\0 HTTP/1.1")),
        ("a bare CR in a value", get("X-A: b\rc")),
        ("a bare CR for a line's end", b"GET / HTTP/1.1\rHost: a\r\r".to_vec()),
        ("a field without a colon", get("X-A")),
        ("a field without a name", get(": b")),
        ("no host", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("two hosts", get("Host: b")),
        ("the same host twice", get("Host: a")),
        ("a host with a path", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".to_vec()),
        ("a host with a user", b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n".to_vec()),
        ("HTTP/0.9", b"GET /\r\n".to_vec()),
        ("HTTP/2 in words", line("GET / HTTP/2.0")),
        ("HTTP/1.2", line("GET / HTTP/1.2")),
        ("a version in small letters", line("GET / http/1.1")),
        ("two spaces", line("GET  / HTTP/1.1")),
        ("a space after the version", line("GET / HTTP/1.1 ")),
        ("a tab for a space", line("GET\t/ HTTP/1.1")),
        ("a target with a space", line("GET /a b HTTP/1.1")),
        ("no target", line("GET HTTP/1.1")),
        ("a target that is no path", line("GET feed.json HTTP/1.1")),
        ("a method with a colon", line("GE:T / HTTP/1.1")),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        ("a long field", get(&format!("X-A: {}", "b".repeat(17 * 1024)))),
        ("many fields", get(many.trim_end())),
        ("a long target", line(&format!("GET /{} HTTP/1.1", "b".repeat(17 * 1024)))),
        ("a very long target", line(&format!("GET /{} HTTP/1.1", "b".repeat(70 * 1024)))),
    ]
}

#[test]
fn a_message_that_can_be_misread_is_refused_and_is_the_last() {
    let _alone = alone();
    let tidings = start();
    let mut wrong = Vec::new();
    for (what, message) in refused() {
        let (statuses, is_ended) = answers(tidings.address(), &message, NEXT);
        let is_refused = matches!(statuses[..], [400 | 414 | 431 | 505]);
        if !(is_refused && is_ended) {
            wrong.push(format!("{what}: {statuses:?}, ended: {is_ended}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_request_with_a_body_is_the_last() {
    let _alone = alone();
    let tidings = start();
    let bodies: [(&str, u16, &str); 12] = [
        ("POST", 405, "Content-Length: 5\r\n\r\nhello"),
        ("GET", 200, "Content-Length: 5\r\n\r\nhello"),
        ("HEAD", 200, "Content-Length: 5\r\n\r\nhello"),
        ("OPTIONS", 204, "Content-Length: 5\r\n\r\nhello"),
        (
            "GET",
            200,
            "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        ),
        ("POST", 405, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("GET", 200, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (
            "GET",
            200,
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "GET",
            200,
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        ),
        (
            "GET",
            200,
            "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ),
        ("GET", 200, "Transfer-Encoding: chunked\r\n\r\n0\n\n"),
        (
            "GET",
            200,
            "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
        ),
    ];
    let mut wrong = Vec::new();
    for (method, status, rest) in bodies {
        let message = format!("{method} /feed.json HTTP/1.1\r\nHost: a\r\n{rest}");
        let (statuses, is_ended) = answers(tidings.address(), message.as_bytes(), NEXT);
        if !(is_ended && (statuses == [status] || statuses == [400])) {
            wrong.push(format!(
                "{method} {rest:?}: {statuses:?}, ended: {is_ended}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is odd but means one thing only is answered, and so is what follows.
#[test]
fn odd_methods_and_line_ends_are_answered_as_what_they_are() {
    let _alone = alone();
    let tidings = start();
    let messages: [(&[u8], u16); 9] = [
        (b"GET /feed.json HTTP/1.1\nHost: a\n\n", 200),
        (b"\r\nGET /feed.json HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"GET /feed.json HTTP/1.1\r\nHost:a\r\nContent-Length: 0\r\n\r\n", 200),
        (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 405),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 204),
        (b"PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET http://b/feed.json HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (
            b"GET /feed.json HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
            200,
        ),
    ];
    let mut wrong = Vec::new();
    for (message, status) in messages {
        let (statuses, is_ended) = answers(tidings.address(), message, NEXT);
        let message = String::from_utf8_lossy(message);
        // Whoever would tunnel through us gets no second answer, or one that is no tunnel's.
        if statuses != [status, 404] || is_ended {
            wrong.push(format!("{message:?}: {statuses:?}, ended: {is_ended}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
