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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A header of version 2, with `rest` behind its head.
    fn binary_header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [BINARY_START, &[command, family], &length, rest].concat()
    }

    /// Two addresses and two ports, the source first.
    const IPV4: &[u8] = &[192, 0, 2, 1, 198, 51, 100, 2, 0x12, 0x67, 0, 80];

    fn ipv6() -> Vec<u8> {
        let source: Ipv6Addr = "2001:db8::1".parse().unwrap();
        [&source.octets()[..], &[7; 16], &[0x12, 0x67, 0, 80]].concat()
    }

    /// Checks a whole header with a request behind it, and that each part of it is incomplete.
    fn check_header(header: &[u8], expected: Option<&str>) {
        let source = expected.map(|source| source.parse().unwrap());
        let length = header.len();
        let expected = Parsed::Header { source, length };
        let shown = header.escape_ascii();
        assert_eq!(parse(header), expected, "{shown}");
        let followed = [header, b"GET / HTTP/1.1\r\n"].concat();
        assert_eq!(parse(&followed), expected, "{shown}");
        for end in 0..length {
            assert_eq!(parse(&header[..end]), Parsed::Incomplete, "{shown}: {end}");
        }
    }

    fn check_invalid(bytes: &[u8], fault: Fault) {
        assert_eq!(
            parse(bytes),
            Parsed::Invalid(fault),
            "{}",
            bytes.escape_ascii()
        );
    }

    #[test]
    fn lines_name_the_client() {
        let check = |line: &str, expected: Option<&str>| {
            check_header(format!("{line}\r\n").as_bytes(), expected);
        };
        check(
            "PROXY TCP4 192.0.2.1 198.51.100.2 4711 80",
            Some("192.0.2.1:4711"),
        );
        check("PROXY TCP4 0.0.0.0 0.0.0.0 0 65535", Some("0.0.0.0:0"));
        check(
            "PROXY TCP6 2001:db8::1 ::1 4711 443",
            Some("[2001:db8::1]:4711"),
        );
        check("PROXY UNKNOWN", None);
        check("PROXY UNKNOWN ::1 whatever it says", None);
        let all = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        check(
            &format!("PROXY TCP6 {all} {all} 65535 65535"),
            Some(&format!("[{all}]:65535")),
        );
        let longest = format!("PROXY UNKNOWN {all} {all} 65535 65535");
        assert_eq!(longest.len() + 2, LINE_BYTES);
        check(&longest, None);
    }

    #[test]
    fn binary_headers_name_the_client() {
        let v4 = Some("192.0.2.1:4711");
        check_header(&binary_header(0x21, 0x11, IPV4), v4);
        check_header(&binary_header(0x21, 0x12, IPV4), v4);
        let v6 = Some("[2001:db8::1]:4711");
        check_header(&binary_header(0x21, 0x21, &ipv6()), v6);
        check_header(&binary_header(0x21, 0x22, &ipv6()), v6);
        // With something behind the addresses, be it what it may.
        for more in [&b"\x04\0\x01a"[..], b"\x04\xff\xff"] {
            check_header(&binary_header(0x21, 0x11, &[IPV4, more].concat()), v4);
        }
        let full = [IPV4, &[0; BINARY_BYTES - BINARY_HEAD - 12]].concat();
        check_header(&binary_header(0x21, 0x11, &full), v4);
    }

    #[test]
    fn some_binary_headers_name_nobody() {
        // The proxy itself; its family and what follows are to be ignored.
        check_header(&binary_header(0x20, 0x00, &[]), None);
        check_header(&binary_header(0x20, 0x11, IPV4), None);
        check_header(&binary_header(0x20, 0x77, &[1, 2, 3]), None);
        check_header(&binary_header(0x21, 0x00, &[]), None);
        check_header(&binary_header(0x21, 0x00, IPV4), None);
        check_header(&binary_header(0x21, 0x31, &[b'a'; 216]), None);
        check_header(&binary_header(0x21, 0x32, &[b'a'; 220]), None);
    }

    #[test]
    fn other_bytes_are_refused_at_the_first_that_shows_it() {
        for bytes in [
            &b"G"[..],
            b"GET / HTTP/1.1\r\n",
            b"\x16\x03\x01",
            b"PRI * HTTP/2.0\r\n",
            b"proxy ",
            b"PROXYTCP4",
            b"\r\nGET",
            b"\r\n\r\n\0\r\nQUIT\r",
        ] {
            check_invalid(bytes, Fault::Absent);
        }
    }

    #[test]
    fn lines_that_break_the_rules_are_refused() {
        for line in [
            "PROXY \r\n",
            "PROXY TCP\r\n",
            "PROXY TCP4\r\n",
            "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY UNKNOWNS\r\n",
            "PROXY unknown\r\n",
            "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2  2\r\n",
            "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 2001:db8::1 1 2\r\n",
            "PROXY TCP4 2001:db8::1 2001:db8::1 1 2\r\n",
            "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP6 [2001:db8::1] [2001:db8::1] 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
            "PROXY TCP4 \u{661}92.0.2.1 192.0.2.2 1 2\r\n",
        ] {
            check_invalid(line.as_bytes(), Fault::Line);
        }
        check_invalid(b"PROXY UNKNOWN \xff\r\n", Fault::Line);
        let long = format!("PROXY UNKNOWN {}\r\n", "a".repeat(LINE_BYTES - 15));
        assert_eq!(long.len(), LINE_BYTES + 1);
        check_invalid(long.as_bytes(), Fault::TooLong);
        let cut = &long.as_bytes()[..LINE_BYTES - 1];
        assert_eq!(parse(cut), Parsed::Incomplete);
        check_invalid(&long.as_bytes()[..LINE_BYTES], Fault::TooLong);
    }

    #[test]
    fn binary_headers_that_break_the_rules_are_refused() {
        let with = |bytes: &[u8]| [BINARY_START, bytes].concat();
        for command in [0x00, 0x01, 0x11, 0x22, 0x2f, 0x31, 0xff] {
            check_invalid(&with(&[command]), Fault::Unknown);
        }
        for family in [0x01, 0x10, 0x13, 0x20, 0x30, 0x41, 0xff] {
            check_invalid(&with(&[0x21, family, 0, 12]), Fault::Unknown);
        }
        for (family, length) in [(0x11, 11), (0x12, 0), (0x21, 35), (0x22, 12), (0x31, 215)] {
            check_invalid(&with(&[0x21, family, 0, length]), Fault::TooShort);
        }
        // As soon as the length is there, whatever was to follow.
        let most = u16::try_from(BINARY_BYTES - BINARY_HEAD).unwrap();
        for length in [most + 1, u16::MAX] {
            let [high, low] = length.to_be_bytes();
            check_invalid(&with(&[0x21, 0x11, high, low]), Fault::TooLong);
            check_invalid(&with(&[0x20, 0x00, high, low]), Fault::TooLong);
        }
        let [high, low] = most.to_be_bytes();
        let head = with(&[0x21, 0x11, high, low]);
        assert_eq!(parse(&head), Parsed::Incomplete);
    }

    /// Any bytes, some behind the beginning of a header.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let start = prop_oneof![
            Just(Vec::new()),
            Just(LINE_START.to_vec()),
            Just(b"PROXY TCP4 192.0.2.1 ".to_vec()),
            Just(BINARY_START.to_vec()),
            Just([BINARY_START, &[0x21, 0x11, 0]].concat()),
        ];
        let rest = proptest::collection::vec(any::<u8>(), 0..600);
        (start, rest).prop_map(|(start, rest)| [start, rest].concat())
    }

    proptest! {
        #[test]
        fn what_is_decided_stays_decided(bytes in bytes()) {
            let mut decided = None;
            for end in 0..=bytes.len() {
                let parsed = parse(&bytes[..end]);
                if let Some(decided) = decided {
                    prop_assert_eq!(parsed, decided);
                } else if parsed != Parsed::Incomplete {
                    decided = Some(parsed);
                }
                if let Parsed::Header { length, .. } = parsed {
                    prop_assert!(length <= end && length <= BINARY_BYTES);
                }
            }
            let longest = bytes.len() >= BINARY_BYTES;
            prop_assert!(!longest || decided.is_some(), "waits for more than any header has");
        }
    }
}
