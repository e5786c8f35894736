//! When to look: which of the paths that were hinted at are worth a look now.
//!
//! - A file **renamed** into place is complete, and looked at once.
//! - A file **written in place** waits until it was closed and then quiet for `settle`, also by its own
//!   times: somebody may begin to write again just when we look. While it is open
//!   it waits on, however long its writer pauses; if the close never comes (it can get lost, and
//!   `truncate` has none), a silence of [`OPEN_PATIENCE`] ends the wait.
//! - A file that is **rewritten** for ever is looked at [`MAX_WAIT`] after its first change, unless it
//!   is open.
//! - A file of which we know only that it **may** have changed (found by a scan, or made by a link)
//!   needs two looks that agree, [`SECOND_LOOK`] apart, unless its last change is older than that.
//!
//! Pure: time comes in with each call.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::entry::{FolderPath, Stamp};

/// How far two looks at a doubtful file lie apart, and how old a change must be to need just one.
pub const SECOND_LOOK: Duration = Duration::from_secs(2);

/// How long a file that changes all the time is left alone.
pub const MAX_WAIT: Duration = Duration::from_secs(5);

/// How long a file that was written to, but not closed, must be silent to be looked at all the same.
pub const OPEN_PATIENCE: Duration = Duration::from_mins(1);

/// What a hint says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It was made, nobody knows how far; or something minor changed.
    Touched,
    /// Somebody writes to it and has not closed it yet.
    Writing,
    /// Somebody who wrote to it closed it.
    Closed,
    /// It was renamed to this name, so it is complete.
    Arrived,
    /// It was removed, or renamed away.
    Left,
}

/// How far what is found at a path can be trusted to be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The way it came says so, or it was waited for long enough.
    Complete,
    /// It was closed and no sign came since; its own times must say so, too.
    Quiet,
    /// It needs a second look, unless this is one.
    Doubtful,
}

/// The paths that wait.
#[derive(Debug)]
pub struct Settling {
    settle: Duration,
    waiting: HashMap<FolderPath, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    first: Instant,
    due: Instant,
    is_open: bool,
    trust: Trust,
    /// What the first of two looks saw.
    seen: Option<Stamp>,
}

impl Waiting {
    /// How far what is found now can be trusted: who writes all the time is not waited for for ever.
    fn trust(&self) -> Trust {
        match self.trust {
            Trust::Quiet if self.due >= self.first + MAX_WAIT && !self.is_open => Trust::Complete,
            trust => trust,
        }
    }
}

impl Settling {
    /// Nothing waits yet. `settle` is how long a closed file must be quiet.
    pub fn new(settle: Duration) -> Self {
        Self {
            settle,
            waiting: HashMap::new(),
        }
    }

    /// Takes in a hint.
    pub fn hint(&mut self, path: FolderPath, sign: Sign, now: Instant) {
        let settle = self.settle;
        let waiting = self.waiting.entry(path).or_insert(Waiting {
            first: now,
            due: now,
            is_open: false,
            trust: Trust::Complete,
            seen: None,
        });
        match sign {
            Sign::Arrived => {
                // A new file has this name now, whatever happened to the one before.
                *waiting = Waiting {
                    first: now,
                    due: now,
                    is_open: false,
                    trust: Trust::Complete,
                    seen: None,
                };
                return;
            }
            Sign::Left => {
                *waiting = Waiting {
                    first: now,
                    due: now,
                    is_open: false,
                    trust: Trust::Doubtful,
                    seen: None,
                };
                return;
            }
            Sign::Writing => {
                waiting.is_open = true;
                waiting.due = now + OPEN_PATIENCE;
                return;
            }
            Sign::Closed => {
                waiting.is_open = false;
                waiting.trust = Trust::Quiet;
            }
            Sign::Touched => {
                if waiting.first == now {
                    waiting.trust = Trust::Doubtful;
                }
            }
        }
        if !waiting.is_open {
            waiting.due = (now + settle).min(waiting.first + MAX_WAIT.max(settle));
        }
    }

    /// Whether somebody is known to be writing to `path`.
    pub fn is_open(&self, path: &FolderPath) -> bool {
        self.waiting
            .get(path)
            .is_some_and(|waiting| waiting.is_open)
    }

