//! What is measured, one row of the table after the other.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::bench::{Bench, ms};
use crate::drops::{self, Goal};
use crate::feeds::Coding;
use crate::hugo::{self, Output};
use crate::meter::in_megabytes;
use crate::plot::Point;
use crate::report::Row;
use crate::statistics::{median, percentile};
use crate::{Options, bursts, memory, meter, starts, zola};

/// What a row measures; numbers are its goals, times in milliseconds and memory in megabytes.
#[derive(Clone, Copy)]
enum Measure {
    /// At most so many times what reading all files takes, and so much memory.
    FirstStart(f64, f64),
    Restart(f64),
    /// At most so many times what looking at all files takes.
    CaughtUp(f64),
    Memory(f64),
    /// At least so many times as fast.
    Hugo(Output, f64),
    HugoFiles,
    HugoDrop,
    Zola,
    Drop(&'static str, Coding, Goal),
    DropAll(f64),
    Edit(Goal),
    Heal(Goal),
    BurstRename(f64),
    /// At most so many times what a first start takes for as many.
    BurstDrop(f64),
}

/// All rows of each size. What adds articles comes last.
const ROWS: &[(&str, Measure)] = &[
    ("first-start", Measure::FirstStart(2.5, 400.0)),
    ("restart", Measure::Restart(150.0)),
    ("restart-caught-up", Measure::CaughtUp(1.5)),
    ("memory", Measure::Memory(150.0)),
    ("hugo-feeds", Measure::Hugo(Output::Feeds, 50.0)),
    ("hugo-pages", Measure::Hugo(Output::Pages, 20.0)),
    (HUGO_FILES, Measure::HugoFiles),
    ("hugo-drop", Measure::HugoDrop),
    (ZOLA, Measure::Zola),
    (
        "drop-rss",
        Measure::Drop("/rss.xml", Coding::Identity, dropped(1.0)),
    ),
    (
        "drop-atom",
        Measure::Drop("/atom.xml", Coding::Identity, dropped(2.5)),
    ),
    (
        "drop-gzip",
        Measure::Drop("/rss.xml", Coding::Gzip, above(4.0)),
    ),
    ("drop-all", Measure::DropAll(5.0)),
    ("edit", Measure::Edit(above(5.0))),
    ("heal", Measure::Heal(above(10.0))),
    ("burst-rename", Measure::BurstRename(100.0)),
    ("burst-drop", Measure::BurstDrop(1.5)),
];

/// Not measured but by this name, as it takes minutes.
const HUGO_FILES: &str = "hugo-files";

const ZOLA: &str = "zola";

/// Not measured but by this name, as it takes long and much of the disk.
const MILLION: &str = "million";

/// Articles dropped among a million.
const DROPS_AMONG_MILLION: usize = 50;

/// What half of them should take at most, in milliseconds, and what is in memory then, in megabytes.
const AMONG_MILLION: (f64, f64) = (20.0, 1_000.0);

const fn above(above: f64) -> Goal {
    Goal {
        above,
        p99: None,
        growth: None,
    }
}

const fn dropped(above: f64) -> Goal {
    Goal {
        above,
        p99: Some(25.0),
        growth: Some(1.3),
    }
}

/// What came out.
pub(crate) struct Measured {
    pub(crate) rows: Vec<Row>,
    pub(crate) points: Vec<Point>,
    /// How many rows failed; why is in the row.
    pub(crate) failures: usize,
}

/// Measures the rows whose names have one of the filters in them, at all sizes; without any filter, all.
pub(crate) fn measure(options: &Options, folder: &Path) -> Result<Measured> {
    let filters = &options.rows;
    let is_asked = |name: &str| match name {
        HUGO_FILES => filters.iter().any(|filter| filter == name),
        // Nobody need be told each time that it is not there.
        ZOLA if filters.is_empty() => std::env::var_os(zola::PROGRAM).is_some(),
        _ => filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str())),
    };
    let asked: Vec<_> = ROWS.iter().filter(|(name, _)| is_asked(name)).collect();
    let million = options.rows.iter().any(|row| row == MILLION);
    ensure!(!asked.is_empty() || million, "no row has such a name");
    let (mut rows, mut points, mut failures) = (Vec::new(), Vec::new(), 0);
    if !asked.is_empty() {
        for &articles in &options.sizes {
            let mut bench = Bench::new(options, articles, folder, &mut points)?;
            for &&(name, measure) in &asked {
                // The others are worth having all the same.
                let row = row(&mut bench, name, measure).unwrap_or_else(|error| {
                    failures += 1;
                    bench.live = None;
                    let why = format!("{error:#}").replace(['\n', '|'], " ");
                    Row::not_measured(name, &bench.what("failed"), &why)
                });
                eprintln!("{articles:>7} {name:<17} {}", row.summary("beside"));
                rows.push((name, row));
            }
            bench.end()?;
        }
    }
    // One row after the other, each from few articles to many.
    let place = |name: &str| ROWS.iter().position(|(row, _)| *row == name);
    rows.sort_by_key(|(name, _)| place(name));
    let mut rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    if million {
        let mut bench = Bench::new(options, 1_000_000, folder, &mut points)?;
        rows.push(among_a_million(&mut bench)?);
        bench.end()?;
    }
    Ok(Measured {
        rows,
        points,
        failures,
    })
}

