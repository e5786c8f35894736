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

/// Our codings, the best first, for clients that like several as much.
///
/// zstd costs us a fifth of the others and readers less still, and is as small. Brotli is smaller than
/// gzip, which everybody has. (`documents::compress` has the figures.)
const PREFERRED: [(&[&str], Coding); 3] = [
    (&["zstd"], Coding::Zstd),
    (&["br"], Coding::Brotli),
    (&["gzip", "x-gzip"], Coding::Gzip),
];

/// The weights a client gave, in thousandths; `None` where it said nothing.
#[derive(Default)]
struct Wishes {
    /// In the order of [`PREFERRED`].
    coded: [Option<u16>; PREFERRED.len()],
    identity: Option<u16>,
    any: Option<u16>,
}

impl Wishes {
    /// Notes one element of the list. One that can't be read counts as absent; of two about the
    /// same coding the kinder one holds, as `gzip` and `x-gzip` are one coding.
    fn note(&mut self, element: &[u8]) {
        let Some((name, weight)) = weighed(element) else {
            return;
        };
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let mut known = PREFERRED.iter();
        let slot = if let Some(at) = known.position(|(names, _)| names.iter().any(|it| is(it))) {
            &mut self.coded[at]
        } else if is("identity") {
            &mut self.identity
        } else if name == b"*" {
            &mut self.any
        } else {
            return;
        };
        *slot = Some(slot.map_or(weight, |before| before.max(weight)));
    }

    /// The most welcome coding, if it is at least as welcome as the bytes as they are.
    fn choose(&self) -> Coding {
        // `identity` that is not named is allowed but not preferred: any listed coding beats it.
        let mut best = (Coding::Identity, self.identity.unwrap_or(0).max(1));
        for ((_, coding), weight) in PREFERRED.into_iter().zip(self.coded) {
            // Who can unpack more than gzip names it: `*` is of scripts that mean "whatever".
            let weight = match coding {
                Coding::Gzip => weight.or(self.any),
                _ => weight,
            };
            let weight = weight.unwrap_or(0);
            let is_first = best.0 == Coding::Identity;
            if weight > best.1 || (is_first && weight == best.1) {
                best = (coding, weight);
            }
        }
        best.0
    }
}

