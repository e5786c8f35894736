//! What only all settings together can tell.

use std::collections::BTreeSet;

use super::{AdminListen, Config, Listen};
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
    PublicWithoutBaseUrl(Listen),
    /// Two listeners can't have one address.
    #[error("`listen` and `admin_listen` are both {0}: give `admin_listen` another place, or auto")]
    SameListener(Listen),
    /// Nor can one listener be two.
    #[error(
        "two readers' listeners are at {0}: name each place once, and give `tls.redirect_listen` one of its own"
    )]
    TwiceListened(Listen),
    /// Links would lead past the encryption, or into nothing.
    #[error("`[tls]` is set, but `base_url` begins with http: expected https://{0}")]
    PlainBaseUrl(String),
    /// Nobody can be sent to an address that is not known.
    #[error("`tls.redirect_listen` needs `base_url`: that is where it sends everybody")]
    RedirectWithoutBaseUrl,
    /// Without a proxy to believe, no connection would begin with a PROXY header.
    #[error(
        "`proxy_protocol` is on, but no proxy is believed: add the addresses of yours to \
         `trusted_proxies`, for example [\"127.0.0.1\"]"
    )]
    NoTrustedProxy,
    /// Two feeds can't have one address.
    #[error("two feeds are called `{0}`: give each `[[feed]]` a `name` of its own")]
    SameName(Slug),
}

impl Config {
    /// Checks what only all settings together can tell, so when flags and environment are merged
    /// in.
    pub fn check(&self) -> Result<(), CheckError> {
        if self.base_url.is_none()
            && let Some(public) = self.listen.iter().find(|place| !place.is_loopback())
        {
            return Err(CheckError::PublicWithoutBaseUrl(public.clone()));
        }
        let mut places = BTreeSet::new();
        let redirect = self.tls.as_ref().and_then(|tls| tls.redirect_listen);
        let redirect = redirect.map(Listen::At);
        for place in self.listen.iter().chain(&redirect) {
            if place.address().is_some_and(|address| address.port() == 0) {
                continue;
            }
            if !places.insert(place.to_string()) {
                return Err(CheckError::TwiceListened(place.clone()));
            }
            if AdminListen::from(place.clone()) == self.admin_listen {
                return Err(CheckError::SameListener(place.clone()));
            }
        }
        if self.tls.is_some()
            && let Some(rest) = self
                .base_url
                .as_ref()
                .and_then(|url| url.as_str().strip_prefix("http://"))
        {
            return Err(CheckError::PlainBaseUrl(rest.to_owned()));
        }
        if redirect.is_some() && self.base_url.is_none() {
            return Err(CheckError::RedirectWithoutBaseUrl);
        }
        if self.http.proxy_protocol && self.http.trusted_proxies.is_empty() {
            return Err(CheckError::NoTrustedProxy);
        }
        let mut names = BTreeSet::new();
        match self.own_feeds.iter().find(|feed| !names.insert(&feed.name)) {
            Some(feed) => Err(CheckError::SameName(feed.name.clone())),
            None => Ok(()),
        }
    }
}
