//! What the publisher decides: TOML text → a checked [`Config`].
//!
//! Unknown keys and wrong values are refused with their place. Nothing here touches a disk, the
//! environment or a socket (but for the machine's own time zone and its table of zones, which
//! `jiff` finds), and a `Config` that exists can be used as it is.
//!
//! The structs below are the only list of keys: the file, the nearest key that an error suggests
//! and `tidings config show` all come from them.

mod check;
mod differences;
mod error;
mod feeds;
mod given;
mod http;
mod listen;
mod log;
mod podcast;
mod proxies;
mod removal_guard;
mod text;
mod values;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::entry::{Address, Language, Person, Text};

pub use check::CheckError;
pub use error::ConfigError;
pub use feeds::{FeedConfig, FeedOrder, FeedsConfig, WithoutConfig};
pub use given::{Given, ParseError};
pub use http::HttpConfig;
pub use listen::{AdminListen, CertificateConfig, Listen, TlsConfig};
pub use log::{LogAccess, LogConfig, LogFormat};
pub use podcast::{
    Category, Funding, Medium, Owner, PodcastConfig, RemoteFeed, ShowKind, ShowPerson,
};
pub use proxies::TrustedProxies;
pub use removal_guard::RemovalGuardConfig;
pub use text::base_url as parse_base_url;

/// A settings file with every key, its default, and why one would change it.
pub const DEFAULT_FILE: &str = include_str!("../config/tidings.toml");

/// Everything that can be set, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The public address of the site, ending in `/`. Without one only loopback listeners are
    /// allowed, and the listening address is used.
    #[serde(deserialize_with = "values::base_url")]
    pub base_url: Option<Address>,
    /// The folder that writers drop articles into.
    #[serde(deserialize_with = "values::entries")]
    pub entries: PathBuf,
    /// Where state is kept; `None`: worked out by [`crate::cli`] from the environment.
    #[serde(deserialize_with = "values::state")]
    pub state: Option<PathBuf>,
    /// Where readers connect: one place or several.
    #[serde(
        deserialize_with = "listen::places",
        serialize_with = "listen::write_places"
    )]
    pub listen: Vec<Listen>,
    /// Where the publisher asks after health.
    #[serde(
        deserialize_with = "values::admin_listen",
        serialize_with = "values::write_text"
    )]
    pub admin_listen: AdminListen,
    /// How long a file written in place must be quiet after it was closed.
    #[serde(deserialize_with = "values::duration::<_, 10, 60_000>")]
    #[serde(serialize_with = "values::write_duration")]
    pub settle: Duration,
    /// How long a new entry waits before anyone sees it.
    #[serde(deserialize_with = "values::duration::<_, 0, 86_400_000>")]
    #[serde(serialize_with = "values::write_duration")]
    pub hold: Duration,
    /// How long a file must be gone before its entry is withdrawn.
    #[serde(deserialize_with = "values::duration::<_, 0, 86_400_000>")]
    #[serde(serialize_with = "values::write_duration")]
    pub grace: Duration,
    /// The zone of dates that name none.
    #[serde(
        deserialize_with = "values::timezone",
        serialize_with = "values::write_timezone"
    )]
    pub timezone: TimeZone,
    /// How changes are noticed.
    #[serde(
        deserialize_with = "values::watch",
        serialize_with = "values::write_text"
    )]
    pub watch: WatchMode,
    /// Globs, relative to the folder, of files that are no entries.
    #[serde(deserialize_with = "values::globs")]
    pub ignore: Vec<String>,
    /// A folder with templates and a style sheet to use instead of the built-in ones.
    #[serde(deserialize_with = "values::theme")]
    pub theme: Option<PathBuf>,
    /// Who publishes.
    pub site: SiteConfig,
    /// What feeds hold.
    pub feeds: FeedsConfig,
    /// The publisher's own feeds.
    #[serde(rename = "feed")]
    pub own_feeds: Vec<FeedConfig>,
    /// "Read:" lines.
    pub related: RelatedConfig,
    /// What a show says of itself; `None`: this is no podcast.
    pub podcast: Option<PodcastConfig>,
    /// When files that vanish are taken for an accident.
    pub removal_guard: RemovalGuardConfig,
    /// How documents may be cached, and who asks for them.
    pub http: HttpConfig,
    /// Certificates; `None`: readers speak in the clear.
    pub tls: Option<TlsConfig>,
    /// Numbers that nothing may exceed.
    pub limits: Limits,
    /// What is logged.
    pub log: LogConfig,
}

/// How changes in the folder are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchMode {
    /// By the system's events, with slow scans beside them.
    Auto,
    /// By scans alone, for network disks and containers.
    Scan,
}

impl fmt::Display for WatchMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Scan => "scan",
        })
    }
}

/// Who publishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "SiteTable")]
pub struct SiteConfig {
    /// Names the site for ever; ids grow from it. `None`: one is made at first start and kept.
    #[serde(serialize_with = "values::write_id")]
    pub id: Option<uuid::Uuid>,
    /// The title of the main feed.
    pub title: Text,
    /// What it is about.
    pub description: Text,
    /// The language of entries that name none.
    pub language: Language,
    /// The author of entries that name none.
    pub author: Person,
    /// A square picture: an absolute URL.
    pub icon: Option<Address>,
    /// Rights.
    pub copyright: Option<Text>,
}

