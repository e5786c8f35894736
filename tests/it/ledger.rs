//! What becomes of ids and dates when the ledger is damaged, lost, copied, locked or can't be written.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Setup, Tidings, eventually, program, request};

/// Id and date of each entry in the feed, by title.
fn identities(tidings: &Tidings, count: usize) -> BTreeMap<String, [String; 3]> {
    let whole = |feed: &serde_json::Value| feed["items"].as_array().unwrap().len() == count;
    let feed = tidings.feed_when(&format!("{count} entries"), whole);
    let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap().to_owned();
    let items = feed["items"].as_array().unwrap().iter();
    let identity = |item| {
        let lasting = ["id", "date_published", "date_modified"];
        (text(item, "title"), lasting.map(|key| text(item, key)))
    };
    items.map(identity).collect()
}

fn drop_entries(tidings: &Tidings, count: usize) {
    for number in 0..count {
        let text = "The tide comes and goes. ".repeat(30);
        let text = format!("# Tide {number}\n\n{text}\n");
        tidings.drop_entry(&format!("{number}.md"), &text);
    }
}

/// A site with renamed entries, and what it published.
fn lived() -> (Tidings, BTreeMap<String, [String; 3]>) {
    let tidings = Setup::new().start();
    drop_entries(&tidings, 12);
    let before = identities(&tidings, 12);
    for number in 0..4 {
        let from = tidings.entries().join(format!("{number}.md"));
        fs::rename(from, tidings.entries().join(format!("moved-{number}.md"))).unwrap();
    }
    eventually("the mirror knows the new names", PATIENCE, || {
        let mirror = fs::read_to_string(state(&tidings).join("identities.jsonl")).ok()?;
        let moved = (0..4).all(|it| mirror.contains(&format!("\"path\":\"moved-{it}.md\"")));
        moved.then_some(())
    });
    assert_eq!(identities(&tidings, 12), before);
    (tidings, before)
}

fn state(tidings: &Tidings) -> PathBuf {
    tidings.folder().join("state")
}

fn ledger(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder)
        .arg("ledger")
        .args(arguments);
    if !arguments.contains(&"--state") {
        command.args(["--state", "state"]);
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

#[test]
fn a_damaged_ledger_is_moved_aside_and_no_id_or_date_changes() {
    type Harm = fn(&mut Vec<u8>);
    let harms: [(&str, Harm); 4] = [
        ("flipped", |bytes| {
            bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0xFF);
        }),
        ("truncated", |bytes| bytes.truncate(bytes.len() / 2)),
        ("empty", Vec::clear),
        ("garbage", |bytes| bytes.fill(b'x')),
    ];
    let (mut tidings, before) = lived();
    let file = state(&tidings).join("ledger.sqlite");
    for (number, (what, harm)) in (1..).zip(harms) {
        assert!(tidings.stop().success());
        let mut bytes = fs::read(&file).unwrap();
        harm(&mut bytes);
        fs::write(&file, &bytes).unwrap();
        tidings.start_again();
        assert_eq!(identities(&tidings, 12), before, "{what}");
        let log = tidings.log();
        assert!(
            log.contains("the ledger had to be restored"),
            "{what}: {log}"
        );
        let aside = state(&tidings).join(format!("damaged-{number}"));
        assert!(log.contains(&aside.display().to_string()), "{what}: {log}");
        assert!(
            fs::read(aside.join("ledger.sqlite")).unwrap() == bytes,
            "{what}"
        );
        let checked = ledger(tidings.folder(), &["check"]);
        assert!(checked.status.success(), "{what}: {}", said(&checked));
    }
    tidings.restart();
    assert!(!tidings.log().contains("restored"), "{}", tidings.log());
}

#[test]
fn ids_of_renamed_files_survive_the_loss_of_the_ledger_and_a_torn_mirror() {
    let (mut tidings, before) = lived();
    assert!(tidings.stop().success());
    fs::remove_file(state(&tidings).join("ledger.sqlite")).unwrap();
    let mirror = state(&tidings).join("identities.jsonl");
    let mut text = fs::read_to_string(&mirror).unwrap();
    // As if the power went while a line was written: what came before counts.
    let last = text.lines().last().unwrap().to_owned();
    text.push_str(&last[..last.len() / 2]);
    fs::write(&mirror, &text).unwrap();
    tidings.start_again();
    assert_eq!(identities(&tidings, 12), before);
    let log = tidings.log();
    assert!(log.contains("1 lines of the mirror were damaged"), "{log}");
    assert!(tidings.stop().success());
    assert_eq!(fs::read_to_string(&mirror).unwrap().lines().count(), 13);
}

