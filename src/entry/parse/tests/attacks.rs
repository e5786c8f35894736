//! Entries that try to break the errors of the feed validator: what the file says, and what comes of it.

use super::*;

/// What comes of a file with this line of front matter.
#[derive(Debug)]
enum Outcome {
    /// Refused, with this in the message.
    Refused(&'static str),
    /// Published without it, with this in a warning.
    Warned(&'static str),
    /// Published, with this in what is kept of the entry.
    Kept(&'static str),
    /// Published, without a word of it.
    Dropped(&'static str),
}

use Outcome::{Dropped, Kept, Refused, Warned};

const ATTACKS: &[(&str, Outcome)] = &[
    // Ids: `InvalidURN`, `InvalidUUID`, `InvalidTAG`, `InvalidFullLink`, `InvalidIRI`.
    ("id: urn:x:1", Refused("expected a URN")),
    ("id: urn:uuid:1234", Refused("expected urn:uuid:")),
    ("id: \"tag:example.org:2026\"", Refused("expected a tag")),
    (
        "id: \"tag:example.org,2026:a b\"",
        Refused("expected a tag"),
    ),
    ("id: https:12", Refused("expected an absolute IRI")),
    ("id: https://example.org/%zz", Refused("is not an id")),
    ("id: \"https://example.org/a|b\"", Refused("is not an id")),
    ("guid: urn:uuid:1234", Warned("expected urn:uuid:")),
    // Links: `InvalidLink`, `InvalidUriChar`, `UriNotIri`.
    (
        "link: https://example.org/ü|[x]",
        Kept("https://example.org/%C3%BC%7C%5Bx%5D"),
    ),
    (
        "link: \"https://example.org/#a#b%\"",
        Kept("https://example.org/#a%23b%25"),
    ),
    ("link: \"https://\"", Refused("is not a web address")),
    (
        "via: \"https://example.org/{x}?{y}\"",
        Kept("https://example.org/%7Bx%7D?%7By%7D"),
    ),
    (
        "source: \"https://exa mple.org/\"",
        Refused("is not a web address"),
    ),
    (
        "comments: \"https://example.org/a^b\"",
        Kept("https://example.org/a%5Eb"),
    ),
    (
        "related: [\"https://example.org/a|b\"]",
        Kept("https://example.org/a%7Cb"),
    ),
    // Enclosures: `InvalidMIMEType`, `InvalidNonNegativeInteger`.
    (
        "enclosure: {url: \"https://a.example/x.mp3\", type: audio}",
        Refused("is not a media type"),
    ),
    (
        "enclosure: {url: \"https://a.example/x.mp3\", type: \"a b/c\"}",
        Refused("is not a media type"),
    ),
    (
        "audio: {url: \"https://a.example/x.mp3\", type: mp3}",
        Warned("is not a media type"),
    ),
    (
        "enclosure: {url: \"https://a.example/x.mp3\", length: -1}",
        Refused("is not a number"),
    ),
    (
        "enclosure: {url: \"https://a.example/x.mp3\", length: many}",
        Refused("is not a number"),
    ),
    // Languages: `InvalidLanguage`.
    ("lang: xx", Refused("is not a language")),
    ("lang: english", Refused("is not a language")),
    ("lang: en-", Refused("is not a language")),
    ("language: klingonish", Warned("is not a language")),
    // People: `InvalidAddrSpec`, `InvalidLink`.
    (
        "authors: [{name: Ann, email: ann@localhost}]",
        Refused("is not a mail address"),
    ),
    (
        "authors: [{name: Ann, email: \"Ann <ann@example.org>\"}]",
        Refused("is not a mail address"),
    ),
    (
        "authors: [\"Ann <ann@exam ple.org>\"]",
        Refused("is not a mail address"),
    ),
    (
        "author: {name: Ann, email: nobody}",
        Warned("is not a mail address"),
    ),
    ("authors: [\"Ann <@ann>\"]", Dropped("@ann")),
    (
        "authors: [{name: Ann, url: ann.example}]",
        Refused("is not a web address"),
    ),
    ("authors: [{name: \" \"}]", Refused("is no author")),
    // Dates: `InvalidRFC2822Date`, `InvalidRFC3339Date`.
    ("date: 0999-12-31", Refused("is not a date")),
    ("date: 12345-01-01", Refused("is not a date")),
    ("updated: 2026-02-30", Refused("is not a date")),
    // Podcasts: `InvalidPositiveInteger`, `InvalidDuration`, `InvalidYesNo`.
    ("podcast: {episode: 0}", Refused("is not a number from 1")),
    ("podcast: {season: -1}", Refused("is not a number from 1")),
    ("season: 0", Warned("is not a number from 1")),
    (
        "podcast: {duration: \"1:99\"}",
        Refused("is not a duration"),
    ),
    (
        "podcast: {explicit: maybe}",
        Refused("is neither yes nor no"),
    ),
    // Elements of other namespaces, each by its own rule.
    (
        "feed: {dc: {date: yesterday}}",
        Refused("is no value of dc:date"),
    ),
    (
        "feed: {dc: {language: Portuguese}}",
        Refused("is no value of dc:language"),
    ),
    ("feed: {dc: {rights: \"\"}}", Refused("expected some words")),
    (
        "feed: {dc: {licence: x}}",
        Refused("is no element for entries"),
    ),
    (
        "feed: {dcterms: {modified: 31.1.2026}}",
        Refused("is no value of dcterms:modified"),
    ),
    ("feed: {geo: {lat: 91}}", Refused("degrees from -90 to 90")),
    (
        "feed: {georss: {point: \"38.7\"}}",
        Refused("expected a place"),
    ),
    (
        "feed: {itunes: {duration: long}}",
        Refused("expected seconds"),
    ),
    (
        "feed: {itunes: {explicit: maybe}}",
        Refused("expected one of yes"),
    ),
    (
        "feed: {itunes: {owner: Ann}}",
        Refused("is no element for entries"),
    ),
    (
        "feed: {itunes: {image: x.png}}",
        Refused("is no element for entries"),
    ),
    (
        "feed: {itunes: {category: Arts}}",
        Refused("is no element for entries"),
    ),
    (
        "feed: {media: {content: x}}",
        Refused("is no element for entries"),
    ),
    (
        "feed: {media: {rating: R}}",
        Refused("expected one of adult"),
    ),
    (
        "feed: {slash: {comments: many}}",
        Refused("expected a whole number"),
    ),
    (
        "feed: {thr: {total: -1}}",
        Refused("expected a whole number"),
    ),
    (
        "feed: {thr: {in-reply-to: x}}",
        Refused("is no element for entries"),
    ),
    (
        "feed: {wfw: {commentRss: /c}}",
        Refused("expected an address"),
    ),
    (
        "feed: {creativeCommons: {license: by}}",
        Refused("expected an address"),
    ),
    (
        "feed: {dc: {date: 2026}, \"dc:date\": 2027}",
        Refused("is said a second time"),
    ),
    // Text: `SAXError`, `ContainsHTML` in places that are no HTML, `NotBlank`.
    ("title: \"a\\u0000\\u000b\\ufffeb\"", Kept("\"ab\"")),
    ("title: \" \"", Dropped("title: \"\"")),
    ("tags: [\"!!\"]", Refused("is no tag")),
    ("summary: \"]]> <b>\"", Kept("]]> <b>")),
];

#[test]
fn no_value_breaks_an_error_of_the_validator() {
    for (line, expected) in ATTACKS {
        let text = format!("---\ndate: 2026-01-31\n{line}\n---\n# A title\n\nSome text.\n");
        // Our own `date` stands there already, and the first one counts.
        let text = if line.starts_with("date") {
            text.replacen("date: 2026-01-31\n", "minor: false\n", 1)
        } else {
            text
        };
        let read = read("a.md", &text);
        match (&read, expected) {
            (Err(refusal), Refused(message)) => {
                assert!(refusal.to_string().contains(message), "{line}: {refusal}");
                let problem = refusal.problem();
                assert_eq!(problem.line, 3, "{line}: {refusal}");
                assert!(problem.column >= 1, "{line}: {refusal}");
            }
            (Ok(draft), Warned(message)) => {
                let warned = warnings(draft);
                assert!(
                    warned.iter().any(|it| it.contains(message)),
                    "{line}: {warned:?}"
                );
            }
            (Ok(draft), Kept(what)) => {
                let kept = format!("{:?}", draft.article);
                assert!(kept.contains(what), "{line}: {kept}");
            }
            (Ok(draft), Dropped(what)) => {
                let kept = format!("{:?}", draft.article);
                assert!(!kept.contains(what), "{line}: {kept}");
            }
            (read, expected) => panic!("{line}: {read:?}, not {expected:?}"),
        }
    }
}
