//! What templates are given: feeds, people, files and links as values.

use minijinja::context;
use minijinja::value::Value;

use super::{Face, FeedLink, Shelf};
use crate::entry::{Address, Article, Episode, EpisodeKind, Language, Link, Text};
use crate::feed::{Feed, Format, ShownEnclosure, ShownImage, ShownPerson};

/// What all pages say of the site.
pub(super) fn site_value(face: &Face<'_>) -> Value {
    let main = face.main;
    context! {
        title => main.title.as_str(),
        description => main.description.as_str(),
        language => main.language.as_str(),
        home => main.home.as_str(),
        icon => main.icon.as_deref(),
        copyright => main.copyright.as_ref().map(Text::as_str),
        author => person_value(&site_author(main), None),
        subscribe => main.subscribe.as_str(),
        feeds => documents(main),
        outline => face.outline,
        root => face.root,
    }
}

/// What the pages of a feed say of it.
pub(super) fn feed_value(feed: &Feed<'_>, label: &str) -> Value {
    context! {
        title => feed.title.as_str(),
        label,
        description => feed.description.as_str(),
        language => feed.language.as_str(),
        home => feed.home.as_str(),
        subscribe => feed.subscribe.as_str(),
        feeds => documents(feed),
    }
}

fn documents(feed: &Feed<'_>) -> Vec<Value> {
    let value = |format: Format| {
        context! {
            name => format.name(),
            anchor => format.anchor(),
            media_type => format.media_type(),
            address => feed.address(format),
        }
    };
    Format::ALL.map(value).to_vec()
}

/// The documents that the head of a page names: of these feeds, each once.
pub(super) fn alternates(feeds: &[&Feed<'_>]) -> Vec<Value> {
    let mut named: Vec<&str> = Vec::new();
    let mut values = Vec::new();
    for feed in feeds {
        let addresses = feed.history.current.as_ref().unwrap_or(&feed.addresses);
        for format in Format::ALL {
            let address = format.of(addresses);
            if !named.contains(&address) {
                named.push(address);
                let title = format!("{} ({})", feed.title.as_str(), format.name());
                values.push(alternate(&title, format, address));
            }
        }
    }
    values
}

pub(super) fn alternate(title: &str, format: Format, address: &str) -> Value {
    context! { title, media_type => format.media_type(), address }
}

pub(super) fn shelf_value(shelf: &Shelf) -> Value {
    let link = |it: &FeedLink| {
        context! {
            label => it.label.as_str(),
            address => it.address.as_str(),
            count => it.entries,
        }
    };
    context! {
        title => shelf.title,
        first => shelf.first.iter().map(link).collect::<Vec<_>>(),
        rest => shelf.rest.iter().map(link).collect::<Vec<_>>(),
        more => shelf.more,
    }
}

pub(super) fn link_value(name: &str, address: Option<&String>) -> Value {
    context! { name, address }
}

/// The program's own words are English: on a page in another language they say so, for those who
/// have it read to them. (WCAG 2.2, 3.1.2)
pub(super) fn words(language: &Language) -> Value {
    let attribute = if is_english(language) {
        ""
    } else {
        " lang=\"en\""
    };
    context! { ours => Value::from_safe_string(attribute.to_owned()) }
}

pub(super) fn is_english(language: &Language) -> bool {
    let primary = language.as_str().split('-').next();
    primary.is_some_and(|primary| primary.eq_ignore_ascii_case("en"))
}

pub(super) fn site_author<'a>(feed: &'a Feed<'_>) -> ShownPerson<'a> {
    ShownPerson {
        person: &feed.author,
        avatar: None,
    }
}

/// Somebody; `place` is the page here with what they wrote.
pub(super) fn person_value(shown: &ShownPerson<'_>, place: Option<&str>) -> Value {
    let uri = shown.person.uri.as_ref().filter(|uri| uri.is_web());
    let uri = uri.map(Address::as_str);
    context! {
        name => shown.person.name.as_str(),
        uri,
        site => uri.map(bare),
        page => place,
        avatar => shown.avatar.as_deref(),
    }
}

/// Where the writer found it, what it was taken over from, and where readers discuss it: as far as a
/// browser can go there.
pub(super) fn links_value(article: &Article) -> Value {
    let value = |link: &Link| {
        link.address.is_web().then(|| {
            let title = link
                .title
                .as_ref()
                .map_or_else(|| bare(link.address.as_str()), Text::as_str);
            context! { address => link.address.as_str(), title => title }
        })
    };
    let comments = article.comments.as_ref().filter(|it| it.is_web());
    context! {
        via => article.via.iter().filter_map(value).collect::<Vec<_>>(),
        source => article.source.as_ref().and_then(value),
        comments => comments.map(Address::as_str),
    }
}

/// An address without what everybody knows to be there.
pub(super) fn bare(address: &str) -> &str {
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
    let bare = bare.split(['?', '#']).next().unwrap_or(bare);
    bare.strip_suffix('/').unwrap_or(bare)
}

/// "Season 2, episode 7".
pub(super) fn episode_words(episode: &Episode) -> String {
    let season = episode.season.map(|number| format!("Season {number}"));
    let kind = match episode.kind {
        Some(EpisodeKind::Trailer) => "trailer",
        Some(EpisodeKind::Bonus) => "bonus",
        None => "episode",
    };
    let number = match (episode.number, episode.kind) {
        (Some(number), _) => Some(format!("{kind} {number}")),
        (None, Some(_)) => Some(kind.to_owned()),
        (None, None) => None,
    };
    let words: Vec<String> = season.into_iter().chain(number).collect();
    let words = words.join(", ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().collect::<String>() + letters.as_str(),
        None => words,
    }
}

/// The lead image; `is_new` when the full text does not show it anyway.
pub(super) fn image_value(image: &ShownImage, content: &str) -> Value {
    let mut escaped = String::new();
    // Writing to a string can't fail.
    let _ = escape(&mut escaped, &image.address);
    context! {
        address => image.address.as_str(),
        alt => image.alt.as_str(),
        is_new => !content.contains(&escaped) && !content.contains(&image.address),
    }
}

pub(super) fn file_value(file: &ShownEnclosure) -> Value {
    let kind = file.media_type.split('/').next();
    let name = file.address.split(['?', '#']).next();
    let name = name.and_then(|path| path.rsplit('/').next());
    let name = name.map(|name| percent_encoding::percent_decode_str(name).decode_utf8_lossy());
    context! {
        address => file.address.as_str(),
        media_type => file.media_type.as_str(),
        kind => kind,
        name => name.filter(|name| !name.is_empty()),
        size => (file.length > 0).then(|| size(file.length)),
        duration => file.seconds.map(duration),
    }
}

/// A time to play as players show it: hours only where there are any.
pub(super) fn duration(seconds: u32) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A size in words: two digits are enough to decide whether to fetch it.
pub(super) fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        1 => return "1 byte".to_owned(),
        0..1_000 => return format!("{bytes} bytes"),
        1_000..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let tenths = bytes / (unit / 10);
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", tenths / 10)
    }
}

/// Escapes `text` for HTML text and for attributes in either kind of quotes.
pub(super) fn escape(out: &mut impl std::fmt::Write, text: &str) -> std::fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, special) = rest.split_at(at);
        out.write_str(before)?;
        out.write_str(match special.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &special[1..];
    }
    out.write_str(rest)
}
