//! Which part of a feed a document shows, and at which path.

use crate::entry::Slug;
use crate::feed::FeedKey;

use super::history::Part;

/// A feed's newest entries, or older ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// Which feed.
    pub feed: FeedKey,
    /// Which of its older entries; `None`: the newest.
    pub part: Option<Part>,
}

/// The segment of the addresses of archive documents.
const ARCHIVE: &str = "archive/";

impl View {
    /// The newest entries of `feed`.
    pub fn newest(feed: FeedKey) -> Self {
        Self { feed, part: None }
    }

    /// Where it is, below the site's address: empty, or ending in `/`. Percent-encoded.
    pub fn path(&self) -> String {
        self.feed.path() + &self.written(Slug::to_url_path)
    }

    /// [`View::path`] as people write it, without percent signs.
    pub(super) fn plain_path(&self) -> String {
        self.feed.plain_path() + &self.written(Slug::to_string)
    }

    fn written(&self, write: impl Fn(&Slug) -> String) -> String {
        match &self.part {
            None => String::new(),
            Some(Part::Volume(number)) => format!("{ARCHIVE}{number}/"),
            Some(Part::Rest(volumes, moment, slug)) => {
                format!("{ARCHIVE}{volumes}/before/{moment}/{}/", write(slug))
            }
        }
    }

    /// The view whose path this is, or nearly; decoded, and ending in `/` if it is not empty.
    pub(super) fn from_plain_path(path: &str) -> Option<Self> {
        if let Some(feed) = FeedKey::from_path(path) {
            return Some(Self::newest(feed));
        }
        // A tag may be called `archive`, too.
        path.match_indices(ARCHIVE).find_map(|(at, _)| {
            let (feed, part) = path.split_at(at);
            if !feed.is_empty() && !feed.ends_with('/') {
                return None;
            }
            Some(Self {
                feed: FeedKey::from_path(feed)?,
                part: Some(part_of(part.strip_prefix(ARCHIVE)?)?),
            })
        })
    }
}

fn part_of(path: &str) -> Option<Part> {
    let (number, rest) = path
        .strip_suffix('/')?
        .split_once('/')
        .unwrap_or_else(|| (path.trim_end_matches('/'), ""));
    let number: usize = number.parse().ok()?;
    if rest.is_empty() {
        return Some(Part::Volume(number));
    }
    let (moment, slug) = rest.strip_prefix("before/")?.split_once('/')?;
    Some(Part::Rest(
        number,
        moment.parse().ok()?,
        Slug::from_path(slug)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_view_has_one_path() {
        let tag = |slug: &str| FeedKey::from_path(&format!("tags/{slug}/")).unwrap();
        let moment = "2026-03-02T11:40:00.5Z".parse().unwrap();
        let rest = |number| {
            let slug = Slug::from_path("2020/archive/1").unwrap();
            Some(Part::Rest(number, moment, slug))
        };
        for (feed, part, path) in [
            (FeedKey::All, None, ""),
            (FeedKey::All, Some(Part::Volume(7)), "archive/7/"),
            (tag("archive"), None, "tags/archive/"),
            (
                tag("archive"),
                Some(Part::Volume(1)),
                "tags/archive/archive/1/",
            ),
            (
                tag("bridge"),
                rest(0),
                "tags/bridge/archive/0/before/2026-03-02T11:40:00.5Z/2020/archive/1/",
            ),
        ] {
            let view = View { feed, part };
            assert_eq!(view.path(), path);
            assert_eq!(View::from_plain_path(path), Some(view), "{path}");
        }
        for path in [
            "archive/",
            "archive/x/",
            "archive/-1/",
            "archive/1/2/",
            "tags/archive/1/2/",
        ] {
            assert_eq!(View::from_plain_path(path), None, "{path}");
        }
    }
}
