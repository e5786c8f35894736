//! Raw sockets on the loopback, with short limits. Waiting is reading, or polling, until a deadline.
//!
//! **Why this file is long.** A third of it is the server with its clients, which all tests use; each of
//! them is one conversation.

use super::super::body::Content;
use super::super::client::Client;
use super::super::listener::Socket;
use super::super::workers::{Crew, Door, Workers};
use super::super::{Connections, Reply, host, respond};
use super::*;
use bytes::Bytes;
use hyper::http::request;
use hyper::{Response, StatusCode};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// No test may take longer than this.
const DEADLINE: Duration = Duration::from_secs(5);

/// Larger than all buffers between two ends of a loopback connection.
const LARGE: usize = 16 * 1024 * 1024;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const GET_LAST: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

fn limits() -> Limits {
    Limits {
        connections: 16,
        header_timeout: Duration::from_millis(200),
        write_timeout: Duration::from_millis(200),
        drain: DEADLINE,
        ..Limits::default()
    }
}

/// `/` is "hello", `/large` is large, `/slow` waits for `go`, `/panic` panics.
#[derive(Default)]
struct Fake {
    asked: AtomicUsize,
    go: Notify,
}

impl Answering for Fake {
    fn answer(self: &Arc<Self>, request: request::Parts, _: Client) -> Reply {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if host::check(&request).is_err() {
            return Reply::Now(respond::failure(StatusCode::BAD_REQUEST).map(Content::Bytes));
        }
        let body = match request.uri.path() {
            "/large" => Bytes::from(vec![b'x'; LARGE]),
            "/slow" => {
                let fake = Arc::clone(self);
                return Reply::Later(Box::pin(async move {
                    fake.go.notified().await;
                    Response::new(Content::Bytes(Bytes::from_static(b"slow but sure")))
                }));
            }
            "/panic" => panic!("on purpose"),
            "/late-panic" => {
                return Reply::Later(Box::pin(async {
                    tokio::task::yield_now().await;
                    panic!("on purpose")
                }));
            }
            "/none" => {
                let mut none = Response::new(Content::empty());
                *none.status_mut() = StatusCode::NOT_MODIFIED;
                return Reply::Now(none);
            }
            _ => Bytes::from_static(b"hello"),
        };
        Reply::Now(Response::new(Content::Bytes(body)))
    }
}

fn door(socket: &Socket) -> Door {
    Door {
        socket: socket.share().unwrap(),
        entrance: Entrance::default(),
    }
}

/// A server with a way to stop it.
struct Running {
    at: SocketAddr,
    fake: Arc<Fake>,
    counted: Arc<Connections>,
    socket: Socket,
    workers: Workers,
}

impl Running {
    async fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let fake = Arc::new(Fake::default());
        let socket = Listener::Tcp(listener).park().unwrap();
        let crew = Crew::default();
        let counted = Arc::clone(&crew.connections);
        let door = door(&socket);
        let workers = Workers::start(&[door], &fake, &limits, limits.connections, crew);
        Self {
            at,
            fake,
            counted,
            socket,
            workers: workers.unwrap(),
        }
    }

    /// A thread is told to end when its turn comes: in one, all connections are told at once.
    async fn in_one_thread(limits: Limits) -> Self {
        let of_one = Limits {
            connections: 1,
            ..limits.clone()
        };
        let server = Self::start(of_one).await;
        let door = door(&server.socket);
        let posted = server.workers.post(&[door], &limits, limits.connections);
        posted.unwrap();
        server
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.at).await.unwrap()
    }

    /// Sends `request` on a new connection and reads until the server closes it.
    async fn talk(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_all(&mut stream).await
    }

    /// Waits until nobody is there: how many came, and how many were cut for being idle or stalled.
    async fn cut(&self) -> (u64, u64, u64) {
        let all = async {
            while self.counted.figures().now > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(DEADLINE, all).await.unwrap();
        let figures = self.counted.figures();
        (figures.accepted, figures.cut_idle, figures.cut_stalled)
    }

    /// Waits until `count` requests have come.
    async fn asked(&self, count: usize) {
        let come = async {
            while self.fake.asked.load(Ordering::SeqCst) < count {
                tokio::task::yield_now().await;
            }
        };
        timeout(DEADLINE, come).await.unwrap();
    }

    async fn stop(self) -> Drained {
        drop(self.socket);
        let ended = timeout(DEADLINE, self.workers.finish()).await;
        ended.unwrap().unwrap()
    }
}

