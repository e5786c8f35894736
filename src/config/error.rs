//! What is wrong in a settings file, and where.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::Config;
use crate::entry::Text;

/// A settings file that can't be used: what is wrong, and the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}{}", .hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default())]
pub struct ConfigError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What may have been meant.
    pub hint: Option<String>,
    /// The bytes that are meant.
    span: Range<usize>,
}

/// The tables of the file; the top level is the empty name.
pub(super) const TABLES: [&str; 11] = [
    "",
    "site",
    "feeds",
    "feed",
    "related",
    "podcast",
    "removal_guard",
    "http",
    "tls",
    "limits",
    "log",
];

impl ConfigError {
    /// Finds the place of `error` in `source`, and what may have been meant.
    pub(super) fn new(error: &toml::de::Error, source: &str) -> Self {
        let span = within(error.span().unwrap_or(0..0), source);
        let before = &source[..span.start];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let (message, hint) = message_of(error);
        // Both quote the file, so that both could carry what steers a terminal.
        let tame = |text: String| Text::one_line(&text).to_string();
        Self {
            line: number(before.matches('\n').count() + 1),
            column: number(source[line_start..span.start].chars().count() + 1),
            message: tame(message),
            hint: hint.map(tame),
            span,
        }
    }

    /// The error as people read it, with the line and a caret under the place: plain text.
    pub fn render(&self, file_name: &str, source: &str) -> String {
        self.render_with(&Renderer::plain(), file_name, source)
    }

    /// As [`ConfigError::render`], with the colours of a terminal.
    pub fn render_coloured(&self, file_name: &str, source: &str) -> String {
        self.render_with(&Renderer::styled(), file_name, source)
    }

    fn render_with(&self, renderer: &Renderer, file_name: &str, source: &str) -> String {
        let file_name = Text::one_line(file_name);
        let mut place = AnnotationKind::Primary.span(within(self.span.clone(), source));
        if let Some(hint) = &self.hint {
            place = place.label(hint);
        }
        renderer.render(&[Level::ERROR.primary_title(&self.message).element(
            Snippet::source(source)
                .path(file_name.as_str())
                .annotation(place),
        )])
    }
}

