//! Who is told to come back later: clients that hammer, and those that fetch again and again what
//! they have.
//!
//! | limit | for each | refills | at once |
//! | --- | --- | --- | --- |
//! | [`Cost::Request`]: any request | client | 1000/s | 5000 |
//! | [`Cost::File`]: that gets a file of an entry | client | 100/s | 500 |
//! | [`Cost::Answer`]: that gets anything else but 304 | client | 20/s | 100 |
//! | [`Limiter::resend`]: of a version that the client was sent | client and document | 1/min | 60 |
//!
//! The first three share one budget: a request costs a fiftieth of an answer. So who polls a thousand
//! feeds at once and finds nothing new has spent a fifth of it, and need not fear its neighbours behind
//! the same address; but thousands of polls a second, for long, are hammering too. An entry's pictures
//! come all at once, so they cost less than a document.
//!
//! The fourth is for readers without a memory. One that asks once a minute (`curl` in a crontab), or
//! sixty people behind one address who open the same page, never meet it. A document that changes
//! begins anew.
//!
//! A client is an IPv4 address or an IPv6 /56, which is what a household gets. Peers at private addresses
//! are never limited: they are the publisher's own programs, or a proxy for everybody. Whom a trusted
//! proxy names is judged by its name, whatever address it is.
//!
//! # The table
//!
//! Each limit is a bucket of which all is known by the moment at which it is full again (GCRA). One that
//! is full need not be kept. They lie in two tables of [`BUCKETS`] buckets, 16 bytes each: 4 MiB in all,
//! never more, and less in memory as long as there are few clients. A table is cut into sets of eight; a
//! key that is hashed with a secret says which. When a set is full, the bucket with the least in it to
//! forget makes room. So to have one forgotten, others must spend more than was spent from it; a cache
//! that forgets what was used least recently could be flushed by single requests from many addresses.
//! Somebody with a hundred thousand addresses that all hammer can have strangers forgotten, who then
//! have more than their share; nobody ever gets less.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::header::{ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

use super::client::{self, Client};
use super::respond;
use crate::entry::Digest;

/// Buckets of each table. For clients one lasts some five seconds at the most, for what they
/// were sent an hour.
pub const BUCKETS: usize = 1 << 17;

/// Buckets among which a key's is looked for.
const WAYS: usize = 8;

/// Parts of a table, each with a lock of its own, so that cores seldom meet.
const SHARDS: usize = 16;

/// What all the requests of a client may cost at once: a hundred answers.
const BUDGET: Duration = Duration::from_secs(5);

/// How often a version may be sent again.
const RESEND_EVERY: Duration = Duration::from_mins(1);

/// And how often at once.
const RESENDS: u32 = 60;

/// What a request costs its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Any, before it is looked at: all that a 304 costs.
    Request,
    /// On top of that, a file beside an entry.
    File,
    /// On top of that, a document, or to be told that there is none.
    Answer,
}

impl Cost {
    /// The time in which it is earned back. A request with its answer makes a round number.
    const fn time(self) -> Duration {
        match self {
            Self::Request => Duration::from_millis(1),
            Self::File => Duration::from_millis(10 - 1),
            Self::Answer => Duration::from_millis(50 - 1),
        }
    }
}

/// A request is not to be answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// After so many seconds it will be; at least 1.
    pub seconds: u64,
    /// What the client did.
    pub why: Why,
}

/// What a client does far too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It asks.
    Hammering,
    /// It asks for what it has, and doesn't say that it has it.
    Unconditional,
}

/// Knows who asked for what of late.
pub struct Limiter {
    secret: RandomState,
    /// Times are counted from here.
    start: Instant,
    clients: Table,
    resends: Table,
}

impl Limiter {
    /// Knows nobody yet.
    pub fn new(now: Instant) -> Self {
        Self {
            secret: RandomState::new(),
            start: now,
            clients: Table::new(),
            resends: Table::new(),
        }
    }

    /// Whether `client` is one of those who may be told to wait.
    pub fn concerns(client: Client) -> bool {
        household(client).is_some()
    }

    /// Charges `client` for a request: [`Cost::Request`] for every one, and then what its answer costs,
    /// if that is no 304.
    pub fn spend(&self, client: Client, cost: Cost, now: Instant) -> Result<(), Wait> {
        let Some(client) = household(client) else {
            return Ok(());
        };
        let key = self.secret.hash_one(client);
        self.clients
            .take(key, cost.time(), BUDGET, self.since_start(now))
            .map_err(|wait| Wait::new(wait, Why::Hammering))
    }

    /// Notes that `client`, which named no version, is to be sent the version `tag` of `document`: for a
    /// GET without validators that is answered with 200.
    pub fn resend(
        &self,
        client: Client,
        document: &(impl Hash + ?Sized),
        tag: Digest,
        now: Instant,
    ) -> Result<(), Wait> {
        let Some(client) = household(client) else {
            return Ok(());
        };
        // With the version in the key, each begins anew, and an old one is forgotten by itself. Two
        // keys that are the same by chance are rarer than one in a billion, at a full table.
        let key = self.secret.hash_one((client, document, tag));
        self.resends
            .take(
                key,
                RESEND_EVERY,
                RESENDS * RESEND_EVERY,
                self.since_start(now),
            )
            .map_err(|wait| Wait::new(wait, Why::Unconditional))
    }

