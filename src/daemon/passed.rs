//! Sockets that whoever started us has opened already: systemd's socket units, by `LISTEN_FDS`.
//!
//! They stay open while the daemon is restarted, and who connects meanwhile waits for it; a port below 1024
//! needs no privilege of ours. One at the address of `admin_listen` or `tls.redirect_listen` serves that;
//! the others serve readers, and then they are all that serves them: `listen` is left aside. They are as
//! their unit says (`Backlog=`, `DeferAcceptSec=`), and their files are its own.

use std::fmt;
use std::net::SocketAddr;

#[cfg(unix)]
use tracing::info;
use tracing::warn;

use super::StartError;
use crate::config::{AdminListen, CheckError, Config, Listen};
use crate::http::Socket;

/// Where the admin listener is looked for first when nobody says where it should be.
pub(super) const ADMIN_PORT: u16 = 7374;

/// Sockets that were passed in. We have them until the end, as other settings may have another use for them.
#[derive(Debug, Default)]
pub(super) struct Passed(Vec<Known>);

#[derive(Debug)]
struct Known {
    place: Listen,
    socket: Socket,
}

impl Passed {
    /// Takes what was passed in. It changes the environment, so no other thread may run yet.
    #[cfg(unix)]
    pub(super) fn take() -> Result<Self, StartError> {
        let mut passed = listenfd::ListenFd::from_env();
        let sockets = (0..passed.len()).map(|number| Known::take(&mut passed, number));
        let sockets = sockets
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(StartError::Passed)?;
        let passed = Self(sockets);
        if !passed.0.is_empty() {
            info!(sockets = %passed, "sockets were passed in and are served");
        }
        Ok(passed)
    }

    /// Elsewhere nobody passes sockets in.
    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
    pub(super) fn take() -> Result<Self, StartError> {
        Ok(Self::default())
    }

    /// Has the sockets that are for readers in place of `listen`, if there are any.
    pub(super) fn replace_listen(&self, config: &mut Config) -> Result<(), CheckError> {
        let redirect = config.tls.as_ref().and_then(|tls| tls.redirect_listen);
        let others = [redirect.map(Listen::At), admin(config)];
        let is_other = |known: &&Known| others.iter().flatten().any(|place| known.is(place));
        let readers = self.0.iter().filter(|socket| !is_other(socket));
        let places: Vec<Listen> = readers.map(|socket| socket.place.clone()).collect();
        if places.is_empty() {
            return Ok(());
        }
        config.listen = places;
        config.check()
    }

    /// The socket at `place`.
    pub(super) fn at(&self, place: &Listen) -> Option<&Socket> {
        let found = self.0.iter().find(|known| known.is(place));
        found.map(|known| &known.socket)
    }

    /// Says what was passed in and is not used: who connects there waits for ever.
    pub(super) fn tell_of_rest(&self, used: &[&Listen]) {
        for known in &self.0 {
            if !used.iter().any(|place| known.is(place)) {
                warn!(socket = %known.place, "a socket was passed in that nothing is served at");
            }
        }
    }
}

/// Where the admin listener should be, if one that was passed in may be it.
fn admin(config: &Config) -> Option<Listen> {
    match &config.admin_listen {
        AdminListen::At(address) => Some(Listen::At(*address)),
        AdminListen::Unix(path) => Some(Listen::Unix(path.clone())),
        AdminListen::Auto => Some(Listen::At(SocketAddr::from(([127, 0, 0, 1], ADMIN_PORT)))),
        AdminListen::Off => None,
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, socket) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}{}", socket.place)?;
        }
        Ok(())
    }
}

impl Known {
    #[cfg(unix)]
    fn take(passed: &mut listenfd::ListenFd, number: usize) -> std::io::Result<Self> {
        use std::io::{Error, ErrorKind};
        use std::path::{Path, PathBuf};

        let other = |what: &str| {
            let text = format!("number {number} {what}: expected one that listens, TCP or Unix");
            Error::new(ErrorKind::InvalidInput, text)
        };
        let tcp = passed.take_tcp_listener(number);
        let unix = match &tcp {
            Ok(_) => Ok(None),
            Err(_) => passed.take_unix_listener(number),
        };
        let (place, socket, listens) = match (tcp, unix) {
            (Ok(Some(tcp)), _) => {
                tcp.set_nonblocking(true)?;
                let listens = rustix::net::sockopt::socket_acceptconn(&tcp)?;
                (Listen::At(tcp.local_addr()?), Socket::Tcp(tcp), listens)
            }
            (_, Ok(Some(unix))) => {
                unix.set_nonblocking(true)?;
                let listens = rustix::net::sockopt::socket_acceptconn(&unix)?;
                let address = unix.local_addr()?;
                // One without a file can only be named by its place in the list.
                let path = address.as_pathname().map(Path::to_owned);
                let path = path.unwrap_or_else(|| PathBuf::from(format!("(socket {number})")));
                (Listen::Unix(path), Socket::Unix(unix), listens)
            }
            _ => return Err(other("is none of these")),
        };
        if !listens {
            return Err(other("is a connection (`Accept=yes`)"));
        }
        Ok(Self { place, socket })
    }

