//! What front matter says of an episode: transcripts, chapters, people.

use super::*;
use crate::entry::{Address, Episode, Participant, Target, Transcript};

fn text(line: &str) -> String {
    format!("---\n{line}\n---\nA text of a few more words.")
}

#[test]
fn an_episode_has_files_and_people() {
    let check = |line: &str, expected: &Episode| {
        let made = draft("news/a.md", &text(line));
        assert_eq!(made.article.episode.as_ref(), Some(expected), "{line}");
    };
    let more = Episode {
        title: Some(Text::one_line("Three")),
        chapters: Some(Target::Reference(0)),
        transcripts: vec![
            Transcript {
                target: Target::Reference(1),
                media_type: None,
                language: None,
                is_captions: false,
            },
            Transcript {
                target: Target::Address(Address::parse("https://a.example/t").unwrap()),
                media_type: Some(Text::one_line("text/vtt")),
                language: Language::parse("de"),
                is_captions: true,
            },
        ],
        people: vec![
            Participant {
                name: Text::one_line("Ana"),
                role: None,
                group: None,
                image: None,
                page: None,
            },
            Participant {
                name: Text::one_line("Bo"),
                role: Some(Text::one_line("guest")),
                group: Some(Text::one_line("cast")),
                image: Some(Target::Reference(2)),
                page: Some(Address::parse("https://bo.example/").unwrap()),
            },
        ],
        ..Episode::default()
    };
    check(
        "podcast:\n  title: Three\n  chapters: c.json\n  transcript: [a.vtt, {url: \"https://a.example/t\", type: text/vtt, language: de, rel: captions}]\n  person: [Ana, {name: Bo, role: guest, group: cast, img: b.png, href: \"https://bo.example/\"}]",
        &more,
    );
    let one = Episode {
        people: more.people[..1].to_vec(),
        ..Episode::default()
    };
    for line in ["podcast: {people: Ana}", "podcast: {person: {name: Ana}}"] {
        check(line, &one);
    }
}

#[test]
fn what_is_wrong_with_them_is_an_error() {
    let check = |line: &str, expected: &str| {
        let refusal = read("news/a.md", &text(line)).expect_err(line).to_string();
        assert!(refusal.contains(expected), "{line}: {refusal}");
    };
    check("podcast: {chapters: \"mailto:a@b.example\"}", "is no file");
    check("podcast: {transcript: {type: text/vtt}}", "names no file");
    check(
        "podcast: {transcript: {url: a.vtt, language: \"?\"}}",
        "is not a language",
    );
    check(
        "podcast: {transcript: {url: a.vtt, rel: x}}",
        "expected captions",
    );
    check(
        "podcast: {person: {role: guest}}",
        "is nobody: expected a name",
    );
    check(
        "podcast: {person: {name: A, href: x}}",
        "is not a web address",
    );
    check(
        "podcast: {person: {name: A, img: ../../x}}",
        "leads out of the folder",
    );
    let long = format!("podcast: {{person: {}}}", "x".repeat(129));
    check(&long, "has 129 characters: expected at most 128");
    assert!(
        read(
            "a.md",
            &text(&format!("podcast: {{person: {}}}", "x".repeat(128)))
        )
        .is_ok()
    );
}
