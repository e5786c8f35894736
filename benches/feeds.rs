//! The feeds of a site, and whether they come as they were asked for.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::client::{self, Answer};
use crate::server::Server;

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

/// How long a server that has just been started may say that it will know later.
const PATIENCE: Duration = Duration::from_mins(2);

/// What is at `path` once the server knows it.
fn known(server: &Server, path: &str, fields: &[String]) -> Result<Answer> {
    let start = Instant::now();
    loop {
        let answer = client::get(server.address, path, fields)?;
        if answer.status != 503 || start.elapsed() > PATIENCE {
            return Ok(answer);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// The RSS feeds of all, of tags and of authors, as the list of feeds has them.
pub(crate) fn of(tidings: &Server) -> Result<Vec<String>> {
    let list = known(tidings, "/feeds.opml", &[])?;
    ensure!(list.status == 200, "the list of feeds is {}", list.status);
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
    Ok(feeds)
}

/// The feed, complete, in the coding that was asked for.
pub(crate) fn right(server: &Server, feed: &str, coding: Coding) -> Result<Answer> {
    let answer = known(server, feed, &[coding.wish()])?;
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
