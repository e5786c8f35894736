//! Disks that fail, are full or can't be written, under the running program: it goes on serving what
//! it has, shows nothing that is not stored, says that it is not well, and mends itself.
//!
//! The faults are made by foreign programs, so these tests run when `TIDINGS_TOOLS=required` is set;
//! then a missing one is a failure. `.ci/run` installs them and sets it.
//!
//! - strace makes system calls fail, of the running program and for some files only (`-P` follows
//!   descriptors to their paths). It has to be allowed to attach to a process that it did not start:
//!   as root, or with `kernel.yama.ptrace_scope` 0.
//! - unshare and nsenter give the program a small disk that nobody else sees, as root or where users
//!   may have namespaces.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{PATIENCE, Setup, Tidings, eventually, tools_are_required};

/// How long a test looks on while a fault lasts: several tries of the program to overcome it.
const WHILE_IT_LASTS: Duration = Duration::from_secs(3);

fn skips() -> bool {
    let skips = !tools_are_required();
    if skips {
        eprintln!("skipped: faults are made by foreign programs; TIDINGS_TOOLS=required runs them");
    }
    skips
}

fn article(title: &str, text: &str) -> String {
    format!("---\ntitle: {title}\n---\n\n{text}\n")
}

/// System calls of a running program that fail, until this is dropped.
pub(crate) struct Fault {
    strace: Child,
    calls: PathBuf,
}

impl Fault {
    /// From now on `calls` on the files at `paths` fail as `how` says (strace's words).
    pub(crate) fn begins(tidings: &Tidings, paths: &[&Path], calls: &str, how: &str) -> Self {
        let mut who = vec!["-f".to_owned(), "-p".to_owned()];
        who.push(tidings.process().as_raw_nonzero().to_string());
        for path in paths {
            who.extend(["-P".to_owned(), path.display().to_string()]);
        }
        Self::of(tidings, &who, calls, how)
    }

    /// The same of one thread alone, on all files.
    pub(crate) fn begins_in(tidings: &Tidings, thread: &str, calls: &str, how: &str) -> Self {
        let process = tidings.process().as_raw_nonzero();
        let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
        let mut threads = threads.map(|it| it.unwrap());
        let is_it = |it: &fs::DirEntry| {
            fs::read_to_string(it.path().join("comm")).unwrap().trim() == thread
        };
        let number = threads.find(is_it).unwrap().file_name();
        let who = ["-p".to_owned(), number.into_string().unwrap()];
        Self::of(tidings, &who, calls, how)
    }

    fn of(tidings: &Tidings, who: &[String], calls: &str, how: &str) -> Self {
        let seen = tidings.folder().join("calls");
        let said = tidings.folder().join("strace");
        let mut command = Command::new("strace");
        command
            .args(who)
            .args(["-e", &format!("trace={calls}")])
            .args(["-e", &format!("inject={calls}:{how}")])
            .args(["-o".as_ref(), seen.as_os_str()]);
        let strace = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&said).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("strace does not start: {error}"));
        let mut fault = Self {
            strace,
            calls: seen,
        };
        eventually("strace is attached", PATIENCE, || {
            let said = fs::read_to_string(&said).unwrap();
            let status = fault.strace.try_wait().unwrap();
            assert!(status.is_none(), "strace ended: {said}");
            said.contains(" attached").then_some(())
        });
        fault
    }

    /// How many calls have failed.
    fn count(&self) -> usize {
        let calls = fs::read_to_string(&self.calls).unwrap_or_default();
        calls.lines().filter(|it| it.contains("(INJECTED)")).count()
    }

    /// The fault is over; how many calls failed.
    pub(crate) fn ends(mut self) -> usize {
        self.detach();
        self.count()
    }

    fn detach(&mut self) {
        // Asked to end, strace lets go of the program, which runs on.
        kill_process(Pid::from_child(&self.strace), Signal::INT).ok();
        drop(self.strace.wait());
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        if matches!(self.strace.try_wait(), Ok(None)) {
            self.detach();
        }
    }
}

