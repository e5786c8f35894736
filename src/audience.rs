//! Who reads: for each feed the programs that ask for it, how often, and an honest estimate of how many people
//! follow it.
//!
//! Nobody is followed. Of an answer to a reader it is counted which program asked; and a hash of that program and the
//! asker's household, with a salt that is drawn for the day and forgotten with it, goes into a sketch that can say
//! how many different ones it was given, and nothing else. No address and no User-Agent is kept, all is in memory
//! alone, and it begins anew with the process.
//!
//! # The estimate
//!
//! *Services* read for many, and some say for how many. The smaller of the last two numbers counts, once for each
//! service and number by which it knows the feed (or document, where it says none), until it was silent for a week.
//! Services that nobody knows are told apart and don't count. To that come *single readers*: on a typical (the
//! median) day of the last week, so many pairs of a household and a program that is known as a reader, or not known
//! at all. Readers in one household with the same program count once; one that polls from several places, more than
//! once. Browsers, tools and bots don't count.
//!
//! # Limits
//!
//! | what | most | beyond |
//! | --- | --- | --- |
//! | feeds in a shard | [`FEEDS`], and of mixes and threads [`OPEN_FEEDS`] | not followed, which is told; a feed that was silent for a week makes room |
//! | pairs of a feed and a program | [`SHARDS`] × [`COUNTERS`] | as above |
//! | what services claim, for each feed | [`SHARDS`] × [`CLAIMS`], of unknown ones × [`FOREIGN_CLAIMS`] | the one that was silent longest is forgotten |
//! | subscribers of a claim | [`MOST_SUBSCRIBERS`] | no claim |
//! | a User-Agent | 512 bytes, 64 words | the rest is not read |
//! | what User-Agents said, for each thread | 256 | the one whose place another takes is read again |
//! | days | 7 | forgotten |
//!
//! A sketch takes half a KiB at the most, and mostly 4 bytes for each reader: with all tables full, some 15 MB.
//!
//! # What it costs
//!
//! It is told of each answer by the thread that gives it, and makes nobody wait: what finds its part of the tables
//! in use is not counted, which is told, too.

mod agent;
mod claims;
mod counter;
mod programs;
mod report;
mod sketch;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use arc_swap::{ArcSwap, Guard};
use foldhash::quality::RandomState;
use jiff::Timestamp;
use siphasher::sip::SipHasher13;

use crate::feed::{FeedKey, Format};
pub use agent::MOST_SUBSCRIBERS;
use agent::{Agent, Claim};
use claims::Claims;
use counter::Counter;
use programs::UNVERIFIED;
pub use programs::{Kind, Program};
pub use report::{Estimate, Foreign, Reading, Report, Row};

/// Feeds that are followed, but for mixes and threads.
pub const FEEDS: usize = 512;

/// Mixes and threads that are followed: there is no end of them.
pub const OPEN_FEEDS: usize = 64;

/// Parts of the tables, each with a lock of its own, so that cores seldom meet.
pub const SHARDS: usize = 8;

/// Pairs of a feed and a program in a shard.
pub const COUNTERS: usize = 2048;

/// Claims of known services in a shard, for each feed.
pub const CLAIMS: usize = 8;

/// Claims of unknown services in a shard, for each feed.
pub const FOREIGN_CLAIMS: usize = 2;

/// An answer to somebody who asked for a feed.
#[derive(Clone, Copy, Debug)]
pub struct Poll<'a> {
    /// Which feed.
    pub feed: &'a FeedKey,
    /// In which format.
    pub format: Format,
    /// The `User-Agent`; empty without one.
    pub agent: &'a [u8],
    /// Who asked, as roughly as the estimate is to tell them apart. Never kept.
    pub household: u64,
    /// Whether the answer was a 304.
    pub is_not_modified: bool,
}

/// See the module's text.
#[derive(Debug)]
pub struct Audience {
    since: Timestamp,
    /// Draws a salt.
    salts: fn() -> u128,
    today: ArcSwap<Day>,
    shards: [Mutex<Shard>; SHARDS],
    /// What was not counted because a shard was in use.
    missed: AtomicU64,
}

/// A day, by the calendar of UTC, and what its hashes are salted with.
#[derive(Debug)]
struct Day {
    number: i64,
    salt: [u8; 16],
}

#[derive(Debug)]
struct Shard {
    day: i64,
    feeds: HashMap<FeedKey, Followed, RandomState>,
    /// How many of the feeds are mixes and threads.
    open_feeds: usize,
    /// Of all feeds.
    counters: usize,
    /// What was not counted for want of room.
    turned_away: u64,
}

/// What is known of a feed.
#[derive(Debug, Default)]
struct Followed {
    programs: Vec<(Program, Counter)>,
    claims: Claims<CLAIMS>,
    foreign: Claims<FOREIGN_CLAIMS>,
}

impl Audience {
    /// Knows nobody yet, at the moment `since`. `salts` draws a new secret each time.
    pub fn new(since: Timestamp, salts: fn() -> u128) -> Self {
        let day = day_of(since);
        Self {
            since,
            salts,
            today: ArcSwap::from_pointee(Day::new(day, salts)),
            shards: std::array::from_fn(|_| Mutex::new(Shard::new(day))),
            missed: AtomicU64::new(0),
        }
    }

