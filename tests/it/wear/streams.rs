//! Attacks by frames of HTTP/2 on one connection, while a good client reads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE, PING, PRIORITY,
    REFUSED_STREAM, RST_STREAM, SETTINGS, Seen, WINDOW_UPDATE, Wire, block, frame, get, literal,
    settings, streams,
};
use super::gauge::{Gauge, MIB, Usual};
use super::slow::with_much_to_read;
use super::{OnDrop, alone};
use crate::support::{PATIENCE, Tidings, eventually};

/// The largest window. (RFC 9113 section 6.9.1)
const WINDOW_MAX: u32 = 0x7fff_ffff;

/// As many streams as are allowed, and some more, each of which is refused; not so many that it is
/// taken for an attack.
const STREAMS: u32 = 64;
const FEW: u32 = 36;

/// What must become of the attacker.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// It is told to go, with a reason that is not "no error", or cut.
    Sent,
    /// It does nothing that is forbidden, and nothing that costs: it is cut for doing nothing.
    Idle,
}

struct Attack {
    name: &'static str,
    fate: Fate,
    settings: &'static [(u16, u32)],
    bytes: Vec<u8>,
}

fn attack(name: &'static str, fate: Fate, bytes: Vec<u8>) -> Attack {
    Attack {
        name,
        fate,
        settings: &[],
        bytes,
    }
}

/// The frames of a request, less its end.
fn open_request(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &block(false, "/feed.json"))
}

/// Requests that come to nothing, because the peer takes them back, or breaks a rule about their stream.
fn resets(times: u32) -> Vec<Attack> {
    let each = |frames: &dyn Fn(u32) -> [Vec<u8>; 2]| -> Vec<u8> {
        streams(times)
            .flat_map(|stream| frames(stream).concat())
            .collect()
    };
    let window = |stream, more: u32| frame(WINDOW_UPDATE, 0, stream, &more.to_be_bytes());
    let cancel = 8_u32.to_be_bytes();
    let rapid = each(&|stream| {
        let reset = frame(RST_STREAM, 0, stream, &cancel);
        [get(stream, "/feed.json"), reset]
    });
    let nothing = each(&|stream| [open_request(stream), window(stream, 0)]);
    let beyond = each(&|stream| [open_request(stream), window(stream, WINDOW_MAX)]);
    let itself = each(&|stream| {
        let depends = [&stream.to_be_bytes()[..], &[0]].concat();
        [open_request(stream), frame(PRIORITY, 0, stream, &depends)]
    });
    vec![
        attack("rapid reset", Fate::Sent, rapid),
        attack("an increment of nothing", Fate::Sent, nothing),
        attack("a window too large", Fate::Sent, beyond),
        attack("a dependency on itself", Fate::Sent, itself),
    ]
}

/// The same frame again and again.
fn floods(times: u32) -> Vec<Attack> {
    let flood = |name, fate, start: &[u8], again: &[u8]| {
        let bytes = [start, &again.repeat(times as usize)].concat();
        attack(name, fate, bytes)
    };
    let begun = frame(HEADERS, END_STREAM, 1, &block(true, "/feed.json"));
    let more = literal(false, "x-more", &"b".repeat(1000));
    let more = frame(CONTINUATION, 0, 1, &more);
    let no_more = frame(CONTINUATION, 0, 1, &[]);
    let no_data = frame(DATA, 0, 1, &[]).repeat(10);
    let setting = settings(&[(INITIAL_WINDOW_SIZE, 1)]);
    let setting = frame(SETTINGS, 0, 0, &setting);
    let ping = frame(PING, 0, 0, &[0; 8]);
    let priority = frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1]);
    let unknown = frame(0xbb, 0, 0, &[0; 64]);
    let window = frame(WINDOW_UPDATE, 0, 0, &WINDOW_MAX.to_be_bytes());
    vec![
        flood("CONTINUATION", Fate::Sent, &begun, &more),
        flood("empty CONTINUATION", Fate::Sent, &begun, &no_more),
        flood("empty DATA", Fate::Sent, &open_request(1), &no_data),
        flood("SETTINGS", Fate::Idle, &[], &setting),
        flood("PING", Fate::Idle, &[], &ping),
        flood("PRIORITY", Fate::Idle, &[], &priority),
        flood("unknown frames", Fate::Idle, &[], &unknown),
        flood("WINDOW_UPDATE", Fate::Sent, &[], &window),
    ]
}

/// Few frames that ask for much memory.
fn hoards() -> Vec<Attack> {
    let mut bomb = block(true, "/feed.json");
    bomb.extend(literal(true, "x-bomb", &"b".repeat(4000)));
    // The first field of the dynamic table, each time.
    bomb.extend([0xbe; 10_000]);
    let bomb = frame(HEADERS, END_HEADERS | END_STREAM, 1, &bomb);
    let mut long = block(true, "/feed.json");
    long.extend(literal(false, "x-long", &"b".repeat(15_000)));
    let rest = literal(false, "x-rest", &"b".repeat(8000));
    let long = [
        frame(HEADERS, END_STREAM, 1, &long),
        frame(CONTINUATION, END_HEADERS, 1, &rest),
    ];
    let no_window = |name, fate, count| Attack {
        name,
        fate,
        settings: &[(INITIAL_WINDOW_SIZE, 0)],
        bytes: streams(count)
            .flat_map(|stream| get(stream, "/rss.xml"))
            .collect(),
    };
    vec![
        attack("a bomb of one field", Fate::Sent, bomb),
        attack("a list of fields too long", Fate::Idle, long.concat()),
        no_window("no window, for ever", Fate::Idle, STREAMS),
        no_window("too many streams", Fate::Idle, STREAMS + FEW),
        no_window("far too many streams", Fate::Sent, 200),
    ]
}

