//! The words of podcasts in RSS: Apple's `itunes:…`, which all podcast apps know, and `podcast:…` of
//! Podcasting 2.0.
//!
//! Of Apple's words only those are written that its guide to RSS asks for today
//! (<https://podcasters.apple.com/support/823-podcast-requirements>): `summary`, `subtitle` and `keywords`
//! are no longer among them. `itunes:owner` is left to the publisher; others than Apple still ask for it.

use std::collections::BTreeMap;

use rss::extension::{Extension, ExtensionMap};
use uuid::Uuid;

use super::{Feed, Shown};
use crate::entry::{
    Address, Episode, EpisodeKind, Language, Link, Participant, Person, Target, Text,
};

/// Apple's namespace.
pub(super) const ITUNES: &str = "http://www.itunes.com/dtds/podcast-1.0.dtd";

/// The namespace of Podcasting 2.0.
pub(super) const PODCAST: &str = "https://podcastindex.org/namespace/1.0";

/// From which the ids of podcasts grow. (Podcasting 2.0, `guid`)
const GUIDS: Uuid = Uuid::from_u128(0xead4_c236_bf58_58c6_a2c6_a6b2_8d12_8cb6);

/// The id that the rule of Podcasting 2.0 gives to the show whose feed is at `address`: of the address
/// without its scheme and without slashes at its end.
pub fn guid(address: &str) -> Uuid {
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
    Uuid::new_v5(&GUIDS, bare.trim_end_matches('/').as_bytes())
}

/// What a show says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Podcast {
    /// Names it for ever.
    pub guid: Uuid,
    /// Apple's categories, each with the one below it.
    pub categories: Vec<(Text, Option<Text>)>,
    /// Whether it is nothing for children.
    pub is_explicit: bool,
    /// `episodic` or `serial`.
    pub kind: &'static str,
    /// Its square cover.
    pub cover: Option<Address>,
    /// Whose show it is.
    pub author: Text,
    /// Whom directories write to.
    pub owner: Option<Person>,
    /// Whether there will be no more episodes.
    pub is_complete: bool,
    /// Whether Apple is not to list it.
    pub is_blocked: bool,
    /// Where its feed is from now on.
    pub new_address: Option<Address>,
    /// Whether others may not import the feed, if that is said.
    pub locked: Option<bool>,
    /// What kind of thing the feed holds.
    pub medium: &'static str,
    /// Where listeners can support it.
    pub funding: Vec<Link>,
    /// Who makes it; their pictures are addresses.
    pub people: Vec<Participant>,
    /// Other shows that it recommends.
    pub podroll: Vec<RemoteFeed>,
}

/// Another show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFeed {
    /// Its id.
    pub guid: Uuid,
    /// Its feed.
    pub address: Option<Address>,
    /// Its title.
    pub title: Option<Text>,
}

/// What makes an entry an episode, with absolute addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownEpisode {
    /// Numbers and the like, by the entry's own words or else by its recording's; the files in it are
    /// those below.
    pub said: Episode,
    /// Its square cover.
    pub cover: Option<String>,
    /// Its chapters: where, and in which media type.
    pub chapters: Option<(String, String)>,
    /// What is said in it.
    pub transcripts: Vec<ShownTranscript>,
    /// Pictures of the people of `said`, in their order.
    pub pictures: Vec<Option<String>>,
}

/// A transcript with its absolute address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownTranscript {
    /// Absolute.
    pub address: String,
    /// By the writer, or by its name.
    pub media_type: String,
    /// When it is not the feed's.
    pub language: Option<Language>,
    /// Whether it is meant to be read while listening.
    pub is_captions: bool,
}

/// Elements with prefixes, in the form in which the `rss` crate takes them.
#[derive(Default)]
struct Elements(ExtensionMap);

impl Elements {
    fn add(&mut self, element: Extension) {
        let names = element.name.split_once(':');
        let (prefix, name) = names.unwrap_or(("", &element.name));
        let (prefix, name) = (prefix.to_owned(), name.to_owned());
        let of_prefix = self.0.entry(prefix).or_default();
        of_prefix.entry(name).or_default().push(element);
    }

    fn text(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.add(element(name, Some(value.to_string()), []));
        }
    }
}

fn element<const N: usize>(
    name: &str,
    value: Option<String>,
    attributes: [(&str, Option<&str>); N],
) -> Extension {
    let said = attributes.into_iter();
    Extension {
        name: name.to_owned(),
        value,
        attrs: said
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect(),
        children: BTreeMap::new(),
    }
}

