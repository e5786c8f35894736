//! The one shape in which all entries are worked on: a small tree of elements that may be shown.
//!
//! Markdown, plain text and HTML all become HTML first, and HTML becomes this tree; titles,
//! summaries, "Read:" lines and references are then found once, for all of them. Only names of
//! [`super::shown`] can stand in it, tags are balanced, and its depth is capped, so that walking it
//! can't exhaust a stack.

use super::head::Head;
use super::lexer::{Lexer, Token};
use super::shown::{ATTRIBUTES, MORE, UNSHOWN, VOIDS, is_block, shown};
use crate::entry::Text;

/// Elements deeper than this are left out and their content is kept.
const MAX_DEPTH: usize = 96;

/// The most elements of one text; of later ones only the content is kept. (The parser that the
/// sanitiser uses keeps far more of an element than its few bytes.)
const MAX_ELEMENTS: usize = 50_000;

/// A part of an entry's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Element(Element),
    Text(String),
    /// The words of the "Read:" line of this number.
    Related(usize),
}

/// An element and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) children: Vec<Node>,
}

/// What an attribute says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// The address of the reference of this number.
    Reference(usize),
    /// What a `srcset` will choose from.
    Candidates(String),
}

impl Element {
    pub(super) fn new(name: &'static str, children: Vec<Node>) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            children,
        }
    }

    pub(super) fn is_block(&self) -> bool {
        is_block(self.name) || self.name == "hr"
    }

    /// `Some(1)` for `h1`, and so on.
    pub(super) fn heading_level(&self) -> Option<u8> {
        match self.name.as_bytes() {
            [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
            _ => None,
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes
            .iter()
            .find_map(|(other, value)| (*other == name).then_some(value))
    }

    pub(super) fn text_attribute(&self, name: &str) -> Option<&str> {
        match self.attribute(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_void(&self) -> bool {
        VOIDS.contains(&self.name)
    }

    pub(super) fn is_more(&self) -> bool {
        self.name == "wbr" && self.text_attribute("class") == Some(MORE)
    }
}

/// What becomes of character references while HTML is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entities {
    /// They stay as written: the source goes on to a parser that knows all their names.
    Kept,
    /// The few that our own parts write are decoded; control characters are dropped.
    Decoded,
}

/// Reads `html` into a tree. Never fails, and takes time in proportion to the length.
pub(super) fn read(html: &str, entities: Entities) -> (Vec<Node>, Head) {
    let mut reader = Reader {
        entities,
        open: Vec::new(),
        root: Vec::new(),
        elements: 0,
        left_out: Vec::new(),
        unshown: None,
        head: Head::default(),
    };
    for token in Lexer::new(html) {
        reader.take(token);
    }
    reader.close_to(0);
    (reader.root, reader.head)
}

struct Reader {
    entities: Entities,
    open: Vec<Element>,
    root: Vec<Node>,
    elements: usize,
    /// Elements beyond the depth that is kept, whose end tags are still to come.
    left_out: Vec<&'static str>,
    /// The element that is left out with its content, and how often it is open.
    unshown: Option<(String, usize)>,
    head: Head,
}

impl Reader {
    fn take(&mut self, token: Token<'_>) {
        if let Some((name, count)) = &mut self.unshown {
            match token {
                Token::Start { name: other, .. } if other == *name => *count += 1,
                Token::End(other) if other == *name => {
                    *count -= 1;
                    if *count == 0 {
                        self.unshown = None;
                    }
                }
                _ => {}
            }
            return;
        }
        match token {
            Token::Text(text) => {
                let text = self.decode(text);
                self.text(&text);
            }
            Token::Start { name, attributes } => self.start(name, &attributes),
            Token::End(name) => self.end(&name),
            Token::Comment(content) if content.trim() == "more" => {
                let class = Value::Text(MORE.to_owned());
                self.push(Node::Element(Element {
                    attributes: vec![("class", class)],
                    ..Element::new("wbr", Vec::new())
                }));
            }
            Token::Raw { name, content } if name == "title" => {
                self.head.title.get_or_insert_with(|| content.to_owned());
            }
            Token::Raw { .. } | Token::Comment(_) => {}
        }
    }

    fn decode(&self, raw: &str) -> String {
        match self.entities {
            Entities::Kept => raw.to_owned(),
            Entities::Decoded => decode(raw),
        }
    }

    fn text(&mut self, text: &str) {
        let siblings = match self.open.last_mut() {
            Some(element) => &mut element.children,
            None => &mut self.root,
        };
        if let Some(Node::Text(before)) = siblings.last_mut() {
            before.push_str(text);
        } else if !text.is_empty() {
            siblings.push(Node::Text(text.to_owned()));
        }
    }

    fn push(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(element) => element.children.push(node),
            None => self.root.push(node),
        }
    }

    fn start(&mut self, name: String, attributes: &[(String, &str)]) {
        if name == "html" {
            let language = attributes.iter().find(|(name, _)| name == "lang");
            self.head.language = language.map(|(_, value)| (*value).to_owned());
            return;
        }
        if name == "meta" {
            self.head.take_meta(attributes);
            return;
        }
        if UNSHOWN.contains(&name.as_str()) {
            if name != "embed" {
                self.unshown = Some((name, 1));
            }
            return;
        }
        let Some(name) = shown(&name) else { return };
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return;
        }
        self.close_implied(name);
        let element = Element {
            attributes: self.attributes(name, attributes),
            ..Element::new(name, Vec::new())
        };
        if VOIDS.contains(&name) {
            if name != "input" || element.text_attribute("type") == Some("checkbox") {
                self.push(Node::Element(element));
            }
        } else if self.open.len() >= MAX_DEPTH {
            self.left_out.push(name);
        } else {
            self.open.push(element);
        }
    }

    fn attributes(&self, element: &str, raw: &[(String, &str)]) -> Vec<(&'static str, Value)> {
        let mut kept = Vec::new();
        for (name, value) in raw {
            let Some(name) = ATTRIBUTES.into_iter().find(|shown| shown == name) else {
                continue;
            };
            let value = self.decode(value);
            // Other classes mean something in the style of another site only.
            let known = name != "class"
                || value == MORE
                || value.starts_with("language-")
                || value.starts_with("footnote");
            // A box that can be ticked is a form.
            if known && !(element == "input" && name == "disabled") {
                kept.push((name, Value::Text(value)));
            }
        }
        if element == "input" {
            kept.push(("disabled", Value::Text(String::new())));
        }
        kept
    }

    fn end(&mut self, name: &str) {
        if self.left_out.last().is_some_and(|last| *last == name) {
            self.left_out.pop();
            return;
        }
        let borders: &[&str] = if is_block(name) && name.starts_with('t') {
            &["table"]
        } else {
            &["td", "th", "caption", "table"]
        };
        if let Some(at) = self.nearest(&[name], borders) {
            self.close_to(at);
        }
    }

    /// The innermost open element of these `names`, not looking out of one of these `borders`.
    fn nearest(&self, names: &[&str], borders: &[&str]) -> Option<usize> {
        for (at, element) in self.open.iter().enumerate().rev() {
            if names.contains(&element.name) {
                return Some(at);
            }
            if borders.contains(&element.name) {
                return None;
            }
        }
        None
    }

    /// Closes what a new element of this `name` ends without an end tag. (HTML Standard 13.1.2.4)
    fn close_implied(&mut self, name: &str) {
        let ended = match name {
            "li" => self.nearest(&["li"], &["ul", "ol", "table", "blockquote"]),
            "dt" | "dd" => self.nearest(&["dt", "dd"], &["dl", "table", "blockquote"]),
            "tr" => self.nearest(&["tr", "caption", "colgroup"], &["table"]),
            "td" | "th" => self.nearest(&["td", "th"], &["tr", "table"]),
            "thead" | "tbody" | "tfoot" => self.nearest(
                &["thead", "tbody", "tfoot", "caption", "colgroup"],
                &["table"],
            ),
            "a" => self.nearest(&["a"], &["td", "th", "caption", "table"]),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.nearest(
                &["h1", "h2", "h3", "h4", "h5", "h6"],
                &["td", "th", "li", "div"],
            ),
            _ => None,
        };
        if let Some(at) = ended {
            self.close_to(at);
        }
        if (is_block(name) || name == "hr")
            && let Some(at) = self.nearest(&["p"], &["td", "th", "caption", "table", "li"])
        {
            self.close_to(at);
        }
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            if let Some(element) = self.open.pop() {
                self.push(Node::Element(element));
            }
        }
        self.left_out.clear();
    }
}

/// The character references that comrak, ammonia and [`super::write`] make, and numbers.
fn decode(raw: &str) -> String {
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let reference = after
            .split_once(';')
            .filter(|(name, _)| name.len() <= 8)
            .and_then(|(name, after)| Some((character(name)?, after)));
        rest = if let Some((c, after)) = reference {
            decoded.push(c);
            after
        } else {
            decoded.push('&');
            after
        };
    }
    decoded.push_str(rest);
    Text::clean(&decoded)
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}
