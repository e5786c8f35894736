//! Does it run for years? Edits, readers and other settings all the time, and nothing grows.
//!
//! A minute of it is part of CI; for as long as you like, in seconds:
//!
//! ```sh
//! TIDINGS_SOAK=3600 cargo test --release --test it soak:: -- --ignored --nocapture
//! ```
//!
//! In the first third of the time caches are filled. From then on the most memory and the most open files
//! of the second and of the last third are compared.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Kept, PATIENCE, Setup, Tidings, eventually};

/// Articles in the folder.
const ARTICLES: usize = 200;

/// Edits, and requests, in a second.
const EDITS: u32 = 10;
const REQUESTS: u32 = 200;

/// Readers who share the requests: half of them keep their connection, half come anew each time.
const READERS: u32 = 4;

/// Time between two reloads.
const RELOADS: Duration = Duration::from_secs(10);

/// How much more memory the last third may take than the one before, in kB: a few pages of the allocator.
const SLACK: u64 = 2048;

/// How many more files it may have open: who comes and goes is counted at any moment.
const FILES: usize = 8;

/// What the program holds at one moment.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// Resident memory, in kB.
    memory: u64,
    files: usize,
}

impl Sample {
    fn of(tidings: &Tidings) -> Self {
        let process = format!("/proc/{}", tidings.process().as_raw_nonzero());
        let status = fs::read_to_string(format!("{process}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = line
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        let files = fs::read_dir(format!("{process}/fd")).unwrap().count();
        Self { memory, files }
    }

    /// The most of each.
    fn most(samples: &[Self]) -> Self {
        Self {
            memory: samples.iter().map(|it| it.memory).max().unwrap(),
            files: samples.iter().map(|it| it.files).max().unwrap(),
        }
    }
}

fn article(number: usize, version: usize) -> String {
    let other = (number + 1) % ARTICLES;
    format!(
        "---\ntags: [tag-{}]\n---\n# Article {number}\n\nVersion {version}. {}\n\nRead: Article {other}\n",
        number % 7,
        "It had been dark since the storm in March. ".repeat(20)
    )
}

fn settings(number: u64) -> String {
    format!(
        "base_url = \"https://news.example.org/\"\nlisten = \"127.0.0.1:0\"\n\
         admin_listen = \"127.0.0.1:0\"\ntimezone = \"UTC\"\n[site]\ntitle = \"Title {}\"\n\
         [feeds]\nlimit = {}\n[limits]\ndocument_cache = \"4MiB\"\nconnections = {}\n",
        number % 3,
        20 + number % 5,
        256 + number % 7
    )
}

/// Asks at a steady pace until `stop`, mostly as readers do: with the tag of what they have.
fn read(address: SocketAddr, number: u32, stop: &AtomicBool, answers: &AtomicUsize) {
    let paths = [
        "/rss.xml",
        "/atom.xml",
        "/feed.json",
        "/tags/tag-3/rss.xml",
        "/",
        "/entries/article-7",
        "/feeds.opml",
    ];
    let pace = Duration::from_secs(1) * READERS / REQUESTS;
    let mut tags: HashMap<&str, String> = HashMap::new();
    let mut kept = Kept::to(address);
    let mut next = Instant::now();
    for (count, path) in (0_usize..).zip(paths.iter().cycle()) {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let tag = tags.get(path).filter(|_| count % 5 != 0);
        let conditions = tag.map_or_else(String::new, |tag| format!("If-None-Match: {tag}\r\n"));
        let fields = format!("Accept-Encoding: gzip\r\n{conditions}");
        let answer = kept.ask_with(path, &fields).expect("no request fails");
        assert!(
            matches!(answer.status, 200 | 304),
            "{path}: {}",
            answer.status
        );
        if let Some(tag) = answer.tag {
            tags.insert(path, tag);
        }
        if number.is_multiple_of(2) || !answer.stays {
            kept = Kept::to(address);
        }
        answers.fetch_add(1, Ordering::Relaxed);
        next += pace;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

#[test]
#[ignore = "takes a minute or, by TIDINGS_SOAK, as long as you like"]
fn nothing_grows() {
    let seconds = std::env::var("TIDINGS_SOAK").map_or(60, |text| text.parse().unwrap());
    let setup = Setup::new();
    for number in 0..ARTICLES {
        let path = setup.entries().join(format!("article-{number}.md"));
        fs::write(path, article(number, 0)).unwrap();
    }
    let setup = setup.with_only_tables("[limits]\ndocument_cache = \"4MiB\"\n");
    let mut tidings = setup.start();
    eventually("all are out", PATIENCE, || {
        (tidings.get("/entries/article-7").status == 200).then_some(())
    });
    let (stop, answers) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let address = tidings.address();
    let readers = (0..READERS).map(|number| {
        let (stop, answers) = (Arc::clone(&stop), Arc::clone(&answers));
        thread::spawn(move || read(address, number, &stop, &answers))
    });
    let readers: Vec<_> = readers.collect();

    let start = Instant::now();
    let whole = Duration::from_secs(seconds);
    let (mut samples, mut reloads, mut edits) = (Vec::new(), 0, 0);
    while start.elapsed() < whole {
        let (number, version) = (edits * 13 % ARTICLES, edits);
        let entry = tidings.entries().join(format!("article-{number}.md"));
        let beside = tidings.entries().join(".beside");
        fs::write(&beside, article(number, version)).unwrap();
        fs::rename(beside, entry).unwrap();
        edits += 1;
        if start.elapsed() > RELOADS * (reloads + 1) {
            reloads += 1;
            let file = tidings.folder().join("tidings.toml");
            let beside = tidings.folder().join("tidings.toml~");
            fs::write(&beside, settings(reloads.into())).unwrap();
            fs::rename(beside, file).unwrap();
        }
        if edits % EDITS as usize == 0 {
            samples.push(Sample::of(&tidings));
        }
        let next = Duration::from_secs(1) / EDITS * u32::try_from(edits).unwrap();
        thread::sleep(next.saturating_sub(start.elapsed()));
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }
    let third = samples.len() / 3;
    let middle = Sample::most(&samples[third..2 * third]);
    let last = Sample::most(&samples[2 * third..]);
    let answers = answers.load(Ordering::Relaxed);
    eprintln!(
        "{seconds} s, {edits} edits, {answers} answers, {reloads} reloads: from {:?} by {middle:?} to {last:?}",
        samples[0]
    );
    assert!(
        last.memory <= middle.memory + SLACK,
        "memory grows: {samples:?}"
    );
    assert!(
        last.files <= middle.files + FILES,
        "open files grow: {samples:?}"
    );
    let reached = (REQUESTS as usize / 2) * usize::try_from(seconds).unwrap();
    assert!(answers > reached, "there was no load: {answers}");

    // All of it has arrived, and nothing was amiss.
    let number = (edits - 1) * 13 % ARTICLES;
    eventually("the last edit is out", PATIENCE, || {
        let page = tidings.get(&format!("/entries/article-{number}"));
        page.text()
            .contains(&format!("Version {}.", edits - 1))
            .then_some(())
    });
    assert_eq!(tidings.health().status, 200);
    let log = tidings.log();
    let taken = log.matches("the settings were read anew").count();
    assert_eq!(u32::try_from(taken), Ok(reloads));
    for word in ["ERROR", "WARN"] {
        let told: Vec<&str> = log.lines().filter(|line| line.contains(word)).collect();
        assert!(told.is_empty(), "{told:?}");
    }
    assert!(tidings.stop().success());
}
