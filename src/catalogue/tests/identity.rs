//! Who is who.

use super::*;

#[test]
fn a_stated_id_wins_and_stays_with_its_first_holder() {
    let claiming = |file: &str, id: &str| {
        let mut draft = draft(file, file, &[]);
        draft.claims.id = Some(EntryId::parse(id).unwrap());
        draft
    };
    let mut world = World::new();
    assert!(
        world
            .drop_in(vec![claiming("a.md", "tag:x,2026:1")])
            .is_empty()
    );
    let refused = world.drop_in(vec![claiming("b.md", "tag:x,2026:1")]);
    assert_eq!(refused.len(), 1);
    assert!(refused[0].1.message.contains("a.md") && refused[0].1.message.contains("b.md"));
    world.remove("a.md");
    assert!(
        world
            .drop_in(vec![claiming("b.md", "tag:x,2026:1")])
            .is_empty()
    );
    assert_eq!(world.at("b.md").first_path, path("a.md"));
}

#[test]
fn a_renamed_file_is_the_same_entry_and_a_copy_is_not() {
    let mut world = World::new();
    world.drop_in(vec![draft("a.md", "One", &[]), draft("c.md", "Other", &[])]);
    let id = world.at("a.md").entry.id.clone();

    // Same content under another name, while the first is not there.
    let moved = draft("news/b.md", "One", &[]);
    world.turn(Observation {
        drafts: vec![(moved, stamp(77))],
        missing: vec![path("a.md")],
        ..Observation::default()
    });
    assert_eq!(world.at("news/b.md").entry.id, id);
    assert_eq!(world.at("news/b.md").entry.published, at(60));
    assert!(world.catalogue.at_path(&path("a.md")).is_none());
    world.remove("a.md");
    assert!(
        world.at("news/b.md").is_live(),
        "what left the old path is not what is at the new one"
    );

    // Same file on the disk, with another content.
    let same = stamp(77);
    world.turn(Observation {
        drafts: vec![(draft("d.md", "One, rewritten", &[]), same)],
        missing: vec![path("news/b.md")],
        ..Observation::default()
    });
    assert_eq!(world.at("d.md").entry.id, id);

    // A copy, while the first is still there.
    world.drop_in(vec![draft("e.md", "One, rewritten", &[])]);
    assert_ne!(world.at("e.md").entry.id, id);

    // Two files that could both be the one that is gone: neither is.
    let twins = vec![
        (draft("f.md", "Other", &[]), stamp(90)),
        (draft("g.md", "Other", &[]), stamp(91)),
    ];
    world.turn(Observation {
        drafts: twins,
        missing: vec![path("c.md")],
        ..Observation::default()
    });
    assert_ne!(world.at("f.md").entry.id, world.at("c.md").entry.id);
    assert_ne!(world.at("g.md").entry.id, world.at("c.md").entry.id);
}

#[test]
fn a_file_that_turns_up_elsewhere_later_is_known_again() {
    let mut world = World::new();
    world.drop_in(vec![draft("a.md", "One", &[]), draft("b.md", "Two", &[])]);
    let ids = ["a.md", "b.md"].map(|file| world.at(file).entry.id.clone());
    let file = world.at("b.md").stamp;
    world.remove("a.md");
    world.remove("b.md");
    // One by its content, the other as the same file on the disk.
    world.turn(Observation {
        drafts: vec![
            (draft("old/a.md", "One", &[]), stamp(50)),
            (draft("c.md", "Two, edited", &[]), file),
        ],
        ..Observation::default()
    });
    assert_eq!(
        ["old/a.md", "c.md"].map(|file| world.at(file).entry.id.clone()),
        ids
    );
    assert!(world.catalogue.at_path(&path("a.md")).is_none());
}

#[test]
fn an_expired_entry_lends_its_identity_to_nobody() {
    let mut world = World::new();
    let mut expiring = draft("a.md", "One", &[]);
    expiring.claims.expires = Some(StatedDate::At(at(100)));
    world.drop_in(vec![expiring]);
    world.turn(Observation::default());
    assert_eq!(world.at("a.md").standing, Standing::Retired(at(120)));
    world.drop_in(vec![draft("copy.md", "One", &[])]);
    assert_ne!(world.at("copy.md").entry.id, world.at("a.md").entry.id);
}

#[test]
fn a_lost_ledger_gives_the_same_ids_in_any_order() {
    let drafts = || {
        ["c.md", "a.md", "b.md"]
            .map(|file| draft(file, file, &["a.md", "/c.md"]))
            .to_vec()
    };
    let mut one = World::new();
    one.drop_in(drafts());
    let mut other = World::new();
    other.drop_in(drafts().into_iter().rev().collect());
    for file in ["a.md", "b.md", "c.md"] {
        assert_eq!(one.at(file).entry, other.at(file).entry);
        assert_eq!(
            (one.at(file).key, one.at(file).face),
            (other.at(file).key, other.at(file).face)
        );
    }
}

#[test]
fn a_path_that_is_used_again_gives_a_new_id() {
    let mut world = World::new();
    world.drop_in(vec![draft("a.md", "One", &[])]);
    let id = world.at("a.md").entry.id.clone();
    world.turn(Observation {
        drafts: vec![
            (draft("b.md", "One", &[]), stamp(3)),
            (draft("x.md", "Unrelated", &[]), stamp(4)),
        ],
        missing: vec![path("a.md")],
        ..Observation::default()
    });
    assert_eq!(world.at("b.md").entry.id, id);
    world.drop_in(vec![draft("a.md", "Another", &[])]);
    assert_ne!(world.at("a.md").entry.id, id);
}
