//! What readers are answered from a real snapshot, and what observers are told of it.

use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::catalogue::sample::draft;
use crate::documents::{Coding, Documents, sample};
use crate::entry::{Bodies, Body, Digest};
use crate::http::freshness::Freshness;
use crate::http::limiter::{Limiter, Why};
use crate::http::observer::{Answered, Saved};
use crate::http::{MediaFiles, Observer};
use crate::site::DocumentKey;
use bytes::Bytes;
use hyper::Request;

#[test]
fn a_document_that_cannot_be_made_is_asked_for_again() {
    let plan = Plan {
        key: DocumentKey::Feeds,
        tag: Digest::of(b"plan"),
        changed: None,
        content_type: "text/html; charset=utf-8",
        fresh: Duration::from_mins(1),
    };
    let error = MakeError::Body(Arc::new(std::io::Error::other("the inner reason")));
    let response = answer_with(&plan, Err(error), respond::head(StatusCode::OK));
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    assert!(!response.headers().contains_key("etag"));
    for (coding, expected) in [
        (Coding::Identity, None),
        (Coding::Gzip, Some("gzip")),
        (Coding::Brotli, Some("br")),
        (Coding::Zstd, Some("zstd")),
    ] {
        let bytes = Bytes::from_static(b"<p>");
        let document = Document {
            bytes,
            coding,
            uncoded: 3,
        };
        let response = answer_with(&plan, Ok(document), respond::head(StatusCode::OK));
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.body().len(), 3);
        let says = response.headers().get("content-encoding");
        assert_eq!(says.map(|it| it.to_str().unwrap()), expected);
    }
}

/// What was told of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    /// The path of the feed, or what else it was.
    asked: String,
    status: u16,
    coding: Option<Coding>,
    sent: u64,
    saved: Saved,
    limited: Option<Why>,
    is_conditional: bool,
    client: Client,
    agent: Option<String>,
}

#[derive(Default)]
struct Listener(Mutex<Vec<Told>>);

impl Observer for Listener {
    fn answered(&self, answer: &Answered<'_>) {
        assert_eq!(answer.moment, now());
        self.0.lock().unwrap().push(Told {
            asked: match answer.asked {
                Asked::Document(DocumentKey::Feed(view, format)) => {
                    view.path() + format.file_name()
                }
                Asked::Document(key) => format!("{key:?}"),
                Asked::File => "a file".to_owned(),
                Asked::Other => "nothing".to_owned(),
            },
            status: answer.status.as_u16(),
            coding: answer.coding,
            sent: answer.sent,
            saved: answer.saved,
            limited: answer.limited,
            is_conditional: answer.is_conditional,
            client: answer.client,
            agent: answer.agent.map(|it| it.to_str().unwrap().to_owned()),
        });
    }
}

fn now() -> Timestamp {
    "2026-07-01T12:00:00Z".parse().unwrap()
}

struct Texts;

impl Bodies for Texts {
    fn body(&self, _: Digest) -> io::Result<Body> {
        Ok(Body::from_clean_html(sample::prose()))
    }
}

struct Files;

impl MediaFiles for Files {
    fn open(&self, _: &FolderPath) -> io::Result<media::OpenMedia> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// A server of one entry, whose clock stands still.
struct Bench {
    serving: Arc<Serving>,
    told: Arc<Listener>,
}

fn bench() -> Bench {
    let site = sample::site(vec![draft("a.md", "A", &[])]);
    let documents = Documents::new(Texts, 1 << 20);
    bench_with(Some(site), None, documents)
}

fn bench_with(site: Option<Site>, early: Option<Early>, documents: Documents) -> Bench {
    let told = Arc::new(Listener::default());
    let rules = Rules {
        documents: Arc::new(documents),
        media: Arc::new(Files),
        freshness: Arc::new(Freshness::new(sample::settings().ages)),
        limiter: Some(Arc::new(Limiter::new(start()))),
        proxies: Arc::default(),
        observers: vec![Arc::clone(&told) as _],
    };
    let server = Server {
        site: Arc::new(ArcSwapOption::from_pointee(site)),
        early: early.map(Arc::new),
        rules: Arc::new(ArcSwap::from_pointee(rules)),
        connections: Arc::default(),
        clock: now,
        instant: start,
        roll_call: RollCall::default(),
    };
    let serving = Arc::new(server.at_work(1));
    Bench { serving, told }
}

/// A moment.
fn start() -> Instant {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "any moment will do")]
    *START.get_or_init(Instant::now)
}

