//! TLS as readers meet it: versions of HTTP, names, refusals, and who comes without encryption. The
//! certificates are made here, by an authority of our own that the clients trust.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SerialNumber, date_time_ymd,
};
use tokio_rustls::rustls;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::support::{PATIENCE, Response, Setup, Tidings, eventually, head_of, request};

/// The site's name, as the harness has it in `base_url`.
pub(crate) const NAME: &str = "news.example.org";

/// The site's certificate, with the config that names it.
pub(crate) const TLS: &str = "[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n";

/// Issues certificates, and is trusted by our clients.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    /// The same for foreign programs.
    pub(crate) pem: String,
    serial: std::cell::Cell<u64>,
}

/// A certificate with its key, both PEM.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) cert: String,
    pub(crate) key: String,
    /// What clients see of it.
    pub(crate) der: Vec<u8>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "an authority for tests");
        let certificate = params.self_signed(&key).unwrap();
        Self {
            issuer: Issuer::new(params, key),
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            serial: 1.into(),
        }
    }

    /// A certificate for `names`, with a serial number that no other has.
    pub(crate) fn issue(&self, names: &[&str]) -> Issued {
        self.issue_until(names, 2099)
    }

    /// The same, from 2020 to the beginning of a year.
    pub(crate) fn issue_until(&self, names: &[&str], year: i32) -> Issued {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        self.serial.set(self.serial.get() + 1);
        params.serial_number = Some(SerialNumber::from(self.serial.get()));
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        Issued {
            cert: cert.pem(),
            key: key.serialize_pem(),
            der: cert.der().to_vec(),
        }
    }

    /// A client that trusts this authority alone, offers `alpn`, and never resumes a session: each
    /// handshake shows the certificate.
    pub(crate) fn client(&self, alpn: &[&str]) -> Arc<ClientConfig> {
        self.client_of(rustls::ALL_VERSIONS, alpn)
    }

    fn client_of(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        alpn: &[&str],
    ) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|it| it.as_bytes().to_vec()).collect();
        config.resumption = Resumption::disabled();
        Arc::new(config)
    }
}

impl Issued {
    /// Writes both into `folder`.
    pub(crate) fn write(&self, folder: &Path, cert: &str, key: &str) {
        fs::write(folder.join(cert), &self.cert).unwrap();
        fs::write(folder.join(key), &self.key).unwrap();
    }
}

/// A connection after its handshake.
pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Connects and completes the handshake, asking for `name`.
pub(crate) fn handshake(
    to: SocketAddr,
    client: &Arc<ClientConfig>,
    name: &str,
) -> std::io::Result<Tls> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connection = ClientConnection::new(Arc::clone(client), name).unwrap();
    let socket = TcpStream::connect(to)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    let mut stream = StreamOwned::new(connection, socket);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

/// The site's own certificate as the peer showed it.
pub(crate) fn shown(stream: &Tls) -> Vec<u8> {
    stream.conn.peer_certificates().unwrap()[0].to_vec()
}

/// One request by HTTP/1.1. That the end is announced, so that nobody can cut an answer short, is
/// checked by `rustls`: without it, there is an error.
pub(crate) fn ask(mut stream: Tls, method: &str, path: &str, fields: &[(&str, &str)]) -> Response {
    stream
        .write_all(head_of(method, NAME, path, fields).as_bytes())
        .unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    Response::read(method, &bytes)
}

/// That somebody speaks HTTP there; until the first scan is over, all is 503.
fn is_answered(stream: Tls) {
    let answer = ask(stream, "GET", "/nothing", &[]);
    assert!([404, 503].contains(&answer.status), "{answer:?}");
}

/// The program with a certificate for [`NAME`].
fn started(authority: &Authority) -> Tidings {
    started_with(authority, "")
}

/// The same with these `tables` in its settings.
pub(crate) fn started_with(authority: &Authority, tables: &str) -> Tidings {
    let setup = Setup::new().with_tables(TLS).with_tables(tables);
    authority
        .issue(&[NAME])
        .write(setup.folder(), "cert.pem", "key.pem");
    setup.start()
}

#[test]
fn readers_are_served_by_tls() {
    let authority = Authority::new();
    let tidings = started(&authority);
    let place = format!("https://{}", tidings.address());
    assert_eq!(tidings.places(), [place]);
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    let client = authority.client(&["http/1.1"]);
    let get = |fields: &[(&str, &str)]| {
        let stream = handshake(tidings.address(), &client, NAME).unwrap();
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        ask(stream, "GET", "/atom.xml", fields)
    };
    let answer = eventually("the entry is out", PATIENCE, || {
        Some(get(&[])).filter(|answer| answer.status == 200 && answer.text().contains("One"))
    });
    let tag = answer.header("etag").unwrap();
    assert_eq!(get(&[("If-None-Match", tag)]).status, 304);
}

