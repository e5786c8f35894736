//! The values of front matter: text, flags, lists and tables as people and other tools write them.

use super::front_matter::{Field, Value};
use super::keys::{Author, File, Item, Named};
use super::references::{has_scheme, short};
use crate::entry::{Address, Category, Element, EpisodeKind, Link, Person, Slug, Text, form};

/// The value as text, trimmed.
pub(super) fn text(key: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::Text(text) => Ok(text.trim().to_owned()),
        _ => Err(format!("`{key}` is not text: expected one value")),
    }
}

/// The value as one line of words; `None` if there are none.
pub(super) fn line(key: &str, value: &Value) -> Result<Option<Text>, String> {
    let Value::Text(text) = value else {
        return Err(format!("`{key}` is not text: expected one line of words"));
    };
    Ok(Some(Text::one_line(text)).filter(|line| !line.is_empty()))
}

/// Whether the value says yes or no, and which.
pub(super) fn flag_of(value: &Value) -> Option<bool> {
    let Value::Text(text) = value else {
        return None;
    };
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The value as yes or no.
pub(super) fn flag(key: &str, value: &Value) -> Result<bool, String> {
    flag_of(value).ok_or_else(|| format!("`{key}` is neither yes nor no: expected true or false"))
}

/// The items of a list; anything else is a list of one.
pub(super) fn list(value: &Value) -> Vec<Value> {
    let items = match value {
        Value::List(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    items
        .iter()
        .filter(|item| **item != Value::Nothing)
        .cloned()
        .collect()
}

/// Tags: a list, or text with commas.
pub(super) fn tags(key: &str, value: &Value) -> Result<Vec<Category>, String> {
    let wrong = || {
        format!(
            "`{key}` holds something that is no tag: expected a list such as [harbour, ferries]"
        )
    };
    let words: Vec<String> = match value {
        Value::Text(text) => text.split(',').map(str::to_owned).collect(),
        value => list(value)
            .iter()
            .map(|item| text(key, item))
            .collect::<Result<_, _>>()
            .map_err(|_| wrong())?,
    };
    words
        .iter()
        .map(|words| Text::one_line(words))
        .filter(|label| !label.is_empty())
        .map(|label| {
            let term = Slug::from_words(label.as_str()).ok_or_else(wrong)?;
            Ok(Category { term, label })
        })
        .collect()
}

/// Authors: names, with a mail address in angle brackets if they like, or tables.
pub(super) fn people(key: &str, value: &Value) -> Result<Vec<Author>, String> {
    let items = match value {
        Value::Text(text) => {
            let separators: &[char] = if key.eq_ignore_ascii_case("author") {
                &[';']
            } else {
                &[';', ',']
            };
            let names = text
                .split(separators)
                .filter(|name| !name.trim().is_empty());
            names.map(|name| Value::Text(name.to_owned())).collect()
        }
        value => list(value),
    };
    items.iter().map(|item| person(key, item)).collect()
}

fn person(key: &str, value: &Value) -> Result<Author, String> {
    let wrong = || {
        format!(
            "`{key}` holds something that is no author: expected a name, or a table with a `name`"
        )
    };
    let (name, email, uri, avatar) = match value {
        Value::Text(text) => match text.split_once('<') {
            Some((name, rest)) => (name, rest.split('>').next(), None, None),
            None => (text.as_str(), None, None, None),
        },
        Value::Table(fields) => (
            find(fields, &["name"]).ok_or_else(wrong)?,
            find(fields, &["email", "mail"]),
            find(fields, &["url", "uri", "homepage", "website"]),
            find(fields, &["avatar", "image", "picture"]),
        ),
        _ => return Err(wrong()),
    };
    let name = Text::one_line(name);
    if name.is_empty() {
        return Err(wrong());
    }
    // What stands in angle brackets may be a handle (`@ana`) or a page as well.
    let is_table = matches!(value, Value::Table(_));
    let email = email
        .map(Text::one_line)
        .filter(|email| is_table || email.as_str().find('@').is_some_and(|at| at > 0));
    if let Some(email) = email
        .as_ref()
        .filter(|it| !form::is_mail_address(it.as_str()))
    {
        return Err(format!(
            "`{}` under `{key}` is not a mail address: expected for example ann@example.org",
            short(email.as_str())
        ));
    }
    let uri = match uri {
        None => None,
        Some(uri) => match Address::parse(uri) {
            Ok(address) if address.is_web() => Some(address),
            _ => {
                return Err(format!(
                    "the `url` of an author under `{key}` is not a web address: expected for example https://example.org/"
                ));
            }
        },
    };
    let person = Person {
        name,
        email,
        uri,
        avatar: None,
    };
    Ok(Author {
        person,
        avatar: avatar.map(str::to_owned),
    })
}

/// A web address, or a table of one and a title.
pub(super) fn link(key: &str, value: &Value) -> Result<Link, String> {
    let (raw, title) = match value {
        Value::Text(text) => (Some(text.trim()), None),
        Value::Table(fields) => (
            find(fields, &["url", "href", "link"]),
            find(fields, &["title", "name", "text"]),
        ),
        _ => (None, None),
    };
    raw.filter(|raw| has_scheme(raw))
        .and_then(|raw| Address::parse(raw).ok())
        .filter(Address::is_web)
        .map(|address| Link {
            address,
            title: title.map(Text::one_line),
        })
        .ok_or_else(|| {
            format!("`{key}` is not a web address: expected for example https://example.org/page")
        })
}

/// A number of things that are counted from 1.
pub(super) fn count(key: &str, value: &Value) -> Result<u32, String> {
    text(key, value)?
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("`{key}` is not a number from 1 on: expected for example 12"))
}

/// What kind of episode, `None` for a whole one.
pub(super) fn episode_kind(key: &str, value: &Value) -> Result<Option<EpisodeKind>, String> {
    match text(key, value)?.to_ascii_lowercase().as_str() {
        "full" => Ok(None),
        "trailer" => Ok(Some(EpisodeKind::Trailer)),
        "bonus" => Ok(Some(EpisodeKind::Bonus)),
        _ => Err(format!(
            "`{key}` is no kind of episode: expected full, trailer or bonus"
        )),
    }
}

/// A duration in seconds, or as `MM:SS` or `HH:MM:SS`.
pub(super) fn seconds(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.trim().split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    parts.iter().enumerate().try_fold(0_u32, |sum, (at, part)| {
        let is_digits = !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        let number: u32 = part.parse().ok().filter(|_| is_digits)?;
        let fits = at == 0 || number < 60;
        sum.checked_mul(60)?.checked_add(number).filter(|_| fits)
    })
}

/// `feed.geo.lat` or `feed.geo:lat`, with its text.
pub(super) fn element(key: &str, value: &Value) -> Result<Element, String> {
    let name = key.strip_prefix("feed.").unwrap_or(key);
    let (prefix, name) = name.split_once([':', '.']).ok_or_else(|| {
        format!("`{key}` names no element: expected a prefix and a name such as `feed.geo.lat`")
    })?;
    Element::new(prefix, name, &text(key, value)?).map_err(|error| format!("`{key}`: {error}"))
}

/// A file: a path or URL, or a table with one.
pub(super) fn file(named: &Named, value: &Value) -> Result<File, String> {
    let key = &named.key;
    let wrong = || {
        format!("`{key}` names no file: expected a path or URL, or a table with a `path` or `url`")
    };
    let fields = match value {
        Value::Text(text) if !text.trim().is_empty() => {
            return Ok(File {
                target: text.trim().to_owned(),
                field: named.clone(),
                ..File::default()
            });
        }
        Value::Table(fields) => fields,
        _ => return Err(wrong()),
    };
    let target =
        find(fields, &["path", "url", "src", "file", "image", "href"]).ok_or_else(wrong)?;
    let length = match find(fields, &["length", "size", "bytes"]) {
        None => None,
        Some(length) => Some(length.parse().map_err(|_| {
            format!("the size under `{key}` is not a number: expected bytes such as 1048576")
        })?),
    };
    let media_type = find(fields, &["type", "media_type", "mime_type"]);
    if let Some(media_type) = media_type.filter(|it| !form::is_media_type(it)) {
        return Err(format!(
            "`{}` under `{key}` is not a media type: expected for example audio/mpeg",
            short(media_type)
        ));
    }
    Ok(File {
        target: target.to_owned(),
        alt: find(fields, &["alt", "caption"]).map(str::to_owned),
        media_type: media_type.map(str::to_owned),
        length,
        seconds: find(fields, &["duration", "seconds"]).and_then(seconds),
        field: named.clone(),
    })
}

/// The keys of an item of `related`: its words, and then where it is.
const RELATED: [&str; 8] = [
    "title", "name", "text", "url", "path", "link", "href", "slug",
];

/// The items of `related`: a title, path, slug or URL each, or a table of `title` and `url`.
pub(super) fn related(key: &str, value: &Value) -> Result<Vec<Item>, String> {
    list(value)
        .into_iter()
        .map(|item| {
            let item = match &item {
                Value::Text(words) => Item {
                    words: Some(words.clone()),
                    target: None,
                },
                // A title with a colon that nobody put into quotes, which YAML takes for a table.
                Value::Table(fields) if let Some(words) = unquoted(fields) => Item {
                    words: Some(words),
                    target: None,
                },
                Value::Table(fields) => Item {
                    words: find(fields, &RELATED[..3]).map(str::to_owned),
                    target: find(fields, &RELATED[3..])
                        .map(str::to_owned),
                },
                _ => Item {
                    words: None,
                    target: None,
                },
            };
            let said = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
            if said(&item.words) || said(&item.target) {
                Ok(item)
            } else {
                Err(format!("`{key}` holds something that names nothing: expected a title, path or URL, or a table of `title` and `url`"))
            }
        })
        .collect()
}

/// `Night market: the quay by lamplight`, as YAML reads it: one key with one value.
fn unquoted(fields: &[Field]) -> Option<String> {
    match fields {
        [
            Field {
                key,
                value: Value::Text(text),
                ..
            },
        ] if !RELATED.contains(&key.as_str()) => Some(format!("{key}: {text}")),
        _ => None,
    }
}

/// The first text that is not empty under one of these keys, in their order.
pub(super) fn find<'a>(fields: &'a [Field], keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| {
        fields.iter().find_map(|field| match &field.value {
            Value::Text(text) if field.key == *key && !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        })
    })
}
