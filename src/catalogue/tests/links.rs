//! Where "Read:" lines lead.

use super::*;
use crate::entry::{Digest, Episode, Media, Text};

#[test]
fn a_read_line_heals_itself() {
    let mut world = World::new();
    world.drop_in(vec![draft(
        "a.md",
        "First",
        &["The second one", "/news/b.md", "b"],
    )]);
    assert_eq!(world.leads_to("a.md"), [None, None, None]);
    let updated = world.at("a.md").entry.updated;

    world.drop_in(vec![draft(
        "news/b.md",
        "“The  SECOND one”.",
        &["itself", "First"],
    )]);
    let title = Some("“The  SECOND one”.".to_owned());
    // The quotes are part of that title; its path and its address are certain.
    assert_eq!(world.leads_to("a.md"), [None, title.clone(), title]);
    assert_eq!(world.leads_to("news/b.md"), [None, Some("First".into())]);

    world.drop_in(vec![draft("news/b.md", "The  SECOND one…", &[])]);
    let title = Some("The  SECOND one…".to_owned());
    assert_eq!(
        world.leads_to("a.md"),
        [title.clone(), title.clone(), title]
    );
    assert_eq!(
        world.at("a.md").entry.updated,
        updated,
        "a link that heals is no news"
    );
    assert_eq!(world.at("a.md").changed, at(world.seconds));
    let target = world.at("news/b.md").key;
    assert_eq!(world.catalogue.mentions(target).count(), 1);

    world.remove("news/b.md");
    assert_eq!(world.leads_to("a.md"), [None, None, None]);
    assert_eq!(world.catalogue.mentions(target).count(), 0);
}

