//! A listener that sends everybody to the same path by https.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, HeaderValue, LOCATION};
use hyper::http::request;
use hyper::{Method, Response, StatusCode};

use super::body::Content;
use super::client::Client;
use super::{Answering, Drained, Entrance, Listener, Reply, host, respond, serve_few};
use crate::config::Limits;

/// Places: an answer takes no time, and the next request is on another connection.
const PLACES: usize = 256;

/// Serves redirects at `listener` until `stop`. `origin` is scheme and authority of the site, without a
/// slash: where people are sent must never come from what they sent.
pub async fn serve(
    (listener, entrance): (Listener, Entrance),
    origin: String,
    limits: &Limits,
    stop: impl Future<Output = ()> + Send,
) -> Drained {
    serve_few(
        listener,
        entrance,
        Redirect { origin },
        PLACES,
        limits,
        stop,
    )
    .await
}

struct Redirect {
    origin: String,
}

impl Answering for Redirect {
    fn answer(self: &Arc<Self>, request: request::Parts, _: Client) -> Reply {
        Reply::Now(redirect(&request, &self.origin).map(Content::Bytes))
    }
}

/// 308, with path and query as they came.
fn redirect(request: &request::Parts, origin: &str) -> Response<Bytes> {
    let path = request
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str());
    if host::check(request).is_err() || !path.starts_with('/') {
        return respond::failure(StatusCode::BAD_REQUEST);
    }
    if request.method != Method::GET && request.method != Method::HEAD {
        return respond::failure(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Ok(location) = HeaderValue::try_from(format!("{origin}{path}")) else {
        return respond::failure(StatusCode::BAD_REQUEST);
    };
    let mut response = respond::failure(StatusCode::PERMANENT_REDIRECT);
    let fields = response.headers_mut();
    fields.insert(LOCATION, location);
    // A day: for ever would be too long for a site whose certificate is lost.
    let fresh = HeaderValue::from_static("public, max-age=86400");
    fields.insert(CACHE_CONTROL, fresh);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;
    use hyper::header::HOST;

    #[test]
    fn everybody_is_sent_to_the_site_and_nowhere_else() {
        let check = |method: &str, host: &str, path: &str, expected: Result<&str, u16>| {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(HOST, host);
            let (request, ()) = request.body(()).unwrap().into_parts();
            let response = redirect(&request, "https://example.org");
            match expected {
                Ok(location) => {
                    assert_eq!(response.status(), 308, "{path}");
                    assert_eq!(response.headers()[LOCATION], *location);
                }
                Err(status) => assert_eq!(response.status(), status, "{method} {path}"),
            }
        };
        check("GET", "example.org", "/", Ok("https://example.org/"));
        check(
            "HEAD",
            "evil.example",
            "/rss.xml?a=b",
            Ok("https://example.org/rss.xml?a=b"),
        );
        check(
            "GET",
            "a",
            "//evil.example/",
            Ok("https://example.org//evil.example/"),
        );
        check(
            "GET",
            "a",
            "http://evil.example/x",
            Ok("https://example.org/x"),
        );
        check("POST", "a", "/", Err(405));
        check("GET", "a b", "/", Err(400));
        check("OPTIONS", "a", "*", Err(400));
    }
}
