//! Damage of every kind: no panic, nothing wrong is believed, and whoever had an id has it again.
#![expect(
    clippy::disallowed_methods,
    reason = "these files are the ledger's own, and to be damaged"
)]

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use super::*;
use crate::catalogue::Standing;
use crate::entry::{EntryId, Slug, Text};

const ENTRIES: &str = "/srv/entries";

/// What must not change of an entry, whatever happens to the ledger.
#[derive(Debug, PartialEq, Eq)]
struct Lasting {
    id: EntryId,
    first_seen: Timestamp,
    first_path: FolderPath,
    published: Timestamp,
    updated: Timestamp,
    changed: Timestamp,
    slug: Slug,
    former: Vec<Slug>,
    former_titles: Vec<Text>,
    is_live: bool,
}

type World = BTreeMap<FolderPath, Lasting>;

fn world(catalogue: &Catalogue) -> World {
    let lasting = |record: &Arc<Record>| Lasting {
        id: record.entry.id.clone(),
        first_seen: record.first_seen,
        first_path: record.first_path.clone(),
        published: record.entry.published,
        updated: record.entry.updated,
        changed: record.changed,
        slug: record.entry.slug.clone(),
        former: record.former.clone(),
        former_titles: record.former_titles.clone(),
        is_live: record.is_live(),
    };
    let records = catalogue.records();
    records
        .map(|record| (record.entry.path.clone(), lasting(record)))
        .collect()
}

/// A site that has lived a while: its state folder, its files as they are now, what it published.
struct Site {
    state: TempDir,
    id: Uuid,
    files: Vec<(Draft, Stamp)>,
    world: World,
}

fn later(seconds: i64) -> Timestamp {
    moment() + jiff::SignedDuration::from_secs(seconds)
}

/// As the daemon does it: a commit that comes upon damage is tried again when the ledger is healed.
fn turn(ledger: &mut Ledger, catalogue: &mut Catalogue, observation: Observation, now: Timestamp) {
    let changes = catalogue.plan(observation, now);
    match ledger.commit(&changes, &[]) {
        Err(error) if error.is_damage() => {
            ledger.heal(catalogue).unwrap();
            ledger.commit(&changes, &[]).unwrap();
        }
        committed => committed.unwrap(),
    }
    catalogue.apply(changes);
}

fn found(drafts: Vec<(Draft, Stamp)>) -> Observation {
    Observation {
        drafts,
        ..Observation::default()
    }
}

/// Texts fill pages, as real ones do.
fn article(number: usize, words: &str) -> (Draft, Stamp) {
    let title = format!("{words} {number}");
    let mut draft = draft(&format!("{number}.md"), &title, &[]);
    let text = format!("<p>{title}: {}</p>", "the tide comes and goes. ".repeat(20));
    draft.body = crate::entry::Body::from_clean_html(text);
    draft.article.body = draft.body.digest();
    let stamp = Stamp {
        device: u64::MAX,
        inode: number as u64,
        born: i64::try_from(number).ok(),
        ..seen(&draft)
    };
    (draft, stamp)
}

/// Forty entries; of each ten two renamed, two edited, one retitled, one gone.
fn site() -> Site {
    let state = TempDir::new().unwrap();
    let mut ledger = open(&state, ENTRIES, false).unwrap();
    let id = ledger.site(None).unwrap();
    let mut catalogue = Catalogue::new(id);
    let mut files: Vec<_> = (0..40).map(|number| article(number, "Tides")).collect();
    turn(&mut ledger, &mut catalogue, found(files.clone()), moment());
    for (number, (draft, _)) in files.iter_mut().enumerate() {
        let old = draft.path.clone();
        match number % 10 {
            0 | 1 => {
                draft.path = FolderPath::new(&format!("moved/{number}.md")).unwrap();
            }
            2 | 3 => {
                draft.content = Digest::of(format!("edit {number}").as_bytes());
            }
            4 => {
                (*draft, _) = article(number, "Ebb and flow");
                draft.claims.slug = Slug::from_words(&format!("ebb {number}"));
            }
            _ => continue,
        }
        let observation = Observation {
            missing: vec![old.clone()],
            ..found(vec![(draft.clone(), stamp_of(number))])
        };
        let now = later(100 + i64::try_from(number).unwrap());
        turn(&mut ledger, &mut catalogue, observation, now);
    }
    for number in [5, 15, 25, 35] {
        let gone = FolderPath::new(&format!("{number}.md")).unwrap();
        let observation = Observation {
            absent: vec![gone],
            ..Observation::default()
        };
        turn(&mut ledger, &mut catalogue, observation, later(200));
    }
    files.retain(|(draft, _)| !draft.path.as_str().ends_with("5.md"));
    Site {
        world: world(&catalogue),
        state,
        id,
        files,
    }
}

