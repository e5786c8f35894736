//! The mirror and the ledger under a running daemon, and what their tools say of them.
#![expect(
    clippy::disallowed_methods,
    reason = "these files are the ledger's own, and to be damaged"
)]

use std::fs;
use std::sync::{Arc, Mutex};

use super::lived::{ENTRIES, FILES, article, found, later, site, turn, world};
use super::*;
use crate::ledger::progress::UNTOLD;

#[test]
fn the_mirror_follows_each_commit_and_is_short_in_the_end() {
    let state = TempDir::new().unwrap();
    let mirror = state.path().join("identities.jsonl");
    let lines = || fs::read_to_string(&mirror).unwrap().lines().count();
    let mut ledger = open(&state, ENTRIES, false).unwrap();
    let mut catalogue = Catalogue::new(ledger.site(None).unwrap());
    let mut most = 0;
    for edit in 0..40_u8 {
        let files = (0..40).map(|number| {
            let (mut draft, stamp) = article(number, "Tides");
            draft.content = Digest::of(&[edit]);
            (draft, stamp)
        });
        turn(
            &mut ledger,
            &mut catalogue,
            found(files.collect()),
            later(i64::from(edit)),
        );
        most = most.max(lines());
        let held = mirror::Held::read(&mirror).unwrap();
        for record in catalogue.records() {
            assert!(held.identities[&record.key].is_of(record));
        }
    }
    // Four times what is needed, and a thousand.
    assert!((1164..=1204).contains(&most), "{most}");
    ledger.close();
    assert_eq!(lines(), 41);
}

#[test]
fn a_damaged_text_is_never_served_and_the_ledger_heals_under_way() {
    let site = site();
    let state = site.copy(&FILES, |name, bytes| {
        if name == "ledger.sqlite" {
            let at = bytes
                .windows(12)
                .rposition(|it| it == b"<p>Tides 17:")
                .unwrap();
            bytes[at + 3] = b'S';
        }
    });
    let mut ledger = open(&state, ENTRIES, false).unwrap();
    assert_eq!(ledger.restored(), None, "texts are not read at the start");
    let stored = ledger.load().unwrap();
    let mut catalogue = Catalogue::load(site.id, stored.records, stored.media);
    let before = world(&catalogue);
    let at = |path: &str| FolderPath::new(path).unwrap();
    let body = catalogue.at_path(&at("17.md")).unwrap().entry.article.body;
    let texts = ledger.bodies();
    let woken = Arc::new(Mutex::new(0));
    let count = Arc::clone(&woken);
    ledger.alarm().wakes(move || *count.lock().unwrap() += 1);
    assert_eq!(
        texts.body(body).unwrap_err().kind(),
        io::ErrorKind::InvalidData
    );
    assert!(ledger.alarm().take().is_some());
    ledger.inspector().inspect(&|| ()).unwrap();
    assert!(
        ledger.alarm().take().is_some(),
        "the examination finds it, too"
    );
    assert_eq!(*woken.lock().unwrap(), 2);

    let aside = ledger.heal(&catalogue).unwrap();
    assert!(aside.join("ledger.sqlite").exists());
    assert_eq!(ledger.untold(), [at("17.md")]);
    assert_eq!(
        texts.body(body).unwrap_err().kind(),
        io::ErrorKind::NotFound
    );
    let other = catalogue.at_path(&at("18.md")).unwrap().entry.article.body;
    assert!(
        texts.body(other).is_ok(),
        "the same reader reads the new file"
    );
    // Its file is read again.
    let again = vec![article(17, "Tides")];
    turn(&mut ledger, &mut catalogue, found(again), later(400));
    assert!(texts.body(body).is_ok());
    ledger.inspector().inspect(&|| ()).unwrap();
    assert_eq!(ledger.alarm().take(), None);
    drop(ledger);
    let ledger = open(&state, ENTRIES, false).unwrap();
    assert_eq!(ledger.restored(), None);
    let stored = ledger.load().unwrap();
    let loaded = Catalogue::load(site.id, stored.records, stored.media);
    assert_eq!(world(&loaded), before);
}

