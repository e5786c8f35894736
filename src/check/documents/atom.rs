//! Atom 1.0. (RFC 4287)

use std::collections::HashSet;

use roxmltree::Node;

use super::Rule;
use super::shared::Bench;
use super::xml::{ATOM, Elements, child, children, is, text_of};
use crate::entry::form;

/// RFC 5005.
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// Section 4.1.1.
const FEED: Elements = &[
    ("author", false, &[]),
    ("category", false, &["term", "scheme", "label"]),
    ("contributor", false, &[]),
    ("entry", false, &[]),
    ("generator", true, &["uri", "version"]),
    ("icon", true, &[]),
    ("id", true, &[]),
    ("link", false, LINK),
    ("logo", true, &[]),
    ("rights", true, &["type"]),
    ("subtitle", true, &["type"]),
    ("title", true, &["type"]),
    ("updated", true, &[]),
];

/// Section 4.1.2.
const ENTRY: Elements = &[
    ("author", false, &[]),
    ("category", false, &["term", "scheme", "label"]),
    ("content", true, &["type", "src"]),
    ("contributor", false, &[]),
    ("id", true, &[]),
    ("link", false, LINK),
    ("published", true, &[]),
    ("rights", true, &["type"]),
    ("source", true, &[]),
    ("summary", true, &["type"]),
    ("title", true, &["type"]),
    ("updated", true, &[]),
];

/// Section 3.2.
const PERSON: Elements = &[
    ("email", true, &[]),
    ("name", true, &[]),
    ("uri", true, &[]),
];

const LINK: &[&str] = &["href", "rel", "type", "hreflang", "title", "length"];

/// Judges the feed.
pub(super) fn judge(bench: &mut Bench<'_>, feed: Node<'_, '_>) {
    bench.vocabulary(feed, Some(ATOM), FEED);
    bench.attributes(feed, &[]);
    for name in ["id", "title", "updated"] {
        bench.must_have(feed, Some(ATOM), name);
    }
    let is_entry = |node: &Node<'_, '_>| is(*node, Some(ATOM), "entry");
    let entries: Vec<Node<'_, '_>> = children(feed).filter(is_entry).collect();
    if let Some(first) = entries.first() {
        let mut after = first.next_siblings().filter(Node::is_element);
        let late = after.find(|node| !is_entry(node));
        bench.must(late.is_none(), Rule::HeadAfterEntries, || {
            format!(
                "`{}` comes after an entry: expected what the feed says of itself first",
                late.map_or("", |late| late.tag_name().name())
            )
        });
    }
    let mut links = Vec::new();
    for node in children(feed).filter(|node| !is_entry(node)) {
        bench.letters(node);
        part(bench, node);
        if is(node, Some(ATOM), "link") {
            links.extend(bench.atom_link(node));
        } else if is(node, Some(ATOM), "id") {
            bench.id_form(node.text().unwrap_or_default());
        }
    }
    let marks = |name: &str| child(feed, Some(HISTORY), name).is_some();
    bench.feed_links(&links, marks("archive"), marks("complete"));
    bench.extensions(feed);
    let has_author = child(feed, Some(ATOM), "author").is_some();
    let mut moments = HashSet::new();
    for entry in entries {
        let id = child(entry, Some(ATOM), "id").map(text_of);
        bench.turn_to(Some(id.as_deref().unwrap_or_default()));
        judge_entry(bench, entry, has_author);
        let updated = child(entry, Some(ATOM), "updated").map(text_of);
        if let Some(updated) = updated {
            bench.must(moments.insert(updated.clone()), Rule::RepeatedUpdated, || {
                format!("another entry was updated at {updated} as well: expected a second of its own, so that readers show both in one order")
            });
        }
    }
    bench.turn_to(None);
}

fn judge_entry(bench: &mut Bench<'_>, entry: Node<'_, '_>, feed_has_author: bool) {
    bench.vocabulary(entry, Some(ATOM), ENTRY);
    for name in ["id", "title", "updated"] {
        bench.must_have(entry, Some(ATOM), name);
    }
    bench.letters(entry);
    let has_author = feed_has_author || child(entry, Some(ATOM), "author").is_some();
    bench.must(has_author, Rule::MissingElement, || {
        "neither the entry nor the feed has an `author`: expected one".to_owned()
    });
    let mut links = Vec::new();
    for node in children(entry) {
        part(bench, node);
        if is(node, Some(ATOM), "link") {
            links.extend(bench.atom_link(node));
        } else if is(node, Some(ATOM), "id") {
            let id = node.text().unwrap_or_default();
            bench.entry_id(id);
            bench.id_form(id);
        }
    }
    bench.entry_links(&links);
    let alternate = links.iter().position(|link| link.relation == "alternate");
    bench.must(
        alternate.is_none_or(|at| at == 0),
        Rule::AlternateNotFirst,
        || "another link comes before the `alternate` one: expected that one first".to_owned(),
    );
    let content = child(entry, Some(ATOM), "content");
    let has_summary = child(entry, Some(ATOM), "summary").is_some();
    bench.must(
        content.is_some() || alternate.is_some(),
        Rule::NothingToRead,
        || {
            "the entry has neither `content` nor an `alternate` link: expected one of them"
                .to_owned()
        },
    );
    bench.must(content.is_some() || has_summary, Rule::MissingText, || {
        "the entry has neither `content` nor a `summary`: expected one of them".to_owned()
    });
    if let Some(content) = content {
        judge_content(bench, content, has_summary);
    }
    bench.extensions(entry);
}

