//! Documents made smaller: quickly while somebody waits, thoroughly when nobody does.
//!
//! What the levels cost, for a feed of 264 kB of made-up prose with its markup, on one thread:
//!
//! | quick | ms | kB | thorough | ms | kB | for files | ms | kB |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | zstd 3 | 1.0 | 81.3 | zstd 9 | 3.9 | 77.4 | zstd 17 | 29 | 73.2 |
//! | brotli 4 | 3.5 | 81.9 | brotli 6 | 7.6 | 77.5 | brotli 7 | 9.9 | 76.8 |
//! | gzip 1 | 1.0 | 88.8 | gzip 8 | 6.6 | 80.8 | gzip 9 | 8.1 | 80.8 |
//!
//! Gzip is `libdeflate`'s, which takes whole documents: `zlib-rs`, which takes streams, needs 2.8 ms for
//! 85.4 kB at level 4, and 7.8 ms for 82.7 kB at 9.
//!
//! The last step pays for files alone, compressed once and sent for months. There is one more, zstd 19
//! and brotli 9, which takes 90 and 60 ms for one in a hundred; and for a page of 8 kB brotli 9 takes
//! 10 ms, a dozen times as long as brotli 7, to fill tables that are made for megabytes.
//!
//! No decoder has to keep more than 8 MiB: zstd has windows larger than that only above level 19
//! (RFC 9659 section 3), and no window of brotli is larger than 4 MiB.

use std::io;

use bytes::Bytes;
use libdeflater::{CompressionLvl, Compressor, Decompressor};

use super::{Coding, Document};

/// Makes bytes smaller.
type Compress = fn(&[u8]) -> io::Result<Bytes>;

/// As small as they get, for bytes that are compressed once and sent often; with the endings of the
/// files' names that servers look for.
pub const ALL: [(&str, Compress); 3] = [
    (".gz", |identity| gzip(9, identity).map(Bytes::from)),
    (".br", |identity| brotli(7, identity).map(Bytes::from)),
    (".zst", |identity| {
        zstd::bulk::compress(identity, 17).map(Bytes::from)
    }),
];

/// What compression can't make smaller by as much as a request costs.
pub const LEAST: usize = 1_024;

/// How much is spent on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Somebody waits for it.
    Quick,
    /// Nobody waits, and it is asked for again and again.
    Thorough,
}

/// A document in `coding`, or as it is, if that is hardly longer.
pub(super) fn pack(coding: Coding, effort: Effort, identity: Bytes) -> io::Result<Document> {
    let small = match (coding, effort) {
        (Coding::Identity, _) => None,
        _ if identity.len() < LEAST => None,
        (Coding::Gzip, Effort::Quick) => Some(gzip(1, &identity)?),
        (Coding::Gzip, Effort::Thorough) => Some(gzip(8, &identity)?),
        (Coding::Brotli, Effort::Quick) => Some(brotli(4, &identity)?),
        (Coding::Brotli, Effort::Thorough) => Some(brotli(6, &identity)?),
        (Coding::Zstd, Effort::Quick) => Some(zstd::bulk::compress(&identity, 3)?),
        (Coding::Zstd, Effort::Thorough) => Some(zstd::bulk::compress(&identity, 9)?),
    };
    Ok(match small {
        Some(small) if small.len() < identity.len() => Document {
            bytes: exact(&small),
            coding,
            uncoded: identity.len(),
        },
        _ => Document {
            uncoded: identity.len(),
            bytes: identity,
            coding: Coding::Identity,
        },
    })
}

/// What [`pack`] was given.
pub(super) fn unpack(document: &Document) -> io::Result<Bytes> {
    let mut identity = Vec::with_capacity(document.uncoded);
    let mut small: &[u8] = &document.bytes;
    match document.coding {
        Coding::Identity => return Ok(document.bytes.clone()),
        Coding::Gzip => {
            identity.resize(document.uncoded, 0);
            let length = Decompressor::new().gzip_decompress(small, &mut identity);
            identity.truncate(length.map_err(io::Error::other)?);
        }
        Coding::Brotli => brotli::BrotliDecompress(&mut small, &mut identity)?,
        Coding::Zstd => zstd::stream::copy_decode(small, &mut identity)?,
    }
    Ok(Bytes::from(identity))
}

