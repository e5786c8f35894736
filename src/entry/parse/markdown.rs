//! Markdown (CommonMark and what GitHub adds to it) → the tree.

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, format_html, parse_document};

use super::html;
use super::shown::MORE;
use super::tree::{self, Entities, Node};

/// The tree of `source`. Only where the writer wrote HTML does it have to be cleaned: what the library
/// writes by itself is decent, but for addresses, which are looked at everywhere.
pub(super) fn read(source: &str) -> Vec<Node> {
    match render(source) {
        (html, true) => html::read(&html).0,
        (html, false) => tree::read(&html, Entities::Decoded).0,
    }
}

/// `source` as HTML, and whether the writer's own HTML is in it.
fn render(source: &str) -> (String, bool) {
    let mut options = Options::default();
    options.extension.autolink = true;
    options.extension.footnotes = true;
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.tasklist = true;

    let arena = Arena::new();
    let root = parse_document(&arena, source, &options);
    let mut raw_html = false;
    for node in root.descendants() {
        let mut data = node.data_mut();
        match &data.value {
            NodeValue::HtmlInline(html) if is_more(html) => data.value = more(),
            NodeValue::HtmlBlock(block) if is_more(&block.literal) => data.value = more(),
            NodeValue::HtmlInline(_) | NodeValue::HtmlBlock(_) => raw_html = true,
            _ => {}
        }
    }
    options.render.r#unsafe = raw_html;
    let mut rendered = String::with_capacity(source.len() * 2);
    // Writing to a string does not fail.
    let _ = format_html(root, &options, &mut rendered);
    (rendered, raw_html)
}

fn is_more(html: &str) -> bool {
    html.trim()
        .strip_prefix("<!--")
        .and_then(|rest| rest.strip_suffix("-->"))
        .is_some_and(|comment| comment.trim() == "more")
}

fn more() -> NodeValue {
    NodeValue::Raw(format!("<wbr class=\"{MORE}\">"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::parse::write;

    /// What the library writes for Markdown.
    const WRITTEN: [&str; 30] = [
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "img",
        "input",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "strong",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
        "wbr",
    ];

    fn source() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(
            &[
                "<",
                ">",
                "<b>",
                "</b>",
                "<script>",
                "<!--",
                "-->",
                "<!--more-->",
                "<?",
                "<![CDATA[",
                "&lt;b&gt;",
                "&#60;script&#62;",
                "&#3;",
                "&quot;",
                "\\<b>",
                "`<b>`",
                "```<b onclick=x>\n",
                "    <b>\n",
                "~~~\n",
                "[x](<a\"b>)",
                "[x](a \"<b> ' &quot; onclick=x\")",
                "![<b>](a 't\"')",
                "[a]: <b\"> '\"><b>'\n",
                "[a]",
                "[^a]",
                "[^a]: <b>\n",
                "[^\"><b>]: x\n",
                "[^\"><b>]",
                "<https://e.example/\"b>",
                "<b@e.example>",
                "https://e.example/\"><b>",
                "|<b>|\n|-|\n|a|\n",
                "# <\n",
                "- [x] <\n",
                "1) a\n",
                "*",
                "_",
                "\n",
                "\n\n",
                " ",
                "a",
                "> ",
            ][..],
        );
        prop::collection::vec(pieces, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 4000,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn without_html_of_the_writers_own_nothing_has_to_be_cleaned(source in source()) {
            let (rendered, raw_html) = render(&source);
            if !raw_html {
                for piece in rendered.split('<').skip(1) {
                    let name = piece.split([' ', '>']).next().unwrap_or_default();
                    let name = name.strip_prefix('/').unwrap_or(name);
                    prop_assert!(WRITTEN.contains(&name), "{} in {}", name, rendered);
                }
                let quick = tree::read(&rendered, Entities::Decoded).0;
                let cleaned = html::read(&rendered).0;
                let write = |nodes: &[Node]| write::html(nodes, Entities::Decoded);
                prop_assert_eq!(write(&quick), write(&cleaned), "{}", rendered);
            }
        }
    }

    /// `cargo test --release --lib what_cleaning_costs -- --ignored --nocapture`
    #[test]
    #[ignore = "a measurement"]
    #[expect(
        clippy::disallowed_methods,
        clippy::print_stdout,
        reason = "a measurement"
    )]
    fn what_cleaning_costs() {
        let paragraph = "Some *words* of a text, with [a link](https://e.example/) and `code`.\n\n";
        let time = |text: &str| {
            let start = std::time::Instant::now();
            for _ in 0..500 {
                assert!(!read(text).is_empty());
            }
            start.elapsed().as_secs_f64()
        };
        let plain = paragraph.repeat(55);
        let (without, with) = (time(&plain), time(&format!("{plain}<b>x</b>")));
        println!(
            "4 kB of Markdown with raw HTML takes {:.1} times as long",
            with / without
        );
    }
}
