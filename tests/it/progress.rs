//! How far long work is, for people at a terminal; and that nobody else is bothered with it.
//!
//! Machines differ too much for a folder that takes each of them half a second and none of them long. So
//! here the machine is slow: the program is held up again and again for as long as a test wants.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{PATIENCE, Setup, eventually, program};

/// How many files there are that can be published, and that can't.
const GOOD: usize = 1500;
const BROKEN: usize = 5;

/// Longer than work may take without a bar.
const LONG: Duration = Duration::from_secs(2);

/// Whether a bar, or the sign beside a step without figures, is drawn with it.
fn is_drawn(letter: char) -> bool {
    matches!(letter, '█' | '░' | '\u{2800}'..='\u{28FF}')
}

/// A terminal, and all that was written to it.
struct Terminal {
    program: Option<OwnedFd>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn open() -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let program = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let written = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&written);
        thread::spawn(move || {
            let (mut ours, mut bytes) = (File::from(ours), [0; 4096]);
            // It ends with an error when the last program has let go of the terminal.
            while let Ok(count @ 1..) = ours.read(&mut bytes) {
                kept.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            program: Some(program),
            written,
        }
    }

    fn written(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    /// What people see of it: the lines that are not empty.
    fn seen(&self) -> Vec<String> {
        let mut lines = vec![Vec::new()];
        let (mut row, mut column) = (0_usize, 0_usize);
        let written = self.written();
        let mut letters = written.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\r' => column = 0,
                '\n' => row += 1,
                '\u{1b}' => {
                    assert_eq!(letters.next(), Some('['), "{written:?}");
                    let mut number = String::new();
                    let end = loop {
                        match letters.next().unwrap() {
                            digit if digit.is_ascii_digit() || digit == ';' => number.push(digit),
                            end => break end,
                        }
                    };
                    match (end, number.as_str()) {
                        ('K', "2") => lines[row].clear(),
                        ('K', "" | "0") => lines[row].truncate(column),
                        ('A', number) => row -= number.parse().unwrap_or(1).min(row),
                        ('m', _) => {}
                        other => panic!("{other:?} is not known here: {written:?}"),
                    }
                }
                letter => {
                    let line: &mut Vec<char> = &mut lines[row];
                    line.resize(line.len().max(column + 1), ' ');
                    line[column] = letter;
                    column += 1;
                }
            }
            lines.resize(lines.len().max(row + 1), Vec::new());
        }
        let lines = lines.into_iter().map(|line| line.into_iter().collect());
        lines
            .filter(|line: &String| !line.trim().is_empty())
            .collect()
    }
}

/// The program at work, which ends with this.
struct Work(Child);

impl Work {
    fn begin(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }

