//! Feed readers that people use, against the running program: each subscribes to every format it
//! knows, sees every entry once, sees a new one at its next poll, and fetches nothing twice.
//!
//! They are foreign programs, so they run when `TIDINGS_TOOLS=required` is set; then a missing one
//! is a failure. `.ci/run` installs them and sets it.
//!
//! - newsboat and sfeed are looked for on the `PATH` (sfeed fetches with curl).
//! - feedparser and podcastparser are imported by `$TIDINGS_PYTHON`, by default `python3`.
//! - rss-parser and podcast-partytime are required by node from `$NODE_PATH`, by default `target/tools/node_modules`.

mod podcast;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::support::{
    Exchange, Recorder, Setup, Tidings, bare, repository, run, tools_are_required,
};

/// How long a reader may take for one poll.
const POLL: Duration = Duration::from_secs(30);

/// What every reader must know of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    id: String,
    title: String,
    link: String,
    /// Seconds since 1970.
    date: i64,
}

/// A reader with one subscription.
trait Reader {
    /// Polls once; returns all that the reader then shows.
    fn poll(&mut self) -> Vec<Seen>;
}

#[test]
fn newsboat() {
    subscribes(&["/rss.xml", "/atom.xml"], Newsboat::new, |polls| {
        // It keeps validators from its second fetch on, and sends them from its third; and it takes
        // deltas.
        let statuses: Vec<u16> = polls.iter().map(|exchange| exchange.status).collect();
        assert_eq!(statuses, [200, 200, 304, 304, 226, 304], "{polls:#?}");
    });
}

#[test]
fn sfeed() {
    subscribes(&["/rss.xml", "/atom.xml"], Sfeed::new, |polls| {
        assert!(
            polls.iter().all(|exchange| exchange.status == 200),
            "{polls:#?}"
        );
    });
}

#[test]
fn feedparser() {
    subscribes(&["/rss.xml", "/atom.xml"], Feedparser::new, |polls| {
        let statuses: Vec<u16> = polls.iter().map(|exchange| exchange.status).collect();
        assert_eq!(statuses, [200, 304, 304, 304, 226, 304], "{polls:#?}");
    });
}

#[test]
fn rss_parser() {
    subscribes(&["/rss.xml", "/atom.xml"], RssParser::new, |polls| {
        assert!(
            polls.iter().all(|exchange| exchange.status == 200),
            "{polls:#?}"
        );
    });
}

/// Polls four times, drops an entry into the folder, and polls twice more; in each format.
/// `judge` looks at what went over the wire.
fn subscribes<R: Reader>(
    documents: &[&str],
    subscribe: impl Fn(&Path, &str) -> R,
    judge: impl Fn(&[Exchange]),
) {
    if !tools_are_required() {
        eprintln!("skipped: readers are foreign programs; TIDINGS_TOOLS=required runs them");
        return;
    }
    for document in documents {
        let tidings = Setup::new().with_sample_entries().start();
        let before = ours(&tidings, "the sample entries are published", |count| {
            count >= 12
        });
        let recorder = Recorder::before(tidings.address());
        let home = tempfile::tempdir().unwrap();
        let mut reader = subscribe(home.path(), &recorder.url(document));
        for poll in 1..=4 {
            same(
                document,
                &format!("poll {poll}"),
                &before,
                reader.poll(),
                &recorder,
            );
        }
        tidings.drop_entry(
            "harbour/blue-flag.md",
            "---\ntitle: The blue flag & the \"inner basin\"\ndate: 2026-10-08T05:00:00Z\n---\n\n\
             The ferry leaves from the inner basin today.\n",
        );
        let after = ours(&tidings, "the new entry is published", |count| {
            count == before.len() + 1
        });
        same(
            document,
            "the poll after a new entry",
            &after,
            reader.poll(),
            &recorder,
        );
        same(
            document,
            "the poll after that",
            &after,
            reader.poll(),
            &recorder,
        );
        let polls = recorder.take();
        for exchange in &polls {
            let has_news = [200, 226].contains(&exchange.status);
            assert_eq!(
                exchange.status == 304,
                exchange.is_conditional() && !has_news
            );
        }
        judge(&polls);
    }
}

/// What our JSON Feed says, as soon as it holds as many entries as expected.
fn ours(tidings: &Tidings, what: &str, enough: impl Fn(usize) -> bool) -> Vec<Seen> {
    let items = |feed: &Value| feed["items"].as_array().expect("items").clone();
    let feed = tidings.feed_when(what, |feed| enough(items(feed).len()));
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut entries: Vec<Seen> = items(&feed)
        .iter()
        .map(|item| Seen {
            id: text(&item["id"]),
            title: text(&item["title"]),
            link: text(&item["url"]),
            date: text(&item["date_published"])
                .parse::<Timestamp>()
                .expect("an RFC 3339 date")
                .as_second(),
        })
        .collect();
    entries.sort();
    entries
}

fn same(document: &str, when: &str, expected: &[Seen], mut seen: Vec<Seen>, wire: &Recorder) {
    seen.sort();
    let missing: Vec<_> = expected
        .iter()
        .filter(|entry| !seen.contains(entry))
        .collect();
    let strange: Vec<_> = seen
        .iter()
        .filter(|entry| !expected.contains(entry))
        .collect();
    assert!(
        missing.is_empty() && strange.is_empty(),
        "{document}, {when}: missing {missing:#?}, not ours {strange:#?}, after {:#?}",
        wire.take()
    );
    assert_eq!(
        seen.len(),
        expected.len(),
        "{document}, {when}: something is there twice"
    );
}

