//! Proxies in front, and foreign clients: nginx and HAProxy as Debian has them, curl and h2load. Caddy, too,
//! for `guide.rs`.
//!
//! They are foreign programs, so they run when `TIDINGS_TOOLS=required` is set; then a missing one is a
//! failure. `.ci/run` installs them and sets it. Each proxy runs in a folder of its own, on free ports of
//! the loopback, as whoever runs the tests.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::support::{
    PATIENCE, Response, Setup, Tidings, bare, eventually, head_of, request, run, tools_are_required,
};
use crate::tls::{Authority, NAME, TLS};

/// What of an answer must come through a proxy as it was sent.
const UNHARMED: [&str; 10] = [
    "access-control-allow-origin",
    "cache-control",
    "content-encoding",
    "content-security-policy",
    "content-type",
    "etag",
    "last-modified",
    "location",
    "vary",
    "x-content-type-options",
];

/// A proxy, until this is dropped.
pub(crate) struct Proxy {
    child: Child,
    folder: TempDir,
}

impl Proxy {
    /// Runs `command` in a folder with `config`, and waits until it listens at `addresses`.
    fn start(command: &[&str], config: &str, addresses: &[SocketAddr]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("proxy.conf"), config).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut started = bare(command[0], folder.path());
        // Where Debian keeps what is not for everybody.
        let path = std::env::var("PATH").unwrap_or_default();
        let child = started
            .env("PATH", format!("{path}:/usr/sbin:/sbin"))
            .args(&command[1..])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", command[0]));
        let proxy = Self { child, folder };
        for address in addresses {
            eventually("the proxy listens", PATIENCE, || {
                TcpStream::connect(address).ok()
            });
        }
        proxy
    }

    /// nginx, with `http` in its block of that name.
    pub(crate) fn nginx(http: &str, addresses: &[SocketAddr]) -> Self {
        // One process, so that it is gone with its end; as root, it would become somebody else.
        let config = format!(
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\n\
             events {{ worker_connections 256; }}\n\
             http {{\naccess_log off;\nclient_body_temp_path body;\nproxy_temp_path proxy;\n\
             fastcgi_temp_path fastcgi;\nuwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n{http}\n}}\n"
        );
        let command = ["nginx", "-p", ".", "-e", "stderr", "-c", "proxy.conf"];
        Self::start(&command, &config, addresses)
    }

    /// HAProxy, with `rest` below its defaults.
    pub(crate) fn haproxy(rest: &str, addresses: &[SocketAddr]) -> Self {
        let config = format!(
            "defaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  \
             timeout server 30s\n  http-reuse always\n{rest}\n"
        );
        Self::start(&["haproxy", "-db", "-f", "proxy.conf"], &config, addresses)
    }

    /// Caddy, with `sites` in its Caddyfile, certificates of its own authority, and these two ports for HTTP
    /// and HTTPS.
    pub(crate) fn caddy(sites: &str, [http, https]: [SocketAddr; 2]) -> Self {
        let config = format!(
            "{{\nadmin off\nhttp_port {}\nhttps_port {}\ndefault_bind {}\nlocal_certs\n\
             skip_install_trust\nstorage file_system ./storage\n}}\n{sites}\n",
            http.port(),
            https.port(),
            http.ip(),
        );
        let command = ["caddy", "run", "--adapter", "caddyfile", "--config"];
        Self::start(
            &[&command[..], &["proxy.conf"]].concat(),
            &config,
            &[http, https],
        )
    }

    /// Where it runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("log"));
            eprintln!(
                "--- what the proxy said ---\n{}---",
                log.unwrap_or_default()
            );
        }
    }
}

/// Ports that nobody has just now.
pub(crate) fn free<const COUNT: usize>() -> [SocketAddr; COUNT] {
    let taken = [(); COUNT].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    taken.map(|listener| listener.local_addr().unwrap())
}

pub(crate) fn are_foreign_programs_here() -> bool {
    let required = tools_are_required();
    if !required {
        eprintln!("skipped: proxies are foreign programs; TIDINGS_TOOLS=required runs them");
    }
    required
}

