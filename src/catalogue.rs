//! What is published: every entry with its identity, its life and its links to others.
//!
//! The catalogue is the only state that changes, and one task owns it. It changes in two steps, so
//! that the ledger can stand between them: [`Catalogue::plan`] is pure and works out what an
//! [`Observation`] of the folder means; [`Catalogue::apply`] makes it so and can't fail.
//!
//! **How.** All maps are persistent (`imbl`): a clone costs nothing and shares everything. `plan`
//! works on such a clone, which travels inside the [`Changes`]; `apply` puts it in place. A snapshot
//! for readers keeps a clone as well. So there is one way of changing the catalogue, no undo, and no
//! second copy of the rules that say what follows from what.
//!
//! **What it costs.** A turn costs a few map operations for each changed file, and for each "Read:"
//! line that a changed title, path or slug concerns (see `catalogue::links`); never a pass over all entries.

mod beside;
mod bulk;
mod changes;
mod identity;
mod links;
mod plan;
mod record;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

pub use beside::{Part, is_lead_image, may_belong, named_files};
pub(crate) use bulk::on_all_cores;
pub use changes::{Changes, Shift};
pub use links::{By, Candidates, title_name};
pub use record::{Card, Key, Place, Record, Resolved, Standing};

use std::sync::Arc;
use std::time::Duration;

use imbl::{HashMap, OrdMap, OrdSet};
use jiff::Timestamp;
use uuid::Uuid;

use crate::entry::{Draft, Entry, EntryId, FolderPath, Media, Slug, Stamp};
use identity::Traces;
use links::Graph;
use plan::second_of;

/// The files that may hold the front page's own text; the first that is there counts.
const FRONT_PAGES: [&str; 5] = [
    "index.md",
    "index.markdown",
    "index.txt",
    "index.html",
    "index.htm",
];

/// What a look at the folder found.
#[derive(Debug, Default)]
pub struct Observation {
    /// Files that parse, each with the stamp of the version that was read.
    pub drafts: Vec<(Draft, Stamp)>,
    /// Paths where nothing is at the moment; their entries stay, but may turn up elsewhere.
    pub missing: Vec<FolderPath>,
    /// Paths where nothing has been for the whole grace: their entries are withdrawn.
    pub absent: Vec<FolderPath>,
    /// Paths of drafts where nothing was at an earlier look.
    pub returned: Vec<FolderPath>,
    /// Files that the watcher saw renamed, from and to.
    pub renamed: Vec<(FolderPath, FolderPath)>,
    /// Files beside entries that were looked for: what is known of them, or `None` where nothing is.
    pub media: Vec<(FolderPath, Option<Media>)>,
}

impl Observation {
    /// Whether nothing was found out.
    pub fn is_empty(&self) -> bool {
        self.drafts.is_empty()
            && self.missing.is_empty()
            && self.absent.is_empty()
            && self.media.is_empty()
    }
}

/// What the publisher decides of the life of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long a new entry waits before anyone sees it.
    pub hold: Duration,
    /// How long an entry whose path another one has taken may turn up elsewhere before it is withdrawn.
    pub grace: Duration,
}

/// All entries, live and withdrawn. A clone is cheap and independent.
#[derive(Clone)]
pub struct Catalogue {
    site: Uuid,
    terms: Terms,
    next_key: u64,
    records: HashMap<Key, Arc<Record>>,
    by_path: HashMap<FolderPath, Key>,
    by_id: HashMap<EntryId, Key>,
    /// Current and former addresses; a record's own slug tells which this one is.
    by_slug: HashMap<Slug, Key>,
    /// How many ids grew from each first path.
    ids_given: HashMap<FolderPath, u32>,
    /// When something is due: a scheduled entry, or one that expires.
    due: OrdSet<(Timestamp, Key)>,
    /// In the order of their paths, so that `story.jpg` and `story.mp3` are one range.
    media: OrdMap<FolderPath, Media>,
    /// The seconds at which entries were published or updated, so that new ones get others.
    seconds: OrdSet<(i64, Key)>,
    /// By what a file is known again when it turns up elsewhere.
    traces: Traces,
    graph: Graph,
    live: usize,
}

