//! HTML for people: the front page, a page for each feed and each entry, and how to subscribe.
//!
//! Semantic HTML with microformats2 (h-feed, h-entry), one style sheet, no script and no inline
//! style, so that the strictest content security policy fits. Like the formats of
//! [`feed`](crate::feed), pages are pure: equal inputs and an equal [`Theme`] give equal bytes.

mod assets;
mod error;
mod proof;
mod readers;
pub mod status;
#[cfg(test)]
mod tests;
mod theme;
mod values;

pub use assets::{ASSETS, Asset, asset};
pub use error::PageError;
pub use theme::{STYLE, Theme};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::context;
use minijinja::value::Value;

use crate::entry::{Language, Text};
use crate::feed::{Feed, Format, Shown, rfc3339};
use values::{
    alternate, alternates, episode_words, feed_value, file_value, image_value, is_english,
    link_value, links_value, person_value, shelf_value, site_author, site_value, words,
};

/// What every page says of the site that it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Face<'a> {
    /// The head of the feed of everything.
    pub main: &'a Feed<'a>,
    /// The path of the site's root on its host, beginning and ending in `/`.
    pub root: &'a str,
    /// Where the list of all feeds is, absolute.
    pub outline: &'a str,
}

/// A feed that a page leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedLink {
    /// What people call it.
    pub label: Text,
    /// Its page, absolute.
    pub address: String,
    /// How many entries it has.
    pub entries: usize,
}

/// Feeds of one kind, as the front page lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// What they are: "Tags".
    pub title: &'static str,
    /// Whether they are the sections of the paper, which stand at its head.
    pub is_sections: bool,
    /// Those that everybody sees.
    pub first: Vec<FeedLink>,
    /// Those that are there for who asks for them.
    pub rest: Vec<FeedLink>,
    /// How many more there are.
    pub more: usize,
}

/// What the front page shows.
#[derive(Clone, Copy, Debug)]
pub struct FrontPage<'a> {
    /// The site.
    pub face: Face<'a>,
    /// The feed of everything, with its entries.
    pub feed: &'a Feed<'a>,
    /// The front page's own text, clean HTML, if the publisher wrote one.
    pub text: Option<&'a str>,
    /// The ways into the site.
    pub shelves: &'a [Shelf],
}

/// What the page of a feed other than that of everything shows, or of an archive.
#[derive(Clone, Copy, Debug)]
pub struct FeedPage<'a> {
    /// The site.
    pub face: Face<'a>,
    /// The feed, with the entries that the page shows.
    pub feed: &'a Feed<'a>,
    /// What people call it.
    pub label: &'a str,
    /// What kind of feed it is: "Tag". May be empty.
    pub kind: &'a str,
    /// How many entries it has, in all.
    pub entries: usize,
    /// The page with the entries after these, absolute, if this is an archive.
    pub newer: Option<&'a str>,
}

/// What an entry's page shows.
#[derive(Clone, Copy, Debug)]
pub struct EntryPage<'a> {
    /// The site.
    pub face: Face<'a>,
    /// The entry.
    pub shown: &'a Shown<'a>,
    /// Where it belongs.
    pub places: &'a Places,
    /// The entries whose "Read:" lines name this one.
    pub mentions: &'a Mentions,
}

/// Where an entry belongs: the pages of our own that it is on.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Places {
    /// Its section: what it is called, and its page.
    pub section: Option<(Text, Option<String>)>,
    /// The pages of its tags, in their order.
    pub tags: Vec<String>,
    /// The pages of its authors, in their order.
    pub authors: Vec<Option<String>>,
    /// The feed of it and all that is linked with it, if anything is: its page, and in Atom.
    pub thread: Option<(String, String)>,
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

/// What a page that says how to subscribe shows.
#[derive(Clone, Copy, Debug)]
pub struct SubscribePage<'a> {
    /// The site.
    pub face: Face<'a>,
    /// The feed, of which only the head is used.
    pub feed: &'a Feed<'a>,
    /// What people call it.
    pub label: &'a str,
    /// Whether it has recordings, so that podcast apps can play it.
    pub has_recordings: bool,
}

/// Makes pages.
#[derive(Clone, Copy, Debug)]
pub struct Pages<'a> {
    /// With these templates.
    pub theme: &'a Theme,
    /// Dates are shown as they are here.
    pub zone: &'a TimeZone,
}

