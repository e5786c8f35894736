//! The texts of settings: what each may say, and what would have been right where it does not.
//!
//! Each function is pure; the same ones read the file, the flags and the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use url::Url;

use super::{AdminListen, FeedOrder, Listen, WatchMode};
use crate::entry::{Address, Content, Language, Slug, Text, form};

/// Parses the public address of a site: `http` or `https`, without a query; it gets a `/` at its
/// end, so that names can be put behind it.
pub fn base_url(raw: &str) -> Result<Address, String> {
    const RIGHT: &str = "expected for example https://example.org/";
    let mut url =
        Url::parse(raw.trim()).map_err(|_| format!("`{raw}` is not an absolute URL: {RIGHT}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{raw}` is not a web address: {RIGHT}"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "`{raw}` has a query or a fragment, and nothing can be put behind it: {RIGHT}"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "`{raw}` names a user, and every reader would be told: {RIGHT}"
        ));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Address::parse(url.as_str()).map_err(|error| error.to_string())
}

pub(super) fn address(raw: &str) -> Result<SocketAddr, String> {
    raw.trim().parse().map_err(|_| {
        format!("`{raw}` is not an address and a port: expected for example 0.0.0.0:80 or [::]:80")
    })
}

pub(super) fn admin_listen(raw: &str) -> Result<AdminListen, String> {
    match raw.trim() {
        "auto" => Ok(AdminListen::Auto),
        "off" => Ok(AdminListen::Off),
        place => Listen::parse(place).map(AdminListen::from).map_err(|_| {
            format!(
                "`{raw}` is not a place to listen: expected auto, off, for example 127.0.0.1:7374, or a \
                 socket's path such as unix:/run/tidings/admin.sock"
            )
        }),
    }
}

pub(super) fn content(raw: &str) -> Result<Content, String> {
    Content::parse(raw.trim())
        .ok_or_else(|| format!("`{raw}` is unknown: expected {}", Content::EXPECTED))
}

pub(super) fn order(raw: &str) -> Result<FeedOrder, String> {
    match raw.trim() {
        "published" => Ok(FeedOrder::Published),
        "updated" => Ok(FeedOrder::Updated),
        _ => Err(format!(
            "`{raw}` is no order: expected published or updated"
        )),
    }
}

/// Parses a name as it stands in an address: words, whose spelling is evened out.
pub(super) fn name(raw: &str) -> Result<Slug, String> {
    Slug::from_words(raw).ok_or_else(|| {
        format!("`{raw}` can't stand in an address: expected words, such as city desk")
    })
}

pub(super) fn watch(raw: &str) -> Result<WatchMode, String> {
    match raw.trim() {
        "auto" => Ok(WatchMode::Auto),
        "scan" => Ok(WatchMode::Scan),
        _ => Err(format!(
            "`{raw}` is not a way to watch: expected auto or scan"
        )),
    }
}

pub(super) fn path(raw: &str) -> Result<PathBuf, String> {
    if raw.trim().is_empty() || raw.contains('\0') {
        return Err("that is not the name of a folder: expected for example entries".to_owned());
    }
    Ok(PathBuf::from(raw))
}

pub(super) fn file(raw: &str) -> Result<PathBuf, String> {
    path(raw).map_err(|_| {
        "that is not the name of a file: expected for example /etc/tidings/key.pem".to_owned()
    })
}

pub(super) fn timezone(raw: &str) -> Result<TimeZone, String> {
    match raw.trim() {
        "" | "system" => Ok(TimeZone::system()),
        name => TimeZone::get(name).map_err(|_| {
            format!(
                "`{raw}` is not a time zone that this machine knows: \
                 expected for example Europe/Berlin, UTC or system"
            )
        }),
    }
}

pub(super) fn uuid(raw: &str) -> Result<uuid::Uuid, String> {
    uuid::Uuid::try_parse(raw.trim()).map_err(|_| {
        format!("`{raw}` is not a UUID: expected for example 0b2d5a0e-7c7b-4f0e-9f3a-5d2f6c1e8a94")
    })
}

pub(super) fn line(raw: &str) -> Result<Text, String> {
    let line = Text::one_line(raw);
    if line.is_empty() {
        return Err("the text is empty: expected a few words, or no such line".to_owned());
    }
    Ok(line)
}

