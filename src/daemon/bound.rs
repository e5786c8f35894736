//! Sockets that are bound, for readers and for others.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpSocket;
#[cfg(unix)]
use tokio::net::UnixListener;

use super::StartError;
#[cfg(unix)]
use super::control::listen_for_owner;
use super::passed::{ADMIN_PORT, Passed};
use super::serving::Listeners;
use crate::config::Listen;
use crate::http::{Listener, Socket};

/// Whom a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Readers,
    Redirect,
    Admin,
}

/// A socket, and where it was asked for: port 0 is another one once it is bound.
pub(super) struct Bound {
    pub(super) place: Listen,
    pub(super) socket: Socket,
    /// Where it lies in the file system.
    pub(super) path: Option<Arc<SocketPath>>,
}

/// Connections that wait to be accepted, if the kernel allows so many (`net.core.somaxconn`). Where it has
/// no room it forgets that somebody came, and they ask again after one second, three, seven; the usual
/// 1024 were seen not to be enough for two thousand clients who came at once.
const QUEUE: u32 = 4096;

impl Bound {
    /// Where nobody says where it should be.
    pub(super) async fn for_admin(
        before: Option<&Listeners>,
        passed: &Passed,
    ) -> Result<Self, StartError> {
        let places = [ADMIN_PORT, 0].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let [usual, any] = places.map(Listen::At);
        let find = |place| before.and_then(|it| it.find(place, Role::Admin, 0));
        let elsewhere = find(&any);
        if elsewhere.is_none()
            && let Ok(bound) = Self::at(&usual, Role::Admin, find(&usual), passed).await
        {
            return Ok(bound);
        }
        // Another daemon, for another folder, may well be at the usual one.
        Self::at(&any, Role::Admin, elsewhere, passed).await
    }

    /// At `place`: the socket that is `known` to be there or was `passed` in, or a new one.
    pub(super) async fn at(
        place: &Listen,
        role: Role,
        known: Option<&Self>,
        passed: &Passed,
    ) -> Result<Self, StartError> {
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
                let (listener, path) = SocketPath::listen(path, role).await.map_err(failed)?;
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
    pub(super) fn listener(&self) -> io::Result<Listener> {
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
pub(super) struct SocketPath(PathBuf);

impl SocketPath {
    /// Listens at `path`, where a socket of a daemon that is no more is replaced. At that of readers whoever may
    /// enter the folder may connect, as to a port; at others this user alone.
    #[cfg(unix)]
    async fn listen(path: &Path, role: Role) -> io::Result<(Listener, Self)> {
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
        if role != Role::Readers {
            let listener = UnixListener::from_std(listen_for_owner(path)?)?;
            return Ok((Listener::Unix(listener), Self(path.to_owned())));
        }
        let listener = UnixListener::bind(path)?;
        let path = Self(path.to_owned());
        let everybody = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(&path.0, everybody)?;
        Ok((Listener::Unix(listener), path))
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_async, reason = "as elsewhere")]
    async fn listen(_: &Path, _: Role) -> io::Result<(Listener, Self)> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Drop for SocketPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
