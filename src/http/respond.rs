//! Request head + snapshot → answer. Pure: no socket, no disk, no clock.
//!
//! The order of questions: is it HTTP (`Host`, target)? is it a method we have? is there a snapshot
//! yet? what is at the path? does the client have it already? Only then a document is made, by the
//! caller. Query strings are ignored, but for `?raw`: readers and proxies add their own (`?_=1`, `?null`).
//!
//! A browser shows a feed as source. So who opens a feed's address in one is led to the page that says
//! how to subscribe, and everybody else gets the feed.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONNECTION,
    CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, LAST_MODIFIED, LOCATION, REFERRER_POLICY, RETRY_AFTER, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::{request, response};
use hyper::{Method, Response, StatusCode};
use jiff::Timestamp;

use super::conditional::{self, Validators, Verdict};
use super::freshness::Fresh;
use super::offer::{Located, Offer};
use super::{delta, host, negotiate};
use crate::documents::Coding;
use crate::documents::PAGE_RULES;
use crate::entry::FolderPath;
use crate::site::{DocumentKey, SUBSCRIBE};

/// What we have, for `Allow` and for preflights.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// By what documents differ under one address.
///
/// Not by `Sec-Fetch-…`, although a navigation to a feed is answered otherwise: that answer is never
/// stored, so a cache that looks for a stored one (RFC 9111 section 4.1) finds the feed alone, and no
/// reader is ever given anything else. All that can happen is that somebody's browser is given a fresh
/// copy of the feed. Named here, the fields would keep feeds out of caches that hold only what varies by
/// `Accept-Encoding`, and polls are most of what we answer.
const VARIES: HeaderValue = HeaderValue::from_static("Accept-Encoding");

/// What a browser wants something for, and how it came to want it.
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// How many seconds a client waits before it asks again for what is not there yet.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// For what people read: our style sheet, pictures and sound from anywhere safe, nothing active.
pub(super) const PAGE_POLICY: HeaderValue = HeaderValue::from_static(PAGE_RULES);

/// For what is not made for a browser: it may show it, and nothing in it may do anything.
pub(super) const SEALED_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; sandbox");

/// An answer, as far as it can be given without making or reading anything.
#[derive(Debug)]
pub enum Answer {
    /// All of it. For HEAD it has the body that GET would have; the sender leaves it out.
    Ready(Response<Bytes>),
    /// All of it, in the place of a document: the client has that (304), wants another version of it
    /// (412), or is led to a page that tells of it (303).
    Instead {
        /// The answer.
        response: Response<Bytes>,
        /// What was asked for.
        offer: Arc<Offer>,
        /// How it would have been coded.
        coding: Coding,
    },
    /// A document is to be made and sent with this head.
    Document {
        /// What to make.
        offer: Arc<Offer>,
        /// How it is to be coded, if that gains anything.
        coding: Coding,
        /// Status and fields, all but `Content-Length` and `Content-Encoding`.
        head: response::Parts,
    },
    /// A file beside an entry is to be opened; [`super::media`] answers.
    Media(FolderPath),
}

/// Answers `request`. `locate` is the look-up of a snapshot; `None` while there is none. `fresh` says how
/// long copies are fresh; `now` is the time of the answer.
///
/// For a 304 the fields are taken out of `request`: their room becomes that of the answer's, and `hyper`
/// gives it to the connection's next request, so that a poll puts nothing on the heap.
pub fn respond(
    request: &mut request::Parts,
    locate: Option<impl FnOnce(&str) -> Located>,
    fresh: Fresh<'_>,
    now: Timestamp,
) -> Answer {
    if host::check(request).is_err() {
        return Answer::Ready(failure(StatusCode::BAD_REQUEST));
    }
    if request.method == Method::OPTIONS {
        return Answer::Ready(options());
    }
    if request.method != Method::GET && request.method != Method::HEAD {
        return Answer::Ready(failure(StatusCode::METHOD_NOT_ALLOWED));
    }
    let path = request.uri.path();
    if !path.starts_with('/') {
        return Answer::Ready(failure(StatusCode::BAD_REQUEST));
    }
    let Some(locate) = locate else {
        return Answer::Ready(failure(StatusCode::SERVICE_UNAVAILABLE));
    };
    if !is_plain(path) {
        return Answer::Ready(failure(StatusCode::NOT_FOUND));
    }
    match locate(path) {
        Located::Document(offer) => match &offer.plan.key {
            DocumentKey::Feed(view, format) if is_navigation(request) => {
                // Relative to the feed's own address, which is in its folder: whatever path a proxy adds.
                let response = to_people(&match view.part {
                    None => format!("{SUBSCRIBE}#{}", format.anchor()),
                    Some(_) => "./".to_owned(),
                });
                let coding = coding_of(&request.headers, &offer);
                Answer::Instead {
                    response,
                    offer,
                    coding,
                }
            }
            _ => document(&mut request.headers, offer, fresh, now),
        },
        Located::Media(path) => Answer::Media(path),
        Located::Moved(path) => Answer::Ready(moved(&path, fresh)),
        Located::Gone(offer) => gone(&request.headers, offer),
        Located::Nothing => Answer::Ready(failure(StatusCode::NOT_FOUND)),
        Located::Unknown => Answer::Ready(failure(StatusCode::SERVICE_UNAVAILABLE)),
    }
}

