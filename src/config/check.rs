//! What only all settings together can tell.

use std::net::SocketAddr;

use super::{AdminListen, Config};

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
        Ok(())
    }
}
