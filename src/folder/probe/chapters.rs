//! The chapters that a recording's tags name, and the document that says them to podcast apps.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use lofty::id3::v2::{Frame, Id3v2Tag};
use lofty::ogg::tag::VorbisComments;
use serde::Serialize;

use crate::entry::{Address, Text};

/// How many chapters of a recording are told.
pub(super) const MAX_CHAPTERS: usize = 1000;

/// The longest title of a chapter, in characters.
const MAX_TITLE: usize = 300;

/// A part of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chapter {
    /// Where it begins, in milliseconds.
    pub(super) start: u64,
    pub(super) title: Option<Text>,
    /// A page about it.
    pub(super) page: Option<Address>,
}

fn title(raw: &str) -> Option<Text> {
    let cut = raw
        .char_indices()
        .nth(MAX_TITLE)
        .map_or(raw, |(at, _)| &raw[..at]);
    Some(Text::one_line(cut)).filter(|title| !title.is_empty())
}

fn page(raw: &str) -> Option<Address> {
    Address::parse(raw).ok().filter(Address::is_web)
}

/// Those of `CHAP` frames. (`ID3v2` Chapter Frame Addendum)
pub(super) fn of_id3v2(tag: &Id3v2Tag) -> Vec<Chapter> {
    let frames = tag.into_iter().filter_map(|frame| match frame {
        Frame::Chapter(chapter) => Some(chapter),
        _ => None,
    });
    let chapters = frames.take(MAX_CHAPTERS).map(|frame| Chapter {
        start: u64::from(frame.times.start),
        title: frame.title().and_then(title),
        page: frame.children.iter().find_map(|child| match child {
            Frame::UserUrl(link) => page(&link.content),
            Frame::Url(link) => page(link.url()),
            _ => None,
        }),
    });
    chapters.collect()
}

/// Those of `CHAPTER001`, `CHAPTER001NAME` and `CHAPTER001URL`. (Xiph's chapter extension of Ogg comments)
pub(super) fn of_comments(comments: &VorbisComments) -> Vec<Chapter> {
    let mut numbered: BTreeMap<u16, (Option<u64>, Chapter)> = BTreeMap::new();
    for (key, value) in comments.items() {
        let key = key.to_ascii_uppercase();
        let Some(rest) = key.strip_prefix("CHAPTER") else {
            continue;
        };
        let Some((number, what)) = rest.split_at_checked(3) else {
            continue;
        };
        let Ok(number) = number.parse() else { continue };
        let (start, chapter) = numbered.entry(number).or_default();
        match what {
            "" => *start = milliseconds(value),
            "NAME" => chapter.title = title(value),
            "URL" => chapter.page = page(value),
            _ => {}
        }
    }
    let chapters = numbered.into_values().filter_map(|(start, chapter)| {
        let start = start?;
        Some(Chapter { start, ..chapter })
    });
    chapters.collect()
}

/// `HH:MM:SS.mmm`.
fn milliseconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let seconds = whole.split(':').try_fold(0_u64, |sum, part| {
        sum.checked_mul(60)?.checked_add(part.parse().ok()?)
    })?;
    let digits = fraction.get(..fraction.len().min(3))?;
    let thousandths: u64 = format!("{digits:0<3}").parse().ok()?;
    seconds.checked_mul(1000)?.checked_add(thousandths)
}

/// Those of the atom `moov.udta.chpl`, which Nero brought into use: a version, a count, and for each
/// chapter its start in units of 100 ns and a title.
pub(super) fn of_mp4(reader: &mut (impl Read + Seek)) -> io::Result<Vec<Chapter>> {
    let end = reader.seek(SeekFrom::End(0))?;
    let mut within = (0, end);
    for name in [*b"moov", *b"udta", *b"chpl"] {
        let Some(inside) = atom(reader, name, within)? else {
            return Ok(Vec::new());
        };
        within = inside;
    }
    let (start, end) = within;
    reader.seek(SeekFrom::Start(start))?;
    // 255 chapters with titles of 255 bytes are all that it can hold.
    let mut bytes = Vec::new();
    reader
        .take((end - start).min(1 << 17))
        .read_to_end(&mut bytes)?;
    Ok(of_list(&bytes).unwrap_or_default())
}

fn of_list(bytes: &[u8]) -> Option<Vec<Chapter>> {
    let (version, rest) = bytes.split_first()?;
    let skipped = if *version == 0 { 3 } else { 7 };
    let (count, mut rest) = rest.get(skipped..)?.split_first()?;
    let mut chapters = Vec::new();
    for _ in 0..*count {
        let (start, after) = rest.split_first_chunk::<8>()?;
        let (length, after) = after.split_first()?;
        let (name, after) = after.split_at_checked(usize::from(*length))?;
        chapters.push(Chapter {
            start: u64::from_be_bytes(*start) / 10_000,
            title: title(&String::from_utf8_lossy(name)),
            page: None,
        });
        rest = after;
    }
    Some(chapters)
}

/// How many atoms beside each other are looked at: a file has a dozen, but for one that is cut into
/// fragments.
const MAX_ATOMS: usize = 10_000;

