//! An audio or video file that no entry names: an entry made of its own tags.

use super::{Conventions, Refusal};
use crate::entry::{Draft, FolderPath, Problem, Recording};

/// The entry that the recording at `path` is.
pub fn recording(
    path: &FolderPath,
    recording: &Recording,
    conventions: &Conventions,
) -> Result<Draft, Refusal> {
    let _ = (path, recording, conventions);
    Err(Refusal::Rejected(Problem {
        line: 1,
        column: 1,
        message: "recordings are not read yet".to_owned(),
    }))
}
