//! Whether and where an entry is published, and if not, why and when: in sentences.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Review, Severity};
use crate::catalogue::{By, Catalogue, Record, Resolved, Standing};
use crate::entry::{FolderPath, Reference, RelatedLine};
use crate::feed::FeedKey;
use crate::folder::names::Role;
use crate::folder::scan::{Folder, Look};
use crate::site::{Site, View};

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Whether the daemon has published it.
    pub is_published: bool,
    /// One after the other.
    pub sentences: Vec<String>,
}

/// How many entries that mention one are named.
const MENTIONS: usize = 5;

/// Tells of the file at `path`. `site` shows what `review` found; `zone` is that in which dates are told.
pub fn why(
    folder: &Folder,
    path: &FolderPath,
    review: &Review,
    site: &Site,
    now: Timestamp,
    zone: &TimeZone,
) -> Publication {
    let mut teller = Teller {
        review,
        site,
        now,
        zone,
        said: Vec::new(),
    };
    let is_published = match folder.names().role(path) {
        Role::Ignored => {
            let reason = folder.names().passed_over(path);
            teller.say(format!("{path} is passed over: {}.", reason.unwrap_or("")));
            false
        }
        Role::Defaults => {
            teller.say(format!(
                "{path} says what holds for the entries of its folder and of those below it; it is no \
                 entry itself."
            ));
            teller.errors(path);
            false
        }
        Role::Beside => teller.beside(path, folder.look(path).ok()),
        Role::Entry | Role::Recording => {
            let is_there = matches!(folder.look(path), Ok(Look::File(_)));
            teller.entry(path, is_there)
        }
    };
    Publication {
        is_published,
        sentences: teller.said,
    }
}

struct Teller<'a> {
    review: &'a Review,
    site: &'a Site,
    now: Timestamp,
    zone: &'a TimeZone,
    said: Vec<String>,
}

