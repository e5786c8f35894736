//! The pure parts of the program, each by itself: what one article, one turn, one document and one
//! answer take. See `benches/README.md`.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a benchmark asks for the clock, and ends where what it needs can't be made"
)]

#[allow(dead_code, reason = "others write the corpus to a folder")]
#[path = "../corpus.rs"]
mod corpus;
#[path = "../published.rs"]
mod published;

use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use tidings::documents::{Coding, Document, Documents, compress};
use tidings::entry::FolderPath;
use tidings::entry::parse::parse;
use tidings::http::freshness::Freshness;
use tidings::http::offer::{Located, Offer};
use tidings::http::respond::respond;
use tidings::site::{Found, Plan};
use tokio::runtime::Runtime;

use self::corpus::Article;
use self::published::{Published, ages, answers, conventions, found, now, observers, request};

/// Each is made when the first benchmark wants it: a filter that names none is not kept waiting.
static PUBLISHED: [(usize, LazyLock<Published>); 3] = [
    (1_000, LazyLock::new(|| published(1_000))),
    (10_000, LazyLock::new(|| published(10_000))),
    (100_000, LazyLock::new(|| published(100_000))),
];

fn published(size: usize) -> Published {
    Published::new(size).expect("the corpus can be published")
}

fn main() -> Result<()> {
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    parsing(&mut criterion)?;
    planning(&mut criterion);
    applying(&mut criterion);
    selecting(&mut criterion);
    writing(&mut criterion);
    rewriting(&mut criterion)?;
    compressing(&mut criterion)?;
    answering(&mut criterion);
    counting(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// One article of 4 kB, in each kind of file.
fn parsing(criterion: &mut Criterion) -> Result<()> {
    let conventions = conventions();
    let article = corpus::Corpus::new(1_000).article(7);
    let yaml = article.with_yaml();
    let html = html(&article)?;
    let mut group = criterion.benchmark_group("parse");
    for (name, file, text) in [
        ("Markdown", "a.md", &yaml),
        ("HTML", "a.html", &html),
        ("plain text", "a.txt", &yaml),
    ] {
        let path = FolderPath::new(file).context("no path")?;
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| parse(&path, text.as_bytes(), &conventions));
        });
    }
    group.finish();
    Ok(())
}

/// The article as a page.
fn html(article: &Article) -> Result<String> {
    let text = article.with_yaml();
    let (head, lines) = text.split_once(&article.body).context("no body")?;
    let body = comrak::markdown_to_html(&article.body, &comrak::Options::default());
    let lines = lines.trim().lines().map(|line| format!("<p>{line}</p>\n"));
    Ok(format!("{head}{body}{}", lines.collect::<String>()))
}

