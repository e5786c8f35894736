//! Atom 1.0 (RFC 4287), with tombstones (RFC 6721), the lead image as `media:content` (Media RSS 1.5.1), and with the elements
//! that the writer asks for.
//!
//! Only characters that XML can carry get here (`Text`, `Address`, cleaned HTML), so that escaping
//! is all that is needed for a well-formed document. The `atom_syndication` crate does it
//! everywhere but in the attributes of extensions; this module does it there.

use std::collections::BTreeMap;
use std::sync::Arc;

use atom_syndication as atom;
use atom_syndication::extension::{Extension, ExtensionMap};
use chrono::{DateTime, FixedOffset};
use jiff::Timestamp;

use super::piece::{self, Piece};
use super::{
    Feed, Format, PROGRAM, Shown, ShownImage, VERSION, WriteError, extras, links, rfc3339,
};
use crate::entry::{Category, Person, Text};

/// The crate's own declaration leaves the encoding out.
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// Media RSS 1.5.1.
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// RFC 6721 section 2.
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// How an entry begins that stands alone.
const ALONE: &str = "<entry xmlns=\"http://www.w3.org/2005/Atom\">";

/// How a document ends.
const END: &str = "</feed>";

/// `shown` as an entry of Atom 1.0.
pub(super) fn piece(feed: &Feed<'_>, shown: &Shown<'_>) -> Result<Piece, WriteError> {
    let entry = entry(feed, shown)?;
    let room = Vec::with_capacity(piece::room(shown));
    let bytes = entry.write_with_config(room, config());
    let bytes = bytes.map_err(WriteError::format)?;
    let alone = String::from_utf8(bytes).map_err(WriteError::format)?;
    // In a feed its namespace is the feed's.
    let inner = alone.strip_prefix(ALONE).unwrap_or(&alone);
    let entry = ["<entry>", &zulu(inner)].concat();
    let mut namespaces = extras::namespaces(shown);
    if shown.image.is_some() {
        namespaces.insert("media", MEDIA);
    }
    Ok(Piece::new(entry.as_bytes(), namespaces))
}

/// What `feed` says of itself and `pieces`, its entries, as an Atom 1.0 document in UTF-8.
///
/// All that is said of the feed comes before its entries. (RFC 4287 section 4.1.1) The crate writes
/// extensions of the feed after them.
pub(super) fn document(feed: &Feed<'_>, pieces: &[Arc<Piece>]) -> Result<Vec<u8>, WriteError> {
    // The page comes first: some readers take the first alternate they meet.
    let mut feed_links = vec![links::home(feed), links::own(feed, Format::Atom)];
    feed_links.extend(links::siblings(feed, Format::Atom));
    feed_links.extend(links::history(feed, Format::Atom));
    let subtitle = (!feed.description.is_empty()).then(|| text(&feed.description, None));
    let document = atom::Feed {
        title: text(&feed.title, None),
        id: feed.id.to_string(),
        updated: instant(feed.changed)?,
        authors: vec![person(&feed.author)],
        generator: Some(atom::Generator {
            value: PROGRAM.to_owned(),
            uri: None,
            version: Some(VERSION.to_owned()),
        }),
        // Not `logo` as well: that is to be twice as wide as high, and ours is square.
        icon: feed.icon.clone(),
        links: feed_links,
        rights: feed.copyright.as_ref().map(|rights| text(rights, None)),
        subtitle,
        lang: Some(feed.language.to_string()),
        namespaces: namespaces(feed, pieces),
        extensions: feed_extensions(feed),
        ..atom::Feed::default()
    };
    let bytes = document.write_with_config(DECLARATION.to_vec(), config());
    let bytes = bytes.map_err(WriteError::format)?;
    let document = zulu(&String::from_utf8(bytes).map_err(WriteError::format)?);
    Ok(piece::put_in(document.as_bytes(), pieces, "", END))
}

fn config() -> atom::WriteConfig {
    atom::WriteConfig {
        write_document_declaration: false,
        indent_size: None,
    }
}

/// What the crate wrote, with its dates ending in `Z` instead of the crate's `+00:00`: there are readers
/// that skip an offset, and the short form is the one that nobody gets wrong.
///
/// This can't touch anything a writer wrote. In text and in attributes `<` is always written
/// `&lt;`, and there are no CDATA sections, so that the bytes `</updated>` are that tag and nothing
/// else; and before that tag there is only ever a date.
fn zulu(document: &str) -> String {
    document
        .replace("+00:00</updated>", "Z</updated>")
        .replace("+00:00</published>", "Z</published>")
}

