//! Each key of the entry format, under each of its names.

use super::*;
use crate::entry::{Episode, EpisodeKind, Target};

/// What `text`, an entry with front matter, says under one of our own names.
#[expect(clippy::too_many_lines, reason = "one arm a name")]
fn said(text: &str, of: &str) -> String {
    let draft = match read("news/a.md", text) {
        Ok(draft) => draft,
        Err(refusal) => return format!("refused: {refusal}"),
    };
    let article = &draft.article;
    let claims = &draft.claims;
    let target = |target: &Target| match target {
        Target::Address(address) => address.to_string(),
        Target::Reference(number) => match &article.references[*number] {
            Reference::Local(local) => local.path.to_string(),
            other => panic!("{other:?}"),
        },
    };
    let date = |date: Option<StatedDate>| {
        date.map(|date| match date {
            StatedDate::At(at) | StatedDate::Day { start: at, .. } => at.to_string(),
        })
    };
    let found = match of {
        "title" => Some(article.title.to_string()),
        "date" => date(claims.published),
        "updated" => date(claims.updated),
        "expires" => date(claims.expires),
        "summary" => Some(article.summary.to_string()),
        "link" => article.link.as_ref().map(ToString::to_string),
        "id" => claims.id.as_ref().map(ToString::to_string),
        "slug" => claims.slug.as_ref().map(ToString::to_string),
        "draft" => Some(claims.draft.to_string()),
        "minor" => Some(claims.minor.to_string()),
        "lang" => article.language.as_ref().map(ToString::to_string),
        "comments" => article.comments.as_ref().map(ToString::to_string),
        "episode" => article.episode.as_ref().map(|it| format!("{it:?}")),
        "image" => article
            .image
            .as_ref()
            .map(|it| format!("{} ({})", target(&it.target), it.alt)),
        "aliases" => Some(
            claims
                .aliases
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" "),
        ),
        "tags" => Some(
            article
                .categories
                .iter()
                .map(|it| it.label.to_string())
                .collect::<Vec<_>>()
                .join(" "),
        ),
        "related" => Some(related(&draft).join(" | ")),
        "authors" => Some(
            article
                .authors
                .iter()
                .map(|it| {
                    let avatar = it.avatar.as_ref().map(target).unwrap_or_default();
                    let email = it
                        .email
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default();
                    let uri = it.uri.as_ref().map(ToString::to_string).unwrap_or_default();
                    [it.name.to_string(), email, uri, avatar]
                        .join(" ")
                        .trim_end()
                        .to_owned()
                })
                .collect::<Vec<_>>()
                .join(" | "),
        ),
        "enclosures" => Some(
            article
                .enclosures
                .iter()
                .map(|it| {
                    let media_type = it
                        .media_type
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default();
                    format!(
                        "{} {media_type} {:?} {:?}",
                        target(&it.target),
                        it.length,
                        it.seconds
                    )
                })
                .collect::<Vec<_>>()
                .join(" | "),
        ),
        "via" | "source" => {
            let links = if of == "via" {
                article.via.iter()
            } else {
                article.source.as_slice().iter()
            };
            Some(
                links
                    .map(|it| {
                        let title = it
                            .title
                            .as_ref()
                            .map(ToString::to_string)
                            .unwrap_or_default();
                        format!("{} {title}", it.address).trim_end().to_owned()
                    })
                    .collect::<Vec<_>>()
                    .join(" | "),
            )
        }
        "elements" => Some(
            article
                .elements
                .iter()
                .map(|it| format!("{}:{}={}", it.prefix(), it.name(), it.value()))
                .collect::<Vec<_>>()
                .join(" "),
        ),
        other => panic!("{other}"),
    };
    found.unwrap_or_else(|| "nothing".to_owned())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_key_means_the_same_under_each_of_its_names() {
    let check = |line: &str, of: &str, expected: &str| {
        let text = format!("---\n{line}\n---\nA text of a few more words.");
        assert_eq!(said(&text, of), expected, "{line}");
    };
    check("title: <b> & no", "title", "<b> & no");
    check("title: no", "title", "no");
    check("title: 1.10", "title", "1.10");
    let date = "2026-01-31T10:00:00Z";
    for key in ["date", "published", "publishDate", "pubdate"] {
        check(&format!("{key}: 2026-01-31 10:00"), "date", date);
    }
    for text in [
        "2026-01-31T10:00:00Z",
        "Sat, 31 Jan 2026 10:00:00 GMT",
        "2026-01-31 12:00:00 +0200",
    ] {
        check(&format!("date: \"{text}\""), "date", date);
    }
    check("date: 2026-01-31", "date", "2026-01-31T00:00:00Z");
    for key in ["updated", "lastmod", "modified", "last_modified_at"] {
        check(&format!("{key}: 2026-01-31 10:00"), "updated", date);
    }
    for key in ["authors", "author"] {
        check(&format!("{key}: Ana Reis"), "authors", "Ana Reis");
        check(
            &format!("{key}: [Ana Reis, Jo]"),
            "authors",
            "Ana Reis | Jo",
        );
    }
    check(
        "authors: [{name: Ana, email: a@b.example, url: https://a.example, avatar: ana.png}]",
        "authors",
        "Ana a@b.example https://a.example/ news/ana.png",
    );
    check(
        "authors: [{name: Ana, avatar: \"https://a.example/x.png\"}]",
        "authors",
        "Ana   https://a.example/x.png",
    );
    for key in ["tags", "categories", "category", "keywords"] {
        check(&format!("{key}: [sea, Big ships]"), "tags", "sea Big ships");
        check(&format!("{key}: sea, ships"), "tags", "sea ships");
    }
    check("taxonomies: {tags: [sea], series: [x]}", "tags", "sea");
    for key in ["summary", "description", "excerpt", "subtitle"] {
        check(&format!("{key}: In short."), "summary", "In short.");
    }
    for key in ["link", "url", "canonical_url", "external_url"] {
        check(
            &format!("{key}: https://a.example/x"),
            "link",
            "https://a.example/x",
        );
    }
    check("url: /2020/old/", "slug", "2020/old");
    for key in ["id", "guid", "uuid"] {
        check(
            &format!("{key}: tag:a.example,2020:1"),
            "id",
            "tag:a.example,2020:1",
        );
    }
    check("slug: My Words", "slug", "my-words");
    check("permalink: /log/rudder.html", "slug", "log/rudder");
    check("permalink: /log/index.html", "slug", "log");
    check("permalink: /notes/{{ title }}/", "slug", "nothing");
    check("permalink: /:year/:title/", "slug", "nothing");
    check("slug: ../../etc/passwd", "slug", "etc/passwd");
    for key in ["aliases", "redirect_from"] {
        check(&format!("{key}: [/2019/a.html, b]"), "aliases", "2019/a b");
        check(&format!("{key}: /2019/a/"), "aliases", "2019/a");
    }
    for line in [
        "draft: true",
        "published: false",
        "status: draft",
        "status: Hidden",
    ] {
        check(line, "draft", "true");
    }
    for line in [
        "draft: false",
        "published: true",
        "status: published",
        "title: x",
    ] {
        check(line, "draft", "false");
    }
    for key in ["expires", "expiryDate"] {
        check(&format!("{key}: 2026-01-31 10:00"), "expires", date);
    }
    check("minor: true", "minor", "true");
    check("lang: pt_BR", "lang", "pt-BR");
    check("language: pt", "lang", "pt");
    for key in ["image", "cover", "featured_image", "thumbnail", "images"] {
        check(&format!("{key}: a.png"), "image", "news/a.png ()");
    }
    check(
        "image: {path: /a.png, alt: A ship}",
        "image",
        "a.png (A ship)",
    );
    check(
        "cover: {image: a.png, alt: A ship}",
        "image",
        "news/a.png (A ship)",
    );
    check(
        "image: {url: \"https://a.example/a.png\"}",
        "image",
        "https://a.example/a.png ()",
    );
    for key in ["enclosure", "enclosures", "audio", "video", "attachment"] {
        check(
            &format!("{key}: a.mp3"),
            "enclosures",
            "news/a.mp3 audio/mpeg None None",
        );
    }
    check(
        "enclosure: {url: \"https://a.example/a\", type: audio/ogg, length: 9, duration: \"1:01\"}",
        "enclosures",
        "https://a.example/a audio/ogg Some(9) Some(61)",
    );
    check(
        "audio: a.mp3\nduration: \"1:00:01\"",
        "enclosures",
        "news/a.mp3 audio/mpeg None Some(3601)",
    );
    for key in ["related", "see_also"] {
        check(
            &format!("{key}: [One, b.md, {{title: Two, url: \"https://a.example/\"}}]"),
            "related",
            "One | b.md => news/b.md | Two -> https://a.example/",
        );
    }
    check("via: https://a.example/", "via", "https://a.example/");
    check(
        "via: [{url: \"https://a.example/\", title: A}]",
        "via",
        "https://a.example/ A",
    );
    check(
        "source: {url: \"https://a.example/\", title: A}",
        "source",
        "https://a.example/ A",
    );
    check(
        "comments: https://a.example/t/1",
        "comments",
        "https://a.example/t/1",
    );
    check("comments: true", "comments", "nothing");
    check("comments: false", "comments", "nothing");
    let episode = Episode {
        number: Some(3),
        season: Some(2),
        kind: Some(EpisodeKind::Bonus),
        explicit: Some(false),
        ..Episode::default()
    };
    let episode = &format!("{episode:?}");
    check(
        "podcast: {episode: 3, season: 2, type: bonus, explicit: false}",
        "episode",
        episode,
    );
    check(
        "episode: 3\nseason: 2\nepisodeType: Bonus\nexplicit: clean",
        "episode",
        episode,
    );
    check(
        "feed: {geo: {lat: 1.5}, \"dc:rights\": \"a < b\"}",
        "elements",
        "geo:lat=1.5 dc:rights=a < b",
    );
    check("feed.geo.lat: 1.5", "elements", "geo:lat=1.5");
}

