//! Who a draft is: an entry we know, or a new one.
//!
//! An id outlives the file's name, title, address and host, and the ledger that keeps it as far as
//! can be: it grows from the site's id and the path at first sight (RFC 9562 section 5.5), so that a
//! lost ledger gives the same ids back to files that were never renamed.

use imbl::{HashMap, OrdSet};
use uuid::Uuid;

use super::{Catalogue, Key, Record, Standing};
use crate::entry::{Digest, Draft, EntryId, FolderPath, Problem, Stamp};

/// Who a draft is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// An entry we know, by its file, its id or its content.
    Known(Key),
    /// One never seen before.
    New,
}

impl Catalogue {
    /// Who `draft` is. `missing` are the records whose files are not where they were, `twins` tells
    /// how many new drafts of this look have the same content.
    ///
    /// First match wins: the path; a stated id; the same file on the disk (renamed); the same
    /// content, if exactly one such file is gone (now, or ever since) and one is new. Never when it is ambiguous: a copy is
    /// a new entry. Fails when the stated id belongs to a file that is still there.
    pub(super) fn identify(
        &self,
        draft: &Draft,
        stamp: &Stamp,
        missing: &[Key],
        twins: usize,
    ) -> Result<Identity, Problem> {
        let here = self.by_path.get(&draft.path).copied();
        if let Some(id) = &draft.claims.id {
            return self.claimed(id, draft, here, missing);
        }
        if let Some(key) = here {
            return Ok(Identity::Known(key));
        }
        let missing = missing.iter().filter_map(|key| self.records.get(key));
        let renamed = missing
            .clone()
            .find(|record| record.stamp.is_same_file(stamp));
        if let Some(key) = renamed
            .map(|record| record.key)
            .or_else(|| self.lost.file(stamp))
        {
            return Ok(Identity::Known(key));
        }
        let lost = self
            .lost
            .with_body(draft.article.body)
            .filter_map(|key| self.records.get(&key));
        let mut alike = missing
            .chain(lost)
            .filter(|record| record.entry.article == draft.article);
        match (alike.next(), alike.next(), twins) {
            (Some(moved), None, 1) => Ok(Identity::Known(moved.key)),
            _ => Ok(Identity::New),
        }
    }

    fn claimed(
        &self,
        id: &EntryId,
        draft: &Draft,
        here: Option<Key>,
        missing: &[Key],
    ) -> Result<Identity, Problem> {
        let holder = self.by_id.get(id).and_then(|key| self.records.get(key));
        match holder {
            None => Ok(here.map_or(Identity::New, Identity::Known)),
            Some(holder) if Some(holder.key) == here => Ok(Identity::Known(holder.key)),
            Some(holder) if missing.contains(&holder.key) || is_lost(holder) => {
                Ok(Identity::Known(holder.key))
            }
            Some(holder) => Err(Problem {
                line: 1,
                column: 1,
                message: format!(
                    "the id `{id}` of {} belongs to {}: expected an id of its own, or none",
                    draft.path, holder.entry.path
                ),
            }),
        }
    }

    /// A new id for a file first seen at `path`, never given before.
    pub(super) fn new_id(&self, path: &FolderPath) -> EntryId {
        let mut given = self.ids_given.get(path).copied().unwrap_or(0);
        loop {
            let name = if given == 0 {
                path.to_string()
            } else {
                format!("{path}#{given}")
            };
            let id = EntryId::from_uuid(Uuid::new_v5(&self.site, name.as_bytes()));
            if !self.by_id.contains_key(&id) {
                return id;
            }
            given += 1;
        }
    }
}

/// Entries whose files are gone, by what would tell that one has turned up elsewhere.
#[derive(Clone, Default)]
pub(super) struct Lost {
    /// Device, inode and birth.
    files: HashMap<(u64, u64, i64), Key>,
    bodies: OrdSet<(Digest, Key)>,
}

impl Lost {
    /// Adds `record` if its file is gone.
    pub(super) fn add(&mut self, record: &Record) {
        if is_lost(record) {
            let file = file_of(&record.stamp);
            self.files.extend(file.map(|file| (file, record.key)));
            self.bodies.insert((record.entry.article.body, record.key));
        }
    }

    /// Takes back what [`Lost::add`] added.
    pub(super) fn remove(&mut self, record: &Record) {
        if is_lost(record) {
            if let Some(file) = file_of(&record.stamp) {
                self.files.remove(&file);
            }
            self.bodies.remove(&(record.entry.article.body, record.key));
        }
    }

    fn file(&self, stamp: &Stamp) -> Option<Key> {
        self.files.get(&file_of(stamp)?).copied()
    }

    fn with_body(&self, body: Digest) -> impl Iterator<Item = Key> {
        let all = (body, Key(0))..=(body, Key(u64::MAX));
        self.bodies.range(all).map(|(_, key)| *key)
    }
}

fn is_lost(record: &Record) -> bool {
    matches!(record.standing, Standing::Withdrawn(_))
}

fn file_of(stamp: &Stamp) -> Option<(u64, u64, i64)> {
    stamp.born.map(|born| (stamp.device, stamp.inode, born))
}
