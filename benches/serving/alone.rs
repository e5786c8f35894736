//! What Tidings needs by itself, on all cores as people run it.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::feeds::{Coding, right};
use crate::meter::{self, Cpu, Memory, in_megabytes};
use crate::report::Row;
use crate::server::{Cores, Server};
use crate::site::Site;

/// How long nothing happens in the row `idle`.
const IDLE: Duration = Duration::from_mins(1);

/// The memory of Tidings when every feed was served once in each format, as most readers take it.
pub(crate) fn memory(name: &'static str, site: &Site, goal: f64) -> Result<Row> {
    let folder = site.folder.join("memory");
    let entries = site.folder.join("entries");
    let serve = || {
        let server = Server::tidings(&folder, &entries, Cores::All)?;
        for feed in &site.feeds {
            for format in ["rss.xml", "atom.xml", "feed.json"] {
                right(&server, &feed.replace("rss.xml", format), Coding::Gzip)?;
            }
        }
        server.settle()?;
        meter::memory(server.process())
    };
    // From nothing, and from what the first start has left.
    let (first, later) = (serve()?, serve()?);
    let most = first.resident.max(later.resident);
    let what = format!(
        "memory, {} feeds in 3 formats served once, {} articles",
        site.feeds.len(),
        site.articles
    );
    Ok(Row {
        name,
        what,
        other: String::new(),
        tidings: format!("{} at the first start, {} later", said(first), said(later)),
        ratio: String::new(),
        goal: format!("{goal} MB"),
        is_met: Some(in_megabytes(most) < goal),
        values: json!({ "first": values(first), "later": values(later) }),
    })
}

/// What Tidings does with the sample articles when nobody asks and nothing changes.
pub(crate) fn idle(
    name: &'static str,
    folder: &Path,
    bytes_goal: f64,
    cpu_goal: f64,
) -> Result<Row> {
    let entries = folder.join("sample");
    copy(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/entries")),
        &entries,
    )?;
    let server = Server::tidings(&folder.join("idle"), &entries, Cores::All)?;
    let process = server.process();
    server.settle()?;
    let memory = meter::memory(process)?;
    let (cpu, sleeps) = (Cpu::of(&[process])?, meter::sleeps(process)?);
    thread::sleep(IDLE);
    let nanoseconds = Cpu::of(&[process])?.since(&cpu);
    let wakes = meter::sleeps(process)?.saturating_sub(sleeps);
    let milliseconds = Duration::from_nanos(nanoseconds).as_secs_f64() * 1e3;
    let is_met = in_megabytes(memory.resident) < bytes_goal && milliseconds < cpu_goal;
    Ok(Row {
        name,
        what: "idle for a minute, the sample articles".to_owned(),
        other: String::new(),
        tidings: format!(
            "{}, {milliseconds:.1} ms CPU, woken {wakes} times",
            said(memory)
        ),
        ratio: String::new(),
        goal: format!("{bytes_goal} MB, {cpu_goal} ms, timers only"),
        is_met: Some(is_met),
        values: json!({
            "memory": values(memory),
            "cpu_milliseconds": milliseconds,
            "wakes": wakes,
        }),
    })
}

/// What is in memory, and how much of it is not the program's own text.
fn said(memory: Memory) -> String {
    let [all, anonymous] = [memory.resident, memory.anonymous].map(in_megabytes);
    format!("{all:.1} MB ({anonymous:.1} heap and stacks)")
}

fn values(memory: Memory) -> serde_json::Value {
    json!({ "resident": memory.resident, "anonymous": memory.anonymous })
}

/// Copies a folder with all that lies below it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for item in fs::read_dir(from)? {
        let path = item?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}
