//! What a writer should know of a folder: which files can't be published and why, and what is
//! published but probably not as it was meant.
//!
//! A [`review`] reads the folder as the daemon does, works out the catalogue that it would have, on top
//! of what a ledger knows if there is one, and looks for what is worth telling. It changes nothing, and
//! a daemon may be running.

pub mod documents;
mod draw;
mod judged;
mod lines;
mod suggest;
#[cfg(test)]
mod tests;
mod why;

use std::collections::{BTreeSet, HashMap};
use std::io;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

pub use draw::draw;
pub use judged::Judging;
pub use suggest::Titles;
pub use why::{Publication, why};

use crate::catalogue::{Catalogue, Observation, Standing};
use crate::entry::parse::{Conventions, Labels, locate, locate_date, locate_id};
use crate::entry::{Body, Digest, Draft, FolderPath, Media, Problem, Stamp, WarningKind};
use crate::folder::conventions::{DefaultsError, FolderConventions};
use crate::folder::reading::{Read, Reading, read_all};
use crate::folder::scan::{Folder, Listing, Look};
use crate::ledger::Stored;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something is not published, or published so that readers may fail.
    Error,
    /// It is published, but perhaps not as it was meant.
    Warning,
}

/// What kind of thing was found. The names in JSON stay the same for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A file that can't be published.
    Rejected,
    /// A file that looks as if somebody was still writing it.
    Unfinished,
    /// Something that can't be read.
    Unreadable,
    /// A `_feed.toml` that can't be followed.
    Defaults,
    /// An id that belongs to another file.
    DuplicateId,
    /// A "Read:" line that names nothing yet.
    PendingLine,
    /// A "Read:" line with which several titles begin: none is meant.
    UnclearLine,
    /// A "Read:" line that several entries answer to: one is meant.
    AmbiguousTitle,
    /// A link to a file that is not there.
    DeadLink,
    /// An entry that is published later.
    FutureDate,
    /// A title that had to be guessed.
    GuessedTitle,
    /// An image without words for those who can't see it.
    MissingAlt,
    /// A value that another tool's key can't have.
    ForeignValue,
    /// A link or file that is written in a way that leads nowhere.
    UnusableLink,
    /// A document that breaks a rule of its format, or of what readers expect.
    Document,
}

impl From<WarningKind> for Code {
    fn from(kind: WarningKind) -> Self {
        match kind {
            WarningKind::GuessedTitle => Self::GuessedTitle,
            WarningKind::MissingAlt => Self::MissingAlt,
            WarningKind::ForeignValue => Self::ForeignValue,
            WarningKind::UnusableLink => Self::UnusableLink,
        }
    }
}

/// Something that a writer should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// What it is.
    pub code: Code,
    /// The file, from the folder's root.
    pub file: String,
    /// Where in it, what is wrong, and what would be right.
    pub problem: Problem,
    /// Whether the place is known; else it is the start of the file.
    pub is_placed: bool,
    /// What may have been meant, best first.
    pub suggestions: Vec<String>,
}

/// What a ledger knows of the folder.
pub struct Known {
    /// The site's id.
    pub site: Uuid,
    /// Everything kept.
    pub stored: Stored,
}

/// What came of a review.
pub struct Review {
    /// What would be published.
    pub catalogue: Catalogue,
    /// What the ledger knew, without a look at the folder.
    pub before: Catalogue,
    /// In the order of files and places.
    pub findings: Vec<Finding>,
    /// How many files were read.
    pub files: usize,
    /// The files that are drafts.
    pub drafts: BTreeSet<FolderPath>,
    /// The titles that suggestions come from.
    pub titles: Titles,
    /// The full texts that were read, by their names.
    pub bodies: HashMap<Digest, Body>,
}

impl Review {
    /// How many findings weigh so much.
    pub fn count(&self, severity: Severity) -> usize {
        let same = self.findings.iter().filter(|it| it.severity == severity);
        same.count()
    }

    fn sort(&mut self) {
        self.findings.sort_by(|one, other| {
            let place = |it: &Finding| (it.problem.line, it.problem.column);
            (&one.file, place(one), one.code).cmp(&(&other.file, place(other), other.code))
        });
    }
}

