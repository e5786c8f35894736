//! HTML in feeds: what a reader that cleans little would do with it.
//!
//! It is read by its letters, not by the HTML Standard's rules for what people get wrong: documents of
//! ours are written by one writer, and whatever this can't read is a fault by itself.

use super::Rule;
use super::shared::Bench;

/// Elements that do something, or that belong to a page and not into one. (`SecurityRisk`)
const ACTIVE: [&str; 14] = [
    "applet", "base", "embed", "form", "frame", "frameset", "iframe", "link", "meta", "object",
    "script", "style", "title", "noscript",
];

/// Elements without an end. (HTML Standard 13.1.2)
const VOID: [&str; 12] = [
    "area", "br", "col", "hr", "img", "input", "source", "track", "wbr", "embed", "base", "link",
];

/// The elements that may stand in an article. (HTML Standard 4)
const KNOWN: &str = "a abbr acronym address area article aside audio b bdi bdo big blockquote br caption \
    center cite code col colgroup data dd del details dfn dir div dl dt em figcaption figure font footer \
    h1 h2 h3 h4 h5 h6 header hgroup hr i img input ins kbd label li main map mark menu meter nav ol p \
    picture pre progress q rb rp rt rtc ruby s samp section small source span strike strong sub summary \
    sup table tbody td tfoot th thead time tr track tt u ul var video wbr";

/// Attributes that hold one address.
const ADDRESSES: [&str; 6] = ["href", "src", "poster", "cite", "longdesc", "background"];

/// Properties that can't hide, move or load anything. (`DangerousStyleAttr`)
const STYLES: [&str; 22] = [
    "background-color",
    "border",
    "border-collapse",
    "color",
    "direction",
    "display",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "margin",
    "padding",
    "text-align",
    "text-decoration",
    "vertical-align",
    "white-space",
    "width",
];

/// A piece of HTML.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Open(&'a str, Vec<(&'a str, String)>),
    Close(&'a str),
    Broken(&'a str),
}

impl Bench<'_> {
    /// HTML as `what` has it.
    pub(super) fn html(&mut self, what: &str, html: &str) {
        let mut open: Vec<&str> = Vec::new();
        for piece in pieces(html) {
            match piece {
                Piece::Open(name, attributes) => {
                    self.element(what, name);
                    for (attribute, value) in &attributes {
                        self.attribute(what, name, attribute, value);
                    }
                    if !VOID.contains(&name) {
                        open.push(name);
                    }
                }
                Piece::Close(name) => {
                    let is_last = open.pop() == Some(name);
                    if !is_last {
                        self.find(
                            Rule::NotHtml,
                            format!("{what} has `</{name}>` where no such element is open: expected balanced HTML"),
                        );
                        return;
                    }
                }
                Piece::Broken(at) => {
                    let start: String = at.chars().take(20).collect();
                    self.find(
                        Rule::NotHtml,
                        format!("{what} has `{start}`, which is no tag: expected `&lt;` for a `<`"),
                    );
                    return;
                }
            }
        }
        if let Some(name) = open.pop() {
            self.find(
                Rule::NotHtml,
                format!("{what} leaves `<{name}>` open: expected balanced HTML"),
            );
        }
    }

    fn element(&mut self, what: &str, name: &str) {
        if ACTIVE.contains(&name) {
            self.find(
                Rule::ActiveElement,
                format!("{what} has `<{name}>` in it, which readers drop or forbid: expected none"),
            );
        } else {
            let is_known = KNOWN.split_ascii_whitespace().any(|known| known == name);
            self.must(is_known, Rule::NotHtml, || {
                format!("{what} has `<{name}>` in it, which is not HTML: expected elements of HTML")
            });
        }
    }

    fn attribute(&mut self, what: &str, element: &str, name: &str, value: &str) {
        if name.starts_with("on") {
            self.find(
                Rule::ActiveAttribute,
                format!("{what} has `{name}` on `<{element}>`: expected no scripts"),
            );
        }
        if name == "style" {
            self.style(what, element, value);
        }
        if ADDRESSES.contains(&name) {
            self.reference(what, element, name, value);
        }
        if name == "srcset" {
            for candidate in value.split(", ") {
                let address = candidate.split_whitespace().next().unwrap_or_default();
                self.reference(what, element, name, address);
            }
        }
    }

    fn reference(&mut self, what: &str, element: &str, name: &str, value: &str) {
        let scheme = value.split_once(':').map(|(scheme, _)| scheme.trim());
        let scheme = scheme.unwrap_or_default().to_ascii_lowercase();
        if ["javascript", "vbscript", "data"].contains(&&*scheme) {
            self.find(
                Rule::ActiveAttribute,
                format!("{what} has an address that begins with `{scheme}:` on `<{element}>`: expected a page"),
            );
        } else {
            self.must(
                url::Url::parse(value).is_ok(),
                Rule::RelativeReference,
                || {
                    format!(
                        "{what} has {name}=\"{value}\" on `<{element}>`: expected an absolute URL"
                    )
                },
            );
        }
    }

    fn style(&mut self, what: &str, element: &str, value: &str) {
        for declaration in value.split(';').filter(|it| !it.trim().is_empty()) {
            let (property, said) = declaration.split_once(':').unwrap_or((declaration, ""));
            let property = property.trim().to_ascii_lowercase();
            let is_tame = STYLES.contains(&&*property) && !said.contains(['(', '\\', '@']);
            self.must(is_tame, Rule::Style, || {
                format!(
                    "{what} has the style `{}` on `<{element}>`: expected none",
                    declaration.trim()
                )
            });
        }
    }
}