/// A turn that finds one new article: without "Read:" lines, and with four, each of which names one of
/// 100,000 titles.
fn planning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    let [.., (size, published)] = &PUBLISHED;
    for lines in [0, 4] {
        let name = format!("{lines} lines");
        group.bench_function(BenchmarkId::new(name, size), |bencher| {
            let article = published.new_article(0, lines);
            let draft = published.draft(&article).expect("an article");
            bencher.iter_batched(
                || found(draft.clone()),
                |observation| published.catalogue.plan(observation, now()),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// What a turn has decided, made so.
fn applying(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("apply");
    let [.., (size, published)] = &PUBLISHED;
    group.bench_function(BenchmarkId::new("one entry", size), |bencher| {
        let article = published.new_article(0, 4);
        let draft = published.draft(&article).expect("an article");
        bencher.iter_batched(
            || {
                let changes = published.changes(draft.clone());
                (published.catalogue.clone(), changes)
            },
            |(mut catalogue, changes)| {
                catalogue.apply(changes);
                catalogue
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

/// The next snapshot, with one new entry.
fn selecting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("select");
    for (size, published) in &PUBLISHED {
        group.bench_function(BenchmarkId::new("one entry", size), |bencher| {
            let article = published.new_article(0, 4);
            let draft = published.draft(&article).expect("an article");
            let changes = published.changes(draft);
            bencher.iter_with_large_drop(|| published.site.with(&changes, now()));
        });
    }
    group.finish();
}

/// Documents of 50 entries, none of which was written before, from the snapshot to the last byte.
fn writing(criterion: &mut Criterion) {
    let [_, (_, published), _] = &PUBLISHED;
    let mut group = criterion.benchmark_group("write");
    for (name, path) in [
        ("RSS", "/rss.xml"),
        ("Atom", "/atom.xml"),
        ("JSON", "/feed.json"),
        ("page of a feed", "/"),
    ] {
        group.bench_function(name, |bencher| {
            let plan = published.plan(path).expect("a document");
            bencher.iter(|| published.documents().make(&published.site, &plan));
        });
    }
    group.finish();
}

/// The same after a new entry, the others having been written before.
fn rewriting(criterion: &mut Criterion) -> Result<()> {
    let mut published = Published::new(1_000)?;
    let before = published.site.clone();
    published.publish(published.draft(&published.new_article(0, 4))?);
    let mut group = criterion.benchmark_group("rewrite");
    for (name, path) in [
        ("RSS", "/rss.xml"),
        ("Atom", "/atom.xml"),
        ("JSON", "/feed.json"),
    ] {
        let plan = published.plan(path)?;
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || {
                    let documents = published.documents();
                    let made = documents.make(&before, &plan);
                    made.map(|_| documents)
                },
                |documents| documents.map(|it| it.make(&published.site, &plan)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    Ok(())
}

const CODINGS: [(&str, Coding); 3] = [
    ("gzip", Coding::Gzip),
    ("brotli", Coding::Brotli),
    ("zstd", Coding::Zstd),
];

/// The RSS feed in each coding: while somebody waits, when nobody does, and for files.
///
/// The levels are known to the program alone. So the first is what an answer takes whose document is there
/// uncoded, with the way to another thread and back; the second what passes between the request that
/// has the better form made, and its being there, unpacking of the first form included.
fn compressing(criterion: &mut Criterion) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut group = criterion.benchmark_group("compress");
    group.sample_size(20);
    for (name, coding) in CODINGS {
        group.bench_function(BenchmarkId::new("quick", name), |bencher| {
            let shelf = Shelf::new(&runtime);
            bencher.iter_batched(
                || shelf.documents(),
                |documents| {
                    let document = shelf.get(&documents, coding);
                    (documents, document)
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function(BenchmarkId::new("thorough", name), |bencher| {
            let shelf = Shelf::new(&runtime);
            bencher.iter_custom(|times| (0..times).map(|_| shelf.improve(coding)).sum());
        });
    }
    for (ending, compress) in compress::ALL {
        let name = ending.trim_start_matches('.');
        group.bench_function(BenchmarkId::new("for files", name), |bencher| {
            let shelf = Shelf::new(&runtime);
            let identity: Bytes = shelf.get(&shelf.documents(), Coding::Identity).bytes;
            bencher.iter(|| compress(&identity));
        });
    }
    group.finish();
    Ok(())
}

/// A feed of which documents are had as by the server.
struct Shelf<'a> {
    site: Arc<tidings::site::Site>,
    published: &'static Published,
    plan: Plan,
    runtime: &'a Runtime,
}

impl<'a> Shelf<'a> {
    fn new(runtime: &'a Runtime) -> Self {
        let [(_, published), ..] = &PUBLISHED;
        Self {
            site: Arc::new(published.site.clone()),
            published,
            plan: published.plan("/rss.xml").expect("a document"),
            runtime,
        }
    }

    /// Just the uncoded form is there.
    fn documents(&self) -> Documents {
        let documents = self.published.documents();
        self.get(&documents, Coding::Identity);
        documents
    }

    fn get(&self, documents: &Documents, coding: Coding) -> Document {
        let document = documents.get(&self.site, &self.plan, coding);
        self.runtime.block_on(document).expect("a document")
    }

    /// How long it takes until the better form is there.
    fn improve(&self, coding: Coding) -> Duration {
        let documents = self.documents();
        let quick = self.get(&documents, coding);
        let cached = || documents.cached(&self.plan, coding).expect("it is kept");
        let mut start = Instant::now();
        let begin = start;
        let mut asked = 0;
        while cached().bytes.len() >= quick.bytes.len() {
            asked += 1;
            // The request after this is the third: from now on it is made better.
            if asked == 1 {
                start = Instant::now();
                continue;
            }
            assert!(
                begin.elapsed() < Duration::from_secs(10),
                "it does not get better"
            );
            thread::sleep(Duration::from_micros(50));
        }
        start.elapsed()
    }
}

/// The head of an answer for the feed of all: to who has it, and to who has not; and the look-up in the
/// snapshot, which is done once for each address.
fn answering(criterion: &mut Criterion) {
    let freshness = Freshness::new(ages());
    let [_, (_, published), _] = &PUBLISHED;
    let mut group = criterion.benchmark_group("respond");
    for (name, knows) in [("304", true), ("200", false)] {
        group.bench_function(name, |bencher| {
            let plan = published.plan("/rss.xml").expect("a document");
            let links = published.site.links(&plan.key);
            let request = request(knows.then_some(&plan)).expect("a request");
            let offer = Arc::new(Offer::new(plan, links));
            bencher.iter_batched_ref(
                || request.clone(),
                |request| {
                    let locate = |_: &str| Located::Document(Arc::clone(&offer));
                    respond(request, Some(locate), freshness.at(None, now()), now())
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.bench_function("look-up", |bencher| {
        let site = &published.site;
        bencher.iter(|| {
            let found: Found = site.find("/rss.xml");
            Located::new(found, |plan| site.links(&plan.key))
        });
    });
    group.finish();
}

/// Answers of five readers, counted: what each request pays for the metrics, and for who reads.
fn counting(criterion: &mut Criterion) -> Result<()> {
    let [(_, published), ..] = &PUBLISHED;
    let plan = published.plan("/rss.xml")?;
    let answers = answers(&plan);
    let observers = observers();
    let mut answers = answers.iter().cycle();
    criterion.bench_function("count/304", |bencher| {
        bencher.iter(|| {
            let Some(answer) = answers.next() else {
                return;
            };
            for observer in &observers {
                observer.answered(answer);
            }
        });
    });
    Ok(())
}
