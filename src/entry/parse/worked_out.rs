//! What is worked out when nobody says it: title, summary, and the address an entry would like.

use super::tree::{Element, Node};
use super::write::{fold, line};
use crate::entry::{Address, Article, Digest, Digester, FolderPath, Reference, Slug, Target, Text};

/// The longest derived summary, in characters.
pub(super) const MAX_SUMMARY: usize = 280;

/// The fewest words of a paragraph that sums something up, if a longer one follows.
const TELLING: usize = 5;

/// The longest title made of a sentence, in characters.
const MAX_SENTENCE_TITLE: usize = 100;

/// The heading that `nodes` begin with, if they do.
pub(super) fn top_heading(nodes: &[Node]) -> Option<&Element> {
    match first(nodes)? {
        Node::Element(element) if element.heading_level().is_some() => Some(element),
        Node::Element(element) if is_wrapper(element) => top_heading(&element.children),
        _ => None,
    }
}

/// Takes away the heading that `nodes` begin with.
pub(super) fn remove_top_heading(nodes: &mut Vec<Node>) {
    let Some(at) = nodes.iter().position(|node| !is_white(node)) else {
        return;
    };
    match &mut nodes[at] {
        Node::Element(element) if element.heading_level().is_some() => {
            nodes.drain(..=at);
        }
        Node::Element(element) if is_wrapper(element) => {
            remove_top_heading(&mut element.children);
            if element.children.iter().all(is_white) {
                nodes.remove(at);
            }
        }
        _ => {}
    }
}

fn first(nodes: &[Node]) -> Option<&Node> {
    nodes.iter().find(|node| !is_white(node))
}

fn is_white(node: &Node) -> bool {
    matches!(node, Node::Text(text) if text.trim().is_empty())
}

fn is_wrapper(element: &Element) -> bool {
    matches!(
        element.name,
        "article" | "div" | "header" | "main" | "section"
    )
}

/// The words of the first heading in `nodes`, at most of this `level`, not looking into quotations.
pub(super) fn first_heading(nodes: &[Node], level: u8) -> Option<String> {
    nodes.iter().find_map(|node| match node {
        Node::Element(element) if element.heading_level().is_some_and(|own| own <= level) => {
            Some(line(&element.children, &[])).filter(|words| !words.is_empty())
        }
        Node::Element(element) if element.name != "blockquote" => {
            first_heading(&element.children, level)
        }
        _ => None,
    })
}

/// The file's name without date and extension, or the folder's for `index.*`.
pub(super) fn base_name(path: &FolderPath) -> &str {
    let stem = path.stem();
    if stem.eq_ignore_ascii_case("index") {
        path.parent()
            .rsplit('/')
            .next()
            .filter(|name| !name.is_empty())
            .unwrap_or(stem)
    } else {
        stem
    }
}

/// Whether a name says something: two or more words of three letters or more, and not just
/// hexadecimal digits.
pub(super) fn says_something(name: &str) -> bool {
    let words: Vec<&str> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= 3)
        .collect();
    let hexadecimal = |word: &&str| word.chars().all(|c| c.is_ascii_hexdigit());
    words.len() >= 2 && !words.iter().all(hexadecimal)
}

/// A file's name as a title: `harbour-bridge-reopens` is "Harbour bridge reopens".
pub(super) fn title_of_name(name: &str) -> String {
    let words = fold(&name.replace(['-', '_', '.', '+'], " "));
    let mut chars = words.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

/// The address an entry would like, from its name (without date) or else its title.
///
/// `None` only if there is no letter or digit in all of these, not even in a digest.
pub(super) fn slug(name: &str, title: &Text, path: &FolderPath) -> Option<Slug> {
    let letters = name.chars().all(|c| c.is_alphabetic() || !c.is_ascii());
    let telling = says_something(name) || (letters && name.chars().count() >= 3);
    telling
        .then(|| Slug::from_words(name))
        .flatten()
        .or_else(|| Slug::from_words(title.as_str()))
        .or_else(|| Slug::from_words(name))
        .or_else(|| Slug::from_words(&Digest::of(path.as_str().as_bytes()).to_string()))
}

/// The first sentence of `words`, cut at a word if it is long.
pub(super) fn first_sentence(words: &str) -> String {
    let end = sentence_ends(words).next().unwrap_or(words.len());
    let sentence = words[..end].trim_end_matches(['.', '。']);
    if sentence.chars().count() <= MAX_SENTENCE_TITLE {
        return sentence.to_owned();
    }
    at_word(sentence, MAX_SENTENCE_TITLE)
}

/// At most [`MAX_SUMMARY`] characters of `words`, ended at a sentence if at least a third is left
/// by that, else at a word.
pub(super) fn cut(words: &str) -> String {
    let Some((end, _)) = words.char_indices().nth(MAX_SUMMARY) else {
        return words.to_owned();
    };
    let third = MAX_SUMMARY / 3;
    sentence_ends(words)
        .take_while(|at| *at <= end)
        .last()
        .filter(|at| words[..*at].chars().count() >= third)
        .map_or_else(|| at_word(words, MAX_SUMMARY), |at| words[..at].to_owned())
}

/// The start of `words`, cut between words, with an ellipsis: at most `most` characters.
fn at_word(words: &str, most: usize) -> String {
    let Some((end, _)) = words.char_indices().nth(most - 1) else {
        return words.to_owned();
    };
    let cut = &words[..end];
    // Scripts without spaces are cut between characters.
    let cut = match cut.rfind(' ') {
        Some(space) if space * 2 > end => &cut[..space],
        _ => cut,
    };
    let cut =
        cut.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '—'));
    format!("{cut}…")
}

