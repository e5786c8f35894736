//! Elements of other namespaces that the writer asks for: text alone.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Shown;

/// `<prefix:name>value</prefix:name>`.
pub(super) struct Extra<'a> {
    pub(super) prefix: &'a str,
    pub(super) namespace: &'static str,
    pub(super) name: &'a str,
    pub(super) value: Cow<'a, str>,
}

/// What RSS and Atom always say in their own words, or we in these. A reader that met it a second time
/// would take the one for the other.
const SAID: [(&str, &str); 3] = [("dc", "creator"), ("dc", "date"), ("dc", "language")];

/// The elements that the writer asks for.
pub(super) fn elements<'a>(shown: &'a Shown<'_>) -> impl Iterator<Item = Extra<'a>> {
    let elements = shown.entry.article.elements.iter();
    let elements = elements.filter(|it| !SAID.contains(&(it.prefix(), it.name())));
    elements.map(|element| Extra {
        prefix: element.prefix(),
        namespace: element.namespace(),
        name: element.name(),
        value: Cow::Borrowed(element.value().as_str()),
    })
}

/// The namespaces of `extras`, by their prefixes.
pub(super) fn namespaces<'a>(extras: impl Iterator<Item = Extra<'a>>) -> BTreeMap<String, String> {
    let declared = extras.map(|it| (it.prefix.to_owned(), it.namespace.to_owned()));
    declared.collect()
}
