//! The clock: the only place that asks what time it is.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the clock that all others are told"
)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Wall time, for dates.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Time that never jumps, for waiting.
pub(super) fn instant() -> Instant {
    Instant::now()
}

/// When wall time will be `moment`, at most an hour from now: by then the clock may have been set.
pub(super) fn instant_of(moment: Timestamp) -> Instant {
    let ahead = moment.duration_since(Timestamp::now());
    let ahead = Duration::try_from(ahead).unwrap_or(Duration::ZERO);
    Instant::now() + ahead.min(Duration::from_hours(1))
}

/// How old a file's change at `modified` (nanoseconds since 1970) is; a change in the future counts
/// as just made.
pub(super) fn age(modified: i64) -> Duration {
    let modified = UNIX_EPOCH + Duration::from_nanos(u64::try_from(modified).unwrap_or(0));
    SystemTime::now()
        .duration_since(modified)
        .unwrap_or(Duration::ZERO)
}
