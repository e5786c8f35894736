//! Elements of other namespaces that a writer wants in the feeds, beyond what we know the meaning of.

use serde::{Deserialize, Serialize};

use super::Text;

/// The namespaces that a prefix stands for, by the habit of feeds.
const NAMESPACES: [(&str, &str); 14] = [
    ("cc", "http://web.resource.org/cc/"),
    (
        "creativeCommons",
        "http://backend.userland.com/creativeCommonsRssModule",
    ),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("geo", "http://www.w3.org/2003/01/geo/wgs84_pos#"),
    ("georss", "http://www.georss.org/georss"),
    (
        "googleplay",
        "http://www.google.com/schemas/play-podcasts/1.0",
    ),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("podcast", "https://podcastindex.org/namespace/1.0"),
    ("slash", "http://purl.org/rss/1.0/modules/slash/"),
    ("source", "http://source.scripting.com/"),
    ("thr", "http://purl.org/syndication/thread/1.0"),
    ("wfw", "http://wellformedweb.org/CommentAPI/"),
];

/// The longest value, in bytes.
const MAX_VALUE: usize = 4096;

/// An element with a prefixed name and text, such as `<geo:lat>38.72</geo:lat>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    prefix: Box<str>,
    name: Box<str>,
    value: Text,
}

/// Why something is no [`Element`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ElementError {
    /// No namespace is known for the prefix.
    #[error("the prefix `{0}` stands for no namespace: expected one of {known}", known = known())]
    Prefix(String),
    /// Not a name in XML.
    #[error("`{0}` is no name of an element: expected letters, digits and hyphens")]
    Name(String),
    /// Too much text.
    #[error("the value is too long: expected at most {MAX_VALUE} bytes")]
    Value,
}

impl Element {
    /// The element `prefix:name` with the text `value`. (Namespaces in XML 1.0 section 4)
    pub fn new(prefix: &str, name: &str, value: &str) -> Result<Self, ElementError> {
        if namespace(prefix).is_none() {
            return Err(ElementError::Prefix(prefix.chars().take(40).collect()));
        }
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.len() <= 60
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !is_name {
            return Err(ElementError::Name(name.chars().take(40).collect()));
        }
        if value.len() > MAX_VALUE {
            return Err(ElementError::Value);
        }
        Ok(Self {
            prefix: prefix.into(),
            name: name.into(),
            value: Text::new(value),
        })
    }

    /// The prefix, by the habit of feeds.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The name behind the prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub fn value(&self) -> &Text {
        &self.value
    }

    /// The namespace that the prefix stands for.
    pub fn namespace(&self) -> &'static str {
        namespace(&self.prefix).unwrap_or_default()
    }
}

fn namespace(prefix: &str) -> Option<&'static str> {
    NAMESPACES
        .into_iter()
        .find_map(|(known, namespace)| (known == prefix).then_some(namespace))
}

fn known() -> String {
    NAMESPACES.map(|(prefix, _)| prefix).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_known_prefixes_and_names_of_xml() {
        let check = |prefix: &str, name: &str, expected: Result<&str, &str>| {
            let made = Element::new(prefix, name, "38.72");
            let made = made
                .as_ref()
                .map(Element::namespace)
                .map_err(ToString::to_string);
            assert_eq!(made, expected.map_err(str::to_owned), "{prefix}:{name}");
        };
        check("geo", "lat", Ok("http://www.w3.org/2003/01/geo/wgs84_pos#"));
        check(
            "geo",
            "la t",
            Err("`la t` is no name of an element: expected letters, digits and hyphens"),
        );
        check(
            "geo",
            "",
            Err("`` is no name of an element: expected letters, digits and hyphens"),
        );
        assert!(matches!(
            Element::new("harbour", "lat", ""),
            Err(ElementError::Prefix(_))
        ));
        assert_eq!(
            Element::new("dc", "x", &"x".repeat(MAX_VALUE + 1)),
            Err(ElementError::Value)
        );
    }
}
