//! Readers' connections, and what they are sent.
//!
//! The way of a request: `workers` are the threads, and `accept` takes the connection in one of them;
//! `connection` finds out how it speaks, and keeps it within its limits with `places`, `pace` and `watch`. For each
//! request, an `exchange`, [`respond`] looks the path up in the current snapshot and answers, or names
//! the document to make; this module has it made, and sends it. What the reader has already is
//! decided in [`conditional`], for how long it need not ask in [`freshness`], how it is coded in
//! [`negotiate`], whether what is new is enough in [`delta`]; files beside entries are sent by [`media`].
//! [`tls`] holds the certificates, and [`admin`] tells the publisher's programs how the daemon is, with what pages it is given. Whom a
//! request comes from is read in [`client`], behind a proxy that passes connections on by
//! [`proxy_protocol`]; who asks too often waits for [`limiter`]. Every answer is told of to each [`Observer`].
//! Whether readers can connect at all is asked by a [`RollCall`]. Before there is a snapshot, [`Early`] knows some answers.
//!
//! # Limits
//!
//! | name | default | at the limit |
//! | --- | --- | --- |
//! | `limits.connections` | 1024 | who wants nothing and has been quiet longest is cut for who comes; only where all are being answered, more wait in the kernel's queue. Fewer where the system grants too few open files, of which each may need two |
//! | `limits.headers` | 64 | 431, and the connection ends |
//! | `limits.header_bytes` | 16 KiB | 431, and the connection ends |
//! | `limits.header_timeout` | 10 s | for the first byte, the TLS handshake, a head, and between requests of HTTP/1: the connection ends. For the first request of HTTP/2, too: the peer is told to end, and after a quarter of the time cut |
//! | `limits.write_timeout` | 20 s | a peer that takes no byte of its answer for so long is cut |
//! | `limits.streams` | 64 | requests at one time on a connection of HTTP/2: more are refused |
//! | `limits.idle_timeout` | 60 s | without a request and without progress on a connection of HTTP/2: it is told to end, and after as long again cut |
//! | `limits.connection_age` | 10 min | a connection of HTTP/2 is told to end, so that load spreads and certificates change |
//! | `limits.drain` | 25 s | at the end of the daemon: answers still in flight are cut. Who has its answers, and does not go, is cut after a quarter of the time for a head; so is who has connected, and asks nothing |
//! | send buffer | 256 KiB | what the kernel keeps of an answer, so that memory is bounded |
//! | HTTP/2: windows | 64 KiB, 256 KiB | what a peer may have on its way to us, for a stream and for all |
//! | HTTP/2: frame | 16 KiB | |
//! | HTTP/2: stream buffer | 64 KiB | what we keep of an answer that waits for its peer |
//! | HTTP/2: resets | 20, 100 | streams that a peer reset before we saw them, or made us reset: at the next, GOAWAY |
//! | HTTP/2: ping | 20 s, 10 s | a silent peer is asked, and must answer |
//! | piece | 64 KiB | what we keep of a file, for each connection that is sent one; where it is sent many at one time, they share it, but for 4 KiB each |
//! | open files | as `limits.connections` | being sent at one time: to the next 503 |
//! | answers to a client | 20/s, 100 at once; files 100/s and 500, 304s 1000/s and 5000 | 429; never for private addresses, and `http.rate_limit` switches it off |
//! | the same version, asked for without validators | 1/min, 60 at once, for each client and document | 429, as above |
//! | clients that are known | 131,072, and as many pairs of client and document: 4 MiB | those who spent least are forgotten |
//! | PROXY header | 536 bytes, version 1: 107 | the connection ends |
//! | proxies in a row | 16 | the last that was looked at is the client |
//! | request body | 0 | never read: answered, then the connection ends |
//! | queue | 4096 | connections that wait in the kernel to be accepted, if it allows as many |
//! | accept pause | 50 ms to 1 s | between attempts when there are no descriptors, doubling |
//!
//! The names in code face are keys of the configuration, and their defaults are set there; the rest
//! is fixed. Changed while the daemon runs, they hold for connections that come from then on. There is an
//! access log ([`AccessLog`]) for who wants one; who reads is nobody's business by default.

mod accept;
mod access;
pub mod admin;
mod body;
pub mod client;
pub mod conditional;
mod connection;
mod connections;
pub mod delta;
mod early;
mod exchange;
pub mod freshness;
pub mod host;
pub mod limiter;
mod listener;
pub mod media;
pub mod negotiate;
mod observer;
pub mod offer;
mod pace;
mod places;
pub mod proxy_protocol;
pub mod redirect;
pub mod respond;
mod roll_call;
mod rules;
mod server;
mod stream;
pub mod tls;
mod watch;
mod workers;

