//! Entry files read and parsed, on all cores.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::conventions::FolderConventions;
use super::scan::{Folder, ReadError};
use crate::entry::parse::{Refusal, parse};
use crate::entry::{Draft, FolderPath, Problem, Stamp};

/// What reading one entry file came to.
#[derive(Debug)]
pub enum Read {
    /// A draft.
    Draft(Box<Draft>, Stamp),
    /// Somebody seems to be writing still.
    Unfinished(Stamp),
    /// Can't be published.
    Rejected(Stamp, Problem),
    /// Can't be read.
    Unreadable(String),
    /// Gone, or changed while it was read: another look will tell.
    Again,
}

/// Reads and parses the files at `paths`; the results are in their order.
pub fn read_all(
    folder: &Folder,
    conventions: &FolderConventions,
    paths: BTreeSet<FolderPath>,
) -> Vec<(FolderPath, Read)> {
    let paths: Vec<FolderPath> = paths.into_iter().collect();
    let reading = paths.into_par_iter().map(|path| {
        let read = read(folder, conventions, &path);
        (path, read)
    });
    reading.collect()
}

fn read(folder: &Folder, conventions: &FolderConventions, path: &FolderPath) -> Read {
    let (bytes, stamp) = match folder.read(path) {
        Ok(read) => read,
        Err(ReadError::Changed) => return Read::Again,
        Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Read::Again;
        }
        Err(error) => return Read::Unreadable(error.to_string()),
    };
    // A parser that panics must not take the daemon down, nor the other entries.
    match catch_unwind(AssertUnwindSafe(|| parse(path, &bytes, &conventions.of(path)))) {
        Ok(Ok(draft)) => Read::Draft(Box::new(draft), stamp),
        Ok(Err(Refusal::Unfinished(_))) => Read::Unfinished(stamp),
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
