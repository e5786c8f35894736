//! What is counted, and nothing else: valgrind counts while one of these functions runs.
//!
//! Each stays a function of its own, which valgrind knows by its name.

use bytes::Bytes;
use hyper::http::request;
use jiff::Timestamp;
use tidings::catalogue::{Catalogue, Changes, Observation};
use tidings::documents::{Documents, MakeError};
use tidings::entry::parse::{self, Conventions, Refusal};
use tidings::entry::{Draft, FolderPath};
use tidings::http::freshness::Fresh;
use tidings::http::offer::Located;
use tidings::http::respond::{self, Answer};
use tidings::http::{Answered, Observer};
use tidings::site::{Kept, Plan, Site};

/// The bytes of a file become a draft.
#[inline(never)]
pub(crate) fn parse(
    path: &FolderPath,
    bytes: &[u8],
    conventions: &Conventions,
) -> Result<Draft, Refusal> {
    parse::parse(path, bytes, conventions)
}

/// A turn finds something, and the catalogue has it.
#[inline(never)]
pub(crate) fn plan(catalogue: &mut Catalogue, observation: Observation, now: Timestamp) {
    let changes = catalogue.plan(observation, now);
    catalogue.apply(changes);
}

/// The next snapshot.
#[inline(never)]
pub(crate) fn select(site: &Site, changes: &Changes, now: Timestamp) -> (Site, Kept) {
    site.with(changes, now)
}

/// A document, uncoded.
#[inline(never)]
pub(crate) fn write(documents: &Documents, site: &Site, plan: &Plan) -> Result<Bytes, MakeError> {
    documents.make(site, plan)
}

/// The answer to a request.
#[inline(never)]
pub(crate) fn respond(
    request: &mut request::Parts,
    locate: impl FnOnce(&str) -> Located,
    fresh: Fresh<'_>,
    now: Timestamp,
) -> Answer {
    respond::respond(request, Some(locate), fresh, now)
}

/// An answer is counted.
#[inline(never)]
pub(crate) fn count(observers: &[Box<dyn Observer>], answer: &Answered<'_>) {
    for observer in observers {
        observer.answered(answer);
    }
}
