use super::*;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::header::{HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use std::io::Write;

const FRESH: &str = "public, max-age=300";

const BYTES: &[u8] = b"0123456789";

fn media(media_type: &str) -> OpenMedia {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(BYTES).unwrap();
    file.rewind().unwrap();
    OpenMedia {
        content: MediaContent::File {
            file,
            length: BYTES.len() as u64,
        },
        modified: "2026-01-31T10:00:00.5Z".parse().unwrap(),
        tag: Digest::of(BYTES),
        media_type: media_type.to_owned(),
    }
}

fn request(method: Method, fields: &[(HeaderName, &str)]) -> request::Parts {
    let mut request = Request::builder().method(method).uri("/media/a");
    for (name, value) in fields {
        request = request.header(name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn get(fields: &[(HeaderName, &str)]) -> Response<Content> {
    let opened = Ok(media("audio/mpeg"));
    respond(
        &request(Method::GET, fields),
        opened,
        HeaderValue::from_static(FRESH),
    )
}

fn field<'a>(response: &'a Response<Content>, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_whole_file() {
    let response = get(&[]);
    let tag = format!("\"{}\"", Digest::of(BYTES));
    for (name, expected) in [
        ("etag", tag.as_str()),
        ("last-modified", "Sat, 31 Jan 2026 10:00:00 GMT"),
        ("cache-control", FRESH),
        ("content-type", "audio/mpeg"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(field(&response, name), Some(expected), "{name}");
    }
    assert_eq!(response.status(), 200);
    assert_eq!(field(&response, "content-disposition"), None);
    assert_eq!(field(&response, "vary"), None);
    let policy = field(&response, "content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.ends_with("sandbox"));
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), BYTES);
}

#[tokio::test]
async fn parts() {
    let check = async |range: &str, expected: &str, bytes: &[u8]| {
        let response = get(&[(RANGE, range)]);
        let shown = field(&response, "content-range").unwrap_or("");
        assert_eq!(shown, expected, "{range:?}");
        let status = if expected.is_empty() { 200 } else { 206 };
        assert_eq!(response.status(), status, "{range:?}");
        assert_eq!(response.body().len(), bytes.len() as u64);
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes(), bytes, "{range:?}");
    };
    check("bytes=0-0", "bytes 0-0/10", b"0").await;
    check("bytes=2-4", "bytes 2-4/10", b"234").await;
    check("bytes=7-", "bytes 7-9/10", b"789").await;
    check("bytes=7-99", "bytes 7-9/10", b"789").await;
    check("bytes=0-", "bytes 0-9/10", BYTES).await;
    check("bytes=-3", "bytes 7-9/10", b"789").await;
    check("bytes=-99", "bytes 0-9/10", BYTES).await;
    check("Bytes = 2-4", "bytes 2-4/10", b"234").await;
    check("bytes=0-99999999999999999999999", "bytes 0-9/10", BYTES).await;
    for whole in [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=4-2",
        "bytes=a-b",
        "bytes=0-1,3-4",
        "lines=0-1",
        "bytes=+1-2",
        "bytes=--1",
    ] {
        check(whole, "", BYTES).await;
    }
}

#[test]
fn parts_that_are_not_there() {
    for range in [
        "bytes=10-",
        "bytes=10-12",
        "bytes=-0",
        "bytes=99999999999999999999-",
    ] {
        let response = get(&[(RANGE, range)]);
        assert_eq!(response.status(), 416, "{range:?}");
        assert_eq!(field(&response, "content-range"), Some("bytes */10"));
    }
    assert_eq!(parse_range("bytes=0-", 0), Some(Part::Nothing));
    assert_eq!(parse_range("bytes=-1", 0), Some(Part::Nothing));
}

#[test]
fn a_part_is_only_sent_of_the_same_file() {
    let tag = format!("\"{}\"", Digest::of(BYTES));
    let check = |if_range: &str, expected: u16| {
        let response = get(&[(RANGE, "bytes=0-1"), (IF_RANGE, if_range)]);
        assert_eq!(response.status(), expected, "{if_range:?}");
    };
    check(&tag, 206);
    check("Sat, 31 Jan 2026 10:00:00 GMT", 206);
    check(&format!("W/{tag}"), 200);
    check("\"other\"", 200);
    check("Sat, 31 Jan 2026 10:00:01 GMT", 200);
    let range = [(RANGE, "bytes=0-1")];
    let opened = Ok(media("audio/mpeg"));
    let head = respond(
        &request(Method::HEAD, &range),
        opened,
        HeaderValue::from_static(FRESH),
    );
    assert_eq!(head.status(), 200);
}

#[test]
fn a_known_file_is_not_sent_again() {
    let tag = format!("\"{}\"", Digest::of(BYTES));
    for (name, value) in [
        (IF_NONE_MATCH, tag.as_str()),
        (IF_MODIFIED_SINCE, "Sat, 31 Jan 2026 10:00:00 GMT"),
    ] {
        let response = get(&[(name, value), (RANGE, "bytes=0-1")]);
        assert_eq!(response.status(), 304);
        assert_eq!(response.body().len(), 0);
        assert_eq!(field(&response, "etag"), Some(tag.as_str()));
        let fresh = field(&response, "cache-control");
        assert_eq!(fresh, Some(FRESH));
    }
}

#[test]
fn only_what_is_merely_shown_opens_in_place() {
    let check = |media_type: &str, shown: bool| {
        let opened = Ok(media(media_type));
        let response = respond(
            &request(Method::GET, &[]),
            opened,
            HeaderValue::from_static(FRESH),
        );
        let disposition = field(&response, "content-disposition");
        assert_eq!(
            disposition,
            (!shown).then_some("attachment"),
            "{media_type:?}"
        );
    };
    check("image/png", true);
    check("IMAGE/JPEG; x=y", true);
    check("audio/mpeg", true);
    check("video/mp4", true);
    check("application/pdf", true);
    check("image/svg+xml", false);
    check("image/SVG", false);
    check("text/html", false);
    check("text/plain", false);
    check("application/xhtml+xml", false);
    check("", false);
    check("image/png\r\nX: y", false);
}

#[test]
fn errors_say_nothing_of_the_disk() {
    let check = |error: io::Error, expected: u16| {
        let response = respond(
            &request(Method::GET, &[]),
            Err(error),
            HeaderValue::from_static(FRESH),
        );
        assert_eq!(response.status(), expected);
        let Content::Bytes(body) = response.body() else {
            panic!("a short text");
        };
        assert!(!String::from_utf8_lossy(body).contains("disk"));
    };
    check(io::ErrorKind::NotFound.into(), 404);
    check(io::ErrorKind::PermissionDenied.into(), 404);
    check(io::Error::new(io::ErrorKind::IsADirectory, "disk"), 404);
    check(io::Error::other("disk"), 503);
    check(io::ErrorKind::TimedOut.into(), 503);
}

#[tokio::test]
async fn what_is_in_memory_is_sent_in_the_same_way() {
    let check = async |range: Option<&str>, status: u16, expected: &'static [u8]| {
        let opened = OpenMedia {
            content: MediaContent::Bytes(Bytes::from_static(BYTES)),
            ..media("image/jpeg")
        };
        let fields: Vec<_> = range.map(|range| (RANGE, range)).into_iter().collect();
        let request = request(Method::GET, &fields);
        let response = respond(&request, Ok(opened), HeaderValue::from_static(FRESH));
        assert_eq!(response.status(), status, "{range:?}");
        if status < 400 {
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, expected, "{range:?}");
        }
    };
    check(None, 200, BYTES).await;
    check(Some("bytes=0-0"), 206, b"0").await;
    check(Some("bytes=3-"), 206, b"3456789").await;
    check(Some("bytes=-4"), 206, b"6789").await;
    check(Some("bytes=4-99"), 206, b"456789").await;
    check(Some("bytes=10-"), 416, b"").await;
}