/// What a review is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The folder is walked.
    Walk,
    /// Files are read.
    Reading,
    /// It is worked out what would be published.
    Publishing,
    /// Entries are looked at, beside each other.
    Entries,
}

/// Looks at everything in `folder`, at the moment `now`. Fails when there is no folder. `progress` hears
/// of each step how many of how many are done, or 0 of 0 where that can't be said.
pub fn review(
    folder: &Folder,
    conventions: Conventions,
    known: Option<Known>,
    now: Timestamp,
    progress: &dyn Fn(Step, usize, usize),
) -> io::Result<Review> {
    progress(Step::Walk, 0, 0);
    let listing = folder.walk(None)?;
    let before = match known {
        Some(Known { site, stored }) => Catalogue::load(site, stored.records, stored.media),
        None => Catalogue::new(Uuid::nil()),
    };
    let mut reviewer = Reviewer {
        findings: Vec::new(),
        drafts: Vec::new(),
        media: Vec::new(),
        bodies: HashMap::new(),
        progress,
    };
    let files = listing.entries.len();
    for (place, reason) in &listing.troubles {
        reviewer.find(Severity::Error, Code::Unreadable, place, at_top(reason));
    }
    let labels = conventions.labels().clone();
    reviewer.read(folder, conventions, &listing);
    progress(Step::Publishing, 0, 0);
    let drafted: BTreeSet<FolderPath> = reviewer
        .drafts
        .iter()
        .filter(|(draft, _)| draft.claims.draft)
        .map(|(draft, _)| draft.path.clone())
        .collect();
    let catalogue = reviewer.publish(&before, &listing, now);
    let titles = Titles::of(&catalogue);
    reviewer.place_ids(folder, &labels);
    reviewer.look_at_entries(folder, &labels, &catalogue, &titles, &listing);
    let mut review = Review {
        catalogue,
        before,
        findings: reviewer.findings,
        files,
        drafts: drafted,
        titles,
        bodies: reviewer.bodies,
    };
    review.sort();
    Ok(review)
}

fn at_top(message: &str) -> Problem {
    Problem {
        line: 1,
        column: 1,
        message: message.to_owned(),
    }
}

struct Reviewer<'a> {
    findings: Vec<Finding>,
    drafts: Vec<(Draft, Stamp)>,
    media: Vec<(FolderPath, Option<Media>)>,
    bodies: HashMap<Digest, Body>,
    progress: &'a dyn Fn(Step, usize, usize),
}

