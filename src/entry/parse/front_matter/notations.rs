//! TOML, JSON and lines of `Key: value`.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Field, MAX_BYTES, Place, TOO_LONG, Value, is_key, place, problem, refuse};
use crate::entry::parse::Refusal;
use crate::entry::parse::names;
use crate::entry::parse::related::Labels;
use crate::entry::parse::write::fold;
use crate::entry::{Problem, Text};

/// Reads the TOML of `source` from `start` on.
pub(super) fn toml(source: &str, start: usize) -> Result<Vec<Field>, Problem> {
    match DeTable::parse(&source[start..]) {
        Ok(table) => Ok(toml_fields(table.get_ref(), source, start)),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let message = fold(error.message());
            Err(problem(
                source,
                start + at,
                &format!("the front matter is not TOML: {message}"),
            ))
        }
    }
}

fn toml_fields(table: &DeTable<'_>, source: &str, start: usize) -> Vec<Field> {
    table
        .iter()
        .map(|(key, value)| Field {
            key: Text::clean(key.get_ref()),
            value: toml_value(value, source, start),
            place: place(source, start + value.span().start),
        })
        .collect()
}

fn toml_value(value: &Spanned<DeValue<'_>>, source: &str, start: usize) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::Text(Text::clean(text)),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => {
            let written = &source[start..];
            Value::Text(written.get(value.span()).unwrap_or_default().to_owned())
        }
        DeValue::Boolean(flag) => Value::Text(flag.to_string()),
        DeValue::Array(list) => Value::List(
            list.iter()
                .map(|value| toml_value(value, source, start))
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(toml_fields(table, source, start)),
    }
}

/// Reads the JSON object that `source` begins with, if it does.
pub(super) fn json(source: &str) -> Result<(Vec<Field>, usize), Refusal> {
    let inner = source[1..].trim_ascii_start();
    if !inner.starts_with(['"', '}']) {
        return Ok((Vec::new(), 0));
    }
    let mut values = serde_json::Deserializer::from_str(source).into_iter();
    match values.next() {
        Some(Ok(serde_json::Value::Object(object))) => {
            let end = values.byte_offset();
            if end > MAX_BYTES {
                return Err(refuse(source, end, TOO_LONG));
            }
            Ok((json_fields(object, &source[..end]), end))
        }
        Some(Err(error)) if error.is_eof() => Err(Refusal::Unfinished(problem(
            source,
            source.len(),
            "the front matter is not closed: expected a `}` after it",
        ))),
        Some(Err(error)) => {
            // The library counts bytes, and before the first one of a line none.
            let lines = source
                .split_inclusive('\n')
                .take(error.line().saturating_sub(1));
            let at = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
            Err(refuse(
                source,
                at,
                "the front matter is not JSON here: expected an object such as {\"title\": \"…\"}",
            ))
        }
        _ => Ok((Vec::new(), 0)),
    }
}

fn json_fields(object: serde_json::Map<String, serde_json::Value>, source: &str) -> Vec<Field> {
    let place = |key: &str| -> Place {
        let quoted = serde_json::Value::from(key).to_string();
        place(source, source.find(&quoted).unwrap_or(0))
    };
    object
        .into_iter()
        .map(|(key, value)| Field {
            place: place(&key),
            value: json_value(value, source),
            key: Text::clean(&key),
        })
        .collect()
}

fn json_value(value: serde_json::Value, source: &str) -> Value {
    match value {
        serde_json::Value::Null => Value::Nothing,
        serde_json::Value::String(text) => Value::Text(Text::clean(&text)),
        serde_json::Value::Array(list) => Value::List(
            list.into_iter()
                .map(|value| json_value(value, source))
                .collect(),
        ),
        serde_json::Value::Object(object) => Value::Table(json_fields(object, source)),
        other => Value::Text(other.to_string()),
    }
}

/// Reads a block of `Key: value` lines, if `source` begins with one that has a known key.
pub(super) fn lines(source: &str, labels: &Labels) -> Option<(Vec<Field>, usize)> {
    let mut fields: Vec<Field> = Vec::new();
    let mut at = 0;
    for (number, line) in (1..).zip(source.split_inclusive('\n')) {
        let text = line.trim_end();
        if at > MAX_BYTES {
            return None;
        }
        if text.is_empty() {
            break;
        }
        at += line.len();
        if line.starts_with([' ', '\t']) {
            let Some(Field {
                value: Value::Text(before),
                ..
            }) = fields.last_mut()
            else {
                return None;
            };
            before.push(' ');
            before.push_str(text.trim_start());
            continue;
        }
        let (key, value) = text.split_once(':')?;
        let spaced = value.is_empty() || value.starts_with([' ', '\t']);
        if !spaced || !is_key(key) || labels.split(&fold(text)).is_some() {
            return None;
        }
        let white = value.len() - value.trim_start().len();
        let column = key.chars().count() + 2 + white;
        fields.push(Field {
            key: key.to_lowercase(),
            value: Value::Text(value.trim().to_owned()),
            place: (number, u32::try_from(column).unwrap_or(1)),
        });
    }
    let known = fields.iter().any(|field| names::is_known(&field.key));
    known.then_some((fields, at))
}
