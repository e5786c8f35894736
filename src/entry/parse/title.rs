//! What an entry is called.

use super::head::Head;
use super::tree::Node;
use super::{Kind, Work, decode, references, worked_out, write};
use crate::entry::{Problem, Text, WarningKind};

impl Work<'_> {
    /// The title, by the first rule that gives one; a heading at the top that says the same goes.
    pub(super) fn title(
        &mut self,
        stated: Option<Text>,
        nodes: &mut Vec<Node>,
        head: &Head,
        name: &str,
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
        let small = self.source.kind == Kind::Html
            && top.as_ref().is_some_and(|(level, _)| *level != Some(1));
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
            None => self.guessed(nodes, name)?,
        };
        // The front page has a title of its own; what stands there is its text.
        if first().as_ref() == Some(&title) && !self.path.is_front_page() {
            worked_out::remove_top_heading(nodes);
        }
        Ok(title)
    }

    /// The first sentence, or what else there is, as a title.
    fn guessed(&mut self, nodes: &[Node], name: &str) -> Result<Text, Problem> {
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
        let (line, column) = decode::place(self.source.text, self.source.start);
        if nodes.is_empty() || title.is_empty() {
            return Err(Problem {
                line,
                column,
                message: "there is neither a title nor any text: expected an article".to_owned(),
            });
        }
        if self.path.is_front_page() {
            return Ok(title);
        }
        let message = format!(
            "the title had to be guessed: it is now \"{}\"; expected a heading, or `title` in the front matter",
            references::short(title.as_str())
        );
        let problem = Problem {
            line,
            column,
            message,
        };
        self.warnings
            .push(WarningKind::GuessedTitle.warning(problem));
        Ok(title)
    }
}
