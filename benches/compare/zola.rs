//! Zola over the same articles. No registry has it: it is measured where `ZOLA` names a program.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::bench::{Bench, bar, milliseconds, ms, spread};
use crate::corpus::Article;
use crate::plot::Plot;
use crate::report::Row;
use crate::starts;
use crate::statistics::median;

/// What names the program.
pub(crate) const PROGRAM: &str = "ZOLA";

const CONFIG: &str = r#"base_url = "https://news.example.org"
title = "Tidings"
generate_sitemap = false
generate_robots_txt = false
generate_feeds = true
feed_filenames = ["rss.xml"]
feed_limit = 50
taxonomies = [{ name = "tags", feed = true }, { name = "authors", feed = true }]
"#;

const PAGE: &str = r#"<!doctype html>
<html lang="en"><title>{{ page.title }}</title><h1>{{ page.title }}</h1>{{ page.content | safe }}</html>
"#;

const LIST: &str = r#"<!doctype html>
<html lang="en"><title>Tidings</title></html>
"#;

/// From nothing to feeds and pages: written by Zola, and the feeds answered by Tidings.
pub(crate) fn build(bench: &mut Bench, name: &'static str) -> Result<Row> {
    let what = bench.what("from nothing to feeds and pages");
    let Some(program) = std::env::var_os(PROGRAM) else {
        return Ok(Row::not_measured(
            name,
            &what,
            &format!("{PROGRAM} names no program"),
        ));
    };
    let folder = bench.folder.join("zola");
    let content = folder.join("content");
    bench.corpus.write(&content, Article::with_toml, || ())?;
    fs::create_dir_all(folder.join("templates"))?;
    fs::write(folder.join("config.toml"), CONFIG)?;
    for (template, text) in [
        ("page", PAGE),
        ("index", LIST),
        ("section", LIST),
        ("taxonomy_list", LIST),
        ("taxonomy_single", LIST),
    ] {
        let file = folder.join("templates").join(template);
        fs::write(file.with_extension("html"), text)?;
    }
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    let bar = bar(name, bench.repeats());
    for _ in 0..bench.repeats() {
        let start = Instant::now();
        let mut zola = Command::new(&program);
        zola.arg("--root").arg(&folder).args(["build", "--force"]);
        let status = zola.stdout(Stdio::null()).status()?;
        theirs.push(milliseconds(start.elapsed()));
        ensure!(status.success(), "zola: {status}");
        has_items(&folder.join("public/rss.xml"))?;
        ours.push(milliseconds(bench.start_anew()?.ready));
        bar.inc(1);
    }
    bar.finish_and_clear();
    bench.start()?.settle()?;
    fs::remove_dir_all(&folder)?;
    let [other, tidings] = [&theirs, &ours].map(|times| median(times.clone()));
    bench.note(Plot::Builds, "Zola, feeds and pages", other);
    Ok(Row {
        name,
        what,
        other: format!("Zola {}", ms(other)),
        tidings: ms(tidings),
        ratio: spread(starts::ratios(&theirs, &ours)),
        goal: String::new(),
        is_met: None,
        values: json!({ "zola": theirs, "tidings": ours }),
    })
}

fn has_items(feed: &Path) -> Result<()> {
    let items = fs::read_to_string(feed)?.matches("<item>").count();
    ensure!(items == 50, "zola has written {items} items, not 50");
    Ok(())
}
