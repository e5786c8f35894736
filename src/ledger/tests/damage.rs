//! Damage of every kind: no panic, nothing wrong is believed, and whoever had an id has it again.
#![expect(
    clippy::disallowed_methods,
    reason = "these files are the ledger's own, and to be damaged"
)]

use std::fs;

use super::lived::{ENTRIES, FILES, Site, later, site, turn, world};
use super::*;
use crate::catalogue::Standing;

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
    for copy in 0..150_u64 {
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
    assert!(restored > 15, "{restored}");
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
