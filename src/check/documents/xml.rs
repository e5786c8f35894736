//! What RSS and Atom have in common: XML.

use std::collections::{HashMap, HashSet};

use roxmltree::{Document as Tree, Node};

use super::shared::Bench;
use super::{Rule, atom, rss};
use crate::feed::Format;

/// Atom's own namespace. (RFC 4287 section 2)
pub(super) const ATOM: &str = "http://www.w3.org/2005/Atom";

/// Namespaces that readers know, with the prefix they have by habit.
const KNOWN: [(&str, &str); 24] = [
    ("atom", ATOM),
    ("at", "http://purl.org/atompub/tombstones/1.0"),
    ("cc", "http://web.resource.org/cc/"),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    (
        "creativeCommons",
        "http://backend.userland.com/creativeCommonsRssModule",
    ),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("fh", "http://purl.org/syndication/history/1.0"),
    ("geo", "http://www.w3.org/2003/01/geo/wgs84_pos#"),
    ("georss", "http://www.georss.org/georss"),
    (
        "googleplay",
        "http://www.google.com/schemas/play-podcasts/1.0",
    ),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("podcast", "https://podcastindex.org/namespace/1.0"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("slash", "http://purl.org/rss/1.0/modules/slash/"),
    ("source", "http://source.scripting.com/"),
    ("spotify", "http://www.spotify.com/ns/rss"),
    ("sy", "http://purl.org/rss/1.0/modules/syndication/"),
    ("thr", "http://purl.org/syndication/thread/1.0"),
    ("wfw", "http://wellformedweb.org/CommentAPI/"),
    ("xhtml", "http://www.w3.org/1999/xhtml"),
    ("xml", "http://www.w3.org/XML/1998/namespace"),
    ("psc", "http://podlove.org/simple-chapters"),
];

/// Elements of one vocabulary that may stand in another one: their name, whether just once, and their
/// attributes.
pub(super) type Elements = &'static [(&'static str, bool, &'static [&'static str])];

/// Judges `text`, RSS or Atom.
pub(super) fn judge(bench: &mut Bench<'_>, text: &str) {
    let declaration = text
        .strip_prefix("<?xml ")
        .and_then(|rest| rest.split_once("?>"));
    let is_stated = declaration.is_some_and(|(said, _)| {
        let said = said.to_ascii_lowercase();
        said.contains("encoding=\"utf-8\"") || said.contains("encoding='utf-8'")
    });
    bench.must(is_stated, Rule::EncodingUnstated, || {
        "the document does not declare its encoding: expected <?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned()
    });
    let is_first = declaration.is_none_or(|(said, _)| said.contains("version=\"1.0\""));
    bench.must(is_first, Rule::NotWellFormed, || {
        "the document is not XML 1.0: expected nothing newer".to_owned()
    });
    let tree = match Tree::parse(text) {
        Ok(tree) => tree,
        Err(error) => {
            bench.find(
                Rule::NotWellFormed,
                format!("the document is not well-formed: {error}"),
            );
            return;
        }
    };
    let root = tree.root_element();
    let expected = match bench.document.format {
        Format::Atom => (Some(ATOM), "feed"),
        _ => (None, "rss"),
    };
    let is = (root.tag_name().namespace(), root.tag_name().name());
    if is != expected {
        bench.find(
            Rule::WrongRoot,
            format!("the root is `{}`: expected `{}`", is.1, expected.1),
        );
        return;
    }
    namespaces(bench, &tree);
    match bench.document.format {
        Format::Atom => atom::judge(bench, root),
        _ => rss::judge(bench, root),
    }
}

/// Which namespaces are declared, anywhere.
fn namespaces(bench: &mut Bench<'_>, tree: &Tree<'_>) {
    let mut seen: HashSet<(Option<&str>, &str)> = HashSet::new();
    for node in tree.root().descendants().filter(Node::is_element) {
        if node.parent().is_some_and(|parent| {
            parent.is_element() && parent.namespaces().len() == node.namespaces().len()
        }) {
            continue;
        }
        for namespace in node.namespaces() {
            let (prefix, uri) = (namespace.name(), namespace.uri());
            if !seen.insert((prefix, uri)) {
                continue;
            }
            let is_known = KNOWN.iter().any(|(_, known)| *known == uri);
            bench.must(is_known, Rule::UnknownNamespace, || {
                format!("the namespace {uri} is one that few readers know: expected a known one")
            });
            let usual = KNOWN.iter().find(|(known, _)| Some(*known) == prefix);
            if let Some((_, usual)) = usual.filter(|(_, usual)| *usual != uri) {
                bench.find(
                    Rule::ReservedPrefix,
                    format!(
                        "the prefix `{}` stands for {uri}: expected {usual}",
                        prefix.unwrap_or_default()
                    ),
                );
            }
        }
    }
    let text = tree.input_text();
    let root = tree.root_element();
    let start = text[root.range()].split([' ', '>', '/']).next();
    let is_prefixed = start.is_some_and(|start| start.contains(':'));
    bench.must(!is_prefixed, Rule::AtomPrefix, || {
        "the format's own elements have a prefix: expected none".to_owned()
    });
}

