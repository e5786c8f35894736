//! What every answer has in common, whatever was asked: over the wire, for each kind of address.

use std::fs;

use crate::support::{PATIENCE, Response, Setup, Tidings, eventually, raw, request};

/// Fields that differ from one answer to the next.
const PASSING: [&str; 1] = ["date"];

type Fields<'a> = &'a [(&'a str, &'a str)];

/// A request: what it is for, the path, more fields, and the status of its answer.
type Asked = (&'static str, Fields<'static>, u16);

const NAVIGATION: Fields<'static> = &[
    ("Sec-Fetch-Dest", "document"),
    ("Sec-Fetch-Mode", "navigate"),
];

/// Each kind of address, and of answer to GET and HEAD.
const KINDS: &[Asked] = &[
    ("/", &[], 200),
    ("/atom.xml", &[], 200),
    ("/rss.xml", &[], 200),
    ("/feed.json", &[], 200),
    ("/tags/bridge/atom.xml", &[], 200),
    ("/tags/bridge/", &[], 200),
    ("/updates/rss.xml", &[], 200),
    ("/subscribe", &[], 200),
    ("/feeds.opml", &[], 200),
    ("/entries/bridge", &[], 200),
    ("/entries/bridge/related/rss.xml", &[], 200),
    ("/style.css", &[], 200),
    ("/favicon.ico", &[], 200),
    ("/favicon.svg", &[], 200),
    ("/robots.txt", &[], 200),
    ("/media/plan.pdf", &[], 200),
    ("/media/map.png", &[], 200),
    ("/media/run.js", &[], 200),
    ("/atom.xml", &[("Accept-Encoding", "gzip")], 200),
    ("/", &[("Accept-Encoding", "gzip")], 200),
    ("/atom.xml?raw", NAVIGATION, 200),
    ("/atom.xml", NAVIGATION, 303),
    ("/feed", &[], 308),
    ("/rss/", &[], 308),
    ("/tags/bridge", &[], 308),
    ("/bridge.html", &[], 308),
    ("/entries/gone", &[], 410),
    ("/entries/gone", &[("Accept-Encoding", "gzip")], 410),
    ("/nothing", &[], 404),
    ("/%00", &[], 404),
    ("/media/none.png", &[], 404),
    ("/atom.xml", &[("If-None-Match", "*")], 304),
    ("/", &[("If-None-Match", "*")], 304),
    ("/media/map.png", &[("If-None-Match", "*")], 304),
    ("/atom.xml", &[("If-Match", "\"other\"")], 412),
    ("/media/map.png", &[("If-Match", "\"other\"")], 412),
    ("/atom.xml", &[("Range", "bytes=0-1")], 200),
];

fn site() -> Tidings {
    let setup = Setup::new();
    let entries = setup.entries();
    let article =
        |title: &str, text: &str| format!("---\ntitle: {title}\ntags: [bridge]\n---\n\n{text}\n");
    let bridge = article(
        "Bridge",
        "Open. ![](map.png) [Plan](plan.pdf) [Run](run.js)",
    );
    fs::write(entries.join("bridge.md"), bridge).unwrap();
    fs::write(entries.join("gone.md"), article("Gone", "Soon over.")).unwrap();
    for (name, bytes) in [
        ("map.png", "picture"),
        ("plan.pdf", "paper"),
        ("run.js", "script"),
    ] {
        fs::write(entries.join(name), bytes).unwrap();
    }
    let tidings = setup.start();
    tidings.has_titles(&["Bridge", "Gone"]);
    fs::remove_file(entries.join("gone.md")).unwrap();
    eventually("the withdrawn entry is gone", PATIENCE, || {
        (tidings.get("/entries/gone").status == 410).then_some(())
    });
    // In its first second a version has no date yet.
    eventually("what was withdrawn has a date", PATIENCE, || {
        tidings.get("/atom.xml").header("last-modified").map(|_| ())
    });
    tidings
}

/// The fields that last, sorted. Of what is coded the length may change: a better coding comes along.
fn lasting(answer: &Response) -> Vec<(String, String)> {
    let fields = answer.headers.iter();
    let mut fields: Vec<_> = fields
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .filter(|(name, _)| !PASSING.contains(&name.as_str()))
        .filter(|(name, _)| name != "content-length" || !is_coded(answer))
        .collect();
    fields.sort();
    fields
}

fn is_coded(answer: &Response) -> bool {
    answer.header("content-encoding").is_some()
}

