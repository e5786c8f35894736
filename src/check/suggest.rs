//! Titles that are spelt like something. Likeness never links; it only suggests.

use rapidfuzz::distance::lcs_seq::BatchComparator;
use rayon::prelude::*;

use crate::catalogue::{Catalogue, Key, title_name};

/// How many titles are suggested.
const MOST: usize = 3;

/// The least likeness of what is suggested: the share of letters that both have, in one order.
const LEAST: f64 = 0.6;

/// The titles of all live entries.
#[derive(Debug, Default)]
pub struct Titles(Vec<Title>);

#[derive(Debug)]
struct Title {
    key: Key,
    words: String,
    /// The letters of the evened-out form, as they stand and with the words in order.
    letters: Vec<char>,
    sorted: Vec<char>,
}

/// What is compared with all titles. (The library's own ratio over a batch counts too few letters.)
struct Sought(BatchComparator<char>, usize);

impl Sought {
    fn new(letters: Vec<char>) -> Self {
        let count = letters.len();
        Self(BatchComparator::new(letters), count)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "titles are far shorter than 2^52 letters"
    )]
    fn likeness(&self, letters: &[char]) -> f64 {
        let common = self.0.similarity(letters.iter().copied());
        2.0 * common as f64 / (self.1 + letters.len()).max(1) as f64
    }
}

fn sorted(name: &str) -> Vec<char> {
    let mut words: Vec<&str> = name.split(' ').collect();
    words.sort_unstable();
    words.join(" ").chars().collect()
}

impl Titles {
    /// Those of `catalogue`.
    pub fn of(catalogue: &Catalogue) -> Self {
        let live = catalogue.records().filter(|record| record.is_live());
        let mut titles: Vec<Title> = live
            .map(|record| {
                let words = record.entry.article.title.to_string();
                let name = title_name(&words);
                Title {
                    key: record.key,
                    letters: name.chars().collect(),
                    sorted: sorted(&name),
                    words,
                }
            })
            .collect();
        titles.sort_by(|one, other| one.words.cmp(&other.words));
        Self(titles)
    }

    /// The titles most like `words`, best first, that of the entry `asker` left out.
    pub fn like(&self, words: &str, asker: Key) -> Vec<String> {
        let name = title_name(words);
        let straight = Sought::new(name.chars().collect());
        let by_words = Sought::new(sorted(&name));
        let likeness = |title: &Title| {
            let straight = straight.likeness(&title.letters);
            straight.max(by_words.likeness(&title.sorted))
        };
        let mut found: Vec<(f64, &str)> = self
            .0
            .par_iter()
            .filter(|title| title.key != asker)
            .map(|title| (likeness(title), title.words.as_str()))
            .filter(|(likeness, _)| *likeness >= LEAST)
            .collect();
        // Titles come in their order, so equals stay in it.
        found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        found.dedup_by(|(_, one), (_, other)| one == other);
        found.truncate(MOST);
        let titles = found.into_iter().map(|(_, title)| title.to_owned());
        titles.collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::catalogue::sample::{draft, found};

    fn titles(titles: &[&str]) -> Titles {
        let drafts = titles.iter().zip(1..);
        let drafts = drafts.map(|(title, number)| draft(&format!("{number}.md"), title, &[]));
        let mut catalogue = Catalogue::new(Uuid::nil());
        catalogue.apply(catalogue.plan(found(drafts.collect()), Timestamp::UNIX_EPOCH));
        Titles::of(&catalogue)
    }

    #[test]
    fn what_is_spelt_alike_is_suggested() {
        let titles = titles(&[
            "Harbour bridge reopens after nine months",
            "Harbour bridge reopens",
            "Night market on the quay",
            "Tunnel tolls suspended until spring",
        ]);
        let check = |words: &str, expected: &[&str]| {
            assert_eq!(titles.like(words, Key(0)), expected, "{words}");
        };
        check(
            "Habour bridge reopens",
            &[
                "Harbour bridge reopens",
                "Harbour bridge reopens after nine months",
            ],
        );
        check("the quay night market", &["Night market on the quay"]);
        check(
            "Until spring, tunnel tolls suspended",
            &["Tunnel tolls suspended until spring"],
        );
        check("Something else altogether", &[]);
        check("", &[]);
        assert_eq!(
            titles.like("Night market on the quay", Key(3)),
            [] as [&str; 0]
        );
    }

    /// `cargo test --release --lib suggestions_among -- --ignored --nocapture`
    #[test]
    #[ignore = "a measurement"]
    #[expect(
        clippy::disallowed_methods,
        clippy::print_stdout,
        reason = "a measurement"
    )]
    fn suggestions_among_a_hundred_thousand_titles() {
        let many = (0..100_000).map(|number| {
            format!(
                "The week in the harbour, number {number}: {}",
                number * 7919 % 100_003
            )
        });
        let many: Vec<String> = many.collect();
        let titles = titles(&many.iter().map(String::as_str).collect::<Vec<_>>());
        let start = std::time::Instant::now();
        for number in 0..50 {
            let words = format!("The wek in harbour, nr {number}");
            assert!(!titles.like(&words, Key(0)).is_empty());
        }
        println!("50 lines among 100,000 titles: {:?}", start.elapsed());
    }
}
