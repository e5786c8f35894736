//! The listeners: where they are, and their start and end.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpSocket;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::StartError;
use super::certificates::Certificates;
use super::health::Health;
use crate::config::{AdminListen, Config, Listen};
use crate::feed::Format;
use crate::http::{self, Door, Drained, Entrance, Listener, Server, redirect};
use crate::site::Settings;

/// Where the admin listener is looked for first when nobody says where it should be.
const ADMIN_PORT: u16 = 7374;

/// Sockets that are bound, and not served yet: what comes in waits.
pub(super) struct Listeners {
    readers: Vec<Door>,
    redirect: Option<Door>,
    admin: Option<Listener>,
    /// The sockets that lie in the file system.
    paths: SocketPaths,
}

impl Listeners {
    /// Binds all of them.
    pub(super) async fn bind(
        config: &Config,
        certificates: Option<&Certificates>,
    ) -> Result<Self, StartError> {
        let announced = config.http.proxy_protocol;
        let announced = announced.then(|| Arc::new(config.http.trusted_proxies.clone()));
        let plain = Entrance {
            announced,
            tls: None,
        };
        let encrypted = Entrance {
            tls: certificates.map(Certificates::acceptor).transpose()?,
            ..plain.clone()
        };
        let mut readers: Vec<Door> = Vec::new();
        let mut paths = SocketPaths::default();
        for place in &config.listen {
            readers.push(match place {
                Listen::At(address) => (listen(*address)?, encrypted.clone()),
                // A proxy on this machine: nobody can listen in.
                Listen::Unix(path) => (paths.listen(path).await?, plain.clone()),
            });
        }
        let redirect = config.tls.as_ref().and_then(|tls| tls.redirect_listen);
        let redirect = match redirect {
            Some(address) => Some((listen(address)?, plain)),
            None => None,
        };
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let admin = match config.admin_listen {
            AdminListen::Off => None,
            AdminListen::At(address) => Some(listen(address)?),
            AdminListen::Auto => Some(match listen(loopback(ADMIN_PORT)) {
                Ok(listener) => listener,
                // Another daemon, for another folder, may well be there.
                Err(_) => listen(loopback(0))?,
            }),
        };
        Ok(Self {
            readers,
            redirect,
            admin,
            paths,
        })
    }

    /// Where readers connect, if it is an address at all.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.readers.iter().find_map(|(door, _)| door.address())
    }

    /// Says where we are, in plain lines that programs and people may rely on.
    pub(super) fn announce(&self, settings: &Settings) {
        let mut stderr = io::stderr().lock();
        // Nobody may be listening to us; the daemon works all the same.
        for (door, entrance) in &self.readers {
            let scheme = if entrance.tls.is_some() {
                "https"
            } else {
                "http"
            };
            if let Some(address) = door.address() {
                let _ = writeln!(stderr, "listening on {scheme}://{address}");
            }
        }
        for path in &self.paths.0 {
            let _ = writeln!(stderr, "listening on unix:{}", path.display());
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
        if let Some(address) = self.redirect.as_ref().and_then(|(it, _)| it.address()) {
            let _ = writeln!(stderr, "  {:<10}http://{address}/", "redirect");
        }
        if let Some(address) = self.admin.as_ref().and_then(Listener::address) {
            let _ = writeln!(stderr, "  {:<10}http://{address}/readyz", "health");
        }
    }
}

/// Connections that wait to be accepted, if the kernel allows so many (`net.core.somaxconn`). Where it has
/// no room it forgets that somebody came, and they ask again after one second, three, seven; the usual
/// 1024 were seen not to be enough for two thousand clients who came at once.
const QUEUE: u32 = 4096;

fn listen(address: SocketAddr) -> Result<Listener, StartError> {
    let bound = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // So that a restart finds its port free; elsewhere the same option would share it.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(QUEUE)
    };
    bound()
        .map(Listener::Tcp)
        .map_err(|error| StartError::Listen(Listen::At(address), error))
}

/// Sockets in the file system, which are removed when this is dropped.
#[derive(Default)]
struct SocketPaths(Vec<PathBuf>);

impl SocketPaths {
    /// Listens at `path`, where a socket of a daemon that is no more is replaced. Whoever may enter the
    /// folder may connect, as to a port.
    #[cfg(unix)]
    async fn listen(&mut self, path: &Path) -> Result<Listener, StartError> {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt};

        let failed = |error| StartError::Listen(Listen::Unix(path.to_owned()), error);
        let is_socket = |path: &Path| {
            let found = std::fs::symlink_metadata(path);
            found.is_ok_and(|found| found.file_type().is_socket())
        };
        // Refused is what nobody listens at; one that we may not use, or whose queue is full, is alive.
        if is_socket(path)
            && let Err(error) = tokio::net::UnixStream::connect(path).await
            && error.kind() == io::ErrorKind::ConnectionRefused
        {
            std::fs::remove_file(path).map_err(failed)?;
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        self.0.push(path.to_owned());
        let everybody = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(path, everybody).map_err(failed)?;
        Ok(Listener::Unix(listener))
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_async, clippy::unused_self, reason = "as elsewhere")]
    async fn listen(&mut self, path: &Path) -> Result<Listener, StartError> {
        let error = io::ErrorKind::Unsupported.into();
        Err(StartError::Listen(Listen::Unix(path.to_owned()), error))
    }
}

impl Drop for SocketPaths {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Listeners that are served.
pub(super) struct Serving {
    stop: watch::Sender<bool>,
    readers: JoinHandle<io::Result<Drained>>,
    _paths: SocketPaths,
}

impl Serving {
    /// Serves readers from `server`, and the publisher's programs from `health`.
    pub(super) fn start(
        server: Server,
        listeners: Listeners,
        config: &Config,
        health: &Health,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let until_stopped = || {
            let mut stopped = stopped.clone();
            async move {
                // An error means that the sender is gone, and with it the daemon.
                let _ = stopped.wait_for(|stop| *stop).await;
            }
        };
        if let Some(admin) = listeners.admin {
            let (limits, until) = (config.limits.clone(), until_stopped());
            let health = health.admin();
            tokio::spawn(async move { http::serve_admin(admin, health, &limits, until).await });
        }
        if let (Some(door), Some(base)) = (listeners.redirect, &config.base_url) {
            let (limits, until) = (config.limits.clone(), until_stopped());
            let origin = base.origin().to_owned();
            tokio::spawn(async move { redirect::serve(door, origin, &limits, until).await });
        }
        let limits = config.limits.clone();
        let doors = listeners.readers;
        let readers = tokio::spawn(async move { server.serve(doors, &limits, stopped).await });
        Self {
            stop,
            readers,
            _paths: listeners.paths,
        }
    }

    /// Takes no more connections, and lets answers in flight finish within their limit.
    pub(super) async fn finish(self) {
        // Nobody to tell means that all have ended.
        let _ = self.stop.send(true);
        match self.readers.await {
            Ok(Ok(Drained::Complete)) => info!("stopped; every answer in flight was finished"),
            Ok(Ok(Drained::Cut(connections))) => {
                warn!(
                    connections,
                    "stopped; time was up for some answers in flight"
                );
            }
            Ok(Err(error)) => warn!(%error, "the server had failed"),
            Err(_) => warn!("the server had failed"),
        }
    }
}
