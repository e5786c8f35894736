//! The order of start and stop, the tasks, and the clock.
//!
//! **Start**: ledger → what it knows, shown at once → listeners → writer (which watches, then scans).
//! A restart serves the last good state within milliseconds, and no change falls between scan and
//! watch. **Stop**: no new connections; answers in flight finish within a limit; the writer ends its
//! turn, so that what it has committed is also what it has shown.
//!
//! **Tasks**: one thread is the writer and owns all that changes; those of [`crate::http`] serve readers
//! from what it has shown last, and nothing they do can wait for it; the main thread waits for signals,
//! for commands, and at the admin listener.

mod certificates;
mod clock;
#[cfg(unix)]
mod control;
mod feeds;
mod finding;
mod guard;
mod health;
mod looker;
mod media;
mod mending;
mod root;
mod serving;
mod show;
mod signals;
mod still;
#[cfg(test)]
mod tests;
mod theme;
mod writer;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tracing::{info, warn};

use crate::catalogue::{Catalogue, Terms};
use crate::config::{Config, Listen};
use crate::documents::Documents;
use crate::entry::parse::{Conventions, Defaults, Labels};
use crate::entry::{Address, AddressError, Digest};
use crate::folder::conventions::FolderConventions;
use crate::folder::names::Names;
use crate::folder::scan::Folder;
use crate::folder::watch::Hints;
use crate::http::Server;
use crate::http::freshness::Freshness;
use crate::http::limiter::Limiter;
use crate::ledger::{Ledger, LedgerError, Stored};
use crate::site::{Ages, Settings, Site};
use certificates::Certificates;
use clock::Clock;
pub use clock::now;
#[cfg(unix)]
pub use control::{Answer, AskError, Question, ask};
use health::Health;
use looker::{Looker, Surroundings};
use media::FolderMedia;
use mending::Mending;
use serving::{Listeners, Serving};
use signals::Signals;
pub use still::{Still, published, still};
use theme::ThemeFolder;
use writer::Writer;

/// What the daemon is to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// The settings, checked.
    pub config: Config,
    /// The state folder.
    pub state: PathBuf,
    /// Whether to take over a ledger that belongs to another entries folder.
    pub adopt: bool,
}

/// Why the daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An address that can't be listened at.
    #[error("can't listen at {0}: expected an address of this machine that no other program uses")]
    Listen(Listen, #[source] io::Error),
    /// A certificate or its key.
    #[error(transparent)]
    Certificate(#[from] certificates::CertificateError),
    /// Something of the system is missing.
    #[error("the system refuses {0}")]
    System(&'static str, #[source] io::Error),
    /// A glob of `ignore`.
    #[error("`ignore` holds what is no glob")]
    Ignore(#[from] globset::Error),
    /// The address that we listen at is none for a feed.
    #[error("no address can be made of where the daemon listens: expected `base_url` to be set")]
    Base(#[from] AddressError),
}

impl StartError {
    /// What the process ends with: 75 (sysexits.h, `EX_TEMPFAIL`) while another daemon holds the
    /// ledger, 2 for what the publisher set wrong, 1 otherwise.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Ledger(LedgerError::Held { .. }) => 75,
            Self::Ledger(LedgerError::Foreign { .. })
            | Self::Ignore(_)
            | Self::Base(_)
            | Self::Certificate(_) => 2,
            _ => 1,
        }
    }
}

/// Runs until SIGINT or SIGTERM.
pub fn run(options: Options) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| StartError::System("threads", error))?;
    runtime.block_on(serve(options))
}