/// What holds for each answer, whatever its status.
fn is_decent(what: &str, answer: &Response) {
    let field = |name: &str| answer.header(name);
    for (name, expected) in [
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "ETag, Last-Modified, Link"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
    ] {
        // A 304 leaves to the copy what is for whoever reads it.
        if answer.status != 304 || name.starts_with("access") {
            assert_eq!(field(name), Some(expected), "{what}: {name}\n{answer:?}");
        }
    }
    for name in ["set-cookie", "expires", "server", "x-powered-by", "pragma"] {
        assert_eq!(field(name), None, "{what}: {name}");
    }
    assert!(field("date").is_some(), "{what}: no date");
    let mut names: Vec<String> = lasting(answer).into_iter().map(|(name, _)| name).collect();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "{what}: a field twice\n{answer:?}");
    if !matches!(answer.status, 204 | 304) {
        let media_type = field("content-type").unwrap();
        let is_text = ["text/", "+xml", "+json"]
            .iter()
            .any(|it| media_type.contains(it));
        let is_ours = !what.contains("/media/") && !what.contains(".svg");
        assert!(
            !is_text || !is_ours || media_type.ends_with("; charset=utf-8"),
            "{what}: {media_type}"
        );
        let policy = field("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
        assert!(!policy.contains("script-src"), "{what}: {policy}");
    }
    if answer.status != 204 {
        assert!(field("cache-control").is_some(), "{what}: no cache-control");
    }
    if matches!(answer.status, 200 | 304) {
        assert!(field("etag").is_some(), "{what}: no tag");
    }
}

#[test]
fn head_is_get_without_the_body_for_every_kind_of_answer() {
    let tidings = site();
    for (path, fields, status) in KINDS {
        let what = format!("{path} {fields:?}");
        // Of files a part is sent, but HEAD asks for no part.
        let get = request(tidings.address(), "GET", path, fields);
        let head = request(tidings.address(), "HEAD", path, fields);
        assert_eq!((get.status, head.status), (*status, *status), "{what}");
        assert_eq!(lasting(&get), lasting(&head), "{what}");
        assert!(head.body.is_empty(), "{what}");
        assert_eq!(get.body.is_empty(), *status == 304, "{what}");
        if *status != 304 {
            let length = get.header("content-length").map(str::parse);
            assert_eq!(length, Some(Ok(get.body.len())), "{what}");
        }
        is_decent(&what, &get);
    }
}

#[test]
fn a_304_says_what_the_200_said() {
    let tidings = site();
    for (path, fields, status) in KINDS.iter().filter(|(.., status)| *status == 200) {
        let full = request(tidings.address(), "GET", path, fields);
        let tag = full.header("etag").unwrap();
        let mut asked = fields.to_vec();
        asked.push(("If-None-Match", tag));
        let known = request(tidings.address(), "GET", path, &asked);
        assert_eq!((*status, known.status), (200, 304), "{path}");
        is_decent(path, &known);
        for name in [
            "etag",
            "last-modified",
            "cache-control",
            "vary",
            "access-control-allow-origin",
            "access-control-expose-headers",
        ] {
            assert_eq!(known.header(name), full.header(name), "{path} {name}");
        }
        // It describes no body, and it is lean.
        for name in ["content-type", "content-encoding", "content-length", "link"] {
            assert_eq!(known.header(name), None, "{path} {name}");
        }
    }
}

#[test]
fn documents_name_themselves_by_the_address_of_the_settings() {
    let tidings = site();
    let links = |path: &str| {
        let host = [("X-Forwarded-Host", "evil.example")];
        let answer = tidings.get_with(path, &host);
        answer.header("link").map(str::to_owned)
    };
    let feed = links("/tags/bridge/rss.xml?utm_source=x").unwrap();
    let expected = "<https://news.example.org/tags/bridge/rss.xml>; rel=\"self\"; type=\"application/rss+xml\", \
                    <https://news.example.org/tags/bridge/atom.xml>; rel=\"alternate\"; type=\"application/atom+xml\", \
                    <https://news.example.org/tags/bridge/feed.json>; rel=\"alternate\"; type=\"application/feed+json\", \
                    <https://news.example.org/tags/bridge/>; rel=\"alternate\"; type=\"text/html\"";
    assert_eq!(feed, expected);
    for (path, begin) in [
        ("/", "<https://news.example.org/>; rel=\"self\""),
        (
            "/feeds.opml",
            "<https://news.example.org/feeds.opml>; rel=\"self\"",
        ),
        (
            "/entries/bridge",
            "<https://news.example.org/entries/bridge>; rel=\"self\"",
        ),
    ] {
        let links = links(path).unwrap();
        assert!(links.starts_with(begin), "{links}");
    }
    for path in [
        "/nothing",
        "/entries/gone",
        "/feed",
        "/media/map.png",
        "/style.css",
    ] {
        assert_eq!(links(path), None, "{path}");
    }
}

