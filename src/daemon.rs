//! The order of start and stop, the tasks, and the clock.
//!
//! **Start**: ledger → what it knows, shown at once → listeners → writer (which watches, then scans).
//! A restart serves the last good state within milliseconds, and no change falls between scan and
//! watch. **Stop**: no new connections; answers in flight finish within a limit; the writer ends its
//! turn, so that what it has committed is also what it has shown.
//!
//! **Other settings**, by their file or SIGHUP: all that may fail is made first, so that those which can't
//! be used change nothing; then listeners, rules for answers, and the writer take them over. See `reload`.
//!
//! **Tasks**: one thread is the writer and owns all that changes; those of [`crate::http`] serve readers
//! from what it has shown last, and nothing they do can wait for it; the main thread waits for signals,
//! for commands, and at the admin listener. The service manager is told how they are (`notify`, `watchdog`).

mod bound;
mod certificates;
mod clock;
#[cfg(unix)]
mod control;
mod feeds;
mod figures;
mod finding;
mod first_scan;
mod guard;
mod health;
mod journal;
mod looker;
mod meaning;
mod media;
mod mending;
mod notify;
mod passed;
mod process;
mod pulse;
mod readers;
mod reload;
mod restore;
mod revision;
mod root;
mod serving;
mod settings_file;
mod show;
mod signals;
mod status;
mod still;
#[cfg(test)]
mod tests;
mod theme;
#[cfg(unix)]
mod watchdog;
mod watched;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::config::{CheckError, Config, Listen};
use crate::documents::Documents;
use crate::entry::AddressError;
use crate::folder::names::Names;
use crate::folder::scan::Folder;
use crate::folder::watch::Hints;
use crate::http::freshness::Freshness;
use crate::http::limiter::Limiter;
use crate::http::{RollCall, Rules, Server};
use crate::ledger::{Ledger, LedgerError};
use crate::site::Site;
use certificates::Encryption;
pub use clock::now;
#[cfg(unix)]
pub use control::{Answer, AskError, Question, ask};
use figures::Figures;
pub use first_scan::FirstScan;
use health::Health;
use journal::Journal;
use looker::{Looker, Surroundings, Ties};
use meaning::{ages, observers, settings, terms};
pub use meaning::{conventions, site_settings};
use media::FolderMedia;
use mending::Mending;
use notify::Notifier;
use passed::Passed;
use pulse::Pulse;
pub use readers::Readers;
use reload::Reloading;
use restore::{restore, show_again};
use revision::Revisions;
use serving::{Listeners, Serving};
use settings_file::SettingsFile;
use signals::{Signal, Signals};
use status::Desk;
pub use still::{Still, published, still};
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
    /// A socket that was passed in.
    #[error("a socket that was passed in can't be served")]
    Passed(#[source] io::Error),
    /// Where the sockets that were passed in are.
    #[error(transparent)]
    Check(#[from] CheckError),
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
            | Self::Check(_)
            | Self::Certificate(_) => 2,
            _ => 1,
        }
    }
}

/// Where the settings come from: to be read anew while the daemon runs.
pub trait Source: Send {
    /// The file that they are in, if there is one.
    fn file(&self) -> Option<&Path>;
    /// Reads and checks them. An error is a text for the publisher.
    fn read(&self) -> Result<Config, String>;
    /// Hears that `config` is in force from now on.
    fn take(&self, config: &Config);
}

/// Runs until SIGINT or SIGTERM, and reads the settings from `source` anew whenever its file changes, and
/// at SIGHUP. `scan` hears how far the first look at the folder is.
pub fn run(
    mut options: Options,
    source: Box<dyn Source>,
    scan: Arc<dyn FirstScan>,
) -> Result<(), StartError> {
    let passed = Passed::take()?;
    passed.replace_listen(&mut options.config)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| StartError::System("threads", error))?;
    runtime.block_on(serve(options, source, scan, passed))
}

/// What runs until the end.
struct Running {
    reloading: Reloading,
    writer_ended: oneshot::Receiver<()>,
    /// The service manager's watchdog is fed for as long as we have this.
    watch: JoinSet<()>,
    #[cfg(unix)]
    control: Option<control::Control>,
}

