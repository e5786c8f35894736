//! What a User-Agent says of who reads.
//!
//! The field is a claim, and anybody can send any. So it is read for a few things alone: a word of
//! [`programs`](super::programs), and in services' ways of writing it, for how many people they read and by which
//! number they know the feed:
//!
//! ```text
//! Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers; like FeedFetcher-Google)
//! Feedbin feed-id:1234 - 37 subscribers
//! Mozilla/5.0 (compatible; theoldreader.com; 3 subscribers; feed-id=5678)
//! ```
//!
//! To read it takes longer than all else that is done to count an answer, and most readers say what others said just
//! before. So each thread remembers what some fields meant, by a hash of theirs; the fields themselves it forgets.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::quality::RandomState;
use siphasher::sip::SipHasher13;

use super::programs::{BOT, BROWSER, Kind, Program, UNKNOWN, UNNAMED, UNVERIFIED, is_bot, known};

/// How much of the field is read, in bytes.
const READ: usize = 512;

/// How many of its words.
const WORDS: usize = 64;

/// The most subscribers that are believed: a claim of more is none. Programs that pose as services so as not to
/// be turned away like to say a million.
pub const MOST_SUBSCRIBERS: u32 = 500_000;

/// How much of the name of an unknown service is kept, in bytes.
pub(super) const NAME: usize = 32;

/// A thread remembers as many fields as there are places in its rows, 256, at some 100 bytes each.
const ROWS: usize = 64;

/// The places of a row. With one, some two of thirty readers would push each other out at every poll.
const PLACES: usize = 4;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agent {
    pub(super) program: Program,
    pub(super) claim: Option<Claim>,
    /// A hash of the program, and of the name of a service that claims something: all that tells two of them apart.
    pub(super) number: u64,
}

/// That somebody reads for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// What it calls itself, if it is not known.
    pub(super) name: Name,
    /// For how many.
    pub(super) subscribers: u32,
    /// A hash of the number by which it knows the feed, if it says one.
    pub(super) feed_id: Option<u64>,
}

/// The name of a service: letters, digits and `._-` alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    bytes: [u8; NAME],
    length: usize,
}

impl Name {
    fn new(word: &[u8]) -> Self {
        let mut name = Self::default();
        for (place, byte) in name.bytes.iter_mut().zip(word) {
            *place = *byte;
            name.length += 1;
        }
        name
    }

    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Agent {
    /// [`Agent::read`], if this thread does not remember what that was.
    pub(super) fn of(field: &[u8]) -> Self {
        thread_local! {
            static MEMORY: RefCell<Memory> = RefCell::new(Memory::new());
        }
        MEMORY.with_borrow_mut(|memory| memory.agent(field))
    }

    /// Reads the field; without one it is empty.
    pub(super) fn read(field: &[u8]) -> Self {
        let field = &field[..field.len().min(READ)];
        let mut program = None;
        let mut name: Option<&[u8]> = None;
        let (mut is_browser, mut has_bot) = (false, false);
        let mut subscribers = None;
        let mut feed_id = None;
        let mut words = words(field).take(WORDS).peekable();
        let mut before: &[u8] = b"";
        while let Some(word) = words.next() {
            let is = |text: &str| word.eq_ignore_ascii_case(text.as_bytes());
            if is("mozilla") {
                is_browser = true;
            } else if is("subscribers") || is("subscriber") {
                subscribers = subscribers.or_else(|| number(before));
            } else if is("count") && before.eq_ignore_ascii_case(b"subscriber") {
                let after = words.peek().and_then(|next| number(next));
                subscribers = subscribers.or(after);
            } else if is("feed-id") {
                feed_id = feed_id.or_else(|| words.peek().map(hash));
            } else {
                program = program.or_else(|| known(word));
                has_bot |= program.is_none() && is_bot(word);
                if name.is_none() && !is("compatible") && word[0].is_ascii_alphabetic() {
                    name = Some(word);
                }
            }
            before = word;
        }
        let program = program.unwrap_or(match name {
            _ if has_bot => BOT,
            _ if is_browser && subscribers.is_none() => BROWSER,
            Some(_) if subscribers.is_some() => UNVERIFIED,
            Some(_) => UNKNOWN,
            None => UNNAMED,
        });
        let subscribers = subscribers.filter(|number| *number <= MOST_SUBSCRIBERS);
        let is_service = program.kind == Kind::Service;
        let claim = subscribers.filter(|_| is_service).map(|subscribers| Claim {
            name: Name::new(name.unwrap_or_default()),
            subscribers,
            feed_id,
        });
        Self {
            program,
            claim,
            number: hash((program.name, claim.as_ref().map(|it| it.name.as_str()))),
        }
    }
}

/// What fields said, each in the row that its hash says, until as many others as there are places came.
#[derive(Debug)]
struct Memory {
    /// So that nobody can foresee whose place a field takes, or for which one it might be taken.
    secret: RandomState,
    /// Who came last is first.
    rows: Vec<[Option<(u64, Agent)>; PLACES]>,
}

impl Memory {
    fn new() -> Self {
        Self {
            secret: RandomState::default(),
            rows: vec![[None; PLACES]; ROWS],
        }
    }

    fn agent(&mut self, field: &[u8]) -> Agent {
        let field = &field[..field.len().min(READ)];
        let hash = self.secret.hash_one(field);
        // Two fields with one hash are rarer than one in a billion billions.
        let row = &mut self.rows[Self::row(hash)];
        let found = row.iter().flatten().find(|(known, _)| *known == hash);
        if let Some((_, agent)) = found {
            return *agent;
        }
        row.rotate_right(1);
        row[0].insert((hash, Agent::read(field))).1
    }

    fn row(hash: u64) -> usize {
        usize::try_from(hash % ROWS as u64).unwrap_or_default()
    }
}

/// What stands between other characters than letters, digits and `._-`.
fn words(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let words = field.split(move |byte| !is_part(byte));
    words.filter(|word| !word.is_empty())
}

fn number(word: &[u8]) -> Option<u32> {
    if !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // What has no room is far too many.
    Some(str::from_utf8(word).ok()?.parse().unwrap_or(u32::MAX)).filter(|_| !word.is_empty())
}

/// Ids are told apart, no more: one that is made to be taken for another gains nothing.
fn hash(said: impl Hash) -> u64 {
    let mut hasher = SipHasher13::new();
    said.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
