//! The access log: a line for each answer to a reader. It is off unless the settings ask for it.

use std::time::Instant;

use tracing::info;

use super::client::Client;
use super::observer::{Answered, Observer};
use crate::documents::Coding;

/// The longest a path or a client's name is in a line, in bytes: the rest of one that is longer is left out,
/// so that nobody fills the disk with a header field.
const LONGEST: usize = 256;

/// Writes a line for each answer.
#[derive(Debug)]
pub struct AccessLog {
    /// Whether a line says whom it was for.
    pub addresses: bool,
    /// A clock that never goes back.
    pub instant: fn() -> Instant,
}

impl Observer for AccessLog {
    fn wants_request(&self) -> bool {
        true
    }

    fn answered(&self, answer: &Answered<'_>) {
        let Some(request) = answer.request else {
            return;
        };
        let took = (self.instant)().saturating_duration_since(request.since);
        // To a thousandth: most are far below one millisecond.
        let ms = (took.as_secs_f64() * 1e6).round() / 1e3;
        let coding = answer.coding.and_then(|coding| match coding {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Brotli => Some("br"),
            Coding::Zstd => Some("zstd"),
        });
        let agent = answer
            .agent
            .map(|it| String::from_utf8_lossy(it.as_bytes()));
        let client = self.addresses.then(|| match answer.client {
            Client::Peer(address) | Client::Named(address) => address.to_string(),
            Client::Unix => "unix".to_owned(),
            Client::Unclear => "unclear".to_owned(),
        });
        info!(
            target: "tidings::access",
            method = %request.method,
            path = %shortened(request.target.path()),
            status = answer.status.as_u16(),
            coding,
            bytes = answer.sent,
            ms,
            agent = agent.as_deref().map(shortened),
            client,
            "answered"
        );
    }
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(shortened("/atom.xml"), "/atom.xml");
        assert_eq!(shortened(&"é".repeat(LONGEST)).len(), LONGEST);
        assert_eq!(
            shortened(&format!("a{}", "é".repeat(LONGEST))).len(),
            LONGEST - 1
        );
    }
}
