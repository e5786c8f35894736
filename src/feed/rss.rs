//! RSS 2.0 (Board specification 2.0.11), with the elements of other namespaces that readers know:
//! `content:encoded`, `dc:creator`, `dc:language`, `atom:link`, `atom:updated`, `media:content`,
//! `sy:updatePeriod` and, for podcasts, `itunes:…` and `podcast:…`; and with the elements that the writer
//! asks for.
//!
//! Only characters that XML can carry get here (`Text`, `Address`, cleaned HTML), so that escaping,
//! which the `rss` crate does, is all that is needed for a well-formed document.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rss::extension::atom::AtomExtension;
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Enclosure, Guid, Image, Item, Source};

use super::extras::Extra;
use super::piece::{self, Namespaces, Piece};
use super::{Feed, Format, PROGRAM, Shown, ShownEnclosure, ShownImage, VERSION, WriteError};
use super::{extras, links, podcast, rfc3339};
use crate::entry::Link;

/// The specification that `docs` names.
const SPECIFICATION: &str = "https://www.rssboard.org/rss-specification";

/// Media RSS 1.5.1.
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// RSS 1.0 module Syndication.
const SYNDICATION: &str = "http://purl.org/rss/1.0/modules/syndication/";

/// The namespaces that the crate declares by itself, where it writes what they are for.
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";
const DUBLIN_CORE: &str = "http://purl.org/dc/elements/1.1/";

/// How a document without items ends.
const END: &str = "</channel></rss>";

/// `shown` as an item of RSS 2.0.
///
/// The crate writes whole channels. In text and in attributes `<` is always written `&lt;`, and there
/// are no CDATA sections, so that what stands before the first `<item>` is the channel's.
pub(super) fn piece(feed: &Feed<'_>, shown: &Shown<'_>) -> Result<Piece, WriteError> {
    let item = item(feed, shown)?;
    let namespaces = namespaces_of(shown, &item);
    let channel = Channel {
        items: vec![item],
        ..Channel::default()
    };
    let room = Vec::with_capacity(piece::room(shown));
    let document = channel.write_to(room).map_err(WriteError::format)?;
    let document = String::from_utf8(document).map_err(WriteError::format)?;
    let start = document.find("<item>").unwrap_or_default();
    let item = document[start..].strip_suffix(END).unwrap_or_default();
    Ok(Piece::new(item.as_bytes(), namespaces))
}

/// What `feed` says of itself and `pieces`, its items, as an RSS 2.0 document in UTF-8.
pub(super) fn document(feed: &Feed<'_>, pieces: &[Arc<Piece>]) -> Result<Vec<u8>, WriteError> {
    let mut atom_links = vec![links::own(feed, Format::Rss)];
    atom_links.extend(links::siblings(feed, Format::Rss));
    atom_links.extend(links::history(feed, Format::Rss));
    let mut extensions = podcast::channel(feed);
    extensions.insert("sy".to_owned(), rhythm(feed.ttl_minutes));
    if feed.history.current.is_some() {
        // RFC 5005 section 4
        extensions.insert("fh".to_owned(), one("archive", element("fh:archive", None)));
    }
    let description = if feed.description.is_empty() {
        &feed.title
    } else {
        &feed.description
    };
    let channel = Channel {
        title: feed.title.to_string(),
        link: feed.home.clone(),
        description: description.to_string(),
        language: Some(feed.language.to_string()),
        copyright: feed.copyright.as_ref().map(ToString::to_string),
        last_build_date: Some(rfc2822(feed.changed)?),
        generator: Some(format!("{PROGRAM} {VERSION}")),
        docs: Some(SPECIFICATION.to_owned()),
        ttl: Some(feed.ttl_minutes.to_string()),
        image: feed
            .icon
            .as_ref()
            .filter(|icon| is_picture(icon))
            .map(|icon| image(feed, icon)),
        atom_ext: Some(AtomExtension { links: atom_links }),
        namespaces: namespaces(feed, &extensions, pieces),
        extensions,
        ..Channel::default()
    };
    let document = channel.write_to(Vec::new()).map_err(WriteError::format)?;
    Ok(piece::put_in(&document, pieces, "", END))
}

