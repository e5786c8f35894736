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

/// What a look finds: files by path, inode and title; and what is not there.
fn look(files: &[(&str, u64, &str)], missing: &[&str]) -> Observation {
    Observation {
        drafts: files
            .iter()
            .map(|(file, inode, title)| (draft(file, title, &[]), stamp(*inode)))
            .collect(),
        missing: missing.iter().map(|file| path(file)).collect(),
        ..Observation::default()
    }
}

/// The entries a (inode 1, "One"), b (2, "Two") and c (3, "Three"), and then a look. Each file is
/// expected to be the entry of that letter, or a new one (`_`).
fn check(observation: Observation, expected: &[(&str, char)]) -> World {
    let mut world = World::new();
    let files = [("a.md", 1, "One"), ("b.md", 2, "Two"), ("c.md", 3, "Three")];
    world.turn(look(&files, &[]));
    let ids = files.map(|(file, ..)| world.at(file).entry.id.clone());
    world.turn(observation);
    for (file, who) in expected {
        let id = &world.at(file).entry.id;
        let is = ids.iter().position(|known| known == id);
        let is = is.map_or('_', |number| ['a', 'b', 'c'][number]);
        assert_eq!(is, *who, "{file}");
    }
    world
}

#[test]
fn files_that_swap_names_take_their_entries_along() {
    // Two that swap, three that rotate, a chain into a new name.
    let swapped = [("a.md", 2, "Two"), ("b.md", 1, "One")];
    check(look(&swapped, &[]), &[("a.md", 'b'), ("b.md", 'a')]);
    let rotated = [("a.md", 2, "Two"), ("b.md", 3, "Three"), ("c.md", 1, "One")];
    check(
        look(&rotated, &[]),
        &[("a.md", 'b'), ("b.md", 'c'), ("c.md", 'a')],
    );
    let passed_on = [("a.md", 2, "Two"), ("d.md", 1, "One")];
    check(look(&passed_on, &["b.md"]), &[("a.md", 'b'), ("d.md", 'a')]);
    // Edited on the way, so that only the files tell; and written anew, so that only the texts do.
    let edited = [("a.md", 2, "Two!"), ("b.md", 1, "One!")];
    check(look(&edited, &[]), &[("a.md", 'b'), ("b.md", 'a')]);
    let rewritten = [("a.md", 8, "Two"), ("b.md", 9, "One")];
    check(look(&rewritten, &[]), &[("a.md", 'b'), ("b.md", 'a')]);
}

#[test]
fn a_path_keeps_its_entry_where_no_other_entry_has_moved_in() {
    // Saved beside and renamed over it; with the old version kept under another name.
    check(look(&[("a.md", 9, "One, edited")], &[]), &[("a.md", 'a')]);
    let backup = [("a.md", 9, "One, edited"), ("a-old.md", 1, "One")];
    check(look(&backup, &[]), &[("a.md", 'a'), ("a-old.md", '_')]);
    let copied = [("a.md", 1, "One, edited"), ("d.md", 9, "One")];
    check(look(&copied, &[]), &[("a.md", 'a'), ("d.md", '_')]);
    // Renamed over another: that one's path is taken, but it went nowhere.
    check(look(&[("a.md", 2, "Two")], &["b.md"]), &[("a.md", 'a')]);
    // The same after a copy was made.
    let copied = [("a.md", 2, "Two"), ("d.md", 9, "One")];
    check(look(&copied, &["b.md"]), &[("a.md", 'a'), ("d.md", '_')]);
    // A chain that ends on an entry which went nowhere.
    let onto = [("c.md", 2, "Two"), ("b.md", 1, "One")];
    check(look(&onto, &["a.md"]), &[("c.md", 'c'), ("b.md", 'b')]);
    // One file under two names.
    let linked = [("d.md", 1, "One"), ("e.md", 1, "One")];
    check(look(&linked, &["a.md"]), &[("d.md", '_'), ("e.md", '_')]);
    // The text of one put into the file of another.
    check(
        look(&[("a.md", 1, "Two"), ("b.md", 2, "One")], &[]),
        &[("a.md", 'a'), ("b.md", 'b')],
    );
}

#[test]
fn a_file_that_was_put_over_another_is_that_ones() {
    let mut world = World::new();
    let files = [("a.md", 1, "One"), ("b.md", 2, "Two"), ("c.md", 3, "Three")];
    world.turn(look(&files, &[]));
    let [two, three] = ["b.md", "c.md"].map(|file| world.at(file).key);
    world.turn(look(&[("b.md", 1, "One")], &["a.md"]));
    world.remove("a.md");
    world.turn(look(&[("b.md", 3, "Three"), ("c.md", 1, "One")], &[]));
    assert_eq!((world.at("b.md").key, world.at("c.md").key), (three, two));
    // Also under the name that it had first.
    world.turn(look(&[("a.md", 1, "One, edited")], &["c.md"]));
    assert_eq!(world.at("a.md").key, two);
}

