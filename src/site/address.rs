//! Where things are: what we have at an address, and the addresses of what we have.
//!
//! Paths are looked up, never opened: no address reaches a file system here.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::{DocumentKey, Found, Plan, Site, View};
use crate::catalogue::{Card, Place, Record, Resolved, Standing};
use crate::entry::{Digest, Entry, FolderPath, LocalRef, Reference, RelatedLine, Slug, Wanted};
use crate::feed::{FeedKey, Format};
use crate::page;

/// The list of all feeds.
pub(super) const FEEDS: &str = "feeds.opml";

/// Beside each feed's documents: the page that says how to subscribe to it.
pub const SUBSCRIBE: &str = "subscribe";

/// What readers and other publishers use to call their feeds.
const HABITS: [(&str, Format); 10] = [
    ("feed", Format::Atom),
    ("feed/", Format::Atom),
    ("feed.xml", Format::Atom),
    ("feed.atom", Format::Atom),
    ("atom", Format::Atom),
    ("atom/", Format::Atom),
    ("index.xml", Format::Rss),
    ("rss", Format::Rss),
    ("rss/", Format::Rss),
    ("feed.rss", Format::Rss),
];

impl Site {
    /// What is at `path`: the path of a request target, still percent-encoded, without its query.
    pub fn find(&self, path: &str) -> Found {
        // A proxy may or may not take the site's own path off before it asks us.
        let Some(path) = path
            .strip_prefix(self.root())
            .or_else(|| path.strip_prefix('/'))
        else {
            return Found::Nothing;
        };
        let Ok(decoded) = percent_decode_str(path).decode_utf8() else {
            return Found::Nothing;
        };
        if let Some(asset) = page::asset(&decoded) {
            return Found::Document(Plan {
                key: DocumentKey::Asset(asset.path),
                tag: Digest::of(asset.bytes),
                changed: None,
                content_type: asset.content_type,
                fresh: self.settings.ages.most(),
            });
        }
        if decoded == page::STYLE {
            return Found::Document(self.style_plan());
        }
        if let Some(found) = self.find_feed(&decoded) {
            return found;
        }
        match decoded.split_once('/') {
            Some(("media", file)) => self.find_media(file),
            Some(("entries", slug)) => self.find_entry(slug, true),
            _ => self.find_entry(&decoded, false),
        }
    }

    /// A document of a feed, or where it is; `None` if `path` names no feed that there is.
    fn find_feed(&self, path: &str) -> Option<Found> {
        let (folder, file) = path
            .rfind('/')
            .map_or(("", path), |at| path.split_at(at + 1));
        if path == FEEDS {
            return Some(Found::Document(self.feeds_plan()));
        }
        if let Some(view) = View::from_plain_path(folder) {
            let plan = match Format::ALL.into_iter().find(|it| it.file_name() == file) {
                Some(format) => self.feed_plan(view.clone(), format),
                None if file.is_empty() => self.page_plan(view.clone()),
                None if file == SUBSCRIBE && view.part.is_none() => {
                    self.subscribe_plan(view.feed.clone())
                }
                None => None,
            };
            if let Some(plan) = plan {
                let is_here = view.plain_path() == folder;
                let moved = || Found::Moved(format!("{}{}{file}", self.root(), view.path()));
                return Some(if is_here {
                    Found::Document(plan)
                } else {
                    moved()
                });
            }
        }
        let habit = HABITS.iter().find_map(|(habit, format)| {
            let folder = path.strip_suffix(habit)?;
            let is_whole = folder.is_empty() || folder.ends_with('/');
            Some((View::from_plain_path(folder).filter(|_| is_whole)?, *format))
        });
        if let Some((view, format)) = habit.filter(|(view, _)| self.window(view).is_some()) {
            let path = format!("{}{}{}", self.root(), view.path(), format.file_name());
            return Some(Found::Moved(path));
        }
        // Who leaves the last `/` out means the page.
        let view = View::from_plain_path(&format!("{path}/"))?;
        self.window(&view)?;
        Some(Found::Moved(format!("{}{}", self.root(), view.path())))
    }

    fn find_media(&self, file: &str) -> Found {
        FolderPath::new(file)
            .filter(|path| path.as_str() == file && self.catalogue.media(path).is_some())
            .map_or(Found::Nothing, Found::Media)
    }

