//! The full text of an entry: clean HTML with holes for what other entries decide.
//!
//! Where a "Read:" line leads, or what address a picture beside the entry has, depends on other
//! files and on the site's address, and changes while this entry's file does not. So the HTML is
//! made once and keeps a hole in each such place; a document fills them when it is made.
//!
//! A hole is written as U+0001, a letter, the number of the [`Reference`](super::Reference), for an
//! attribute also its name, and U+0002. Source text is cleaned of control characters before it is
//! parsed (`Text::clean`), so no writer can forge one.

use serde::{Deserialize, Serialize};

use super::Digest;

const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// Well-formed, sanitised HTML, with [`Hole`]s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Body(Box<str>);

/// Where full texts are kept, under their digests.
pub trait Bodies: Send + Sync + 'static {
    /// The text named `digest`. May block for one lookup.
    fn body(&self, digest: Digest) -> std::io::Result<Body>;
}

/// A place in a [`Body`] that a document fills; the number is one of the article's references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hole<'a> {
    /// A "Read:" line's own words: a link, or plain text while it is pending. In text.
    Related(usize),
    /// A whole attribute, ` href="…"`, absent when there is nothing to point to. In a tag.
    Attribute(&'a str, usize),
    /// A `srcset`: its candidates, parted by a comma and a space, with `#` and a number in place of
    /// each address that is to be filled in. Candidates that lead nowhere are left out.
    Srcset(&'a str),
}

impl Body {
    /// From HTML whose holes were made by [`Hole::mark`]; the maker answers for its being clean.
    pub fn from_clean_html(html: String) -> Self {
        Self(html.into())
    }

    /// The HTML with its holes as marks, as a store keeps it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of this text.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// How long the text is when it is written into XML, in bytes, before its holes are filled.
    pub fn written_bytes(&self) -> u64 {
        let written = |byte| match byte {
            b'<' | b'>' => "&lt;".len(),
            b'&' => "&amp;".len(),
            b'"' | b'\'' => "&quot;".len(),
            _ => 1,
        };
        self.0.bytes().map(written).sum::<usize>() as u64
    }

    /// The HTML with every hole replaced by what `fill` gives for it, appended to `html`.
    pub fn fill(&self, html: &mut String, mut fill: impl FnMut(Hole<'_>, &mut String)) {
        let mut rest: &str = &self.0;
        while let Some((before, marked)) = rest.split_once(OPEN) {
            html.push_str(before);
            // A mark that does not end can only be damage; what follows it is not to be trusted.
            let Some((mark, after)) = marked.split_once(CLOSE) else {
                return;
            };
            if let Some(hole) = Hole::read(mark) {
                fill(hole, html);
            }
            rest = after;
        }
        html.push_str(rest);
    }
}

impl Hole<'_> {
    /// The mark that stands for this hole in a [`Body`].
    pub fn mark(self) -> String {
        match self {
            Self::Related(number) => format!("{OPEN}r{number}{CLOSE}"),
            Self::Attribute(name, number) => format!("{OPEN}a{number} {name}{CLOSE}"),
            Self::Srcset(candidates) => format!("{OPEN}s{candidates}{CLOSE}"),
        }
    }

    fn read(mark: &str) -> Option<Hole<'_>> {
        let (kind, rest) = mark.split_at_checked(1)?;
        match kind {
            "r" => rest.parse().ok().map(Hole::Related),
            "s" => Some(Hole::Srcset(rest)),
            "a" => {
                let (number, name) = rest.split_once(' ')?;
                number
                    .parse()
                    .ok()
                    .map(|number| Hole::Attribute(name, number))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn holes_are_filled_in_place() {
        let html = format!(
            "<p>Read: {}</p><img{} alt=\"x\"><i{}>",
            Hole::Related(0).mark(),
            Hole::Attribute("src", 12).mark(),
            Hole::Srcset("#3 1x, https://a/b 2x").mark()
        );
        let mut filled = String::new();
        Body::from_clean_html(html).fill(&mut filled, |hole, html| {
            write!(html, "[{hole:?}]").unwrap();
        });
        assert_eq!(
            filled,
            "<p>Read: [Related(0)]</p><img[Attribute(\"src\", 12)] alt=\"x\"><i[Srcset(\"#3 1x, https://a/b 2x\")]>"
        );
    }

    #[test]
    fn a_broken_mark_is_left_out() {
        let mut filled = String::new();
        Body::from_clean_html("a\u{1}zz\u{2}b\u{1}c".into())
            .fill(&mut filled, |_, _| panic!("no hole"));
        assert_eq!(filled, "ab");
    }
}
