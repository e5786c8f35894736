//! YAML, walked event by event: scalars stay as written, and nothing can grow.

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

use super::{Field, Place, Value};
use crate::entry::{Problem, Text};

/// The most values that one front matter can hold, those that aliases repeat included.
const MAX_VALUES: usize = 5_000;

/// The deepest list or table.
const MAX_DEPTH: usize = 16;

/// Reads the YAML of `source` from `start` on.
///
/// `title: Harbour: the bridge` is no YAML, but everybody knows what it means: when YAML refuses the
/// whole, it is asked once more with quotes around such values.
pub(super) fn read(source: &str, start: usize) -> Result<Vec<Field>, Problem> {
    let (first_line, _) = super::place(source, start);
    let yaml = &source[start..];
    read_strictly(yaml, first_line).or_else(|problem| match with_colons_quoted(yaml) {
        Some(quoted) => read_strictly(&quoted, first_line).map_err(|_| problem),
        None => Err(problem),
    })
}

/// `yaml` with quotes around the values of its top level that hold a colon and a space and have
/// none; `None` if there are none. No line is added or removed.
fn with_colons_quoted(yaml: &str) -> Option<String> {
    let mut is_changed = false;
    let lines = yaml.lines().map(|line| {
        let quoted = line.split_once(": ").and_then(|(key, value)| {
            let is_key = key.starts_with(char::is_alphabetic) && !key.contains(char::is_whitespace);
            let value = value.trim();
            let is_plain = !value.starts_with([
                '"', '\'', '[', '{', '|', '>', '&', '*', '!', '#', '%', '@', '`',
            ]);
            (is_key && is_plain && value.contains(": "))
                .then(|| format!("{key}: '{}'", value.replace('\'', "''")))
        });
        is_changed |= quoted.is_some();
        quoted.unwrap_or_else(|| line.to_owned())
    });
    let lines: Vec<String> = lines.collect();
    is_changed.then(|| lines.join("\n"))
}

fn read_strictly(yaml: &str, first_line: u32) -> Result<Vec<Field>, Problem> {
    let mut walk = Walk {
        parser: Parser::new_from_str(yaml),
        first_line,
        values: 0,
        anchors: Vec::new(),
    };
    loop {
        let (event, span) = walk.next()?;
        match event {
            Event::MappingStart { .. } => {
                return match walk.table(0)? {
                    Value::Table(fields) => Ok(fields),
                    _ => Ok(Vec::new()),
                };
            }
            Event::StreamEnd => return Ok(Vec::new()),
            Event::Scalar { .. } | Event::SequenceStart { .. } | Event::Alias(..) => {
                return Err(walk.problem(
                    walk.place(span),
                    "the front matter is no table: expected lines of `key: value`",
                ));
            }
            _ => {}
        }
    }
}

struct Walk<'a> {
    parser: Parser<'a, serde_saphyr::granit_parser::StrInput<'a>>,
    first_line: u32,
    values: usize,
    anchors: Vec<(usize, Value)>,
}

impl<'a> Walk<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let marker = error.marker();
                let place = self.at(marker.line(), marker.col());
                let what = error.info();
                let hint = if what.contains("mapping values") {
                    ": expected quotes around a value with a colon in it"
                } else {
                    ""
                };
                Err(self.problem(
                    place,
                    &format!("the front matter is not YAML: {what}{hint}"),
                ))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn at(&self, line: usize, column: usize) -> Place {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (
            number(line).saturating_add(self.first_line) - 1,
            number(column).saturating_add(1),
        )
    }

    fn place(&self, span: Span) -> Place {
        self.at(span.start.line().max(1), span.start.col())
    }

    #[expect(
        clippy::unused_self,
        reason = "reads as the other steps of the walk do"
    )]
    fn problem(&self, (line, column): Place, message: &str) -> Problem {
        Problem {
            line,
            column,
            message: message.to_owned(),
        }
    }

    fn count(&mut self, more: usize, place: Place) -> Result<(), Problem> {
        self.values += more;
        if self.values > MAX_VALUES {
            return Err(self.problem(
                place,
                "the front matter holds too much: expected at most 5000 values",
            ));
        }
        Ok(())
    }

    /// The value that `event` begins.
    fn value(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Value, Problem> {
        let place = self.place(span);
        self.count(1, place)?;
        if depth > MAX_DEPTH {
            return Err(self.problem(
                place,
                "the front matter is nested too deeply: expected at most 16 levels",
            ));
        }
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let nothing = style == ScalarStyle::Plain
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if nothing {
                    Value::Nothing
                } else {
                    // Escapes can bring back what was cleaned from the source.
                    Value::Text(Text::clean(&text))
                };
                (value, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut list = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd | Event::StreamEnd, _) => break,
                        (event, span) => list.push(self.value(event, span, depth + 1)?),
                    }
                }
                (Value::List(list), anchor)
            }
            Event::MappingStart(_, anchor, _) => (self.table(depth)?, anchor),
            Event::Alias(anchor) => {
                let known = self.anchors.iter().find(|(known, _)| *known == anchor);
                let value = known.map_or(Value::Nothing, |(_, value)| value.clone());
                self.count(size(&value), place)?;
                return Ok(value);
            }
            _ => return Ok(Value::Nothing),
        };
        if anchor != 0 {
            self.count(size(&value), place)?;
            self.anchors.push((anchor, value.clone()));
        }
        Ok(value)
    }

    /// The rest of a table that has begun.
    fn table(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut fields: Vec<Field> = Vec::new();
        loop {
            let (event, span) = match self.next()? {
                (Event::MappingEnd | Event::StreamEnd, _) => return Ok(Value::Table(fields)),
                next => next,
            };
            let key_place = self.place(span);
            let Value::Text(key) = self.value(event, span, depth + 1)? else {
                return Err(self.problem(
                    key_place,
                    "a key is no plain word: expected lines of `key: value`",
                ));
            };
            if fields.iter().any(|field| field.key == key) {
                let key = super::super::references::short(&key);
                return Err(self.problem(
                    key_place,
                    &format!("`{key}` stands here for the second time: expected each key once"),
                ));
            }
            let (event, span) = self.next()?;
            let place = self.place(span);
            let value = self.value(event, span, depth + 1)?;
            fields.push(Field { key, value, place });
        }
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Nothing | Value::Text(_) => 1,
        Value::List(list) => 1 + list.iter().map(size).sum::<usize>(),
        Value::Table(fields) => 1 + fields.iter().map(|field| size(&field.value)).sum::<usize>(),
    }
}