async fn serve(options: Options) -> Result<(), StartError> {
    let Options {
        config,
        state,
        adopt,
    } = options;
    let signals = Signals::new().map_err(|error| StartError::System("signals", error))?;
    let entries = std::path::absolute(&config.entries)
        .map_err(|error| StartError::System("the path of the entries folder", error))?;
    let ledger = Ledger::open(&state, &entries, adopt)?;
    let certificates = config.tls.as_ref().map(Certificates::read).transpose()?;
    let listeners = Listeners::bind(&config, certificates.as_ref()).await?;

    let settings = settings(&config, listeners.address())?;
    let (mut catalogue, mut site, clock) = restore(&config, &ledger, settings)?;
    let health = Arc::new(Health::new());
    let mut theme = ThemeFolder::new(config.theme.clone());
    if let Some(theme) = theme.look(&health, clock::instant()) {
        site = site.with_theme(theme);
    }
    let mending = Mending::begin(&ledger, &health);
    let shown = Arc::new(ArcSwapOption::empty());
    let terms = Terms {
        hold: config.hold,
        grace: config.grace,
    };
    if catalogue.live() > 0 && mending::is_whole(&ledger) {
        catalogue.set_terms(terms);
        shown.store(Some(Arc::new(site.clone())));
        health.is_serving();
    }
    let names = Names::new(&config.ignore)?;
    let folder = Folder::new(entries, names, config.limits.entry_bytes);
    let server = server(&config, &ledger, &folder, &shown);
    listeners.announce(site.settings());
    let serving = Serving::start(server, listeners, &config, &health);
    let renewal = certificates.map(|it| it.renew(&health)).transpose();
    let _renewal =
        renewal.map_err(|error| StartError::System("a thread for certificates", error))?;

    let hints = Hints::with_echo(state.join("watch/echo"));
    mending
        .watch(&ledger, &hints)
        .map_err(|error| StartError::System("a thread for the ledger", error))?;
    let surroundings = Surroundings {
        folder,
        conventions: FolderConventions::new(conventions(&config)),
        settle: config.settle,
        grace: config.grace,
        guard: config.removal_guard.clone(),
        mode: config.watch,
        device: ledger.root_device(),
        hints: hints.clone(),
        health: Arc::clone(&health),
    };
    #[cfg(unix)]
    let (questions, control) = {
        let questions = control::Questions::default();
        let control = control::Control::start(&state, questions.clone(), hints.clone());
        (questions, control)
    };
    let started = clock::instant();
    let looker = Looker::new(surroundings, &catalogue, started);
    let writer = Writer {
        looker,
        ledger,
        mending,
        catalogue,
        site,
        theme,
        shown,
        health,
        started,
        clock,
        terms,
        alive: started,
        has_failed: false,
        #[cfg(unix)]
        questions,
    };
    let writer_ended = writer
        .start()
        .map_err(|error| StartError::System("a thread for the writer", error))?;

    signals.stop().await;
    info!("stopping");
    #[cfg(unix)]
    drop(control);
    hints.stop();
    serving.finish().await;
    // The writer ends with its turn. Over a large folder that may take long; then it is cut off, and
    // what it had not committed will be found again.
    if tokio::time::timeout(config.limits.drain, writer_ended)
        .await
        .is_err()
    {
        warn!("stopped in the middle of a turn of the writer: nothing is lost");
    }
    Ok(())
}

fn server(
    config: &Config,
    ledger: &Ledger,
    folder: &Folder,
    shown: &Arc<ArcSwapOption<Site>>,
) -> Server {
    let zone = config.timezone.clone();
    let documents = Documents::new(ledger.bodies(), zone, config.limits.document_cache);
    Server {
        site: Arc::clone(shown),
        documents: Arc::new(documents),
        media: Arc::new(FolderMedia::new(folder.clone())),
        freshness: Freshness::new(Ages::new(config.http.min_age, config.http.max_age)),
        limiter: config
            .http
            .rate_limit
            .then(|| Limiter::new(clock::instant())),
        proxies: config.http.trusted_proxies.clone(),
        clock: clock::now,
        instant: clock::instant,
    }
}

/// What documents say of the site. Without a public address, where we listen will do: the settings
/// allow that on the loopback only.
fn settings(config: &Config, address: Option<SocketAddr>) -> Result<Settings, StartError> {
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
        ages: Ages::new(config.http.min_age, config.http.max_age),
        zone: config.timezone.iana_name().unwrap_or("local").to_owned(),
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

/// `settings` with the id that the show had before the site's address changed. One that grew from an
/// address of this machine alone is not kept.
fn with_kept_show(
    config: &Config,
    ledger: &Ledger,
    mut settings: Settings,
) -> Result<Settings, LedgerError> {
    if let Some(show) = &mut settings.podcast
        && config.base_url.is_some()
    {
        let stated = config.podcast.as_ref().and_then(|podcast| podcast.guid);
        show.guid = ledger.show(stated, show.guid)?;
    }
    Ok(settings)
}

/// The catalogue and first snapshot from what the ledger knows, and the time that goes on from there.
fn restore(
    config: &Config,
    ledger: &Ledger,
    settings: Settings,
) -> Result<(Catalogue, Site, Clock), StartError> {
    let id = ledger.site(config.site.id)?;
    let settings = with_kept_show(config, ledger, settings)?;
    let Stored {
        records,
        media,
        feeds,
        settings: known,
    } = ledger.load()?;
    if records.is_empty() {
        info!(site = %id, "a new ledger; ids of entries will grow from this site id");
    }
    ledger.sweep()?;
    let catalogue = Catalogue::load(id, records, media);
    let left = feeds.departures.iter().map(|(_, moment)| *moment);
    let last = left.chain(catalogue.latest()).chain(ledger.alive()).max();
    let mut clock = Clock::from(last);
    let now = clock.now();
    // Without it a long silence may be taken for a clock that leapt: nothing that should stop a start.
    let _ = ledger.set_alive(now);
    let digest: Digest = settings.digest();
    let since = match known {
        Some((known, since)) if known == digest => since,
        _ => {
            ledger.set_settings(digest, now)?;
            now
        }
    };
    let kept = feeds::from_ledger(feeds);
    let site = Site::new(settings, since, &catalogue, &kept, now);
    Ok((catalogue, site, clock))
}