/// The ids of the entries shown, by their titles.
fn ids(tidings: &Tidings) -> BTreeMap<String, String> {
    tidings.titles().into_iter().collect()
}

/// Looks on for a while at a program that can't store anything: it serves what it served before.
fn serves_on(tidings: &Tidings, before: &BTreeMap<String, String>) {
    let end = Instant::now() + WHILE_IT_LASTS;
    while Instant::now() < end {
        assert_eq!(ids(tidings), *before, "what can't be stored is not shown");
        for document in ["/rss.xml", "/atom.xml", "/"] {
            assert_eq!(tidings.get(document).status, 200, "{document}");
        }
        assert!(says_ledger_fails(tidings), "{:?}", tidings.readiness());
        thread::sleep(Duration::from_millis(100));
    }
}

fn says_ledger_fails(tidings: &Tidings) -> bool {
    let (status, reasons) = tidings.readiness();
    status == 503 && reasons.contains("ledger")
}

fn is_degraded(tidings: &Tidings) {
    eventually("/readyz says that the ledger fails", PATIENCE, || {
        says_ledger_fails(tidings).then_some(())
    });
}

fn is_well(tidings: &Tidings) {
    eventually("/readyz says that all is well", PATIENCE, || {
        (tidings.readiness().0 == 200).then_some(())
    });
}

/// A program with one entry, and the files of its ledger that are written in every turn.
fn with_an_entry() -> (Tidings, PathBuf) {
    let tidings = Setup::new().start();
    tidings.drop_entry("first.md", &article("First", "Text."));
    tidings.has_titles(&["First"]);
    let log = tidings.folder().join("state/ledger.sqlite-wal");
    (tidings, log)
}

/// Calls that fail, how they do, and whether they go on to do so.
const LEDGER_FAULTS: [(&str, &str, &str); 8] = [
    ("fsync,fdatasync", "EIO", "1+"),
    ("fsync,fdatasync", "EIO", "2+"),
    ("pwrite64,write", "EIO", "1+"),
    ("pwrite64,write", "EIO", "2+"),
    ("pwrite64,write", "ENOSPC", "1+"),
    ("pwrite64,write", "ENOSPC", "3+"),
    ("pwrite64,write", "EROFS", "1+"),
    ("pwrite64,write", "EDQUOT", "1+"),
];

/// A file system that turns read-only under us (ext4 after an error) refuses writes to files that are
/// open with EROFS; one can't be remounted so by hand as long as they are.
#[test]
fn a_ledger_that_can_not_be_written_stops_nothing_but_news() {
    if skips() {
        return;
    }
    let (mut tidings, log) = with_an_entry();
    for (number, (calls, error, when)) in LEDGER_FAULTS.iter().enumerate() {
        let case = format!("{calls}, {error}, {when}");
        eprintln!("{case}");
        let before = ids(&tidings);
        let fault = Fault::begins(
            &tidings,
            &[&log],
            calls,
            &format!("error={error}:when={when}"),
        );
        // With "2+" or "3+" something is still stored, and then shown; what comes last is not.
        let mut dropped = Vec::new();
        while tidings.readiness().0 == 200 {
            let title = format!("New {number} {}", dropped.len());
            tidings.drop_entry(
                &format!("{number}-{}.md", dropped.len()),
                &article(&title, "Text."),
            );
            dropped.push(title);
            thread::sleep(Duration::from_millis(300));
            assert!(dropped.len() < 30, "{case}: nothing has failed");
        }
        is_degraded(&tidings);
        let during = ids(&tidings);
        assert!(during.len() < before.len() + dropped.len(), "{case}");
        assert!(
            before.iter().all(|it| during.get(it.0) == Some(it.1)),
            "{case}"
        );
        serves_on(&tidings, &during);
        assert!(fault.ends() > 0, "{case}: nothing has failed");
        let all = before.keys().chain(&dropped);
        tidings.has_titles(&all.map(String::as_str).collect::<Vec<_>>());
        is_well(&tidings);
        let after = ids(&tidings);
        assert!(during.iter().all(|it| after.get(it.0) == Some(it.1)));
    }
    // All of it has been stored indeed.
    let before = tidings.get("/feed.json");
    tidings.kill();
    tidings.start_again();
    assert_eq!(tidings.get("/feed.json").text(), before.text());
}

