//! Documents made smaller.

use std::io::{self, Write};

use bytes::Bytes;

/// Makes bytes smaller.
type Compress = fn(&[u8]) -> io::Result<Bytes>;

/// As small as they get, for bytes that are compressed once and sent often; with the endings of the
/// files' names that servers look for.
pub const ALL: [(&str, Compress); 2] = [(".gz", best_gzip), (".br", best_brotli)];

/// Level 6: what servers use by habit. Costs 6 ms for a feed of 240 kB, once for each change.
pub(super) fn gzip(identity: &[u8]) -> io::Result<Bytes> {
    gzip_with(6, identity)
}

fn best_gzip(identity: &[u8]) -> io::Result<Bytes> {
    gzip_with(9, identity)
}

fn gzip_with(level: u32, identity: &[u8]) -> io::Result<Bytes> {
    let level = flate2::Compression::new(level);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    encoder.write_all(identity)?;
    encoder.finish().map(Bytes::from)
}

/// Quality 9, with a window of 4 MiB: the higher ones take ten times as long for a few percent.
fn best_brotli(identity: &[u8]) -> io::Result<Bytes> {
    let mut small = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 9,
        size_hint: identity.len(),
        ..brotli::enc::BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut &*identity, &mut small, &parameters)?;
    Ok(Bytes::from(small))
}

/// Whether compressing a representation of this media type gains anything.
pub fn is_compressible(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or("").trim();
    essence.starts_with("text/")
        || essence.ends_with("+xml")
        || essence.ends_with("+json")
        || matches!(
            essence,
            "application/xml" | "application/json" | "application/javascript"
        )
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_made_smaller_is_the_same_when_unpacked() {
        let text = "harbour bridge ".repeat(1_000);
        let [(_, gzip), (_, brotli)] = ALL;
        let mut unpacked = String::new();
        let small = gzip(text.as_bytes()).unwrap();
        flate2::read::GzDecoder::new(&small[..])
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, text);
        let small = brotli(text.as_bytes()).unwrap();
        assert!(small.len() < 200);
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &small[..], &mut unpacked).unwrap();
        assert_eq!(unpacked, text.as_bytes());
    }

    #[test]
    fn only_text_is_compressed() {
        let check = |content_type: &str, expected: bool| {
            assert_eq!(is_compressible(content_type), expected, "{content_type:?}");
        };
        check("application/atom+xml; charset=utf-8", true);
        check("application/rss+xml", true);
        check("application/feed+json", true);
        check("text/html; charset=utf-8", true);
        check("image/svg+xml", true);
        check("image/png", false);
        check("audio/mpeg", false);
        check("", false);
    }
}