/// Whether `node` is the element `name` of the namespace `uri`.
pub(super) fn is(node: Node<'_, '_>, uri: Option<&str>, name: &str) -> bool {
    node.is_element() && node.tag_name().namespace() == uri && node.tag_name().name() == name
}

/// The element children of `node`.
pub(super) fn children<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// The first child `name` of the namespace `uri`.
pub(super) fn child<'a, 'i>(
    node: Node<'a, 'i>,
    uri: Option<&str>,
    name: &str,
) -> Option<Node<'a, 'i>> {
    children(node).find(|child| is(*child, uri, name))
}

/// All the text in `node`, as one.
pub(super) fn text_of(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text);
    texts.filter_map(|text| text.text()).collect()
}

/// The name of an element as people write it.
pub(super) fn name_of(node: Node<'_, '_>) -> String {
    let name = node.tag_name().name();
    let uri = node.tag_name().namespace();
    match KNOWN.iter().find(|(_, known)| Some(*known) == uri) {
        Some((prefix, _)) if *prefix != "atom" => format!("{prefix}:{name}"),
        _ => name.to_owned(),
    }
}

impl Bench<'_> {
    /// No text between the elements of `node`.
    pub(super) fn only_elements(&mut self, node: Node<'_, '_>) {
        let mut texts = node.children().filter(Node::is_text);
        let stray = texts.find(|text| !text.text().unwrap_or_default().trim().is_empty());
        self.must(stray.is_none(), Rule::StrayText, || {
            format!(
                "there is text between the elements of `{}`: expected none",
                name_of(node)
            )
        });
    }

    /// The children of `node` in the namespace `uri`: those that there are, each so often and with such
    /// attributes as it may.
    pub(super) fn vocabulary(&mut self, node: Node<'_, '_>, uri: Option<&str>, elements: Elements) {
        self.only_elements(node);
        let mut counts: HashMap<&str, u32> = HashMap::new();
        for child in children(node).filter(|child| child.tag_name().namespace() == uri) {
            let name = child.tag_name().name();
            let Some((_, is_single, attributes)) = elements.iter().find(|it| it.0 == name) else {
                self.find(
                    Rule::UnknownElement,
                    format!(
                        "`{}` has no element `{name}`: expected none such",
                        name_of(node)
                    ),
                );
                continue;
            };
            let count = counts.entry(name).or_default();
            *count += 1;
            if *is_single && *count == 2 {
                self.find(
                    Rule::Repeated,
                    format!(
                        "`{name}` is there more than once in `{}`: expected one",
                        name_of(node)
                    ),
                );
            }
            self.attributes(child, attributes);
        }
    }

    /// The attributes of `node` that have no namespace.
    pub(super) fn attributes(&mut self, node: Node<'_, '_>, known: &[&str]) {
        for attribute in node.attributes().filter(|it| it.namespace().is_none()) {
            self.must(
                known.contains(&attribute.name()),
                Rule::UnknownAttribute,
                || {
                    format!(
                        "`{}` has no attribute `{}`: expected {}",
                        name_of(node),
                        attribute.name(),
                        if known.is_empty() {
                            "none".to_owned()
                        } else {
                            known.join(", ")
                        }
                    )
                },
            );
        }
    }

    /// An attribute that must be there.
    pub(super) fn due<'a>(&mut self, node: Node<'a, '_>, attribute: &str) -> Option<&'a str> {
        let found = node.attribute(attribute);
        self.must(found.is_some(), Rule::MissingAttribute, || {
            format!("`{}` has no `{attribute}`: expected one", name_of(node))
        });
        found
    }

    /// A child that must be there.
    pub(super) fn must_have(&mut self, node: Node<'_, '_>, uri: Option<&str>, name: &str) {
        self.must(
            child(node, uri, name).is_some(),
            Rule::MissingElement,
            || format!("`{}` has no `{name}`: expected one", name_of(node)),
        );
    }

    /// All letters of an entry.
    pub(super) fn letters(&mut self, node: Node<'_, '_>) {
        for text in node.descendants().filter(Node::is_text) {
            let parent = text.parent().map_or_else(String::new, name_of);
            self.characters(&format!("`{parent}`"), text.text().unwrap_or_default());
        }
    }
}
