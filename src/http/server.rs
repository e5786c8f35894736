//! What readers ask for, from the snapshot of the moment.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use hyper::http::{request, response};
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::body::Content;
use super::client::Client;
use super::connections::Connections;
use super::early::{Early, KeptFeed};
use super::limiter::{self, Cost, Wait};
use super::observer::{Asked, Asker};
use super::offer::{AskedFor, Offer, Shown, asked_for};
use super::respond::Answer;
use super::workers::{Crew, Workers};
use super::{Answering, Door, Drained, Reply, RollCall, Rules, accept, delta, media, respond};
use crate::config::Limits;
use crate::documents::{Coding, Document, MakeError};
use crate::entry::FolderPath;
use crate::site::{Plan, Site};

/// What readers are served from.
pub struct Server {
    /// The current snapshot; `None` until the first.
    pub site: Arc<ArcSwapOption<Site>>,
    /// What is answered before there is a snapshot; all else with 503.
    pub early: Option<Arc<Early>>,
    /// By which rules.
    pub rules: Arc<ArcSwap<Rules>>,
    /// Where connections are counted.
    pub connections: Arc<Connections>,
    /// The wall clock.
    pub clock: fn() -> Timestamp,
    /// A clock that never goes back.
    pub instant: fn() -> Instant,
    /// Asks whether readers can still connect.
    pub roll_call: RollCall,
}

impl Server {
    /// Serves readers at `doors` from now on.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread, or what one needs.
    pub fn open(self, doors: &[Door], limits: &Limits) -> io::Result<Readers> {
        let connections = accept::connection_cap(limits.connections);
        let crew = Crew {
            roll_call: self.roll_call.clone(),
            connections: Arc::clone(&self.connections),
        };
        let serving = Arc::new(self.at_work(connections));
        let workers = Workers::start(doors, &serving, limits, connections, crew)?;
        Ok(Readers { serving, workers })
    }

    fn at_work(self, connections: usize) -> Serving {
        Serving {
            site: self.site,
            rules: self.rules,
            clock: self.clock,
            instant: self.instant,
            early: ArcSwapOption::new(self.early),
            shown: ArcSwapOption::empty(),
            asked: asked_for(),
            open_files: ArcSwap::from_pointee(Semaphore::new(connections)),
        }
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

    /// The feeds of `site` that were asked for, for a next process, of them up to `most` bytes. Makes
    /// documents, so it takes a moment.
    pub fn kept_feeds(&self, site: &Arc<Site>, most: usize) -> Vec<KeptFeed> {
        let documents = &self.serving.rules.load().documents;
        KeptFeed::all(site, &self.serving.asked, documents, most)
    }

    /// Closes the doors at once, and lets answers in flight finish within `limits.drain`.
    pub async fn finish(self) -> io::Result<Drained> {
        self.workers.finish().await
    }
}

/// What answers are looked up in.
enum Known<'a> {
    All(&'a Shown),
    Some(Arc<Early>),
}

impl Known<'_> {
    /// When something changes by itself.
    fn due(&self) -> Option<Timestamp> {
        match self {
            Self::All(shown) => shown.due,
            Self::Some(early) => early.due(),
        }
    }
}

