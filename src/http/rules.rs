//! What holds for answers, and may change while readers are served.

use std::sync::Arc;

use hyper::{Response, StatusCode};

use super::body::Content;
use super::client::Client;
use super::freshness::Freshness;
use super::limiter::Limiter;
use super::observer::{Answered, Asked, Asker};
use super::offer::{Located, Offer, Shown};
use super::{MediaFiles, Observer};
use crate::config::TrustedProxies;
use crate::documents::{Coding, Documents};

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

    /// Tells all who want to know.
    pub(super) fn tell(&self, answered: &Answered<'_>) {
        for observer in &self.observers {
            observer.answered(answered);
        }
    }

    /// Tells of an answer without a document.
    pub(super) fn tell_plain(&self, asker: &Asker, what: Asked<'_>, response: &Response<Content>) {
        self.tell(&asker.answered(what, response, Coding::Identity));
    }

    /// Tells of an answer in the place of a document, which would have been coded so.
    pub(super) fn tell_instead(
        &self,
        asker: &Asker,
        offer: &Offer,
        coding: Coding,
        response: &Response<Content>,
    ) {
        let what = Asked::Document(&offer.plan.key);
        let mut answered = asker.answered(what, response, Coding::Identity);
        if answered.status == StatusCode::NOT_MODIFIED && !asker.is_head {
            answered.saved.not_modified = self.length(offer, coding);
        }
        self.tell(&answered);
    }

    /// How many bytes the document has for who wishes this coding; 0 if it was not sent yet.
    pub(super) fn length(&self, offer: &Offer, coding: Coding) -> u64 {
        let known = offer.length(coding);
        if known > 0 {
            return known;
        }
        // Offers are made anew with each snapshot, and most documents are what they were.
        let made = self.documents.length(&offer.plan, coding);
        let made = made.map_or(0, |bytes| bytes as u64);
        offer.measured(coding, made);
        made
    }

    /// Who is never limited does not cost a look at the clock.
    pub(super) fn limiter_of(&self, client: Client) -> Option<&Limiter> {
        let limiter = self.limiter.as_deref();
        limiter.filter(|_| Limiter::concerns(client))
    }
}
