use super::*;
use crate::config::Config;
use hyper::header::HeaderValue;
use proptest::prelude::*;

fn trusted(list: &[&str]) -> TrustedProxies {
    let text = format!("[http]\ntrusted_proxies = {list:?}");
    Config::parse(&text).unwrap().http.trusted_proxies
}

/// Two proxies, one behind the other, and those at the Unix socket.
fn proxies() -> TrustedProxies {
    trusted(&["127.0.0.1", "10.0.0.0/8", "2001:db8:aaaa::/48", "unix"])
}

fn fields(lines: &[(&'static str, &[u8])]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| {
            let value = HeaderValue::from_bytes(value).unwrap();
            (HeaderName::from_static(name), value)
        })
        .collect()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The proxy that the tests connect from.
fn proxy() -> Client {
    Client::peer(address("127.0.0.1"))
}

/// Checks whom `X-Forwarded-For` names, if anybody.
fn check_older(lines: &[&str], expected: Option<&str>) {
    let lines: Vec<_> = lines
        .iter()
        .map(|line| ("x-forwarded-for", line.as_bytes()))
        .collect();
    check(&lines, expected);
}

/// Checks whom `Forwarded` names, if anybody.
fn check_newer(line: &str, expected: Option<&str>) {
    check(&[("forwarded", line.as_bytes())], expected);
}

fn check(lines: &[(&'static str, &[u8])], expected: Option<&str>) {
    let expected = expected.map_or(proxy(), |text| Client::Named(address(text)));
    let found = proxy().of_request(&fields(lines), &proxies());
    let shown: Vec<_> = lines.iter().map(|line| line.1.escape_ascii()).collect();
    let shown: Vec<_> = shown.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{shown:?}");
}

#[test]
fn the_last_that_a_trusted_proxy_names_is_the_client() {
    let check = check_older;
    check(&[], None);
    check(&["198.51.100.7"], Some("198.51.100.7"));
    check(&["2001:db8::7"], Some("2001:db8::7"));
    check(&["198.51.100.7, 10.0.0.2"], Some("198.51.100.7"));
    check(&["198.51.100.7,10.0.0.2 ,\t10.0.0.3"], Some("198.51.100.7"));
    // Several fields are one list.
    check(&["198.51.100.7", "10.0.0.2"], Some("198.51.100.7"));
    check(
        &["198.51.100.7, 10.0.0.2", "10.0.0.3"],
        Some("198.51.100.7"),
    );
    // Everybody on the way is a proxy of ours: the first of them asks for itself.
    check(&["10.0.0.9, 10.0.0.2"], Some("10.0.0.9"));
    check(&["::ffff:198.51.100.7"], Some("198.51.100.7"));
    check(&["198.51.100.7, ::ffff:10.0.0.2"], Some("198.51.100.7"));
}

#[test]
fn what_a_client_wrote_itself_is_not_believed() {
    let check = check_older;
    check(&["203.0.113.1, 198.51.100.7"], Some("198.51.100.7"));
    check(&["127.0.0.1, 198.51.100.7"], Some("198.51.100.7"));
    check(&["127.0.0.1", "198.51.100.7"], Some("198.51.100.7"));
    check(
        &["203.0.113.1, 198.51.100.7, 10.0.0.2"],
        Some("198.51.100.7"),
    );
    check(
        &["10.0.0.3, 203.0.113.1, 198.51.100.7, 10.0.0.2"],
        Some("198.51.100.7"),
    );
    for own in ["unknown", "_a", "", "\"", "for=203.0.113.1", "203.0.113.1;"] {
        check(&[&format!("{own}, 198.51.100.7")], Some("198.51.100.7"));
        check(&[own, "198.51.100.7"], Some("198.51.100.7"));
    }
    // Also where the proxy adds to the client's own field, whatever bytes there are in it.
    let lines: [(_, &[u8]); 1] = [("x-forwarded-for", b"\xff\xfe, 198.51.100.7")];
    super::tests::check(&lines, Some("198.51.100.7"));
}

#[test]
fn the_way_ends_where_no_address_is() {
    let check = check_older;
    for odd in [
        "unknown",
        "_hidden",
        "",
        " ",
        "198.51.100",
        "198.51.100.007",
        "198.51.100.7:",
        "198.51.100.7:http",
        "198.51.100.7:123456",
        "198.51.100.7/32",
        "198.51.100.7 198.51.100.8",
        "[2001:db8::7",
        "[2001:db8::7]4711",
        "[2001:db8::7]:",
        "[198.51.100.7]",
        "fe80::1%eth0",
        "example.org",
        "\"198.51.100.7\"",
    ] {
        // Written by the proxy before us, of which we know nothing but the connection.
        check(&[odd], None);
        check(&["203.0.113.1", odd], None);
        check(&[&format!("203.0.113.1, {odd}")], None);
        // Written by the proxy before it, which is the last of whom we know.
        check(
            &[&format!("203.0.113.1, {odd}, 10.0.0.2")],
            Some("10.0.0.2"),
        );
    }
}

#[test]
fn addresses_may_have_ports() {
    let check = |node: &str, expected: &str| {
        check_older(&[node], Some(expected));
        check_newer(&format!("for=\"{node}\""), Some(expected));
    };
    check("198.51.100.7:4711", "198.51.100.7");
    check("198.51.100.7:0", "198.51.100.7");
    check("198.51.100.7:_x", "198.51.100.7");
    check("[2001:db8::7]", "2001:db8::7");
    check("[2001:db8::7]:4711", "2001:db8::7");
    check("[::ffff:198.51.100.7]:4711", "198.51.100.7");
}

#[test]
fn the_standard_field_is_read_as_well() {
    let check = check_newer;
    check("for=198.51.100.7", Some("198.51.100.7"));
    check(
        "For=198.51.100.7;proto=http;by=203.0.113.43",
        Some("198.51.100.7"),
    );
    check("proto=https ; for=198.51.100.7 ;;", Some("198.51.100.7"));
    check("for=\"[2001:db8::7]:4711\"", Some("2001:db8::7"));
    check("for=198.51.100.7, for=10.0.0.2", Some("198.51.100.7"));
    check(
        "for=203.0.113.1, for=198.51.100.7;by=_a",
        Some("198.51.100.7"),
    );
    check(
        "for=_x;host=\"a,b\", for=198.51.100.7",
        Some("198.51.100.7"),
    );
    check("garbage\", for=198.51.100.7", Some("198.51.100.7"));
    for odd in [
        "for=unknown",
        "for=_hidden",
        "for=",
        "for",
        "for=\"",
        "for=\"198.51.100.7",
        "for=198.51.100.7\"",
        "for=198.51.100.7;for=203.0.113.1",
        "for = 198.51.100.7",
        "proto=https",
        "198.51.100.7",
        "",
    ] {
        check(odd, None);
        check(&format!("for=203.0.113.1, {odd}"), None);
        check(
            &format!("for=203.0.113.1, {odd}, for=10.0.0.2"),
            Some("10.0.0.2"),
        );
    }
}

#[test]
fn what_a_proxy_copies_into_quotes_is_no_element() {
    // What a client may send as its `Host`, in the forms in which a proxy may quote it.
    for host in [
        "a,for=203.0.113.1",
        "a,for=203.0.113.1;x=",
        "a, for=203.0.113.1, b",
        "a;for=203.0.113.1",
        "a,for=203.0.113.1;x=\\\"",
        "a\\\",for=203.0.113.1;x=\\\"b",
        "a,for=\\\"203.0.113.1",
    ] {
        let line = format!("for=198.51.100.7;host=\"{host}\"");
        check_newer(&line, None);
        let line = format!("host=\"{host}\";for=198.51.100.7");
        let fields = fields(&[("forwarded", line.as_bytes())]);
        let found = proxy().of_request(&fields, &proxies());
        assert_ne!(found, Client::Named(address("203.0.113.1")), "{line}");
    }
}

#[test]
fn two_fields_must_agree() {
    let check = |older: &[u8], newer: &[u8], expected: Client| {
        let fields = fields(&[("x-forwarded-for", older), ("forwarded", newer)]);
        let shown = (older.escape_ascii(), newer.escape_ascii());
        for from in [proxy(), Client::Unix] {
            let found = from.of_request(&fields, &proxies());
            assert_eq!(found, expected, "{} {}", shown.0, shown.1);
        }
    };
    let named = Client::Named(address("198.51.100.7"));
    check(b"198.51.100.7", b"for=198.51.100.7", named);
    check(b"203.0.113.1, 198.51.100.7", b"for=198.51.100.7:80", named);
    check(b"198.51.100.7", b"for=203.0.113.1", Client::Unclear);
    check(b"198.51.100.7", b"for=10.0.0.2", Client::Unclear);
    check(b"198.51.100.7", b"for=unknown", Client::Unclear);
    check(b"198.51.100.7", b"\xff", Client::Unclear);
    check(b"", b"for=198.51.100.7", Client::Unclear);
    let nothing = fields(&[("x-forwarded-for", b""), ("forwarded", b"")]);
    assert_eq!(proxy().of_request(&nothing, &proxies()), proxy());
}

#[test]
fn only_trusted_proxies_are_believed() {
    let fields = fields(&[("x-forwarded-for", b"198.51.100.7")]);
    let check = |from: Client, list: &[&str], expected: Client| {
        let found = from.of_request(&fields, &trusted(list));
        assert_eq!(found, expected, "{from:?} {list:?}");
    };
    let named = Client::Named(address("198.51.100.7"));
    let stranger = Client::peer(address("203.0.113.1"));
    check(proxy(), &[], proxy());
    check(proxy(), &["unix"], proxy());
    check(proxy(), &["127.0.0.1"], named);
    check(
        Client::peer(address("::ffff:127.0.0.1")),
        &["127.0.0.1"],
        named,
    );
    check(stranger, &["127.0.0.1", "unix"], stranger);
    check(Client::Unix, &["127.0.0.1"], Client::Unix);
    check(Client::Unix, &["unix"], named);
    // Whom a PROXY header names may be a trusted proxy, too, or not.
    let next = Client::named(address("::ffff:10.0.0.1"));
    assert_eq!(next, Client::Named(address("10.0.0.1")));
    check(next, &["127.0.0.1"], next);
    check(next, &["127.0.0.1", "10.0.0.0/8"], named);
}

#[test]
fn the_work_is_bounded() {
    // A way through a hundred proxies that are all trusted: no further than so many.
    let way: Vec<_> = (0..100).map(|n| format!("10.0.0.{n}")).collect();
    let last = format!("10.0.0.{}", 100 - MAX_HOPS);
    check_older(&[&way.join(",")], Some(&last));
    let lines: Vec<&str> = way.iter().map(String::as_str).collect();
    check_older(&lines, Some(&last));
    // As much as a request may hold.
    let commas = ",".repeat(16 << 10);
    check_older(&[&format!("{commas}198.51.100.7")], Some("198.51.100.7"));
    check_older(&[&commas], None);
    let pairs = "a=b;".repeat(4 << 10);
    check_newer(&format!("{pairs}for=198.51.100.7"), Some("198.51.100.7"));
    check_newer(&format!("for={}", "1".repeat(16 << 10)), None);
}

proptest! {
    #[test]
    fn whatever_comes_before_the_proxys_own_word_changes_nothing(
        own in proptest::collection::vec(proptest::collection::vec(32_u8..=255, 0..40), 0..4),
        is_newer in any::<bool>(),
        is_own_field in any::<bool>(),
    ) {
        let (name, word): (_, &[u8]) = if is_newer {
            ("forwarded", b"for=198.51.100.7")
        } else {
            ("x-forwarded-for", b"198.51.100.7")
        };
        let mut lines: Vec<Vec<u8>> = own
            .into_iter()
            .map(|line| line.into_iter().filter(|&byte| byte != 127).collect())
            .collect();
        match lines.last_mut() {
            Some(last) if !is_own_field => last.extend([b", ", word].concat()),
            _ => lines.push(word.to_vec()),
        }
        let lines: Vec<_> = lines.iter().map(|line| (name, line.as_slice())).collect();
        let found = proxy().of_request(&fields(&lines), &proxies());
        prop_assert_eq!(found, Client::Named(address("198.51.100.7")));
    }
}
