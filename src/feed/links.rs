//! The links that Atom and RSS share: RSS borrows Atom's element. (RFC 4287 section 4.2.7)

use atom_syndication::Link;

use super::{Feed, Format, History, Related, ShownEnclosure};
use crate::entry::{self, Address};

/// The media type of web pages.
const PAGE: &str = "text/html";

/// This feed's own address in `format`: what a reader should subscribe to.
pub(super) fn own(feed: &Feed<'_>, format: Format) -> Link {
    Link {
        mime_type: Some(format.media_type().to_owned()),
        ..link("self", feed.address(format))
    }
}

/// The page for people that a feed belongs to.
pub(super) fn home(feed: &Feed<'_>) -> Link {
    Link {
        mime_type: Some(PAGE.to_owned()),
        ..link("alternate", &feed.home)
    }
}

/// This feed's addresses in all formats but `format`.
pub(super) fn siblings<'a>(feed: &'a Feed<'_>, format: Format) -> impl Iterator<Item = Link> + 'a {
    Format::ALL
        .into_iter()
        .filter(move |other| *other != format)
        .map(|other| Link {
            rel: "alternate".to_owned(),
            ..own(feed, other)
        })
}

/// Where the other entries of the feed are. (RFC 5005 section 4)
pub(super) fn history(feed: &Feed<'_>, format: Format) -> impl Iterator<Item = Link> {
    let History { current, previous } = &feed.history;
    let ends = [("current", current), ("prev-archive", previous)];
    ends.into_iter().filter_map(move |(rel, addresses)| {
        Some(Link {
            mime_type: Some(format.media_type().to_owned()),
            ..link(rel, format.of(addresses.as_ref()?))
        })
    })
}

/// The namespace of the mark that says that a document is an archive. (RFC 5005 section 4)
pub(super) const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// Where an entry is read.
pub(super) fn page(address: &str, language: Option<&str>) -> Link {
    // A link elsewhere may be a `mailto:` or a `magnet:`; of those we would be telling a lie.
    let is_web = address.starts_with("http");
    Link {
        hreflang: language.map(str::to_owned),
        mime_type: is_web.then(|| PAGE.to_owned()),
        ..link("alternate", address)
    }
}

/// What an entry's "Read:" lines name, as far as it is published: never a dead link.
pub(super) fn related(related: &[Related]) -> impl Iterator<Item = Link> {
    related.iter().filter_map(|line| {
        let target = line.target.as_ref()?;
        Some(Link {
            hreflang: target.language.as_ref().map(ToString::to_string),
            mime_type: target.is_page.then(|| PAGE.to_owned()),
            title: Some(line.title.to_string()),
            ..link("related", &target.address)
        })
    })
}

/// Where the writer found it. (RFC 4287 section 4.2.7.2)
pub(super) fn via(found: &entry::Link) -> Link {
    Link {
        title: found.title.as_ref().map(ToString::to_string),
        ..link("via", found.address.as_str())
    }
}

/// Where readers discuss it. (RFC 4685 section 4)
pub(super) fn replies(comments: &Address) -> Link {
    Link {
        mime_type: comments.is_web().then(|| PAGE.to_owned()),
        ..link("replies", comments.as_str())
    }
}

/// A file that belongs to an entry.
pub(super) fn enclosure(file: &ShownEnclosure) -> Link {
    Link {
        mime_type: Some(file.media_type.clone()),
        // Atom has no word for "unknown" but silence; RSS wants 0, which would be a lie here.
        length: (file.length > 0).then(|| file.length.to_string()),
        ..link("enclosure", &file.address)
    }
}

fn link(rel: &str, address: &str) -> Link {
    Link {
        href: address.to_owned(),
        rel: rel.to_owned(),
        hreflang: None,
        mime_type: None,
        title: None,
        length: None,
    }
}
