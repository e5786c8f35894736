//! What is answered to which request, and with which fields.
//!
//! **Why this file is long.** Each test is a table of requests with their answers, which are read side by
//! side.

use super::*;
use crate::entry::Digest;
use crate::feed::{FeedKey, Format};
use crate::site::{DocumentKey, Found, Part, Plan, View};
use hyper::Request;
use hyper::header::{ACCEPT_ENCODING, HOST, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH};

use crate::http::freshness::Freshness;
use crate::site::Ages;
use std::sync::LazyLock;
use std::time::Duration;

/// Copies are fresh for an hour, always.
static HOUR: LazyLock<Freshness> = LazyLock::new(|| {
    let hour = Duration::from_hours(1);
    Freshness::new(Ages::new(hour, hour))
});

const AN_HOUR: &str = "public, max-age=3600, stale-while-revalidate=3600, stale-if-error=86400";

fn plan(content_type: &'static str) -> Plan {
    Plan {
        key: DocumentKey::Feeds,
        tag: Digest::of(b"plan"),
        changed: Some("2026-01-31T10:00:00Z".parse().unwrap()),
        content_type,
        fresh: Duration::from_hours(1),
    }
}

fn feed(part: Option<Part>, format: Format) -> Plan {
    let feed = FeedKey::All;
    Plan {
        key: DocumentKey::Feed(View { feed, part }, format),
        ..plan("application/atom+xml; charset=utf-8")
    }
}

/// A small site.
fn find(path: &str) -> Found {
    match path {
        "/" => Found::Document(plan("text/html; charset=utf-8")),
        "/atom.xml" => Found::Document(feed(None, Format::Atom)),
        "/rss.xml" => Found::Document(feed(None, Format::Rss)),
        "/feed.json" => Found::Document(feed(None, Format::Json)),
        "/archive/3/atom.xml" => Found::Document(feed(Some(Part::Volume(3)), Format::Atom)),
        "/feeds.opml" => Found::Document(Plan {
            fresh: Duration::from_mins(2),
            ..plan("text/x-opml; charset=utf-8")
        }),
        "/favicon.ico" => Found::Document(Plan {
            changed: None,
            ..plan("image/png")
        }),
        "/media/map.png" => Found::Media(FolderPath::new("map.png").unwrap()),
        "/feed" => Found::Moved("/rss.xml".to_owned()),
        "/away" => Found::Moved("//evil.example/\\".to_owned()),
        "/split" => Found::Moved("/a\r\nSet-Cookie: b".to_owned()),
        "/entries/old" => Found::Gone(plan("text/html; charset=utf-8")),
        _ => Found::Nothing,
    }
}

fn now() -> Timestamp {
    "2026-02-01T00:00:00Z".parse().unwrap()
}

fn request(method: &str, target: &str) -> request::Parts {
    let request = Request::builder().method(method).uri(target);
    request.header(HOST, "a").body(()).unwrap().into_parts().0
}

fn answer(request: &request::Parts) -> Answer {
    respond_to(request, Some(find))
}

fn respond_to(request: &request::Parts, find: Option<impl FnOnce(&str) -> Found>) -> Answer {
    respond_when(request, find, HOUR.at(None, now()))
}

fn respond_when(
    request: &request::Parts,
    find: Option<impl FnOnce(&str) -> Found>,
    fresh: Fresh<'_>,
) -> Answer {
    let locate = find.map(|find| |path: &str| Located::new(find(path), |_| None));
    respond(&mut request.clone(), locate, fresh, now())
}

fn ready(request: &request::Parts) -> Response<Bytes> {
    match answer(request) {
        Answer::Ready(response) | Answer::Instead { response, .. } => response,
        other => panic!("not ready: {other:?}"),
    }
}

fn made(request: &request::Parts) -> (Coding, response::Parts) {
    match answer(request) {
        Answer::Document { coding, head, .. } => (coding, head),
        other => panic!("no document: {other:?}"),
    }
}

fn field<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn each_target_has_its_status() {
    let check = |method: &str, target: &str, expected: u16| {
        let response = ready(&request(method, target));
        assert_eq!(response.status(), expected, "{method} {target}");
        let names_us = String::from_utf8_lossy(response.body()).contains("tidings");
        assert!(
            !names_us && response.body().len() < 100,
            "{method} {target}"
        );
        let headers = response.headers();
        assert_eq!(field(headers, "access-control-allow-origin"), Some("*"));
        assert_eq!(field(headers, "x-content-type-options"), Some("nosniff"));
    };
    check("GET", "/nothing", 404);
    check("GET", "/feed", 308);
    check("GET", "/feed?x=1", 308);
    check("GET", "*", 400);
    check("GET", "example.org:80", 400);
    check("OPTIONS", "*", 204);
    check("OPTIONS", "/atom.xml", 204);
    check("OPTIONS", "/nothing", 204);
    for method in [
        "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW", "get",
    ] {
        check(method, "/atom.xml", 405);
    }
}