pub(super) fn language(raw: &str) -> Result<Language, String> {
    Language::parse(raw)
        .ok_or_else(|| format!("`{raw}` is not a language tag: expected for example en or pt-BR"))
}

pub(super) fn web_address(raw: &str) -> Result<Address, String> {
    Address::parse(raw)
        .map_err(|error| error.to_string())
        .and_then(|address| {
            address.is_web().then_some(address).ok_or_else(|| {
                format!("`{raw}` is not a web address: expected for example https://example.org/")
            })
        })
}

pub(super) fn email(raw: &str) -> Result<Text, String> {
    let address = Text::one_line(raw);
    let formed = form::is_mail_address(address.as_str());
    formed.then_some(address).ok_or_else(|| {
        format!("`{raw}` is not a mail address: expected for example ann@example.org")
    })
}

/// Checks a log filter. `EnvFilter` alone would take the level `inof` for the name of a module, and
/// log nothing else.
pub(super) fn level(raw: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let wrong = || {
        format!(
            "`{raw}` is not a log level: expected one of {}, or for example info,tidings=debug",
            LEVELS.join(", ")
        )
    };
    let level = raw.trim().to_ascii_lowercase();
    let known =
        |directive: &str| directive.contains(['=', '[']) || LEVELS.contains(&directive.trim());
    if !level.split(',').all(known) {
        return Err(wrong());
    }
    tracing_subscriber::EnvFilter::try_new(&level).map_err(|_| wrong())?;
    Ok(raw.trim().to_owned())
}

/// A duration as people write it: `200ms`, `1h 30m`; never negative.
pub(super) fn duration(raw: &str) -> Result<Duration, String> {
    let wrong = || format!("`{raw}` is not a duration: expected for example 200ms, 5s or 10m");
    let signed: SignedDuration = raw.trim().parse().map_err(|_| wrong())?;
    Duration::try_from(signed).map_err(|_| wrong())
}

/// How a wait without an end is written.
pub(super) const NEVER: &str = "never";

/// The longest wait that has an end.
const LONGEST_WAIT: Duration = Duration::from_hours(30 * 24);

/// How long something waits; `None`: for ever.
pub(super) fn wait(raw: &str) -> Result<Option<Duration>, String> {
    if raw.trim() == NEVER {
        return Ok(None);
    }
    let wait = duration(raw)?;
    (wait <= LONGEST_WAIT).then_some(Some(wait)).ok_or_else(|| {
        let longest = written_duration(LONGEST_WAIT);
        format!("`{raw}` is too long: expected at most {longest}, or never")
    })
}

/// A share of all, in whole per cent.
pub(super) fn share(raw: &str) -> Result<u8, String> {
    let number = raw.trim().strip_suffix('%').map(str::trim_end);
    number
        .and_then(|number| number.parse().ok())
        .filter(|share| *share <= 100)
        .ok_or_else(|| format!("`{raw}` is not a share: expected 0% to 100%, for example 50%"))
}

pub(super) fn written_duration(duration: Duration) -> String {
    jiff::fmt::friendly::SpanPrinter::new().unsigned_duration_to_string(&duration)
}

const UNITS: [(&str, u64); 8] = [
    ("gib", 1 << 30),
    ("mib", 1 << 20),
    ("kib", 1 << 10),
    ("gb", 1_000_000_000),
    ("mb", 1_000_000),
    ("kb", 1_000),
    ("b", 1),
    ("", 1),
];

pub(super) fn size(raw: &str) -> Result<u64, String> {
    let wrong = || format!("`{raw}` is not a size: expected for example 2MiB, 16KiB or 4096");
    let text = raw.trim().to_ascii_lowercase();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    UNITS
        .iter()
        .find(|(name, _)| *name == unit.trim())
        .and_then(|(_, factor)| number.checked_mul(*factor))
        .ok_or_else(wrong)
}

pub(super) fn written_size(bytes: u64) -> String {
    let exact = |factor: u64| bytes > 0 && bytes.is_multiple_of(factor);
    match bytes {
        _ if exact(1 << 30) => format!("{}GiB", bytes >> 30),
        _ if exact(1 << 20) => format!("{}MiB", bytes >> 20),
        _ if exact(1 << 10) => format!("{}KiB", bytes >> 10),
        _ => format!("{bytes}B"),
    }
}
