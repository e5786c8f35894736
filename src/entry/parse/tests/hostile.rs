//! Text that is meant to hurt, and text that nobody means.

use proptest::prelude::*;

use super::{conventions, read};
use crate::entry::{FolderPath, Hole, parse::parse};

fn many(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect::<Vec<_>>().concat()
}

#[test]
fn hostile_text_ends_soon() {
    let attributes = many(50_000, |n| format!("a{n}=1 "));
    let bomb = "---\na0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &many(24, |n| {
            let (this, last) = (n + 1, n);
            let items = format!("*a{last},").repeat(9);
            format!(
                "a{this}: &a{this} [{items}]
"
            )
        })
        + "---\nText.";
    let formatting = many(20_000, |n| format!("<div><b id=i{n}></div>"));
    let texts = [
        "> ".repeat(20_000) + "a",
        "<div>".repeat(20_000) + "a",
        "<table><td>".repeat(20_000) + "a",
        "<p>".repeat(300_000) + "a",
        "<svg>".repeat(100_000),
        "<a href=\"".repeat(100_000),
        "<!--".repeat(100_000),
        "<script>".repeat(100_000),
        "</".repeat(100_000),
        format!("<a {attributes}>b</a>"),
        formatting,
        "[".repeat(20_000),
        "![".repeat(20_000) + &"](".repeat(20_000),
        "*a _b ".repeat(50_000),
        "`".repeat(100_000),
        "- ".repeat(20_000) + "a",
        "[^1]: a [^1]\n".repeat(10_000),
        "---\na: ".to_owned() + &"[".repeat(60_000) + "\n---\nText.",
        "---\n".to_owned() + &"a:\n ".repeat(5_000) + "\n---\nText.",
        "---\n".to_owned() + &"- ".repeat(30_000) + "\n---\nText.",
        "---\ndate: ".to_owned() + &"(".repeat(60_000) + "\n---\nText.",
        "+++\na = ".to_owned() + &"[".repeat(60_000) + "\n+++\nText.",
        "{\"a\": ".to_owned() + &"[".repeat(60_000),
        bomb,
        "Read: a\n".repeat(50_000),
        "Read: ".repeat(100_000),
        "https://a.b/".repeat(50_000) + &")".repeat(500_000),
        "— ".repeat(300_000),
        "a. ".repeat(300_000),
        "&amp".repeat(100_000),
        "&amp;".repeat(100_000) + "<b>",
        "«·".repeat(50_000) + "<b>",
        "&nosuch;".repeat(50_000) + "<b>",
        "&CounterClockwiseContourIntegralx;".repeat(50_000) + "<b>",
        many(50_000, |n| format!("&a{n};")) + "<b>",
    ];
    for text in texts {
        for path in ["a.md", "a.txt", "a.html"] {
            let start = text.chars().take(20).collect::<String>();
            #[expect(clippy::disallowed_methods, reason = "the test is about time")]
            let before = std::time::Instant::now();
            let _ = read(path, &text);
            let took = before.elapsed();
            assert!(took.as_secs() < 10, "{took:?} for {path}: {start:?}…");
        }
    }
}

fn extension() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a.md", "a.txt", "a.html", "2026-01-31-b.MD"])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_parse_or_are_refused(
        path in extension(),
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = parse(&FolderPath::new(path).unwrap(), &bytes, &conventions());
    }

    #[test]
    fn any_pieces_parse_or_are_refused(
        path in extension(),
        pieces in prop::collection::vec(prop::sample::select(vec![
            "---\n", "+++\n", "{", "}", "\"", "title: ", "date: ", "Read: ", "*", "_", "[", "](", ")", "<p>",
            "</p>", "<b title='", "'>", "<table>", "<td>", "</table>", "&#1;", "\u{1}r0\u{2}", "\n", "\n\n", "> ", "- ", "1. ",
            "https://a.b/", "— ", "A b", "ü", "日本。", ".", ", ", ": ", "#", "|", "<!--more-->", "<a href=b>", "</a>",
            "<img src=", " srcset=\"a 1x, b\"", ">", "<svg>", "&amp;", "[^1]", "= 1\n", "<br>", "\\", "`", "    ",
        ]), 0..60),
    ) {
        let text = pieces.concat();
        if let Ok(draft) = read(path, &text) {
            prop_assert!(!draft.article.title.is_empty());
            prop_assert!(draft.article.summary.as_str().chars().count() <= 280 || !draft.claims.minor);
            prop_assert_eq!(draft.article.body, draft.body.digest());
            let mut filled = String::from("<body>");
            let mut inside = true;
            draft.body.fill(&mut filled, |hole, html| {
                let references = draft.article.references.len();
                match hole {
                    Hole::Related(number) => {
                        inside &= number < references;
                        html.push('x');
                    }
                    Hole::Attribute(name, number) => {
                        inside &= number < references;
                        html.extend([" ", name, "=\"x\""]);
                    }
                    Hole::Srcset(candidates) => {
                        let numbers = candidates.split(", ").filter_map(|it| it.strip_prefix('#'));
                        inside &= numbers
                            .map(|it| it.split(' ').next().unwrap_or(it))
                            .all(|number| number.parse::<usize>().unwrap() < references);
                        html.push_str(" srcset=\"x\"");
                    }
                }
            });
            prop_assert!(inside);
            filled.push_str("</body>");
            for void in ["br", "col", "hr", "img", "input", "source", "wbr"] {
                filled = close(&filled, void);
            }
            prop_assert!(roxmltree::Document::parse(&filled).is_ok(), "{}", filled);
        }
    }
}

/// The void element `name` as XML has it; no `>` stands in a value.
fn close(html: &str, name: &str) -> String {
    let mut closed = String::new();
    let mut rest = html;
    while let Some(at) = rest.find(&format!("<{name}")) {
        let end = at + rest[at..].find('>').unwrap();
        let whole = &rest[at + 1 + name.len()..=end];
        closed.push_str(&rest[..end]);
        closed.push_str(if whole.starts_with([' ', '>']) {
            "/>"
        } else {
            ">"
        });
        rest = &rest[end + 1..];
    }
    closed + rest
}
