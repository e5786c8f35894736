//! Elements of other namespaces that a writer wants in the feeds, beyond what we know the meaning of.

mod known;

use serde::{Deserialize, Serialize};

use super::{Text, form};
use known::{Count, NAMESPACES};

/// What the text of an element must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Anything but nothing.
    Words,
    /// At most so many bytes of words.
    Short(usize),
    /// A date as Dublin Core has it.
    Date,
    /// An absolute URL.
    Address,
    /// A tag of BCP 47.
    Language,
    /// A whole number from 0.
    Count,
    /// A whole number from 1.
    Number,
    /// Any number.
    Decimal,
    /// Degrees north, from -90 to 90.
    Latitude,
    /// Degrees east, from -180 to 180.
    Longitude,
    /// So many pairs of degrees, at least, north and east in turn, with blanks between.
    Places(usize),
    /// Just so many such pairs.
    Corners(usize),
    /// `HH:MM:SS`, `MM:SS`, or seconds.
    Duration,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

impl Form {
    /// Whether `text` is so.
    pub fn admits(self, text: &str) -> bool {
        let text = text.trim();
        let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
        let within = |most: f64| number(text).is_some_and(|number| number.abs() <= most);
        let digits =
            !text.is_empty() && text.len() < 10 && text.bytes().all(|b| b.is_ascii_digit());
        match self {
            Self::Words => !text.is_empty(),
            Self::Short(most) => !text.is_empty() && text.len() <= most,
            Self::Date => form::is_w3c_date(text),
            Self::Address => form::is_uri(text),
            Self::Language => super::Language::parse(text).is_some(),
            Self::Count => digits,
            Self::Number => digits && text.bytes().any(|digit| digit != b'0'),
            Self::Decimal => number(text).is_some(),
            Self::Latitude => within(90.0),
            Self::Longitude => within(180.0),
            Self::Places(least) => places(text).is_some_and(|count| count >= least),
            Self::Corners(count) => places(text) == Some(count),
            Self::Duration => is_duration(text),
            Self::OneOf(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
        }
    }

    /// What would be right.
    pub fn expected(self) -> String {
        match self {
            Self::Words => "some words".to_owned(),
            Self::Short(most) => format!("some words, {most} bytes at most"),
            Self::Date => "a date such as 2026-01-31 or 2026-01-31T10:00:00Z".to_owned(),
            Self::Address => "an address such as https://example.org/".to_owned(),
            Self::Language => "a language tag such as en or pt-BR".to_owned(),
            Self::Count => "a whole number such as 12".to_owned(),
            Self::Number => "a whole number from 1".to_owned(),
            Self::Decimal => "a number such as 1.5".to_owned(),
            Self::Latitude => "degrees from -90 to 90".to_owned(),
            Self::Longitude => "degrees from -180 to 180".to_owned(),
            Self::Places(least) => {
                format!("at least {least} places such as 38.7 -9.1, with blanks between")
            }
            Self::Corners(1) => "a place such as 38.7 -9.1".to_owned(),
            Self::Corners(count) => {
                format!("{count} places such as 38.7 -9.1, with blanks between")
            }
            Self::Duration => "seconds, or 1:02:03".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
        }
    }
}

/// How many places there are in pairs of degrees north and east; `None` if something else is there.
fn places(text: &str) -> Option<usize> {
    let numbers = text
        .split([' ', '\t', '\n', ','])
        .filter(|it| !it.is_empty());
    let numbers: Vec<f64> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
    let is_place = |place: &[f64]| place[0].abs() <= 90.0 && place[1].abs() <= 180.0;
    let (pairs, rest) = numbers.as_chunks::<2>();
    (rest.is_empty() && pairs.iter().all(|pair| is_place(pair))).then_some(pairs.len())
}

/// Seconds, `MM:SS` or `HH:MM:SS`. (Apple's podcast RSS requirements, `itunes:duration`)
fn is_duration(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let is_number =
        |part: &str| (1..=9).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let is_clock = |part: &&str| part.len() <= 2 && part.parse::<u8>().is_ok_and(|it| it < 60);
    parts.len() <= 3 && parts.iter().all(|part| is_number(part)) && parts[1..].iter().all(is_clock)
}

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
    /// Nothing that the namespace has, or not for entries, or not without attributes.
    #[error(
        "`{prefix}:{name}` is no element for entries that is text alone: expected {prefix}: and one of {known}"
    )]
    Unknown {
        /// The prefix.
        prefix: String,
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// Not what the element is for.
    #[error("`{value}` is no value of {name}: expected {expected}")]
    Form {
        /// The element.
        name: String,
        /// What was said.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// Too much text.
    #[error("the value is too long: expected at most {MAX_VALUE} bytes")]
    Value,
}

impl Element {
    /// The element `prefix:name` with the text `value`. (Namespaces in XML 1.0 section 4)
    pub fn new(prefix: &str, name: &str, value: &str) -> Result<Self, ElementError> {
        let Some(namespace) = NAMESPACES.iter().find(|it| it.prefix == prefix) else {
            return Err(ElementError::Prefix(prefix.chars().take(40).collect()));
        };
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
        let Some((_, form, _)) = namespace.elements.iter().find(|it| it.0 == name) else {
            let names: Vec<&str> = namespace.elements.iter().map(|it| it.0).collect();
            return Err(ElementError::Unknown {
                prefix: prefix.to_owned(),
                name: name.to_owned(),
                known: names.join(", "),
            });
        };
        let value = Text::new(value);
        if !form.admits(value.as_str()) {
            return Err(ElementError::Form {
                name: format!("{prefix}:{name}"),
                value: value.as_str().chars().take(40).collect(),
                expected: form.expected(),
            });
        }
        Ok(Self {
            prefix: prefix.into(),
            name: name.into(),
            value,
        })
    }

    /// What the text of the element `name` of the namespace `uri` must be, and whether it may stand
    /// there but once. `None` if it is not for entries, or not text alone.
    pub fn form(uri: &str, name: &str) -> Option<(Form, bool)> {
        let namespace = NAMESPACES.iter().find(|it| it.uri == uri)?;
        let (_, form, count) = namespace.elements.iter().find(|it| it.0 == name)?;
        Some((*form, *count == Count::Once))
    }

    /// Whether an entry may have just one of these.
    pub fn is_single(&self) -> bool {
        Self::form(self.namespace().1, &self.name).is_some_and(|(_, is_single)| is_single)
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

    /// The prefix, and the namespace that it stands for.
    pub fn namespace(&self) -> (&'static str, &'static str) {
        namespace(&self.prefix).unwrap_or_default()
    }
}

fn namespace(prefix: &str) -> Option<(&'static str, &'static str)> {
    let found = NAMESPACES.iter().find(|it| it.prefix == prefix);
    found.map(|it| (it.prefix, it.uri))
}

fn known() -> String {
    NAMESPACES.map(|it| it.prefix).join(", ")
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
                .map(|element| element.namespace().1)
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
            Element::new("dc", "rights", &"x".repeat(MAX_VALUE + 1)),
            Err(ElementError::Value)
        );
        assert!(matches!(
            Element::new("media", "content", "x"),
            Err(ElementError::Unknown { .. })
        ));
    }

    #[test]
    fn values_have_the_form_of_their_elements() {
        let check = |prefix: &str, name: &str, value: &str, expected: bool| {
            let made = Element::new(prefix, name, value);
            assert_eq!(made.is_ok(), expected, "{prefix}:{name} {value}: {made:?}");
        };
        check("dc", "rights", " ", false);
        check("dc", "date", "2026-01-31", true);
        check("dc", "date", "31 Jan 2026", false);
        check("dc", "language", "pt-BR", true);
        check("dc", "language", "Portuguese", false);
        check("wfw", "commentRss", "https://example.org/", true);
        check("wfw", "commentRss", "/comments", false);
        check(
            "creativeCommons",
            "license",
            "https://example.org/a|b",
            false,
        );
        check("slash", "comments", "0", true);
        check("slash", "comments", "-1", false);
        check("itunes", "season", "1", true);
        check("itunes", "season", "0", false);
        check("itunes", "season", "1234567890", false);
        check("podcast", "episode", "1.5", true);
        check("podcast", "episode", "NaN", false);
        check("geo", "lat", "90", true);
        check("geo", "lat", "90.1", false);
        check("geo", "long", "-180", true);
        check("geo", "long", "181", false);
        check("georss", "point", "38.7 -9.1", true);
        check("georss", "point", "38.7", false);
        check("georss", "point", "38.7 -9.1 1 1", false);
        check("georss", "line", "38.7 -9.1 1 1 2 2", true);
        check("georss", "line", "38.7 -9.1", false);
        check("georss", "box", "38.7 -9.1 99 1", false);
        check("itunes", "duration", "1:02:03", true);
        check("itunes", "duration", "754", true);
        check("itunes", "duration", "1:99", false);
        check("itunes", "duration", "long", false);
        check("itunes", "explicit", "true", true);
        check("itunes", "explicit", "maybe", false);
        check("itunes", "subtitle", &"x".repeat(256), false);
        check("media", "rating", "adult", true);
        check("media", "rating", "R", false);
    }
}