/// How long a connection may do nothing; then it is told to go, and as long again after that cut.
const IDLE: Duration = Duration::from_secs(2);

fn start() -> Tidings {
    with_much_to_read("[limits]\nidle_timeout = \"2s\"\nheader_timeout = \"2s\"\n")
}

fn frames_end_the_attacker_and_nobody_else(times: u32) {
    const ENOUGH: Duration = Duration::from_secs(10);
    const PAUSE: Duration = Duration::from_millis(100);
    let _alone = alone();
    let tidings = start();
    let at = tidings.address();
    let gauge = Gauge::new(&tidings);
    let usual = Usual::of(at, &gauge);
    let before = gauge.descriptors();
    let wrong = Mutex::new(Vec::new());
    let is_over = AtomicBool::new(false);
    let attacks = [resets(times), floods(times), hoards()];
    thread::scope(|scope| {
        // All at the same time, each again and again.
        for attack in attacks.iter().flatten() {
            scope.spawn(|| {
                let mut count = 0;
                while count == 0 || !is_over.load(Ordering::Relaxed) {
                    let mut wire = Wire::open(at, attack.settings).unwrap();
                    let seen = wire.attack(&attack.bytes, ENOUGH, |_| false);
                    count += 1;
                    if !is_as_it_must(attack, &seen) {
                        let seen = format!("{}: {:?}", attack.name, Short(&seen));
                        wrong.lock().unwrap().push(seen);
                    } else if count == 1 {
                        eprintln!("{}: {:?}", attack.name, Short(&seen));
                    }
                    thread::sleep(PAUSE);
                }
            });
        }
        let _end = OnDrop(|| is_over.store(true, Ordering::Relaxed));
        usual.still_holds("attacks by frames", at, &gauge);
    });
    let (grown, processors) = (gauge.grown(), gauge.processors());
    eprintln!("{} MiB more, {processors:.2} processors", grown / MIB);
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(grown < 50 * MIB, "{grown} bytes");
    assert!(processors < 1.0, "{processors} processors");
    eventually("all of them are gone", PATIENCE, || {
        (gauge.descriptors() <= before + 2).then_some(())
    });
}

#[test]
fn ten_thousand_frames_end_the_attacker_and_nobody_else() {
    frames_end_the_attacker_and_nobody_else(10_000);
}

/// `cargo test --test it a_hundred_thousand_frames -- --ignored --nocapture`
#[test]
#[ignore = "the attackers take as many processors as there are"]
fn a_hundred_thousand_frames_end_the_attacker_and_nobody_else() {
    frames_end_the_attacker_and_nobody_else(100_000);
}

fn is_as_it_must(attack: &Attack, seen: &Seen) -> bool {
    // What a busy machine adds.
    const MORE: Duration = Duration::from_secs(3);
    let is_cut = seen.ended.is_some_and(|ended| ended < 2 * IDLE + MORE);
    let is_sent = match seen.goaway {
        Some(code) => code != 0,
        // It may have been cut before it could read why; but then it did not stay.
        None => seen.ended.is_some_and(|ended| ended < IDLE),
    };
    let refused = seen.resets.get(&REFUSED_STREAM).copied();
    // Nothing is sent to those who don't take it.
    let is_little = seen.data.values().sum::<usize>() < 100 * 1024;
    is_cut
        && is_little
        && (attack.fate == Fate::Idle || is_sent)
        && (attack.name != "too many streams" || refused == Some(FEW as usize))
}

/// What a line has room for.
struct Short<'a>(&'a Seen);

impl std::fmt::Debug for Short<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Seen {
            goaway,
            resets,
            heads,
            data,
            whole,
            ended,
        } = self.0;
        let bytes: usize = data.values().sum();
        write!(
            to,
            "goaway {goaway:?}, resets {resets:?}, {heads} answers of {bytes} bytes, {whole} whole, ended {ended:.1?}"
        )
    }
}

/// A stream that is never taken does not excuse a connection that has nothing else to say: pings keep
/// nobody's place.
#[test]
fn pings_do_not_keep_a_connection() {
    let _alone = alone();
    let tidings = start();
    let mut wire = Wire::open(tidings.address(), &[(INITIAL_WINDOW_SIZE, 0)]).unwrap();
    wire.send(&get(1, "/rss.xml")).unwrap();
    let pings = frame(PING, 0, 0, &[0; 8]).repeat(500);
    let start = Instant::now();
    let limit = 2 * IDLE + Duration::from_secs(4);
    while wire.send(&pings).is_ok() {
        assert!(start.elapsed() < limit, "it is still there");
        let seen = wire.attack(&[], start.elapsed() + Duration::from_millis(100), |_| false);
        if seen.ended.is_some() {
            break;
        }
    }
    eprintln!("500 pings at a time, ended after {:.1?}", start.elapsed());
}