/// What is wrong, and what may have been meant.
pub(super) fn message_of(error: &toml::de::Error) -> (String, Option<String>) {
    match unknown_key(error.message()) {
        Some((key, known)) => (
            format!("unknown key `{key}`"),
            Some(suggestion(key, &known)),
        ),
        None => (error.message().to_owned(), None),
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// `span`, moved so that it lies between characters of `source`.
fn within(span: Range<usize>, source: &str) -> Range<usize> {
    let start = source.floor_char_boundary(span.start);
    start..source.ceil_char_boundary(span.end).max(start)
}

/// The key that serde did not know, and the keys it would have known there.
///
/// serde tells both in its message alone: "unknown field `x`, expected one of `a`, `b`". Reading
/// them from there keeps the structs the only list of keys.
fn unknown_key(message: &str) -> Option<(&str, Vec<&str>)> {
    let (key, known) = message
        .strip_prefix("unknown field `")?
        .rsplit_once("`, expected ")?;
    Some((key, known.split('`').skip(1).step_by(2).collect()))
}

/// What the writer of `key` probably meant: a key of the same table, the same key of another table
/// (the classic: a top-level key below a `[table]` line), else all there is to choose from.
fn suggestion(key: &str, known: &[&str]) -> String {
    let written = key.to_lowercase().replace('-', "_");
    let nearest = known
        .iter()
        .map(|name| (strsim::osa_distance(&written, name), *name))
        .min()
        .filter(|&(distance, name)| distance <= name.chars().count().div_ceil(3).min(3));
    if let Some((_, name)) = nearest {
        return format!("did you mean `{name}`?");
    }
    for table in TABLES {
        if !keys_of(table).contains(&written) {
            continue;
        }
        return if table.is_empty() {
            format!("`{written}` belongs above the first `[table]` line")
        } else {
            format!("`{written}` belongs below `{}`", header(table))
        };
    }
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("expected one of {}", names.join(", "))
}

/// The line that begins `table`. There may be many feeds.
fn header(table: &str) -> String {
    match table {
        "feed" => "[[feed]]".to_owned(),
        _ => format!("[{table}]"),
    }
}

/// The keys that `table` may have, as the structs tell.
pub(super) fn keys_of(table: &str) -> Vec<String> {
    let probe = if table.is_empty() {
        "\"\" = 0".to_owned()
    } else {
        format!("{}\n\"\" = 0", header(table))
    };
    let Err(error) = toml::from_str::<Config>(&probe) else {
        return Vec::new();
    };
    let keys = unknown_key(error.message()).map(|(_, known)| known);
    keys.unwrap_or_default()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(source: &str) -> ConfigError {
        Config::parse(source).expect_err(source)
    }

    #[test]
    fn unknown_keys_are_refused_with_their_place_and_the_nearest_key() {
        let check = |source: &str, expected: &str| {
            assert_eq!(error(source).to_string(), expected, "{source:?}");
        };
        check(
            "# é\nlisen = \"127.0.0.1:1\"",
            "2:1: unknown key `lisen`: did you mean `listen`?",
        );
        check(
            "base-url = 1",
            "1:1: unknown key `base-url`: did you mean `base_url`?",
        );
        check(
            "[site]\n  titel = \"x\"",
            "2:3: unknown key `titel`: did you mean `title`?",
        );
        check("[sites]", "1:2: unknown key `sites`: did you mean `site`?");
        check(
            "[site]\nlisten = \"127.0.0.1:1\"",
            "2:1: unknown key `listen`: `listen` belongs above the first `[table]` line",
        );
        check(
            "max_age = \"1m\"",
            "1:1: unknown key `max_age`: `max_age` belongs below `[http]`",
        );
        check(
            "[site]\nauthor = { name = \"Ann\", mail = \"a@example.org\" }",
            "2:26: unknown key `mail`: did you mean `email`?",
        );
        check(
            "[site.author]\nname = \"Ann\"\nzzzzzzzz = 1",
            "3:1: unknown key `zzzzzzzz`: expected one of `name`, `email`, `uri`",
        );
    }

    #[test]
    fn the_place_is_shown_in_the_style_of_rustc() {
        let source = "# mine\n[site]\ntitel = \"News\"\n";
        assert_eq!(
            error(source).render("config/tidings.toml", source),
            "\
error: unknown key `titel`
 --> config/tidings.toml:3:1
  |
3 | titel = \"News\"
  | ^^^^^ did you mean `title`?"
        );
    }

    #[test]
    fn broken_toml_has_a_place_too() {
        let check = |source: &str, line: u32, column: u32| {
            let error = error(source);
            assert_eq!((error.line, error.column), (line, column), "{error}");
            assert!(error.render("f", source).contains("--> f:"), "{error}");
        };
        check("listen = ", 1, 10);
        check("a = \"x\" b", 1, 9);
        check("listen = \"127.0.0.1:1\"\r\nlisten = \"127.0.0.1:1\"", 2, 1);
        check("a = \"é\u{1}\"", 1, 7);
        check("[site", 1, 6);
        check("settle = 5", 1, 10);
    }

    #[test]
    fn nothing_that_steers_a_terminal_gets_out() {
        let source = "\"a\\u001b[31m\\n\" = 1\n";
        let error = error(source);
        let shown = error.to_string() + &error.render("x\u{1b}y\n", source);
        assert!(
            !shown.replace('\n', "").contains(char::is_control),
            "{shown:?}"
        );
        let coloured = error.render_coloured("f", source);
        assert!(coloured.contains("\u{1b}["), "{coloured:?}");
    }
}
