//! What of HTML may be shown: the only names that can stand in the tree.

/// The class of the empty element that stands for `<!--more-->`.
pub(super) const MORE: &str = "entry-more";

/// Elements with an end tag that may be shown and begin a new block.
const BLOCKS: [&str; 37] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "caption",
    "center",
    "colgroup",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Elements with an end tag that may be shown within a line.
const INLINES: [&str; 36] = [
    "a", "abbr", "audio", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "i",
    "ins", "kbd", "mark", "picture", "q", "rp", "rt", "ruby", "s", "samp", "small", "span",
    "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "video", "big", "acronym",
];

/// Elements without an end tag that may be shown.
pub(super) const VOIDS: [&str; 7] = ["br", "col", "hr", "img", "input", "source", "wbr"];

/// Elements that are left out with all that is in them.
pub(super) const UNSHOWN: [&str; 13] = [
    "svg", "math", "object", "template", "noscript", "canvas", "select", "applet", "map",
    "datalist", "frameset", "dialog", "embed",
];

/// Attributes that may be shown.
pub(super) const ATTRIBUTES: [&str; 32] = [
    "alt", "align", "checked", "cite", "class", "colspan", "controls", "datetime", "dir",
    "disabled", "headers", "height", "href", "id", "lang", "loading", "loop", "media", "muted",
    "open", "poster", "preload", "reversed", "rowspan", "scope", "sizes", "src", "srcset", "start",
    "title", "type", "width",
];

/// The names of all elements that may be shown.
pub(super) fn shown_elements() -> impl Iterator<Item = &'static str> {
    BLOCKS.into_iter().chain(INLINES).chain(VOIDS)
}

/// The names of all elements that are left out with their content.
pub(super) fn unshown_elements() -> impl Iterator<Item = &'static str> {
    UNSHOWN.into_iter()
}

/// The names of all attributes that may be shown.
pub(super) fn shown_attributes() -> impl Iterator<Item = &'static str> {
    ATTRIBUTES.into_iter()
}

/// Whether an element begins a new block.
pub(super) fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

/// The name of an element, if it may be shown.
pub(super) fn shown(name: &str) -> Option<&'static str> {
    shown_elements().find(|shown| *shown == name)
}