/// `[site]` as it is written: who names no author is the author.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SiteTable {
    #[serde(deserialize_with = "values::id")]
    id: Option<uuid::Uuid>,
    #[serde(deserialize_with = "values::title")]
    title: Text,
    #[serde(deserialize_with = "values::description")]
    description: Text,
    #[serde(deserialize_with = "values::language")]
    language: Language,
    #[serde(deserialize_with = "values::person")]
    author: Option<Person>,
    #[serde(deserialize_with = "values::icon")]
    icon: Option<Address>,
    #[serde(deserialize_with = "values::copyright")]
    copyright: Option<Text>,
}

/// "Read:" lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RelatedConfig {
    /// The words that begin one, without the colon.
    #[serde(deserialize_with = "values::labels")]
    pub labels: Vec<String>,
}

/// Numbers that nothing may exceed. Each is enforced in one place and has a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one entry file.
    #[serde(deserialize_with = "values::size::<_, _, 1_024, 0x4000_0000>")]
    #[serde(serialize_with = "values::write_size")]
    pub entry_bytes: u64,
    /// Bytes of finished documents that are kept.
    #[serde(deserialize_with = "values::size::<_, _, 0x10_0000, 0x100_0000_0000>")]
    #[serde(serialize_with = "values::write_size")]
    pub document_cache: usize,
    /// Connections at one time.
    #[serde(deserialize_with = "values::count::<_, 1, 1_000_000>")]
    pub connections: usize,
    /// Header fields of a request: a browser behind two proxies sends some 30.
    #[serde(deserialize_with = "values::count::<_, 16, 1_000>")]
    pub headers: usize,
    /// Bytes of a request head; hyper's buffer can't be smaller than 8 KiB.
    #[serde(deserialize_with = "values::size::<_, _, 8_192, 0x10_0000>")]
    #[serde(serialize_with = "values::write_size")]
    pub header_bytes: usize,
    /// How long a client may take for a request head, and keep an idle connection.
    #[serde(deserialize_with = "values::duration::<_, 100, 3_600_000>")]
    #[serde(serialize_with = "values::write_duration")]
    pub header_timeout: Duration,
    /// How long a client may take without accepting a byte of its answer.
    #[serde(deserialize_with = "values::duration::<_, 100, 3_600_000>")]
    #[serde(serialize_with = "values::write_duration")]
    pub write_timeout: Duration,
    /// Requests at one time on one connection of HTTP/2.
    #[serde(deserialize_with = "values::count::<_, 1, 10_000>")]
    pub streams: usize,
    /// How long a connection of HTTP/2 may be idle.
    #[serde(deserialize_with = "values::duration::<_, 100, 3_600_000>")]
    #[serde(serialize_with = "values::write_duration")]
    pub idle_timeout: Duration,
    /// How long a connection of HTTP/2 is used.
    #[serde(deserialize_with = "values::duration::<_, 100, 86_400_000>")]
    #[serde(serialize_with = "values::write_duration")]
    pub connection_age: Duration,
    /// How long answers in flight may take when the daemon stops.
    #[serde(deserialize_with = "values::duration::<_, 100, 3_600_000>")]
    #[serde(serialize_with = "values::write_duration")]
    pub drain: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base_url: None,
            entries: PathBuf::from("entries"),
            state: None,
            listen: vec![Listen::LOCAL],
            admin_listen: AdminListen::Auto,
            settle: Duration::from_millis(200),
            hold: Duration::ZERO,
            grace: Duration::from_secs(5),
            timezone: TimeZone::system(),
            watch: WatchMode::Auto,
            ignore: Vec::new(),
            theme: None,
            site: SiteConfig::default(),
            feeds: FeedsConfig::default(),
            own_feeds: Vec::new(),
            related: RelatedConfig::default(),
            podcast: None,
            removal_guard: RemovalGuardConfig::default(),
            http: HttpConfig::default(),
            tls: None,
            limits: Limits::default(),
            log: LogConfig::default(),
        }
    }
}

impl Default for SiteTable {
    #[expect(
        clippy::expect_used,
        reason = "`en` is a language tag, and a test says so"
    )]
    fn default() -> Self {
        Self {
            id: None,
            title: Text::one_line("Tidings"),
            description: Text::one_line("The newest articles"),
            language: Language::parse("en").expect("a language tag"),
            author: None,
            icon: None,
            copyright: None,
        }
    }
}

impl Default for SiteConfig {
    fn default() -> Self {
        SiteTable::default().into()
    }
}

impl From<SiteTable> for SiteConfig {
    fn from(table: SiteTable) -> Self {
        let author = table.author.unwrap_or_else(|| Person {
            name: table.title.clone(),
            email: None,
            uri: None,
            avatar: None,
        });
        Self {
            id: table.id,
            title: table.title,
            description: table.description,
            language: table.language,
            author,
            icon: table.icon,
            copyright: table.copyright,
        }
    }
}

impl Default for RelatedConfig {
    fn default() -> Self {
        let labels = [
            "Read",
            "Also read",
            "Read also",
            "Read more",
            "Related",
            "See also",
        ];
        Self {
            labels: labels.map(str::to_owned).to_vec(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entry_bytes: 2 << 20,
            document_cache: 48 << 20,
            connections: 1024,
            headers: 64,
            header_bytes: 16 << 10,
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(20),
            streams: 64,
            idle_timeout: Duration::from_mins(1),
            connection_age: Duration::from_mins(10),
            drain: Duration::from_secs(25),
        }
    }
}

impl Config {
    /// Reads the text of a settings file. What it does not name has its default.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::new(&error, text))
    }

    /// These settings as a settings file; keys without a value are left out.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}

#[cfg(test)]
mod tests;
