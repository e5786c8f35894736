//! The `Host` field, or what HTTP/2 has instead. (RFC 9112 section 3.2, RFC 9110 section 7.2, RFC 9113
//! section 8.3.1)
//!
//! Nothing that we send is made from it: addresses come from the configuration. It is checked
//! because a message that breaks this rule may mean something else to the proxy before us, and
//! because the admin listener must not answer web pages of other sites. `hyper` checks none of it.

use hyper::Version;
use hyper::header::HOST;
use hyper::http::request;

/// Why a request's `Host` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// HTTP/1.1 demands it.
    #[error("a request without `Host`")]
    Missing,
    /// Two of them: ours and the proxy's choice could differ.
    #[error("a request with more than one `Host`")]
    Several,
    /// `Host` and the `:authority` of HTTP/2 differ.
    #[error("a request for two hosts")]
    Two,
    /// Not `host` or `host:port`.
    #[error("a `Host` that names no host")]
    Malformed,
}

/// The host that `request` is for, without its port; `None` where HTTP/1.0 leaves it out. An empty
/// one is allowed: it is what RFC 9112 demands for a target without an authority.
pub fn check(request: &request::Parts) -> Result<Option<&str>, HostError> {
    let mut values = request.headers.get_all(HOST).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(HostError::Several);
    }
    if request.version >= Version::HTTP_2
        && let Some(authority) = request.uri.authority()
    {
        let authority = authority.as_str();
        if value.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(authority.as_bytes())) {
            return Err(HostError::Two);
        }
        return split(authority).map(Some).ok_or(HostError::Malformed);
    }
    let Some(value) = value else {
        return if request.version < Version::HTTP_11 {
            Ok(None)
        } else {
            Err(HostError::Missing)
        };
    };
    let value = value.to_str().map_err(|_| HostError::Malformed)?;
    split(value).map(Some).ok_or(HostError::Malformed)
}

/// Splits off the port: `uri-host [ ":" port ]`. (RFC 3986 section 3.2.2)
fn split(value: &str) -> Option<&str> {
    let find = |byte| value.bytes().position(|it| it == byte);
    let end = if value.starts_with('[') {
        find(b']')? + 1
    } else {
        find(b':').unwrap_or(value.len())
    };
    let (host, port) = value.split_at(end);
    let port = port.strip_prefix(':').unwrap_or(port);
    // `[::1]x` has something after the bracket that is no port.
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.len() <= 5;
    let is_host = match host.strip_prefix('[') {
        Some(literal) => literal
            .trim_end_matches(']')
            .parse::<std::net::Ipv6Addr>()
            .is_ok(),
        None => host.bytes().all(is_name_byte),
    };
    let is_separated = end == value.len() || value.as_bytes()[end] == b':';
    (is_host && is_port && is_separated).then_some(host)
}

/// unreserved, sub-delims and `%` of a reg-name.
fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'!' | b'$'
        | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn check_with(version: Version, fields: &[&[u8]]) -> Result<Option<String>, HostError> {
        let mut request = Request::builder().version(version);
        for field in fields {
            request = request.header(HOST, *field);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        check(&parts).map(|host| host.map(str::to_owned))
    }

    #[test]
    fn the_host_without_its_port() {
        let check = |field: &str, expected: &str| {
            let found = check_with(Version::HTTP_11, &[field.as_bytes()]);
            assert_eq!(found, Ok(Some(expected.to_owned())), "{field:?}");
        };
        check("example.org", "example.org");
        check("example.org:7373", "example.org");
        check("example.org:", "example.org");
        check("127.0.0.1:80", "127.0.0.1");
        check("[::1]", "[::1]");
        check("[::1]:7373", "[::1]");
        check("xn--bcher-kva.example", "xn--bcher-kva.example");
        check("a_b", "a_b");
        check("", "");
    }

    #[test]
    fn odd_hosts_are_refused() {
        for field in [
            "evil@example.org",
            "example.org/path",
            "a b",
            "a,b c",
            "http://example.org",
            "example.org:80:80",
            "example.org:8o",
            "example.org:123456",
            "[::1",
            "[::1]x",
            "[]",
            "[::1]]",
            "::1",
            "<script>",
            "a\"b",
            "a\\b",
            "a?b",
            "a#b",
            "ex\u{e4}mple.org",
        ] {
            let found = check_with(Version::HTTP_11, &[field.as_bytes()]);
            assert_eq!(found, Err(HostError::Malformed), "{field:?}");
        }
    }

    #[test]
    fn http_2_has_an_authority() {
        let check = |uri: &str, field: Option<&str>, expected: Result<&str, HostError>| {
            let mut request = Request::builder().version(Version::HTTP_2).uri(uri);
            if let Some(field) = field {
                request = request.header(HOST, field);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(check(&parts), expected.map(Some), "{uri} {field:?}");
        };
        check("http://example.org:7373/rss.xml", None, Ok("example.org"));
        check(
            "http://example.org/",
            Some("Example.org"),
            Ok("example.org"),
        );
        check(
            "http://example.org/",
            Some("evil.example"),
            Err(HostError::Two),
        );
        check("http://me@example.org/", None, Err(HostError::Malformed));
        check("/", Some("example.org"), Ok("example.org"));
        check("/", None, Err(HostError::Missing));
    }

    #[test]
    fn just_one_since_http_1_1() {
        let two: [&[u8]; 2] = [b"a", b"a"];
        assert_eq!(check_with(Version::HTTP_11, &two), Err(HostError::Several));
        assert_eq!(check_with(Version::HTTP_10, &two), Err(HostError::Several));
        assert_eq!(check_with(Version::HTTP_11, &[]), Err(HostError::Missing));
        assert_eq!(check_with(Version::HTTP_10, &[]), Ok(None));
    }
}