/// A site with something at every kind of address.
fn started(max_age: &str) -> Tidings {
    let tidings = Setup::new()
        .with("listen", "[\"127.0.0.1:0\", \"unix:http.sock\"]")
        .with_only_tables(&format!("[http]\nmax_age = \"{max_age}\"\n"))
        .with_sample_entries()
        .start();
    let plans = "a plan and another\n".repeat(1000);
    fs::write(tidings.entries().join("plans.csv"), plans).unwrap();
    tidings.drop_entry("plans.md", "# Plans\n\nThe [plans](plans.csv).\n");
    tidings.drop_entry("gone.md", "# Gone\n\nText.\n");
    for path in ["/entries/gone", "/media/plans.csv"] {
        eventually("all is out", PATIENCE, || {
            (tidings.get(path).status == 200).then_some(())
        });
    }
    fs::remove_file(tidings.entries().join("gone.md")).unwrap();
    eventually("it is withdrawn", PATIENCE, || {
        (tidings.get("/entries/gone").status == 410).then_some(())
    });
    tidings
}

/// Asks the same of the proxy and of the program itself.
fn comes_through_unharmed(tidings: &Tidings, proxy: SocketAddr) {
    let tag = tidings.get("/atom.xml").header("etag").unwrap().to_owned();
    let known = ("If-None-Match", tag.as_str());
    for (method, path, fields) in [
        ("GET", "/atom.xml", &[][..]),
        ("GET", "/atom.xml", &[("Accept-Encoding", "gzip")]),
        ("GET", "/", &[]),
        ("HEAD", "/atom.xml", &[]),
        ("HEAD", "/feed.json", &[("Accept-Encoding", "gzip")]),
        ("GET", "/atom.xml", &[known]),
        ("HEAD", "/atom.xml", &[("Accept-Encoding", "gzip"), known]),
        ("GET", "/nothing", &[]),
        ("HEAD", "/nothing", &[]),
        ("GET", "/entries/gone", &[]),
        ("GET", "/feed", &[]),
        ("GET", "/media/plans.csv", &[]),
        ("GET", "/media/plans.csv", &[("Range", "bytes=2-5")]),
        ("HEAD", "/media/plans.csv", &[]),
        ("DELETE", "/atom.xml", &[]),
        ("OPTIONS", "/atom.xml", &[]),
    ] {
        let what = format!("{method} {path} {fields:?} comes through unharmed");
        eventually(&what, PATIENCE, || {
            let ours = request(tidings.address(), method, path, fields);
            let theirs = request(proxy, method, path, fields);
            assert_eq!(ours.status, theirs.status, "{what}");
            // A better coding may come along between the two.
            let is_coded = ours.header("content-encoding").is_some();
            if is_coded && method == "GET" && ours.status == 200 {
                assert!(decoded("gzip", &ours) == decoded("gzip", &theirs), "{what}");
            } else {
                assert!(ours.body == theirs.body, "{what}");
            }
            let mut names = UNHARMED.to_vec();
            if method == "HEAD" && ours.status != 304 && !is_coded {
                names.push("content-length");
            }
            if ours.status == 304 {
                // A cache that gives it by itself says more of what it has.
                names.retain(|name| ours.header(name).is_some());
            }
            names.retain(|name| ours.header(name) != theirs.header(name));
            // A feed has no date in the second in which it changed, and a cache may still say so.
            let dates = [&ours, &theirs].map(|it| it.header("last-modified"));
            let is_young = names == ["last-modified"] && dates.contains(&None);
            assert!(
                names.is_empty() || is_young,
                "{what}: {names:?}\n{:?}\n{:?}",
                ours.headers,
                theirs.headers
            );
            names.is_empty().then_some(())
        });
    }
    is_validated(proxy, "/atom.xml", &[]);
    is_validated(proxy, "/rss.xml", &[("Accept-Encoding", "gzip")]);
    is_validated(proxy, "/media/plans.csv", &[]);
}

/// The tag that comes through a proxy brings a 304 there; returns the tag.
fn is_validated(proxy: SocketAddr, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = request(proxy, "GET", path, fields);
    assert_eq!(answer.status, 200, "{answer:?}");
    let tag = answer.header("etag").expect("a tag").to_owned();
    for method in ["GET", "HEAD"] {
        let mut fields = fields.to_vec();
        fields.push(("If-None-Match", &tag));
        let again = request(proxy, method, path, &fields);
        assert_eq!(again.status, 304, "{method} {path} {fields:?}: {again:?}");
    }
    tag
}

