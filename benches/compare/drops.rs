//! One file at a time: from its rename to the document that has it.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use crate::bench::{Bench, bar, milliseconds, ms};
use crate::corpus::Article;
use crate::feeds::Coding;
use crate::live::{Times, until};
use crate::plot::Plot;
use crate::poller::Poller;
use crate::report::Row;
use crate::statistics::{median, percentile};

/// How many of the newest articles are edited in turns.
const EDITED: usize = 40;

/// As many articles in the window of each feed name a title that is not there yet.
const PENDING: usize = 50;

/// So many times less often than drops are they healed: each wants many drops before.
const FEWER_HEALS: usize = 20;

/// What a delay should be, in milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct Goal {
    /// The median, less what the disk needs for one page.
    pub(crate) above: f64,
    /// Of 99 of 100.
    pub(crate) p99: Option<f64>,
    /// What the largest size may have more than the smallest.
    pub(crate) growth: Option<f64>,
}

/// A new article: until one document has it.
pub(crate) fn one(
    bench: &mut Bench,
    name: &'static str,
    (path, coding): (&str, Coding),
    goal: Goal,
) -> Result<Row> {
    let times = new_articles(bench, name, path, coding, bench.options.drops)?;
    let what = match coding {
        Coding::Identity => format!("a new article, until `{path}` has it"),
        Coding::Gzip => format!("a new article, until `{path}` has it, in gzip"),
    };
    Ok(row(bench, name, &what, &times, goal))
}

