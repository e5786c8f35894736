//! `[podcast]`: what a show says of itself to podcast apps and directories.
//!
//! Apple's words are those that its guide to RSS tags asks for today (`itunes:summary`, `subtitle` and
//! `keywords` are not among them any more); the others are Podcasting 2.0's, the namespace
//! <https://podcastindex.org/namespace/1.0>.

mod categories;

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::{text, values};
use crate::entry::{Address, Text};
pub use categories::Category;

/// What a show says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PodcastConfig {
    /// What it is about, the main category first.
    #[serde(deserialize_with = "one_or_many")]
    pub category: Vec<Category>,
    /// Whether it is nothing for children.
    pub explicit: bool,
    /// In which order it is heard.
    #[serde(rename = "type")]
    pub kind: ShowKind,
    /// Its square cover.
    #[serde(deserialize_with = "values::icon")]
    pub image: Option<Address>,
    /// Whose show it is; `None`: the site's author.
    #[serde(deserialize_with = "words")]
    pub author: Option<Text>,
    /// Whom directories write to.
    #[serde(deserialize_with = "owner")]
    pub owner: Option<Owner>,
    /// Whether there will be no more episodes.
    pub complete: bool,
    /// Whether Apple is not to list it.
    pub block: bool,
    /// Where its feed is from now on.
    #[serde(deserialize_with = "values::icon")]
    pub new_feed_url: Option<Address>,
    /// Names the show for ever; `None`: worked out from the address of the feed.
    #[serde(deserialize_with = "values::id", serialize_with = "values::write_id")]
    pub guid: Option<Uuid>,
    /// Whether others may not import the feed.
    pub locked: Option<bool>,
    /// What kind of thing the feed holds.
    pub medium: Medium,
    /// Where listeners can support it.
    #[serde(deserialize_with = "one_or_many")]
    pub funding: Vec<Funding>,
    /// Who makes it.
    #[serde(deserialize_with = "one_or_many")]
    pub person: Vec<ShowPerson>,
    /// Other shows that it recommends.
    #[serde(deserialize_with = "one_or_many")]
    pub podroll: Vec<RemoteFeed>,
}

/// Makes an enum of values that are written as words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $expected:literal: $($(#[$of:meta])* $variant:ident = $word:literal),*) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            $($(#[$of])* $variant),*
        }

        impl $name {
            /// The word for it, in the file and in feeds.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),*
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                values::read_text(deserializer, $expected, |raw| match raw.trim() {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("`{raw}` is not known: expected {}", $expected)),
                })
            }
        }
    };
}

words! {
    /// In which order a show is heard.
    ShowKind, "episodic or serial":
    /// The newest episode first.
    #[default]
    Episodic = "episodic",
    /// From the first episode on.
    Serial = "serial"
}

words! {
    /// What kind of thing a feed holds.
    Medium, "podcast, music, video, film, audiobook, newsletter, blog or course":
    /// A show.
    #[default]
    Podcast = "podcast",
    /// An album, each entry a song.
    Music = "music",
    /// A show to be seen.
    Video = "video",
    /// A film.
    Film = "film",
    /// A book that is read aloud.
    Audiobook = "audiobook",
    /// Articles that are sent out.
    Newsletter = "newsletter",
    /// Articles.
    Blog = "blog",
    /// Lessons.
    Course = "course"
}

/// Whom directories write to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// Who; the show's author if nobody is named.
    #[serde(default, deserialize_with = "words")]
    pub name: Option<Text>,
    /// Their mail address, which everybody can read in the feed.
    #[serde(deserialize_with = "email")]
    pub email: Text,
}

/// Where listeners can support a show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { url = \"https://example.org/give\", title = \"Support us\" }"
)]
pub struct Funding {
    /// The page.
    #[serde(deserialize_with = "address")]
    pub url: Address,
    /// What apps write on the link.
    #[serde(deserialize_with = "short")]
    pub title: Text,
}

/// Somebody who makes a show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShowPerson {
    /// Who.
    pub name: Text,
    /// Their role, of the Podcast Taxonomy Project: "host" if none is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Text>,
    /// The group that the role belongs to: "cast" if none is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Text>,
    /// A picture of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub img: Option<Address>,
    /// A page about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<Address>,
}

/// Another show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemoteFeed {
    /// Its `podcast:guid`; `None`: worked out from the address of its feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "values::write_id")]
    pub guid: Option<Uuid>,
    /// Its feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Address>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
}

/// The most characters that apps show of a person's name or the words for a link.
const MAX_SHORT: usize = 128;