/// The first thing in `text`, which is to be plain, that looks like HTML: a tag or an entity.
pub(super) fn markup(text: &str) -> Option<&str> {
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        match c {
            '<' => {
                let inside = rest[1..].trim_start_matches('/');
                let end = inside
                    .find(|c: char| !c.is_ascii_alphanumeric())
                    .unwrap_or(inside.len());
                let name = inside[..end].to_ascii_lowercase();
                let is_known = KNOWN.split_ascii_whitespace().any(|known| known == name)
                    || ACTIVE.contains(&&*name);
                if let Some(close) = rest.find('>').filter(|_| is_known) {
                    return Some(&rest[..=close]);
                }
            }
            '&' => {
                let end = rest.find(';').filter(|end| (3..=10).contains(end));
                let name = end.map(|end| &rest[1..end]);
                let is_entity = name.is_some_and(|name| {
                    let digits = name.trim_start_matches(['#', 'x']);
                    let is_number = name.starts_with('#') && !digits.is_empty();
                    is_number && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
                        || name.bytes().all(|letter| letter.is_ascii_alphabetic())
                });
                if let Some(end) = end.filter(|_| is_entity) {
                    return Some(&rest[..=end]);
                }
            }
            _ => {}
        }
    }
    None
}

/// The tags of `html`, in order; comments go.
fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let (piece, after) = tag(rest).unwrap_or((Piece::Broken(rest), &rest[1..]));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// The tag at the beginning of `html`, and what follows it.
fn tag(html: &str) -> Option<(Piece<'_>, &str)> {
    let inside = &html[1..];
    let (inside, is_close) = match inside.strip_prefix('/') {
        Some(inside) => (inside, true),
        None => (inside, false),
    };
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '-')?;
    let (name, mut rest) = inside.split_at(end);
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_ascii_start();
        if let Some(after) = rest.strip_prefix('>').or_else(|| rest.strip_prefix("/>")) {
            let piece = if is_close {
                Piece::Close(name)
            } else {
                Piece::Open(name, attributes)
            };
            return Some((piece, after));
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || "\"'<>/=".contains(c))?;
        let (attribute, after) = rest.split_at(end);
        if attribute.is_empty() {
            return None;
        }
        let Some(quoted) = after.strip_prefix('=') else {
            attributes.push((attribute, String::new()));
            rest = after;
            continue;
        };
        let quote = quoted
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = quoted[1..].split_once(quote)?;
        attributes.push((attribute, decoded(value)));
        rest = after;
    }
}

/// An attribute's value without the references that a writer of HTML needs.
fn decoded(value: &str) -> String {
    let plain = value.replace("&lt;", "<").replace("&gt;", ">");
    plain
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}
