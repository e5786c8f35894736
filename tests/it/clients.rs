//! Who asks, as proxies tell it, and who is told to come back later.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{PATIENCE, Response, Setup, Tidings, eventually};

/// A proxy on this machine that is believed.
const BEHIND_A_PROXY: &str = "[http]\nmax_age = \"0s\"\ntrusted_proxies = [\"127.0.0.1\"]\n";

fn behind_a_proxy() -> Tidings {
    let setup = Setup::new().with_sample_entries();
    let tidings = setup.with_only_tables(BEHIND_A_PROXY).start();
    tidings.feed_when("all is there", |feed| {
        feed["items"]
            .as_array()
            .is_some_and(|items| items.len() > 5)
    });
    tidings
}

/// What somebody at `address` is answered, whom the proxy names.
fn ask(tidings: &Tidings, address: &str, path: &str, fields: &[(&str, &str)]) -> Response {
    let named = [("X-Forwarded-For", address)];
    tidings.get_with(path, &[&named, fields].concat())
}

#[test]
fn who_fetches_again_and_again_what_has_not_changed_is_told_so() {
    let tidings = behind_a_proxy();
    let fetched = (0..200)
        .take_while(|_| ask(&tidings, "203.0.113.7", "/rss.xml", &[]).status == 200)
        .count();
    assert_eq!(fetched, 60);
    let told = ask(&tidings, "203.0.113.7", "/rss.xml", &[]);
    assert_eq!(told.status, 429);
    let wait: u64 = told.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(told.header("cache-control"), Some("no-store"));
    assert_eq!(told.header("access-control-allow-origin"), Some("*"));
    assert!(told.text().contains("If-None-Match"), "{}", told.text());

    // Other feeds, other readers, and the same reader with what it has, are answered.
    assert_eq!(ask(&tidings, "203.0.113.7", "/atom.xml", &[]).status, 200);
    assert_eq!(ask(&tidings, "203.0.113.8", "/rss.xml", &[]).status, 200);
    let known = ask(&tidings, "203.0.113.8", "/rss.xml", &[]);
    let known = known.header("etag").unwrap();
    let again = ask(
        &tidings,
        "203.0.113.7",
        "/rss.xml",
        &[("If-None-Match", known)],
    );
    assert_eq!(again.status, 304);
    // So it is when there is news.
    tidings.drop_entry("news.md", "# News\n\nOf today.\n");
    tidings.feed_when("it is there", |feed| feed["items"][0]["title"] == "News");
    assert_eq!(ask(&tidings, "203.0.113.7", "/rss.xml", &[]).status, 200);
}

#[test]
fn polls_are_never_punished_and_hammering_is() {
    let tidings = behind_a_proxy();
    let known = ask(&tidings, "203.0.113.9", "/rss.xml", &[]);
    let known = known.header("etag").unwrap();
    for _ in 0..300 {
        let poll = ask(
            &tidings,
            "203.0.113.9",
            "/rss.xml",
            &[("If-None-Match", known)],
        );
        assert_eq!(poll.status, 304);
    }
    let statuses: Vec<u16> = (0..2000)
        .map(|number| ask(&tidings, "203.0.113.10", &format!("/{number}"), &[]).status)
        .take_while(|&status| status != 429)
        .collect();
    assert!((100..2000).contains(&statuses.len()), "{}", statuses.len());
    assert!(statuses.iter().all(|&status| status == 404));
    assert_eq!(ask(&tidings, "203.0.113.11", "/rss.xml", &[]).status, 200);
}

#[test]
fn nobody_is_limited_where_all_look_the_same_or_it_is_switched_off() {
    let off = format!("{BEHIND_A_PROXY}rate_limit = false\n");
    for tables in ["[http]\nmax_age = \"0s\"\n", &off] {
        let setup = Setup::new().with_sample_entries().with_only_tables(tables);
        let tidings = setup.start();
        for _ in 0..150 {
            let answer = ask(&tidings, "203.0.113.7", "/feeds.opml", &[]);
            assert_ne!(answer.status, 429, "{tables}");
        }
    }
}

/// What comes back for these bytes, to the end of the connection.
fn talk(tidings: &Tidings, bytes: &[u8]) -> String {
    let mut peer = TcpStream::connect(tidings.address()).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    peer.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // A reset is an end, too.
    let _ = peer.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_proxy_that_announces_connections_says_who_comes() {
    let tables = format!("{BEHIND_A_PROXY}proxy_protocol = true\n");
    let setup = Setup::new().with_sample_entries().with_only_tables(&tables);
    let tidings = setup.start();
    let get = "GET /feeds.opml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let from = |address: &str| {
        let line = format!("PROXY TCP4 {address} 192.0.2.1 4711 80\r\n{get}");
        talk(&tidings, line.as_bytes())
    };
    eventually("it answers", PATIENCE, || {
        from("203.0.113.1")
            .starts_with("HTTP/1.1 200 ")
            .then_some(())
    });
    // Version 2: 203.0.113.2 to 192.0.2.1.
    let mut binary = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    binary.extend([203, 0, 113, 2, 192, 0, 2, 1, 0x12, 0x67, 0, 80]);
    binary.extend(get.as_bytes());
    assert!(talk(&tidings, &binary).starts_with("HTTP/1.1 200 "));
    // Without an announcement, or with a wrong one, nothing is answered.
    assert_eq!(talk(&tidings, get.as_bytes()), "");
    assert_eq!(talk(&tidings, b"PROXY TCP4 nonsense\r\n"), "");
    // Each is one client, whoever passes it on.
    let fetched = (0..200)
        .take_while(|_| from("203.0.113.3").starts_with("HTTP/1.1 200 "))
        .count();
    assert_eq!(fetched, 60);
    assert!(from("203.0.113.3").starts_with("HTTP/1.1 429 "));
    assert!(from("203.0.113.4").starts_with("HTTP/1.1 200 "));
}
