//! What is in memory when all feeds were asked for.

use anyhow::Result;
use serde_json::json;

use crate::bench::Bench;
use crate::feeds::{self, Coding};
use crate::meter::{self, Memory, in_megabytes};
use crate::plot::Plot;
use crate::report::Row;
use crate::server::Server;

/// At rest, each feed served once in its 3 formats, as most readers take it: after the first start, and
/// after a restart.
pub(crate) fn row(bench: &mut Bench, name: &'static str, goal: f64) -> Result<Row> {
    let (feeds, first) = served(&bench.start_anew()?)?;
    let (_, later) = served(&bench.start()?)?;
    let most = in_megabytes(first.resident.max(later.resident));
    let series = "resident";
    let ratio = bench.smaller(series).next_back().map(|smaller| {
        #[allow(
            clippy::cast_precision_loss,
            reason = "so many articles are no problem"
        )]
        let more = (bench.articles - smaller.articles) as f64;
        let bytes = (most - smaller.value) * f64::from(1 << 20) / more;
        format!("{bytes:.0} bytes for each article more")
    });
    bench.note(Plot::Memory, series, most);
    let private = in_megabytes(first.private.max(later.private));
    bench.note(Plot::Memory, "private", private);
    Ok(Row {
        name,
        what: bench.what(&format!("memory, {feeds} feeds in 3 formats served once")),
        other: String::new(),
        tidings: format!(
            "{} after the first start, {} later",
            said(first),
            said(later)
        ),
        ratio: ratio.unwrap_or_default(),
        goal: format!("{goal} MB"),
        is_met: Some(most < goal),
        values: json!({ "first": values(first), "later": values(later) }),
    })
}

/// How many feeds there are, and the memory when each was served in all formats.
pub(crate) fn served(server: &Server) -> Result<(usize, Memory)> {
    let feeds = feeds::of(server)?;
    for feed in &feeds {
        for format in ["rss.xml", "atom.xml", "feed.json"] {
            feeds::right(server, &feed.replace("rss.xml", format), Coding::Gzip)?;
        }
    }
    server.settle()?;
    Ok((feeds.len(), meter::memory(server.process())?))
}

/// What is in memory, and how much of it is for this process alone.
pub(crate) fn said(memory: Memory) -> String {
    let [all, private] = [memory.resident, memory.private].map(in_megabytes);
    format!("{all:.1} MB ({private:.1} private)")
}

pub(crate) fn values(memory: Memory) -> serde_json::Value {
    json!({ "resident": memory.resident, "private": memory.private })
}