impl Reviewer<'_> {
    fn find(&mut self, severity: Severity, code: Code, file: &str, problem: Problem) {
        self.findings.push(Finding {
            severity,
            code,
            file: file.to_owned(),
            is_placed: true,
            problem,
            suggestions: Vec::new(),
        });
    }

    fn read(&mut self, folder: &Folder, conventions: Conventions, listing: &Listing) {
        let mut conventions = FolderConventions::new(conventions);
        for (path, _) in &listing.defaults {
            let problem = match conventions.read(folder, path) {
                Ok(_) => continue,
                Err(DefaultsError::Wrong(problem)) => problem,
                Err(error) => at_top(&error.to_string()),
            };
            self.find(Severity::Error, Code::Defaults, path.as_str(), problem);
        }
        let paths: BTreeSet<&FolderPath> = listing.entries.iter().map(|(path, _)| path).collect();
        let paths: Vec<&FolderPath> = paths.into_iter().collect();
        let progress = self.progress;
        let tell = |read| progress(Step::Reading, read, paths.len());
        for Reading { path, read, .. } in read_all(folder, &conventions, &paths, tell) {
            let (code, problem) = match read {
                Read::Draft(draft, stamp) => {
                    self.take(*draft, stamp);
                    continue;
                }
                Read::Recording(draft, stamp, files) => {
                    self.media.extend(files);
                    self.take(*draft, stamp);
                    continue;
                }
                Read::Unfinished(_, problem) => (Code::Unfinished, problem),
                Read::Rejected(_, problem) => (Code::Rejected, problem),
                Read::Unreadable(reason) => (Code::Unreadable, at_top(&reason)),
                Read::Again => (
                    Code::Unfinished,
                    at_top("the file changed while it was read"),
                ),
                Read::Waiting => (
                    Code::Defaults,
                    at_top("not read: the `_feed.toml` of its folder has to be set right first"),
                ),
            };
            self.find(Severity::Error, code, path.as_str(), problem);
        }
    }

    fn take(&mut self, draft: Draft, stamp: Stamp) {
        for warning in &draft.warnings {
            let file = draft.path.as_str();
            let problem = warning.problem.clone();
            self.find(Severity::Warning, warning.kind.into(), file, problem);
        }
        self.drafts.push((draft, stamp));
    }

    /// The catalogue with what was read.
    fn publish(&mut self, before: &Catalogue, listing: &Listing, now: Timestamp) -> Catalogue {
        let beside = listing.beside.iter();
        let beside = beside.map(|(path, bytes)| (path.clone(), Some(Media::of_bytes(*bytes))));
        self.media.extend(beside);
        let present: BTreeSet<&FolderPath> = listing.entries.iter().map(|(path, _)| path).collect();
        let is_in_trouble = |path: &FolderPath| {
            let mut troubles = listing.troubles.iter();
            troubles.any(|(place, _)| path.lies_in(place))
        };
        let absent = before
            .records()
            .map(|record| &record.entry.path)
            .filter(|path| !present.contains(path) && !is_in_trouble(path));
        let observation = Observation {
            absent: absent.cloned().collect(),
            drafts: std::mem::take(&mut self.drafts),
            media: std::mem::take(&mut self.media),
            ..Observation::default()
        };
        let mut changes = before.plan(observation, now);
        for (path, problem) in std::mem::take(&mut changes.refused) {
            self.find(Severity::Error, Code::DuplicateId, path.as_str(), problem);
        }
        self.bodies = std::mem::take(&mut changes.bodies).into_iter().collect();
        let mut catalogue = before.clone();
        catalogue.apply(changes);
        catalogue
    }

    /// Finds where ids stand that belong to other files.
    fn place_ids(&mut self, folder: &Folder, labels: &Labels) {
        let findings = self.findings.iter_mut();
        for finding in findings.filter(|it| it.code == Code::DuplicateId) {
            let path = FolderPath::new(&finding.file);
            let read = path.and_then(|path| folder.read(&path).ok());
            let place = read.and_then(|(bytes, _)| locate_id(&bytes, labels));
            finding.is_placed = place.is_some();
            (finding.problem.line, finding.problem.column) = place.unwrap_or((1, 1));
        }
    }

    fn look_at_entries(
        &mut self,
        folder: &Folder,
        labels: &Labels,
        catalogue: &Catalogue,
        titles: &Titles,
        listing: &Listing,
    ) {
        let present: BTreeSet<&FolderPath> = listing.entries.iter().map(|(path, _)| path).collect();
        let state = |path: &FolderPath| match catalogue.at_path(path).map(|it| it.standing) {
            Some(Standing::Scheduled) => Some("is published later"),
            _ if present.contains(path) => Some("is there, but not published"),
            _ if matches!(folder.look(path), Ok(Look::File(_))) => Some("is passed over"),
            _ => None,
        };
        for (at, (path, _)) in listing.entries.iter().enumerate() {
            (self.progress)(Step::Entries, at, listing.entries.len());
            let Some(record) = catalogue.at_path(path) else {
                continue;
            };
            if matches!(
                record.standing,
                Standing::Retired(_) | Standing::Withdrawn(_)
            ) {
                continue;
            }
            let mut found = lines::findings(catalogue, record, titles, &state);
            if record.standing == Standing::Scheduled {
                found.push(lines::scheduled(record));
            }
            if found.is_empty() {
                continue;
            }
            // Only now is it worth to look for the places.
            let source = folder.read(path).map(|(bytes, _)| bytes);
            let source = source.unwrap_or_default();
            for (sought, mut finding) in found {
                let place = match sought {
                    lines::Sought::Words(spellings) => spellings
                        .iter()
                        .find_map(|words| locate(&source, words, labels)),
                    lines::Sought::Date => locate_date(&source, labels),
                };
                finding.is_placed = place.is_some();
                (finding.problem.line, finding.problem.column) = place.unwrap_or((1, 1));
                self.findings.push(finding);
            }
        }
    }
}