#[test]
fn of_two_entries_with_one_title_the_newest_before_is_meant() {
    let dated = |file: &str, title: &str, seconds: i64, reads: &[&str]| {
        let mut draft = draft(file, title, reads);
        draft.claims.published = Some(StatedDate::At(at(seconds)));
        draft
    };
    let mut world = World::new();
    world.drop_in(vec![
        dated("one.md", "Minutes", -300, &[]),
        dated("two.md", "Minutes", -200, &[]),
        dated("three.md", "Minutes", -100, &[]),
        dated("reader.md", "Reader", -150, &["Minutes"]),
        dated("old.md", "Old", -400, &["Minutes"]),
    ]);
    let target = |world: &World, file: &str| match &world.at(file).resolved[0] {
        Resolved::Entry(card) => world
            .catalogue
            .record(card.key)
            .unwrap()
            .entry
            .path
            .to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(target(&world, "reader.md"), "two.md");
    assert_eq!(target(&world, "old.md"), "three.md");
    world.remove("two.md");
    assert_eq!(target(&world, "reader.md"), "one.md");
}

#[test]
fn a_line_that_names_its_own_entry_is_no_link() {
    let mut world = World::new();
    world.drop_in(vec![draft("a.md", "One", &["One"])]);
    assert_eq!(world.leads_to("a.md"), [Some("itself".into())]);
}

#[test]
fn files_beside_entries_come_and_go() {
    let mut world = World::new();
    world.drop_in(vec![draft("a.md", "One", &["/maps/harbour.png"])]);
    let map = path("maps/harbour.png");
    assert!(world.catalogue.wants(&map));
    assert_eq!(world.catalogue.media(&map), None);
    world.turn(Observation {
        media: vec![(map.clone(), Some(Media::of_bytes(9)))],
        ..Observation::default()
    });
    assert_eq!(world.leads_to("a.md"), [Some("9 bytes".into())]);
    assert_eq!(world.catalogue.media(&map), Some(Media::of_bytes(9)));
    world.turn(Observation {
        media: vec![(map.clone(), None)],
        ..Observation::default()
    });
    assert_eq!(world.leads_to("a.md"), [None]);
    world.turn(Observation {
        media: vec![(map.clone(), Some(Media::of_bytes(9)))],
        ..Observation::default()
    });
    world.remove("a.md");
    assert_eq!(world.catalogue.media(&map), None, "nobody uses it any more");
}

fn first(world: &World, file: &str) -> Option<String> {
    world.leads_to(file).remove(0)
}

fn candidates(world: &World, file: &str) -> Candidates {
    let record = world.at(file);
    let reference = &record.entry.article.references[0];
    world.catalogue.candidates(record, reference)
}

#[test]
fn a_former_title_still_leads_to_its_entry_until_another_has_it() {
    let mut world = World::new();
    let asker = draft("a.md", "Asker", &["The old name"]);
    world.drop_in(vec![asker, draft("b.md", "The old name", &[])]);
    world.drop_in(vec![draft("b.md", "A new name", &[])]);
    assert_eq!(first(&world, "a.md"), Some("A new name".into()));
    assert_eq!(candidates(&world, "a.md").by, Some(By::FormerTitle));

    // Whoever bears the title now is meant, and nobody else.
    world.drop_in(vec![draft("c.md", "The Old Name.", &[])]);
    assert_eq!(candidates(&world, "a.md").by, Some(By::Title));
    assert_eq!(first(&world, "a.md"), Some("The Old Name.".into()));
    world.remove("c.md");
    assert_eq!(first(&world, "a.md"), Some("A new name".into()));

    // A title that is borne again is no former one.
    world.drop_in(vec![draft("b.md", "The old name", &[])]);
    assert_eq!(world.at("b.md").former_titles, [Text::new("A new name")]);
    world.remove("b.md");
    assert_eq!(first(&world, "a.md"), None);
}

#[test]
fn only_so_many_former_titles_are_kept() {
    let mut world = World::new();
    for number in 0..30 {
        world.drop_in(vec![draft("a.md", &format!("Title {number}"), &[])]);
    }
    let former = &world.at("a.md").former_titles;
    assert_eq!(former.len(), 16);
    assert_eq!(former.last(), Some(&Text::new("Title 28")));
}

#[test]
fn a_line_may_go_on_or_be_short_when_only_one_title_is_near() {
    let mut world = World::new();
    let title = "Harbour bridge closes for repairs";
    world.drop_in(vec![
        draft("a.md", "Asker", &[&format!("{title}, LIVE updates")]),
        draft("short.md", "Short", &["Harbour bridge closes for"]),
        draft("few.md", "Few", &["Harbour bridge closes"]),
        draft("b.md", title, &[]),
    ]);
    assert_eq!(first(&world, "a.md"), Some(title.into()));
    assert_eq!(first(&world, "short.md"), Some(title.into()));
    assert_eq!(first(&world, "few.md"), None);

    // A second one makes it unclear, and both are told.
    world.drop_in(vec![draft("c.md", "Harbour bridge closes for good", &[])]);
    assert_eq!(first(&world, "a.md"), Some(title.into()));
    assert_eq!(first(&world, "short.md"), None);
    assert_eq!(candidates(&world, "short.md").entries.len(), 2);
    assert!(candidates(&world, "short.md").meant().is_none());

    // A new exact title takes the line over.
    world.drop_in(vec![draft("d.md", "Harbour bridge closes for", &[])]);
    assert_eq!(candidates(&world, "short.md").by, Some(By::Title));
}

#[test]
fn files_belong_to_an_entry_by_their_names() {
    let mut world = World::new();
    let media = |file: &str| (path(file), Some(Media::of_bytes(5)));
    let mut dated = draft("news/2026-01-31-storm.md", "Storm", &[]);
    dated.slug = Slug::from_path("storm").unwrap();
    world.drop_in(vec![dated, draft("news/calm.md", "Calm", &[])]);
    let files = [
        "news/storm.png",
        "news/storm.jpg",
        "news/storm.mp3",
        "news/storm.pdf",
        "news/storm.old.jpg",
        "storm.jpg",
        "news/calm-2.jpg",
    ];
    world.turn(Observation {
        media: files.map(media).to_vec(),
        ..Observation::default()
    });
    let beside = |file: &str| {
        let files = world.at(file).beside.iter();
        files.map(|(path, _)| path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        beside("news/2026-01-31-storm.md"),
        ["news/storm.jpg", "news/storm.mp3"]
    );
    assert!(beside("news/calm.md").is_empty());
    assert!(world.catalogue.media(&path("news/storm.jpg")).is_some());
    assert!(world.catalogue.media(&path("news/storm.pdf")).is_none());
    assert!(world.catalogue.wants(&path("news/calm.webp")));
}

#[test]
fn what_belongs_to_a_recording_belongs_to_the_entry_that_has_it() {
    let mut world = World::new();
    let media = |file: &str| (path(file), Some(Media::of_bytes(5)));
    let mut talk = crate::catalogue::sample::recording("show/talk.mp3", "A talk");
    talk.article.episode = Some(Episode {
        number: Some(7),
        ..Episode::default()
    });
    world.turn(Observation {
        media: vec![media("show/talk.mp3"), media("show/talk.mp3.cover.jpg")],
        ..found(vec![talk.clone()])
    });
    let files = [
        "show/talk.vtt",
        "show/talk.chapters.json",
        "show/talk.jpg",
        "show/talk.png",
        "show/talk.de.vtt",
        "talk.srt",
        "other.vtt",
    ];
    world.turn(Observation {
        media: files.map(media).to_vec(),
        ..Observation::default()
    });
    let beside = |world: &World, file: &str| {
        let files = world.at(file).beside.iter();
        files.map(|(path, _)| path.to_string()).collect::<Vec<_>>()
    };
    let all = [
        "show/talk.chapters.json",
        "show/talk.jpg",
        "show/talk.vtt",
        "show/talk.mp3.cover.jpg",
    ];
    assert_eq!(beside(&world, "show/talk.mp3"), all);
    assert_eq!(world.at("show/talk.mp3").tagged, None);
    for file in all {
        assert!(world.catalogue.media(&path(file)).is_some(), "{file}");
    }
    assert!(world.catalogue.media(&path("show/talk.de.vtt")).is_none());

    // An article elsewhere that names it has all of that too, and its number.
    let mut notes = draft("notes.md", "Notes", &[]);
    notes.article.references = talk.article.references.clone();
    notes.article.enclosures = talk.article.enclosures.clone();
    world.drop_in(vec![notes, draft("other.md", "Words alone", &[])]);
    assert_eq!(beside(&world, "notes.md"), all);
    let number = |world: &World| world.at("notes.md").tagged.as_ref().unwrap().number;
    assert_eq!(number(&world), Some(7));
    let face = world.at("notes.md").face;
    // Without a recording there is nothing to transcribe.
    assert!(beside(&world, "other.md").is_empty());
    assert!(!world.catalogue.wants(&path("other.vtt")));

    talk.article.episode = Some(Episode {
        number: Some(8),
        ..Episode::default()
    });
    world.drop_in(vec![talk]);
    assert_eq!(number(&world), Some(8));
    assert_ne!(world.at("notes.md").face, face);

    world.turn(Observation {
        media: vec![(path("show/talk.vtt"), None)],
        ..Observation::default()
    });
    assert_eq!(beside(&world, "notes.md").len(), 3);
}

#[test]
fn a_recording_is_an_entry_until_another_names_it() {
    let mut world = World::new();
    let talk = crate::catalogue::sample::recording("talk.mp3", "A talk");
    world.turn(Observation {
        media: vec![(path("talk.mp3"), Some(Media::of_bytes(5)))],
        ..found(vec![talk])
    });
    let standing = |world: &World| world.at("talk.mp3").standing;
    assert_eq!(standing(&world), Standing::Live);
    assert_eq!(world.leads_to("talk.mp3"), [Some("5 bytes".into())]);

    let mut article = draft("article.md", "Article", &[]);
    article.article.references = world.at("talk.mp3").entry.article.references.clone();
    world.drop_in(vec![article]);
    assert_eq!(standing(&world), Standing::Enclosed);
    assert_eq!(world.leads_to("article.md"), [Some("5 bytes".into())]);
    world.remove("article.md");
    assert_eq!(standing(&world), Standing::Live);

    world.drop_in(vec![draft("talk.md", "Notes", &[])]);
    assert_eq!(standing(&world), Standing::Enclosed);
    assert_eq!(world.at("talk.md").beside.len(), 1);
    world.remove("talk.mp3");
    assert!(matches!(standing(&world), Standing::Withdrawn(_)));
}

#[test]
fn the_front_pages_text_is_no_entry() {
    let mut world = World::new();
    let front = draft("index.md", "Welcome", &["One"]);
    let asker = draft("a.md", "One", &["Welcome", "index", "/index.md"]);
    world.drop_in(vec![front, asker]);
    assert_eq!(world.catalogue.live(), 1);
    let front = world.catalogue.front().unwrap();
    assert_eq!(front.standing, Standing::Front);
    assert!(matches!(front.resolved[0], Resolved::Entry(_)));
    assert_eq!(world.leads_to("a.md"), [None, None, None]);
    assert_eq!(world.catalogue.mentions(world.at("a.md").key).count(), 0);
    world.remove("index.md");
    assert!(world.catalogue.front().is_none());
}

#[test]
fn the_same_bytes_read_by_other_conventions_are_no_edit() {
    let mut world = World::new();
    world.drop_in(vec![draft("a.md", "One", &[])]);
    let updated = world.at("a.md").entry.updated;
    let mut reread = draft("a.md", "One, as others read it", &[]);
    reread.conventions = Digest::of(b"others");
    world.drop_in(vec![reread.clone()]);
    assert_eq!(world.at("a.md").entry.updated, updated);
    reread.content = Digest::of(b"an edit");
    world.drop_in(vec![reread]);
    assert_eq!(world.at("a.md").entry.updated, at(world.seconds));
}