use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;

use hyper::Response;
use hyper::http::request;

pub use accept::Drained;
pub use access::AccessLog;
pub use connection::Entrance;
pub use connections::{Connected, Connections};
pub use early::{Early, KeptFeed};
pub use listener::{Listener, Socket};
pub use media::{MediaContent, MediaFiles, OpenMedia};
pub use observer::{Answered, Asked, Observer, Requested, Saved};
pub use roll_call::RollCall;
pub use rules::Rules;
pub use server::{Readers, Server};
pub use workers::Door;

use self::admin::{Health, Pages};
use self::body::Content;
use self::client::Client;
use crate::config::Limits;

/// What gives answers to the requests of a listener.
trait Answering: Send + Sync + 'static {
    /// The answer to a request whose body is not looked at. For HEAD it may have the body of GET.
    fn answer(self: &Arc<Self>, request: request::Parts, client: Client) -> Reply;
}

/// An answer.
enum Reply {
    /// It is there: nothing had to be made, and nothing is put on the heap for it.
    Now(Response<Content>),
    /// It comes.
    Later(Pin<Box<dyn Future<Output = Response<Content>> + Send>>),
}

/// Places at the listeners that are not for readers: for probes, and a person with a browser.
const FEW: usize = 16;

/// Serves [`admin`] at `listener` until `stop`, under the same limits as readers, but for so few
/// connections that probes can't crowd out readers.
pub async fn serve_admin(
    listener: Listener,
    health: Arc<Health>,
    pages: Pages,
    limits: &Limits,
    stop: impl Future<Output = ()> + Send,
) -> Drained {
    // Where we listen is only asked to compare it with `Host`: a listener that can't say, as one at a path,
    // is taken for one that nobody names.
    let listening = listener.address();
    let listening = listening.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |at| at.ip());
    let admin = Admin {
        health,
        pages,
        listening,
    };
    serve_few(listener, Entrance::default(), admin, FEW, limits, stop).await
}

/// Serves `answering` at `listener` in this runtime until `stop`, with `most` places.
async fn serve_few(
    listener: Listener,
    entrance: Entrance,
    answering: impl Answering,
    most: usize,
    limits: &Limits,
    stop: impl Future<Output = ()> + Send,
) -> Drained {
    let places = places::Places::new(most.min(limits.connections));
    let answering = Arc::new(answering);
    // Nobody calls it: it has no thread of its own.
    let called = RollCall::default().join();
    tokio::select! {
        () = accept::run(listener, entrance, answering, limits, &places, called, stop) => {}
        never = places.keep_quiet_out(limits.header_timeout) => match never {},
    }
    accept::drain(&places, limits.drain).await
}

struct Admin {
    health: Arc<Health>,
    pages: Pages,
    listening: IpAddr,
}

impl Answering for Admin {
    fn answer(self: &Arc<Self>, request: request::Parts, _: Client) -> Reply {
        let path = request.uri.path();
        if !self.pages.iter().any(|(place, _)| *place == path) {
            let response = admin::respond(&request, &self.health, &self.pages, self.listening);
            return Reply::Now(response.map(Content::Bytes));
        }
        // To write one may take long, and this thread has signals and connections to look after.
        let admin = Arc::clone(self);
        let work = move || admin::respond(&request, &admin.health, &admin.pages, admin.listening);
        Reply::Later(Box::pin(async move {
            let made = tokio::task::spawn_blocking(work).await;
            made.unwrap_or_else(|_| admin::broken()).map(Content::Bytes)
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn the_admin_listener_answers() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = Listener::Tcp(listener);
        let at = listener.address().unwrap();
        let second = Duration::from_secs(1);
        let limits = Limits {
            connections: 4,
            header_timeout: second,
            write_timeout: second,
            drain: second,
            ..Limits::default()
        };
        let health = Arc::new(Health::new());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let ask = async {
            let mut stream = tokio::net::TcpStream::connect(at).await.unwrap();
            let request =
                format!("GET /readyz HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            stop.send(()).unwrap();
            answer
        };
        let stopped = async { stopped.await.unwrap() };
        let both = async {
            tokio::join!(
                serve_admin(listener, health, Vec::new(), &limits, stopped),
                ask
            )
        };
        let (drained, answer) = tokio::time::timeout(3 * second, both).await.unwrap();
        assert_eq!(drained, Drained::Complete);
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer:?}");
        assert!(answer.ends_with("\r\n\r\nstarting\n"), "{answer:?}");
    }
}