/// What `feed` says of the show, if it is one.
pub(super) fn channel(feed: &Feed<'_>) -> ExtensionMap {
    let Some(show) = &feed.podcast else {
        return ExtensionMap::new();
    };
    let mut elements = Elements::default();
    elements.text("itunes:author", Some(&show.author));
    for (name, sub) in &show.categories {
        let mut category = element("itunes:category", None, [("text", Some(name.as_str()))]);
        if let Some(sub) = sub {
            let sub = element("itunes:category", None, [("text", Some(sub.as_str()))]);
            category.children.insert("category".to_owned(), vec![sub]);
        }
        elements.add(category);
    }
    elements.text("itunes:explicit", Some(show.is_explicit));
    let cover = show.cover.as_ref().map(Address::as_str);
    if let Some(cover) = cover.or(feed.icon.as_deref()) {
        elements.add(element("itunes:image", None, [("href", Some(cover))]));
    }
    elements.text("itunes:type", Some(show.kind));
    if let Some(owner) = &show.owner {
        let mut whole = element("itunes:owner", None, []);
        let parts = [("name", Some(&owner.name)), ("email", owner.email.as_ref())];
        for (name, text) in parts {
            let full_name = format!("itunes:{name}");
            let part = text.map(|text| element(&full_name, Some(text.to_string()), []));
            whole
                .children
                .insert(name.to_owned(), part.into_iter().collect());
        }
        elements.add(whole);
    }
    // Apple takes any other word than "Yes" for nothing said.
    elements.text("itunes:complete", show.is_complete.then_some("Yes"));
    elements.text("itunes:block", show.is_blocked.then_some("Yes"));
    elements.text("itunes:new-feed-url", show.new_address.as_ref());
    elements.text("podcast:guid", Some(show.guid));
    elements.text("podcast:medium", Some(show.medium));
    if let Some(is_locked) = show.locked {
        let owner = show.owner.as_ref().and_then(|owner| owner.email.as_ref());
        let value = if is_locked { "yes" } else { "no" };
        let owner = [("owner", owner.map(Text::as_str))];
        elements.add(element("podcast:locked", Some(value.to_owned()), owner));
    }
    for link in &show.funding {
        let title = link.title.as_ref().map(ToString::to_string);
        let url = [("url", Some(link.address.as_str()))];
        elements.add(element("podcast:funding", title, url));
    }
    for person in &show.people {
        let picture = match &person.image {
            Some(Target::Address(address)) => Some(address.as_str()),
            Some(Target::Reference(_)) | None => None,
        };
        elements.add(self::person(person, picture));
    }
    if !show.podroll.is_empty() {
        let mut podroll = element("podcast:podroll", None, []);
        let items = show.podroll.iter().map(remote_item).collect();
        podroll.children.insert("remoteItem".to_owned(), items);
        elements.add(podroll);
    }
    elements.0
}

fn remote_item(show: &RemoteFeed) -> Extension {
    let attributes = [
        ("feedGuid", Some(show.guid.to_string())),
        ("feedUrl", show.address.as_ref().map(ToString::to_string)),
        ("title", show.title.as_ref().map(ToString::to_string)),
    ];
    let attributes = attributes
        .each_ref()
        .map(|(name, it)| (*name, it.as_deref()));
    element("podcast:remoteItem", None, attributes)
}

fn person(person: &Participant, picture: Option<&str>) -> Extension {
    let attributes = [
        ("role", person.role.as_ref().map(Text::as_str)),
        ("group", person.group.as_ref().map(Text::as_str)),
        ("img", picture),
        ("href", person.page.as_ref().map(Address::as_str)),
    ];
    element("podcast:person", Some(person.name.to_string()), attributes)
}

/// What an item says of its episode. The duration is in seconds, as Apple recommends.
pub(super) fn item(shown: &Shown<'_>) -> ExtensionMap {
    let mut elements = Elements::default();
    let seconds = shown.enclosures.first().and_then(|file| file.seconds);
    elements.text("itunes:duration", seconds);
    let Some(episode) = &shown.episode else {
        return elements.0;
    };
    let Episode {
        number,
        season,
        kind,
        explicit,
        title,
        people,
        chapters: _,
        transcripts: _,
    } = &episode.said;
    let authors = shown.entry.article.authors.iter();
    let authors: Vec<&str> = authors.map(|author| author.name.as_str()).collect();
    elements.text(
        "itunes:author",
        Some(authors.join(", ")).filter(|it| !it.is_empty()),
    );
    elements.text("itunes:title", title.as_ref());
    elements.text("itunes:season", *season);
    elements.text("itunes:episode", *number);
    let kind = kind.map(|kind| match kind {
        EpisodeKind::Trailer => "trailer",
        EpisodeKind::Bonus => "bonus",
    });
    elements.text("itunes:episodeType", kind);
    elements.text("itunes:explicit", *explicit);
    if let Some(cover) = episode.cover.as_deref() {
        elements.add(element("itunes:image", None, [("href", Some(cover))]));
    }
    if let Some((url, media_type)) = &episode.chapters {
        let attributes = [
            ("url", Some(url.as_str())),
            ("type", Some(media_type.as_str())),
        ];
        elements.add(element("podcast:chapters", None, attributes));
    }
    for transcript in &episode.transcripts {
        let attributes = [
            ("url", Some(transcript.address.as_str())),
            ("type", Some(transcript.media_type.as_str())),
            (
                "language",
                transcript.language.as_ref().map(Language::as_str),
            ),
            ("rel", transcript.is_captions.then_some("captions")),
        ];
        elements.add(element("podcast:transcript", None, attributes));
    }
    for (at, person) in people.iter().enumerate() {
        let picture = episode.pictures.get(at).cloned().flatten();
        elements.add(self::person(person, picture.as_deref()));
    }
    elements.0
}

#[cfg(test)]
mod tests;
