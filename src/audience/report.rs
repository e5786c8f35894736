//! What is known of the readers, put together.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use serde::Serialize;

use super::counter::{DAYS, HOURS};
use super::programs::{Kind, Program};
use super::{Audience, day_of, hour_of};
use crate::feed::FeedKey;

/// From so many seconds on it is told how often somebody polls.
const LEAST_SPAN: u64 = 60 * 60;

/// All that is known.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Since when it is counted: the start of the process.
    pub since: Timestamp,
    /// The feeds, those with the most subscribers first.
    pub feeds: Vec<Reading>,
    /// Polls that were not counted because somebody else was counting, or looked at the counts.
    pub missed: u64,
    /// Polls that were not counted because a table was full.
    pub turned_away: u64,
}

/// Who reads a feed.
#[derive(Clone, Debug, Serialize)]
pub struct Reading {
    /// Which, by its path below the site's address; empty for that of everything.
    #[serde(serialize_with = "path")]
    pub feed: FeedKey,
    /// How many people follow it.
    pub estimate: Estimate,
    /// Polls in the last 24 hours.
    pub polls: u64,
    /// Those that were answered with 304.
    pub not_modified: u64,
    /// By program: services first, and then by readers.
    pub programs: Vec<Row>,
    /// Services that nobody knows, which don't count.
    pub unverified: Vec<Foreign>,
}

/// How many people follow a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// In all.
    pub subscribers: u64,
    /// Of whom services say that they read for them.
    pub through_services: u64,
    /// Who read by themselves, on the median of the complete days; before the first, so far.
    pub single_readers: u64,
    /// Over how many complete days.
    pub complete_days: usize,
}

/// A program that reads a feed.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What people call it.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// For services, the subscribers that they claim; else the households, today or yesterday, whichever are more.
    pub readers: Option<u64>,
    /// Polls in the last 24 hours.
    pub polls: u64,
    /// Those that were answered with 304.
    pub not_modified: u64,
    /// About how often each reader, or each of a service's numbers for the feed, polls: every so many seconds.
    /// `None`: too few polls to say, or within less than an hour.
    pub every_seconds: Option<u64>,
}

/// A service that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Foreign {
    /// What it calls itself: letters, digits and `._-` alone.
    pub name: String,
    /// For how many it says that it reads.
    pub subscribers: u64,
}

/// The sum of the shards for a feed.
#[derive(Default)]
struct Sum {
    programs: BTreeMap<Program, Counted>,
    /// For each known service how many numbers it has for the feed, and its subscribers.
    claims: BTreeMap<String, (u64, u64)>,
    foreign: BTreeMap<String, u64>,
}

/// The sum of the shards for a program.
#[derive(Clone, Copy, Default)]
struct Counted {
    polls: [u64; 2],
    today: u64,
    days: [u64; DAYS],
}

impl Audience {
    /// All that is known at the moment `now`.
    pub fn report(&self, now: Timestamp) -> Report {
        let (day, hour) = (self.today(now).number, hour_of(now));
        let mut sums: HashMap<FeedKey, Sum> = HashMap::new();
        let mut turned_away = 0;
        for shard in &self.shards {
            let mut shard = Self::lock(shard);
            shard.begin_day(day);
            turned_away += shard.turned_away;
            for (feed, followed) in &mut shard.feeds {
                let sum = sums.entry(feed.clone()).or_default();
                for (program, counter) in &mut followed.programs {
                    counter.advance(hour);
                    let counted = sum.programs.entry(*program).or_default();
                    counted.today += counter.today.count();
                    add(&mut counted.polls, counter.polls());
                    add(&mut counted.days, counter.days.map(u64::from));
                }
                for (service, subscribers) in followed.claims.iter(hour) {
                    let (numbers, all) = sum.claims.entry(service.to_owned()).or_default();
                    *numbers += 1;
                    *all += subscribers;
                }
                for (service, subscribers) in followed.foreign.iter(hour) {
                    *sum.foreign.entry(service.to_owned()).or_default() += subscribers;
                }
            }
        }
        let span = now.duration_since(self.since).as_secs();
        let span = u64::try_from(span)
            .unwrap_or(0)
            .min(u64::from(HOURS) * 3600);
        // The first day is not a whole one, and today isn't either.
        let complete = usize::try_from(day - day_of(self.since) - 1).unwrap_or(0);
        let complete = complete.min(DAYS);
        let feeds = sums.into_iter();
        let mut feeds: Vec<Reading> = feeds
            .map(|(feed, sum)| sum.reading(feed, complete, span))
            .collect();
        feeds.sort_by(|one, other| {
            let weight = |it: &Reading| (it.estimate.subscribers, it.polls);
            let by_weight = weight(other).cmp(&weight(one));
            by_weight.then_with(|| one.feed.cmp(&other.feed))
        });
        Report {
            since: self.since,
            feeds,
            missed: self.missed.load(Ordering::Relaxed),
            turned_away,
        }
    }
}

impl Sum {
    fn reading(self, feed: FeedKey, complete: usize, span: u64) -> Reading {
        let mut polls = [0; 2];
        let mut singles = Counted::default();
        for (program, counted) in &self.programs {
            add(&mut polls, counted.polls);
            if matches!(program.kind, Kind::Reader | Kind::Unknown) {
                singles.today += counted.today;
                add(&mut singles.days, counted.days);
            }
        }
        let single_readers = match complete {
            0 => singles.today.max(singles.days[0]),
            complete => median(&mut singles.days[..complete]),
        };
        let through_services = self.claims.values().map(|it| it.1).sum();
        let rows = self.programs.iter();
        let mut programs: Vec<Row> = rows
            .map(|(program, counted)| self.row(*program, *counted, span))
            .filter(|row| row.polls > 0 || row.readers.is_some_and(|readers| readers > 0))
            .collect();
        programs.sort_by_key(|it| (it.kind, std::cmp::Reverse((it.readers, it.polls))));
        Reading {
            feed,
            estimate: Estimate {
                subscribers: through_services + single_readers,
                through_services,
                single_readers,
                complete_days: complete,
            },
            polls: polls[0],
            not_modified: polls[1],
            programs,
            unverified: self
                .foreign
                .into_iter()
                .map(|(name, subscribers)| Foreign { name, subscribers })
                .collect(),
        }
    }

    fn row(&self, program: Program, counted: Counted, span: u64) -> Row {
        let [polls, not_modified] = counted.polls;
        let (readers, pollers) = if program.kind == Kind::Service {
            let claim = self.claims.get(program.name);
            (claim.map(|it| it.1), claim.map_or(1, |it| it.0))
        } else {
            let readers = counted.today.max(counted.days[0]);
            (Some(readers), readers)
        };
        // With a single poll each, or within minutes, nobody knows.
        let is_enough = pollers > 0 && polls >= 2 * pollers && span >= LEAST_SPAN;
        Row {
            name: program.name,
            kind: program.kind,
            readers,
            polls,
            not_modified,
            every_seconds: is_enough.then(|| span * pollers / polls),
        }
    }
}

fn add<const COUNT: usize>(sum: &mut [u64; COUNT], more: [u64; COUNT]) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += more;
    }
}

/// The upper one, of an even number.
fn median(days: &mut [u64]) -> u64 {
    days.sort_unstable();
    days.get(days.len() / 2).copied().unwrap_or(0)
}

fn path<S: serde::Serializer>(feed: &FeedKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&feed.path())
}
