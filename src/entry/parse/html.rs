//! HTML that people wrote or other tools made → the tree, with nothing active left in it.
//!
//! The source is first rewritten from our own reading of it: balanced, flat enough (the sanitiser's
//! parser takes time with the square of the depth) and without what can't be shown. The sanitiser
//! then sees only plain tags and quoted attributes, and judges them again on its own.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::head::Head;
use super::shown;
use super::tree::{self, Entities, Node};
use super::write;

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let tags: HashSet<&str> = shown::shown_elements().collect();
    let mut removed: HashSet<&str> = shown::unshown_elements()
        .filter(|name| !tags.contains(name))
        .collect();
    removed.extend(["script", "style", "title", "iframe", "textarea"]);
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(tags)
        .clean_content_tags(removed)
        .generic_attributes(shown::shown_attributes().collect())
        .link_rel(None)
        .url_schemes(crate::entry::Address::SCHEMES.into_iter().collect())
        .url_relative(ammonia::UrlRelative::PassThrough);
    builder
});

/// The tree of `source`, sanitised, and what the document's head says.
pub(super) fn read(source: &str) -> (Vec<Node>, Head) {
    let (nodes, head) = tree::read(&tamed(source), Entities::Kept);
    let clean = sanitise(&nodes);
    let title = head.title.map(|raw| plain(&raw));
    let language = head.language.map(|raw| plain(&raw));
    let meta = head.meta.into_iter();
    let meta = meta.map(|(name, raw)| (name, plain(&raw))).collect();
    let (nodes, _) = tree::read(&clean, Entities::Decoded);
    let head = Head {
        title,
        language,
        meta,
    };
    (nodes, head)
}

fn sanitise(nodes: &[Node]) -> String {
    let source = write::html(nodes, Entities::Kept);
    restored(&SANITISER.clean(&source).to_string())
}

/// Stands for `&` while the sanitiser works.
const AND: char = '\u{3}';

/// Stands, with the character that follows it, for one of U+00A0 to U+00BF.
const LATIN: char = '\u{4}';

/// The most different names of characters in one text.
const MAX_NAMES: usize = 256;

/// The longest name of a character in HTML, in bytes.
const MAX_NAME: usize = 31;

/// `source` with its character references resolved, and stand-ins where writing would be slow.
///
/// The sanitiser's writer looks through the whole rest of a text for each `&` and each character
/// from U+0080 to U+00BF: a page of `&` took two minutes. Control characters can stand in for
/// them: what of these is in the source, as a decoded `&#3;` may be, is dropped.
fn tamed(source: &str) -> String {
    let mut names: HashMap<&str, Option<String>> = HashMap::new();
    let mut tame = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if c != '&' {
            push_tame(&mut tame, c);
            rest = after;
        } else if let Some((c, after)) = number(after) {
            push_number(&mut tame, c);
            rest = after;
        } else if let Some((characters, after)) = name(after).and_then(|name| {
            let room = names.len() < MAX_NAMES || names.contains_key(name);
            let characters = room.then(|| names.entry(name).or_insert_with(|| named(name)));
            Some((characters?.clone()?, &after[name.len() + 1..]))
        }) {
            characters.chars().for_each(|c| push_number(&mut tame, c));
            rest = after;
        } else {
            tame.push(AND);
            rest = after;
        }
    }
    tame
}

fn push_tame(tame: &mut String, c: char) {
    match c {
        '&' => tame.push(AND),
        AND | LATIN => {}
        '\u{A0}'..='\u{BF}' => {
            tame.push(LATIN);
            tame.extend(char::from_u32(u32::from(c) - 0xA0 + 0x40));
        }
        c => tame.push(c),
    }
}

/// A character that is text, whatever it means in HTML.
fn push_number(tame: &mut String, c: char) {
    match c {
        '<' => tame.push_str("&#60;"),
        '>' => tame.push_str("&#62;"),
        '"' => tame.push_str("&#34;"),
        '\'' => tame.push_str("&#39;"),
        // In an attribute without quotes, white space would end the value.
        ' ' => tame.push_str("&#32;"),
        c if c.is_control() && !c.is_whitespace() => {}
        c if c.is_ascii_whitespace() => tame.push_str("&#10;"),
        c => push_tame(tame, c),
    }
}

/// What [`tamed`] put in, as HTML again.
fn restored(clean: &str) -> String {
    let mut restored = String::with_capacity(clean.len());
    let mut chars = clean.chars();
    while let Some(c) = chars.next() {
        match c {
            AND => restored.push_str("&amp;"),
            LATIN => {
                let code = chars.next().map(|c| u32::from(c).wrapping_sub(0x40));
                let code = code.filter(|code| *code < 0x20);
                restored.extend(code.and_then(|code| char::from_u32(code + 0xA0)));
            }
            c => restored.push(c),
        }
    }
    restored
}

/// The character of a reference such as `#65;`, and what follows.
fn number(after: &str) -> Option<(char, &str)> {
    let number = after.strip_prefix('#')?;
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    let end = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    let code = u32::from_str_radix(digits[..end].get(..end.min(8))?, radix).ok()?;
    let rest = &digits[end..];
    let c = char::from_u32(code).unwrap_or('\u{FFFD}');
    Some((c, rest.strip_prefix(';').unwrap_or(rest)))
}

fn name(after: &str) -> Option<&str> {
    let end = after
        .bytes()
        .take(MAX_NAME + 1)
        .position(|byte| !byte.is_ascii_alphanumeric())?;
    (end > 0 && after.as_bytes()[end] == b';').then(|| &after[..end])
}

/// The characters of this name, if it is one.
fn named(name: &str) -> Option<String> {
    let written = format!("&{name};");
    let (nodes, _) = tree::read(&SANITISER.clean(&written).to_string(), Entities::Decoded);
    match nodes.into_iter().next() {
        Some(Node::Text(text)) if text != written => Some(text),
        _ => None,
    }
}

/// Text with character references, as text.
fn plain(raw: &str) -> String {
    let (nodes, _) = tree::read(&sanitise(&[Node::Text(raw.to_owned())]), Entities::Decoded);
    write::line(&nodes, &[])
}
