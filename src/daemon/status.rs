//! How the daemon is, for its publisher: what is live and what is to come, what is not published and why, who reads.
//!
//! It is put together when somebody asks, from what others keep anyway: the snapshot that readers see, the troubles,
//! the counts. Nobody waits for it. A list has [`SHOWN`] items at the most, and says how many there are; only these
//! many files are read again, for the lines that are shown of them.

mod facts;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::warn;
use uuid::Uuid;

use super::clock;
use super::figures::Figures;
use super::health::{Health, Reason, Told};
use super::journal::{Journal, Publication};
use super::readers::Readers;
use crate::audience::Audience;
use crate::catalogue::{Record, Resolved, Standing};
use crate::config::Config;
use crate::entry::parse::{Labels, locate};
use crate::entry::{Excerpt, FolderPath, Problem, Reference, Text};
use crate::feed::FeedKey;
use crate::folder::scan::{Folder, Look};
use crate::http::Observer;
use crate::http::admin::{Page, Pages, Written};
use crate::page;
use crate::site::{Site, View};
use facts::{Kept, List, Live, Pending, Published, Rejected, Scheduled, Status, Trouble, WhoReads};

/// How many items a list has at the most.
const SHOWN: usize = 50;

/// In which form the status is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Lines for people at a terminal.
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "only over a Unix socket can anybody ask")
    )]
    Text,
    /// A page for people.
    Html,
    /// For programs.
    Json,
}

/// Tells how the daemon is.
#[cfg(unix)]
pub(super) type Telling = Arc<dyn Fn(Wanted) -> io::Result<String> + Send + Sync>;

/// All that the status is put together from.
pub(super) struct Desk {
    shown: Arc<ArcSwapOption<Site>>,
    health: Arc<Health>,
    journal: Arc<Journal>,
    audience: Arc<Audience>,
    /// How files are read, and times shown, under the settings of now.
    reading: ArcSwap<Reading>,
    /// One at a time: whoever asks often makes only those wait who ask, too.
    turn: Mutex<()>,
}

struct Reading {
    folder: Folder,
    labels: Labels,
    zone: TimeZone,
}

impl Reading {
    fn new(config: &Config, folder: &Folder) -> Self {
        Self {
            folder: folder.clone(),
            labels: Labels::new(&config.related.labels),
            zone: config.timezone.clone(),
        }
    }
}

impl Desk {
    /// With all that it asks.
    pub(super) fn new(
        config: &Config,
        folder: &Folder,
        shown: &Arc<ArcSwapOption<Site>>,
        health: &Arc<Health>,
        journal: &Arc<Journal>,
    ) -> Self {
        // Two of them, for the version and the variant are no secret.
        let salts = || Uuid::new_v4().as_u128() ^ Uuid::new_v4().as_u128().rotate_left(64);
        Self {
            shown: Arc::clone(shown),
            health: Arc::clone(health),
            journal: Arc::clone(journal),
            audience: Arc::new(Audience::new(journal.started, salts)),
            reading: ArcSwap::from_pointee(Reading::new(config, folder)),
            turn: Mutex::new(()),
        }
    }

    /// Reads as other settings say from now on.
    pub(super) fn follow(&self, config: &Config, folder: &Folder) {
        self.reading.store(Arc::new(Reading::new(config, folder)));
    }

    /// Who is to be told of each answer to a reader.
    pub(super) fn observers(&self) -> Vec<Arc<dyn Observer>> {
        let reading = Readers::new(Arc::clone(&self.audience));
        vec![Arc::clone(&self.journal.metrics) as _, Arc::new(reading)]
    }

    /// Its pages for the admin listener, and the one with `figures`.
    pub(super) fn pages(self: &Arc<Self>, figures: Figures) -> Pages {
        let page = |wanted| -> Arc<dyn Page> {
            let desk = Arc::clone(self);
            Arc::new(StatusPage { desk, wanted })
        };
        vec![
            ("/metrics", Arc::new(figures)),
            ("/status", page(Wanted::Html)),
            ("/status.json", page(Wanted::Json)),
            ("/status.css", Arc::new(Style)),
        ]
    }

    /// What tells how the daemon is, for whoever needs no more of it.
    #[cfg(unix)]
    pub(super) fn telling(self: Arc<Self>) -> Telling {
        Arc::new(move |wanted| self.written(wanted))
    }