    /// With stderr at `terminal`.
    fn at(terminal: &mut Terminal, command: &mut Command) -> Self {
        command
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .stderr(terminal.program.take().unwrap());
        let work = Self::begin(command);
        command.stderr(Stdio::null());
        work
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// Lets it come on only slowly until `is_enough`; fails if it ends before.
    fn hold_up(&mut self, what: &str, is_enough: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_enough() {
            assert!(start.elapsed() < PATIENCE, "not seen: {what}");
            assert_eq!(self.0.try_wait().unwrap(), None, "over before: {what}");
            self.signal(Signal::STOP);
            thread::sleep(Duration::from_millis(50));
            self.signal(Signal::CONT);
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn end(&mut self) -> ExitStatus {
        eventually("the work is done", PATIENCE, || self.0.try_wait().unwrap())
    }

    fn printed(&mut self) -> String {
        let mut text = String::new();
        let mut out = self.0.stdout.take().unwrap();
        out.read_to_string(&mut text).unwrap();
        self.end();
        text
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A large folder in which nobody writes any more.
fn large() -> Setup {
    let setup = Setup::new();
    let long_ago = SystemTime::now() - Duration::from_hours(1);
    let text = "The tide comes and goes, and *nobody* asks [why](https://example.org/).\n\n";
    for number in 0..GOOD + BROKEN {
        let keys = if number < GOOD { "" } else { "date: soon\n" };
        let text = format!("---\n{keys}---\n# Tide {number}\n\n{}", text.repeat(8));
        let path = setup.entries().join(format!("{number}.md"));
        fs::write(&path, text).unwrap();
        File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_modified(long_ago))
            .unwrap();
    }
    setup
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .args(arguments)
        .stdout(Stdio::piped());
    command
}

/// Does long work at a terminal, which is to show this meanwhile, and nothing in the end. Returns what
/// it printed.
fn shown(folder: &Path, arguments: &[&str], part: &str) -> String {
    let mut terminal = Terminal::open();
    let mut work = Work::at(&mut terminal, &mut command(folder, arguments));
    let is_there = || terminal.written().contains(part);
    work.hold_up(&format!("{arguments:?}: {part}"), is_there);
    let printed = work.printed();
    eventually("the bar is gone", PATIENCE, || {
        terminal.seen().is_empty().then_some(())
    });
    assert!(
        terminal.written().contains(is_drawn),
        "{}",
        terminal.written()
    );
    printed
}

#[test]
fn the_first_scan_of_a_large_folder_has_a_bar_beside_the_log() {
    let setup = large();
    let mut terminal = Terminal::open();
    let mut serving = setup.serving();
    serving.env_remove("NOTIFY_SOCKET").stdout(Stdio::null());
    let mut work = Work::at(&mut terminal, &mut serving);
    let part = format!(" of {} files read", GOOD + BROKEN);
    work.hold_up(&part, || terminal.written().contains(&part));
    eventually("all is published", PATIENCE, || {
        let ready = format!("ready entries={GOOD}");
        terminal.written().contains(&ready).then_some(())
    });
    work.signal(Signal::TERM);
    assert!(work.end().success());
    let seen = eventually("all is told", PATIENCE, || {
        let seen = terminal.seen();
        seen.iter()
            .any(|line| line.ends_with(": stopping"))
            .then_some(seen)
    });
    // Not a line is lost, torn or mixed with another.
    let (log, begin): (Vec<&String>, Vec<&String>) =
        seen.iter().partition(|line| line.starts_with("20"));
    assert!(begin[0].starts_with("listening on http://"), "{seen:#?}");
    assert!(
        begin[1..].iter().all(|line| line.starts_with("  ")),
        "{seen:#?}"
    );
    let rejected = log.iter().filter(|line| line.contains(": not published "));
    assert_eq!(rejected.count(), BROKEN, "{seen:#?}");
    for line in &log {
        assert!(!line.contains(is_drawn), "{seen:#?}");
        assert_eq!(line.matches(" tidings::").count(), 1, "{seen:#?}");
    }
    ledger_has_bars(&setup);
}

fn ledger_has_bars(setup: &Setup) {
    let folder = setup.folder();
    let entries = setup.entries();
    let ledger = |what: &[&str], part: &str| {
        let places = ["--state", "state", "--entries", entries.to_str().unwrap()];
        shown(folder, &[&["ledger"], what, &places].concat(), part)
    };
    let said = format!("{GOOD} entries: all is well\n");
    assert_eq!(ledger(&["check"], " proved"), said);
    let said = format!("copy: {GOOD} entries, checked\n");
    assert_eq!(ledger(&["backup", "copy"], " proved"), said);
    let said = ledger(&["rebuild"], " written");
    let whole = format!(" {GOOD} entries came back as they were");
    assert!(said.contains(&whole), "{said}");
}

#[test]
fn a_check_of_a_large_folder_has_a_bar_for_nobody_but_people_who_wait() {
    let setup = large();
    let folder = setup.folder();
    let printed = shown(folder, &["check"], " files read");
    assert!(
        printed.ends_with(&format!(
            "{} files: {BROKEN} errors, 0 warnings\n",
            GOOD + BROKEN
        )),
        "{printed}"
    );
    let long = || {
        let start = Instant::now();
        move || start.elapsed() > LONG
    };

    let mut piped = command(folder, &["check"]);
    let mut work = Work::begin(piped.stderr(Stdio::piped()));
    work.hold_up("a pipe", long());
    assert_eq!(work.printed(), printed);
    let mut told = String::new();
    let mut errors = work.0.stderr.take().unwrap();
    errors.read_to_string(&mut told).unwrap();
    assert_eq!(told, "");

    for (arguments, variable) in [
        (&["check", "-q"][..], None),
        (&["check"], Some(("NOTIFY_SOCKET", "/nowhere"))),
    ] {
        let mut terminal = Terminal::open();
        let mut work = Work::at(&mut terminal, command(folder, arguments).envs(variable));
        work.hold_up("no bar", long());
        assert_eq!(work.printed(), printed);
        assert_eq!(terminal.written(), "", "{arguments:?} {variable:?}");
    }
}

#[test]
fn what_is_done_at_once_has_no_bar() {
    let setup = Setup::new().with_sample_entries();
    let terminal = eventually("a check at once", PATIENCE, || {
        let mut terminal = Terminal::open();
        let start = Instant::now();
        Work::at(&mut terminal, &mut command(setup.folder(), &["check"])).printed();
        // A machine with much else to do may take longer.
        (start.elapsed() < Duration::from_millis(500)).then_some(terminal)
    });
    assert_eq!(terminal.written(), "");
}