/// The examination in the background finds it, and the text is read again from its file.
#[test]
fn a_damaged_text_is_healed_while_the_daemon_serves() {
    let (mut tidings, before) = lived();
    let page = tidings.get("/entries/7").body;
    assert!(tidings.stop().success());
    let path = state(&tidings).join("ledger.sqlite");
    let bytes = fs::read(&path).unwrap();
    let text = b"<p>The tide comes and goes.";
    let at = bytes
        .windows(text.len())
        .rposition(|it| it == text)
        .unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.write_all_at(b"<p>The tile", u64::try_from(at).unwrap())
        .unwrap();
    drop(file);
    tidings.start_again();
    eventually("the log says that it is healed", PATIENCE, || {
        tidings.log().contains("has been made anew").then_some(())
    });
    eventually("the feed is whole", PATIENCE, || {
        let answer = tidings.get("/atom.xml");
        (answer.status == 200).then(|| assert!(!answer.text().contains("tile")))
    });
    assert_eq!(identities(&tidings, 12), before);
    assert!(tidings.get("/entries/7").body == page);
    tidings.drop_entry("more.md", "# More\n\nText.\n");
    identities(&tidings, 13);
    tidings.restart();
    assert!(!tidings.log().contains("damaged"), "{}", tidings.log());
    identities(&tidings, 13);
}

#[test]
fn of_twenty_daemons_at_once_one_serves() {
    let setup = Setup::new();
    let start = || {
        let mut command = setup.serving();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut daemons: Vec<_> = (0..20).map(|_| start()).collect();
    eventually("nineteen have given up", PATIENCE, || {
        let mut running = 0;
        for daemon in &mut daemons {
            running += usize::from(daemon.try_wait().unwrap().is_none());
        }
        (running == 1).then_some(())
    });
    let at = daemons
        .iter_mut()
        .position(|it| it.try_wait().unwrap().is_none());
    let mut one = daemons.swap_remove(at.unwrap());
    let holder = format!("(process {})", one.id());
    let mut named = 0;
    for daemon in daemons {
        let output = daemon.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(75), "{}", said(&output));
        assert!(
            said(&output).contains("another daemon"),
            "{}",
            said(&output)
        );
        named += usize::from(said(&output).contains(&holder));
    }
    // One that comes between the lock and the note in it can't know by whom it is held.
    assert!(named > 0);
    let late = start().wait_with_output().unwrap();
    assert!(said(&late).contains(&holder), "{}", said(&late));
    one.kill().unwrap();
    one.wait().unwrap();
}

#[test]
fn a_backup_made_while_entries_come_in_is_the_same_site_elsewhere() {
    let tidings = Setup::new().start();
    drop_entries(&tidings, 20);
    let name = tidings.folder().join("copy.sqlite");
    let copy = name.to_str().unwrap();
    let output = ledger(tidings.folder(), &["backup", copy]);
    assert!(output.status.success(), "{}", said(&output));
    let again = ledger(tidings.folder(), &["backup", copy]);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        said(&again).contains("is there already"),
        "{}",
        said(&again)
    );
    identities(&tidings, 20);
    fs::rename(
        tidings.entries().join("3.md"),
        tidings.entries().join("three.md"),
    )
    .unwrap();
    let knows = || {
        let mirror = fs::read_to_string(state(&tidings).join("identities.jsonl")).unwrap();
        mirror.contains("three.md").then_some(())
    };
    eventually("the new name is kept", PATIENCE, knows);
    fs::remove_file(&name).unwrap();
    assert!(ledger(tidings.folder(), &["backup", copy]).status.success());
    let before = identities(&tidings, 20);

    // Elsewhere, with other files that only look the same.
    let other = Setup::new();
    crate::support::copy_folder(&tidings.entries(), &other.entries());
    fs::create_dir(other.folder().join("state")).unwrap();
    fs::copy(&name, other.folder().join("state/ledger.sqlite")).unwrap();
    let (code, log) = other.ends();
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("--adopt"), "{log}");
    let other = other.argument("--adopt").start();
    assert_eq!(identities(&other, 20), before);
    let checked = ledger(other.folder(), &["check", "--format", "json"]);
    assert!(checked.status.success(), "{}", said(&checked));
}

