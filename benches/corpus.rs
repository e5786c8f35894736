//! A folder of made-up articles: the same bytes for the same size, on any machine.
//!
//! About 4 kB each, so that a feed of 50 of them is 240 kB, a third of that in gzip, as prose is. Each
//! article is made from its own number alone, so that any part of a corpus can be made by itself and
//! by several threads, up to a million. What an article says is kept apart from how a program wants it
//! written down.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;

/// How many tags there are; the first is on every third article, the last on one in 200 or so.
pub(crate) const TAGS: usize = 200;

/// How many authors there are, each as busy as the others.
pub(crate) const AUTHORS: usize = 50;

/// How many sections there are, each a folder with a folder for each year.
const SECTIONS: usize = 20;

/// Of so many different words all texts are made.
const WORDS: usize = 4000;

/// Tags of one article.
const TAGS_EACH: usize = 5;

/// An article names up to so many others that are worth reading.
const MOST_RELATED: usize = 4;

/// It names those that are up to so many articles away from it.
const REACH: usize = 500;

/// The first article is from here, and the last from 11 years later, whatever the size.
const FIRST: i64 = 1_420_070_400;
const SPAN: i64 = 11 * 365 * 24 * 3600;

/// What one article says.
pub(crate) struct Article {
    /// The first folder of its path.
    pub(crate) section: String,
    pub(crate) path: String,
    pub(crate) title: String,
    pub(crate) date: Timestamp,
    pub(crate) author: String,
    pub(crate) tags: Vec<String>,
    /// Markdown that every generator knows: paragraphs, subheadings, emphasis, links, a list.
    pub(crate) body: String,
    /// Titles of other articles that are worth reading, too.
    pub(crate) related: Vec<String>,
}

impl Article {
    /// As Tidings, Hugo, Jekyll and Eleventy have it: their words for this are the same. Only for
    /// Tidings are the lines of related reading more than text.
    pub(crate) fn with_yaml(&self) -> String {
        let Self {
            title,
            date,
            author,
            ..
        } = self;
        let tags = self.tags.join(", ");
        self.below(&format!(
            "---\ntitle: {title}\ndate: {date}\nauthors: [{author}]\ntags: [{tags}]\n---\n"
        ))
    }

    /// As Zola has it, which has taxonomies in a table of their own.
    pub(crate) fn with_toml(&self) -> String {
        let Self {
            title,
            date,
            author,
            ..
        } = self;
        let tags = self.tags.join("\", \"");
        self.below(&format!(
            "+++\ntitle = \"{title}\"\ndate = {date}\n\n[taxonomies]\nauthors = [\"{author}\"]\n\
             tags = [\"{tags}\"]\n+++\n"
        ))
    }

    /// The text below its front matter.
    fn below(&self, front_matter: &str) -> String {
        let mut text = format!("{front_matter}\n{}\n", self.body);
        for title in &self.related {
            let _ = writeln!(text, "Read: {title}");
        }
        text
    }
}

/// All articles of one size.
pub(crate) struct Corpus {
    size: usize,
    words: Vec<String>,
    word_ranks: Ranks,
    tag_ranks: Ranks,
}

impl Corpus {
    /// `size` articles.
    pub(crate) fn new(size: usize) -> Self {
        let mut rng = Rng::with_seed(0);
        Self {
            size,
            words: (0..WORDS).map(|_| word(&mut rng)).collect(),
            word_ranks: Ranks::new(WORDS, 0.9),
            tag_ranks: Ranks::new(TAGS, 1.0),
        }
    }

    /// The article with this number; those from `size` on are newer than all others.
    pub(crate) fn article(&self, number: usize) -> Article {
        let step = SPAN / i64::try_from(self.size.max(1)).unwrap_or(i64::MAX);
        let seconds = i64::try_from(number).unwrap_or(i64::MAX) * step;
        self.article_of(number, FIRST + seconds)
    }

    /// One more article than there are: the first is `nth` 0. Each is a second newer than the one before, so that
    /// thousands of them are still of the last year.
    pub(crate) fn newer(&self, nth: usize) -> Article {
        let seconds = i64::try_from(nth).unwrap_or(i64::MAX);
        self.article_of(self.size + nth, FIRST + SPAN + seconds)
    }

    fn article_of(&self, number: usize, seconds: i64) -> Article {
        let mut rng = Self::rng(number);
        let date = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let tags = self.tags(&mut rng);
        let title = self.title(&mut rng, number);
        let author = rng.usize(..AUTHORS);
        let section = self.section(rng.usize(..SECTIONS));
        let year = date.strftime("%Y");
        Article {
            section: section.to_owned(),
            path: format!("{section}/{year}/article-{number:07}.md"),
            title,
            date,
            author: format!(
                "{} {}",
                capitalised(self.word_at(author)),
                capitalised(self.word_at(author + AUTHORS))
            ),
            tags: tags
                .into_iter()
                .map(|tag| format!("{}-{tag}", self.word_at(tag + TAGS)))
                .collect(),
            body: self.body(&mut rng),
            related: self.related(&mut rng, number),
        }
    }

