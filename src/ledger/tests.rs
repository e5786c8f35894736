//! What a ledger keeps, and whom it refuses.

mod damage;
mod healing;
mod lived;
mod refusal;

use tempfile::TempDir;

use std::io;

use super::*;
use crate::catalogue::sample::{draft, seen};
use crate::catalogue::{Catalogue, Observation, Resolved};
use crate::entry::{Bodies, Draft, Media, Stamp};

fn stamped(draft: Draft) -> (Draft, Stamp) {
    let stamp = seen(&draft);
    // As far from usual as a file system may be.
    (
        draft,
        Stamp {
            device: u64::MAX,
            modified: -4,
            ..stamp
        },
    )
}

fn moment() -> Timestamp {
    "2026-03-04T05:06:07.123456789Z".parse().unwrap()
}

fn open(state: &TempDir, entries: &str, adopt: bool) -> Result<Ledger, LedgerError> {
    Ledger::open(state.path(), Path::new(entries), adopt)
}

#[test]
fn what_is_committed_is_loaded_again() {
    let state = TempDir::new().unwrap();
    let mut ledger = open(&state, "/srv/entries", false).unwrap();
    let site = ledger.site(None).unwrap();
    let mut catalogue = Catalogue::new(site);
    let drafts = vec![
        stamped(draft("a.md", "One", &["Two"])),
        stamped(draft("b.md", "Two", &["Three"])),
    ];
    let map = FolderPath::new("map.png").unwrap();
    let media = vec![(map.clone(), Some(Media::of_bytes(9)))];
    let changes = catalogue.plan(
        Observation {
            drafts,
            media,
            ..Observation::default()
        },
        moment(),
    );
    let feeds = Feeds {
        departures: vec![(String::new(), moment())],
        histories: vec![("tags/a/".to_owned(), "[]".to_owned())],
    };
    ledger.commit(&changes, &feeds).unwrap();
    catalogue.apply(changes);
    let digest = Digest::of(b"settings");
    ledger.set_settings(digest, moment()).unwrap();
    drop(ledger);

    let ledger = open(&state, "/srv/entries", false).unwrap();
    assert_eq!(ledger.site(None).unwrap(), site);
    let stored = ledger.load().unwrap();
    assert_eq!(stored.media, [(map, Media::of_bytes(9))]);
    assert_eq!(stored.feeds, feeds);
    assert_eq!(stored.settings, Some((digest, moment())));
    let loaded = Catalogue::load(site, stored.records, stored.media);
    for record in catalogue.records() {
        let again = loaded.record(record.key).unwrap();
        assert_eq!(again.entry, record.entry);
        assert_eq!(
            (again.face, again.changed, again.first_seen),
            (record.face, record.changed, record.first_seen)
        );
        assert_eq!(
            (again.stamp, again.standing),
            (record.stamp, record.standing)
        );
        assert_eq!(again.resolved, record.resolved);
    }
    let first = loaded.at_path(&FolderPath::new("a.md").unwrap()).unwrap();
    assert!(matches!(&first.resolved[0], Resolved::Entry(card) if card.title.as_str() == "Two"));
    let text = ledger.bodies().body(first.entry.article.body).unwrap();
    assert_eq!(text.as_str(), "<p>One</p>");
}

#[test]
fn texts_that_nobody_names_are_swept_and_no_others() {
    let state = TempDir::new().unwrap();
    let mut ledger = open(&state, "/srv/entries", false).unwrap();
    let mut catalogue = Catalogue::new(ledger.site(None).unwrap());
    for text in ["One", "Other"] {
        let drafts = vec![stamped(draft("a.md", text, &[]))];
        let changes = catalogue.plan(
            Observation {
                drafts,
                ..Observation::default()
            },
            moment(),
        );
        ledger.commit(&changes, &Feeds::default()).unwrap();
        catalogue.apply(changes);
    }
    let bodies = ledger.bodies();
    let old = draft("a.md", "One", &[]).article.body;
    let new = draft("a.md", "Other", &[]).article.body;
    assert!(bodies.body(old).is_ok(), "a snapshot may still show it");
    assert_eq!(ledger.sweep().unwrap(), 1);
    assert!(bodies.body(old).is_err());
    assert!(bodies.body(new).is_ok());
}

#[test]
fn one_daemon_and_one_folder_for_each_ledger() {
    let state = TempDir::new().unwrap();
    let ledger = open(&state, "/srv/entries", false).unwrap();
    match open(&state, "/srv/entries", false) {
        Err(LedgerError::Held { holder, .. }) => {
            assert_eq!(holder, Some(std::process::id().to_string()));
        }
        other => panic!("{:?}", other.err()),
    }
    drop(ledger);
    assert!(matches!(
        open(&state, "/srv/other", false),
        Err(LedgerError::Foreign { .. })
    ));
    drop(open(&state, "/srv/other", true).unwrap());
    drop(open(&state, "/srv/other", false).unwrap());
}

/// Each earlier schema, with what its last version wrote.
const EARLIER: [(usize, &str); 2] = [
    (1, include_str!("tests/first_version.sql")),
    (2, include_str!("tests/second_version.sql")),
];