/// Whether somebody opens the address in a browser: a document for a window, and not with `?raw`.
///
/// Both fields, and nothing but they, say so: only browsers send them, and no page's script can. (Fetch
/// Metadata Request Headers, sections 2.1 and 2.2) Readers send `Accept: text/html`, too.
fn is_navigation(request: &request::Parts) -> bool {
    let says = |name: HeaderName, word: &str| {
        let mut values = request.headers.get_all(name).iter();
        let first = values.next().map(HeaderValue::as_bytes);
        first == Some(word.as_bytes()) && values.next().is_none()
    };
    let query = request.uri.query().unwrap_or_default();
    says(FETCH_DEST, "document")
        && says(FETCH_MODE, "navigate")
        && !query.split('&').any(|it| it == "raw" || it == "raw=")
}

/// 303 to a page, for this person alone. No cache may keep it under the feed's address.
fn to_people(location: &str) -> Response<Bytes> {
    let mut response = failure(StatusCode::SEE_OTHER);
    // Format and folder are ours: this can't fail.
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("./"));
    let fields = response.headers_mut();
    fields.insert(LOCATION, location);
    let fresh = HeaderValue::from_static("private, no-store");
    fields.insert(CACHE_CONTROL, fresh);
    let varies = HeaderValue::from_static("Sec-Fetch-Dest, Sec-Fetch-Mode");
    fields.insert(VARY, varies);
    response
}

/// 410 with a document that says so. It has no validators: whoever asks again may find the entry.
/// (RFC 9110 section 15.5.11)
fn gone(wishes: &HeaderMap, offer: Arc<Offer>) -> Answer {
    let coding = negotiate::coding(wishes);
    let mut head = head(StatusCode::GONE);
    let fields = &mut head.headers;
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    fields.insert(VARY, VARIES);
    offer.describe(fields);
    Answer::Document {
        offer,
        coding,
        head,
    }
}

/// A representation that is planned: 304, 412, or the head to send it with.
fn document(wishes: &mut HeaderMap, offer: Arc<Offer>, fresh: Fresh<'_>, now: Timestamp) -> Answer {
    let validators = offer.validators(now);
    let verdict = conditional::evaluate(wishes, &validators);
    let coding = coding_of(wishes, &offer);
    if verdict == Verdict::Failed {
        return Answer::Instead {
            response: failure(StatusCode::PRECONDITION_FAILED),
            offer,
            coding,
        };
    }
    let varies = delta::varies(wishes, &offer.plan).unwrap_or(VARIES);
    if verdict == Verdict::NotModified {
        // It tells no more than a cache needs to go on with its copy: no links.
        let mut fields = std::mem::take(wishes);
        fields.clear();
        let mut head = open_head(fields, StatusCode::NOT_MODIFIED);
        offer.share(&mut head.headers, &validators, &fresh);
        head.headers.insert(VARY, varies);
        return Answer::Instead {
            response: Response::from_parts(head, Bytes::new()),
            offer,
            coding,
        };
    }
    let mut head = head(StatusCode::OK);
    offer.share(&mut head.headers, &validators, &fresh);
    head.headers.insert(VARY, varies);
    offer.describe(&mut head.headers);
    Answer::Document {
        offer,
        coding,
        head,
    }
}

/// How a document is to be coded for who has these wishes.
fn coding_of(wishes: &HeaderMap, offer: &Offer) -> Coding {
    if offer.is_compressible {
        negotiate::coding(wishes)
    } else {
        Coding::Identity
    }
}

/// How the document that was made is coded: not at all, whatever was wished, if that gains nothing.
pub(super) fn coded(fields: &mut HeaderMap, coding: Coding) {
    let name = match coding {
        Coding::Identity => return,
        Coding::Gzip => "gzip",
        Coding::Brotli => "br",
        Coding::Zstd => "zstd",
    };
    fields.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
}

/// What 200 and 304 have in common. (RFC 9110 section 15.4.5)
pub(super) fn shared_fields(fields: &mut HeaderMap, validators: &Validators, cached: HeaderValue) {
    fields.insert(ETAG, validators.tag.to_header());
    if let Some(date) = validators.last_modified() {
        fields.insert(LAST_MODIFIED, date);
    }
    fields.insert(CACHE_CONTROL, cached);
}

