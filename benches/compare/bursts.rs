//! Many files at once.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use walkdir::WalkDir;

use crate::bench::{Bench, bar, milliseconds, ms};
use crate::feeds::Coding;
use crate::live::Live;
use crate::plot::Plot;
use crate::poller::Poller;
use crate::report::Row;
use crate::server::{Cores, Server};

/// Files that are renamed one after the other.
const RENAMED: usize = 1000;

/// Of all articles, one in so many is in a folder that comes as a whole.
const SHARE: usize = 10;

/// How long all may take to be out.
const PATIENCE: Duration = Duration::from_mins(5);

/// A thousand renames within a second: from the last one until all are out.
pub(crate) fn renames(bench: &mut Bench, name: &'static str, most: f64) -> Result<Row> {
    let live = bench.take_live()?;
    let bar = bar(name, RENAMED);
    let mut waiting = Vec::new();
    let mut last = String::new();
    for _ in 0..RENAMED {
        let article = bench.next_article();
        waiting.push(bench.waiting(&article, &article.with_yaml())?);
        last = article.title;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let expected = files(bench) + RENAMED;
    let mut poller = Poller::new(&live.server, "/rss.xml", Coding::Identity)?;
    let start = Instant::now();
    for file in &waiting {
        file.place()?;
    }
    let took = start.elapsed();
    ensure!(took < Duration::from_secs(1), "the renames took {took:?}");
    let (delay, _) = all_out(&live, &mut poller, &last, expected)?;
    bench.live = Some(live);
    bench.note(Plot::Bursts, "1,000 renames", delay);
    Ok(Row {
        name,
        what: bench.what(&format!(
            "{RENAMED} renames in {} ms, from the last one until all are out",
            ms(milliseconds(took))
        )),
        other: String::new(),
        tidings: ms(delay),
        ratio: String::new(),
        goal: format!("{most}"),
        is_met: Some(delay <= most),
        values: json!({ "delay": delay, "renames": milliseconds(took) }),
    })
}

/// A folder with a tenth of all articles comes at once: until all are out, beside a tenth of a first start;
/// and the longest that a reader waits for an answer meanwhile.
pub(crate) fn folder(bench: &mut Bench, name: &'static str, most: f64) -> Result<Row> {
    let live = bench.take_live()?;
    let count = bench.articles / SHARE;
    let folder = bench.folder.join("burst");
    fs::create_dir_all(&folder)?;
    let mut last = String::new();
    let bar = bar(name, count);
    for _ in 0..count {
        let article = bench.next_article();
        let file = article.path.rsplit('/').next().unwrap_or_default();
        fs::write(folder.join(file), article.with_yaml())?;
        last = article.title;
        bar.inc(1);
    }
    bar.finish_and_clear();
    // Written out, and old enough to be complete.
    rustix::fs::sync();
    thread::sleep(Duration::from_secs(3));
    let expected = files(bench) + count;
    let mut poller = Poller::new(&live.server, "/rss.xml", Coding::Identity)?;
    fs::rename(&folder, bench.entries.join("burst"))?;
    let (delay, worst) = all_out(&live, &mut poller, &last, expected)?;
    live.server.settle()?;
    let first_start = first_start(bench)?;
    bench.live = Some(live);
    #[allow(clippy::cast_precision_loss, reason = "ten")]
    let share = first_start / SHARE as f64;
    let ratio = delay / share;
    bench.note(Plot::Bursts, "a tenth at once", delay);
    Ok(Row {
        name,
        what: bench.what(&format!("a folder of {count} at once, until all are out")),
        other: format!("{} for a tenth of a first start", ms(share)),
        tidings: format!("{}, a reader waits at most {}", ms(delay), ms(worst)),
        ratio: format!("{ratio:.2}"),
        goal: format!("{most}"),
        is_met: Some(ratio <= most),
        values: json!({ "delay": delay, "longest_poll": worst, "first_start": first_start }),
    })
}

/// Polls until the article with this title is in the document, and the log says that so many are published. How
/// many milliseconds it took, and the longest that one poll did.
fn all_out(live: &Live, poller: &mut Poller, title: &str, expected: usize) -> Result<(f64, f64)> {
    let start = Instant::now();
    let (mut worst, mut is_seen) = (0.0_f64, false);
    loop {
        let asked = Instant::now();
        let answer = poller.poll()?;
        worst = worst.max(milliseconds(asked.elapsed()));
        let now = milliseconds(start.elapsed());
        if let Some(answer) = answer {
            is_seen = poller.text(&answer)?.contains(title);
        }
        let published = live.published()?;
        if is_seen && published == Some(expected) {
            return Ok((now, worst));
        }
        ensure!(
            start.elapsed() < PATIENCE,
            "{published:?} articles are out after {PATIENCE:?}, not {expected}, and the last one {}",
            if is_seen { "is" } else { "is not" }
        );
        // A reader, not a load.
        thread::sleep(Duration::from_millis(1));
    }
}

/// All articles that are there.
fn files(bench: &Bench) -> usize {
    let items = WalkDir::new(&bench.entries).into_iter().flatten();
    items.filter(|item| item.file_type().is_file()).count()
}

/// The first start over as many articles: as measured, or else once more.
fn first_start(bench: &Bench) -> Result<f64> {
    let mut points = bench.points.iter().rev();
    let known =
        points.find(|point| point.series == "first start" && point.articles == bench.articles);
    if let Some(point) = known {
        return Ok(point.value);
    }
    let server = Server::tidings(&bench.folder.join("anew"), &bench.entries, Cores::All)?;
    Ok(milliseconds(server.ready))
}
