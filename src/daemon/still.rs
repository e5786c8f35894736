//! The site as it is just now, for those who want it once: brought up to date here if nobody serves
//! it, else as the daemon that serves it keeps it.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::display::Display;
use super::looker::{Looker, Surroundings, Ties};
use super::media::FolderMedia;
use super::mending::Mending;
use super::notify::Notifier;
use super::pulse::Pulse;
use super::restore::restore;
use super::revision::Revisions;
use super::theme::ThemeFolder;
use super::writer::Writer;
use super::{FirstScan, Options, StartError, clock, feeds, health::Health, settings, terms};
use crate::catalogue::Catalogue;
use crate::config::{Config, WatchMode};
use crate::documents::Documents;
use crate::entry::{Digest, FolderPath};
use crate::folder::names::Names;
use crate::folder::scan::Folder;
use crate::folder::settle::MAX_WAIT;
use crate::folder::watch::Hints;
use crate::http::{MediaContent, MediaFiles};
use crate::ledger::{Ledger, LedgerBodies, LedgerError, Stored};
use crate::site::Site;

/// A snapshot with all that its documents are made from.
pub struct Still {
    /// The snapshot.
    pub site: Site,
    /// Makes its documents.
    pub documents: Documents,
    media: FolderMedia,
    /// Kept from others as long as this is used, if it is ours.
    _ledger: Option<Ledger>,
}

impl Still {
    /// Opens files beside entries.
    pub fn opener(&self) -> impl Fn(&FolderPath) -> io::Result<Box<dyn Read>> + Sync {
        let media = &self.media;
        move |path| {
            media.open(path).map(|media| match media.content {
                MediaContent::File { file, .. } => Box::new(file) as _,
                MediaContent::Bytes(bytes) => Box::new(io::Cursor::new(bytes)) as _,
            })
        }
    }
}

/// The site as it is just now. `scan` hears how far the first look at the folder is.
pub fn still(options: Options, scan: Arc<dyn FirstScan>) -> Result<Still, StartError> {
    let Options {
        config,
        state,
        adopt,
    } = options;
    let entries = std::path::absolute(&config.entries)
        .map_err(|error| StartError::System("the path of the entries folder", error))?;
    let names = Names::new(&config.ignore)?;
    let folder = Folder::new(entries.clone(), names, config.limits.entry_bytes);
    match Ledger::open(&state, &entries, adopt) {
        Ok(ledger) => catch_up(&config, ledger, folder, scan),
        Err(LedgerError::Held {
            folder: held,
            holder,
        }) => {
            let Some((id, stored)) = Ledger::peek(&state, &entries)? else {
                return Err(LedgerError::Held {
                    folder: held,
                    holder,
                }
                .into());
            };
            info!("a daemon serves this folder: what it has published is taken as it is");
            let bodies = Ledger::peek_bodies(&state)?;
            let site = as_stored(&config, id, stored)?;
            Ok(finish(&config, &site, bodies, folder, None))
        }
        Err(error) => Err(error.into()),
    }
}

/// The site as it was published last.
pub fn published(config: &Config, state: &Path) -> Result<Site, StartError> {
    let entries = std::path::absolute(&config.entries)
        .map_err(|error| StartError::System("the path of the entries folder", error))?;
    let (id, stored) = Ledger::peek(state, &entries)?.unwrap_or_default();
    as_stored(config, id, stored)
}

fn finish(
    config: &Config,
    site: &Site,
    bodies: LedgerBodies,
    folder: Folder,
    ledger: Option<Ledger>,
) -> Still {
    let mut theme = ThemeFolder::new(config.theme.clone());
    let theme = theme.look(&Health::new(), clock::instant());
    let site = theme.map_or_else(|| site.clone(), |theme| site.with_theme(theme));
    Still {
        site,
        documents: Documents::new(bodies, config.limits.document_cache),
        media: FolderMedia::new(folder),
        _ledger: ledger,
    }
}

fn as_stored(config: &Config, id: uuid::Uuid, stored: Stored) -> Result<Site, StartError> {
    let now = clock::now();
    let settings = settings(config, None)?;
    let digest: Digest = settings.digest();
    let since = match stored.settings {
        Some((known, since)) if known == digest => since,
        _ => now,
    };
    let catalogue = Catalogue::load(id, stored.records, stored.media);
    let kept = feeds::from_ledger(stored.feeds);
    Ok(Site::new(settings, since, &catalogue, &kept, now))
}

/// Takes the turns that a daemon would take, until nothing is left to look at.
fn catch_up(
    config: &Config,
    ledger: Ledger,
    folder: Folder,
    scan: Arc<dyn FirstScan>,
) -> Result<Still, StartError> {
    let settings = settings(config, None)?;
    let (mut catalogue, site, clock) = restore(config, &ledger, settings)?;
    let health = Arc::new(Health::telling(Notifier::default(), scan));
    let mending = Mending::begin(&ledger, &health);
    let is_new = catalogue.live() == 0;
    let terms = terms(config);
    if !is_new {
        catalogue.set_terms(terms);
    }
    let surroundings = Surroundings {
        // Events would come too late: there is but one look.
        mode: WatchMode::Scan,
        ..Surroundings::new(
            config,
            folder.clone(),
            ledger.root_device(),
            Ties {
                hints: Hints::default(),
                health: Arc::clone(&health),
                pulse: Pulse::default(),
                journal: Arc::default(),
            },
        )
    };
    let bodies = ledger.bodies();
    let started = clock::instant();
    let looker = Looker::new(surroundings, &catalogue, started);
    let mut writer = Writer {
        looker,
        ledger,
        mending,
        catalogue,
        site,
        display: Display::new(Arc::default()),
        health,
        journal: Arc::default(),
        started,
        clock,
        terms,
        alive: started,
        has_failed: false,
        theme: ThemeFolder::default(),
        revisions: Revisions::default(),
        #[cfg(unix)]
        questions: super::control::Questions::default(),
    };
    // A file that was deleted has to be away for the grace.
    let patience = MAX_WAIT + config.grace + SLACK;
    if !writer.catch_up(started + patience) {
        warn!("some files are still being written, or can't be read: they are as they were before");
    }
    let Writer { ledger, site, .. } = writer;
    Ok(finish(config, &site, bodies, folder, Some(ledger)))
}

/// What the looks themselves may take.
const SLACK: Duration = Duration::from_mins(1);
