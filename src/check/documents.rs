//! Judges finished documents by the rules of the formats, of the W3C's feed validator and of the
//! best-practice list: what other people's programs would say of what we publish, before they see it.
//!
//! A [`judge`] reads the bytes alone, strictly, and knows nothing of how they were made. Its rules are
//! named in [`Rule`], each with its source. An error is what a reader may stumble over; no entry may
//! cause one, and where it could, the value is refused when it is read. A warning is for the writer.

mod atom;
mod dates;
mod extensions;
mod html;
mod json;
mod links;
mod media;
mod rss;
mod rules;
mod shared;
#[cfg(test)]
mod tests;
mod xml;

use jiff::Timestamp;

pub use rules::Rule;

use super::Severity;
use crate::feed::Format;
use shared::Bench;

/// A finished document.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// As it is sent, not compressed.
    pub bytes: &'a [u8],
    /// What it is.
    pub format: Format,
    /// Where it is served: an absolute URL.
    pub address: &'a str,
    /// The `Content-Type` it is served with.
    pub content_type: &'a str,
    /// When it is judged.
    pub now: Timestamp,
}

/// A rule that a document breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which.
    pub rule: Rule,
    /// What is wrong, and what would be right.
    pub message: String,
    /// The id of the entry where it is wrong; `None`: in what the feed says of itself.
    pub entry: Option<String>,
}

impl Fault {
    /// How much it weighs.
    pub fn severity(&self) -> Severity {
        self.rule.severity()
    }
}

/// Everything that is wrong with `document`, in its order.
pub fn judge(document: &Document<'_>) -> Vec<Fault> {
    let mut bench = Bench::new(document);
    bench.envelope();
    let Ok(text) = std::str::from_utf8(document.bytes) else {
        bench.find(
            Rule::NotUtf8,
            "the document is not in UTF-8: expected nothing else",
        );
        return bench.finish();
    };
    match document.format {
        Format::Json => json::judge(&mut bench, text),
        Format::Rss | Format::Atom => xml::judge(&mut bench, text),
    }
    bench.finish()
}