/// 308 to another path of this site.
fn moved(path: &str, fresh: Fresh<'_>) -> Response<Bytes> {
    // `//host` and `/\host` would lead to another site.
    let path = path.trim_start_matches(['/', '\\']);
    let Ok(location) = HeaderValue::try_from(format!("/{path}")) else {
        return failure(StatusCode::NOT_FOUND);
    };
    let mut response = failure(StatusCode::PERMANENT_REDIRECT);
    let fields = response.headers_mut();
    fields.insert(LOCATION, location);
    // Browsers keep a 308 for ever if they are not told when to ask again.
    fields.insert(CACHE_CONTROL, fresh.longest());
    response
}

/// To OPTIONS, for `*` or any path: what we have, and to a preflight that all may read.
fn options() -> Response<Bytes> {
    let mut head = head(StatusCode::NO_CONTENT);
    let fields = &mut head.headers;
    fields.insert(ALLOW, METHODS);
    fields.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    // A reader in a browser needs this to send `If-None-Match`.
    fields.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
    fields.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    Response::from_parts(head, Bytes::new())
}

/// An answer without a representation: its body says in a few words what is the matter, and nothing
/// about us.
pub(super) fn failure(status: StatusCode) -> Response<Bytes> {
    let words: &'static str = match status {
        StatusCode::PERMANENT_REDIRECT => "This is at another address now.\n",
        StatusCode::SEE_OTHER => "This is a feed. A page says how to subscribe to it.\n",
        StatusCode::BAD_REQUEST => "This request can't be understood.\n",
        StatusCode::NOT_FOUND => "There is nothing here.\n",
        StatusCode::METHOD_NOT_ALLOWED => "This site can be read, and nothing else.\n",
        StatusCode::PRECONDITION_FAILED => "This is not the version you asked for.\n",
        StatusCode::RANGE_NOT_SATISFIABLE => "There is no such part.\n",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "This request has too many fields.\n",
        StatusCode::MISDIRECTED_REQUEST => "This is not the host you asked for.\n",
        StatusCode::SERVICE_UNAVAILABLE => "This is not ready yet. Please come back soon.\n",
        _ => "Something went wrong here.\n",
    };
    let mut head = head(status);
    let fields = &mut head.headers;
    fields.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    fields.insert(CONTENT_SECURITY_POLICY, SEALED_POLICY);
    // What is not there now may be there in a second.
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            fields.insert(ALLOW, METHODS);
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            fields.insert(RETRY_AFTER, RETRY_SECONDS);
        }
        // Whoever breaks the rules of messages may have another idea of where this one ends.
        StatusCode::BAD_REQUEST => {
            fields.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    Response::from_parts(head, Bytes::from_static(words.as_bytes()))
}

/// A head with what every answer has: all may read it, nobody may guess its type.
pub(super) fn head(status: StatusCode) -> response::Parts {
    let mut head = open_head(HeaderMap::with_capacity(FIELDS), status);
    let fields = &mut head.headers;
    fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    fields.insert(
        REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    );
    head
}

/// As many fields as any answer has, so that they are given room once.
const FIELDS: usize = 16;

/// A head that says that all may read the answer, with its fields in the room of an empty map. That is
/// all for a 304: what else there is to say of the copy was said with it.
fn open_head(fields: HeaderMap, status: StatusCode) -> response::Parts {
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = status;
    head.headers = fields;
    let fields = &mut head.headers;
    fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    fields.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ETag, Last-Modified, Link"),
    );
    head
}

/// Whether a path is one that we could have written: no empty, `.` or `..` segment, no separator or
/// control character, coded or not, no broken escape. Others are not worth a look at the snapshot,
/// and what they name must not be guessed.
fn is_plain(path: &str) -> bool {
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if is_word(segment) {
            continue;
        }
        // Borrowed where nothing is coded.
        let decoded: Cow<'_, [u8]> = percent_encoding::percent_decode_str(segment).into();
        let is_last = segments.peek().is_none();
        // Only the end may be empty: `/` and `/tags/bridges/`.
        let is_odd = (decoded.is_empty() && !is_last)
            || *decoded == *b"."
            || *decoded == *b".."
            || decoded
                .iter()
                .any(|&byte| byte.is_ascii_control() || byte == b'/' || byte == b'\\');
        if is_odd || has_broken_escape(segment.as_bytes()) || std::str::from_utf8(&decoded).is_err()
        {
            return false;
        }
    }
    true
}

/// Whether a segment is what most are, and can't be odd: a letter or digit, then these and `-_.` alone.
fn is_word(segment: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    segment.starts_with(|it: char| it.is_ascii_alphanumeric()) && segment.bytes().all(is_letter)
}

/// Whether a `%` is not followed by two hexadecimal digits. (RFC 3986 section 2.1)
fn has_broken_escape(segment: &[u8]) -> bool {
    let is_digit = |at: usize| segment.get(at).is_some_and(u8::is_ascii_hexdigit);
    segment
        .iter()
        .enumerate()
        .any(|(at, &byte)| byte == b'%' && !(is_digit(at + 1) && is_digit(at + 2)))
}

#[cfg(test)]
mod tests;