    /// Whether it is the one at `place`.
    fn is(&self, place: &Listen) -> bool {
        match place {
            Listen::At(address) => self.is_at(*address),
            Listen::Unix(_) => self.place == *place,
        }
    }

    /// Whether it is where `address` says. The wildcard of IPv6 is that of IPv4, too.
    fn is_at(&self, address: SocketAddr) -> bool {
        self.place.address().is_some_and(|place| {
            let is_everywhere = place.ip().is_unspecified() && address.ip().is_unspecified();
            place == address || is_everywhere && place.port() == address.port()
        })
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn passed(places: &[&str]) -> Passed {
        let sockets = places.iter().map(|place| {
            #[expect(clippy::disallowed_types, reason = "any socket stands for the others")]
            let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            Known {
                place: Listen::parse(place).unwrap(),
                socket: Socket::Tcp(tcp),
            }
        });
        Passed(sockets.collect())
    }

    fn config(text: &str) -> Config {
        Config::parse(text).unwrap()
    }

    #[test]
    fn sockets_are_for_readers_unless_the_settings_have_another_use_for_them() {
        let public = "base_url = \"https://a.example/\"\nlisten = \"127.0.0.1:1\"\n";
        let tls = "[tls]\ncert = \"c\"\nkey = \"k\"\nredirect_listen = \"0.0.0.0:80\"\n";
        let check = |places: &[&str], text: &str, expected: &[&str]| {
            let mut config = config(&format!("{public}{text}"));
            passed(places).replace_listen(&mut config).unwrap();
            let places: Vec<String> = config.listen.iter().map(ToString::to_string).collect();
            assert_eq!(places, expected, "{text}");
        };
        check(&[], "", &["127.0.0.1:1"]);
        check(&["[::]:443"], "", &["[::]:443"]);
        check(&["[::]:443", "unix:/a"], "", &["[::]:443", "unix:/a"]);
        check(&["127.0.0.1:7374"], "", &["127.0.0.1:1"]);
        check(
            &["127.0.0.1:7374"],
            "admin_listen = \"off\"",
            &["127.0.0.1:7374"],
        );
        let admin = "admin_listen = \"127.0.0.1:9\"";
        check(
            &["127.0.0.1:7374", "127.0.0.1:9"],
            admin,
            &["127.0.0.1:7374"],
        );
        let admin = "admin_listen = \"unix:/a\"";
        check(&["unix:/a", "unix:/b"], admin, &["unix:/b"]);
        check(&["[::]:443", "[::]:80"], tls, &["[::]:443"]);
        check(&["[::]:80"], tls, &["127.0.0.1:1"]);
        check(&["[::1]:80"], tls, &["[::1]:80"]);
    }

    #[test]
    fn what_the_settings_must_not_say_no_socket_may_do() {
        let mut config = Config::default();
        let error = passed(&["[::]:80"])
            .replace_listen(&mut config)
            .unwrap_err();
        assert!(
            matches!(error, CheckError::PublicWithoutBaseUrl(_)),
            "{error}"
        );
        let mut config = Config::default();
        passed(&["[::1]:80"]).replace_listen(&mut config).unwrap();
    }

    #[test]
    fn they_are_found_by_where_they_are() {
        let passed = passed(&["[::]:80", "127.0.0.1:9", "unix:/a"]);
        assert_eq!(passed.to_string(), "[::]:80, 127.0.0.1:9, unix:/a");
        let check = |place: &str, expected: bool| {
            let place = Listen::parse(place).unwrap();
            assert_eq!(passed.at(&place).is_some(), expected, "{place}");
        };
        check("0.0.0.0:80", true);
        check("[::]:80", true);
        check("127.0.0.1:80", false);
        check("127.0.0.1:9", true);
        check("127.0.0.1:10", false);
        check("unix:/a", true);
        check("unix:/b", false);
    }
}
