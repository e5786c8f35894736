//! What is worth telling of where an entry's lines and links lead.

use std::collections::HashSet;

use super::{Code, Finding, Severity, Titles};
use crate::catalogue::{By, Catalogue, Record, Resolved};
use crate::entry::{FolderPath, Problem, Reference, RelatedLine, Wanted};

/// What stands at the place of a finding.
pub(super) enum Sought {
    /// One of these spellings.
    Words(Vec<String>),
    /// The date in the front matter.
    Date,
}

/// What is worth telling of the references of `record`; the places are still to be found. `state` tells
/// why a file that is there is not published.
pub(super) fn findings(
    catalogue: &Catalogue,
    record: &Record,
    titles: &Titles,
    state: &dyn Fn(&FolderPath) -> Option<&'static str>,
) -> Vec<(Sought, Finding)> {
    let mut found: Vec<(Sought, Finding)> = Vec::new();
    let mut told_of: HashSet<(Code, String)> = HashSet::new();
    let references = record.entry.article.references.iter();
    for (reference, resolved) in references.zip(&*record.resolved) {
        let (words, told) = match (reference, resolved) {
            (Reference::Related(line), Resolved::Pending) => {
                let words = vec![line.text.to_string()];
                (
                    words,
                    pending(catalogue, record, reference, (line, titles), state),
                )
            }
            (Reference::Related(line), Resolved::Entry(_)) => {
                let words = vec![line.text.to_string()];
                match ambiguous(catalogue, record, reference) {
                    Some(told) => (words, told),
                    None => continue,
                }
            }
            (Reference::Local(local), Resolved::Pending) => {
                let path = &local.path;
                let state = state(path).unwrap_or("is not there");
                let message = format!("`{path}` {state}: expected a file or a published entry");
                let told = (Code::DeadLink, message, Vec::new());
                let name = path.file_name();
                let encoded = path.to_url_path();
                let encoded = encoded.rsplit('/').next().unwrap_or_default().to_owned();
                (vec![name.to_owned(), encoded], told)
            }
            _ => continue,
        };
        let (code, message, suggestions) = told;
        // Two lines may be told in the same words: what they name tells them apart.
        let what = format!("{words:?}\0{message}");
        if told_of.insert((code, what)) {
            let finding = finding(record, code, message, suggestions);
            found.push((Sought::Words(words), finding));
        }
    }
    found
}

type Told = (Code, String, Vec<String>);

fn pending(
    catalogue: &Catalogue,
    record: &Record,
    reference: &Reference,
    (line, titles): (&RelatedLine, &Titles),
    state: &dyn Fn(&FolderPath) -> Option<&'static str>,
) -> Told {
    let candidates = catalogue.candidates(record, reference);
    if !candidates.entries.is_empty() {
        let alike: Vec<String> = candidates
            .entries
            .iter()
            .map(|it| it.entry.article.title.to_string())
            .collect();
        let message =
            "several titles begin like this, so none is meant: expected more of one of them";
        return (Code::UnclearLine, message.to_owned(), alike);
    }
    let message = match &line.wanted {
        Wanted::Local(local) => format!(
            "`{}` {}: the line becomes a link as soon as there is such an entry",
            local.path,
            state(&local.path).unwrap_or("is not there")
        ),
        _ => "no entry has this title: it becomes a link as soon as one has".to_owned(),
    };
    let suggestions = titles.like(line.text.as_str(), record.key);
    (Code::PendingLine, message, suggestions)
}

fn ambiguous(catalogue: &Catalogue, record: &Record, reference: &Reference) -> Option<Told> {
    let candidates = catalogue.candidates(record, reference);
    let [meant, others @ ..] = candidates.entries.as_slice() else {
        return None;
    };
    let what = match candidates.by? {
        By::Title => "have this title",
        By::FormerTitle => "had this title before",
        _ => return None,
    };
    let other = others.first()?;
    let message = format!(
        "{} entries {what}: {} is meant, not {}; expected a path if it is the other",
        candidates.entries.len(),
        meant.entry.path,
        other.entry.path
    );
    let paths = others.iter().map(|it| format!("/{}", it.entry.path));
    Some((Code::AmbiguousTitle, message, paths.collect()))
}

/// That an entry is published later.
pub(super) fn scheduled(record: &Record) -> (Sought, Finding) {
    let published = record.entry.published;
    let message = format!("the date lies in the future: published on {published}");
    let finding = finding(record, Code::FutureDate, message, Vec::new());
    (Sought::Date, finding)
}

fn finding(record: &Record, code: Code, message: String, suggestions: Vec<String>) -> Finding {
    Finding {
        severity: Severity::Warning,
        code,
        file: record.entry.path.to_string(),
        problem: Problem {
            line: 1,
            column: 1,
            message,
        },
        is_placed: false,
        suggestions,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::catalogue::sample::{draft, found, path};

    #[test]
    fn every_pending_line_of_a_file_is_told_and_each_once() {
        let reads = ["Ferry strike ends", "Tunnel tolls", "Ferry strike ends"];
        let mut catalogue = Catalogue::new(Uuid::nil());
        let drafts = vec![draft("a.md", "Bridge", &reads)];
        catalogue.apply(catalogue.plan(found(drafts), Timestamp::UNIX_EPOCH));
        let record = catalogue.at_path(&path("a.md")).unwrap();
        let titles = Titles::of(&catalogue);
        let told = findings(&catalogue, record, &titles, &|_| None);
        let words: Vec<&str> = told
            .iter()
            .map(|(sought, finding)| {
                assert_eq!(finding.code, Code::PendingLine);
                match sought {
                    Sought::Words(words) => words[0].as_str(),
                    Sought::Date => "",
                }
            })
            .collect();
        assert_eq!(words, ["Ferry strike ends", "Tunnel tolls"]);
    }
}