fn short_text(raw: &str) -> Result<Text, String> {
    let line = text::line(raw)?;
    let length = line.as_str().chars().count();
    if length > MAX_SHORT {
        return Err(format!(
            "the text has {length} characters: expected at most {MAX_SHORT}, which is what apps show"
        ));
    }
    Ok(line)
}

fn short<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    values::read_text(deserializer, "a line of text", short_text)
}

fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text>, D::Error> {
    values::read_text(deserializer, "a line of text", |raw| {
        text::line(raw).map(Some)
    })
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
    let expecting = "an address such as https://example.org/";
    values::read_text(deserializer, expecting, text::web_address)
}

fn email<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    values::read_text(
        deserializer,
        "a mail address such as ann@example.org",
        text::email,
    )
}

/// Reads what is a table or, when one value says it all, a text.
fn text_or_table<'de, D: Deserializer<'de>, T, Table: DeserializeOwned>(
    deserializer: D,
    expecting: &'static str,
    from_text: fn(&str) -> Result<T, String>,
    from_table: fn(Table) -> Result<T, String>,
) -> Result<T, D::Error> {
    struct Reader<T, Table> {
        expecting: &'static str,
        from_text: fn(&str) -> Result<T, String>,
        from_table: fn(Table) -> Result<T, String>,
    }

    impl<'de, T, Table: DeserializeOwned> Visitor<'de> for Reader<T, Table> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expecting)
        }

        fn visit_str<E: Error>(self, raw: &str) -> Result<T, E> {
            (self.from_text)(raw).map_err(E::custom)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            let table = Table::deserialize(MapAccessDeserializer::new(map))?;
            (self.from_table)(table).map_err(A::Error::custom)
        }
    }

    deserializer.deserialize_any(Reader {
        expecting,
        from_text,
        from_table,
    })
}

fn owner<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Owner>, D::Error> {
    let from_text = |raw: &str| {
        let email = text::email(raw)?;
        Ok(Owner { name: None, email })
    };
    text_or_table(
        deserializer,
        "a mail address, or a table such as { name = \"Ann\", email = \"ann@example.org\" }",
        from_text,
        Ok,
    )
    .map(Some)
}

impl<'de> Deserialize<'de> for ShowPerson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            #[serde(deserialize_with = "short")]
            name: Text,
            #[serde(default, deserialize_with = "words")]
            role: Option<Text>,
            #[serde(default, deserialize_with = "words")]
            group: Option<Text>,
            #[serde(default, deserialize_with = "values::icon")]
            img: Option<Address>,
            #[serde(default, deserialize_with = "values::icon")]
            href: Option<Address>,
        }

        text_or_table(
            deserializer,
            "a name, or a table such as { name = \"Ann\", role = \"host\" }",
            |raw| {
                Ok(Self {
                    name: short_text(raw)?,
                    role: None,
                    group: None,
                    img: None,
                    href: None,
                })
            },
            |table: Table| {
                Ok(Self {
                    name: table.name,
                    role: table.role,
                    group: table.group,
                    img: table.img,
                    href: table.href,
                })
            },
        )
    }
}

impl<'de> Deserialize<'de> for RemoteFeed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            #[serde(default, deserialize_with = "values::id")]
            guid: Option<Uuid>,
            #[serde(default, deserialize_with = "values::icon")]
            url: Option<Address>,
            #[serde(default, deserialize_with = "words")]
            title: Option<Text>,
        }

        text_or_table(
            deserializer,
            "the address of a feed, its guid, or a table of guid, url and title",
            |raw| {
                let guid = Uuid::try_parse(raw.trim()).ok();
                let url = guid.is_none().then(|| text::web_address(raw)).transpose()?;
                let title = None;
                Ok(Self { guid, url, title })
            },
            |Table { guid, url, title }| {
                if guid.is_none() && url.is_none() {
                    return Err("the show has no name: expected a `guid` or `url`".to_owned());
                }
                Ok(Self { guid, url, title })
            },
        )
    }
}

/// Reads a list, or one value that stands for a list of one.
fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Reader<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("one value, or a list of them")
        }

        fn visit_str<E: Error>(self, raw: &str) -> Result<Vec<T>, E> {
            let raw: StrDeserializer<'_, E> = raw.into_deserializer();
            Ok(vec![T::deserialize(raw)?])
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
            Ok(vec![T::deserialize(MapAccessDeserializer::new(map))?])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element()? {
                list.push(item);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_any(Reader(PhantomData))
}

#[cfg(test)]
mod tests;