#[test]
fn rebuild_makes_a_new_ledger_of_the_mirror_but_not_under_a_daemon() {
    let (mut tidings, before) = lived();
    let folder = tidings.folder().to_owned();
    let rebuild = || ledger(&folder, &["rebuild", "--entries", "entries"]);
    let output = rebuild();
    assert_eq!(output.status.code(), Some(75), "{}", said(&output));
    assert!(tidings.stop().success());
    let output = rebuild();
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("12 entries came back"),
        "{}",
        said(&output)
    );
    assert!(folder.join("state/damaged-1/ledger.sqlite").exists());
    tidings.start_again();
    assert_eq!(identities(&tidings, 12), before);
}

#[test]
fn check_says_what_is_wrong_and_exits_with_1() {
    let (mut tidings, _) = lived();
    let output = ledger(tidings.folder(), &["check"]);
    assert_eq!(said(&output), "12 entries: all is well\n");
    assert!(tidings.stop().success());
    let file = state(&tidings).join("ledger.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    let end = bytes.len();
    bytes[end / 2..].fill(0);
    fs::write(&file, bytes).unwrap();
    let output = ledger(tidings.folder(), &["check"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("error: it is damaged"),
        "{}",
        said(&output)
    );
    // Others that only read it say so, too, and go on without.
    let check = Command::new(program())
        .current_dir(tidings.folder())
        .env("XDG_CONFIG_HOME", tidings.folder())
        .args(["check", "entries", "--state", "state"])
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", said(&check));
    assert!(said(&check).contains("is damaged"), "{}", said(&check));
}

#[test]
fn a_state_folder_that_can_only_be_read_is_served_and_new_entries_wait() {
    waits_for_the_ledger(0o555, &["ledger.sqlite", "identities.jsonl", "lock"]);
}

/// What the database leaves beside its file while that can't be written can't be written either.
#[test]
fn a_ledger_that_can_only_be_read_is_served_and_new_entries_wait() {
    waits_for_the_ledger(0o755, &["ledger.sqlite"]);
}

/// Nobody may write these files for a while, in a state folder of this mode.
fn waits_for_the_ledger(mode: u32, files: &[&str]) {
    let mut tidings = Setup::new().unprivileged().start();
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    tidings.has_titles(&["One"]);
    let before = identities(&tidings, 1);
    assert!(tidings.stop().success());
    let state = state(&tidings);
    let allow = |folder: u32, file: u32| {
        for name in files {
            fs::set_permissions(state.join(name), fs::Permissions::from_mode(file)).unwrap();
        }
        fs::set_permissions(&state, fs::Permissions::from_mode(folder)).unwrap();
    };
    allow(mode, 0o444);
    tidings.start_again();
    assert_eq!(identities(&tidings, 1), before);
    let log = tidings.log();
    assert!(log.contains("the ledger can only be read"), "{log}");
    let (_, rest) = log.split_once("/readyz").map_or_else(
        || panic!("{log}"),
        |(before, _)| before.rsplit_once("http://").unwrap(),
    );
    let health = request(rest.parse().unwrap(), "GET", "/readyz", &[]);
    assert_eq!(health.status, 503);
    assert!(
        health.text().contains("the ledger can't be written"),
        "{health:?}"
    );
    tidings.drop_entry("two.md", "# Two\n\nText.\n");
    // Longer than it would take to publish it, and than some tries to write.
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end {
        assert_eq!(identities(&tidings, 1), before);
        std::thread::sleep(Duration::from_millis(100));
    }
    allow(0o755, 0o644);
    tidings.has_titles(&["One", "Two"]);
    tidings.says("the ledger can be written again");
    let ids: BTreeMap<String, String> = tidings.titles().into_iter().collect();
    assert_eq!(ids["One"], before["One"][0]);
}

#[test]
fn a_checkout_keeps_its_state_beside_its_settings() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("site");
    fs::create_dir_all(folder.join("config")).unwrap();
    fs::create_dir(folder.join("entries")).unwrap();
    fs::write(folder.join("config/tidings.toml"), "").unwrap();
    let shown = |arguments: &[&str]| {
        let output = crate::support::bare(program(), home.path())
            .current_dir(&folder)
            .args(["config", "show"])
            .args(arguments)
            .output()
            .unwrap();
        let text = said(&output);
        let line = text.lines().find(|line| line.starts_with("state"));
        line.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    assert_eq!(shown(&[]), "state = \"config/state\"");
    assert_eq!(
        shown(&["--entries", "./entries"]),
        "state = \"config/state\""
    );
    assert!(shown(&["--entries", "other"]).contains(".local/state/tidings/"));
    let named = shown(&["--config", "config/tidings.toml"]);
    assert!(named.contains(".local/state/tidings/"), "{named}");
    assert_eq!(shown(&["--state", "mine"]), "state = \"mine\"");
}