#[test]
fn where_files_have_no_birth_the_watcher_tells_of_renames() {
    let mut file = stamp(70);
    file.born = None;
    let renamed = || Observation {
        drafts: vec![(draft("d.md", "One, edited", &[]), file)],
        missing: vec![path("a.md")],
        renamed: vec![(path("a.md"), path("d.md"))],
        ..Observation::default()
    };
    check(renamed(), &[("d.md", 'a')]);
    let still_there = Observation {
        missing: Vec::new(),
        ..renamed()
    };
    check(still_there, &[("d.md", '_')]);
}

#[test]
fn stated_ids_swap_with_their_files() {
    let stating = |file: &str, id: &str| {
        let mut draft = draft(file, id, &[]);
        draft.claims.id = EntryId::parse(id).ok();
        draft
    };
    let mut world = World::new();
    world.drop_in(vec![
        stating("a.md", "tag:x,2026:1"),
        stating("b.md", "tag:x,2026:2"),
    ]);
    let first = world.at("a.md").key;
    let refused = world.drop_in(vec![
        stating("a.md", "tag:x,2026:2"),
        stating("b.md", "tag:x,2026:1"),
    ]);
    assert!(refused.is_empty());
    assert_eq!(world.at("b.md").key, first);
    // Of two that state one id in one look, the second is told of the first.
    let refused = world.drop_in(vec![
        stating("c.md", "tag:x,2026:3"),
        stating("d.md", "tag:x,2026:3"),
    ]);
    let [(path, problem)] = &refused[..] else {
        panic!("{refused:?}");
    };
    assert!(path.as_str() == "d.md" && problem.message.contains("belongs to c.md"));
}

#[test]
fn an_entry_whose_place_is_taken_has_a_while_to_turn_up_elsewhere() {
    // In the middle of a swap by way of a name that does not count: a is away, b is at its place.
    let middle = || Observation {
        returned: vec![path("a.md")],
        ..look(&[("a.md", 2, "Two")], &["b.md"])
    };
    let grace = |world: &mut World| {
        world.catalogue.set_terms(Terms {
            grace: Duration::from_secs(90),
            ..Terms::default()
        });
    };
    let mut world = World::new();
    grace(&mut world);
    world.turn(look(&[("a.md", 1, "One"), ("b.md", 2, "Two")], &[]));
    let [one, two] = ["a.md", "b.md"].map(|file| world.at(file).key);
    world.turn(middle());
    assert_eq!(world.at("a.md").key, two);
    assert!(world.catalogue.record(one).unwrap().is_live());
    world.turn(look(&[("b.md", 1, "One")], &[]));
    assert_eq!(world.at("b.md").key, one);
    world.turn(Observation::default());
    assert_eq!(world.catalogue.live(), 2);

    // It does not turn up.
    let mut world = World::new();
    grace(&mut world);
    world.turn(look(&[("a.md", 1, "One"), ("b.md", 2, "Two")], &[]));
    world.turn(middle());
    world.turn(Observation::default());
    assert_eq!(world.catalogue.live(), 2);
    world.turn(Observation::default());
    assert_eq!(world.catalogue.live(), 1);
    assert_eq!(world.at("a.md").key, two);
    // But later.
    world.turn(look(&[("d.md", 1, "One")], &[]));
    assert_eq!(world.at("d.md").key, one);
}

#[test]
fn who_may_have_been_renamed_is_looked_after() {
    let mut world = World::new();
    world.turn(look(&[("a.md", 1, "One"), ("b.md", 2, "Two")], &[]));
    let check = |file: &str, inode: u64, title: &str, expected: &[&str]| {
        let suspects = world
            .catalogue
            .suspects(&draft(file, title, &[]), &stamp(inode));
        assert_eq!(
            suspects,
            expected.iter().map(|file| path(file)).collect::<Vec<_>>()
        );
    };
    check("c.md", 1, "New", &["a.md"]);
    check("c.md", 9, "Two", &["b.md"]);
    check("c.md", 9, "New", &[]);
    check("a.md", 1, "Two", &[]);
    check("a.md", 2, "New", &["b.md"]);
}

#[test]
fn the_name_of_a_withdrawn_entry_may_go_to_another() {
    let mut world = World::new();
    world.turn(look(&[("a.md", 1, "One"), ("b.md", 2, "Two")], &[]));
    let [one, two] = ["a.md", "b.md"].map(|file| world.at(file).key);
    world.remove("b.md");
    world.turn(look(&[("b.md", 1, "One")], &["a.md"]));
    assert_eq!(world.at("b.md").key, one);
    // What had the name before comes back when its own file does, and not by its name.
    world.turn(look(&[("c.md", 2, "Two")], &[]));
    assert_eq!(world.at("c.md").key, two);

    world.remove("c.md");
    world.turn(look(&[("c.md", 9, "Another text")], &[]));
    assert_eq!(world.at("c.md").key, two, "written anew under its own name");
}
