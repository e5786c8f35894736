//! What the keys of front matter mean, under our own names and those of other tools.

use std::mem;

use jiff::tz::TimeZone;

use super::dates;
use super::front_matter::{Field, Value};
use super::references::{has_scheme, short};
use super::values;
use crate::entry::{
    Address, Category, Claims, EntryId, Language, Person, Problem, Slug, StatedDate, Text,
};

/// What front matter says, checked; what needs the entry's file or text is still as written.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) title: Option<Text>,
    pub(super) authors: Vec<Person>,
    pub(super) tags: Vec<Category>,
    pub(super) summary: Option<Text>,
    pub(super) link: Option<Address>,
    pub(super) language: Option<Language>,
    pub(super) image: Option<File>,
    pub(super) enclosures: Vec<File>,
    pub(super) related: Vec<Item>,
    pub(super) claims: Claims,
    pub(super) warnings: Vec<Problem>,
}

/// A file or address named in front matter.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) target: String,
    pub(super) alt: Option<String>,
    pub(super) media_type: Option<String>,
    pub(super) length: Option<u64>,
    pub(super) field: Named,
}

/// An item of `related`.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) words: Option<String>,
    pub(super) target: Option<String>,
}

/// The field that said something, for messages about it.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    pub(super) key: String,
    pub(super) place: super::front_matter::Place,
    /// Whether it is one of our own names, for which a wrong value is an error.
    pub(super) own: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Title,
    Date,
    Updated,
    Authors,
    Tags,
    Summary,
    Link,
    Id,
    Slug,
    Aliases,
    Draft,
    Status,
    Expires,
    Minor,
    Lang,
    Image,
    Enclosure,
    Related,
}

/// Every known key in lower case, and whether it is our own name for the thing.
const KEYS: [(&str, Key, bool); 51] = [
    ("title", Key::Title, true),
    ("date", Key::Date, true),
    ("published", Key::Date, false),
    ("publishdate", Key::Date, false),
    ("pubdate", Key::Date, false),
    ("updated", Key::Updated, true),
    ("lastmod", Key::Updated, false),
    ("modified", Key::Updated, false),
    ("last_modified_at", Key::Updated, false),
    ("authors", Key::Authors, true),
    ("author", Key::Authors, false),
    ("tags", Key::Tags, true),
    ("categories", Key::Tags, false),
    ("category", Key::Tags, false),
    ("keywords", Key::Tags, false),
    ("taxonomies.tags", Key::Tags, false),
    ("taxonomies.categories", Key::Tags, false),
    ("summary", Key::Summary, true),
    ("description", Key::Summary, false),
    ("excerpt", Key::Summary, false),
    ("subtitle", Key::Summary, false),
    ("link", Key::Link, true),
    ("url", Key::Link, false),
    ("canonical_url", Key::Link, false),
    ("external_url", Key::Link, false),
    ("id", Key::Id, true),
    ("guid", Key::Id, false),
    ("uuid", Key::Id, false),
    ("slug", Key::Slug, true),
    ("permalink", Key::Slug, false),
    ("aliases", Key::Aliases, true),
    ("redirect_from", Key::Aliases, false),
    ("draft", Key::Draft, true),
    ("status", Key::Status, false),
    ("expires", Key::Expires, true),
    ("expirydate", Key::Expires, false),
    ("minor", Key::Minor, true),
    ("lang", Key::Lang, true),
    ("language", Key::Lang, false),
    ("image", Key::Image, true),
    ("cover", Key::Image, false),
    ("featured_image", Key::Image, false),
    ("thumbnail", Key::Image, false),
    ("enclosure", Key::Enclosure, true),
    ("enclosures", Key::Enclosure, true),
    ("audio", Key::Enclosure, false),
    ("video", Key::Enclosure, false),
    ("attachment", Key::Enclosure, false),
    ("attachments", Key::Enclosure, false),
    ("related", Key::Related, true),
    ("see_also", Key::Related, false),
];

fn known(key: &str) -> Option<(Key, bool)> {
    let key = key.to_lowercase();
    KEYS.into_iter()
        .find_map(|(name, meaning, own)| (name == key).then_some((meaning, own)))
}

/// Whether `key` means something in front matter.
pub(super) fn is_known(key: &str) -> bool {
    known(key).is_some()
}

/// Reads `fields`; the first wrong value under one of our own names is the error.
pub(super) fn read(fields: Vec<Field>, zone: &TimeZone) -> Result<Said, Problem> {
    let mut meant: Vec<(Key, Named, Value)> = Vec::new();
    for field in flat(fields) {
        let Some((meaning, own)) = known(&field.key) else {
            continue;
        };
        let named = Named {
            key: field.key,
            place: field.place,
            own,
        };
        meant.push((meaning, named, field.value));
    }
    // Our own names first: what other tools' keys say counts only when ours say nothing.
    meant.sort_by_key(|(_, named, _)| !named.own);
    let mut reader = Reader {
        said: Said::default(),
        zone,
    };
    for (meaning, named, value) in meant {
        if value == Value::Nothing {
            continue;
        }
        if let Err(message) = reader.take(meaning, &named, &value) {
            let problem = named.problem(message);
            if named.own {
                return Err(problem);
            }
            reader.said.warnings.push(problem);
        }
    }
    Ok(reader.said)
}

