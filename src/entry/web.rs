//! Addresses and ids: what other programs will compare and follow.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::form;

/// An absolute `http`, `https`, `mailto`, `tel` or similar URL, in its normal, all-ASCII form, so
/// that it may stand in RSS, Atom, JSON and HTML alike. Never `javascript:` or `data:`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(Arc<str>);

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

    /// Parses and normalises `raw`: as browsers do, and then what browsers let pass but RFC 3986 does not
    /// is percent-encoded. (WHATWG URL Standard; RFC 3986 section 2)
    pub fn parse(raw: &str) -> Result<Self, AddressError> {
        let url =
            Url::parse(raw.trim()).map_err(|_| AddressError::NotAbsolute(raw.trim().to_owned()))?;
        if !Self::SCHEMES.contains(&url.scheme()) {
            return Err(AddressError::Scheme(url.scheme().to_owned()));
        }
        let address = strict(url.as_str());
        if !form::is_uri(&address) {
            return Err(AddressError::NotAbsolute(raw.trim().to_owned()));
        }
        Ok(Self(address.into()))
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The media type that the last segment's extension stands for, if any.
    pub fn media_type(&self) -> Option<&'static str> {
        let path = self.0.split(['?', '#']).next().unwrap_or_default();
        super::media_type_of(path)
    }

    /// Scheme and authority, without a slash: `https://example.org:8443`. Nothing for an address without
    /// an authority.
    pub fn origin(&self) -> &str {
        let Some(authority) = self.0.find("://").map(|at| at + 3) else {
            return "";
        };
        let end = self.0[authority..].find(['/', '?', '#']);
        &self.0[..end.map_or(self.0.len(), |at| authority + at)]
    }

    /// Whether it can be opened in a browser: `http` or `https`.
    pub fn is_web(&self) -> bool {
        self.0.starts_with("http://") || self.0.starts_with("https://")
    }
}

/// `url` with every character encoded that may not stand where it does.
fn strict(url: &str) -> String {
    // Brackets are for hosts.
    let host_ends = url
        .find("://")
        .and_then(|start| Some(start + 3 + url[start + 3..].find(['/', '?', '#'])?))
        .unwrap_or(0);
    let (host, rest) = url.split_at(host_ends);
    let fragment = rest.find('#');
    let mut strict = String::from(host);
    for (at, c) in rest.char_indices() {
        let is_octet = || {
            let digits = rest[at + 1..].get(..2);
            digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        };
        let is_wrong = match c {
            '%' => !is_octet(),
            '#' => fragment.is_some_and(|fragment| fragment < at),
            c => " \"<>\\^`{|}[]".contains(c),
        };
        if is_wrong {
            let _ = write!(strict, "%{:02X}", u32::from(c));
        } else {
            strict.push(c);
        }
    }
    strict
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
pub struct EntryId(Arc<str>);

/// Why something is no [`EntryId`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an id: expected {1}")]
pub struct EntryIdError(String, &'static str);

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
        let fault = if raw.len() > Self::MAX_BYTES {
            Some("at most 1024 bytes")
        } else {
            form::id_fault(raw)
        };
        match fault {
            None => Ok(Self(raw.into())),
            Some(expected) => Err(EntryIdError(raw.chars().take(80).collect(), expected)),
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
        check(
            "https://a.example/[b]|{c}?{d}|^`#e#f%zz%41",
            Some("https://a.example/%5Bb%5D%7C%7Bc%7D?%7Bd%7D%7C%5E%60#e%23f%25zz%41"),
        );
        check("http://[::1]:80/", Some("http://[::1]/"));
        check("mailto:a b@example.org", Some("mailto:a%20b@example.org"));
        check("https:", None);
        check("tel:", None);
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
        check("tag:example.org,2026:ü", None);
        check("https://example.org/ü", Some("https://example.org/ü"));
        check(&format!("tag:example.org,2026:{}", "x".repeat(1024)), None);
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
}
