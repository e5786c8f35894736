//! What holds for every entry, whatever its file was.

use jiff::tz::TimeZone;
use tidings::entry::parse::{Conventions, Defaults, Labels, parse};
use tidings::entry::{Draft, FolderPath, Hole, Text};

/// Elements that never come out.
const ACTIVE: [&str; 14] = [
    "script", "style", "iframe", "frame", "object", "embed", "form", "svg", "math", "base", "meta",
    "link", "template", "noscript",
];

/// Reads a file of this name, and checks what became of it.
pub fn check(name: &str, bytes: &[u8]) {
    let path = FolderPath::new(name).expect("a path");
    let labels = Labels::new(["Read", "Also read", "See also"]);
    let conventions = Conventions::new(TimeZone::UTC, labels, Defaults::default());
    match parse(&path, bytes, &conventions) {
        Ok(draft) => check_draft(&draft),
        Err(refusal) => {
            let problem = refusal.problem();
            assert!(problem.line > 0 && problem.column > 0, "{problem:?}");
            assert!(!problem.message.is_empty());
        }
    }
}

fn check_draft(draft: &Draft) {
    let article = &draft.article;
    assert!(!article.title.is_empty());
    let people = article.authors.iter().map(|it| &it.name);
    let tags = article.categories.iter().map(|it| &it.label);
    let texts = people.chain(tags).chain([&article.title, &article.summary]);
    texts.map(Text::as_str).for_each(check_characters);
    assert_eq!(article.body, draft.body.digest());
    let mut html = String::new();
    let count = article.references.len();
    draft.body.fill(&mut html, |hole, html| match hole {
        Hole::Related(number) => {
            assert!(number < count);
            html.push('x');
        }
        Hole::Attribute(name, number) => {
            assert!(number < count);
            html.extend([" ", name, "=\"x\""]);
        }
        Hole::Srcset(_) => html.push_str(" srcset=\"x\""),
    });
    check_characters(&html);
    check_tags(&html);
}

/// Only what XML can carry. (XML 1.0 section 2.2)
fn check_characters(text: &str) {
    let is_forbidden = |c: char| {
        (c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{7f}'))
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    assert!(!text.contains(is_forbidden), "{text:?}");
}

/// Every `<` begins a tag, every tag that is opened is closed, and none is active.
fn check_tags(html: &str) {
    const VOID: [&str; 7] = ["br", "col", "hr", "img", "input", "source", "wbr"];
    let mut open: Vec<&str> = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("a tag ends");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{html:?}");
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(!ACTIVE.contains(&name), "{html:?}");
        check_attributes(attributes);
        if !VOID.contains(&name) && name != "track" && name != "area" {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} in {html:?}");
}

fn check_attributes(attributes: &str) {
    let mut rest = attributes.trim();
    while !rest.is_empty() {
        let (name, value) = rest.split_once("=\"").unwrap_or((rest, "\""));
        let (value, after) = value.split_once('"').expect("a value ends");
        // Those without a value stand before.
        for name in name.split_whitespace() {
            assert!(!name.starts_with("on") && name != "style", "{attributes:?}");
        }
        let scheme = value.trim_start().split(':').next().unwrap_or_default();
        let scheme = scheme.to_ascii_lowercase();
        let is_address = name.ends_with("href") || name.ends_with("src");
        assert!(
            !is_address || !["javascript", "vbscript", "data"].contains(&&*scheme),
            "{attributes:?}"
        );
        rest = after.trim_start();
    }
}
