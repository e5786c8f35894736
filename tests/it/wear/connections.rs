//! Connections that want nothing, by the thousand, and more of them than there are descriptors.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};

use super::frames::{SETTINGS, frame};
use super::gauge::{Client, Gauge, MIB, Usual, can_open};
use super::{OnDrop, alone};
use crate::support::{PATIENCE, Setup, Tidings, eventually};

/// What a connection does instead of asking.
#[derive(Clone, Copy, Debug)]
enum Way {
    Silent,
    HalfPreface,
    OneByteASecond,
    IdleAfterOneRequest,
    PrefaceOnly,
    Hello,
}

const WAYS: [Way; 6] = [
    Way::Silent,
    Way::HalfPreface,
    Way::OneByteASecond,
    Way::IdleAfterOneRequest,
    Way::PrefaceOnly,
    Way::Hello,
];

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// One of those who hang around.
struct Idler {
    way: Way,
    stream: TcpStream,
    since: Instant,
    last_byte: Instant,
}

impl Idler {
    fn new(at: SocketAddr, way: Way) -> io::Result<Self> {
        let mut stream = TcpStream::connect(at)?;
        let hello;
        stream.write_all(match way {
            Way::Silent => b"",
            Way::HalfPreface => &PREFACE[..12],
            Way::OneByteASecond => b"G",
            Way::IdleAfterOneRequest => b"GET /feed.json HTTP/1.1\r\nHost: a\r\n\r\n",
            Way::PrefaceOnly => PREFACE,
            Way::Hello => {
                hello = [PREFACE.to_vec(), frame(SETTINGS, 0, 0, &[])].concat();
                &hello
            }
        })?;
        stream.set_nonblocking(true)?;
        let now = Instant::now();
        Ok(Self {
            way,
            stream,
            since: now,
            last_byte: now,
        })
    }

    /// Whether the program has ended it. Reads what was sent, so that nothing waits for it.
    fn is_over(&mut self) -> bool {
        if matches!(self.way, Way::OneByteASecond)
            && self.last_byte.elapsed() > Duration::from_secs(1)
        {
            self.last_byte = Instant::now();
            // It may be over.
            let _ = self.stream.write(b"E");
        }
        let mut piece = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut piece) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Ok(0) | Err(_) => return true,
            }
        }
    }
}

/// Many of them; who is thrown out comes back.
struct Crowd {
    at: SocketAddr,
    idlers: Vec<Idler>,
    /// Those who are out, and will come back.
    out: Vec<Way>,
    /// The longest that one was suffered.
    longest: Duration,
    ended: usize,
}

impl Crowd {
    fn of(count: usize, at: SocketAddr) -> Self {
        let idlers = WAYS.iter().cycle().take(count);
        Self {
            at,
            idlers: idlers
                .map(|&way| Idler::new(at, way).expect("the kernel takes it"))
                .collect(),
            out: Vec::new(),
            longest: Duration::ZERO,
            ended: 0,
        }
    }

    /// Looks who was thrown out, and lets some of those come back.
    fn look(&mut self, come_back: usize) {
        for idler in std::mem::take(&mut self.idlers) {
            let mut idler = idler;
            if !idler.is_over() {
                self.idlers.push(idler);
                continue;
            }
            self.ended += 1;
            self.longest = self.longest.max(idler.since.elapsed());
            self.out.push(idler.way);
        }
        for way in self.out.drain(..come_back.min(self.out.len())) {
            let again = Idler::new(self.at, way).expect("the kernel takes it");
            self.idlers.push(again);
        }
    }

    /// Holds the siege while `meanwhile` runs, then goes away one by one as they are ended.
    fn besiege(&mut self, limit: Duration, meanwhile: impl FnOnce()) {
        /// Between two looks.
        const LOOK: Duration = Duration::from_millis(50);
        /// At one look: two thousand connections a second.
        const COME_BACK: usize = 100;
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let besieging = scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    self.look(COME_BACK);
                    thread::sleep(LOOK);
                }
            });
            let end = OnDrop(|| is_over.store(true, Ordering::Relaxed));
            meanwhile();
            drop(end);
            besieging.join().unwrap();
        });
        let end = Instant::now();
        while !self.idlers.is_empty() {
            let left = self.idlers.len();
            let first = self.idlers[0].way;
            assert!(
                end.elapsed() < limit,
                "{left} are suffered, first {first:?}"
            );
            self.look(0);
            thread::sleep(LOOK);
        }
    }
}

/// How long one of them may take for anything, in seconds.
const PATIENT: u64 = 2;

/// A peer that begins and stops is given the time for a first byte, and for a head; one of HTTP/2 is
/// told before it is cut. The rest is the machine's.
const SUFFERED: Duration = Duration::from_secs(2 * PATIENT + 3);