impl Pages<'_> {
    /// The front page.
    pub fn front(&self, page: &FrontPage<'_>) -> Result<String, PageError> {
        let FrontPage { face, feed, .. } = page;
        let sections = page.shelves.iter().filter(|it| it.is_sections);
        let shelves = page.shelves.iter().filter(|it| !it.is_sections);
        self.theme.render(
            "front.html",
            context! {
                text => page.text.map(|html| Value::from_safe_string(html.to_owned())),
                entries => self.entry_values(feed),
                older => older(feed),
                sections => sections.map(shelf_value).collect::<Vec<_>>(),
                shelves => shelves.map(shelf_value).collect::<Vec<_>>(),
                ..around(face, &feed.language, &[feed])
            },
        )
    }

    /// The page of another feed, or of an archive.
    pub fn feed(&self, page: &FeedPage<'_>) -> Result<String, PageError> {
        let FeedPage { face, feed, .. } = page;
        self.theme.render(
            "feed.html",
            context! {
                feed => feed_value(feed, page.label),
                kind => page.kind,
                count => page.entries,
                is_archive => feed.history.current.is_some(),
                current => feed.history.current.as_ref().map(|it| folder(&it[0])),
                entries => self.entry_values(feed),
                older => older(feed),
                newer => page.newer,
                ..around(face, &feed.language, &[feed, face.main])
            },
        )
    }

    /// An entry's page.
    pub fn entry(&self, page: &EntryPage<'_>) -> Result<String, PageError> {
        let EntryPage {
            face,
            shown,
            places,
            mentions,
        } = page;
        let article = &shown.entry.article;
        let language = article.language.as_ref().unwrap_or(&face.main.language);
        let newest = mentions.newest.iter();
        let newest = newest
            .map(|it| context! { title => it.title.as_str(), address => it.address.as_str() });
        let names = article.categories.iter().map(|it| it.label.as_str());
        let tags = names
            .zip(&places.tags)
            .map(|(name, address)| link_value(name, Some(address)));
        let thread = places.thread.as_ref();
        let mut alternates = alternates(&[face.main]);
        // After the site's: who takes the first subscribes to the site, not to one article.
        alternates.extend(thread.map(|(_, atom)| {
            let title = article.title.as_str();
            alternate(
                &format!("All that is linked with \u{201c}{title}\u{201d}"),
                Format::Atom,
                atom,
            )
        }));
        self.theme.render(
            "entry.html",
            context! {
                entry => self.entry_value(face.main, shown, &places.authors),
                content => Value::from_safe_string(shown.content.clone()),
                image => shown.image.as_ref().map(|image| image_value(image, &shown.content)),
                files => shown.enclosures.iter().map(file_value).collect::<Vec<_>>(),
                section => places.section.as_ref().map(|(name, address)| link_value(name.as_str(), address.as_ref())),
                tags => tags.collect::<Vec<_>>(),
                thread => thread.map(|(page, _)| page),
                mentions => newest.collect::<Vec<_>>(),
                more_mentions => mentions.more,
                links => links_value(article),
                episode => article.episode.as_ref().map(episode_words),
                alternates,
                ..around(face, language, &[face.main])
            },
        )
    }

    /// How to subscribe to a feed.
    pub fn subscribe(&self, page: &SubscribePage<'_>) -> Result<String, PageError> {
        let SubscribePage { face, feed, .. } = page;
        let [atom, rss, _] = &feed.addresses;
        let apps = page.has_recordings.then(|| readers::podcast_apps(rss));
        self.theme.render(
            "subscribe.html",
            context! {
                feed => feed_value(feed, page.label),
                readers => readers::readers(atom),
                apps => apps.unwrap_or_default(),
                is_main => feed.id == face.main.id,
                ..around(face, &feed.language, &[feed, face.main])
            },
        )
    }

    /// What stands where an entry was withdrawn.
    pub fn gone(&self, face: &Face<'_>) -> Result<String, PageError> {
        self.theme
            .render("gone.html", around(face, &face.main.language, &[face.main]))
    }

    fn entry_values(&self, feed: &Feed<'_>) -> Vec<Value> {
        let entries = feed.entries.iter();
        entries
            .map(|shown| self.entry_value(feed, shown, &[]))
            .collect()
    }

    /// What all pages say of an entry; `places` are the pages of its authors.
    fn entry_value(&self, feed: &Feed<'_>, shown: &Shown<'_>, places: &[Option<String>]) -> Value {
        let entry = shown.entry;
        let article = &entry.article;
        let mut authors: Vec<_> = shown.authors.iter().collect();
        let site_author = site_author(feed);
        if authors.is_empty() {
            authors.push(&site_author);
        }
        let places = places.iter().map(Option::as_deref);
        let places = places.chain(std::iter::repeat(None));
        let authors = authors.into_iter().zip(places);
        let authors = authors.map(|(author, place)| person_value(author, place));
        let labels = article.categories.iter().map(|it| it.label.to_string());
        let page_language = article.language.as_ref().unwrap_or(&feed.language);
        context! {
            title => article.title.as_str(),
            address => shown.address.as_str(),
            summary => article.summary.as_str(),
            language => article.language.as_ref().map(Language::as_str),
            published => self.date_value(entry.published, page_language),
            updated => self.date_value(entry.updated, page_language),
            authors => authors.collect::<Vec<_>>(),
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

/// What every page is given: the site, its language, and the feeds that its head names, the page's own
/// first, for many readers take the first.
fn around(face: &Face<'_>, language: &Language, feeds: &[&Feed<'_>]) -> Value {
    context! {
        site => site_value(face),
        language => language.as_str(),
        alternates => alternates(feeds),
        ..words(language)
    }
}

/// The page with the entries before these.
fn older<'a>(feed: &'a Feed<'_>) -> Option<&'a str> {
    let [atom, ..] = feed.history.previous.as_ref()?;
    Some(folder(atom))
}

/// The page of the feed at `address`: it is in the same folder.
fn folder(address: &str) -> &str {
    address.rfind('/').map_or(address, |at| &address[..=at])
}
