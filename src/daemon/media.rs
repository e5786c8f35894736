//! Files beside entries, from the folder's room to the listener's.

use std::io::{self, ErrorKind};

use jiff::Timestamp;
use quick_cache::sync::Cache;

use crate::entry::{Digest, FolderPath, Stamp};
use crate::folder::scan::Folder;
use crate::folder::stamp::digest;
use crate::http::{MediaContent, MediaFiles, OpenMedia};

/// Of how many files the digests are kept.
const DIGESTS: usize = 4096;

/// The files of a folder.
pub(super) struct FolderMedia {
    folder: Folder,
    /// A tag says that bytes are the same, on every host and after every restart: so it is made of the
    /// bytes. That takes a moment for each GB, once for each version of a file.
    digests: Cache<(FolderPath, Stamp), Digest>,
}

impl FolderMedia {
    pub(super) fn new(folder: Folder) -> Self {
        Self {
            folder,
            digests: Cache::new(DIGESTS),
        }
    }
}

impl MediaFiles for FolderMedia {
    fn open(&self, path: &FolderPath) -> io::Result<OpenMedia> {
        let (content, stamp, tag) = match self.folder.open_beside(path) {
            Ok((mut file, stamp)) => {
                let tag = self
                    .digests
                    .get_or_insert_with(&(path.clone(), stamp), || digest(&mut file, stamp))?;
                let length = stamp.size;
                (MediaContent::File { file, length }, stamp, tag)
            }
            Err(error) => self.open_inlay(path, error)?,
        };
        Ok(OpenMedia {
            content,
            modified: Timestamp::from_nanosecond(i128::from(stamp.modified))
                .unwrap_or(Timestamp::UNIX_EPOCH),
            tag,
            media_type: path
                .media_type()
                .unwrap_or("application/octet-stream")
                .to_owned(),
        })
    }
}

impl FolderMedia {
    /// What a recording holds at `path`, where no file is: `error` says so. It is read from the recording
    /// each time, as players keep it; its bytes are bounded by what the folder's room takes of a file.
    fn open_inlay(
        &self,
        path: &FolderPath,
        error: io::Error,
    ) -> io::Result<(MediaContent, Stamp, Digest)> {
        let carrier = path.carrier();
        let Some((recording, inlay)) = carrier.filter(|_| error.kind() == ErrorKind::NotFound)
        else {
            return Err(error);
        };
        let (bytes, stamp) = self.folder.read_inlay(&recording, inlay)?;
        let tag = Digest::of(&bytes);
        Ok((MediaContent::Bytes(bytes.into()), stamp, tag))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;

    use super::*;
    use crate::folder::names::Names;

    #[test]
    fn equal_bytes_have_equal_tags_wherever_they_lie() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let media = |place: &tempfile::TempDir| {
            let names = Names::new(&[]).unwrap();
            FolderMedia::new(Folder::new(place.path().to_owned(), names, 10))
        };
        let path = FolderPath::new("a.png").unwrap();
        let large = vec![7; 300_000];
        fs::write(one.path().join("a.png"), &large).unwrap();
        fs::write(other.path().join("a.png"), &large).unwrap();
        let (here, there) = (media(&one), media(&other));
        let opened = here.open(&path).unwrap();
        assert_eq!(opened.tag, there.open(&path).unwrap().tag);
        // The file is read from its start although it was read before.
        let MediaContent::File { mut file, .. } = opened.content else {
            panic!("a file is read as one")
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, large);

        fs::write(one.path().join("a.png"), vec![8; 300_000]).unwrap();
        assert_ne!(here.open(&path).unwrap().tag, opened.tag);
    }
}
