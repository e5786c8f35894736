//! Exit codes and messages, before anything is served.

use assert_cmd::Command;

/// The program in a folder of its own, with none of the caller's settings.
fn tidings(folder: &tempfile::TempDir, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.current_dir(folder).env_clear();
    command.env("HOME", folder.path());
    command.args(arguments.split_whitespace());
    command
}

fn check(arguments: &str, code: i32, stdout: &str, stderr: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("wrong.toml"), "[site]\ntitel = 1\n").unwrap();
    let output = tidings(&folder, arguments).output().unwrap();
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (told(&output.stdout), told(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments}: {err}");
    assert!(out.contains(stdout), "{arguments}: {out}");
    assert!(err.contains(stderr), "{arguments}: {err}");
}

#[test]
fn usage_and_settings_that_are_wrong_end_with_2_and_say_what_would_be_right() {
    check("--lissen x", 2, "", "--listen");
    check(
        "--config none.toml",
        2,
        "",
        "tidings: can't read the settings file `none.toml`: ",
    );
    check("--config wrong.toml", 2, "", "--> wrong.toml:2:1");
    check("--config wrong.toml", 2, "", "^^^^^ did you mean `title`?");
    check(
        "--listen 0.0.0.0:0",
        2,
        "",
        "tidings: listening on 0.0.0.0:0, which others can reach",
    );
}

/// Listeners and certificates as they are in force, in a form that can be a settings file.
#[test]
fn several_listeners_and_certificates_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "base_url = \"https://example.org/\"\n\
                    listen = [\"0.0.0.0:443\", \"unix:/run/tidings/http.sock\"]\n\
                    [tls]\ncert = \"a.pem\"\nkey = \"a-key.pem\"\n\
                    redirect_listen = \"0.0.0.0:80\"\n\
                    more = [{ cert = \"b.pem\", key = \"b-key.pem\" }]\n";
    std::fs::write(folder.path().join("tls.toml"), settings).unwrap();
    let show = |arguments: &str| {
        let output = tidings(&folder, arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = show("config show --config tls.toml");
    let expected: toml::Table = settings.parse().unwrap();
    let table: toml::Table = shown.parse().unwrap();
    for key in ["listen", "tls"] {
        assert_eq!(table[key], expected[key], "{shown}");
    }
    std::fs::write(folder.path().join("again.toml"), &shown).unwrap();
    assert_eq!(show("config show --config again.toml"), shown);
    // The flag is one place, instead of all of them.
    let shown = show("config show --config tls.toml --listen unix:a.sock");
    assert!(shown.contains("listen = \"unix:a.sock\"\n"), "{shown}");
}

#[test]
fn settings_are_checked_shown_and_begun() {
    check("config check", 0, "ok", "");
    check(
        "config check --config wrong.toml",
        2,
        "",
        "unknown key `titel`",
    );
    check(
        "config show --listen [::1]:9",
        0,
        "listen = \"[::1]:9\"",
        "",
    );
    check("config default", 0, "listen = \"127.0.0.1:7373\"", "");
    check(
        "--version",
        0,
        concat!("tidings ", env!("CARGO_PKG_VERSION")),
        "",
    );
}

#[test]
fn the_environment_wins_over_the_file_and_flags_over_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("config")).unwrap();
    let file = folder.path().join("config/tidings.toml");
    std::fs::write(file, "listen = \"[::1]:1\"\n").unwrap();
    let listen = |environment: Option<&str>, arguments: &str| {
        let mut command = tidings(&folder, arguments);
        command.envs(environment.map(|value| ("TIDINGS_LISTEN", value)));
        let shown = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let line = shown.lines().find(|line| line.starts_with("listen = "));
        line.unwrap_or_default().to_owned()
    };
    assert_eq!(listen(None, "config show"), "listen = \"[::1]:1\"");
    assert_eq!(
        listen(Some("[::1]:2"), "config show"),
        "listen = \"[::1]:2\""
    );
    for arguments in [
        "--listen [::1]:3 config show",
        "config show --listen [::1]:3",
    ] {
        assert_eq!(listen(Some("[::1]:2"), arguments), "listen = \"[::1]:3\"");
    }
}

