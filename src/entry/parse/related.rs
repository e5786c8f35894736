//! "Read:" lines: something else worth reading, named in an entry's text.
//!
//! They are found in the tree, whatever the entry was written in. A line is replaced by its label
//! and a hole, for where it leads depends on other entries.

use super::references::References;
use super::spelling::{spelled, wanted};
use super::tree::{Element, Node, Value};
use super::write::fold;
use crate::entry::{RelatedLine, Text};

/// A longer line is a paragraph of prose that happens to begin like one.
const MAX_BYTES: usize = 600;

/// From this length on, a line may have been wrapped and go on in the next.
const WRAPPED: usize = 60;

/// The words that begin a "Read:" line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels(Vec<String>);

impl Labels {
    /// From the words without their colon; case does not count.
    pub fn new(labels: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut labels: Vec<String> = labels
            .into_iter()
            .map(|label| fold(label.as_ref().trim().trim_end_matches(':')).to_lowercase())
            .filter(|label| !label.is_empty())
            .collect();
        labels.sort_by_key(|label| std::cmp::Reverse(label.len()));
        labels.dedup();
        Self(labels)
    }

    /// The labels, longest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The label and what follows its colon, if `line` (of single spaces) begins with one.
    pub(super) fn split<'a>(&self, line: &'a str) -> Option<(&'a str, &'a str)> {
        // Plain text may have the marks that Markdown would have taken away.
        let marks = |c: char| matches!(c, '*' | '_');
        let line = line.trim_start_matches(marks);
        self.0.iter().find_map(|label| {
            let end = prefix(line, label)?;
            let rest = line[end..].trim_start_matches(marks).trim_start();
            let rest = rest.strip_prefix([':', '：'])?;
            let rest = rest.trim_start_matches(marks).trim();
            (!rest.is_empty()).then(|| (&line[..end], rest))
        })
    }
}

/// Where `label`, in lower case, ends in `line`, if that begins with it.
fn prefix(line: &str, label: &str) -> Option<usize> {
    let mut wanted = label.chars();
    for (at, c) in line.char_indices() {
        if wanted.as_str().is_empty() {
            return Some(at);
        }
        for lower in c.to_lowercase() {
            if wanted.next() != Some(lower) {
                return None;
            }
        }
    }
    None
}

/// Where the lines of a paragraph end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnds {
    /// At the line ends of the source, and at `<br>`.
    Source,
    /// At `<br>` alone: in HTML a line end is a space.
    Breaks,
}

/// Finds all "Read:" lines in `nodes` and puts their holes in place.
pub(super) fn mark(
    nodes: &mut Vec<Node>,
    labels: &Labels,
    ends: LineEnds,
    references: &mut References<'_>,
) {
    let mut finder = Finder {
        labels,
        ends,
        references,
    };
    finder.blocks(nodes);
}

struct Finder<'a, 'f> {
    labels: &'a Labels,
    ends: LineEnds,
    references: &'a mut References<'f>,
}

/// A line of a paragraph, or several.
struct Line {
    nodes: Vec<Node>,
    /// Whether a line break that was meant stands before it.
    apart: bool,
    related: bool,
}

impl Finder<'_, '_> {
    fn blocks(&mut self, nodes: &mut Vec<Node>) {
        let mut run = Vec::new();
        for node in std::mem::take(nodes) {
            match node {
                Node::Element(mut element) if element.is_block() => {
                    self.run(std::mem::take(&mut run), nodes, false);
                    let text_only = element.heading_level().is_some()
                        || matches!(
                            element.name,
                            "blockquote" | "pre" | "table" | "figure" | "summary" | "hr"
                        );
                    if element.name == "p" {
                        self.run(element.children, nodes, true);
                        continue;
                    }
                    if !text_only {
                        self.blocks(&mut element.children);
                    }
                    nodes.push(Node::Element(element));
                }
                node => run.push(node),
            }
        }
        self.run(run, nodes, false);
    }

    /// Puts the nodes of one paragraph, or what stands bare between blocks, back into `nodes`.
    fn run(&mut self, run: Vec<Node>, nodes: &mut Vec<Node>, paragraph: bool) {
        if run.is_empty() && !paragraph {
            return;
        }
        let wrap = |children: Vec<Node>, nodes: &mut Vec<Node>| {
            if paragraph {
                nodes.push(Node::Element(Element::new("p", children)));
            } else {
                nodes.extend(children);
            }
        };
        // Most paragraphs are seen to be prose by this alone.
        if !has_colon(&run) {
            return wrap(run, nodes);
        }
        let lines = self.lines(run);
        let mut prose: Vec<Node> = Vec::new();
        for line in lines {
            if line.related {
                if prose.iter().any(|node| !is_white(node)) {
                    wrap(std::mem::take(&mut prose), nodes);
                }
                prose.clear();
                let line = self.related(&line.nodes);
                nodes.push(line);
                continue;
            }
            if !prose.is_empty() {
                let end = if line.apart {
                    Node::Element(Element::new("br", Vec::new()))
                } else {
                    Node::Text("\n".to_owned())
                };
                prose.push(end);
            }
            prose.extend(line.nodes);
        }
        if prose.iter().any(|node| !is_white(node)) {
            wrap(prose, nodes);
        }
    }

