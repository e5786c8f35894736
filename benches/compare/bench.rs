//! What all rows of one size share.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use crate::Options;
use crate::corpus::{Article, Corpus};
use crate::live::Live;
use crate::plot::{Plot, Point};
use crate::server::{Cores, Server};

/// Starts and builds over so many articles are measured less often.
const LARGE: usize = 100_000;

/// One size: its articles, and what came out so far.
pub(crate) struct Bench<'a> {
    pub(crate) options: &'a Options,
    pub(crate) articles: usize,
    pub(crate) corpus: Corpus,
    /// Everything of this size is in here.
    pub(crate) folder: PathBuf,
    pub(crate) entries: PathBuf,
    /// How many articles were added to the corpus.
    pub(crate) newer: usize,
    /// The server that articles are dropped into, once one was.
    pub(crate) live: Option<Live>,
    /// Of this size and of smaller ones.
    pub(crate) points: &'a mut Vec<Point>,
}

impl<'a> Bench<'a> {
    /// Writes the articles.
    pub(crate) fn new(
        options: &'a Options,
        articles: usize,
        folder: &Path,
        points: &'a mut Vec<Point>,
    ) -> Result<Self> {
        let folder = folder.join(articles.to_string());
        let entries = folder.join("entries");
        let corpus = Corpus::new(articles);
        let bar = bar("articles are written", articles);
        corpus.write(&entries, Article::with_yaml, || bar.inc(1))?;
        bar.finish_and_clear();
        // Where newer articles go: a folder more would be another thing to measure.
        let year = corpus.newer(0).date.strftime("%Y").to_string();
        for section in corpus.sections() {
            fs::create_dir_all(entries.join(section).join(&year))?;
        }
        fs::create_dir_all(folder.join("waiting"))?;
        Ok(Self {
            options,
            articles,
            corpus,
            folder,
            entries,
            newer: 0,
            live: None,
            points,
        })
    }

    /// Stops what runs, and gives the disk back.
    pub(crate) fn end(self) -> Result<()> {
        drop(self.live);
        Ok(fs::remove_dir_all(&self.folder)?)
    }

    /// How often a start or a build is measured.
    pub(crate) fn repeats(&self) -> usize {
        let repeats = self.options.repeats;
        if self.articles < LARGE {
            repeats
        } else {
            repeats.div_ceil(3)
        }
    }

    /// The folder with the state, config and log of Tidings.
    pub(crate) fn tidings(&self) -> PathBuf {
        self.folder.join("tidings")
    }

    /// Starts Tidings with what it knows from before.
    pub(crate) fn start(&self) -> Result<Server> {
        Server::tidings(&self.tidings(), &self.entries, Cores::All)
    }

    /// Starts Tidings with nothing.
    pub(crate) fn start_anew(&self) -> Result<Server> {
        let state = self.tidings().join("state");
        if state.exists() {
            fs::remove_dir_all(state)?;
        }
        self.start()
    }

    /// Sees to it that there is a ledger, and nothing left to do for it.
    pub(crate) fn prepare(&self) -> Result<()> {
        if !self.tidings().join("state").exists() {
            self.start()?.settle()?;
        }
        Ok(())
    }

    /// The next article that is not there yet.
    pub(crate) fn next_article(&mut self) -> Article {
        let article = self.corpus.newer(self.newer);
        self.newer += 1;
        article
    }

    /// Keeps a value for the plots, and for what larger sizes are compared with.
    pub(crate) fn note(&mut self, plot: Plot, series: &'static str, value: f64) {
        self.points.push(Point {
            plot,
            series,
            articles: self.articles,
            value,
        });
    }

    /// The same value at the other sizes, the smallest first.
    pub(crate) fn smaller(&self, series: &str) -> impl DoubleEndedIterator<Item = &Point> {
        self.points
            .iter()
            .filter(move |point| point.series == series && point.articles < self.articles)
    }

    /// `text`, and over how many articles.
    pub(crate) fn what(&self, text: &str) -> String {
        format!("{text}, {} articles", self.articles)
    }
}

/// How far something is; only people at a terminal see it.
pub(crate) fn bar(what: &str, length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos} of {len}, {eta} left");
    let bar = ProgressBar::new(length as u64).with_message(what.to_owned());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// As the table has times.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Milliseconds with as many digits as say something.
pub(crate) fn ms(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// The median with the least and the most.
pub(crate) fn spread([least, median, most]: [f64; 3]) -> String {
    format!("{median:.2} ({least:.2}–{most:.2})")
}
