//! Connections: taken, limited, and let go when the daemon stops.

mod kernel;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use hyper::http::request;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::kernel::{Trouble, connection_cap, tune};
use super::body::Content;
use super::pace::Paced;
use super::respond;
use crate::config::Limits;

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every answer in flight was finished.
    Complete,
    /// Time was up, and so many connections were cut.
    Cut(usize),
}

/// What gives answers to the requests of a listener.
pub(super) trait Answering: Send + Sync + 'static {
    /// The answer to a request whose body is not looked at. For HEAD it may have the body of GET.
    fn answer(&self, request: request::Parts) -> impl Future<Output = Response<Content>> + Send;
}

/// Serves `listener` until `stop`, then lets answers in flight finish within `limits.drain`.
///
/// At most `limits.connections` are open at one time; more wait in the kernel's queue. The listener
/// is closed as soon as `stop` is there.
pub(super) async fn run(
    listener: TcpListener,
    answering: Arc<impl Answering>,
    limits: &Limits,
    stop: impl Future<Output = ()>,
) -> Drained {
    tune(&listener, limits.write_timeout);
    let http = builder(limits);
    let cap = connection_cap(limits.connections);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut trouble = Trouble::default();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept(), if connections.len() < cap => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                trouble.over();
                // Heads and last pieces are small; they must not wait for an acknowledgement.
                let _ = stream.set_nodelay(true);
                let stream = Paced::new(stream, limits.write_timeout);
                let answering = Arc::clone(&answering);
                connections.spawn(converse(
                    http.clone(),
                    stream,
                    answering,
                    graceful.watcher(),
                ));
            }
            Err(error) => {
                if let Some(pause) = trouble.pause_after(&error) {
                    tokio::select! {
                        () = &mut stop => break,
                        () = sleep(pause) => {}
                    }
                }
            }
        }
    }
    drop(listener);
    drain(graceful, connections, limits.drain).await
}

/// Tells all connections to end after the answer they are at, and waits for them.
async fn drain(
    graceful: GracefulShutdown,
    mut connections: JoinSet<()>,
    limit: Duration,
) -> Drained {
    let all = async {
        graceful.shutdown().await;
        while connections.join_next().await.is_some() {}
    };
    if timeout(limit, all).await.is_ok() {
        return Drained::Complete;
    }
    while connections.try_join_next().is_some() {}
    let cut = connections.len();
    connections.shutdown().await;
    match cut {
        0 => Drained::Complete,
        cut => Drained::Cut(cut),
    }
}

/// HTTP/1 with our limits. Never `hyper-util`'s `auto` builder: its limits begin only after the
/// first bytes came, so a peer that sends nothing stays for ever.
fn builder(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        // `printf … | nc` closes its side after the request; it is to have its answer all the same,
        // also when a document must be made first. One that has gone is noticed when we write.
        .half_close(true)
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers)
        .max_header_size(limits.header_bytes)
        // `hyper` takes no smaller buffer; the line above holds all the same.
        .max_buf_size(limits.header_bytes.max(8192));
    http
}

/// One connection, from its first request to its end.
async fn converse(
    http: http1::Builder,
    stream: Paced,
    answering: Arc<impl Answering>,
    watcher: Watcher,
) {
    let service = service_fn(move |request| {
        let answering = Arc::clone(&answering);
        async move { Ok::<_, Infallible>(exchange(&*answering, request).await) }
    });
    let connection = watcher.watch(http.serve_connection(stream, service));
    // How a peer fails to speak HTTP, or goes away, is its own affair.
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// One request and its answer.
async fn exchange(answering: &impl Answering, request: Request<Incoming>) -> Response<Content> {
    let (request, body) = request.into_parts();
    let is_head = request.method == Method::HEAD;
    let has_body = !body.is_end_stream();
    let mut response = unless_it_panics(answering.answer(request)).await;
    let status = response.status();
    if status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED {
        let length = HeaderValue::from(response.body().len());
        response.headers_mut().insert(CONTENT_LENGTH, length);
    }
    if is_head {
        *response.body_mut() = Content::empty();
    }
    if has_body {
        // We take no bodies, and where this one ends is just what requests are smuggled by.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

/// The answer, or a 500 if making it panicked: one bad document must not cost the connection.
async fn unless_it_panics(answer: impl Future<Output = Response<Content>>) -> Response<Content> {
    let mut answer = pin!(answer);
    std::future::poll_fn(|cx| {
        let polled = AssertUnwindSafe(|| answer.as_mut().poll(cx));
        std::panic::catch_unwind(polled).unwrap_or_else(|_| {
            tracing::warn!("making an answer panicked");
            let failure = respond::failure(StatusCode::INTERNAL_SERVER_ERROR);
            Poll::Ready(failure.map(Content::Bytes))
        })
    })
    .await
}

#[cfg(test)]
mod tests;