#[test]
fn a_commit_that_comes_upon_damage_can_be_healed() {
    let site = site();
    let state = site.copy(&FILES, |_, _| ());
    let mut ledger = open(&state, ENTRIES, false).unwrap();
    let stored = ledger.load().unwrap();
    let mut catalogue = Catalogue::load(site.id, stored.records, stored.media);
    let pages = fs::File::options()
        .write(true)
        .open(state.path().join("ledger.sqlite"))
        .unwrap();
    let length = pages.metadata().unwrap().len();
    std::os::unix::fs::FileExt::write_all_at(
        &pages,
        &vec![0xAA; usize::try_from(length - 4096).unwrap()],
        4096,
    )
    .unwrap();
    let changes = catalogue.plan(
        found(vec![stamped(draft("new.md", "New", &[]))]),
        later(500),
    );
    // What it has in memory may do for a first commit; a second one looks at the disk.
    let mut outcome = ledger.commit(&changes, &Feeds::default());
    if outcome.is_ok() {
        catalogue.apply(changes);
        drop(ledger);
        ledger = open(&state, ENTRIES, false).unwrap();
        assert!(ledger.restored().is_some());
    } else {
        assert!(outcome.as_ref().unwrap_err().is_damage(), "{outcome:?}");
        ledger.heal(&catalogue).unwrap();
        outcome = ledger.commit(&changes, &Feeds::default());
        assert!(outcome.is_ok(), "{outcome:?}");
        catalogue.apply(changes);
    }
    drop(ledger);
    let ledger = open(&state, ENTRIES, false).unwrap();
    let stored = ledger.load().unwrap();
    assert_eq!(stored.records.len(), 41);
}

#[test]
fn it_is_told_how_far_long_work_is() {
    let site = site();
    let told = RefCell::new(Vec::new());
    let tell = |step: Step, done: usize, all: usize| told.borrow_mut().push((step, done, all));
    let check = |what: &str, expected: &[(Step, usize)]| {
        let told = told.take();
        let mut steps: Vec<(Step, usize)> =
            told.iter().map(|&(step, _, all)| (step, all)).collect();
        steps.dedup();
        assert_eq!(steps, expected, "{what}");
        for (step, all) in steps.into_iter().filter(|(_, all)| *all > 0) {
            let done = told.iter().filter(|it| it.0 == step).map(|it| it.1);
            assert!(done.eq(1..=all), "{what}: {step:?}");
        }
    };
    let state = site.state.path();
    let texts = {
        let source = Source::open(&Place::new(state).ledger()).unwrap();
        let count = "SELECT count(*) FROM body";
        let count = source.connection.query_row(count, (), |row| row.get(0));
        count.unwrap()
    };
    Ledger::check(state, &tell).unwrap();
    let proof = [(Step::Rows, 40), (Step::Pages, 0), (Step::Texts, texts)];
    check("check", &[&proof[..], &[(Step::Mirror, 0)]].concat());
    Ledger::backup(state, &state.join("copy"), &tell).unwrap();
    check("backup", &[&[(Step::Copy, 0)], &proof[..]].concat());
    Ledger::rebuild(state, Path::new(ENTRIES), &tell).unwrap();
    let rebuilt = [(Step::Mirror, 0), (Step::Salvage, 0), (Step::Texts, 40)];
    check(
        "rebuild",
        &[&rebuilt[..], &[(Step::Writing, 40 + texts)]].concat(),
    );
}

#[test]
fn peek_and_check_say_what_is_wrong() {
    let site = site();
    assert_eq!(
        Ledger::check(site.state.path(), UNTOLD).unwrap().findings,
        [""; 0]
    );
    assert_eq!(
        Ledger::check(site.state.path(), UNTOLD).unwrap().entries,
        40
    );
    let state = site.copy(&FILES, |name, bytes| {
        if name == "ledger.sqlite" {
            let at = bytes
                .windows(11)
                .rposition(|it| it == b"moved/10.md")
                .unwrap();
            bytes[at] ^= 1;
        }
    });
    let error = Ledger::peek(state.path(), Path::new(ENTRIES))
        .err()
        .unwrap();
    assert!(error.is_damage(), "{error}");
    let findings = Ledger::check(state.path(), UNTOLD).unwrap().findings;
    assert!(findings[0].contains("damaged"), "{findings:?}");
    let state = site.copy(&FILES, |name, bytes| {
        if name == "identities.jsonl" {
            bytes.truncate(bytes.len() / 2);
        }
    });
    let findings = Ledger::check(state.path(), UNTOLD).unwrap().findings;
    assert!(
        findings.iter().any(|it| it.contains("mirror lacks")),
        "{findings:?}"
    );
}
