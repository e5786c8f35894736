//! The values of settings between the file and the structs: which kind each is, and its bounds.
//!
//! An error here only says what is wrong; `toml`, which called, knows the place and adds it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serializer};

use super::proxies::Proxy;
use super::{AdminListen, FeedOrder, LogAccess, LogFormat, TrustedProxies, WatchMode, text};
use crate::entry::{Address, Content, Language, Person, Slug, Text};

/// Reads a text and makes a value of it; anything but a text is refused as not being
/// `expecting`.
pub(super) fn read_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expecting: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    struct Reader<F>(&'static str, F);

    impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Reader<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: serde::de::Error>(self, raw: &str) -> Result<T, E> {
            (self.1)(raw).map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Reader(expecting, parse))
}

/// Makes a reader for `#[serde(deserialize_with = "…")]` of each value that is written as a text.
macro_rules! read_texts {
    ($($name:ident: $type:ty, $expecting:literal, $parse:expr;)*) => {$(
        pub(super) fn $name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
            read_text(deserializer, $expecting, $parse)
        }
    )*};
}

read_texts! {
    base_url: Option<Address>, "an address such as https://example.org/",
        |raw| text::base_url(raw).map(Some);
    entries: PathBuf, "the name of a folder", text::path;
    state: Option<PathBuf>, "the name of a folder", |raw| text::path(raw).map(Some);
    theme: Option<PathBuf>, "the name of a folder", |raw| text::path(raw).map(Some);
    file: PathBuf, "the name of a file", text::file;
    redirect_listen: Option<SocketAddr>, "an address and a port such as 0.0.0.0:80",
        |raw| text::address(raw).map(Some);
    admin_listen: AdminListen, "auto, off, an address and a port such as 127.0.0.1:7374, or a socket's path",
        text::admin_listen;
    timezone: TimeZone, "the name of a time zone such as Europe/Berlin, or system", text::timezone;
    watch: WatchMode, "auto or scan", text::watch;
    id: Option<uuid::Uuid>, "a UUID", |raw| text::uuid(raw).map(Some);
    title: Text, "a line of text", text::line;
    description: Text, "a line of text", |raw| Ok(Text::one_line(raw));
    copyright: Option<Text>, "a line of text", |raw| text::line(raw).map(Some);
    language: Language, "a language tag such as en or pt-BR", text::language;
    icon: Option<Address>, "an address such as https://example.org/icon.png",
        |raw| text::web_address(raw).map(Some);
    optional_language: Option<Language>, "a language tag such as en or pt-BR",
        |raw| text::language(raw).map(Some);
    content: Content, "full, summary or first 3", text::content;
    optional_content: Option<Content>, "full, summary or first 3",
        |raw| text::content(raw).map(Some);
    order: FeedOrder, "published or updated", text::order;
    name: Slug, "a name for an address, such as city", text::name;
    email: Option<Text>, "a mail address such as ann@example.org", |raw| text::email(raw).map(Some);
    share: u8, "a share such as 50%", text::share;
    wait: Option<Duration>, "a duration such as 10m, or never", text::wait;
    level: String, "a log level such as info", text::level;
    log_access: LogAccess, "off, on or addresses", LogAccess::parse;
    log_format: LogFormat, "auto, text, json or journald", LogFormat::parse;
}

/// Writes a value as the text that reads back the same.
pub(super) fn write_text<S: Serializer>(
    value: &impl fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Writes what [`id`] reads.
#[expect(clippy::ref_option, reason = "serde lends the field as it is")]
pub(super) fn write_id<S: Serializer>(
    id: &Option<uuid::Uuid>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.collect_str(id),
        None => serializer.serialize_none(),
    }
}

/// Writes what [`timezone`] reads. A machine's zone without a name (`TZ=CET-1`) can only be named
/// as the machine's.
pub(super) fn write_timezone<S: Serializer>(
    zone: &TimeZone,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(zone.iana_name().unwrap_or("system"))
}

/// Reads a duration from `MIN` to `MAX` milliseconds.
pub(super) fn duration<'de, D: Deserializer<'de>, const MIN: u64, const MAX: u64>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    let bounds = Duration::from_millis(MIN)..=Duration::from_millis(MAX);
    read_text(deserializer, "a duration such as 200ms, 5s or 10m", |raw| {
        let duration = text::duration(raw)?;
        bounds
            .contains(&duration)
            .then_some(duration)
            .ok_or_else(|| {
                let what = if duration < *bounds.start() {
                    "short"
                } else {
                    "long"
                };
                format!(
                    "`{raw}` is too {what}: expected {} to {}",
                    text::written_duration(*bounds.start()),
                    text::written_duration(*bounds.end())
                )
            })
    })
}

/// Writes what [`duration`] reads.
pub(super) fn write_duration<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text::written_duration(*duration))
}

/// Writes what [`share`] reads.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde lends the field as it is"
)]
pub(super) fn write_share<S: Serializer>(share: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{share}%"))
}

/// Writes what [`wait`] reads.
#[expect(clippy::ref_option, reason = "serde lends the field as it is")]
pub(super) fn write_wait<S: Serializer>(
    wait: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match wait {
        Some(wait) => write_duration(wait, serializer),
        None => serializer.serialize_str(text::NEVER),
    }
}

