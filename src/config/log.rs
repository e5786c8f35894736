//! What is logged, and in which form.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::values;

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// A filter as of the `tracing` crates: `info`, `tidings=debug`.
    #[serde(deserialize_with = "values::level")]
    pub level: String,
    /// The form of a line.
    #[serde(
        deserialize_with = "values::log_format",
        serialize_with = "values::write_text"
    )]
    pub format: LogFormat,
    /// What is logged of readers.
    #[serde(
        deserialize_with = "values::log_access",
        serialize_with = "values::write_text"
    )]
    pub access: LogAccess,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Auto,
            access: LogAccess::Off,
        }
    }
}

/// The form of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// [`LogFormat::Journald`] where the journal reads the log, else [`LogFormat::Text`].
    Auto,
    /// For people.
    Text,
    /// An object, for programs.
    Json,
    /// For people, with the priority as the journal reads it, and without the time, which it has itself.
    Journald,
}

impl LogFormat {
    /// The one that is written `raw`.
    pub(super) fn parse(raw: &str) -> Result<Self, String> {
        match raw.trim() {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            "journald" => Ok(Self::Journald),
            _ => Err(format!(
                "`{raw}` is not a form of the log: expected auto, text, json or journald"
            )),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Text => "text",
            Self::Json => "json",
            Self::Journald => "journald",
        })
    }
}

/// What is logged of readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogAccess {
    /// Nothing.
    Off,
    /// A line for each answer, but not for whom.
    On,
    /// For whom, too.
    Addresses,
}

impl LogAccess {
    /// The one that is written `raw`.
    pub(super) fn parse(raw: &str) -> Result<Self, String> {
        match raw.trim() {
            "off" => Ok(Self::Off),
            "on" => Ok(Self::On),
            "addresses" => Ok(Self::Addresses),
            _ => Err(format!(
                "`{raw}` is not what an access log can be: expected off, on or addresses"
            )),
        }
    }
}

impl fmt::Display for LogAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Addresses => "addresses",
        })
    }
}
