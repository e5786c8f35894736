//! Front matter: what a writer, or another tool, says of an entry before its text.
//!
//! Four notations end in one shape, [`Field`]s with places. Values stay strings as written, so that
//! `title: no` is the title "no" and `title: 1.10` is not 1.1.

mod notations;
mod yaml;

use super::Refusal;
use super::decode::place;
use super::related::Labels;
use crate::entry::Problem;

/// The most front matter that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// A line and a column, from 1.
pub(super) type Place = (u32, u32);

/// A key and what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) key: String,
    pub(super) value: Value,
    /// Where the value stands, or the key when that is not known.
    pub(super) place: Place,
}

/// A value, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// `null`, `~` or nothing at all.
    Nothing,
    Text(String),
    List(Vec<Value>),
    Table(Vec<Field>),
}

/// Splits `source` (cleaned) into its front matter and the place where the text begins.
///
/// `labels` are the words of "Read:" lines, which begin no block of `Key: value` lines.
pub(super) fn split(source: &str, labels: &Labels) -> Result<(Vec<Field>, usize), Refusal> {
    let first = source.lines().next().unwrap_or_default().trim_end();
    match first {
        "---" => fenced(source, &["---", "..."], begins_yaml, yaml::read),
        "+++" => fenced(source, &["+++"], begins_toml, notations::toml),
        _ if source.starts_with('{') => notations::json(source),
        _ => Ok(notations::lines(source, labels).unwrap_or_default()),
    }
}

/// The fields of a file that is TOML as a whole.
pub(super) fn toml(source: &str) -> Result<Vec<Field>, Problem> {
    if source.len() > MAX_BYTES {
        return Err(problem(source, MAX_BYTES, TOO_LONG));
    }
    notations::toml(source, 0)
}

/// Reads what stands between fences; `read` gets it with the offset at which it begins.
fn fenced(
    source: &str,
    ends: &[&str],
    begins: fn(&str) -> bool,
    read: fn(&str, usize) -> Result<Vec<Field>, Problem>,
) -> Result<(Vec<Field>, usize), Refusal> {
    let start = source.find('\n').map_or(source.len(), |end| end + 1);
    let content = source[start..]
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'));
    let empty = content.is_some_and(|line| ends.contains(&line));
    if !empty && !content.is_some_and(begins) {
        return Ok((Vec::new(), 0));
    }
    let mut at = start;
    for line in source[start..].split_inclusive('\n') {
        if ends.contains(&line.trim_end()) {
            if at - start > MAX_BYTES {
                return Err(refuse(source, at, TOO_LONG));
            }
            return match read(&source[..at], start) {
                Ok(fields) => Ok((fields, at + line.len())),
                Err(problem) => Err(Refusal::Rejected(problem)),
            };
        }
        at += line.len();
    }
    Err(Refusal::Unfinished(Problem {
        line: 1,
        column: 1,
        message: format!(
            "the front matter is not closed: expected a line `{}` after it",
            ends[0]
        ),
    }))
}

const TOO_LONG: &str = "the front matter is too long: expected at most 64 KiB";

fn refuse(source: &str, at: usize, message: &str) -> Refusal {
    Refusal::Rejected(problem(source, at, message))
}

fn problem(source: &str, at: usize, message: &str) -> Problem {
    let (line, column) = place(source, at);
    Problem {
        line,
        column,
        message: message.to_owned(),
    }
}

fn begins_yaml(line: &str) -> bool {
    let Some((key, rest)) = line.split_once(':') else {
        return false;
    };
    let key = key.trim_end().trim_matches(['"', '\'']);
    (rest.is_empty() || rest.starts_with([' ', '\t'])) && is_key(key)
}

fn begins_toml(line: &str) -> bool {
    line.starts_with('[')
        || line
            .split_once('=')
            .is_some_and(|(key, _)| is_key(key.trim().trim_matches(['"', '\''])))
}

/// Whether `key` looks like the name of something: one or two words.
fn is_key(key: &str) -> bool {
    key.len() <= 40
        && key.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '))
        && key.split(' ').count() <= 3
}
