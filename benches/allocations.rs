//! What a poll puts on the heap: nothing, beyond what `hyper` does by itself. See `benches/README.md`.
//!
//! The server runs in this process, and so does its client, which puts nothing on the heap either; what is
//! counted between two moments is the server's. `hyper` alone answers the same requests in a server of its
//! own. The end is an error if a poll costs more than that.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a benchmark asks for the clock, opens sockets, and says what it found"
)]

use std::alloc::System;
use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use arc_swap::{ArcSwap, ArcSwapOption};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tidings::audience::Audience;
use tidings::config::{Config, Limits};
use tidings::daemon;
use tidings::entry::FolderPath;
use tidings::http::freshness::Freshness;
use tidings::http::limiter::Limiter;
use tidings::http::{
    Door, Entrance, MediaFiles, OpenMedia, Readers, RollCall, Rules, Server, Socket,
};
use tidings::metrics::Metrics;
use tidings::site::Ages;
use tokio::net::TcpListener;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Requests before the count begins: a connection has buffers and a map of fields that it keeps.
const BEFORE: usize = 1_000;

/// Requests that are counted.
const COUNTED: usize = 20_000;

fn main() -> Result<()> {
    let state = tempfile::tempdir()?;
    let (ours, _readers) = tidings(state.path())?;
    let alone = hyper_alone()?;
    let tag = tag_of(ours)?;
    let agent = "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers)";
    let poll = format!(
        "GET /rss.xml HTTP/1.1\r\nHost: a\r\nUser-Agent: {agent}\r\nIf-None-Match: {tag}\r\n\r\n"
    );
    let whole = "GET /rss.xml HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";

    let floor = each(alone, &poll, "HTTP/1.1 304")?;
    let polls = each(ours, &poll, "HTTP/1.1 304")?;
    let wholes = each(ours, whole, "HTTP/1.1 200")?;
    println!("allocations for each answer, over {COUNTED} answers on one connection");
    println!("  hyper alone, 304  {floor:.3}");
    println!("  tidings, 304      {polls:.3}");
    println!("  tidings, 200 gzip {wholes:.3}");
    ensure!(
        polls <= floor + 0.01,
        "a poll puts more on the heap than hyper does alone"
    );
    Ok(())
}

/// How many allocations an answer to `request` takes, which begins with `expected`.
fn each(at: SocketAddr, request: &str, expected: &str) -> Result<f64> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_nodelay(true)?;
    let mut place = vec![0; 1 << 20];
    let mut ask = |times: usize| -> Result<()> {
        for _ in 0..times {
            stream.write_all(request.as_bytes())?;
            let length = answer(&mut stream, &mut place)?;
            ensure!(
                place[..length].starts_with(expected.as_bytes()),
                "not what was asked for: {:?}",
                String::from_utf8_lossy(&place[..length.min(200)])
            );
        }
        Ok(())
    };
    ask(BEFORE)?;
    // A document that is asked for again is compressed better by another thread.
    thread::sleep(Duration::from_millis(500));
    let region = Region::new(HEAP);
    ask(COUNTED)?;
    let change = region.change();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let each = (change.allocations + change.reallocations) as f64 / COUNTED as f64;
    Ok(each)
}

/// Reads one answer into `place`; its length.
fn answer(stream: &mut TcpStream, place: &mut [u8]) -> Result<usize> {
    const LENGTH: &[u8] = b"content-length: ";
    let mut got = 0;
    loop {
        let more = stream.read(&mut place[got..])?;
        ensure!(more > 0, "the server has gone");
        got += more;
        let head = place[..got].windows(4).position(|it| it == b"\r\n\r\n");
        let Some(head) = head.map(|at| at + 4) else {
            continue;
        };
        let length = place[..head]
            .windows(LENGTH.len())
            .position(|it| it == LENGTH);
        let length = length.map_or(0, |at| {
            let digits = place[at + LENGTH.len()..head].iter();
            let digits = digits.take_while(|byte| byte.is_ascii_digit());
            digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
        });
        if got >= head + length {
            return Ok(got);
        }
    }
}

/// The tag of the RSS feed.
fn tag_of(at: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect(at)?;
    stream.write_all(b"GET /rss.xml HTTP/1.1\r\nHost: a\r\n\r\n")?;
    let mut place = vec![0; 1 << 20];
    let length = answer(&mut stream, &mut place)?;
    let answer = String::from_utf8_lossy(&place[..length]).into_owned();
    let tag = answer.lines().find_map(|line| line.strip_prefix("etag: "));
    Ok(tag.context("no tag")?.to_owned())
}

/// Tidings with its sample articles, as `serve` has it, and its state in this folder; where it is, and
/// what it serves as long as it is kept.
fn tidings(state: &Path) -> Result<(SocketAddr, Readers)> {
    struct NoFiles;
    impl MediaFiles for NoFiles {
        fn open(&self, _: &FolderPath) -> io::Result<OpenMedia> {
            Err(io::ErrorKind::NotFound.into())
        }
    }
    let config = Config {
        entries: concat!(env!("CARGO_MANIFEST_DIR"), "/entries").into(),
        ..Config::default()
    };
    let options = daemon::Options {
        config,
        state: state.to_owned(),
        adopt: false,
    };
    let still = daemon::still(options, Arc::new(()))?;
    let audience = Audience::new(Timestamp::now(), || 4711);
    let ages = Ages::new(Duration::from_mins(1), Duration::from_mins(15));
    let rules = Rules {
        documents: Arc::new(still.documents),
        media: Arc::new(NoFiles),
        freshness: Arc::new(Freshness::new(ages)),
        limiter: Some(Arc::new(Limiter::new(Instant::now()))),
        proxies: Arc::default(),
        observers: vec![
            Arc::new(Metrics::default()),
            Arc::new(daemon::Readers::new(Arc::new(audience))),
        ],
    };
    let server = Server {
        site: Arc::new(ArcSwapOption::from_pointee(still.site.clone())),
        early: None,
        rules: Arc::new(ArcSwap::from_pointee(rules)),
        connections: Arc::default(),
        clock: Timestamp::now,
        instant: Instant::now,
        roll_call: RollCall::default(),
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let at = listener.local_addr()?;
    let door = Door {
        socket: Socket::Tcp(listener),
        entrance: Entrance::default(),
    };
    let limits = Limits {
        connections: 4,
        header_timeout: Duration::from_mins(1),
        ..Limits::default()
    };
    Ok((at, server.open(&[door], &limits)?))
}

/// The least that can answer 304.
fn hyper_alone() -> Result<SocketAddr> {
    in_a_thread(|listener| async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service_fn(|_| {
                let mut response = Response::new(http_body_util::Empty::<&[u8]>::new());
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                std::future::ready(Ok::<_, Infallible>(response))
            });
            let mut http = hyper::server::conn::http1::Builder::new();
            http.timer(TokioTimer::new())
                .header_read_timeout(Duration::from_mins(1));
            let connection = http.serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    })
}

/// Runs a server in a thread with a runtime of its own; where it is.
fn in_a_thread<F>(serve: impl FnOnce(TcpListener) -> F + Send + 'static) -> Result<SocketAddr>
where
    F: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let at = listener.local_addr()?;
    thread::spawn(move || runtime.block_on(serve(listener)));
    Ok(at)
}
