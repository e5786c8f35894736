//! HTTP/2 by hand, right or wrong. (RFC 9113, RFC 7541)

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Kinds of frames.
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

/// Flags.
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// Settings.
pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;

/// Error codes.
pub(super) const REFUSED_STREAM: u32 = 7;

/// The bytes of a frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// The payload of SETTINGS.
pub(super) fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (setting, value) in settings {
        payload.extend_from_slice(&setting.to_be_bytes());
        payload.extend_from_slice(&value.to_be_bytes());
    }
    payload
}

/// A literal field without indexing, its name at `index` of the static table.
fn indexed(index: u8, value: &str) -> Vec<u8> {
    let mut field = vec![index, u8::try_from(value.len()).unwrap()];
    field.extend_from_slice(value.as_bytes());
    field
}

/// A literal field without indexing, or put into the dynamic table first.
pub(super) fn literal(is_kept: bool, name: &str, value: &str) -> Vec<u8> {
    let mut field = vec![if is_kept { 0x40 } else { 0 }];
    for text in [name, value] {
        // An integer of a prefix of seven bits. (RFC 7541 section 5.1)
        let mut rest = text.len();
        if rest < 127 {
            field.push(u8::try_from(rest).unwrap());
        } else {
            field.push(127);
            rest -= 127;
            while rest >= 128 {
                field.push(u8::try_from(rest % 128).unwrap() | 128);
                rest /= 128;
            }
            field.push(u8::try_from(rest).unwrap());
        }
        field.extend_from_slice(text.as_bytes());
    }
    field
}

/// The header block of a request: `:method` GET (2) or POST (3), `:scheme` http (6), and two literals.
pub(super) fn block(is_get: bool, path: &str) -> Vec<u8> {
    let mut block = vec![if is_get { 0x82 } else { 0x83 }, 0x86];
    block.extend(indexed(4, path));
    block.extend(indexed(1, "news.example.org"));
    block
}

/// A whole request.
pub(super) fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        stream,
        &block(true, path),
    )
}

/// The numbers of the first `count` streams of a client.
pub(super) fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|number| 2 * number + 1)
}

/// What came from the server.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The code of GOAWAY.
    pub(super) goaway: Option<u32>,
    /// Streams reset, by code.
    pub(super) resets: BTreeMap<u32, usize>,
    /// Answers begun.
    pub(super) heads: usize,
    /// Bytes of bodies, by stream.
    pub(super) data: BTreeMap<u32, usize>,
    /// Streams whose answer came to its end.
    pub(super) whole: usize,
    /// When the connection ended, after the start.
    pub(super) ended: Option<Duration>,
}

/// A connection of HTTP/2.
pub(super) struct Wire {
    stream: TcpStream,
    start: Instant,
    /// Read, and no whole frame yet.
    begun: Vec<u8>,
}

impl Wire {
    /// Connects, and says hello with these settings.
    pub(super) fn open(at: SocketAddr, with: &[(u16, u32)]) -> io::Result<Self> {
        const STANDS_STILL: Duration = Duration::from_secs(5);
        let mut stream = TcpStream::connect(at)?;
        stream.set_write_timeout(Some(STANDS_STILL))?;
        let mut hello = PREFACE.to_vec();
        hello.extend(frame(SETTINGS, 0, 0, &settings(with)));
        stream.write_all(&hello)?;
        Ok(Self {
            stream,
            start: Instant::now(),
            begun: Vec::new(),
        })
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Sends `bytes` while it reads what comes, until the server ends the connection, `enough` likes what
    /// it sees, or `patience` is over.
    pub(super) fn attack(
        &mut self,
        bytes: &[u8],
        patience: Duration,
        enough: impl Fn(&Seen) -> bool + Send,
    ) -> Seen {
        let mut reading = self.stream.try_clone().unwrap();
        let (start, begun) = (self.start, &mut self.begun);
        std::thread::scope(|scope| {
            let seen = scope.spawn(move || watch(&mut reading, begun, start, patience, enough));
            for piece in bytes.chunks(16 * 1024) {
                // That the server has ended it is what the other half finds out.
                if self.stream.write_all(piece).is_err() {
                    break;
                }
            }
            seen.join().unwrap()
        })
    }
}

/// Reads frames until the end.
fn watch(
    from: &mut TcpStream,
    got: &mut Vec<u8>,
    start: Instant,
    patience: Duration,
    enough: impl Fn(&Seen) -> bool,
) -> Seen {
    let mut seen = Seen::default();
    let mut piece = vec![0; 64 * 1024];
    from.set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    loop {
        while got.len() >= 9 {
            let length = u32::from_be_bytes([0, got[0], got[1], got[2]]) as usize;
            if got.len() < 9 + length {
                break;
            }
            let frame: Vec<u8> = got.drain(..9 + length).collect();
            note(&mut seen, &frame);
        }
        if enough(&seen) || start.elapsed() > patience {
            return seen;
        }
        match from.read(&mut piece) {
            Ok(some @ 1..) => got.extend_from_slice(&piece[..some]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(_) | Err(_) => {
                seen.ended = Some(start.elapsed());
                return seen;
            }
        }
    }
}

fn note(seen: &mut Seen, frame: &[u8]) {
    let number = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().unwrap());
    let (kind, flags, stream) = (frame[3], frame[4], number(5));
    match kind {
        HEADERS => seen.heads += 1,
        DATA => *seen.data.entry(stream).or_default() += frame.len() - 9,
        RST_STREAM => *seen.resets.entry(number(9)).or_default() += 1,
        // Politely first, and then the reason.
        GOAWAY => seen.goaway = Some(number(13)),
        _ => {}
    }
    if matches!(kind, HEADERS | DATA) && flags & END_STREAM != 0 {
        seen.whole += 1;
    }
}