/// From where to where the content of the first atom with this name goes.
fn atom(
    reader: &mut (impl Read + Seek),
    name: [u8; 4],
    (mut place, end): (u64, u64),
) -> io::Result<Option<(u64, u64)>> {
    for _ in 0..MAX_ATOMS {
        if place + 8 > end {
            break;
        }
        reader.seek(SeekFrom::Start(place))?;
        let mut head = [0; 8];
        reader.read_exact(&mut head)?;
        let [size @ .., a, b, c, d] = head;
        let (head_size, size) = match u32::from_be_bytes(size) {
            0 => (8, end - place),
            1 => {
                let mut large = [0; 8];
                reader.read_exact(&mut large)?;
                (16, u64::from_be_bytes(large))
            }
            size => (8, u64::from(size)),
        };
        if size < head_size || size > end - place {
            break;
        }
        if [a, b, c, d] == name {
            return Ok(Some((place + head_size, place + size)));
        }
        place += size;
    }
    Ok(None)
}

/// The chapters as a document; `None` if there are none. (JSON Chapters 1.2)
///
/// Equal chapters give equal bytes.
pub(super) fn to_json(chapters: &[Chapter]) -> Option<Vec<u8>> {
    #[derive(Serialize)]
    struct Document<'a> {
        version: &'static str,
        chapters: Vec<Item<'a>>,
    }

    #[derive(Serialize)]
    struct Item<'a> {
        #[serde(rename = "startTime")]
        start: serde_json::Number,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a Text>,
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<&'a str>,
    }

    let mut ordered: Vec<&Chapter> = chapters.iter().take(MAX_CHAPTERS).collect();
    ordered.sort_by_key(|chapter| chapter.start);
    let items = ordered.into_iter().map(|chapter| Item {
        start: seconds(chapter.start),
        title: chapter.title.as_ref(),
        url: chapter.page.as_ref().map(Address::as_str),
    });
    let document = Document {
        version: "1.2.0",
        chapters: items.collect(),
    };
    let is_empty = document.chapters.is_empty();
    serde_json::to_vec(&document).ok().filter(|_| !is_empty)
}

/// So many milliseconds in seconds, whole ones without a fraction.
#[expect(
    clippy::cast_precision_loss,
    reason = "a start that loses a millisecond lies a hundred thousand years away"
)]
fn seconds(milliseconds: u64) -> serde_json::Number {
    let whole = serde_json::Number::from(milliseconds / 1000);
    if milliseconds.is_multiple_of(1000) {
        return whole;
    }
    serde_json::Number::from_f64(milliseconds as f64 / 1000.0).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(milliseconds(text), expected, "{text}");
        };
        check("00:00:00.000", Some(0));
        check(" 01:02:03.4 ", Some(3_723_400));
        check("00:00:01.98765", Some(1987));
        check("90", Some(90_000));
        check("1:x", None);
        check("99999999999999999999:00", None);
        check("18446744073709551615", None);
        check("0:00.é", None);
    }

    #[test]
    fn the_document_is_in_order_and_bounded() {
        let chapter = |start: u64, title: &str| Chapter {
            start,
            title: Some(Text::one_line(title)),
            page: None,
        };
        let mut chapters = vec![chapter(61_500, "Second \"half\""), chapter(0, "Begin")];
        chapters[1].page = page("https://example.org/?a=1&b=2");
        let json = String::from_utf8(to_json(&chapters).unwrap()).unwrap();
        assert_eq!(
            json,
            "{\"version\":\"1.2.0\",\"chapters\":[{\"startTime\":0,\"title\":\"Begin\",\
             \"url\":\"https://example.org/?a=1&b=2\"},{\"startTime\":61.5,\"title\":\"Second \\\"half\\\"\"}]}"
        );
        assert_eq!(to_json(&[]), None);
        let many = vec![chapter(0, "x"); MAX_CHAPTERS + 1];
        let json: serde_json::Value = serde_json::from_slice(&to_json(&many).unwrap()).unwrap();
        assert_eq!(json["chapters"].as_array().unwrap().len(), MAX_CHAPTERS);
        let long = title(&"é".repeat(MAX_TITLE + 1)).unwrap();
        assert_eq!(long.as_str().chars().count(), MAX_TITLE);
        assert_eq!(page("javascript:alert(1)"), None);
    }

    #[test]
    fn a_list_that_is_cut_off_or_lies_says_nothing() {
        let whole = b"\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\0\x01A\0\0\0\0\0\x98\x96\x80\x01B";
        let chapters = of_list(whole).unwrap();
        assert_eq!(chapters[1].start, 1000);
        assert_eq!(chapters[1].title.as_ref().unwrap().as_str(), "B");
        for end in 0..whole.len() {
            assert_eq!(of_list(&whole[..end]), None, "{end}");
        }
        // Atoms that claim to be larger than what holds them, smaller than their heads, or endless.
        for file in [
            &b"\xFF\xFF\xFF\xFFmoov"[..],
            b"\0\0\0\x04moov",
            b"\0\0\0\x01moov\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
            b"\0\0\0\0moov\0\0\0\0udta\0\0\0\0chpl",
            b"moov",
        ] {
            let found = of_mp4(&mut std::io::Cursor::new(file));
            assert!(found.is_ok_and(|chapters| chapters.is_empty()), "{file:?}");
        }
    }
}
