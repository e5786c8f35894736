//! Disks that refuse to be written.

use super::*;

fn look(catalogue: &Catalogue, file: &str) -> Changes {
    let drafts = vec![stamped(draft(file, file, &[]))];
    let observation = Observation {
        drafts,
        ..Observation::default()
    };
    catalogue.plan(observation, moment())
}

fn connection(ledger: &Ledger) -> &Connection {
    match &ledger.hold {
        Hold::Full { connection, .. } => connection,
        Hold::Frozen { why, .. } => panic!("{why}"),
    }
}

#[test]
fn after_a_failed_commit_the_ledger_is_opened_anew() {
    let state = TempDir::new().unwrap();
    let mut ledger = open(&state, "/srv/entries", false).unwrap();
    let mut catalogue = Catalogue::new(ledger.site(None).unwrap());
    let changes = look(&catalogue, "a.md");
    ledger.commit(&changes, &Feeds::default()).unwrap();
    catalogue.apply(changes);

    // As full as a disk can be, for this connection.
    connection(&ledger)
        .pragma_update(None, "max_page_count", 1)
        .unwrap();
    let mut long = stamped(draft("b.md", &"A long title. ".repeat(2000), &[]));
    long.0.path = FolderPath::new("b.md").unwrap();
    let observation = Observation {
        drafts: vec![long],
        ..Observation::default()
    };
    let changes = catalogue.plan(observation, moment());
    let error = ledger.commit(&changes, &Feeds::default()).unwrap_err();
    assert!(error.is_refusal() && !error.is_damage(), "{error:?}");
    ledger.commit(&changes, &Feeds::default()).unwrap();
    catalogue.apply(changes);
    drop(ledger);

    let ledger = open(&state, "/srv/entries", false).unwrap();
    assert_eq!(ledger.restored(), None);
    assert_eq!(ledger.load().unwrap().records.len(), 2);
}

/// When syncing fails, what was written may be there all the same.
#[test]
fn what_a_failed_commit_left_is_forgotten() {
    let state = TempDir::new().unwrap();
    let mut ledger = open(&state, "/srv/entries", false).unwrap();
    let mut catalogue = Catalogue::new(ledger.site(None).unwrap());
    let changes = look(&catalogue, "a.md");
    ledger.commit(&changes, &Feeds::default()).unwrap();
    catalogue.apply(changes);

    let ghost = look(&catalogue, "ghost.md");
    let mut other = Connection::open(state.path().join("ledger.sqlite")).unwrap();
    writing::write(
        &mut other,
        ledger.census,
        ledger.last,
        &ghost,
        &Feeds::default(),
    )
    .unwrap();
    drop(other);
    let Hold::Full { is_doubtful, .. } = &mut ledger.hold else {
        panic!()
    };
    *is_doubtful = true;
    // The file is gone again; another takes the key, and the id of neither is lost.
    let changes = look(&catalogue, "b.md");
    ledger.commit(&changes, &Feeds::default()).unwrap();
    catalogue.apply(changes);
    drop(ledger);

    let ledger = open(&state, "/srv/entries", false).unwrap();
    assert_eq!(ledger.restored(), None);
    let records = ledger.load().unwrap().records;
    let paths: Vec<&str> = records.iter().map(|it| it.entry.path.as_str()).collect();
    assert_eq!(paths, ["a.md", "b.md"]);
}

#[test]
fn a_ledger_that_goes_away_under_way_is_noticed() {
    let state = TempDir::new().unwrap();
    let mut ledger = open(&state, "/srv/entries", false).unwrap();
    let mut catalogue = Catalogue::new(ledger.site(None).unwrap());
    let changes = look(&catalogue, "a.md");
    ledger.commit(&changes, &Feeds::default()).unwrap();
    catalogue.apply(changes);
    std::fs::remove_file(state.path().join("ledger.sqlite")).unwrap();
    let Hold::Full { is_doubtful, .. } = &mut ledger.hold else {
        panic!()
    };
    *is_doubtful = true;
    let changes = look(&catalogue, "b.md");
    let error = ledger.commit(&changes, &Feeds::default()).unwrap_err();
    assert!(error.is_damage(), "{error}");
    ledger.heal(&catalogue).unwrap();
    ledger.commit(&changes, &Feeds::default()).unwrap();
    drop(ledger);
    let ledger = open(&state, "/srv/entries", false).unwrap();
    assert_eq!(ledger.load().unwrap().records.len(), 2);
}

/// The way of reading a ledger where nothing can be written, with and without a WAL beside it.
#[test]
fn what_can_only_be_read_is_read_whole() {
    let state = TempDir::new().unwrap();
    let mut ledger = open(&state, "/srv/entries", false).unwrap();
    let mut catalogue = Catalogue::new(ledger.site(None).unwrap());
    let changes = look(&catalogue, "a.md");
    ledger.commit(&changes, &Feeds::default()).unwrap();
    catalogue.apply(changes);
    let copy = TempDir::new().unwrap();
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "lock"] {
        std::fs::copy(state.path().join(name), copy.path().join(name)).unwrap();
    }
    let why = || place::Place::new(copy.path()).unusable(io::ErrorKind::StorageFull.into());
    assert!(why().is_refusal());
    let frozen = |entries: &str| {
        let claim = Claim::take(copy.path(), Path::new(entries), false)?;
        Ledger::frozen(claim, why())
    };
    let mut ledger = frozen("/srv/entries").unwrap();
    assert!(ledger.refusal().is_some());
    assert!(matches!(
        frozen("/srv/entries"),
        Err(LedgerError::Held { .. })
    ));
    let stored = ledger.load().unwrap();
    assert_eq!(stored.records.len(), 1);
    let body = stored.records[0].entry.article.body;
    let texts = ledger.bodies();
    assert_eq!(texts.body(body).unwrap().as_str(), "<p>a.md</p>");
    ledger.set_root_device(7).unwrap();
    assert_eq!(ledger.sweep().unwrap(), 0);

    // It can be written again: nothing is lost, and what waited is kept.
    ledger.recover().unwrap();
    assert!(ledger.refusal().is_none());
    assert_eq!(texts.body(body).unwrap().as_str(), "<p>a.md</p>");
    let changes = look(&catalogue, "b.md");
    ledger.commit(&changes, &Feeds::default()).unwrap();
    drop(ledger);
    assert!(matches!(
        frozen("/srv/other"),
        Err(LedgerError::Foreign { .. })
    ));
    let ledger = open(&copy, "/srv/entries", false).unwrap();
    assert_eq!(ledger.load().unwrap().records.len(), 2);
    assert_eq!(ledger.root_device(), Some(7));
}
