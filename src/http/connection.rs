//! One connection, from its first byte to its end.
//!
//! First it is found out who speaks and how: after the words of a proxy, where one is to say them; by TLS, whose ALPN says the version of HTTP (RFC 7301), or
//! in the clear, where HTTP/2 begins with words of its own (RFC 9113 section 3.4, prior knowledge, as
//! proxies have it). Then it belongs to `hyper`, within the limits that `hyper` does not have: see
//! [`drive`] and [`super::pace`]. Never `hyper-util`'s `auto` builder: its limits begin only after the
//! first bytes came, so a peer that sends nothing stays for ever.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::task::yield_now;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::Answering;
use super::client::Client;
use super::connections::Cut;
use super::exchange::Conversation;
use super::pace::Paced;
use super::places::{Order, Place, Pulse};
use super::proxy_protocol::{self, Parsed};
use super::stream::{Accepted, Stream};
use super::watch::{Activity, Enough, Farewell};
use crate::config::{Limits, TrustedProxies};

/// What a client that knows that we speak HTTP/2 begins with. (RFC 9113 section 3.4)
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes that a peer of HTTP/2 may have on their way to us, for a stream and for all; we take no bodies.
const WINDOWS: (u32, u32) = (64 << 10, 256 << 10);

/// Bytes of a frame of HTTP/2.
const FRAME: u32 = 16 << 10;

/// Bytes of answers that are kept for a stream of HTTP/2 whose peer does not take them.
const STREAM_BUFFER: usize = 64 << 10;

/// Fields that `hyper` takes in a request of HTTP/1, if nothing else is said.
const FIELDS: usize = 100;

/// Streams that a peer may have reset before we have looked at them ("rapid reset", CVE-2023-44487), and
/// that it may have made us reset ("made you reset", CVE-2025-8671); at the next one it is told to go.
const RESETS: (usize, usize) = (20, 100);

/// How often a quiet peer of HTTP/2 is asked whether it is still there, and how long it may take to say
/// so: for peers that vanished without a word.
const PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// What comes before HTTP at a listener.
#[derive(Clone, Default)]
pub struct Entrance {
    /// Proxies that begin each connection with a PROXY header; `None`: none does.
    pub announced: Option<Arc<TrustedProxies>>,
    /// TLS.
    pub tls: Option<TlsAcceptor>,
}

/// How connections are spoken with. One for each listener.
pub(super) struct Manners {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    entrance: Entrance,
    limits: Limits,
}

impl Manners {
    pub(super) fn new(limits: &Limits, entrance: Entrance) -> Self {
        Self {
            http1: first(limits),
            http2: second(limits),
            entrance,
            limits: limits.clone(),
        }
    }
}

/// HTTP/1 with our limits.
fn first(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    // Without its timer, which is set and taken back with every request: see `places`.
    http.header_read_timeout(None)
        // `printf … | nc` closes its side after the request; it is to have its answer all the same,
        // also when a document must be made first. One that has gone is noticed when we write.
        .half_close(true)
        .max_header_size(limits.header_bytes)
        // `hyper` takes no smaller buffer; the line above holds all the same.
        .max_buf_size(limits.header_bytes.max(8192));
    // Up to its own limit, `hyper` has a place that need not be made ready for each request: so within it
    // ours is held by the `exchange`.
    if limits.headers > FIELDS {
        http.max_headers(limits.headers);
    }
    http
}

/// HTTP/2 with our limits.
fn second(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut http = http2::Builder::new(TokioExecutor::new());
    let header_bytes = u32::try_from(limits.header_bytes).unwrap_or(u32::MAX);
    let streams = u32::try_from(limits.streams).unwrap_or(u32::MAX);
    http.timer(TokioTimer::new())
        .max_concurrent_streams(streams)
        .max_header_list_size(header_bytes)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .max_frame_size(FRAME)
        .max_send_buf_size(STREAM_BUFFER)
        .max_pending_accept_reset_streams(RESETS.0)
        .max_local_error_reset_streams(RESETS.1)
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1);
    http
}

/// Which HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    First,
    Second,
}

