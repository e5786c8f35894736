//! Files that belong to an entry by their names alone: `story.jpg` and `story.mp3` beside `story.md`.
//!
//! No index is kept for them. The files are in the order of their paths, so those of one name are one
//! range; and from a file to the entries that it may belong to lead a few lookups by path and slug.

use std::sync::Arc;

use super::{Catalogue, Key, Record, Standing};
use crate::entry::{Draft, FolderPath, Media, Reference, Slug};

/// What the names of lead images end in.
const IMAGES: [&str; 4] = ["jpeg", "jpg", "png", "webp"];

/// What the names of texts end in.
pub(super) const TEXTS: [&str; 5] = ["md", "markdown", "txt", "html", "htm"];

/// Whether the file may be the lead image of the entry whose name it has.
pub fn is_lead_image(path: &FolderPath) -> bool {
    IMAGES.contains(&path.extension().to_ascii_lowercase().as_str())
}

/// Whether a text may have such a file beside it by name.
fn may_belong(path: &FolderPath) -> bool {
    is_lead_image(path) || path.is_recording()
}

/// Where the lead image of `draft` may lie, by its name.
pub fn lead_images(draft: &Draft) -> impl Iterator<Item = FolderPath> {
    let slug = draft.claims.slug.as_ref().unwrap_or(&draft.slug).as_str();
    let stem = draft.path.stem();
    let has_own = draft.article.image.is_some() || draft.path.is_recording();
    let stems = [Some(stem), Some(slug).filter(|slug| *slug != stem)];
    let stems = stems.into_iter().flatten().filter(move |_| !has_own);
    stems.flat_map(move |stem| {
        IMAGES.iter().filter_map(move |extension| {
            in_folder(draft.path.parent(), &format!("{stem}.{extension}"))
        })
    })
}

fn in_folder(folder: &str, name: &str) -> Option<FolderPath> {
    FolderPath::new(&format!("{folder}/{name}"))
}

impl Catalogue {
    /// The files that belong to `record` by their names: an image if it names none itself, and the
    /// recordings that it does not name.
    pub(super) fn files_beside(&self, record: &Record) -> Vec<(FolderPath, Media)> {
        let path = &record.entry.path;
        // Where another entry has its path, the files by that name are that one's.
        let has_name = record.displaced.is_none() && record.standing != Standing::Front;
        if path.is_recording() || !has_name {
            return Vec::new();
        }
        let article = &record.entry.article;
        let slug = record.entry.slug.as_str();
        let mut stems = vec![path.stem()];
        if slug != path.stem() && !slug.contains('/') {
            stems.push(slug);
        }
        let mut files = Vec::new();
        for stem in stems {
            let Some(first) = in_folder(path.parent(), &format!("{stem}.")) else {
                continue;
            };
            let found = self
                .media
                .range(first.clone()..)
                .take_while(|(file, _)| file.as_str().starts_with(first.as_str()))
                .filter(|(file, _)| file.stem() == stem);
            files.extend(found.map(|(file, media)| (file.clone(), *media)));
        }
        let is_named = |file: &FolderPath| article.paths().any(|named| named == file);
        let mut has_image = article.image.is_some();
        files.retain(|(file, _)| {
            if is_lead_image(file) {
                !std::mem::replace(&mut has_image, true)
            } else {
                file.is_recording() && !is_named(file)
            }
        });
        files
    }

    /// The entries to which the file at `path` may belong by its name.
    pub(super) fn beside_which(&self, path: &FolderPath) -> Vec<Key> {
        if !may_belong(path) {
            return Vec::new();
        }
        let stem = path.stem();
        let texts = TEXTS.iter().filter_map(|extension| {
            let text = in_folder(path.parent(), &format!("{stem}.{extension}"))?;
            self.by_path.get(&text)
        });
        let by_slug = Slug::from_path(stem)
            .filter(|slug| slug.as_str() == stem)
            .and_then(|slug| self.by_slug.get(&slug));
        let mut keys: Vec<Key> = texts.chain(by_slug).copied().collect();
        keys.retain(|key| {
            self.records.get(key).is_some_and(|record| {
                let entry = &record.entry;
                let is_near = entry.path.parent() == path.parent() && !entry.path.is_recording();
                is_near && (entry.path.stem() == stem || entry.slug.as_str() == stem)
            })
        });
        keys.sort();
        keys.dedup();
        keys
    }

    /// The entries that show the file at `path`, if it is there.
    pub(super) fn users(&self, path: &FolderPath) -> impl Iterator<Item = &Arc<Record>> {
        self.graph
            .uses(path)
            .chain(self.beside_which(path))
            .filter_map(|key| self.records.get(&key))
    }

    /// Whether the recording at `path` belongs to a live entry, as its file, and is none of its own.
    pub(super) fn is_enclosed(&self, path: &FolderPath) -> bool {
        let names_it = |record: &Record| {
            record.entry.article.references.iter().any(
                |reference| matches!(reference, Reference::Local(local) if local.path == *path),
            )
        };
        let is_text = |record: &Record| record.is_live() && !record.entry.path.is_recording();
        let is_used = self
            .graph
            .uses(path)
            .filter_map(|key| self.records.get(&key))
            .any(|record| is_text(record) && names_it(record));
        is_used
            || self
                .beside_which(path)
                .iter()
                .filter_map(|key| self.records.get(key))
                .any(|record| is_text(record))
    }

    /// The recordings that `record` names or has beside it, if there are any.
    pub(super) fn recordings_of(&self, record: &Record) -> Vec<FolderPath> {
        let named = record.entry.article.paths().cloned();
        let beside = self.files_beside(record).into_iter().map(|(file, _)| file);
        named
            .chain(beside)
            .filter(FolderPath::is_recording)
            .collect()
    }
}
