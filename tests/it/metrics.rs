//! `/metrics`: that it counts what happens, exactly, and that nobody can fill it from outside.
//!
//! The official client library for Python reads the page, a foreign program, when `TIDINGS_TOOLS=required`;
//! `.ci/run` installs it.

#![expect(clippy::float_cmp, reason = "counts are whole numbers")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::support::{
    PATIENCE, Response, Setup, Tidings, bare, eventually, repository, request, run,
    tools_are_required,
};

/// All samples of the page, by name and labels.
struct Page(BTreeMap<String, f64>);

impl Page {
    fn of(tidings: &Tidings) -> Self {
        let answer = tidings.admin("/metrics", &[]);
        assert_eq!(answer.status, 200);
        let text = answer.text();
        assert!(text.ends_with("# EOF\n"), "{text}");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        });
        let count = samples.clone().count();
        let page: BTreeMap<String, f64> = samples.collect();
        assert_eq!(page.len(), count, "a series is there twice: {text}");
        Self(page)
    }

    /// What has come since, of the samples that begin so.
    fn since(&self, before: &Self, start: &str) -> BTreeMap<String, f64> {
        let new = self.0.iter().filter(|(name, _)| name.starts_with(start));
        let more = new.map(|(name, value)| {
            let before = before.0.get(name).copied().unwrap_or(0.0);
            (name[start.len()..].to_owned(), value - before)
        });
        more.filter(|(_, more)| *more != 0.0).collect()
    }

    fn get(&self, name: &str) -> f64 {
        let value = self.0.get(name);
        *value.unwrap_or_else(|| panic!("no {name}: {:#?}", self.0))
    }

    fn feeds(&self) -> BTreeSet<String> {
        let names = self.0.keys();
        let labels = names.filter_map(|name| name.split_once("{feed=\"")?.1.split_once('"'));
        labels.map(|(feed, _)| feed.to_owned()).collect()
    }
}

/// Waits until the first scan is over, so that what is dropped then is dropped into a published site.
fn start(setup: Setup) -> Tidings {
    let tidings = setup.start();
    eventually("it is ready", PATIENCE, || {
        (tidings.health().status == 200).then_some(())
    });
    tidings
}

fn article(title: &str) -> String {
    let mut text = format!("# {title}\n\n");
    for number in 0..200 {
        writeln!(text, "The lamp was lit on day {number} of the year.\n").unwrap();
    }
    text
}

fn length(answer: &Response) -> f64 {
    f64::from(u32::try_from(answer.body.len()).unwrap())
}

