//! Where in a file something stands that was found in what the file means.
//!
//! The tree of an entry knows no places; they are sought when somebody is to be told of one, which is
//! seldom. Only letters and digits are compared, so that marks, entities' remains, line breaks and case
//! do not hide what is meant.

use super::decode;

/// Where `words` stand in the file with these bytes, as line and column from 1; its first line if they
/// are not found.
pub fn locate(bytes: &[u8], words: &str) -> (u32, u32) {
    let Ok(source) = decode::text(bytes) else {
        return (1, 1);
    };
    let (letters, places) = letters(&source);
    let (sought, _) = self::letters(words);
    // What a "Read:" line names stands behind its label more often than in a title above.
    let labelled = format!(" read {}", sought.trim_start());
    let found = letters
        .find(&labelled)
        .map(|at| at + labelled.len() - sought.trim_start().len())
        .or_else(|| letters.find(&sought).map(|at| at + 1))
        .filter(|_| !sought.trim().is_empty());
    match found.and_then(|at| places.get(at)) {
        Some(at) => decode::place(&source, *at),
        None => (1, 1),
    }
}

/// Where one of the `keys` of front matter stands; the first line if none does.
pub fn locate_key(bytes: &[u8], keys: &[&str]) -> (u32, u32) {
    let Ok(source) = decode::text(bytes) else {
        return (1, 1);
    };
    let is_key = |line: &str| {
        let key = line.split([':', '=']).next().unwrap_or_default();
        let key = key.trim().trim_matches(['"', '\'']);
        keys.iter().any(|known| key.eq_ignore_ascii_case(known))
    };
    let line = source.lines().zip(1..).find(|(line, _)| is_key(line));
    (line.map_or(1, |(_, number)| number), 1)
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

    #[test]
    fn things_are_found_where_they_stand() {
        let check = |source: &str, words: &str, expected: (u32, u32)| {
            assert_eq!(locate(source.as_bytes(), words), expected, "{source:?}");
        };
        check("# A\n\nRead: The bridge\n", "The bridge", (3, 7));
        check("**Read:** The *old*\nbridge", "The old bridge", (1, 11));
        check("The bridge\n\nRead: The bridge", "The bridge", (3, 7));
        check("x\n![](maps/a.png)", "a.png", (2, 10));
        check("Fish & chips\n", "fish & chips", (1, 1));
        check("Öl für die Brücke", "die brücke", (1, 8));
        check("x", "y", (1, 1));
        check("x", "", (1, 1));
        check("abridged\nbridge", "bridge", (2, 1));
    }

    #[test]
    fn keys_are_found_in_all_notations() {
        let check = |source: &str, line: u32| {
            assert_eq!(
                locate_key(source.as_bytes(), &["date"]).0,
                line,
                "{source:?}"
            );
        };
        check("---\ntitle: x\ndate: 2030-01-01\n---\n", 3);
        check("+++\ndate = 2030-01-01\n+++\n", 2);
        check("{\n \"date\": \"2030-01-01\"\n}", 2);
        check("Title: x\nDate: 2030-01-01\n\n", 2);
        check("no key", 1);
    }
}
