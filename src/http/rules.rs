//! What holds for answers, and may change while readers are served.

use std::sync::Arc;

use super::client::Client;
use super::freshness::Freshness;
use super::limiter::Limiter;
use super::offer::{Located, Shown};
use super::{MediaFiles, Observer};
use crate::config::TrustedProxies;
use crate::documents::Documents;

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
    /// Who is told of each answer.
    pub observers: Vec<Arc<dyn Observer>>,
}

impl Rules {
    /// What is at `path`. What is sent to who asks for deltas is remembered, whether it is sent now or
    /// was before: the next request names it.
    pub(super) fn locate(&self, shown: &Shown, path: &str, wants_deltas: bool) -> Located {
        let located = shown.locate(path);
        if let Located::Document(offer) = &located
            && wants_deltas
        {
            self.documents.note(&shown.site, &offer.plan);
        }
        located
    }

    /// Who is never limited does not cost a look at the clock.
    pub(super) fn limiter_of(&self, client: Client) -> Option<&Limiter> {
        let limiter = self.limiter.as_deref();
        limiter.filter(|_| Limiter::concerns(client))
    }
}