    /// The folders of all sections.
    pub(crate) fn sections(&self) -> impl Iterator<Item = &str> {
        (0..SECTIONS).map(|section| self.section(section))
    }

    fn section(&self, index: usize) -> &str {
        self.word_at(index + 2 * TAGS)
    }

    fn tags(&self, rng: &mut Rng) -> Vec<usize> {
        let mut tags = Vec::new();
        while tags.len() < TAGS_EACH {
            let tag = self.tag_ranks.draw(rng);
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags
    }

    /// It ends in the number, so that titles differ, for whoever looks articles up by them.
    fn title(&self, rng: &mut Rng, number: usize) -> String {
        format!("{} {number}", capitalised(&self.phrase(rng, 4, 8)))
    }

    /// One to four lines: most name something older, one in eight something that is yet to come.
    fn related(&self, rng: &mut Rng, number: usize) -> Vec<String> {
        let lines = 0..rng.usize(1..=MOST_RELATED);
        lines
            .map(|_| {
                let other = match rng.u8(..8) {
                    0 => number + rng.usize(1..=REACH),
                    _ => number.saturating_sub(rng.usize(1..=REACH)),
                };
                self.title_of(other)
            })
            .collect()
    }

    /// The title of the article with this number.
    fn title_of(&self, number: usize) -> String {
        let mut rng = Self::rng(number);
        self.tags(&mut rng);
        self.title(&mut rng, number)
    }

    fn rng(number: usize) -> Rng {
        Rng::with_seed(number as u64 + 1)
    }

    /// Writes all articles below `folder`, as `form` has them, and says after each that it is `done`.
    pub(crate) fn write(
        &self,
        folder: &Path,
        form: fn(&Article) -> String,
        done: impl Fn() + Sync,
    ) -> io::Result<()> {
        (0..self.size).into_par_iter().try_for_each(|number| {
            let article = self.article(number);
            write(folder, &article.path, &form(&article))?;
            done();
            Ok(())
        })
    }

    fn body(&self, rng: &mut Rng) -> String {
        let mut body = String::new();
        for paragraph in 0..rng.usize(7..13) {
            if paragraph % 4 == 3 {
                let heading = capitalised(&self.phrase(rng, 2, 5));
                let _ = write!(body, "## {heading}\n\n");
            }
            for _ in 0..rng.usize(3..6) {
                let sentence = capitalised(&self.phrase(rng, 8, 20));
                let _ = match rng.u8(..12) {
                    0 => write!(body, "{sentence} *{}*. ", self.phrase(rng, 1, 3)),
                    1 => write!(
                        body,
                        "{sentence} [{}](https://www.example.org/{}). ",
                        self.phrase(rng, 1, 4),
                        self.word(rng)
                    ),
                    _ => write!(body, "{sentence}. "),
                };
            }
            body.truncate(body.trim_end().len());
            body.push_str("\n\n");
        }
        for _ in 0..rng.usize(..4) {
            let _ = writeln!(body, "- {}", self.phrase(rng, 3, 8));
        }
        body
    }

    fn phrase(&self, rng: &mut Rng, least: usize, most: usize) -> String {
        let words: Vec<&str> = (0..rng.usize(least..=most))
            .map(|_| self.word(rng))
            .collect();
        words.join(" ")
    }

    fn word(&self, rng: &mut Rng) -> &str {
        self.word_at(self.word_ranks.draw(rng))
    }

    fn word_at(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }
}

/// Writes one article below `folder`, as programs do that know what they are at: renamed into place.
pub(crate) fn write(folder: &Path, path: &str, text: &str) -> io::Result<()> {
    let path = folder.join(path);
    let written = path.with_extension("md.tmp");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&written, text)?;
    fs::rename(written, path)
}

/// Draws of things of which the first are the most frequent (Zipf's law).
struct Ranks {
    /// The sum of all weights up to and with each. Whole numbers, so that machines that differ in the
    /// last digit of a power do not differ in what is drawn.
    sums: Vec<u64>,
}

impl Ranks {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "ranks are small, and weights neither negative nor over a million"
    )]
    fn new(count: usize, exponent: f64) -> Self {
        let mut sum = 0;
        let sums = (1..=count)
            .map(|rank| {
                sum += (1e6 * (rank as f64).powf(-exponent)).round() as u64;
                sum
            })
            .collect();
        Self { sums }
    }

    fn draw(&self, rng: &mut Rng) -> usize {
        let all = self.sums.last().copied().unwrap_or(1);
        let drawn = rng.u64(..all);
        self.sums.partition_point(|&sum| sum <= drawn)
    }
}

/// Something that can be pronounced.
fn word(rng: &mut Rng) -> String {
    let mut letter = |letters: &[u8]| char::from(letters[rng.usize(..letters.len())]);
    let mut word = String::new();
    for _ in 0..letter(b"1222334").to_digit(10).unwrap_or(2) {
        word.push(letter(b"bcdfghklmnprstvw"));
        word.push(letter(b"aeiou"));
    }
    if letter(b"yn") == 'y' {
        word.push(letter(b"dlnrst"));
    }
    word
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
