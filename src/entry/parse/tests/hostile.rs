//! Text that is meant to hurt, and text that nobody means.

use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{conventions, read};
use crate::entry::{FolderPath, Hole, parse::parse};

/// `piece` again and again, with the number of the time, until there are `bytes` of it.
fn many(bytes: usize, piece: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(bytes);
    for number in 0.. {
        let piece = piece(number);
        if text.len() + piece.len() > bytes {
            break;
        }
        text.push_str(&piece);
    }
    text
}

/// Inputs of up to about `bytes`, each of which was, or might be, too much for somebody.
fn hostile(bytes: usize) -> Vec<String> {
    let again = |piece: &str| piece.repeat(bytes / piece.len());
    let half = |piece: &str| piece.repeat(bytes / 2 / piece.len());
    vec![
        // Blocks of Markdown.
        again("> "),
        again("- "),
        again(">\n"),
        again("1. a\n\n   "),
        many(bytes, |n| format!("{}- a\n", " ".repeat(n % 200))),
        many(bytes, |n| format!("# {n}\n")),
        again("a\n=\n"),
        "|a".repeat(bytes / 4) + "|\n" + &"|-".repeat(bytes / 4) + "|\n",
        "|a|\n|-|\n".to_owned() + &again("|b\n"),
        many(bytes, |n| format!("[^{n}]: a [^{n}]\n")),
        again("[^1]: a [^1]\n"),
        many(bytes, |n| format!("[a{n}]: b\n")),
        half("[a]: b\n") + &half("[a]"),
        // Spans of Markdown.
        again("["),
        half("![") + &half("]("),
        again("[a]("),
        again("<"),
        again("*a _b "),
        half("*a ") + &half("b_ "),
        again("*"),
        again("~~a"),
        again("`"),
        many(bytes, |n| format!("a{}", "`".repeat(n % 3000))),
        again("\\"),
        again("$a`"),
        // HTML.
        again("<div>"),
        again("<b><i>"),
        again("<a href=b>"),
        again("<table><td>"),
        again("<table><b>"),
        again("<p>"),
        again("<li><p><b>"),
        again("<button><select>"),
        again("<svg>"),
        again("<math><mi>"),
        again("<a href=\""),
        again("<!--"),
        again("<![CDATA["),
        again("<script>"),
        again("<template>"),
        again("<textarea>"),
        again("</"),
        again("</p>"),
        format!("<a {}>b</a>", many(bytes, |n| format!("a{n}=1 "))),
        format!("<p title=\"{}\">b", again("a")),
        format!(
            "<img srcset=\"{}\">",
            many(bytes, |n| format!("a{n} {n}w, "))
        ),
        many(bytes, |n| format!("<div><b id=i{n}></div>")),
        many(bytes, |n| format!("<x{n}>")),
        many(bytes, |n| format!("<img src=a{n}.png>")),
        // Entities.
        again("&amp"),
        again("&amp;") + "<b>",
        again("&nosuch;") + "<b>",
        again("&CounterClockwiseContourIntegralx;") + "<b>",
        many(bytes, |n| format!("&a{n};")) + "<b>",
        again("&#x41;") + "<b>",
        again("«·") + "<b>",
        // Front matter.
        format!("---\na: {}\n---\nText.", again("[")),
        format!("---\n{}\n---\nText.", again("a:\n ")),
        format!("---\n{}\n---\nText.", again("- ")),
        format!("---\n{}---\nText.", many(bytes, |n| format!("a{n}: b\n"))),
        format!("---\ntitle: {}\n---\nText.", again("a")),
        format!("---\ndate: {}\n---\nText.", again("(")),
        format!("+++\na = {}\n+++\nText.", again("[")),
        format!("{{\"a\": {}", again("[")),
        format!(
            "{{{}\"z\": 1}}\nText.",
            many(bytes, |n| format!("\"a{n}\": 1,"))
        ),
        format!("title: a\n{}\nText.", many(bytes, |n| format!("a{n}: b\n"))),
        again("---\n"),
        // Plain text and related lines.
        again("Read: a\n"),
        many(bytes, |n| format!("Read: a title, number {n}\n\n")),
        again("Read: "),
        again("Read: [a]("),
        half("https://a.b/") + &half(")"),
        again("https://a.b/ "),
        again("a@b.c "),
        again("— "),
        again("a — b\n\n"),
        again("a. "),
        again("a\n\n"),
        again("a "),
        again("a\n"),
        again("港"),
        again("\u{301}"),
    ]
}

/// How long each kind of file takes for each input, the slowest first: on a stack of 2 MiB, as the
/// threads have that read a folder.
fn times(bytes: usize) -> Vec<(Duration, &'static str, String)> {
    let parse_all = move || {
        let mut times = Vec::new();
        for text in hostile(bytes) {
            for path in ["a.md", "a.txt", "a.html"] {
                #[expect(clippy::disallowed_methods, reason = "the test is about time")]
                let start = Instant::now();
                let _ = read(path, &text);
                times.push((start.elapsed(), path, text.chars().take(30).collect()));
            }
        }
        times
    };
    let thread = thread::Builder::new().stack_size(2 * 1024 * 1024);
    let mut times = thread.spawn(parse_all).unwrap().join().unwrap();
    times.sort_by(|one, other| other.cmp(one));
    times
}

#[test]
fn hostile_text_ends_soon() {
    for (took, path, text) in times(96 * 1024) {
        assert!(took.as_secs() < 10, "{took:?} for {path}: {text:?}…");
    }
}

/// `cargo test --release --lib the_largest_hostile_text -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes, and times are those of a release build"]
#[expect(clippy::print_stdout, reason = "a measurement")]
fn the_largest_hostile_text_ends_in_two_seconds() {
    let times = times(2 * 1024 * 1024 - 256);
    for (took, path, text) in &times[..10] {
        println!("{took:?} {path} {text:?}");
    }
    assert!(times[0].0.as_secs() < 2);
}

/// Front matter that takes more to read than it is worth ends in an error, and soon.
#[test]
fn front_matter_has_a_budget() {
    let bomb = (0..24).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |bomb, n| {
        let items = format!("*a{n},").repeat(9);
        bomb + &format!("a{}: &a{} [{items}]\n", n + 1, n + 1)
    });
    let same = "title: a\n".repeat(2);
    let check = |name: &str, yaml: &str, expected: &str| {
        let text = format!("---\n{yaml}\n---\nText.");
        #[expect(clippy::disallowed_methods, reason = "the test is about time")]
        let start = Instant::now();
        let refused = read("a.md", &text).expect_err(name);
        let took = start.elapsed();
        // Unoptimised, and beside other tests: ten times what a release may take.
        let most = if cfg!(debug_assertions) { 1000 } else { 100 };
        assert!(took.as_millis() < most, "{name}: {took:?}");
        let refused = format!("{refused:?}");
        assert!(refused.contains(expected), "{name}: {refused}");
    };
    check("an alias bomb", &bomb, "holds too much");
    check(
        "nested brackets",
        &format!("a: {}", "[".repeat(20_000)),
        "recursion limit",
    );
    check(
        "closed brackets",
        &format!("a: {}{}", "[".repeat(20_000), "]".repeat(20_000)),
        "recursion limit",
    );
    check("the same key twice", &same, "for the second time");
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