/// All until the peer closes; a reset is an end too.
async fn read_all(stream: &mut TcpStream) -> String {
    let mut got = Vec::new();
    let _ = timeout(DEADLINE, stream.read_to_end(&mut got))
        .await
        .expect("the server closes in time");
    String::from_utf8(got).unwrap()
}

/// Reads until `end` has come.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut got = Vec::new();
    let come = async {
        while !got.ends_with(end.as_bytes()) {
            got.push(stream.read_u8().await.unwrap());
        }
    };
    timeout(DEADLINE, come).await.unwrap();
    String::from_utf8(got).unwrap()
}

#[tokio::test]
async fn idle_and_half_requests_are_ended() {
    let server = Running::start(limits()).await;
    for begun in ["", "G", "GET / HTTP/1.1\r\nHost: a\r\nX-", "\r\n"] {
        assert_eq!(server.talk(begun).await, "", "{begun:?}");
    }
    // After an answer, too.
    let answer = server.talk(GET).await;
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer:?}");
    assert_eq!(server.cut().await, (5, 5, 0));
}

#[tokio::test]
async fn odd_messages_are_refused() {
    let server = Running::start(limits()).await;
    let check = async |request: &str, expected: &str| {
        let answer = server.talk(request).await;
        let start = format!("HTTP/1.1 {expected} ");
        assert!(answer.starts_with(&start), "{request:.80?}: {answer:?}");
    };
    for (fields, expected) in [(64, "200"), (65, "431"), (101, "431"), (500, "431")] {
        let others = "X-A: b\r\n".repeat(fields - 1);
        check(
            &format!("GET / HTTP/1.1\r\nHost: a\r\n{others}\r\n"),
            expected,
        )
        .await;
    }
    // Nobody who asks too much is asked for more.
    let others = "X-A: b\r\n".repeat(64);
    let answer = server
        .talk(&format!("GET / HTTP/1.1\r\nHost: a\r\n{others}\r\n{GET}"))
        .await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer:?}");
    let long = "b".repeat(17 * 1024);
    check(
        &format!("GET / HTTP/1.1\r\nHost: a\r\nX-A: {long}\r\n\r\n"),
        "431",
    )
    .await;
    check("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400").await;
    check("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400").await;
    check("GET / HTTP/1.1\r\n\r\n", "400").await;
    check("GET / HTTP/1.1\r\nHost: evil@a/b\r\n\r\n", "400").await;
    check("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400").await;
    check("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400").await;
    check("nonsense\r\n\r\n", "400").await;
    check(
        "GET http://other/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "200",
    )
    .await;
}

#[tokio::test]
async fn http_1_0_is_answered_and_closed() {
    let server = Running::start(limits()).await;
    let answer = server.talk("GET / HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer:?}");
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer:?}");
}

#[tokio::test]
async fn connections_are_kept_and_requests_may_follow_at_once() {
    let server = Running::start(limits()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(GET.as_bytes()).await.unwrap();
        read_until(&mut stream, "\r\n\r\nhello").await;
    }
    let three = [GET, GET, GET_LAST].concat();
    stream.write_all(three.as_bytes()).await.unwrap();
    let answers = read_all(&mut stream).await;
    assert_eq!(answers.matches("hello").count(), 3, "{answers:?}");
}

#[tokio::test]
async fn head_is_get_less_its_body() {
    let server = Running::start(limits()).await;
    let fields = |answer: &str| {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let fields = head.lines().filter(|line| !line.starts_with("date:"));
        let mut fields: Vec<_> = fields.collect();
        fields.sort_unstable();
        (fields.join("\n"), body.len())
    };
    for path in ["/", "/large", "/none", "/panic"] {
        let last = |method: &str| {
            format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        };
        let (get, sent) = fields(&server.talk(&last("GET")).await);
        let (head, nothing) = fields(&server.talk(&last("HEAD")).await);
        assert_eq!(get, head, "{path}");
        assert_eq!(nothing, 0);
        let says = get.contains(&format!("content-length: {sent}"));
        assert_eq!(says, path != "/none", "{get}");
    }
    // The connection is not out of step afterwards.
    let both = format!("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n{GET_LAST}");
    let answers = server.talk(&both).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 2);
    assert_eq!(answers.matches("hello").count(), 1);
}

