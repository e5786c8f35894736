//! Looks for active content in HTML, with a parser that the program does not use for it.

use std::fmt::Write as _;

use scraper::{ElementRef, Html};
use tidings::entry::Address;

/// Elements that have no business in an article.
const ACTIVE: [&str; 26] = [
    "applet",
    "base",
    "body",
    "button",
    "dialog",
    "embed",
    "form",
    "frame",
    "frameset",
    "head",
    "iframe",
    "link",
    "marquee",
    "math",
    "meta",
    "noscript",
    "object",
    "param",
    "plaintext",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
];

/// Attributes that hold addresses.
const ADDRESSES: [&str; 10] = [
    "href",
    "src",
    "poster",
    "cite",
    "action",
    "formaction",
    "data",
    "background",
    "ping",
    "longdesc",
];

/// What is active in `html`, the content of an article.
pub(crate) fn faults(html: &str) -> String {
    let parsed = Html::parse_fragment(html);
    // The fragment's own root is no part of it.
    let elements = parsed.root_element().descendants().skip(1);
    let mut faults = String::new();
    for element in elements.filter_map(ElementRef::wrap) {
        look_at(element, &mut faults);
    }
    faults
}

/// What is active in `element`.
fn look_at(element: ElementRef<'_>, faults: &mut String) {
    let element = element.value();
    let name = element.name();
    let is_task = element.attr("type") == Some("checkbox") && element.attr("disabled").is_some();
    if ACTIVE.contains(&name) || (name == "input" && !is_task) {
        let _ = writeln!(faults, "<{name}>");
    }
    for (attribute, value) in element.attrs() {
        let is_bad = if ADDRESSES.contains(&attribute) {
            !is_decent(value)
        } else if attribute == "srcset" {
            let candidates = value.split(", ");
            !candidates
                .into_iter()
                .all(|it| is_decent(it.split(' ').next().unwrap_or(it)))
        } else {
            attribute.starts_with("on") || ["style", "srcdoc", "xlink:href"].contains(&attribute)
        };
        if is_bad {
            let _ = writeln!(faults, "<{name} {attribute}={value:?}>");
        }
    }
}

/// Whether an address is absolute, and of a scheme that leads somewhere without doing anything.
fn is_decent(address: &str) -> bool {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| Address::SCHEMES.contains(&scheme))
}

#[test]
fn active_content_is_found() {
    for bad in [
        "<script>x</script>",
        "a<svg></svg>",
        "<p><math><mi>x</math>",
        "<iframe src=\"https://a.example/\"></iframe>",
        "<b onclick=x>",
        "<b style=\"\">",
        "<a href=\"javascript:x\">",
        "<a href=\" java\tscript:x\">",
        "<a href=\"/relative\">",
        "<img src=a.png>",
        "<img srcset=\"https://a.example/ 1x, data:x 2x\">",
        "<video poster=\"data:x\">",
        "<input type=text>",
        "<form><input type=checkbox disabled></form>",
        "<style>p {}</style>",
    ] {
        assert_ne!(faults(bad), "", "{bad}");
    }
    for good in [
        "text &lt;script&gt;",
        "<p class=related>Read: <a href=\"https://a.example/?a=1&amp;b=2\">x</a></p>",
        "<img src=\"https://a.example/a.png\" srcset=\"https://a.example/a.png 1x, https://a.example/b,c 2x\" alt=\"<svg>\">",
        "<ul><li><input type=checkbox disabled checked> done</ul>",
        "<table><tr><td>1</table>",
    ] {
        assert_eq!(faults(good), "", "{good}");
    }
}
