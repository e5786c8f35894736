//! What a document is called and what else there is of it, for programs that read no document.

use std::fmt::Write as _;

use super::{DocumentKey, Site, View};
use crate::feed::Format;

impl Site {
    /// The links of a document, as a value of `Link` (RFC 8288): its own address, and where it is a feed
    /// or a feed's page, the same entries in other forms. `None` for what is no document of the site's
    /// own: parts of the program, and the page that stands for what is gone.
    ///
    /// The addresses are those that documents name, absolute and percent-encoded, so that no `>` ends
    /// one early.
    pub fn links(&self, key: &DocumentKey) -> Option<String> {
        let address = match key {
            DocumentKey::Feed(view, format) => return Some(self.links_of(view, Some(*format))),
            DocumentKey::Page(view) => return Some(self.links_of(view, None)),
            DocumentKey::Subscribe(feed) => self.absolute(&Self::subscribe_path(feed)),
            DocumentKey::Feeds => self.outline_address(),
            DocumentKey::Entry(slug) => self.page_of(slug),
            DocumentKey::Gone | DocumentKey::Asset(_) => return None,
        };
        Some(format!("<{address}>; rel=\"self\""))
    }

    /// The links of a feed in this format, or of its page. It names itself first.
    fn links_of(&self, view: &View, format: Option<Format>) -> String {
        let feeds = Format::ALL.into_iter().zip(self.addresses_of(view));
        let feeds = feeds.map(|(format, address)| (Some(format), address, format.media_type()));
        let page = (None, self.absolute(&view.path()), "text/html");
        let (own, others): (Vec<_>, Vec<_>) =
            feeds.chain([page]).partition(|(it, ..)| *it == format);
        let mut value = String::new();
        for (rel, all) in [("self", own), ("alternate", others)] {
            for (_, address, media_type) in all {
                let comma = if value.is_empty() { "" } else { ", " };
                let _ = write!(
                    value,
                    "{comma}<{address}>; rel=\"{rel}\"; type=\"{media_type}\""
                );
            }
        }
        value
    }
}
