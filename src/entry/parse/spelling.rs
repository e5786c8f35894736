//! How people spell what a "Read:" line, or an item of `related`, names.

use super::references::{self, Pointed};
use crate::entry::{Address, FolderPath, RelatedLine, Text, Wanted};

/// What ends the name of a file that people name in a line.
const EXTENSIONS: [&str; 14] = [
    "md", "markdown", "txt", "html", "htm", "pdf", "mp3", "m4a", "ogg", "opus", "mp4", "jpg",
    "png", "webp",
];

/// What a link's target means in a line, and what is wrong with it.
pub(super) fn wanted(file: &FolderPath, href: &str) -> (Wanted, Option<String>) {
    match references::read(file, href) {
        Some(Ok(Pointed::Address(address))) => (Wanted::Address(address), None),
        Some(Ok(Pointed::Local(local))) => (Wanted::Local(local), None),
        Some(Ok(Pointed::Fragment(_))) | None => (Wanted::Title, None),
        Some(Err(message)) => (Wanted::Title, Some(message)),
    }
}

/// What the words of a line without links mean: `title <url>`, `title (url)`, `title — url`,
/// `title | url`, a bare URL, a path or a title; and what is wrong with it.
pub(super) fn spelled(file: &FolderPath, words: &str) -> (RelatedLine, Option<String>) {
    if let Some((title, address)) = trailing_address(words) {
        let text = if title.is_empty() {
            words.trim_matches(['<', '>'])
        } else {
            title
        };
        let line = RelatedLine {
            text: Text::one_line(text),
            wanted: Wanted::Address(address),
        };
        return (line, None);
    }
    let bare = words
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .unwrap_or(words);
    let (wanted, problem) = if is_path(bare) {
        wanted(file, bare)
    } else {
        (Wanted::Title, None)
    };
    let line = RelatedLine {
        text: Text::one_line(words),
        wanted,
    };
    (line, problem)
}

fn is_path(words: &str) -> bool {
    if references::has_scheme(words) {
        return false;
    }
    let extension = words.rsplit_once('.').is_some_and(|(name, extension)| {
        !name.is_empty()
            && EXTENSIONS
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
    });
    extension || (words.contains('/') && !words.contains(' '))
}

fn trailing_address(words: &str) -> Option<(&str, Address)> {
    let lower = words.to_ascii_lowercase();
    let at = lower.rfind("https://").max(lower.rfind("http://"))?;
    let (before, url) = words.split_at(at);
    if url.contains(' ') {
        return None;
    }
    let title = before.trim_end();
    let (title, url) = if let Some(title) = title.strip_suffix('(') {
        (
            title,
            url.trim_end_matches('.').strip_suffix(')').unwrap_or(url),
        )
    } else if let Some(title) = title.strip_suffix('<') {
        (
            title,
            url.trim_end_matches('.').strip_suffix('>').unwrap_or(url),
        )
    } else {
        (title, url)
    };
    let separators = |c: char| c.is_whitespace() || matches!(c, '—' | '–' | '-' | '|' | ':');
    Some((
        title.trim_end_matches(separators),
        Address::parse(url).ok()?,
    ))
}
