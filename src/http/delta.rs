//! Deltas: of a feed just the entries that a client does not have. (RFC 3229)
//!
//! The instance manipulation `feed` is Bob Wyman's ("Using RFC3229 with Feeds", 2004): a client that
//! says `A-IM: feed` and names in `If-None-Match` a version of the feed that we know is answered with 226
//! and a feed of the entries that are new or changed since then. It is of the same format, has the same
//! head, and the tag of the whole: with that the client asks the next time. Everybody else, and every
//! version that we don't know, gets the whole as always.
//!
//! Tags are weak here, although RFC 3229 section 5 thinks of strong ones: they are digests of all
//! that is said, and entries, not bytes, are what a client puts together.

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, VARY};
use hyper::http::response;

use super::conditional::{self, Tag};
use super::negotiate::weighed;
use crate::entry::Digest;
use crate::site::{DocumentKey, Plan};

const A_IM: HeaderName = HeaderName::from_static("a-im");
const IM: HeaderName = HeaderName::from_static("im");
const DELTA_BASE: HeaderName = HeaderName::from_static("delta-base");

/// The manipulation that we have.
const FEED: &[u8] = b"feed";

/// By what the answers to those who ask for deltas differ.
///
/// The answers to others don't say so: a 226 is never stored, so what a cache has is the whole, and that
/// is right for everybody. Caches that hold only what varies by `Accept-Encoding` go on to hold it.
const WHOLE_VARIES: HeaderValue = HeaderValue::from_static("Accept-Encoding, A-IM");

/// By what a delta differs.
const DELTA_VARIES: HeaderValue = HeaderValue::from_static("Accept-Encoding, A-IM, If-None-Match");

/// Whether the client understands a delta of a feed, and likes it as much as the whole. (RFC 3229 section
/// 10.5.3)
pub fn is_wanted(wishes: &HeaderMap) -> bool {
    let (mut feed, mut identity) = (0, 0);
    for value in wishes.get_all(A_IM) {
        for element in value.as_bytes().split(|&byte| byte == b',') {
            match weighed(element) {
                Some((name, weight)) if name.eq_ignore_ascii_case(FEED) => {
                    feed = weight.max(feed);
                }
                Some((name, weight)) if name.eq_ignore_ascii_case(b"identity") => {
                    identity = weight.max(identity);
                }
                _ => {}
            }
        }
    }
    feed > 0 && feed >= identity
}

/// What the answer with the whole of `plan`, or that it stays the same, varies by; `None` if not by
/// whether a delta is wanted.
pub(super) fn varies(wishes: &HeaderMap, plan: &Plan) -> Option<HeaderValue> {
    let is_newest = matches!(&plan.key, DocumentKey::Feed(view, _) if view.part.is_none());
    (is_newest && is_wanted(wishes)).then_some(WHOLE_VARIES)
}

/// The first version that the client says it has for which there is something in `known`.
pub(super) fn base<T>(wishes: &HeaderMap, known: impl FnMut(Digest) -> Option<T>) -> Option<T> {
    is_wanted(wishes)
        .then(|| conditional::find_none_match(wishes, known))
        .flatten()
}

/// Makes the head of the whole that of a delta from the version `base`. (RFC 3229 sections 10.4.1, 10.5.1,
/// 10.5.2)
pub(super) fn describe(head: &mut response::Parts, base: Digest) {
    head.status = StatusCode::IM_USED;
    let fields = &mut head.headers;
    fields.insert(IM, HeaderValue::from_static("feed"));
    fields.insert(DELTA_BASE, Tag::Weak(base).to_header());
    fields.insert(VARY, DELTA_VARIES);
    // Not even for those who understand IM (section 10.8): nobody but this client has this version.
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(fields: &[&str]) -> HeaderMap {
        let mut wishes = HeaderMap::new();
        for field in fields {
            wishes.append(A_IM, HeaderValue::from_bytes(field.as_bytes()).unwrap());
        }
        wishes
    }

    #[test]
    fn a_delta_is_sent_to_those_who_want_it() {
        for field in [
            "feed",
            "FEED",
            " feed ",
            "feed;q=1",
            "feed ; q=0.5",
            "feed;x=y",
            "feed, gzip",
            "gzip,feed",
            "vcdiff, diffe, feed;q=0.1, gzip;q=0.3",
            "vcdiff;q=1, feed;q=0.2",
            ",,feed,",
            "identity;q=0, feed;q=0.1",
            "identity;q=0.5, feed;q=0.5",
            "feed;q=0, feed",
            "\u{fc}, feed",
        ] {
            assert!(is_wanted(&wishes(&[field])), "{field:?}");
        }
        assert!(is_wanted(&wishes(&["gzip", "feed"])));
        for field in [
            "",
            ",",
            "gzip",
            "identity",
            "*",
            "feeds",
            "feed/1",
            "fe ed",
            "\"feed\"",
            "feed=1",
            "feed;q=0",
            "feed;q=0.000",
            "feed;q=x",
            "feed;q",
            "vcdiff;feed",
            "identity, feed;q=0.9",
        ] {
            assert!(!is_wanted(&wishes(&[field])), "{field:?}");
        }
        assert!(!is_wanted(&wishes(&[])));
    }

    #[test]
    fn the_base_is_the_first_that_is_known() {
        let one = Digest::of(b"one");
        let two = Digest::of(b"two");
        let check = |field: &str, expected: Option<Digest>| {
            let mut wishes = wishes(&["feed"]);
            wishes.insert("if-none-match", HeaderValue::try_from(field).unwrap());
            let know = |tag: Digest| [one, two].contains(&tag).then_some(tag);
            assert_eq!(base(&wishes, know), expected, "{field:?}");
            wishes.remove(A_IM);
            assert_eq!(base(&wishes, know), None, "not wanted: {field:?}");
        };
        let other = Digest::of(b"other");
        check(&format!("W/\"{one}\""), Some(one));
        check(&format!("\"{one}\""), Some(one));
        check(&format!("\"{one}-gzip\""), Some(one));
        check(&format!("{one}"), Some(one));
        check(&format!("W/\"{other}\", W/\"{two}\", \"{one}\""), Some(two));
        check(&format!("\"{other}\""), None);
        check(&format!("\"{one}x\""), None);
        check(&format!("\"{}\"", &one.to_string()[1..]), None);
        check(&format!("\"+{}\"", &one.to_string()[1..]), None);
        check("*", None);
        check("", None);
        check("\"\u{fc}\"", None);
    }

    #[test]
    fn the_head_of_a_delta_is_kept_by_nobody() {
        let mut head = super::super::respond::head(StatusCode::OK);
        let tag = HeaderValue::from_static("W/\"now\"");
        head.headers.insert("etag", tag);
        let base = Digest::of(b"base");
        describe(&mut head, base);
        assert_eq!(head.status, 226);
        let base = format!("W/\"{base}\"");
        for (name, expected) in [
            ("im", "feed"),
            ("delta-base", base.as_str()),
            ("etag", "W/\"now\""),
            ("cache-control", "private, no-store"),
            ("vary", "Accept-Encoding, A-IM, If-None-Match"),
        ] {
            assert_eq!(head.headers.get(name).unwrap(), expected, "{name}");
        }
    }
}
