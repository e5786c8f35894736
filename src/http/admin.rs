//! The admin listener: whether the daemon lives, and whether it does its work; and what else the daemon has
//! for its publisher's eyes alone, as [`Pages`].

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request;
use hyper::{Method, Response, StatusCode};

use super::{host, respond};

/// Why the daemon does not do its work as it should, if so. The daemon fills it; any thread reads.
///
/// Until the first word it is not ready.
#[derive(Debug)]
pub struct Health(ArcSwap<Vec<String>>);

impl Health {
    /// Not ready yet: starting.
    #[expect(
        clippy::new_without_default,
        reason = "a beginning, not a default: nobody should get one by accident"
    )]
    pub fn new() -> Self {
        Self(ArcSwap::from_pointee(vec!["starting".to_owned()]))
    }

    /// Sets all the reasons why it is not ready, one line each; none means ready.
    pub fn set(&self, reasons: Vec<String>) {
        self.0.store(Arc::new(reasons));
    }

    /// The reasons why it is not ready; empty when it is.
    pub fn reasons(&self) -> Arc<Vec<String>> {
        self.0.load_full()
    }
}

/// A page that is written when it is asked for.
pub trait Page: Send + Sync {
    /// Writes it for who accepts these media types, as the field says.
    fn write(&self, accept: &str) -> Written;
}

/// What became of a page.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its media type, with its charset.
    pub content_type: &'static str,
    /// All of it.
    pub body: Bytes,
    /// What it may load and do in a browser; `None`: nothing.
    pub policy: Option<&'static str>,
}

/// Pages by their paths.
pub type Pages = Vec<(&'static str, Arc<dyn Page>)>;

/// Answers `request`, which came in at a listener at `listening`.
///
/// `Host` must name this machine: else a web page could rebind a name of its own to our address and
/// read what is for the publisher alone. Other hosts are answered with 421. (RFC 9110 section
/// 15.5.20)
pub fn respond(
    request: &request::Parts,
    health: &Health,
    pages: &Pages,
    listening: IpAddr,
) -> Response<Bytes> {
    let Ok(host) = host::check(request) else {
        return failure(StatusCode::BAD_REQUEST);
    };
    // HTTP/1.0 may leave it out; no browser does.
    if host.is_some_and(|host| !is_us(host, listening)) {
        return failure(StatusCode::MISDIRECTED_REQUEST);
    }
    if request.method != Method::GET && request.method != Method::HEAD {
        let mut response = failure(StatusCode::METHOD_NOT_ALLOWED);
        let methods = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, methods);
        return response;
    }
    match request.uri.path() {
        "/healthz" => plain(StatusCode::OK, "ok\n"),
        "/readyz" => match health.reasons().as_slice() {
            [] => plain(StatusCode::OK, "ready\n"),
            reasons => {
                let lines: String = reasons.iter().flat_map(|line| [line, "\n"]).collect();
                plain(StatusCode::SERVICE_UNAVAILABLE, lines)
            }
        },
        path => match pages.iter().find(|(place, _)| *place == path) {
            Some((_, page)) => {
                let accept = request.headers.get_all(ACCEPT).into_iter();
                let accept: Vec<&str> = accept.filter_map(|it| it.to_str().ok()).collect();
                let written = page.write(&accept.join(","));
                let mut response = plain(StatusCode::OK, written.body);
                let fields = response.headers_mut();
                let content_type = HeaderValue::from_static(written.content_type);
                fields.insert(CONTENT_TYPE, content_type);
                if let Some(policy) = written.policy {
                    let policy = HeaderValue::from_static(policy);
                    fields.insert(CONTENT_SECURITY_POLICY, policy);
                }
                // Where it leads is public; that it exists is nobody's business there.
                let nothing = HeaderValue::from_static("no-referrer");
                fields.insert(REFERRER_POLICY, nothing);
                response
            }
            None => failure(StatusCode::NOT_FOUND),
        },
    }
}

/// Whether `host` is this machine by a name that nobody else can own: `localhost`, an address of the
/// loopback, or where we listen. When that is everywhere, any address will do: only names rebind.
fn is_us(host: &str, listening: IpAddr) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => {
            let address = address.to_canonical();
            address.is_loopback()
                || listening.is_unspecified()
                || address == listening.to_canonical()
        }
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// What is told where a page can't be written.
pub(super) fn broken() -> Response<Bytes> {
    failure(StatusCode::SERVICE_UNAVAILABLE)
}

