//! Where readers connect, and with which certificates.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Config, text, values};

/// A place where readers connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// TCP.
    At(SocketAddr),
    /// A Unix socket, for a proxy on this machine.
    Unix(PathBuf),
}

/// What the name of a Unix socket begins with.
const UNIX: &str = "unix:";

impl Listen {
    /// Where nobody but this machine connects.
    pub(super) const LOCAL: Self = Self::At(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7373));

    /// The address, unless it is a Unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::At(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// Whether its address names this machine alone: `http://127.0.0.1:7373/`.
    /// `::ffff:127.0.0.1` is the loopback, too.
    pub(super) fn is_loopback(&self) -> bool {
        let ip = self.address().map(|address| address.ip().to_canonical());
        ip.is_some_and(|ip| ip.is_loopback())
    }

    /// Parses a place: an address and a port, or `unix:` and a path.
    pub fn parse(raw: &str) -> Result<Self, String> {
        let raw = raw.trim();
        let unknown = || {
            format!(
                "`{raw}` is not an address and a port: expected for example 127.0.0.1:7373 or \
                 [::1]:7373, or a socket's path such as unix:/run/tidings/http.sock"
            )
        };
        match raw.strip_prefix(UNIX) {
            Some(path) if cfg!(unix) => text::path(path).map(Self::Unix).map_err(|_| unknown()),
            _ => raw.parse().map(Self::At).map_err(|_| unknown()),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

/// Where `/healthz`, `/readyz` and `/metrics` are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminListen {
    /// `127.0.0.1:7374` if it is free, else any free port of the loopback.
    Auto,
    /// Just there.
    At(SocketAddr),
    /// A Unix socket, for this user alone.
    Unix(PathBuf),
    /// Nowhere.
    Off,
}

impl fmt::Display for AdminListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::At(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
            Self::Off => f.write_str("off"),
        }
    }
}

impl From<Listen> for AdminListen {
    fn from(place: Listen) -> Self {
        match place {
            Listen::At(address) => Self::At(address),
            Listen::Unix(path) => Self::Unix(path),
        }
    }
}

/// Reads one place, or a list of them.
pub(super) fn places<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Listen>, D::Error> {
    struct Places;

    impl<'de> Visitor<'de> for Places {
        type Value = Vec<Listen>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an address and a port such as 127.0.0.1:7373, or a list of them")
        }

        fn visit_str<E: serde::de::Error>(self, raw: &str) -> Result<Self::Value, E> {
            Listen::parse(raw)
                .map(|place| vec![place])
                .map_err(E::custom)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
            let places = values::list(SeqAccessDeserializer::new(items), Listen::parse)?;
            if places.is_empty() {
                return Err(serde::de::Error::custom(
                    "nobody could connect: expected at least one place",
                ));
            }
            Ok(places)
        }
    }

    deserializer.deserialize_any(Places)
}

/// Writes what [`places`] reads.
pub(super) fn write_places<S: Serializer>(
    places: &[Listen],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match places {
        [place] => serializer.collect_str(place),
        places => serializer.collect_seq(places.iter().map(ToString::to_string)),
    }
}

/// TLS at every TCP address of `listen`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate with its chain, PEM.
    #[serde(deserialize_with = "values::file")]
    pub cert: PathBuf,
    /// Its private key, PEM.
    #[serde(deserialize_with = "values::file")]
    pub key: PathBuf,
    /// Where everybody is sent to the site's address by https.
    #[serde(default, deserialize_with = "values::redirect_listen")]
    pub redirect_listen: Option<SocketAddr>,
    /// Certificates for other names.
    #[serde(default)]
    pub more: Vec<CertificateConfig>,
}

/// One more certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateConfig {
    /// The certificate with its chain, PEM.
    #[serde(deserialize_with = "values::file")]
    pub cert: PathBuf,
    /// Its private key, PEM.
    #[serde(deserialize_with = "values::file")]
    pub key: PathBuf,
}

impl TlsConfig {
    /// The files of all certificates with their keys, the main one first.
    pub fn pairs(&self) -> Vec<(&PathBuf, &PathBuf)> {
        let more = self.more.iter().map(|pair| (&pair.cert, &pair.key));
        std::iter::once((&self.cert, &self.key))
            .chain(more)
            .collect()
    }
}

impl Config {
    /// The site's address where none is set: that of a listener, which is at `address` if the system
    /// chose its port.
    pub fn local_base_url(&self, address: Option<SocketAddr>) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let listening = self.listen.iter().find_map(Listen::address);
        let address = address.or(listening).or(Listen::LOCAL.address());
        address.map_or_else(String::new, |address| format!("{scheme}://{address}/"))
    }
}
