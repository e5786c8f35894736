//! Connections: taken, limited in number, and let go when the daemon stops.

mod kernel;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use self::kernel::{Trouble, tune};
use super::Answering;
use super::connection::{Entrance, Manners, converse};
use super::listener::Listener;
use super::places::Places;
use super::roll_call::Called;
use crate::config::Limits;

pub(super) use self::kernel::connection_cap;

/// How long to wait for a place that somebody was asked to leave.
const ROOM: Duration = Duration::from_millis(10);

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every answer in flight was finished.
    Complete,
    /// Time was up, and so many connections were cut.
    Cut(usize),
}

impl Drained {
    /// Of two servers.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Cut(one), Self::Cut(other)) => Self::Cut(one + other),
            (Self::Complete, cut) | (cut, Self::Complete) => cut,
        }
    }
}

/// Serves `listener` until `stop`: each connection that comes takes one of `places`. The listener is
/// closed as soon as `stop` is there; then comes [`drain`]. Until then it answers when it is `called`.
pub(super) async fn run(
    listener: Listener,
    entrance: Entrance,
    answering: Arc<impl Answering>,
    limits: &Limits,
    places: &Arc<Places>,
    mut called: Called,
    stop: impl Future<Output = ()>,
) {
    tune(&listener, limits.write_timeout);
    let manners = Arc::new(Manners::new(limits, entrance));
    let mut trouble = Trouble::default();
    let mut stop = pin!(stop);
    loop {
        called.answer();
        if places.are_full() {
            places.make_room();
            tokio::select! {
                biased;
                () = &mut stop => break,
                () = places.freed() => {}
                () = sleep(ROOM) => {}
            }
            continue;
        }
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            () = called.called() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((accepted, client)) => {
                trouble.over();
                let (manners, answering) = (Arc::clone(&manners), Arc::clone(&answering));
                let place = places.take();
                tokio::spawn(converse(manners, accepted, client, answering, place));
            }
            Err(error) => {
                if let Some(pause) = trouble.pause_after(&error) {
                    tokio::select! {
                        () = &mut stop => break,
                        () = sleep(pause) => {}
                    }
                }
            }
        }
    }
    called.leave();
}

/// Tells all connections to end after the answer they are at, and waits for them within `limit`.
///
/// Those that are left then end with the runtime that they run in.
pub(super) async fn drain(places: &Places, limit: Duration) -> Drained {
    let all = async {
        places.finish();
        while places.taken() > 0 {
            places.freed().await;
        }
    };
    if timeout(limit, all).await.is_ok() {
        return Drained::Complete;
    }
    match places.taken() {
        0 => Drained::Complete,
        cut => Drained::Cut(cut),
    }
}

#[cfg(test)]
mod tests;
