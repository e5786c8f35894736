//! The settings file, watched: a change is told once the file is whole.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tracing::warn;

use super::watched::Watched;
use crate::entry::Digest;

/// How long the file must be as it is: editors write it in pieces, or move it away before the new one is
/// in its place.
const SETTLE: Duration = Duration::from_millis(200);

/// How often it is read without an event, which network disks do not have.
const LOOK: Duration = Duration::from_mins(1);

/// How often while its folder is not there to be watched.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The file, followed until this is dropped.
pub(super) struct SettingsFile {
    tell: Sender<Told>,
}

enum Told {
    Changed,
    End,
}

/// What there is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Empty,
    Text(Digest),
}

impl SettingsFile {
    /// Tells `changed` whenever there is another text in the file at `path`, or none can be read any more,
    /// from now on.
    pub(super) fn follow(path: PathBuf, changed: UnboundedSender<()>) -> io::Result<Self> {
        let known = see(&path);
        let (tell, told) = channel();
        let event = tell.clone();
        let watched = Watched::new(move || {
            let _ = event.send(Told::Changed);
        });
        if !watched.has_events() {
            warn!("the settings file can't be watched: it is read every minute");
        }
        std::thread::Builder::new()
            .name("settings".to_owned())
            .spawn(move || work(&path, known, watched, &told, &changed))?;
        Ok(Self { tell })
    }
}

impl Drop for SettingsFile {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.tell.send(Told::End);
    }
}

fn work(
    path: &PathBuf,
    mut known: Seen,
    mut watched: Watched,
    told: &Receiver<Told>,
    changed: &UnboundedSender<()>,
) {
    loop {
        // Before the look, so that nothing is missed between the two.
        let is_watched = watched.follow([path]);
        let mut seen = see(path);
        while seen != known {
            std::thread::sleep(SETTLE);
            let again = see(path);
            if again != seen {
                seen = again;
                continue;
            }
            known = seen;
            if seen == Seen::Empty {
                // All defaults, as far as its text goes; but that is how a file looks that is about to be
                // written, or was lost.
                warn!(
                    file = %path.display(),
                    "the settings file is empty: what it said before stays, unless SIGHUP says otherwise"
                );
            } else if changed.send(()).is_err() {
                return;
            }
        }
        match told.recv_timeout(if is_watched { LOOK } else { LOOK_AGAIN }) {
            Ok(Told::Changed) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Told::End) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn see(path: &Path) -> Seen {
    #[expect(
        clippy::disallowed_methods,
        reason = "whether the settings file has changed is seen here"
    )]
    let read = std::fs::metadata(path).and_then(|found| {
        if found.is_file() {
            std::fs::read(path)
        } else {
            // A pipe can be read but once.
            Err(io::ErrorKind::InvalidInput.into())
        }
    });
    match read {
        Ok(bytes) if bytes.trim_ascii().is_empty() => Seen::Empty,
        Ok(bytes) => Seen::Text(Digest::of(&bytes)),
        Err(_) => Seen::Nothing,
    }
}
