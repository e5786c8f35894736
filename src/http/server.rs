//! What readers ask for, from the snapshot of the moment.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use hyper::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use hyper::http::{request, response};
use hyper::{Method, Response, StatusCode};
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::body::Content;
use super::client::Client;
use super::freshness::Freshness;
use super::limiter::{self, Cost, Limiter, Wait};
use super::offer::{Located, Shown};
use super::respond::Answer;
use super::workers::Workers;
use super::{Answering, Door, Drained, MediaFiles, Reply, RollCall, accept, delta, media, respond};
use crate::config::{Limits, TrustedProxies};
use crate::documents::{Document, Documents, MakeError};
use crate::entry::FolderPath;
use crate::site::{Plan, Site};

/// What readers are served from.
pub struct Server {
    /// The current snapshot; `None` until the first, and then all is answered with 503.
    pub site: Arc<ArcSwapOption<Site>>,
    /// By which rules, to begin with.
    pub rules: Rules,
    /// The wall clock.
    pub clock: fn() -> Timestamp,
    /// A clock that never goes back.
    pub instant: fn() -> Instant,
    /// Asks whether readers can still connect.
    pub roll_call: RollCall,
}

/// What the publisher may change while readers are served: it holds from the next request on, also on
/// connections that are there.
#[derive(Clone)]
pub struct Rules {
    /// Makes and keeps documents.
    pub documents: Arc<Documents>,
    /// Opens files beside entries.
    pub media: Arc<dyn MediaFiles>,
    /// How long copies are fresh.
    pub freshness: Arc<Freshness>,
    /// Who asks too often; `None`: nobody does.
    pub limiter: Option<Arc<Limiter>>,
    /// Whose word counts about who a client is.
    pub proxies: Arc<TrustedProxies>,
}

impl Server {
    /// Serves readers at `doors` from now on.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread, or what one needs.
    pub fn open(self, doors: &[Door], limits: &Limits) -> io::Result<Readers> {
        let connections = accept::connection_cap(limits.connections);
        let serving = Arc::new(Serving {
            site: self.site,
            rules: ArcSwap::from_pointee(self.rules),
            clock: self.clock,
            instant: self.instant,
            shown: ArcSwapOption::empty(),
            open_files: ArcSwap::from_pointee(Semaphore::new(connections)),
        });
        let workers = Workers::start(doors, &serving, limits, connections, self.roll_call)?;
        Ok(Readers { serving, workers })
    }
}

/// Readers who are being served.
pub struct Readers {
    serving: Arc<Serving>,
    workers: Workers,
}

impl Readers {
    /// The rules that hold.
    pub fn rules(&self) -> Arc<Rules> {
        self.serving.rules.load_full()
    }

    /// Has other rules hold.
    pub fn follow(&self, rules: Rules) {
        self.serving.rules.store(Arc::new(rules));
    }

    /// Takes new connections at `doors` from now on, and within `limits`. Those that are there go on as
    /// they began, and at a socket that was among the doors before nobody is turned away.
    ///
    /// # Errors
    ///
    /// When the system refuses a descriptor. Then all is as before.
    pub fn reopen(&self, doors: &[Door], limits: &Limits) -> io::Result<()> {
        let connections = accept::connection_cap(limits.connections);
        self.workers.post(doors, limits, connections)?;
        let files = Arc::new(Semaphore::new(connections));
        self.serving.open_files.store(files);
        Ok(())
    }

    /// Closes the doors at once, and lets answers in flight finish within `limits.drain`.
    pub async fn finish(self) -> io::Result<Drained> {
        self.workers.finish().await
    }
}

/// A server at work.
struct Serving {
    site: Arc<ArcSwapOption<Site>>,
    rules: ArcSwap<Rules>,
    clock: fn() -> Timestamp,
    instant: fn() -> Instant,
    /// The snapshot that was asked for last, with what was worked out of it.
    shown: ArcSwapOption<Shown>,
    /// Places for files that are being sent, as many as for connections.
    open_files: ArcSwap<Semaphore>,
}

impl Serving {
    /// The current snapshot.
    fn shown(&self) -> Option<Guard<Option<Arc<Shown>>>> {
        let site = self.site.load();
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

    /// Charges a client for a request or an answer.
    fn spend(&self, rules: &Rules, client: Client, cost: Cost) -> Result<(), Wait> {
        match rules.limiter_of(client) {
            Some(limiter) => limiter.spend(client, cost, (self.instant)()),
            None => Ok(()),
        }
    }

    /// Notes that a document is sent to a client that did not say what it has.
    fn resend(&self, rules: &Rules, client: Client, plan: &Plan) -> Result<(), Wait> {
        match rules.limiter_of(client) {
            Some(limiter) => limiter.resend(client, &plan.key, plan.tag, (self.instant)()),
            None => Ok(()),
        }
    }

    /// Charges a client for what it is about to be answered.
    fn charge(
        &self,
        rules: &Rules,
        client: Client,
        request: &request::Parts,
        answer: &Answer,
    ) -> Result<(), Wait> {
        match answer {
            Answer::Ready(response) if response.status() == StatusCode::NOT_MODIFIED => Ok(()),
            Answer::Media(_) => self.spend(rules, client, Cost::File),
            Answer::Document { offer, head, .. } => {
                self.spend(rules, client, Cost::Answer)?;
                if head.status == StatusCode::OK && is_unconditional(request) {
                    self.resend(rules, client, &offer.plan)?;
                }
                Ok(())
            }
            Answer::Ready(_) => self.spend(rules, client, Cost::Answer),
        }
    }

    /// The answer, or how long to wait for it.
    fn answer_now(
        self: &Arc<Self>,
        mut request: request::Parts,
        client: Client,
    ) -> Result<Reply, Wait> {
        let rules = self.rules.load();
        let client = client.of_request(&request.headers, &rules.proxies);
        self.spend(&rules, client, Cost::Request)?;
        // One snapshot for the whole answer, whatever is published meanwhile.
        let shown = self.shown();
        let shown = shown.as_ref().and_then(|shown| shown.as_ref());
        let now = (self.clock)();
        let fresh = rules.freshness.at(shown.and_then(|shown| shown.due), now);
        let wants_deltas = delta::is_wanted(&request.headers);
        let locate = shown.map(|shown| |path: &str| rules.locate(shown, path, wants_deltas));
        let answer = respond::respond(&mut request, locate, fresh, now);
        self.charge(&rules, client, &request, &answer)?;
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
                let documents = &rules.documents;
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
        let Ok(place) = self.open_files.load_full().try_acquire_owned() else {
            return unavailable();
        };
        let rules = self.rules.load_full();
        let files = Arc::clone(&rules.media);
        let opened = tokio::task::spawn_blocking(move || files.open(&path)).await;
        let opened = opened.map_err(io::Error::other).flatten();
        media::respond(request, opened, rules.freshness.longest()).map(|content| content.at(place))
    }
}

impl Rules {
    /// What is at `path`. What is sent to who asks for deltas is remembered, whether it is sent now or
    /// was before: the next request names it.
    fn locate(&self, shown: &Shown, path: &str, wants_deltas: bool) -> Located {
        let located = shown.locate(path);
        if let Located::Document(offer) = &located
            && wants_deltas
        {
            self.documents.note(&shown.site, &offer.plan);
        }
        located
    }

    /// Who is never limited does not cost a look at the clock.
    fn limiter_of(&self, client: Client) -> Option<&Limiter> {
        let limiter = self.limiter.as_deref();
        limiter.filter(|_| Limiter::concerns(client))
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
