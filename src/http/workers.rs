//! The threads that readers are served by: one for each processor, each with a runtime of its own, so
//! that no connection ever wanders between them. All wait at the same sockets.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::accept::{Drained, drain, run};
use super::connection::Entrance;
use super::connections::Connections;
use super::listener::{Listener, Socket};
use super::places::Places;
use super::roll_call::Called;
use super::{Answering, RollCall};
use crate::config::Limits;

/// How many documents, or pieces of files, one thread has made or read at one time: more than one, so that
/// a slow disk does not hold up all, and few, since the memory that each used stays with its thread.
const AT_ONCE: usize = 4;

/// Where readers come in, and how.
pub struct Door {
    /// Where.
    pub socket: Socket,
    /// What comes before HTTP.
    pub entrance: Entrance,
}

/// What all threads have in common.
#[derive(Clone, Default)]
pub(super) struct Crew {
    /// Asks whether they still take connections.
    pub(super) roll_call: RollCall,
    /// Where connections are counted.
    pub(super) connections: Arc<Connections>,
}

/// All threads at work.
pub(super) struct Workers {
    all: Vec<Worker>,
    crew: Crew,
}

struct Worker {
    runtime: Handle,
    /// When this is dropped, the thread takes no more connections, and ends with those that it has.
    posts: mpsc::UnboundedSender<Post>,
    ended: oneshot::Receiver<Drained>,
}

/// Where a thread is to take connections from now on, and how many.
struct Post {
    doors: Vec<(Listener, Entrance, Called)>,
    limits: Limits,
    places: usize,
}

impl Workers {
    /// Has threads serve `doors` to so many `connections`, which `answering` answers.
    pub(super) fn start(
        doors: &[Door],
        answering: &Arc<impl Answering>,
        limits: &Limits,
        connections: usize,
        crew: Crew,
    ) -> io::Result<Self> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let mut workers = Self {
            all: Vec::new(),
            crew,
        };
        for number in 0..threads.min(connections) {
            let (posts, posted) = mpsc::unbounded_channel();
            let (end, ended) = oneshot::channel();
            let (tell, told) = std::sync::mpsc::channel();
            let places = Places::counted(1, Arc::clone(&workers.crew.connections));
            let answering = Arc::clone(answering);
            let work = move || {
                let runtime = match runtime() {
                    Ok(runtime) => runtime,
                    Err(error) => return drop(tell.send(Err(error))),
                };
                // Nobody is left to tell of somebody who has gone.
                let _ = tell.send(Ok(runtime.handle().clone()));
                let _ = end.send(runtime.block_on(work(answering, places, posted)));
                // What was cut ends here; no document in the making is waited for.
                runtime.shutdown_background();
            };
            thread::Builder::new()
                .name(format!("http-{number}"))
                .spawn(work)?;
            workers.all.push(Worker {
                runtime: told.recv().map_err(io::Error::other)??,
                posts,
                ended,
            });
        }
        workers.post(doors, limits, connections)?;
        Ok(workers)
    }

    /// Has them take connections at `doors` from now on, up to so many, and within `limits`; those that
    /// they have go on as they began. Where a socket is the one that was there before, nobody who
    /// connects notices. After an error all is as before.
    pub(super) fn post(
        &self,
        doors: &[Door],
        limits: &Limits,
        connections: usize,
    ) -> io::Result<()> {
        let threads = self.all.len();
        let mut listeners = Vec::new();
        for worker in &self.all {
            let _in = worker.runtime.enter();
            let shared = doors.iter().map(|door| {
                let listener = door.socket.share()?.wake()?;
                Ok((listener, door.entrance.clone()))
            });
            listeners.push(shared.collect::<io::Result<Vec<_>>>()?);
        }
        for (number, (worker, listeners)) in self.all.iter().zip(listeners).enumerate() {
            let doors = listeners
                .into_iter()
                .map(|(listener, entrance)| (listener, entrance, self.crew.roll_call.join()));
            // One that has panicked is missed at each call, and when all end.
            let _ = worker.posts.send(Post {
                doors: doors.collect(),
                limits: limits.clone(),
                places: connections / threads + usize::from(number < connections % threads),
            });
        }
        Ok(())
    }

    /// Has them take no more connections, and let answers in flight finish within `limits.drain`.
    pub(super) async fn finish(self) -> io::Result<Drained> {
        let ends: Vec<_> = self.all.into_iter().map(|worker| worker.ended).collect();
        let mut drained = Drained::Complete;
        for ended in ends {
            drained = drained.and(ended.await.map_err(io::Error::other)?);
        }
        Ok(drained)
    }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(AT_ONCE)
        .build()
}

/// What one thread does.
async fn work(
    answering: Arc<impl Answering>,
    places: Arc<Places>,
    mut posts: mpsc::UnboundedReceiver<Post>,
) -> Drained {
    let mut patience = Limits::default().drain;
    let mut next = posts.recv().await;
    while let Some(Post {
        doors,
        limits,
        places: most,
    }) = next
    {
        places.set_most(most);
        patience = limits.drain;
        let limits = Arc::new(limits);
        let (stop, stopped) = watch::channel(());
        let mut at_doors = JoinSet::new();
        for (listener, entrance, called) in doors {
            let (answering, limits) = (Arc::clone(&answering), Arc::clone(&limits));
            let (places, mut stopped) = (Arc::clone(&places), stopped.clone());
            at_doors.spawn(async move {
                let stop = async {
                    // The sender says nothing, and goes.
                    let _ = stopped.changed().await;
                };
                run(
                    listener, entrance, answering, &limits, &places, called, stop,
                )
                .await;
            });
        }
        next = tokio::select! {
            next = posts.recv() => next,
            never = places.keep_quiet_out(limits.header_timeout) => match never {},
        };
        drop(stop);
        at_doors.join_all().await;
    }
    drain(&places, patience).await
}
