//! HTTP/2: by prior knowledge in the clear, as proxies speak it, and by ALPN. A request has the same
//! answer in every version.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use hyper::http::{HeaderMap, Request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::support::{PATIENCE, Response, Setup, Tidings, eventually, request};
use crate::tls::{Authority, NAME, TLS};

/// The fields that belong to a connection and not to an answer, and the time of the answer.
const OF_CONNECTIONS: [&str; 3] = ["connection", "date", "transfer-encoding"];

/// Speaks HTTP/2 over `stream`.
async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> SendRequest<Bytes> {
    let (send, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(async move {
        connection.await.unwrap();
    });
    send.ready().await.unwrap()
}

async fn connect(to: SocketAddr) -> SendRequest<Bytes> {
    speak(TcpStream::connect(to).await.unwrap()).await
}

/// One request on a stream of its own.
async fn ask(
    client: &SendRequest<Bytes>,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Response {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://{NAME}{path}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let mut client = client.clone().ready().await.unwrap();
    let (answer, _) = client
        .send_request(request.body(()).unwrap(), true)
        .unwrap();
    let (head, mut body) = answer.await.unwrap().into_parts();
    let mut bytes = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        body.flow_control().release_capacity(piece.len()).unwrap();
        bytes.extend_from_slice(&piece);
    }
    Response {
        status: head.status.as_u16(),
        headers: listed(&head.headers),
        body: bytes,
    }
}

fn listed(fields: &HeaderMap) -> Vec<(String, String)> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

/// Runs a test that must come to an end.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ended = runtime.block_on(async { tokio::time::timeout(2 * PATIENCE, test).await });
    ended.expect("it ends");
}

/// A site with something at every kind of address.
fn started() -> Tidings {
    let tidings = Setup::new().with_sample_entries().start();
    std::fs::write(tidings.entries().join("plans.pdf"), "the plans").unwrap();
    tidings.drop_entry("plans.md", "# Plans\n\nThe [plans](plans.pdf).\n");
    tidings.drop_entry("gone.md", "# Gone\n\nText.\n");
    let has = |title: &str| {
        let title = title.to_owned();
        tidings.feed_when(&title.clone(), move |feed| {
            let items = feed["items"].as_array().unwrap();
            items.iter().any(|item| item["title"] == title.as_str())
        });
    };
    has("Plans");
    has("Gone");
    std::fs::remove_file(tidings.entries().join("gone.md")).unwrap();
    tidings.feed_when("it is withdrawn", |feed| {
        let items = feed["items"].as_array().unwrap();
        items.iter().all(|item| item["title"] != "Gone")
    });
    // A date is told once it is past; then all answers stay as they are.
    for path in ["/atom.xml", "/rss.xml", "/feed.json", "/updates/rss.xml"] {
        eventually(&format!("{path} has a date"), PATIENCE, || {
            let answer = tidings.get(path);
            answer.header("last-modified").is_some().then_some(())
        });
    }
    tidings
}

#[test]
fn answers_are_the_same_as_by_http_1() {
    let tidings = started();
    let tag = tidings.get("/atom.xml").header("etag").unwrap().to_owned();
    run(async {
        let client = connect(tidings.address()).await;
        let mut seen = Vec::new();
        for (method, path, fields) in [
            ("GET", "/atom.xml", &[][..]),
            ("GET", "/rss.xml", &[("accept-encoding", "gzip")]),
            (
                "GET",
                "/feed.json",
                &[("accept-encoding", "br, gzip;q=0.5")],
            ),
            ("GET", "/", &[]),
            ("HEAD", "/atom.xml", &[]),
            // Another feed: one that is asked for again is coded better by and by.
            ("HEAD", "/updates/rss.xml", &[("accept-encoding", "gzip")]),
            ("GET", "/atom.xml", &[("if-none-match", tag.as_str())]),
            ("HEAD", "/atom.xml", &[("if-none-match", tag.as_str())]),
            ("GET", "/atom.xml", &[("if-match", "\"other\"")]),
            ("GET", "/nothing", &[]),
            ("HEAD", "/nothing", &[]),
            ("GET", "/feed", &[]),
            ("GET", "/entries/gone", &[]),
            ("GET", "/media/plans.pdf", &[]),
            ("GET", "/media/plans.pdf", &[("range", "bytes=4-8")]),
            ("GET", "/media/plans.pdf", &[("range", "bytes=99-")]),
            ("HEAD", "/media/plans.pdf", &[]),
            ("OPTIONS", "/atom.xml", &[]),
            ("DELETE", "/atom.xml", &[]),
        ] {
            let second = ask(&client, method, path, fields).await;
            let first = request(tidings.address(), method, path, fields);
            let what = format!("{method} {path} {fields:?}\n{first:?}\n{second:?}");
            assert_eq!(first.status, second.status, "{what}");
            assert!(first.body == second.body, "{what}");
            let fields = |answer: &Response| {
                let mut fields = answer.headers.clone();
                fields.retain(|(name, _)| !OF_CONNECTIONS.contains(&name.as_str()));
                fields.sort();
                fields
            };
            assert_eq!(fields(&first), fields(&second), "{what}");
            for name in ["connection", "transfer-encoding", "keep-alive"] {
                assert_eq!(second.header(name), None, "{what}");
            }
            assert!(second.header("date").is_some(), "{what}");
            seen.push(second.status);
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [200, 204, 206, 304, 308, 404, 405, 410, 412, 416]);
    });
}

#[test]
fn many_streams_of_a_connection_are_answered_at_once() {
    let tidings = started();
    let expected = tidings.get("/atom.xml").body;
    run(async {
        let client = connect(tidings.address()).await;
        // With the first answer it has been told how many are let in.
        assert_eq!(ask(&client, "GET", "/nothing", &[]).await.status, 404);
        let mut answers = tokio::task::JoinSet::new();
        // More than are let in at one time: the client waits for a place.
        for number in 0..200 {
            let client = client.clone();
            answers.spawn(async move {
                let path = if number % 2 == 0 {
                    "/atom.xml"
                } else {
                    "/nothing"
                };
                (path, ask(&client, "GET", path, &[]).await)
            });
        }
        for (path, answer) in answers.join_all().await {
            if path == "/nothing" {
                assert_eq!(answer.status, 404);
            } else {
                assert_eq!(answer.status, 200);
                assert!(answer.body == expected, "{answer:?}");
            }
        }
    });
}

#[test]
fn it_is_spoken_by_tls_and_at_unix_sockets() {
    let authority = Authority::new();
    let setup = Setup::new()
        .with("listen", "[\"127.0.0.1:0\", \"unix:http.sock\"]")
        .with_tables(TLS);
    authority
        .issue(&[NAME])
        .write(setup.folder(), "cert.pem", "key.pem");
    let tidings = setup.start();
    run(async {
        let connector = TlsConnector::from(authority.client(&["h2"]));
        let socket = TcpStream::connect(tidings.address()).await.unwrap();
        let name = ServerName::try_from(NAME).unwrap();
        let tls = connector.connect(name, socket).await.unwrap();
        assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let client = speak(tls).await;
        let mut one = ask(&client, "GET", "/", &[]).await;
        while one.status == 503 {
            // The first scan is not over.
            tokio::time::sleep(Duration::from_millis(20)).await;
            one = ask(&client, "GET", "/", &[]).await;
        }
        assert_eq!(one.status, 200);
        // A proxy on this machine speaks in the clear.
        let socket = tidings.folder().join("http.sock");
        let client = speak(UnixStream::connect(socket).await.unwrap()).await;
        let other = ask(&client, "GET", "/", &[]).await;
        assert!(one.body == other.body);
    });
}
