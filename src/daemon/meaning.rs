//! What the publisher's settings mean to each room.

use std::net::SocketAddr;
use std::sync::Arc;

use tracing::warn;

use super::status::Desk;
use super::{StartError, clock, feeds, show};
use crate::catalogue::Terms;
use crate::config::{Config, LogAccess};
use crate::entry::Address;
use crate::entry::parse::{Conventions, Defaults, Labels};
use crate::http::{AccessLog, Observer};
use crate::site::{Ages, Settings, Zone};

/// What documents say of the site. Without a public address, where we listen will do: the settings
/// allow that on the loopback only.
pub(super) fn settings(
    config: &Config,
    address: Option<SocketAddr>,
) -> Result<Settings, StartError> {
    let base = if let Some(base) = &config.base_url {
        base.clone()
    } else {
        warn!(
            "`base_url` is not set: feeds name this machine alone, and nobody else can follow them"
        );
        Address::parse(&config.local_base_url(address))?
    };
    Ok(site_settings(config, base))
}

/// What documents say of a site whose public address is `base`.
pub fn site_settings(config: &Config, base: Address) -> Settings {
    let site = &config.site;
    Settings {
        podcast: show::podcast(config, &base),
        base,
        title: site.title.clone(),
        description: site.description.clone(),
        language: site.language.clone(),
        author: site.author.clone(),
        icon: site.icon.clone(),
        copyright: site.copyright.clone(),
        limit: config.feeds.limit,
        max_bytes: config.feeds.max_bytes,
        content: config.feeds.content,
        selections: config.own_feeds.iter().map(feeds::selection).collect(),
        ages: ages(config),
        zone: Zone(config.timezone.clone()),
    }
}

/// How entries are read under these settings.
pub fn conventions(config: &Config) -> Conventions {
    Conventions::new(
        config.timezone.clone(),
        Labels::new(&config.related.labels),
        Defaults::default(),
    )
}

pub(super) fn ages(config: &Config) -> Ages {
    Ages::new(config.http.min_age, config.http.max_age)
}

/// What holds for new entries, and for those whose files are gone.
pub(super) fn terms(config: &Config) -> Terms {
    Terms {
        hold: config.hold,
        grace: config.grace,
    }
}

/// Who is told of each answer: `desk`'s, and the access log, if there is to be one.
pub(super) fn observers(config: &Config, desk: &Desk) -> Vec<Arc<dyn Observer>> {
    let mut observers = desk.observers();
    let addresses = match config.log.access {
        LogAccess::Off => return observers,
        LogAccess::On => false,
        LogAccess::Addresses => true,
    };
    let instant = clock::instant;
    observers.push(Arc::new(AccessLog { addresses, instant }));
    observers
}