/// The bytes that an answer stands for; its coding must be one of those that were `asked` for.
fn decoded(asked: &str, answer: &Response) -> Vec<u8> {
    match answer.header("content-encoding") {
        None => answer.body.clone(),
        Some("gzip") => {
            assert!(asked.contains("gzip"), "{asked:?} was given gzip");
            let mut bytes = Vec::new();
            flate2::read::GzDecoder::new(&answer.body[..])
                .read_to_end(&mut bytes)
                .unwrap();
            bytes
        }
        other => panic!("{asked:?} was given {other:?}"),
    }
}

#[test]
fn nginx_passes_everything_on() {
    if !are_foreign_programs_here() {
        return;
    }
    let tidings = started("0s");
    let [tcp, socket] = free();
    let http = format!(
        "upstream tcp {{ server {}; keepalive 4; }}\n\
         upstream socket {{ server unix:{}; keepalive 4; }}\n\
         proxy_http_version 1.1;\nproxy_set_header Connection \"\";\n\
         proxy_set_header Host {NAME};\n\
         server {{ listen {tcp}; location / {{ proxy_pass http://tcp; }} }}\n\
         server {{ listen {socket}; location / {{ proxy_pass http://socket; }} }}\n",
        tidings.address(),
        tidings.folder().join("http.sock").display(),
    );
    let _nginx = Proxy::nginx(&http, &[tcp, socket]);
    comes_through_unharmed(&tidings, tcp);
    comes_through_unharmed(&tidings, socket);
}

/// It makes weak tags of strong ones then, and readers bring those.
#[test]
fn nginx_may_compress_by_itself() {
    if !are_foreign_programs_here() {
        return;
    }
    let tidings = started("0s");
    let [proxy] = free();
    let http = format!(
        "gzip on;\ngzip_types *;\ngzip_proxied any;\ngzip_vary on;\n\
         upstream tidings {{ server {}; keepalive 4; }}\n\
         server {{ listen {proxy}; location / {{ proxy_pass http://tidings;\n\
         proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
         proxy_set_header Accept-Encoding \"\"; proxy_set_header Host {NAME}; }} }}\n",
        tidings.address(),
    );
    let _nginx = Proxy::nginx(&http, &[proxy]);
    let wish = [("Accept-Encoding", "gzip")];
    for path in ["/atom.xml", "/feed.json", "/", "/media/plans.csv"] {
        let plain = request(proxy, "GET", path, &[]);
        let coded = request(proxy, "GET", path, &wish);
        assert_eq!(coded.header("content-encoding"), Some("gzip"), "{coded:?}");
        assert!(decoded("gzip", &coded) == plain.body, "{path}");
        let tag = is_validated(proxy, path, &wish);
        assert!(tag.starts_with("W/"), "{path}: {tag}");
        is_validated(proxy, path, &[]);
        // A reader may change its mind.
        let fields = [("If-None-Match", tag.as_str())];
        assert_eq!(request(proxy, "GET", path, &fields).status, 304, "{path}");
    }
}

