//! Where connections come in: TCP, or a Unix socket for a proxy on the same machine.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use super::client::Client;
use super::stream::Accepted;

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    /// At an address.
    Tcp(TcpListener),
    /// At a path.
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Listener {
    /// The address; `None` for a path.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }

    /// The next connection, and who is at its other end.
    pub(super) async fn accept(&self) -> io::Result<(Accepted, Client)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                Ok((stream.into(), Client::peer(address.ip())))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((stream.into(), Client::Unix))
            }
        }
    }

    /// Takes it out of the runtime it was made in.
    pub fn park(self) -> io::Result<Socket> {
        Ok(match self {
            Self::Tcp(listener) => Socket::Tcp(listener.into_std()?),
            #[cfg(unix)]
            Self::Unix(listener) => Socket::Unix(listener.into_std()?),
        })
    }
}

/// A socket that listens, and that nobody waits at: who connects waits in the kernel's queue.
#[derive(Debug)]
#[expect(
    clippy::disallowed_types,
    reason = "tokio's types belong to one runtime, and these are on their way to several"
)]
pub enum Socket {
    /// At an address.
    Tcp(std::net::TcpListener),
    /// At a path.
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener),
}

impl Socket {
    /// The address; `None` for a path.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }

    /// The same socket once more.
    ///
    /// One socket for all threads, and not one each by `SO_REUSEPORT`: with that option a second daemon
    /// would share the port without an error, and be given half of the connections.
    pub fn share(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(listener) => Self::Tcp(listener.try_clone()?),
            #[cfg(unix)]
            Self::Unix(listener) => Self::Unix(listener.try_clone()?),
        })
    }

    /// Puts it into the runtime that was entered here.
    pub fn wake(self) -> io::Result<Listener> {
        Ok(match self {
            Self::Tcp(listener) => Listener::Tcp(TcpListener::from_std(listener)?),
            #[cfg(unix)]
            Self::Unix(listener) => Listener::Unix(UnixListener::from_std(listener)?),
        })
    }
}
