//! Plain text → the tree. It is written by people, for people: what looks like a list, a quotation
//! or a subheading is one, and everything else is text.

use super::related::Labels;
use super::tree::{Element, Node, Value};

/// The longest line that can be a subheading, in characters.
const MAX_SUBHEADING: usize = 120;

/// The longest attribution of a quotation, in characters.
const MAX_ATTRIBUTION: usize = 120;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    List,
    Quotation,
    Related,
    Attributed,
    Address,
    Subheading,
    Paragraph,
}

/// The tree of `source`.
pub(super) fn read(source: &str, labels: &Labels) -> Vec<Node> {
    let blocks = blocks(source);
    let kinds = kinds(&blocks, labels);
    let mut nodes = Vec::new();
    for (block, kind) in blocks.iter().zip(kinds) {
        let element = match kind {
            Kind::List => list(block),
            Kind::Quotation => quotation(block),
            Kind::Attributed => Element::new("blockquote", attributed(&block.join("\n"))),
            Kind::Subheading => Element::new("h2", inline(block[0].trim())),
            Kind::Related | Kind::Address | Kind::Paragraph => paragraph(&block.join("\n")),
        };
        nodes.push(Node::Element(element));
    }
    nodes
}

fn blocks(source: &str) -> Vec<Vec<&str>> {
    let mut blocks = Vec::new();
    let mut block = Vec::new();
    for line in source.lines().map(str::trim_end).chain([""]) {
        if !line.is_empty() {
            block.push(line);
        } else if !block.is_empty() {
            blocks.push(std::mem::take(&mut block));
        }
    }
    blocks
}

fn kinds(blocks: &[Vec<&str>], labels: &Labels) -> Vec<Kind> {
    let mut kinds = Vec::with_capacity(blocks.len());
    let mut next = None;
    for (at, block) in blocks.iter().enumerate().rev() {
        let mut kind = kind(block, labels);
        let followed = match next {
            Some(Kind::Paragraph | Kind::Quotation | Kind::Attributed) => true,
            // A title is often followed by another short line, the author's name for one.
            Some(Kind::Subheading) => at == 0,
            _ => false,
        };
        if kind == Kind::Paragraph && followed && is_subheading(block) {
            kind = Kind::Subheading;
        }
        next = Some(kind);
        kinds.push(kind);
    }
    kinds.reverse();
    kinds
}

fn kind(block: &[&str], labels: &Labels) -> Kind {
    let first = block[0].trim_start();
    if item(first).is_some() {
        Kind::List
    } else if first.starts_with('>') {
        Kind::Quotation
    } else if labels.split(&super::write::fold(first)).is_some() {
        Kind::Related
    } else if split_attribution(&block.join("\n")).is_some() {
        Kind::Attributed
    } else if block.len() == 1 && address_end(first).is_some_and(|end| end == first.len()) {
        Kind::Address
    } else {
        Kind::Paragraph
    }
}

fn is_subheading(block: &[&str]) -> bool {
    let [line] = block else { return false };
    let quotes = |c: char| matches!(c, '"' | '\'' | '”' | '’' | '»' | '“' | '」' | '』' | ')');
    let end = line.trim_end_matches(quotes);
    line.chars().count() <= MAX_SUBHEADING
        && line.contains(char::is_alphabetic)
        && !end.ends_with(['.', '!', '…', ';', ',', '。'])
}

/// The number and the text of a list item; bullets have no number.
fn item(line: &str) -> Option<(Option<u32>, &str)> {
    let (number, text) = if let Some(text) = line.strip_prefix(['-', '*', '•']) {
        (None, text)
    } else {
        let digits = line.find(|c: char| !c.is_ascii_digit())?;
        if !(1..=3).contains(&digits) {
            return None;
        }
        let text = line[digits..].strip_prefix(['.', ')'])?;
        (Some(line[..digits].parse().ok()?), text)
    };
    let text = text.strip_prefix([' ', '\t'])?.trim();
    // A row of stars is no list.
    text.contains(char::is_alphanumeric)
        .then_some((number, text))
}

fn list(block: &[&str]) -> Element {
    let mut items: Vec<String> = Vec::new();
    let mut first = None;
    for line in block {
        let line = line.trim_start();
        match (item(line), items.last_mut()) {
            (Some((number, text)), _) => {
                first = first.or(number);
                items.push(text.to_owned());
            }
            (None, Some(before)) => {
                before.push('\n');
                before.push_str(line);
            }
            (None, None) => {}
        }
    }
    let name = if first.is_some() { "ol" } else { "ul" };
    let items = items
        .iter()
        .map(|text| Node::Element(Element::new("li", inline(text))));
    let mut list = Element::new(name, items.collect());
    if let Some(number) = first.filter(|number| *number != 1) {
        list.attributes
            .push(("start", Value::Text(number.to_string())));
    }
    list
}

