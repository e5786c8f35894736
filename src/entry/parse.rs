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
mod episode;
mod files;
mod front_matter;
mod head;
mod html;
mod keys;
mod lexer;
mod locate;
mod markdown;
mod names;
mod plain;
mod recording;
mod references;
mod related;
mod shown;
mod spelling;
mod title;
mod tree;
mod values;
mod worked_out;
mod write;

use super::{
    Article, Body, Draft, FolderPath, Language, Problem, RelatedLine, Text, Warning, WarningKind,
};
pub use conventions::Conventions;
pub use decode::text as text_of;
pub use defaults::Defaults;
use head::Head;
use keys::Said;
pub use locate::{locate, locate_date, locate_id};
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

/// The folder in which Jekyll keeps what is not to be published yet.
const DRAFTS: &str = "_drafts";

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
    let (mut fields, start) = front_matter::split(&source, &conventions.labels)?;
    let text = Source {
        kind: Kind::of(path).unwrap_or(Kind::Plain),
        text: &source,
        start,
    };
    let (nodes, head) = text.tree(&conventions.labels);
    fields.extend(head.fields());
    let said = keys::read(fields, &conventions.zone).map_err(Refusal::Rejected)?;
    Work::new(path, text, conventions)
        .draft(said, nodes, &head)
        .map_err(Refusal::Rejected)
}

/// The text of a file, cleaned.
#[derive(Clone, Copy)]
struct Source<'a> {
    kind: Kind,
    text: &'a str,
    /// Where the front matter ends.
    start: usize,
}

impl Source<'_> {
    fn tree(&self, labels: &Labels) -> (Vec<Node>, Head) {
        let text = &self.text[self.start..];
        match self.kind {
            Kind::Markdown => (markdown::read(text), Head::default()),
            Kind::Plain => (plain::read(text, labels), Head::default()),
            Kind::Html => html::read(text),
        }
    }

    /// A problem with something that stands somewhere in the text.
    fn problem(&self, written: &str, message: String) -> Problem {
        let at = self.text[self.start..].find(written.trim()).unwrap_or(0);
        let (line, column) = decode::place(self.text, self.start + at);
        Problem {
            line,
            column,
            message,
        }
    }
}

/// One entry in the making.
struct Work<'a> {
    path: &'a FolderPath,
    source: Source<'a>,
    conventions: &'a Conventions,
    references: References<'a>,
    warnings: Vec<Warning>,
}

impl<'a> Work<'a> {
    fn new(path: &'a FolderPath, source: Source<'a>, conventions: &'a Conventions) -> Self {
        Self {
            path,
            source,
            conventions,
            references: References::new(path),
            warnings: Vec::new(),
        }
    }

    fn draft(
        mut self,
        mut said: Said,
        mut nodes: Vec<Node>,
        head: &Head,
    ) -> Result<Draft, Problem> {
        self.warnings = std::mem::take(&mut said.warnings);
        let ends = match self.source.kind {
            Kind::Html => LineEnds::Breaks,
            Kind::Markdown | Kind::Plain => LineEnds::Source,
        };
        let labels = &self.conventions.labels;
        related::mark(&mut nodes, labels, ends, &mut self.references);

        let name = worked_out::base_name(self.path);
        let (named, name) = dates::of_name(name, &self.conventions.zone);
        said.claims.published = said.claims.published.or(named);
        let title = self.title(said.title.take(), &mut nodes, head, name)?;
        let stated_summary = said.summary.take();
        let summary = stated_summary
            .clone()
            .unwrap_or_else(|| Text::one_line(&worked_out::summary(&nodes)));
        worked_out::remove_more(&mut nodes);

        self.references.resolve(&mut nodes);
        self.related_items(std::mem::take(&mut said.related));
        let enclosures = self.enclosures(std::mem::take(&mut said.enclosures), said.seconds)?;
        let image = match said.image.take() {
            Some(file) => self.stated_image(&file)?,
            None => files::lead_image(&nodes),
        };
        let authors = self.authors(std::mem::take(&mut said.authors));
        let episode = self.episode(std::mem::take(&mut said.episode))?;
        self.warn_of_images(&nodes);
        self.apply_defaults(&mut said);

        let body = Body::from_clean_html(write::html(&nodes, Entities::Decoded).trim().to_owned());
        let words = write::line(&nodes, self.references.list());
        let (references, unusable) =
            std::mem::replace(&mut self.references, References::new(self.path)).finish();
        self.warn(WarningKind::UnusableLink, unusable);
        let defaults = &self.conventions.defaults;
        let language = said
            .language
            .or_else(|| head.language.as_deref().and_then(Language::parse))
            .or_else(|| defaults.language.clone());
        let article = Article {
            title,
            authors: if authors.is_empty() {
                defaults.authors.clone().unwrap_or_default()
            } else {
                authors
            },
            categories: said.tags,
            summary,
            language,
            link: said.link,
            image,
            enclosures,
            via: said.via,
            source: said.source,
            comments: said.comments,
            episode,
            elements: said.elements,
            section: defaults.title.clone(),
            content: defaults.content.unwrap_or_default(),
            text_bytes: body.written_bytes(),
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
            content: worked_out::content(
                &article,
                self.path.parent(),
                &words,
                stated_summary.as_ref(),
            ),
            article,
            body,
            claims: said.claims,
            warnings: self.warnings,
            conventions: self.conventions.digest(),
        })
    }

    /// What the folder says counts where the entry says nothing.
    fn apply_defaults(&self, said: &mut Said) {
        let defaults = &self.conventions.defaults;
        if said.tags.is_empty() {
            said.tags = defaults.tags.clone().unwrap_or_default();
        }
        let in_drafts = self.path.parent().split('/').any(|name| name == DRAFTS);
        let is_default = defaults.draft == Some(true) && !said.is_no_draft;
        said.claims.draft |= in_drafts || is_default;
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
}

#[cfg(test)]
mod tests;