/// How often there may be something new, for readers that know no `ttl`. (RSS 1.0 module Syndication)
fn rhythm(ttl_minutes: u32) -> BTreeMap<String, Vec<Extension>> {
    let (period, minutes) = match ttl_minutes {
        0..=60 => ("hourly", 60),
        61..=1_440 => ("daily", 1_440),
        _ => ("weekly", 10_080),
    };
    let frequency = (minutes / ttl_minutes.max(1)).max(1);
    let named = |name: &str, value: String| {
        let element = element(&format!("sy:{name}"), Some(value));
        (name.to_owned(), vec![element])
    };
    BTreeMap::from([
        named("updatePeriod", period.to_owned()),
        named("updateFrequency", frequency.to_string()),
    ])
}

/// What `item`, which says `shown`, wants declared.
fn namespaces_of(shown: &Shown<'_>, item: &Item) -> Namespaces {
    let mut namespaces = extras::namespaces(shown);
    namespaces.extend(ours(&item.extensions));
    if item.content.is_some() {
        namespaces.insert("content", CONTENT);
    }
    if item.dublin_core_ext.is_some() {
        namespaces.insert("dc", DUBLIN_CORE);
    }
    namespaces
}

/// What the document of `feed`, with these extensions and `pieces`, has to declare. The crate does not
/// know of what is in pieces.
fn namespaces(
    feed: &Feed<'_>,
    extensions: &ExtensionMap,
    pieces: &[Arc<Piece>],
) -> BTreeMap<String, String> {
    let mut namespaces = piece::namespaces(pieces);
    namespaces.extend(ours(extensions));
    if feed.history.current.is_some() {
        namespaces.insert("fh", links::HISTORY);
    }
    piece::declarations(namespaces)
}

/// Those of our own namespaces that `extensions` use.
fn ours(extensions: &ExtensionMap) -> impl Iterator<Item = (&'static str, &'static str)> {
    let ours = [
        ("itunes", podcast::ITUNES),
        ("media", MEDIA),
        ("podcast", podcast::PODCAST),
        ("sy", SYNDICATION),
    ];
    ours.into_iter()
        .filter(|(prefix, _)| extensions.contains_key(*prefix))
}

/// Whether what is at `icon` may be a GIF, JPEG or PNG, as the specification wants it: its name does not
/// say otherwise.
fn is_picture(icon: &str) -> bool {
    let path = icon.split(['?', '#']).next().unwrap_or_default();
    let media_type = mime_guess::from_path(path).first_raw();
    media_type.is_none_or(|it| ["image/gif", "image/jpeg", "image/png"].contains(&it))
}

/// The channel's picture. The specification wants its title and link to be the channel's.
fn image(feed: &Feed<'_>, icon: &str) -> Image {
    Image {
        url: icon.to_owned(),
        title: feed.title.to_string(),
        link: feed.home.clone(),
        ..Image::default()
    }
}

fn item(feed: &Feed<'_>, shown: &Shown<'_>) -> Result<Item, WriteError> {
    let entry = shown.entry;
    let article = &entry.article;
    let categories = article.categories.iter().map(|category| Category {
        name: category.label.to_string(),
        domain: Some(feed.scheme.clone()),
    });
    // RSS wants at most one enclosure; the others are not lost on readers that know Atom's.
    let mut files = shown.enclosures.iter();
    let first_file = files.next();
    let mut atom_links: Vec<_> = links::related(&shown.related).collect();
    atom_links.extend(article.via.iter().map(links::via));
    atom_links.extend(files.map(links::enclosure));
    Ok(Item {
        title: Some(article.title.to_string()),
        link: Some(shown.address.clone()),
        description: Some(description(shown)),
        categories: categories.collect(),
        comments: article.comments.as_ref().map(ToString::to_string),
        enclosure: first_file.map(enclosure),
        guid: Some(Guid {
            value: entry.id.to_string(),
            permalink: false,
        }),
        pub_date: Some(rfc2822(entry.published)?),
        source: article.source.as_ref().map(source),
        content: (!shown.content.is_empty()).then(|| shown.content.clone()),
        extensions: extensions(shown),
        atom_ext: (!atom_links.is_empty()).then_some(AtomExtension { links: atom_links }),
        dublin_core_ext: Some(dublin_core(feed, shown)),
        ..Item::default()
    })
}

