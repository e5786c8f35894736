//! Files that belong to an entry by their names alone: `story.jpg` and `story.mp3` beside `story.md`, and
//! what belongs to a recording: `story.vtt`, `story.chapters.json`, the cover in its tags.
//!
//! No index is kept for them. The files are in the order of their paths, so those of one name are one
//! range; and from a file to the entries that it may belong to lead a few lookups by path and slug.

use std::sync::Arc;

use super::{Catalogue, Key, Record, Standing};
use crate::entry::{Draft, Episode, FolderPath, Inlay, Media, Reference, Slug, Target};

/// What the names of lead images end in.
const IMAGES: [&str; 4] = ["jpeg", "jpg", "png", "webp"];

/// What the names of transcripts end in.
const TRANSCRIPTS: [&str; 2] = ["srt", "vtt"];

/// What the names of texts end in.
pub(super) const TEXTS: [&str; 5] = ["md", "markdown", "txt", "html", "htm"];

/// What a file is to the entry whose name it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its lead image.
    Image,
    /// Sound or film.
    Recording,
    /// What is said in its recording.
    Transcript,
    /// The chapters of its recording.
    Chapters,
}

impl Part {
    /// What the file at `path` may be, and the name that its entry then has.
    pub fn of(path: &FolderPath) -> Option<(Self, &str)> {
        if path.carrier().is_some() {
            return None;
        }
        if path.is_chapters() {
            let name = path.stem();
            return Some((
                Self::Chapters,
                name.rsplit_once('.').map_or(name, |it| it.0),
            ));
        }
        let extension = path.extension().to_ascii_lowercase();
        let part = if IMAGES.contains(&extension.as_str()) {
            Self::Image
        } else if TRANSCRIPTS.contains(&extension.as_str()) {
            Self::Transcript
        } else if path.is_recording() {
            Self::Recording
        } else {
            return None;
        };
        Some((part, path.stem()))
    }
}

/// Whether the file may be the lead image of the entry whose name it has.
pub fn is_lead_image(path: &FolderPath) -> bool {
    matches!(Part::of(path), Some((Part::Image, _)))
}

/// Whether an entry may have such a file beside it by name, and it is no entry itself.
pub fn may_belong(path: &FolderPath) -> bool {
    Part::of(path).is_some_and(|(part, _)| part != Part::Recording)
}

/// Where the files that belong to `draft` may lie, by its name: pictures, transcripts, chapters.
pub fn named_files(draft: &Draft) -> impl Iterator<Item = FolderPath> {
    let slug = draft.claims.slug.as_ref().unwrap_or(&draft.slug).as_str();
    let stem = draft.path.stem();
    let has_image = draft.article.image.as_ref().is_some_and(|it| it.is_stated);
    let stems = [Some(stem), Some(slug).filter(|slug| *slug != stem)];
    stems.into_iter().flatten().flat_map(move |stem| {
        let images = IMAGES.into_iter().filter(move |_| !has_image);
        let extensions = images.chain(TRANSCRIPTS).chain(["chapters.json"]);
        extensions.filter_map(move |extension| {
            in_folder(draft.path.parent(), &format!("{stem}.{extension}"))
        })
    })
}

fn in_folder(folder: &str, name: &str) -> Option<FolderPath> {
    FolderPath::new(&format!("{folder}/{name}"))
}

impl Catalogue {
    /// The files in `folder` that have the name `stem`, in the order of their paths.
    fn named(&self, folder: &str, stem: &str) -> impl Iterator<Item = (Part, &FolderPath, Media)> {
        // Where nobody has pictures or recordings there is nothing to look for.
        let has_any = !self.media.is_empty();
        let first = has_any
            .then(|| in_folder(folder, &format!("{stem}.")))
            .flatten();
        let range = first.map(|first| {
            let begins = first.as_str().to_owned();
            self.media
                .range(first..)
                .take_while(move |(file, _)| file.as_str().starts_with(&begins))
        });
        range
            .into_iter()
            .flatten()
            .filter_map(move |(file, media)| {
                let (part, name) = Part::of(file)?;
                (name == stem).then_some((part, file, *media))
            })
    }

    /// The names by which files belong to `record`; none where another entry has its path: there they are
    /// that one's.
    fn own_names(record: &Record) -> impl Iterator<Item = (&str, &str)> {
        let path = &record.entry.path;
        let slug = record.entry.slug.as_str();
        let has_name = record.displaced.is_none() && record.standing != Standing::Front;
        let has_other = slug != path.stem() && !slug.contains('/');
        [Some(path.stem()), Some(slug).filter(|_| has_other)]
            .into_iter()
            .flatten()
            .filter(move |_| has_name)
            .map(|name| (path.parent(), name))
    }

