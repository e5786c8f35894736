//! What has become of connections.

use std::sync::atomic::{AtomicU64, Ordering};

/// What has become of connections, at all places that share this.
#[derive(Debug, Default)]
pub struct Connections {
    pub(super) accepted: AtomicU64,
    pub(super) gone: AtomicU64,
    pub(super) cut_idle: AtomicU64,
    pub(super) cut_stalled: AtomicU64,
}

/// The same at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connected {
    /// Those that there are.
    pub now: u64,
    /// Those that came so far.
    pub accepted: u64,
    /// Those that were ended here as nothing was asked: for long, or while others waited.
    pub cut_idle: u64,
    /// Those that were ended here as nothing of an answer was taken.
    pub cut_stalled: u64,
}

impl Connections {
    /// What has become of them so far.
    pub fn figures(&self) -> Connected {
        // In this order, so that none is gone that has not come.
        let gone = self.gone.load(Ordering::Acquire);
        let accepted = self.accepted.load(Ordering::Acquire);
        Connected {
            now: accepted.saturating_sub(gone),
            accepted,
            cut_idle: self.cut_idle.load(Ordering::Relaxed),
            cut_stalled: self.cut_stalled.load(Ordering::Relaxed),
        }
    }
}

/// Why a connection is ended here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nothing is asked at it.
    Idle = 1,
    /// Its peer takes nothing.
    Stalled = 2,
}
