//! What is sent: bytes that are there, or a file in pieces.

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

/// Bytes of a file that are in memory at one time, for each connection that is sent one.
pub(super) const PIECE: usize = 64 * 1024;

/// The smallest share of it, where a connection is sent many answers at one time.
const LEAST: usize = 4 * 1024;

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

    /// With the place that it has among the files that may be open.
    pub(super) fn at(mut self, place: OwnedSemaphorePermit) -> Self {
        if let Self::File(file) = &mut self {
            file.place = Some(place);
        }
        self
    }

    /// The next piece; `None` at the end.
    ///
    /// `sharers` are the answers that are sent at one time on this connection, of which each has a piece
    /// waiting for the peer; `None`: there can be only this one.
    pub(super) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        sharers: Option<usize>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let share = |sharers: usize| (PIECE / sharers.max(1)).max(LEAST);
        match self {
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            // They are there, and shared: in pieces only so that it is known when the last one goes.
            Self::Bytes(bytes) => {
                let most = sharers.map_or(bytes.len(), |_| bytes.len().min(PIECE));
                Poll::Ready(Some(Ok(bytes.split_to(most))))
            }
            Self::File(file) => {
                let polled = file.poll_piece(cx, sharers.map_or(PIECE, share));
                polled.map(|piece| match piece {
                    Ok(piece) if piece.is_empty() => None,
                    piece => Some(piece),
                })
            }
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
        let piece = self.get_mut().poll_piece(cx, None);
        piece.map(|piece| piece.map(|piece| piece.map(Frame::data)))
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
    /// Given back as soon as the file is closed.
    place: Option<OwnedSemaphorePermit>,
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
            place: None,
        }
    }

    /// The next piece, `most` bytes at most; empty at the end.
    ///
    /// A file that became shorter than it was is an error, which ends the connection: the length
    /// was promised, and the reader must not take the part for the whole.
    fn poll_piece(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<io::Result<Bytes>> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Resting(file) if self.left > 0 => {
                    let wanted = usize::try_from(self.left).unwrap_or(most).min(most);
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
                    if self.left > 0 {
                        self.state = State::Resting(file);
                    } else {
                        // The last piece may wait for long for a peer that takes its time.
                        drop(file);
                        self.place = None;
                    }
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

    #[tokio::test]
    async fn who_shares_a_connection_shares_the_piece() {
        let check = async |sharers: Option<usize>, expected: usize| {
            let mut content = Content::File(FilePieces::new(file(&vec![7; PIECE]), PIECE as u64));
            let piece = std::future::poll_fn(|cx| content.poll_piece(cx, sharers)).await;
            assert_eq!(piece.unwrap().unwrap().len(), expected, "{sharers:?}");
        };
        check(None, PIECE).await;
        check(Some(0), PIECE).await;
        check(Some(1), PIECE).await;
        check(Some(3), PIECE / 3).await;
        check(Some(64), LEAST).await;
        // What is in memory is whole where nobody else is, and no more than a piece is handed on elsewhere.
        for (sharers, expected) in [(None, PIECE + 1), (Some(64), PIECE)] {
            let mut content = Content::Bytes(Bytes::from(vec![7; PIECE + 1]));
            let piece = std::future::poll_fn(|cx| content.poll_piece(cx, sharers)).await;
            assert_eq!(piece.unwrap().unwrap().len(), expected);
        }
    }

    #[tokio::test]
    async fn the_place_of_a_file_is_free_after_its_last_piece() {
        let places = std::sync::Arc::new(tokio::sync::Semaphore::new(1));
        let place = std::sync::Arc::clone(&places).try_acquire_owned().unwrap();
        let mut content = Content::File(FilePieces::new(file(b"0123"), 4)).at(place);
        assert_eq!(places.available_permits(), 0);
        let piece = content.frame().await.unwrap().unwrap();
        assert_eq!(piece.into_data().unwrap(), "0123");
        assert_eq!(places.available_permits(), 1);
        assert!(content.frame().await.is_none());
    }
}
