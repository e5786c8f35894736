//! Text that any document can carry, names for addresses, and digests.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization;

/// Plain text that every document can carry: only characters of XML 1.0 (section 2.2, `Char`), no C1
/// controls, line ends as `\n`.
///
/// What can't be carried is dropped: a stray control character in a sentence is never what the
/// writer meant, and one of them makes a whole feed unreadable.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(Arc<str>);

impl Text {
    /// Cleans `raw`.
    pub fn new(raw: &str) -> Self {
        if is_clean(raw) {
            return Self(raw.into());
        }
        Self(Self::clean(raw).into())
    }

    /// Cleans `raw`, folds all white space to single spaces and trims it: for titles and names.
    pub fn one_line(raw: &str) -> Self {
        let mut line = String::with_capacity(raw.len());
        for word in Self::clean(raw).split_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        Self(line.into())
    }

    /// `raw` with line ends as `\n` and without what no document can carry: for source text that
    /// is still to be parsed. After this, no control character but TAB and LF is left.
    pub fn clean(raw: &str) -> String {
        if is_clean(raw) {
            return raw.to_owned();
        }
        let mut clean = String::with_capacity(raw.len());
        let mut chars = raw.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' => {
                    chars.next_if_eq(&'\n');
                    clean.push('\n');
                }
                '\u{85}' => clean.push('\n'),
                c if is_carried(c) => clean.push(c),
                _ => {}
            }
        }
        clean
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether nothing has to be changed in `raw`. Bytes tell it where there is nothing but ASCII, which
/// is most of what is written.
fn is_clean(raw: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b'\t' | b'\n' | b' '..=b'~');
    // Without a way out in the middle it is many bytes at a time.
    raw.bytes().fold(true, |all, byte| all & is_plain(byte))
        || raw.chars().all(|c| is_carried(c) && c != '\r')
}

/// XML 1.0 `Char`, less the C1 controls (legal, but the feed validator's `BadCharacters`) and the
/// byte order mark.
fn is_carried(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{A0}'..='\u{FFFD}' | '\u{10000}'..)
        && c != '\u{FEFF}'
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|raw| Self::new(&raw))
    }
}

/// A name as it stands in an address: lower-case words joined by `-`, in segments joined by `/`.
///
/// NFC, case-folded; letters and digits of every script stay, everything else becomes a `-` between
/// words. Never empty, never `.` or `..`, no leading or trailing `/` or `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slug(Arc<str>);

impl Slug {
    /// The longest slug, in bytes; a longer one is cut between characters.
    pub const MAX_BYTES: usize = 200;

    /// One segment from any words; `None` if no letter or digit is in them.
    pub fn from_words(words: &str) -> Option<Self> {
        if words.is_ascii() {
            // NFC leaves it as it is.
            return Self::from_letters(words.chars().map(|c| c.to_ascii_lowercase()));
        }
        Self::from_letters(words.nfc().flat_map(char::to_lowercase).nfc())
    }

    fn from_letters(letters: impl Iterator<Item = char>) -> Option<Self> {
        let mut slug = String::new();
        let mut gap = false;
        for c in letters {
            let mark = !c.is_ascii() && is_mark(c);
            if c.is_alphanumeric() || mark {
                if gap && !slug.is_empty() {
                    slug.push('-');
                }
                gap = false;
                if slug.len() + c.len_utf8() > Self::MAX_BYTES {
                    break;
                }
                slug.push(c);
            } else if !matches!(c, '\'' | '\u{2019}') {
                // "don't" is one word: dont
                gap = true;
            }
        }
        let end = slug.trim_end_matches('-').len();
        slug.truncate(end);
        (!slug.is_empty()).then(|| Self(slug.into()))
    }

    /// Segments from a path such as `/2026/bridge-reopens/`; `None` if nothing is left of it.
    pub fn from_path(path: &str) -> Option<Self> {
        let segments: Vec<Self> = path.split('/').filter_map(Self::from_words).collect();
        let joined = segments
            .iter()
            .map(Self::as_str)
            .collect::<Vec<_>>()
            .join("/");
        (!joined.is_empty() && joined.len() <= Self::MAX_BYTES).then(|| Self(joined.into()))
    }