fn entry(feed: &Feed<'_>, shown: &Shown<'_>) -> Result<atom::Entry, WriteError> {
    let entry = shown.entry;
    let article = &entry.article;
    // The crate has no `xml:lang` for the entry as a whole, so each text says it.
    let language = article.language.as_ref().map(ToString::to_string);
    // RFC 4287 section 4.1.1 wants one alternate; readers that take the first link get it.
    let mut entry_links = vec![links::page(&shown.address, language.as_deref())];
    entry_links.extend(links::related(&shown.related));
    // What an entry was taken over from is its source too: Atom's own `source` is for whole feeds.
    entry_links.extend(article.via.iter().chain(&article.source).map(links::via));
    entry_links.extend(article.comments.as_ref().map(links::replies));
    entry_links.extend(shown.enclosures.iter().map(links::enclosure));
    let content = (!shown.content.is_empty()).then(|| atom::Content {
        lang: language.clone(),
        value: Some(shown.content.clone()),
        // Without it, the type would be plain text.
        content_type: Some("html".to_owned()),
        ..atom::Content::default()
    });
    let summary = shown.blurb().map(|blurb| text(blurb, language.clone()));
    Ok(atom::Entry {
        title: text(&article.title, language),
        id: entry.id.to_string(),
        updated: instant(entry.updated)?,
        // None means the feed's.
        authors: article.authors.iter().map(person).collect(),
        categories: article
            .categories
            .iter()
            .map(|it| category(feed, it))
            .collect(),
        links: entry_links,
        published: Some(instant(entry.published)?),
        summary,
        content,
        extensions: extensions(shown),
        ..atom::Entry::default()
    })
}

/// A text construct of type `text`: what looks like markup in it is just characters. (RFC 4287
/// section 3.1.1.1)
fn text(text: &Text, language: Option<String>) -> atom::Text {
    atom::Text {
        lang: language,
        ..atom::Text::plain(text.as_str())
    }
}

fn person(person: &Person) -> atom::Person {
    atom::Person {
        name: person.name.to_string(),
        email: person.email.as_ref().map(ToString::to_string),
        uri: person.uri.as_ref().map(ToString::to_string),
        ..atom::Person::default()
    }
}

fn category(feed: &Feed<'_>, category: &Category) -> atom::Category {
    atom::Category {
        term: category.term.to_string(),
        scheme: Some(feed.scheme.clone()),
        label: Some(category.label.to_string()),
    }
}

fn namespaces(feed: &Feed<'_>, pieces: &[Arc<Piece>]) -> BTreeMap<String, String> {
    let mut namespaces = piece::namespaces(pieces);
    if !feed.tombstones.is_empty() {
        namespaces.insert("at", TOMBSTONES);
    }
    if feed.history.current.is_some() {
        namespaces.insert("fh", links::HISTORY);
    }
    piece::declarations(namespaces)
}

/// That it is an archive document (RFC 5005 section 4, `fh:archive`), and what was withdrawn.
fn feed_extensions(feed: &Feed<'_>) -> ExtensionMap {
    let mut extensions = ExtensionMap::new();
    if feed.history.current.is_some() {
        let archive = Extension {
            name: "fh:archive".to_owned(),
            ..Extension::default()
        };
        let names = BTreeMap::from([("archive".to_owned(), vec![archive])]);
        extensions.insert("fh".to_owned(), names);
    }
    let deleted = tombstones(feed);
    if !deleted.is_empty() {
        let names = BTreeMap::from([("deleted-entry".to_owned(), deleted)]);
        extensions.insert("at".to_owned(), names);
    }
    extensions
}

/// What was withdrawn. (RFC 6721 section 3, `at:deleted-entry`)
fn tombstones(feed: &Feed<'_>) -> Vec<Extension> {
    let deleted = feed.tombstones.iter().map(|tombstone| Extension {
        name: "at:deleted-entry".to_owned(),
        attrs: BTreeMap::from([
            attribute("ref", tombstone.id.as_str()),
            attribute("when", &rfc3339(tombstone.withdrawn)),
        ]),
        ..Extension::default()
    });
    deleted.collect()
}

fn extensions(shown: &Shown<'_>) -> ExtensionMap {
    let mut extensions = ExtensionMap::new();
    if let Some(image) = &shown.image {
        let content = BTreeMap::from([("content".to_owned(), vec![media_content(image)])]);
        extensions.insert("media".to_owned(), content);
    }
    for extra in extras::elements(shown) {
        let names = extensions.entry(extra.prefix.to_owned()).or_default();
        let elements = names.entry(extra.name.to_owned()).or_default();
        elements.push(Extension {
            name: format!("{}:{}", extra.prefix, extra.name),
            value: Some(extra.value.into_owned()),
            ..Extension::default()
        });
    }
    extensions
}

/// The lead image. (Media RSS 1.5.1, `media:content`)
fn media_content(image: &ShownImage) -> Extension {
    let mut attrs = BTreeMap::from([
        attribute("url", &image.address),
        attribute("medium", "image"),
    ]);
    attrs.extend(image.media_type.as_deref().map(|it| attribute("type", it)));
    attrs.extend(
        image
            .length
            .map(|it| attribute("fileSize", &it.to_string())),
    );
    Extension {
        name: "media:content".to_owned(),
        attrs,
        ..Extension::default()
    }
}

/// An attribute of an extension, escaped here because the crate writes it as it is. A test fails
/// when the crate begins to escape.
fn attribute(name: &str, value: &str) -> (String, String) {
    let escaped = quick_xml::escape::escape(value).into_owned();
    (name.to_owned(), escaped)
}

/// `instant` in whole seconds of UTC. (RFC 4287 section 3.3)
fn instant(instant: Timestamp) -> Result<DateTime<FixedOffset>, WriteError> {
    DateTime::from_timestamp(instant.as_millisecond().div_euclid(1000), 0)
        .map(|utc| utc.fixed_offset())
        .ok_or(WriteError::Date(instant))
}

#[cfg(test)]
mod tests;
