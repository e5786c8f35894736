//! What front matter says of an episode beyond its numbers: who takes part, what is said, its chapters.

use super::front_matter::Value;
use super::keys::{File, Named};
use super::{Work, values};
use crate::entry::{Address, Episode, Language, Participant, Problem, Text, Transcript};

/// What is said of an episode, files still as they are written.
#[derive(Debug, Default)]
pub(super) struct SaidEpisode {
    /// What needs no file.
    pub(super) plain: Episode,
    pub(super) chapters: Option<File>,
    pub(super) transcripts: Vec<SaidTranscript>,
    pub(super) people: Vec<SaidParticipant>,
}

/// A transcript that may lie beside the entry.
#[derive(Debug)]
pub(super) struct SaidTranscript {
    file: File,
    language: Option<Language>,
    is_captions: bool,
}

/// Somebody whose picture may lie beside the entry.
#[derive(Debug)]
pub(super) struct SaidParticipant {
    person: Participant,
    image: Option<String>,
    field: Named,
}

/// The most characters that apps show of a name. (Podcasting 2.0, `person`)
const MAX_NAME: usize = 128;

/// People: names, or tables with a `name`.
pub(super) fn people(named: &Named, value: &Value) -> Result<Vec<SaidParticipant>, String> {
    let people = match value {
        Value::Text(text) => {
            let each = text.split(',').filter(|name| !name.trim().is_empty());
            each.map(|name| Value::Text(name.to_owned())).collect()
        }
        value => values::list(value),
    };
    people.iter().map(|value| person(named, value)).collect()
}

fn person(named: &Named, value: &Value) -> Result<SaidParticipant, String> {
    let key = &named.key;
    let wrong = || {
        format!("`{key}` holds something that is nobody: expected a name, or a table with a `name`")
    };
    let line = |text: &str| Some(Text::one_line(text)).filter(|line| !line.is_empty());
    let fields = match value {
        Value::Text(name) => {
            let person = participant(line(name).ok_or_else(wrong)?);
            return Ok(SaidParticipant {
                person: within(key, person)?,
                image: None,
                field: named.clone(),
            });
        }
        Value::Table(fields) => fields,
        _ => return Err(wrong()),
    };
    let find = |keys: &[&str]| values::find(fields, keys);
    let name = find(&["name"]).and_then(line).ok_or_else(wrong)?;
    let page = find(&["href", "url", "uri"]).map(|raw| {
        let address = Address::parse(raw).ok().filter(Address::is_web);
        address.ok_or_else(|| {
            format!("the `href` of somebody under `{key}` is not a web address: expected for example https://example.org/ann")
        })
    });
    let person = Participant {
        role: find(&["role"]).and_then(line),
        group: find(&["group"]).and_then(line),
        page: page.transpose()?,
        ..participant(name)
    };
    Ok(SaidParticipant {
        person: within(key, person)?,
        image: find(&["img", "image", "avatar"]).map(str::to_owned),
        field: named.clone(),
    })
}

fn participant(name: Text) -> Participant {
    Participant {
        name,
        role: None,
        group: None,
        image: None,
        page: None,
    }
}

fn within(key: &str, person: Participant) -> Result<Participant, String> {
    let length = person.name.as_str().chars().count();
    if length > MAX_NAME {
        return Err(format!(
            "a name under `{key}` has {length} characters: expected at most {MAX_NAME}, which is what apps show"
        ));
    }
    Ok(person)
}

/// Transcripts: paths or URLs, or tables of `url`, `type`, `language` and `rel`.
pub(super) fn transcripts(named: &Named, value: &Value) -> Result<Vec<SaidTranscript>, String> {
    let key = &named.key;
    let transcript = |value: &Value| {
        let file = values::file(named, value)?;
        let field = |keys: &[&str]| match value {
            Value::Table(fields) => values::find(fields, keys),
            _ => None,
        };
        let language = field(&["language", "lang"]).map(|tag| {
            Language::parse(tag).ok_or_else(|| {
                format!("the `language` of a transcript under `{key}` is not a language: expected a tag such as en or pt-BR")
            })
        });
        let is_captions = match field(&["rel"]) {
            None => false,
            Some("captions") => true,
            Some(_) => {
                return Err(format!(
                    "the `rel` of a transcript under `{key}` is not known: expected captions"
                ));
            }
        };
        Ok(SaidTranscript {
            file,
            language: language.transpose()?,
            is_captions,
        })
    };
    values::list(value).iter().map(transcript).collect()
}

impl Work<'_> {
    /// The episode with its files; `None` if nothing makes the entry one.
    pub(super) fn episode(&mut self, said: SaidEpisode) -> Result<Option<Episode>, Problem> {
        let mut episode = said.plain;
        if let Some(file) = said.chapters {
            episode.chapters = self.file(&file.target, &file.field)?;
        }
        for SaidTranscript {
            file,
            language,
            is_captions,
        } in said.transcripts
        {
            let Some(target) = self.file(&file.target, &file.field)? else {
                continue;
            };
            episode.transcripts.push(Transcript {
                target,
                media_type: file.media_type.as_deref().map(Text::one_line),
                language,
                is_captions,
            });
        }
        for SaidParticipant {
            person,
            image,
            field,
        } in said.people
        {
            let image = match image {
                Some(raw) => self.file(&raw, &field)?,
                None => None,
            };
            episode.people.push(Participant { image, ..person });
        }
        Ok((episode != Episode::default()).then_some(episode))
    }
}
