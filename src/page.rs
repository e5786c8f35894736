//! HTML for people: the front page and an entry's page.
//!
//! Semantic HTML with microformats2 (h-feed, h-entry), one style sheet, no script and no inline
//! style, so that the strictest content security policy fits. Like the formats of
//! [`feed`](crate::feed), pages are pure: equal inputs give equal bytes.

mod assets;
#[cfg(test)]
mod tests;
mod values;

pub use assets::{ASSETS, Asset, asset};
use values::{
    episode_words, escape, file_value, image_value, is_english, links_value, person_value,
    site_author, site_value, words,
};

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use crate::entry::{Digest, Digester, Language, Text};
use crate::feed::{Feed, Shown, rfc3339};

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

const TEMPLATES: [(&str, &str); 5] = [
    ("base.html", include_str!("page/templates/base.html")),
    ("front.html", include_str!("page/templates/front.html")),
    ("entry.html", include_str!("page/templates/entry.html")),
    ("gone.html", include_str!("page/templates/gone.html")),
    (
        "subscribe.html",
        include_str!("page/templates/subscribe.html"),
    ),
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

    /// How to subscribe to `feed`, of which only the head is used; `root` as in [`FrontPage`].
    pub fn subscribe(&self, feed: &Feed<'_>, root: &str) -> Result<String, PageError> {
        self.render(
            "subscribe.html",
            context! {
                site => site_value(feed, root),
                language => feed.language.as_str(),
                ..words(&feed.language)
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
