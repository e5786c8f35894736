//! What only all settings together can tell.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::{AdminListen, Config};
use crate::entry::Slug;

/// Settings that are each right, but not together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Readers elsewhere would be given addresses that only mean something on this machine.
    #[error(
        "listening on {0}, which others can reach, needs a public address, as feeds name every \
         article by its full URL: set `base_url` or --base-url, for example \
         https://example.org/, or listen on 127.0.0.1 or [::1]"
    )]
    PublicWithoutBaseUrl(SocketAddr),
    /// Two listeners can't have one address.
    #[error("`listen` and `admin_listen` are both {0}: give `admin_listen` another port, or auto")]
    SameListener(SocketAddr),
    /// Two feeds can't have one address.
    #[error("two feeds are called `{0}`: give each `[[feed]]` a `name` of its own")]
    SameName(Slug),
}

impl Config {
    /// Checks what only all settings together can tell, so when flags and environment are merged
    /// in.
    pub fn check(&self) -> Result<(), CheckError> {
        // `::ffff:127.0.0.1` is the loopback, too.
        if self.base_url.is_none() && !self.listen.ip().to_canonical().is_loopback() {
            return Err(CheckError::PublicWithoutBaseUrl(self.listen));
        }
        if self.admin_listen == AdminListen::At(self.listen) && self.listen.port() != 0 {
            return Err(CheckError::SameListener(self.listen));
        }
        let mut names = BTreeSet::new();
        match self.own_feeds.iter().find(|feed| !names.insert(&feed.name)) {
            Some(feed) => Err(CheckError::SameName(feed.name.clone())),
            None => Ok(()),
        }
    }
}
