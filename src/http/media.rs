//! Files beside entries: pictures, sound, papers, and what lies inside recordings.
//!
//! They are sent as they lie in the folder, in pieces and with strong tags, in whole or in the one
//! part that a player asks for (RFC 9110 section 14; without it some phones play nothing). Nothing
//! in them may run: what a browser does not merely show is offered as a download.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::RangeInclusive;

use bytes::Bytes;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HeaderMap, HeaderValue, IF_RANGE, RANGE,
};
use hyper::http::request;
use hyper::{Method, Response, StatusCode};
use jiff::Timestamp;

use super::body::{Content, FilePieces};
use super::conditional::{Tag, Validators, Verdict, evaluate, if_range_holds};
use super::respond;
use crate::entry::{Digest, FolderPath};

/// Opens files beside entries. The folder's room implements it: it alone opens files there.
///
/// It is called on a blocking thread, only with paths that a snapshot named.
pub trait MediaFiles: Send + Sync {
    /// Opens the file at `path` for reading from its start.
    ///
    /// # Errors
    ///
    /// `NotFound`, `PermissionDenied`, `IsADirectory`, `NotADirectory`, `InvalidInput` and
    /// `InvalidData` mean that there is nothing to publish there: 404. Any other error means that it
    /// can't be read now: 503.
    fn open(&self, path: &FolderPath) -> io::Result<OpenMedia>;
}

/// A file that can be sent.
#[derive(Debug)]
pub struct OpenMedia {
    /// The bytes.
    pub content: MediaContent,
    /// When it last changed.
    pub modified: Timestamp,
    /// Differs whenever the bytes differ: it is sent as a strong tag.
    pub tag: Digest,
    /// `Content-Type`; what can't be sent in a header becomes `application/octet-stream`.
    pub media_type: String,
}

/// Where the bytes come from.
#[derive(Debug)]
pub enum MediaContent {
    /// A regular file, standing at its start.
    File {
        /// The file.
        file: File,
        /// Its bytes.
        length: u64,
    },
    /// Something small, in memory.
    Bytes(Bytes),
}