fn stamp_of(number: usize) -> Stamp {
    article(number, "").1
}

const FILES: [&str; 3] = ["ledger.sqlite", "ledger.sqlite-wal", "identities.jsonl"];

impl Site {
    /// A copy of its state folder with these files, each with its bytes as `damage` leaves them.
    fn copy(&self, files: &[&str], mut damage: impl FnMut(&str, &mut Vec<u8>)) -> TempDir {
        let copy = TempDir::new().unwrap();
        for name in files {
            if let Ok(mut bytes) = fs::read(self.state.path().join(name)) {
                damage(name, &mut bytes);
                fs::write(copy.path().join(name), bytes).unwrap();
            }
        }
        copy
    }

    /// Opens the ledger in `state` and looks at the folder: what is published then.
    fn come_back(&self, state: &TempDir, what: &str) -> (World, Option<Restored>) {
        let mut ledger =
            open(state, ENTRIES, false).unwrap_or_else(|error| panic!("{what}: {error}"));
        let restored = ledger.restored().cloned();
        assert_eq!(ledger.site(None).unwrap(), self.id, "{what}");
        let stored = ledger.load().unwrap();
        let mut catalogue = Catalogue::load(self.id, stored.records, stored.media);
        let live = |catalogue: &Catalogue| -> Vec<Digest> {
            let live = catalogue.records().filter(|record| record.is_live());
            live.map(|record| record.entry.article.body).collect()
        };
        let texts = ledger.bodies();
        for body in live(&catalogue) {
            // The right text or none.
            match texts.body(body) {
                Ok(text) => assert_eq!(text.digest(), body, "{what}"),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{what}"),
            }
        }
        if ledger.alarm().take().is_some() {
            ledger.heal(&catalogue).unwrap();
        }
        let files = found(self.files.clone());
        turn(&mut ledger, &mut catalogue, files, later(10_000));
        for body in live(&catalogue) {
            let text = texts.body(body);
            let text = text.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(text.digest(), body, "{what}");
        }
        (world(&catalogue), restored)
    }
}

#[test]
fn of_three_hundred_damaged_copies_none_costs_an_id() {
    let site = site();
    let mut restored = 0;
    for copy in 0..300 {
        let every = |name: &str, bytes: &mut Vec<u8>| {
            if name != "identities.jsonl" {
                let flipped = bytes.iter_mut().skip(copy).step_by(97);
                flipped.for_each(|byte| *byte ^= 0xFF);
            }
        };
        let state = site.copy(&FILES, every);
        let (world, report) = site.come_back(&state, &format!("copy {copy}"));
        assert_eq!(world, site.world, "copy {copy}");
        restored += usize::from(report.is_some());
    }
    assert_eq!(restored, 300, "all of that is damage");
}

#[test]
fn a_single_flipped_byte_is_found_or_harmless() {
    let site = site();
    let length = fs::metadata(site.state.path().join("ledger.sqlite"))
        .unwrap()
        .len();
    let mut restored = 0;
    for copy in 0..300_u64 {
        // Any byte of the header's first part, then all over the file.
        let at = if copy < 100 {
            copy
        } else {
            copy * 7919 % length
        };
        let bit = 1 << (copy % 8);
        let state = site.copy(&FILES, |name, bytes| {
            if name == "ledger.sqlite" {
                bytes[usize::try_from(at).unwrap()] ^= bit;
            }
        });
        let (world, report) = site.come_back(&state, &format!("byte {at}"));
        assert_eq!(world, site.world, "byte {at}");
        restored += usize::from(report.is_some());
    }
    assert!(restored > 30, "{restored}");
}

