//! What an entry points to: addresses, and the numbered references of its article.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use super::tree::{Element, Node, Value};
use crate::entry::{
    Address, AddressError, FolderPath, LocalRef, Reference, RelatedLine, Target, Text,
};

/// The references of one entry, each distinct target once.
pub(super) struct References<'a> {
    file: &'a FolderPath,
    list: Vec<Reference>,
    numbers: HashMap<String, usize>,
    /// What can't be pointed to, and why.
    unusable: Vec<(String, String)>,
}

/// What stands behind `href="…"`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pointed {
    Address(Address),
    Local(LocalRef),
    Fragment(Text),
}

/// Reads the target of a link or image in `file`; the error says what is wrong and what would be
/// right. `None` if there is no target.
pub(super) fn read(file: &FolderPath, raw: &str) -> Option<Result<Pointed, String>> {
    let raw: String = raw.trim().replace(['\t', '\n'], "");
    let raw = as_path(&raw).unwrap_or(raw);
    if raw.is_empty() || raw == "#" {
        return None;
    }
    if let Some(fragment) = raw.strip_prefix('#') {
        let decoded = percent_decode_str(fragment).decode_utf8_lossy();
        return Some(Ok(Pointed::Fragment(Text::new(&decoded))));
    }
    if raw.starts_with("//") {
        return Some(address(&format!("https:{raw}")));
    }
    if has_scheme(&raw) {
        return Some(address(&raw));
    }
    let (path, suffix) = raw.split_at(raw.find(['?', '#']).unwrap_or(raw.len()));
    if path.is_empty() {
        return None;
    }
    let place = percent_decode_str(path)
        .decode_utf8()
        .ok()
        .and_then(|path| file.join(&Text::clean(&path)));
    let Some(path) = place else {
        let message = format!(
            "`{}` leads out of the folder: expected a path inside it, or a full URL",
            short(path)
        );
        return Some(Err(message));
    };
    let suffix = Text::new(suffix);
    Some(Ok(Pointed::Local(LocalRef { path, suffix })))
}

/// How other tools write the root of the folder, or its own folder, in front of a path: Zola, Pelican,
/// Jekyll.
const ROOTS: [(&str, &str); 6] = [
    ("@/", "/"),
    ("{filename}", ""),
    ("{static}", ""),
    ("{attach}", ""),
    ("{{site.baseurl}}", ""),
    ("{{site.url}}", ""),
];

/// The path in a link that is written as another tool wants it.
fn as_path(raw: &str) -> Option<String> {
    if !raw.starts_with(['@', '{', '%']) {
        return None;
    }
    let decoded = percent_decode_str(raw).decode_utf8().ok()?;
    ROOTS.into_iter().find_map(|(root, ours)| {
        let path = decoded.strip_prefix(root)?;
        Some(format!("{ours}{path}"))
    })
}