impl MediaContent {
    fn length(&self) -> u64 {
        match self {
            Self::File { length, .. } => *length,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// All of it.
    fn whole(self) -> Content {
        match self {
            Self::File { file, length } => Content::File(FilePieces::new(file, length)),
            Self::Bytes(bytes) => Content::Bytes(bytes),
        }
    }

    /// The bytes from `first` to `last`, which are there.
    fn part(self, first: u64, last: u64) -> io::Result<Content> {
        let count = last - first + 1;
        Ok(match self {
            Self::File { mut file, .. } => {
                file.seek(SeekFrom::Start(first))?;
                Content::File(FilePieces::new(file, count))
            }
            Self::Bytes(bytes) => {
                let place = |at: u64| usize::try_from(at).map_err(io::Error::other);
                Content::Bytes(bytes.slice(place(first)?..place(first + count)?))
            }
        })
    }
}

/// Answers a GET or HEAD for `opened`, what came of opening the file.
pub(super) fn respond(
    request: &request::Parts,
    opened: io::Result<OpenMedia>,
    cached: HeaderValue,
) -> Response<Content> {
    match opened.and_then(|media| send(request, media, cached)) {
        Ok(response) => response,
        Err(error) => {
            let status = status_of(&error);
            if status != StatusCode::NOT_FOUND {
                tracing::warn!(%error, "a file beside an entry can't be read");
            }
            respond::failure(status).map(Content::Bytes)
        }
    }
}

/// What a client is told of an error.
fn status_of(error: &io::Error) -> StatusCode {
    match error.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::InvalidData => StatusCode::NOT_FOUND,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn send(
    request: &request::Parts,
    media: OpenMedia,
    cached: HeaderValue,
) -> io::Result<Response<Content>> {
    let validators = Validators {
        tag: Tag::Strong(media.tag),
        modified: Some(media.modified),
    };
    let mut head = respond::head(StatusCode::OK);
    respond::shared_fields(&mut head.headers, &validators, cached);
    match evaluate(&request.headers, &validators) {
        Verdict::Proceed => {}
        Verdict::Failed => {
            return Ok(respond::failure(StatusCode::PRECONDITION_FAILED).map(Content::Bytes));
        }
        Verdict::NotModified => {
            head.status = StatusCode::NOT_MODIFIED;
            return Ok(Response::from_parts(head, Content::empty()));
        }
    }
    let content_range = |text: String| HeaderValue::try_from(text).map_err(io::Error::other);
    let length = media.content.length();
    let content = match wanted_part(request, &validators, length) {
        Part::Whole => media.content.whole(),
        Part::Range(range) => {
            let (first, last) = range.into_inner();
            let value = content_range(format!("bytes {first}-{last}/{length}"))?;
            head.status = StatusCode::PARTIAL_CONTENT;
            head.headers.insert(CONTENT_RANGE, value);
            media.content.part(first, last)?
        }
        Part::Nothing => {
            let mut response = respond::failure(StatusCode::RANGE_NOT_SATISFIABLE);
            let value = content_range(format!("bytes */{length}"))?;
            response.headers_mut().insert(CONTENT_RANGE, value);
            return Ok(response.map(Content::Bytes));
        }
    };
    describe(&mut head.headers, &media.media_type);
    Ok(Response::from_parts(head, content))
}

/// For what a browser shows in a page that it makes itself, around the picture or the player.
const SHOWN_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
);

/// For PDF. Without `sandbox`, under which Chromium's viewer refuses to open; a script in a PDF runs
/// in the viewer and never as our site.
const PAPER_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; object-src 'self'; style-src 'unsafe-inline'");

/// The fields that say what it is and how far it is to be trusted.
fn describe(fields: &mut HeaderMap, media_type: &str) {
    let (media_type, value) = match HeaderValue::from_str(media_type) {
        Ok(value) if !value.is_empty() => (media_type, value),
        _ => ("", HeaderValue::from_static("application/octet-stream")),
    };
    fields.insert(CONTENT_TYPE, value);
    fields.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let policy = match shown_as(media_type) {
        Some(Shown::Picture) => SHOWN_POLICY,
        Some(Shown::Paper) => PAPER_POLICY,
        None => {
            fields.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
            respond::SEALED_POLICY
        }
    };
    fields.insert(CONTENT_SECURITY_POLICY, policy);
}

/// What a browser shows without running anything in it.
enum Shown {
    /// Pictures, sound, films.
    Picture,
    /// PDF.
    Paper,
}

/// `None` for what is offered as a download. SVG is a document with scripts, no picture.
fn shown_as(media_type: &str) -> Option<Shown> {
    let essence = media_type.split(';').next().unwrap_or("").trim();
    let essence = essence.to_ascii_lowercase();
    match essence.split_once('/') {
        Some(("image", kind)) => (!kind.starts_with("svg")).then_some(Shown::Picture),
        Some(("audio" | "video", _)) => Some(Shown::Picture),
        Some(("application", "pdf")) => Some(Shown::Paper),
        _ => None,
    }
}

/// Which bytes are wanted.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Range(RangeInclusive<u64>),
    /// There are no such bytes.
    Nothing,
}

/// Reads `Range` and `If-Range`. What we do not serve (several ranges, other units, HEAD, nonsense)
/// is the whole: a server may ignore any `Range`. (RFC 9110 section 14.2)
fn wanted_part(request: &request::Parts, current: &Validators, length: u64) -> Part {
    let fields = &request.headers;
    let Some(range) = fields.get(RANGE).and_then(|value| value.to_str().ok()) else {
        return Part::Whole;
    };
    let is_same = fields
        .get(IF_RANGE)
        .is_none_or(|value| if_range_holds(value, current));
    if request.method != Method::GET || !is_same {
        return Part::Whole;
    }
    parse_range(range, length).unwrap_or(Part::Whole)
}

/// `bytes=first-last`, `bytes=first-` or `bytes=-count`. (RFC 9110 section 14.1.2)
fn parse_range(range: &str, length: u64) -> Option<Part> {
    let (unit, range) = range.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let part = match (number(first)?, number(last)?) {
        (None, None) => return None,
        (Some(first), Some(last)) if first > last => return None,
        (None, Some(count)) if count == 0 || length == 0 => Part::Nothing,
        (None, Some(count)) => Part::Range(length.saturating_sub(count)..=length - 1),
        (Some(first), _) if first >= length => Part::Nothing,
        (Some(first), None) => Part::Range(first..=length - 1),
        (Some(first), Some(last)) => Part::Range(first..=last.min(length - 1)),
    };
    Some(part)
}

/// `Some(None)` where nothing stands. A number too large for us is still a number: the largest.
#[expect(
    clippy::option_option,
    reason = "absent and unreadable are different things here, for three lines"
)]
fn number(digits: &str) -> Option<Option<u64>> {
    let digits = digits.trim();
    if digits.is_empty() {
        return Some(None);
    }
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Some(digits.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests;
