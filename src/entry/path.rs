//! Paths inside the entries folder.

use std::fmt;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// A file's place below the entries folder: segments joined by `/` on every system.
///
/// Never empty, never absolute, no `.` or `..` segment, no NUL: it can't leave the folder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FolderPath(Arc<str>);

/// What stands in an address as it is: the unreserved characters of RFC 3986 section 2.3, and `/`.
pub(super) const SEGMENTS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// What the names of audio and video files end in.
const RECORDINGS: [&str; 15] = [
    "mp3", "m4a", "m4b", "aac", "ogg", "oga", "opus", "flac", "wav", "mp4", "m4v", "mov", "webm",
    "ogv", "mkv",
];

/// What the names of files of chapters end in.
const CHAPTERS: &str = ".chapters.json";

/// The media type of a file of chapters. (JSON Chapters 1.2)
const CHAPTERS_TYPE: &str = "application/json+chapters";

/// What podcast apps know MPEG-4 sound by. (Apple's guide to podcast RSS, `enclosure`)
const M4A_TYPE: &str = "audio/x-m4a";

/// The media type that a file's name stands for, as IANA lists it or podcast apps expect it; none for
/// an unknown extension.
pub(crate) fn media_type_of(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    if name.ends_with(CHAPTERS) {
        Some(CHAPTERS_TYPE)
    } else if [".m4a", ".m4b"].iter().any(|end| name.ends_with(end)) {
        Some(M4A_TYPE)
    } else {
        mime_guess::from_path(name).first_raw()
    }
}

/// A file inside a recording that has an address of its own: `talk.mp3.cover.jpg` beside `talk.mp3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inlay {
    /// The cover, a JPEG.
    Jpeg,
    /// The cover, a PNG.
    Png,
    /// The chapters, as JSON.
    Chapters,
}

impl Inlay {
    /// All that a recording may hold.
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Chapters];

    /// What stands behind the recording's name.
    fn suffix(self) -> &'static str {
        match self {
            Self::Jpeg => ".cover.jpg",
            Self::Png => ".cover.png",
            Self::Chapters => CHAPTERS,
        }
    }
}

impl FolderPath {
    /// From a relative path; `.` and `..` are resolved, a leading `/` means the folder itself.
    /// `None` if it leads out of the folder or names nothing.
    pub fn new(path: &str) -> Option<Self> {
        Self::resolve("", path)
    }

    /// What `reference` means in the file at this path: relative to the file's folder, or, with a
    /// leading `/`, to the root. `None` if it leads out of the folder or names nothing.
    pub fn join(&self, reference: &str) -> Option<Self> {
        Self::resolve(self.parent(), reference)
    }