/// As everywhere, less what lets pages of other sites read it.
fn failure(status: StatusCode) -> Response<Bytes> {
    let public = respond::failure(status);
    let mut response = plain(status, public.body().clone());
    for name in [ALLOW, hyper::header::CONNECTION] {
        if let Some(value) = public.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

fn plain(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let fields = response.headers_mut();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    fields.insert(CONTENT_TYPE, text);
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    fields.insert(CONTENT_SECURITY_POLICY, respond::SEALED_POLICY);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;
    use hyper::header::HOST;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    /// Says what was accepted.
    struct Echo;

    impl Page for Echo {
        fn write(&self, accept: &str) -> Written {
            Written {
                content_type: "text/x-echo",
                body: accept.to_owned().into(),
                policy: Some("default-src 'self'"),
            }
        }
    }

    fn ask(method: &str, host: &str, path: &str, health: &Health, at: IpAddr) -> Response<Bytes> {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(HOST, host).header(ACCEPT, "a/b");
        let request = request.header(ACCEPT, "c/d").body(()).unwrap();
        let pages: Pages = vec![("/echo", Arc::new(Echo))];
        respond(&request.into_parts().0, health, &pages, at)
    }

    #[test]
    fn alive_and_ready_are_two_things() {
        let health = Health::new();
        let check = |health: &Health, path: &str, status: u16, body: &str| {
            for method in ["GET", "HEAD"] {
                let response = ask(method, "localhost", path, health, HERE);
                assert_eq!(response.status(), status, "{path}");
                assert_eq!(response.body(), body, "{path}");
            }
        };
        check(&health, "/healthz", 200, "ok\n");
        check(&health, "/readyz", 503, "starting\n");
        health.set(Vec::new());
        check(&health, "/readyz", 200, "ready\n");
        check(&health, "/readyz?verbose", 200, "ready\n");
        health.set(vec!["the folder is away".into(), "the disk is full".into()]);
        let both = "the folder is away\nthe disk is full\n";
        check(&health, "/readyz", 503, both);
        check(&health, "/healthz", 200, "ok\n");
    }

    #[test]
    fn a_page_is_written_for_who_asks() {
        let health = Health::new();
        let response = ask("GET", "localhost", "/echo?x", &health, HERE);
        assert_eq!(
            (response.status().as_u16(), &**response.body()),
            (200, &b"a/b,c/d"[..])
        );
        assert_eq!(response.headers()[CONTENT_TYPE], "text/x-echo");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let policy = &response.headers()[CONTENT_SECURITY_POLICY];
        assert_eq!(policy, "default-src 'self'");
        for (method, host, path, status) in [
            ("POST", "localhost", "/echo", 405),
            ("GET", "evil.example", "/echo", 421),
            ("GET", "localhost", "/echo/", 404),
        ] {
            assert_eq!(
                ask(method, host, path, &health, HERE).status(),
                status,
                "{path}"
            );
        }
    }

    #[test]
    fn nothing_else_is_here() {
        let health = Health::new();
        let status = |method, path| ask(method, "localhost", path, &health, HERE).status();
        assert_eq!(status("GET", "/"), 404);
        assert_eq!(status("GET", "/healthz/"), 404);
        assert_eq!(status("GET", "/atom.xml"), 404);
        assert_eq!(status("POST", "/healthz"), 405);
        assert_eq!(status("OPTIONS", "/healthz"), 405);
        let wrong = ask("POST", "localhost", "/healthz", &health, HERE);
        assert_eq!(wrong.headers().get(ALLOW).unwrap(), "GET, HEAD");
        let open = hyper::header::ACCESS_CONTROL_ALLOW_ORIGIN;
        assert!(!wrong.headers().contains_key(open));
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let health = Health::new();
        let everywhere = "0.0.0.0".parse().unwrap();
        let check = |host: &str, at: IpAddr, expected: u16| {
            let status = ask("GET", host, "/healthz", &health, at).status();
            assert_eq!(status, expected, "{host:?} at {at}");
        };
        for host in [
            "localhost",
            "LOCALHOST:7374",
            "127.0.0.1:7374",
            "127.9.9.9",
            "[::1]:7374",
            "192.0.2.7:7374",
            "[::ffff:192.0.2.7]",
            "[::ffff:127.0.0.1]",
        ] {
            check(host, HERE, 200);
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.8",
            "[::2]",
            "",
        ] {
            check(host, HERE, 421);
        }
        check("192.0.2.8", everywhere, 200);
        check("evil.example", everywhere, 421);
        check("a b", HERE, 400);
    }

    #[test]
    fn probes_of_http_1_0_need_no_host() {
        let request = Request::builder().version(hyper::Version::HTTP_10);
        let request = request.uri("/healthz").body(()).unwrap();
        let response = respond(&request.into_parts().0, &Health::new(), &Vec::new(), HERE);
        assert_eq!(response.status(), 200);
    }
}
