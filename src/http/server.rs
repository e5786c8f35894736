//! What readers ask for, from the snapshot of the moment.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::{ArcSwapOption, Guard};
use hyper::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use hyper::http::{request, response};
use hyper::{Method, Response, StatusCode};
use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};

use super::body::Content;
use super::client::Client;
use super::freshness::Freshness;
use super::limiter::{self, Cost, Limiter, Wait};
use super::offer::{Located, Shown};
use super::respond::Answer;
use super::{Answering, Door, Drained, MediaFiles, Reply, accept, delta, media, respond, workers};
use crate::config::{Limits, TrustedProxies};
use crate::documents::{Document, Documents, MakeError};
use crate::entry::FolderPath;
use crate::site::{Plan, Site};

/// What readers are served from.
pub struct Server {
    /// The current snapshot; `None` until the first, and then all is answered with 503.
    pub site: Arc<ArcSwapOption<Site>>,
    /// Makes and keeps documents.
    pub documents: Arc<Documents>,
    /// Opens files beside entries.
    pub media: Arc<dyn MediaFiles>,
    /// How long copies are fresh.
    pub freshness: Freshness,
    /// Who asks too often; `None`: nobody does.
    pub limiter: Option<Limiter>,
    /// Whose word counts about who a client is.
    pub proxies: TrustedProxies,
    /// The wall clock.
    pub clock: fn() -> Timestamp,
    /// A clock that never goes back.
    pub instant: fn() -> Instant,
}

impl Server {
    /// Serves readers at `doors` until `stop` is true, then closes them at once and lets answers in
    /// flight finish within `limits.drain`.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread, or what one needs.
    pub async fn serve(
        self,
        doors: Vec<Door>,
        limits: &Limits,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Drained> {
        let connections = accept::connection_cap(limits.connections);
        let serving = Serving {
            server: self,
            shown: ArcSwapOption::empty(),
            open_files: Arc::new(Semaphore::new(connections)),
        };
        workers::serve(doors, Arc::new(serving), limits, connections, stop).await
    }
}

/// A server at work.
struct Serving {
    server: Server,
    /// The snapshot that was asked for last, with what was worked out of it.
    shown: ArcSwapOption<Shown>,
    /// Places for files that are being sent, as many as for connections.
    open_files: Arc<Semaphore>,
}

impl Serving {
    /// The current snapshot.
    fn shown(&self) -> Option<Guard<Option<Arc<Shown>>>> {
        let site = self.server.site.load();
        let site = site.as_ref()?;
        let shown = self.shown.load();
        if shown
            .as_ref()
            .is_some_and(|shown| Arc::ptr_eq(&shown.site, site))
        {
            return Some(shown);
        }
        // Several may do this at once, for nothing; the last one stays.
        let shown = Some(Arc::new(Shown::new(Arc::clone(site))));
        self.shown.store(shown.clone());
        Some(Guard::from_inner(shown))
    }

    /// What is at `path`. What is sent to who asks for deltas is remembered, whether it is sent now or
    /// was before: the next request names it.
    fn locate(&self, shown: &Shown, path: &str, wants_deltas: bool) -> Located {
        let located = shown.locate(path);
        if let Located::Document(offer) = &located
            && wants_deltas
        {
            self.server.documents.note(&shown.site, &offer.plan);
        }
        located
    }

    /// Charges a client for a request or an answer.
    fn spend(&self, client: Client, cost: Cost) -> Result<(), Wait> {
        match self.limiter_of(client) {
            Some(limiter) => limiter.spend(client, cost, (self.server.instant)()),
            None => Ok(()),
        }
    }

    /// Notes that a document is sent to a client that did not say what it has.
    fn resend(&self, client: Client, plan: &Plan) -> Result<(), Wait> {
        match self.limiter_of(client) {
            Some(limiter) => limiter.resend(client, &plan.key, plan.tag, (self.server.instant)()),
            None => Ok(()),
        }
    }

    /// Who is never limited does not cost a look at the clock.
    fn limiter_of(&self, client: Client) -> Option<&Limiter> {
        let limiter = self.server.limiter.as_ref();
        limiter.filter(|_| Limiter::concerns(client))
    }

    /// Charges a client for what it is about to be answered.
    fn charge(
        &self,
        client: Client,
        request: &request::Parts,
        answer: &Answer,
    ) -> Result<(), Wait> {
        match answer {
            Answer::Ready(response) if response.status() == StatusCode::NOT_MODIFIED => Ok(()),
            Answer::Media(_) => self.spend(client, Cost::File),
            Answer::Document { offer, head, .. } => {
                self.spend(client, Cost::Answer)?;
                if head.status == StatusCode::OK && is_unconditional(request) {
                    self.resend(client, &offer.plan)?;
                }
                Ok(())
            }
            Answer::Ready(_) => self.spend(client, Cost::Answer),
        }
    }

