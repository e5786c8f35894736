//! The listeners: where they are, and their start and end.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::StartError;
use crate::config::{AdminListen, Limits};
use crate::feed::Format;
use crate::http::{self, Drained, Server, admin};
use crate::site::Settings;

/// Where the admin listener is looked for first when nobody says where it should be.
const ADMIN_PORT: u16 = 7374;

/// Sockets that are bound, and not served yet: what comes in waits.
pub(super) struct Listeners {
    readers: TcpListener,
    admin: Option<TcpListener>,
    /// Where readers connect.
    pub(super) address: SocketAddr,
}

impl Listeners {
    /// Binds both.
    pub(super) async fn bind(readers: SocketAddr, admin: AdminListen) -> Result<Self, StartError> {
        let wished = readers;
        let readers = listen(wished).await?;
        let address = readers
            .local_addr()
            .map_err(|error| StartError::Listen(wished, error))?;
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let admin = match admin {
            AdminListen::Off => None,
            AdminListen::At(address) => Some(listen(address).await?),
            AdminListen::Auto => Some(match listen(loopback(ADMIN_PORT)).await {
                Ok(listener) => listener,
                // Another daemon, for another folder, may well be there.
                Err(_) => listen(loopback(0)).await?,
            }),
        };
        Ok(Self {
            readers,
            admin,
            address,
        })
    }

    /// Says where we are, in plain lines that programs and people may rely on.
    pub(super) fn announce(&self, settings: &Settings) {
        let mut stderr = io::stderr().lock();
        // Nobody may be listening to us; the daemon works all the same.
        let _ = writeln!(stderr, "listening on http://{}", self.address);
        for format in Format::ALL {
            let _ = writeln!(
                stderr,
                "  {:<10}{}{}",
                format.name(),
                settings.base,
                format.file_name()
            );
        }
        if let Some(Ok(admin)) = self.admin.as_ref().map(TcpListener::local_addr) {
            let _ = writeln!(stderr, "  {:<10}http://{admin}/readyz", "health");
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| StartError::Listen(address, error))
}

/// Listeners that are served.
pub(super) struct Serving {
    stop: watch::Sender<bool>,
    readers: JoinHandle<Drained>,
}

impl Serving {
    /// Serves readers from `server`, and the publisher's programs from `health`.
    pub(super) fn start(
        server: Server,
        listeners: Listeners,
        limits: &Limits,
        health: Arc<admin::Health>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let until_stopped = || {
            let mut stopped = stopped.clone();
            async move {
                // An error means that the sender is gone, and with it the daemon.
                let _ = stopped.wait_for(|stop| *stop).await;
            }
        };
        let Listeners { readers, admin, .. } = listeners;
        if let Some(admin) = admin {
            let (limits, until) = (limits.clone(), until_stopped());
            tokio::spawn(async move { http::serve_admin(admin, health, &limits, until).await });
        }
        let (limits, until) = (limits.clone(), until_stopped());
        let readers = tokio::spawn(async move { server.serve(readers, &limits, until).await });
        Self { stop, readers }
    }

    /// Takes no more connections, and lets answers in flight finish within their limit.
    pub(super) async fn finish(self) {
        // Nobody to tell means that all have ended.
        let _ = self.stop.send(true);
        match self.readers.await {
            Ok(Drained::Complete) => info!("stopped; every answer in flight was finished"),
            Ok(Drained::Cut(connections)) => {
                warn!(
                    connections,
                    "stopped; time was up for some answers in flight"
                );
            }
            Err(_) => warn!("the server had failed"),
        }
    }
}
