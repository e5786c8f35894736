//! What is served: a corpus, published by Tidings, and the same bytes as files for nginx.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::client::{self, Answer};
use crate::corpus::{AUTHORS, Corpus, TAGS};
use crate::server::{Cores, Server};

/// How the same feed is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
}

impl Coding {
    /// The field that asks for it.
    pub(crate) fn wish(self) -> String {
        format!("Accept-Encoding: {}", self.name())
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
        }
    }
}

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
        corpus.write(&entries)?;
        let tidings = Server::tidings(&folder.join("tidings"), &entries, Cores::One)?;
        let feeds = feeds(&tidings)?;
        let root = folder.join("root");
        for feed in &feeds {
            let file = root.join(feed.trim_start_matches('/'));
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
            let identity = right(&tidings, feed, Coding::Identity)?;
            let gzip = right(&tidings, feed, Coding::Gzip)?;
            fs::write(file.with_extension("xml.gz"), gzip.body)?;
            fs::write(file, identity.body)?;
        }
        let nginx = Server::nginx(&folder.join("nginx"), &root)?;
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
                let is_same = one?.body == other?.body;
                ensure!(is_same, "{feed}: the servers differ in {}", coding.name());
            }
        }
        Ok(())
    }

    /// Adds one article more, by renaming it into place, and waits until the feed of all has it.
    pub(crate) fn publish_one(&self) -> Result<()> {
        let before = tag(&self.tidings, "/rss.xml")?;
        let article = self.corpus.article(self.articles);
        crate::corpus::write(&self.folder.join("entries"), &article)?;
        let start = std::time::Instant::now();
        while tag(&self.tidings, "/rss.xml")? == before {
            ensure!(
                start.elapsed().as_secs() < 30,
                "{} was not published within 30 s",
                article.path
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Ok(())
    }

    /// Writes all of nginx's files again, as a generator does that builds the site anew: their bytes are
    /// the same and their dates new. nginx starts again too, as it keeps its files open.
    pub(crate) fn rebuild(&mut self) -> Result<()> {
        let root = self.folder.join("root");
        // Dates are kept in seconds by nginx; this one is another second than before.
        let date = std::time::SystemTime::now() + std::time::Duration::from_secs(2);
        for feed in &self.feeds {
            let file = root.join(feed.trim_start_matches('/'));
            for file in [file.with_extension("xml.gz"), file] {
                fs::File::options()
                    .write(true)
                    .open(file)?
                    .set_modified(date)?;
            }
        }
        self.nginx = Server::nginx(&self.folder.join("nginx"), &root)?;
        Ok(())
    }
}

/// The RSS feeds of all, of tags and of authors, as the list of feeds has them.
pub(crate) fn feeds(tidings: &Server) -> Result<Vec<String>> {
    let list = client::get(tidings.address, "/feeds.opml", &[])?;
    let list = String::from_utf8(list.body)?;
    let urls = list.split("xmlUrl=\"").skip(1);
    let paths = urls.filter_map(|rest| {
        let (url, _) = rest.split_once('"')?;
        let (_, path) = url.split_once("://")?.1.split_once('/')?;
        Some(format!("/{path}"))
    });
    let is_ours = |path: &String| {
        let is_one = |folder: &str| path.starts_with(folder);
        path == "/rss.xml" || is_one("/tags/") || is_one("/authors/")
    };
    let feeds: Vec<String> = paths
        .map(|path| match path.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/rss.xml"),
            None => path,
        })
        .filter(is_ours)
        .collect();
    ensure!(
        feeds.len() == 1 + TAGS + AUTHORS,
        "{} feeds: are there too few articles for all tags and authors?",
        feeds.len()
    );
    Ok(feeds)
}

/// The validator that a reader who takes gzip has for a feed.
pub(crate) fn tag(server: &Server, feed: &str) -> Result<String> {
    let answer = right(server, feed, Coding::Gzip)?;
    let tag = answer.field("etag");
    ensure!(!tag.is_empty(), "{}: {feed} has no ETag", server.name);
    Ok(tag.to_owned())
}

/// The feed, complete, in the coding that was asked for.
pub(crate) fn right(server: &Server, feed: &str, coding: Coding) -> Result<Answer> {
    let answer = client::get(server.address, feed, &[coding.wish()])?;
    let coded = match answer.field("content-encoding") {
        "" => "identity",
        coded => coded,
    };
    ensure!(
        answer.status == 200 && coded == coding.name(),
        "{}: {feed} is {} in {coded}, not 200 in {}",
        server.name,
        answer.status,
        coding.name()
    );
    Ok(answer)
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