    /// The recording that `record` is, or the first that feeds show as its file, if it is there: the
    /// first enclosure that it names, else the first that has its name.
    pub(super) fn recording_of(&self, record: &Record) -> Option<FolderPath> {
        let article = &record.entry.article;
        if let Some(first) = article.enclosures.first() {
            let Target::Reference(number) = &first.target else {
                return None;
            };
            return match article.references.get(*number)? {
                Reference::Local(local) if local.path.is_recording() => {
                    let is_there = self.media.contains_key(&local.path);
                    is_there.then(|| local.path.clone())
                }
                _ => None,
            };
        }
        if record.entry.path.is_recording() {
            return None;
        }
        let named = Self::own_names(record).flat_map(|(folder, name)| self.named(folder, name));
        let is_named = |file: &FolderPath| article.paths().any(|named| named == file);
        named
            .filter(|(part, file, _)| *part == Part::Recording && !is_named(file))
            .map(|(_, file, _)| file.clone())
            .next()
    }

    /// The files that belong to `record` by their names: an image if it names none itself, the recordings
    /// that it does not name, and what its recording has beside or inside it.
    pub(super) fn files_beside(&self, record: &Record) -> Vec<(FolderPath, Media)> {
        let article = &record.entry.article;
        let is_recording = record.entry.path.is_recording();
        let recording = self.recording_of(record);
        if is_recording && recording.as_ref() != Some(&record.entry.path) {
            // Its file is not there, or it is still a text that was put off.
            return Vec::new();
        }
        let mut names: Vec<(&str, &str)> = Self::own_names(record).collect();
        if let Some(recording) = &recording {
            let place = (recording.parent(), recording.stem());
            if !names.contains(&place) {
                names.push(place);
            }
        }
        let mut files: Vec<(FolderPath, Media)> = Vec::new();
        let is_named = |file: &FolderPath| article.paths().any(|named| named == file);
        // The first image of a text is no cover, where it has a recording.
        let mut has_image = match &article.image {
            Some(image) => image.is_stated || recording.is_none(),
            None => false,
        };
        let mut has_chapters = recording.is_none();
        for (folder, name) in names {
            let is_own = Self::own_names(record).any(|own| own == (folder, name));
            for (part, file, media) in self.named(folder, name) {
                let belongs = match part {
                    Part::Image => !std::mem::replace(&mut has_image, true),
                    Part::Recording => is_own && !is_recording && !is_named(file),
                    Part::Transcript => recording.is_some(),
                    Part::Chapters => !std::mem::replace(&mut has_chapters, true),
                };
                if belongs {
                    files.push((file.clone(), media));
                }
            }
        }
        let inside = recording.iter().flat_map(|recording| {
            let places = Inlay::ALL.map(|inlay| recording.inlay(inlay));
            places
                .into_iter()
                .filter_map(|place| Some((place.clone(), *self.media.get(&place)?)))
        });
        files.extend(inside);
        files
    }

    /// What the tags of the recording say that belongs to `record` and is an entry of its own by itself.
    pub(super) fn tagged(&self, record: &Record) -> Option<Box<Episode>> {
        let path = self.recording_of(record)?;
        let recording = self.at_path(&path).filter(|it| it.key != record.key)?;
        recording.entry.article.episode.clone().map(Box::new)
    }

    /// The entries to which the file at `path` may belong by its name.
    pub(super) fn beside_which(&self, path: &FolderPath) -> Vec<Key> {
        if let Some((carrier, _)) = path.carrier() {
            return self.users(&carrier).map(|record| record.key).collect();
        }
        let Some((part, name)) = Part::of(path) else {
            return Vec::new();
        };
        let texts = TEXTS.iter().filter_map(|extension| {
            let text = in_folder(path.parent(), &format!("{name}.{extension}"))?;
            self.by_path.get(&text)
        });
        let by_slug = Slug::from_path(name)
            .filter(|slug| slug.as_str() == name)
            .and_then(|slug| self.by_slug.get(&slug));
        let mut keys: Vec<Key> = texts.chain(by_slug).copied().collect();
        keys.retain(|key| {
            self.records.get(key).is_some_and(|record| {
                let entry = &record.entry;
                let is_near = entry.path.parent() == path.parent();
                let is_other = part != Part::Recording || !entry.path.is_recording();
                is_near
                    && is_other
                    && (entry.path.stem() == name || entry.slug.as_str() == name)
                    && (matches!(part, Part::Image | Part::Recording)
                        || self.recording_of(record).is_some())
            })
        });
        if part != Part::Recording {
            // Recordings of this name, and the entries that have them as theirs.
            for (of, recording, _) in self.named(path.parent(), name) {
                if of == Part::Recording {
                    keys.extend(self.users(recording).map(|record| record.key));
                }
            }
        }
        keys.sort();
        keys.dedup();
        keys
    }

    /// The entries that show the file at `path`, if it is there.
    pub(super) fn users(&self, path: &FolderPath) -> impl Iterator<Item = &Arc<Record>> {
        let named: Vec<Key> = self.graph.uses(path).collect();
        named
            .into_iter()
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