/// TLS 1.2 is what old readers have; nothing older is spoken.
#[test]
fn the_version_of_http_is_chosen_by_alpn() {
    let authority = Authority::new();
    let tidings = started(&authority);
    let chosen = |offered: &[&str]| {
        let client = authority.client(offered);
        let stream = handshake(tidings.address(), &client, NAME).unwrap();
        let chosen = stream.conn.alpn_protocol().map(<[u8]>::to_vec);
        chosen.map(|it| String::from_utf8(it).unwrap())
    };
    assert_eq!(chosen(&["h2", "http/1.1"]).as_deref(), Some("h2"));
    assert_eq!(chosen(&["http/1.1", "h2"]).as_deref(), Some("h2"));
    assert_eq!(chosen(&["http/1.1"]).as_deref(), Some("http/1.1"));
    assert_eq!(chosen(&[]), None);
    // Who speaks none of ours is told so at once. (RFC 7301 section 3.2)
    let client = authority.client(&["spdy/3"]);
    let error = handshake(tidings.address(), &client, NAME).unwrap_err();
    assert!(
        error.to_string().contains("NoApplicationProtocol"),
        "{error}"
    );

    // Without ALPN it is HTTP/1.1.
    let stream = handshake(tidings.address(), &authority.client(&[]), NAME).unwrap();
    is_answered(stream);

    let old = authority.client_of(&[&rustls::version::TLS12], &["http/1.1"]);
    let stream = handshake(tidings.address(), &old, NAME).unwrap();
    assert_eq!(
        stream.conn.protocol_version(),
        Some(rustls::ProtocolVersion::TLSv1_2)
    );
    is_answered(stream);
}

#[test]
fn the_certificate_is_chosen_by_name() {
    let authority = Authority::new();
    let setup = Setup::new().with_tables(TLS).with_tables(
        "[[tls.more]]\ncert = \"wild.pem\"\nkey = \"wild-key.pem\"\n\
         [[tls.more]]\ncert = \"ip.pem\"\nkey = \"ip-key.pem\"\n",
    );
    let site = authority.issue(&[NAME]);
    let wild = authority.issue(&["*.example.net", "example.net", NAME]);
    let ip = authority.issue(&["127.0.0.1"]);
    site.write(setup.folder(), "cert.pem", "key.pem");
    wild.write(setup.folder(), "wild.pem", "wild-key.pem");
    ip.write(setup.folder(), "ip.pem", "ip-key.pem");
    let tidings = setup.start();
    let client = authority.client(&["http/1.1"]);
    let check = |name: &str, expected: &Issued| {
        let stream = handshake(tidings.address(), &client, name).unwrap();
        assert_eq!(shown(&stream), expected.der, "{name}");
        // What is served is the same site, whatever its name.
        is_answered(stream);
    };
    // The first that is for the name.
    check(NAME, &site);
    check("NEWS.example.ORG", &site);
    check("example.net", &wild);
    check("a.example.net", &wild);

    // A wildcard is for one label. None is for these, so the first is shown, and the client refuses
    // it: it is no match, but never nothing.
    for name in ["a.b.example.net", "example.com", "127.0.0.1"] {
        let error = handshake(tidings.address(), &client, name).unwrap_err();
        assert!(error.to_string().contains("not valid for name"), "{error}");
        assert!(error.to_string().contains(NAME), "{name}: {error}");
    }
}

#[test]
fn who_speaks_in_the_clear_where_tls_is_spoken_is_not_answered() {
    let authority = Authority::new();
    let tidings = started(&authority);
    for words in [
        &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        b"\0\0\0\0\0\0\0\0\0\0",
    ] {
        let mut peer = TcpStream::connect(tidings.address()).unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        peer.write_all(words).unwrap();
        let mut bytes = Vec::new();
        match peer.read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
        }
        // Nothing, or the alert of TLS.
        assert!(bytes.is_empty() || bytes[0] == 21, "{bytes:?}");
        assert!(bytes.len() <= 7, "{bytes:?}");
    }
    // And it goes on.
    let stream = handshake(tidings.address(), &authority.client(&["h2"]), NAME);
    assert!(stream.is_ok());
}

/// `limits.header_timeout` covers the handshake.
#[test]
fn a_handshake_that_never_goes_on_is_ended() {
    let authority = Authority::new();
    let tidings = started_with(&authority, "[limits]\nheader_timeout = \"500ms\"\n");
    let mut hello = Vec::new();
    let name = ServerName::try_from(NAME).unwrap();
    let mut client = ClientConnection::new(authority.client(&["h2"]), name).unwrap();
    client.write_tls(&mut hello).unwrap();
    for part in [0, 1, 5, hello.len() / 2, hello.len()] {
        let start = Instant::now();
        let mut peer = TcpStream::connect(tidings.address()).unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        peer.write_all(&hello[..part]).unwrap();
        let ended = peer.read_to_end(&mut Vec::new());
        let took = start.elapsed();
        if let Err(error) = ended {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        }
        assert!(took >= Duration::from_millis(400), "{part}: {took:?}");
        assert!(took < Duration::from_secs(10), "{part}: {took:?}");
    }
}

