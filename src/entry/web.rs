//! Addresses, ids and language tags: what other programs will compare and follow.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

/// An absolute `http`, `https`, `mailto`, `tel` or similar URL, in its normal, all-ASCII form, so
/// that it may stand in RSS, Atom, JSON and HTML alike. Never `javascript:` or `data:`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(Box<str>);

/// Why something is no [`Address`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AddressError {
    /// Not a URL at all, or one without a scheme.
    #[error("`{0}` is not an absolute URL: expected for example https://example.org/page")]
    NotAbsolute(String),
    /// A URL that does not belong into a feed.
    #[error("URLs of the scheme `{0}` are not published: expected https, http, mailto or the like")]
    Scheme(String),
}

impl Address {
    /// The schemes that may be published.
    pub const SCHEMES: [&str; 12] = [
        "https", "http", "mailto", "tel", "xmpp", "matrix", "irc", "ircs", "gemini", "ftp",
        "magnet", "geo",
    ];

    /// Parses and normalises `raw`. (WHATWG URL Standard)
    pub fn parse(raw: &str) -> Result<Self, AddressError> {
        let url =
            Url::parse(raw.trim()).map_err(|_| AddressError::NotAbsolute(raw.trim().to_owned()))?;
        if !Self::SCHEMES.contains(&url.scheme()) {
            return Err(AddressError::Scheme(url.scheme().to_owned()));
        }
        Ok(Self(String::from(url).into()))
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The media type that the last segment's extension stands for, if any.
    pub fn media_type(&self) -> Option<&'static str> {
        let path = self.0.split(['?', '#']).next().unwrap_or_default();
        mime_guess::from_path(path).first_raw()
    }

    /// Whether it can be opened in a browser: `http` or `https`.
    pub fn is_web(&self) -> bool {
        self.0.starts_with("http://") || self.0.starts_with("https://")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// An entry's identity: an absolute IRI, compared letter by letter. (RFC 4287 section 4.2.6)
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(Box<str>);

/// Why something is no [`EntryId`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is not an id: expected an absolute IRI such as urn:uuid:… or https://example.org/?p=12, or a UUID"
)]
pub struct EntryIdError(String);

impl EntryId {
    /// The longest id that is accepted, in bytes.
    pub const MAX_BYTES: usize = 1024;

    /// Takes `raw` as it is (readers compare letter by letter, so nothing is normalised), except
    /// that a bare UUID becomes a `urn:uuid:`.
    pub fn parse(raw: &str) -> Result<Self, EntryIdError> {
        let raw = raw.trim();
        if let Ok(uuid) = uuid::Uuid::try_parse(raw)
            && raw.len() == 36
        {
            return Ok(Self::from_uuid(uuid));
        }
        let scheme_ends = raw.find(':').filter(|&end| {
            raw.starts_with(|c: char| c.is_ascii_alphabetic())
                && raw[..end]
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        });
        let legal = |c: char| {
            !c.is_whitespace() && !c.is_control() && !"<>\"{}|\\^`\u{FFFE}\u{FFFF}".contains(c)
        };
        match scheme_ends {
            Some(end)
                if end + 1 < raw.len()
                    && raw.len() <= Self::MAX_BYTES
                    && raw.chars().all(legal) =>
            {
                Ok(Self(raw.into()))
            }
            _ => Err(EntryIdError(raw.chars().take(80).collect())),
        }
    }

    /// The id for a UUID. (RFC 9562 section 4)
    pub fn from_uuid(uuid: uuid::Uuid) -> Self {
        Self(uuid.urn().to_string().into())
    }

    /// The IRI.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A language tag in the form of BCP 47 (RFC 5646 section 2.1); only the form is checked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(Box<str>);

impl Language {
    /// `en`, `pt-BR`, `zh-Hant`; an underscore counts as a hyphen. `None` for anything else.
    pub fn parse(raw: &str) -> Option<Self> {
        let tag = raw.trim().replace('_', "-");
        let mut subtags = tag.split('-');
        let primary = subtags.next()?;
        let formed = (2..=8).contains(&primary.len())
            && primary.chars().all(|c| c.is_ascii_alphabetic())
            && subtags.all(|s| {
                (1..=8).contains(&s.len()) && s.chars().all(|c| c.is_ascii_alphanumeric())
            });
        formed.then(|| Self(tag.into()))
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_absolute_and_tame() {
        let check = |raw: &str, expected: Option<&str>| {
            assert_eq!(
                Address::parse(raw).ok().as_ref().map(Address::as_str),
                expected,
                "{raw:?}"
            );
        };
        check(
            " https://Example.org/ü b?x=1#y ",
            Some("https://example.org/%C3%BC%20b?x=1#y"),
        );
        check("mailto:a@example.org", Some("mailto:a@example.org"));
        check("javascript:alert(1)", None);
        check("java\nscript:alert(1)", None);
        check("data:text/html,x", None);
        check("//example.org/x", None);
        check("page.html", None);
    }

    #[test]
    fn ids_are_iris_kept_to_the_letter() {
        let check = |raw: &str, expected: Option<&str>| {
            assert_eq!(
                EntryId::parse(raw).ok().as_ref().map(EntryId::as_str),
                expected,
                "{raw:?}"
            );
        };
        check(
            "https://Example.org:443/?p=12",
            Some("https://Example.org:443/?p=12"),
        );
        check("tag:example.org,2026:ü", Some("tag:example.org,2026:ü"));
        check(
            "550E8400-e29b-41d4-a716-446655440000",
            Some("urn:uuid:550e8400-e29b-41d4-a716-446655440000"),
        );
        check("12", None);
        check("urn:", None);
        check("a b:c", None);
        check("tag:a b", None);
        check("", None);
    }

    #[test]
    fn language_tags_have_the_form_of_bcp_47() {
        let check = |raw: &str, expected: Option<&str>| {
            assert_eq!(
                Language::parse(raw).as_ref().map(Language::as_str),
                expected,
                "{raw:?}"
            );
        };
        check("pt_BR", Some("pt-BR"));
        check("zh-Hant", Some("zh-Hant"));
        check("no", Some("no"));
        check("english language", None);
        check("e", None);
    }
}
