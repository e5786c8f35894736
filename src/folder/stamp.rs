//! What the file system says of a file, as a [`Stamp`], and what its bytes say.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};

use crate::entry::{Digest, Digester, Stamp};

/// How much is read at a time, in bytes.
const PIECE: usize = 256 * 1024;

/// The stamp in `metadata`.
pub(super) fn stamp(metadata: &Metadata) -> Stamp {
    let nanoseconds = |time: io::Result<std::time::SystemTime>| {
        let since = time.ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_nanos()).ok()
    };
    let (device, inode, changed) = system(metadata);
    Stamp {
        device,
        inode,
        size: metadata.len(),
        modified: nanoseconds(metadata.modified()).unwrap_or(0),
        changed,
        born: nanoseconds(metadata.created()),
    }
}

/// What tells one folder from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderIdentity {
    /// The device it lies on.
    pub device: u64,
    inode: u64,
    /// A folder that is made when another one was removed may get its number.
    born: Option<i64>,
}

impl FolderIdentity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let Stamp {
            device,
            inode,
            born,
            ..
        } = stamp(metadata);
        Self {
            device,
            inode,
            born,
        }
    }
}

#[cfg(unix)]
fn system(metadata: &Metadata) -> (u64, u64, i64) {
    use std::os::unix::fs::MetadataExt;
    let changed = metadata
        .ctime()
        .saturating_mul(1_000_000_000)
        .saturating_add(metadata.ctime_nsec());
    (metadata.dev(), metadata.ino(), changed)
}

#[cfg(not(unix))]
fn system(_: &Metadata) -> (u64, u64, i64) {
    (0, 0, 0)
}

/// The digest of the bytes of a file whose stamp is `version`, which is then at its start again. Fails
/// also when somebody wrote to it meanwhile.
pub fn digest(file: &mut File, version: Stamp) -> io::Result<Digest> {
    let mut digester = Digester::new();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => digester = digester.piece(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    file.rewind()?;
    if stamp(&file.metadata()?) == version {
        Ok(digester.finish())
    } else {
        Err(io::Error::other("the file changed while it was read"))
    }
}
