//! Elements of other namespaces in a feed or entry.

use std::collections::HashSet;

use roxmltree::Node;

use super::Rule;
use super::shared::Bench;
use super::xml::{ATOM, child, children, name_of, text_of};
use crate::entry::Element;

const DC: &str = "http://purl.org/dc/elements/1.1/";
const DCTERMS: &str = "http://purl.org/dc/terms/";
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";
const HISTORY: &str = "http://purl.org/syndication/history/1.0";
const ITUNES: &str = "http://www.itunes.com/dtds/podcast-1.0.dtd";
const MEDIA: &str = "http://search.yahoo.com/mrss/";
const THREAD: &str = "http://purl.org/syndication/thread/1.0";
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// Namespaces of which every element is known; in others, what is not known is let be.
const CLOSED: [&str; 12] = [
    ATOM,
    CONTENT,
    "http://backend.userland.com/creativeCommonsRssModule",
    DC,
    DCTERMS,
    HISTORY,
    ITUNES,
    "http://purl.org/rss/1.0/modules/slash/",
    THREAD,
    TOMBSTONES,
    "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "http://wellformedweb.org/CommentAPI/",
];

/// Elements that are not text alone, or stand in other places than entries: namespace, name, and the
/// attributes that must be there.
const OTHERS: [(&str, &str, &[&str]); 15] = [
    (CONTENT, "encoded", &[]),
    (HISTORY, "archive", &[]),
    (HISTORY, "complete", &[]),
    (ITUNES, "image", &["href"]),
    (ITUNES, "category", &["text"]),
    (ITUNES, "owner", &[]),
    (ITUNES, "type", &[]),
    (ITUNES, "new-feed-url", &[]),
    (ITUNES, "complete", &[]),
    (THREAD, "in-reply-to", &["ref"]),
    (TOMBSTONES, "deleted-entry", &["ref", "when"]),
    (ATOM, "link", &[]),
    (ATOM, "updated", &[]),
    (ATOM, "published", &[]),
    (ATOM, "author", &[]),
];

/// Elements of the format that say what an element of another namespace says.
const TWINS: [(&str, &str, &str); 15] = [
    ("author", DC, "creator"),
    ("category", DC, "subject"),
    ("copyright", DC, "rights"),
    ("description", DC, "description"),
    ("guid", DC, "identifier"),
    ("language", DC, "language"),
    ("lastBuildDate", DCTERMS, "modified"),
    ("pubDate", ATOM, "published"),
    ("pubDate", DC, "date"),
    ("pubDate", DCTERMS, "created"),
    ("published", DCTERMS, "issued"),
    ("published", DC, "date"),
    ("rights", DC, "rights"),
    ("title", DC, "title"),
    ("updated", DCTERMS, "modified"),
];

/// The first level of Apple's categories.
const CATEGORIES: [&str; 19] = [
    "Arts",
    "Business",
    "Comedy",
    "Education",
    "Fiction",
    "Government",
    "Health & Fitness",
    "History",
    "Kids & Family",
    "Leisure",
    "Music",
    "News",
    "Religion & Spirituality",
    "Science",
    "Society & Culture",
    "Sports",
    "TV & Film",
    "Technology",
    "True Crime",
];

/// What Apple plays.
const PLAYED: [&str; 10] = [
    "application/pdf",
    "audio/m4a",
    "audio/mp4",
    "audio/mpeg",
    "audio/x-m4a",
    "document/x-epub",
    "video/m4v",
    "video/mp4",
    "video/quicktime",
    "video/x-m4v",
];

