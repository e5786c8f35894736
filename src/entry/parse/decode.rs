//! The bytes of a file → its text.

use crate::entry::{Problem, Text};

/// The largest file that is parsed, in bytes.
pub(super) const MAX_BYTES: usize = 2 * 1024 * 1024;

/// The text of `bytes`: UTF-8, or UTF-16 with a byte order mark; cleaned, so that no control
/// character but TAB and LF is in it.
pub fn text(bytes: &[u8]) -> Result<String, Problem> {
    if bytes.len() > MAX_BYTES {
        let message = "the file is too large: expected at most 2 MiB of text".to_owned();
        return Err(Problem {
            line: 1,
            column: 1,
            message,
        });
    }
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Text::clean(text)),
            Err(error) => {
                let good = &bytes[..error.valid_up_to()];
                let good = std::str::from_utf8(good).unwrap_or_default();
                let message = "the text is not UTF-8 from here on: expected UTF-8, or UTF-16 with a byte order mark";
                Err(at_end(good, message))
            }
        },
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Problem> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    for c in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match c {
            Ok(c) => text.push(c),
            Err(_) => {
                return Err(at_end(
                    &text,
                    "half a character of UTF-16: expected both surrogates",
                ));
            }
        }
    }
    if odd.is_empty() {
        Ok(Text::clean(&text))
    } else {
        Err(at_end(
            &text,
            "half a unit of UTF-16: expected an even number of bytes",
        ))
    }
}

fn at_end(text: &str, message: &str) -> Problem {
    let (line, column) = place(text, text.len());
    Problem {
        line,
        column,
        message: message.to_owned(),
    }
}

/// The line and column of a byte of `text`.
pub(super) fn place(text: &str, at: usize) -> (u32, u32) {
    let before = &text[..text.floor_char_boundary(at)];
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[start..].chars().count() + 1;
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    (number(line), number(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_or_refused_with_a_place() {
        let check = |bytes: &[u8], expected: &str| {
            let shown = text(bytes).unwrap_or_else(|problem| problem.to_string());
            assert_eq!(shown, expected, "{bytes:?}");
        };
        check(b"\xEF\xBB\xBFhello\r\nyou\x00\x01\x02", "hello\nyou");
        check(b"\xFF\xFEh\0\xFC\0", "hü");
        check(b"\xFE\xFF\0h\0\xFC", "hü");
        let rejected = "2:3: the text is not UTF-8 from here on: expected UTF-8, or UTF-16 with a byte order mark";
        check(b"one\n\xC3\xBCx\xFFy", rejected);
        check(
            b"\xFF\xFEa\0\x00\xD8b\0",
            "1:2: half a character of UTF-16: expected both surrogates",
        );
        check(
            b"\xFF\xFEa",
            "1:1: half a unit of UTF-16: expected an even number of bytes",
        );
    }
}
