//! What is sent: bytes that are there, or a file in pieces.

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

/// Bytes of a file that are in memory at one time, for each connection that is sent one.
pub(super) const PIECE: usize = 64 * 1024;

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Content {
    /// In memory; shared with the cache of documents, not copied.
    Bytes(Bytes),
    /// Read on demand.
    File(FilePieces),
}

impl Content {
    /// No body.
    pub(super) fn empty() -> Self {
        Self::Bytes(Bytes::new())
    }

    /// How many bytes are to be sent.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(file) => file.left,
        }
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::File(file) => file
                .poll_piece(cx)
                .map_ok(Frame::data)
                .map(Some)
                .map(|piece| match piece {
                    Some(Ok(frame)) if frame.data_ref().is_some_and(Bytes::is_empty) => None,
                    piece => piece,
                }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.len() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len())
    }
}

/// An open file from where it stands, read in pieces on blocking threads: the next piece when the
/// one before was taken, so a slow reader costs one piece and not the file.
#[derive(Debug)]
pub(super) struct FilePieces {
    /// Bytes still to come.
    left: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Between two pieces.
    Resting(File),
    /// A blocking thread has the file.
    Reading(JoinHandle<io::Result<(File, Bytes)>>),
    /// After the end, or an error.
    Over,
}

impl FilePieces {
    /// The next `length` bytes of `file`.
    pub(super) fn new(file: File, length: u64) -> Self {
        Self {
            left: length,
            state: State::Resting(file),
        }
    }

    /// The next piece; empty at the end.
    ///
    /// A file that became shorter than it was is an error, which ends the connection: the length
    /// was promised, and the reader must not take the part for the whole.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Resting(file) if self.left > 0 => {
                    let wanted = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
                    let read = tokio::task::spawn_blocking(move || read(file, wanted));
                    self.state = State::Reading(read);
                }
                State::Reading(mut reading) => {
                    let Poll::Ready(read) = Pin::new(&mut reading).poll(cx) else {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    };
                    let (file, piece) = read.map_err(io::Error::other).flatten()?;
                    self.left -= piece.len() as u64;
                    self.state = State::Resting(file);
                    return Poll::Ready(Ok(piece));
                }
                State::Resting(_) | State::Over => return Poll::Ready(Ok(Bytes::new())),
            }
        }
    }
}

/// Reads just `wanted` bytes.
fn read(mut file: File, wanted: usize) -> io::Result<(File, Bytes)> {
    let mut piece = vec![0; wanted];
    file.read_exact(&mut piece)?;
    Ok((file, Bytes::from(piece)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use std::io::{Seek, Write};

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        file
    }

    #[tokio::test]
    async fn a_file_comes_in_pieces() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            let mut content = Content::File(FilePieces::new(file(&bytes), length as u64));
            assert_eq!(content.size_hint().exact(), Some(length as u64));
            let mut got = Vec::new();
            while let Some(frame) = content.frame().await {
                let piece = frame.unwrap().into_data().unwrap();
                assert!(!piece.is_empty() && piece.len() <= PIECE);
                got.extend_from_slice(&piece);
            }
            assert!(got == bytes && content.is_end_stream(), "{length}");
        }
    }

    #[tokio::test]
    async fn only_what_was_promised_is_sent() {
        let longer = Content::File(FilePieces::new(file(b"0123456789"), 4));
        assert_eq!(longer.collect().await.unwrap().to_bytes(), "0123");
        let shorter = Content::File(FilePieces::new(file(b"0123"), 10));
        let error = shorter.collect().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
