//! What a recording says of itself: its tags, how long it plays, and the files inside it.
//!
//! Tags and chapters are read from MP3 (`ID3v2`), FLAC, Ogg Vorbis, Opus and Speex (comments) and MP4 (the
//! atoms that iTunes reads; chapters from Nero's list, which most tools write, and not from a text track).
//!
//! Whatever a file holds, it takes little: no tag may have more than the library's limit of 16 MiB, and
//! of a file whose tags are larger than [`MAX_READ`] altogether, pictures are passed over.

mod chapters;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use chapters::Chapter;
use lofty::aac::AacFile;
use lofty::config::ParseOptions;
use lofty::file::{AudioFile, FileType, TaggedFile, TaggedFileExt};
use lofty::flac::FlacFile;
use lofty::mpeg::MpegFile;
use lofty::ogg::{OpusFile, SpeexFile, VorbisFile};
use lofty::picture::{Picture, PictureType};
use lofty::probe::Probe;
use lofty::tag::{Accessor, ItemKey, Tag};

use crate::entry::{Inlay, Recording};

/// How much is read of a file in search of its cover, in bytes.
const MAX_READ: u64 = 32 << 20;

/// The largest cover that is published, in bytes: a PNG of 3000 pixels has some 10 MB at worst.
const MAX_COVER: usize = 12 << 20;

/// Reads the tags of an open file. One that has none that can be read says nothing: whatever a file
/// holds, it is published under its name.
pub(super) fn probe(file: &mut File) -> Recording {
    let Some(contents) = contents(file, ParseOptions::new()) else {
        return Recording::default();
    };
    let seconds = contents.tagged.properties().duration().as_secs_f64();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that is too large becomes the largest number"
    )]
    let seconds = Some(seconds.round() as u32).filter(|seconds| *seconds > 0);
    let tag = contents.tagged.primary_tag();
    let recording = tag
        .or_else(|| contents.tagged.first_tag())
        .map_or_else(Recording::default, said);
    let cover = cover(&contents.tagged).map(|(inlay, bytes)| (inlay, bytes.len() as u64));
    let chapters = chapters::to_json(&contents.chapters);
    let chapters = chapters.map(|json| (Inlay::Chapters, json.len() as u64));
    Recording {
        seconds,
        inlays: cover.into_iter().chain(chapters).collect(),
        ..recording
    }
}

/// The bytes of `wanted`, a file inside an open recording; `None` if it holds no such file.
pub(super) fn inlay(file: &mut File, wanted: Inlay) -> Option<Vec<u8>> {
    let contents = contents(file, ParseOptions::new().read_properties(false))?;
    if wanted == Inlay::Chapters {
        return chapters::to_json(&contents.chapters);
    }
    cover(&contents.tagged)
        .filter(|(inlay, _)| *inlay == wanted)
        .map(|(_, bytes)| bytes.to_vec())
}

/// What was read of a file.
struct Contents {
    tagged: TaggedFile,
    chapters: Vec<Chapter>,
}

fn contents(file: &mut File, options: ParseOptions) -> Option<Contents> {
    let mut plain = options;
    plain.read_cover_art(false);
    // A library that panics on a broken file must not take the other entries down with it.
    let mut attempt = |options: ParseOptions, left: u64| {
        file.rewind().ok()?;
        let inner = BufReader::new(&mut *file);
        let read = || read(&mut Rationed { inner, left }, options);
        catch_unwind(AssertUnwindSafe(read)).ok().flatten()
    };
    attempt(options, MAX_READ).or_else(|| attempt(plain, u64::MAX))
}

fn read(reader: &mut (impl Read + Seek), options: ParseOptions) -> Option<Contents> {
    let probe = Probe::new(&mut *reader).options(options);
    let file_type = probe.guess_file_type().ok()?.file_type()?;
    reader.rewind().ok()?;
    let (tagged, chapters) = match file_type {
        FileType::Mpeg => {
            let file = MpegFile::read_from(reader, options).ok()?;
            let chapters = file.id3v2().map(chapters::of_id3v2);
            (file.into(), chapters.unwrap_or_default())
        }
        FileType::Aac => {
            let file = AacFile::read_from(reader, options).ok()?;
            let chapters = file.id3v2().map(chapters::of_id3v2);
            (file.into(), chapters.unwrap_or_default())
        }
        FileType::Flac => {
            let file = FlacFile::read_from(reader, options).ok()?;
            let chapters = file.vorbis_comments().map(chapters::of_comments);
            (file.into(), chapters.unwrap_or_default())
        }
        FileType::Vorbis => {
            let file = VorbisFile::read_from(reader, options).ok()?;
            let chapters = chapters::of_comments(file.vorbis_comments());
            (file.into(), chapters)
        }
        FileType::Opus => {
            let file = OpusFile::read_from(reader, options).ok()?;
            let chapters = chapters::of_comments(file.vorbis_comments());
            (file.into(), chapters)
        }
        FileType::Speex => {
            let file = SpeexFile::read_from(reader, options).ok()?;
            let chapters = chapters::of_comments(file.vorbis_comments());
            (file.into(), chapters)
        }
        other => {
            let probe = Probe::with_file_type(&mut *reader, other).options(options);
            let tagged: TaggedFile = probe.read().ok()?;
            let chapters = match other {
                FileType::Mp4 => chapters::of_mp4(reader).unwrap_or_default(),
                _ => Vec::new(),
            };
            (tagged, chapters)
        }
    };
    Some(Contents { tagged, chapters })
}

/// A reader that gives so many bytes and then fails.
struct Rationed<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buffer.is_empty() {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let end = buffer.len().min(most);
        let count = self.inner.read(&mut buffer[..end])?;
        self.left -= count as u64;
        Ok(count)
    }
}

impl<R: Seek> Seek for Rationed<R> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.inner.seek(place)
    }
}

/// The front cover, else the first picture: a JPEG or PNG by its own first bytes.
fn cover(tagged: &TaggedFile) -> Option<(Inlay, &[u8])> {
    let pictures = tagged.primary_tag().into_iter().chain(tagged.tags());
    let mut pictures: Vec<&Picture> = pictures.flat_map(Tag::pictures).collect();
    pictures.sort_by_key(|picture| picture.pic_type() != PictureType::CoverFront);
    pictures.into_iter().find_map(|picture| {
        let bytes = picture.data();
        let inlay = match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Inlay::Jpeg,
            [0x89, b'P', b'N', b'G', ..] => Inlay::Png,
            _ => return None,
        };
        (bytes.len() <= MAX_COVER).then_some((inlay, bytes))
    })
}

fn said(tag: &Tag) -> Recording {
    let item = |key: ItemKey| tag.get_string(key).map(str::to_owned);
    let description = [
        ItemKey::PodcastDescription,
        ItemKey::Description,
        ItemKey::Comment,
    ];
    Recording {
        title: tag.title().map(Into::into),
        artist: tag.artist().map(Into::into),
        album: tag.album().map(Into::into),
        description: description.into_iter().find_map(item),
        date: item(ItemKey::RecordingDate),
        language: item(ItemKey::Language),
        track: tag.track(),
        disk: tag.disk(),
        seconds: None,
        inlays: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