/// Reads a whole number from `MIN` to `MAX`.
pub(super) fn count<'de, D: Deserializer<'de>, const MIN: u64, const MAX: u64>(
    deserializer: D,
) -> Result<usize, D::Error> {
    let number = i64::deserialize(deserializer)?;
    u64::try_from(number)
        .ok()
        .filter(|number| (MIN..=MAX).contains(number))
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| {
            D::Error::custom(format!("{number} is out of range: expected {MIN} to {MAX}"))
        })
}

/// Reads what [`count`] reads.
pub(super) fn optional_count<'de, D: Deserializer<'de>, const MIN: u64, const MAX: u64>(
    deserializer: D,
) -> Result<Option<usize>, D::Error> {
    count::<D, MIN, MAX>(deserializer).map(Some)
}

/// Reads a size from `MIN` to `MAX` bytes: a whole number, or a text with a unit.
pub(super) fn size<'de, D, T, const MIN: u64, const MAX: u64>(
    deserializer: D,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    struct Reader;

    impl Visitor<'_> for Reader {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a size such as 2MiB, or a number of bytes")
        }

        fn visit_i64<E: serde::de::Error>(self, bytes: i64) -> Result<u64, E> {
            u64::try_from(bytes).map_err(|_| E::custom(format!("{bytes} is not a size")))
        }

        fn visit_str<E: serde::de::Error>(self, raw: &str) -> Result<u64, E> {
            text::size(raw).map_err(E::custom)
        }
    }

    let bytes = deserializer.deserialize_any(Reader)?;
    if !(MIN..=MAX).contains(&bytes) {
        let what = if bytes < MIN { "small" } else { "large" };
        return Err(D::Error::custom(format!(
            "{} is too {what}: expected {} to {}",
            text::written_size(bytes),
            text::written_size(MIN),
            text::written_size(MAX)
        )));
    }
    T::try_from(bytes)
        .map_err(|_| D::Error::custom(format!("{bytes} bytes are more than this machine can have")))
}

/// Writes what [`size`] reads.
pub(super) fn write_size<S: Serializer, T: Copy + TryInto<u64>>(
    bytes: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text::written_size((*bytes).try_into().unwrap_or(u64::MAX)))
}

/// Reads globs, and compiles each once to see that it is one.
pub(super) fn globs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    list(deserializer, |raw| match globset::Glob::new(raw) {
        Ok(_) if !raw.is_empty() => Ok(raw.to_owned()),
        Ok(_) => Err("an empty glob ignores nothing: expected for example drafts/**".to_owned()),
        Err(error) => Err(format!(
            "`{raw}` is not a glob, {}: expected for example drafts/** or *.bak",
            error.kind()
        )),
    })
}

/// Reads the words that begin a related line. An empty list switches such lines off.
pub(super) fn labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    list(deserializer, |raw| {
        let label = Text::one_line(raw);
        let label = label.as_str().trim_end_matches(':').trim_end();
        if label.is_empty() || label.contains(':') {
            return Err(format!(
                "`{raw}` is not a label: expected words without a colon, for example Read also"
            ));
        }
        Ok(label.to_owned())
    })
}

/// Reads the terms that choose entries, as people write them: tags, names, folders, languages.
pub(super) fn terms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Slug>, D::Error> {
    list(deserializer, text::name)
}

/// Reads the proxies that are believed.
pub(super) fn proxies<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<TrustedProxies, D::Error> {
    list(deserializer, Proxy::parse).map(TrustedProxies::new)
}

/// Reads a list of texts; each is read by itself, so that an error has the place of just that one.
pub(super) fn list<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, D::Error> {
    struct Item<T>(fn(&str) -> Result<T, String>);

    impl<'de, T> serde::de::DeserializeSeed<'de> for Item<T> {
        type Value = T;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
            read_text(deserializer, "a text", self.0)
        }
    }

    struct Reader<T>(fn(&str) -> Result<T, String>);

    impl<'de, T> Visitor<'de> for Reader<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of texts")
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element_seed(Item(self.0))? {
                list.push(item);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_seq(Reader(parse))
}

/// Reads a person: a name, or a table of name, email and uri.
pub(super) fn person<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Person>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct PersonTable {
        #[serde(deserialize_with = "title")]
        name: Text,
        #[serde(default, deserialize_with = "email")]
        email: Option<Text>,
        #[serde(default, deserialize_with = "icon")]
        uri: Option<Address>,
    }

    struct Reader;

    impl<'de> Visitor<'de> for Reader {
        type Value = Person;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(
                "a name, or a table such as { name = \"Ann\", email = \"ann@example.org\" }",
            )
        }

        fn visit_str<E: serde::de::Error>(self, raw: &str) -> Result<Person, E> {
            let name = text::line(raw).map_err(E::custom)?;
            Ok(Person {
                name,
                email: None,
                uri: None,
                avatar: None,
            })
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Person, A::Error> {
            let table = PersonTable::deserialize(MapAccessDeserializer::new(map))?;
            Ok(Person {
                name: table.name,
                email: table.email,
                uri: table.uri,
                avatar: None,
            })
        }
    }

    deserializer.deserialize_any(Reader).map(Some)
}
