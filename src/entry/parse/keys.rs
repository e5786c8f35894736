//! What the keys of front matter mean, under our own names and those of other tools.

use jiff::tz::TimeZone;

use super::dates;
use super::episode::{self, SaidEpisode};
use super::front_matter::{Field, Value};
use super::names::{Key, flat, known};
use super::references::{has_scheme, short};
use super::values;
use crate::entry::{
    Address, Category, Claims, Element, EntryId, Language, Link, Person, Problem, Slug, StatedDate,
    Text, Warning, WarningKind,
};

/// What front matter says, checked; what needs the entry's file or text is still as written.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) title: Option<Text>,
    pub(super) authors: Vec<Author>,
    pub(super) tags: Vec<Category>,
    pub(super) summary: Option<Text>,
    pub(super) link: Option<Address>,
    pub(super) language: Option<Language>,
    pub(super) image: Option<File>,
    pub(super) enclosures: Vec<File>,
    pub(super) related: Vec<Item>,
    pub(super) via: Vec<Link>,
    pub(super) source: Option<Link>,
    pub(super) comments: Option<Address>,
    pub(super) episode: SaidEpisode,
    /// How long the first enclosure plays.
    pub(super) seconds: Option<u32>,
    pub(super) elements: Vec<Element>,
    pub(super) claims: Claims,
    /// Our own `draft: false`, which wins over what the folder says.
    pub(super) is_no_draft: bool,
    pub(super) warnings: Vec<Warning>,
}

/// An author, with a picture that may lie beside the entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Author {
    pub(super) person: Person,
    pub(super) avatar: Option<String>,
}

/// A file or address named in front matter.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) target: String,
    pub(super) alt: Option<String>,
    pub(super) media_type: Option<String>,
    pub(super) length: Option<u64>,
    pub(super) seconds: Option<u32>,
    pub(super) field: Named,
}

/// An item of `related`.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) words: Option<String>,
    pub(super) target: Option<String>,
}

/// The field that said something, for messages about it.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    pub(super) key: String,
    pub(super) place: super::front_matter::Place,
    /// Whether it is one of our own names, for which a wrong value is an error.
    pub(super) own: bool,
}

/// Reads `fields`; the first wrong value under one of our own names is the error.
pub(super) fn read(fields: Vec<Field>, zone: &TimeZone) -> Result<Said, Problem> {
    let mut meant: Vec<(Key, Named, Value)> = Vec::new();
    for field in flat(fields) {
        let Some((meaning, own)) = known(&field.key) else {
            continue;
        };
        let named = Named {
            key: field.key,
            place: field.place,
            own,
        };
        meant.push((meaning, named, field.value));
    }
    // Our own names first: what other tools' keys say counts only when ours say nothing.
    meant.sort_by_key(|(_, named, _)| !named.own);
    let mut reader = Reader {
        said: Said::default(),
        zone,
    };
    for (meaning, named, value) in meant {
        if value == Value::Nothing {
            continue;
        }
        if let Err(message) = reader.take(meaning, &named, &value) {
            let problem = named.problem(message);
            if named.own {
                return Err(problem);
            }
            let warning = WarningKind::ForeignValue.warning(problem);
            reader.said.warnings.push(warning);
        }
    }
    Ok(reader.said)
}

impl Named {
    pub(super) fn problem(&self, message: String) -> Problem {
        Problem {
            line: self.place.0,
            column: self.place.1,
            message,
        }
    }
}

struct Reader<'a> {
    said: Said,
    zone: &'a TimeZone,
}