#[test]
fn requests_are_counted_by_what_was_asked_and_how_it_was_answered() {
    let tidings = start(Setup::new());
    tidings.drop_entry("one.md", &article("One"));
    tidings.has_titles(&["One"]);
    let before = Page::of(&tidings);
    let gzip = ("Accept-Encoding", "gzip");
    let whole = tidings.get("/rss.xml");
    let coded = tidings.get_with("/rss.xml", &[gzip]);
    let again = tidings.get_with("/rss.xml", &[gzip]);
    let tag = whole.header("etag").unwrap().to_owned();
    for _ in 0..3 {
        let answer = tidings.get_with("/rss.xml", &[gzip, ("If-None-Match", &tag)]);
        assert_eq!(answer.status, 304);
    }
    assert_eq!(
        request(tidings.address(), "HEAD", "/rss.xml", &[]).status,
        200
    );
    let page = tidings.get("/");
    assert_eq!(tidings.get("/nothing").status, 404);
    assert_eq!(request(tidings.address(), "POST", "/", &[]).status, 405);
    assert_eq!(tidings.get("/feed").status, 308);
    let after = Page::of(&tidings);
    let labels = |feed: &str, format: &str, status: u16, encoding: &str| {
        format!(
            "{{feed=\"{feed}\",format=\"{format}\",status=\"{status}\",encoding=\"{encoding}\"}}"
        )
    };
    let expected = BTreeMap::from([
        (labels("/", "rss", 200, "identity"), 1.0),
        (labels("/", "rss", 200, "gzip"), 2.0),
        (labels("/", "rss", 304, "none"), 3.0),
        (labels("/", "rss", 200, "none"), 1.0),
        (labels("none", "html", 200, "identity"), 1.0),
        (labels("none", "none", 404, "identity"), 1.0),
        (labels("none", "none", 405, "identity"), 1.0),
        (labels("none", "none", 308, "identity"), 1.0),
    ]);
    assert_eq!(
        after.since(&before, "tidings_http_requests_total"),
        expected
    );
    let sent = after.since(&before, "tidings_http_sent_bytes_total");
    let of = |format, encoding| match format {
        "rss" => sent[&format!("{{feed=\"/\",format=\"rss\",encoding=\"{encoding}\"}}")],
        _ => sent[&format!("{{feed=\"none\",format=\"{format}\",encoding=\"{encoding}\"}}")],
    };
    assert_eq!(of("rss", "identity"), length(&whole));
    assert_eq!(of("rss", "gzip"), length(&coded) + length(&again));
    assert_eq!(of("html", "identity"), length(&page));
    let saved = after.since(&before, "tidings_http_saved_bytes_total");
    let by = |how| saved[&format!("{{feed=\"/\",format=\"rss\",by=\"{how}\"}}")];
    assert_eq!(by("not_modified"), 3.0 * length(&again));
    let expected = 2.0 * length(&whole) - length(&coded) - length(&again);
    assert_eq!(by("encoding"), expected);
    // Each request had a connection of its own, and the page is asked for elsewhere.
    assert_eq!(
        after.get("tidings_http_connections_accepted_total")
            - before.get("tidings_http_connections_accepted_total"),
        11.0
    );
    eventually("nobody is connected", PATIENCE, || {
        (Page::of(&tidings).get("tidings_http_connections") == 0.0).then_some(())
    });
}

#[test]
fn a_delta_saves_what_it_leaves_out() {
    let tidings = start(Setup::new());
    tidings.drop_entry("one.md", &article("One"));
    tidings.has_titles(&["One"]);
    let wish = ("A-IM", "feed");
    let first = tidings.get_with("/atom.xml", &[wish]);
    tidings.drop_entry("two.md", "# Two\n\nText.\n");
    tidings.has_titles(&["One", "Two"]);
    let whole = tidings.get("/atom.xml");
    let before = Page::of(&tidings);
    let tag = first.header("etag").unwrap();
    let delta = tidings.get_with("/atom.xml", &[wish, ("If-None-Match", tag)]);
    assert_eq!(delta.status, 226);
    let after = Page::of(&tidings);
    let saved = after.since(&before, "tidings_http_saved_bytes_total");
    let expected = BTreeMap::from([(
        "{feed=\"/\",format=\"atom\",by=\"delta\"}".to_owned(),
        length(&whole) - length(&delta),
    )]);
    assert_eq!(saved, expected);
}