/// Bytes that hold no more memory than they say. They are copied: a buffer that shrinks where it lies
/// leaves a hole behind it, which the next one, as large as this was, does not fit into.
pub(super) fn exact(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn gzip(level: i32, identity: &[u8]) -> io::Result<Vec<u8>> {
    let level =
        CompressionLvl::new(level).map_err(|_| io::Error::other("gzip has no such level"))?;
    let mut encoder = Compressor::new(level);
    let mut small = vec![0; encoder.gzip_compress_bound(identity.len())];
    let length = encoder.gzip_compress(identity, &mut small);
    small.truncate(length.map_err(io::Error::other)?);
    Ok(small)
}

/// The least and the largest windows for brotli, as powers of two: from 256 kB, below which the encoder
/// goes another, slower way, to its default of 4 MiB.
const WINDOWS: (u32, u32) = (18, 22);

fn brotli(quality: i32, identity: &[u8]) -> io::Result<Vec<u8>> {
    let mut small = Vec::new();
    // Not much larger than what is in it: the encoder's tables grow with the window, and to clear them
    // takes longer than a page.
    let window = usize::BITS - identity.len().leading_zeros();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality,
        lgwin: window.clamp(WINDOWS.0, WINDOWS.1).cast_signed(),
        size_hint: identity.len(),
        ..brotli::enc::BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut &*identity, &mut small, &parameters)?;
    Ok(small)
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
    use super::*;
    use crate::documents::sample::prose;

    const CODED: [Coding; 3] = [Coding::Gzip, Coding::Brotli, Coding::Zstd];

    #[test]
    fn both_efforts_unpack_to_the_same_and_the_greater_one_is_smaller() {
        let prose = Bytes::from(prose());
        for coding in CODED {
            let [quick, thorough] = [Effort::Quick, Effort::Thorough].map(|effort| {
                let packed = pack(coding, effort, prose.clone()).unwrap();
                assert_eq!((packed.coding, packed.uncoded), (coding, prose.len()));
                assert_eq!(unpack(&packed).unwrap(), prose, "{coding:?} {effort:?}");
                let again = pack(coding, effort, prose.clone()).unwrap();
                assert_eq!(packed, again, "{coding:?} {effort:?}");
                packed.bytes.len()
            });
            assert!(thorough < quick && quick < prose.len() / 2, "{coding:?}");
        }
    }

    #[test]
    fn the_codings_of_files_are_those_of_answers() {
        let prose = Bytes::from(prose());
        for ((ending, compress), coding) in ALL.into_iter().zip(CODED) {
            let bytes = compress(&prose).unwrap();
            let uncoded = prose.len();
            let document = Document {
                bytes,
                coding,
                uncoded,
            };
            assert_eq!(unpack(&document).unwrap(), prose, "{ending}");
        }
    }

    #[test]
    fn what_would_not_get_smaller_stays_as_it_is() {
        let mut random = fastrand::Rng::with_seed(7);
        let noise: Vec<u8> = (0..4 * LEAST).map(|_| random.u8(..)).collect();
        let tiny = Bytes::from("a".repeat(LEAST - 1));
        let small = Bytes::from("a".repeat(LEAST));
        let check = |identity: &Bytes, stays: bool| {
            for coding in CODED {
                let packed = pack(coding, Effort::Quick, identity.clone()).unwrap();
                let expected = if stays { Coding::Identity } else { coding };
                assert_eq!(packed.coding, expected, "{} bytes", identity.len());
                assert_eq!(unpack(&packed).unwrap(), identity);
            }
        };
        check(&tiny, true);
        check(&small, false);
        check(&Bytes::from(noise), true);
        check(&Bytes::new(), true);
    }

    /// RFC 9659: what asks for a larger window can't be shown by browsers.
    #[test]
    fn zstd_asks_for_no_more_than_8_mib() {
        let large = Bytes::from(prose().repeat(100));
        let [.., (_, for_files)] = ALL;
        let answer = pack(Coding::Zstd, Effort::Thorough, large.clone()).unwrap();
        for bytes in [answer.bytes, for_files(&large).unwrap()] {
            let mut decoder = zstd::stream::read::Decoder::new(&bytes[..]).unwrap();
            decoder.window_log_max(23).unwrap();
            let length = io::copy(&mut decoder, &mut io::sink()).unwrap();
            assert_eq!(length, large.len() as u64);
        }
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
