//! The listeners: where they are, and their start and end.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpSocket;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use super::StartError;
use super::health::Health;
use super::passed::{ADMIN_PORT, Passed};
use crate::config::{AdminListen, Config, Listen};
use crate::feed::Format;
use crate::http::admin::Pages;
use crate::http::{self, Door, Drained, Entrance, Listener, Readers, Server, Socket, redirect};
use crate::site::Settings;

/// Sockets that are bound: who connects waits until they are served.
pub(super) struct Listeners {
    readers: Vec<Bound>,
    redirect: Option<Bound>,
    admin: Option<Bound>,
    entrances: Entrances,
}

/// Whom a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Readers,
    Redirect,
    Admin,
}

/// A socket, and where it was asked for: port 0 is another one once it is bound.
struct Bound {
    place: Listen,
    socket: Socket,
    /// Where it lies in the file system.
    path: Option<Arc<SocketPath>>,
}

/// What comes before HTTP at an address, and at a path: there nobody can listen in.
struct Entrances {
    address: Entrance,
    path: Entrance,
}

impl Listeners {
    /// Binds all that `config` names, but for what was `passed` in, and what `before` has bound already: that
    /// is used again, so that nobody who connects is turned away.
    pub(super) async fn bind(
        config: &Config,
        tls: Option<TlsAcceptor>,
        passed: &Passed,
        before: Option<&Self>,
    ) -> Result<Self, StartError> {
        let announced = config.http.proxy_protocol;
        let announced = announced.then(|| Arc::new(config.http.trusted_proxies.clone()));
        let path = Entrance {
            announced,
            tls: None,
        };
        let address = Entrance {
            tls,
            ..path.clone()
        };
        let mut readers = Vec::new();
        for (number, place) in config.listen.iter().enumerate() {
            // Several may ask for any port.
            let same = config.listen[..number].iter().filter(|it| *it == place);
            let known = before.and_then(|it| it.find(place, Role::Readers, same.count()));
            readers.push(Bound::at(place, known, passed).await?);
        }
        let at = async |address, role| {
            let place = Listen::At(address);
            let known = before.and_then(|it| it.find(&place, role, 0));
            Bound::at(&place, known, passed).await
        };
        let redirect = config.tls.as_ref().and_then(|tls| tls.redirect_listen);
        let redirect = match redirect {
            Some(address) => Some(at(address, Role::Redirect).await?),
            None => None,
        };
        let admin = match config.admin_listen {
            AdminListen::Off => None,
            AdminListen::At(address) => Some(at(address, Role::Admin).await?),
            AdminListen::Auto => Some(Bound::for_admin(before, passed).await?),
        };
        Ok(Self {
            readers,
            redirect,
            admin,
            entrances: Entrances { address, path },
        })
    }

