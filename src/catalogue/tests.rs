//! The catalogue's promises, on drafts made by hand: here the life of an entry, below its links and its
//! identity.

mod history;
mod identity;
mod links;
mod seconds;

use super::sample::{at, draft, found, gone, path, stamp};
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
        self.turn(found(drafts))
    }

    fn remove(&mut self, file: &str) {
        self.turn(gone(file));
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
                Resolved::Media(media) => Some(format!("{} bytes", media.bytes)),
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
                beside: Arc::from([]),
                tagged: None,
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
            assert_eq!(record.beside, anew.beside, "{}", record.entry.path);
            assert_eq!(record.tagged, anew.tagged, "{}", record.entry.path);
            if record.is_live() {
                assert_eq!(record.face, anew.face, "{record:#?} {anew:#?}");
            }
        }
        for record in self.catalogue.records() {
            let mentions = |catalogue: &Catalogue| {
                let sources = catalogue.mentions(record.key);
                sources.map(|source| source.key).collect::<Vec<_>>()
            };
            assert_eq!(
                mentions(&fresh),
                mentions(&self.catalogue),
                "{}",
                record.entry.path
            );
        }
        assert_eq!(fresh.live(), self.catalogue.live());
        assert_eq!(fresh.next_due(), self.catalogue.next_due());
        assert_eq!(fresh.next_key, self.catalogue.next_key);
        assert_eq!(fresh.by_path, self.catalogue.by_path);
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
fn a_new_entry_is_held_and_taken_back_for_free() {
    let mut world = World::new();
    world.catalogue.set_terms(Terms {
        hold: Duration::from_secs(90),
        ..Terms::default()
    });
    world.drop_in(vec![draft("a.md", "One", &[]), draft("b.md", "Two", &[])]);
    assert_eq!(world.at("a.md").standing, Standing::Held(at(150)));
    assert_eq!(world.catalogue.next_due(), Some(at(150)));
    // An edit does not begin the wait anew, and does not count as one.
    world.drop_in(vec![draft("a.md", "One, corrected", &[])]);
    assert_eq!(world.at("a.md").standing, Standing::Held(at(150)));
    assert_eq!(world.at("a.md").entry.updated, at(60));
    assert!(world.at("a.md").former_titles.is_empty());
    world.turn(Observation {
        missing: vec![path("b.md")],
        ..Observation::default()
    });
    assert!(world.at("a.md").is_live());
    assert_eq!(world.at("a.md").debut, Some(at(180)));
    assert!(!world.at("b.md").is_live());
    assert!(!world.catalogue.records().any(|it| it.was_withdrawn()));

    // Back again, it has waited long enough; and an entry that was seen never waits.
    world.drop_in(vec![draft("b.md", "Two", &[])]);
    assert!(world.at("b.md").is_live());
    world.remove("a.md");
    world.drop_in(vec![draft("a.md", "One", &[])]);
    assert!(world.at("a.md").is_live());
}

#[test]
fn a_held_entry_with_a_future_date_waits_for_the_later() {
    let mut world = World::new();
    world.catalogue.set_terms(Terms {
        hold: Duration::from_secs(100),
        ..Terms::default()
    });
    let mut dated = draft("a.md", "One", &[]);
    dated.claims.published = Some(StatedDate::At(at(100)));
    world.drop_in(vec![dated]);
    assert_eq!(world.at("a.md").standing, Standing::Scheduled);
    world.turn(Observation::default());
    assert_eq!(world.at("a.md").standing, Standing::Held(at(160)));
    world.turn(Observation::default());
    assert!(world.at("a.md").is_live());
    assert_eq!(world.at("a.md").entry.published, at(100));
}

#[test]
fn what_was_seen_and_withdrawn_is_remembered_by_when() {
    let mut world = World::new();
    let drafts = ["a.md", "b.md", "c.md"].map(|file| draft(file, file, &[]));
    world.drop_in(drafts.to_vec());
    world.remove("b.md");
    let mut unready = draft("c.md", "c.md", &[]);
    unready.claims.draft = true;
    world.drop_in(vec![unready]);
    let withdrawn = |world: &World| {
        let records = world.catalogue.records().filter(|it| it.was_withdrawn());
        let mut moments: Vec<_> = records
            .map(|it| (it.withdrawn().unwrap(), it.entry.path.to_string()))
            .collect();
        moments.sort();
        moments
    };
    let expected = [(at(120), "b.md".to_owned()), (at(180), "c.md".to_owned())];
    assert_eq!(withdrawn(&world), expected);
    world.drop_in(vec![draft("b.md", "b.md", &[])]);
    assert_eq!(withdrawn(&world), expected[1..]);
    assert_eq!(world.catalogue.latest(), Some(at(240)));
}
