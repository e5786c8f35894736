//! What the kernel allows, and what it is told: open files, buffers, and how to live with its
//! refusals.

use std::io;
use std::time::Duration;

use super::super::listener::Listener;

/// Bytes of an answer that the kernel keeps for one connection (it doubles the number for its own
/// needs). Without a limit one stalled reader was seen to hold 4 MB that no process is charged for.
#[cfg(unix)]
const SEND_BUFFER: usize = 256 * 1024;

/// The first pause after a failure to accept, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Descriptors for the rest of the daemon: ledger, folder, watches.
const FOR_THE_REST: u64 = 64;

/// How many connections of `wanted` can be had with the descriptors that the system grants.
pub(in super::super) fn connection_cap(wanted: usize) -> usize {
    let files = open_files(needed(wanted));
    let cap = affordable(wanted, files);
    if cap < wanted {
        tracing::warn!(
            wanted,
            cap,
            files,
            "the limit of open files allows fewer connections than the configuration"
        );
    }
    cap
}

/// The descriptors for so many connections: each may need two, for itself and for the file that it
/// is sent.
fn needed(connections: usize) -> u64 {
    (connections as u64)
        .saturating_mul(2)
        .saturating_add(FOR_THE_REST)
}

/// How many connections `files` descriptors allow; with very few, most are still for connections.
fn affordable(wanted: usize, files: Option<u64>) -> usize {
    let Some(files) = files else {
        return wanted.max(1);
    };
    let for_us = files - FOR_THE_REST.min(files / 4);
    let affordable = usize::try_from(for_us / 2).unwrap_or(usize::MAX);
    wanted.min(affordable).max(1)
}

/// The limit of open files, raised to `needed` as far as the system lets us; `None` if there is none.
///
/// The usual soft limit, 1024, is low for the sake of programs that use `select`, which we don't;
/// programs are meant to raise it themselves.
fn open_files(needed: u64) -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let granted = getrlimit(Resource::Nofile);
        let current = granted.current?;
        let raised = granted.maximum.map_or(needed, |most| needed.min(most));
        let limit = Rlimit {
            current: Some(raised),
            maximum: granted.maximum,
        };
        if raised > current && setrlimit(Resource::Nofile, limit).is_ok() {
            return Some(raised);
        }
        Some(current)
    }
    #[cfg(not(unix))]
    {
        let _ = needed;
        None
    }
}

/// Limits what the kernel keeps for a peer, and for how long, and has it send small pieces at once:
/// heads and last pieces must not wait for an acknowledgement. Connections inherit all of it.
///
/// It is a second line, so it may fail: an operator's kernel knows other ways.
pub(super) fn tune(listener: &Listener, write_timeout: Duration) {
    #[cfg(unix)]
    if let Listener::Tcp(listener) = listener {
        use rustix::net::sockopt;
        let _ = sockopt::set_socket_send_buffer_size(listener, SEND_BUFFER);
        let _ = sockopt::set_tcp_nodelay(listener, true);
        #[cfg(target_os = "linux")]
        let _ = sockopt::set_tcp_user_timeout(
            listener,
            u32::try_from(write_timeout.as_millis()).unwrap_or(u32::MAX),
        );
    }
    let _ = (listener, write_timeout);
}

/// A time in which connections can't be accepted.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// The last pause; zero in good times.
    pause: Duration,
}

impl Trouble {
    /// How long to wait after `error`; `None` if it was about one connection only.
    ///
    /// With no descriptor left, accepting fails at once and for as long as it lasts: without a pause
    /// the loop was seen to fail 700,000 times a second. One line in the log is enough, too.
    pub(super) fn pause_after(&mut self, error: &io::Error) -> Option<Duration> {
        if matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::Interrupted
        ) {
            return None;
        }
        if self.pause.is_zero() {
            tracing::warn!(%error, "connections can't be accepted");
        }
        self.pause = (self.pause * 2).clamp(PAUSE.0, PAUSE.1);
        Some(self.pause)
    }

    /// A connection was accepted.
    pub(super) fn over(&mut self) {
        if !self.pause.is_zero() {
            tracing::warn!("connections are accepted again");
        }
        self.pause = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn connections_inherit_what_the_kernel_may_keep() {
        use rustix::net::sockopt;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let listener = Listener::Tcp(listener);
        tune(&listener, Duration::from_secs(20));
        let Listener::Tcp(listener) = listener else {
            panic!("it was TCP")
        };
        let (_client, accepted) =
            tokio::join!(tokio::net::TcpStream::connect(at), listener.accept());
        let (stream, _) = accepted.unwrap();
        assert!(sockopt::tcp_nodelay(&stream).unwrap());
        let buffer = sockopt::socket_send_buffer_size(&stream).unwrap();
        assert!(buffer <= 2 * SEND_BUFFER, "{buffer}");
        assert_eq!(sockopt::tcp_user_timeout(&stream).unwrap(), 20_000);
    }

    #[test]
    fn pauses_grow_to_a_second() {
        let mut trouble = Trouble::default();
        let full = io::Error::from_raw_os_error(24);
        let pauses: Vec<_> =
            std::iter::repeat_with(|| trouble.pause_after(&full).unwrap().as_millis())
                .take(7)
                .collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
        trouble.over();
        let again = trouble.pause_after(&full);
        assert_eq!(again, Some(Duration::from_millis(50)));
        let one = io::ErrorKind::ConnectionAborted.into();
        assert_eq!(trouble.pause_after(&one), None);
    }

    #[test]
    fn connections_fit_into_the_open_files() {
        let check = |wanted, files, expected| assert_eq!(affordable(wanted, files), expected);
        check(1024, None, 1024);
        check(1024, Some(1_048_576), 1024);
        check(1024, Some(1024), 480);
        check(100, Some(1024), 100);
        check(1024, Some(64), 24);
        check(1024, Some(0), 1);
        check(0, Some(1024), 1);
        assert_eq!(affordable(1024, Some(needed(1024))), 1024);
        assert_eq!(connection_cap(16), 16);
    }
}
