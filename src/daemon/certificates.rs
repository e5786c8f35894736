//! The publisher's certificates: read at the start, and again whenever their files change.
//!
//! Renewals come as they like: two files written one after the other, renamed into place, or a link that
//! points elsewhere. A pair is taken when it fits together and has not expired, and until then the one that
//! works stays.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use super::clock;
use super::health::{Health, Trouble};
use super::watched::Watched;
use crate::config::{Config, TlsConfig};
use crate::entry::{Digest, Digester};
use crate::http::tls::{self, Pair, TlsError};

/// How long after an event the files are read: whatever writes two has mostly written both by then.
const SETTLE: Duration = Duration::from_millis(50);

/// How often they are read without an event, which network disks do not have.
const LOOK: Duration = Duration::from_mins(1);

/// How often while a folder is not there to be watched: it may just be replaced.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

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
struct Certificates {
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
    fn read(config: &TlsConfig) -> Result<Self, CertificateError> {
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

    /// Takes renewals over until what is returned is dropped.
    fn renew(self, health: &Arc<Health>) -> io::Result<Renewal> {
        let (tell, told) = channel();
        let changed = tell.clone();
        let watched = Watched::new(move || {
            let _ = changed.send(Told::Changed);
        });
        if !watched.has_events() {
            warn!("the certificates can't be watched: they are read every minute");
        }
        let health = Arc::clone(health);
        std::thread::Builder::new()
            .name("certificates".to_owned())
            .spawn(move || self.follow(&told, watched, &health))?;
        Ok(Renewal { tell })
    }

    fn follow(mut self, told: &Receiver<Told>, mut watched: Watched, health: &Health) {
        loop {
            // Before the look, so that nothing is missed between the two.
            let paths = self
                .files
                .iter()
                .flat_map(|files| [&files.cert, &files.key]);
            let is_watched = watched.follow(paths);
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

/// TLS as the settings say it, if they do.
#[derive(Default)]
pub(super) struct Encryption {
    acceptor: Option<TlsAcceptor>,
    certificates: Option<Certificates>,
    /// Takes renewals over.
    renewal: Option<Renewal>,
}

impl Encryption {
    /// Reads the certificates that `config` names.
    pub(super) fn read(config: &Config) -> Result<Self, CertificateError> {
        let Some(tls) = &config.tls else {
            return Ok(Self::default());
        };
        let certificates = Certificates::read(tls)?;
        let acceptor = tls::acceptor(Arc::clone(&certificates.in_use));
        Ok(Self {
            acceptor: Some(acceptor.map_err(CertificateError::Tls)?),
            certificates: Some(certificates),
            renewal: None,
        })
    }

    /// Speaks TLS with the certificates as they are at each handshake.
    pub(super) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.acceptor.clone()
    }

    /// Takes renewals over from now on, until this is dropped.
    pub(super) fn renew(mut self, health: &Arc<Health>) -> io::Result<Self> {
        let certificates = self.certificates.take();
        self.renewal = certificates.map(|it| it.renew(health)).transpose()?;
        Ok(self)
    }
}

/// Ends the taking over of renewals when it is dropped.
struct Renewal {
    tell: Sender<Told>,
}

impl Drop for Renewal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.tell.send(Told::End);
    }
}
