//! HTML for people: the front page and an entry's page.
//!
//! Semantic HTML with microformats2 (h-feed, h-entry), one style sheet, no script and no inline
//! style, so that the strictest content security policy fits. Like the formats of
//! [`feed`](crate::feed), pages are pure: equal inputs give equal bytes.

mod assets;
#[cfg(test)]
mod tests;

pub use assets::{ASSETS, Asset, asset};

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use crate::entry::{
    Address, Article, Digest, Digester, Episode, EpisodeKind, Language, Link, Text,
};
use crate::feed::{Feed, Format, Shown, ShownEnclosure, ShownImage, ShownPerson, rfc3339};

/// Why a page could not be made. The templates are part of the program, so this is a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("the page could not be made")]
pub struct PageError(#[from] minijinja::Error);

/// What the front page shows.
#[derive(Clone, Copy, Debug)]
pub struct FrontPage<'a> {
    /// The feed of everything: its head and its entries, newest first.
    pub feed: &'a Feed<'a>,
    /// The path of the site's root on its host, beginning and ending in `/`.
    pub root: &'a str,
    /// The front page's own text, clean HTML, if the publisher wrote one.
    pub text: Option<&'a str>,
}

/// What an entry's page shows.
#[derive(Clone, Copy, Debug)]
pub struct EntryPage<'a> {
    /// The feed that the entry belongs to; only its head is used.
    pub feed: &'a Feed<'a>,
    /// The path of the site's root on its host, beginning and ending in `/`.
    pub root: &'a str,
    /// The entry.
    pub shown: &'a Shown<'a>,
    /// The entries whose "Read:" lines name this one.
    pub mentions: &'a Mentions,
}

/// The entries whose "Read:" lines name another one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Mentions {
    /// Those to show, newest first.
    pub newest: Vec<Mention>,
    /// How many more there are.
    pub more: usize,
}

/// An entry that names another one in a "Read:" line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Its title.
    pub title: Text,
    /// Where it is read, absolute.
    pub address: String,
}

/// The digest of all templates: a page is another one when its template is.
pub fn version() -> Digest {
    static VERSION: LazyLock<Digest> = LazyLock::new(|| {
        TEMPLATES
            .iter()
            .fold(Digester::new(), |digester, (_, text)| digester.field(text))
            .finish()
    });
    *VERSION
}

const TEMPLATES: [(&str, &str); 4] = [
    ("base.html", include_str!("page/templates/base.html")),
    ("front.html", include_str!("page/templates/front.html")),
    ("entry.html", include_str!("page/templates/entry.html")),
    ("gone.html", include_str!("page/templates/gone.html")),
];

/// The templates, ready for use.
pub struct Pages {
    environment: Environment<'static>,
    zone: TimeZone,
}

