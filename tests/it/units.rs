//! The units, and the command that sets the service up. systemd is played by a script, which notes what it is
//! asked for; what systemd thinks of the units takes its own program, and runs when `TIDINGS_TOOLS=required`
//! is set.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::{bare, program, repository, tools_are_required};

/// The most that `systemd-analyze security` may find, of 10.
const EXPOSURE: f64 = 1.3;

/// A home, and a `systemctl` that notes what it is asked for.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        home.has_systemctl(
            "case \"$*\" in\n*--property=Version*) echo 252 ;;\n*) echo \"$*\" >> \"$HOME/asked\" ;;\nesac",
        );
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn has_systemctl(&self, script: &str) {
        let bin = self.path("bin");
        fs::create_dir_all(&bin).unwrap();
        let file = bin.join("systemctl");
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// `tidings service` with these arguments, where systemctl is the only other program.
    fn service(&self, arguments: &[&str]) -> Output {
        let mut command = bare(program(), self.folder.path());
        command
            .env("PATH", self.path("bin"))
            .current_dir(self.folder.path())
            .arg("service")
            .args(arguments);
        command.output().unwrap()
    }

    fn does(&self, arguments: &[&str]) -> String {
        let output = self.service(arguments);
        let said = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {said}{errors}");
        said
    }

    fn refuses(&self, arguments: &[&str], expected: &str) {
        let output = self.service(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }

    /// What systemctl was asked for since this was asked last.
    fn asked(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.path("asked")).unwrap_or_default();
        drop(fs::remove_file(self.path("asked")));
        asked.lines().map(str::to_owned).collect()
    }
}

fn lines<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter(|line| line.starts_with(key)).collect()
}

#[test]
fn one_command_sets_up_the_service_of_a_user_and_one_takes_it_away() {
    let home = Home::new();
    let unit = home.path(".config/systemd/user/tidings.service");
    let install = ["install", "--user", "--entries", "my %articles"];

    let said = home.does(&[&install[..], &["--dry-run"]].concat());
    assert!(
        said.contains("would write") && said.contains("    [Service]"),
        "{said}"
    );
    assert!(
        said.contains("would run systemctl --user daemon-reload"),
        "{said}"
    );
    assert!(!unit.exists());
    assert!(home.asked().is_empty());

    let said = home.does(&install);
    let told: Vec<&str> = said.lines().collect();
    let wrote = format!("wrote {}", unit.display());
    let expected = [
        wrote.as_str(),
        "ran systemctl --user daemon-reload",
        "ran systemctl --user enable tidings.service",
        "ran systemctl --user stop tidings.service",
        "ran systemctl --user restart tidings.service",
    ];
    assert_eq!(told[..5], expected, "{said}");
    let expected = expected[1..].iter();
    let expected: Vec<_> = expected
        .map(|it| it.strip_prefix("ran systemctl ").unwrap())
        .collect();
    assert_eq!(home.asked(), expected);
    let text = fs::read_to_string(&unit).unwrap();
    let place = home.folder.path().canonicalize().unwrap();
    let place = place.display();
    let [start] = lines(&text, "ExecStart=")[..] else {
        panic!("{text}");
    };
    let arguments = format!(" serve --entries \"{place}/my %%articles\" --state ");
    assert!(start.contains(&arguments), "{start}");
    let folder = format!("WorkingDirectory={place}");
    assert_eq!(lines(&text, "WorkingDirectory="), [folder]);
    // What a user's manager can't do is not asked of it.
    for key in ["DynamicUser=", "StateDirectory=", "Protect", "Private"] {
        assert!(lines(&text, key).is_empty(), "{key}");
    }

    let said = home.does(&install);
    assert!(said.contains("is as it should be"), "{said}");
    assert!(
        home.asked()
            .ends_with(&["--user start tidings.service".to_owned()])
    );

    let said = home.does(&["uninstall", "--user"]);
    assert!(
        said.contains(&format!("removed {}", unit.display())),
        "{said}"
    );
    assert!(!unit.exists());
    let expected = [
        "--user disable --now tidings.service",
        "--user daemon-reload",
    ];
    assert_eq!(home.asked(), expected);
    home.refuses(&["uninstall", "--user"], "there is no service");

    fs::write(&unit, "[Service]\nExecStart=/mine\n").unwrap();
    home.refuses(&install, "not from `tidings service install`");
    home.refuses(&["uninstall", "--user"], "there is no service");
    assert_eq!(
        fs::read_to_string(unit).unwrap(),
        "[Service]\nExecStart=/mine\n"
    );
}

