//! Bytes of one file → a draft.
//!
//! Every notation takes the same way: the bytes become text, the text is parted into front matter
//! and body, the body becomes one tree (`parse::tree`), and what nobody said is worked out from that tree.
//! Nothing here knows the disk, the clock or another entry, and any bytes end as a draft or a
//! refusal, in bounded time.

mod conventions;
mod dates;
mod decode;
mod defaults;
mod front_matter;
mod html;
mod keys;
mod lexer;
mod markdown;
mod plain;
mod recording;
mod references;
mod related;
mod shown;
mod spelling;
mod tree;
mod values;
mod worked_out;
mod write;

use super::{
    Article, Body, Draft, Enclosure, FolderPath, Image, Language, Problem, RelatedLine, Target,
    Text,
};
pub use conventions::Conventions;
pub use defaults::Defaults;
use keys::{File, Named, Said};
pub use recording::recording;
use references::References;
pub use related::Labels;
use related::LineEnds;
use tree::{Entities, Node};

/// Why a file is no draft.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It looks like a file that is still being written: it waits, and is reported if it stays so.
    #[error("{0}")]
    Unfinished(Problem),
    /// It can't be published.
    #[error("{0}")]
    Rejected(Problem),
}

impl Refusal {
    /// What the writer should know.
    pub fn problem(&self) -> &Problem {
        match self {
            Self::Unfinished(problem) | Self::Rejected(problem) => problem,
        }
    }
}

/// What an entry is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `.md`, `.markdown`
    Markdown,
    /// `.txt`
    Plain,
    /// `.html`, `.htm`
    Html,
}

impl Kind {
    /// By the name's extension, in any case; `None` if the file is no entry.
    pub fn of(path: &FolderPath) -> Option<Self> {
        match path.extension().to_ascii_lowercase().as_str() {
            "md" | "markdown" => Some(Self::Markdown),
            "txt" => Some(Self::Plain),
            "html" | "htm" => Some(Self::Html),
            _ => None,
        }
    }
}

/// Reads the file at `path`; a name without a known extension counts as plain text.
pub fn parse(path: &FolderPath, bytes: &[u8], conventions: &Conventions) -> Result<Draft, Refusal> {
    let source = decode::text(bytes).map_err(Refusal::Rejected)?;
    if source.trim().is_empty() {
        return Err(Refusal::Unfinished(Problem {
            line: 1,
            column: 1,
            message: "the file is empty: expected an article".to_owned(),
        }));
    }
    let (fields, start) = front_matter::split(&source, &conventions.labels)?;
    let said = keys::read(fields, &conventions.zone).map_err(Refusal::Rejected)?;
    let work = Work {
        path,
        conventions,
        source: &source,
        references: References::new(path),
        warnings: Vec::new(),
    };
    work.draft(said, start).map_err(Refusal::Rejected)
}

/// One entry in the making.
struct Work<'a> {
    path: &'a FolderPath,
    conventions: &'a Conventions,
    source: &'a str,
    references: References<'a>,
    warnings: Vec<Problem>,
}

