//! The listeners: where they are, and their start and end.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use super::StartError;
use super::bound::{Bound, Role};
use super::health::Health;
use super::passed::Passed;
use crate::config::{AdminListen, Config, Listen, LogFormat};
use crate::feed::Format;
use crate::http::admin::Pages;
use crate::http::{self, Door, Drained, Entrance, Readers, Server, redirect};
use crate::site::Settings;

/// Sockets that are bound: who connects waits until they are served.
pub(super) struct Listeners {
    readers: Vec<Bound>,
    redirect: Option<Bound>,
    admin: Option<Bound>,
    entrances: Entrances,
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
            readers.push(Bound::at(place, Role::Readers, known, passed).await?);
        }
        let at = async |place, role| {
            let known = before.and_then(|it| it.find(&place, role, 0));
            Bound::at(&place, role, known, passed).await
        };
        let redirect = config.tls.as_ref().and_then(|tls| tls.redirect_listen);
        let redirect = match redirect {
            Some(address) => Some(at(Listen::At(address), Role::Redirect).await?),
            None => None,
        };
        let admin = match config.admin_listen {
            AdminListen::Off => None,
            AdminListen::At(address) => Some(at(Listen::At(address), Role::Admin).await?),
            AdminListen::Unix(ref path) => Some(at(Listen::Unix(path.clone()), Role::Admin).await?),
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
    pub(super) fn find(&self, place: &Listen, role: Role, before: usize) -> Option<&Bound> {
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

    /// Says where we are, in plain lines that programs and people may rely on; where the log is for
    /// programs, as a part of it.
    pub(super) fn announce(&self, settings: &Settings, format: LogFormat) {
        let mut places = Vec::new();
        let scheme = self.entrances.address.tls.as_ref();
        let scheme = scheme.map_or("http", |_| "https");
        for bound in &self.readers {
            places.push(match bound.socket.address() {
                Some(address) => format!("{scheme}://{address}"),
                None => bound.place.to_string(),
            });
        }
        let feeds = Format::ALL.map(|format| {
            let address = format!("{}{}", settings.base, format.file_name());
            (format.name(), address)
        });
        let mut addresses = Vec::from(feeds);
        if let Some(address) = self.redirect.as_ref().and_then(|it| it.socket.address()) {
            addresses.push(("redirect", format!("http://{address}/")));
        }
        if let Some(admin) = &self.admin {
            if let Some(address) = admin.socket.address() {
                addresses.push(("health", format!("http://{address}/readyz")));
                addresses.push(("status", format!("http://{address}/status")));
            } else {
                addresses.push(("health", admin.place.to_string()));
            }
        }
        if format == LogFormat::Json {
            for address in places {
                info!(address, "listening");
            }
            for (what, address) in addresses {
                info!(what, address, "serving");
            }
            return;
        }
        let mut text = String::new();
        for place in places {
            // Writing to a String can't fail.
            let _ = writeln!(text, "listening on {place}");
        }
        for (what, address) in addresses {
            let _ = writeln!(text, "  {what:<10}{address}");
        }
        // Nobody may be listening to us; the daemon works all the same.
        let _ = io::stderr().lock().write_all(text.as_bytes());
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
