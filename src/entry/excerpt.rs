//! A line of a file, as it is shown to its writer.

use serde::Serialize;

/// The longest line that is shown whole, in characters. Of a longer one, what is around the place.
const MAX_LINE: usize = 160;

/// How much of a longer line is shown before the place.
const BEFORE: usize = 40;

/// The line with a place in it: no control character is left, and each character is one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The line, or what is around the place.
    pub line: String,
    /// Where the place is there, in characters from 1.
    pub column: usize,
}

impl Excerpt {
    /// What stands in `source` at this place. `None` if there is nothing but white space.
    pub fn of(source: &str, line: u32, column: u32) -> Option<Self> {
        let at = usize::try_from(line).ok()?.checked_sub(1)?;
        let line = source.lines().nth(at)?;
        if line.trim().is_empty() {
            return None;
        }
        // A tab is as wide as the terminal wants; the caret would not stand below its place.
        let tame = line.chars().map(|c| if c.is_control() { ' ' } else { c });
        let line: String = tame.collect();
        Some(window(line, usize::try_from(column).unwrap_or(1)))
    }
}

/// As much of `line` around its `column` as is shown.
fn window(line: String, column: usize) -> Excerpt {
    if line.chars().count() <= MAX_LINE {
        return Excerpt { line, column };
    }
    let skipped = column.saturating_sub(BEFORE + 1);
    let mut rest = line.chars().skip(skipped);
    let mut shown: String = rest.by_ref().take(MAX_LINE).collect();
    if rest.next().is_some() {
        shown.push('…');
    }
    if skipped == 0 {
        return Excerpt {
            line: shown,
            column,
        };
    }
    Excerpt {
        line: format!("…{shown}"),
        column: column - skipped + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_the_place_is_shown() {
        let line = format!("{}Habour{}", "a".repeat(300), "b".repeat(300));
        let excerpt = Excerpt::of(&line, 1, 301).unwrap();
        let shown = &excerpt.line;
        assert_eq!(shown.chars().count(), MAX_LINE + 2);
        let from = shown.char_indices().nth(excerpt.column - 1).unwrap().0;
        assert!(
            shown[from..].starts_with("Habour") && shown.ends_with("b…"),
            "{shown}"
        );
    }

    #[test]
    fn a_line_is_shown_as_it_is_but_for_control_characters() {
        let check = |source: &str, line: u32, expected: Option<(&str, usize)>| {
            let found = Excerpt::of(source, line, 3);
            let expected = expected.map(|(line, column)| Excerpt {
                line: line.to_owned(),
                column,
            });
            assert_eq!(found, expected, "{source:?}");
        };
        check("one\ntwo\n", 2, Some(("two", 3)));
        check("\ta\u{1b}[31m港", 1, Some((" a [31m港", 3)));
        check("one\n", 2, None);
        check("one\n", 0, None);
        check(" \t \n", 1, None);
        check("", 1, None);
    }
}
