//! `[removal_guard]`: when files that vanish are taken for an accident.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::values;

/// When files that vanish are taken for an accident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemovalGuardConfig {
    /// How many of a hundred entries may go at once; with more, none is withdrawn.
    #[serde(
        deserialize_with = "values::share",
        serialize_with = "values::write_share"
    )]
    pub share: u8,
    /// After which time they are withdrawn all the same; `None`: never.
    #[serde(
        deserialize_with = "values::wait",
        serialize_with = "values::write_wait"
    )]
    pub wait: Option<Duration>,
}

impl Default for RemovalGuardConfig {
    fn default() -> Self {
        Self {
            share: 50,
            wait: Some(Duration::from_mins(10)),
        }
    }
}