    fn since_start(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.start)
    }
}

impl Wait {
    fn new(wait: Duration, why: Why) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self {
            seconds: seconds.max(1),
            why,
        }
    }
}

/// Whom a client is one with, as a number; `None` for those who are never limited.
fn household(client: Client) -> Option<u64> {
    /// The lowest byte says what it is: 4, 6, or this.
    const UNCLEAR: u64 = 0;
    match client {
        Client::Unix => None,
        Client::Unclear => Some(UNCLEAR),
        Client::Peer(address) if is_private(address.to_canonical()) => None,
        Client::Peer(address) | Client::Named(address) => Some(client::household(address)),
    }
}

/// Whether an address is not one of the Internet. (RFC 1918, 3927, 4193, 4291, 6598)
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let is_shared = matches!(address.octets(), [100, 64..=127, ..]);
            address.is_loopback() || address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// Buckets by their keys.
struct Table([Mutex<Shard>; SHARDS]);

/// Two lists side by side: a bucket is a key, and the millisecond at which it is full again. They
/// begin as zeros, which take no memory until they are written to.
struct Shard {
    keys: Box<[u64]>,
    full_at: Box<[u64]>,
}

impl Table {
    fn new() -> Self {
        let list = || vec![0; BUCKETS / SHARDS].into_boxed_slice();
        Self(std::array::from_fn(|_| {
            Mutex::new(Shard {
                keys: list(),
                full_at: list(),
            })
        }))
    }

    /// Takes what comes back in `time` out of the bucket of `key`, which holds `size`; or else says
    /// how long until it can.
    fn take(
        &self,
        key: u64,
        time: Duration,
        size: Duration,
        now: Duration,
    ) -> Result<(), Duration> {
        let (shard, set) = place(key);
        // A panic in here can't leave anything half done.
        let mut shard = self.0[shard].lock().unwrap_or_else(PoisonError::into_inner);
        let at = shard.find(key, set);
        let now = millis(now);
        let known = if shard.keys[at] == key {
            shard.full_at[at]
        } else {
            0
        };
        let full_at = known.max(now).saturating_add(millis(time));
        let wait = full_at.saturating_sub(now.saturating_add(millis(size)));
        if wait > 0 {
            return Err(Duration::from_millis(wait));
        }
        shard.keys[at] = key;
        shard.full_at[at] = full_at;
        Ok(())
    }
}

impl Shard {
    /// Where in the `set` a bucket is: that of `key`, else the one with the least to forget.
    fn find(&self, key: u64, set: usize) -> usize {
        let ways = set * WAYS..(set + 1) * WAYS;
        ways.clone()
            .find(|&at| self.keys[at] == key)
            .or_else(|| ways.min_by_key(|&at| self.full_at[at]))
            .unwrap_or_default()
    }
}

/// The shard of a key, and its set there.
fn place(key: u64) -> (usize, usize) {
    const SETS: u64 = (BUCKETS / WAYS) as u64;
    let set = usize::try_from(key % SETS).unwrap_or_default();
    (set % SHARDS, set / SHARDS)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What who must wait is told: what is wrong, and how to do it right. (RFC 6585 section 4)
pub fn too_many(wait: Wait) -> Response<Bytes> {
    const VALIDATORS: &str = "send the ETag of the last answer back as If-None-Match, or its \
        Last-Modified as If-Modified-Since: then a poll that finds nothing new costs next to nothing, \
        and is welcome.";
    let Wait { seconds, why } = wait;
    let plural = if seconds == 1 { "" } else { "s" };
    let words = match why {
        Why::Hammering => {
            let each = 1000 / millis(Cost::Request.time() + Cost::Answer.time());
            format!(
                "This reader, or another one at the same address, asks for more than {each} things a \
                 second, and has done so for a while. Please ask for less at a time. For feeds, \
                 {VALIDATORS}"
            )
        }
        Why::Unconditional => format!(
            "This reader, or another one at the same address, has fetched this more than {RESENDS} \
             times, faster than once a minute, though it has not changed, and did not say which version \
             it has. Please {VALIDATORS}"
        ),
    };
    let words = format!("{words}\n\nPlease ask again in {seconds} second{plural}.\n");
    let mut response = respond::failure(StatusCode::TOO_MANY_REQUESTS).map(|_| Bytes::from(words));
    let fields = response.headers_mut();
    fields.insert(RETRY_AFTER, HeaderValue::from(seconds));
    // A cache would tell it to others, who did nothing.
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A reader in a browser should know, too.
    let exposed = HeaderValue::from_static("Retry-After");
    fields.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    response
}

#[cfg(test)]
mod tests;
