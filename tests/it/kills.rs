//! `kill -9` at any moment, under a storm of edits: what was shown once is the same for ever.
//!
//! The program is killed and started again, round after round, while its folder changes all the time
//! and a reader asks all the time. The seed is printed; `TIDINGS_SEED` repeats it (not the very
//! moments, which the machine has a say in).

mod storm;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use jiff::Timestamp;
use rustix::process::{Signal, kill_process};

use crate::support::{PATIENCE, Response, Setup, Tidings, eventually};
use storm::Storm;

/// How soon after a start the first answer has to come, on a machine that has time.
const START: Duration = Duration::from_secs(1);

/// One life in so many is long enough for a second look at files that changed before it.
const LONG_LIFE_EVERY: u32 = 10;

/// One start in so many is killed before it gets anywhere.
const STILLBIRTH_EVERY: u32 = 5;

#[test]
fn killed_fifty_times_in_a_storm() {
    survive(50);
}

/// `cargo test --test it killed_a_thousand_times -- --ignored --nocapture`
#[test]
#[ignore = "takes thirteen minutes"]
fn killed_a_thousand_times_in_a_storm() {
    survive(1000);
}

fn survive(rounds: u32) {
    let seed = std::env::var("TIDINGS_SEED").map_or_else(
        |_| fastrand::u64(..),
        |seed| seed.parse().expect("TIDINGS_SEED is a number"),
    );
    eprintln!("TIDINGS_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let mut tidings = Setup::new()
        .with("settle", "\"150ms\"")
        .with_tables("[feeds]\nlimit = 1000\n")
        .start();
    let storm = Storm::over(&tidings.entries(), &tidings.folder().join("outside"));
    let is_over = AtomicBool::new(false);
    let mut reader = Reader::new(&storm);
    let mut starts = Vec::new();
    thread::scope(|scope| {
        // Also when a test fails, the storm has to end.
        let _over = OnDrop(|| is_over.store(true, Ordering::Relaxed));
        let mut wind = rng.fork();
        let (storm, is_over) = (&storm, &is_over);
        scope.spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                storm.blow(&mut wind);
                thread::sleep(Duration::from_micros(wind.u64(..6000)));
            }
        });
        for round in 1..=rounds {
            reader.watch_a_life(&tidings, life(round, &mut rng));
            tidings.kill();
            storm.note_for_all(&format!("killed, round {round}"));
            thread::sleep(Duration::from_millis(rng.u64(..60)));
            if rng.u32(..STILLBIRTH_EVERY) == 0 {
                tidings.die_at_start(Duration::from_millis(rng.u64(..60)));
            }
            let start = Instant::now();
            tidings.start_again();
            reader.first_answer(&tidings);
            starts.push(start.elapsed());
            storm.note_for_all("started");
        }
    });
    reader.settles(&tidings);
    tidings.restart();
    reader.first_answer(&tidings);
    reader.settles(&tidings);
    starts.sort_unstable();
    let median = starts[starts.len() / 2];
    eprintln!(
        "{rounds} rounds: {} documents read, {} entries known, {} versions seen, first answers after {median:.0?} (median), {:.0?} (worst)",
        reader.documents,
        reader.ids.len(),
        reader.versions,
        starts.last().unwrap(),
    );
    assert!(
        median < START,
        "half of the starts took more than {median:?}"
    );
}

fn life(round: u32, rng: &mut Rng) -> Duration {
    Duration::from_millis(if round.is_multiple_of(LONG_LIFE_EVERY) {
        rng.u64(2200..2800)
    } else {
        rng.u64(100..600)
    })
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// An entry in a document.
struct Shown {
    number: usize,
    version: u64,
    id: String,
    published: Timestamp,
}

/// One that reads the feed all the time, and remembers.
struct Reader<'a> {
    storm: &'a Storm,
    /// Of each entry, the id and the date that it was shown with first.
    ids: BTreeMap<usize, (String, Timestamp)>,
    holders: HashMap<String, usize>,
    documents: u32,
    versions: u32,
}

type Read = fn(&Response) -> Vec<Shown>;

const DOCUMENTS: [(&str, Read); 4] = [
    ("/feed.json", json),
    ("/atom.xml", atom),
    ("/feed.json", json),
    ("/rss.xml", rss),
];

impl<'a> Reader<'a> {
    fn new(storm: &'a Storm) -> Self {
        Self {
            storm,
            ids: BTreeMap::new(),
            holders: HashMap::new(),
            documents: 0,
            versions: 0,
        }
    }

    /// Reads on until the program has lived as long as it may, and is killed.
    fn watch_a_life(&mut self, tidings: &Tidings, life: Duration) {
        let is_dead = AtomicBool::new(false);
        let process = tidings.process();
        thread::scope(|scope| {
            let is_dead = &is_dead;
            scope.spawn(move || {
                thread::sleep(life);
                is_dead.store(true, Ordering::SeqCst);
                kill_process(process, Signal::KILL).unwrap();
            });
            for (path, read) in DOCUMENTS.iter().cycle() {
                let steady = self.storm.steady();
                let answer = tidings.get_in_danger(path);
                let Some(answer) = answer else {
                    assert!(
                        is_dead.load(Ordering::SeqCst),
                        "half an answer from a living program"
                    );
                    return;
                };
                self.judge(path, &answer, *read, &steady);
                if is_dead.load(Ordering::SeqCst) {
                    return;
                }
                thread::sleep(Duration::from_millis(5));
            }
        });
    }

