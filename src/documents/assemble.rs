//! From a snapshot to what a format or page writes: addresses made absolute, holes filled.

mod episode;
mod head;

use std::fmt::Write as _;
use std::sync::Arc;

pub(super) use self::head::{head, head_with_tombstones};
use super::MakeError;
use super::blocks::end_of_blocks;
use crate::catalogue::{Record, Resolved, is_lead_image};
use crate::entry::{
    Bodies, Content, Enclosure, FolderPath, Hole, Media, Reference, RelatedLine, Slug, Target,
    Text, Wanted,
};
use crate::feed::{
    Feed, Related, RelatedTarget, Shown, ShownEnclosure, ShownImage, ShownPerson, weight,
};
use crate::page::{Mention, Mentions};
use crate::site::{Site, View, Window};

/// A file of which nothing else is known. (RFC 2046 section 4.5.1)
const ANY_FILE: &str = "application/octet-stream";

/// The feed of `view` in `site`, of which `window` is what it shows, complete.
pub(super) fn feed<'a>(
    site: &'a Site,
    view: &View,
    window: &'a Window,
    bodies: &dyn Bodies,
) -> Result<Feed<'a>, MakeError> {
    let content = site.content_of(&view.feed);
    let entries = window
        .entries
        .iter()
        .map(|record| in_feed(site, record, content, bodies))
        .collect::<Result<_, _>>()?;
    Ok(Feed {
        entries,
        ..head_with_tombstones(site, view, window)
    })
}

/// How an entry stands in a feed that carries so much of each text.
pub(super) fn in_feed<'a>(
    site: &Site,
    record: &'a Record,
    content: Content,
    bodies: &dyn Bodies,
) -> Result<Shown<'a>, MakeError> {
    let is_too_large = weight(&record.entry) > site.settings().max_bytes;
    match content.least(record.entry.article.content) {
        Content::Summary => Ok(show(site, record, String::new())),
        _ if is_too_large => Ok(show(site, record, String::new())),
        Content::Full => Ok(with_image(shown(site, record, bodies)?)),
        Content::First(blocks) => {
            let mut shown = shown(site, record, bodies)?;
            if let Some(end) = end_of_blocks(&shown.content, blocks) {
                shown.content.truncate(end);
                let address = escape(&shown.address);
                // Writing to a String can't fail.
                let _ = write!(shown.content, "<p><a href=\"{address}\">[…]</a></p>");
            }
            Ok(with_image(shown))
        }
    }
}

/// With the lead image in the text too: not every reader shows another. (Pages give it a place of its
/// own.)
fn with_image(mut shown: Shown<'_>) -> Shown<'_> {
    if let Some(image) = shown.image.as_ref().filter(|_| !shown.content.is_empty()) {
        let address = escape(&image.address);
        if !shown.content.contains(&address) && !shown.content.contains(&image.address) {
            let alt = escape(image.alt.as_str());
            let picture = format!("<p><img src=\"{address}\" alt=\"{alt}\"></p>\n");
            shown.content.insert_str(0, &picture);
        }
    }
    shown
}

/// The entry of `record` with its full text.
pub(super) fn shown<'a>(
    site: &Site,
    record: &'a Record,
    bodies: &dyn Bodies,
) -> Result<Shown<'a>, MakeError> {
    Ok(show(site, record, content(site, record, bodies)?))
}

/// The front page's own text, if the publisher wrote one.
pub(super) fn front(site: &Site, bodies: &dyn Bodies) -> Result<Option<String>, MakeError> {
    let front = site.catalogue().front();
    front
        .map(|record| content(site, record, bodies))
        .transpose()
}

/// The full text of `record`, its holes filled.
fn content(site: &Site, record: &Record, bodies: &dyn Bodies) -> Result<String, MakeError> {
    let body = bodies
        .body(record.entry.article.body)
        .map_err(|error| MakeError::Body(Arc::new(error)))?;
    let mut content = String::with_capacity(body.as_str().len() + 256);
    body.fill(&mut content, |hole, html| fill(site, record, hole, html));
    Ok(content)
}

fn show<'a>(site: &Site, record: &'a Record, content: String) -> Shown<'a> {
    let article = &record.entry.article;
    let authors = article.authors.iter().map(|person| ShownPerson {
        person,
        avatar: person
            .avatar
            .as_ref()
            .and_then(|avatar| address(site, record, avatar)),
    });
    let enclosures = enclosures(site, record);
    Shown {
        address: site.address_of(&record.entry),
        content,
        authors: authors.collect(),
        related: related(site, record),
        image: image(site, record),
        episode: episode::episode(site, record, &enclosures),
        enclosures,
        entry: &record.entry,
    }
}

/// The lead image: the one that the article names, else the one that has its name, else the cover of its
/// recording.
fn image(site: &Site, record: &Record) -> Option<ShownImage> {
    let Some(image) = &record.entry.article.image else {
        let find = |is_wanted: fn(&FolderPath) -> bool| {
            let mut beside = record.beside.iter();
            beside.find(|(path, _)| is_wanted(path))
        };
        let (path, media) = find(is_lead_image).or_else(|| find(episode::is_inner_cover))?;
        return Some(ShownImage {
            address: site.address_of_media(path),
            media_type: path.media_type().map(str::to_owned),
            length: Some(media.bytes),
            alt: Text::new(""),
        });
    };
    Some(ShownImage {
        address: address(site, record, &image.target)?,
        media_type: media_type(record, &image.target),
        length: media(record, &image.target).map(|media| media.bytes),
        alt: image.alt.clone(),
    })
}

