//! What was polled, over a restart.
//!
//! A daemon that ends writes down which feeds it was asked for, and what it would say of them. The next one
//! answers with that while it reads the ledger, if nothing has changed that a feed could show: the ledger, the
//! settings and the program are the same, and nothing has become due. Otherwise it is as if there were none.

use std::fs::{self, File};
use std::io::{self, BufRead, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::debug;

use super::clock;
use crate::config::Config;
use crate::documents::Documents;
use crate::entry::{Address, Digest, Digester};
use crate::feed::{FeedKey, Format};
use crate::http::{Early, KeptFeed};
use crate::site::{DocumentKey, Plan, View};

/// How many bytes of documents are kept, and never more than this part of those in the cache.
const MOST: usize = 16 << 20;
const CACHE_SHARE: usize = 2;

/// The form of the file: a line of JSON for all, and for each feed one, and its bytes.
const FORM: u32 = 1;

/// Where they are.
#[derive(Clone, Debug)]
pub(super) struct Answers(PathBuf);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    form: u32,
    /// Of all that the answers depend on.
    stamp: Digest,
    written: Timestamp,
    due: Option<Timestamp>,
    /// Of what follows.
    digest: Digest,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    path: String,
    feed: String,
    format: String,
    tag: Digest,
    changed: Option<Timestamp>,
    fresh: Duration,
    links: Option<String>,
    bytes: usize,
}

/// The stamp of this program, with the settings `config`, a site at `base`, and a ledger with the stamp
/// `ledger`.
pub(super) fn stamp(config: &Config, base: &Address, ledger: Digest) -> io::Result<Digest> {
    let program = fs::metadata(std::env::current_exe()?)?;
    Ok(Digester::new()
        .field(ledger.as_bytes())
        .field(base.as_str())
        .field(format!("{config:?}"))
        .field(format!("{} {:?}", program.len(), program.modified()?))
        .finish())
}

impl Answers {
    pub(super) fn new(state: &Path) -> Self {
        Self(state.join("answers"))
    }

    /// How many bytes of documents are worth keeping.
    pub(super) fn most(config: &Config) -> usize {
        MOST.min(config.limits.document_cache / CACHE_SHARE)
    }

    /// What can be answered by what was kept under `stamp`; the bytes go to `documents`.
    pub(super) fn read(&self, stamp: Digest, documents: &Documents) -> Option<Early> {
        let kept = self.read_kept(stamp);
        let (head, feeds) = kept
            .inspect_err(|error| debug!(%error, "no answers were kept that hold"))
            .ok()?;
        // A clock that was set back: what is due may be over and to come again.
        if clock::now() < head.written {
            return None;
        }
        debug!(
            feeds = feeds.len(),
            "the ledger is read behind these answers"
        );
        Some(Early::new(feeds, head.due, documents))
    }

    fn read_kept(&self, stamp: Digest) -> io::Result<(Head, Vec<KeptFeed>)> {
        let mut bytes = Vec::new();
        File::options()
            .read(true)
            .open(&self.0)?
            .read_to_end(&mut bytes)?;
        let bytes = Bytes::from(bytes);
        let mut rest = Cursor::new(&bytes);
        let head: Head = line(&mut rest)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let begin = position(&rest);
        if head.form != FORM || head.stamp != stamp || head.digest != Digest::of(&bytes[begin..]) {
            return Err(io::Error::other("they are of another state of things"));
        }
        let mut feeds = Vec::new();
        while let Some(line) = line::<Line>(&mut rest)? {
            let begin = position(&rest);
            let end = begin
                .checked_add(line.bytes)
                .filter(|end| *end <= bytes.len());
            let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
            rest.set_position(end as u64);
            let feed = line.into_feed(bytes.slice(begin..end));
            feeds.push(feed.ok_or(io::ErrorKind::InvalidData)?);
        }
        Ok((head, feeds))
    }

    /// Keeps `feeds` under `stamp`, of which nothing changes by itself before `due`.
    pub(super) fn write(
        &self,
        stamp: Digest,
        due: Option<Timestamp>,
        feeds: Vec<KeptFeed>,
    ) -> io::Result<()> {
        let mut body = Vec::new();
        for feed in feeds {
            let bytes = feed.bytes.clone();
            let Some(line) = Line::of(feed) else { continue };
            serde_json::to_writer(&mut body, &line)?;
            body.push(b'\n');
            body.write_all(&bytes)?;
        }
        let head = Head {
            form: FORM,
            stamp,
            written: clock::now(),
            due,
            digest: Digest::of(&body),
        };
        let mut text = serde_json::to_vec(&head)?;
        text.push(b'\n');
        text.append(&mut body);
        let new = self.0.with_extension("new");
        // Not synced: what is torn has another digest.
        fs::write(&new, text)?;
        fs::rename(new, &self.0)
    }
}