#[test]
fn what_is_dropped_is_measured_until_readers_have_it() {
    let tidings = start(Setup::new());
    let before = Page::of(&tidings);
    assert_eq!(before.get("tidings_publish_seconds_count"), 0.0);
    assert_eq!(before.get("tidings_entries_live"), 0.0);
    tidings.drop_entry("one.md", "# One\n\nRead: Nothing like this\n");
    tidings.has_titles(&["One"]);
    tidings.drop_entry("two.md", "# Two\n\nText.\n");
    tidings.has_titles(&["One", "Two"]);
    tidings.drop_entry("later.md", "---\ndate: 2999-01-01\n---\n# Later\n\nText.\n");
    tidings.drop_entry("wrong.md", "---\ntitle: [\n---\nText.\n");
    let page = eventually("all is counted", PATIENCE, || {
        let page = Page::of(&tidings);
        let is_there = page.get("tidings_files_rejected") == 1.0
            && page.get("tidings_entries_scheduled") == 1.0;
        is_there.then_some(page)
    });
    assert_eq!(page.get("tidings_entries_live"), 2.0);
    assert_eq!(page.get("tidings_reads_pending"), 1.0);
    assert_eq!(page.get("tidings_publications_total"), 2.0);
    assert_eq!(page.get("tidings_publish_seconds_count"), 2.0);
    let sum = page.get("tidings_publish_seconds_sum");
    assert!(sum > 0.0 && sum < 2.0 * PATIENCE.as_secs_f64(), "{sum}");
    assert_eq!(page.get("tidings_publish_seconds_bucket{le=\"+Inf\"}"), 2.0);
    // Two that are shown, and one that waits.
    assert!(page.get("tidings_ledger_commit_seconds_count") >= 3.0);
    assert_eq!(page.get("tidings_full_scans_total{reason=\"start\"}"), 1.0);
    assert!(page.get("tidings_ledger_size_bytes") > 4096.0);
    assert!(
        page.get("tidings_last_publication_timestamp_seconds")
            >= page.get("process_start_time_seconds")
    );
    assert_eq!(page.get("tidings_ready"), 1.0);
    // To withdraw is no drop.
    fs::remove_file(tidings.entries().join("two.md")).unwrap();
    tidings.has_titles(&["One"]);
    let page = Page::of(&tidings);
    assert_eq!(page.get("tidings_publications_total"), 3.0);
    assert_eq!(page.get("tidings_publish_seconds_count"), 2.0);
}

#[test]
fn what_readers_poll_is_made_before_they_ask() {
    const VERSIONS: u8 = 10;
    let tidings = start(Setup::new());
    let publish = |number: u8| {
        let title = format!("Number {number}");
        tidings.drop_entry(&format!("{number}.md"), &article(&title));
        eventually("it is out", PATIENCE, || {
            let feed = tidings.get("/rss.xml");
            feed.text().contains(&title).then_some(())
        });
    };
    publish(0);
    let misses = || Page::of(&tidings).get("tidings_document_cache_misses_total");
    let before = misses();
    (1..=VERSIONS).for_each(publish);
    // Whoever came sooner than the maker ahead made it himself.
    let made = misses() - before;
    assert!(made < f64::from(VERSIONS), "{made} had to be waited for");
}

#[test]
fn nobody_makes_up_labels() {
    let tidings = start(Setup::new());
    let text = "---\ntags: [Harbour, Bridge]\n---\n# One\n\nText.\n";
    tidings.drop_entry("one.md", text);
    tidings.has_titles(&["One"]);
    let paths = [
        "/nothing",
        "/tags/nothing/rss.xml",
        "/tags/harbour/../bridge/rss.xml",
        "/tags/%22,feed=%22x/rss.xml",
        "/tags/harbour%0Atidings_x%201/rss.xml",
        "/rss.xml?feed=made-up",
        "/archive/99/rss.xml",
        "/..%2f..%2fetc/passwd",
        "/%",
    ];
    for path in paths {
        tidings.get(path);
    }
    // Mixes and threads are feeds, but as many as one likes.
    for path in [
        "/tags/bridge+harbour/rss.xml",
        "/tags/bridge,harbour/rss.xml",
        "/entries/one/related/rss.xml",
    ] {
        assert_eq!(tidings.get(path).status, 200, "{path}");
    }
    assert_eq!(tidings.get("/tags/harbour/rss.xml").status, 200);
    let page = Page::of(&tidings);
    let expected = ["/", "/tags/harbour/", "none", "other"];
    assert_eq!(page.feeds(), expected.map(ToOwned::to_owned).into());
    let other = "tidings_http_requests_total{feed=\"other\",format=\"rss\",status=\"200\",\
                 encoding=\"identity\"}";
    assert_eq!(page.get(other), 3.0);
    assert!(page.0.keys().all(|name| !name.starts_with("tidings_x")));
}