impl Bench {
    /// Asks, and returns the answer with the only thing that was told meanwhile.
    async fn ask(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> (Response<Content>, Told) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in [&[("host", "a"), ("user-agent", "Reader/1")], fields].concat() {
            request = request.header(name, value);
        }
        let (request, ()) = request.body(()).unwrap().into_parts();
        let client = Client::peer("203.0.113.7".parse().unwrap());
        let response = match self.serving.answer(request, client) {
            Reply::Now(response) => response,
            Reply::Later(coming) => coming.await,
        };
        let mut told = std::mem::take(&mut *self.told.0.lock().unwrap());
        let last = told.pop().unwrap();
        assert_eq!((told, last.status), (vec![], response.status().as_u16()));
        (response, last)
    }
}

const GZIP: (&str, &str) = ("accept-encoding", "gzip");

#[tokio::test]
async fn observers_are_told_of_each_answer_once() {
    let bench = bench();
    let whole = bench.ask("GET", "/rss.xml", &[]).await.1;
    let expected = Told {
        asked: "rss.xml".to_owned(),
        status: 200,
        coding: Some(Coding::Identity),
        sent: whole.sent,
        saved: Saved::default(),
        limited: None,
        is_conditional: false,
        client: Client::Peer("203.0.113.7".parse().unwrap()),
        agent: Some("Reader/1".to_owned()),
    };
    assert_eq!(whole, expected);
    // The length of the head is not sent as a body.
    let head = bench.ask("HEAD", "/rss.xml", &[GZIP]).await.1;
    let expected = Told {
        coding: None,
        sent: 0,
        ..whole.clone()
    };
    assert_eq!(head, expected);
    let none = |asked: &str, told: &Told| Told {
        asked: asked.to_owned(),
        saved: Saved::default(),
        ..told.clone()
    };
    for (method, path, asked, status) in [
        ("GET", "/", "Page(View { feed: All, part: None })", 200),
        ("GET", "/none", "nothing", 404),
        ("GET", "/a/../rss.xml", "nothing", 404),
        ("GET", "/feed", "nothing", 308),
        ("POST", "/rss.xml", "nothing", 405),
    ] {
        let told = bench.ask(method, path, &[]).await.1;
        assert_eq!(told, none(asked, &told), "{path}");
        assert_eq!((told.status, told.sent > 0), (status, true), "{path}");
    }
    let (_, other) = bench.ask("GET", "/rss.xml", &[("if-match", "\"x\"")]).await;
    assert_eq!(other, none("rss.xml", &other));
    assert_eq!((other.status, other.is_conditional), (412, true));
    let window = [
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
    ];
    let (_, led) = bench.ask("GET", "/atom.xml", &window).await;
    assert_eq!((led.asked.as_str(), led.status), ("atom.xml", 303));
}

#[tokio::test]
async fn what_was_saved_is_told_as_far_as_it_is_known() {
    let bench = bench();
    let (response, whole) = bench.ask("GET", "/rss.xml", &[]).await;
    let tag = response.headers().get("etag").unwrap().to_str().unwrap();
    let poll = [GZIP, ("if-none-match", tag)];
    // Nobody has asked for this coding yet.
    let (_, unknown) = bench.ask("GET", "/rss.xml", &poll).await;
    assert_eq!(unknown.status, 304);
    assert_eq!(
        (unknown.coding, unknown.sent, unknown.saved),
        (None, 0, Saved::default())
    );
    let (_, coded) = bench.ask("GET", "/rss.xml", &[GZIP]).await;
    assert_eq!(coded.coding, Some(Coding::Gzip));
    assert_eq!(coded.saved.coding, whole.sent - coded.sent);
    let (_, known) = bench.ask("GET", "/rss.xml", &poll).await;
    let expected = Saved {
        not_modified: coded.sent,
        ..Saved::default()
    };
    assert_eq!((known.saved, known.is_conditional), (expected, true));
    // Another snapshot with the same feed: what is kept of it has the length.
    let site = bench.serving.site.load_full().unwrap();
    let next = Arc::new(Site::clone(&site));
    bench.serving.site.store(Some(next));
    let (_, known) = bench.ask("GET", "/rss.xml", &poll).await;
    assert_eq!(known.saved, expected);
    let uncoded = [("if-none-match", tag)];
    let (_, known) = bench.ask("GET", "/rss.xml", &uncoded).await;
    assert_eq!(known.saved.not_modified, whole.sent);
    let (_, head) = bench.ask("HEAD", "/rss.xml", &poll).await;
    assert_eq!((head.status, head.saved), (304, Saved::default()));
}

