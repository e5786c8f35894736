//! What a recording says of itself: its tags, and how long it plays.

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lofty::config::ParseOptions;
use lofty::file::{AudioFile, TaggedFile, TaggedFileExt};
use lofty::probe::Probe;
use lofty::tag::{Accessor, ItemKey, Tag};

use crate::entry::Recording;

/// Reads the tags of an open file. One that has none that can be read says nothing: whatever a file
/// holds, it is published under its name.
///
/// Cover art is passed over, and no tag may take more memory than the library's limit of 16 MiB.
pub(super) fn probe(file: File) -> Recording {
    // A library that panics on a broken file must not take the other entries down with it.
    let read = catch_unwind(AssertUnwindSafe(|| read(file)));
    let Ok(Some(tagged)) = read else {
        return Recording::default();
    };
    let seconds = tagged.properties().duration().as_secs_f64().round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that is too large becomes the largest number"
    )]
    let seconds = Some(seconds as u32).filter(|seconds| *seconds > 0);
    let recording = tagged
        .primary_tag()
        .or_else(|| tagged.first_tag())
        .map_or_else(Recording::default, said);
    Recording {
        seconds,
        ..recording
    }
}

fn read(file: File) -> Option<TaggedFile> {
    Probe::new(BufReader::new(file))
        .options(ParseOptions::new().read_cover_art(false))
        .guess_file_type()
        .ok()?
        .read()
        .ok()
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
    }
}