#[tokio::test]
async fn a_request_with_a_body_is_the_last() {
    let server = Running::start(limits()).await;
    for field in ["Content-Length: 3", "Transfer-Encoding: chunked"] {
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        let answers = server.talk(&format!("{request}{GET}")).await;
        assert!(answers.contains("connection: close"), "{answers:?}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers:?}");
    }
    let empty = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    let answers = server.talk(&format!("{empty}{GET_LAST}")).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "{answers:?}");
}

#[tokio::test]
async fn a_panic_is_a_500_and_no_more() {
    let server = Running::start(limits()).await;
    for path in ["/panic", "/late-panic"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n{GET_LAST}");
        let answers = server.talk(&request).await;
        assert!(answers.starts_with("HTTP/1.1 500 "), "{answers:?}");
        assert!(answers.ends_with("\r\n\r\nhello"), "{answers:?}");
        assert!(!answers.contains("purpose"), "{answers:?}");
    }
}

/// With one slot, a second client is answered only when the first is gone.
#[tokio::test]
async fn a_reader_that_takes_nothing_is_ended() {
    let server = Running::start(Limits {
        connections: 1,
        ..limits()
    })
    .await;
    let mut slow = server.connect().await;
    let request = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
    slow.write_all(request.as_bytes()).await.unwrap();
    server.asked(1).await;
    let answer = server.talk(GET_LAST).await;
    assert!(answer.ends_with("hello"), "{answer:?}");
    let got = read_all(&mut slow).await;
    assert!(got.len() < LARGE, "{} bytes", got.len());
    assert_eq!(server.cut().await, (2, 0, 1));
}

#[tokio::test]
async fn a_reader_that_takes_its_time_gets_all() {
    let server = Running::start(limits()).await;
    let mut stream = server.connect().await;
    let request = "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut got = 0;
    let mut piece = vec![0; 1024 * 1024];
    let mut pause = tokio::time::interval(Duration::from_millis(20));
    let all = async {
        loop {
            pause.tick().await;
            match stream.read(&mut piece).await.unwrap() {
                0 => break,
                count => got += count,
            }
        }
    };
    timeout(DEADLINE, all).await.unwrap();
    assert!(got > LARGE);
}

#[tokio::test]
async fn with_all_places_taken_who_is_quiet_goes_and_who_is_answered_stays() {
    let server = Running::start(Limits {
        connections: 1,
        header_timeout: DEADLINE * 2,
        ..limits()
    })
    .await;
    for begun in ["", "GET / HTTP/1.1\r\nHo", GET] {
        let mut quiet = server.connect().await;
        quiet.write_all(begun.as_bytes()).await.unwrap();
        if begun == GET {
            read_until(&mut quiet, "hello").await;
        }
        let answer = server.talk(GET_LAST).await;
        assert!(answer.ends_with("hello"), "after {begun:?}: {answer:?}");
        assert_eq!(read_all(&mut quiet).await, "", "{begun:?}");
    }
    let before = server.fake.asked.load(Ordering::SeqCst);
    let mut busy = server.connect().await;
    let request = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    busy.write_all(request.as_bytes()).await.unwrap();
    server.asked(before + 1).await;
    let mut next = server.connect().await;
    next.write_all(GET_LAST.as_bytes()).await.unwrap();
    let waits = timeout(Duration::from_millis(100), next.read_u8()).await;
    assert!(waits.is_err(), "answered although the place is taken");
    server.fake.go.notify_one();
    read_until(&mut busy, "slow but sure").await;
    let answer = read_all(&mut next).await;
    assert!(answer.ends_with("ello"), "{answer:?}");
}

#[tokio::test]
async fn an_answer_in_flight_is_finished() {
    let server = Running::in_one_thread(Limits {
        header_timeout: DEADLINE,
        ..limits()
    })
    .await;
    let mut idle = server.connect().await;
    idle.write_all(GET.as_bytes()).await.unwrap();
    read_until(&mut idle, "hello").await;
    let mut slow = server.connect().await;
    let request = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    slow.write_all(request.as_bytes()).await.unwrap();
    server.asked(2).await;
    let (at, fake) = (server.at, Arc::clone(&server.fake));
    let stopping = tokio::spawn(server.stop());
    // The idle one ends at once, so in their one thread the other has been told, too; nobody new comes in.
    assert_eq!(read_all(&mut idle).await, "");
    let refused = async { while TcpStream::connect(at).await.is_ok() {} };
    timeout(DEADLINE, refused).await.unwrap();
    assert!(!stopping.is_finished());
    fake.go.notify_one();
    let answer = read_all(&mut slow).await;
    assert!(answer.ends_with("slow but sure"), "{answer:?}");
    assert!(answer.contains("connection: close"), "{answer:?}");
    assert_eq!(stopping.await.unwrap(), Drained::Complete);
}