/// Serves one connection until its end.
pub(super) async fn converse<A: Answering>(
    manners: Arc<Manners>,
    accepted: Accepted,
    client: Client,
    answering: Arc<A>,
    place: Place,
) {
    let pulse = Arc::clone(&place.pulse);
    // Nothing is being answered yet; but something may have come that is not read yet. At the end, who has
    // just connected is given the time to ask, too: its connection can't be left to the next daemon any more.
    let told_to_go = async {
        match std::future::poll_fn(|cx| pulse.poll_order(cx)).await {
            Order::GiveWay => yield_now().await,
            Order::Finish => sleep(Farewell::moment(&manners.limits)).await,
        }
    };
    let greeted = tokio::select! {
        biased;
        greeted = greet(&manners, accepted, client) => greeted,
        () = told_to_go => return pulse.is_cut(Cut::Idle),
    };
    // How a peer fails to speak HTTP, or goes away, is its own affair.
    let (stream, speech, client) = match greeted {
        Ok(Some(greeted)) => greeted,
        Ok(None) => return,
        Err(error) => {
            tracing::debug!(%error, "a connection ended before its first request");
            return;
        }
    };
    let limits = &manners.limits;
    let stream = Paced::new(stream, Arc::clone(&pulse), limits.write_timeout);
    let stream = TokioIo::new(stream);
    let service = Conversation::new(answering, client, &pulse, limits.headers);
    let farewell = Farewell::new(limits);
    // In boxes, so that those who have not said a word yet don't take the room of those who have.
    let ended = match speech {
        Speech::First => {
            let connection = manners.http1.serve_connection(stream, service);
            Box::pin(drive(connection, &pulse, farewell, None)).await
        }
        Speech::Second => {
            let connection = manners.http2.serve_connection(stream, service);
            pulse.is_watched_elsewhere();
            let activity = Some(Activity::new(limits));
            Box::pin(drive(connection, &pulse, farewell, activity)).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Finds out who speaks, and how; `None` if the peer left without a word.
async fn greet(
    manners: &Manners,
    mut accepted: Accepted,
    peer: Client,
) -> io::Result<Option<(Stream, Speech, Client)>> {
    let Entrance { announced, tls } = &manners.entrance;
    let client = match announced {
        Some(proxies) if peer.is_trusted(proxies) => match announcement(&mut accepted).await? {
            Some(source) => source.map_or(peer, |source| Client::named(source.ip())),
            None => return Ok(None),
        },
        _ => peer,
    };
    if let Some(acceptor) = tls {
        let tls = Box::pin(acceptor.accept(accepted)).await?;
        let speech = match tls.get_ref().1.alpn_protocol() {
            Some(b"h2") => Speech::Second,
            _ => Speech::First,
        };
        return Ok(Some((Stream::Tls(Box::new(tls)), speech, client)));
    }
    let speech = accepted.look(|bytes| speech_of(bytes).map(|speech| (speech, 0)));
    Ok(speech
        .await?
        .map(|speech| (Stream::Plain(accepted), speech, client)))
}

/// Whom a proxy announces; `Some(None)`: nobody but itself. `None`: it left without a word.
async fn announcement(accepted: &mut Accepted) -> io::Result<Option<Option<SocketAddr>>> {
    let read = accepted.look(|bytes| match proxy_protocol::parse(bytes) {
        Parsed::Incomplete => None,
        Parsed::Invalid(fault) => Some((Err(fault), 0)),
        Parsed::Header { source, length } => Some((Ok(source), length)),
    });
    read.await?
        .transpose()
        .map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))
}

/// Which HTTP begins so; `None` while it may be either. The preface is short, so this ends.
fn speech_of(bytes: &[u8]) -> Option<Speech> {
    if bytes.starts_with(PREFACE) {
        Some(Speech::Second)
    } else if PREFACE.starts_with(bytes) {
        None
    } else {
        Some(Speech::First)
    }
}

/// Keeps a connection going until it ends, is told to end, or is cut.
async fn drive<C>(
    connection: C,
    pulse: &Pulse,
    mut farewell: Farewell,
    mut activity: Option<Activity>,
) -> Result<(), C::Error>
where
    C: GracefulConnection,
{
    let mut connection = pin!(connection);
    let (mut is_ending, mut is_told) = (false, false);
    // Runs until the runtime has looked at the sockets again: a request may have come that is not read
    // yet. With it, how many there were before.
    let mut giving_way = None;
    std::future::poll_fn(|cx| {
        loop {
            let order = pulse.poll_order(cx);
            is_ending |= order == Poll::Ready(Order::Finish);
            // An answer that is ready now says that it is the last one.
            if is_ending && !is_told && !pulse.is_idle() {
                is_told = true;
                connection.as_mut().graceful_shutdown();
            }
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(ended);
            }
            // A quiet peer is told after that, for what has come and was not read; and not before its first
            // byte, when `hyper` would hang up: after a handshake, the request may be on its way.
            if is_ending && !is_told && pulse.so_far().read > 0 {
                is_told = true;
                connection.as_mut().graceful_shutdown();
                continue;
            }
            if order == Poll::Ready(Order::GiveWay) {
                giving_way = Some((Box::pin(yield_now()), pulse.so_far().requests));
            }
            if let Some((looking, before)) = &mut giving_way
                && looking.as_mut().poll(cx).is_ready()
            {
                if pulse.is_idle() && pulse.so_far().requests == *before {
                    pulse.is_cut(Cut::Idle);
                    return Poll::Ready(Ok(()));
                }
                giving_way = None;
            }
            if (is_ending || is_told) && farewell.is_over(cx, pulse) {
                return Poll::Ready(Ok(()));
            }
            let Some(activity) = &mut activity else {
                return Poll::Pending;
            };
            match activity.poll(cx, pulse, is_told) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Enough::Cut) => {
                    pulse.is_cut(Cut::Idle);
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Enough::Tell) => {
                    is_told = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_which_http() {
        let check = |bytes: &[u8], expected| assert_eq!(speech_of(bytes), expected, "{bytes:?}");
        check(b"", None);
        check(b"P", None);
        check(&PREFACE[..23], None);
        check(PREFACE, Some(Speech::Second));
        check(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0",
            Some(Speech::Second),
        );
        check(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r", Some(Speech::First));
        check(b"GET", Some(Speech::First));
        check(b"POST", Some(Speech::First));
        check(b"\x16\x03\x01", Some(Speech::First));
    }
}
