//! What an observation of the folder means: the next catalogue, and what is to be kept of it.

mod seconds;
mod version;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::bulk::on_all_cores;
use super::identity::{Identity, Sightings};
use super::{Catalogue, Changes, Key, Observation, Record, Shift, Standing};
use crate::entry::{Body, Digest, Draft, Entry, FolderPath, Media, Problem, Stamp};
use seconds::Seconds;
pub(super) use seconds::second_of;

impl Catalogue {
    /// What `observation` means at the moment `now`, scheduled entries that are due included.
    pub fn plan(&self, observation: Observation, now: Timestamp) -> Changes {
        let Observation {
            mut drafts,
            missing,
            absent,
            returned,
            renamed,
            media,
        } = observation;
        let mut turn = Turn {
            before: self,
            next: self.clone(),
            is_first: self.records.is_empty(),
            now,
            touched: BTreeSet::new(),
            concerned: BTreeSet::new(),
            recordings: BTreeSet::new(),
            seconds: Seconds::of(&drafts),
            bodies: Vec::new(),
            refused: Vec::new(),
        };
        let media = turn.enter_media(media);
        // In the order of their paths, so that the order of discovery decides nothing.
        drafts.sort_by(|(one, _), (other, _)| one.path.cmp(&other.path));
        let missing: HashSet<FolderPath> = missing.into_iter().chain(absent.clone()).collect();
        let identities = self.identify(Sightings {
            drafts: &drafts,
            missing: &missing,
            returned: &returned.into_iter().collect(),
            renamed: &renamed,
        });
        let mut paths = Vec::with_capacity(drafts.len());
        for ((draft, stamp), identity) in drafts.into_iter().zip(identities) {
            match identity {
                Ok(identity) => {
                    paths.push((draft.path.clone(), stamp));
                    turn.admit(draft, stamp, identity);
                }
                Err(problem) => turn.refused.push((draft.path, problem)),
            }
        }
        if std::mem::take(&mut turn.is_first) {
            turn.next.connect();
        }
        for (path, stamp) in paths {
            turn.displace(&path);
            turn.disown(&path, &stamp, &missing);
        }
        for path in absent {
            turn.withdraw_at(&path);
        }
        for path in missing {
            turn.take_back(&path);
        }
        turn.let_time_pass();
        turn.enclose();
        turn.finish(media)
    }
}

struct Turn<'a> {
    before: &'a Catalogue,
    next: Catalogue,
    /// Nothing was known before, and what comes is connected once all of it is there.
    is_first: bool,
    now: Timestamp,
    /// Records that were put in this turn.
    touched: BTreeSet<Key>,
    /// Records whose references may mean something else now.
    concerned: BTreeSet<Key>,
    /// Recordings that came or went as files.
    recordings: BTreeSet<FolderPath>,
    seconds: Seconds,
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

    fn admit(&mut self, draft: Draft, stamp: Stamp, identity: Identity) {
        let old = match identity {
            Identity::Known(key) => self.next.records.get(&key).cloned(),
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
                        displaced: None,
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

    /// The entry that was at `path`, if another one is there now and it was not found elsewhere: its
    /// file may turn up yet.
    fn displace(&mut self, path: &FolderPath) {
        let Some(was) = self.before.at_path(path).map(|record| record.key) else {
            return;
        };
        let Some(record) = self.next.records.get(&was).cloned() else {
            return;
        };
        if record.entry.path == *path && self.next.by_path.get(path) != Some(&was) {
            let until = self.now.saturating_add(self.next.terms.grace);
            self.put(Record {
                displaced: Some(until.unwrap_or(Timestamp::MAX)),
                ..(*record).clone()
            });
        }
    }

    /// The file at `path` is that entry's now: one that had it before, and lost it, is not known again by
    /// it.
    fn disown(&mut self, path: &FolderPath, stamp: &Stamp, missing: &HashSet<FolderPath>) {
        for key in self.next.with_file(stamp) {
            let Some(record) = self.next.records.get(&key).cloned() else {
                continue;
            };
            let is_gone = record.is_lost() || missing.contains(&record.entry.path);
            if is_gone && record.entry.path != *path {
                let stamp = Stamp {
                    born: None,
                    ..record.stamp
                };
                self.put(Record {
                    stamp,
                    ..(*record).clone()
                });
            }
        }
    }

    /// What nobody has seen yet, and whose file is gone, is taken back at once: it comes back as free.
    fn take_back(&mut self, path: &FolderPath) {
        let is_unseen = |record: &&Arc<Record>| {
            let waits = matches!(record.standing, Standing::Scheduled | Standing::Held(_));
            waits && record.debut.is_none()
        };
        if let Some(record) = self.next.at_path(path).filter(is_unseen).cloned() {
            self.withdraw(&record, Standing::Withdrawn);
        }
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
            Standing::Retired(moment) | Standing::Withdrawn(moment) if !record.is_restored() => {
                moment
            }
            _ => self.now,
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
                _ if record.displaced.is_some_and(|until| until <= self.now) => {
                    Standing::Withdrawn(self.now)
                }
                Standing::Scheduled | Standing::Held(_) => {
                    self.standing(record.entry.published, record.expires, Some(&record))
                }
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
            // Its tags may say something else now.
            let users = self.next.users(&path).map(|record| record.key);
            self.concerned.extend(users);
            let Some(record) = self.next.at_path(&path).cloned() else {
                continue;
            };
            let standing = match (record.standing, self.next.is_enclosed(&path)) {
                (Standing::Live | Standing::Scheduled | Standing::Held(_), true) => {
                    Standing::Enclosed
                }
                (Standing::Enclosed, false) => {
                    self.standing(record.entry.published, record.expires, Some(&record))
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
        self.concerned.insert(key);
        self.touched.insert(key);
        if self.is_first {
            return self.next.put_apart(Arc::new(record));
        }
        let old = self.next.records.get(&key).cloned();
        self.concerned
            .extend(self.next.graph.concerned(old.as_deref(), Some(&record)));
        self.next.put(record);
    }

    fn finish(mut self, media: Vec<(FolderPath, Option<Media>)>) -> Changes {
        let concerned: Vec<Key> = std::mem::take(&mut self.concerned).into_iter().collect();
        let next = &self.next;
        let touched = std::mem::take(&mut self.touched);
        let work_out = |key: &Key| {
            let record = next.records.get(key)?;
            next.resolution(record).or_else(|| {
                let mut record = touched.contains(key).then(|| (**record).clone())?;
                record.face = record.work_out_face();
                Some(record)
            })
        };
        let mut records = Vec::new();
        let mut shifts = Vec::new();
        for mut record in on_all_cores(&concerned, work_out) {
            let before = self.before.records.get(&record.key);
            if record.is_live() {
                record.debut = record.debut.or(Some(self.now));
            }
            let was = before.filter(|record| record.is_live());
            let looks_other = record.is_live() && was.is_none_or(|was| was.face != record.face);
            // One whose text was lost and found again has not changed for anybody.
            let is_found = before.is_some_and(|it| it.is_restored() && it.face == record.face);
            if looks_other && !is_found {
                record.changed = self.now;
            }
            let record = self.next.relink(record);
            if looks_other || was.is_some() && !record.is_live() {
                shifts.push(Shift {
                    before: was.cloned(),
                    after: record.is_live().then(|| Arc::clone(&record)),
                });
            }
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
