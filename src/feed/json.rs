//! JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>), with the extension `_tidings` for
//! what the format has no word for.

use std::sync::Arc;

use serde::Serialize;

use super::piece::{self, Namespaces, Piece};
use super::{Feed, Format, Related, Shown, ShownEnclosure, ShownPerson, WriteError, rfc3339};
use crate::entry::{Address, EntryId, Language, Link, Person, Text};

/// The value of `version`.
const VERSION: &str = "https://jsonfeed.org/version/1.1";

/// How a document without items ends.
const END: &str = "]}";

/// `shown` as an item of JSON Feed.
pub(super) fn piece(shown: &Shown<'_>) -> Result<Piece, WriteError> {
    let bytes = serde_json::to_vec(&Item::from(shown)).map_err(WriteError::format)?;
    Ok(Piece::new(&bytes, Namespaces::new()))
}

/// What `feed` says of itself and `pieces`, its items, as a JSON Feed document.
pub(super) fn document(feed: &Feed<'_>, pieces: &[Arc<Piece>]) -> Result<Vec<u8>, WriteError> {
    let previous = feed.history.previous.as_ref();
    let document = Document {
        version: VERSION,
        title: &feed.title,
        home_page_url: &feed.home,
        feed_url: feed.address(Format::Json),
        description: present(&feed.description),
        icon: feed.icon.as_deref(),
        authors: vec![Author::from(&feed.author)],
        language: feed.language.as_str(),
        next_url: previous.map(|addresses| Format::Json.of(addresses)),
        _tidings: FeedExtension::of(feed),
        items: [],
    };
    let document = serde_json::to_vec(&document).map_err(WriteError::format)?;
    Ok(piece::put_in(&document, pieces, ",", END))
}

/// The top level.
#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    title: &'a Text,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    authors: Vec<Author<'a>>,
    language: &'a str,
    /// The archive document with the entries before these.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<&'a str>,
    _tidings: FeedExtension<'a>,
    /// Last, as they are put in afterwards.
    items: [(); 0],
}

/// What the format has no word for.
#[derive(Serialize)]
struct FeedExtension<'a> {
    /// The feed's own id, independent of its address.
    id: &'a str,
    /// The same feed in other formats.
    alternates: Vec<Alternate<'a>>,
    /// The address to subscribe to, where this is an archive document. (RFC 5005 section 4)
    #[serde(skip_serializing_if = "Option::is_none")]
    current_url: Option<&'a str>,
}

impl<'a> FeedExtension<'a> {
    fn of(feed: &'a Feed<'_>) -> Self {
        let others = Format::ALL.into_iter().filter(|it| *it != Format::Json);
        let alternates = others.map(|format| Alternate {
            mime_type: format.media_type(),
            url: feed.address(format),
        });
        let current = feed.history.current.as_ref();
        Self {
            id: feed.id.as_str(),
            alternates: alternates.collect(),
            current_url: current.map(|addresses| Format::Json.of(addresses)),
        }
    }
}

/// A document in another format.
#[derive(Serialize)]
struct Alternate<'a> {
    mime_type: &'static str,
    url: &'a str,
}

/// An entry.
///
/// `url` is where it is read, its own page or its `link` elsewhere. There is no `external_url`:
/// that is for a page the entry talks *about*, and an entry with a `link` is not about the article
/// over there, it is that article.
#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a Text,
    /// One of the two contents must be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: String,
    date_modified: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    _tidings: Option<Extension<'a>>,
}

impl<'a> From<&'a Shown<'_>> for Item<'a> {
    fn from(shown: &'a Shown<'_>) -> Self {
        let entry = shown.entry;
        let article = &entry.article;
        let has_content = !shown.content.is_empty();
        Self {
            id: entry.id.as_str(),
            url: &shown.address,
            title: &article.title,
            content_html: has_content.then_some(&shown.content),
            content_text: shown.blurb().filter(|_| !has_content),
            summary: present(&article.summary),
            image: shown.image.as_ref().map(|image| image.address.as_str()),
            date_published: rfc3339(entry.published),
            date_modified: rfc3339(entry.updated),
            authors: shown.authors.iter().map(Author::from).collect(),
            tags: article.categories.iter().map(|it| &it.label).collect(),
            language: article.language.as_ref().map(Language::as_str),
            attachments: shown.enclosures.iter().map(Attachment::from).collect(),
            _tidings: Extension::of(shown),
        }
    }
}

/// A person. The format knows no mail addresses.
#[derive(Serialize)]
struct Author<'a> {
    name: &'a Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<&'a str>,
}

impl<'a> From<&'a ShownPerson<'_>> for Author<'a> {
    fn from(shown: &'a ShownPerson<'_>) -> Self {
        Self {
            avatar: shown.avatar.as_deref(),
            ..Self::from(shown.person)
        }
    }
}

impl<'a> From<&'a Person> for Author<'a> {
    fn from(person: &'a Person) -> Self {
        Self {
            name: &person.name,
            url: person.uri.as_ref().map(Address::as_str),
            avatar: None,
        }
    }
}

/// A file that belongs to an entry.
#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u32>,
}

impl<'a> From<&'a ShownEnclosure> for Attachment<'a> {
    fn from(file: &'a ShownEnclosure) -> Self {
        Self {
            url: &file.address,
            mime_type: &file.media_type,
            size_in_bytes: (file.length > 0).then_some(file.length),
            duration_in_seconds: file.seconds,
        }
    }
}

/// What the format has no word for.
#[derive(Serialize)]
struct Extension<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<RelatedLink<'a>>,
    /// Where the writer found it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    via: Vec<OuterLink<'a>>,
    /// What it was taken over from.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<OuterLink<'a>>,
    /// Where readers discuss it.
    #[serde(skip_serializing_if = "Option::is_none")]
    comments_url: Option<&'a str>,
}

