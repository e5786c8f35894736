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