#[test]
fn what_is_no_ledger_any_more_is_moved_aside_and_made_anew() {
    let site = site();
    let whole = fs::read(site.state.path().join("ledger.sqlite")).unwrap();
    let cuts: [(&str, Vec<u8>); 6] = [
        ("nothing", Vec::new()),
        ("one byte", whole[..1].to_vec()),
        ("its header", whole[..100].to_vec()),
        ("a page", whole[..4096].to_vec()),
        ("half of it", whole[..whole.len() / 2].to_vec()),
        ("garbage", b"no ledger at all, ".repeat(1000)),
    ];
    for (what, bytes) in cuts {
        let state = site.copy(&FILES, |name, kept| {
            if name == "ledger.sqlite" {
                kept.clone_from(&bytes);
            }
        });
        let (world, restored) = site.come_back(&state, what);
        assert_eq!(world, site.world, "{what}");
        let aside = restored.unwrap().aside.unwrap();
        assert!(aside.ends_with("damaged-1"), "{what}");
        assert_eq!(
            fs::read(aside.join("ledger.sqlite")).unwrap(),
            bytes,
            "{what}"
        );
        // And it stays well.
        let (_, restored) = site.come_back(&state, what);
        assert_eq!(restored, None, "{what}");
    }
}

#[test]
fn a_ledger_that_is_gone_comes_back_from_its_mirror() {
    let site = site();
    let state = site.copy(&["identities.jsonl"], |_, _| ());
    let (world, restored) = site.come_back(&state, "gone");
    assert_eq!(world, site.world);
    let restored = restored.unwrap();
    assert_eq!(
        (restored.aside, restored.whole, restored.waiting),
        (None, 4, 36)
    );
}

#[test]
fn a_mirror_that_is_torn_or_changed_loses_only_those_lines() {
    let site = site();
    let state = site.copy(&["identities.jsonl"], |_, bytes| {
        // In the middle of the last line, which is that of one that is gone.
        bytes.truncate(bytes.len() - 9);
        // And a letter of the first one after the head.
        let line = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        bytes[line + 20] ^= 1;
        bytes.extend(b"\nwritten by hand\n");
    });
    let (world, restored) = site.come_back(&state, "torn");
    assert_eq!(restored.unwrap().damaged_lines, 3);
    let lost = site
        .world
        .iter()
        .filter(|(path, was)| world.get(path) != Some(was));
    assert!(lost.count() <= 2);
}

#[test]
fn without_a_mirror_what_is_sound_is_taken_over() {
    let site = site();
    let state = site.copy(&["ledger.sqlite", "ledger.sqlite-wal"], |_, bytes| {
        // A letter of one identity's path.
        let at = bytes
            .windows(11)
            .rposition(|it| it == b"moved/10.md")
            .unwrap();
        bytes[at] ^= 1;
    });
    let ledger = open(&state, ENTRIES, false).unwrap();
    let restored = ledger.restored().unwrap();
    assert_eq!(restored.whole, 39, "{restored}");
    assert_eq!(ledger.site(None).unwrap(), site.id);
    assert!(!restored.has_lost_site);
}

#[test]
fn without_anything_a_new_ledger_says_what_is_lost() {
    let site = site();
    let state = site.copy(&["ledger.sqlite"], |_, bytes| bytes.fill(7));
    let ledger = open(&state, ENTRIES, false).unwrap();
    let restored = ledger.restored().unwrap();
    assert!(restored.has_lost_site && restored.whole == 0, "{restored}");
    assert!(
        restored.to_string().contains("site's id is lost"),
        "{restored}"
    );
}

