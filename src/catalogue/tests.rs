//! The catalogue's promises, on drafts made by hand.

use super::sample::{at, draft, path, seen, stamp};
use super::*;
use crate::entry::{Body, StatedDate};

/// A catalogue and its time.
struct World {
    catalogue: Catalogue,
    seconds: i64,
}

impl World {
    fn new() -> Self {
        Self {
            catalogue: Catalogue::new(Uuid::from_u128(7)),
            seconds: 0,
        }
    }

    fn turn(&mut self, observation: Observation) -> Vec<(FolderPath, crate::entry::Problem)> {
        self.seconds += 60;
        let changes = self.catalogue.plan(observation, at(self.seconds));
        let refused = changes.refused.clone();
        self.catalogue.apply(changes);
        self.check();
        refused
    }

    fn drop_in(&mut self, drafts: Vec<Draft>) -> Vec<(FolderPath, crate::entry::Problem)> {
        let drafts = drafts.into_iter().map(|draft| {
            let stamp = seen(&draft);
            (draft, stamp)
        });
        let drafts = drafts.collect();
        self.turn(Observation {
            drafts,
            ..Observation::default()
        })
    }

    fn remove(&mut self, file: &str) {
        self.turn(Observation {
            absent: vec![path(file)],
            ..Observation::default()
        });
    }

    fn at(&self, file: &str) -> &Record {
        self.catalogue.at_path(&path(file)).unwrap()
    }

    fn leads_to(&self, file: &str) -> Vec<Option<String>> {
        self.at(file)
            .resolved
            .iter()
            .map(|resolved| match resolved {
                Resolved::Entry(card) => Some(card.title.to_string()),
                Resolved::Media(bytes) => Some(format!("{bytes} bytes")),
                Resolved::Itself => Some("itself".to_owned()),
                _ => None,
            })
            .collect()
    }

    /// What holds after every turn: the links are those of a resolution from nothing, and nothing is
    /// counted wrong.
    fn check(&self) {
        let records: Vec<Record> = self
            .catalogue
            .records()
            .map(|record| Record {
                resolved: Arc::from([]),
                ..(**record).clone()
            })
            .collect();
        let media = self
            .catalogue
            .media
            .iter()
            .map(|(path, bytes)| (path.clone(), *bytes))
            .collect();
        let fresh = Catalogue::load(self.catalogue.site, records, media);
        for record in self.catalogue.records() {
            let anew = fresh.record(record.key).unwrap();
            assert_eq!(record.resolved, anew.resolved, "{}", record.entry.path);
            if record.is_live() {
                assert_eq!(record.face, anew.face, "{}", record.entry.path);
            }
            assert_eq!(
                fresh.mentions(record.key).count(),
                self.catalogue.mentions(record.key).count()
            );
        }
        assert_eq!(fresh.live(), self.catalogue.live());
        assert_eq!(fresh.next_due(), self.catalogue.next_due());
        assert_eq!(fresh.next_key, self.catalogue.next_key);
    }
}

#[test]
fn an_entry_is_published_edited_withdrawn_and_back() {
    let mut world = World::new();
    world.drop_in(vec![draft("a.md", "One", &[])]);
    let first = world.at("a.md").clone();
    assert!(first.is_live());
    assert_eq!(
        (first.entry.published, first.entry.updated),
        (at(60), at(60))
    );

    world.drop_in(vec![draft("a.md", "One, corrected", &[])]);
    let edited = world.at("a.md").clone();
    assert_eq!(
        (&edited.entry.id, edited.entry.published),
        (&first.entry.id, at(60))
    );
    assert_eq!((edited.entry.updated, edited.changed), (at(120), at(120)));
    assert_eq!(edited.entry.slug, first.entry.slug);

    world.remove("a.md");
    assert_eq!(world.at("a.md").standing, Standing::Withdrawn(at(180)));
    assert_eq!(world.catalogue.live(), 0);

    world.drop_in(vec![draft("a.md", "One, corrected", &[])]);
    let back = world.at("a.md");
    assert!(back.is_live());
    assert_eq!(
        (&back.entry.id, back.entry.published, back.entry.updated),
        (&first.entry.id, at(60), at(120))
    );
    assert_eq!(back.changed, at(240));
}

#[test]
fn a_touch_changes_nothing() {
    let mut world = World::new();
    world.drop_in(vec![draft("a.md", "One", &[])]);
    let before = world.at("a.md").clone();
    let observation = Observation {
        drafts: vec![(draft("a.md", "One", &[]), stamp(5))],
        ..Observation::default()
    };
    let changes = world.catalogue.plan(observation, at(999));
    assert!(changes.shifts.is_empty());
    world.catalogue.apply(changes);
    let after = world.at("a.md");
    assert_eq!(
        (after.face, after.changed, after.entry.updated),
        (before.face, before.changed, before.entry.updated)
    );
    assert_eq!(after.stamp, stamp(5));
}

