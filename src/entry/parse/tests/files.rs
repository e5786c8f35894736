//! What the folder says, and what the file itself is: drafts, documents, recordings, the front page.

use super::*;
use crate::entry::{Content, Target};

#[test]
fn the_folder_says_what_the_entry_does_not() {
    let defaults = Defaults::read(
        b"title = \"The sea\"\nauthors = \"Ana\"\ntags = [\"sea\"]\nlang = \"pt\"\ndraft = true\ncontent = \"summary\"",
    )
    .unwrap();
    let conventions = conventions().with_defaults(defaults);
    let read = |text: &str| {
        let path = FolderPath::new("sea/a.md").unwrap();
        parse(&path, text.as_bytes(), &conventions).unwrap()
    };
    let silent = read("# Title\n\nText.");
    let article = &silent.article;
    assert_eq!(article.section, Some(Text::new("The sea")));
    assert_eq!(article.authors[0].name, Text::new("Ana"));
    assert_eq!(article.categories[0].label, Text::new("sea"));
    assert_eq!(article.language, Language::parse("pt"));
    assert!(article.content == Content::Summary && silent.claims.draft);
    let own = read("---\nauthor: Jo\ntags: [air]\nlang: en\ndraft: false\n---\n# Title\n\nText.");
    let article = &own.article;
    assert_eq!(article.authors[0].name, Text::new("Jo"));
    assert_eq!(article.categories[0].label, Text::new("air"));
    assert_eq!(article.language, Language::parse("en"));
    assert!(!own.claims.draft);
    assert_ne!(own.conventions, draft("a.md", "Text.").conventions);
}

#[test]
fn what_lies_in_a_drafts_folder_is_a_draft() {
    assert!(draft("_drafts/a.md", "# Title").claims.draft);
    assert!(
        draft("news/_drafts/a.md", "---\ndraft: false\n---\n# Title")
            .claims
            .draft
    );
    assert!(!draft("drafts/a.md", "# Title").claims.draft);
}

#[test]
fn the_head_of_a_document_says_what_front_matter_would() {
    let text = "<html lang=pt><head><title>Reeds</title><meta name=author content=\"Lena &amp; Jo\">\
        <meta name=Date content=\"2026-01-31 10:00\"><meta property=article:modified_time content=2026-02-01T00:00:00Z>\
        <meta name=keywords content=\"reeds, marsh\"><meta name=description content=\"In short.\">\
        <meta name=generator content=x><meta name=slug content=by-hand></head><body><p>Text of it.</p>";
    let draft = draft("a.html", text);
    let article = &draft.article;
    assert_eq!(article.title, Text::new("Reeds"));
    assert_eq!(article.authors[0].name, Text::new("Lena & Jo"));
    assert_eq!(article.summary, Text::new("In short."));
    let tags: Vec<_> = article
        .categories
        .iter()
        .map(|it| it.label.as_str())
        .collect();
    assert_eq!(tags, ["reeds", "marsh"]);
    assert_eq!(draft.claims.slug, Slug::from_path("by-hand"));
    assert!(draft.claims.published.is_some() && draft.claims.updated.is_some());
}

#[test]
fn a_recording_is_an_entry_of_its_own_tags() {
    let path = |path: &str| FolderPath::new(path).unwrap();
    let tags = Recording {
        title: Some("The fog \u{1}horn".to_owned()),
        artist: Some("Ana Reis".to_owned()),
        description: Some("Ten minutes of fog, with a horn.\n\nRead: The lamp".to_owned()),
        date: Some("2026".to_owned()),
        track: Some(12),
        disk: Some(2),
        seconds: Some(61),
        language: Some("en".to_owned()),
        album: None,
        ..Recording::default()
    };
    let made = recording(&path("show/2026-01-31-fog.mp3"), &tags, &conventions()).unwrap();
    let article = &made.article;
    assert_eq!(article.title, Text::new("The fog horn"));
    assert_eq!(
        article.summary,
        Text::new("Ten minutes of fog, with a horn.")
    );
    assert_eq!(related(&made), ["The lamp"]);
    assert_eq!(article.episode.as_ref().unwrap().number, Some(12));
    let enclosure = &article.enclosures[0];
    assert_eq!(enclosure.seconds, Some(61));
    assert_eq!(enclosure.media_type, Some(Text::new("audio/mpeg")));
    let Target::Reference(number) = enclosure.target else {
        panic!("{enclosure:?}")
    };
    assert!(
        matches!(&article.references[number], Reference::Local(local) if local.path.as_str() == "show/2026-01-31-fog.mp3")
    );
    assert!(made.claims.published.is_some());
    assert_eq!(made.slug, Slug::from_path("fog").unwrap());

    let bare = recording(
        &path("Episode 12 #1?.mp3"),
        &Recording::default(),
        &conventions(),
    )
    .unwrap();
    assert_eq!(bare.article.title, Text::new("Episode 12 #1?"));
    assert!(bare.article.authors.is_empty() && bare.claims.published.is_none());
    assert!(
        matches!(&bare.article.references[..], [Reference::Local(local)] if local.path.as_str() == "Episode 12 #1?.mp3")
    );
    assert!(bare.warnings.is_empty(), "{:?}", bare.warnings);
}

#[test]
fn the_front_pages_text_keeps_its_heading() {
    let front = draft("index.md", "# Welcome\n\nThis is the harbour.");
    assert!(
        body(&front).starts_with("<h1>Welcome</h1>"),
        "{}",
        body(&front)
    );
    assert!(
        draft(
            "index.txt",
            "It is said that this is a harbour, and so it is."
        )
        .warnings
        .is_empty()
    );
    assert!(!body(&draft("news/index.md", "# Welcome\n\nText.")).contains("h1"));
}

#[test]
fn a_salutation_sums_nothing_up() {
    let check = |text: &str, expected: &str| {
        assert_eq!(draft("a.txt", text).article.summary, Text::new(expected));
    };
    check(
        "Dear editor,\n\nThe fog horn has been silent for a week.",
        "The fog horn has been silent for a week.",
    );
    check("Dear editor,\n\nThanks.", "Dear editor,");
}

#[test]
fn of_too_many_warnings_the_first_are_told() {
    let count = super::super::files::MAX_TOLD + 7;
    let images: Vec<String> = (0..count).map(|n| format!("![]({n}.png)\n")).collect();
    let draft = draft("a.md", &format!("# Title\n\n{}", images.concat()));
    assert_eq!(draft.warnings.len(), count - 6);
    let last = draft.warnings.last().unwrap().to_string();
    assert!(last.contains("7 more warnings"), "{last}");
}
