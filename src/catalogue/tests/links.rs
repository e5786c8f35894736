//! Where "Read:" lines lead.

use super::*;
use crate::entry::Media;

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
