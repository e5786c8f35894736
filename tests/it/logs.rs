//! The log of the running program, in each of its forms.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use crate::support::{PATIENCE, Setup, eventually, run};

/// Runs the program over one article until its log says that it is ready; all that is in the log then,
/// to its end.
fn log_of(mut command: Command, setup: &Setup) -> String {
    let path = setup.folder().join("log");
    let file = fs::File::create(&path).unwrap();
    if command.get_envs().any(|(name, _)| name == "JOURNAL_STREAM") {
        let found = file.metadata().unwrap();
        command.env("JOURNAL_STREAM", format!("{}:{}", found.dev(), found.ino()));
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file)
        .spawn()
        .unwrap();
    let read = || fs::read_to_string(&path).unwrap();
    eventually("the log says that all is ready", PATIENCE, || {
        if let Some(status) = child.try_wait().unwrap() {
            panic!("{status}: {}", read());
        }
        read()
            .contains(" live=1")
            .then_some(())
            .or_else(|| read().contains("\"live\":1").then_some(()))
    });
    let process = child.id().to_string();
    run(Command::new("kill").args(["-TERM", &process]), PATIENCE);
    let status = eventually("the program ends", PATIENCE, || child.try_wait().unwrap());
    assert!(status.success(), "{status}");
    read()
}

fn setup(log: &str) -> Setup {
    let setup = Setup::new().with_tables(log);
    let hostile = "# The lamp \u{1b}[31mis\u{202e} lit\n\nAt last.\n";
    fs::write(setup.entries().join("lamp.md"), hostile).unwrap();
    fs::write(setup.entries().join("broken.md"), "---\ndate: soon\n---\n").unwrap();
    setup
}

#[test]
fn a_publish_is_one_line() {
    let setup = setup("");
    let log = log_of(setup.serving(), &setup);
    let told = log
        .lines()
        .filter(|line| line.contains("published 1 entry in "));
    let told: Vec<&str> = told.collect();
    let [line] = told.as_slice() else {
        panic!("{log}");
    };
    assert!(line.contains(" ms: The lamp "), "{line}");
    assert!(
        line.contains(" new=1 edited=0 withdrawn=0 live=1 "),
        "{line}"
    );
    // Nobody said that the journal reads this.
    assert!(line.starts_with("20"), "{line}");
}

/// From the first line to the last, so also where it listens.
#[test]
fn programs_can_read_every_line() {
    let setup = setup("[log]\nformat = \"json\"\n");
    let log = log_of(setup.serving(), &setup);
    assert!(!log.contains(['\u{1b}', '\u{202e}']), "{log}");
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let find = |message: &str| {
        let is_it =
            |line: &&serde_json::Value| line["message"].as_str().unwrap().starts_with(message);
        lines
            .iter()
            .find(is_it)
            .unwrap_or_else(|| panic!("no {message}: {log}"))
    };
    let address = find("listening")["fields"]["address"].as_str().unwrap();
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    let published = find("published 1 entry in ");
    assert_eq!(published["fields"]["live"], 1);
    assert_eq!(published["level"], "INFO");
    let rejected = find("not published");
    assert_eq!(rejected["level"], "WARN");
    assert!(
        rejected["fields"].to_string().contains("broken.md"),
        "{rejected}"
    );
}

/// An error that ends the program is a line like all others.
#[test]
fn programs_can_read_why_there_is_no_daemon() {
    let setup = setup("[log]\nformat = \"json\"\n");
    fs::write(setup.folder().join("state"), "no folder").unwrap();
    let (code, log) = setup.ends();
    assert_eq!(code, Some(1), "{log}");
    let last = log.lines().last().unwrap_or_default();
    let object: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(object["level"], "ERROR", "{log}");
    assert!(
        object["message"].as_str().unwrap().contains("state"),
        "{log}"
    );
}

#[test]
fn the_journal_is_recognised_and_told_priorities() {
    let setup = setup("");
    let mut command = setup.serving();
    command.env("JOURNAL_STREAM", "");
    let log = log_of(command, &setup);
    let has = |start: &str, part: &str| {
        let mut lines = log.lines();
        assert!(
            lines.any(|line| line.starts_with(start) && line.contains(part)),
            "{log}"
        );
    };
    has("<6>tidings::daemon", "published 1 entry in ");
    has("<4>tidings::daemon", "broken.md");
    // Without a priority, a line is an ordinary one.
    has("listening on http://", "127.0.0.1");
}

/// Who reads is nobody's business, unless the settings say so.
#[test]
fn answers_are_logged_only_if_asked_for() {
    let log_with = |access: &str| {
        let tables = format!("[log]\naccess = \"{access}\"\n");
        let tidings = setup(&tables).start();
        eventually("the article is out", PATIENCE, || {
            (tidings.titles().len() == 1).then_some(())
        });
        let agent = format!("reader\u{a0}{}", "x".repeat(1000));
        let fields = [("User-Agent", agent.as_str()), ("Accept-Encoding", "gzip")];
        let path = "/atom.xml?key=secret";
        assert_eq!(tidings.get_with(path, &fields).status, 200);
        tidings.get_with("/nowhere", &[]);
        // A line may come after its answer.
        let expected = if access == "off" { 0 } else { 2 };
        eventually("both answers are logged", PATIENCE, || {
            let log = tidings.log();
            let lines = [" path=/atom.xml status=", " path=/nowhere status="];
            let lines = lines.map(|line| usize::from(log.contains(line)));
            (lines.iter().sum::<usize>() >= expected).then_some(log)
        })
    };
    let of = |log: &str| {
        let lines = log
            .lines()
            .filter(|line| line.contains("tidings::access: "));
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    assert!(of(&log_with("off")).is_empty());
    for access in ["on", "addresses"] {
        let lines = of(&log_with(access));
        let find = |part: &str| {
            let line = lines.iter().find(|line| line.contains(part));
            line.unwrap_or_else(|| panic!("no {part}: {lines:#?}"))
        };
        let line = find("path=/atom.xml status=200 coding=\"gzip\" bytes=");
        assert!(
            line.contains(" method=GET ") && line.contains(" agent=\"reader"),
            "{line}"
        );
        assert!(line.len() < 600 && !line.contains("secret"), "{line}");
        assert!(find("path=/nowhere").contains("status=404"), "{lines:#?}");
        let has_address = line.contains(" client=\"127.0.0.1\"");
        assert_eq!(has_address, access == "addresses", "{line}");
    }
}