    /// This slug with `-` and a number at its end: the next candidate when it is taken.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        Self(format!("{}-{number}", self.0).into())
    }

    /// This slug with `prefix` and a `-` in front.
    #[must_use]
    pub fn prefixed(&self, prefix: &Self) -> Self {
        Self(format!("{}-{}", prefix.0, self.0).into())
    }

    /// The slug as it stands in a URL: percent-encoded, `/` kept. (RFC 3986 section 2.3)
    pub fn to_url_path(&self) -> String {
        percent_encoding::utf8_percent_encode(&self.0, super::path::SEGMENTS).to_string()
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Combining marks (vowel signs and the like) belong to the letter before them.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a content: the first 128 bits of a SHA-256.
///
/// It names and compares; it is no signature. With 128 bits, a chance collision among a billion
/// texts has a probability below 10⁻²⁰.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 16]);

impl Digest {
    /// The digest of one run of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Digester::new().field(bytes).finish()
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From 16 bytes, as a store kept them.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::str::FromStr for Digest {
    type Err = std::num::ParseIntError;

    fn from_str(hex: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(hex, 16).map(|number| Self(number.to_be_bytes()))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Makes a [`Digest`] of several fields; `("ab", "c")` and `("a", "bc")` differ.
#[derive(Clone)]
pub struct Digester(Sha256);

impl Digester {
    /// Nothing yet.
    #[expect(
        clippy::new_without_default,
        reason = "an empty digest is a beginning, not a default"
    )]
    pub fn new() -> Self {
        Self(Sha256::new())
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds the next piece of one long field, without its length.
    #[must_use]
    pub fn piece(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    /// The digest of all fields so far.
    pub fn finish(self) -> Digest {
        let mut first = [0; 16];
        first.copy_from_slice(&self.0.finalize()[..16]);
        Digest(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_carries_only_what_xml_can() {
        let check =
            |raw: &str, expected: &str| assert_eq!(Text::new(raw).as_str(), expected, "{raw:?}");
        check("plain", "plain");
        check("a\u{0}b\u{b}c\u{1f}d\u{7f}e\u{9b}f", "abcdef");
        check("\u{fffe}x\u{ffff}", "x");
        check("one\r\ntwo\rthree\u{85}four", "one\ntwo\nthree\nfour");
        check("tab\tüñ日本🙂", "tab\tüñ日本🙂");
    }

    #[test]
    fn one_line_folds_white_space() {
        assert_eq!(Text::one_line("  a \n b\t c ").as_str(), "a b c");
    }

    #[test]
    fn slugs_keep_letters_of_every_script() {
        let check = |words: &str, expected: Option<&str>| {
            assert_eq!(
                Slug::from_words(words).as_ref().map(Slug::as_str),
                expected,
                "{words:?}"
            );
        };
        check("Harbour bridge reopens!", Some("harbour-bridge-reopens"));
        check("Don't panic", Some("dont-panic"));
        check("Über Straße", Some("über-straße"));
        check("港の橋", Some("港の橋"));
        check("हिन्दी", Some("हिन्दी"));
        check("../../etc/passwd", Some("etc-passwd"));
        check("-- !", None);
        check("C++", Some("c"));
        assert!(Slug::from_words(&"ü".repeat(500)).unwrap().as_str().len() <= Slug::MAX_BYTES);
    }

    #[test]
    fn what_is_ascii_becomes_the_slug_that_it_would_among_others() {
        for c in (0..128).map(char::from) {
            let words = format!("{c}A{c}b");
            let letters = words.nfc().flat_map(char::to_lowercase).nfc();
            assert_eq!(
                Slug::from_words(&words),
                Slug::from_letters(letters),
                "{c:?}"
            );
        }
    }

    #[test]
    fn paths_become_slugs_of_segments() {
        let check = |path: &str, expected: Option<&str>| {
            assert_eq!(
                Slug::from_path(path).as_ref().map(Slug::as_str),
                expected,
                "{path:?}"
            );
        };
        check("/2026/01/Bridge/", Some("2026/01/bridge"));
        check("../..//x", Some("x"));
        check("/", None);
    }

    #[test]
    fn fields_of_a_digest_do_not_run_together() {
        let digest = |fields: &[&str]| {
            fields
                .iter()
                .fold(Digester::new(), Digester::field)
                .finish()
        };
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_eq!(digest(&["ab", "c"]), digest(&["ab", "c"]));
    }
}
