//! The keys of front matter by all their names: ours, and those of the tools that people come from.

use std::mem;

use super::front_matter::{Field, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
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
    Via,
    Source,
    Comments,
    EpisodeNumber,
    Season,
    EpisodeKind,
    Explicit,
    Duration,
    EpisodeTitle,
    Chapters,
    Transcripts,
    People,
    Element,
}

/// Every known key in lower case, and whether it is our own name for the thing.
const KEYS: [(&str, Key, bool); 77] = [
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
    ("via", Key::Via, true),
    ("source", Key::Source, true),
    ("comments", Key::Comments, true),
    ("podcast.episode", Key::EpisodeNumber, true),
    ("episode", Key::EpisodeNumber, false),
    ("podcast.season", Key::Season, true),
    ("season", Key::Season, false),
    ("podcast.type", Key::EpisodeKind, true),
    ("podcast.episode_type", Key::EpisodeKind, false),
    ("episode_type", Key::EpisodeKind, false),
    ("episodetype", Key::EpisodeKind, false),
    ("podcast.explicit", Key::Explicit, true),
    ("explicit", Key::Explicit, false),
    ("podcast.duration", Key::Duration, true),
    ("duration", Key::Duration, false),
    ("podcast.title", Key::EpisodeTitle, true),
    ("podcast.chapters", Key::Chapters, true),
    ("podcast.transcript", Key::Transcripts, true),
    ("podcast.transcripts", Key::Transcripts, true),
    ("podcast.person", Key::People, true),
    ("podcast.persons", Key::People, true),
    ("podcast.people", Key::People, true),
    ("images", Key::Image, false),
    // What the head of an HTML document may say.
    ("article:published_time", Key::Date, false),
    ("article:modified_time", Key::Updated, false),
    ("article:tag", Key::Tags, false),
];

pub(super) fn known(key: &str) -> Option<(Key, bool)> {
    let key = key.to_lowercase();
    if key.starts_with("feed.") {
        return Some((Key::Element, true));
    }
    KEYS.into_iter()
        .find_map(|(name, meaning, own)| (name == key).then_some((meaning, own)))
}

/// Whether `key` means something in front matter.
pub(super) fn is_known(key: &str) -> bool {
    known(key).is_some()
}

/// The tables whose fields have names of their own.
const TABLES: [&str; 3] = ["taxonomies", "podcast", "feed"];

/// The fields, with those of `taxonomies`, `podcast` and `feed` under dotted names.
pub(super) fn flat(fields: Vec<Field>) -> Vec<Field> {
    let mut flat = Vec::with_capacity(fields.len());
    for mut field in fields {
        let is_table = TABLES.iter().any(|table| {
            let rest = field.key.strip_prefix(table);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        // What stands below `podcast` may be a table itself: a person, a transcript.
        let is_table = is_table && !field.key.starts_with("podcast.");
        match mem::replace(&mut field.value, Value::Nothing) {
            Value::Table(inner) if is_table => {
                for inner in inner {
                    let key = format!("{}.{}", field.key, inner.key);
                    flat.extend(self::flat(vec![Field { key, ..inner }]));
                }
            }
            value => flat.push(Field { value, ..field }),
        }
    }
    flat
}
