//! What holds for every entry, whatever its file was.

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use tidings::entry::parse::{Conventions, Defaults, Labels, parse};
use tidings::entry::{Draft, FolderPath, Hole, Problem, Text};

static CONVENTIONS: LazyLock<Conventions> = LazyLock::new(|| {
    let labels = Labels::new(["Read", "Also read", "See also"]);
    Conventions::new(TimeZone::UTC, labels, Defaults::default())
});

/// Front matter that says nothing of what is worked out from the text.
const HEAD: &str = "---\nlang: en\n---\n";

/// The longest derived summary, in characters.
const MAX_SUMMARY: usize = 280;

/// Elements that never come out.
const ACTIVE: [&str; 14] = [
    "script", "style", "iframe", "frame", "object", "embed", "form", "svg", "math", "base", "meta",
    "link", "template", "noscript",
];

/// Elements without an end tag.
const VOID: [&str; 7] = ["br", "col", "hr", "img", "input", "source", "wbr"];

/// Attributes whose value is an address.
const ADDRESSES: [&str; 4] = ["href", "src", "poster", "cite"];

/// Schemes of addresses that run code, or can.
const CODE: [&str; 3] = ["javascript:", "vbscript:", "data:"];

/// Reads a file of this name, and checks what became of it.
pub fn check(name: &str, bytes: &[u8]) {
    let _ = checked(name, bytes);
}

/// Reads a file of this name, the `text` of which is all body, and checks what became of it.
///
/// Nobody states a summary in Markdown or plain text then, so it is a derived one, and has its limit.
pub fn check_body(name: &str, text: &str) {
    if let Some(draft) = checked(name, format!("{HEAD}{text}").as_bytes()) {
        let length = draft.article.summary.as_str().chars().count();
        assert!(length <= MAX_SUMMARY, "a summary of {length} characters");
    }
}

/// Reads a folder's defaults, and checks what became of them.
pub fn check_defaults(bytes: &[u8]) {
    match Defaults::read(bytes) {
        Ok(defaults) => {
            let people = defaults.authors.iter().flatten().map(|it| &it.name);
            let tags = defaults.tags.iter().flatten().map(|it| &it.label);
            let texts = people.chain(tags).chain(&defaults.title);
            texts.map(Text::as_str).for_each(check_characters);
        }
        Err(problem) => check_problem(&problem),
    }
}

fn checked(name: &str, bytes: &[u8]) -> Option<Draft> {
    let path = FolderPath::new(name).expect("a path");
    match parse(&path, bytes, &CONVENTIONS) {
        Ok(draft) => {
            check_draft(&draft);
            Some(draft)
        }
        Err(refusal) => {
            check_problem(refusal.problem());
            None
        }
    }
}

fn check_problem(problem: &Problem) {
    assert!(problem.line > 0 && problem.column > 0, "{problem:?}");
    assert!(!problem.message.is_empty());
}

fn check_draft(draft: &Draft) {
    let article = &draft.article;
    assert!(!article.title.is_empty());
    for warning in &draft.warnings {
        check_problem(&warning.problem);
    }
    let people = article.authors.iter().map(|it| &it.name);
    let tags = article.categories.iter().map(|it| &it.label);
    let named = people.chain(tags).inspect(|name| assert!(!name.is_empty()));
    let texts = named.chain([&article.title, &article.summary]);
    texts.map(Text::as_str).for_each(check_characters);
    assert_eq!(article.body, draft.body.digest());
    let html = filled(draft);
    check_characters(&html);
    check_references(&html);
    check_tags(&html);
}

/// The body with something in each hole, which must be one of a reference.
fn filled(draft: &Draft) -> String {
    let mut html = String::new();
    let count = draft.article.references.len();
    draft.body.fill(&mut html, |hole, html| match hole {
        Hole::Related(number) => {
            assert!(number < count);
            html.push('x');
        }
        Hole::Attribute(name, number) => {
            assert!(number < count);
            html.extend([" ", name, "=\"x\""]);
        }
        Hole::Srcset(candidates) => {
            for candidate in candidates.split(", ") {
                let address = candidate.split(' ').next().unwrap_or(candidate);
                match address.strip_prefix('#') {
                    Some(number) => assert!(number.parse::<usize>().expect("a number") < count),
                    None => check_address(address),
                }
            }
            html.push_str(" srcset=\"x\"");
        }
    });
    html
}

/// Only what XML can carry. (XML 1.0 section 2.2)
fn check_characters(text: &str) {
    let is_forbidden = |c: char| {
        (c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{7f}'))
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    assert!(!text.contains(is_forbidden), "{text:?}");
}

/// Every `&` begins a character reference, of those that XML knows too.
fn check_references(html: &str) {
    for piece in html.split('&').skip(1) {
        let is_known = ["amp;", "lt;", "gt;", "quot;"]
            .iter()
            .any(|known| piece.starts_with(known));
        assert!(is_known, "{html:?}");
    }
}

/// Every `<` begins a tag, every tag that is opened is closed, and none is active.
fn check_tags(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut pieces = html.split('<');
    assert!(!pieces.next().unwrap_or_default().contains('>'), "{html:?}");
    for piece in pieces {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "{html:?}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{html:?}");
            continue;
        }
        let (name, attributes) = tag.split_at(tag.find(' ').unwrap_or(tag.len()));
        check_name(name);
        assert!(!ACTIVE.contains(&name), "{html:?}");
        check_attributes(attributes);
        if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} in {html:?}");
}

/// Each is ` name="value"`, and none runs code.
fn check_attributes(attributes: &str) {
    let mut rest = attributes;
    while !rest.is_empty() {
        let attribute = rest.strip_prefix(' ').and_then(|it| it.split_once("=\""));
        let (name, value) = attribute.expect("an attribute begins");
        let (value, after) = value.split_once('"').expect("a value ends");
        check_name(name);
        assert!(!name.starts_with("on") && name != "style", "{attributes:?}");
        if ADDRESSES.contains(&name) {
            check_address(value);
        }
        rest = after;
    }
}

fn check_name(name: &str) {
    let is_known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    assert!(!name.is_empty() && name.chars().all(is_known), "{name:?}");
}

/// Browsers take no notice of white space and control characters in a scheme.
fn check_address(address: &str) {
    let folded: String = address
        .chars()
        .filter(|c| !c.is_control() && !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    let runs = CODE.iter().any(|scheme| folded.starts_with(scheme));
    assert!(!runs, "{address:?}");
}