/// A server at work.
struct Serving {
    site: Arc<ArcSwapOption<Site>>,
    rules: Arc<ArcSwap<Rules>>,
    clock: fn() -> Timestamp,
    instant: fn() -> Instant,
    /// What was known before the first snapshot.
    early: ArcSwapOption<Early>,
    /// The snapshot that was asked for last, with what was worked out of it.
    shown: ArcSwapOption<Shown>,
    asked: Arc<AskedFor>,
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
        let shown = Shown::new(Arc::clone(site), Arc::clone(&self.asked));
        let shown = Some(Arc::new(shown));
        self.shown.store(shown.clone());
        self.early.store(None);
        Some(Guard::from_inner(shown))
    }

    /// What is known before there is a snapshot, if it holds at the moment `now`.
    fn early(&self, now: Timestamp) -> Option<Arc<Early>> {
        let early = self.early.load_full();
        early.filter(|early| early.is_right(now))
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
    fn charge(&self, rules: &Rules, asker: &Asker, answer: &Answer) -> Result<(), Wait> {
        let client = asker.client;
        match answer {
            Answer::Instead { response, .. } if response.status() == StatusCode::NOT_MODIFIED => {
                Ok(())
            }
            Answer::Media(_) => self.spend(rules, client, Cost::File),
            Answer::Document { offer, head, .. } => {
                self.spend(rules, client, Cost::Answer)?;
                if head.status == StatusCode::OK && !asker.is_conditional && !asker.is_head {
                    self.resend(rules, client, &offer.plan)?;
                }
                Ok(())
            }
            Answer::Ready(_) | Answer::Instead { .. } => self.spend(rules, client, Cost::Answer),
        }
    }

    /// The answer with the document that was made, of which all are told. `wished` is the coding that was
    /// asked for; with `is_delta` the document is a part of what is offered.
    fn send(
        rules: &Rules,
        asker: &Asker,
        offer: &Offer,
        (wished, is_delta): (Coding, bool),
        document: Result<Document, MakeError>,
        head: response::Parts,
    ) -> Response<Content> {
        let made = document.as_ref().ok();
        let lengths = made.map(|it| (it.bytes.len() as u64, it.uncoded as u64));
        let coding = made.map_or(Coding::Identity, |it| it.coding);
        let response = answer_with(&offer.plan, document, head);
        let what = Asked::Document(&offer.plan.key);
        let mut answered = asker.answered(what, &response, coding);
        if let Some((bytes, uncoded)) = lengths {
            if !is_delta {
                offer.measured(wished, bytes);
            }
            if !asker.is_head {
                answered.saved.coding = uncoded.saturating_sub(bytes);
                if is_delta {
                    answered.saved.delta = rules.length(offer, wished).saturating_sub(bytes);
                }
            }
        }
        rules.tell(&answered);
        response
    }

    /// The answer, or how long to wait for it.
    fn answer_now(
        self: &Arc<Self>,
        rules: &Rules,
        mut request: request::Parts,
        asker: &Asker,
    ) -> Result<Reply, Wait> {
        self.spend(rules, asker.client, Cost::Request)?;
        // One snapshot for the whole answer, whatever is published meanwhile.
        let shown = self.shown();
        let shown = shown.as_ref().and_then(|shown| shown.as_ref());
        let now = asker.moment;
        let known = match shown {
            Some(shown) => Some(Known::All(shown)),
            None => self.early(now).map(Known::Some),
        };
        let fresh = rules.freshness.at(known.as_ref().and_then(Known::due), now);
        let wants_deltas = delta::is_wanted(&request.headers);
        let locate = known.as_ref().map(|known| {
            |path: &str| match known {
                Known::All(shown) => rules.locate(shown, path, wants_deltas),
                Known::Some(early) => early.locate(path),
            }
        });
        let answer = respond::respond(&mut request, locate, fresh, now);
        self.charge(rules, asker, &answer)?;
        Ok(match answer {
            Answer::Ready(response) => {
                let response = response.map(Content::Bytes);
                rules.tell_plain(asker, Asked::Other, &response);
                Reply::Now(response)
            }
            Answer::Instead {
                response,
                offer,
                coding,
            } => {
                let response = response.map(Content::Bytes);
                rules.tell_instead(asker, &offer, coding, &response);
                Reply::Now(response)
            }
            Answer::Media(path) => {
                let (serving, asker) = (Arc::clone(self), asker.clone());
                Reply::Later(Box::pin(async move {
                    let response = serving.media(&request, path).await;
                    let rules = serving.rules.load();
                    rules.tell_plain(&asker, Asked::File, &response);
                    response
                }))
            }
            Answer::Document {
                offer,
                coding,
                mut head,
            } => {
                let documents = &rules.documents;
                let Some(site) = shown.map(|shown| &shown.site) else {
                    let documents = Arc::clone(documents);
                    let (serving, asker) = (Arc::clone(self), asker.clone());
                    return Ok(Reply::Later(Box::pin(async move {
                        let kept = documents.of_kept(&offer.plan, coding).await;
                        let rules = serving.rules.load();
                        let Some(document) = kept else {
                            let response = unavailable();
                            rules.tell_plain(&asker, Asked::Other, &response);
                            return response;
                        };
                        Self::send(&rules, &asker, &offer, (coding, false), document, head)
                    })));
                };
                let known = |tag| documents.since(site, &offer.plan, tag);
                let since = wants_deltas
                    .then(|| delta::base(&request.headers, known))
                    .flatten();
                let kind = (coding, since.is_some());
                if let Some(since) = &since {
                    delta::describe(&mut head, since.tag);
                } else if let Some(document) = documents.cached(&offer.plan, coding) {
                    let response = Self::send(rules, asker, &offer, kind, Ok(document), head);
                    return Ok(Reply::Now(response));
                }
                let (serving, asker) = (Arc::clone(self), asker.clone());
                let (documents, site) = (Arc::clone(documents), Arc::clone(site));
                Reply::Later(Box::pin(async move {
                    let plan = &offer.plan;
                    let document = match &since {
                        Some(since) => documents.delta(&site, plan, since, coding).await,
                        None => documents.get(&site, plan, coding).await,
                    };
                    Self::send(&serving.rules.load(), &asker, &offer, kind, document, head)
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

impl Answering for Serving {
    fn answer(self: &Arc<Self>, request: request::Parts, client: Client) -> Reply {
        let rules = self.rules.load();
        let client = client.of_request(&request.headers, &rules.proxies);
        let mut asker = Asker::new(&request, client, (self.clock)());
        let mut observers = rules.observers.iter();
        if observers.any(|observer| observer.wants_request()) {
            asker = asker.with_request(&request, (self.instant)());
        }
        let answer = self.answer_now(&rules, request, &asker);
        answer.unwrap_or_else(|wait| {
            let response = limiter::too_many(wait).map(Content::Bytes);
            let mut answered = asker.answered(Asked::Other, &response, Coding::Identity);
            answered.limited = Some(wait.why);
            rules.tell(&answered);
            Reply::Now(response)
        })
    }
}

/// The answer with the document that was made.
fn answer_with(
    plan: &Plan,
    document: Result<Document, MakeError>,
    mut head: response::Parts,
) -> Response<Content> {
    match document {
        Ok(Document { bytes, coding, .. }) => {
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
mod tests;
