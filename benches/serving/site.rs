//! What is served: a corpus, published by Tidings, and the same bytes as files for nginx.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;

use crate::client::{self, Answer};
use crate::corpus::{self, AUTHORS, Article, Corpus, TAGS};
use crate::feeds::{self, Coding, right};
use crate::nginx;
use crate::server::{Cores, Server};

/// Both servers with the same feeds, on the same core.
pub(crate) struct Site {
    corpus: Corpus,
    pub(crate) articles: usize,
    pub(crate) folder: PathBuf,
    pub(crate) tidings: Server,
    pub(crate) nginx: Server,
    /// The paths of the RSS feeds: of all, of each tag, and of each author.
    pub(crate) feeds: Vec<String>,
}

impl Site {
    /// Makes a corpus of so many articles in `folder`, and starts both servers.
    pub(crate) fn new(folder: &Path, articles: usize) -> Result<Self> {
        let entries = folder.join("entries");
        let corpus = Corpus::new(articles);
        corpus.write(&entries, Article::with_yaml, || ())?;
        let mut tidings = Server::tidings(&folder.join("tidings"), &entries, Cores::One)?;
        if client::speaks_http2(tidings.address)? {
            tidings.http2 = Some(tidings.address);
        }
        let feeds = feeds::of(&tidings)?;
        ensure!(
            feeds.len() == 1 + TAGS + AUTHORS,
            "{} feeds: are there too few articles for all tags and authors?",
            feeds.len()
        );
        let root = folder.join("root");
        for feed in &feeds {
            let file = root.join(feed.trim_start_matches('/'));
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
            let identity = right(&tidings, feed, Coding::Identity)?;
            fs::write(file.with_extension("xml.gz"), best(&tidings, feed)?)?;
            fs::write(file, identity.body)?;
        }
        let nginx = nginx::start(&folder.join("nginx"), &root)?;
        let site = Self {
            corpus,
            articles,
            folder: folder.to_owned(),
            tidings,
            nginx,
            feeds,
        };
        site.is_the_same_on_both()?;
        site.tidings.settle()?;
        Ok(site)
    }

    fn is_the_same_on_both(&self) -> Result<()> {
        for feed in &self.feeds {
            for coding in [Coding::Identity, Coding::Gzip] {
                let [one, other] = [&self.tidings, &self.nginx].map(|it| right(it, feed, coding));
                let [one, other] = [decoded(one?, coding)?, decoded(other?, coding)?];
                ensure!(
                    one == other,
                    "{feed}: the servers differ in {}",
                    coding.name()
                );
            }
        }
        Ok(())
    }

    /// Adds one article more, by renaming it into place, and waits until the feed of all has it.
    pub(crate) fn publish_one(&self) -> Result<()> {
        let before = tag(&self.tidings, "/rss.xml")?;
        let article = self.corpus.article(self.articles);
        corpus::write(
            &self.folder.join("entries"),
            &article.path,
            &article.with_yaml(),
        )?;
        let start = Instant::now();
        while tag(&self.tidings, "/rss.xml")? == before {
            ensure!(
                start.elapsed().as_secs() < 30,
                "{} was not published within 30 s",
                article.path
            );
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Writes all of nginx's files again, as a generator does that builds the site anew: their bytes are
    /// the same and their dates new. nginx starts again too, as it keeps its files open.
    pub(crate) fn rebuild(&mut self) -> Result<()> {
        let root = self.folder.join("root");
        // Dates are kept in seconds by nginx; this one is another second than before.
        let date = std::time::SystemTime::now() + Duration::from_secs(2);
        for feed in &self.feeds {
            let file = root.join(feed.trim_start_matches('/'));
            for file in [file.with_extension("xml.gz"), file] {
                fs::File::options()
                    .write(true)
                    .open(file)?
                    .set_modified(date)?;
            }
        }
        self.nginx = nginx::start(&self.folder.join("nginx"), &root)?;
        Ok(())
    }
}

/// How long a feed that is asked for again may take until it comes smaller.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bytes of a feed in gzip as they come to who asks after others have.
fn best(tidings: &Server, feed: &str) -> Result<Vec<u8>> {
    let quick = right(tidings, feed, Coding::Gzip)?;
    let start = Instant::now();
    loop {
        let again = right(tidings, feed, Coding::Gzip)?;
        if again.body.len() < quick.body.len() {
            return Ok(again.body);
        }
        ensure!(start.elapsed() < PATIENCE, "{feed} does not get smaller");
        thread::sleep(Duration::from_millis(1));
    }
}

/// What the answer says, however well it was compressed.
fn decoded(answer: Answer, coding: Coding) -> Result<Vec<u8>> {
    let mut decoded = Vec::new();
    match coding {
        Coding::Identity => decoded = answer.body,
        Coding::Gzip => {
            GzDecoder::new(&answer.body[..]).read_to_end(&mut decoded)?;
        }
    }
    Ok(decoded)
}

/// The validator that a reader who takes gzip has for a feed.
pub(crate) fn tag(server: &Server, feed: &str) -> Result<String> {
    let answer = right(server, feed, Coding::Gzip)?;
    let tag = answer.field("etag");
    ensure!(!tag.is_empty(), "{}: {feed} has no ETag", server.name);
    Ok(tag.to_owned())
}

/// The answer to one poll with the tag that the server gave, which must be 304.
pub(crate) fn not_modified(server: &Server, feed: &str) -> Result<(String, Answer)> {
    let wish = format!("If-None-Match: {}", tag(server, feed)?);
    let fields = [Coding::Gzip.wish(), wish.clone()];
    let answer = client::get(server.address, feed, &fields)?;
    answer_is(server, feed, answer.status, 304)?;
    Ok((wish, answer))
}

fn answer_is(server: &Server, feed: &str, status: u16, expected: u16) -> Result<()> {
    (status == expected)
        .then_some(())
        .with_context(|| format!("{}: {feed} is {status}, not {expected}", server.name))
}
