//! Conditional requests: whether the client has the current representation already.
//! (RFC 9110 section 13)
//!
//! This is what a feed server does most: nine polls of ten end here, without a document being made.
//! Tags are compared forgivingly, because what comes back is often not what was sent: Apache's
//! `mod_deflate` adds `-gzip` to a tag, others `;gzip`, `-br` or `--gzip`, some outside the quotes,
//! some clients drop the quotes; and a reader whose tag never matches loads everything at each poll.
//! Forgiving is safe, since a tag is the digest of what is said, not of the bytes that say it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::header::{
    HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
};
use jiff::Timestamp;

use crate::entry::Digest;

/// An entity tag. (RFC 9110 section 8.8.3)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `W/"…"`: the same for every coding of a document.
    Weak(Digest),
    /// `"…"`: of just these bytes; what ranges need.
    Strong(Digest),
}

impl Tag {
    /// The value of `ETag`: the digest in 32 hexadecimal digits.
    pub fn to_header(self) -> HeaderValue {
        let text = match self {
            Self::Weak(digest) => format!("W/\"{digest}\""),
            Self::Strong(digest) => format!("\"{digest}\""),
        };
        // Hexadecimal digits and quotes are always a header value.
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
    }

    /// What follows the digits, if what is between the quotes begins with them. They are not written for
    /// that: it is asked at each poll.
    fn rest_of(self, opaque: &[u8]) -> Option<&[u8]> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let (Self::Weak(digest) | Self::Strong(digest)) = self;
        let (digits, rest) = opaque.split_first_chunk::<32>()?;
        let (pairs, _) = digits.as_chunks::<2>();
        let mut pairs = pairs.iter().zip(digest.as_bytes());
        let is_same = pairs.all(|(&[high, low], byte)| {
            let digit = |half: u8| DIGITS[usize::from(half & 15)];
            high == digit(byte >> 4) && low == digit(*byte)
        });
        is_same.then_some(rest)
    }
}

/// The validators of a representation, as they are now.
#[derive(Clone, Copy, Debug)]
pub struct Validators {
    /// Always there.
    pub tag: Tag,
    /// `None` for what has no date; sent and compared in whole seconds.
    pub modified: Option<Timestamp>,
}

/// What the conditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Answer as if there were none.
    Proceed,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

/// Evaluates the conditions of a GET or HEAD in the order of RFC 9110 section 13.2.2.
///
/// A condition that can't be read counts as absent, except that `If-Match` and `If-None-Match`
/// still take the place of their dates.
pub fn evaluate(headers: &HeaderMap, current: &Validators) -> Verdict {
    if headers.contains_key(IF_MATCH) {
        if !any_tag(headers, IF_MATCH, |tag| tag.matches_strongly(current.tag)) {
            return Verdict::Failed;
        }
    } else if let (Some(since), Some(modified)) =
        (date(headers, IF_UNMODIFIED_SINCE), current.seconds())
        && modified > since
    {
        return Verdict::Failed;
    }

    if headers.contains_key(IF_NONE_MATCH) {
        if any_tag(headers, IF_NONE_MATCH, |tag| {
            tag.matches_weakly(current.tag)
        }) {
            return Verdict::NotModified;
        }
    } else if let (Some(since), Some(modified)) =
        (date(headers, IF_MODIFIED_SINCE), current.seconds())
        && modified <= since
    {
        return Verdict::NotModified;
    }
    Verdict::Proceed
}

/// The first tag in `If-None-Match` for which there is something in `known`; `*` names none.
pub fn find_none_match<T>(
    headers: &HeaderMap,
    mut known: impl FnMut(Digest) -> Option<T>,
) -> Option<T> {
    let mut found = None;
    any_tag(headers, IF_NONE_MATCH, |tag| {
        found = tag.digest().and_then(&mut known);
        found.is_some()
    });
    found
}

/// Whether an `If-Range` value names just this representation: a strong tag, or its exact date.
/// (RFC 9110 section 13.1.5)
pub fn if_range_holds(value: &HeaderValue, current: &Validators) -> bool {
    let bytes = value.as_bytes().trim_ascii();
    if bytes.contains(&b'"') {
        return read_tag(bytes).0.matches_strongly(current.tag);
    }
    parse_date(value).is_some_and(|date| current.seconds() == Some(date))
}

impl Validators {
    /// The date as `Last-Modified` shows it. (RFC 9110 section 8.8.2)
    pub fn last_modified(&self) -> Option<HeaderValue> {
        let seconds = self.seconds()?;
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        HeaderValue::from_str(&date).ok()
    }