/// How welcome a media type is to who accepts these, in thousandths; where nothing is said, everything is.
/// Of several ranges that hold it the narrowest says it. (RFC 9110 section 12.5.1)
pub fn welcome(accept: &str, media_type: &str) -> u16 {
    let (kind, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    let narrowness = |range: &[u8]| {
        let (range_kind, rest) = range.split_at(range.iter().position(|&it| it == b'/')?);
        if range.eq_ignore_ascii_case(media_type.as_bytes()) {
            Some(3)
        } else if rest != b"/*" {
            None
        } else if range_kind.eq_ignore_ascii_case(kind.as_bytes()) {
            Some(2)
        } else {
            (range_kind == b"*").then_some(1)
        }
    };
    if accept.trim().is_empty() {
        return 1000;
    }
    let elements = accept.split(',').map(str::as_bytes);
    let weights = elements.filter_map(weighed);
    let weights = weights.filter_map(|(range, weight)| Some((narrowness(range)?, weight)));
    weights.max().map_or(0, |(_, weight)| weight)
}

/// An element of a list with weights: its name, and its weight in thousandths, which is 1000 if none is
/// given. `None` if the weight can't be read. Other parameters are passed over.
pub(super) fn weighed(element: &[u8]) -> Option<(&[u8], u16)> {
    // Most have none.
    if !element.contains(&b';') {
        return Some((element.trim_ascii(), 1000));
    }
    let mut parts = element.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().unwrap_or_default();
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
    weight.map(|weight| (name, weight))
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

    fn check(expected: Coding, fields: &[&str]) {
        for field in fields {
            assert_eq!(of(&[field]), expected, "{field:?}");
        }
    }

    #[test]
    fn the_most_welcome_coding_and_of_those_the_best() {
        check(
            Coding::Zstd,
            &[
                "zstd",
                "ZSTD",
                "gzip, deflate, br, zstd",
                "deflate, zstd",
                "zstd;q=0.5, br;q=0.5, gzip;q=0.5",
                "zstd, *;q=0",
                "zstd;q=0.9, *;q=0.9",
                "zstd;q=0.001",
                "identity;q=0, zstd;q=0.1",
                "zstd;q=0, zstd",
            ],
        );
        check(
            Coding::Brotli,
            &[
                "br",
                "gzip, deflate, br",
                "BR;q=0.5, gzip;q=0.5",
                "br, zstd;q=0.999",
                "br, zstd;q=0",
                "br;q=1.0, *;q=0.5",
                "br, *",
                "identity;q=0, br",
                "br, zstd;q=high",
            ],
        );
        assert_eq!(of(&["gzip", "br"]), Coding::Brotli, "two fields are one");
    }

    #[test]
    fn gzip_when_it_is_wanted() {
        check(
            Coding::Gzip,
            &[
                "gzip",
                "GZip",
                "x-gzip",
                "gzip, deflate",
                "deflate;q=0.5, gzip;q=1.0",
                "gzip, br;q=0.9, zstd;q=0.8",
                "br;q=0, zstd;q=0, gzip",
                "br;q=0.5, gzip;q=0.501",
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
                "*, br;q=0.5",
                "zstd;q=0.9, *",
                "identity;q=0, *",
                "identity;q=0, gzip;q=0.1",
                "identity;q=0.5, gzip;q=0.5",
                "gzip;q=0.5, *;q=0",
                ",, ,gzip,",
                "\tgzip\t",
                "gzip;",
                "identity;q=x, gzip;q=0.1",
                "brotli, gzip",
                "x-br, zstandard, gzip",
            ],
        );
        assert_eq!(of(&["deflate", "gzip"]), Coding::Gzip, "two fields are one");
    }

    #[test]
    fn identity_otherwise() {
        assert_eq!(of(&[]), Coding::Identity, "no field");
        check(
            Coding::Identity,
            &[
                "",
                ",",
                "identity",
                "deflate, compress",
                "gzip;q=0",
                "gzip;q=0.000",
                "gzip;q=0.0004",
                "gzip;q=0, *",
                "x-gzip;q=0, *;q=1",
                "*;q=0",
                "identity;q=1, *;q=0",
                "gzip;q=0.4, identity;q=0.5",
                "gzip;q=0.4, br;q=0.3, zstd;q=0.499, identity;q=0.5",
                "identity;q=0",
                "zstd;q=0, br;q=0, gzip;q=0",
                "gzip;q=high",
                "gzip;q=",
                "gzip;q",
                "gzip;q=-1",
                "gzipped",
                "gz ip",
                "z std",
            ],
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_passed_over() {
        let mut headers = HeaderMap::new();
        let field = HeaderValue::from_bytes(b"\xff\xfe;q=\xff, gzip").unwrap();
        headers.append(ACCEPT_ENCODING, field);
        assert_eq!(coding(&headers), Coding::Gzip);
    }

    #[test]
    fn a_media_type_is_as_welcome_as_its_narrowest_range_says() {
        let check = |accept: &str, media_type: &str, expected: u16| {
            assert_eq!(welcome(accept, media_type), expected, "{accept}");
        };
        check("", "text/plain", 1000);
        check("*/*", "text/plain", 1000);
        check("text/html", "text/plain", 0);
        check("text/*;q=0.5, */*;q=0.1", "text/plain", 500);
        check("text/*;q=0.5, text/plain;q=0.2", "text/plain", 200);
        check("TEXT/PLAIN; version=0.0.4; q=0.3", "text/plain", 300);
        check("text/plain;q=0.1, text/plain;q=0.7", "text/plain", 700);
        check("image/*, nothing, ,text/plain;q=x", "text/plain", 0);
    }
}