impl Catalogue {
    /// Empty, for the site named `site`, from which ids grow.
    pub fn new(site: Uuid) -> Self {
        Self {
            site,
            terms: Terms::default(),
            next_key: 1,
            records: HashMap::new(),
            by_path: HashMap::new(),
            by_id: HashMap::new(),
            by_slug: HashMap::new(),
            ids_given: HashMap::new(),
            due: OrdSet::new(),
            media: OrdMap::new(),
            seconds: OrdSet::new(),
            traces: Traces::default(),
            graph: Graph::default(),
            live: 0,
        }
    }

    /// From what a ledger kept. The links between the entries are worked out again.
    pub fn load(site: Uuid, records: Vec<Record>, media: Vec<(FolderPath, Media)>) -> Self {
        let mut catalogue = Self::new(site);
        catalogue.media = media.into_iter().collect();
        let records: Vec<Arc<Record>> = records.into_iter().map(Arc::new).collect();
        let keep = || {
            for record in &records {
                catalogue.put_apart(Arc::clone(record));
            }
        };
        let ((), (traces, graph)) = rayon::join(keep, || connections(&records));
        (catalogue.traces, catalogue.graph) = (traces, graph);
        let resolve = |record: &Arc<Record>| catalogue.resolution(record);
        for record in on_all_cores(&records, resolve) {
            catalogue.relink(record);
        }
        catalogue
    }

    /// Enters `record` in place of what was known under its key.
    pub(super) fn put(&mut self, record: Record) {
        let key = record.key;
        if let Some(old) = self.records.get(&key).cloned() {
            self.graph.leave(&old);
            self.traces.remove(&old);
            for moment in seconds_of(&old) {
                self.seconds.remove(&moment);
            }
            if let Some(due) = old.due() {
                self.due.remove(&(due, key));
            }
            if self.by_path.get(&old.entry.path) == Some(&key) {
                self.by_path.remove(&old.entry.path);
            }
            if old.entry.id != record.entry.id {
                self.by_id.remove(&old.entry.id);
            }
            self.live -= usize::from(old.is_live());
        } else {
            self.count_id(&record);
        }
        self.traces.add(&record);
        self.graph.enter(&record);
        self.keep(Arc::new(record));
    }

    /// Enters `record`, which was not known; its [`connections`] are to follow.
    fn put_apart(&mut self, record: Arc<Record>) {
        self.count_id(&record);
        self.keep(record);
    }

    /// Has all records known by their files and by what they name and answer to, at once.
    fn connect(&mut self) {
        let records: Vec<Arc<Record>> = self.records.values().cloned().collect();
        (self.traces, self.graph) = connections(&records);
    }

    /// An id grew from the first path of `record`.
    fn count_id(&mut self, record: &Record) {
        let given = self.ids_given.get(&record.first_path).copied().unwrap_or(0);
        self.ids_given.insert(record.first_path.clone(), given + 1);
    }

    /// Keeps `record`, found by its key, path, id, addresses and dates, and counts it if it is live.
    fn keep(&mut self, record: Arc<Record>) {
        let key = record.key;
        if let Some(due) = record.due() {
            self.due.insert((due, key));
        }
        self.seconds.extend(seconds_of(&record));
        self.next_key = self.next_key.max(key.0 + 1);
        self.live += usize::from(record.is_live());
        if record.displaced.is_none() {
            self.by_path.insert(record.entry.path.clone(), key);
        }
        self.by_id.insert(record.entry.id.clone(), key);
        if record.standing != Standing::Front {
            self.by_slug.insert(record.entry.slug.clone(), key);
        }
        for slug in &record.former {
            self.by_slug.entry(slug.clone()).or_insert(key);
        }
        self.records.insert(key, record);
    }