#[test]
fn minor_edits_and_stated_dates() {
    let mut world = World::new();
    world.drop_in(vec![draft("a.md", "One", &[])]);
    let mut minor = draft("a.md", "One!", &[]);
    minor.claims.minor = true;
    world.drop_in(vec![minor]);
    assert_eq!(world.at("a.md").entry.updated, at(60));
    assert_eq!(world.at("a.md").changed, at(120));

    let mut dated = draft("a.md", "One!", &[]);
    dated.claims.published = Some(StatedDate::At(at(-500)));
    dated.claims.updated = Some(StatedDate::At(at(-400)));
    world.drop_in(vec![dated.clone()]);
    assert_eq!(
        (
            world.at("a.md").entry.published,
            world.at("a.md").entry.updated
        ),
        (at(-500), at(-400))
    );

    dated.claims.updated = Some(StatedDate::At(at(1_000_000)));
    world.drop_in(vec![dated]);
    assert!(
        world.at("a.md").entry.updated <= at(world.seconds),
        "never in the future"
    );
}

#[test]
fn a_future_date_waits_and_an_expiry_withdraws() {
    let mut world = World::new();
    let mut future = draft("a.md", "Later", &[]);
    future.claims.published = Some(StatedDate::At(at(100)));
    future.claims.expires = Some(StatedDate::At(at(150)));
    world.drop_in(vec![future, draft("b.md", "Reader", &["Later"])]);
    assert_eq!(world.at("a.md").standing, Standing::Scheduled);
    assert_eq!(world.catalogue.next_due(), Some(at(100)));
    assert_eq!(world.leads_to("b.md"), [None]);

    world.turn(Observation::default());
    assert!(world.at("a.md").is_live());
    assert_eq!(world.leads_to("b.md"), [Some("Later".into())]);
    assert_eq!(world.catalogue.next_due(), Some(at(150)));

    world.turn(Observation::default());
    assert!(!world.at("a.md").is_live());
    assert_eq!(world.leads_to("b.md"), [None]);
    assert_eq!(world.catalogue.next_due(), None);
}

#[test]
fn a_clock_that_jumps_back_withdraws_nothing() {
    let mut world = World::new();
    let mut dated = draft("a.md", "One", &[]);
    dated.claims.published = Some(StatedDate::At(at(30)));
    world.drop_in(vec![dated.clone()]);
    world.seconds = -1_000_000;
    dated.body = Body::from_clean_html("<p>Edited</p>".into());
    dated.article.body = dated.body.digest();
    world.drop_in(vec![dated]);
    assert!(world.at("a.md").is_live());
    assert_eq!(world.at("a.md").entry.published, at(30));
}

#[test]
fn drafts_are_not_published() {
    let mut world = World::new();
    let mut unready = draft("a.md", "One", &[]);
    unready.claims.draft = true;
    world.drop_in(vec![unready.clone()]);
    assert!(world.catalogue.at_path(&path("a.md")).is_none());
    world.drop_in(vec![draft("a.md", "One", &[])]);
    world.drop_in(vec![unready]);
    assert!(!world.at("a.md").is_live());
}

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
        media: vec![(map.clone(), Some(9))],
        ..Observation::default()
    });
    assert_eq!(world.leads_to("a.md"), [Some("9 bytes".into())]);
    assert_eq!(world.catalogue.media(&map), Some(9));
    world.turn(Observation {
        media: vec![(map.clone(), None)],
        ..Observation::default()
    });
    assert_eq!(world.leads_to("a.md"), [None]);
    world.turn(Observation {
        media: vec![(map.clone(), Some(9))],
        ..Observation::default()
    });
    world.remove("a.md");
    assert_eq!(world.catalogue.media(&map), None, "nobody uses it any more");
}

#[test]
fn an_address_belongs_to_the_first() {
    let mut world = World::new();
    world.drop_in(vec![draft("news/b.md", "One", &[])]);
    world.drop_in(vec![
        draft("b.md", "Two", &[]),
        draft("news/x/b.md", "Three", &[]),
    ]);
    assert_eq!(world.at("news/b.md").entry.slug.as_str(), "b");
    assert_eq!(world.at("b.md").entry.slug.as_str(), "b-2");
    assert_eq!(world.at("news/x/b.md").entry.slug.as_str(), "news-b");

    let mut moved = draft("news/b.md", "One", &[]);
    moved.claims.slug = Slug::from_path("bridge");
    world.drop_in(vec![moved]);
    let former = world
        .catalogue
        .at_slug(&Slug::from_words("b").unwrap())
        .unwrap();
    assert_eq!(former.entry.slug.as_str(), "bridge");
    assert_eq!(former.former, [Slug::from_words("b").unwrap()]);
}

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