    /// The date in whole seconds since 1970, kept within the years that an HTTP date can say
    /// (`httpdate` panics outside them).
    fn seconds(&self) -> Option<u64> {
        const END_OF_9999: u64 = 253_402_300_799;
        let seconds = self.modified?.as_second().max(0);
        Some(seconds.unsigned_abs().min(END_OF_9999))
    }
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<u64> {
    parse_date(headers.get(name)?)
}

fn parse_date(value: &HeaderValue) -> Option<u64> {
    let date = httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()?;
    // A date before 1970 is before everything.
    Some(
        date.duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |age| age.as_secs()),
    )
}

/// Whether the field `name` is `*` or has an element for which `matches` holds.
fn any_tag(
    headers: &HeaderMap,
    name: HeaderName,
    mut matches: impl FnMut(&Received<'_>) -> bool,
) -> bool {
    headers.get_all(name).iter().any(|value| {
        let mut rest = value.as_bytes().trim_ascii();
        if rest == b"*" {
            return true;
        }
        while !rest.is_empty() {
            let (tag, after) = read_tag(rest);
            if matches(&tag) {
                return true;
            }
            rest = after;
        }
        false
    })
}

/// A tag as a client sent it back.
struct Received<'a> {
    weak: bool,
    /// Between the quotes, or the whole word if there were none.
    opaque: &'a [u8],
}

/// Splits the first element off a list: the tag, and what follows its comma. A comma between quotes
/// is part of the tag, and what follows the closing quote (`"…"-gzip`) is passed over.
fn read_tag(list: &[u8]) -> (Received<'_>, &[u8]) {
    let list = list.trim_ascii_start();
    let (weak, list) = match list.strip_prefix(b"W/").or(list.strip_prefix(b"w/")) {
        Some(rest) => (true, rest),
        None => (false, list),
    };
    let comma = |bytes: &[u8]| bytes.iter().position(|&byte| byte == b',');
    let after_comma = |bytes| comma(bytes).map_or(&bytes[bytes.len()..], |at| &bytes[at + 1..]);
    if let Some(quoted) = list.strip_prefix(b"\"")
        && let Some(end) = quoted.iter().position(|&byte| byte == b'"')
    {
        let opaque = &quoted[..end];
        return (Received { weak, opaque }, after_comma(&quoted[end + 1..]));
    }
    let end = comma(list).unwrap_or(list.len());
    let opaque = list[..end].trim_ascii();
    let opaque = opaque.strip_prefix(b"\"").unwrap_or(opaque);
    let opaque = opaque.strip_suffix(b"\"").unwrap_or(opaque);
    (Received { weak, opaque }, after_comma(list))
}

impl Received<'_> {
    /// RFC 9110 section 8.8.3.2, forgiving the suffix of a proxy's coding.
    fn matches_weakly(&self, current: Tag) -> bool {
        current.rest_of(self.opaque).is_some_and(is_coding_suffix)
    }

    /// The digest, if it is a tag as we write them; forgiving, as [`Received::matches_weakly`] is.
    fn digest(&self) -> Option<Digest> {
        let (digits, suffix) = self.opaque.split_first_chunk::<32>()?;
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let value = |at: usize| char::from(pair[at]).to_digit(16);
            *byte = u8::try_from(value(0)? * 16 + value(1)?).ok()?;
        }
        is_coding_suffix(suffix).then(|| Digest::from_bytes(bytes))
    }

    /// RFC 9110 section 8.8.3.2: both strong, letter by letter.
    fn matches_strongly(&self, current: Tag) -> bool {
        !self.weak && matches!(current, Tag::Strong(_)) && current.rest_of(self.opaque) == Some(b"")
    }
}

/// Whether this is nothing, or what a proxy that compressed adds to a tag: `-gzip`, `;br`, `--gzip`.
fn is_coding_suffix(suffix: &[u8]) -> bool {
    if suffix.is_empty() {
        return true;
    }
    let word = suffix.trim_ascii_end();
    let word = word.strip_suffix(b"\"").unwrap_or(word);
    let start = word
        .iter()
        .position(u8::is_ascii_alphanumeric)
        .unwrap_or(word.len());
    let (separator, name) = word.split_at(start);
    let known: [&[u8]; 7] = [
        b"gzip",
        b"x-gzip",
        b"gz",
        b"br",
        b"zstd",
        b"deflate",
        b"identity",
    ];
    (1..=2).contains(&separator.len())
        && separator.iter().all(|byte| b"-;:+_.".contains(byte))
        && known.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests;