    /// Where readers connect, if it is an address at all.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.readers.iter().find_map(|it| it.socket.address())
    }

    /// The doors for readers.
    fn doors(&self) -> io::Result<Vec<Door>> {
        let doors = self.readers.iter().map(|bound| {
            let entrance = match bound.place {
                Listen::At(_) => &self.entrances.address,
                Listen::Unix(_) => &self.entrances.path,
            };
            Ok(Door {
                socket: bound.socket.share()?,
                entrance: entrance.clone(),
            })
        });
        doors.collect()
    }

    /// All places.
    pub(super) fn places(&self) -> Vec<&Listen> {
        self.all().map(|(_, bound)| &bound.place).collect()
    }

    fn all(&self) -> impl Iterator<Item = (Role, &Bound)> {
        let readers = self.readers.iter().map(|bound| (Role::Readers, bound));
        let redirect = self.redirect.iter().map(|bound| (Role::Redirect, bound));
        let admin = self.admin.iter().map(|bound| (Role::Admin, bound));
        readers.chain(redirect).chain(admin)
    }

    /// What is bound at `place`. Where the system was to choose the port, it is what plays the same `role`,
    /// and the one after so many.
    fn find(&self, place: &Listen, role: Role, before: usize) -> Option<&Bound> {
        let is_any = place.address().is_some_and(|address| address.port() == 0);
        let mut bound = self
            .all()
            .filter(|(its, bound)| bound.place == *place && (*its == role || !is_any));
        let bound = if is_any {
            bound.nth(before)
        } else {
            bound.next()
        };
        bound.map(|(_, bound)| bound)
    }

    /// Says where we are, in plain lines that programs and people may rely on.
    pub(super) fn announce(&self, settings: &Settings) {
        let mut stderr = io::stderr().lock();
        // Nobody may be listening to us; the daemon works all the same.
        let is_encrypted = self.entrances.address.tls.is_some();
        let scheme = if is_encrypted { "https" } else { "http" };
        for bound in &self.readers {
            let _ = match bound.socket.address() {
                Some(address) => writeln!(stderr, "listening on {scheme}://{address}"),
                None => writeln!(stderr, "listening on {}", bound.place),
            };
        }
        for format in Format::ALL {
            let _ = writeln!(
                stderr,
                "  {:<10}{}{}",
                format.name(),
                settings.base,
                format.file_name()
            );
        }
        if let Some(address) = self.redirect.as_ref().and_then(|it| it.socket.address()) {
            let _ = writeln!(stderr, "  {:<10}http://{address}/", "redirect");
        }
        if let Some(address) = self.admin.as_ref().and_then(|it| it.socket.address()) {
            let _ = writeln!(stderr, "  {:<10}http://{address}/readyz", "health");
        }
    }
}

/// Connections that wait to be accepted, if the kernel allows so many (`net.core.somaxconn`). Where it has
/// no room it forgets that somebody came, and they ask again after one second, three, seven; the usual
/// 1024 were seen not to be enough for two thousand clients who came at once.
const QUEUE: u32 = 4096;

impl Bound {
    /// Where nobody says where it should be.
    async fn for_admin(before: Option<&Listeners>, passed: &Passed) -> Result<Self, StartError> {
        let places = [ADMIN_PORT, 0].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let [usual, any] = places.map(Listen::At);
        let find = |place| before.and_then(|it| it.find(place, Role::Admin, 0));
        let elsewhere = find(&any);
        if elsewhere.is_none()
            && let Ok(bound) = Self::at(&usual, find(&usual), passed).await
        {
            return Ok(bound);
        }
        // Another daemon, for another folder, may well be at the usual one.
        Self::at(&any, elsewhere, passed).await
    }

    /// At `place`: the socket that is `known` to be there or was `passed` in, or a new one.
    async fn at(place: &Listen, known: Option<&Self>, passed: &Passed) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen(place.clone(), error);
        if let Some(bound) = known {
            return Ok(Self {
                place: place.clone(),
                socket: bound.socket.share().map_err(failed)?,
                path: bound.path.clone(),
            });
        }
        if let Some(socket) = passed.at(place) {
            return Ok(Self {
                place: place.clone(),
                socket: socket.share().map_err(failed)?,
                // Its file is not ours.
                path: None,
            });
        }
        let (listener, path) = match place {
            Listen::At(address) => (listen(*address).map_err(failed)?, None),
            Listen::Unix(path) => {
                let (listener, path) = SocketPath::listen(path).await.map_err(failed)?;
                (listener, Some(Arc::new(path)))
            }
        };
        Ok(Self {
            place: place.clone(),
            socket: listener.park().map_err(failed)?,
            path,
        })
    }

    /// The same socket, for the runtime that we are in.
    fn listener(&self) -> io::Result<Listener> {
        self.socket.share()?.wake()
    }
}

fn listen(address: SocketAddr) -> io::Result<Listener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // So that a restart finds its port free; elsewhere the same option would share it.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE).map(Listener::Tcp)
}

/// A socket in the file system, which is removed when this is dropped.
struct SocketPath(PathBuf);

impl SocketPath {
    /// Listens at `path`, where a socket of a daemon that is no more is replaced. Whoever may enter the
    /// folder may connect, as to a port.
    #[cfg(unix)]
    async fn listen(path: &Path) -> io::Result<(Listener, Self)> {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt};

