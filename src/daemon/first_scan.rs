//! How far the first scan is, for whoever started us.

use std::fmt;

/// Hears how far the first scan of a folder is, as long as nothing is served: the figures that `/readyz`
/// says of a large folder, of any.
pub trait FirstScan: fmt::Debug + Send + Sync {
    /// So many of all files that a turn has to read are read; when it is all of them, they are being
    /// published.
    fn has_read(&self, read: usize, all: usize);
    /// The turn is over: what was read is published, or can't be now.
    fn is_over(&self);
}

/// Nobody wants to know.
impl FirstScan for () {
    fn has_read(&self, _: usize, _: usize) {}
    fn is_over(&self) {}
}