impl Work<'_> {
    fn draft(mut self, mut said: Said, start: usize) -> Result<Draft, Problem> {
        self.warnings = std::mem::take(&mut said.warnings);
        let kind = Kind::of(self.path).unwrap_or(Kind::Plain);
        let (mut nodes, head) = self.tree(kind, &self.source[start..]);
        let ends = match kind {
            Kind::Html => LineEnds::Breaks,
            Kind::Markdown | Kind::Plain => LineEnds::Source,
        };
        let labels = &self.conventions.labels;
        related::mark(&mut nodes, labels, ends, &mut self.references);

        let name = worked_out::base_name(self.path);
        let (named, name) = dates::of_name(name, &self.conventions.zone);
        said.claims.published = said.claims.published.or(named);
        let title = self.title(said.title.take(), kind, &mut nodes, &head, name, start)?;
        let stated_summary = said.summary.take();
        let summary = stated_summary
            .clone()
            .unwrap_or_else(|| Text::one_line(&worked_out::summary(&nodes)));
        worked_out::remove_more(&mut nodes);

        self.references.resolve(&mut nodes);
        self.related_items(std::mem::take(&mut said.related));
        let enclosures = self.enclosures(std::mem::take(&mut said.enclosures))?;
        let image = match said.image.take() {
            Some(file) => self.stated_image(&file)?,
            None => lead_image(&nodes),
        };
        self.warn_of_images(&nodes, start);

        let body = Body::from_clean_html(write::html(&nodes, Entities::Decoded).trim().to_owned());
        let words = write::line(&nodes, self.references.list());
        let (references, unusable) = self.references.finish();
        for (written, message) in unusable {
            self.warnings
                .push(problem(self.source, &written, start, message));
        }
        let language = said
            .language
            .or_else(|| head.language.as_deref().and_then(Language::parse));
        let article = Article {
            title,
            authors: said.authors,
            categories: said.tags,
            summary,
            language,
            link: said.link,
            image,
            enclosures,
            via: Vec::new(),
            source: None,
            comments: None,
            episode: None,
            elements: Vec::new(),
            section: None,
            is_summary_only: false,
            references,
            body: body.digest(),
        };
        let slug = worked_out::slug(name, &article.title, self.path).ok_or_else(|| Problem {
            line: 1,
            column: 1,
            message: "nothing in it can make an address: expected `slug` in the front matter"
                .to_owned(),
        })?;
        Ok(Draft {
            path: self.path.clone(),
            slug,
            content: worked_out::content(&article, &words, stated_summary.as_ref()),
            article,
            body,
            claims: said.claims,
            warnings: self.warnings,
            conventions: self.conventions.digest(),
        })
    }

    fn tree(&self, kind: Kind, text: &str) -> (Vec<Node>, tree::Head) {
        match kind {
            Kind::Markdown => (markdown::read(text), tree::Head::default()),
            Kind::Plain => (
                plain::read(text, &self.conventions.labels),
                tree::Head::default(),
            ),
            Kind::Html => html::read(text),
        }
    }

    /// The title, by the first rule that gives one; a heading at the top that says the same goes.
    fn title(
        &mut self,
        stated: Option<Text>,
        kind: Kind,
        nodes: &mut Vec<Node>,
        head: &tree::Head,
        name: &str,
        start: usize,
    ) -> Result<Text, Problem> {
        let top = worked_out::top_heading(nodes)
            .map(|heading| {
                (
                    heading.heading_level(),
                    Text::one_line(&write::line(&heading.children, &[])),
                )
            })
            .filter(|(_, words)| !words.is_empty());
        let first = || top.as_ref().map(|(_, words)| words.clone());
        let found = |words: String| Some(Text::one_line(&words)).filter(|title| !title.is_empty());
        // In HTML, a document's own title says more than a small heading at its top.
        let small = kind == Kind::Html && top.as_ref().is_some_and(|(level, _)| *level != Some(1));
        let title = stated
            .or_else(|| first().filter(|_| !small))
            .or_else(|| worked_out::first_heading(nodes, 1).and_then(found))
            .or_else(|| head.title.clone().and_then(found))
            .or_else(first)
            .or_else(|| {
                worked_out::says_something(name)
                    .then(|| worked_out::title_of_name(name))
                    .and_then(found)
            })
            .or_else(|| worked_out::first_heading(nodes, 6).and_then(found));
        let title = match title {
            Some(title) => title,
            None => self.guessed(nodes, name, start)?,
        };
        if first().as_ref() == Some(&title) {
            worked_out::remove_top_heading(nodes);
        }
        Ok(title)
    }

    /// The first sentence, or what else there is, as a title.
    fn guessed(&mut self, nodes: &[Node], name: &str, start: usize) -> Result<Text, Problem> {
        let mut words = worked_out::summary(nodes);
        if words.is_empty() {
            let image = references::first_image(nodes);
            let alt = image.and_then(|image| image.text_attribute("alt"));
            alt.unwrap_or_default().clone_into(&mut words);
        }
        if words.is_empty() {
            words = write::line(nodes, self.references.list());
        }
        let mut title = Text::one_line(&worked_out::first_sentence(&write::fold(&words)));
        if title.is_empty() {
            title = Text::one_line(&worked_out::title_of_name(name));
        }
        let (line, column) = decode::place(self.source, start);
        if nodes.is_empty() || title.is_empty() {
            return Err(Problem {
                line,
                column,
                message: "there is neither a title nor any text: expected an article".to_owned(),
            });
        }
        let message = format!(
            "the title had to be guessed: it is now \"{}\"; expected a heading, or `title` in the front matter",
            references::short(title.as_str())
        );
        self.warnings.push(Problem {
            line,
            column,
            message,
        });
        Ok(title)
    }

    fn related_items(&mut self, items: Vec<keys::Item>) {
        for item in items {
            let line = match (item.words, item.target) {
                (Some(words), None) => {
                    let (line, problem) = spelling::spelled(self.path, &write::fold(&words));
                    self.references.complain(&words, problem);
                    line
                }
                (words, Some(target)) => {
                    let (wanted, problem) = spelling::wanted(self.path, &target);
                    self.references.complain(&target, problem);
                    let text = Text::one_line(words.as_deref().unwrap_or(&target));
                    RelatedLine { text, wanted }
                }
                (None, None) => continue,
            };
            self.references.related(line);
        }
    }

    /// A file named in front matter; a wrong name is a warning under another tool's key.
    fn file(&mut self, target: &str, field: &Named) -> Result<Option<Target>, Problem> {
        match self.references.target(target) {
            Ok(target) => Ok(Some(target)),
            Err(message) if field.own => Err(field.problem(message)),
            Err(message) => {
                self.warnings.push(field.problem(message));
                Ok(None)
            }
        }
    }

    fn enclosures(&mut self, files: Vec<File>) -> Result<Vec<Enclosure>, Problem> {
        let mut enclosures = Vec::new();
        for file in files {
            let Some(target) = self.file(&file.target, &file.field)? else {
                continue;
            };
            let path = file.target.split(['?', '#']).next().unwrap_or_default();
            let guess = || mime_guess::from_path(path).first_raw().map(Text::new);
            enclosures.push(Enclosure {
                target,
                media_type: file
                    .media_type
                    .as_deref()
                    .map(Text::one_line)
                    .or_else(guess),
                length: file.length,
                seconds: None,
            });
        }
        Ok(enclosures)
    }

    fn stated_image(&mut self, file: &File) -> Result<Option<Image>, Problem> {
        let target = self.file(&file.target, &file.field)?;
        let alt = Text::one_line(file.alt.as_deref().unwrap_or_default());
        Ok(target.map(|target| Image { target, alt }))
    }

    fn warn_of_images(&mut self, nodes: &[Node], start: usize) {
        let mut sources = Vec::new();
        references::images_without_words(nodes, self.references.list(), &mut sources);
        for source in sources {
            let name = source.rsplit('/').next().unwrap_or(&source);
            let message = format!(
                "the image `{}` has no words for those who can't see it: expected an alt text",
                references::short(&source)
            );
            self.warnings
                .push(problem(self.source, name, start, message));
        }
    }
}

/// The first image of a body.
fn lead_image(nodes: &[Node]) -> Option<Image> {
    let image = references::first_image(nodes)?;
    let target = match image.attribute("src")? {
        tree::Value::Reference(number) => Target::Reference(*number),
        tree::Value::Text(url) => Target::Address(super::Address::parse(url).ok()?),
        tree::Value::Candidates(_) => return None,
    };
    let alt = Text::one_line(image.text_attribute("alt").unwrap_or_default());
    Some(Image { target, alt })
}

/// A problem with something that stands somewhere in the text from `start` on.
fn problem(source: &str, written: &str, start: usize, message: String) -> Problem {
    let at = source[start..].find(written.trim()).unwrap_or(0);
    let (line, column) = decode::place(source, start + at);
    Problem {
        line,
        column,
        message,
    }
}

#[cfg(test)]
mod tests;
