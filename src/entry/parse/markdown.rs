//! Markdown (CommonMark and what GitHub adds to it) → the tree.

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, format_html, parse_document};

use super::html;
use super::shown::MORE;
use super::tree::{self, Entities, Node};

/// The tree of `source`.
pub(super) fn read(source: &str) -> Vec<Node> {
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
    if raw_html {
        html::read(&rendered).0
    } else {
        tree::read(&rendered, Entities::Decoded).0
    }
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