/// The n-th call fails, and no other: it is tried again and nobody notices.
#[test]
fn a_single_failure_is_overcome() {
    if skips() {
        return;
    }
    let (mut tidings, log) = with_an_entry();
    let mut titles = vec!["First".to_owned()];
    let mut failed = 0;
    for (calls, errors) in [
        ("fsync,fdatasync", &["EIO"][..]),
        ("pwrite64,write", &["EIO", "ENOSPC"]),
    ] {
        for error in errors {
            for when in 1..=6 {
                let how = format!("error={error}:when={when}");
                let fault = Fault::begins(&tidings, &[&log], calls, &how);
                let title = format!("New {}", titles.len());
                tidings.drop_entry(&format!("{}.md", titles.len()), &article(&title, "Text."));
                titles.push(title);
                tidings.has_titles(&titles.iter().map(String::as_str).collect::<Vec<_>>());
                is_well(&tidings);
                failed += fault.ends();
            }
        }
    }
    assert!(failed >= 6, "only {failed} calls have failed");
    let before = tidings.get("/feed.json");
    tidings.kill();
    tidings.start_again();
    assert_eq!(tidings.get("/feed.json").text(), before.text());
}

/// What was shown before a kill in the middle of a fault is the same after it.
#[test]
fn killed_while_the_disk_fails_it_keeps_what_was_shown() {
    if skips() {
        return;
    }
    let (mut tidings, log) = with_an_entry();
    let mut ours = ids(&tidings);
    for (number, calls) in ["fsync,fdatasync", "pwrite64,write"].iter().enumerate() {
        for when in ["1+", "2+", "3+"] {
            let how = format!("error=EIO:when={when}");
            let fault = Fault::begins(&tidings, &[&log], calls, &how);
            let name = format!("{number}-{}", &when[..1]);
            tidings.drop_entry(&format!("{name}.md"), &article(&name, "Text."));
            tidings.drop_entry("first.md", &article("First", &format!("Edit {name}.")));
            let end = Instant::now() + Duration::from_secs(1);
            while Instant::now() < end {
                ours.extend(ids(&tidings));
                thread::sleep(Duration::from_millis(20));
            }
            tidings.kill();
            drop(fault);
            tidings.start_again();
            let shown = ids(&tidings);
            assert!(
                ours.iter().all(|it| shown.get(it.0) == Some(it.1)),
                "{calls} {when}: {ours:#?} before, {shown:#?} after"
            );
            eventually("the waiting entry is published", PATIENCE, || {
                ids(&tidings).contains_key(&name).then_some(())
            });
            ours = ids(&tidings);
        }
    }
}

