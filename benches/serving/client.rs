//! One request at a time, to learn what a server sends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

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

/// Asks for `path` with more fields (`"Name: value"`), on a connection of its own.
pub(crate) fn get(server: SocketAddr, path: &str, fields: &[String]) -> Result<Answer> {
    let mut stream = connect(server)?;
    let mut lines = vec![
        format!("GET {path} HTTP/1.1"),
        format!("Host: {server}"),
        "Connection: close".to_owned(),
    ];
    lines.extend_from_slice(fields);
    let request = lines.join(
        "
",
    ) + "

";
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let end = end.with_context(|| format!("{path}: no answer"))?;
    let body = bytes.split_off(end + 4);
    bytes.truncate(end);
    let head = String::from_utf8(bytes)?;
    let status = head.split(' ').nth(1).unwrap_or_default().parse()?;
    let answer = Answer { status, head, body };
    let length = answer.field("content-length");
    ensure!(
        status != 200 || length == answer.body.len().to_string(),
        "{path}: {} bytes came, and {length:?} were said",
        answer.body.len()
    );
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