#[test]
fn who_comes_without_encryption_is_sent_to_it() {
    let authority = Authority::new();
    let setup = Setup::new()
        .with("base_url", "\"https://news.example.org/harbour/\"")
        .with_tables(TLS)
        .with_tables("redirect_listen = \"127.0.0.1:0\"\n");
    authority
        .issue(&[NAME])
        .write(setup.folder(), "cert.pem", "key.pem");
    let tidings = setup.start();
    let at: SocketAddr = eventually("its address is said", PATIENCE, || {
        let log = tidings.log();
        let (_, line) = log.split_once("  redirect")?;
        let (line, _) = line.split_once('\n')?;
        let address = line.trim().strip_prefix("http://")?;
        address.trim_end_matches('/').parse().ok()
    });
    for (method, path, host) in [
        ("GET", "/", "news.example.org"),
        ("GET", "/harbour/rss.xml?a=b", "news.example.org:80"),
        ("HEAD", "/harbour/", "evil.example"),
        ("GET", "//evil.example/%0d%0aSet-Cookie:x", "evil.example"),
    ] {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let mut peer = TcpStream::connect(at).unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        peer.write_all(head.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        peer.read_to_end(&mut bytes).unwrap();
        let answer = Response::read(method, &bytes);
        assert_eq!(answer.status, 308, "{answer:?}");
        let expected = format!("https://news.example.org{path}");
        assert_eq!(answer.header("location"), Some(expected.as_str()));
        let fresh = answer.header("cache-control");
        assert_eq!(fresh, Some("public, max-age=86400"));
    }
    assert_eq!(request(at, "POST", "/", &[]).status, 405);
    assert_eq!(request(at, "GET", "/healthz", &[]).status, 308);
}

/// A site must not start in the clear, or with nothing, because of a slip.
#[test]
fn certificates_that_cannot_be_used_are_refused_at_the_start() {
    let authority = Authority::new();
    let (one, other) = (authority.issue(&[NAME]), authority.issue(&[NAME]));
    let locked = one.key.replace(" PRIVATE KEY", " ENCRYPTED PRIVATE KEY");
    let check = |cert: Option<&str>, key: Option<&str>, expected: &[&str]| {
        let setup = Setup::new().with_tables(TLS);
        for (name, text) in [("cert.pem", cert), ("key.pem", key)] {
            if let Some(text) = text {
                fs::write(setup.folder().join(name), text).unwrap();
            }
        }
        let (code, said) = setup.ends();
        assert_eq!(code, Some(2), "{said}");
        for part in expected {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("listening"), "{said}");
        assert!(!said.contains("PRIVATE"), "{said}");
    };
    let (cert, key) = (Some(one.cert.as_str()), Some(one.key.as_str()));
    check(None, key, &["can't read `cert.pem`"]);
    check(cert, None, &["can't read `key.pem`"]);
    check(
        cert,
        Some(&other.key),
        &["`cert.pem`", "`key.pem`", "don't fit together"],
    );
    check(
        cert,
        Some(&locked),
        &["`key.pem`", "expected PEM without a passphrase"],
    );
    check(cert, Some(""), &["`key.pem`", "holds no private key"]);
    check(Some(""), key, &["`cert.pem`", "holds no certificate"]);
    // The wrong way round.
    check(key, cert, &["`cert.pem`", "holds no certificate"]);
    let broken = one.cert.replacen('M', "!", 1);
    check(Some(&broken), key, &["`cert.pem`"]);
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    check(Some(garbage), key, &["`cert.pem`", "can't be read"]);
}

/// With nothing better, people who come all the same are better off than with no site.
#[test]
fn an_expired_certificate_is_used_at_the_start_and_told() {
    let authority = Authority::new();
    let setup = Setup::new().with_tables(TLS);
    authority
        .issue_until(&[NAME], 2021)
        .write(setup.folder(), "cert.pem", "key.pem");
    let tidings = setup.start();
    let said = |part: &str| tidings.log().matches(part).count();
    assert_eq!(said("the certificate has expired"), 1);
    let client = authority.client(&["h2"]);
    let error = handshake(tidings.address(), &client, NAME).unwrap_err();
    assert!(error.to_string().contains("expired"), "{error}");
    // The first scan may not have come to its end yet.
    eventually("readiness tells it", PATIENCE, || {
        let (_, told) = tidings.readiness();
        told.contains("a certificate ends").then_some(())
    });

    let good = authority.issue(&[NAME]);
    good.write(tidings.folder(), "cert.pem", "key.pem");
    eventually("the renewal is used", PATIENCE, || {
        let stream = handshake(tidings.address(), &client, NAME).ok()?;
        (shown(&stream) == good.der).then_some(())
    });
    eventually("that is no more trouble", PATIENCE, || {
        (!tidings.readiness().1.contains("a certificate ends")).then_some(())
    });
}