/// Drops so many articles, and polls one document.
pub(crate) fn new_articles(
    bench: &mut Bench,
    name: &str,
    path: &str,
    coding: Coding,
    count: usize,
) -> Result<Times> {
    let mut live = bench.take_live()?;
    let mut poller = Poller::new(&live.server, path, coding)?;
    let mut times = Times::default();
    let bar = bar(name, count);
    for _ in 0..count {
        let article = bench.next_article();
        let waiting = bench.waiting(&article, &article.with_yaml())?;
        live.time(&waiting, &mut poller, &mut times, |text| {
            text.contains(&article.title)
        })?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    bench.live = Some(live);
    Ok(times)
}

/// A new article: until the last of the documents that it is in has it, each polled by a reader of its
/// own; counted from when the first one had it.
pub(crate) fn all(bench: &mut Bench, name: &'static str, most: f64) -> Result<Row> {
    let mut live = bench.take_live()?;
    let (mut firsts, mut lasts, mut between) = (Vec::new(), Vec::new(), Vec::new());
    let bar = bar(name, bench.options.drops);
    let mut documents = 0;
    for _ in 0..bench.options.drops {
        let article = bench.next_article();
        let waiting = bench.waiting(&article, &article.with_yaml())?;
        let pollers = documents_of(&article).into_iter();
        let pollers = pollers.map(|path| Poller::new(&live.server, &path, Coding::Identity));
        let mut pollers = pollers.collect::<Result<Vec<_>>>()?;
        documents = pollers.len();
        live.pause()?;
        let is_it = |text: &str| text.contains(&article.title);
        let mut rest = pollers.split_off(1);
        let start = Instant::now();
        waiting.place()?;
        let mut first = 0.0;
        for poller in &mut pollers {
            first = milliseconds(until(poller, start, is_it)?);
        }
        for poller in &mut rest {
            poller.ask()?;
        }
        let mut answers = Vec::new();
        for poller in &mut rest {
            answers.push(poller.answer()?);
        }
        let mut last = milliseconds(start.elapsed());
        for (poller, answer) in rest.iter_mut().zip(&answers) {
            let is_there = match answer {
                Some(answer) => is_it(&poller.text(answer)?),
                None => false,
            };
            if !is_there {
                last = last.max(milliseconds(until(poller, start, is_it)?));
            }
        }
        firsts.push(first);
        lasts.push(last);
        between.push(last - first);
        bar.inc(1);
    }
    bar.finish_and_clear();
    bench.live = Some(live);
    let p50 = median(lasts.clone());
    let later = median(between);
    bench.note(Plot::Drops, name, p50);
    Ok(Row {
        name,
        what: bench.what(&format!(
            "a new article, until all of its {documents} documents have it"
        )),
        other: format!("{} until the first", ms(median(firsts.clone()))),
        tidings: format!("p50 {}, p99 {}", ms(p50), ms(percentile(lasts.clone(), 99))),
        ratio: format!("{} later", ms(later)),
        goal: format!("{most} later"),
        is_met: Some(later <= most),
        values: json!({ "firsts": firsts, "lasts": lasts }),
    })
}

/// All that an article is in: the feeds of all, its tags, its author and its section, in each format.
fn documents_of(article: &Article) -> Vec<String> {
    let author = article.author.to_lowercase().replace(' ', "-");
    let mut feeds = vec![String::new()];
    feeds.extend(article.tags.iter().map(|tag| format!("tags/{tag}/")));
    feeds.push(format!("authors/{author}/"));
    feeds.push(format!("sections/{}/", article.section));
    let formats = ["rss.xml", "atom.xml", "feed.json"];
    let documents = feeds
        .iter()
        .flat_map(|feed| formats.map(|format| format!("/{feed}{format}")));
    documents.collect()
}

/// One of the newest articles in another version.
pub(crate) fn edit(bench: &mut Bench, name: &'static str, goal: Goal) -> Result<Row> {
    let newest: Vec<Article> = (0..EDITED).map(|_| bench.next_article()).collect();
    let mut live = bench.take_live()?;
    let mut poller = Poller::new(&live.server, "/rss.xml", Coding::Identity)?;
    for article in &newest {
        bench.waiting(article, &article.with_yaml())?.place()?;
    }
    if let Some(last) = newest.last() {
        until(&mut poller, Instant::now(), |text| {
            text.contains(&last.title)
        })?;
    }
    live.server.settle()?;
    // A connection that rested so long may be no more.
    let mut poller = Poller::new(&live.server, "/rss.xml", Coding::Identity)?;
    let mut times = Times::default();
    let bar = bar(name, bench.options.drops);
    for (turn, article) in newest.iter().cycle().take(bench.options.drops).enumerate() {
        let words = format!("Version {turn}.");
        let text = format!("{}\n{words}\n", article.with_yaml());
        let waiting = bench.waiting(article, &text)?;
        live.time(&waiting, &mut poller, &mut times, |text| {
            text.contains(&words)
        })?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    bench.live = Some(live);
    let what = "another version of an article, until `/rss.xml` has it";
    Ok(row(bench, name, what, &times, goal))
}

/// A title that all articles in the window have waited for: until all their links are there.
pub(crate) fn heal(bench: &mut Bench, name: &'static str, goal: Goal) -> Result<Row> {
    let mut live = bench.take_live()?;
    let mut times = Times::default();
    let count = bench.options.drops.div_ceil(FEWER_HEALS);
    let bar = bar(name, count);
    for turn in 0..count {
        let mut awaited = bench.next_article();
        awaited.title = format!("Awaited {turn} of all");
        // Older than the window, which so stays as it is.
        awaited.date = bench.corpus.article(0).date;
        let mut poller = Poller::new(&live.server, "/rss.xml", Coding::Identity)?;
        let mut last = String::new();
        for _ in 0..PENDING {
            let article = bench.next_article();
            let text = format!("{}Read: {}\n", article.with_yaml(), awaited.title);
            bench.waiting(&article, &text)?.place()?;
            last = article.title;
        }
        until(&mut poller, Instant::now(), |text| text.contains(&last))?;
        live.server.settle()?;
        // A connection that rested so long may be no more.
        let mut poller = Poller::new(&live.server, "/rss.xml", Coding::Identity)?;
        let link = format!("title=\"{}\"", awaited.title);
        let waiting = bench.waiting(&awaited, &awaited.with_yaml())?;
        live.time(&waiting, &mut poller, &mut times, |text| {
            text.matches(&link).count() == PENDING
        })?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    bench.live = Some(live);
    let what =
        format!("a title that {PENDING} articles wait for, until `/rss.xml` has their links");
    Ok(row(bench, name, &what, &times, goal))
}

fn row(bench: &mut Bench, name: &'static str, what: &str, times: &Times, goal: Goal) -> Row {
    let [p50, fsync] = [&times.delays, &times.fsyncs].map(|times| median(times.clone()));
    let p99 = percentile(times.delays.clone(), 99);
    let above = p50 - fsync;
    let mut is_met = above <= goal.above && goal.p99.is_none_or(|most| p99 <= most);
    let mut ratio = format!("{} above", ms(above));
    let mut aim = format!("{} above", goal.above);
    if let Some(most) = goal.p99 {
        let _ = write!(aim, ", p99 {most}");
    }
    let smallest = bench.smaller(name).next();
    if let (Some(most), Some(smallest)) = (goal.growth, smallest) {
        let growth = p50 / smallest.value;
        is_met &= growth <= most;
        let _ = write!(ratio, ", {growth:.2} times that of {}", smallest.articles);
        let _ = write!(aim, ", {most} times the smallest");
    }
    bench.note(Plot::Drops, name, p50);
    bench.note(Plot::Above, name, above);
    if name == "drop-rss" {
        bench.note(Plot::Drops, "fsync", fsync);
    }
    Row {
        name,
        what: bench.what(what),
        other: format!("fsync {}", ms(fsync)),
        tidings: format!("p50 {}, p99 {}", ms(p50), ms(p99)),
        ratio,
        goal: aim,
        is_met: Some(is_met),
        values: json!({ "delays": times.delays, "fsyncs": times.fsyncs }),
    }
}