#[test]
fn only_the_publisher_reads_it_and_chooses_the_format() {
    let tidings = start(Setup::new());
    assert_eq!(tidings.get("/metrics").status, 404, "readers have none");
    let answer = tidings.admin("/metrics", &[]);
    let open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.header("content-type"), Some(open));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.6,\
                      application/openmetrics-text;version=0.0.1;q=0.5,\
                      text/plain;version=0.0.4;q=0.4,*/*;q=0.2";
    let plain = "text/plain; version=0.0.4; charset=utf-8";
    for (accept, expected) in [
        (prometheus, open),
        ("*/*", open),
        ("text/plain;version=0.0.4", plain),
        (
            "text/html,application/xhtml+xml,text/*;q=0.9,*/*;q=0.8",
            plain,
        ),
    ] {
        let answer = tidings.admin("/metrics", &[("Accept", accept)]);
        assert_eq!(answer.header("content-type"), Some(expected), "{accept}");
    }
    let answer = tidings.admin("/metrics", &[("Accept", "text/plain")]);
    assert!(!answer.text().contains("# EOF"));
    assert!(
        answer
            .text()
            .contains("\n# TYPE tidings_build_info gauge\n")
    );
    let admin = tidings.admin_address();
    assert_eq!(request(admin, "POST", "/metrics", &[]).status, 405);
    let host = ("Host", "rebound.example");
    assert_ne!(request(admin, "GET", "/metrics", &[host]).status, 200);
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_is_told_of() {
    let tidings = start(Setup::new());
    let page = Page::of(&tidings);
    assert!(page.get("process_resident_memory_bytes") > 1e6);
    assert!(page.get("process_virtual_memory_bytes") > page.get("process_resident_memory_bytes"));
    assert!(page.get("process_open_fds") > 5.0);
    assert!(page.get("process_max_fds") > page.get("process_open_fds"));
    assert!(page.get("process_cpu_seconds_total") > 0.0);
    let age = jiff::Timestamp::now().as_second();
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let age = age as f64 - page.get("process_start_time_seconds");
    assert!((-1.0..PATIENCE.as_secs_f64()).contains(&age), "{age}");
}

/// What the library says of each page: how many families, or what is wrong.
#[test]
fn the_official_client_reads_it() {
    if !tools_are_required() {
        eprintln!("skipped: Python is a foreign program; TIDINGS_TOOLS=required runs it");
        return;
    }
    let tidings = start(Setup::new().with_sample_entries());
    for path in ["/rss.xml", "/", "/nothing", "/tags/bridge+harbour/rss.xml"] {
        tidings.get(path);
    }
    tidings.drop_entry("new.md", "# New\n\nText.\n");
    eventually("it is out", PATIENCE, || {
        let titles = tidings.titles();
        titles.iter().any(|(title, _)| title == "New").then_some(())
    });
    let python = std::env::var_os("TIDINGS_PYTHON").unwrap_or_else(|| "python3".into());
    for (accept, name) in [
        ("application/openmetrics-text", "open"),
        ("text/plain", "plain"),
    ] {
        let page = tidings.folder().join(name);
        let answer = tidings.admin("/metrics", &[("Accept", accept)]);
        fs::write(&page, &answer.body).unwrap();
        let mut command: Command = bare(&python, tidings.folder());
        let glue = repository().join("tests/it/readers/parse_metrics.py");
        let said = run(
            command.arg(glue).arg(name).arg(page),
            Duration::from_mins(1),
        );
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        let value = |sample: &str| said[sample].as_f64().unwrap();
        assert_eq!(value("tidings_publications_total"), 1.0, "{said}");
        assert_eq!(value("tidings_publish_seconds_count"), 1.0, "{said}");
        assert_eq!(value("tidings_build_info"), 1.0, "{said}");
        assert!(value("tidings_http_requests_total") >= 4.0, "{said}");
    }
}
