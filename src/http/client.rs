//! Who asks: the peer, or whom a trusted proxy names in its place.
//!
//! Proxies name their client in `X-Forwarded-For` or `Forwarded` (RFC 7239), each at the end of what
//! was there before; what was there before may be the client's own invention. So both are read from
//! the right, as long as the one who wrote an element is trusted, and never further: at the first
//! element that is no address (`unknown`, `_hidden`, garbage), the one who wrote it is the client.
//!
//! Most proxies set one of the two and pass the other through as it came. Which one is theirs can't
//! be seen; so where there are both, they must agree, and whoever makes them differ is nobody in
//! particular ([`Client::Unclear`]): a reader can't choose whom it is taken for.
//!
//! Nothing is allocated, and the work is bounded: some [`MAX_HOPS`] elements, whatever was sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hyper::header::{FORWARDED, HeaderMap, HeaderName};

use crate::config::TrustedProxies;

/// Elements that are looked at: more proxies than that stand in no row.
pub const MAX_HOPS: usize = 16;

/// The older of the two fields, and by far the more common one.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whom a connection or a request comes from. An address is never IPv4 that is written as IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// The other end of the connection.
    Peer(IpAddr),
    /// The other end of a connection at a Unix socket.
    Unix,
    /// Somebody behind a trusted proxy, which says so.
    Named(IpAddr),
    /// Somebody behind a trusted proxy, of whom two fields say different things.
    Unclear,
}

impl Client {
    /// The other end of a connection.
    pub fn peer(address: IpAddr) -> Self {
        Self::Peer(address.to_canonical())
    }

    /// Whom a trusted proxy names in its PROXY header.
    pub fn named(address: IpAddr) -> Self {
        Self::Named(address.to_canonical())
    }

    /// Whether this is a proxy whose word counts, also about the next one.
    pub fn is_trusted(self, proxies: &TrustedProxies) -> bool {
        match self {
            Self::Peer(address) | Self::Named(address) => proxies.trusts(address),
            Self::Unix => proxies.trusts_unix(),
            Self::Unclear => false,
        }
    }

    /// Whom a request comes from that has these fields, and came over a connection from `self`.
    #[must_use]
    pub fn of_request(self, fields: &HeaderMap, proxies: &TrustedProxies) -> Self {
        // Most are not: it is asked first.
        if !self.is_trusted(proxies) {
            return self;
        }
        let has = |name| fields.contains_key(name);
        let (has_older, has_newer) = (has(&X_FORWARDED_FOR), has(&FORWARDED));
        let older = last_named(fields, &X_FORWARDED_FOR, forwarded_for, proxies);
        let newer = last_named(fields, &FORWARDED, forwarded, proxies);
        if has_older && has_newer && older != newer {
            return Self::Unclear;
        }
        older.or(newer).map_or(self, Self::Named)
    }
}

/// An IPv4 address or an IPv6 /56, which is what a household gets, as a number whose lowest byte is 4 or 6.
pub fn household(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()) << 8 | 4,
        IpAddr::V6(address) => {
            // 56 of 128 bits, which do fit.
            let prefix = u64::try_from(address.to_bits() >> (128 - 56)).unwrap_or_default();
            prefix << 8 | 6
        }
    }
}

/// The last, read from the right, whom somebody trusted names; `None` if the last element is no
/// address already.
fn last_named(
    fields: &HeaderMap,
    name: &HeaderName,
    read: fn(&str) -> Option<IpAddr>,
    proxies: &TrustedProxies,
) -> Option<IpAddr> {
    let mut named = None;
    // Several fields are one list. Not as text: one client's odd byte must not hide what the proxy
    // wrote behind it in the same field.
    let elements = fields
        .get_all(name)
        .iter()
        .rev()
        .flat_map(|value| value.as_bytes().rsplit(|&byte| byte == b','));
    for element in elements.take(MAX_HOPS) {
        let address = std::str::from_utf8(element).ok().and_then(read);
        // An empty element ends it, too. What stands before it was not written by who wrote it.
        let Some(address) = address.map(|it| it.to_canonical()) else {
            break;
        };
        named = Some(address);
        if !proxies.trusts(address) {
            break;
        }
    }
    named
}

/// An element of `X-Forwarded-For`: an address, with or without a port.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    node(trim(element))
}

/// An element of `Forwarded`: `for=192.0.2.60;proto=http`. (RFC 7239 section 4)
///
/// Commas and semicolons may stand in quotes, as in `host="a,b"`, which we don't heed: a piece of such
/// a value has one quote, or one with a backslash before it, and neither is taken. So nothing that a
/// proxy copies into quotes can be taken for an element.
fn forwarded(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in trim(element).split(';').map(trim) {
        if pair.is_empty() {
            continue;
        }
        let (name, value) = pair.split_once('=')?;
        let value = match value.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"')?,
            None => value,
        };
        if value.contains(['"', '\\']) || !name.bytes().all(is_token_byte) {
            return None;
        }
        // Said twice, it may be said by two.
        if name.eq_ignore_ascii_case("for") && found.replace(node(value)?).is_some() {
            return None;
        }
    }
    found
}

/// An address as fields have it: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`,
/// `[2001:db8::1]:4711`.
fn node(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let is_right = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return is_right.then_some(address.into());
    }
    let (address, port) = text.split_once(':')?;
    let address: Ipv4Addr = address.parse().ok()?;
    is_port(port).then_some(address.into())
}

/// A port, or what RFC 7239 allows in its place, `_hidden`. (section 6)
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(hidden) => hidden.bytes().all(is_token_byte) && !hidden.is_empty(),
        None => (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Those token characters that names and hidden ports are made of.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._".contains(&byte)
}

/// Without the white space that may stand around elements. (RFC 9110 section 5.6.3)
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests;