/// The machine is a folder here: nobody has to be root, and nothing of this machine is touched.
#[test]
fn the_service_of_a_machine_has_its_socket_where_the_settings_say() {
    let home = Home::new();
    let root = home.path("image");
    let root = root.to_str().unwrap();
    let install = ["install", "--root", root, "--program", "/usr/bin/tidings"];
    let said = home.does(&install);
    let read = |path: &str| fs::read_to_string(home.path("image").join(path)).unwrap();
    let units = "etc/systemd/system";
    let service = read(&format!("{units}/tidings.service"));
    assert_eq!(
        lines(&service, "ExecStart="),
        ["ExecStart=/usr/bin/tidings serve --config /etc/tidings/tidings.toml"]
    );
    assert_eq!(
        lines(&service, "WorkingDirectory="),
        ["WorkingDirectory=/srv/tidings"]
    );
    let streams = |text: &str| lines(text, "ListenStream=").join(" ");
    let socket = read(&format!("{units}/tidings.socket"));
    assert_eq!(streams(&socket), "ListenStream=127.0.0.1:7373");
    assert!(read("etc/sysusers.d/tidings.conf").contains("\ng tidings -"));
    assert!(
        read("etc/tmpfiles.d/tidings.conf").contains("\nd /srv/tidings/entries 2770 root tidings")
    );
    let settings = read("etc/tidings/tidings.toml");
    assert_eq!(
        settings,
        fs::read_to_string(repository().join("config/tidings.toml")).unwrap()
    );
    assert_eq!(said.matches("wrote ").count(), 5, "{said}");
    let enable = format!("--root {root} enable tidings.service tidings.socket");
    assert_eq!(home.asked(), [enable]);

    let public =
        "listen = [\"0.0.0.0:80\", \"unix:/run/t.sock\"]\nbase_url = \"http://a.example/\"\n";
    fs::write(home.path("image/etc/tidings/tidings.toml"), public).unwrap();
    home.does(&install);
    let socket = read(&format!("{units}/tidings.socket"));
    assert_eq!(
        streams(&socket),
        "ListenStream=0.0.0.0:80 ListenStream=/run/t.sock"
    );
    assert_eq!(read("etc/tidings/tidings.toml"), public, "people edit it");
    home.does(&["uninstall", "--root", root]);
    for file in ["tidings.service", "tidings.socket"] {
        assert!(!home.path("image").join(units).join(file).exists());
    }
    assert_eq!(read("etc/tidings/tidings.toml"), public);

    let refuses =
        |more: &[&str], expected: &str| home.refuses(&[&install[..], more].concat(), expected);
    refuses(&["--entries", "/home/ann/articles"], "lies in /home");
    refuses(&["--state", "/var/lib/mine"], "`state` is set");
    refuses(&["--user"], "cannot be used with");
    home.refuses(
        &["install", "--root", root, "--program", "/tmp/tidings"],
        "lies in /tmp",
    );
    let package = home.path("image/usr/lib/systemd/system");
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("tidings.service"), "").unwrap();
    refuses(&[], "a package has installed the service already");
}

#[test]
fn without_systemd_it_is_said_that_there_is_none() {
    let home = Home::new();
    home.has_systemctl("echo 'System has not been booted with systemd' >&2; exit 1");
    for arguments in [&["install", "--user"][..], &["uninstall"], &["status"]] {
        home.refuses(arguments, "no systemd runs");
        home.refuses(arguments, "System has not been booted with systemd");
    }
    fs::remove_file(home.path("bin/systemctl")).unwrap();
    home.refuses(
        &["install", "--user"],
        "no systemd runs for this user here (systemctl: ",
    );
    assert!(!home.path(".config").exists());
}

#[test]
fn the_state_of_the_service_is_told_in_words() {
    let home = Home::new();
    home.has_systemctl(
        "case \"$*\" in\n*--property=Version*) ;;\n\
         *\"show tidings.service\"*) while read -r line; do echo \"$line\"; done < \"$HOME/shown\" ;;\nesac",
    );
    let shown = "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nMainPID=42\nNRestarts=0\n\
                 ActiveEnterTimestamp=today\nStatusText=3 entries are published\n";
    fs::write(home.path("shown"), shown).unwrap();
    let said = home.does(&["status"]);
    assert_eq!(
        said,
        "the service runs since today, as process 42\nit says: 3 entries are published\nit starts with the machine\n"
    );
    fs::write(
        home.path("shown"),
        "LoadState=not-found\nActiveState=inactive\n",
    )
    .unwrap();
    let output = home.service(&["status", "--user"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("`tidings service install --user`"), "{said}");
}

/// The units as packages install them, and as the command writes them.
#[test]
fn systemd_likes_the_units_and_finds_little_exposed() {
    if !tools_are_required() {
        eprintln!("skipped: it takes systemd-analyze; TIDINGS_TOOLS=required runs it");
        return;
    }
    let home = Home::new();
    let root = home.path("image");
    let install = ["install", "--root", root.to_str().unwrap(), "--program"];
    let program = program();
    home.does(&[&install[..], &["/usr/bin/tidings"]].concat());
    let written = home.path("image/etc/systemd/system");
    home.does(&["install", "--user", "--entries", "a \"b\" %c $d"]);
    let shipped = repository().join("config/systemd");
    for folder in [&shipped, &written] {
        // The program has to be where it is said to be.
        let copies = tempfile::tempdir().unwrap();
        for name in ["tidings.service", "tidings.socket"] {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            let text = text.replace("/usr/bin/tidings", program.to_str().unwrap());
            fs::write(copies.path().join(name), text).unwrap();
        }
        analyze(
            copies.path(),
            &[
                "verify",
                "--man=no",
                "./tidings.service",
                "./tidings.socket",
            ],
        );
        let most = format!("--threshold={}", EXPOSURE * 10.0);
        analyze(
            copies.path(),
            &[
                "security",
                "--offline=true",
                "--no-pager",
                &most,
                "./tidings.service",
            ],
        );
    }
    let user = home.path(".config/systemd/user");
    analyze(
        &user,
        &["--user", "verify", "--man=no", "./tidings.service"],
    );
}

/// systemd-analyze, which must find nothing to say but figures: of what it does not know it only warns.
fn analyze(folder: &Path, arguments: &[&str]) {
    let runtime = tempfile::tempdir().unwrap();
    let output = Command::new("systemd-analyze")
        .current_dir(folder)
        .env("XDG_RUNTIME_DIR", runtime.path())
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("systemd-analyze does not start: {error}"));
    let [said, errors] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    assert!(output.status.success(), "{arguments:?}: {said}\n{errors}");
    assert_eq!(errors, "", "{arguments:?}");
}
