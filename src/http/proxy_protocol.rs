//! What a proxy that passes connections on says before the first byte of its client: the PROXY
//! protocol, versions 1 and 2. (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>)
//!
//! Pure, and made for a buffer that grows: [`parse`] is called with all bytes so far, again with
//! each that comes, until it says no longer [`Parsed::Incomplete`]. Bytes that can't become a header
//! are refused at the first one that shows it, so that a peer that speaks HTTP or TLS straight away
//! is not waited for.
//!
//! Whom to believe is not asked here: anybody can send a header, so only those of trusted proxies may
//! be read, and theirs must be, since without one the next client could send its own.
//!
//! Our own code, because each crate there is falls short of this: `ppp` and `proxy-protocol` have
//! panicked at cut or lying headers (misalcedo/ppp#28, and Proximyst/proxy-protocol#12, which is
//! open) and bring a second `thiserror` and `syn`; `proxy-header` waits for more where nothing can
//! become of it, takes version 2 headers of 64 KiB, and lines that the specification doesn't have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Bytes of the longest header of version 1, its line end included. (section 2.1)
pub const LINE_BYTES: usize = 107;

/// Bytes of the longest header of version 2 that is taken: what fits into any one TCP segment, as
/// the specification advises senders. (section 2.2)
pub const BINARY_BYTES: usize = 536;

/// What begins a header of version 1.
const LINE_START: &[u8] = b"PROXY ";

/// What begins a header of version 2.
const BINARY_START: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Bytes of version 2 before the addresses: start, version and command, family, length.
const BINARY_HEAD: usize = BINARY_START.len() + 4;

/// What some first bytes of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// So far a header; more must come.
    Incomplete,
    /// No header, whatever comes.
    Invalid(Fault),
    /// A header.
    Header {
        /// Who connected to the proxy; `None` if it speaks for itself (a health check) or does not
        /// know: then the peer is the client.
        source: Option<SocketAddr>,
        /// How many bytes it took. The client's own follow.
        length: usize,
    },
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A peer that doesn't speak this protocol.
    #[error("no PROXY header: set `proxy_protocol` only if every trusted proxy sends one")]
    Absent,
    /// Longer than [`LINE_BYTES`] or [`BINARY_BYTES`].
    #[error("a PROXY header that is too long")]
    TooLong,
    /// Version 1, but not as the specification has it.
    #[error(
        "a PROXY line that breaks the rules: expected for example PROXY TCP4 192.0.2.1 192.0.2.2 4711 80"
    )]
    Line,
    /// A version, command or address family of version 2 that the specification doesn't have.
    #[error("a PROXY header of an unknown version, command or address family")]
    Unknown,
    /// The addresses of its family don't fit into its length.
    #[error("a PROXY header that is too short for its addresses")]
    TooShort,
}

/// Reads the header that `bytes` begin with.
pub fn parse(bytes: &[u8]) -> Parsed {
    let read = if begins(bytes, LINE_START) {
        line(bytes)
    } else if begins(bytes, BINARY_START) {
        binary(bytes)
    } else {
        Err(Fault::Absent)
    };
    match read {
        Ok(Some((source, length))) => Parsed::Header { source, length },
        Ok(None) => Parsed::Incomplete,
        Err(fault) => Parsed::Invalid(fault),
    }
}

/// A source and a length; `None` while it is incomplete.
type Read = Result<Option<(Option<SocketAddr>, usize)>, Fault>;

/// Whether `bytes` begin with `start`, as far as they go.
fn begins(bytes: &[u8], start: &[u8]) -> bool {
    bytes.iter().zip(start).all(|(byte, start)| byte == start)
}

/// Version 1: `PROXY TCP4 192.0.2.1 192.0.2.2 4711 80`, CR, LF.
fn line(bytes: &[u8]) -> Read {
    let within = &bytes[..bytes.len().min(LINE_BYTES)];
    let Some(end) = within.iter().position(|&byte| byte == b'\n') else {
        return if bytes.len() < LINE_BYTES {
            Ok(None)
        } else {
            Err(Fault::TooLong)
        };
    };
    let text = within[..end]
        .strip_prefix(LINE_START)
        .and_then(|line| line.strip_suffix(b"\r"))
        .and_then(|line| std::str::from_utf8(line).ok())
        .ok_or(Fault::Line)?;
    let (family, rest) = text.split_once(' ').unwrap_or((text, ""));
    let source = match family {
        "TCP4" => Some(addresses::<Ipv4Addr>(rest).ok_or(Fault::Line)?),
        "TCP6" => Some(addresses::<Ipv6Addr>(rest).ok_or(Fault::Line)?),
        // What follows is to be ignored.
        "UNKNOWN" => None,
        _ => return Err(Fault::Line),
    };
    Ok(Some((source, end + 1)))
}

/// The first of two addresses and two ports, all of which must be right.
fn addresses<T: FromStr + Into<IpAddr>>(text: &str) -> Option<SocketAddr> {
    let mut words = text.split(' ');
    let source: T = words.next()?.parse().ok()?;
    let _destination: T = words.next()?.parse().ok()?;
    let port = port(words.next()?)?;
    let _destination_port = self::port(words.next()?)?;
    words
        .next()
        .is_none()
        .then(|| SocketAddr::new(source.into(), port))
}

/// A port as it is written: no sign, no leading zero.
fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = text == "0" || !text.starts_with('0');
    (is_number && is_plain).then(|| text.parse().ok()).flatten()
}

/// Version 2: start, version and command, family, length, addresses, and more that we skip.
fn binary(bytes: &[u8]) -> Read {
    let is_local = match bytes.get(BINARY_START.len()) {
        None => return Ok(None),
        Some(0x20) => true,
        Some(0x21) => false,
        Some(_) => return Err(Fault::Unknown),
    };
    let Some(&[family, high, low]) = bytes.get(BINARY_START.len() + 1..BINARY_HEAD) else {
        return Ok(None);
    };
    let length = BINARY_HEAD + usize::from(u16::from_be_bytes([high, low]));
    if length > BINARY_BYTES {
        return Err(Fault::TooLong);
    }
    // Of the proxy's own connection, a health check for one, nothing else counts.
    let needed = match family {
        _ if is_local => 0,
        0x00 => 0,
        0x11 | 0x12 => 2 * 4 + 2 * 2,
        0x21 | 0x22 => 2 * 16 + 2 * 2,
        0x31 | 0x32 => 2 * 108,
        _ => return Err(Fault::Unknown),
    };
    if length < BINARY_HEAD + needed {
        return Err(Fault::TooShort);
    }
    let Some(rest) = bytes.get(BINARY_HEAD..length) else {
        return Ok(None);
    };
    let source = match family {
        _ if is_local => None,
        // A datagram's source (HTTP/3 at the proxy) is as good a client.
        0x11 | 0x12 => source(rest, 4),
        0x21 | 0x22 => source(rest, 16),
        // A socket in the proxy's file system names nobody to us.
        _ => None,
    };
    Ok(Some((source, length)))
}

/// The source of two addresses of `width` bytes and two ports.
fn source(addresses: &[u8], width: usize) -> Option<SocketAddr> {
    let address = addresses.get(..width)?;
    let address = <[u8; 4]>::try_from(address)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(address).map(IpAddr::from))
        .ok()?;
    let port = addresses.get(2 * width..2 * width + 2)?;
    let port = <[u8; 2]>::try_from(port).ok().map(u16::from_be_bytes)?;
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests;
