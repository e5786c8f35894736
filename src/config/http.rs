//! `[http]`: how long copies are fresh, and who readers are behind a proxy.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{TrustedProxies, values};

/// How documents may be cached, and who asks for them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// How long a copy is fresh at least, however often there is news; `max_age` if that is less.
    #[serde(deserialize_with = "values::duration::<_, 0, 86_400_000>")]
    #[serde(serialize_with = "values::write_duration")]
    pub min_age: Duration,
    /// How long a copy is fresh at most, however seldom there is news.
    #[serde(deserialize_with = "values::duration::<_, 0, 86_400_000>")]
    #[serde(serialize_with = "values::write_duration")]
    pub max_age: Duration,
    /// Whether clients that ask far too often are answered with 429.
    pub rate_limit: bool,
    /// Whose word counts about who a client is.
    #[serde(deserialize_with = "values::proxies")]
    pub trusted_proxies: TrustedProxies,
    /// Whether each connection of a trusted proxy begins with a PROXY header.
    pub proxy_protocol: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            min_age: Duration::from_mins(1),
            max_age: Duration::from_mins(15),
            rate_limit: true,
            trusted_proxies: TrustedProxies::default(),
            proxy_protocol: false,
        }
    }
}
