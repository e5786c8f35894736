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

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tidings"))
        .args(["config", "default"])
        .current_dir(&folder)
        .env_clear()
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .spawn()
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
