//! The elements that may stand in an entry.

use super::Form;
use Count::{Any, Once};
use Form::{
    Address, Corners, Date, Decimal, Duration, Language, Latitude, Longitude, Number, OneOf,
    Places, Short, Words,
};

/// A namespace, and the elements of it that may stand in an entry and are text alone. Those with
/// attributes (`media:content`, `itunes:image`, `podcast:chapters`) are none of these: their text would be
/// nothing without them. The feed validator takes any other name for a mistake (`UndefinedElement`).
pub(super) struct Namespace {
    pub(super) prefix: &'static str,
    pub(super) uri: &'static str,
    pub(super) elements: &'static [(&'static str, Form, Count)],
}

/// How often an element may stand in one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Once,
    Any,
}

const YES: Form = OneOf(&["yes", "no"]);
const EXPLICIT: Form = OneOf(&["yes", "no", "clean", "true", "false", "explicit"]);

/// The namespaces that a prefix stands for, by the habit of feeds.
pub(super) const NAMESPACES: [Namespace; 13] = [
    Namespace {
        prefix: "creativeCommons",
        uri: "http://backend.userland.com/creativeCommonsRssModule",
        elements: &[("license", Address, Any)],
    },
    Namespace {
        prefix: "dc",
        uri: "http://purl.org/dc/elements/1.1/",
        elements: &[
            ("contributor", Words, Any),
            ("coverage", Words, Any),
            ("creator", Words, Any),
            ("date", Date, Once),
            ("description", Words, Once),
            ("format", Words, Any),
            ("identifier", Words, Any),
            ("language", Language, Once),
            ("publisher", Words, Any),
            ("relation", Words, Any),
            ("rights", Words, Once),
            ("source", Words, Any),
            ("subject", Words, Any),
            ("title", Words, Once),
            ("type", Words, Any),
        ],
    },
    Namespace {
        prefix: "dcterms",
        uri: "http://purl.org/dc/terms/",
        elements: &[
            ("abstract", Words, Any),
            ("accessRights", Words, Any),
            ("alternative", Words, Any),
            ("audience", Words, Any),
            ("available", Date, Once),
            ("bibliographicCitation", Words, Any),
            ("conformsTo", Words, Any),
            ("contributor", Words, Any),
            ("coverage", Words, Any),
            ("created", Date, Once),
            ("creator", Words, Any),
            ("date", Date, Once),
            ("dateAccepted", Date, Once),
            ("dateCopyrighted", Date, Once),
            ("dateSubmitted", Date, Once),
            ("description", Words, Any),
            ("educationLevel", Words, Any),
            ("extent", Words, Any),
            ("format", Words, Any),
            ("hasFormat", Words, Any),
            ("hasPart", Words, Any),
            ("hasVersion", Words, Any),
            ("identifier", Words, Any),
            ("instructionalMethod", Words, Any),
            ("isFormatOf", Words, Any),
            ("isPartOf", Words, Any),
            ("isReferencedBy", Words, Any),
            ("isReplacedBy", Words, Any),
            ("isRequiredBy", Words, Any),
            ("isVersionOf", Words, Any),
            ("issued", Date, Once),
            ("language", Language, Once),
            ("license", Words, Any),
            ("mediator", Words, Any),
            ("medium", Words, Any),
            ("modified", Date, Once),
            ("provenance", Words, Any),
            ("publisher", Words, Any),
            ("references", Words, Any),
            ("relation", Words, Any),
            ("replaces", Words, Any),
            ("requires", Words, Any),
            ("rights", Words, Any),
            ("rightsHolder", Words, Any),
            ("source", Words, Any),
            ("spatial", Words, Any),
            ("subject", Words, Any),
            ("tableOfContents", Words, Any),
            ("temporal", Words, Any),
            ("title", Words, Any),
            ("type", Words, Any),
            ("valid", Date, Once),
        ],
    },
    Namespace {
        prefix: "geo",
        uri: "http://www.w3.org/2003/01/geo/wgs84_pos#",
        elements: &[("lat", Latitude, Once), ("long", Longitude, Once)],
    },
    Namespace {
        prefix: "georss",
        uri: "http://www.georss.org/georss",
        elements: &[
            ("box", Corners(2), Once),
            ("elev", Decimal, Once),
            ("featurename", Words, Once),
            ("featuretypetag", Words, Once),
            ("floor", Decimal, Once),
            ("line", Places(2), Once),
            ("point", Corners(1), Once),
            ("polygon", Places(4), Once),
            ("radius", Decimal, Once),
            ("relationshiptag", Words, Once),
        ],
    },
    Namespace {
        prefix: "googleplay",
        uri: "http://www.google.com/schemas/play-podcasts/1.0",
        elements: &[
            ("author", Words, Once),
            ("block", YES, Once),
            ("description", Short(4000), Once),
            ("explicit", OneOf(&["yes", "no", "clean"]), Once),
        ],
    },
    Namespace {
        prefix: "itunes",
        uri: "http://www.itunes.com/dtds/podcast-1.0.dtd",
        elements: &[
            ("author", Words, Once),
            ("block", YES, Once),
            ("duration", Duration, Once),
            ("episode", Number, Once),
            ("episodeType", OneOf(&["full", "trailer", "bonus"]), Once),
            ("explicit", EXPLICIT, Once),
            ("isClosedCaptioned", YES, Once),
            ("keywords", Words, Once),
            ("order", Number, Once),
            ("season", Number, Once),
            ("subtitle", Short(255), Once),
            ("summary", Short(4000), Once),
            ("title", Words, Once),
        ],
    },
    Namespace {
        prefix: "media",
        uri: "http://search.yahoo.com/mrss/",
        elements: &[
            ("adult", OneOf(&["true", "false"]), Once),
            ("copyright", Words, Once),
            ("credit", Words, Any),
            ("description", Words, Once),
            ("keywords", Words, Once),
            ("rating", OneOf(&["adult", "nonadult"]), Any),
            ("title", Words, Once),
        ],
    },
    Namespace {
        prefix: "podcast",
        uri: "https://podcastindex.org/namespace/1.0",
        elements: &[
            ("episode", Decimal, Once),
            ("license", Words, Once),
            ("location", Words, Any),
            ("person", Words, Any),
            ("season", Form::Count, Once),
            ("txt", Words, Any),
        ],
    },
    Namespace {
        prefix: "slash",
        uri: "http://purl.org/rss/1.0/modules/slash/",
        elements: &[
            ("comments", Form::Count, Once),
            ("department", Words, Once),
            ("section", Words, Once),
        ],
    },
    Namespace {
        prefix: "source",
        uri: "http://source.scripting.com/",
        elements: &[("markdown", Words, Once)],
    },
    Namespace {
        prefix: "thr",
        uri: "http://purl.org/syndication/thread/1.0",
        elements: &[("total", Form::Count, Once)],
    },
    Namespace {
        prefix: "wfw",
        uri: "http://wellformedweb.org/CommentAPI/",
        elements: &[("comment", Address, Once), ("commentRss", Address, Once)],
    },
];
