//! The tree as HTML, and as plain text.

use super::tree::{Element, Entities, Node, Value};
use crate::entry::{Hole, Reference};

/// The nodes as HTML; with [`Entities::Kept`], as source for another parser.
pub(super) fn html(nodes: &[Node], entities: Entities) -> String {
    let mut html = String::new();
    write_all(&mut html, nodes, entities);
    html
}

fn write_all(html: &mut String, nodes: &[Node], entities: Entities) {
    for node in nodes {
        match node {
            Node::Text(text) => escape(html, text, entities),
            Node::Related(number) => html.push_str(&Hole::Related(*number).mark()),
            Node::Element(element) => write(html, element, entities),
        }
    }
}

fn write(html: &mut String, element: &Element, entities: Entities) {
    html.push('<');
    html.push_str(element.name);
    for (name, value) in &element.attributes {
        match value {
            Value::Reference(number) => html.push_str(&Hole::Attribute(name, *number).mark()),
            Value::Candidates(candidates) => html.push_str(&Hole::Srcset(candidates).mark()),
            Value::Text(text) => {
                html.push(' ');
                html.push_str(name);
                html.push_str("=\"");
                escape(html, text, entities);
                html.push('"');
            }
        }
    }
    html.push('>');
    if element.is_void() {
        return;
    }
    write_all(html, &element.children, entities);
    html.push_str("</");
    html.push_str(element.name);
    html.push('>');
}

/// Writes `text` so that it is text, in an element or in a quoted attribute.
pub(super) fn escape(html: &mut String, text: &str, entities: Entities) {
    let mut rest = text;
    while let Some(at) = rest
        .bytes()
        .position(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"'))
    {
        html.push_str(&rest[..at]);
        html.push_str(match rest.as_bytes()[at] {
            b'&' if entities == Entities::Kept => "&",
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &rest[at + 1..];
    }
    html.push_str(rest);
}

/// The words of `nodes` on one line, blocks and line breaks apart; "Read:" lines stand with the
/// words that `references` gives them, or not at all.
pub(super) fn line(nodes: &[Node], references: &[Reference]) -> String {
    let mut words = String::new();
    collect(&mut words, nodes, references);
    fold(&words)
}

fn collect(words: &mut String, nodes: &[Node], references: &[Reference]) {
    for node in nodes {
        match node {
            Node::Text(text) => words.push_str(text),
            Node::Related(number) => {
                if let Some(Reference::Related(line)) = references.get(*number) {
                    words.push_str(line.text.as_str());
                }
            }
            Node::Element(element) => {
                let apart = element.is_block() || element.name == "br";
                if apart {
                    words.push(' ');
                }
                collect(words, &element.children, references);
                if apart {
                    words.push(' ');
                }
            }
        }
    }
}

/// `text` with single spaces for all white space, trimmed.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut push = |words: &str| {
        if !(words.is_empty() || folded.is_empty()) {
            folded.push(' ');
        }
        folded.push_str(words);
    };
    for line in text.split('\n') {
        if is_folded(line) {
            push(line.trim_matches(' '));
        } else {
            line.split_whitespace().for_each(&mut push);
        }
    }
    folded
}

/// Whether `line` is ASCII with single spaces alone, as most lines are: that is seen many bytes at a time.
fn is_folded(line: &str) -> bool {
    let is_odd = |odd: bool, byte: u8| odd | !(b' '..=b'~').contains(&byte);
    !line.bytes().fold(false, is_odd) && !line.contains("  ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn folding_leaves_words_with_single_spaces(text in "([a-cä ]|  |[\n\t\r\u{a0}\u{3000}]){0,60}") {
            let words: Vec<&str> = text.split_whitespace().collect();
            prop_assert_eq!(fold(&text), words.join(" "));
        }
    }
}
