//! What recordings say of themselves, and the files inside them.

use std::io::{self, ErrorKind};

use super::{Folder, ReadError};
use crate::entry::{FolderPath, Inlay, Recording, Stamp};
use crate::folder::probe;
use crate::folder::stamp::stamp;

impl Folder {
    /// What the recording at `path` says of itself, with the stamp of what was read.
    pub fn probe(&self, path: &FolderPath) -> Result<(Recording, Stamp), ReadError> {
        let (mut file, before) = self.open_beside(path)?;
        let recording = probe::probe(&mut file);
        if stamp(&file.metadata()?) == before {
            Ok((recording, before))
        } else {
            Err(ReadError::Changed)
        }
    }

    /// The bytes of a file inside the recording at `path`, with the recording's stamp.
    pub fn read_inlay(&self, path: &FolderPath, inlay: Inlay) -> io::Result<(Vec<u8>, Stamp)> {
        let (mut file, before) = self.open_beside(path)?;
        let bytes = probe::inlay(&mut file, inlay);
        if stamp(&file.metadata()?) != before {
            // Somebody writes to it: what was read may be half of one version and half of another.
            return Err(io::Error::from(ErrorKind::ResourceBusy));
        }
        let bytes = bytes.ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
        Ok((bytes, before))
    }
}
