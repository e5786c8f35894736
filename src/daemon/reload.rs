//! Other settings while the daemon runs.
//!
//! All that may fail comes first: they are read and checked, certificates are read, sockets bound. Only
//! then anything changes, so settings that can't be used change nothing. What holds for connections holds
//! for new ones; what holds for answers, from the next request on; what documents say, from the writer's
//! next turn on. Nobody who is connected is cut, and where a socket stays, nobody is turned away.

use std::path::PathBuf;
use std::sync::Arc;

use tracing::{error, info, warn};

use super::certificates::Encryption;
use super::health::{Health, Trouble};
use super::media::FolderMedia;
use super::notify::Notifier;
use super::passed::Passed;
use super::revision::{Revision, Revisions};
use super::serving::{Listeners, Serving};
use super::start::limiter;
use super::status::Desk;
use super::{Source, StartError, ages, observers, settings};
use crate::config::Config;
use crate::folder::names::Names;
use crate::folder::scan::Folder;
use crate::folder::watch::Hints;
use crate::http::Rules;

/// What runs, and by which settings.
pub(super) struct Reloading {
    pub(super) source: Box<dyn Source>,
    pub(super) passed: Passed,
    pub(super) config: Config,
    /// The whole path of the entries folder.
    pub(super) entries: PathBuf,
    pub(super) serving: Serving,
    pub(super) encryption: Encryption,
    pub(super) health: Arc<Health>,
    pub(super) desk: Arc<Desk>,
    pub(super) revisions: Revisions,
    pub(super) hints: Hints,
    pub(super) notifier: Notifier,
}

impl Reloading {
    /// Reads the settings anew and has them hold, if they can be used.
    pub(super) async fn reload(&mut self) {
        self.notifier.reloading();
        self.try_to_reload().await;
        self.notifier.ready();
    }

    async fn try_to_reload(&mut self) {
        let config = match self.source.read() {
            Ok(config) => config,
            Err(reason) => return self.refuse(&reason),
        };
        if let Err(error) = self.take(config).await {
            let mut reason = error.to_string();
            let causes = std::iter::successors(std::error::Error::source(&error), |it| it.source());
            for cause in causes.map(ToString::to_string) {
                if !reason.ends_with(&cause) {
                    reason = format!("{reason}: {cause}");
                }
            }
            self.refuse(&reason);
        }
    }

    fn refuse(&self, reason: &str) {
        let first = reason.lines().next().unwrap_or_default();
        let trouble = format!("the settings can't be used, those from before stay: {first}");
        self.health.set_because(Trouble::Settings, Some(trouble));
        error!("the settings can't be used, those from before stay: {reason}");
    }

    async fn take(&mut self, mut config: Config) -> Result<(), StartError> {
        self.passed.replace_listen(&mut config)?;
        let late = config.keep_fixed(&self.config);
        let changed = config.differences(&self.config);
        let is_new = |keys: &[&str]| changed.iter().any(|it| is_in(it, keys));
        if !changed.is_empty() {
            let system = |what| move |error| StartError::System(what, error);
            let encryption = if is_new(&["tls"]) {
                let read = Encryption::read(&config)?.renew(&self.health);
                Some(read.map_err(system("a thread for certificates"))?)
            } else {
                None
            };
            let acceptor = encryption.as_ref().unwrap_or(&self.encryption).acceptor();
            let before = &self.serving.listeners;
            let listeners = Listeners::bind(&config, acceptor, &self.passed, Some(before)).await?;
            let settings = settings(&config, listeners.address())?;
            let folder = Folder::new(
                self.entries.clone(),
                Names::new(&config.ignore)?,
                config.limits.entry_bytes,
            );
            if is_new(LISTENING) {
                let changed = self.serving.change(listeners, &config, &self.health);
                changed.map_err(system("what new listeners need"))?;
            }
            // From here on nothing fails.
            if let Some(encryption) = encryption {
                self.encryption = encryption;
                if config.tls.is_none() {
                    self.health.set(Trouble::Certificate, false);
                }
            }
            let readers = &self.serving.readers;
            readers.follow(self.rules(&config, &folder, is_new));
            self.desk.follow(&config, &folder);
            self.revisions.put(Revision {
                settings,
                folder: is_new(LOOKING).then_some(folder),
                is_theme_new: is_new(&["theme"]),
                config: config.clone(),
            });
            self.hints.everything();
        }
        self.source.take(&config);
        self.config = config;
        self.health.set(Trouble::Settings, false);
        if !late.is_empty() {
            let late = late.join(", ");
            warn!(
                settings = late,
                "these hold from the next start on: what they name can't change while the daemon runs"
            );
        }
        if changed.is_empty() {
            info!("the settings were read anew: nothing has changed");
        } else {
            info!(changed = changed.join(", "), "the settings were read anew");
        }
        Ok(())
    }

    /// The rules for answers: what has not changed is kept, with all that it knows.
    fn rules(&self, config: &Config, folder: &Folder, is_new: impl Fn(&[&str]) -> bool) -> Rules {
        let mut rules = Rules::clone(&self.serving.readers.rules());
        if is_new(&["limits.document_cache"]) {
            let documents = rules.documents.with_cache(config.limits.document_cache);
            rules.documents = Arc::new(documents);
        }
        if is_new(LOOKING) {
            rules.media = Arc::new(FolderMedia::new(folder.clone()));
        }
        if is_new(&["log.access"]) {
            rules.observers = observers(config, &self.desk);
        }
        if is_new(&["http"]) {
            rules.freshness = Arc::new(rules.freshness.within(ages(config)));
            let limits = config.http.rate_limit;
            rules.limiter = limits.then(|| rules.limiter.unwrap_or_else(limiter));
            rules.proxies = Arc::new(config.http.trusted_proxies.clone());
        }
        rules
    }
}

/// What concerns connections before there is a request.
const LISTENING: &[&str] = &[
    "listen",
    "admin_listen",
    "tls",
    "limits",
    "base_url",
    "http.proxy_protocol",
    "http.trusted_proxies",
];

/// What concerns how the folder is looked at and its files are read.
const LOOKING: &[&str] = &[
    "ignore",
    "limits.entry_bytes",
    "timezone",
    "related",
    "settle",
    "grace",
    "removal_guard",
    "watch",
];

/// Whether `key` is one of `keys`, or in a table that is.
fn is_in(key: &str, keys: &[&str]) -> bool {
    keys.iter().any(|it| {
        let rest = key.strip_prefix(it);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
