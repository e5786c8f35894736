//! What an observation of the folder means: the next catalogue, and what is to be kept of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::identity::Identity;
use super::{Card, Catalogue, Changes, Key, Observation, Record, Shift, Standing};
use crate::entry::{
    Body, Claims, Digest, Draft, Entry, EntryId, FolderPath, Media, Problem, Slug, Stamp,
};

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
                self.concerned
                    .extend(self.next.graph.concerned_by_media(&path));
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
        self.bodies.push((draft.article.body, draft.body.clone()));
        let record = self.record(draft, stamp, old.as_deref());
        self.put(record);
    }

    /// The record that `draft` makes of `old`, or a new one.
    fn record(&self, draft: Draft, stamp: Stamp, old: Option<&Record>) -> Record {
        let Draft {
            path,
            article,
            body: _,
            claims,
            slug,
            content,
            warnings: _,
            conventions,
        } = draft;
        let first_seen = old.map_or(self.now, |old| old.first_seen);
        let first_path = old.map_or_else(|| path.clone(), |old| old.first_path.clone());
        let key = old.map_or(Key(self.next.next_key), |old| old.key);
        let id = self.id(&claims, &path, old);
        let published = claims
            .published
            .map_or(first_seen, |date| date.instant(first_seen));
        let updated = self.updated(&claims, content, published, old);
        let expires = claims.expires.map(|date| date.instant(first_seen));
        let standing = self.standing(published, expires, old);
        let slug = self.slug(&claims, slug, &path, key, old);
        let mut former = old.map(|old| old.former.clone()).unwrap_or_default();
        former.extend(old.map(|old| old.entry.slug.clone()));
        former.extend(claims.aliases);
        former.retain(|former| *former != slug);
        former.sort();
        former.dedup();
        let entry = Entry {
            id,
            path,
            slug,
            published,
            updated,
            article,
        };
        Record {
            key,
            first_path,
            first_seen,
            stamp,
            standing,
            card: Arc::new(Card::of(key, &entry)),
            entry: Arc::new(entry),
            content,
            expires,
            former,
            former_titles: old.map(|old| old.former_titles.clone()).unwrap_or_default(),
            conventions,
            face: content,
            changed: old.map_or(self.now, |old| old.changed),
            resolved: Arc::from([]),
        }
    }

    fn id(&self, claims: &Claims, path: &FolderPath, old: Option<&Record>) -> EntryId {
        claims
            .id
            .clone()
            .or_else(|| old.map(|old| old.entry.id.clone()))
            .unwrap_or_else(|| self.next.new_id(path))
    }

    /// `updated` moves only when the content does, or by the writer's own word; it is never before
    /// `published` and never in the future.
    fn updated(
        &self,
        claims: &Claims,
        content: Digest,
        published: Timestamp,
        old: Option<&Record>,
    ) -> Timestamp {
        let stated = claims
            .updated
            .map(|date| date.instant(self.now))
            .filter(|stated| *stated <= self.now);
        let updated = match (stated, old) {
            (Some(stated), _) => stated,
            (None, Some(old)) if old.content == content || claims.minor => old.entry.updated,
            (None, Some(old)) if old.standing != Standing::Scheduled => self.now,
            (None, _) => published,
        };
        updated.max(published)
    }

    fn standing(
        &self,
        published: Timestamp,
        expires: Option<Timestamp>,
        old: Option<&Record>,
    ) -> Standing {
        let was_live_then =
            old.is_some_and(|old| old.is_live() && old.entry.published == published);
        if expires.is_some_and(|moment| moment <= self.now) {
            match old.map(|old| old.standing) {
                Some(Standing::Retired(moment) | Standing::Withdrawn(moment)) => {
                    Standing::Retired(moment)
                }
                _ => Standing::Retired(self.now),
            }
        } else if published > self.now && !was_live_then {
            // A clock that jumped back must not withdraw what is out already.
            Standing::Scheduled
        } else {
            Standing::Live
        }
    }

    /// The address: the writer's word, else what it was, else the draft's wish; unique. The one seen
    /// first keeps it; another gets its section in front, then a number.
    fn slug(
        &self,
        claims: &Claims,
        wish: Slug,
        path: &FolderPath,
        key: Key,
        old: Option<&Record>,
    ) -> Slug {
        let wanted = claims
            .slug
            .clone()
            .or_else(|| old.map(|old| old.entry.slug.clone()))
            .unwrap_or(wish);
        let is_free = |slug: &Slug| {
            self.next
                .by_slug
                .get(slug)
                .is_none_or(|holder| *holder == key)
        };
        if is_free(&wanted) {
            return wanted;
        }
        let section = path.section().and_then(Slug::from_words);
        let base = section.map_or_else(|| wanted.clone(), |section| wanted.prefixed(&section));
        let mut slug = base.clone();
        let mut number = 1;
        while !is_free(&slug) {
            number += 1;
            slug = base.numbered(number);
        }
        slug
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
