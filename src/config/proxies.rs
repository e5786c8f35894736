//! `trusted_proxies`: whose word counts about who a client is.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Serialize, Serializer};

/// The word for those who connect at a Unix socket: they have no address.
const UNIX: &str = "unix";

/// The proxies that say who a client is, and are believed. None by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TrustedProxies(Vec<Proxy>);

/// One element of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    /// Whoever connects at a Unix socket.
    Unix,
    /// All of a network; a single address is one of that size.
    Network(IpNet),
}

impl TrustedProxies {
    pub(super) fn new(proxies: Vec<Proxy>) -> Self {
        Self(proxies)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the proxy at `address` is believed. An IPv4 address may be written as IPv6.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0
            .iter()
            .any(|proxy| matches!(proxy, Proxy::Network(network) if network.contains(&address)))
    }

    /// Whether those who connect at a Unix socket are believed.
    pub fn trusts_unix(&self) -> bool {
        self.0.contains(&Proxy::Unix)
    }
}

impl Proxy {
    /// Reads `unix`, an address, or a network.
    pub(super) fn parse(raw: &str) -> Result<Self, String> {
        let text = raw.trim();
        if text == UNIX {
            return Ok(Self::Unix);
        }
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse().map_err(|_| {
                format!(
                    "`{raw}` is no proxy: expected for example 192.0.2.1, 10.0.0.0/8, \
                     2001:db8::/32 or unix"
                )
            })?,
        };
        if network.trunc() != network {
            return Err(format!(
                "`{raw}` is in the middle of a network: expected {}, or the address alone",
                network.trunc()
            ));
        }
        if network.prefix_len() == 0 {
            return Err(format!(
                "`{raw}` is everybody, and then every client may say that it is another: expected \
                 the addresses of your proxies alone"
            ));
        }
        Ok(Self::Network(canonical(network)))
    }
}

/// IPv4 that is written as IPv6 is IPv4, as the addresses that it is compared with.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else {
        return network;
    };
    mapped
        .addr()
        .to_ipv4_mapped()
        .zip(mapped.prefix_len().checked_sub(96))
        .and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok())
        .map_or(network, IpNet::V4)
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix => f.write_str(UNIX),
            Self::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().fmt(f)
            }
            Self::Network(network) => network.fmt(f),
        }
    }
}

impl Serialize for Proxy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_addresses_are_trusted() {
        let check = |list: &str, address: &str, expected: bool| {
            let proxies = list.split(' ').map(|raw| Proxy::parse(raw).unwrap());
            let proxies = TrustedProxies::new(proxies.collect());
            let trusts = proxies.trusts(address.parse().unwrap());
            assert_eq!(trusts, expected, "{list}: {address}");
        };
        check("192.0.2.1", "192.0.2.1", true);
        check("192.0.2.1", "192.0.2.2", false);
        check("192.0.2.1", "::ffff:192.0.2.1", true);
        check("::ffff:192.0.2.1", "192.0.2.1", true);
        check("::ffff:10.0.0.0/104", "10.255.0.1", true);
        check("::ffff:10.0.0.0/104", "11.0.0.1", false);
        check("10.0.0.0/8 2001:db8::/32", "10.1.2.3", true);
        check("10.0.0.0/8 2001:db8::/32", "2001:db8:ffff::1", true);
        check("10.0.0.0/8 2001:db8::/32", "2001:db9::1", false);
        check("::/1", "10.0.0.1", false);
        check("unix", "127.0.0.1", false);
    }

    #[test]
    fn nobody_is_trusted_by_default() {
        let nobody = TrustedProxies::default();
        assert!(nobody.is_empty() && !nobody.trusts_unix());
        assert!(!nobody.trusts(std::net::Ipv4Addr::LOCALHOST.into()));
        let unix = TrustedProxies::new(vec![Proxy::parse(" unix ").unwrap()]);
        assert!(!unix.is_empty() && unix.trusts_unix());
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let check = |raw: &str, expected: &str| {
            let proxy = Proxy::parse(raw).unwrap();
            assert_eq!(proxy.to_string(), expected, "{raw}");
            assert_eq!(Proxy::parse(expected), Ok(proxy), "{raw}");
        };
        check("unix", "unix");
        check(" 192.0.2.1/32", "192.0.2.1");
        check("2001:DB8:0::/32", "2001:db8::/32");
        check("::1", "::1");
        check("::ffff:10.0.0.0/104", "10.0.0.0/8");
    }
}