/// What lists and previews show; never empty, and HTML: a summary's `<` has to be written `&lt;`.
///
/// Without a summary it is the full text, as the Board's best-practices profile has it: a reader
/// that knows only `description` then misses nothing, and it costs little, as an entry that can't
/// be summed up is short. It is the title only when there is no text at all: everywhere else the
/// title would stand there twice.
fn description(shown: &Shown<'_>) -> String {
    match shown.blurb() {
        Some(blurb) => quick_xml::escape::partial_escape(blurb.as_str()).into_owned(),
        None => shown.content.clone(),
    }
}

/// `dc:creator`, because the `author` of RSS is a mail address; and `dc:language`, as an item of RSS has no
/// language of its own.
fn dublin_core(feed: &Feed<'_>, shown: &Shown<'_>) -> DublinCoreExtension {
    let mut creators: Vec<_> = shown
        .entry
        .article
        .authors
        .iter()
        .map(|author| author.name.to_string())
        .collect();
    if creators.is_empty() {
        creators.push(feed.author.name.to_string());
    }
    let language = shown.entry.article.language.as_ref();
    DublinCoreExtension {
        creators,
        languages: language.map(ToString::to_string).into_iter().collect(),
        ..DublinCoreExtension::default()
    }
}

fn enclosure(file: &ShownEnclosure) -> Enclosure {
    Enclosure {
        url: file.address.clone(),
        length: file.length.to_string(),
        mime_type: file.media_type.clone(),
    }
}

/// Where it was taken over from. The specification wants a name.
fn source(link: &Link) -> Source {
    let title = link.title.as_ref().map(ToString::to_string);
    Source {
        url: link.address.to_string(),
        title: Some(title.unwrap_or_else(|| link.address.to_string())),
    }
}

/// `atom:updated`, when it says more than `pubDate`, the lead image as `media:content`, the words of
/// podcasts, and what the writer asks for beyond them.
fn extensions(shown: &Shown<'_>) -> ExtensionMap {
    let mut extensions = podcast::item(shown);
    let entry = shown.entry;
    if entry.updated != entry.published {
        let updated = element("atom:updated", Some(rfc3339(entry.updated)));
        extensions.insert("atom".to_owned(), one("updated", updated));
    }
    if let Some(image) = &shown.image {
        extensions.insert("media".to_owned(), one("content", media_content(image)));
    }
    let ours = extensions.clone();
    for extra in extras::elements(shown) {
        // What we say already is not said a second time.
        let is_said = ours
            .get(extra.prefix)
            .is_some_and(|names| names.contains_key(extra.name));
        if !is_said {
            add(&mut extensions, &extra);
        }
    }
    extensions
}

fn add(extensions: &mut ExtensionMap, extra: &Extra<'_>) {
    let name = format!("{}:{}", extra.prefix, extra.name);
    extensions
        .entry(extra.prefix.to_owned())
        .or_default()
        .entry(extra.name.to_owned())
        .or_default()
        .push(element(&name, Some(extra.value.to_string())));
}

/// The lead image. (Media RSS 1.5.1, `media:content`)
fn media_content(image: &ShownImage) -> Extension {
    let mut content = element("media:content", None);
    let mut attribute = |name: &str, value: String| content.attrs.insert(name.to_owned(), value);
    attribute("url", image.address.clone());
    attribute("medium", "image".to_owned());
    if let Some(media_type) = &image.media_type {
        attribute("type", media_type.clone());
    }
    if let Some(length) = image.length {
        attribute("fileSize", length.to_string());
    }
    if !image.alt.is_empty() {
        let alt = element("media:description", Some(image.alt.to_string()));
        content.children = one("description", alt);
    }
    content
}

fn element(name: &str, value: Option<String>) -> Extension {
    Extension {
        name: name.to_owned(),
        value,
        ..Extension::default()
    }
}

fn one(name: &str, element: Extension) -> BTreeMap<String, Vec<Extension>> {
    BTreeMap::from([(name.to_owned(), vec![element])])
}

/// `instant` with a four-digit year and a numeric zone. (RFC 2822 section 3.3)
fn rfc2822(instant: Timestamp) -> Result<String, WriteError> {
    jiff::fmt::rfc2822::to_string(&instant.to_zoned(TimeZone::UTC))
        .map_err(|_| WriteError::Date(instant))
}

#[cfg(test)]
mod tests;