        let is_socket = |path: &Path| {
            let found = std::fs::symlink_metadata(path);
            found.is_ok_and(|found| found.file_type().is_socket())
        };
        // Refused is what nobody listens at; one that we may not use, or whose queue is full, is alive.
        if is_socket(path)
            && let Err(error) = tokio::net::UnixStream::connect(path).await
            && error.kind() == io::ErrorKind::ConnectionRefused
        {
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        let path = Self(path.to_owned());
        let everybody = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(&path.0, everybody)?;
        Ok((Listener::Unix(listener), path))
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_async, reason = "as elsewhere")]
    async fn listen(_: &Path) -> io::Result<(Listener, Self)> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Drop for SocketPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Listeners that are served.
pub(super) struct Serving {
    /// Those for readers.
    pub(super) readers: Readers,
    /// All of them.
    pub(super) listeners: Listeners,
    /// What the admin listener has besides health.
    pages: Pages,
    /// Ends what serves the others.
    stop: watch::Sender<bool>,
}

impl Serving {
    /// Serves readers from `server`, and the publisher's programs from `health` and `pages`.
    pub(super) fn start(
        server: Server,
        listeners: Listeners,
        config: &Config,
        health: &Health,
        pages: Pages,
    ) -> io::Result<Self> {
        let stop = serve_others(&listeners, config, health, &pages)?;
        let readers = server.open(&listeners.doors()?, &config.limits)?;
        Ok(Self {
            readers,
            listeners,
            pages,
            stop,
        })
    }

    /// Serves at `listeners` from now on, as `config` says; what was asked before is answered still. After
    /// an error all is as before.
    pub(super) fn change(
        &mut self,
        listeners: Listeners,
        config: &Config,
        health: &Health,
    ) -> io::Result<()> {
        let stop = serve_others(&listeners, config, health, &self.pages)?;
        if let Err(error) = self.readers.reopen(&listeners.doors()?, &config.limits) {
            let _ = stop.send(true);
            return Err(error);
        }
        let _ = std::mem::replace(&mut self.stop, stop).send(true);
        self.listeners = listeners;
        Ok(())
    }

    /// Takes no more connections, and lets answers in flight finish within their limit.
    pub(super) async fn finish(self) {
        // Nobody to tell means that all have ended.
        let _ = self.stop.send(true);
        let Self {
            readers, listeners, ..
        } = self;
        // Sockets are closed at once; what lies in the file system is removed at the end.
        let paths: Vec<_> = listeners
            .all()
            .map(|(_, bound)| bound.path.clone())
            .collect();
        drop(listeners);
        match readers.finish().await {
            Ok(Drained::Complete) => info!("stopped; every answer in flight was finished"),
            Ok(Drained::Cut(connections)) => {
                warn!(
                    connections,
                    "stopped; time was up for some answers in flight"
                );
            }
            Err(error) => warn!(%error, "the server had failed"),
        }
        drop(paths);
    }
}

/// Serves what is not for readers, until what is returned says so.
fn serve_others(
    listeners: &Listeners,
    config: &Config,
    health: &Health,
    pages: &Pages,
) -> io::Result<watch::Sender<bool>> {
    let (stop, stopped) = watch::channel(false);
    let until_stopped = || {
        let mut stopped = stopped.clone();
        async move {
            // An error means that the sender is gone, and with it the daemon.
            let _ = stopped.wait_for(|stop| *stop).await;
        }
    };
    let redirect = match (&listeners.redirect, &config.base_url) {
        (Some(bound), Some(base)) => Some((bound.listener()?, base.origin().to_owned())),
        _ => None,
    };
    if let Some(bound) = &listeners.admin {
        let (listener, limits) = (bound.listener()?, config.limits.clone());
        let (health, pages, until) = (health.admin(), pages.clone(), until_stopped());
        tokio::spawn(
            async move { http::serve_admin(listener, health, pages, &limits, until).await },
        );
    }
    if let Some((listener, origin)) = redirect {
        let (limits, until) = (config.limits.clone(), until_stopped());
        let door = (listener, listeners.entrances.path.clone());
        tokio::spawn(async move { redirect::serve(door, origin, &limits, until).await });
    }
    Ok(stop)
}