/// The database itself, which is written when the log has grown long: what is in the log is stored.
#[test]
fn a_checkpoint_that_fails_loses_nothing() {
    if skips() {
        return;
    }
    // All of them are to be in the feed at the end.
    let setup = Setup::new().with_tables("[feeds]\nmax_bytes = \"4MiB\"\n");
    let mut tidings = setup.start();
    tidings.drop_entry("first.md", &article("First", "Text."));
    tidings.has_titles(&["First"]);
    let database = tidings.folder().join("state/ledger.sqlite");
    let fault = Fault::begins(
        &tidings,
        &[&database],
        "pwrite64,write",
        "error=EIO:when=1+",
    );
    // Several times the thousand pages after which SQLite makes a checkpoint.
    let mut titles = vec!["First".to_owned()];
    titles.extend((0..12).map(|number| format!("Long {number}")));
    for edit in 0..4 {
        for (number, title) in titles.iter().skip(1).enumerate() {
            let long = format!("Sentence {number} of {edit} that fills the log. ").repeat(6_000);
            tidings.drop_entry(&format!("{number}.md"), &article(title, &long));
            thread::sleep(Duration::from_millis(30));
        }
    }
    eventually("a checkpoint has failed", PATIENCE, || {
        (fault.count() > 0).then_some(())
    });
    let during = ids(&tidings);
    fault.ends();
    tidings.has_titles(&titles.iter().map(String::as_str).collect::<Vec<_>>());
    is_well(&tidings);
    tidings.kill();
    tidings.start_again();
    let after = ids(&tidings);
    assert_eq!(after.len(), titles.len());
    assert!(during.iter().all(|it| after.get(it.0) == Some(it.1)));
}