    /// Whether this path waits.
    pub fn is_waiting(&self, path: &FolderPath) -> bool {
        self.waiting.contains_key(path)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When the next path will be due.
    pub fn next_due(&self) -> Option<Instant> {
        self.waiting.values().map(|waiting| waiting.due).min()
    }

    /// Takes out the paths that are due, with what a first look saw of them.
    pub fn due(&mut self, now: Instant) -> Vec<(FolderPath, Trust, Option<Stamp>)> {
        let due = self.waiting.extract_if(|_, waiting| waiting.due <= now);
        let mut due: Vec<_> = due
            .map(|(path, waiting)| (path, waiting.trust(), waiting.seen))
            .collect();
        due.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        due
    }

    /// Puts a path back for a second look after `pause`, with what the first one saw.
    pub fn look_again(&mut self, path: FolderPath, seen: Stamp, pause: Duration, now: Instant) {
        self.put_back(path, Some(seen), pause, now);
    }

    /// Puts a path back to be looked at after `pause`, as if for the first time.
    pub fn look_later(&mut self, path: FolderPath, pause: Duration, now: Instant) {
        self.put_back(path, None, pause, now);
    }

    /// A hint that came meanwhile knows better.
    fn put_back(&mut self, path: FolderPath, seen: Option<Stamp>, pause: Duration, now: Instant) {
        let due = now + pause;
        let trust = Trust::Doubtful;
        self.waiting.entry(path).or_insert(Waiting {
            first: now,
            due,
            is_open: false,
            trust,
            seen,
        });
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "a test needs some instant to count from"
)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Feeds hints at milliseconds since the start and says when the path comes due, and how trusted.
    fn check(hints: &[(u32, Sign)], expected_due: u32, expected_trust: Trust) {
        let start = Instant::now();
        let path = FolderPath::new("a.md").unwrap();
        let mut settling = Settling::new(200 * MS);
        for (at, sign) in hints {
            settling.hint(path.clone(), *sign, start + *at * MS);
        }
        let due = settling.next_due().unwrap();
        assert_eq!(due - start, expected_due * MS, "{hints:?}");
        assert!(settling.due(due.checked_sub(MS).unwrap()).is_empty());
        assert!(settling.is_waiting(&path));
        assert_eq!(settling.due(due), [(path.clone(), expected_trust, None)]);
        assert!(!settling.is_waiting(&path));
        assert!(settling.is_empty());
    }

    #[test]
    fn paths_come_due() {
        use Sign::{Arrived, Closed, Left, Touched, Writing};
        use Trust::{Complete, Doubtful, Quiet};
        check(&[(0, Arrived)], 0, Complete);
        check(&[(0, Left)], 0, Doubtful);
        check(
            &[(0, Touched), (1, Writing), (900, Writing), (3000, Closed)],
            3200,
            Quiet,
        );
        check(&[(0, Touched), (0, Closed)], 200, Quiet);
        check(&[(0, Touched)], 200, Doubtful);
        check(&[(0, Closed), (150, Closed), (300, Closed)], 500, Quiet);
        // Rewritten for ever, closed each time: looked at 5 s after the first change.
        let rewritten: Vec<_> = (0..60).map(|n| (n * 100, Closed)).collect();
        check(&rewritten, 5000, Complete);
        // Written to and never closed.
        check(&[(0, Writing), (500, Writing)], 60_500, Complete);
        // A rename over a file that somebody had open brings another file.
        check(&[(0, Writing), (500, Arrived)], 500, Complete);
        check(&[(0, Arrived), (10, Writing), (20, Closed)], 220, Quiet);
    }

    #[test]
    fn a_second_look_remembers_the_first() {
        let start = Instant::now();
        let path = FolderPath::new("a.md").unwrap();
        let stamp = Stamp {
            device: 1,
            inode: 2,
            size: 3,
            modified: 4,
            changed: 5,
            born: None,
        };
        let mut settling = Settling::new(200 * MS);
        settling.look_again(path.clone(), stamp, SECOND_LOOK, start);
        assert_eq!(
            settling.due(start + SECOND_LOOK),
            [(path, Trust::Doubtful, Some(stamp))]
        );
    }
}
