//! What front matter says, and what it may not.

use super::*;

#[test]
fn dates_come_from_front_matter_or_the_name() {
    let check = |path: &str, text: &str, expected: Option<&str>| {
        let at = draft(path, text).claims.published.map(|date| match date {
            StatedDate::At(at) | StatedDate::Day { start: at, .. } => at.to_string(),
        });
        assert_eq!(at.as_deref(), expected, "{path}");
    };
    let day = Some("2026-01-31T00:00:00Z");
    check("2026-01-31-two-words.md", "Text.", day);
    check("2026-01-31-a/index.md", "Text.", day);
    check("a.md", "---\ndate: 2026-01-31\n---\nText.", day);
    check("a.md", "+++\ndate = 2026-01-31\n+++\nText.", day);
    check("a.md", "{\"date\": \"2026-01-31\"}\nText.", day);
    check("a.md", "Date: 2026-01-31\n\nText.", day);
    check("a.md", "+++\ndate = 2026-01-31T00:00:00Z\n+++\nText.", day);
    check("2025-01-01-a.md", "---\ndate: 2026-01-31\n---\nText.", day);
    check("a.md", "Text.", None);
}

#[test]
fn front_matter_is_refused_with_a_place() {
    let check = |text: &str, expected: &str| {
        let shown = match read("a.md", text) {
            Ok(draft) => format!("published as {}", draft.article.title),
            Err(Refusal::Unfinished(problem)) => format!("unfinished: {problem}"),
            Err(Refusal::Rejected(problem)) => problem.to_string(),
        };
        assert_eq!(shown, expected, "{text}");
    };
    check(
        "---\ntitle: x\ndate: tomorrow\n---\nText.",
        "3:7: `date` is not a date: expected 2026-01-31 or 2026-01-31T10:00:00Z",
    );
    check(
        "+++\ntitle = \"x\"\ndate = \"tomorrow\"\n+++\nText.",
        "3:8: `date` is not a date: expected 2026-01-31 or 2026-01-31T10:00:00Z",
    );
    check(
        "Title: x\nDate: tomorrow\n\nText.",
        "2:7: `date` is not a date: expected 2026-01-31 or 2026-01-31T10:00:00Z",
    );
    check(
        "---\ntitle: x\n",
        "unfinished: 1:1: the front matter is not closed: expected a line `---` after it",
    );
    check(
        "+++\ntitle = 1\n",
        "unfinished: 1:1: the front matter is not closed: expected a line `+++` after it",
    );
    check(
        "{\"title\": ",
        "unfinished: 1:11: the front matter is not closed: expected a `}` after it",
    );
    let no_json =
        "the front matter is not JSON here: expected an object such as {\"title\": \"…\"}";
    check("{\"tïtle\": x}\nText.", &format!("1:11: {no_json}"));
    check("{\"title\": \"The\nlamp\"}", &format!("2:1: {no_json}"));
    check(
        "",
        "unfinished: 1:1: the file is empty: expected an article",
    );
    check(
        " \n\t",
        "unfinished: 1:1: the file is empty: expected an article",
    );
    check("---\nJust a rule.\n", "published as Just a rule");
    check(
        "---\ntitle: x\ntitle: y\n---\n",
        "3:1: `title` stands here for the second time: expected each key once",
    );
    check(
        "---\ntitle: Harbour: it's open\n---\n",
        "published as Harbour: it's open",
    );
    check(
        "---\ntags:\n  - a: b: c\n---\nText",
        "3:9: the front matter is not YAML: mapping values are not allowed in this context: expected quotes around a value with a colon in it",
    );
    check(
        "---\ntitle: [a\n---\nText",
        "2:8: the front matter is not YAML: unclosed bracket '['",
    );
    check(
        "---\nlang: English please\ntitle: x\n---\n",
        "2:7: `lang` is not a language: expected a tag such as en or pt-BR",
    );
    check(
        "---\nid: 12\ntitle: x\n---\n",
        "2:5: `12` is not an id: expected an absolute IRI such as urn:uuid:… or https://example.org/?p=12, or a UUID",
    );
    check(
        "---\nwords: { of: [ other, tools ] }\ntitle: x\n---\n",
        "published as x",
    );
    check(
        "---\ndraft: false\n---\n",
        "4:1: there is neither a title nor any text: expected an article",
    );
}

#[test]
fn other_tools_keys_mean_the_same() {
    let yaml = "---\npublishDate: 2026-01-31 10:00:00 +0200\nlastmod: never\nauthor: Ana Reis <ana@example.org>\ncategories: [Harbour, C++]\nkeywords: ferries, harbour\ndescription: About\nurl: /2026/bridge/\nguid: tag:example.org,2026:1\nredirect_from: /old\nstatus: draft\nlanguage: pt_BR\ncover: {image: a.png, alt: A bridge}\naudio: https://example.org/a.mp3\nsee_also:\n  - Some title\n  - {title: Ferries, url: https://example.org/f}\n  - other.md\n---\nText.";
    let draft = draft("news/a.md", yaml);
    let article = &draft.article;
    assert_eq!(article.authors[0].name.as_str(), "Ana Reis");
    assert_eq!(
        article.authors[0].email.as_ref().unwrap().as_str(),
        "ana@example.org"
    );
    let tags: Vec<&str> = article
        .categories
        .iter()
        .map(|tag| tag.label.as_str())
        .collect();
    assert_eq!(tags, ["Harbour", "C++", "ferries"]);
    assert_eq!(article.summary.as_str(), "About");
    assert_eq!(draft.claims.slug.as_ref().unwrap().as_str(), "2026/bridge");
    assert_eq!(
        draft.claims.id.as_ref().unwrap().as_str(),
        "tag:example.org,2026:1"
    );
    assert_eq!(draft.claims.aliases[0].as_str(), "old");
    assert!(draft.claims.draft);
    assert_eq!(article.language.as_ref().unwrap().as_str(), "pt-BR");
    assert_eq!(article.image.as_ref().unwrap().alt.as_str(), "A bridge");
    assert_eq!(
        article.enclosures[0].media_type.as_ref().unwrap().as_str(),
        "audio/mpeg"
    );
    assert_eq!(
        related(&draft),
        [
            "Some title",
            "Ferries -> https://example.org/f",
            "other.md => news/other.md"
        ]
    );
    assert_eq!(
        warnings(&draft)[0],
        "3:10: `lastmod` is not a date: expected 2026-01-31 or 2026-01-31T10:00:00Z"
    );
}
