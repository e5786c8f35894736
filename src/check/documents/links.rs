//! Atom's links, in Atom and in RSS.

use std::collections::HashSet;

use roxmltree::Node;

use super::Rule;
use super::shared::Bench;
use crate::feed::Format;

/// Relations that are registered with IANA and have to do with feeds. (`prev` is, but the validator
/// knows RFC 5005's `previous` alone.)
const RELATIONS: [&str; 24] = [
    "alternate",
    "author",
    "canonical",
    "current",
    "edit",
    "edit-media",
    "enclosure",
    "first",
    "hub",
    "icon",
    "last",
    "license",
    "next",
    "next-archive",
    "payment",
    "prev-archive",
    "previous",
    "related",
    "replies",
    "search",
    "self",
    "service",
    "up",
    "via",
];

/// Relations between the documents of one feed. (RFC 5005)
const PAGES: [&str; 7] = [
    "current",
    "first",
    "last",
    "next",
    "next-archive",
    "prev-archive",
    "previous",
];

/// A link of Atom's.
#[derive(Debug)]
pub(super) struct Link<'a> {
    pub(super) relation: &'a str,
    pub(super) href: &'a str,
    media_type: &'a str,
    language: &'a str,
}

impl Bench<'_> {
    /// A link of Atom's, in Atom or in RSS. (RFC 4287 section 4.2.7)
    pub(super) fn atom_link<'a>(&mut self, node: Node<'a, '_>) -> Option<Link<'a>> {
        self.attributes(
            node,
            &["href", "rel", "type", "hreflang", "title", "length"],
        );
        let is_empty = !node.has_children();
        self.must(is_empty, Rule::LinkNotEmpty, || {
            "a `link` has something in it: expected attributes alone".to_owned()
        });
        let href = self.due(node, "href")?;
        let relation = node.attribute("rel").unwrap_or("alternate");
        let is_known = RELATIONS.contains(&relation) || relation.contains("://");
        self.must(is_known, Rule::LinkRelation, || {
            format!("the relation `{relation}` of a link is not registered: expected one that is")
        });
        self.link_form(&format!("the `{relation}` link"), href);
        if let Some(media_type) = node.attribute("type") {
            self.media_type(&format!("the type of the `{relation}` link"), media_type);
        }
        if let Some(language) = node.attribute("hreflang") {
            self.language(&format!("the language of the `{relation}` link"), language);
        }
        if let Some(length) = node.attribute("length") {
            self.number(&format!("the length of the `{relation}` link"), length, 0);
        }
        if let Some(title) = node.attribute("title") {
            self.not_blank(&format!("the title of the `{relation}` link"), title);
        }
        if relation == "self" && self.is(Format::Atom) && !self.is_in_entry() {
            let media_type = node.attribute("type").unwrap_or("application/atom+xml");
            let is_atom = media_type.starts_with("application/atom+xml");
            self.must(is_atom, Rule::SelfNotAtom, || {
                format!("the feed's own address is of the type {media_type}: expected application/atom+xml")
            });
        }
        Some(Link {
            relation,
            href,
            media_type: node.attribute("type").unwrap_or_default(),
            language: node.attribute("hreflang").unwrap_or_default(),
        })
    }

    /// The links of an entry, together.
    pub(super) fn entry_links(&mut self, links: &[Link<'_>]) {
        self.alternates(links);
        for link in links {
            let is_page = PAGES.contains(&link.relation);
            self.must(!is_page, Rule::HistoryInEntry, || {
                format!(
                    "an entry has a `{}` link: expected such links of the feed alone",
                    link.relation
                )
            });
            let is_feed = link.relation != "self" && link.href == self.document.address;
            self.must(!is_feed, Rule::SameDocument, || {
                format!(
                    "the `{}` link of an entry leads to the feed itself: expected another page",
                    link.relation
                )
            });
        }
    }

    /// At most one alternate of each type and language.
    fn alternates(&mut self, links: &[Link<'_>]) {
        let mut seen = HashSet::new();
        for link in links.iter().filter(|link| link.relation == "alternate") {
            let is_new = seen.insert((link.media_type, link.language));
            self.must(is_new, Rule::RepeatedAlternate, || {
                format!(
                    "there are two `alternate` links of the type `{}` and the language `{}`: expected one",
                    link.media_type, link.language
                )
            });
        }
    }

    /// The links of a feed, together; `is_archive` and `is_complete` as RFC 5005 marks it.
    pub(super) fn feed_links(&mut self, links: &[Link<'_>], is_archive: bool, is_complete: bool) {
        self.alternates(links);
        let find = |relation: &str| {
            let found = links.iter().find(|link| link.relation == relation);
            found.map(|link| link.href)
        };
        let own = find("self");
        self.own_address(own);
        for (end, beyond) in [("first", "previous"), ("last", "next")] {
            let is_past = own.is_some() && find(end) == own && find(beyond).is_some();
            self.must(!is_past, Rule::LinkPastEnd, || {
                format!("the feed is its own `{end}` page and has a `{beyond}` one: expected none")
            });
        }
        if is_complete {
            let page = links
                .iter()
                .find(|link| PAGES.contains(&link.relation) && link.relation != "current");
            self.must(page.is_none(), Rule::PagesInCompleteFeed, || {
                format!(
                    "a complete feed has a `{}` link: expected no pages",
                    page.map_or("", |page| page.relation)
                )
            });
            let is_current = find("current").is_none_or(|current| Some(current) == own);
            self.must(is_current, Rule::CurrentNotSelf, || {
                "a complete feed has another one as its `current`: expected itself".to_owned()
            });
        }
        if is_archive {
            self.must(find("current").is_some(), Rule::MissingCurrent, || {
                "an archive does not say which feed is `current`: expected such a link".to_owned()
            });
        }
    }
}