fn address(raw: &str) -> Result<Pointed, String> {
    match Address::parse(raw) {
        Ok(address) => Ok(Pointed::Address(address)),
        Err(AddressError::NotAbsolute(raw)) => {
            Err(AddressError::NotAbsolute(short(&raw)).to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Whether a URL begins with a scheme. (RFC 3986 section 3.1)
pub(super) fn has_scheme(raw: &str) -> bool {
    raw.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// At most 80 characters of `text`, for messages.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl<'a> References<'a> {
    pub(super) fn new(file: &'a FolderPath) -> Self {
        Self {
            file,
            list: Vec::new(),
            numbers: HashMap::new(),
            unusable: Vec::new(),
        }
    }

    pub(super) fn file(&self) -> &'a FolderPath {
        self.file
    }

    pub(super) fn list(&self) -> &[Reference] {
        &self.list
    }

    /// The references in order, and what can't be pointed to: what was written, and the message.
    pub(super) fn finish(self) -> (Vec<Reference>, Vec<(String, String)>) {
        (self.list, self.unusable)
    }

    /// The number of a new "Read:" line.
    pub(super) fn related(&mut self, line: RelatedLine) -> usize {
        self.list.push(Reference::Related(line));
        self.list.len() - 1
    }

    /// Keeps what is wrong with what was written, if anything is.
    pub(super) fn complain(&mut self, written: &str, problem: Option<String>) {
        self.unusable
            .extend(problem.map(|message| (written.to_owned(), message)));
    }

    fn number(&mut self, key: String, reference: impl FnOnce() -> Reference) -> usize {
        *self.numbers.entry(key).or_insert_with(|| {
            self.list.push(reference());
            self.list.len() - 1
        })
    }

    fn local(&mut self, local: LocalRef) -> usize {
        let key = format!("{}\0{}", local.path, local.suffix);
        self.number(key, || Reference::Local(local))
    }

    /// What a file named in front matter or an image's source is; the error as for [`read`].
    pub(super) fn target(&mut self, raw: &str) -> Result<Target, String> {
        match read(self.file, raw) {
            Some(Ok(Pointed::Address(address))) if address.is_web() => Ok(Target::Address(address)),
            Some(Ok(Pointed::Local(local))) => Ok(Target::Reference(self.local(local))),
            Some(Err(message)) => Err(message),
            Some(Ok(_)) | None => Err(format!(
                "`{}` is no file: expected a path beside the entry, or a web address",
                short(raw)
            )),
        }
    }

    /// Gives every address in `nodes` its normal form or its number; what can't be pointed to goes.
    pub(super) fn resolve(&mut self, nodes: &mut [Node]) {
        for node in nodes.iter_mut() {
            let Node::Element(element) = node else {
                continue;
            };
            self.resolve(&mut element.children);
            let attributes = std::mem::take(&mut element.attributes);
            for (name, value) in attributes {
                if let Some(value) = self.attribute(element.name, name, value) {
                    element.attributes.push((name, value));
                }
            }
            let sourceless = element.name == "img"
                && element.attribute("src").is_none()
                && element.attribute("srcset").is_none();
            if sourceless {
                let alt = element.text_attribute("alt").unwrap_or_default();
                *node = Node::Text(alt.to_owned());
            }
        }
    }

    fn attribute(&mut self, element: &str, name: &str, value: Value) -> Option<Value> {
        let Value::Text(raw) = value else {
            return Some(value);
        };
        match name {
            "href" if element == "a" => self.link(&raw),
            "href" => None,
            "src" | "poster" => match self.target(&raw) {
                Ok(Target::Address(address)) => Some(Value::Text(address.as_str().to_owned())),
                Ok(Target::Reference(number)) => Some(Value::Reference(number)),
                Err(message) => {
                    self.unusable.push((raw, message));
                    None
                }
            },
            "srcset" => self.candidates(&raw).map(Value::Candidates),
            "cite" => Address::parse(&raw)
                .ok()
                .map(|address| Value::Text(address.as_str().to_owned())),
            _ => Some(Value::Text(raw)),
        }
    }

    fn link(&mut self, raw: &str) -> Option<Value> {
        match read(self.file, raw)? {
            Ok(Pointed::Address(address)) => Some(Value::Text(address.as_str().to_owned())),
            Ok(Pointed::Local(local)) => Some(Value::Reference(self.local(local))),
            Ok(Pointed::Fragment(fragment)) => {
                let number = self.number(format!("#{fragment}"), || Reference::Fragment(fragment));
                Some(Value::Reference(number))
            }
            Err(message) => {
                self.unusable.push((raw.to_owned(), message));
                None
            }
        }
    }

    /// The candidates of a `srcset`, each `url descriptor`, as [`Hole::Srcset`](crate::entry::Hole) has them. (HTML Standard 4.8.4.2.1)
    fn candidates(&mut self, raw: &str) -> Option<String> {
        let mut kept = Vec::new();
        let mut rest = raw.trim_ascii_start();
        while !rest.is_empty() {
            let end = rest.find(|c: char| c.is_ascii_whitespace());
            let (url, after) = rest.split_at(end.unwrap_or(rest.len()));
            // A comma at the end of a URL ends the candidate; else a descriptor may follow.
            let (descriptor, after) = if url.ends_with(',') {
                ("", after)
            } else {
                after.split_once(',').unwrap_or((after, ""))
            };
            rest = after.trim_ascii_start();
            let url = match self.target(url.trim_matches(',')) {
                Ok(Target::Address(address)) => address.as_str().replace(',', "%2C"),
                Ok(Target::Reference(number)) => format!("#{number}"),
                Err(_) => continue,
            };
            let descriptor = descriptor.trim();
            if descriptor.is_empty() {
                kept.push(url);
            } else if is_descriptor(descriptor) {
                kept.push(format!("{url} {descriptor}"));
            }
        }
        (!kept.is_empty()).then(|| kept.join(", "))
    }
}

fn is_descriptor(word: &str) -> bool {
    word.strip_suffix(['x', 'w'])
        .is_some_and(|number| number.parse::<f32>().is_ok())
}

/// The first image in `nodes`, if any.
pub(super) fn first_image(nodes: &[Node]) -> Option<&Element> {
    nodes.iter().find_map(|node| match node {
        Node::Element(element) if element.name == "img" => Some(element),
        Node::Element(element) => first_image(&element.children),
        _ => None,
    })
}

/// Collects the sources of the images in `nodes` that have no alt text.
pub(super) fn images_without_words(
    nodes: &[Node],
    references: &[Reference],
    sources: &mut Vec<String>,
) {
    for node in nodes {
        let Node::Element(element) = node else {
            continue;
        };
        // An empty `alt` says that a picture is decoration, but Markdown can't leave it away.
        let silent = element
            .text_attribute("alt")
            .is_none_or(|alt| alt.trim().is_empty());
        if element.name == "img" && silent {
            match element.attribute("src") {
                Some(Value::Text(url)) => sources.push(url.clone()),
                Some(Value::Reference(number)) => {
                    if let Some(Reference::Local(local)) = references.get(*number) {
                        sources.push(local.path.as_str().to_owned());
                    }
                }
                Some(Value::Candidates(_)) | None => {}
            }
        }
        images_without_words(&element.children, references, sources);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_addresses_paths_or_places() {
        let file = FolderPath::new("news/a.md").unwrap();
        let check = |raw: &str, expected: &str| {
            let read = match read(&file, raw) {
                None => "nothing".to_owned(),
                Some(Ok(Pointed::Address(address))) => address.to_string(),
                Some(Ok(Pointed::Local(local))) => format!("{} + {}", local.path, local.suffix),
                Some(Ok(Pointed::Fragment(fragment))) => format!("#{fragment}"),
                Some(Err(message)) => message,
            };
            assert_eq!(read, expected, "{raw:?}");
        };
        check("HTTPS://example.org", "https://example.org/");
        check("//example.org/x", "https://example.org/x");
        check("b%20c.png?x=1#y", "news/b c.png + ?x=1#y");
        check("../b.png", "b.png + ");
        check("/b.png", "b.png + ");
        check("@/blog/a.md#x", "blog/a.md + #x");
        check("%7Bstatic%7D/images/b.png", "images/b.png + ");
        check("{filename}b.md", "news/b.md + ");
        check("{{site.baseurl}}/b/", "b + ");
        check("@here/b.md", "news/@here/b.md + ");
        check("#n%C3%B6", "#nö");
        check("#", "nothing");
        check(" ", "nothing");
        check("?x", "nothing");
        check("a%01b.png", "news/ab.png + ");
        check(
            "../../b.png",
            "`../../b.png` leads out of the folder: expected a path inside it, or a full URL",
        );
        check(
            "java\nscript:alert(1)",
            "URLs of the scheme `javascript` are not published: expected https, http, mailto or the like",
        );
        check(
            "%2e%2e/%2e%2e/etc/passwd",
            "`%2e%2e/%2e%2e/etc/passwd` leads out of the folder: expected a path inside it, or a full URL",
        );
    }
}
