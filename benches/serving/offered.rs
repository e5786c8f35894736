//! Requests at a fixed rate, evenly spread: what wrk can't do, and h2load does in bursts.
//!
//! A request that can't be sent in time, because the one before it on its connection has no answer yet,
//! has been waiting since it was due: else a server that stands still would be asked less.

use std::collections::VecDeque;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::task::yield_now;

use crate::load::{CORE, Load};

/// How long answers may take when all has been sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is sent, and how often.
pub(crate) struct Offer<'a> {
    pub(crate) server: SocketAddr,
    pub(crate) path: &'a str,
    pub(crate) fields: &'a [String],
    pub(crate) connections: usize,
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) seconds: u32,
}

/// Sends it, and returns what came with the microseconds that each request took, sorted.
pub(crate) fn run(offer: &Offer) -> Result<(Load, Vec<f64>)> {
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            pin()?;
            let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
            runtime.block_on(send(offer))
        });
        let sent = sending.join();
        sent.unwrap_or_else(|_| bail!("sending requests has failed"))
    })
}

/// Keeps this thread on the core that requests come from.
fn pin() -> Result<()> {
    let thread = fs::read_link("/proc/thread-self")?;
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "--pid", CORE]);
    command.args(thread.file_name());
    let output = command.output()?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    Ok(())
}

async fn send(offer: &Offer<'_>) -> Result<(Load, Vec<f64>)> {
    let mut lines = vec![
        format!("GET {} HTTP/1.1", offer.path),
        format!("Host: {}", offer.server),
    ];
    lines.extend_from_slice(offer.fields);
    let request = lines.join("\r\n") + "\r\n\r\n";
    let mut connections = Vec::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut length = 0;
    for _ in 0..offer.connections {
        let stream = TcpStream::connect(offer.server).await?;
        stream.set_nodelay(true)?;
        // All answers are of one length: that of the first.
        length = one(&stream, &request, &mut buffer).await?;
        connections.push(Connection {
            stream,
            due: VecDeque::new(),
            came: 0,
        });
    }
    let gap = Duration::from_secs_f64(1.0 / offer.rate);
    let lasting = Duration::from_secs(offer.seconds.into());
    let start = Instant::now();
    let mut next = start;
    let mut turn = (0..offer.connections).cycle();
    let mut delays = Vec::new();
    loop {
        let now = Instant::now();
        while next <= now && next < start + lasting {
            let connection = turn.next().and_then(|turn| connections.get_mut(turn));
            let connection = connection.context("there are no connections")?;
            connection.due.push_back(next);
            if connection.due.len() == 1 {
                write(&connection.stream, &request)?;
            }
            next += gap;
        }
        let mut is_waiting = false;
        for connection in &mut connections {
            connection.receive(&request, length, &mut buffer, &mut delays)?;
            is_waiting |= !connection.due.is_empty();
        }
        if next >= start + lasting && !is_waiting {
            break;
        }
        ensure!(now < start + lasting + PATIENCE, "answers take too long");
        // Lets the runtime look which sockets have something.
        yield_now().await;
    }
    delays.sort_by(f64::total_cmp);
    let load = Load::of(delays.len(), length, start.elapsed());
    Ok((load, delays))
}

struct Connection {
    stream: TcpStream,
    /// When requests were due that have no answer yet; all but the first are not sent yet.
    due: VecDeque<Instant>,
    /// Bytes of the answer under way.
    came: usize,
}

impl Connection {
    /// Takes what is there, and sends the next request behind a complete answer.
    fn receive(
        &mut self,
        request: &str,
        length: usize,
        buffer: &mut [u8],
        delays: &mut Vec<f64>,
    ) -> Result<()> {
        while let Some(&due) = self.due.front() {
            let Some(came) = read(&self.stream, buffer)? else {
                break;
            };
            self.came += came;
            ensure!(self.came <= length, "an answer is longer than the first");
            if self.came == length {
                self.came = 0;
                self.due.pop_front();
                delays.push(due.elapsed().as_secs_f64() * 1e6);
                if !self.due.is_empty() {
                    write(&self.stream, request)?;
                }
            }
        }
        Ok(())
    }
}

/// Sends one request and waits for all of its answer; returns the answer's length.
async fn one(stream: &TcpStream, request: &str, buffer: &mut [u8]) -> Result<usize> {
    stream.writable().await?;
    write(stream, request)?;
    let mut answer = Vec::new();
    loop {
        stream.readable().await?;
        let came = read(stream, buffer)?.unwrap_or(0);
        answer.extend_from_slice(buffer.get(..came).unwrap_or_default());
        let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
        let body = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let body: usize = body.map_or(Ok(0), |length| length.trim().parse())?;
        if answer.len() == end + 4 + body {
            return Ok(answer.len());
        }
    }
}

fn write(stream: &TcpStream, request: &str) -> Result<()> {
    let sent = stream.try_write(request.as_bytes())?;
    ensure!(sent == request.len(), "a request was sent in part");
    Ok(())
}

/// What is there: so many bytes, or nothing yet.
fn read(stream: &TcpStream, buffer: &mut [u8]) -> Result<Option<usize>> {
    match stream.try_read(buffer) {
        Ok(0) => bail!("the server has closed a connection"),
        Ok(came) => Ok(Some(came)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
    }
}
