//! The order of start and stop, the tasks, and the clock.
//!
//! **Start**: the ledger's lock → listeners, with what the last process has left for polls (`answers`) → ledger
//! → what it knows, shown at once → writer (which watches, then scans). A restart serves the last good state
//! within milliseconds, and no change falls between scan and watch. **Stop**: no new
//! connections; answers in flight finish within a limit; the writer ends its turn, so that what it has
//! committed is also what it has shown; what was polled is left for the next.
//!
//! **Other settings**, by their file or SIGHUP: all that may fail is made first, so that those which can't
//! be used change nothing; then listeners, rules for answers, and the writer take them over. See `reload`.
//!
//! **Tasks**: one thread is the writer and owns all that changes; those of [`crate::http`] serve readers
//! from what it has shown last, and nothing they do can wait for it; the main thread waits for signals,
//! for commands, and at the admin listener. The service manager is told how they are (`notify`, `watchdog`).

mod answers;
mod bound;
mod certificates;
mod clock;
#[cfg(unix)]
mod control;
mod display;
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
mod start;
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

use arc_swap::ArcSwapOption;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

use crate::config::{CheckError, Config, Listen};
use crate::entry::{AddressError, Digest};
use crate::ledger::LedgerError;
use crate::site::Site;
use answers::Answers;
pub use clock::now;
#[cfg(unix)]
pub use control::{Answer, AskError, Question, ask};
pub use first_scan::FirstScan;
use meaning::{ages, observers, settings, terms};
pub use meaning::{conventions, site_settings};
use passed::Passed;
pub use readers::Readers;
use reload::Reloading;
use settings_file::SettingsFile;
use signals::{Signal, Signals};
use start::start;
pub use still::{Still, published, still};

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
    /// With the stamp of the ledger.
    writer_ended: oneshot::Receiver<Digest>,
    answers: Answers,
    shown: Arc<ArcSwapOption<Site>>,
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

async fn stop(running: Running) {
    let Running {
        reloading:
            Reloading {
                config,
                serving,
                revisions,
                hints,
                notifier,
                ..
            },
        writer_ended,
        answers,
        shown,
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
    let site = shown.load_full();
    let most = Answers::most(&config);
    let feeds = site
        .as_ref()
        .map(|site| serving.readers.kept_feeds(site, most));
    hints.stop();
    serving.finish().await;
    let ledger = await_end(writer_ended, config.limits.drain).await;
    // What the writer showed last, or was to show, may be another site.
    if let (Some(site), Some(feeds), Some(ledger)) = (site, feeds, ledger)
        && revisions.are_taken()
        && shown
            .load()
            .as_ref()
            .is_some_and(|now| Arc::ptr_eq(now, &site))
    {
        let base = &site.settings().base;
        let stamp = answers::stamp(&config, base, ledger);
        let kept = stamp.and_then(|stamp| answers.write(stamp, site.next_due(), feeds));
        if let Err(error) = kept {
            debug!(%error, "the next start has no answers before it has read the ledger");
        }
    }
}

/// Waits for the writer, which ends with its turn, and returns the ledger's stamp. Over a large folder that
/// may take long; then it is cut off, and what it had not committed will be found again.
async fn await_end(writer: oneshot::Receiver<Digest>, limit: Duration) -> Option<Digest> {
    let Ok(ended) = tokio::time::timeout(limit, writer).await else {
        warn!("stopped in the middle of a turn of the writer: nothing is lost");
        return None;
    };
    // An error means that there is none.
    ended.ok()
}
