//! Where in a file something stands that was found in what the file means.
//!
//! The tree of an entry knows no places; they are sought when somebody is to be told of one, which is
//! seldom. Only letters and digits are compared, so that marks, entities' remains, line breaks and case
//! do not hide what is meant.

use super::front_matter;
use super::names::{self, Key};
use super::{Labels, decode};

/// Where `words` stand in the file with these bytes, as line and column from 1. What one of the `labels`
/// of "Read:" lines stands before counts more than a title above it.
pub fn locate(bytes: &[u8], words: &str, labels: &Labels) -> Option<(u32, u32)> {
    let source = decode::text(bytes).ok()?;
    let (letters, places) = letters(&source);
    let (sought, _) = self::letters(words);
    if sought.trim().is_empty() {
        return None;
    }
    let labelled = labels.iter().find_map(|label| {
        let (label, _) = self::letters(label);
        let at = letters.find(&format!("{label}{sought}"))?;
        Some(at + label.len())
    });
    let at = labelled.or_else(|| letters.find(&sought))?;
    places.get(at + 1).map(|at| decode::place(&source, *at))
}

/// Where the date stands in the front matter, as line and column from 1.
pub fn locate_date(bytes: &[u8], labels: &Labels) -> Option<(u32, u32)> {
    locate_key(bytes, labels, Key::Date)
}

/// Where the id stands in the front matter, as line and column from 1.
pub fn locate_id(bytes: &[u8], labels: &Labels) -> Option<(u32, u32)> {
    locate_key(bytes, labels, Key::Id)
}

fn locate_key(bytes: &[u8], labels: &Labels, sought: Key) -> Option<(u32, u32)> {
    let source = decode::text(bytes).ok()?;
    let (fields, _) = front_matter::split(&source, labels).ok()?;
    let is_sought = |key: &str| names::known(key).is_some_and(|(key, _)| key == sought);
    let field = fields.iter().find(|field| is_sought(&field.key));
    field.map(|field| field.place)
}

/// The letters and digits of `text` in lower case, one space for whatever stands between, and for each
/// byte of that the place that it comes from.
fn letters(text: &str) -> (String, Vec<usize>) {
    let mut letters = String::from(" ");
    let mut places = vec![0];
    for (at, c) in text.char_indices() {
        if c.is_alphanumeric() {
            for lower in c.to_lowercase() {
                letters.push(lower);
                places.resize(letters.len(), at);
            }
        } else if !letters.ends_with(' ') {
            letters.push(' ');
            places.push(at);
        }
    }
    let end = letters.trim_end().len();
    letters.truncate(end);
    (letters, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::new(["Read", "See also"])
    }

    #[test]
    fn things_are_found_where_they_stand() {
        let check = |source: &str, words: &str, expected: Option<(u32, u32)>| {
            let found = locate(source.as_bytes(), words, &labels());
            assert_eq!(found, expected, "{source:?}");
        };
        check("# A\n\nRead: The bridge\n", "The bridge", Some((3, 7)));
        check(
            "**Read:** The *old*\nbridge",
            "The old bridge",
            Some((1, 11)),
        );
        check(
            "The bridge\n\nSee also: The bridge",
            "The bridge",
            Some((3, 11)),
        );
        check("x\n![](maps/a.png)", "a.png", Some((2, 10)));
        check("Fish & chips\n", "fish & chips", Some((1, 1)));
        check("Öl für die Brücke", "die brücke", Some((1, 8)));
        check("x", "y", None);
        check("x", "", None);
        check("abridged\nbridge", "bridge", Some((2, 1)));
    }

    #[test]
    fn a_date_is_found_in_all_notations_and_only_in_front_matter() {
        let check = |source: &str, expected: Option<(u32, u32)>| {
            let found = locate_date(source.as_bytes(), &labels());
            assert_eq!(found, expected, "{source:?}");
        };
        check("---\ntitle: x\ndate: 2030-01-01\n---\nText.", Some((3, 7)));
        check("---\npublishDate: 2030-01-01\n---\nText.", Some((2, 14)));
        check("+++\ndate = 2030-01-01\n+++\nText.", Some((2, 8)));
        check("Title: x\nDate: 2030-01-01\n\nText.", Some((2, 7)));
        check("# Title\n\nDate: tomorrow", None);
    }
}