fn start(connections: usize) -> Tidings {
    let tidings = Setup::new()
        .with_tables(&format!(
            "[limits]\nheader_timeout = \"{PATIENT}s\"\nconnections = {connections}\n"
        ))
        .start();
    tidings.drop_entry("news.md", "# Ferry back in service\n\nAt last.\n");
    tidings.has_titles(&["Ferry back in service"]);
    tidings
}

fn idlers_are_shown_out(count: usize, places: usize, most_memory: u64) {
    let _alone = alone();
    can_open(count as u64 + 200);
    let tidings = start(places);
    let at = tidings.address();
    let gauge = Gauge::new(&tidings);
    let usual = Usual::of(at, &gauge);
    let before = gauge.descriptors();
    let mut crowd = Crowd::of(count, at);
    crowd.besiege(SUFFERED, || {
        let what = format!("{count} idlers for {places} places");
        usual.still_holds(&what, at, &gauge);
    });
    let grown = gauge.grown();
    eprintln!(
        "{} ended, the last after {:.1?}; {} MiB more, {:.2} processors",
        crowd.ended,
        crowd.longest,
        grown / MIB,
        gauge.processors()
    );
    assert!(crowd.longest < SUFFERED, "{:?}", crowd.longest);
    assert!(grown < most_memory, "{grown} bytes");
    eventually("all descriptors are given back", PATIENCE, || {
        (gauge.descriptors() <= before + 2).then_some(())
    });
}

#[test]
fn two_thousand_idlers_are_shown_out_and_cost_little() {
    idlers_are_shown_out(2000, 4096, 40 * MIB);
}

/// Twice as many as there are places: who comes last is let in at once.
#[test]
fn with_all_places_taken_by_idlers_readers_get_in() {
    idlers_are_shown_out(2000, 1024, 40 * MIB);
}

/// `cargo test --test it ten_thousand_idlers -- --ignored --nocapture`
#[test]
#[ignore = "needs 20,000 descriptors"]
fn ten_thousand_idlers_are_shown_out_and_cost_little() {
    idlers_are_shown_out(9900, 9900, 200 * MIB);
}

#[test]
fn out_of_descriptors_it_waits_and_goes_on() {
    const CONNECTIONS: usize = 200;
    const SIEGE: Duration = Duration::from_secs(3);
    let _alone = alone();
    can_open(CONNECTIONS as u64 + 200);
    let tidings = Setup::new()
        .with_tables("[limits]\nheader_timeout = \"1m\"\n")
        .through(&["sh", "-c", "ulimit -n 64; exec \"$0\" \"$@\""])
        .start();
    let at = tidings.address();
    let gauge = Gauge::new(&tidings);
    let streams: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| TcpStream::connect(at).expect("the kernel takes it"))
        .collect();
    // The writer goes on, and readers are let in.
    tidings.drop_entry("news.md", "# Ferry back in service\n\nAt last.\n");
    tidings.has_titles(&["Ferry back in service"]);
    thread::sleep(SIEGE);
    let used = gauge.used();
    let lines = tidings.log().matches("accepted").count();
    let most = gauge.descriptors();
    drop(streams);
    let released = Instant::now();
    let answer = Client::new(at).and_then(|mut client| client.ask("/feed.json"));
    let recovered = released.elapsed();
    eprintln!(
        "{used:?} of processor time, {lines} lines, {most} descriptors, back after {recovered:?}"
    );
    assert_eq!(answer.unwrap().0, 200);
    assert!(recovered < Duration::from_secs(1), "{recovered:?}");
    assert!(used < SIEGE / 2, "it spins: {used:?}");
    assert!(lines < 20, "{}", tidings.log());
    tidings.drop_entry("more.md", "# Bridge closed\n\nFor a week.\n");
    tidings.has_titles(&["Ferry back in service", "Bridge closed"]);
}

/// Clients that come all at once are not forgotten by the kernel while the program has something else to
/// do: they would ask again only after a second, or seven.
#[test]
fn a_burst_waits_in_the_queue() {
    const BURST: usize = 3000;
    let _alone = alone();
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    if allowed.trim().parse::<usize>().unwrap() <= BURST {
        eprintln!("not tested: the kernel's queues are short, {allowed}");
        return;
    }
    can_open(BURST as u64 + 200);
    let tidings = start(4096);
    kill_process(tidings.process(), Signal::STOP).unwrap();
    let go_on = OnDrop(|| kill_process(tidings.process(), Signal::CONT).unwrap());
    let connect = || TcpStream::connect_timeout(&tidings.address(), Duration::from_millis(500));
    let streams: Vec<_> = (0..BURST).map(|_| connect()).collect();
    let left_out = streams.iter().filter(|stream| stream.is_err()).count();
    drop(go_on);
    assert_eq!(left_out, 0);
    assert_eq!(tidings.get("/feed.json").status, 200);
}