fn row(bench: &mut Bench, name: &'static str, measure: Measure) -> Result<Row> {
    match measure {
        Measure::FirstStart(ratio, megabytes) => starts::first(bench, name, ratio, megabytes),
        Measure::Restart(most) => starts::again(bench, name, most),
        Measure::CaughtUp(most) => starts::caught_up(bench, name, most),
        Measure::Memory(goal) => memory::row(bench, name, goal),
        Measure::Hugo(output, least) => hugo::from_nothing(bench, name, output, least),
        Measure::HugoFiles => hugo::files(bench, name),
        Measure::HugoDrop => hugo::drop_one(bench, name),
        Measure::Zola => zola::build(bench, name),
        Measure::Drop(path, coding, goal) => drops::one(bench, name, (path, coding), goal),
        Measure::DropAll(most) => drops::all(bench, name, most),
        Measure::Edit(goal) => drops::edit(bench, name, goal),
        Measure::Heal(goal) => drops::heal(bench, name, goal),
        Measure::BurstRename(most) => bursts::renames(bench, name, most),
        Measure::BurstDrop(most) => bursts::folder(bench, name, most),
    }
}

/// Whether it can be done at all: it starts, serves, publishes, and what is in memory then.
fn among_a_million(bench: &mut Bench) -> Result<Row> {
    let server = bench.start_anew()?;
    let first = server.ready;
    server.settle()?;
    let peak = in_megabytes(meter::peak(server.process())?);
    drop(server);
    let server = bench.start()?;
    let again = server.ready;
    let (_, memory) = memory::served(&server)?;
    drop(server);
    let times = drops::new_articles(
        bench,
        MILLION,
        "/rss.xml",
        Coding::Identity,
        DROPS_AMONG_MILLION,
    )?;
    let [first, again] = [first, again].map(crate::bench::milliseconds);
    let p50 = median(times.delays.clone());
    let (most, most_megabytes) = AMONG_MILLION;
    Ok(Row {
        name: MILLION,
        what: bench.what("first start, restart, a new article, memory"),
        other: format!("fsync {}", ms(median(times.fsyncs.clone()))),
        tidings: format!(
            "{}, at most {peak:.0} MB; {}; p50 {}, p99 {}; {}",
            ms(first),
            ms(again),
            ms(p50),
            ms(percentile(times.delays.clone(), 99)),
            memory::said(memory)
        ),
        ratio: String::new(),
        goal: format!("p50 {most}, {most_megabytes} MB"),
        is_met: Some(p50 <= most && in_megabytes(memory.resident) <= most_megabytes),
        values: json!({
            "first_start": first,
            "restart": again,
            "delays": times.delays,
            "fsyncs": times.fsyncs,
            "peak_megabytes": peak,
            "memory": memory::values(memory),
        }),
    })
}
