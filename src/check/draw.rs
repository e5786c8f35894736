//! A finding as people read it: with its line, and a caret under the place.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Code, Finding, Severity};
use crate::entry::{Excerpt, Text};

/// `finding` in the style of compilers. `source` is the file's text, if it can be had.
pub fn draw(finding: &Finding, source: Option<&str>, has_colours: bool) -> String {
    let renderer = if has_colours {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let tame = |text: &str| Text::one_line(text).to_string();
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = tame(&finding.problem.message);
    let file = tame(&finding.file);
    let problem = &finding.problem;
    let place = format!("{file}:{}:{}", problem.line, problem.column);
    let placed = source.filter(|_| finding.is_placed);
    let excerpt = placed.and_then(|source| Excerpt::of(source, problem.line, problem.column));
    let hint = match finding.suggestions.as_slice() {
        [] => None,
        meant => Some(format!("did you mean {}?", either(meant))),
    };
    let mut drawn = if let Some(Excerpt { line, column }) = excerpt {
        let start = line.char_indices().nth(column.saturating_sub(1));
        let start = start.map_or(line.len(), |(at, _)| at);
        let end = end_of(finding.code, &line, start);
        let mark = AnnotationKind::Primary.span(start..end);
        let snippet = Snippet::source(line.as_str())
            .path(file.as_str())
            .line_start(usize::try_from(problem.line).unwrap_or(1))
            .annotation(mark);
        renderer.render(&[level.primary_title(&message).element(snippet)])
    } else {
        let title = renderer.render(&[Group::with_title(level.primary_title(&message))]);
        format!("{title}\n --> {place}")
    };
    if let Some(hint) = hint {
        drawn.push_str("\n  = ");
        drawn.push_str(&tame(&hint));
    }
    drawn
}

fn either(meant: &[String]) -> String {
    let quoted: Vec<String> = meant.iter().map(|words| format!("\"{words}\"")).collect();
    match quoted.as_slice() {
        [one] => one.clone(),
        [some @ .., last] => format!("{} or {last}", some.join(", ")),
        [] => String::new(),
    }
}

/// Where the thing that begins at `start` ends: a file's name at what can't be in one, anything else
/// with the line.
fn end_of(code: Code, line: &str, start: usize) -> usize {
    let whole = line.trim_end().len().max(start);
    match code {
        Code::DeadLink | Code::MissingAlt | Code::UnusableLink => line[start..whole]
            .find([' ', ')', '"', '\'', '>'])
            .map_or(whole, |end| start + end),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Problem;

    fn finding(line: u32, column: u32, suggestions: &[&str]) -> Finding {
        Finding {
            severity: Severity::Warning,
            code: Code::PendingLine,
            file: "news/a.md".to_owned(),
            problem: Problem {
                line,
                column,
                message: "no entry has this title".to_owned(),
            },
            is_placed: true,
            suggestions: suggestions.iter().map(|&it| it.to_owned()).collect(),
        }
    }

    #[test]
    fn a_finding_is_drawn_with_its_line_and_a_caret() {
        let source = "# One\n\nRead: Habour bridge\n";
        assert_eq!(
            draw(
                &finding(3, 7, &["Harbour bridge", "Bridge"]),
                Some(source),
                false
            ),
            "\
warning: no entry has this title
 --> news/a.md:3:7
  |
3 | Read: Habour bridge
  |       ^^^^^^^^^^^^^
  = did you mean \"Harbour bridge\" or \"Bridge\"?"
        );
    }

    #[test]
    fn without_a_line_there_is_a_place_at_least() {
        let expected = "warning: no entry has this title\n --> news/a.md:1:1";
        for source in [None, Some(""), Some("\n\n")] {
            assert_eq!(draw(&finding(1, 1, &[]), source, false), expected);
        }
        let unplaced = Finding {
            is_placed: false,
            ..finding(1, 1, &[])
        };
        assert_eq!(draw(&unplaced, Some("# Title"), false), expected);
    }

    #[test]
    fn any_place_in_any_line_can_be_drawn() {
        for column in 0..12 {
            for source in ["ü 港 \u{1b}[31m", "a\tb", "x"] {
                let drawn = draw(&finding(1, column, &["\u{1b}x"]), Some(source), false);
                assert!(
                    !drawn.replace('\n', "").contains(char::is_control),
                    "{drawn:?}"
                );
            }
        }
    }
}