impl Reader<'_> {
    fn take(&mut self, meaning: Key, named: &Named, value: &Value) -> Result<(), String> {
        let key = named.key.as_str();
        let zone = self.zone;
        let said = &mut self.said;
        match meaning {
            Key::Title => set(&mut said.title, values::line(key, value)?),
            Key::Summary => set(&mut said.summary, values::line(key, value)?),
            Key::Date => {
                // Jekyll's `published: false` hides an entry.
                if let Some(published) = values::flag_of(value).filter(|_| key != "date") {
                    said.claims.draft |= !published;
                } else {
                    set(&mut said.claims.published, Some(date(key, value, zone)?));
                }
            }
            Key::Updated => set(&mut said.claims.updated, Some(date(key, value, zone)?)),
            Key::Expires => set(&mut said.claims.expires, Some(date(key, value, zone)?)),
            Key::Authors => {
                let authors = values::people(key, value)?;
                if said.authors.is_empty() {
                    said.authors = authors;
                }
            }
            Key::Tags => {
                for tag in values::tags(key, value)? {
                    if said.tags.iter().all(|other| other.term != tag.term) {
                        said.tags.push(tag);
                    }
                }
            }
            Key::Link => self.link(key, value)?,
            Key::Id => {
                let id = EntryId::parse(&values::text(key, value)?);
                set(&mut said.claims.id, Some(id.map_err(|e| e.to_string())?));
            }
            Key::Slug => set(&mut said.claims.slug, Some(slug(key, value)?)),
            Key::Aliases => {
                for alias in values::list(value) {
                    said.claims.aliases.push(slug(key, &alias)?);
                }
            }
            Key::Draft => {
                let is_draft = values::flag(key, value)?;
                said.claims.draft |= is_draft;
                said.is_no_draft |= !is_draft;
            }
            Key::Status => {
                let status = values::text(key, value)?.to_ascii_lowercase();
                said.claims.draft |= UNPUBLISHED.contains(&status.as_str());
            }
            Key::Minor => said.claims.minor = values::flag(key, value)?,
            Key::Lang => {
                let tag = values::text(key, value)?;
                let language = Language::parse(&tag).ok_or_else(|| {
                    format!("`{key}` is not a language: expected a tag such as en or pt-BR")
                })?;
                set(&mut said.language, Some(language));
            }
            Key::Image => {
                let first = values::list(value).into_iter().next();
                let image = first.map(|value| values::file(named, &value)).transpose()?;
                set(&mut said.image, image);
            }
            Key::Enclosure => {
                for value in values::list(value) {
                    said.enclosures.push(values::file(named, &value)?);
                }
            }
            Key::Related => said.related.extend(values::related(key, value)?),
            Key::Via
            | Key::Source
            | Key::Comments
            | Key::EpisodeNumber
            | Key::Season
            | Key::EpisodeKind
            | Key::Explicit
            | Key::Duration
            | Key::EpisodeTitle
            | Key::Chapters
            | Key::Transcripts
            | Key::People
            | Key::Element => self.take_more(meaning, named, value)?,
        }
        Ok(())
    }

    /// Link relations, what makes an episode, and elements of other namespaces.
    fn take_more(&mut self, meaning: Key, named: &Named, value: &Value) -> Result<(), String> {
        let key = named.key.as_str();
        let said = &mut self.said;
        let episode = &mut said.episode.plain;
        match meaning {
            Key::Via => {
                for value in values::list(value) {
                    said.via.push(values::link(key, &value)?);
                }
            }
            Key::Source => set(&mut said.source, Some(values::link(key, value)?)),
            // Whether a theme shows comments is another tool's switch.
            Key::Comments if values::flag_of(value).is_some() => {}
            Key::Comments => set(&mut said.comments, Some(values::link(key, value)?.address)),
            Key::EpisodeNumber => set(&mut episode.number, Some(values::count(key, value)?)),
            Key::Season => set(&mut episode.season, Some(values::count(key, value)?)),
            Key::EpisodeKind => episode.kind = values::episode_kind(key, value)?,
            Key::Explicit => {
                let is_explicit = match values::text(key, value)?.to_ascii_lowercase().as_str() {
                    "explicit" => true,
                    "clean" => false,
                    _ => values::flag(key, value)?,
                };
                set(&mut episode.explicit, Some(is_explicit));
            }
            Key::Duration => {
                let text = values::text(key, value)?;
                let seconds = values::seconds(&text).ok_or_else(|| {
                    format!("`{key}` is not a duration: expected seconds, or 1:02:03")
                })?;
                set(&mut said.seconds, Some(seconds));
            }
            Key::EpisodeTitle => set(&mut episode.title, values::line(key, value)?),
            Key::Chapters => {
                let file = values::file(named, value)?;
                set(&mut said.episode.chapters, Some(file));
            }
            Key::Transcripts => {
                let found = episode::transcripts(named, value)?;
                said.episode.transcripts.extend(found);
            }
            Key::People => said.episode.people.extend(episode::people(named, value)?),
            _ => {
                let element = values::element(key, value)?;
                let is_same = |other: &Element| {
                    (other.prefix(), other.name()) == (element.prefix(), element.name())
                };
                if element.is_single() && said.elements.iter().any(is_same) {
                    return Err(format!(
                        "`{key}` is said a second time: expected one `{}:{}`",
                        element.prefix(),
                        element.name()
                    ));
                }
                said.elements.push(element);
            }
        }
        Ok(())
    }

    /// A URL is where the article lives; a path is Hugo's way to ask for an address here.
    fn link(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let text = values::text(key, value)?;
        let absolute = if text.starts_with("//") {
            format!("https:{text}")
        } else {
            text
        };
        if !has_scheme(&absolute) {
            set(&mut self.said.claims.slug, Some(slug(key, value)?));
            return Ok(());
        }
        match Address::parse(&absolute) {
            Ok(address) if address.is_web() => {
                set(&mut self.said.link, Some(address));
                Ok(())
            }
            _ => Err(format!(
                "`{key}` is not a web address: expected for example https://example.org/page"
            )),
        }
    }
}

fn date(key: &str, value: &Value, zone: &TimeZone) -> Result<StatedDate, String> {
    values::text(key, value)
        .ok()
        .and_then(|text| dates::parse(&text, zone))
        .ok_or_else(|| format!("`{key}` is not a date: {}", dates::EXPECTED))
}

/// Gives `place` a value unless it has one.
fn set<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}

/// What other tools call an entry that is not, or not for everybody, to be seen.
const UNPUBLISHED: [&str; 3] = ["draft", "hidden", "private"];

fn slug(key: &str, value: &Value) -> Result<Slug, String> {
    let text = values::text(key, value)?;
    // Of a full URL, the path is the address on this site.
    let path = match url::Url::parse(&text) {
        Ok(url) if url.has_host() => percent_encoding::percent_decode_str(url.path())
            .decode_utf8_lossy()
            .into_owned(),
        _ => text.clone(),
    };
    // Of other tools: `/:year/:title/`, `/notes/{{ title }}/`.
    let template = path.contains(['{', '}'])
        || key == "permalink" && (path.contains("/:") || path.starts_with(':'));
    let page = [".html", ".htm"]
        .iter()
        .find_map(|extension| path.strip_suffix(extension))
        .map(|page| page.strip_suffix("/index").unwrap_or(page));
    Slug::from_path(page.unwrap_or(&path))
        .filter(|_| !template)
        .ok_or_else(|| {
            format!(
                "`{key}` is no address: `{}`; expected words such as harbour-bridge-reopens",
                short(&text)
            )
        })
}