    fn resolve(base: &str, reference: &str) -> Option<Self> {
        let base = if reference.starts_with('/') { "" } else { base };
        let mut segments: Vec<&str> = Vec::new();
        for segment in base.split('/').chain(reference.split('/')) {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop()?;
                }
                name if name.contains('\0') => return None,
                name => segments.push(name),
            }
        }
        (!segments.is_empty()).then(|| Self(segments.join("/").into()))
    }

    /// The path, with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The file name without its last extension.
    pub fn stem(&self) -> &str {
        let name = self.file_name();
        name.rsplit_once('.')
            .map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem })
    }

    /// The file name's last extension, as written; empty if there is none.
    pub fn extension(&self) -> &str {
        let name = self.file_name();
        name.rsplit_once('.').map_or(
            "",
            |(stem, extension)| if stem.is_empty() { "" } else { extension },
        )
    }

    /// The folder the file lies in; empty at the root.
    pub fn parent(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// The first folder; `None` at the root.
    pub fn section(&self) -> Option<&str> {
        self.0.split_once('/').map(|(section, _)| section)
    }

    /// Whether this is the place named, or lies below it; everything lies in the root, `""`.
    pub fn lies_in(&self, place: &str) -> bool {
        let rest = self.0.strip_prefix(place);
        place.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether the name is that of a recording: an audio or video file, which is an entry of its own
    /// when no other entry names it.
    pub fn is_recording(&self) -> bool {
        RECORDINGS.contains(&self.extension().to_ascii_lowercase().as_str())
    }

    /// Whether the file holds the front page's own text: an `index` at the root.
    pub fn is_front_page(&self) -> bool {
        self.section().is_none() && self.stem().eq_ignore_ascii_case("index")
    }

    /// Where `inlay` of the recording at this path is found: a name that no other file is likely to have.
    #[must_use]
    pub fn inlay(&self, inlay: Inlay) -> Self {
        Self(format!("{}{}", self.0, inlay.suffix()).into())
    }

    /// The recording that holds what this path names, if it is the path of an inlay.
    pub fn carrier(&self) -> Option<(Self, Inlay)> {
        Inlay::ALL.into_iter().find_map(|inlay| {
            let carrier = Self(self.0.strip_suffix(inlay.suffix())?.into());
            carrier.is_recording().then_some((carrier, inlay))
        })
    }

    /// Whether the name is that of a file of chapters. (JSON Chapters 1.2)
    pub fn is_chapters(&self) -> bool {
        self.0.to_ascii_lowercase().ends_with(CHAPTERS)
    }

    /// The media type that the name stands for; none for an unknown extension.
    pub fn media_type(&self) -> Option<&'static str> {
        media_type_of(self.as_str())
    }

    /// The path as it stands in a URL, percent-encoded.
    pub fn to_url_path(&self) -> String {
        utf8_percent_encode(&self.0, SEGMENTS).to_string()
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_folder() {
        let check = |path: &str, expected: Option<&str>| {
            assert_eq!(
                FolderPath::new(path).as_ref().map(FolderPath::as_str),
                expected,
                "{path:?}"
            );
        };
        check("a/b.md", Some("a/b.md"));
        check("/a//./b.md", Some("a/b.md"));
        check("a/../b.md", Some("b.md"));
        check("../b.md", None);
        check("a/../../b.md", None);
        check("", None);
        check("..", None);
        check("a\0b", None);
    }

    #[test]
    fn references_start_at_the_files_folder() {
        let file = FolderPath::new("news/2026/bridge.md").unwrap();
        let check = |reference: &str, expected: Option<&str>| {
            assert_eq!(
                file.join(reference).as_ref().map(FolderPath::as_str),
                expected,
                "{reference:?}"
            );
        };
        check("tolls.md", Some("news/2026/tolls.md"));
        check("../map.png", Some("news/map.png"));
        check("/about.md", Some("about.md"));
        check("../../../etc/passwd", None);
    }

    #[test]
    fn places_hold_what_lies_below() {
        let check = |path: &str, place: &str, expected: bool| {
            assert_eq!(
                FolderPath::new(path).unwrap().lies_in(place),
                expected,
                "{path:?} {place:?}"
            );
        };
        check("news/a.md", "news", true);
        check("news/a.md", "news/a.md", true);
        check("news/a.md", "", true);
        check("news.md", "news", false);
        check("news", "news/a.md", false);
    }

    #[test]
    fn names_come_apart() {
        let path = FolderPath::new("news/2026-01-31-bridge.tar.gz").unwrap();
        assert_eq!(
            (path.stem(), path.extension()),
            ("2026-01-31-bridge.tar", "gz")
        );
        assert_eq!((path.section(), path.parent()), (Some("news"), "news"));
        let hidden = FolderPath::new(".profile").unwrap();
        assert_eq!(
            (hidden.stem(), hidden.extension(), hidden.section()),
            (".profile", "", None)
        );
    }

    #[test]
    fn what_lies_in_a_recording_has_a_path_of_its_own() {
        let recording = FolderPath::new("show/talk.mp3").unwrap();
        for inlay in Inlay::ALL {
            let path = recording.inlay(inlay);
            assert_eq!(path.carrier(), Some((recording.clone(), inlay)));
        }
        let check = |path: &str, media_type: Option<&str>| {
            let path = FolderPath::new(path).unwrap();
            assert_eq!(path.carrier(), None, "{path}");
            assert_eq!(path.media_type(), media_type, "{path}");
        };
        check("talk.cover.jpg", Some("image/jpeg"));
        check("talk.Chapters.json", Some("application/json+chapters"));
        check("talk.json", Some("application/json"));
        check("talk.vtt", Some("text/vtt"));
        check("talk.srt", Some("application/x-subrip"));
        check("talk.mp3", Some("audio/mpeg"));
        check("talk.M4A", Some("audio/x-m4a"));
        check("talk.opus", Some("audio/ogg"));
        check("talk.xyzzy", None);
        let chapters = recording.inlay(Inlay::Chapters);
        assert_eq!(chapters.media_type(), Some("application/json+chapters"));
    }

    #[test]
    fn url_paths_are_encoded() {
        assert_eq!(
            FolderPath::new("a b/ü?.png").unwrap().to_url_path(),
            "a%20b/%C3%BC%3F.png"
        );
    }
}
