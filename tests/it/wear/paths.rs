//! Two hundred ways to ask for what lies outside, or is not published.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::alone;
use super::frames::{END_HEADERS, END_STREAM, HEADERS, Wire, block, frame};
use crate::support::{PATIENCE, Setup, Tidings, eventually};

/// What no answer may contain.
const SECRET: &str = "the-editor's-own-words";

/// Ways to write `..`, and to write what is between two folders.
const UP: [&str; 10] = [
    "..",
    "%2e%2e",
    "%2E.",
    ".%2e",
    "%252e%252e",
    "%c0%ae%c0%ae",
    "%e0%80%ae%e0%80%ae",
    "..;",
    "..%00",
    "%u002e%u002e",
];
const BETWEEN: [&str; 7] = ["/", "%2f", "%2F", "\\", "%5c", "%252f", "%c0%af"];

/// Files with the secret, from where media are, and how many folders up.
const FILES: [(&str, usize); 4] = [
    ("secret.txt", 1),
    (".hidden.md", 0),
    ("news/.git/config", 0),
    ("unused.txt", 0),
];

fn start() -> Tidings {
    let setup = Setup::new();
    let secret = format!("{SECRET}\n");
    fs::create_dir_all(setup.entries().join("news/.git")).unwrap();
    fs::write(setup.folder().join("secret.txt"), &secret).unwrap();
    for inside in [
        ".hidden.md",
        "news/.git/config",
        "unused.txt.part",
        ".env",
        "notes.txt~",
    ] {
        fs::write(setup.entries().join(inside), &secret).unwrap();
    }
    fs::write(setup.entries().join("photo.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    let tidings = setup.start();
    tidings.drop_entry(
        "news/a.md",
        "# Ferry back in service\n\n![A photo](../photo.png)\n",
    );
    tidings.has_titles(&["Ferry back in service"]);
    eventually("the photo is published", PATIENCE, || {
        (tidings.get("/media/photo.png").status == 200).then_some(())
    });
    tidings
}

fn targets(tidings: &Tidings) -> BTreeSet<String> {
    let mut targets = BTreeSet::new();
    for (file, ups) in FILES {
        for between in BETWEEN {
            for up in UP {
                let climb = format!("{up}{between}").repeat(ups + 2);
                targets.insert(format!("/media/{climb}{file}"));
                targets.insert(format!("/media/news{between}{up}{between}{file}"));
                targets.insert(format!("/{climb}{file}"));
            }
            targets.insert(format!("/media{between}{file}"));
            targets.insert(format!("/media{between}{between}{file}"));
        }
        let whole = tidings.folder().join(file);
        let whole = whole.to_str().unwrap();
        targets.extend([
            format!("/media/{file}"),
            format!("/media/./{file}"),
            format!("/media/{file}."),
            format!("/media/{file}..."),
            format!("/media/{file}%20"),
            format!("/media/{file}%00.png"),
            format!("/media/{file}/"),
            format!("/media/{file}::$DATA"),
            format!("/MEDIA/{file}"),
            format!("/media/{}", file.to_uppercase()),
            format!("/media/photo.png/../{file}"),
            format!("/media/photo.png/%2e%2e/{file}"),
            format!("/entries/{file}"),
            format!("/entries/../{file}"),
            format!("/{file}"),
            format!("//{file}"),
            whole.to_owned(),
            format!("/media/{whole}"),
            format!("/media{whole}"),
            format!("/media/%2f{}", &whole[1..]),
            format!("file://{whole}"),
            format!("http://a/media/../../{file}"),
            format!("http://a/media/..%2f..%2f{file}"),
            format!("/media/?/../../{file}"),
            format!("/media/photo.png?/../../{file}"),
            format!("/?raw&file=../{file}"),
            format!("/media/{}{file}", "../".repeat(1000)),
            format!("/media/{}{file}", "./".repeat(1000)),
            format!("/media/{}/../{file}", "x".repeat(5000)),
        ]);
    }
    for known in [
        "/etc/passwd",
        "/proc/self/environ",
        "/proc/self/cwd/secret.txt",
    ] {
        for way in [
            "",
            "/media",
            "/media/",
            "/media/../../../..",
            "/media/%2e%2e/%2e%2e/%2e%2e",
        ] {
            targets.insert(format!("{way}{known}"));
        }
    }
    for inside in [
        "unused.txt.part",
        ".env",
        "notes.txt~",
        "news/a.md",
        "news",
        "news/",
        "",
        ".",
    ] {
        targets.insert(format!("/media/{inside}"));
    }
    targets
}

/// The whole answer, head and body.
fn ask(at: SocketAddr, target: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(at).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn no_path_leads_to_what_is_not_published() {
    let _alone = alone();
    let tidings = start();
    let targets = targets(&tidings);
    assert!(targets.len() >= 200, "{}", targets.len());
    let mut wrong = Vec::new();
    for target in &targets {
        let answer = String::from_utf8_lossy(&ask(tidings.address(), target)).into_owned();
        let head = answer
            .split("\r\n\r\n")
            .next()
            .unwrap()
            .to_ascii_lowercase();
        let leads = head
            .lines()
            .find_map(|line| line.strip_prefix("location: "));
        let is_good = match head.get(9..12) {
            Some("400" | "404") => leads.is_none(),
            // To a path of our own: not to another host, and not up.
            Some("308") => leads.is_some_and(|to| {
                to.starts_with('/') && !to.starts_with("//") && !to.contains("..")
            }),
            // What a query is added to is no other path.
            Some("200") => target.starts_with("/media/photo.png?") || target.starts_with("/?"),
            _ => false,
        };
        if !is_good || answer.contains(SECRET) || answer.contains("root:") {
            wrong.push(format!("{target:.200}\n{answer:.300}"));
        }
    }
    eprintln!("{} targets", targets.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
    // A path in HTTP/2 may be anything.
    let mut wire = Wire::open(tidings.address(), &[]).unwrap();
    let paths = [
        "/media/../../secret.txt",
        "/media/\\..\\secret.txt",
        "media/photo.png",
        "",
        "*",
    ];
    let mut requests = Vec::new();
    for (number, path) in (0..).zip(paths) {
        let flags = END_HEADERS | END_STREAM;
        requests.extend(frame(HEADERS, flags, 2 * number + 1, &block(true, path)));
    }
    let seen = wire.attack(&requests, Duration::from_secs(2), |seen| {
        seen.heads + seen.resets.values().sum::<usize>() == paths.len()
    });
    let sent: usize = seen.data.values().sum();
    assert!(sent < 300, "{seen:?}");
}
