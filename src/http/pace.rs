//! A connection that is ended when its peer stops reading.
//!
//! `hyper` has no limit for writing: a peer that takes no byte of its answer would keep the answer,
//! its slot and the kernel's buffers for ever. A limit on the body can't help, since `hyper` does
//! not poll a body for which it has no room; so the limit sits here, below `hyper`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::connections::Cut;
use super::places::Pulse;
use super::stream::Stream;

/// A connection whose writes fail with `TimedOut` once the peer has taken no byte for `limit`.
pub(super) struct Paced {
    stream: Stream,
    pulse: Arc<Pulse>,
    limit: Duration,
    /// Runs while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub(super) fn new(stream: Stream, pulse: Arc<Pulse>, limit: Duration) -> Self {
        Self {
            stream,
            pulse,
            limit,
            stalled: None,
        }
    }

    /// Starts, keeps or ends the wait, by what came of a write.
    fn judge(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = &written {
            if self.stalled.take().is_some() {
                self.pulse.set_stalled(false);
            }
            self.pulse.wrote(result.as_ref().map_or(0, |&bytes| bytes));
            return written;
        }
        let limit = self.limit;
        if self.stalled.is_none() {
            self.pulse.set_stalled(true);
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(limit)));
        if stalled.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.pulse.is_cut(Cut::Stalled);
        self.stream.forget();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        self.pulse.read(into.filled().len() - before);
        read
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    // TLS keeps up to a record above the kernel, and flushes it: that may wait as a write does.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) && self.stalled.is_none() {
            return flushed;
        }
        let flushed = flushed.map_ok(|()| 0);
        self.judge(cx, flushed).map_ok(|_| ())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx).map_ok(|()| 0);
        self.judge(cx, shut).map_ok(|_| ())
    }
}