impl<'a> Extension<'a> {
    fn of(shown: &'a Shown<'_>) -> Option<Self> {
        let article = &shown.entry.article;
        let said = Self {
            related: shown.related.iter().map(RelatedLink::from).collect(),
            via: article.via.iter().map(OuterLink::from).collect(),
            source: article.source.as_ref().map(OuterLink::from),
            comments_url: article.comments.as_ref().map(Address::as_str),
        };
        let is_empty = said.related.is_empty()
            && said.via.is_empty()
            && said.source.is_none()
            && said.comments_url.is_none();
        (!is_empty).then_some(said)
    }
}

/// A link to somewhere else.
#[derive(Serialize)]
struct OuterLink<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a Text>,
}

impl<'a> From<&'a Link> for OuterLink<'a> {
    fn from(link: &'a Link) -> Self {
        Self {
            url: link.address.as_str(),
            title: link.title.as_ref(),
        }
    }
}

/// A related link, with the id too when it is an entry of ours; or `pending`, without an address.
#[derive(Serialize)]
struct RelatedLink<'a> {
    title: &'a Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
}

impl<'a> From<&'a Related> for RelatedLink<'a> {
    fn from(line: &'a Related) -> Self {
        let target = line.target.as_ref();
        Self {
            title: &line.title,
            url: target.map(|target| target.address.as_str()),
            id: target.and_then(|target| target.id.as_ref().map(EntryId::as_str)),
            pending: target.is_none(),
        }
    }
}

fn present(text: &Text) -> Option<&Text> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::feed::sample;

    #[test]
    fn a_small_feed_to_the_letter() {
        let entry = sample::small_entry();
        let document =
            String::from_utf8(sample::write(&sample::small(&entry), Format::Json).unwrap())
                .unwrap();
        assert_eq!(document, SMALL.replace('\n', ""));
    }

    const SMALL: &str = r#"{"version":"https://jsonfeed.org/version/1.1",
"title":"Harbour & Höfe",
"home_page_url":"https://news.example.org/",
"feed_url":"https://news.example.org/feed.json",
"authors":[{"name":"The Desk"}],
"language":"en-GB",
"_tidings":{"id":"urn:uuid:9d6c1a50-58c4-4d38-b7ab-1f8a35ff0a10",
"alternates":[{"mime_type":"application/atom+xml","url":"https://news.example.org/atom.xml"},
{"mime_type":"application/rss+xml","url":"https://news.example.org/rss.xml"}]},
"items":[{"id":"urn:uuid:6f1c2b9e-8a00-4000-8000-000000000001",
"url":"https://news.example.org/entries/ferries-tides",
"title":"Ferries & tides",
"content_html":"<p>High &lt; low.</p>",
"summary":"High < low.",
"date_published":"2026-03-02T09:05:00Z",
"date_modified":"2026-03-02T09:05:00Z",
"_tidings":{"related":[{"title":"港の橋が再開 \"soon\" & <later>",
"url":"https://news.example.org/entries/2",
"id":"urn:uuid:6f1c2b9e-8a00-4000-8000-000000000002"}]}}]}"#;

    #[test]
    fn members_say_what_was_meant_and_are_absent_otherwise() {
        let entries = sample::entries();
        let mut feed = sample::feed(&entries);
        feed.entries[3].content.clear();
        let read: Value =
            serde_json::from_slice(&sample::write(&feed, Format::Json).unwrap()).unwrap();
        let full = &read["items"][0];
        assert_eq!(
            full["authors"],
            json!([
                {"name": "Ana Reis", "url": "https://ana.example/?a=1&b=2"},
                {"name": "Jörg Öztürk", "avatar": "https://news.example.org/media/j.png?a=1&b=2"},
            ])
        );
        assert_eq!(full["tags"], json!(["Stadt & Land", "Verkehr"]));
        assert_eq!(full["language"], "de");
        assert_eq!(
            full["image"],
            feed.entries[0].image.as_ref().unwrap().address
        );
        assert_eq!(full["date_modified"], "2026-11-21T08:30:15Z");
        assert_eq!(
            full["attachments"][1],
            json!({"url": "https://news.example.org/media/notes.pdf", "mime_type": "application/pdf"})
        );
        assert_eq!(full["attachments"][0]["size_in_bytes"], 1_234_567);
        assert_eq!(full["attachments"][0]["duration_in_seconds"], 754);
        assert_eq!(
            full["_tidings"]["via"],
            json!([
                {"url": "https://found.example/?a=1&b=2", "title": "Found & <seen>"},
                {"url": "https://other.example/"},
            ])
        );
        assert_eq!(
            full["_tidings"]["source"],
            json!({"url": "https://wire.example/rss.xml", "title": "The \"Wire\""})
        );
        assert_eq!(
            full["_tidings"]["comments_url"],
            "https://talk.example/t?id=7&all=1"
        );
        let related = full["_tidings"]["related"].as_array().unwrap();
        assert_eq!(related.len(), 3);
        assert_eq!(
            related[1],
            json!({"title": "Ferry strike ends after talks", "pending": true})
        );
        assert!(related[2].get("id").is_none());
        let bare = read["items"][2].as_object().unwrap();
        let members: Vec<_> = bare.keys().map(String::as_str).collect();
        assert_eq!(
            members,
            [
                "content_html",
                "date_modified",
                "date_published",
                "id",
                "title",
                "url"
            ]
        );
        let elsewhere = &read["items"][3];
        assert_eq!(elsewhere["url"], "https://talks.example/t?id=1&v=2");
        assert!(elsewhere.get("content_html").is_none());
        assert_eq!(elsewhere["content_text"], "Given at a conference.");
    }
}
