//! One request and its answer, the same in every version of HTTP.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use hyper::service::Service;
use hyper::{Method, Request, Response, StatusCode, Version};

use super::body::Content;
use super::client::Client;
use super::places::{Busy, Pulse};
use super::{Answering, Reply, respond};

/// One connection's requests and answers.
pub(super) struct Conversation<A> {
    answering: Arc<A>,
    client: Client,
    pulse: Arc<Pulse>,
    /// Fields that a request of HTTP/1 may have.
    fields: usize,
}

impl<A: Answering> Conversation<A> {
    /// What `client` asks in so many `fields` is answered by `answering`; `pulse` is its connection's.
    pub(super) fn new(
        answering: Arc<A>,
        client: Client,
        pulse: &Arc<Pulse>,
        fields: usize,
    ) -> Self {
        let pulse = Arc::clone(pulse);
        Self {
            answering,
            client,
            pulse,
            fields,
        }
    }
}

impl<A: Answering> Service<Request<Incoming>> for Conversation<A> {
    type Response = Response<Sent>;
    type Error = Infallible;
    type Future = Exchange;

    fn call(&self, request: Request<Incoming>) -> Exchange {
        let busy = Busy::with(&self.pulse);
        let (request, body) = request.into_parts();
        let is_multiplexed = request.version >= Version::HTTP_2;
        let is_too_large = !is_multiplexed && request.headers.len() > self.fields;
        let manner = Manner {
            is_head: request.method == Method::HEAD,
            // We take no bodies, and where this one ends is just what requests are smuggled by.
            is_last: (!body.is_end_stream() && !is_multiplexed) || is_too_large,
            is_multiplexed,
            busy: Some(busy),
        };
        if is_too_large {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            let refused = respond::failure(status).map(Content::Bytes);
            let reply = Some(Reply::Now(refused));
            return Exchange { reply, manner };
        }
        let asked = AssertUnwindSafe(|| self.answering.answer(request, self.client));
        let reply = std::panic::catch_unwind(asked).unwrap_or_else(|_| Reply::Now(panicked()));
        Exchange {
            reply: Some(reply),
            manner,
        }
    }
}

/// The answer to a request whose making panicked: one bad document must not cost the connection.
fn panicked() -> Response<Content> {
    tracing::warn!("making an answer panicked");
    respond::failure(StatusCode::INTERNAL_SERVER_ERROR).map(Content::Bytes)
}

/// What becomes of an answer on its way.
struct Manner {
    is_head: bool,
    is_last: bool,
    /// Whether other answers may be sent at the same time on the same connection.
    is_multiplexed: bool,
    busy: Option<Busy>,
}

/// An answer that is there, or comes.
pub(super) struct Exchange {
    /// `None` once it was given.
    reply: Option<Reply>,
    manner: Manner,
}

impl Future for Exchange {
    type Output = Result<Response<Sent>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match self.reply.take() {
            Some(Reply::Now(response)) => response,
            Some(Reply::Later(mut coming)) => {
                let polled = AssertUnwindSafe(|| coming.as_mut().poll(cx));
                match std::panic::catch_unwind(polled) {
                    Ok(Poll::Ready(response)) => response,
                    Ok(Poll::Pending) => {
                        self.reply = Some(Reply::Later(coming));
                        return Poll::Pending;
                    }
                    Err(_) => panicked(),
                }
            }
            // Nobody asks a future again that was ready.
            None => return Poll::Pending,
        };
        Poll::Ready(Ok(self.manner.send(response)))
    }
}

impl Manner {
    fn send(&mut self, response: Response<Content>) -> Response<Sent> {
        let mut response = response;
        let status = response.status();
        if self.is_head {
            // In all other answers `hyper` sets it by the body.
            if status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED {
                let length = HeaderValue::from(response.body().len());
                response.headers_mut().insert(CONTENT_LENGTH, length);
            }
            *response.body_mut() = Content::empty();
        }
        if self.is_last {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        let busy = self.busy.take();
        let is_multiplexed = self.is_multiplexed;
        response.map(|content| Sent {
            content,
            is_multiplexed,
            busy,
        })
    }
}

/// A body on its way; with it ends that the connection is busy.
#[derive(Debug)]
pub(super) struct Sent {
    content: Content,
    is_multiplexed: bool,
    busy: Option<Busy>,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let sharers = self
            .is_multiplexed
            .then(|| self.busy.as_ref().map_or(1, Busy::answers));
        let piece = self.content.poll_piece(cx, sharers);
        piece.map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.content.size_hint()
    }
}
