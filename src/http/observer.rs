//! Who is told of every answer: what counts requests, what estimates how many follow a feed.
//!
//! An observer is called in the thread that answers, before the answer is sent, for each request once. So it
//! must be quick, wait for nobody, and put nothing on the heap for a 304: the benchmark `allocations` sees it.

use std::time::Instant;

use hyper::StatusCode;
use hyper::header::{
    HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, USER_AGENT,
};
use hyper::http::request;
use hyper::{Method, Response, Uri};
use jiff::Timestamp;

use super::body::Content;
use super::client::Client;
use super::limiter::Why;
use crate::documents::Coding;
use crate::site::DocumentKey;

/// Is told of every answer to a reader.
pub trait Observer: Send + Sync {
    /// A request is answered.
    fn answered(&self, answer: &Answered<'_>);

    /// Whether it wants [`Answered::request`], which costs a look at the clock.
    fn wants_request(&self) -> bool {
        false
    }
}

/// A request, as it came.
#[derive(Clone, Debug)]
pub struct Requested {
    /// What was to be done.
    pub method: Method,
    /// What with.
    pub target: Uri,
    /// When it came.
    pub since: Instant,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// A document that there is, also where it is not what is sent.
    Document(&'a DocumentKey),
    /// A file beside an entry.
    File,
    /// Nothing that we have; or nobody looked.
    Other,
}

/// An answer, as far as it can be known before it is sent.
#[derive(Clone, Debug)]
pub struct Answered<'a> {
    /// What was asked for.
    pub asked: Asked<'a>,
    /// The status.
    pub status: StatusCode,
    /// How the body is coded; `None`: there is none.
    pub coding: Option<Coding>,
    /// How many bytes the body has. Its client may go before it has all of them.
    pub sent: u64,
    /// How many more it might have had.
    pub saved: Saved,
    /// What the client did, if it is told to come later.
    pub limited: Option<Why>,
    /// Whether the request said what its client has.
    pub is_conditional: bool,
    /// Whom it came from, behind all proxies that are trusted.
    pub client: Client,
    /// What the client says it is.
    pub agent: Option<&'a HeaderValue>,
    /// When it was asked.
    pub moment: Timestamp,
    /// The request, if an observer wants it.
    pub request: Option<&'a Requested>,
}

/// Bytes that were not sent, each beside what would have been sent without that one thing; 0 where that is
/// not known, as nothing is made just to be measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// By a 304, beside the document as it would have been coded.
    pub not_modified: u64,
    /// By the coding, beside the same bytes uncoded.
    pub coding: u64,
    /// By a delta, beside the whole as it would have been coded.
    pub delta: u64,
}

/// What is to be known of a request once its fields are gone.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub(super) client: Client,
    pub(super) moment: Timestamp,
    pub(super) is_conditional: bool,
    pub(super) is_head: bool,
    agent: Option<HeaderValue>,
    requested: Option<Requested>,
}

impl Asker {
    /// Who asks `request` at `moment`. Nothing is copied: the field's bytes are shared.
    pub(super) fn new(request: &request::Parts, client: Client, moment: Timestamp) -> Self {
        let conditions = [
            IF_NONE_MATCH,
            IF_MODIFIED_SINCE,
            IF_MATCH,
            IF_UNMODIFIED_SINCE,
        ];
        let fields = &request.headers;
        Self {
            client,
            moment,
            is_conditional: conditions.iter().any(|name| fields.contains_key(name)),
            is_head: request.method == Method::HEAD,
            agent: fields.get(USER_AGENT).cloned(),
            requested: None,
        }
    }

    /// With the request, which came at `since`.
    pub(super) fn with_request(mut self, request: &request::Parts, since: Instant) -> Self {
        self.requested = Some(Requested {
            method: request.method.clone(),
            target: request.uri.clone(),
            since,
        });
        self
    }

    /// What there is to tell of `response`, whose body is coded so.
    pub(super) fn answered<'a>(
        &'a self,
        asked: Asked<'a>,
        response: &Response<Content>,
        coding: Coding,
    ) -> Answered<'a> {
        // To HEAD the body is left out later.
        let sent = if self.is_head {
            0
        } else {
            response.body().len()
        };
        Answered {
            asked,
            status: response.status(),
            coding: (sent > 0).then_some(coding),
            sent,
            saved: Saved::default(),
            limited: None,
            is_conditional: self.is_conditional,
            client: self.client,
            agent: self.agent.as_ref(),
            moment: self.moment,
            request: self.requested.as_ref(),
        }
    }
}
