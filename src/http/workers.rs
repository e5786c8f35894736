//! The threads that readers are served by: one for each processor, each with a runtime of its own, so
//! that no connection ever wanders between them. All wait at the same sockets.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::Answering;
use super::accept::{Drained, drain, run};
use super::connection::Entrance;
use super::listener::{Listener, Parked};
use super::places::Places;
use crate::config::Limits;

/// How many documents, or pieces of files, one thread has made or read at one time: more than one, so that
/// a slow disk does not hold up all, and few, since the memory that each used stays with its thread.
const AT_ONCE: usize = 4;

/// Where readers come in, and how.
pub type Door = (Listener, Entrance);

/// Serves `doors` to so many `connections` until `stop` is true, then lets answers in flight finish within
/// `limits.drain`.
pub(super) async fn serve(
    doors: Vec<Door>,
    answering: Arc<impl Answering>,
    limits: &Limits,
    connections: usize,
    stop: watch::Receiver<bool>,
) -> io::Result<Drained> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(connections);
    let doors = doors
        .into_iter()
        .map(|(listener, entrance)| Ok((listener.park()?, entrance)))
        .collect::<io::Result<Vec<_>>>()?;
    let mut ends = Vec::new();
    for number in 0..threads {
        let shared = doors
            .iter()
            .map(|(door, entrance)| Ok((door.share()?, entrance.clone())));
        let worker = Worker {
            doors: shared.collect::<io::Result<Vec<_>>>()?,
            answering: Arc::clone(&answering),
            limits: limits.clone(),
            places: connections / threads + usize::from(number < connections % threads),
            stop: stop.clone(),
        };
        let (end, ended) = oneshot::channel();
        thread::Builder::new()
            .name(format!("http-{number}"))
            .spawn(move || {
                // Whoever waits for it may have gone.
                let _ = end.send(worker.run());
            })?;
        ends.push(ended);
    }
    // Each thread has its own: when all have closed theirs, nobody can connect any more.
    drop(doors);
    let mut drained = Drained::Complete;
    for ended in ends {
        let end = ended.await.map_err(io::Error::other)??;
        drained = drained.and(end);
    }
    Ok(drained)
}

struct Worker<A> {
    doors: Vec<(Parked, Entrance)>,
    answering: Arc<A>,
    limits: Limits,
    places: usize,
    stop: watch::Receiver<bool>,
}

impl<A: Answering> Worker<A> {
    fn run(self) -> io::Result<Drained> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(AT_ONCE)
            .build()?;
        let drained = runtime.block_on(self.serve());
        // What was cut ends here; no document in the making is waited for.
        runtime.shutdown_background();
        drained
    }

    async fn serve(self) -> io::Result<Drained> {
        let places = Places::new(self.places);
        let limits = Arc::new(self.limits);
        let mut doors = JoinSet::new();
        for (listener, entrance) in self.doors {
            let listener = listener.wake()?;
            let (answering, limits) = (Arc::clone(&self.answering), Arc::clone(&limits));
            let (places, mut stop) = (Arc::clone(&places), self.stop.clone());
            doors.spawn(async move {
                let stop = async {
                    // An error means that the sender is gone, and with it the daemon.
                    let _ = stop.wait_for(|stop| *stop).await;
                };
                run(listener, entrance, answering, &limits, &places, stop).await;
            });
        }
        tokio::select! {
            _ = doors.join_all() => {}
            never = places.keep_quiet_out(limits.header_timeout) => match never {},
        }
        Ok(drain(&places, limits.drain).await)
    }
}
