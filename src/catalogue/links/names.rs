//! By what an entry can be named, and what a line names.

use std::borrow::Cow;

use siphasher::sip::SipHasher13;
use unicode_normalization::UnicodeNormalization;

use super::By;
use crate::catalogue::{Record, Standing};
use crate::entry::{Digest, Digester, FolderPath, Reference, RelatedLine, Slug, Text, Wanted};

/// Something by which an entry or file can be meant, as a digest of its kind and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::catalogue) struct Name(Digest);

const TITLE: &str = "title";

const FORMER_TITLE: &str = "former title";

impl Name {
    fn of(kind: &str, text: &str) -> Self {
        Self(Digester::new().field(kind).field(text).finish())
    }

    fn title(title: &str) -> Self {
        Self::of(TITLE, &title_name(title))
    }

    fn former_title(title: &str) -> Self {
        Self::of(FORMER_TITLE, &title_name(title))
    }

    pub(super) fn path(path: &FolderPath) -> Self {
        Self::of("path", path.as_str())
    }

    fn slug(slug: &Slug) -> Self {
        Self::of("slug", slug.as_str())
    }
}

/// The names by which a record answers: none unless it is live.
pub(super) fn names_of(record: &Record) -> Vec<Name> {
    if record.standing != Standing::Live {
        return Vec::new();
    }
    let former = record.former_titles.iter();
    // Where another entry has its path, that one answers to it.
    let path = record
        .displaced
        .is_none()
        .then(|| Name::path(&record.entry.path));
    [
        Name::title(record.entry.article.title.as_str()),
        Name::slug(&record.entry.slug),
    ]
    .into_iter()
    .chain(path)
    .chain(former.map(|title| Name::former_title(title.as_str())))
    .collect()
}

/// What a reference asks for.
#[derive(Default)]
pub(super) struct Asked {
    /// The names that it may mean, best first.
    pub(super) names: Vec<(By, Name)>,
    /// By what it is found again when it continues or shortens a title.
    pub(super) opening: Option<Opening>,
}

/// What `reference` asks for.
pub(super) fn asked_by(reference: &Reference) -> Asked {
    let (wanted, text) = match reference {
        Reference::Fragment(_) => return Asked::default(),
        Reference::Local(local) => {
            return Asked {
                names: names_of_path(&local.path),
                opening: None,
            };
        }
        Reference::Related(RelatedLine { wanted, text }) => (wanted, text.as_str()),
    };
    match wanted {
        Wanted::Address(_) => Asked::default(),
        // People give the path from the folder they write in, or from the root.
        Wanted::Local(local) => Asked {
            names: names_of_path(&local.path)
                .into_iter()
                .chain(FolderPath::new(text).map(|path| (By::Path, Name::path(&path))))
                // And a title may look like a path: AC/DC.
                .chain(names_of_title(&title_name(text)))
                .collect(),
            opening: None,
        },
        Wanted::Title => {
            let title = title_name(text);
            Asked {
                names: names_of_title(&title)
                    .into_iter()
                    .chain(bare_slug(text).map(|slug| (By::Slug, Name::slug(&slug))))
                    .collect(),
                opening: Opening::of(&title),
            }
        }
    }
}

/// The title is evened out.
fn names_of_title(title: &str) -> [(By, Name); 2] {
    [
        (By::Title, Name::of(TITLE, title)),
        (By::FormerTitle, Name::of(FORMER_TITLE, title)),
    ]
}

/// A path means the file there, or, as in `/entries/slug`, the page there.
fn names_of_path(path: &FolderPath) -> Vec<(By, Name)> {
    let page = path
        .as_str()
        .strip_prefix("entries/")
        .and_then(Slug::from_path);
    std::iter::once((By::Path, Name::path(path)))
        .chain(page.map(|slug| (By::Path, Name::slug(&slug))))
        .collect()
}

/// `text` as a slug, when it is written as one.
fn bare_slug(text: &str) -> Option<Slug> {
    Slug::from_path(text).filter(|slug| slug.as_str() == text)
}