/// The files that the article names, and the recordings that have its name.
fn enclosures(site: &Site, record: &Record) -> Vec<ShownEnclosure> {
    let named = record.entry.article.enclosures.iter();
    let named = named.filter_map(|file| enclosure(site, record, file));
    let beside = record.beside.iter();
    let beside = beside
        .filter(|(path, _)| path.is_recording())
        .map(|(path, media)| ShownEnclosure {
            address: site.address_of_media(path),
            media_type: path.media_type().unwrap_or(ANY_FILE).to_owned(),
            length: media.bytes,
            seconds: media.seconds,
        });
    named.chain(beside).collect()
}

/// The entry at `slug`, and what the page says of those that mention it.
pub(super) fn entry(site: &Site, slug: &Slug) -> Option<(Arc<Record>, Mentions)> {
    let record = site
        .catalogue()
        .at_slug(slug)
        .filter(|record| record.is_live())?;
    let (newest, more) = site.mentions(record.key);
    let newest = newest.iter().map(|source| Mention {
        title: source.card.title.clone(),
        address: site.address_of_card(&source.card),
    });
    let newest = newest.collect();
    Some((Arc::clone(record), Mentions { newest, more }))
}

fn fill(site: &Site, record: &Record, hole: Hole<'_>, html: &mut String) {
    match hole {
        Hole::Related(number) => {
            let Some(Reference::Related(line)) = record.entry.article.references.get(number) else {
                return;
            };
            let words = escape(words(record, number, line).as_str());
            // Writing to a String can't fail.
            let _ = match (
                site.address_of_reference(record, number),
                record.resolved.get(number),
            ) {
                (_, Some(Resolved::Itself)) => write!(html, "{words}"),
                (Some(address), _) => write!(html, "<a href=\"{}\">{words}</a>", escape(&address)),
                (None, _) => write!(html, "<span class=\"pending\">{words}</span>"),
            };
        }
        Hole::Attribute(name, number) => {
            if let Some(address) = site.address_of_reference(record, number) {
                let _ = write!(html, " {name}=\"{}\"", escape(&address));
            }
        }
        Hole::Srcset(candidates) => {
            let found = candidates.split(", ").filter_map(|candidate| {
                let Some(local) = candidate.strip_prefix('#') else {
                    return Some(candidate.to_owned());
                };
                let (number, descriptor) = local.split_once(' ').unwrap_or((local, ""));
                let address = site.address_of_reference(record, number.parse().ok()?)?;
                // A comma would end the candidate.
                let candidate = format!("{} {descriptor}", address.replace(',', "%2C"));
                Some(candidate.trim_end().to_owned())
            });
            let found: Vec<String> = found.collect();
            if !found.is_empty() {
                let _ = write!(html, " srcset=\"{}\"", escape(&found.join(", ")));
            }
        }
    }
}

/// The words of a "Read:" line: the writer's own, but the title where the writer gave just a path.
fn words<'a>(record: &'a Record, number: usize, line: &'a RelatedLine) -> &'a Text {
    match (&line.wanted, record.resolved.get(number)) {
        (Wanted::Local(local), Some(Resolved::Entry(card)))
            if line.text.as_str().ends_with(local.path.file_name()) =>
        {
            &card.title
        }
        _ => &line.text,
    }
}

/// What the "Read:" lines name, each once, never the entry itself.
fn related(site: &Site, record: &Record) -> Vec<Related> {
    let mut all: Vec<Related> = Vec::new();
    let lines = record
        .entry
        .article
        .references
        .iter()
        .enumerate()
        .filter_map(|(number, reference)| {
            let Reference::Related(line) = reference else {
                return None;
            };
            Some((number, line))
        });
    for (number, line) in lines {
        let resolved = record.resolved.get(number);
        if resolved == Some(&Resolved::Itself) {
            continue;
        }
        let card = match resolved {
            Some(Resolved::Entry(card)) => Some(card),
            _ => None,
        };
        let target = site
            .address_of_reference(record, number)
            .map(|address| RelatedTarget {
                address,
                id: card.map(|card| card.id.clone()),
                language: card.and_then(|card| card.language.clone()),
                is_page: card.is_some(),
            });
        let title = card.map_or(&line.text, |card| &card.title).clone();
        let is_known = all.iter().any(|known| match (&known.target, &target) {
            (Some(known), Some(target)) => known.address == target.address,
            (None, None) => known.title == title,
            _ => false,
        });
        if !is_known {
            all.push(Related { title, target });
        }
    }
    all
}

fn address(site: &Site, record: &Record, target: &Target) -> Option<String> {
    match target {
        Target::Address(address) => Some(address.to_string()),
        Target::Reference(number) => site.address_of_reference(record, *number),
    }
}

fn media(record: &Record, target: &Target) -> Option<Media> {
    match target {
        Target::Reference(number) => match record.resolved.get(*number)? {
            Resolved::Media(media) => Some(*media),
            _ => None,
        },
        Target::Address(_) => None,
    }
}

fn media_type(record: &Record, target: &Target) -> Option<String> {
    let media_type = match target {
        Target::Reference(number) => match record.entry.article.references.get(*number)? {
            Reference::Local(local) => local.path.media_type(),
            _ => None,
        },
        Target::Address(address) => address.media_type(),
    };
    media_type.map(str::to_owned)
}

fn enclosure(site: &Site, record: &Record, file: &Enclosure) -> Option<ShownEnclosure> {
    let stated = file.media_type.as_ref().map(ToString::to_string);
    let found = media(record, &file.target);
    Some(ShownEnclosure {
        address: address(site, record, &file.target)?,
        media_type: stated
            .or_else(|| media_type(record, &file.target))
            .unwrap_or_else(|| ANY_FILE.to_owned()),
        length: found.map(|media| media.bytes).or(file.length).unwrap_or(0),
        seconds: file.seconds.or(found.and_then(|media| media.seconds)),
    })
}

/// Text as it may stand in HTML, in an attribute too.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