#[test]
fn what_follows_a_question_mark_changes_nothing() {
    let tidings = site();
    for (path, fields, _) in KINDS.iter().filter(|(path, ..)| !path.contains('?')) {
        let plain = request(tidings.address(), "GET", path, fields);
        for query in [
            "?",
            "?_=1",
            "?utm_source=a&utm_medium=b",
            "?null",
            "?a=%00%ff",
            "?../x",
        ] {
            let asked = format!("{path}{query}");
            let answer = request(tidings.address(), "GET", &asked, fields);
            assert_eq!(answer.status, plain.status, "{asked}");
            assert_eq!(lasting(&answer), lasting(&plain), "{asked}");
            assert!(answer.body == plain.body || is_coded(&answer), "{asked}");
        }
    }
}

#[test]
fn other_methods_are_answered_for_readers_elsewhere() {
    let tidings = site();
    for (path, fields, _) in KINDS {
        let preflight = request(tidings.address(), "OPTIONS", path, fields);
        assert_eq!(preflight.status, 204, "{path}");
        is_decent(path, &preflight);
        for (name, expected) in [
            ("allow", "GET, HEAD, OPTIONS"),
            ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
            ("access-control-allow-headers", "*"),
            ("access-control-max-age", "86400"),
        ] {
            assert_eq!(preflight.header(name), Some(expected), "{path}");
        }
        let refused = request(tidings.address(), "POST", path, fields);
        assert_eq!(refused.status, 405, "{path}");
        assert_eq!(
            refused.header("allow"),
            Some("GET, HEAD, OPTIONS"),
            "{path}"
        );
        is_decent(path, &refused);
    }
    let all = request(tidings.address(), "OPTIONS", "*", &[]);
    assert_eq!(all.status, 204);
    is_decent("*", &all);
}

#[test]
fn there_is_just_one_host() {
    let tidings = site();
    let check = |first: &str, fields: &str, status: u16| {
        let head = format!("{first}\r\n{fields}Connection: close\r\n\r\n");
        let answer = raw(tidings.address(), "GET", &head);
        assert_eq!(answer.status, status, "{head}");
        is_decent(&head, &answer);
    };
    check("GET /atom.xml HTTP/1.1", "", 400);
    check("GET /atom.xml HTTP/1.1", "Host: a\r\nHost: a\r\n", 400);
    check("GET /atom.xml HTTP/1.1", "Host: a\r\nHost: b\r\n", 400);
    check("GET /atom.xml HTTP/1.0", "Host: a\r\nHost: b\r\n", 400);
    check("GET /atom.xml HTTP/1.1", "Host: a b\r\n", 400);
    check("GET /atom.xml HTTP/1.1", "Host: http://a/\r\n", 400);
    check("GET /atom.xml HTTP/1.1", "Host: a\r\n", 200);
    check("GET /atom.xml HTTP/1.1", "Host: [::1]:7373\r\n", 200);
    check("GET /atom.xml HTTP/1.1", "Host:\r\n", 200);
    check("GET /atom.xml HTTP/1.0", "", 200);
    check(
        "GET http://other.example/atom.xml HTTP/1.1",
        "Host: a\r\n",
        200,
    );
    check("GET /nothing HTTP/1.1", "", 400);
}

/// Everything that does not say when the program first saw it: those dates are each host's own.
const TIMELESS: [&str; 5] = [
    "/",
    "/feed.json",
    "/tags/sea/",
    "/entries/two",
    "/style.css",
];

#[test]
fn two_hosts_and_a_restart_give_the_same_tags_and_bytes() {
    let start = || {
        let site = "[site]\nid = \"0b2d5a0e-7c7b-4f0e-9f3a-5d2f6c1e8a94\"\n";
        let tidings = Setup::new().with_tables(site).start();
        for (day, name) in [(1, "One"), (2, "Two"), (3, "Three")] {
            let text = format!(
                "---\ntitle: {name}\ndate: 2026-01-0{day}T10:00:00Z\ntags: [sea]\n---\n\nText.\n\nRead: One\n"
            );
            tidings.drop_entry(&format!("{name}.md"), &text);
        }
        tidings.feed_when("all are there", |feed| {
            feed["items"].as_array().unwrap().len() == 3
        });
        tidings
    };
    let (mut one, other) = (start(), start());
    let feeds = ["/rss.xml", "/atom.xml", "/tags/sea/atom.xml"];
    let answers = |tidings: &Tidings| {
        let paths = TIMELESS.iter().chain(&feeds);
        let answers = paths.map(|path| tidings.get(path));
        let said = answers.map(|it| (it.header("etag").unwrap().to_owned(), it.body));
        said.collect::<Vec<_>>()
    };
    let (here, there) = (answers(&one), answers(&other));
    for (path, (here, there)) in TIMELESS.iter().chain(&feeds).zip(here.iter().zip(&there)) {
        assert_eq!(here.0, there.0, "{path}");
        assert!(here.1 == there.1 || feeds.contains(path), "{path}");
    }
    one.restart();
    one.feed_when("all are there", |feed| {
        feed["items"].as_array().unwrap().len() == 3
    });
    assert!(answers(&one) == here, "a restart changes nothing");
}