    /// How the daemon is now, in this form.
    pub(super) fn written(&self, wanted: Wanted) -> io::Result<String> {
        let status = self.status();
        match wanted {
            Wanted::Text => {
                page::status::text(&status, &self.reading.load().zone).map_err(io::Error::other)
            }
            Wanted::Html => {
                page::status::html(&status, &self.reading.load().zone).map_err(io::Error::other)
            }
            Wanted::Json => Ok(serde_json::to_string_pretty(&status)? + "\n"),
        }
    }

    /// How the daemon is now. It reads files, and goes through all entries.
    fn status(&self) -> Status {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        let site = self.shown.load_full();
        let site = site.as_deref();
        let troubles = self.health.wrong().into_iter();
        let troubles = troubles.map(|(reason, since)| Trouble {
            reason: Text::one_line(&reason),
            since,
        });
        let entries = site.map(Entries::of).unwrap_or_default();
        Status {
            version: env!("CARGO_PKG_VERSION"),
            since: self.journal.started,
            now,
            title: site.map_or_else(|| Text::new(""), |site| site.settings().title.clone()),
            base_url: site.map_or_else(String::new, |site| site.settings().base.to_string()),
            is_serving: site.is_some(),
            troubles: troubles.collect(),
            rejected: self.rejected(),
            pending: self.pending(&entries),
            scheduled: scheduled(&entries),
            publications: self.publications(),
            live: site.map_or(List::nothing(), live),
            ledger: Kept {
                entries: entries.known,
                withdrawn: entries.withdrawn,
            },
            audience: self.readers(now),
        }
    }

    fn readers(&self, now: Timestamp) -> WhoReads {
        let mut report = self.audience.report(now);
        let total = report.feeds.len();
        report.feeds.truncate(SHOWN);
        WhoReads { total, report }
    }

    fn publications(&self) -> List<Published> {
        let publications = self.journal.publications();
        let first = publications
            .iter()
            .take(SHOWN)
            .map(|it: &Publication| Published {
                moment: it.moment,
                milliseconds: u64::try_from(it.took.as_millis()).unwrap_or(u64::MAX),
                new: it.new,
                edited: it.edited,
                withdrawn: it.withdrawn,
                titles: it.titles.clone(),
            });
        List {
            total: publications.len(),
            first: first.collect(),
        }
    }

    fn rejected(&self) -> List<Rejected> {
        let (first, total) = self.health.unpublished(SHOWN);
        let told = first.len();
        // What nobody has looked at since it went is not there all the same.
        let first = first.into_iter().filter(|(place, _)| self.is_there(place));
        let first: Vec<Rejected> = first
            .map(|(place, told)| self.rejection(&place, &told))
            .collect();
        List {
            total: total - (told - first.len()),
            first,
        }
    }

    fn is_there(&self, place: &str) -> bool {
        let path = FolderPath::new(place);
        path.is_none_or(|path| !matches!(self.reading.load().folder.look(&path), Ok(Look::Nothing)))
    }

    fn rejection(&self, place: &str, told: &Told) -> Rejected {
        let (problem, reason) = match &told.reason {
            Reason::Problem(problem) => (Some(problem), &problem.message),
            Reason::Other(reason) | Reason::Hidden(reason) => (None, reason),
        };
        Rejected {
            file: Text::one_line(place),
            line: problem.map(|it| it.line),
            column: problem.map(|it| it.column),
            reason: Text::one_line(reason),
            source: problem.and_then(|problem| self.excerpt(place, problem)),
            since: told.since,
        }
    }

    /// The line that is meant. The file may have been changed a moment ago; then it is told anew soon.
    fn excerpt(&self, place: &str, problem: &Problem) -> Option<Excerpt> {
        let (bytes, _) = self
            .reading
            .load()
            .folder
            .read(&FolderPath::new(place)?)
            .ok()?;
        let source = Text::clean(&String::from_utf8_lossy(&bytes));
        Excerpt::of(&source, problem.line, problem.column)
    }