fn quotation(block: &[&str]) -> Element {
    let lines: Vec<&str> = block
        .iter()
        .map(|line| {
            let line = line.trim_start();
            line.strip_prefix('>').unwrap_or(line).trim()
        })
        .collect();
    let mut children = Vec::new();
    for paragraph in blocks(&lines.join("\n")) {
        children.extend(attributed(&paragraph.join("\n")));
    }
    Element::new("blockquote", children)
}

/// The paragraphs of a quotation: its words, and who said them, as far as that is told.
fn attributed(text: &str) -> Vec<Node> {
    let Some((words, who)) = split_attribution(text) else {
        return vec![Node::Element(paragraph(text))];
    };
    let cite = Element::new("cite", inline(who));
    let source = vec![Node::Text("— ".to_owned()), Node::Element(cite)];
    vec![
        Node::Element(paragraph(words)),
        Node::Element(Element::new("p", source)),
    ]
}

/// The words of a quotation and its attribution: `Words. — Name (@handle) January 4, 2020`, or
/// `— Name, Paper`.
fn split_attribution(text: &str) -> Option<(&str, &str)> {
    let (at, dash) = ["—", "–", "--"]
        .into_iter()
        .filter_map(|dash| Some((text.rfind(dash)?, dash)))
        .max()?;
    let who = text[at + dash.len()..].trim();
    let before = &text[..at];
    let words = before.trim_end();
    let closed = words.ends_with([
        '.', '!', '?', '…', '"', '”', '’', '\'', '»', '“', '。', '！', '？', '」', '』',
    ]);
    let own_line = before.trim_end_matches([' ', '\t']).ends_with('\n');
    let short = who.chars().take(MAX_ATTRIBUTION + 1).count() <= MAX_ATTRIBUTION;
    let apart = closed || own_line;
    (apart && !words.is_empty() && short && is_attribution(who)).then_some((words, who))
}

fn is_attribution(who: &str) -> bool {
    let (name, rest) = match who.find([',', '(']) {
        Some(at) => who.split_at(at),
        None => (who, ""),
    };
    let mut words = name.split_whitespace().peekable();
    let begins = words
        .peek()
        .is_some_and(|word| !word.starts_with(char::is_lowercase));
    let named = words.clone().count() <= 6
        && words.all(|word| {
            // Ludwig van Beethoven, Ministry of Works
            let particle = word.chars().count() <= 3 && word.chars().all(char::is_alphabetic);
            particle
                || word.starts_with(|c: char| c.is_alphabetic() && !c.is_lowercase() || c == '@')
        });
    let ends_a_sentence = who.ends_with(['!', '?', '…', '。']) || rest.ends_with('.');
    begins && named && !ends_a_sentence && !name.ends_with('.')
}

fn paragraph(text: &str) -> Element {
    Element::new("p", inline(text.trim()))
}

/// Text in which bare URLs and mail addresses are links.
fn inline(text: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut plain = String::new();
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let Some((start, end, href)) = link(word) else {
            plain.push_str(piece);
            continue;
        };
        plain.push_str(&word[..start]);
        if !plain.is_empty() {
            nodes.push(Node::Text(std::mem::take(&mut plain)));
        }
        let mut link = Element::new("a", vec![Node::Text(word[start..end].to_owned())]);
        link.attributes.push(("href", Value::Text(href)));
        nodes.push(Node::Element(link));
        plain.push_str(&piece[end..]);
    }
    if !plain.is_empty() {
        nodes.push(Node::Text(plain));
    }
    nodes
}

/// Where in `word` a URL or mail address begins and ends, and what a link to it says.
fn link(word: &str) -> Option<(usize, usize, String)> {
    let web = word
        .find("https://")
        .into_iter()
        .chain(word.find("http://"));
    if let Some(start) = web.min() {
        let end = start + address_end(&word[start..])?;
        return Some((start, end, word[start..end].to_owned()));
    }
    let start = word.find(|c: char| c.is_ascii_alphanumeric())?;
    let end = word.rfind(|c: char| c.is_ascii_alphanumeric())? + 1;
    let mail = word.get(start..end)?;
    let (user, host) = mail.split_once('@')?;
    let legal = |part: &str, more: &[char]| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
    };
    let domain = host.split('.').all(|label| legal(label, &['-'])) && host.contains('.');
    (legal(user, &['.', '_', '+', '-']) && domain).then(|| (start, end, format!("mailto:{mail}")))
}

/// Where the web address that `text` begins with ends, without the punctuation of the sentence.
fn address_end(text: &str) -> Option<usize> {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let scheme = text.len() - host.len();
    let end = host
        .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
        .unwrap_or(host.len());
    let mut url = &text[..scheme + end];
    let (round, square) = (url.contains('('), url.contains('['));
    while let Some(last) = url.chars().next_back() {
        let opened = match last {
            ')' => round,
            ']' => square,
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '”' | '’' | '»' => {
                false
            }
            _ => true,
        };
        if opened {
            break;
        }
        url = &url[..url.len() - last.len_utf8()];
    }
    (url.len() > scheme).then_some(url.len())
}
