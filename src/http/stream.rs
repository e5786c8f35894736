//! One connection's bytes, however they come: TCP or a Unix socket, in the clear or by TLS.
//!
//! What was read to find out who speaks, and in which version of HTTP, is given back first.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::server::TlsStream;

/// How many bytes are taken at one look: the head of a usual request as a whole, so that a look costs
/// no system call more than `hyper` would have needed.
const LOOK: usize = 2048;

/// A connection as it was accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    socket: Socket,
    /// Read already, and to be read again.
    before: Bytes,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// A connection that HTTP is spoken on.
#[derive(Debug)]
pub(super) enum Stream {
    /// In the clear.
    Plain(Accepted),
    /// By TLS.
    Tls(Box<TlsStream<Accepted>>),
}

impl From<TcpStream> for Accepted {
    fn from(stream: TcpStream) -> Self {
        Self {
            socket: Socket::Tcp(stream),
            before: Bytes::new(),
        }
    }
}

#[cfg(unix)]
impl From<UnixStream> for Accepted {
    fn from(stream: UnixStream) -> Self {
        Self {
            socket: Socket::Unix(stream),
            before: Bytes::new(),
        }
    }
}

impl Accepted {
    /// Looks at the first bytes until `judge` has come to a decision, which says how many of them are
    /// done with; the others are still to be read. `None` if the peer ended before.
    ///
    /// `judge` sees all that is there, again with each piece that comes, and must not ask for ever:
    /// that there is so much and no more to look at is its own limit.
    pub(super) async fn look<T>(
        &mut self,
        mut judge: impl FnMut(&[u8]) -> Option<(T, usize)>,
    ) -> io::Result<Option<T>> {
        loop {
            if let Some((decision, done)) = judge(&self.before) {
                self.before.advance(done.min(self.before.len()));
                return Ok(Some(decision));
            }
            if !std::future::poll_fn(|cx| self.poll_more(cx)).await? {
                return Ok(None);
            }
        }
    }

    /// Reads some more; `false` at the end.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut place = [MaybeUninit::uninit(); LOOK];
        let mut more = ReadBuf::uninit(&mut place);
        std::task::ready!(self.socket.poll_read(cx, &mut more))?;
        let more = more.filled();
        if self.before.is_empty() {
            self.before = Bytes::copy_from_slice(more);
        } else {
            let mut all = BytesMut::from(&*self.before);
            all.extend_from_slice(more);
            self.before = all.freeze();
        }
        Poll::Ready(Ok(!more.is_empty()))
    }

    /// Has the kernel throw away what this peer has not taken when the connection is dropped.
    fn forget(&self) {
        if let Socket::Tcp(stream) = &self.socket {
            let _ = stream.set_zero_linger();
        }
    }
}

impl Stream {
    /// Has the kernel throw away what the peer has not taken when the connection is dropped; a polite
    /// close would keep it until the peer reads.
    pub(super) fn forget(&self) {
        match self {
            Self::Plain(accepted) => accepted.forget(),
            Self::Tls(tls) => tls.get_ref().0.forget(),
        }
    }
}

impl Socket {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, into),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

/// Passes a call on to what is inside.
macro_rules! inside {
    ($self:expr, $kind:ident :: { $($(#[$attribute:meta])* $variant:ident),* }, $call:ident, $arguments:tt) => {
        match $self {
            $($(#[$attribute])* $kind::$variant(stream) => Pin::new(stream).$call $arguments,)*
        }
    };
}

impl AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.before.is_empty() {
            return self.socket.poll_read(cx, into);
        }
        let some = self.before.len().min(into.remaining());
        into.put_slice(&self.before[..some]);
        self.before.advance(some);
        if self.before.is_empty() {
            // Nothing of it is kept.
            self.before = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        inside!(&mut self.socket, Socket::{Tcp, #[cfg(unix)] Unix}, poll_write, (cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        inside!(&mut self.socket, Socket::{Tcp, #[cfg(unix)] Unix}, poll_write_vectored, (cx, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inside!(&mut self.socket, Socket::{Tcp, #[cfg(unix)] Unix}, poll_flush, (cx))
    }

    /// Does nothing: all who shut a connection down drop it next, and to close it says the same to its peer.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        inside!(self.get_mut(), Stream::{Plain, Tls}, poll_read, (cx, into))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        inside!(self.get_mut(), Stream::{Plain, Tls}, poll_write, (cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        inside!(self.get_mut(), Stream::{Plain, Tls}, poll_write_vectored, (cx, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(accepted) => accepted.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inside!(self.get_mut(), Stream::{Plain, Tls}, poll_flush, (cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inside!(self.get_mut(), Stream::{Plain, Tls}, poll_shutdown, (cx))
    }
}