/// The cache keeps both codings apart, by `Vary` alone, and no reader is given one that it did not ask
/// for: fresh, after the time of a copy, and when the feed has changed.
#[test]
fn a_cache_gives_everybody_the_coding_they_asked_for() {
    if !are_foreign_programs_here() {
        return;
    }
    let tidings = started("1s");
    let [proxy, revalidating] = free();
    let server = |at: SocketAddr, cache: &str, more: &str| {
        format!(
            "server {{ listen {at}; location / {{ proxy_pass http://tidings;\n\
             proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host {NAME};\n\
             proxy_cache {cache}; add_header X-Cache $upstream_cache_status always; {more} }} }}\n"
        )
    };
    let http = format!(
        "gzip on;\ngzip_types *;\ngzip_proxied any;\n\
         proxy_cache_path one keys_zone=one:1m;\nproxy_cache_path other keys_zone=other:1m;\n\
         upstream tidings {{ server {}; keepalive 4; }}\n{}{}",
        tidings.address(),
        server(proxy, "one", ""),
        server(revalidating, "other", "proxy_cache_revalidate on;"),
    );
    let _nginx = Proxy::nginx(&http, &[proxy, revalidating]);
    let wishes = ["identity", "gzip", "", "gzip, deflate", "gzip;q=0"];
    for (round, title) in ["", "Lighthouse", "Buoys"].into_iter().enumerate() {
        if round > 0 {
            tidings.drop_entry(&format!("{title}.md"), &format!("# {title}\n\nText.\n"));
            eventually("the entry is out", PATIENCE, || {
                let feed = tidings.get("/atom.xml");
                feed.text().contains(title).then_some(())
            });
        }
        let expected = tidings.get("/atom.xml").body;
        for at in [proxy, revalidating] {
            let poll = |wish: &str| {
                let fields = [("Accept-Encoding", wish)];
                let answer = request(at, "GET", "/atom.xml", &fields);
                assert_eq!(answer.status, 200, "{answer:?}");
                let bytes = decoded(&wish.replace("gzip;q=0", ""), &answer);
                let cache = answer.header("x-cache").unwrap().to_owned();
                (cache, bytes)
            };
            for wish in wishes {
                eventually("the copy from before is over", PATIENCE, || {
                    (poll(wish).1 == expected).then_some(())
                });
            }
            let mut seen = Vec::new();
            let start = std::time::Instant::now();
            while start.elapsed() < Duration::from_millis(2500) {
                for wish in wishes {
                    let (cache, bytes) = poll(wish);
                    assert!(bytes == expected, "{wish:?}, {cache}");
                    if !seen.contains(&cache) {
                        seen.push(cache);
                    }
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            assert!(seen.contains(&"HIT".to_owned()), "{seen:?}");
            let over = if at == proxy {
                "EXPIRED"
            } else {
                "REVALIDATED"
            };
            assert!(seen.contains(&over.to_owned()), "{seen:?}");
            is_validated(at, "/atom.xml", &[]);
            is_validated(at, "/atom.xml", &[("Accept-Encoding", "gzip")]);
        }
    }
    comes_through_unharmed(&tidings, proxy);
}

/// The frontends of [`haproxy`].
struct Fronts {
    _proxy: Proxy,
    addresses: [SocketAddr; 4],
}

/// HAProxy before the program: by both versions of HTTP, and by both kinds of sockets. Each has one
/// connection to the program, which all clients share.
fn haproxy(tidings: &Tidings) -> Fronts {
    let addresses: [SocketAddr; 4] = free();
    let tcp = tidings.address().to_string();
    let socket = format!("unix@{}", tidings.folder().join("http.sock").display());
    let mut rest = String::new();
    for (number, at) in addresses.iter().enumerate() {
        let server = if number % 2 == 0 { &tcp } else { &socket };
        let version = if number < 2 { "" } else { "proto h2" };
        let server = format!("server tidings {server} maxconn 1 {version}");
        writeln!(rest, "listen number{number}\n  bind {at}\n  {server}").unwrap();
    }
    Fronts {
        _proxy: Proxy::haproxy(&rest, &addresses),
        addresses,
    }
}

#[test]
fn haproxy_passes_everything_on() {
    if !are_foreign_programs_here() {
        return;
    }
    let tidings = started("1m");
    let fronts = haproxy(&tidings);
    for at in fronts.addresses {
        comes_through_unharmed(&tidings, at);
    }
}

/// With the PROXY protocol, of both versions, over TCP and the Unix socket, in front of both versions of
/// HTTP.
#[test]
fn haproxy_may_announce_who_comes() {
    if !are_foreign_programs_here() {
        return;
    }
    let setup = Setup::new().with_sample_entries();
    let tidings = setup
        .with("listen", "[\"127.0.0.1:0\", \"unix:http.sock\"]")
        .with_only_tables(
            "[http]\nproxy_protocol = true\ntrusted_proxies = [\"127.0.0.1\", \"unix\"]\n",
        )
        .start();
    let addresses: [SocketAddr; 4] = free();
    let tcp = tidings.address().to_string();
    let socket = format!("unix@{}", tidings.folder().join("http.sock").display());
    let servers = [
        format!("{tcp} send-proxy"),
        format!("{tcp} send-proxy-v2 proto h2"),
        format!("{socket} send-proxy-v2"),
        format!("{socket} send-proxy proto h2"),
    ];
    let mut rest = String::new();
    for (number, (at, server)) in addresses.iter().zip(servers).enumerate() {
        let server = format!("server tidings {server}");
        writeln!(rest, "listen number{number}\n  bind {at}\n  {server}").unwrap();
    }
    let _proxy = Proxy::haproxy(&rest, &addresses);
    for at in addresses {
        let answer = eventually("the feed is there", PATIENCE, || {
            let answer = request(at, "GET", "/rss.xml", &[]);
            (answer.status == 200).then_some(answer)
        });
        let known = answer.header("etag").unwrap();
        let again = request(at, "GET", "/rss.xml", &[("If-None-Match", known)]);
        assert_eq!(again.status, 304, "{at}");
    }
}

/// Requests whose end two parsers may see in two places, before another that somebody would be given.
const FRAMINGS: [&str; 9] = [
    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
    "Content-Length: 44, 0\r\n\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n0;a\n\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n2\r\nab\n0\r\n\r\n",
];

/// Lines whose ends are not what they should be.
const LINES: [&str; 4] = [
    "X: a\n\n",
    "X: a\r\n\n",
    "X: a\nContent-Length: 44\r\n\r\n",
    "X: a\rContent-Length: 44\r\n\r\n",
];

/// Two clients share a connection of the proxy: whatever the first sends, the second is given its own
/// answer.
#[test]
fn nobody_is_given_an_answer_that_another_smuggled_in() {
    if !are_foreign_programs_here() {
        return;
    }
    let tidings = started("1m");
    let fronts = haproxy(&tidings);
    let [nginx] = free();
    let http = format!(
        "upstream tidings {{ server {}; keepalive 1; }}\n\
         server {{ listen {nginx}; location / {{ proxy_pass http://tidings;\n\
         proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }}\n",
        tidings.address(),
    );
    let _nginx = Proxy::nginx(&http, &[nginx]);
    let expected = tidings.get("/feed.json").body;
    let fronts = fronts.addresses.into_iter().chain([nginx]);
    for at in fronts {
        for method in ["GET", "POST"] {
            for attempt in FRAMINGS.into_iter().chain(LINES) {
                let mut first = TcpStream::connect(at).unwrap();
                first
                    .set_read_timeout(Some(Duration::from_millis(50)))
                    .unwrap();
                let words = format!(
                    "{method} /rss.xml HTTP/1.1\r\nHost: {NAME}\r\n{attempt}\
                     GET /smuggled HTTP/1.1\r\nHost: {NAME}\r\nX: "
                );
                first.write_all(words.as_bytes()).unwrap();
                // What it is told is its own affair; that it was read is what matters.
                let _ = first.read(&mut [0; 4096]);
                for _ in 0..2 {
                    let second = request(at, "GET", "/feed.json", &[]);
                    let what = format!("{at} {method} {attempt:?}: {second:?}");
                    assert_eq!(second.status, 200, "{what}");
                    assert!(second.body == expected, "{what}");
                }
            }
        }
    }
}

/// As a proxy that is laxer than those would pass it on: nothing that comes behind it is answered.
#[test]
fn what_could_smuggle_ends_the_connection() {
    let tidings = Setup::new().start();
    let answers = |method: &str, attempt: &str| {
        let mut peer = TcpStream::connect(tidings.address()).unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        let words = format!(
            "{method} /rss.xml HTTP/1.1\r\nHost: {NAME}\r\n{attempt}{}",
            head_of("GET", NAME, "/smuggled", &[]),
        );
        peer.write_all(words.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        // With what was not read, the end is a reset.
        let _ = peer.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).matches("HTTP/1.1 ").count()
    };
    for method in ["GET", "POST"] {
        assert_eq!(answers(method, "\r\n"), 2, "one request behind another");
        for attempt in FRAMINGS {
            let answers = answers(method, attempt);
            assert!(answers <= 1, "{method} {attempt:?}: {answers}");
        }
    }
}

/// curl, asking for `url` with `arguments`; the version and the status that it saw.
fn curl(home: &Path, arguments: &[&str], url: &str) -> String {
    let mut command = bare("curl", home);
    command
        .args(["--silent", "--show-error", "--max-time", "20"])
        .args(["--output", "/dev/null", "--write-out"])
        .arg("%{http_version} %{http_code}")
        .args(arguments)
        .arg(url);
    run(&mut command, PATIENCE)
}

#[test]
fn curl_speaks_every_version() {
    if !are_foreign_programs_here() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let plain = started("0s");
    let url = format!("http://{}/atom.xml", plain.address());
    let check = |arguments: &[&str], expected: &str| {
        assert_eq!(
            curl(home.path(), arguments, &url),
            expected,
            "{arguments:?}"
        );
    };
    check(&["--http2-prior-knowledge"], "2 200");
    check(&["--http1.1"], "1.1 200");
    check(&["--http1.0"], "1 200");
    // It offers an upgrade, which RFC 9113 has no more.
    check(&["--http2"], "1.1 200");
    check(&["--http2-prior-knowledge", "--head"], "2 200");
    check(&["--http2-prior-knowledge", "--data", "a=b"], "2 405");
    let socket = plain.folder().join("http.sock");
    let socket = [
        "--http2-prior-knowledge",
        "--unix-socket",
        socket.to_str().unwrap(),
    ];
    check(&socket, "2 200");

    let authority = Authority::new();
    let (secret, url) = started_with_tls(&authority);
    let trust = secret.folder().join("authority.pem");
    let port = secret.address().port();
    let resolve = format!("{NAME}:{port}:127.0.0.1");
    let arguments = ["--cacert", trust.to_str().unwrap(), "--resolve", &resolve];
    let check = |more: &[&str], expected: &str| {
        let arguments = [&arguments[..], more].concat();
        eventually(&format!("{more:?}: {expected}"), PATIENCE, || {
            // The first scan may not be over.
            let seen = curl(home.path(), &arguments, &url);
            (!seen.ends_with(" 503")).then(|| assert_eq!(seen, expected, "{more:?}"))
        });
    };
    check(&["--http2"], "2 200");
    check(&["--http1.1"], "1.1 200");
    check(&["--no-alpn"], "1.1 200");
    check(&["--http2", "--tls-max", "1.2"], "2 200");
    check(&["--http1.1", "--insecure"], "1.1 200");
    check(&["--http2", "--compressed", "--head"], "2 200");
}

/// The program with TLS, the address of a feed, and what foreign clients are to trust.
fn started_with_tls(authority: &Authority) -> (Tidings, String) {
    let setup = Setup::new().with_sample_entries().with_tables(TLS);
    let folder = setup.folder();
    authority
        .issue(&[NAME])
        .write(folder, "cert.pem", "key.pem");
    fs::write(folder.join("authority.pem"), &authority.pem).unwrap();
    let tidings = setup.start();
    let url = format!("https://{NAME}:{}/atom.xml", tidings.address().port());
    (tidings, url)
}

/// What h2load says of its requests.
fn h2load(home: &Path, arguments: &[&str], url: &str) -> String {
    let mut command = bare("h2load", home);
    command
        .args([
            "--requests=3000",
            "--clients=10",
            "--max-concurrent-streams=20",
        ])
        .args(arguments)
        .arg(url);
    let said = run(&mut command, 2 * PATIENCE);
    let lines = said.lines();
    let lines = lines.filter(|it| it.starts_with("requests:") || it.starts_with("status codes:"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn h2load_sees_no_request_fail() {
    if !are_foreign_programs_here() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let plain = started("0s");
    let url = format!("http://{}/atom.xml", plain.address());
    let tag = plain.get("/atom.xml").header("etag").unwrap().to_owned();
    let condition = format!("--header=if-none-match: {tag}");
    let done = "requests: 3000 total, 3000 started, 3000 done, 3000 succeeded, 0 failed, 0 errored, \
                0 timeout\nstatus codes: ";
    let check = |arguments: &[&str], url: &str, codes: &str| {
        let said = h2load(home.path(), arguments, url);
        assert_eq!(said, format!("{done}{codes}"), "{arguments:?} {url}");
    };
    check(&[], &url, "3000 2xx, 0 3xx, 0 4xx, 0 5xx");
    check(&[&condition], &url, "0 2xx, 3000 3xx, 0 4xx, 0 5xx");
    check(&["--h1"], &url, "3000 2xx, 0 3xx, 0 4xx, 0 5xx");

    let authority = Authority::new();
    let (secret, _) = started_with_tls(&authority);
    let url = format!("https://{}/atom.xml", secret.address());
    eventually("the entries are out", PATIENCE, || {
        let seen = curl(home.path(), &["--insecure"], &url);
        (seen == "2 200").then_some(())
    });
    check(&[], &url, "3000 2xx, 0 3xx, 0 4xx, 0 5xx");
    check(&["--h1"], &url, "3000 2xx, 0 3xx, 0 4xx, 0 5xx");
}