/// The fields, with those of Zola's `[taxonomies]` under dotted names.
fn flat(fields: Vec<Field>) -> impl Iterator<Item = Field> {
    fields.into_iter().flat_map(|mut field| {
        if field.key != "taxonomies" {
            return vec![field];
        }
        let Value::Table(inner) = mem::replace(&mut field.value, Value::Nothing) else {
            return Vec::new();
        };
        inner
            .into_iter()
            .map(|inner| Field {
                key: format!("taxonomies.{}", inner.key),
                ..inner
            })
            .collect()
    })
}

impl Named {
    pub(super) fn problem(&self, message: String) -> Problem {
        Problem {
            line: self.place.0,
            column: self.place.1,
            message,
        }
    }
}

struct Reader<'a> {
    said: Said,
    zone: &'a TimeZone,
}

impl Reader<'_> {
    fn take(&mut self, meaning: Key, named: &Named, value: &Value) -> Result<(), String> {
        let key = named.key.as_str();
        let zone = self.zone;
        let said = &mut self.said;
        match meaning {
            Key::Title => set(&mut said.title, values::line(key, value)?),
            Key::Summary => set(&mut said.summary, values::line(key, value)?),
            Key::Date => {
                // Jekyll's `published: false` hides an entry.
                if let Some(published) = values::flag_of(value).filter(|_| key != "date") {
                    said.claims.draft |= !published;
                } else {
                    set(&mut said.claims.published, Some(date(key, value, zone)?));
                }
            }
            Key::Updated => set(&mut said.claims.updated, Some(date(key, value, zone)?)),
            Key::Expires => set(&mut said.claims.expires, Some(date(key, value, zone)?)),
            Key::Authors => {
                let authors = values::people(key, value)?;
                if said.authors.is_empty() {
                    said.authors = authors;
                }
            }
            Key::Tags => {
                for tag in values::tags(key, value)? {
                    if said.tags.iter().all(|other| other.term != tag.term) {
                        said.tags.push(tag);
                    }
                }
            }
            Key::Link => self.link(key, value)?,
            Key::Id => {
                let id = EntryId::parse(&values::text(key, value)?);
                set(&mut said.claims.id, Some(id.map_err(|e| e.to_string())?));
            }
            Key::Slug => set(&mut said.claims.slug, Some(slug(key, value)?)),
            Key::Aliases => {
                for alias in values::list(value) {
                    said.claims.aliases.push(slug(key, &alias)?);
                }
            }
            Key::Draft => said.claims.draft |= values::flag(key, value)?,
            Key::Status => {
                said.claims.draft |= values::text(key, value)?.eq_ignore_ascii_case("draft");
            }
            Key::Minor => said.claims.minor = values::flag(key, value)?,
            Key::Lang => {
                let tag = values::text(key, value)?;
                let language = Language::parse(&tag).ok_or_else(|| {
                    format!("`{key}` is not a language: expected a tag such as en or pt-BR")
                })?;
                set(&mut said.language, Some(language));
            }
            Key::Image => {
                let first = values::list(value).into_iter().next();
                let image = first.map(|value| values::file(named, &value)).transpose()?;
                set(&mut said.image, image);
            }
            Key::Enclosure => {
                for value in values::list(value) {
                    said.enclosures.push(values::file(named, &value)?);
                }
            }
            Key::Related => said.related.extend(values::related(key, value)?),
        }
        Ok(())
    }

    /// A URL is where the article lives; a path is Hugo's way to ask for an address here.
    fn link(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let text = values::text(key, value)?;
        let absolute = if text.starts_with("//") {
            format!("https:{text}")
        } else {
            text
        };
        if !has_scheme(&absolute) {
            set(&mut self.said.claims.slug, Some(slug(key, value)?));
            return Ok(());
        }
        match Address::parse(&absolute) {
            Ok(address) if address.is_web() => {
                set(&mut self.said.link, Some(address));
                Ok(())
            }
            _ => Err(format!(
                "`{key}` is not a web address: expected for example https://example.org/page"
            )),
        }
    }
}

fn date(key: &str, value: &Value, zone: &TimeZone) -> Result<StatedDate, String> {
    values::text(key, value)
        .ok()
        .and_then(|text| dates::parse(&text, zone))
        .ok_or_else(|| format!("`{key}` is not a date: {}", dates::EXPECTED))
}

/// Gives `place` a value unless it has one.
fn set<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}

fn slug(key: &str, value: &Value) -> Result<Slug, String> {
    let text = values::text(key, value)?;
    // Of a full URL, the path is the address on this site.
    let path = match url::Url::parse(&text) {
        Ok(url) if url.has_host() => percent_encoding::percent_decode_str(url.path())
            .decode_utf8_lossy()
            .into_owned(),
        _ => text.clone(),
    };
    let template = key == "permalink" && (path.contains("/:") || path.starts_with(':'));
    Slug::from_path(&path).filter(|_| !template).ok_or_else(|| {
        format!(
            "`{key}` is no address: `{}`; expected words such as harbour-bridge-reopens",
            short(&text)
        )
    })
}