fn make(state: &TempDir, sql: &str) {
    let connection = Connection::open(state.path().join("ledger.sqlite")).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the ledger's own files")]
fn ledgers_of_all_earlier_versions_are_understood_and_copied_before() {
    for (version, sql) in EARLIER {
        let state = TempDir::new().unwrap();
        make(&state, sql);
        let ledger = open(&state, "/srv/entries", false).unwrap();
        assert_eq!(ledger.restored(), None);
        let site = ledger.site(None).unwrap();
        assert_eq!(site.to_string(), "8ab7ef8f-2fd8-4c9e-927f-d7cf6cfc11a5");
        let stored = ledger.load().unwrap();
        let catalogue = Catalogue::load(site, stored.records, stored.media);
        let one = catalogue.at_path(&FolderPath::new("one.md").unwrap());
        let one = one.unwrap();
        assert_eq!(
            one.entry.id.as_str(),
            "urn:uuid:2871cb8e-902d-5809-92ff-e9411eeb4659"
        );
        assert!(one.is_live());
        let first_seen = "2026-11-24T02:10:50.375017002Z";
        assert_eq!(one.first_seen.to_string(), first_seen);
        assert_eq!(one.entry.published.to_string(), "2026-01-31T10:00:00Z");
        let [Resolved::Entry(two), Resolved::Media(map)] = &*one.resolved else {
            panic!("{:?}", one.resolved)
        };
        assert_eq!(two.title.as_str(), "Two");
        assert_eq!(*map, Media::of_bytes(5));
        let texts = ledger.bodies();
        assert!(texts.body(one.entry.article.body).is_ok());
        drop((texts, ledger));

        // The copy is the ledger as it was; it is never replaced, and made once.
        let copy = state.path().join(format!("ledger.v{version}.backup"));
        let kept: i64 = Connection::open(&copy)
            .unwrap()
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(kept, i64::try_from(version).unwrap());
        let bytes = std::fs::read(&copy).unwrap();
        std::fs::copy(&copy, state.path().join("ledger.sqlite")).unwrap();
        drop(open(&state, "/srv/entries", false).unwrap());
        assert_eq!(std::fs::read(&copy).unwrap(), bytes);
        let second = state.path().join(format!("ledger.v{version}.backup.2"));
        assert!(!second.exists(), "one that says the same will do");
        make_other(&state, &copy);
        drop(open(&state, "/srv/entries", false).unwrap());
        assert_eq!(std::fs::read(&copy).unwrap(), bytes);
        assert!(second.exists());
    }
}

/// Puts `copy` in the ledger's place, with another fact.
fn make_other(state: &TempDir, copy: &Path) {
    let path = state.path().join("ledger.sqlite");
    std::fs::copy(copy, &path).unwrap();
    Connection::open(path)
        .unwrap()
        .execute("INSERT INTO fact (name, value) VALUES ('more', '1')", ())
        .unwrap();
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the ledger's own files")]
fn a_newer_schema_is_refused_and_left_alone() {
    let state = TempDir::new().unwrap();
    drop(open(&state, "/srv/entries", false).unwrap());
    let connection = Connection::open(state.path().join("ledger.sqlite")).unwrap();
    rows::put_fact(&connection, schema::VERSION_FACT, "999").unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    connection.execute("CREATE TABLE more (a)", ()).unwrap();
    drop(connection);
    let before = std::fs::read(state.path().join("ledger.sqlite")).unwrap();
    let error = open(&state, "/srv/entries", false).err().unwrap();
    assert!(error.to_string().contains("newer version"), "{error}");
    let error = Ledger::peek(state.path(), Path::new("/srv/entries"));
    assert!(matches!(error, Err(LedgerError::Newer(_, 999))));
    let after = std::fs::read(state.path().join("ledger.sqlite")).unwrap();
    assert!(before == after);
}

#[test]
fn a_stated_site_id_wins_and_a_made_one_stays() {
    let state = TempDir::new().unwrap();
    let ledger = open(&state, "/srv/entries", false).unwrap();
    let made = ledger.site(None).unwrap();
    assert_eq!(ledger.site(None).unwrap(), made);
    assert_eq!(
        ledger.site(Some(Uuid::from_u128(5))).unwrap(),
        Uuid::from_u128(5)
    );
}

#[test]
fn the_device_of_the_folder_is_remembered() {
    let state = TempDir::new().unwrap();
    let ledger = open(&state, "/srv/entries", false).unwrap();
    assert_eq!(ledger.root_device(), None);
    ledger.set_root_device(u64::MAX).unwrap();
    drop(ledger);
    let ledger = open(&state, "/srv/entries", false).unwrap();
    assert_eq!(ledger.root_device(), Some(u64::MAX));
}

#[test]
fn the_stamp_is_known_again_until_somebody_writes() {
    let state = TempDir::new().unwrap();
    let claimed = |entries: &str| {
        let claim = Claim::take(state.path(), Path::new(entries), false);
        claim.unwrap().stamp()
    };
    assert_eq!(claimed("/srv/entries"), None);
    let ledger = open(&state, "/srv/entries", false).unwrap();
    ledger.set_alive(moment()).unwrap();
    let stamp = ledger.stamp();
    assert!(stamp.is_some());
    ledger.close();
    assert_eq!(claimed("/srv/entries"), stamp);
    assert_ne!(claimed("/srv/others"), stamp);

    let ledger = open(&state, "/srv/entries", false).unwrap();
    let later = moment() + std::time::Duration::from_secs(1);
    ledger.set_alive(later).unwrap();
    drop(ledger);
    assert_ne!(claimed("/srv/entries"), stamp);
}