    /// An entry's page, or where it went. An entry has one address, below `/entries/`; who asks for
    /// it where other publishers would have it, by its slug or its file's path, is led there.
    fn find_entry(&self, asked: &str, in_entries: bool) -> Found {
        let plain = asked.trim_end_matches('/');
        let plain = plain.strip_suffix(".html").unwrap_or(plain);
        let by_slug = [asked, plain]
            .into_iter()
            .filter_map(Slug::from_path)
            .find_map(|slug| self.catalogue.at_slug(&slug));
        let Some(record) = by_slug.or_else(|| self.catalogue.at_stem(plain)) else {
            return Found::Nothing;
        };
        let slug = &record.entry.slug;
        match record.standing {
            Standing::Live if in_entries && slug.as_str() == asked => {
                Found::Document(self.entry_plan(record))
            }
            Standing::Live => {
                Found::Moved(format!("{}entries/{}", self.root(), slug.to_url_path()))
            }
            // What nobody ever saw was not withdrawn; and that it exists is nobody's business.
            _ if record.debut.is_none() => Found::Nothing,
            Standing::Retired(_) | Standing::Withdrawn(_) | Standing::Enclosed => {
                Found::Gone(self.gone_plan())
            }
            Standing::Scheduled | Standing::Held(_) | Standing::Front => Found::Nothing,
        }
    }

    /// The absolute address of a path of this site, given without its leading `/`.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.settings.base)
    }

    /// The absolute addresses of a view's documents, in the order of [`Format::ALL`].
    pub fn addresses_of(&self, view: &View) -> [String; 3] {
        Format::ALL.map(|format| self.absolute(&(view.path() + format.file_name())))
    }

    /// The path of the page that says how to subscribe to `feed`, below the site's address.
    pub fn subscribe_path(feed: &FeedKey) -> String {
        feed.path() + SUBSCRIBE
    }

    /// The absolute address of the list of all feeds.
    pub fn outline_address(&self) -> String {
        self.absolute(FEEDS)
    }

    /// The absolute address of an entry's page on this site.
    pub fn page_of(&self, slug: &Slug) -> String {
        self.absolute(&format!("entries/{}", slug.to_url_path()))
    }

    /// The absolute address of a file beside entries.
    pub fn address_of_media(&self, path: &FolderPath) -> String {
        self.absolute(&format!("media/{}", path.to_url_path()))
    }

    /// Where an entry is read: its page here, or its own `link` elsewhere.
    pub fn address_of(&self, entry: &Entry) -> String {
        match &entry.article.link {
            Some(link) => link.to_string(),
            None => self.page_of(&entry.slug),
        }
    }

    /// Where the entry of `card` is read.
    pub fn address_of_card(&self, card: &Card) -> String {
        match &card.place {
            Place::Page(slug) => self.page_of(slug),
            Place::Elsewhere(address) => address.to_string(),
        }
    }

    /// The address that reference `number` of `record` leads to; `None` while it leads nowhere.
    pub fn address_of_reference(&self, record: &Record, number: usize) -> Option<String> {
        let reference = record.entry.article.references.get(number)?;
        let place = named_path(reference)
            .and_then(|local| place_in(local.suffix.as_str()))
            .unwrap_or_default();
        match (record.resolved.get(number)?, reference) {
            (Resolved::Entry(card), _) => Some(self.address_of_card(card) + &place),
            (Resolved::Itself, _) => Some(self.page_of(&record.entry.slug) + &place),
            (Resolved::Media(_), _) => {
                Some(self.address_of_media(&named_path(reference)?.path) + &place)
            }
            (
                Resolved::Plain,
                Reference::Related(RelatedLine {
                    wanted: Wanted::Address(address),
                    ..
                }),
            ) => Some(address.to_string()),
            (Resolved::Plain, Reference::Fragment(name)) => {
                Some(self.page_of(&record.entry.slug) + &place_in(&format!("#{name}"))?)
            }
            _ => None,
        }
    }
}

/// The path that a reference names, if it does.
fn named_path(reference: &Reference) -> Option<&LocalRef> {
    match reference {
        Reference::Local(local)
        | Reference::Related(RelatedLine {
            wanted: Wanted::Local(local),
            ..
        }) => Some(local),
        _ => None,
    }
}

/// The `#…` of what followed a path, percent-encoded; the query meant something to another server.
fn place_in(suffix: &str) -> Option<String> {
    let (_, name) = suffix.split_once('#')?;
    let is_octet = |rest: &str| {
        let digits = rest.as_bytes().get(1..3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let mut place = String::from("#");
    for (number, part) in name.split('%').enumerate() {
        if number > 0 {
            let is_encoded = is_octet(&format!("%{part}"));
            place.push_str(if is_encoded { "%" } else { "%25" });
        }
        place.extend(utf8_percent_encode(part, FRAGMENT));
    }
    Some(place)
}

/// What may not stand in a fragment as it is; `%` may, since the writer may have encoded it already.
/// (RFC 3986 section 3.5)
const FRAGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'#')
    .add(b'[')
    .add(b']')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'\\')
    .add(b'^');
