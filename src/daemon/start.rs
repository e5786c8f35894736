//! From nothing to readers who are served.
//!
//! The sockets come first: who connects waits, rather than being turned away, while the ledger is read; and
//! what the last process has left may answer already.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use tracing::debug;

use super::answers::{self, Answers};
use super::certificates::Encryption;
use super::clock;
#[cfg(unix)]
use super::control;
use super::display::Display;
use super::figures::Figures;
use super::health::Health;
use super::journal::Journal;
use super::looker::{Looker, Surroundings, Ties};
use super::meaning::{ages, observers, settings, terms};
use super::media::FolderMedia;
use super::mending::Mending;
use super::notify::Notifier;
use super::passed::Passed;
use super::pulse::Pulse;
use super::reload::Reloading;
use super::restore::{restore, show_again};
use super::revision::Revisions;
use super::serving::{Listeners, Serving};
use super::status::Desk;
use super::theme::ThemeFolder;
use super::writer::Writer;
use super::{FirstScan, Options, Running, Source, StartError};
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::documents::Documents;
use crate::entry::Address;
use crate::folder::names::Names;
use crate::folder::scan::Folder;
use crate::folder::watch::Hints;
use crate::http::freshness::Freshness;
use crate::http::limiter::Limiter;
use crate::http::{Early, RollCall, Rules, Server};
use crate::ledger::{Claim, Ledger};
use crate::site::{Settings, Site};

pub(super) async fn start(
    options: Options,
    source: Box<dyn Source>,
    scan: Arc<dyn FirstScan>,
    passed: Passed,
) -> Result<Running, StartError> {
    let Options {
        config,
        state,
        adopt,
    } = options;
    let system = |what| move |error| StartError::System(what, error);
    let entries =
        std::path::absolute(&config.entries).map_err(system("the path of the entries folder"))?;
    let claim = Claim::take(&state, &entries, adopt)?;
    let encryption = Encryption::read(&config)?;
    let listeners = Listeners::bind(&config, encryption.acceptor(), &passed, None).await?;
    passed.tell_of_rest(&listeners.places());

    let settings = settings(&config, listeners.address())?;
    let notifier = Notifier::from_environment();
    let health = Arc::new(Health::telling(notifier.clone(), scan));
    let names = Names::new(&config.ignore)?;
    let folder = Folder::new(entries.clone(), names, config.limits.entry_bytes);
    let journal = Arc::new(Journal::default());
    let shown = Arc::new(ArcSwapOption::empty());
    let desk = Arc::new(Desk::new(&config, &folder, &shown, &health, &journal));
    let kept = Answers::new(&state);
    let documents = Documents::new(claim.bodies(), config.limits.document_cache);
    let early = early(&kept, &config, &settings.base, &claim, &documents);
    let server = server(&config, documents, &folder, &shown, early, &desk);
    let display = Display::with_ahead(&shown, &server.rules)?;
    let pages = desk.pages(Figures::new(&journal, &health, &server, &state));
    let roll_call = server.roll_call.clone();
    let serving = Serving::start(server, listeners, &config, &health, pages)
        .map_err(system("threads for readers"))?;
    let encryption = encryption
        .renew(&health)
        .map_err(system("a thread for certificates"))?;

    let mut restored = Restored::read(claim, &config, settings, &health, &shown).await?;
    let settings = restored.site.settings();
    serving.listeners.announce(settings, config.log.format);

    let hints = Hints::with_echo(state.join("watch/echo"), clock::instant);
    restored
        .mending
        .watch(&restored.ledger, &hints)
        .map_err(system("a thread for the ledger"))?;
    let pulse = Pulse::new(hints.clone());
    let ties = Ties {
        hints: hints.clone(),
        health: Arc::clone(&health),
        pulse: pulse.clone(),
        journal: Arc::clone(&journal),
    };
    let surroundings = Surroundings::new(&config, folder, restored.ledger.root_device(), ties);
    #[cfg(unix)]
    let (questions, control) =
        control::open(&state, &hints, health.admin(), Arc::clone(&desk).telling());
    let started = clock::instant();
    let looker = Looker::new(surroundings, &restored.catalogue, started);
    let revisions = Revisions::default();
    let writer = Writer {
        looker,
        ledger: restored.ledger,
        mending: restored.mending,
        catalogue: restored.catalogue,
        site: restored.site,
        theme: restored.theme,
        display,
        health: Arc::clone(&health),
        journal,
        started,
        clock: restored.clock,
        terms: terms(&config),
        alive: started,
        has_failed: false,
        revisions: revisions.clone(),
        #[cfg(unix)]
        questions,
    };
    let writer_ended = writer.start().map_err(system("a thread for the writer"))?;

    health.say();
    notifier.ready();
    let watch = notifier.keep_watch(pulse, roll_call);
    Ok(Running {
        reloading: Reloading {
            source,
            passed,
            config,
            entries,
            serving,
            encryption,
            health,
            desk,
            revisions,
            hints,
            notifier,
        },
        writer_ended,
        answers: kept,
        shown,
        watch,
        #[cfg(unix)]
        control,
    })
}

