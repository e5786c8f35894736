//! What systemd knows of the service, in our words.

use std::collections::HashMap;

use anyhow::{Context, bail};

use super::machine::{Machine, say};

/// What is asked for.
const PROPERTIES: &str = "--property=LoadState,UnitFileState,ActiveState,Result,MainPID,NRestarts,\
                          ActiveEnterTimestamp,StatusText";

/// Returns whether the service runs.
pub(super) fn run(is_user: bool) -> anyhow::Result<bool> {
    let machine = Machine {
        is_user,
        ..Machine::default()
    };
    machine.has_systemd()?;
    let shown = machine
        .systemctl(&["show", "tidings.service", PROPERTIES])
        .output();
    let shown = shown.context("can't run systemctl")?;
    if !shown.status.success() {
        bail!(
            "systemctl: {}",
            String::from_utf8_lossy(&shown.stderr).trim()
        );
    }
    let (is_running, lines) = told(&String::from_utf8_lossy(&shown.stdout), is_user);
    for line in lines {
        say(format_args!("{line}"))?;
    }
    Ok(is_running)
}

/// Whether it runs, and what there is to tell, given what `systemctl show` has printed.
fn told(shown: &str, is_user: bool) -> (bool, Vec<String>) {
    let pairs = shown.lines().filter_map(|line| line.split_once('='));
    let known: HashMap<&str, &str> = pairs.collect();
    let of = |name: &str| known.get(name).copied().unwrap_or_default();
    let user = if is_user { " --user" } else { "" };
    if of("LoadState") != "loaded" {
        let line =
            format!("the service is not installed: `tidings service install{user}` does that");
        return (false, vec![line]);
    }
    let state = of("ActiveState");
    let mut lines = vec![match state {
        "active" => format!(
            "the service runs since {}, as process {}",
            of("ActiveEnterTimestamp"),
            of("MainPID")
        ),
        "reloading" => "the service reads its settings again".to_owned(),
        "activating" => "the service is starting".to_owned(),
        "deactivating" => "the service is stopping".to_owned(),
        "failed" => format!(
            "the service has failed ({}): `journalctl{user} --unit=tidings` has its last words",
            of("Result")
        ),
        _ => "the service does not run".to_owned(),
    }];
    if !of("StatusText").is_empty() {
        lines.push(format!("it says: {}", of("StatusText")));
    }
    match of("NRestarts") {
        "" | "0" => {}
        "1" => lines.push("systemd had to start it again once".to_owned()),
        times => lines.push(format!("systemd had to start it again {times} times")),
    }
    lines.push(match (of("UnitFileState"), is_user) {
        ("enabled", false) => "it starts with the machine".to_owned(),
        ("enabled", true) => "it starts with your session".to_owned(),
        _ => format!("it does not start by itself: `systemctl{user} enable tidings` has it do so"),
    });
    (matches!(state, "active" | "reloading"), lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemd_shows_is_told_in_words() {
        let check = |shown: &str, is_user: bool, runs: bool, expected: &[&str]| {
            let (is_running, lines) = told(shown, is_user);
            assert_eq!(is_running, runs, "{shown}");
            assert_eq!(lines, expected, "{shown}");
        };
        check(
            "LoadState=loaded\nActiveState=active\nMainPID=7\nNRestarts=2\nUnitFileState=enabled\n\
             ActiveEnterTimestamp=Sat 2026-01-31 10:00:00 UTC\nStatusText=1 entry is published; a=b\n",
            false,
            true,
            &[
                "the service runs since Sat 2026-01-31 10:00:00 UTC, as process 7",
                "it says: 1 entry is published; a=b",
                "systemd had to start it again 2 times",
                "it starts with the machine",
            ],
        );
        check(
            "LoadState=loaded\nActiveState=failed\nResult=watchdog\nNRestarts=0\nUnitFileState=disabled\n",
            true,
            false,
            &[
                "the service has failed (watchdog): `journalctl --user --unit=tidings` has its last words",
                "it does not start by itself: `systemctl --user enable tidings` has it do so",
            ],
        );
        check(
            "LoadState=not-found\nActiveState=inactive\n",
            false,
            false,
            &["the service is not installed: `tidings service install` does that"],
        );
        check(
            "",
            false,
            false,
            &["the service is not installed: `tidings service install` does that"],
        );
    }
}