#[tokio::test]
async fn who_is_told_to_wait_is_told_of_with_the_reason() {
    let bench = bench();
    for _ in 0..100 {
        assert_eq!(bench.ask("GET", "/none", &[]).await.1.limited, None);
    }
    let told = bench.ask("GET", "/none", &[]).await.1;
    assert_eq!((told.status, told.limited), (429, Some(Why::Hammering)));
    assert_eq!(told.asked, "nothing");
}

/// What there is before a snapshot, of what `bench` was asked for, with up to `most` bytes of it. There is
/// nothing else to make a document from.
fn early_of(bench: &Bench, most: usize, due: Option<&str>) -> Bench {
    let site = bench.serving.site.load_full().unwrap();
    let documents = &bench.serving.rules.load().documents;
    let feeds = KeptFeed::all(&site, &bench.serving.asked, documents, most);
    let due = due.map(|due| due.parse().unwrap());
    let documents = Documents::new(NoTexts, 1 << 20);
    let early = Early::new(feeds, due, &documents);
    bench_with(None, Some(early), documents)
}

struct NoTexts;

impl Bodies for NoTexts {
    fn body(&self, _: Digest) -> io::Result<Body> {
        Err(io::ErrorKind::NotConnected.into())
    }
}

/// All that a reader sees of it.
fn seen(response: Response<Content>) -> (StatusCode, hyper::HeaderMap, Bytes) {
    let (head, body) = response.into_parts();
    match body {
        Content::Bytes(bytes) => (head.status, head.headers, bytes),
        Content::File(_) => panic!("it is in memory"),
    }
}

#[tokio::test]
async fn before_there_is_a_snapshot_feeds_that_were_polled_are_answered_the_same() {
    let before = bench();
    let mut expected = Vec::new();
    let asked = [
        ("GET", "/rss.xml", vec![]),
        ("GET", "/rss.xml", vec![GZIP]),
        ("HEAD", "/updates/atom.xml", vec![]),
        ("GET", "/feed.json", vec![("accept-encoding", "br")]),
        ("GET", "/rss.xml", vec![("if-none-match", "\"another\"")]),
        ("GET", "/rss.xml", vec![("a-im", "feed")]),
    ];
    for (method, path, fields) in &asked {
        expected.push(before.ask(method, path, fields).await);
    }
    let early = early_of(&before, 1 << 20, Some("2026-07-01T12:00:01Z"));
    for ((method, path, fields), (response, told)) in asked.iter().zip(expected) {
        let (early, its) = early.ask(method, path, fields).await;
        let (status, mut headers, bytes) = seen(response);
        let (its_status, mut its_headers, its_bytes) = seen(early);
        // It is known when something is due, which there is not in the snapshot.
        assert!(headers.remove("cache-control").is_some());
        assert!(its_headers.remove("cache-control").is_some());
        assert_eq!(
            (status, headers, bytes),
            (its_status, its_headers, its_bytes)
        );
        assert_eq!(told, its, "{path}");
    }
    let (response, _) = before.ask("GET", "/atom.xml", &[]).await;
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    let poll = [("if-none-match", tag.as_str())];
    assert_eq!(early.ask("GET", "/atom.xml", &poll).await.1.status, 304);
    // What is not known may be there or not.
    for path in ["/", "/tags/a/rss.xml", "/none", "/updates/rss.xml"] {
        let (response, told) = early.ask("GET", path, &[]).await;
        assert_eq!(told.status, 503, "{path}");
        assert!(response.headers().contains_key("retry-after"));
    }

    // Then there is one, and all is known.
    early.serving.site.store(before.serving.site.load_full());
    assert_eq!(early.ask("GET", "/none", &[]).await.1.status, 404);
    assert_eq!(early.ask("GET", "/atom.xml", &poll).await.1.status, 304);
    assert!(early.serving.early.load().is_none());
}

#[tokio::test]
async fn what_was_kept_is_not_shown_once_something_is_due() {
    let before = bench();
    let early = early_of(&before, 1 << 20, Some("2026-07-01T12:00:00Z"));
    assert_eq!(early.ask("GET", "/rss.xml", &[]).await.1.status, 503);
}

#[tokio::test]
async fn where_there_was_no_room_for_a_feed_its_validators_are_known() {
    let before = bench();
    let (response, _) = before.ask("GET", "/rss.xml", &[]).await;
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    let early = early_of(&before, 100, None);
    assert_eq!(early.ask("GET", "/rss.xml", &[]).await.1.status, 503);
    let poll = [("if-none-match", tag.as_str())];
    assert_eq!(early.ask("GET", "/rss.xml", &poll).await.1.status, 304);
}