impl Teller<'_> {
    fn say(&mut self, sentence: impl Into<String>) {
        self.said.push(sentence.into());
    }

    fn date(&self, moment: Timestamp) -> String {
        let zoned = moment.to_zoned(self.zone.clone());
        zoned.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    fn catalogue(&self) -> &Catalogue {
        &self.review.catalogue
    }

    /// Tells what is wrong with the file; returns whether anything is.
    fn errors(&mut self, path: &FolderPath) -> bool {
        let errors = self.review.findings.iter();
        let errors: Vec<String> = errors
            .filter(|it| it.severity == Severity::Error && it.file == path.as_str())
            .map(|it| {
                let problem = &it.problem;
                format!(
                    "It can't be published as it is. Line {}, column {}: {}.",
                    problem.line, problem.column, problem.message
                )
            })
            .collect();
        let is_wrong = !errors.is_empty();
        self.said.extend(errors);
        is_wrong
    }

    fn beside(&mut self, path: &FolderPath, look: Option<Look>) -> bool {
        let what = match look {
            Some(Look::File(_)) => None,
            Some(Look::Folder) => Some("is a folder: expected a file in it"),
            Some(Look::Other) => Some("is neither a file nor a link into the folder"),
            Some(Look::Nothing) | None => Some("is not there"),
        };
        if let Some(what) = what {
            self.say(format!("{path} {what}."));
            return false;
        }
        let catalogue = self.catalogue();
        if catalogue.media(path).is_none() {
            self.say(format!(
                "{path} is no article but a file beside articles, and no published entry uses it: so it \
                 is not served."
            ));
            return false;
        }
        let address = self.site.absolute(&format!("media/{}", path.to_url_path()));
        self.say(format!(
            "{path} is a file beside articles, and is served at {address} because a published entry uses \
             it."
        ));
        true
    }

    fn entry(&mut self, path: &FolderPath, is_there: bool) -> bool {
        let is_wrong = self.errors(path);
        let record = self.catalogue().at_path(path).cloned();
        let Some(record) = record else {
            if self.review.drafts.contains(path) {
                self.say(format!(
                    "{path} is a draft, and so it is not published. {DRAFT}"
                ));
            } else if !is_wrong {
                self.say(format!(
                    "There is no file {path}, and no entry was ever published from there."
                ));
            }
            return false;
        };
        let title = &record.entry.article.title;
        if is_wrong && record.is_live() {
            self.say("The last good version stays published until then.");
        }
        match record.standing {
            Standing::Live => {
                self.live(&record);
                self.lines(&record);
                self.mentions(&record);
            }
            Standing::Scheduled => {
                let when = self.date(record.entry.published);
                let wait = until(self.now, record.entry.published);
                self.say(format!(
                    "\"{title}\" is not published yet: its date lies in the future. It will be published \
                     by itself on {when}, in {wait}."
                ));
                self.lines(&record);
            }
            Standing::Held(until_then) => {
                let when = self.date(until_then);
                let wait = until(self.now, until_then);
                self.say(format!(
                    "\"{title}\" is not published yet: new entries are held for a while, and until then \
                     deleting the file takes it back for free. It will be published by itself on {when}, in \
                     {wait}."
                ));
                self.lines(&record);
            }
            Standing::Retired(_) | Standing::Withdrawn(_) if self.is_live_still(path) => {
                let what = if self.review.drafts.contains(path) {
                    "it is a draft now"
                } else if is_there {
                    "it has expired"
                } else {
                    "its file is gone"
                };
                self.say(format!(
                    "\"{title}\" is published still, but {what}: it will be withdrawn as soon as the daemon \
                     sees that."
                ));
            }
            Standing::Retired(_) if self.review.drafts.contains(path) => self.say(format!(
                "\"{title}\" is a draft now, and so it is not published any more. {DRAFT}"
            )),
            Standing::Retired(moment) => {
                let when = self.date(record.expires.unwrap_or(moment));
                self.say(format!(
                    "\"{title}\" is not published any more: it expired on {when}."
                ));
            }
            Standing::Withdrawn(_) if record.debut.is_none() => self.say(format!(
                "\"{title}\" was taken back before anyone saw it. When its file comes back, so does the entry."
            )),
            Standing::Withdrawn(moment) => {
                let when = self.date(moment);
                self.say(format!(
                    "\"{title}\" was withdrawn on {when}, because its file was gone. When the file comes \
                     back, so does the entry, with its old id."
                ));
            }
            Standing::Enclosed => self.say(format!(
                "{path} belongs to a published article, which names it or has its name: so it is served \
                 as a file of that entry, and is none of its own."
            )),
            Standing::Front => {
                self.say(format!("{path} is the front page's own text; it is no entry."));
                self.lines(&record);
            }
        }
        self.daemon(path, &record, is_there);
        record.is_live() && self.is_live_still(path)
    }

    /// Whether the daemon has it published.
    fn is_live_still(&self, path: &FolderPath) -> bool {
        let known = self.review.before.at_path(path);
        known.is_some_and(|known| known.is_live())
    }

    fn live(&mut self, record: &Record) {
        let entry = &record.entry;
        let title = &entry.article.title;
        let address = self.site.address_of(entry);
        if !self.is_live_still(&entry.path) {
            // Its date and id are given at the first sight, which is the daemon's.
            self.say(format!(
                "Nothing is wrong with \"{title}\": as soon as the daemon sees it, it is published at \
                 {address}."
            ));
            return;
        }
        self.say(format!("\"{title}\" is published at {address}."));
        let updated = if entry.updated == entry.published {
            String::new()
        } else {
            format!(", updated {}", self.date(entry.updated))
        };
        let published = self.date(entry.published);
        self.say(format!(
            "It is dated {published}{updated}, and its id is {}.",
            entry.id
        ));
        let limit = self.site.settings().limit;
        let place = self
            .site
            .window(&View::newest(FeedKey::All))
            .and_then(|window| window.entries.iter().position(|it| it.key == record.key));
        match place {
            Some(place) => self.say(format!(
                "In the feeds it is number {} of {}.",
                place + 1,
                self.catalogue().live()
            )),
            None => self.say(format!(
                "The feeds show the newest {limit} entries, and it is older: an archive has it, and its page stays where it is."
            )),
        }
        if let Some(moment) = record.expires {
            let when = self.date(moment);
            self.say(format!("It will be withdrawn on {when}."));
        }
    }

    fn lines(&mut self, record: &Record) {
        let references = record.entry.article.references.iter();
        let lines: Vec<String> = references
            .zip(&*record.resolved)
            .filter_map(|(reference, resolved)| {
                let Reference::Related(line) = reference else {
                    return None;
                };
                Some(self.line(record, reference, line, resolved))
            })
            .collect();
        self.said.extend(lines);
    }

    fn line(
        &self,
        record: &Record,
        reference: &Reference,
        line: &RelatedLine,
        resolved: &Resolved,
    ) -> String {
        let words = &line.text;
        let candidates = self.catalogue().candidates(record, reference);
        match resolved {
            Resolved::Plain => format!("The line \"{words}\" is a link to a web page."),
            Resolved::Media(_) => format!("The line \"{words}\" is a link to a file."),
            Resolved::Itself => {
                format!("The line \"{words}\" names this very entry: it is no link.")
            }
            Resolved::Entry(card) => {
                let rule = match candidates.by {
                    Some(By::Title) => "by its title",
                    Some(By::FormerTitle) => "by a title that it had before",
                    Some(By::Slug) => "by its address",
                    Some(By::Opening) => "as the only title that begins like it",
                    Some(By::Path) | None => "by its path",
                };
                let path = candidates.meant().map(|it| it.entry.path.to_string());
                let path = path.unwrap_or_default();
                format!(
                    "The line \"{words}\" leads to \"{}\" ({path}), {rule}.",
                    card.title
                )
            }
            Resolved::Pending if !candidates.entries.is_empty() => format!(
                "The line \"{words}\" is no link: {} titles begin like it.",
                candidates.entries.len()
            ),
            Resolved::Pending => {
                let near = self.review.titles.like(words.as_str(), record.key);
                let hint = near
                    .first()
                    .map(|title| format!(" Did you mean \"{title}\"?"));
                format!(
                    "The line \"{words}\" waits: it becomes a link as soon as there is such an entry.{}",
                    hint.unwrap_or_default()
                )
            }
        }
    }

    fn mentions(&mut self, record: &Record) {
        let mentions: Vec<String> = self
            .catalogue()
            .mentions(record.key)
            .map(|source| format!("\"{}\"", source.entry.article.title))
            .collect();
        let named = mentions.len().min(MENTIONS);
        if named > 0 {
            let more = mentions.len() - named;
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            self.say(format!(
                "It is mentioned in {}{more}.",
                mentions[..named].join(", ")
            ));
        }
    }

    /// What the ledger has of it.
    fn daemon(&mut self, path: &FolderPath, record: &Record, is_there: bool) {
        let known = self.review.before.at_path(path);
        if is_there && known.is_some_and(|known| known.stamp != record.stamp) {
            self.say("The daemon has not published this version yet: it has not seen it, or does not run.");
        }
    }
}

const DRAFT: &str = "Take `draft: true` away, or move it out of `_drafts`, and it is.";

/// The time between two moments in words: its largest unit will do.
fn until(now: Timestamp, then: Timestamp) -> String {
    let seconds = then.duration_since(now).as_secs();
    let (count, unit) = match seconds {
        ..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_by_their_largest_unit() {
        let check = |seconds: i64, expected: &str| {
            let then = Timestamp::from_second(seconds).unwrap();
            assert_eq!(until(Timestamp::UNIX_EPOCH, then), expected);
        };
        check(1, "1 second");
        check(59, "59 seconds");
        check(60, "1 minute");
        check(7200, "2 hours");
        check(86_400 * 30, "30 days");
    }
}