/// The evened-out form in which titles are compared: character references decoded, NFKC, case folded,
/// quotes, dashes and white space alike, final punctuation dropped. `C++` and `C#` stay what they are.
pub fn title_name(title: &str) -> String {
    let decoded = decoded(title);
    if decoded.is_ascii() {
        // NFKC leaves it as it is.
        return evened_out(decoded.chars().map(|c| c.to_ascii_lowercase()));
    }
    // Upper case first: only then "ß" and "SS", "ς" and "σ" come out the same.
    let folded = decoded.nfkc().flat_map(char::to_uppercase);
    evened_out(folded.flat_map(char::to_lowercase).nfkc())
}

fn evened_out(folded: impl Iterator<Item = char>) -> String {
    let mut name = String::new();
    let mut gap = false;
    for c in folded {
        let c = match c {
            '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{201B}' | '\u{2032}' | '`' | '\u{B4}' => '\'',
            '\u{AB}' | '\u{BB}' | '\u{201C}'..='\u{201F}' | '\u{2033}' => '"',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' => continue,
            c => c,
        };
        if c.is_whitespace() {
            gap = true;
            continue;
        }
        if std::mem::take(&mut gap) && !name.is_empty() {
            name.push(' ');
        }
        name.push(c);
    }
    let end = name
        .trim_end_matches(['.', '!', '?', ',', ';', ':', '…', ' '])
        .len();
    if end > 0 {
        name.truncate(end);
    }
    name
}

/// The longest character reference that is decoded, in bytes, without `&` and `;`.
const MAX_REFERENCE: usize = 10;

