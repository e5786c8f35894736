//! Elements of other namespaces that are text alone: the words of podcasts, and what the writer asks for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Shown;
use crate::entry::EpisodeKind;

/// Apple's words for podcasts, which all podcast readers know.
const ITUNES: &str = "http://www.itunes.com/dtds/podcast-1.0.dtd";

/// `<prefix:name>value</prefix:name>`.
pub(super) struct Extra<'a> {
    pub(super) prefix: &'a str,
    pub(super) namespace: &'static str,
    pub(super) name: &'a str,
    pub(super) value: Cow<'a, str>,
}

/// What makes an entry an episode. (Apple's podcast RSS requirements; the duration in seconds, as they
/// recommend)
pub(super) fn podcast<'a>(shown: &'a Shown<'_>) -> Vec<Extra<'a>> {
    let extra = |name: &'static str, value: String| Extra {
        prefix: "itunes",
        namespace: ITUNES,
        name,
        value: Cow::Owned(value),
    };
    let seconds = shown.enclosures.first().and_then(|file| file.seconds);
    let episode = shown.entry.article.episode.clone().unwrap_or_default();
    let kind = episode.kind.map(|kind| match kind {
        EpisodeKind::Trailer => "trailer",
        EpisodeKind::Bonus => "bonus",
    });
    let said = [
        ("duration", seconds.map(|it| it.to_string())),
        ("season", episode.season.map(|it| it.to_string())),
        ("episode", episode.number.map(|it| it.to_string())),
        ("episodeType", kind.map(str::to_owned)),
        ("explicit", episode.explicit.map(|it| it.to_string())),
    ];
    let said = said.into_iter();
    said.filter_map(|(name, value)| Some(extra(name, value?)))
        .collect()
}

/// What RSS and Atom always say in their own words, or we in these. A reader that met it a second time
/// would take the one for the other.
const SAID: [(&str, &str); 2] = [("dc", "creator"), ("dc", "date")];

/// The elements that the writer asks for.
pub(super) fn elements<'a>(shown: &'a Shown<'_>) -> impl Iterator<Item = Extra<'a>> {
    let elements = shown.entry.article.elements.iter();
    let elements = elements.filter(|it| !SAID.contains(&(it.prefix(), it.name())));
    elements.map(|element| Extra {
        prefix: element.prefix(),
        namespace: element.namespace(),
        name: element.name(),
        value: Cow::Borrowed(element.value().as_str()),
    })
}

/// The namespaces of `extras`, by their prefixes.
pub(super) fn namespaces<'a>(extras: impl Iterator<Item = Extra<'a>>) -> BTreeMap<String, String> {
    let declared = extras.map(|it| (it.prefix.to_owned(), it.namespace.to_owned()));
    declared.collect()
}