#[test]
fn odd_paths_never_reach_the_snapshot() {
    for path in [
        "/%00",
        "/atom.xml%00",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a%5Cb",
        "/%0d%0aSet-Cookie:x",
        "/%7f",
        "/media/../secret",
        "/..",
        "/media/%2e%2e/secret",
        "/.%2e/secret",
        "/./atom.xml",
        "/%2e/atom.xml",
        "//",
        "//evil.example/atom.xml",
        "/media//map.png",
        "/media/map.png//",
        "/%",
        "/%4",
        "/%zz",
        "/%ff",
        "/%c0%af",
    ] {
        let request = request("GET", &format!("http://a{path}"));
        let trap = |_: &str| -> Found { panic!("looked up {path}") };
        match respond_to(&request, Some(trap)) {
            Answer::Ready(response) => assert_eq!(response.status(), 404, "{path}"),
            other => panic!("{path}: {other:?}"),
        }
    }
    for path in ["/", "/tags/a/", "/a%20b", "/%C3%BC", "/...", "/a.b..c"] {
        assert!(is_plain(path), "{path}");
    }
}

#[test]
fn host_comes_first() {
    let mut request = request("POST", "/");
    request.headers.append(HOST, HeaderValue::from_static("b"));
    let response = ready(&request);
    assert_eq!(response.status(), 400);
    assert_eq!(field(response.headers(), "connection"), Some("close"));
    request.headers.clear();
    assert_eq!(ready(&request).status(), 400);
}

#[test]
fn before_the_first_snapshot_readers_come_back_later() {
    let none = None::<fn(&str) -> Found>;
    let Answer::Ready(response) = respond_to(&request("GET", "/atom.xml"), none) else {
        panic!("nothing is there");
    };
    assert_eq!(response.status(), 503);
    assert_eq!(field(response.headers(), "retry-after"), Some("5"));
    let Answer::Ready(response) = respond_to(&request("POST", "/atom.xml"), none) else {
        panic!("nothing is there");
    };
    assert_eq!(response.status(), 405);
}

#[test]
fn methods_are_told() {
    let wrong = ready(&request("POST", "/"));
    assert_eq!(field(wrong.headers(), "allow"), Some("GET, HEAD, OPTIONS"));
    let preflight = ready(&request("OPTIONS", "/atom.xml"));
    let headers = preflight.headers();
    assert_eq!(field(headers, "allow"), Some("GET, HEAD, OPTIONS"));
    let methods = field(headers, "access-control-allow-methods");
    assert_eq!(methods, Some("GET, HEAD, OPTIONS"));
    assert_eq!(field(headers, "access-control-allow-headers"), Some("*"));
    assert!(preflight.body().is_empty());
}

#[test]
fn redirects_stay_here() {
    let location = |target: &str| {
        let response = ready(&request("GET", target));
        let location = field(response.headers(), "location").map(str::to_owned);
        (response.status().as_u16(), location)
    };
    assert_eq!(location("/feed"), (308, Some("/rss.xml".to_owned())));
    assert_eq!(
        location("/away"),
        (308, Some("/evil.example/\\".to_owned()))
    );
    assert_eq!(location("/split"), (404, None));
    let response = ready(&request("GET", "/feed"));
    let fresh = field(response.headers(), "cache-control");
    assert_eq!(fresh, Some(AN_HOUR));
}

#[test]
fn a_document_has_all_its_fields() {
    let (coding, head) = made(&request("GET", "/atom.xml?utm_source=x"));
    assert_eq!((coding, head.status), (Coding::Identity, StatusCode::OK));
    let tag = format!("W/\"{}\"", Digest::of(b"plan"));
    for (name, expected) in [
        ("content-type", "application/atom+xml; charset=utf-8"),
        ("etag", tag.as_str()),
        ("last-modified", "Sat, 31 Jan 2026 10:00:01 GMT"),
        ("cache-control", AN_HOUR),
        ("vary", "Accept-Encoding"),
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "ETag, Last-Modified, Link"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
    ] {
        assert_eq!(field(&head.headers, name), Some(expected), "{name}");
    }
    assert_eq!(head.headers.len(), 10);
}

#[test]
fn a_copy_is_fresh_as_its_plan_says() {
    let check = |least: u64, most: u64, expected: &str| {
        let ages = Ages::new(Duration::from_mins(least), Duration::from_mins(most));
        let freshness = Freshness::new(ages);
        let asked = request("GET", "/feeds.opml");
        let fresh = freshness.at(None, now());
        let Answer::Document { head, .. } = respond_when(&asked, Some(find), fresh) else {
            panic!("there is a list of feeds");
        };
        let cached = field(&head.headers, "cache-control").unwrap();
        assert!(cached.starts_with(expected), "{cached}");
    };
    check(2, 15, "public, max-age=120, ");
    check(3, 15, "public, max-age=180, ");
    check(1, 1, "public, max-age=60, ");
    check(1, 0, "public, max-age=0, must-revalidate");
}

