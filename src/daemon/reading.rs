//! What a look found to be read, and the reading of it on all cores.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use crate::entry::parse::{Conventions, Refusal, parse};
use crate::entry::{Draft, FolderPath, Problem, Stamp};
use crate::folder::scan::{Folder, ReadError};

/// What a look yields before anything is read.
#[derive(Debug, Default)]
pub(super) struct Finding {
    /// Entry files to be read, each once however often it was hinted at.
    pub(super) read: BTreeSet<FolderPath>,
    /// Files that stayed away for the whole grace.
    pub(super) absent: Vec<FolderPath>,
    /// Files beside entries: their bytes, or `None` where nothing is.
    pub(super) media: BTreeMap<FolderPath, Option<u64>>,
}

/// What reading one entry file came to.
pub(super) enum Read {
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
pub(super) fn read_all(
    folder: &Folder,
    conventions: &Conventions,
    paths: BTreeSet<FolderPath>,
) -> Vec<(FolderPath, Read)> {
    let paths: Vec<FolderPath> = paths.into_iter().collect();
    let reading = paths.into_par_iter().map(|path| {
        let read = read(folder, conventions, &path);
        (path, read)
    });
    reading.collect()
}

fn read(folder: &Folder, conventions: &Conventions, path: &FolderPath) -> Read {
    let (bytes, stamp) = match folder.read(path) {
        Ok(read) => read,
        Err(ReadError::Changed) => return Read::Again,
        Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Read::Again;
        }
        Err(error) => return Read::Unreadable(error.to_string()),
    };
    // A parser that panics must not take the daemon down, nor the other entries.
    match catch_unwind(AssertUnwindSafe(|| parse(path, &bytes, conventions))) {
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