impl Pages {
    /// Reads the templates. Dates are shown as they are in `zone`.
    pub fn new(zone: TimeZone) -> Result<Self, PageError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(|out, state, value| match value.as_str() {
            // The engine's own escaping also turns every slash of every address into `&#x2f;`.
            Some(text) if !value.is_safe() => Ok(escape(out, text)?),
            _ => minijinja::escape_formatter(out, state, value),
        });
        environment.set_syntax(
            SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()?,
        );
        for (name, text) in TEMPLATES {
            environment.add_template(name, text)?;
        }
        Ok(Self { environment, zone })
    }

    /// The front page.
    pub fn front(&self, page: &FrontPage<'_>) -> Result<String, PageError> {
        let feed = page.feed;
        let entries: Vec<_> = feed
            .entries
            .iter()
            .map(|shown| self.entry_value(feed, shown))
            .collect();
        self.render(
            "front.html",
            context! {
                site => site_value(feed, page.root),
                language => feed.language.as_str(),
                text => page.text.map(|html| Value::from_safe_string(html.to_owned())),
                entries,
                ..words(&feed.language)
            },
        )
    }

    /// An entry's page.
    pub fn entry(&self, page: &EntryPage<'_>) -> Result<String, PageError> {
        let (feed, shown) = (page.feed, page.shown);
        let language = shown.entry.article.language.as_ref();
        let language = language.unwrap_or(&feed.language);
        let mentions: Vec<_> = page
            .mentions
            .newest
            .iter()
            .map(|it| context! { title => it.title.as_str(), address => it.address.as_str() })
            .collect();
        self.render(
            "entry.html",
            context! {
                site => site_value(feed, page.root),
                language => language.as_str(),
                entry => self.entry_value(feed, shown),
                content => Value::from_safe_string(shown.content.clone()),
                image => shown.image.as_ref().map(|image| image_value(image, &shown.content)),
                files => shown.enclosures.iter().map(file_value).collect::<Vec<_>>(),
                mentions,
                more_mentions => page.mentions.more,
                links => links_value(&shown.entry.article),
                episode => shown.entry.article.episode.as_ref().map(episode_words),
                ..words(language)
            },
        )
    }

    /// What stands where an entry was withdrawn; `feed` is its head alone, `root` as in [`FrontPage`].
    pub fn gone(&self, feed: &Feed<'_>, root: &str) -> Result<String, PageError> {
        self.render(
            "gone.html",
            context! {
                site => site_value(feed, root),
                language => feed.language.as_str(),
                ..words(&feed.language)
            },
        )
    }

    fn render(&self, name: &str, context: Value) -> Result<String, PageError> {
        Ok(self.environment.get_template(name)?.render(context)?)
    }

    /// What both pages say of an entry.
    fn entry_value(&self, feed: &Feed<'_>, shown: &Shown<'_>) -> Value {
        let entry = shown.entry;
        let article = &entry.article;
        let mut authors: Vec<_> = shown.authors.iter().map(person_value).collect();
        if authors.is_empty() {
            authors.push(person_value(&site_author(feed)));
        }
        let labels = article.categories.iter().map(|it| it.label.to_string());
        let page_language = article.language.as_ref().unwrap_or(&feed.language);
        context! {
            title => article.title.as_str(),
            address => shown.address.as_str(),
            summary => article.summary.as_str(),
            language => article.language.as_ref().map(Language::as_str),
            published => self.date_value(entry.published, page_language),
            updated => self.date_value(entry.updated, page_language),
            authors,
            section => article.section.as_ref().map(Text::as_str),
            is_by_site => article.authors.is_empty(),
            tags => labels.collect::<Vec<_>>(),
        }
    }

    /// The instant for programs, and the day for people: in words where our words are, else in the
    /// form that everybody reads the same way.
    fn date_value(&self, instant: Timestamp, language: &Language) -> Value {
        let zoned = instant.to_zoned(self.zone.clone());
        let form = if is_english(language) {
            "%-d %B %Y"
        } else {
            "%Y-%m-%d"
        };
        context! { instant => rfc3339(instant), day => zoned.strftime(form).to_string() }
    }
}

/// What all pages say of the site.
fn site_value(feed: &Feed<'_>, root: &str) -> Value {
    let feeds = Format::ALL.map(|format| {
        context! {
            name => format.name(),
            media_type => format.media_type(),
            address => feed.address(format),
        }
    });
    context! {
        title => feed.title.as_str(),
        description => feed.description.as_str(),
        language => feed.language.as_str(),
        home => feed.home.as_str(),
        icon => feed.icon.as_deref(),
        copyright => feed.copyright.as_ref().map(Text::as_str),
        author => person_value(&site_author(feed)),
        feeds => Value::from(feeds.to_vec()),
        root,
    }
}

/// The program's own words are English: on a page in another language they say so, for those who
/// have it read to them. (WCAG 2.2, 3.1.2)
fn words(language: &Language) -> Value {
    let attribute = if is_english(language) {
        ""
    } else {
        " lang=\"en\""
    };
    context! { ours => Value::from_safe_string(attribute.to_owned()) }
}

fn is_english(language: &Language) -> bool {
    let primary = language.as_str().split('-').next();
    primary.is_some_and(|primary| primary.eq_ignore_ascii_case("en"))
}

fn site_author<'a>(feed: &'a Feed<'_>) -> ShownPerson<'a> {
    ShownPerson {
        person: &feed.author,
        avatar: None,
    }
}

fn person_value(shown: &ShownPerson<'_>) -> Value {
    let uri = shown.person.uri.as_ref().filter(|uri| uri.is_web());
    context! {
        name => shown.person.name.as_str(),
        uri => uri.map(Address::as_str),
        avatar => shown.avatar.as_deref(),
    }
}

/// Where the writer found it, what it was taken over from, and where readers discuss it: as far as a
/// browser can go there.
fn links_value(article: &Article) -> Value {
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
fn bare(address: &str) -> &str {
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
    bare.strip_suffix('/').unwrap_or(bare)
}

/// "Season 2, episode 7".
fn episode_words(episode: &Episode) -> String {
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
fn image_value(image: &ShownImage, content: &str) -> Value {
    let mut escaped = String::new();
    // Writing to a string can't fail.
    let _ = escape(&mut escaped, &image.address);
    context! {
        address => image.address.as_str(),
        alt => image.alt.as_str(),
        is_new => !content.contains(&escaped) && !content.contains(&image.address),
    }
}

fn file_value(file: &ShownEnclosure) -> Value {
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
fn duration(seconds: u32) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A size in words: two digits are enough to decide whether to fetch it.
fn size(bytes: u64) -> String {
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
fn escape(out: &mut impl std::fmt::Write, text: &str) -> std::fmt::Result {
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