    /// The answer, or how long to wait for it.
    fn answer_now(
        self: &Arc<Self>,
        mut request: request::Parts,
        client: Client,
    ) -> Result<Reply, Wait> {
        let client = client.of_request(&request.headers, &self.server.proxies);
        self.spend(client, Cost::Request)?;
        // One snapshot for the whole answer, whatever is published meanwhile.
        let shown = self.shown();
        let shown = shown.as_ref().and_then(|shown| shown.as_ref());
        let now = (self.server.clock)();
        let fresh = self
            .server
            .freshness
            .at(shown.and_then(|shown| shown.due), now);
        let wants_deltas = delta::is_wanted(&request.headers);
        let locate = shown.map(|shown| |path: &str| self.locate(shown, path, wants_deltas));
        let answer = respond::respond(&mut request, locate, fresh, now);
        self.charge(client, &request, &answer)?;
        Ok(match answer {
            Answer::Ready(response) => Reply::Now(response.map(Content::Bytes)),
            Answer::Media(path) => {
                let serving = Arc::clone(self);
                Reply::Later(Box::pin(async move { serving.media(&request, path).await }))
            }
            Answer::Document {
                offer,
                coding,
                mut head,
            } => {
                // Without a snapshot nothing was located.
                let Some(site) = shown.map(|shown| &shown.site) else {
                    return Ok(Reply::Now(unavailable()));
                };
                let documents = &self.server.documents;
                let known = |tag| documents.since(site, &offer.plan, tag);
                let since = wants_deltas
                    .then(|| delta::base(&request.headers, known))
                    .flatten();
                if let Some(since) = &since {
                    delta::describe(&mut head, since.tag);
                } else if let Some(document) = documents.cached(&offer.plan, coding) {
                    return Ok(Reply::Now(made(&offer.plan, Ok(document), head)));
                }
                let (documents, site) = (Arc::clone(documents), Arc::clone(site));
                Reply::Later(Box::pin(async move {
                    let plan = &offer.plan;
                    let document = match &since {
                        Some(since) => documents.delta(&site, plan, since, coding).await,
                        None => documents.get(&site, plan, coding).await,
                    };
                    made(plan, document, head)
                }))
            }
        })
    }

    /// A file beside an entry, opened off the async threads.
    ///
    /// Each stream of HTTP/2 may ask for one and never take it. So they are counted: descriptors for the
    /// ledger, the folder and new connections must be left.
    async fn media(&self, request: &request::Parts, path: FolderPath) -> Response<Content> {
        let Ok(place) = Arc::clone(&self.open_files).try_acquire_owned() else {
            return unavailable();
        };
        let files = Arc::clone(&self.server.media);
        let opened = tokio::task::spawn_blocking(move || files.open(&path)).await;
        let opened = opened.map_err(io::Error::other).flatten();
        media::respond(request, opened, self.server.freshness.longest())
            .map(|content| content.at(place))
    }
}

impl Answering for Serving {
    fn answer(self: &Arc<Self>, request: request::Parts, client: Client) -> Reply {
        self.answer_now(request, client)
            .unwrap_or_else(|wait| Reply::Now(limiter::too_many(wait).map(Content::Bytes)))
    }
}

/// Whether a request is answered with the whole, whatever the client has.
fn is_unconditional(request: &request::Parts) -> bool {
    let conditions = [
        IF_NONE_MATCH,
        IF_MODIFIED_SINCE,
        IF_MATCH,
        IF_UNMODIFIED_SINCE,
    ];
    let fields = &request.headers;
    request.method == Method::GET && !conditions.iter().any(|name| fields.contains_key(name))
}

/// The answer with the document that was made.
fn made(
    plan: &Plan,
    document: Result<Document, MakeError>,
    mut head: response::Parts,
) -> Response<Content> {
    match document {
        Ok(Document { bytes, coding }) => {
            respond::coded(&mut head.headers, coding);
            Response::from_parts(head, Content::Bytes(bytes))
        }
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, key = ?plan.key, "a document can't be made");
            unavailable()
        }
    }
}

/// What can't be made now is a 503, not a 500: readers keep what they have, and come back.
fn unavailable() -> Response<Content> {
    respond::failure(StatusCode::SERVICE_UNAVAILABLE).map(Content::Bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::documents::Coding;
    use crate::entry::Digest;
    use crate::site::DocumentKey;
    use bytes::Bytes;

    #[test]
    fn a_document_that_cannot_be_made_is_asked_for_again() {
        let plan = Plan {
            key: DocumentKey::Feeds,
            tag: Digest::of(b"plan"),
            changed: None,
            content_type: "text/html; charset=utf-8",
            fresh: Duration::from_mins(1),
        };
        let error = MakeError::Body(Arc::new(std::io::Error::other("the inner reason")));
        let response = made(&plan, Err(error), respond::head(StatusCode::OK));
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key("retry-after"));
        assert!(!response.headers().contains_key("etag"));
        for (coding, expected) in [
            (Coding::Identity, None),
            (Coding::Gzip, Some("gzip")),
            (Coding::Brotli, Some("br")),
            (Coding::Zstd, Some("zstd")),
        ] {
            let bytes = Bytes::from_static(b"<p>");
            let document = Document { bytes, coding };
            let response = made(&plan, Ok(document), respond::head(StatusCode::OK));
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.body().len(), 3);
            let says = response.headers().get("content-encoding");
            assert_eq!(says.map(|it| it.to_str().unwrap()), expected);
        }
    }
}
