//! Starts: with nothing, and with what was known before.

use std::fs::{self, File};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::bench::{Bench, bar, milliseconds, ms, spread};
use crate::feeds::Coding;
use crate::meter::{self, in_megabytes};
use crate::plot::Plot;
use crate::poller::Poller;
use crate::report::Row;
use crate::{disk, statistics};

/// A file that nobody saw coming is published at once only if it is older than this.
const OLD: Duration = Duration::from_millis(2500);

/// How long what came while nobody looked may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// From nothing to the first answer, beside what two threads need to read all files.
pub(crate) fn first(bench: &mut Bench, name: &'static str, most: f64, memory: f64) -> Result<Row> {
    disk::read_all(&bench.entries)?;
    let (mut starts, mut reads, mut peak) = (Vec::new(), Vec::new(), 0);
    let bar = bar(name, bench.repeats());
    for turn in 0..bench.repeats() {
        reads.push(milliseconds(disk::read_all(&bench.entries)?));
        let server = bench.start_anew()?;
        starts.push(milliseconds(server.ready));
        if turn + 1 == bench.repeats() {
            server.settle()?;
        }
        peak = peak.max(meter::peak(server.process())?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let ratios = ratios(&starts, &reads);
    let [start, read] = [&starts, &reads].map(|times| statistics::median(times.clone()));
    bench.note(Plot::Starts, "first start", start);
    bench.note(Plot::Starts, "reading all files", read);
    let peak = in_megabytes(peak);
    Ok(Row {
        name,
        what: bench.what("first start"),
        other: format!("{} to read all files", ms(read)),
        tidings: format!("{}, at most {peak:.0} MB", ms(start)),
        ratio: spread(ratios),
        goal: format!("{most}, {memory} MB"),
        is_met: Some(ratios[1] <= most && peak < memory),
        values: json!({ "starts": starts, "reads": reads, "peak_megabytes": peak }),
    })
}

/// With a ledger: to the first answer.
pub(crate) fn again(bench: &mut Bench, name: &'static str, most: f64) -> Result<Row> {
    bench.prepare()?;
    let mut starts = Vec::new();
    for _ in 0..bench.repeats() {
        starts.push(milliseconds(bench.start()?.ready));
    }
    let [least, start, longest] = statistics::spread(starts.clone());
    bench.note(Plot::Starts, "restart", start);
    Ok(Row {
        name,
        what: bench.what("restart, to the first answer"),
        other: String::new(),
        tidings: format!("{} ({}–{})", ms(start), ms(least), ms(longest)),
        ratio: String::new(),
        goal: format!("{most}"),
        is_met: Some(start < most),
        values: json!({ "starts": starts }),
    })
}

/// With a ledger: until an article that came while nobody looked is out, and so the whole folder was
/// compared; beside what two threads need to look at all files.
pub(crate) fn caught_up(bench: &mut Bench, name: &'static str, most: f64) -> Result<Row> {
    bench.prepare()?;
    let (mut starts, mut looks) = (Vec::new(), Vec::new());
    let bar = bar(name, bench.repeats());
    for _ in 0..bench.repeats() {
        let article = bench.next_article();
        let path = bench.entries.join(&article.path);
        fs::write(&path, article.with_yaml())?;
        let date = SystemTime::now() - Duration::from_mins(1);
        File::options()
            .write(true)
            .open(&path)?
            .set_modified(date)?;
        thread::sleep(OLD);
        disk::look_at_all(&bench.entries)?;
        looks.push(milliseconds(disk::look_at_all(&bench.entries)?));
        let server = bench.start()?;
        let mut poller = Poller::new(&server, "/rss.xml", Coding::Identity)?;
        let has_it = |text: String| text.contains(&article.title);
        let first = crate::client::get(server.address, "/rss.xml", &[])?;
        let mut is_out = has_it(String::from_utf8(first.body)?);
        while !is_out {
            ensure!(
                server.started.elapsed() < PATIENCE,
                "{} was not found within {PATIENCE:?}",
                article.path
            );
            match poller.poll()? {
                Some(answer) => is_out = has_it(poller.text(&answer)?),
                // To look at files wants both cores.
                None => thread::sleep(Duration::from_millis(1)),
            }
        }
        starts.push(milliseconds(server.started.elapsed()));
        drop(poller);
        server.settle()?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let ratios = ratios(&starts, &looks);
    let [start, look] = [&starts, &looks].map(|times| statistics::median(times.clone()));
    bench.note(Plot::Starts, "restart, caught up", start);
    bench.note(Plot::Starts, "looking at all files", look);
    Ok(Row {
        name,
        what: bench.what("restart, until what came meanwhile is out"),
        other: format!("{} to look at all files", ms(look)),
        tidings: ms(start),
        ratio: spread(ratios),
        goal: format!("{most}"),
        is_met: Some(ratios[1] <= most),
        values: json!({ "starts": starts, "looks": looks }),
    })
}

/// How many times as long each took as the other one beside it.
pub(crate) fn ratios(times: &[f64], others: &[f64]) -> [f64; 3] {
    let pairs = times.iter().zip(others);
    statistics::spread(pairs.map(|(time, other)| time / other).collect())
}
