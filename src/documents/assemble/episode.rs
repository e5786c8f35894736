//! What makes an entry an episode: its own words, its recording's tags, and the files beside both.

use super::{address, media_type};
use crate::catalogue::{Part, Record};
use crate::entry::{Episode, FolderPath, Inlay, Target};
use crate::feed::{ShownEnclosure, ShownEpisode, ShownTranscript};
use crate::site::Site;

/// The media type of a file of chapters. (JSON Chapters 1.2)
const CHAPTERS: &str = "application/json+chapters";

/// A transcript of which nothing else is known.
const ANY_TEXT: &str = "text/plain";

/// The episode that `record` is; `None` if it has neither a recording nor words for one.
pub(super) fn episode(
    site: &Site,
    record: &Record,
    enclosures: &[ShownEnclosure],
) -> Option<ShownEpisode> {
    let article = &record.entry.article;
    let is_played = |file: &ShownEnclosure| {
        let kind = file.media_type.split('/').next().unwrap_or_default();
        matches!(kind, "audio" | "video")
    };
    if article.episode.is_none() && !enclosures.first().is_some_and(is_played) {
        return None;
    }
    let said = article.episode.clone().unwrap_or_default();
    let tagged = record.tagged.as_deref().cloned().unwrap_or_default();
    let said = Episode {
        number: said.number.or(tagged.number),
        season: said.season.or(tagged.season),
        ..said
    };
    let stated = |target: &Target, otherwise: &str| {
        let kind = media_type(record, target).unwrap_or_else(|| otherwise.to_owned());
        Some((address(site, record, target)?, kind))
    };
    let chapters = match &said.chapters {
        Some(target) => stated(target, CHAPTERS).map(|(address, _)| address),
        None => beside(record, is_chapters).map(|path| site.address_of_media(path)),
    };
    // Without a word it would be taken for the feed's.
    let language = article.language.as_ref();
    let transcripts = said.transcripts.iter().filter_map(|transcript| {
        let (address, kind) = stated(&transcript.target, ANY_TEXT)?;
        let media_type = transcript.media_type.as_ref();
        Some(ShownTranscript {
            address,
            media_type: media_type.map_or(kind, ToString::to_string),
            language: transcript.language.as_ref().or(language).cloned(),
            is_captions: transcript.is_captions,
        })
    });
    let mut transcripts: Vec<ShownTranscript> = transcripts.collect();
    if said.transcripts.is_empty() {
        let files = record.beside.iter().map(|(path, _)| path);
        let files = files.filter(|path| matches!(Part::of(path), Some((Part::Transcript, _))));
        transcripts.extend(files.map(|path| ShownTranscript {
            address: site.address_of_media(path),
            media_type: path.media_type().unwrap_or(ANY_TEXT).to_owned(),
            language: language.cloned(),
            is_captions: false,
        }));
    }
    let pictures = said.people.iter().map(|person| {
        let image = person.image.as_ref();
        image.and_then(|image| address(site, record, image))
    });
    Some(ShownEpisode {
        cover: cover(site, record),
        chapters: chapters.map(|address| (address, CHAPTERS.to_owned())),
        transcripts,
        pictures: pictures.collect(),
        said,
    })
}

/// The image that the article names, else the one that has its name, else the one in its recording.
fn cover(site: &Site, record: &Record) -> Option<String> {
    let image = record.entry.article.image.as_ref();
    if let Some(image) = image.filter(|image| image.is_stated) {
        return address(site, record, &image.target);
    }
    let named = |path: &FolderPath| matches!(Part::of(path), Some((Part::Image, _)));
    let path = beside(record, named).or_else(|| beside(record, is_inner_cover))?;
    Some(site.address_of_media(path))
}

fn beside(record: &Record, is_wanted: impl Fn(&FolderPath) -> bool) -> Option<&FolderPath> {
    let mut files = record.beside.iter().map(|(path, _)| path);
    files.find(|path| is_wanted(path))
}

fn is_chapters(path: &FolderPath) -> bool {
    path.is_chapters()
}

/// Whether it is the cover inside a recording.
pub(super) fn is_inner_cover(path: &FolderPath) -> bool {
    let carrier = path.carrier();
    carrier.is_some_and(|(_, inlay)| matches!(inlay, Inlay::Jpeg | Inlay::Png))
}