/// What an element is by itself.
fn part(bench: &mut Bench<'_>, node: Node<'_, '_>) {
    if node.tag_name().namespace() != Some(ATOM) {
        return;
    }
    if let Some(language) = node.attribute((XML, "lang")) {
        bench.language("the language of a text", language);
    }
    let name = node.tag_name().name();
    let text = text_of(node);
    let what = format!("`{name}`");
    match name {
        "title" | "subtitle" | "summary" | "rights" => text_construct(bench, node),
        "updated" | "published" => {
            bench.rfc3339(&what, &text);
        }
        "author" | "contributor" => person(bench, node),
        "icon" | "logo" => bench.link_form(&what, &text),
        "category" => {
            if let Some(term) = bench.due(node, "term") {
                bench.not_blank("the term of a `category`", term);
            }
            if let Some(label) = node.attribute("label") {
                bench.not_blank("the label of a `category`", label);
                bench.no_markup("the label of a `category`", label);
            }
            if let Some(scheme) = node.attribute("scheme") {
                bench.link_form("the scheme of a `category`", scheme);
            }
        }
        "generator" => {
            bench.not_blank(&what, &text);
            if let Some(uri) = node.attribute("uri") {
                bench.link_form("the address of the `generator`", uri);
            }
        }
        _ => {}
    }
}

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Section 3.2.
fn person(bench: &mut Bench<'_>, node: Node<'_, '_>) {
    bench.vocabulary(node, Some(ATOM), PERSON);
    bench.must_have(node, Some(ATOM), "name");
    for part in children(node) {
        let text = text_of(part);
        match part.tag_name().name() {
            "name" => bench.name("the name of an author", &text),
            "email" => bench.mail("the address of an author", &text),
            "uri" => bench.link_form("the page of an author", &text),
            _ => {}
        }
    }
}

/// Section 3.1.
fn text_construct(bench: &mut Bench<'_>, node: Node<'_, '_>) {
    let name = node.tag_name().name();
    let what = format!("`{name}`");
    let text = text_of(node);
    let has_elements = children(node).next().is_some();
    match node.attribute("type").unwrap_or("text") {
        "text" => {
            bench.must(!has_elements, Rule::NotEscaped, || {
                format!("{what} has elements in it: expected text")
            });
            bench.no_markup(&what, &text);
        }
        "html" => {
            bench.must(!has_elements, Rule::NotEscaped, || {
                format!("{what} has elements in it: expected HTML with `&lt;` for each `<`")
            });
            bench.html(&what, &text);
        }
        "xhtml" => div(bench, &what, node),
        other => bench.find(
            Rule::TextType,
            format!("{what} is of the type `{other}`: expected text, html or xhtml"),
        ),
    }
    bench.not_blank(&what, &text);
}

/// Section 3.1.1.3.
fn div(bench: &mut Bench<'_>, what: &str, node: Node<'_, '_>) {
    let only: Vec<_> = children(node).collect();
    let is_div = only.len() == 1 && is(only[0], Some(XHTML), "div");
    bench.must(is_div, Rule::MissingDiv, || {
        format!("{what} is XHTML without a `div` around it: expected one")
    });
}

/// Section 4.1.3.
fn judge_content(bench: &mut Bench<'_>, content: Node<'_, '_>, has_summary: bool) {
    let media_type = content.attribute("type");
    let source = content.attribute("src");
    if let Some(source) = source {
        bench.link_form("the source of the `content`", source);
        bench.must(media_type.is_some(), Rule::MissingType, || {
            "the `content` is elsewhere and does not say its type: expected one".to_owned()
        });
        bench.must(text_of(content).trim().is_empty(), Rule::NotEscaped, || {
            "the `content` is elsewhere and here: expected nothing in it".to_owned()
        });
    }
    match media_type.unwrap_or("text") {
        "text" | "html" | "xhtml" if source.is_none() => text_construct(bench, content),
        "text" | "html" | "xhtml" => bench.find(
            Rule::TextType,
            "the `content` is elsewhere: expected a media type",
        ),
        other => {
            bench.must(form::is_media_type(other), Rule::MediaTypeForm, || {
                format!("the type of the `content` is `{other}`: expected a media type")
            });
            bench.must(other != "text/html", Rule::NotHtml, || {
                "the `content` is of the type text/html, a whole page: expected html".to_owned()
            });
        }
    }
    let is_text = media_type
        .is_none_or(|it| !it.contains('/') || it.starts_with("text/") || it.ends_with("xml"));
    bench.must(
        has_summary || source.is_none() && is_text,
        Rule::MissingSummary,
        || {
            "the `content` is elsewhere or no text, and there is no `summary`: expected one"
                .to_owned()
        },
    );
    if let Some(language) = content.attribute((XML, "lang")) {
        bench.language("the language of the `content`", language);
    }
}