/// W17: what can't be read is not gone, nor is it told again and again.
#[test]
fn an_entry_that_can_not_be_read_keeps_its_last_good_version() {
    if skips() {
        return;
    }
    let (tidings, _) = with_an_entry();
    let file = tidings.entries().join("first.md");
    let before = tidings.get("/feed.json");
    let fault = Fault::begins(
        &tidings,
        &[&file],
        "read,pread64,readv",
        "error=EIO:when=1+",
    );
    fs::write(&file, article("First", "Edited.")).unwrap();
    let told = || {
        let log = tidings.log();
        let lines = log.lines().filter(|line| line.contains("first.md"));
        lines.filter(|line| line.contains("not published")).count()
    };
    eventually("the log names the file", PATIENCE, || {
        (told() > 0).then_some(())
    });
    // Another entry is published meanwhile, and the same file is tried again.
    tidings.drop_entry("second.md", &article("Second", "Text."));
    tidings.has_titles(&["First", "Second"]);
    fs::write(&file, article("First", "Edited again.")).unwrap();
    let end = Instant::now() + WHILE_IT_LASTS;
    while Instant::now() < end {
        let feed = tidings.get("/feed.json");
        assert!(!feed.text().contains("Edited"), "{feed:?}");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(told(), 1, "told once:\n{}", tidings.log());
    assert!(fault.ends() >= 2, "it was tried again");
    // Nothing tells that the disk is well again: an edit does, or the slow look at everything.
    fs::write(&file, article("First", "Edited at last.")).unwrap();
    eventually("the edit is published", PATIENCE, || {
        let feed = tidings.get("/feed.json");
        feed.text().contains("Edited at last").then_some(())
    });
    let id = |text: &str| text.split("\"id\":\"").nth(1).unwrap()[..45].to_owned();
    let after = tidings.get("/feed.json");
    assert!(after.text().contains(&id(before.text())), "the same entry");
}

/// "A file written in place waits until it is closed and quiet": also when the version before it has
/// waited long enough just as the next one begins.
#[test]
fn an_edit_that_begins_when_another_has_settled_is_never_seen_half() {
    never_half(|tidings, text, step| {
        fs::write(tidings.entries().join("first.md"), text).unwrap();
        Duration::from_millis(45) + Duration::from_micros(step * 250)
    });
}

/// The same when the version before it came by renaming, and was complete.
#[test]
fn an_edit_that_begins_when_another_arrives_is_never_seen_half() {
    never_half(|tidings, text, step| {
        tidings.drop_entry("first.md", text);
        Duration::from_micros(step * 50)
    });
}

/// Saves a whole version as `save` does, waits as long as that says, and writes another one in place,
/// in two parts; again and again. The pause between the parts is shorter than the time to settle.
fn never_half(save: impl Fn(&Tidings, &str, u64) -> Duration) {
    const PAUSE: Duration = Duration::from_millis(40);
    let tidings = Setup::new().with("settle", "\"50ms\"").start();
    let file = tidings.entries().join("first.md");
    for step in 0..60 {
        let wait = save(
            &tidings,
            &article("First", &format!("begin {step} end")),
            step,
        );
        let begins = Instant::now() + wait;
        while Instant::now() < begins {
            thread::yield_now();
        }
        let mut half = fs::File::create(&file).unwrap();
        half.write_all(article("First", "begin").as_bytes())
            .unwrap();
        let end = Instant::now() + PAUSE;
        while Instant::now() < end {
            let feed = tidings.get("/feed.json");
            let is_half = feed.text().contains("begin") && !feed.text().contains("end");
            assert!(!is_half, "step {step}, half of it is out: {}", feed.text());
        }
        half.write_all(b"\nend\n").unwrap();
    }
}

/// Runs a program in a mount namespace of its own, after `mount` has been done in it.
fn in_namespace(mount: &str) -> Vec<String> {
    let is_root = rustix::process::geteuid().is_root();
    let flags = if is_root { "-m" } else { "-rm" };
    let script = format!("{mount} && exec \"$@\"");
    ["unshare", flags, "sh", "-c", &script, "sh"]
        .map(str::to_owned)
        .into()
}

#[test]
fn a_full_disk_stops_nothing_but_news() {
    if skips() {
        return;
    }
    let setup = Setup::new();
    let state = setup.folder().join("state");
    fs::create_dir(&state).unwrap();
    let mount = format!("mount -t tmpfs -o size=2m none '{}'", state.display());
    let command = in_namespace(&mount);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let tidings = setup.through(&command).start();
    tidings.drop_entry("first.md", &article("First", "Text."));
    tidings.has_titles(&["First"]);
    let before = ids(&tidings);

    // The disk as the program sees it.
    let process = tidings.process().as_raw_nonzero();
    let disk = PathBuf::from(format!("/proc/{process}/root{}", state.display()));
    assert!(disk.join("ledger.sqlite").is_file());
    let filler = disk.join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    drop(file);
    let long = "A sentence that needs room. ".repeat(8000);
    for title in ["Second", "Third"] {
        tidings.drop_entry(&format!("{title}.md"), &article(title, &long));
    }
    is_degraded(&tidings);
    serves_on(&tidings, &before);
    assert!(
        tidings.log().matches("nothing new is published").count() == 1,
        "told once:\n{}",
        tidings.log()
    );
    fs::remove_file(filler).unwrap();
    tidings.has_titles(&["First", "Second", "Third"]);
    is_well(&tidings);
    assert!(
        before
            .iter()
            .all(|it| ids(&tidings).get(it.0) == Some(it.1))
    );
}

#[test]
fn a_state_folder_on_a_read_only_disk_is_served() {
    if skips() {
        return;
    }
    let (mut tidings, _) = with_an_entry();
    let before = ids(&tidings);
    assert!(tidings.stop().success());
    let state = tidings.folder().join("state");
    let state = state.display();
    let mount = format!("mount --bind '{state}' '{state}' && mount -o remount,ro,bind '{state}'");
    let command = in_namespace(&mount);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    tidings.set_through(&command);
    tidings.start_again();
    assert_eq!(ids(&tidings), before);
    assert_eq!(tidings.readiness().0, 503);
    tidings.drop_entry("second.md", &article("Second", "Text."));
    let end = Instant::now() + WHILE_IT_LASTS;
    while Instant::now() < end {
        assert_eq!(ids(&tidings), before, "what can't be stored is not shown");
        thread::sleep(Duration::from_millis(100));
    }
    // By the same means as a person: the disk is made writable again, and the daemon started anew.
    assert!(tidings.stop().success());
    tidings.set_through(&[]);
    tidings.start_again();
    tidings.has_titles(&["First", "Second"]);
    is_well(&tidings);
}