async fn serve(
    options: Options,
    source: Box<dyn Source>,
    scan: Arc<dyn FirstScan>,
    passed: Passed,
) -> Result<(), StartError> {
    let system = |what| move |error| StartError::System(what, error);
    let mut signals = Signals::new().map_err(system("signals"))?;
    // Before anything that takes long: a change meanwhile is one, too.
    let (tell, mut file_changed) = mpsc::unbounded_channel();
    let file = source.file().map(Path::to_owned);
    let file = file.map(|file| SettingsFile::follow(file, tell.clone()));
    let _file = file
        .transpose()
        .map_err(system("a thread for the settings file"))?;
    let mut running = start(options, source, scan, passed).await?;
    loop {
        let signal = tokio::select! {
            signal = signals.next() => signal,
            // As long as we have the other end, it is never closed.
            _ = file_changed.recv() => Signal::Reload,
        };
        match signal {
            Signal::Reload => running.reloading.reload().await,
            Signal::Stop => break,
        }
    }
    drop(tell);
    stop(running).await;
    Ok(())
}

async fn start(
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
    let ledger = Ledger::open(&state, &entries, adopt)?;
    let encryption = Encryption::read(&config)?;
    let listeners = Listeners::bind(&config, encryption.acceptor(), &passed, None).await?;
    passed.tell_of_rest(&listeners.places());

    let settings = settings(&config, listeners.address())?;
    let (mut catalogue, site, clock) = restore(&config, &ledger, settings)?;
    let notifier = Notifier::from_environment();
    let health = Arc::new(Health::telling(notifier.clone(), scan));
    let mending = Mending::begin(&ledger, &health);
    let (site, theme, shown) = show_again(&config, &ledger, &health, &mut catalogue, site);
    let names = Names::new(&config.ignore)?;
    let folder = Folder::new(entries.clone(), names, config.limits.entry_bytes);
    let journal = Arc::new(Journal::default());
    let desk = Arc::new(Desk::new(&config, &folder, &shown, &health, &journal));
    let server = server(&config, &ledger, &folder, &shown, &desk);
    let pages = desk.pages(Figures::new(&journal, &health, &server, &state));
    listeners.announce(site.settings(), config.log.format);
    let roll_call = server.roll_call.clone();
    let serving = Serving::start(server, listeners, &config, &health, pages)
        .map_err(system("threads for readers"))?;
    let encryption = encryption
        .renew(&health)
        .map_err(system("a thread for certificates"))?;

    let hints = Hints::with_echo(state.join("watch/echo"), clock::instant);
    mending
        .watch(&ledger, &hints)
        .map_err(system("a thread for the ledger"))?;
    let pulse = Pulse::new(hints.clone());
    let ties = Ties {
        hints: hints.clone(),
        health: Arc::clone(&health),
        pulse: pulse.clone(),
        journal: Arc::clone(&journal),
    };
    let surroundings = Surroundings::new(&config, folder, ledger.root_device(), ties);
    #[cfg(unix)]
    let (questions, control) =
        control::open(&state, &hints, health.admin(), Arc::clone(&desk).telling());
    let started = clock::instant();
    let looker = Looker::new(surroundings, &catalogue, started);
    let revisions = Revisions::default();
    let writer = Writer {
        looker,
        ledger,
        mending,
        catalogue,
        site,
        theme,
        shown,
        health: Arc::clone(&health),
        journal,
        started,
        clock,
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
        watch,
        #[cfg(unix)]
        control,
    })
}

async fn stop(running: Running) {
    let Running {
        reloading:
            Reloading {
                config,
                serving,
                hints,
                notifier,
                ..
            },
        writer_ended,
        watch,
        #[cfg(unix)]
        control,
    } = running;
    info!("stopping");
    // Whoever ends takes no more turns and no more connections.
    drop(watch);
    notifier.stopping();
    #[cfg(unix)]
    drop(control);
    hints.stop();
    serving.finish().await;
    await_end(writer_ended, config.limits.drain).await;
}

/// Waits for the writer, which ends with its turn. Over a large folder that may take long; then it is cut
/// off, and what it had not committed will be found again.
async fn await_end(writer: oneshot::Receiver<()>, limit: Duration) {
    if tokio::time::timeout(limit, writer).await.is_err() {
        warn!("stopped in the middle of a turn of the writer: nothing is lost");
    }
}

fn server(
    config: &Config,
    ledger: &Ledger,
    folder: &Folder,
    shown: &Arc<ArcSwapOption<Site>>,
    desk: &Desk,
) -> Server {
    let documents = Documents::new(ledger.bodies(), config.limits.document_cache);
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
        rules: Arc::new(ArcSwap::from_pointee(rules)),
        connections: Arc::default(),
        clock: clock::now,
        instant: clock::instant,
        roll_call: RollCall::default(),
    }
}

fn limiter() -> Arc<Limiter> {
    Arc::new(Limiter::new(clock::instant()))
}
