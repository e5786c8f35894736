//! Drafts made by hand, for tests here and in the rooms that build on the catalogue.

use jiff::Timestamp;

use super::Observation;
use crate::entry::{
    Article, Body, Claims, Content, Digest, Digester, Draft, Enclosure, FolderPath, LocalRef,
    Reference, RelatedLine, Slug, Stamp, Target, Text, Wanted,
};

pub(crate) fn path(path: &str) -> FolderPath {
    FolderPath::new(path).unwrap()
}

/// So many seconds after some moment.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

/// A draft whose text is its title, with "Read:" lines for `reads`.
pub(crate) fn draft(file: &str, title: &str, reads: &[&str]) -> Draft {
    let references = reads
        .iter()
        .map(|text| {
            let wanted = if text.contains('/') {
                Wanted::Local(LocalRef {
                    path: path(text.trim_start_matches('/')),
                    suffix: Text::new(""),
                })
            } else {
                Wanted::Title
            };
            Reference::Related(RelatedLine {
                text: Text::new(text),
                wanted,
            })
        })
        .collect();
    let body = Body::from_clean_html(format!("<p>{title}</p>"));
    Draft {
        path: path(file),
        article: Article {
            title: Text::new(title),
            authors: Vec::new(),
            categories: Vec::new(),
            summary: Text::new(""),
            language: None,
            link: None,
            image: None,
            enclosures: Vec::new(),
            via: Vec::new(),
            source: None,
            comments: None,
            episode: None,
            elements: Vec::new(),
            section: None,
            content: Content::Full,
            text_bytes: 0,
            references,
            body: body.digest(),
        },
        body,
        claims: Claims::default(),
        slug: Slug::from_words(path(file).stem()).unwrap(),
        content: Digester::new().field(title).finish(),
        warnings: Vec::new(),
        conventions: Digest::of(b"conventions"),
    }
}

/// A draft of an audio file with this title in its tags.
pub(crate) fn recording(file: &str, title: &str) -> Draft {
    let mut draft = draft(file, title, &[]);
    draft.article.references = vec![Reference::Local(LocalRef {
        path: path(file),
        suffix: Text::new(""),
    })];
    draft.article.enclosures = vec![Enclosure {
        target: Target::Reference(0),
        media_type: None,
        length: None,
        seconds: None,
    }];
    draft
}

/// The stamp of the file with this inode.
pub(crate) fn stamp(inode: u64) -> Stamp {
    let inode_at = i64::try_from(inode).unwrap();
    Stamp {
        device: 1,
        inode,
        size: 1,
        modified: 1,
        changed: 1,
        born: Some(inode_at),
    }
}

/// What a look finds that finds these.
pub(crate) fn found(drafts: Vec<Draft>) -> Observation {
    let stamped = drafts.into_iter().map(|draft| {
        let stamp = seen(&draft);
        (draft, stamp)
    });
    Observation {
        drafts: stamped.collect(),
        ..Observation::default()
    }
}

/// What a look finds after the file has been gone for the whole grace.
pub(crate) fn gone(file: &str) -> Observation {
    Observation {
        absent: vec![path(file)],
        ..Observation::default()
    }
}

/// A stamp that is the draft's own.
pub(crate) fn seen(draft: &Draft) -> Stamp {
    let digest = Digest::of(draft.path.as_str().as_bytes());
    let [a, b, c, d, ..] = *digest.as_bytes();
    stamp(1000 + u64::from(u32::from_be_bytes([a, b, c, d])))
}
