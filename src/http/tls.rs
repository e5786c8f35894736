//! TLS: certificates that are chosen by name and replaced while we serve. (RFC 8446, RFC 6066 section 3)
//!
//! A pair that does not fit together, or has had its time, never takes the place of one that works: that
//! is how a renewal looks in the moment between its two files.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use x509_cert::der::Decode;

/// Why a certificate and a key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate.
    #[error(
        "the certificate file holds no certificate: expected PEM, beginning with the site's own"
    )]
    NoCertificate(#[source] Option<pem::Error>),
    /// No key.
    #[error("the key file holds no private key: expected PEM without a passphrase")]
    NoKey(#[source] pem::Error),
    /// They don't fit together.
    #[error("certificate and key don't fit together")]
    Mismatch(#[source] rustls::Error),
    /// Not a certificate of a server.
    #[error("the certificate can't be read")]
    Malformed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Its time is over.
    #[error("the certificate expired at {0}")]
    Expired(Timestamp),
}

/// A certificate with its chain and key, checked.
#[derive(Clone, Debug)]
pub struct Pair {
    key: Arc<CertifiedKey>,
    /// When it expires.
    pub expires: Timestamp,
}

impl Pair {
    /// Reads the PEM text of two files, at the moment `now`.
    pub fn read(certificates: &[u8], key: &[u8], now: Timestamp) -> Result<Self, TlsError> {
        let pair = Self::read_whenever(certificates, key)?;
        if pair.expires <= now {
            return Err(TlsError::Expired(pair.expires));
        }
        Ok(pair)
    }

    /// [`Pair::read`], also if its time is over: with nothing better a site that people can still get
    /// at, after a warning, is more use than none.
    pub fn read_whenever(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| TlsError::NoCertificate(Some(error)))?;
        let first = chain.first().ok_or(TlsError::NoCertificate(None))?;
        let malformed = |error| TlsError::Malformed(Box::new(error));
        let parsed = x509_cert::Certificate::from_der(first).map_err(malformed)?;
        let until = parsed
            .tbs_certificate()
            .validity()
            .not_after
            .to_unix_duration();
        let expires = SignedDuration::try_from(until)
            .ok()
            .and_then(|until| Timestamp::from_duration(until).ok())
            .unwrap_or(Timestamp::MAX);
        let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsError::NoKey)?;
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
            .map_err(TlsError::Mismatch)?;
        let is_of_a_server = key.end_entity_cert().and_then(ParsedCertificate::try_from);
        is_of_a_server.map_err(|error| TlsError::Malformed(Box::new(error)))?;
        Ok(Self {
            key: Arc::new(key),
            expires,
        })
    }

    fn is_for(&self, name: &ServerName<'_>) -> bool {
        let certificate = self
            .key
            .end_entity_cert()
            .and_then(ParsedCertificate::try_from);
        certificate.is_ok_and(|certificate| verify_server_name(&certificate, name).is_ok())
    }
}

/// The certificates in use, for any thread.
#[derive(Debug)]
pub struct Certificates(ArcSwap<Vec<Pair>>);

impl Certificates {
    /// The first is for whoever names no host, or one that none is for.
    pub fn new(pairs: Vec<Pair>) -> Arc<Self> {
        Arc::new(Self(ArcSwap::from_pointee(pairs)))
    }

    /// Uses these from the next handshake on; connections that are there stay as they are.
    pub fn replace(&self, pairs: Vec<Pair>) {
        self.0.store(Arc::new(pairs));
    }

    /// Those in use now.
    pub fn current(&self) -> Arc<Vec<Pair>> {
        self.0.load_full()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let pairs = self.0.load();
        let name = hello
            .server_name()
            .and_then(|name| ServerName::try_from(name).ok());
        let named = name.and_then(|name| pairs.iter().find(|pair| pair.is_for(&name)));
        named.or(pairs.first()).map(|pair| Arc::clone(&pair.key))
    }
}

/// Speaks TLS 1.2 and 1.3 with `certificates`, and offers HTTP/2 and HTTP/1.1 by ALPN.
pub fn acceptor(certificates: Arc<Certificates>) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // So that who comes again, on any thread, does not pay for a whole handshake.
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