impl Bench<'_> {
    /// The children of `node`, a feed or an entry, that are not the format's own.
    pub(super) fn extensions(&mut self, node: Node<'_, '_>) {
        let own = node.tag_name().namespace();
        let mut seen = HashSet::new();
        for element in children(node) {
            let Some(uri) = element
                .tag_name()
                .namespace()
                .filter(|uri| Some(*uri) != own)
            else {
                continue;
            };
            let name = element.tag_name().name();
            let is_new = seen.insert((uri, name));
            if uri == MEDIA {
                self.media(element);
            }
            if let Some((form, is_single)) = Element::form(uri, name) {
                let text = text_of(element);
                self.must(form.admits(&text), Rule::ValueForm, || {
                    format!(
                        "`{}` is `{text}`: expected {}",
                        name_of(element),
                        form.expected()
                    )
                });
                self.must(is_new || !is_single, Rule::Repeated, || {
                    format!(
                        "`{}` is there more than once: expected one",
                        name_of(element)
                    )
                });
            } else if let Some((.., due)) = OTHERS.iter().find(|it| (it.0, it.1) == (uri, name)) {
                for attribute in *due {
                    self.due(element, attribute);
                }
                self.other(element);
            } else {
                self.must(!CLOSED.contains(&uri), Rule::UnknownElement, || {
                    format!(
                        "`{}` is no element that there is: expected a known one",
                        name_of(element)
                    )
                });
            }
            let core = own;
            let twin = TWINS.iter().find(|(twin, of, what)| {
                (*of, *what) == (uri, name) && child(node, core, twin).is_some()
            });
            if let Some((twin, ..)) = twin.filter(|_| is_new) {
                self.find(
                    Rule::SaidTwice,
                    format!(
                        "`{}` says what `{twin}` says: expected one of them",
                        name_of(element)
                    ),
                );
            }
        }
        self.podcast(node);
    }

    /// What an element with attributes, or with others in it, says.
    fn other(&mut self, element: Node<'_, '_>) {
        let text = text_of(element);
        let what = format!("`{}`", name_of(element));
        match (
            element.tag_name().namespace().unwrap_or_default(),
            element.tag_name().name(),
        ) {
            (ATOM, "updated" | "published") => {
                self.rfc3339(&what, &text);
            }
            (ITUNES, "image") => {
                let href = element.attribute("href").unwrap_or_default();
                self.link_form(&what, href);
            }
            (ITUNES, "new-feed-url") => self.link_form(&what, &text),
            (ITUNES, "type") => {
                self.must(
                    ["episodic", "serial"].contains(&&*text),
                    Rule::ValueForm,
                    || format!("{what} is `{text}`: expected episodic or serial"),
                );
            }
            (ITUNES, "complete") => {
                self.must(text.eq_ignore_ascii_case("yes"), Rule::ValueForm, || {
                    format!("{what} is `{text}`: expected Yes, or no such element")
                });
            }
            (ITUNES, "category") => {
                let category = element.attribute("text").unwrap_or_default();
                self.must(CATEGORIES.contains(&category), Rule::ItunesCategory, || {
                    format!("`{category}` is no category of Apple's: expected one such as News")
                });
            }
            (ITUNES, "owner") => match child(element, Some(ITUNES), "email").map(text_of) {
                Some(mail) => self.mail("the owner's address", &mail),
                None => self.find(
                    Rule::ItunesMail,
                    "the podcast's owner has no mail address: expected one",
                ),
            },
            (TOMBSTONES, "deleted-entry") => {
                let when = element.attribute("when").unwrap_or_default();
                let id = element.attribute("ref").unwrap_or_default();
                let is_id = crate::entry::form::id_fault(id).is_none();
                self.must(is_id, Rule::Tombstone, || {
                    format!("a tombstone is of `{id}`: expected the id of an entry")
                });
                let is_moment = when.parse::<jiff::Timestamp>().is_ok();
                self.must(is_moment, Rule::Tombstone, || {
                    format!(
                        "a tombstone is of `{when}`: expected a date such as 2026-01-31T10:00:00Z"
                    )
                });
            }
            _ => {}
        }
    }

    /// What a podcast and its episodes need. (Apple's podcast requirements)
    fn podcast(&mut self, node: Node<'_, '_>) {
        let is_podcast = children(node).any(|it| it.tag_name().namespace() == Some(ITUNES));
        if !is_podcast {
            return;
        }
        if !self.is_in_entry() {
            for name in ["image", "category", "explicit"] {
                let has = child(node, Some(ITUNES), name).is_some();
                self.must(has, Rule::ItunesMissing, || {
                    format!("the podcast has no `itunes:{name}`: expected one")
                });
            }
            return;
        }
        let enclosure = child(node, None, "enclosure");
        if let Some(media_type) = enclosure.and_then(|it| it.attribute("type")) {
            self.must(PLAYED.contains(&media_type), Rule::ItunesFormat, || {
                format!("the episode is of the type {media_type}, which not all players play: expected audio/mpeg or the like")
            });
        }
    }
}
