//! Entry files read and parsed, on all cores.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::conventions::FolderConventions;
use super::scan::{Folder, Look, ReadError};
use crate::entry::parse::{Refusal, parse, recording};
use crate::entry::{Digest, Draft, FolderPath, Inlay, Media, Problem, Recording, Stamp};

/// A file that was to be read.
#[derive(Debug)]
pub struct Reading {
    /// Which one.
    pub path: FolderPath,
    /// What its bytes are, if it is a text and they were read.
    pub text: Option<Digest>,
    /// What it came to.
    pub read: Read,
}

/// What reading one entry file came to.
#[derive(Debug)]
pub enum Read {
    /// A draft.
    Draft(Box<Draft>, Stamp),
    /// A draft made of a recording's own tags, and what is known of it, and of the files that it may
    /// hold, as files.
    Recording(Box<Draft>, Stamp, Vec<(FolderPath, Option<Media>)>),
    /// Somebody seems to be writing still.
    Unfinished(Stamp, Problem),
    /// Can't be published.
    Rejected(Stamp, Problem),
    /// Can't be read.
    Unreadable(String),
    /// A `_feed.toml` around it can't be followed; what it says might be that nothing is published.
    Waiting,
    /// Gone, or changed while it was read: another look will tell.
    Again,
}

impl Read {
    /// The stamp of what was read.
    pub fn stamp(&self) -> Option<&Stamp> {
        match self {
            Self::Draft(_, stamp)
            | Self::Recording(_, stamp, _)
            | Self::Unfinished(stamp, _)
            | Self::Rejected(stamp, _) => Some(stamp),
            Self::Unreadable(_) | Self::Waiting | Self::Again => None,
        }
    }
}

/// How many files are read between two words about how far it is: a tenth of a second or so.
const BETWEEN_WORDS: usize = 1024;

/// Reads and parses the files at `paths`; the results are in their order. `tell` hears now and then how
/// many are done.
pub fn read_all(
    folder: &Folder,
    conventions: &FolderConventions,
    paths: &[&FolderPath],
    tell: impl Fn(usize),
) -> Vec<Reading> {
    let read = |path: &&FolderPath| {
        let mut text = None;
        let read = read(folder, conventions, path, &mut text);
        let path = FolderPath::clone(path);
        Reading { path, text, read }
    };
    let mut readings = Vec::with_capacity(paths.len());
    if !paths.is_empty() {
        tell(0);
    }
    for some in paths.chunks(BETWEEN_WORDS) {
        match some {
            // To wake another thread takes longer.
            [path] => readings.push(read(path)),
            some => readings.par_extend(some.par_iter().map(read)),
        }
        tell(readings.len());
    }
    readings
}

/// Those of the files at `paths` whose bytes are not the ones that `paths` says, or can't be read.
pub fn other_than(folder: &Folder, paths: Vec<(FolderPath, Digest)>) -> Vec<FolderPath> {
    let paths = paths.into_par_iter().filter(|(path, known)| {
        let read = folder.read(path).map(|(bytes, _)| Digest::of(&bytes));
        read.ok() != Some(*known)
    });
    paths.map(|(path, _)| path).collect()
}

fn read(
    folder: &Folder,
    conventions: &FolderConventions,
    path: &FolderPath,
    text: &mut Option<Digest>,
) -> Read {
    let Some(conventions) = conventions.of(path) else {
        return Read::Waiting;
    };
    if path.is_recording() {
        return match folder.probe(path) {
            Err(error) => unread(&error),
            Ok((tags, stamp)) => match recording(path, &tags, &conventions) {
                Ok(draft) => {
                    let files = files_of(folder, path, &tags, stamp);
                    Read::Recording(Box::new(draft), stamp, files)
                }
                Err(refusal) => Read::Rejected(stamp, refusal.problem().clone()),
            },
        };
    }
    let (bytes, stamp) = match folder.read(path) {
        Ok(read) => read,
        Err(error) => return unread(&error),
    };
    *text = Some(Digest::of(&bytes));
    // A parser that panics must not take the daemon down, nor the other entries.
    match catch_unwind(AssertUnwindSafe(|| parse(path, &bytes, &conventions))) {
        Ok(Ok(draft)) => Read::Draft(Box::new(draft), stamp),
        Ok(Err(Refusal::Unfinished(problem))) => Read::Unfinished(stamp, problem),
        Ok(Err(Refusal::Rejected(problem))) => Read::Rejected(stamp, problem),
        Err(_) => Read::Rejected(
            stamp,
            Problem {
                line: 1,
                column: 1,
                message: "the parser failed on it, which is a fault of ours: please report it with the file".to_owned(),
            },
        ),
    }
}

/// The recording at `path` as a file, and each that it holds or might have held before. One that lies
/// beside it under the same name counts instead.
fn files_of(
    folder: &Folder,
    path: &FolderPath,
    tags: &Recording,
    stamp: Stamp,
) -> Vec<(FolderPath, Option<Media>)> {
    let whole = Media {
        bytes: stamp.size,
        seconds: tags.seconds,
    };
    let inside = Inlay::ALL.into_iter().filter_map(|inlay| {
        let place = path.inlay(inlay);
        let held = tags.inlays.iter().find(|(held, _)| *held == inlay);
        let is_free = matches!(folder.look(&place), Ok(Look::Nothing));
        is_free.then(|| (place, held.map(|(_, bytes)| Media::of_bytes(*bytes))))
    });
    std::iter::once((path.clone(), Some(whole)))
        .chain(inside)
        .collect()
}

fn unread(error: &ReadError) -> Read {
    match error {
        ReadError::Changed => Read::Again,
        ReadError::Io(error) if error.kind() == std::io::ErrorKind::NotFound => Read::Again,
        error => Read::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::folder::names::Names;

    #[test]
    fn other_bytes_are_told_whatever_the_stamp_says() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().to_owned(), Names::new(&[]).unwrap(), 10);
        let path = |path: &str| FolderPath::new(path).unwrap();
        for name in ["same.md", "other.md", "large.md"] {
            fs::write(place.path().join(name), "text").unwrap();
        }
        let known = ["same.md", "other.md", "large.md", "gone.md"];
        let known = known.map(|name| (path(name), Digest::of(b"text")));
        fs::write(place.path().join("other.md"), "TEXT").unwrap();
        fs::write(place.path().join("large.md"), "too much text").unwrap();
        let other = ["other.md", "large.md", "gone.md"].map(path);
        assert_eq!(other_than(&folder, known.to_vec()), other);
    }
}