/// Where sentences end in `words` (of single spaces), after the closing quotes.
fn sentence_ends(words: &str) -> impl Iterator<Item = usize> {
    words.char_indices().filter_map(|(at, c)| {
        let after = &words[at + c.len_utf8()..];
        let wide = matches!(c, '。' | '！' | '？');
        if !wide && !matches!(c, '.' | '!' | '?' | '…') {
            return None;
        }
        let rest = after.trim_start_matches(['"', '\'', '”', '’', '»', ')', '」', '』']);
        let ends = wide
            || rest.is_empty()
            || rest.strip_prefix(' ').is_some_and(|next| {
                let goes_on = next.starts_with(char::is_lowercase);
                !goes_on && (c != '.' || !is_short(&words[..at]))
            });
        ends.then(|| words.len() - rest.len())
    })
}

/// Whether the last word is an abbreviation or initial such as "Dr" or "J", after which a sentence
/// goes on.
fn is_short(before: &str) -> bool {
    let word = before
        .rsplit([' ', '.', '(', '“', '"'])
        .next()
        .unwrap_or(before);
    let titles = [
        "Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Sr", "Jr", "No", "Nr", "vs", "Gen", "Rep", "Sen",
        "Gov", "Lt", "Col", "Inc", "Ltd",
    ];
    titles.contains(&word) || (word.chars().count() == 1 && word.starts_with(char::is_uppercase))
}

/// A summary of what the reader sees: what stands before `<!--more-->`, or the first paragraph.
pub(super) fn summary(nodes: &[Node]) -> String {
    let mut before = String::new();
    if before_more(nodes, &mut before) {
        let words = fold(&before);
        if !words.is_empty() {
            return cut(&words);
        }
    }
    // "Dear editor," sums nothing up.
    let words = first_paragraph(nodes, false, TELLING)
        .or_else(|| first_paragraph(nodes, false, 1))
        .or_else(|| first_paragraph(nodes, true, 1))
        .or_else(|| {
            let mut all = String::new();
            before_more(nodes, &mut all);
            Some(fold(&all))
        });
    cut(&words.unwrap_or_default())
}

fn is_related(element: &Element) -> bool {
    element
        .children
        .iter()
        .any(|node| matches!(node, Node::Related(_)))
}

/// Collects the words up to the mark, without headings and "Read:" lines; says whether it is there.
fn before_more(nodes: &[Node], words: &mut String) -> bool {
    nodes.iter().any(|node| match node {
        Node::Text(text) => {
            words.push_str(text);
            false
        }
        Node::Related(_) => false,
        Node::Element(element) if element.is_more() => true,
        Node::Element(element)
            if element.heading_level().is_some()
                || is_related(element)
                || matches!(element.name, "pre" | "figcaption" | "sup" | "table") =>
        {
            false
        }
        Node::Element(element) => {
            let apart = element.is_block() || element.name == "br";
            words.push_str(if apart { " " } else { "" });
            let found = before_more(&element.children, words);
            words.push_str(if apart { " " } else { "" });
            found
        }
    })
}

fn first_paragraph(nodes: &[Node], quoted: bool, fewest: usize) -> Option<String> {
    nodes.iter().find_map(|node| {
        let Node::Element(element) = node else {
            return None;
        };
        match element.name {
            "p" if !is_related(element) => {
                let mut words = String::new();
                before_more(&element.children, &mut words);
                Some(fold(&words)).filter(|words| {
                    let is_unspaced = words.chars().count() > 20;
                    !words.is_empty() && (words.split(' ').count() >= fewest || is_unspaced)
                })
            }
            "blockquote" if !quoted => None,
            "figure" | "table" | "pre" | "p" => None,
            _ => first_paragraph(&element.children, quoted, fewest),
        }
    })
}

/// Takes the `<!--more-->` marks away.
pub(super) fn remove_more(nodes: &mut Vec<Node>) {
    nodes.retain(|node| !matches!(node, Node::Element(element) if element.is_more()));
    for node in nodes {
        if let Node::Element(element) = node {
            remove_more(&mut element.children);
        }
    }
}

/// The digest of what matters to a reader: `updated` moves only when this does. A file in the folder
/// of the entry, `parent`, goes by its name there, so that a move of the folder is no edit.
pub(super) fn content(
    article: &Article,
    parent: &str,
    words: &str,
    stated_summary: Option<&Text>,
) -> Digest {
    let target = |target: &Target| match target {
        Target::Address(address) => address.as_str().to_owned(),
        Target::Reference(number) => match article.references.get(*number) {
            Some(Reference::Local(local)) => {
                let path = local.path.as_str();
                let below = path.strip_prefix(parent);
                let name = below.and_then(|below| below.strip_prefix('/'));
                format!("{}{}", name.unwrap_or(path), local.suffix)
            }
            _ => String::new(),
        },
    };
    let mut digester = Digester::new()
        .field(article.title.as_str())
        .field(words)
        .field(stated_summary.map_or("", Text::as_str))
        .field(article.link.as_ref().map_or("", Address::as_str))
        .field(
            article
                .image
                .as_ref()
                .map(|image| target(&image.target))
                .unwrap_or_default(),
        );
    for enclosure in &article.enclosures {
        digester = digester.field(target(&enclosure.target));
    }
    digester.finish()
}
