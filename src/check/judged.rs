//! What the judge of documents found, as findings about files.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::documents::{Document, Fault, Rule, judge};
use super::{Code, Finding, Review, at_top};
use crate::catalogue::Record;
use crate::entry::parse::{Labels, locate, locate_date};
use crate::folder::scan::Folder;

/// Judges documents one by one. The same fault of an entry is told once, however many of them show it.
pub struct Judging<'a> {
    folder: &'a Folder,
    labels: &'a Labels,
    records: HashMap<&'a str, &'a Arc<Record>>,
    told: HashSet<(Rule, Option<String>)>,
    findings: Vec<Finding>,
}

impl<'a> Judging<'a> {
    /// Of documents with entries of `review`, which come from `folder`.
    pub fn new(review: &'a Review, folder: &'a Folder, labels: &'a Labels) -> Self {
        let records = review.catalogue.records();
        Self {
            folder,
            labels,
            records: records
                .map(|record| (record.entry.id.as_str(), record))
                .collect(),
            told: HashSet::new(),
            findings: Vec::new(),
        }
    }

    /// Judges `document`, which people know as `name`.
    pub fn judge(&mut self, name: &str, document: &Document<'_>) {
        for fault in judge(document) {
            if self.is_ours(&fault) {
                continue;
            }
            if self.told.insert((fault.rule, fault.entry.clone())) {
                let entry = fault.entry.as_deref();
                let record = entry.and_then(|id| self.records.get(id)).copied();
                let finding = finding(name, &fault, record, self.folder, self.labels);
                self.findings.push(finding);
            }
        }
    }

    /// Whether no writer has a hand in it: of two entries that came within one second, by no word of
    /// theirs, a fraction of the second tells which is the newer.
    fn is_ours(&self, fault: &Fault) -> bool {
        let entry = fault.entry.as_deref();
        let record = entry.and_then(|id| self.records.get(id));
        fault.rule == Rule::RepeatedUpdated
            && record.is_some_and(|it| it.entry.updated.subsec_nanosecond() != 0)
    }

    /// What was found.
    pub fn finish(self) -> Vec<Finding> {
        self.findings
    }
}

impl Review {
    /// Adds what was found otherwise.
    pub fn add(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
        self.sort();
    }
}

fn finding(
    name: &str,
    fault: &Fault,
    record: Option<&Arc<Record>>,
    folder: &Folder,
    labels: &Labels,
) -> Finding {
    let message = format!("{} ({} in {name})", fault.message, fault.rule.name());
    let mut problem = at_top(&message);
    let place = record.and_then(|record| {
        let (source, _) = folder.read(&record.entry.path).ok()?;
        match fault.rule {
            Rule::RepeatedUpdated | Rule::ImplausibleDate => locate_date(&source, labels),
            Rule::Markup => locate(&source, record.entry.article.title.as_str(), labels),
            _ => None,
        }
    });
    if let Some(place) = place {
        (problem.line, problem.column) = place;
    }
    // What the feed says of itself is in no entry: it comes from the settings.
    let file = record.map_or_else(|| name.to_owned(), |record| record.entry.path.to_string());
    Finding {
        severity: fault.severity(),
        code: Code::Document,
        file,
        problem,
        is_placed: place.is_some(),
        suggestions: Vec::new(),
    }
}