/// `title` with the character references that people take over from HTML: those of XML, numbers, and
/// `&nbsp;`.
fn decoded(title: &str) -> Cow<'_, str> {
    if !title.contains('&') {
        return Cow::Borrowed(title);
    }
    let mut decoded = String::with_capacity(title.len());
    let mut rest = title;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let reference = after
            .split_once(';')
            .filter(|(name, _)| name.len() <= MAX_REFERENCE);
        let character = reference.and_then(|(name, _)| match name {
            "nbsp" => Some(" ".to_owned()),
            name => {
                let written = format!("&{name};");
                quick_xml::escape::unescape(&written)
                    .ok()
                    .map(Cow::into_owned)
            }
        });
        if let (Some(character), Some((_, after))) = (character, reference) {
            decoded.push_str(&character);
            rest = after;
        } else {
            decoded.push('&');
            rest = after;
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// The fewest words that a line and a title must have in common.
pub(super) const FEWEST: usize = 4;

/// How many words of a title or line are looked up; what is longer is compared in full afterwards.
const LOOKED_UP: usize = 12;

/// The first words of a title or line, each as 32 bits, 0 where there is none. They are ordered as the
/// words are, so that whatever begins alike lies side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::catalogue) struct Opening([u32; LOOKED_UP]);

impl Opening {
    /// The opening of an evened-out title or line, when it has words enough.
    fn of(evened_out: &str) -> Option<Self> {
        let mut opening = Self([0; LOOKED_UP]);
        for (place, word) in opening.0.iter_mut().zip(words(evened_out)) {
            // The same in each process; and who finds two words of one hash gains nothing.
            let hash = SipHasher13::new().hash(word.as_bytes());
            *place = u32::try_from(hash >> 32).unwrap_or(u32::MAX).max(1);
        }
        (opening.count() >= FEWEST).then_some(opening)
    }

    /// How many words it has.
    fn count(&self) -> usize {
        self.0.iter().take_while(|word| **word != 0).count()
    }

    /// Only the first `count` words.
    fn cut(mut self, count: usize) -> Self {
        self.0.iter_mut().skip(count).for_each(|word| *word = 0);
        self
    }

    /// The last of all openings that begin with these `count` words.
    fn last(mut self, count: usize) -> Self {
        self.0
            .iter_mut()
            .skip(count)
            .for_each(|word| *word = u32::MAX);
        self
    }

    /// The ranges in which lies whatever these words continue or shorten.
    pub(super) fn ranges(self) -> Vec<(Self, Self)> {
        let count = self.count();
        let shorter = (FEWEST..count).map(|count| (self.cut(count), self.cut(count)));
        shorter.chain([(self, self.last(count))]).collect()
    }
}

/// The words of an evened-out title or line for comparison, without the punctuation around them.
fn words(evened_out: &str) -> impl Iterator<Item = &str> {
    const AROUND: [char; 14] = [
        '.', ',', ';', ':', '!', '?', '…', '"', '\'', '(', ')', '[', ']', '-',
    ];
    evened_out
        .split(' ')
        .map(|word| word.trim_matches(AROUND))
        .filter(|word| !word.is_empty())
}

/// All words of a title or line for comparison.
pub(in crate::catalogue) fn opening_words(text: &str) -> Vec<String> {
    words(&title_name(text)).map(str::to_owned).collect()
}

/// The opening of the title of a live entry.
pub(super) fn title_opening(record: &Record) -> Option<Opening> {
    let title = live_title(record)?;
    Opening::of(&title_name(title.as_str()))
}

/// The title of a live entry.
pub(super) fn live_title(record: &Record) -> Option<&Text> {
    (record.standing == Standing::Live).then_some(&record.entry.article.title)
}

/// Whether one begins with the other.
pub(super) fn is_opening_of_other(one: &[String], other: &[String]) -> bool {
    let common = one.len().min(other.len());
    common >= FEWEST && one[..common] == other[..common]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_evened_out() {
        let check = |one: &str, other: &str, same: bool| {
            assert_eq!(
                title_name(one) == title_name(other),
                same,
                "{one:?} {other:?}"
            );
        };
        check(
            "Harbour bridge reopens",
            "  harbour\u{a0}Bridge REOPENS. ",
            true,
        );
        check("“Don’t” – he said", "\"Don't\" - he said", true);
        check("Straße", "STRASSE", true);
        check("ΟΔΟΣ", "οδος", true);
        check("ﬁnal", "final", true);
        check("C++", "C#", false);
        check("What now?", "What now", true);
        check("?!", "", false);
        check("Fish &amp; chips", "Fish & chips", true);
        check("Fish &#38;&nbsp;chips", "Fish & chips", true);
        check("AT&T; a history", "AT&T; a history", true);
        check("&unknown; &", "&UNKNOWN; &", true);
    }

    #[test]
    fn what_is_ascii_is_evened_out_as_everything_is() {
        let ascii: Vec<char> = (0..128).map(char::from).collect();
        for pair in ascii
            .iter()
            .flat_map(|a| ascii.iter().map(move |b| [*a, *b]))
        {
            let title = format!("A{}b{}", pair[0], pair[1]);
            let folded = title.nfkc().flat_map(char::to_uppercase);
            let folded = folded.flat_map(char::to_lowercase).nfkc();
            if !title.contains('&') {
                assert_eq!(title_name(&title), evened_out(folded), "{title:?}");
            }
        }
    }

    #[test]
    fn only_slugs_are_bare_slugs() {
        assert!(bare_slug("harbour-bridge").is_some());
        assert!(bare_slug("Harbour bridge").is_none());
    }

    #[test]
    fn openings_are_compared_at_word_borders() {
        let check = |one: &str, other: &str, expected: bool| {
            let (one, other) = (opening_words(one), opening_words(other));
            assert_eq!(
                is_opening_of_other(&one, &other),
                expected,
                "{one:?} {other:?}"
            );
            assert_eq!(
                is_opening_of_other(&other, &one),
                expected,
                "{other:?} {one:?}"
            );
            let [one, other] = [one, other].map(|words| Opening::of(&words.join(" ")));
            if let (Some(one), Some(other)) = (one, other) {
                let mut ranges = one.ranges().into_iter();
                let found = ranges.any(|(first, last)| (first..=last).contains(&other));
                assert!(found || !expected, "{one:?} is not looked up for {other:?}");
            }
        };
        let title = "Harbour bridge closes for repairs";
        check(
            title,
            "Harbour bridge closes for repairs, LIVE updates here",
            true,
        );
        check(title, "Harbour bridge closes for", true);
        check(title, "Harbour bridge closes for repairs – live", true);
        check(title, "Harbour bridge closes for repairsmen", false);
        check(title, "Harbour bridge closes", false);
        check(title, "The harbour bridge closes for repairs", false);
        let long = "one two three four five six seven eight nine ten eleven twelve thirteen";
        check(long, &format!("{long} fourteen"), true);
        check(
            long,
            "one two three four five six seven eight nine ten eleven twelve",
            true,
        );
        check(long, &long.replace("thirteen", "fourteen"), false);
    }
}
