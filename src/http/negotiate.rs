//! Which coding a representation is sent in. (RFC 9110 section 12.5.3)
//!
//! Only `Accept-Encoding` is negotiated; formats have addresses of their own. A wish that can't be
//! met is no error: such a client gets the representation as it is, never a 406, because a feed
//! that arrives in the wrong coding can be repaired by an operator and one that does not can't.

use hyper::header::{ACCEPT_ENCODING, HeaderMap};

use crate::documents::Coding;

/// The coding for a client that sent `headers`.
///
/// Without `Accept-Encoding` anything may be sent (RFC 9110), but old readers that leave it out are
/// just those that can't unpack, so they get [`Coding::Identity`].
pub fn coding(headers: &HeaderMap) -> Coding {
    let mut wishes = Wishes::default();
    for value in headers.get_all(ACCEPT_ENCODING) {
        for element in value.as_bytes().split(|&byte| byte == b',') {
            wishes.note(element);
        }
    }
    wishes.choose()
}

/// The weights a client gave, in thousandths; `None` where it said nothing.
#[derive(Default)]
struct Wishes {
    gzip: Option<u16>,
    identity: Option<u16>,
    any: Option<u16>,
}

impl Wishes {
    /// Notes one element of the list. One that can't be read counts as absent; of two about the
    /// same coding the kinder one holds, as `gzip` and `x-gzip` are one coding.
    fn note(&mut self, element: &[u8]) {
        let mut parts = element.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default();
        let slot = if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") {
            &mut self.gzip
        } else if name.eq_ignore_ascii_case(b"identity") {
            &mut self.identity
        } else if name == b"*" {
            &mut self.any
        } else {
            return;
        };
        let mut weight = Some(1000);
        for part in parts {
            let Some((b'q' | b'Q', rest)) = part.split_first() else {
                continue;
            };
            weight = rest
                .trim_ascii_start()
                .strip_prefix(b"=")
                .and_then(|value| thousandths(value.trim_ascii()));
        }
        if let Some(weight) = weight {
            *slot = Some(slot.map_or(weight, |before| before.max(weight)));
        }
    }

    /// Gzip if it is allowed and at least as welcome as the bytes as they are.
    fn choose(&self) -> Coding {
        let gzip = self.gzip.or(self.any).unwrap_or(0);
        // `identity` that is not named is allowed but not preferred: any listed coding beats it.
        let identity = self.identity.unwrap_or(0);
        if gzip > 0 && gzip >= identity {
            Coding::Gzip
        } else {
            Coding::Identity
        }
    }
}

/// A qvalue (RFC 9110 section 12.4.2) in thousandths. Longer fractions are cut, more than 1 is 1.
fn thousandths(value: &[u8]) -> Option<u16> {
    let (whole, fraction) = match value.iter().position(|&byte| byte == b'.') {
        Some(dot) => (&value[..dot], &value[dot + 1..]),
        None => (value, &[][..]),
    };
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    if value.is_empty() || value == b"." || !digits(whole) || !digits(fraction) {
        return None;
    }
    if whole.iter().any(|&digit| digit != b'0') {
        return Some(1000);
    }
    let place = |at: usize| fraction.get(at).map_or(0, |digit| u16::from(digit - b'0'));
    Some(place(0) * 100 + place(1) * 10 + place(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn of(fields: &[&str]) -> Coding {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(field).unwrap());
        }
        coding(&headers)
    }

    #[test]
    fn gzip_when_it_is_wanted() {
        for field in [
            "gzip",
            "GZip",
            "x-gzip",
            "br, gzip",
            "gzip, deflate, br, zstd",
            "deflate;q=0.5, gzip;q=1.0",
            "gzip;q=0.001",
            "gzip ; q = 0.5",
            "gzip;q=.5",
            "gzip;Q=0.5",
            "gzip;q=0.5;x=y",
            "gzip;level=9",
            "gzip;q=7",
            "gzip;q=0.12345",
            "*",
            "*;q=0.1",
            "br;q=1.0, *;q=0.5",
            "identity;q=0, *",
            "identity;q=0, gzip;q=0.1",
            "identity;q=0.5, gzip;q=0.5",
            "gzip;q=0.5, *;q=0",
            ",, ,gzip,",
            "\tgzip\t",
            "gzip;",
            "identity;q=x, gzip;q=0.1",
        ] {
            assert_eq!(of(&[field]), Coding::Gzip, "{field:?}");
        }
        assert_eq!(of(&["br", "gzip"]), Coding::Gzip, "two fields are one list");
    }

    #[test]
    fn identity_otherwise() {
        assert_eq!(of(&[]), Coding::Identity, "no field");
        for field in [
            "",
            ",",
            "identity",
            "br",
            "deflate, zstd",
            "gzip;q=0",
            "gzip;q=0.000",
            "gzip;q=0.0004",
            "gzip;q=0, *",
            "x-gzip;q=0, *;q=1",
            "*;q=0",
            "gzip;q=0.4, identity;q=0.5",
            "identity;q=0",
            "identity;q=0, br",
            "gzip;q=high",
            "gzip;q=",
            "gzip;q",
            "gzip;q=-1",
            "gzipped",
            "gz ip",
        ] {
            assert_eq!(of(&[field]), Coding::Identity, "{field:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_passed_over() {
        let mut headers = HeaderMap::new();
        let field = HeaderValue::from_bytes(b"\xff\xfe;q=\xff, gzip").unwrap();
        headers.append(ACCEPT_ENCODING, field);
        assert_eq!(coding(&headers), Coding::Gzip);
    }
}