/// Not only what has a flag.
#[test]
fn every_setting_can_be_in_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, "grace = \"1s\"\n[feeds]\nlimit = 7\n").unwrap();
    let ask = |variables: &[(&str, &str)], arguments: &str| {
        let mut command = tidings(&folder, arguments);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let variables = [
        ("TIDINGS_FEEDS__LIMIT", "20"),
        ("TIDINGS_LOG__FORMAT", "json"),
    ];
    let (code, shown) = ask(&variables, "config show --config mine.toml");
    assert_eq!(code, Some(0), "{shown}");
    for line in ["grace = \"1s\"", "limit = 20", "format = \"json\""] {
        assert!(shown.lines().any(|have| have == line), "no {line}: {shown}");
    }
    for (variables, expected) in [
        (
            [("TIDINGS_FEEDS__LIMIT", "0")],
            "TIDINGS_FEEDS__LIMIT in the environment: 0 is out of range",
        ),
        ([("TIDINGS_FEEDS__LIMT", "1")], "did you mean `limit`?"),
        (
            [("TIDINGS_WATCH", "seldom")],
            "TIDINGS_WATCH in the environment: `seldom` is not",
        ),
    ] {
        let (code, told) = ask(&variables, "config check");
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains(expected), "{told}");
    }
}

/// Whatever a command prints, nobody may want to read it.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let entries = folder.path().join("entries");
    std::fs::create_dir(&entries).unwrap();
    std::fs::write(entries.join("lamp.md"), "# The lamp is lit\n\nAt last.\n").unwrap();
    let site = "build --out public --base-url https://example.org/";
    assert!(tidings(&folder, site).output().unwrap().status.success());
    for arguments in [
        "--help",
        "--version",
        site,
        "check",
        "check --format json",
        "completions bash",
        "completions elvish",
        "completions fish",
        "completions powershell",
        "completions zsh",
        "config check",
        "config default",
        "config show",
        "config show --format json",
        "feeds",
        "feeds --format json",
        "help check",
        "ledger backup copy.sqlite",
        "ledger check",
        "ledger check --format json",
        "ledger rebuild",
        "man --out man",
        "new Lamp",
        "why lamp.md",
        "why lamp.md --format json",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tidings"))
            .args(arguments.split(' '))
            .current_dir(&folder)
            .env_clear()
            .env("HOME", folder.path())
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .spawn()
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments}");
    }
}

/// In a checkout it has the commit; what a release says is up to its tarball.
#[test]
fn the_version_names_the_commit_if_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let told = tidings(&folder, "--version").output().unwrap().stdout;
    let told = String::from_utf8(told).unwrap();
    let number = concat!("tidings ", env!("CARGO_PKG_VERSION"));
    let commit = told.trim_end().strip_prefix(number).unwrap();
    if commit.is_empty() {
        return;
    }
    let commit = commit
        .strip_prefix(" (")
        .unwrap()
        .strip_suffix(')')
        .unwrap();
    let (hash, date) = commit.split_once(' ').unwrap();
    assert!(
        hash.len() == 10 && hash.chars().all(|c| c.is_ascii_hexdigit()),
        "{told}"
    );
    assert!(date.parse::<jiff::civil::Date>().is_ok(), "{told}");
}