    /// Whether any entry but `key` was published or updated at this second since 1970.
    fn has_other_at(&self, second: i64, key: Key) -> bool {
        let all = (second, Key::LEAST)..=(second, Key::MOST);
        self.seconds.range(all).any(|(_, other)| *other != key)
    }

    /// Makes `changes` so.
    pub fn apply(&mut self, changes: Changes) {
        *self = changes.into_next();
    }

    /// What holds for the entries that are planned from now on.
    pub fn set_terms(&mut self, terms: Terms) {
        self.terms = terms;
    }

    /// The site's id.
    pub fn site(&self) -> Uuid {
        self.site
    }

    /// The record behind a key.
    pub fn record(&self, key: Key) -> Option<&Arc<Record>> {
        self.records.get(&key)
    }

    /// The record that the file at `path` made, be it live or withdrawn.
    pub fn at_path(&self, path: &FolderPath) -> Option<&Arc<Record>> {
        self.by_path.get(path).and_then(|key| self.records.get(key))
    }

    /// The record that the text made whose path, but for its extension or `/index`, is `stem`.
    pub fn at_stem(&self, stem: &str) -> Option<&Arc<Record>> {
        let ends = beside::TEXTS.iter();
        let mut paths =
            ends.flat_map(|end| [format!("{stem}.{end}"), format!("{stem}/index.{end}")]);
        paths.find_map(|path| self.at_path(&FolderPath::new(&path)?))
    }

    /// The record that has, or had, the address `slug`.
    pub fn at_slug(&self, slug: &Slug) -> Option<&Arc<Record>> {
        self.by_slug.get(slug).and_then(|key| self.records.get(key))
    }

    /// All records, in no order.
    pub fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.records.values()
    }

    /// The front page's own text, if the publisher wrote one.
    pub fn front(&self) -> Option<&Arc<Record>> {
        FRONT_PAGES
            .iter()
            .filter_map(|name| self.at_path(&FolderPath::new(name)?))
            .find(|record| record.standing == Standing::Front)
    }

    /// How many entries are live.
    pub fn live(&self) -> usize {
        self.live
    }

    /// The live entries whose "Read:" lines lead to `key`, in the order of their keys.
    pub fn mentions(&self, key: Key) -> impl Iterator<Item = &Arc<Record>> {
        self.graph
            .sources(key)
            .filter_map(|source| self.records.get(&source))
            .filter(|record| record.is_live())
    }

    /// What is known of the file beside entries at `path`, if it is there and a live entry uses it.
    pub fn media(&self, path: &FolderPath) -> Option<Media> {
        let media = *self.media.get(path)?;
        self.users(path)
            .any(|record| record.is_live() || record.standing == Standing::Front)
            .then_some(media)
    }

    /// The files beside entries that were found.
    pub fn media_paths(&self) -> impl Iterator<Item = &FolderPath> {
        self.media.keys()
    }

    /// Whether any entry refers to the file at `path`, there or not.
    pub fn wants(&self, path: &FolderPath) -> bool {
        self.users(path).next().is_some()
    }

    /// The latest moment that is remembered of any entry, as far as it was the clock that told it.
    pub fn latest(&self) -> Option<Timestamp> {
        let moments = |record: &Record| {
            let seen = [record.first_seen, record.changed].into_iter();
            seen.chain(record.withdrawn()).max()
        };
        self.records.values().filter_map(|it| moments(it)).max()
    }

    /// When the next scheduled entry appears or the next one expires.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.get_min().map(|(moment, _)| *moment)
    }
}

/// By what all `records` are known besides their keys, paths and dates.
fn connections(records: &[Arc<Record>]) -> (Traces, Graph) {
    rayon::join(|| Traces::of(records), || Graph::of(records))
}

/// The seconds at which an entry was published and updated.
fn seconds_of(record: &Record) -> [(i64, Key); 2] {
    let Entry {
        published, updated, ..
    } = &*record.entry;
    [*published, *updated].map(|moment| (second_of(moment), record.key))
}
