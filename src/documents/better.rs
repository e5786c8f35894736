//! A better coding for what is asked for again, made in the background.
//!
//! One thread, at low priority, does one document after the other; it begins with the first and ends
//! with the shelf. It is told names alone, and makes the better form from the one on the shelf: so it
//! holds neither a snapshot nor bytes that were pushed out, and what was pushed out costs nothing.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use super::compress::{Effort, pack, unpack};
use super::shelf::{Kept, Name, Shelf};

/// How many documents may wait. One that finds the queue full is asked for again soon.
const QUEUE: usize = 64;

/// By how much the thread is nicer than the rest of the program: readers and writer come first.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 15;

/// The thread that makes documents better.
pub(super) struct Improver {
    shelf: Weak<Shelf>,
    worker: Mutex<Option<Worker>>,
}

struct Worker {
    queue: SyncSender<Name>,
    thread: JoinHandle<()>,
}

impl Improver {
    pub(super) fn new(shelf: &Arc<Shelf>) -> Self {
        Self {
            shelf: Arc::downgrade(shelf),
            worker: Mutex::new(None),
        }
    }

    /// Whether nothing was ever asked of it.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.worker.lock().unwrap().is_none()
    }

    /// Has the document of this name made better; `false` if there is no time for it.
    pub(super) fn improve(&self, name: Name) -> bool {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.is_none() {
            *worker = Worker::start(Weak::clone(&self.shelf)).ok();
        }
        worker
            .as_ref()
            .is_some_and(|worker| worker.queue.try_send(name).is_ok())
    }
}

impl Drop for Improver {
    /// Waits for the document at hand; those that wait are left.
    fn drop(&mut self) {
        let worker = self.worker.get_mut();
        let worker = worker.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Worker { queue, thread }) = worker {
            drop(queue);
            // If it panicked, that was said; there is nothing to clean up.
            let _ = thread.join();
        }
    }
}

impl Worker {
    fn start(shelf: Weak<Shelf>) -> io::Result<Self> {
        let (queue, names) = sync_channel(QUEUE);
        let thread = thread::Builder::new()
            .name("improver".to_owned())
            .spawn(move || work(&shelf, &names))?;
        Ok(Self { queue, thread })
    }
}

fn work(shelf: &Weak<Shelf>, names: &Receiver<Name>) {
    // On Linux this is the thread's own; elsewhere it would be that of the whole process.
    // (setpriority(2), "C library/kernel differences")
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICENESS);
    for name in names {
        let Some(shelf) = shelf.upgrade() else {
            return;
        };
        if let Err(error) = improve(&shelf, name) {
            tracing::warn!(%error, "a document can't be compressed better: it stays as it is");
        }
    }
}

/// Puts the better form in the place of the one on the shelf, if that still is there.
fn improve(shelf: &Shelf, name: Name) -> io::Result<()> {
    let Some(quick) = shelf.peek(&name) else {
        return Ok(());
    };
    let quick = &quick.document;
    let better = pack(quick.coding, Effort::Thorough, unpack(quick)?)?;
    let is_better = better.coding == quick.coding && better.bytes.len() < quick.bytes.len();
    let best = if is_better { better } else { quick.clone() };
    // Pushed out meanwhile: whoever asks next has it made again.
    let _ = shelf.replace(name, Kept::best(best), true);
    Ok(())
}