/// What the last process left in the ledger.
struct Restored {
    ledger: Ledger,
    mending: Mending,
    catalogue: Catalogue,
    site: Site,
    theme: ThemeFolder,
    clock: clock::Clock,
}

impl Restored {
    /// Reads the ledger on a thread of its own: who asks how we are is answered meanwhile.
    async fn read(
        claim: Claim,
        config: &Config,
        settings: Settings,
        health: &Arc<Health>,
        shown: &Arc<ArcSwapOption<Site>>,
    ) -> Result<Self, StartError> {
        let (config, health) = (config.clone(), Arc::clone(health));
        let shown = Arc::clone(shown);
        let read = move || Self::from(claim, &config, settings, &health, &shown);
        tokio::task::spawn_blocking(read)
            .await
            .map_err(|error| StartError::System("the reading of the ledger", error.into()))?
    }

    fn from(
        claim: Claim,
        config: &Config,
        settings: Settings,
        health: &Health,
        shown: &ArcSwapOption<Site>,
    ) -> Result<Self, StartError> {
        let ledger = claim.open()?;
        let mending = Mending::begin(&ledger, health);
        let (mut catalogue, site, clock) = restore(config, &ledger, settings)?;
        let (site, theme) = show_again(config, &ledger, health, &mut catalogue, site, shown);
        Ok(Self {
            ledger,
            mending,
            catalogue,
            site,
            theme,
            clock,
        })
    }
}

/// What can be answered before the ledger is read.
fn early(
    kept: &Answers,
    config: &Config,
    base: &Address,
    claim: &Claim,
    documents: &Documents,
) -> Option<Early> {
    let stamp = answers::stamp(config, base, claim.stamp()?)
        .inspect_err(|error| debug!(%error, "nobody knows which program this is"))
        .ok()?;
    kept.read(stamp, documents)
}

fn server(
    config: &Config,
    documents: Documents,
    folder: &Folder,
    shown: &Arc<ArcSwapOption<Site>>,
    early: Option<Early>,
    desk: &Desk,
) -> Server {
    let rules = Rules {
        documents: Arc::new(documents),
        media: Arc::new(FolderMedia::new(folder.clone())),
        freshness: Arc::new(Freshness::new(ages(config))),
        limiter: config.http.rate_limit.then(limiter),
        proxies: Arc::new(config.http.trusted_proxies.clone()),
        observers: observers(config, desk),
    };
    Server {
        site: Arc::clone(shown),
        early: early.map(Arc::new),
        rules: Arc::new(ArcSwap::from_pointee(rules)),
        connections: Arc::default(),
        clock: clock::now,
        instant: clock::instant,
        roll_call: RollCall::default(),
    }
}

pub(super) fn limiter() -> Arc<Limiter> {
    Arc::new(Limiter::new(clock::instant()))
}