#[test]
fn pages_may_show_pictures_and_run_nothing() {
    let (_, head) = made(&request("GET", "/"));
    let policy = field(&head.headers, "content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src"));
    assert!(!policy.contains("script") && !policy.contains("  "));
}

#[test]
fn what_is_text_is_compressed_for_those_who_want_it() {
    let check = |target: &str, expected: Coding| {
        let mut request = request("GET", target);
        let gzip = HeaderValue::from_static("gzip");
        request.headers.insert(ACCEPT_ENCODING, gzip);
        let (coding, head) = made(&request);
        assert_eq!(coding, expected, "{target}");
        // That is said when it is made.
        assert_eq!(field(&head.headers, "content-encoding"), None);
        assert_eq!(field(&head.headers, "vary"), Some("Accept-Encoding"));
    };
    check("/atom.xml", Coding::Gzip);
    check("/", Coding::Gzip);
    check("/favicon.ico", Coding::Identity);
}

#[test]
fn a_304_repeats_what_a_200_said() {
    let (_, full) = made(&request("GET", "/atom.xml"));
    let tag = full.headers.get(ETAG).unwrap().clone();
    let date = full.headers.get(LAST_MODIFIED).unwrap().clone();
    for (name, value) in [(IF_NONE_MATCH, tag), (IF_MODIFIED_SINCE, date)] {
        for method in ["GET", "HEAD"] {
            let mut request = request(method, "/atom.xml");
            request.headers.insert(&name, value.clone());
            let response = ready(&request);
            assert_eq!(response.status(), 304, "{name}");
            assert!(response.body().is_empty());
            let kept = response.headers();
            for (name, value) in kept {
                assert_eq!(full.headers.get(name), Some(value), "{name}");
            }
            // All but the type, and three policies for whoever reads the copy.
            assert_eq!(kept.len(), full.headers.len() - 4);
        }
    }
    let mut other = request("GET", "/atom.xml");
    other
        .headers
        .insert(IF_MATCH, HeaderValue::from_static("\"other\""));
    assert_eq!(ready(&other).status(), 412);
}

#[test]
fn what_has_no_date_shows_none() {
    let (_, head) = made(&request("GET", "/favicon.ico"));
    assert_eq!(field(&head.headers, "last-modified"), None);
    assert!(head.headers.contains_key(ETAG));
}

