//! `_feed.toml`: what holds for the entries of a folder, and of those below it, that say nothing else
//! themselves.

use super::front_matter::{self, Field, Value};
use super::keys::Named;
use super::{decode, values};
use crate::entry::{Address, Category, Content, Language, Person, Problem, Target, Text};

/// What a folder's `_feed.toml` says, or those of all folders on the way to it together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The folder's title for people.
    pub title: Option<Text>,
    /// Who writes here.
    pub authors: Option<Vec<Person>>,
    /// What it is about.
    pub tags: Option<Vec<Category>>,
    /// In which language.
    pub language: Option<Language>,
    /// Whether nothing of it is to be published.
    pub draft: Option<bool>,
    /// How much of each text feeds may carry.
    pub content: Option<Content>,
}

/// The keys, as they are told to whoever writes another.
const KEYS: [&str; 6] = ["title", "authors", "tags", "lang", "draft", "content"];

/// The least likeness of a wrong key to a right one that is suggested.
const LIKENESS: f64 = 0.7;

impl Defaults {
    /// The name of the file that says them.
    pub const FILE_NAME: &str = "_feed.toml";

    /// Reads the bytes of such a file. Unlike in an entry, a key that means nothing is an error: the
    /// file is ours alone.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let source = decode::text(bytes)?;
        let mut defaults = Self::default();
        for field in front_matter::toml(&source)? {
            let named = Named {
                key: field.key.clone(),
                place: field.place,
                own: true,
            };
            defaults
                .take(field)
                .map_err(|message| named.problem(message))?;
        }
        Ok(defaults)
    }

    fn take(&mut self, field: Field) -> Result<(), String> {
        let Field { key, value, .. } = field;
        match key.as_str() {
            "title" => self.title = values::line(&key, &value)?,
            "authors" | "author" => self.authors = Some(people(&key, &value)?),
            "tags" => self.tags = Some(values::tags(&key, &value)?),
            "lang" | "language" => {
                let language = Language::parse(&values::text(&key, &value)?);
                self.language = Some(language.ok_or_else(|| {
                    format!("`{key}` is not a language: expected a tag such as en or pt-BR")
                })?);
            }
            "draft" => self.draft = Some(values::flag(&key, &value)?),
            "content" => {
                let content = Content::parse(&values::text(&key, &value)?);
                self.content = Some(content.ok_or_else(|| {
                    format!("`{key}` is unknown: expected {}", Content::EXPECTED)
                })?);
            }
            _ => {
                let near = KEYS
                    .into_iter()
                    .map(|known| (strsim::jaro_winkler(known, &key), known))
                    .filter(|(likeness, _)| *likeness >= LIKENESS)
                    .max_by(|(one, _), (other, _)| one.total_cmp(other));
                return Err(match near {
                    Some((_, near)) => format!("`{key}` is no key here: expected `{near}`?"),
                    None => format!(
                        "`{key}` is no key here: expected one of {}",
                        KEYS.join(", ")
                    ),
                });
            }
        }
        Ok(())
    }

    /// These, and where they say nothing, those of the folder around.
    #[must_use]
    pub fn within(self, outer: &Self) -> Self {
        let outer = outer.clone();
        Self {
            title: self.title.or(outer.title),
            authors: self.authors.or(outer.authors),
            tags: self.tags.or(outer.tags),
            language: self.language.or(outer.language),
            draft: self.draft.or(outer.draft),
            content: self.content.or(outer.content),
        }
    }
}

/// Authors; their pictures must be web addresses, for there is no entry beside which they could lie.
fn people(key: &str, value: &Value) -> Result<Vec<Person>, String> {
    let people = values::people(key, value)?.into_iter().map(|author| {
        let avatar = match author.avatar {
            None => None,
            Some(raw) => match Address::parse(&raw) {
                Ok(address) if address.is_web() => Some(Target::Address(address)),
                _ => {
                    return Err(format!(
                        "the `avatar` of an author under `{key}` is not a web address: expected for example https://example.org/ana.jpg"
                    ));
                }
            },
        };
        Ok(Person {
            avatar,
            ..author.person
        })
    });
    people.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_read() {
        let read = Defaults::read(
            b"# The desk\ntitle = \"Harbour\"\nauthors = [\"Ana Reis\", { name = \"Jo\", avatar = \"https://a.example/jo.png\" }]\ntags = [\"harbour\"]\nlang = \"pt\"\ndraft = false\ncontent = \"summary\"\n",
        )
        .unwrap();
        assert_eq!(read.title, Some(Text::new("Harbour")));
        let names: Vec<_> = read.authors.as_ref().unwrap().iter().collect();
        assert_eq!(names[0].name, Text::new("Ana Reis"));
        assert!(names[1].avatar.is_some());
        assert_eq!(read.tags.as_ref().unwrap()[0].label, Text::new("harbour"));
        assert_eq!(read.language, Language::parse("pt"));
        assert_eq!(
            (read.draft, read.content),
            (Some(false), Some(Content::Summary))
        );
        assert_eq!(Defaults::read(b""), Ok(Defaults::default()));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let check = |text: &str, expected: &str| {
            let problem = Defaults::read(text.as_bytes()).expect_err(text);
            assert_eq!(problem.to_string(), expected);
        };
        check(
            "\ntitel = \"x\"",
            "2:9: `titel` is no key here: expected `title`?",
        );
        check(
            "zzz = 1",
            "1:7: `zzz` is no key here: expected one of title, authors, tags, lang, draft, content",
        );
        check(
            "content = \"all\"",
            "1:11: `content` is unknown: expected full, summary or, for so many paragraphs, first 3",
        );
        check(
            "draft = \"perhaps\"",
            "1:9: `draft` is neither yes nor no: expected true or false",
        );
        check(
            "authors = [{ name = \"Jo\", avatar = \"jo.png\" }]",
            "1:11: the `avatar` of an author under `authors` is not a web address: expected for example https://example.org/ana.jpg",
        );
        assert!(Defaults::read(b"title = ").is_err());
        assert!(Defaults::read(&[0xFF]).is_err());
    }

    #[test]
    fn the_nearest_folder_wins_key_by_key() {
        let outer = Defaults::read(b"lang = \"pt\"\ntags = [\"a\"]\ndraft = true").unwrap();
        let inner = Defaults::read(b"draft = false").unwrap();
        let both = inner.within(&outer);
        assert_eq!((both.draft, &both.language), (Some(false), &outer.language));
        assert_eq!(both.tags, outer.tags);
    }
}
