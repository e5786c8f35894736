//! From answers to readers to [`Audience`], which knows neither.

use std::sync::Arc;

use hyper::StatusCode;

use crate::audience::{Audience, Poll};
use crate::http::client::{Client, household};
use crate::http::{Answered, Asked, Observer};
use crate::site::DocumentKey;

/// Notes who is given a feed, or told that it has not changed.
pub struct Readers(Arc<Audience>);

impl Readers {
    /// Notes them there.
    pub fn new(audience: Arc<Audience>) -> Self {
        Self(audience)
    }
}

impl Observer for Readers {
    fn answered(&self, answer: &Answered<'_>) {
        let Asked::Document(DocumentKey::Feed(view, format)) = answer.asked else {
            return;
        };
        let is_served = matches!(
            answer.status,
            StatusCode::OK | StatusCode::IM_USED | StatusCode::NOT_MODIFIED
        );
        // Of older entries nobody polls.
        if !is_served || view.part.is_some() {
            return;
        }
        let poll = Poll {
            feed: &view.feed,
            format: *format,
            agent: answer.agent.map_or(b"", |agent| agent.as_bytes()),
            household: match answer.client {
                Client::Unix | Client::Unclear => 0,
                Client::Peer(address) | Client::Named(address) => household(address),
            },
            is_not_modified: answer.status == StatusCode::NOT_MODIFIED,
        };
        self.0.note(&poll, answer.moment);
    }
}
