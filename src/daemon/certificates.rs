//! The publisher's certificates: read at the start, and again whenever their files change.
//!
//! Renewals come as they like: two files written one after the other, renamed into place, or a link that
//! points elsewhere. So the folders that the files are named in are watched, and those of every link on the
//! way to them; a pair is taken when it fits together and has not expired, and until then the one that
//! works stays.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use super::clock;
use super::health::{Health, Trouble};
use crate::config::TlsConfig;
use crate::entry::{Digest, Digester};
use crate::http::tls::{self, Pair, TlsError};

/// How long after an event the files are read: whatever writes two has mostly written both by then.
const SETTLE: Duration = Duration::from_millis(50);

/// How often they are read without an event, which network disks do not have.
const LOOK: Duration = Duration::from_mins(1);

/// How often while a folder is not there to be watched: it may just be replaced.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The most links that are followed to a file, as in the kernel.
const MOST_LINKS: usize = 40;

/// How long before its end a certificate is trouble: renewals come a month before it.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The most bytes of one file; a chain has some 10 kB.
const MOST_BYTES: u64 = 1 << 20;

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file can't be read.
    #[error("can't read `{}`: expected a file in PEM that the daemon may read", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// What it holds is no use.
    #[error("can't use `{}` with the key `{}`", .0.display(), .1.display())]
    Pair(PathBuf, PathBuf, #[source] TlsError),
    /// TLS itself.
    #[error("TLS can't be set up")]
    Tls(#[source] tokio_rustls::rustls::Error),
}

/// The files, and what they held when they were read last.
pub(super) struct Certificates {
    files: Vec<Files>,
    in_use: Arc<tls::Certificates>,
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
    /// Of what was read last, whether it was of use or not.
    seen: Digest,
}

impl Certificates {
    /// Reads all of them. One that has expired is used with a warning: there is nothing better yet.
    pub(super) fn read(config: &TlsConfig) -> Result<Self, CertificateError> {
        let mut files = Vec::new();
        let mut pairs = Vec::new();
        for (cert, key) in config.pairs() {
            let (texts, seen) = read_both(cert, key)?;
            let pair = Pair::read_whenever(&texts.0, &texts.1)
                .map_err(|error| CertificateError::Pair(cert.clone(), key.clone(), error))?;
            if pair.expires <= clock::now() {
                warn!(file = %cert.display(), expired = %pair.expires, "the certificate has expired");
            }
            pairs.push(pair);
            files.push(Files {
                cert: cert.clone(),
                key: key.clone(),
                seen,
            });
        }
        Ok(Self {
            files,
            in_use: tls::Certificates::new(pairs),
        })
    }

    /// Speaks TLS with them, as they are at each handshake.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor, CertificateError> {
        tls::acceptor(Arc::clone(&self.in_use)).map_err(CertificateError::Tls)
    }

    /// Takes renewals over until what is returned is dropped.
    pub(super) fn renew(self, health: &Arc<Health>) -> io::Result<Renewal> {
        let (tell, told) = channel();
        let watched = Watched::new(tell.clone());
        let health = Arc::clone(health);
        std::thread::Builder::new()
            .name("certificates".to_owned())
            .spawn(move || self.follow(&told, watched, &health))?;
        Ok(Renewal { tell })
    }

    fn follow(mut self, told: &Receiver<Told>, mut watched: Watched, health: &Health) {
        loop {
            // Before the look, so that nothing is missed between the two.
            let is_watched = watched.follow(&self.files);
            self.look(health, clock::now());
            match told.recv_timeout(if is_watched { LOOK } else { LOOK_AGAIN }) {
                Ok(Told::Changed) => {
                    std::thread::sleep(SETTLE);
                    while let Ok(told) = told.try_recv() {
                        if let Told::End = told {
                            return;
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Told::End) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Takes over what has changed for the better.
    fn look(&mut self, health: &Health, now: Timestamp) {
        let mut pairs = self.in_use.current().to_vec();
        let mut is_new = false;
        for (files, pair) in self.files.iter_mut().zip(&mut pairs) {
            match files.again(now) {
                None => {}
                Some(Ok(renewed)) => {
                    let file = files.cert.display();
                    info!(%file, expires = %renewed.expires, "the certificate is in use");
                    *pair = renewed;
                    is_new = true;
                }
                Some(Err(error)) => {
                    let error: &dyn std::error::Error = &error;
                    warn!(error, "a certificate can't be used: the one before stays");
                }
            }
        }
        let ends = self.files.iter().zip(&pairs);
        let soon = ends.filter(|(_, pair)| pair.expires.duration_since(now) < SOON);
        let soon: Vec<String> = soon
            .map(|(files, pair)| format!("{} ends at {}", files.cert.display(), pair.expires))
            .collect();
        let reason = (!soon.is_empty()).then(|| format!("a certificate ends: {}", soon.join(", ")));
        health.set_because(Trouble::Certificate, reason);
        if is_new {
            self.in_use.replace(pairs);
        }
    }
}

impl Files {
    /// What they hold, if that is new.
    fn again(&mut self, now: Timestamp) -> Option<Result<Pair, CertificateError>> {
        let (texts, seen) = match read_both(&self.cert, &self.key) {
            Ok(read) => read,
            Err(error) => {
                // Between two links there may be nothing: told once, until there is something.
                let nothing = Digest::of(&[]);
                let is_news = self.seen != nothing;
                self.seen = nothing;
                return is_news.then_some(Err(error));
            }
        };
        if self.seen == seen {
            return None;
        }
        self.seen = seen;
        let pair = Pair::read(&texts.0, &texts.1, now);
        let (cert, key) = (&self.cert, &self.key);
        Some(pair.map_err(|error| CertificateError::Pair(cert.clone(), key.clone(), error)))
    }
}

type Texts = (Vec<u8>, Vec<u8>);

/// The bytes of both files, and their digest.
fn read_both(cert: &Path, key: &Path) -> Result<(Texts, Digest), CertificateError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| CertificateError::Read(path, error)
    };
    let texts = (
        read(cert).map_err(failed(cert))?,
        read(key).map_err(failed(key))?,
    );
    let digest = Digester::new().field(&texts.0).field(&texts.1).finish();
    Ok((texts, digest))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "certificates and keys are read here"
    )]
    let file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file, MOST_BYTES), &mut bytes)?;
    Ok(bytes)
}