    fn pending(&self, entries: &Entries<'_>) -> List<Pending> {
        let mut records = entries.pending.clone();
        records.sort_by(|one, other| one.entry.path.cmp(&other.entry.path));
        let records = records.into_iter();
        let lines =
            records.flat_map(|record| pending_lines(record).map(move |text| (record, text)));
        let mut source: Option<(&FolderPath, Vec<u8>)> = None;
        let first = lines.take(SHOWN).map(|(record, text)| {
            let path = &record.entry.path;
            if source.as_ref().is_none_or(|(known, _)| *known != path) {
                let read = self.reading.load().folder.read(path);
                source = Some((path, read.map(|(bytes, _)| bytes).unwrap_or_default()));
            }
            let bytes = source.as_ref().map_or(&[][..], |(_, bytes)| bytes);
            Pending {
                file: Text::one_line(path.as_str()),
                line: locate(bytes, text.as_str(), &self.reading.load().labels)
                    .map(|(line, _)| line),
                text: Text::one_line(text.as_str()),
            }
        });
        List {
            first: first.collect(),
            total: entries.pending_lines,
        }
    }
}

/// The page may show its own style sheet, and nothing on it may do anything.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The status at the admin listener.
struct StatusPage {
    desk: Arc<Desk>,
    wanted: Wanted,
}

impl Page for StatusPage {
    fn write(&self, _: &str) -> Written {
        let written = self.desk.written(self.wanted);
        let written = written.inspect_err(|error| warn!(%error, "the status can't be written"));
        let (content_type, policy) = match self.wanted {
            Wanted::Html => ("text/html; charset=utf-8", Some(POLICY)),
            Wanted::Json => ("application/json", None),
            Wanted::Text => ("text/plain; charset=utf-8", None),
        };
        Written {
            content_type,
            body: written.unwrap_or_default().into(),
            policy,
        }
    }
}

/// Its style sheet.
struct Style;

impl Page for Style {
    fn write(&self, _: &str) -> Written {
        Written {
            content_type: "text/css; charset=utf-8",
            body: page::status::STYLE.into(),
            policy: None,
        }
    }
}

/// What one pass over all entries finds.
#[derive(Default)]
struct Entries<'a> {
    known: usize,
    withdrawn: usize,
    scheduled: Vec<(Timestamp, &'a Record)>,
    /// Those with lines that lead nowhere.
    pending: Vec<&'a Record>,
    pending_lines: usize,
}

impl<'a> Entries<'a> {
    fn of(site: &'a Site) -> Self {
        let mut found = Self::default();
        for record in site.catalogue().records() {
            found.known += 1;
            match record.standing {
                Standing::Retired(_) | Standing::Withdrawn(_) => {
                    found.withdrawn += usize::from(record.was_withdrawn());
                    continue;
                }
                Standing::Scheduled => found.scheduled.push((record.entry.published, record)),
                Standing::Held(due) => found.scheduled.push((due, record)),
                Standing::Live | Standing::Enclosed | Standing::Front => {}
            }
            let lines = pending_lines(record).count();
            if lines > 0 {
                found.pending_lines += lines;
                found.pending.push(record);
            }
        }
        found
    }
}

/// The "Read:" lines of an entry that lead nowhere.
fn pending_lines(record: &Record) -> impl Iterator<Item = &Text> {
    let references = record.entry.article.references.iter();
    let resolved = references.zip(record.resolved.iter());
    resolved.filter_map(|pair| match pair {
        (Reference::Related(line), Resolved::Pending) => Some(&line.text),
        _ => None,
    })
}

fn scheduled(entries: &Entries<'_>) -> List<Scheduled> {
    let mut found = entries.scheduled.clone();
    found.sort_by_key(|(due, record)| (*due, record.key));
    let first = found.iter().take(SHOWN).map(|(due, record)| Scheduled {
        title: record.entry.article.title.clone(),
        file: Text::one_line(record.entry.path.as_str()),
        due: *due,
    });
    List {
        total: found.len(),
        first: first.collect(),
    }
}

fn live(site: &Site) -> List<Live> {
    let window = site.window(&View::newest(FeedKey::All));
    let entries = window.iter().flat_map(|window| &window.entries);
    let first = entries.take(SHOWN).map(|record| Live {
        title: record.entry.article.title.clone(),
        file: Text::one_line(record.entry.path.as_str()),
        address: site.address_of(&record.entry),
        published: record.entry.published,
    });
    List {
        total: site.catalogue().live(),
        first: first.collect(),
    }
}