impl Line {
    /// `None` for what is not a feed's newest entries.
    fn of(feed: KeptFeed) -> Option<Self> {
        let DocumentKey::Feed(
            View {
                feed: key,
                part: None,
            },
            format,
        ) = feed.plan.key
        else {
            return None;
        };
        Some(Self {
            path: feed.path,
            feed: key.path(),
            format: format.file_name().to_owned(),
            tag: feed.plan.tag,
            changed: feed.plan.changed,
            fresh: feed.plan.fresh,
            links: feed.links,
            bytes: feed.bytes.len(),
        })
    }

    fn into_feed(self, bytes: Bytes) -> Option<KeptFeed> {
        let feed = FeedKey::from_path(&self.feed)?;
        let mut formats = Format::ALL.into_iter();
        let format = formats.find(|format| format.file_name() == self.format)?;
        Some(KeptFeed {
            path: self.path,
            plan: Plan {
                key: DocumentKey::Feed(View::newest(feed), format),
                tag: self.tag,
                changed: self.changed,
                content_type: format.content_type(),
                fresh: self.fresh,
            },
            links: self.links,
            bytes,
        })
    }
}

/// The next line of JSON; `None` at the end.
fn line<T: for<'de> Deserialize<'de>>(rest: &mut Cursor<&Bytes>) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    if rest.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    Ok(serde_json::from_slice(&line)?)
}

fn position(rest: &Cursor<&Bytes>) -> usize {
    // Within what is in memory.
    usize::try_from(rest.position()).unwrap_or(usize::MAX)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test looks into the file")]
mod tests {
    use super::*;
    use crate::documents::Coding;
    use crate::entry::{Bodies, Body};

    struct NoTexts;

    impl Bodies for NoTexts {
        fn body(&self, _: Digest) -> io::Result<Body> {
            Err(io::ErrorKind::NotConnected.into())
        }
    }

    fn feed(path: &str, key: FeedKey, bytes: &'static [u8]) -> KeptFeed {
        KeptFeed {
            path: path.to_owned(),
            plan: Plan {
                key: DocumentKey::Feed(View::newest(key), Format::Rss),
                tag: Digest::of(path.as_bytes()),
                changed: Some("2026-07-01T12:00:00.5Z".parse().unwrap()),
                content_type: Format::Rss.content_type(),
                fresh: Duration::from_mins(3),
            },
            links: Some("<https://news.example.org/rss.xml>; rel=\"self\"".to_owned()),
            bytes: Bytes::from_static(bytes),
        }
    }

    fn kept() -> (tempfile::TempDir, Answers, Vec<KeptFeed>) {
        let state = tempfile::tempdir().unwrap();
        let answers = Answers::new(state.path());
        let term = FeedKey::from_path("tags/caf\u{e9}/").unwrap();
        let feeds = vec![
            feed("/rss.xml", FeedKey::All, b"<rss>\n\n</rss>\n"),
            feed("/tags/caf%C3%A9/rss.xml", term, b""),
        ];
        let due = Some("2099-07-01T12:00:00Z".parse().unwrap());
        answers
            .write(Digest::of(b"stamp"), due, feeds.clone())
            .unwrap();
        (state, answers, feeds)
    }

    #[test]
    fn what_was_written_is_read_again() {
        let (_state, answers, feeds) = kept();
        let (head, read) = answers.read_kept(Digest::of(b"stamp")).unwrap();
        assert_eq!(read, feeds);
        assert_eq!(head.due, Some("2099-07-01T12:00:00Z".parse().unwrap()));
        let documents = Documents::new(NoTexts, 1 << 20);
        let early = answers.read(Digest::of(b"stamp"), &documents).unwrap();
        assert_eq!(early.len(), 2);
        let bytes = |feed: &KeptFeed| documents.length(&feed.plan, Coding::Identity);
        assert_eq!([0, 1].map(|at| bytes(&feeds[at])), [Some(14), None]);
    }

    #[test]
    fn answers_of_another_state_of_things_are_none() {
        let (_state, answers, _) = kept();
        assert!(answers.read_kept(Digest::of(b"another")).is_err());
        let whole = fs::read(&answers.0).unwrap();
        for end in [0, 1, whole.len() / 2, whole.len() - 1] {
            fs::write(&answers.0, &whole[..end]).unwrap();
            assert!(answers.read_kept(Digest::of(b"stamp")).is_err(), "{end}");
        }
        let mut damaged = whole;
        *damaged.last_mut().unwrap() ^= 1;
        fs::write(&answers.0, damaged).unwrap();
        assert!(answers.read_kept(Digest::of(b"stamp")).is_err());
        fs::remove_file(&answers.0).unwrap();
        assert!(answers.read_kept(Digest::of(b"stamp")).is_err());
    }
}
