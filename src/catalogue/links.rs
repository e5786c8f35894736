//! Which entry a "Read:" line means, and which lines a change concerns.
//!
//! **The index.** Everything by which an entry can be named is a [`Name`]: its title in an evened-out
//! form, its former titles, its path, its slug. Ordered sets of pairs hold the graph:
//!
//! - `holders` (name, entry): who answers to a name. Only live entries do.
//! - `askers` (name, entry): whose references look a name up, whether somebody answers or not. A
//!   forward reference is nothing but an asker without a holder.
//! - `titles` and `lines` (opening, entry): titles of live entries, and lines that ask, by their first
//!   words. They lie in the order of the words, so that all that begin alike lie side by side.
//! - `sources` (target, source): who leads to an entry, for back-links and for telling them when the
//!   target's title or address changes.
//!
//! **What it costs.** A line costs one range lookup for each name it may mean (at most five), and, if
//! nobody answers, at most nine more for titles that it continues or shortens. An entry that appears,
//! leaves or is retitled costs one range lookup per name it gained or lost, and nine for its opening,
//! which find exactly the lines concerned; each of those is resolved again. Nothing walks all titles.
//! A pair takes 24 bytes, a pair with an opening 56.

mod graph;
mod names;

use std::cell::LazyCell;
use std::sync::Arc;

pub(super) use graph::Graph;
pub(super) use names::opening_words;
pub use names::title_name;
use names::{Opening, asked_by, is_opening_of_other};

use super::Catalogue;
use super::record::{Record, Resolved};
use crate::entry::{Reference, RelatedLine, Wanted};

/// By what a reference means an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The path of its file, or of its page.
    Path,
    /// Its title.
    Title,
    /// A title that it had before.
    FormerTitle,
    /// Its address, written bare.
    Slug,
    /// A title that the line continues or shortens.
    Opening,
}

/// The entries that a reference may mean, for those who want to know why it leads where it does.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// The first rule under which there are any; `None`: there are none.
    pub by: Option<By>,
    /// Best first. The first is meant, unless several have an opening in common: then none is.
    pub entries: Vec<Arc<Record>>,
    /// Whether the entry that asks answers to the name itself.
    pub is_itself: bool,
}

impl Candidates {
    /// The entry that is meant.
    pub fn meant(&self) -> Option<&Arc<Record>> {
        match self.by {
            Some(By::Opening) if self.entries.len() > 1 => None,
            _ => self.entries.first(),
        }
    }
}

/// How many entries with an opening in common are told apart. One more than one makes a line unclear;
/// the others are for messages.
const MAX_OPENINGS: usize = 5;

impl Catalogue {
    /// `record` with what its references mean now, and which files lie beside it by name; `None` if
    /// that is as it was.
    pub(super) fn resolution(&self, record: &Record) -> Option<Record> {
        let references = record.entry.article.references.iter();
        let resolved: Arc<[Resolved]> = references
            .map(|reference| self.meaning(record, reference))
            .collect();
        let beside = self.files_beside(record);
        let tagged = self.tagged(record);
        let is_same = *beside == *record.beside && tagged == record.tagged;
        if resolved == record.resolved && is_same {
            return None;
        }
        let mut record = Record {
            resolved,
            beside: beside.into(),
            tagged,
            ..record.clone()
        };
        record.face = record.work_out_face();
        Some(record)
    }

    /// Puts what [`Catalogue::resolution`] made in its place.
    pub(super) fn relink(&mut self, record: Record) -> Arc<Record> {
        if let Some(old) = self.records.get(&record.key) {
            self.graph.unlink(old);
        }
        self.graph.link(&record);
        let record = Arc::new(record);
        self.records.insert(record.key, Arc::clone(&record));
        record
    }

    fn meaning(&self, record: &Record, reference: &Reference) -> Resolved {
        let local = match reference {
            Reference::Fragment(_)
            | Reference::Related(RelatedLine {
                wanted: Wanted::Address(_),
                ..
            }) => return Resolved::Plain,
            // A picture or recording in the text is the file, not the page about it.
            Reference::Local(local) if local.path.is_recording() => {
                return self.file(&local.path);
            }
            Reference::Local(local)
            | Reference::Related(RelatedLine {
                wanted: Wanted::Local(local),
                ..
            }) => Some(local),
            Reference::Related(RelatedLine {
                wanted: Wanted::Title,
                ..
            }) => None,
        };
        let candidates = self.candidates(record, reference);
        match (candidates.meant(), local) {
            (Some(meant), _) => Resolved::Entry(Arc::clone(&meant.card)),
            (None, _) if candidates.is_itself => Resolved::Itself,
            (None, Some(local)) => self.file(&local.path),
            (None, None) => Resolved::Pending,
        }
    }

    fn file(&self, path: &crate::entry::FolderPath) -> Resolved {
        self.media
            .get(path)
            .map_or(Resolved::Pending, |media| Resolved::Media(*media))
    }

    /// The entries that `reference` of `record` may mean, the entry itself left out.
    pub fn candidates(&self, record: &Record, reference: &Reference) -> Candidates {
        let mut is_itself = false;
        let asked = asked_by(reference);
        for (by, name) in asked.names {
            let mut entries: Vec<Arc<Record>> = Vec::new();
            for holder in self.graph.holders_of(name) {
                if holder == record.key {
                    is_itself = true;
                } else {
                    entries.extend(self.records.get(&holder).cloned());
                }
            }
            if !entries.is_empty() {
                entries.sort_by_cached_key(|holder| rank(record, holder));
                return Candidates {
                    by: Some(by),
                    entries,
                    is_itself,
                };
            }
        }
        let entries = match (asked.opening, reference) {
            (Some(opening), Reference::Related(line)) if !is_itself => {
                self.openings(record, line.text.as_str(), opening)
            }
            _ => Vec::new(),
        };
        Candidates {
            by: (!entries.is_empty()).then_some(By::Opening),
            entries,
            is_itself,
        }
    }

    /// The live entries whose titles `line`, which has this opening, continues or shortens, in the order
    /// of their addresses.
    fn openings(&self, asker: &Record, line: &str, opening: Opening) -> Vec<Arc<Record>> {
        let line = LazyCell::new(|| opening_words(line));
        let mut entries: Vec<Arc<Record>> = self
            .graph
            .titles
            .near(opening)
            .filter(|key| *key != asker.key)
            .filter_map(|key| self.records.get(&key))
            .filter(|record| {
                let title = opening_words(record.entry.article.title.as_str());
                is_opening_of_other(&title, &line)
            })
            .take(MAX_OPENINGS)
            .cloned()
            .collect();
        entries.sort_by(|one, other| one.entry.slug.cmp(&other.entry.slug));
        entries
    }
}

/// Of several entries with one name, the newest published before the one that names it comes first,
/// then the newest; the slug decides between equals, so that the order of arrival does not.
fn rank(asker: &Record, holder: &Record) -> impl Ord + use<> {
    let published = holder.entry.published;
    (
        std::cmp::Reverse((published < asker.entry.published, published)),
        holder.entry.slug.clone(),
    )
}