/// newsboat keeps what it knows in a database; one profile a feed, since it keeps ids across feeds.
struct Newsboat {
    home: PathBuf,
}

impl Newsboat {
    fn new(home: &Path, url: &str) -> Self {
        fs::write(home.join("urls"), format!("{url}\n")).unwrap();
        Self {
            home: home.to_owned(),
        }
    }
}

impl Reader for Newsboat {
    fn poll(&mut self) -> Vec<Seen> {
        let cache = self.home.join("cache.db");
        run(
            bare("newsboat", &self.home)
                .arg("-q")
                .args(["-u".as_ref(), self.home.join("urls").as_os_str()])
                .args(["-c".as_ref(), cache.as_os_str()])
                .args(["-C", "/dev/null", "-x", "reload"]),
            POLL,
        );
        let cache = rusqlite::Connection::open(cache).unwrap();
        let mut rows = cache
            .prepare("select guid, title, url, pubDate from rss_item")
            .unwrap();
        let seen = rows.query_map([], |row| {
            Ok(Seen {
                id: row.get(0)?,
                title: row.get(1)?,
                link: row.get(2)?,
                date: row.get(3)?,
            })
        });
        seen.unwrap().map(Result::unwrap).collect()
    }
}

/// sfeed keeps a file of tab-separated lines: date, title, link, content, its type, id, ….
struct Sfeed {
    home: PathBuf,
}

impl Sfeed {
    fn new(home: &Path, url: &str) -> Self {
        let folder = home.join("feeds");
        let rc = format!(
            "sfeedpath='{}'\nfeeds() {{\n\tfeed tidings '{url}'\n}}\n",
            folder.display()
        );
        fs::write(home.join("sfeedrc"), rc).unwrap();
        Self {
            home: home.to_owned(),
        }
    }
}

impl Reader for Sfeed {
    fn poll(&mut self) -> Vec<Seen> {
        run(
            bare("sfeed_update", &self.home).arg(self.home.join("sfeedrc")),
            POLL,
        );
        let lines = fs::read_to_string(self.home.join("feeds/tidings")).unwrap();
        lines
            .lines()
            .map(|line| {
                let fields: Vec<&str> = line.split('\t').collect();
                Seen {
                    id: fields[5].to_owned(),
                    title: fields[1].to_owned(),
                    link: fields[2].to_owned(),
                    date: fields[0].parse().unwrap(),
                }
            })
            .collect()
    }
}

/// feedparser is a library that keeps nothing: the script is handed the validators, and this keeps
/// the entries, as the readers that are built on it do.
struct Feedparser {
    home: PathBuf,
    url: String,
    etag: String,
    modified: String,
    known: BTreeMap<String, Seen>,
}

impl Feedparser {
    fn new(home: &Path, url: &str) -> Self {
        Self {
            home: home.to_owned(),
            url: url.to_owned(),
            etag: String::new(),
            modified: String::new(),
            known: BTreeMap::new(),
        }
    }
}

impl Reader for Feedparser {
    fn poll(&mut self) -> Vec<Seen> {
        let python = std::env::var_os("TIDINGS_PYTHON").unwrap_or_else(|| "python3".into());
        let said = run(
            bare(python, &self.home)
                .arg(glue("poll_feedparser.py"))
                .args([&self.url, &self.etag, &self.modified]),
            POLL,
        );
        let said: Value = serde_json::from_str(&said).unwrap();
        if said["status"] == 200 || said["status"] == 226 {
            for (kept, name) in [(&mut self.etag, "etag"), (&mut self.modified, "modified")] {
                said[name].as_str().unwrap().clone_into(kept);
            }
            // A date may be missing: within the second of a change there is none.
            assert!(!self.etag.is_empty(), "{said}");
        }
        let seen = entries_of(&said);
        let count = seen.len();
        let by_id: BTreeMap<_, _> = seen
            .into_iter()
            .map(|entry| (entry.id.clone(), entry))
            .collect();
        assert_eq!(by_id.len(), count, "an id is there twice: {said}");
        self.known.extend(by_id);
        self.known.values().cloned().collect()
    }
}

/// rss-parser is a library too, without conditional requests: each poll shows the whole feed.
struct RssParser {
    home: PathBuf,
    url: String,
}

impl RssParser {
    fn new(home: &Path, url: &str) -> Self {
        Self {
            home: home.to_owned(),
            url: url.to_owned(),
        }
    }
}

impl Reader for RssParser {
    fn poll(&mut self) -> Vec<Seen> {
        let modules = std::env::var_os("NODE_PATH")
            .unwrap_or_else(|| repository().join("target/tools/node_modules").into());
        let said = run(
            bare("node", &self.home)
                .env("NODE_PATH", modules)
                .arg(glue("poll_rss_parser.js"))
                .arg(&self.url),
            POLL,
        );
        entries_of(&serde_json::from_str(&said).unwrap())
    }
}

fn glue(script: &str) -> PathBuf {
    repository().join("tests/it/readers").join(script)
}

/// What a glue script printed.
fn entries_of(said: &Value) -> Vec<Seen> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    said["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| Seen {
            id: text(&entry["id"]),
            title: text(&entry["title"]),
            link: text(&entry["link"]),
            date: entry["date"].as_i64().expect("a date"),
        })
        .collect()
}
