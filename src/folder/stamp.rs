//! What the file system says of a file, as a [`Stamp`].

use std::fs::Metadata;
use std::io;

use crate::entry::Stamp;

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