    fn lines(&self, run: Vec<Node>) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for (nodes, apart) in split_lines(run, self.ends) {
            let text = fold(&flat(&nodes));
            let related = text.len() <= MAX_BYTES
                && !matches!(nodes.first(), Some(Node::Element(first)) if first.name == "code")
                && self.labels.split(&text).is_some();
            match lines.last_mut() {
                Some(before)
                    if before.related
                        && !related
                        && !apart
                        && (WRAPPED..MAX_BYTES).contains(&(fold(&flat(&before.nodes)).len())) =>
                {
                    before.nodes.push(Node::Text(" ".to_owned()));
                    before.nodes.extend(nodes);
                }
                _ => lines.push(Line {
                    nodes,
                    apart,
                    related,
                }),
            }
        }
        lines
    }

    fn related(&mut self, nodes: &[Node]) -> Node {
        let text = fold(&flat(nodes));
        let (label, rest) = self.labels.split(&text).unwrap_or(("", &text));
        let mut children = vec![Node::Text(format!("{label}: "))];
        let mut links = Vec::new();
        titled_links(nodes, &mut links);
        match links.as_slice() {
            [(href, _)] => {
                let line = self.line(rest, href);
                children.push(Node::Related(self.references.related(line)));
            }
            [] => {
                let (line, problem) = spelled(self.references.file(), rest);
                self.references.complain(rest, problem);
                children.push(Node::Related(self.references.related(line)));
            }
            several => {
                for (at, (href, words)) in several.iter().enumerate() {
                    if at > 0 {
                        children.push(Node::Text(", ".to_owned()));
                    }
                    let line = self.line(words, href);
                    children.push(Node::Related(self.references.related(line)));
                }
            }
        }
        let mut paragraph = Element::new("p", children);
        let class = Value::Text("related".to_owned());
        paragraph.attributes.push(("class", class));
        Node::Element(paragraph)
    }

    fn line(&mut self, words: &str, href: &str) -> RelatedLine {
        let (wanted, problem) = wanted(self.references.file(), href);
        self.references.complain(href, problem);
        RelatedLine {
            text: Text::one_line(words),
            wanted,
        }
    }
}

/// The words of `nodes`; a link that shows its own address stands as that address.
fn flat(nodes: &[Node]) -> String {
    let mut words = String::new();
    flatten(&mut words, nodes);
    words
}

fn flatten(words: &mut String, nodes: &[Node]) {
    for node in nodes {
        match node {
            Node::Text(text) => words.push_str(text),
            Node::Related(_) => {}
            Node::Element(element) if is_bare_link(element) => {
                words.push_str(element.text_attribute("href").unwrap_or_default());
            }
            Node::Element(element) if element.name == "br" => words.push(' '),
            Node::Element(element) => flatten(words, &element.children),
        }
    }
}

/// Whether there is a colon in the words of `nodes`, without which no line has a label.
fn has_colon(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Text(text) => text.contains([':', '：']),
        Node::Related(_) => false,
        Node::Element(element) => is_bare_link(element) || has_colon(&element.children),
    })
}

/// Whether a link shows nothing but its address, as those do that were made from bare URLs.
fn is_bare_link(element: &Element) -> bool {
    let (Some(href), [Node::Text(words)]) =
        (element.text_attribute("href"), element.children.as_slice())
    else {
        return false;
    };
    element.name == "a"
        && (href.starts_with("http://") || href.starts_with("https://"))
        && (words.starts_with("http://")
            || words.starts_with("https://")
            || words.starts_with("www."))
}

fn titled_links<'a>(nodes: &'a [Node], links: &mut Vec<(&'a str, String)>) {
    for node in nodes {
        let Node::Element(element) = node else {
            continue;
        };
        let words = fold(&flat(&element.children));
        match element.text_attribute("href") {
            Some(href) if element.name == "a" && !is_bare_link(element) && !words.is_empty() => {
                links.push((href, words));
            }
            _ => titled_links(&element.children, links),
        }
    }
}

fn split_lines(run: Vec<Node>, ends: LineEnds) -> Vec<(Vec<Node>, bool)> {
    let mut lines = vec![(Vec::new(), false)];
    let mut push = |node: Option<Node>, new: Option<bool>| {
        if let Some(apart) = new {
            lines.push((Vec::new(), apart));
        }
        if let (Some(node), Some((line, _))) = (node, lines.last_mut()) {
            line.push(node);
        }
    };
    let mut after_break = false;
    for node in run {
        match node {
            Node::Element(element) if element.name == "br" => {
                push(None, Some(true));
                after_break = true;
                continue;
            }
            Node::Text(text) if ends == LineEnds::Source => {
                // Source shows a `<br>` as that and a line end.
                let text = if after_break {
                    text.trim_start_matches('\n')
                } else {
                    &text
                };
                for (number, line) in text.split('\n').enumerate() {
                    push(None, (number > 0).then_some(false));
                    if !line.is_empty() {
                        push(Some(Node::Text(line.to_owned())), None);
                    }
                }
            }
            node => push(Some(node), None),
        }
        after_break = false;
    }
    lines
}

fn is_white(node: &Node) -> bool {
    matches!(node, Node::Text(text) if text.trim().is_empty())
}
