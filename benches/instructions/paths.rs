//! Each counted path with what it needs, which is not counted.
//!
//! Maps of the program are hashed with secrets that differ in each process, and so the shapes of their
//! trees, and the instructions for a look-up, differ a little. Many different articles even that out.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context, Result};
use tidings::entry::FolderPath;
use tidings::http::freshness::Freshness;
use tidings::http::offer::{Located, Offer};

use crate::counted;
use crate::published::{Published, ages, answers, conventions, found, now, observers, request};

/// A path of the program.
pub(crate) struct KeyPath {
    /// What it is called.
    pub(crate) name: &'static str,
    /// The function in [`counted`].
    pub(crate) function: &'static str,
    /// How often it is run.
    pub(crate) times: u64,
    /// Runs it.
    pub(crate) run: fn() -> Result<()>,
}

const ARTICLES: usize = 50;
const REQUESTS: usize = 1_000;

/// Entries of the site. More would have the same paths, in maps a level deeper, but would take minutes to
/// publish under valgrind.
const ENTRIES: usize = 1_000;

pub(crate) const PATHS: [KeyPath; 7] = [
    KeyPath {
        name: "parse",
        function: "parse",
        times: ARTICLES as u64,
        run: parse,
    },
    KeyPath {
        name: "plan",
        function: "plan",
        times: ARTICLES as u64,
        run: plan,
    },
    KeyPath {
        name: "select",
        function: "select",
        times: ARTICLES as u64,
        run: select,
    },
    KeyPath {
        name: "write",
        function: "write",
        times: 1,
        run: write,
    },
    KeyPath {
        name: "rewrite",
        function: "write",
        times: 1,
        run: rewrite,
    },
    KeyPath {
        name: "respond",
        function: "respond",
        times: REQUESTS as u64,
        run: respond,
    },
    KeyPath {
        name: "count",
        function: "count",
        times: REQUESTS as u64,
        run: count,
    },
];

/// Articles in Markdown.
fn parse() -> Result<()> {
    let conventions = conventions();
    let corpus = crate::corpus::Corpus::new(ARTICLES);
    for number in 0..ARTICLES {
        let article = corpus.article(number);
        let path = FolderPath::new(&article.path).context("no path")?;
        let text = article.with_yaml();
        black_box(counted::parse(&path, text.as_bytes(), &conventions)?);
    }
    Ok(())
}

/// New articles, one after the other, each with four "Read:" lines.
fn plan() -> Result<()> {
    let published = Published::new(ENTRIES)?;
    let mut catalogue = published.catalogue.clone();
    for number in 0..ARTICLES {
        let draft = published.draft(&published.new_article(number, 4))?;
        counted::plan(&mut catalogue, found(draft), now());
    }
    Ok(())
}

/// The snapshot with one of them.
fn select() -> Result<()> {
    let published = Published::new(ENTRIES)?;
    for number in 0..ARTICLES {
        let draft = published.draft(&published.new_article(number, 4))?;
        let changes = published.changes(draft);
        black_box(counted::select(&published.site, &changes, now()));
    }
    Ok(())
}

/// The RSS feed of 50 entries.
fn write() -> Result<()> {
    let published = Published::new(ARTICLES)?;
    let plan = published.plan("/rss.xml")?;
    let documents = published.documents();
    black_box(counted::write(&documents, &published.site, &plan)?);
    Ok(())
}

/// The same with one more, after it was written.
fn rewrite() -> Result<()> {
    let mut published = Published::new(ARTICLES)?;
    let draft = published.draft(&published.new_article(0, 4))?;
    let old = published.plan("/rss.xml")?;
    let before = published.site.clone();
    published.publish(draft);
    let documents = published.documents();
    documents.make(&before, &old)?;
    let plan = published.plan("/rss.xml")?;
    black_box(counted::write(&documents, &published.site, &plan)?);
    Ok(())
}

/// 304 to who has the feed.
fn respond() -> Result<()> {
    let published = Published::new(1)?;
    let freshness = Freshness::new(ages());
    let plan = published.plan("/rss.xml")?;
    let request = request(Some(&plan))?;
    let offer = Arc::new(Offer::new(plan, None));
    for _ in 0..REQUESTS {
        let mut request = request.clone();
        let locate = |_: &str| Located::Document(Arc::clone(&offer));
        let fresh = freshness.at(None, now());
        black_box(counted::respond(&mut request, locate, fresh, now()));
    }
    Ok(())
}

/// 304 to readers who come again.
fn count() -> Result<()> {
    let published = Published::new(1)?;
    let plan = published.plan("/rss.xml")?;
    let observers = observers();
    let answers = answers(&plan);
    for answer in answers.iter().cycle().take(REQUESTS) {
        counted::count(&observers, answer);
    }
    Ok(())
}
