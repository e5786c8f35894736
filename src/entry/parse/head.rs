//! What the head of a whole HTML document says.

use super::front_matter::{self, Field};

/// What whole HTML documents say besides their text, as written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) title: Option<String>,
    pub(super) language: Option<String>,
    /// Names and contents of `<meta>`.
    pub(super) meta: Vec<(String, String)>,
}

/// The most `<meta>` of one document that are looked at.
const MAX_META: usize = 64;

/// The names under which `<meta>` says what front matter would.
const META: [&str; 14] = [
    "article:modified_time",
    "article:published_time",
    "article:tag",
    "author",
    "authors",
    "category",
    "date",
    "description",
    "keywords",
    "modified",
    "slug",
    "status",
    "summary",
    "tags",
];

impl Head {
    /// What it says, as fields of front matter.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        self.meta.iter().map(|(name, content)| Field {
            key: name.clone(),
            value: front_matter::Value::Text(content.clone()),
            place: (1, 1),
        })
    }

    pub(super) fn take_meta(&mut self, attributes: &[(String, &str)]) {
        let value = |wanted: &str| {
            let mut all = attributes.iter();
            all.find_map(|(name, value)| (name == wanted).then_some(*value))
        };
        let name = value("name").or_else(|| value("property"));
        if let (Some(name), Some(content)) = (name, value("content"))
            && let name = name.trim().to_ascii_lowercase()
            && META.contains(&name.as_str())
            && self.meta.len() < MAX_META
        {
            self.meta.push((name, content.to_owned()));
        }
    }
}