    /// Counts a poll that is answered at the moment `now`.
    pub fn note(&self, poll: &Poll<'_>, now: Timestamp) {
        let agent = Agent::of(poll.agent);
        let (day, hash) = {
            let today = self.today(now);
            (today.number, today.hash(&agent, poll))
        };
        let shard = &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or_default()];
        let mut shard = match shard.try_lock() {
            Ok(shard) => shard,
            // A panic in here can't leave anything half done.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                self.missed.fetch_add(1, Ordering::Relaxed);
                return;
            }
        };
        shard.begin_day(day);
        shard.note(poll, &agent, hash, hour_of(now));
    }

    /// The day; with a new salt, if it is another one. A moment of the day before is that of a thread which read its
    /// clock before midnight.
    fn today(&self, now: Timestamp) -> Guard<Arc<Day>> {
        let number = day_of(now);
        let today = self.today.load();
        if number == today.number || number == today.number - 1 {
            return today;
        }
        let next = Arc::new(Day::new(number, self.salts));
        // Where two do this at once, one of the salts stays.
        self.today.compare_and_swap(&*today, next);
        self.today.load()
    }

    fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Day {
    fn new(number: i64, salts: fn() -> u128) -> Self {
        Self {
            number,
            salt: salts().to_ne_bytes(),
        }
    }

    /// What the sketch is given. A service counts by what it says, from wherever it comes.
    fn hash(&self, agent: &Agent, poll: &Poll<'_>) -> u64 {
        let whose = match &agent.claim {
            Some(claim) => feed_id(claim, poll),
            None => poll.household,
        };
        let mut hasher = SipHasher13::new_with_key(&self.salt);
        (agent.number, whose).hash(&mut hasher);
        hasher.finish()
    }
}

/// By what a service tells feeds apart: its own number, else the document.
fn feed_id(claim: &Claim, poll: &Poll<'_>) -> u64 {
    claim.feed_id.unwrap_or(poll.format as u64)
}

impl Shard {
    fn new(day: i64) -> Self {
        Self {
            day,
            feeds: HashMap::default(),
            open_feeds: 0,
            counters: 0,
            turned_away: 0,
        }
    }

    /// Ends the days before `day`, if that is news.
    fn begin_day(&mut self, day: i64) {
        if day == self.day {
            return;
        }
        // Back in time is after a leap of the clock: one day ends all the same.
        let days = usize::try_from(day - self.day).unwrap_or(1);
        let hour = day * 24;
        for followed in self.feeds.values_mut() {
            for (_, counter) in &mut followed.programs {
                counter.advance(hour);
                counter.end_day(days);
            }
            followed.programs.retain(|(_, it)| !it.is_silent());
            followed.claims.forget(hour);
            followed.foreign.forget(hour);
        }
        self.feeds.retain(|_, followed| !followed.is_empty());
        self.feeds.shrink_to_fit();
        self.open_feeds = self.feeds.keys().filter(|feed| is_open(feed)).count();
        self.counters = self.feeds.values().map(|it| it.programs.len()).sum();
        self.day = day;
    }

    fn note(&mut self, poll: &Poll<'_>, agent: &Agent, hash: u64, hour: i64) {
        let followed = if let Some(followed) = self.feeds.get_mut(poll.feed) {
            followed
        } else {
            let is_open = is_open(poll.feed);
            let closed = self.feeds.len() - self.open_feeds;
            let has_room = if is_open {
                self.open_feeds < OPEN_FEEDS
            } else {
                closed < FEEDS
            };
            if !has_room || self.counters >= COUNTERS {
                self.turned_away += 1;
                return;
            }
            self.open_feeds += usize::from(is_open);
            self.feeds.entry(poll.feed.clone()).or_default()
        };
        let program = agent.program;
        let known = followed.programs.iter().position(|it| it.0 == program);
        let at = match known {
            Some(at) => at,
            None if self.counters >= COUNTERS => {
                self.turned_away += 1;
                return;
            }
            None => {
                followed.programs.push((program, Counter::new(hour)));
                self.counters += 1;
                followed.programs.len() - 1
            }
        };
        if let Some((_, counter)) = followed.programs.get_mut(at) {
            counter.poll(hour, poll.is_not_modified);
            // The lowest bits chose the shard.
            counter.today.add((hash >> 32) as u32);
        }
        if let Some(claim) = &agent.claim {
            let feed_id = feed_id(claim, poll);
            if program == UNVERIFIED {
                let said = claim.name.as_str();
                let name = || Cow::Owned(said.to_owned());
                let claims = &mut followed.foreign;
                claims.note(said, name, feed_id, claim.subscribers, hour);
            } else {
                let name = || Cow::Borrowed(program.name);
                let claims = &mut followed.claims;
                claims.note(program.name, name, feed_id, claim.subscribers, hour);
            }
        }
    }
}

impl Followed {
    fn is_empty(&self) -> bool {
        self.programs.is_empty() && self.claims.is_empty() && self.foreign.is_empty()
    }
}

/// Whether it is a feed of which there is no end.
fn is_open(feed: &FeedKey) -> bool {
    matches!(feed, FeedKey::Mix(..) | FeedKey::Thread(_))
}

fn hour_of(moment: Timestamp) -> i64 {
    moment.as_second().div_euclid(60 * 60)
}

fn day_of(moment: Timestamp) -> i64 {
    moment.as_second().div_euclid(24 * 60 * 60)
}
