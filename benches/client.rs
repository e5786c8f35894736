//! One request at a time, to learn what a server sends, and how soon.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

const PATIENCE: Duration = Duration::from_secs(30);

/// An answer, with everything that came after its head, as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A field of the head, or nothing.
    pub(crate) fn field(&self, name: &str) -> &str {
        let fields = self.head.lines().skip(1);
        let mut fields = fields.filter_map(|line| line.split_once(':'));
        let field = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
        field.map_or("", |(_, value)| value.trim())
    }

    /// Bytes of the whole, head and body.
    pub(crate) fn len(&self) -> usize {
        self.head.len() + "\r\n\r\n".len() + self.body.len()
    }
}

/// A connection that is kept for one request after the other.
pub(crate) struct Connection {
    stream: TcpStream,
    server: SocketAddr,
    /// What was read and belongs to no answer yet.
    read: Vec<u8>,
}

impl Connection {
    pub(crate) fn to(server: SocketAddr) -> Result<Self> {
        let stream = connect(server)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            server,
            read: Vec::new(),
        })
    }

    /// Asks for `path` with more fields (`"Name: value"`).
    pub(crate) fn ask(&mut self, path: &str, fields: &[String]) -> Result<()> {
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", self.server);
        for field in fields {
            let _ = write!(request, "{field}\r\n");
        }
        request.push_str("\r\n");
        self.stream.write_all(request.as_bytes())?;
        Ok(())
    }

    /// The answer to what was asked before.
    pub(crate) fn answer(&mut self) -> Result<Answer> {
        let end = loop {
            let end = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            match end {
                Some(end) => break end,
                None => self.read_more()?,
            }
        };
        let mut body = self.read.split_off(end + 4);
        self.read.truncate(end);
        let head = String::from_utf8(std::mem::take(&mut self.read))?;
        let status = head.split(' ').nth(1).unwrap_or_default().parse()?;
        let mut answer = Answer {
            status,
            head,
            body: Vec::new(),
        };
        if !matches!(status, 204 | 304) {
            let length = answer.field("content-length");
            let length = length.parse();
            let length = length.context("an answer does not say how long it is")?;
            let there = body.len().min(length);
            self.read = body.split_off(there);
            body.resize(length, 0);
            self.stream.read_exact(&mut body[there..])?;
            answer.body = body;
        }
        Ok(answer)
    }

    fn read_more(&mut self) -> Result<()> {
        let mut bytes = [0; 4096];
        let came = loop {
            match self.stream.read(&mut bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                came => break came?,
            }
        };
        ensure!(came > 0, "no answer");
        self.read.extend_from_slice(&bytes[..came]);
        Ok(())
    }
}

/// Asks for `path` with more fields (`"Name: value"`), on a connection of its own.
pub(crate) fn get(server: SocketAddr, path: &str, fields: &[String]) -> Result<Answer> {
    let mut connection = Connection::to(server)?;
    let close = ["Connection: close".to_owned()];
    connection.ask(path, &[&close, fields].concat())?;
    let answer = connection.answer().with_context(|| path.to_owned())?;
    // What is more than was said.
    connection.stream.read_to_end(&mut connection.read)?;
    if !connection.read.is_empty() {
        bail!("{path}: {} bytes too many came", connection.read.len());
    }
    Ok(answer)
}

/// Whether the server speaks HTTP/2 without being asked to (RFC 9113 section 3.3): it begins with its
/// settings.
pub(crate) fn speaks_http2(server: SocketAddr) -> Result<bool> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    const SETTINGS: u8 = 4;
    let mut stream = connect(server)?;
    stream.write_all(PREFACE)?;
    let mut frame = [0; 9];
    let came = stream.read_exact(&mut frame);
    Ok(came.is_ok() && frame[3] == SETTINGS && !frame.starts_with(b"HTTP/"))
}

fn connect(server: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(server).with_context(|| format!("{server} does not listen"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}