/// The connection is told to end and has its answer before it is looked at again.
#[tokio::test]
async fn an_answer_that_is_ready_when_the_end_comes_says_that_it_is_the_last() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut slow = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (accepted, client) = Listener::Tcp(listener).accept().await.unwrap();
    let (fake, places) = (Arc::new(Fake::default()), Places::new(1));
    let manners = Arc::new(Manners::new(&limits(), Entrance::default()));
    let answering = Arc::clone(&fake);
    tokio::spawn(converse(
        manners,
        accepted,
        client,
        answering,
        places.take(),
    ));
    let request = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    slow.write_all(request.as_bytes()).await.unwrap();
    while fake.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    places.finish();
    fake.go.notify_one();
    let answer = read_all(&mut slow).await;
    assert!(answer.ends_with("slow but sure"), "{answer:?}");
    assert!(answer.contains("connection: close"), "{answer:?}");
}

/// Its connection was taken, so no other daemon will answer it.
#[tokio::test]
async fn who_has_just_connected_may_still_ask_at_the_end() {
    let server = Running::start(Limits {
        header_timeout: DEADLINE * 2,
        ..limits()
    })
    .await;
    let mut new = server.connect().await;
    let mut other = server.connect().await;
    // They are taken in their order: the first has been, too.
    other.write_all(GET_LAST.as_bytes()).await.unwrap();
    assert!(read_all(&mut other).await.ends_with("hello"));
    let at = server.at;
    let stopping = tokio::spawn(server.stop());
    let refused = async { while TcpStream::connect(at).await.is_ok() {} };
    timeout(DEADLINE, refused).await.unwrap();
    new.write_all(GET.as_bytes()).await.unwrap();
    let answer = read_all(&mut new).await;
    assert!(answer.ends_with("hello"), "{answer:?}");
    assert_eq!(stopping.await.unwrap(), Drained::Complete);
}

/// One that asks nothing does not hold up the end for long.
#[tokio::test]
async fn who_has_just_connected_and_asks_nothing_is_cut_soon() {
    let server = Running::start(Limits {
        header_timeout: DEADLINE * 2,
        drain: DEADLINE * 4,
        ..limits()
    })
    .await;
    let mut new = server.connect().await;
    // Less than `header_timeout`, or than `drain`: else this is not in time.
    assert_eq!(server.stop().await, Drained::Complete);
    assert_eq!(read_all(&mut new).await, "");
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_cut() {
    let server = Running::start(Limits {
        drain: Duration::from_millis(100),
        ..limits()
    })
    .await;
    let mut slow = server.connect().await;
    let request = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    slow.write_all(request.as_bytes()).await.unwrap();
    server.asked(1).await;
    assert_eq!(server.stop().await, Drained::Cut(1));
    assert_eq!(read_all(&mut slow).await, "");
}

#[tokio::test]
async fn with_nobody_there_it_stops_at_once() {
    let server = Running::start(limits()).await;
    assert_eq!(server.stop().await, Drained::Complete);
}

#[tokio::test]
async fn a_client_that_has_said_all_is_answered() {
    let server = Running::start(limits()).await;
    let mut stream = server.connect().await;
    let request = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    server.asked(1).await;
    // Time for the server to see the end, were it to mind.
    let early = timeout(Duration::from_millis(50), stream.read_u8()).await;
    assert!(early.is_err(), "closed or answered too early");
    server.fake.go.notify_one();
    let answer = read_all(&mut stream).await;
    assert!(answer.ends_with("slow but sure"), "{answer:?}");
}

#[tokio::test]
async fn who_has_asked_nothing_does_not_hold_up_the_end() {
    let server = Running::start(Limits {
        header_timeout: DEADLINE * 2,
        drain: DEADLINE * 2,
        ..limits()
    })
    .await;
    let mut silent = server.connect().await;
    server.talk(GET_LAST).await;
    assert_eq!(server.stop().await, Drained::Complete);
    assert_eq!(read_all(&mut silent).await, "");
}
