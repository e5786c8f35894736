//! An entry as it stands in documents of one format, written once for all of them.
//!
//! What a feed shows is mostly what it showed before, and what others show: a new entry is in ten feeds,
//! beside 49 that are known in each. So a document is a head and pieces, and who keeps the pieces writes
//! what is new alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Shown;

/// Prefixes, and what they stand for.
pub(super) type Namespaces = BTreeMap<&'static str, &'static str>;

/// An entry as it stands in documents of one format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    bytes: Box<[u8]>,
    /// What the document that it stands in has to declare.
    namespaces: Namespaces,
}

impl Piece {
    pub(super) fn new(bytes: &[u8], namespaces: Namespaces) -> Self {
        Self {
            bytes: bytes.into(),
            namespaces,
        }
    }

    /// How much memory it takes, in bytes.
    pub fn weight(&self) -> usize {
        let namespaces = self.namespaces.len() * size_of::<[&str; 2]>();
        size_of::<Self>() + self.bytes.len() + namespaces
    }
}

/// How many bytes `shown` may take when it is written: room for most, so that they are not moved again and
/// again.
pub(super) fn room(shown: &Shown<'_>) -> usize {
    shown.content.len() * 3 / 2 + 4096
}

/// What a document of `pieces` has to declare, whatever else is in it.
pub(super) fn namespaces(pieces: &[Arc<Piece>]) -> Namespaces {
    let declared = pieces.iter().flat_map(|piece| &piece.namespaces);
    declared.map(|(prefix, uri)| (*prefix, *uri)).collect()
}

/// `namespaces` as the crates want them.
pub(super) fn declarations(namespaces: Namespaces) -> BTreeMap<String, String> {
    let declared = namespaces.into_iter();
    declared
        .map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned()))
        .collect()
}

/// `document`, which has no entries, with `pieces` before the end of it, which is `end`. The bytes have
/// just the room that they need.
pub(super) fn put_in(
    document: &[u8],
    pieces: &[Arc<Piece>],
    separator: &str,
    end: &str,
) -> Vec<u8> {
    let head = document.strip_suffix(end.as_bytes()).unwrap_or(document);
    let separators = separator.len() * pieces.len().saturating_sub(1);
    let entries: usize = pieces.iter().map(|piece| piece.bytes.len()).sum();
    let mut whole = Vec::with_capacity(document.len() + entries + separators);
    whole.extend_from_slice(head);
    for (place, piece) in pieces.iter().enumerate() {
        if place > 0 {
            whole.extend_from_slice(separator.as_bytes());
        }
        whole.extend_from_slice(&piece.bytes);
    }
    whole.extend_from_slice(&document[head.len()..]);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_in_their_order_before_the_end() {
        let piece = |bytes: &[u8]| Arc::new(Piece::new(bytes, Namespaces::new()));
        let check = |pieces: &[Arc<Piece>], expected: &str| {
            let whole = put_in(b"[]", pieces, ", ", "]");
            assert_eq!(String::from_utf8_lossy(&whole), expected);
            assert_eq!(whole.capacity(), whole.len());
        };
        check(&[], "[]");
        check(&[piece(b"a")], "[a]");
        check(&[piece(b"a"), piece(b"b"), piece(b"c")], "[a, b, c]");
    }

    #[test]
    fn a_document_declares_what_any_of_its_pieces_needs() {
        let piece = |namespaces: &[_]| {
            let namespaces = namespaces.iter().copied().collect();
            Arc::new(Piece::new(b"", namespaces))
        };
        let pieces = [
            piece(&[("b", "2"), ("a", "1")]),
            piece(&[]),
            piece(&[("b", "2")]),
        ];
        let declared: Vec<_> = namespaces(&pieces).into_iter().collect();
        assert_eq!(declared, [("a", "1"), ("b", "2")]);
    }
}
