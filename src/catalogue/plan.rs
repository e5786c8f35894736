//! What an observation of the folder means: the next catalogue, and what is to be kept of it.

mod version;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::identity::Identity;
use super::{Catalogue, Changes, Key, Observation, Record, Shift, Standing};
use crate::entry::{Body, Digest, Draft, Entry, FolderPath, Media, Problem, Stamp};

impl Catalogue {
    /// What `observation` means at the moment `now`, scheduled entries that are due included.
    pub fn plan(&self, observation: Observation, now: Timestamp) -> Changes {
        let Observation {
            mut drafts,
            missing,
            absent,
            media,
        } = observation;
        let mut turn = Turn {
            before: self,
            next: self.clone(),
            now,
            touched: BTreeSet::new(),
            concerned: BTreeSet::new(),
            recordings: BTreeSet::new(),
            bodies: Vec::new(),
            refused: Vec::new(),
        };
        let media = turn.enter_media(media);
        let mut missing: Vec<Key> = missing
            .iter()
            .chain(&absent)
            .filter_map(|path| self.by_path.get(path))
            .copied()
            .collect();
        // In the order of their paths, so that the order of discovery decides nothing.
        drafts.sort_by(|(one, _), (other, _)| one.path.cmp(&other.path));
        let mut new_bodies: HashMap<Digest, usize> = HashMap::new();
        for (draft, _) in drafts
            .iter()
            .filter(|(draft, _)| !self.by_path.contains_key(&draft.path))
        {
            *new_bodies.entry(draft.article.body).or_default() += 1;
        }
        for (draft, stamp) in drafts {
            let twins = new_bodies.get(&draft.article.body).copied().unwrap_or(0);
            turn.admit(draft, stamp, &mut missing, twins);
        }
        for path in absent {
            turn.withdraw_at(&path);
        }
        turn.let_time_pass();
        turn.enclose();
        turn.finish(media)
    }
}

struct Turn<'a> {
    before: &'a Catalogue,
    next: Catalogue,
    now: Timestamp,
    /// Records that were put in this turn.
    touched: BTreeSet<Key>,
    /// Records whose references may mean something else now.
    concerned: BTreeSet<Key>,
    /// Recordings that came or went as files.
    recordings: BTreeSet<FolderPath>,
    bodies: Vec<(Digest, Body)>,
    refused: Vec<(FolderPath, Problem)>,
}