#[test]
fn every_shell_is_told_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = tidings(&folder, &format!("completions {shell}"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{shell}: {output:?}");
        let script = String::from_utf8(output.stdout).unwrap();
        for word in ["confirm-removal", "rebuild", "base-url"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
    check(
        "completions tcsh",
        2,
        "",
        "bash, elvish, fish, powershell, zsh",
    );
}

/// The shell itself says what it would complete.
#[test]
fn bash_completes_commands_and_flags() {
    if std::process::Command::new("bash")
        .arg("--version")
        .output()
        .is_err()
    {
        assert!(!crate::support::tools_are_required(), "bash is missing");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = tidings(&folder, "completions bash")
        .output()
        .unwrap()
        .stdout;
    std::fs::write(folder.path().join("tidings"), script).unwrap();
    let complete = |words: &[&str]| {
        let told = ". ./tidings; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                    _tidings tidings \"${@: -1}\" \"${@: -2:1}\"; echo \"${COMPREPLY[@]}\"";
        let mut bash = std::process::Command::new("bash");
        bash.args(["-c", told, "bash"]).args(words);
        let output = bash.current_dir(&folder).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(complete(&["tidings", "comp"]), "completions\n");
    assert_eq!(complete(&["tidings", "ledger", "re"]), "rebuild\n");
    assert_eq!(complete(&["tidings", "feeds", "--format", "j"]), "json\n");
    assert_eq!(complete(&["tidings", "check", "--stri"]), "--strict\n");
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let output = tidings(&folder, "man --out share/man1").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let read = |name: &str| {
        let page = folder.path().join("share/man1").join(name);
        std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let whole = read("tidings.1");
    assert!(whole.contains(".TH tidings 1"), "{whole}");
    assert!(whole.contains("TIDINGS_BASE_URL"), "{whole}");
    let help = String::from_utf8(tidings(&folder, "--help").output().unwrap().stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let names = commands.lines().filter_map(|line| {
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!name.is_empty() && name != "help").then_some(name)
    });
    let names: Vec<&str> = names.collect();
    assert!(names.contains(&"check"), "{names:?}");
    for name in names {
        read(&format!("tidings-{name}.1"));
        assert!(
            whole.contains(&format!("tidings\\-{}(1)", name.replace('-', "\\-"))),
            "{name}"
        );
    }
    // Examples stand line for line, and what they end with is a section of its own.
    let page = read("tidings-ledger-check.1");
    assert!(
        page.contains(".SH EXAMPLES\n.nf\ntidings ledger check\ntidings ledger"),
        "{page}"
    );
    assert!(
        page.contains(".SH \"EXIT STATUS\"\n0 nothing is wrong"),
        "{page}"
    );
}

#[test]
fn data_is_told_as_json_too() {
    let folder = tempfile::tempdir().unwrap();
    let entries = folder.path().join("entries");
    std::fs::create_dir(&entries).unwrap();
    let text = "# The lamp is lit\n\nAt last.\n\nRead: Something that is nowhere\n";
    std::fs::write(entries.join("lamp.md"), text).unwrap();
    std::fs::write(entries.join("draft.md"), "---\ndraft: true\n---\n# Later\n").unwrap();
    let ask = |arguments: &str, code: i32| -> serde_json::Value {
        let output = tidings(&folder, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let settings = ask("config show --format json --listen [::1]:9", 0);
    assert_eq!(settings["settings"]["listen"], "[::1]:9");
    assert_eq!(settings["settings"]["feeds"]["limit"], 50);
    assert_eq!(settings["file"], serde_json::Value::Null);
    let site = "build --out public --base-url https://example.org/";
    assert!(tidings(&folder, site).output().unwrap().status.success());
    let lamp = ask("why lamp.md --format json", 0);
    assert_eq!(
        (&lamp["published"], &lamp["file"]),
        (&true.into(), &"lamp.md".into())
    );
    assert!(lamp["sentences"][0].is_string(), "{lamp}");
    assert_eq!(ask("why draft.md --format json", 1)["published"], false);
}

/// Colours are for terminals and for those who ask for them.
#[test]
fn colours_follow_the_wishes_of_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let entries = folder.path().join("entries");
    std::fs::create_dir(&entries).unwrap();
    std::fs::write(entries.join("broken.md"), "---\ndate: soon\n---\n# A\n").unwrap();
    let is_coloured = |arguments: &str, variables: &[(&str, &str)]| {
        let mut command = tidings(&folder, arguments);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        [output.stdout, output.stderr].concat().contains(&0x1B)
    };
    for arguments in ["check", "--lissen x", "--help"] {
        assert!(!is_coloured(arguments, &[]), "{arguments}");
        assert!(
            is_coloured(arguments, &[("CLICOLOR_FORCE", "1")]),
            "{arguments}"
        );
        let both = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
        assert!(!is_coloured(arguments, &both), "{arguments}");
    }
    let json = "check --format json";
    assert!(!is_coloured(json, &[("CLICOLOR_FORCE", "1")]));
}
