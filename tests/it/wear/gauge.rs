//! What the program uses, and how a good client fares with it.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::Tidings;

pub(super) const MIB: u64 = 1024 * 1024;

/// What a good client waits for at most, in 99 of 100 requests.
const PROMPT: Duration = Duration::from_millis(50);

/// On a machine that is busy with other things, a good client is measured against itself: so many times
/// what it took before the attack.
const TIMES: u32 = 5;

/// How long a good client waits for anything before it is called unanswered.
const UNANSWERED: Duration = Duration::from_secs(10);

/// The memory and processor time of a program from now on.
pub(super) struct Gauge {
    process: i32,
    resident: u64,
    peak: AtomicU64,
    used: Duration,
    since: Instant,
}

impl Gauge {
    pub(super) fn new(tidings: &Tidings) -> Self {
        let process = tidings.process().as_raw_nonzero().get();
        let resident = resident(process);
        Self {
            process,
            resident,
            peak: AtomicU64::new(resident),
            used: processor_time(process),
            since: Instant::now(),
        }
    }

    /// Looks once more at the memory in use.
    pub(super) fn look(&self) {
        self.peak
            .fetch_max(resident(self.process), Ordering::Relaxed);
    }

    /// The most bytes above those at the start that a look has seen.
    pub(super) fn grown(&self) -> u64 {
        self.look();
        self.peak.load(Ordering::Relaxed) - self.resident
    }

    /// Processor time since the start.
    pub(super) fn used(&self) -> Duration {
        processor_time(self.process).saturating_sub(self.used)
    }

    /// Processors in use since the start.
    pub(super) fn processors(&self) -> f64 {
        self.used().as_secs_f64() / self.since.elapsed().as_secs_f64()
    }

    /// Descriptors that are open.
    pub(super) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process))
            .unwrap()
            .count()
    }
}

fn resident(process: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.unwrap().trim().strip_suffix(" kB").unwrap();
    number.trim().parse::<u64>().unwrap() * 1024
}

/// User and system time: fields 14 and 15 of `proc_pid_stat(5)`, in hundredths of a second.
fn processor_time(process: i32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(") ").unwrap();
    let ticks = after_name.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(10 * ticks)
}

/// Bytes that the kernel holds for all TCP sockets of this machine; `None` where it does not say.
pub(super) fn kernel_memory() -> Option<u64> {
    const PAGE: u64 = 4096;
    let stat = fs::read_to_string("/proc/net/sockstat").ok()?;
    let line = stat.lines().find(|line| line.starts_with("TCP:"))?;
    let (_, pages) = line.split_once(" mem ")?;
    Some(PAGE * pages.trim().parse::<u64>().ok()?)
}

/// Lets this process have as many sockets as the system allows, but for `needed` at least.
pub(super) fn can_open(needed: u64) {
    let granted = getrlimit(Resource::Nofile);
    if let Some(most) = granted.maximum {
        assert!(most > needed, "ulimit -Hn {most}: {needed} are needed");
        let all = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(Resource::Nofile, all).unwrap();
    }
}

/// A connection that asks, reads the whole answer, and asks again.
pub(super) struct Client {
    stream: TcpStream,
}

impl Client {
    pub(super) fn new(at: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&at, UNANSWERED)?;
        stream.set_read_timeout(Some(UNANSWERED))?;
        stream.set_write_timeout(Some(UNANSWERED))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// The status and the body.
    pub(super) fn ask(&mut self, path: &str) -> io::Result<(u16, Vec<u8>)> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: news.example.org\r\n\r\n");
        self.stream.write_all(head.as_bytes())?;
        let mut got = Vec::new();
        let end = loop {
            if let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            let mut piece = [0; 4096];
            let some = self.stream.read(&mut piece)?;
            if some == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            got.extend_from_slice(&piece[..some]);
        };
        let head = String::from_utf8_lossy(&got[..end]).to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.unwrap().trim().parse().unwrap();
        let mut body = got.split_off(end);
        let there = body.len();
        body.resize(length, 0);
        self.stream.read_exact(&mut body[there..])?;
        Ok((status, body))
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream
    }
}

/// What 99 of 100 requests of a good client take at most: 200 on a connection that it keeps, and 100 on
/// new ones. Each must be answered. Where there are no places left, one that keeps its connection may find
/// it closed and asks again, as every client does; that must be rare, and counts as waiting.
pub(super) fn wait_of_a_good_client(at: SocketAddr, gauge: &Gauge) -> Duration {
    const REQUESTS: usize = 300;
    let mut kept = None;
    let mut closed = 0;
    let mut waits = Vec::new();
    for number in 0..REQUESTS {
        let start = Instant::now();
        loop {
            let before = kept.take().filter(|_| number % 3 > 0);
            let mut client =
                before.unwrap_or_else(|| Client::new(at).expect("a good client gets in"));
            match client.ask("/feed.json") {
                Ok((status, body)) => {
                    assert_eq!((status, body.is_empty()), (200, false));
                    kept = Some(client);
                    break;
                }
                Err(error) => {
                    closed += 1;
                    let most = REQUESTS / 100;
                    assert!(closed <= most, "a good client is not answered: {error}");
                }
            }
        }
        waits.push(start.elapsed());
        if number % 10 == 0 {
            gauge.look();
        }
        thread::sleep(Duration::from_millis(3));
    }
    waits.sort_unstable();
    waits[REQUESTS * 99 / 100 - 1]
}

/// A good client, as it fares without an attack.
pub(super) struct Usual(Duration);

impl Usual {
    pub(super) fn of(at: SocketAddr, gauge: &Gauge) -> Self {
        Self(wait_of_a_good_client(at, gauge))
    }

    /// Fails if a good client fares worse now than it may: twice, since others use this machine, too.
    pub(super) fn still_holds(&self, what: &str, at: SocketAddr, gauge: &Gauge) {
        let limit = PROMPT.max(self.0 * TIMES);
        let mut wait = wait_of_a_good_client(at, gauge);
        if wait > limit {
            wait = wait_of_a_good_client(at, gauge);
        }
        eprintln!("{what}: p99 {wait:.1?}, without it {:.1?}", self.0);
        assert!(wait <= limit, "{what}: {wait:?} instead of {limit:?}");
    }
}
