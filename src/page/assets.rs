//! The files that are part of the program.

/// A file that pages, browsers and robots ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its address, without the leading `/`.
    pub path: &'static str,
    /// `Content-Type`, with the charset where the type has one.
    pub content_type: &'static str,
    /// The file.
    pub bytes: &'static [u8],
}

/// All of them but the style sheet, which belongs to the [`Theme`](super::Theme).
pub static ASSETS: &[Asset] = &[
    Asset {
        path: "favicon.svg",
        content_type: "image/svg+xml; charset=utf-8",
        bytes: include_bytes!("favicon.svg"),
    },
    // Browsers and feed readers ask for it without being told to, and not all of them read SVG.
    Asset {
        path: "favicon.ico",
        content_type: "image/x-icon",
        bytes: include_bytes!("favicon.ico"),
    },
    // Everything may be read by everybody; saying so spares every robot a 404. (RFC 9309)
    Asset {
        path: "robots.txt",
        content_type: "text/plain; charset=utf-8",
        bytes: b"User-agent: *\nDisallow:\n",
    },
];

/// The file at `path`, an address without its leading `/`.
pub fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}