#[test]
fn media_is_left_to_media() {
    match answer(&request("HEAD", "/media/map.png")) {
        Answer::Media(path) => assert_eq!(path.as_str(), "map.png"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_withdrawn_has_a_page_that_nobody_keeps() {
    for target in ["/entries/old", "http://other.example/entries/old"] {
        let mut asked = request("GET", target);
        let fields = &mut asked.headers;
        fields.insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
        fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let (coding, head) = made(&asked);
        assert_eq!((head.status, coding), (StatusCode::GONE, Coding::Gzip));
        assert_eq!(field(&head.headers, "cache-control"), Some("no-cache"));
        assert_eq!(field(&head.headers, "vary"), Some("Accept-Encoding"));
        assert!(
            field(&head.headers, "content-type")
                .unwrap()
                .starts_with("text/html")
        );
        assert!(!head.headers.contains_key("etag"));
    }
}

/// What a browser says when somebody types an address or follows a link.
const NAVIGATION: [(&str, &str); 2] = [
    ("sec-fetch-dest", "document"),
    ("sec-fetch-mode", "navigate"),
];

fn with(method: &str, target: &str, fields: &[(&'static str, &'static str)]) -> request::Parts {
    let mut request = request(method, target);
    for (name, value) in fields {
        let value = HeaderValue::from_static(value);
        request.headers.append(*name, value);
    }
    request
}

#[test]
fn a_navigation_to_a_feed_is_led_to_its_page() {
    let check = |method: &str, target: &str, location: &str| {
        let response = ready(&with(method, target, &NAVIGATION));
        let headers = response.headers();
        assert_eq!(response.status(), 303, "{method} {target}");
        assert_eq!(field(headers, "location"), Some(location), "{target}");
        let fresh = field(headers, "cache-control");
        assert_eq!(fresh, Some("private, no-store"), "{target}");
        let varies = field(headers, "vary");
        assert_eq!(varies, Some("Sec-Fetch-Dest, Sec-Fetch-Mode"), "{target}");
        assert!(field(headers, "etag").is_none() && field(headers, "last-modified").is_none());
    };
    check("GET", "/atom.xml", "subscribe#atom");
    check("GET", "/rss.xml", "subscribe#rss");
    check("GET", "/rss.xml?utm_source=x&rawness", "subscribe#rss");
    check("GET", "/feed.json", "subscribe#json");
    check("HEAD", "/atom.xml", "subscribe#atom");
    check("GET", "/archive/3/atom.xml", "./");
}

#[test]
fn whoever_does_not_navigate_gets_the_feed() {
    let check = |target: &str, fields: &[(&'static str, &'static str)]| {
        for method in ["GET", "HEAD"] {
            let (_, head) = made(&with(method, target, fields));
            assert_eq!(head.status, 200, "{method} {target} {fields:?}");
            let varies = field(&head.headers, "vary");
            assert_eq!(varies, Some("Accept-Encoding"), "{method} {target}");
        }
    };
    let [dest, mode] = NAVIGATION;
    check("/atom.xml?raw", &NAVIGATION);
    check("/atom.xml?a=b&raw=", &NAVIGATION);
    check("/atom.xml", &[]);
    check("/atom.xml", &[dest]);
    check("/atom.xml", &[mode]);
    check(
        "/atom.xml",
        &[("accept", "text/html,application/xhtml+xml")],
    );
    check("/atom.xml", &[("accept", "text/html"), dest]);
    // A reader in a browser, a frame, a download in the background.
    check(
        "/atom.xml",
        &[("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")],
    );
    check("/atom.xml", &[("sec-fetch-dest", "iframe"), mode]);
    check("/atom.xml", &[dest, ("sec-fetch-mode", "no-cors")]);
    // Not what a browser sends.
    check("/atom.xml", &[dest, mode, mode]);
    check("/atom.xml", &[dest, dest, mode]);
    check("/atom.xml", &[("sec-fetch-dest", "Document"), mode]);
    check(
        "/atom.xml",
        &[dest, ("sec-fetch-mode", "navigate, navigate")],
    );
    // And what is no feed is what it is for everybody.
    check("/", &NAVIGATION);
    check("/feeds.opml", &NAVIGATION);
    check("/favicon.ico", &NAVIGATION);
}

#[test]
fn a_navigation_is_led_on_even_when_it_holds_a_copy() {
    let tag = HeaderValue::try_from(format!("W/\"{}\"", Digest::of(b"plan"))).unwrap();
    let mut request = with("GET", "/atom.xml", &NAVIGATION);
    request.headers.insert(IF_NONE_MATCH, tag);
    assert_eq!(ready(&request).status(), 303);
}

/// Conditions are only asked of what would be sent. (RFC 9110 section 13.2.1)
#[test]
fn conditions_change_no_other_answer() {
    let conditions: [(&str, &str); 4] = [
        ("if-match", "\"other\""),
        ("if-none-match", "*"),
        ("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT"),
    ];
    for (method, target, status) in [
        ("GET", "/nothing", 404),
        ("HEAD", "/nothing", 404),
        ("GET", "/feed", 308),
        ("POST", "/atom.xml", 405),
        ("PUT", "/atom.xml", 405),
        ("DELETE", "/nothing", 405),
        ("OPTIONS", "/atom.xml", 204),
    ] {
        for condition in conditions {
            let response = ready(&with(method, target, &[condition]));
            assert_eq!(response.status(), status, "{method} {target} {condition:?}");
        }
        let response = ready(&with(method, target, &conditions));
        assert_eq!(response.status(), status, "{method} {target}");
    }
}

#[test]
fn what_is_said_to_those_who_ask_for_deltas_varies_by_that() {
    let check = |target: &str, wish: &'static str, expected: &str| {
        for method in ["GET", "HEAD"] {
            let (_, head) = made(&with(method, target, &[("a-im", wish)]));
            assert_eq!(head.status, 200, "{target}");
            assert_eq!(field(&head.headers, "vary"), Some(expected), "{target}");
            let mut again = with(method, target, &[("a-im", wish)]);
            let tag = head.headers.get(ETAG).unwrap().clone();
            again.headers.insert(IF_NONE_MATCH, tag);
            let response = ready(&again);
            assert_eq!(response.status(), 304, "{target}");
            assert_eq!(field(response.headers(), "vary"), Some(expected));
        }
    };
    check("/atom.xml", "feed", "Accept-Encoding, A-IM");
    check("/rss.xml", "gzip, feed;q=0.5", "Accept-Encoding, A-IM");
    check("/feed.json", "Feed", "Accept-Encoding, A-IM");
    check("/atom.xml", "feed;q=0", "Accept-Encoding");
    check("/atom.xml", "vcdiff", "Accept-Encoding");
    check("/archive/3/atom.xml", "feed", "Accept-Encoding");
    check("/", "feed", "Accept-Encoding");
}