    /// The first answer after a start: what was shown before is there at once.
    fn first_answer(&mut self, tidings: &Tidings) {
        let steady = self.storm.steady();
        let answer = tidings.get("/feed.json");
        if !self.ids.is_empty() {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        self.judge("the first answer", &answer, json, &steady);
    }

    /// Checks one answer. `steady` are the entries that had to be published when it was asked for.
    fn judge(
        &mut self,
        what: &str,
        answer: &Response,
        read: Read,
        steady: &BTreeMap<usize, u64>,
    ) -> BTreeMap<usize, u64> {
        if answer.status == 503 && self.ids.is_empty() {
            return BTreeMap::new();
        }
        assert_eq!(answer.status, 200, "{what}: {answer:?}");
        self.documents += 1;
        let mut versions = BTreeMap::new();
        for shown in read(answer) {
            let Shown {
                number,
                version,
                id,
                published,
            } = shown;
            let story = || format!("{what}, entry {number}:\n{}", self.storm.history(number));
            let twice = versions.insert(number, version);
            assert_eq!(twice, None, "shown twice: {}", story());
            if let Err(reason) = self.storm.sight(number, version) {
                panic!("{reason}: {}", story());
            }
            let holder = *self.holders.entry(id.clone()).or_insert(number);
            assert_eq!(
                holder,
                number,
                "one id, two entries: {}\nand {holder}:\n{}",
                story(),
                self.storm.history(holder)
            );
            let story = story();
            let first = (id, published);
            let known = self.ids.entry(number).or_insert_with(|| first.clone());
            assert_eq!(*known, first, "another id or date: {story}");
        }
        let still = self.storm.steady();
        for (number, departures) in steady {
            let must_be_there = still.get(number) == Some(departures);
            assert!(
                !must_be_there || versions.contains_key(number),
                "lost: {what}, entry {number}:\n{}",
                self.storm.history(*number)
            );
        }
        self.versions += u32::try_from(versions.len()).unwrap();
        versions
    }

    /// After the storm: just what is in the folder is in the feed.
    fn settles(&mut self, tidings: &Tidings) {
        let live = self.storm.live();
        eventually("the feed is what the folder is", PATIENCE, || {
            let steady = self.storm.steady();
            let answer = tidings.get("/feed.json");
            (self.judge("after the storm", &answer, json, &steady) == live).then_some(())
        });
    }
}

/// Takes number and version from a title, and checks that the text of the same version is all there.
fn shown(title: &str, html: &str, id: &str, published: Timestamp) -> Shown {
    let numbers = title
        .strip_prefix("Entry ")
        .and_then(|rest| rest.split_once(" version "))
        .and_then(|(number, version)| Some((number.parse().ok()?, version.parse().ok()?)));
    let (number, version): (usize, u64) = numbers.unwrap_or_else(|| panic!("{title:?}"));
    let html = html.trim();
    let [first, last] = ["begin", "end"].map(|mark| format!("<p>{mark} {number}.{version}</p>"));
    assert!(
        html.starts_with(&first) && html.ends_with(&last),
        "half of {title} is shown: {html}"
    );
    Shown {
        number,
        version,
        id: id.to_owned(),
        published,
    }
}

fn json(answer: &Response) -> Vec<Shown> {
    let feed: serde_json::Value = serde_json::from_slice(&answer.body).expect("well-formed JSON");
    let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap().to_owned();
    let items = feed["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            shown(
                &text(item, "title"),
                &text(item, "content_html"),
                &text(item, "id"),
                text(item, "date_published").parse().unwrap(),
            )
        })
        .collect()
}

fn atom(answer: &Response) -> Vec<Shown> {
    entries(answer, "entry", |text| {
        let published = text("published").parse().unwrap();
        shown(&text("title"), &text("content"), &text("id"), published)
    })
}

fn rss(answer: &Response) -> Vec<Shown> {
    entries(answer, "item", |text| {
        let published = jiff::fmt::rfc2822::parse(&text("pubDate")).unwrap();
        let (title, id) = (text("title"), text("guid"));
        shown(&title, &text("encoded"), &id, published.timestamp())
    })
}

/// The elements called `name`, read by a function that is told how to ask for a child's text.
fn entries(
    answer: &Response,
    name: &str,
    read: impl Fn(&dyn Fn(&str) -> String) -> Shown,
) -> Vec<Shown> {
    let document = roxmltree::Document::parse(answer.text()).expect("well-formed XML");
    let elements = document.descendants();
    elements
        .filter(|element| element.tag_name().name() == name)
        .map(|element| {
            read(&|child: &str| {
                let child = element
                    .children()
                    .find(|node| node.tag_name().name() == child)
                    .unwrap_or_else(|| panic!("no {child} in {name}"));
                child.text().unwrap_or_default().to_owned()
            })
        })
        .collect()
}