/// What the thread that reads the files is told.
enum Told {
    /// Something has happened where they are.
    Changed,
    /// It is no longer needed.
    End,
}

/// The folders that are watched.
struct Watched {
    /// `None` where the system has no events for us.
    watcher: Option<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
}

impl Watched {
    /// Has `tell` told of whatever happens there.
    fn new(tell: Sender<Told>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // That we read them ourselves is no news. An error is: something may have been missed.
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            let _ = tell.send(Told::Changed);
        });
        if let Err(error) = &watcher {
            warn!(%error, "the certificates can't be watched: they are read every minute");
        }
        Self {
            watcher: watcher.ok(),
            folders: BTreeSet::new(),
        }
    }

    /// Watches where `files` are now, and says whether all of that is watched as well as it can be.
    ///
    /// What is watched already is watched anew, since it may be another folder of the same name.
    fn follow(&mut self, files: &[Files]) -> bool {
        let Some(watcher) = &mut self.watcher else {
            return true;
        };
        let folders: BTreeSet<PathBuf> = files
            .iter()
            .flat_map(|files| [&files.cert, &files.key])
            .flat_map(|path| folders_on_the_way(path))
            .collect();
        for left in self.folders.difference(&folders) {
            // It may be gone.
            let _ = watcher.unwatch(left);
        }
        let mut is_all = true;
        for folder in &folders {
            is_all &= watcher.watch(folder, RecursiveMode::NonRecursive).is_ok();
        }
        self.folders = folders;
        is_all
    }
}

/// The folders in which something must change for `path` to be another file: the one it is named in,
/// and those of the links on the way to it and of what they point to.
fn folders_on_the_way(path: &Path) -> BTreeSet<PathBuf> {
    let parent = |path: &Path| match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut folders = BTreeSet::new();
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        folders.insert(parent(&path));
        let link = path
            .ancestors()
            .find_map(|part| Some((part, std::fs::read_link(part).ok()?)));
        let Some((link, target)) = link else {
            break;
        };
        let folder = parent(link);
        // What lies behind the link, if it is not the last part of the path.
        let rest = path.strip_prefix(link).unwrap_or(Path::new(""));
        let mut target = folder.join(target);
        if !rest.as_os_str().is_empty() {
            target.push(rest);
        }
        folders.insert(folder);
        path = target;
    }
    folders
}

/// Ends the taking over of renewals when it is dropped.
pub(super) struct Renewal {
    tell: Sender<Told>,
}

impl Drop for Renewal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.tell.send(Told::End);
    }
}