/// A backup of the ledger that is older than its mirror; or a crash that took the end of the WAL.
#[test]
fn what_the_mirror_alone_knows_is_learned() {
    let site = site();
    let state = site.copy(&FILES, |_, _| ());
    let old = fs::read(state.path().join("ledger.sqlite")).unwrap();
    let mut ledger = open(&state, ENTRIES, false).unwrap();
    let stored = ledger.load().unwrap();
    let mut catalogue = Catalogue::load(site.id, stored.records, stored.media);
    let (mut moved, stamp) = site.files[6].clone();
    let observation = Observation {
        missing: vec![moved.path.clone()],
        drafts: vec![
            {
                moved.path = FolderPath::new("moved/once-more.md").unwrap();
                (moved.clone(), stamp)
            },
            stamped(draft("new.md", "New", &[])),
        ],
        ..Observation::default()
    };
    turn(&mut ledger, &mut catalogue, observation, later(300));
    let expected = world(&catalogue);
    let mut files = site.files.clone();
    files[6] = (moved, stamp);
    files.push(stamped(draft("new.md", "New", &[])));
    drop(ledger);
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(state.path().join(format!("ledger.sqlite{end}")));
    }
    fs::write(state.path().join("ledger.sqlite"), old).unwrap();

    let site = Site { files, ..site };
    let (found, restored) = site.come_back(&state, "older");
    assert_eq!(found, expected);
    assert_eq!(restored.unwrap().waiting, 2);
}

#[test]
fn a_restored_entry_is_shown_only_when_its_file_is_found() {
    let site = site();
    let state = site.copy(&["identities.jsonl"], |_, _| ());
    let ledger = open(&state, ENTRIES, false).unwrap();
    let records = ledger.load().unwrap().records;
    assert!(
        records
            .iter()
            .all(|it| matches!(it.standing, Standing::Withdrawn(_)))
    );
    assert_eq!(records.iter().filter(|it| it.is_restored()).count(), 36);
}

#[test]
fn another_folders_mirror_is_refused_like_its_ledger() {
    let site = site();
    let state = site.copy(&["identities.jsonl"], |_, _| ());
    let error = open(&state, "/srv/other", false).err().unwrap();
    assert!(matches!(error, LedgerError::Foreign { .. }), "{error}");
    assert!(!state.path().join("ledger.sqlite").exists());
    drop(open(&state, "/srv/other", true).unwrap());
    drop(open(&state, "/srv/other", false).unwrap());
}

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
    let mut outcome = ledger.commit(&changes, &[]);
    if outcome.is_ok() {
        catalogue.apply(changes);
        drop(ledger);
        ledger = open(&state, ENTRIES, false).unwrap();
        assert!(ledger.restored().is_some());
    } else {
        assert!(outcome.as_ref().unwrap_err().is_damage(), "{outcome:?}");
        ledger.heal(&catalogue).unwrap();
        outcome = ledger.commit(&changes, &[]);
        assert!(outcome.is_ok(), "{outcome:?}");
        catalogue.apply(changes);
    }
    drop(ledger);
    let ledger = open(&state, ENTRIES, false).unwrap();
    let stored = ledger.load().unwrap();
    assert_eq!(stored.records.len(), 41);
}

#[test]
fn peek_and_check_say_what_is_wrong() {
    let site = site();
    assert_eq!(Ledger::check(site.state.path()).unwrap().findings, [""; 0]);
    assert_eq!(Ledger::check(site.state.path()).unwrap().entries, 40);
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
    let findings = Ledger::check(state.path()).unwrap().findings;
    assert!(findings[0].contains("damaged"), "{findings:?}");
    let state = site.copy(&FILES, |name, bytes| {
        if name == "identities.jsonl" {
            bytes.truncate(bytes.len() / 2);
        }
    });
    let findings = Ledger::check(state.path()).unwrap().findings;
    assert!(
        findings.iter().any(|it| it.contains("mirror lacks")),
        "{findings:?}"
    );
}