#[test]
fn a_wrong_value_is_an_error_under_our_own_name_and_a_warning_under_another() {
    let check = |line: &str, is_error: bool, expected: &str| {
        let text = format!("---\ntitle: x\n{line}\n---\nText.");
        match read("a.md", &text) {
            Ok(draft) => {
                assert!(!is_error, "{line}");
                assert!(
                    warnings(&draft)[0].contains(expected),
                    "{line}: {:?}",
                    draft.warnings
                );
            }
            Err(refusal) => {
                assert!(is_error, "{line}: {refusal}");
                assert!(refusal.to_string().contains(expected), "{line}: {refusal}");
                assert_eq!(refusal.problem().line, 3, "{line}");
            }
        }
    };
    let date = "is not a date: expected 2026-01-31";
    check("date: soon", true, date);
    check("published: soon", false, date);
    check("updated: soon", true, date);
    check("lastmod: soon", false, date);
    check("expires: soon", true, date);
    check("expiryDate: soon", false, date);
    check(
        "link: \"javascript:alert(1)\"",
        true,
        "is not a web address",
    );
    check(
        "external_url: \"javascript:alert(1)\"",
        false,
        "is not a web address",
    );
    check("id: 12", true, "is not an id");
    check("guid: 12", false, "is not an id");
    check("slug: \"!!\"", true, "is no address");
    check("permalink: /:title/", false, "is no address");
    check("draft: perhaps", true, "is neither yes nor no");
    check("minor: perhaps", true, "is neither yes nor no");
    check("lang: not a language", true, "is not a language");
    check("language: not a language", false, "is not a language");
    check("image: ../../x.png", true, "leads out of the folder");
    check("cover: ../../x.png", false, "leads out of the folder");
    check("enclosure: \"mailto:a@b.example\"", true, "is no file");
    check("audio: \"mailto:a@b.example\"", false, "is no file");
    check("related: [{x: {}}]", true, "names nothing");
    check("via: somewhere", true, "is not a web address");
    check("source: somewhere", true, "is not a web address");
    check("comments: somewhere", true, "is not a web address");
    check("podcast: {episode: three}", true, "is not a number");
    check("episode: three", false, "is not a number");
    check("podcast: {type: half}", true, "is no kind of episode");
    check("podcast: {duration: \"1:99\"}", true, "is not a duration");
    check("feed: {harbour: {lat: 1}}", true, "stands for no namespace");
    check("feed: {lat: 1}", true, "names no element");
    check("feed: {\"geo:la t\": 1}", true, "is no name of an element");
    check("authors: [{avatar: x}]", true, "is no author");
    check("tags: [{a: b}]", true, "is no tag");
}

#[test]
fn unknown_keys_are_left_alone() {
    let draft = draft(
        "a.md",
        "---\ntitle: x\nlayout: post\nparams: {a: [1]}\n---\nText.",
    );
    assert!(draft.warnings.is_empty());
}