impl Turn<'_> {
    fn enter_media(
        &mut self,
        media: Vec<(FolderPath, Option<Media>)>,
    ) -> Vec<(FolderPath, Option<Media>)> {
        let mut changed = Vec::new();
        for (path, found) in media {
            let known = match found {
                Some(media) => self.next.media.insert(path.clone(), media),
                None => self.next.media.remove(&path),
            };
            if known != found {
                let users = self.next.users(&path).map(|record| record.key);
                self.concerned.extend(users);
                if path.is_recording() {
                    self.recordings.insert(path.clone());
                }
                changed.push((path, found));
            }
        }
        changed
    }

    fn admit(&mut self, draft: Draft, stamp: Stamp, missing: &mut Vec<Key>, twins: usize) {
        let identity = match self.next.identify(&draft, &stamp, missing, twins) {
            Ok(identity) => identity,
            Err(problem) => return self.refused.push((draft.path, problem)),
        };
        let old = match identity {
            Identity::Known(key) => {
                // Found: no second file can be the same entry.
                missing.retain(|gone| *gone != key);
                self.next.records.get(&key).cloned()
            }
            Identity::New => None,
        };
        if draft.claims.draft {
            if let Some(old) = old {
                let entry = Entry {
                    path: draft.path,
                    ..(*old.entry).clone()
                };
                self.withdraw(
                    &Record {
                        stamp,
                        entry: Arc::new(entry),
                        ..(*old).clone()
                    },
                    Standing::Retired,
                );
            }
            return;
        }
        let digest = draft.article.body;
        let (record, body) = self.version(draft, stamp, old.as_deref());
        self.bodies.push((digest, body));
        self.put(record);
    }

    fn withdraw_at(&mut self, path: &FolderPath) {
        // Its file may have turned up elsewhere in this very turn; then nothing is at this path.
        if let Some(record) = self.next.at_path(path).cloned() {
            self.withdraw(&record, Standing::Withdrawn);
        }
    }

    /// Withdraws `record` for the reason `why`; one that was withdrawn before keeps the moment.
    fn withdraw(&mut self, record: &Record, why: fn(Timestamp) -> Standing) {
        let standing = why(match record.standing {
            Standing::Live | Standing::Scheduled | Standing::Enclosed | Standing::Front => self.now,
            Standing::Retired(moment) | Standing::Withdrawn(moment) => moment,
        });
        self.put(Record {
            standing,
            ..record.clone()
        });
    }

    fn let_time_pass(&mut self) {
        while let Some((moment, key)) = self
            .next
            .due
            .get_min()
            .copied()
            .filter(|(due, _)| *due <= self.now)
        {
            let Some(record) = self.next.records.get(&key).cloned() else {
                self.next.due.remove(&(moment, key));
                continue;
            };
            let standing = match record.standing {
                Standing::Scheduled => Standing::Live,
                _ => Standing::Retired(self.now),
            };
            self.put(Record {
                standing,
                ..(*record).clone()
            });
        }
    }

    /// Takes recordings out of sight that belong to an entry now, and brings back those that do no
    /// longer.
    fn enclose(&mut self) {
        let mut recordings: BTreeSet<FolderPath> = std::mem::take(&mut self.recordings);
        for key in &self.touched {
            for record in [&self.before.records, &self.next.records].map(|known| known.get(key)) {
                let Some(record) = record else { continue };
                recordings.extend(self.next.recordings_of(record));
                if record.entry.path.is_recording() {
                    recordings.insert(record.entry.path.clone());
                }
            }
        }
        for path in recordings {
            let Some(record) = self.next.at_path(&path).cloned() else {
                continue;
            };
            let standing = match (record.standing, self.next.is_enclosed(&path)) {
                (Standing::Live | Standing::Scheduled, true) => Standing::Enclosed,
                (Standing::Enclosed, false) => {
                    self.standing(record.entry.published, record.expires, None)
                }
                _ => continue,
            };
            self.put(Record {
                standing,
                ..(*record).clone()
            });
        }
    }

    fn put(&mut self, record: Record) {
        let key = record.key;
        let old = self.next.records.get(&key).cloned();
        self.concerned
            .extend(self.next.graph.concerned(old.as_deref(), Some(&record)));
        self.concerned.insert(key);
        self.touched.insert(key);
        self.next.put(record);
    }

    fn finish(mut self, media: Vec<(FolderPath, Option<Media>)>) -> Changes {
        for key in std::mem::take(&mut self.concerned) {
            if self.next.resolve(key) {
                self.touched.insert(key);
            }
        }
        let mut records = Vec::new();
        let mut shifts = Vec::new();
        for key in std::mem::take(&mut self.touched) {
            let Some(after) = self.next.records.get(&key).cloned() else {
                continue;
            };
            let before = self.before.records.get(&key);
            let mut record = (*after).clone();
            record.face = record.work_out_face();
            let was = before.filter(|record| record.is_live());
            let looks_other = record.is_live() && was.is_none_or(|was| was.face != record.face);
            if looks_other {
                record.changed = self.now;
            }
            let record = Arc::new(record);
            if looks_other || was.is_some() && !record.is_live() {
                shifts.push(Shift {
                    before: was.cloned(),
                    after: record.is_live().then(|| Arc::clone(&record)),
                });
            }
            self.next.records.insert(key, Arc::clone(&record));
            records.push(record);
        }
        Changes {
            next: self.next,
            records,
            bodies: self.bodies,
            media,
            shifts,
            refused: self.refused,
        }
    }
}
