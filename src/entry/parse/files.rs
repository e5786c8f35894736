//! The files that an entry shows: its lead image, its enclosures, pictures of its authors.

use super::keys::{Author, File, Named};
use super::tree::{Node, Value};
use super::{Work, references};
use crate::entry::{
    Address, Enclosure, Image, Person, Problem, Target, Text, WarningKind, media_type_of,
};

/// How many warnings of one kind are told of a file.
pub(super) const MAX_TOLD: usize = 100;

impl Work<'_> {
    /// A file named in front matter; a wrong name is a warning under another tool's key.
    pub(super) fn file(&mut self, target: &str, field: &Named) -> Result<Option<Target>, Problem> {
        match self.references.target(target) {
            Ok(target) => Ok(Some(target)),
            Err(message) if field.own => Err(field.problem(message)),
            Err(message) => {
                let problem = field.problem(message);
                self.warnings
                    .push(WarningKind::ForeignValue.warning(problem));
                Ok(None)
            }
        }
    }

    pub(super) fn enclosures(
        &mut self,
        files: Vec<File>,
        seconds: Option<u32>,
    ) -> Result<Vec<Enclosure>, Problem> {
        let mut enclosures = Vec::new();
        for file in files {
            let Some(target) = self.file(&file.target, &file.field)? else {
                continue;
            };
            let path = file.target.split(['?', '#']).next().unwrap_or_default();
            let guess = || media_type_of(path).map(Text::new);
            enclosures.push(Enclosure {
                target,
                media_type: file
                    .media_type
                    .as_deref()
                    .map(Text::one_line)
                    .or_else(guess),
                length: file.length,
                seconds: file.seconds,
            });
        }
        if let Some(first) = enclosures.first_mut() {
            first.seconds = first.seconds.or(seconds);
        }
        Ok(enclosures)
    }

    pub(super) fn stated_image(&mut self, file: &File) -> Result<Option<Image>, Problem> {
        let target = self.file(&file.target, &file.field)?;
        let alt = Text::one_line(file.alt.as_deref().unwrap_or_default());
        Ok(target.map(|target| Image {
            target,
            alt,
            is_stated: true,
        }))
    }

    pub(super) fn warn_of_images(&mut self, nodes: &[Node]) {
        let mut sources = Vec::new();
        references::images_without_words(nodes, self.references.list(), &mut sources);
        let told = sources.into_iter().map(|source| {
            let message = format!(
                "the image `{}` has no words for those who can't see it: expected an alt text",
                references::short(&source)
            );
            let name = source.rsplit('/').next().unwrap_or(&source);
            (name.to_owned(), message)
        });
        self.warn(WarningKind::MissingAlt, told.collect());
    }

    /// Warns of each of `told`: what is written somewhere in the text, and what is wrong with it. To find
    /// a place takes a look at all of the text, so the first will do.
    pub(super) fn warn(&mut self, kind: WarningKind, told: Vec<(String, String)>) {
        let more = told.len().saturating_sub(MAX_TOLD);
        for (written, message) in told.into_iter().take(MAX_TOLD) {
            let problem = self.source.problem(&written, message);
            self.warnings.push(kind.warning(problem));
        }
        if more > 0 {
            let problem = Problem {
                line: 1,
                column: 1,
                message: format!("{more} more warnings of this kind are not shown"),
            };
            self.warnings.push(kind.warning(problem));
        }
    }

    /// The authors with their pictures, as far as these can be pointed to.
    pub(super) fn authors(&mut self, authors: Vec<Author>) -> Vec<Person> {
        let with_avatar = |author: Author| {
            let target = author.avatar.map(|raw| (self.references.target(&raw), raw));
            let avatar = match target {
                Some((Ok(target), _)) => Some(target),
                Some((Err(message), raw)) => {
                    self.references.complain(&raw, Some(message));
                    None
                }
                None => None,
            };
            Person {
                avatar,
                ..author.person
            }
        };
        authors.into_iter().map(with_avatar).collect()
    }
}

/// The first image of a body.
pub(super) fn lead_image(nodes: &[Node]) -> Option<Image> {
    let image = references::first_image(nodes)?;
    let target = match image.attribute("src")? {
        Value::Reference(number) => Target::Reference(*number),
        Value::Text(url) => Target::Address(Address::parse(url).ok()?),
        Value::Candidates(_) => return None,
    };
    let alt = Text::one_line(image.text_attribute("alt").unwrap_or_default());
    Some(Image {
        target,
        alt,
        is_stated: false,
    })
}
