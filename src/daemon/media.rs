//! Files beside entries, from the folder's room to the listener's.

use std::io;

use jiff::Timestamp;

use crate::entry::{Digester, FolderPath};
use crate::folder::scan::Folder;
use crate::http::{MediaFiles, OpenMedia};

/// The files of a folder.
pub(super) struct FolderMedia(pub(super) Folder);

impl MediaFiles for FolderMedia {
    fn open(&self, path: &FolderPath) -> io::Result<OpenMedia> {
        let (file, stamp) = self.0.open_beside(path)?;
        // What the file system says of a file is as good as its bytes here, and costs nothing: an edit
        // changes the time of change, a replacement the inode.
        let tag = Digester::new()
            .field(stamp.inode.to_le_bytes())
            .field(stamp.size.to_le_bytes())
            .field(stamp.modified.to_le_bytes())
            .field(stamp.changed.to_le_bytes())
            .finish();
        Ok(OpenMedia {
            file,
            length: stamp.size,
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
