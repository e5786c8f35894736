//! Elements of other namespaces that the writer asks for: text alone.

use std::borrow::Cow;

use super::Shown;
use super::piece::Namespaces;

/// `<prefix:name>value</prefix:name>`.
pub(super) struct Extra<'a> {
    pub(super) prefix: &'static str,
    namespace: &'static str,
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
    elements.map(|element| {
        let (prefix, namespace) = element.namespace();
        Extra {
            prefix,
            namespace,
            name: element.name(),
            value: Cow::Borrowed(element.value().as_str()),
        }
    })
}

/// The namespaces of what the writer asks for.
pub(super) fn namespaces(shown: &Shown<'_>) -> Namespaces {
    elements(shown)
        .map(|it| (it.prefix, it.namespace))
        .collect()
}
