//! The units that systemd is given: those of `config/systemd`, with the paths of this machine.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::BESIDE;
use crate::cli::UsageError;
use crate::config::{Config, Listen};

const SERVICE: &str = include_str!("../../../config/systemd/tidings.service");
const SOCKET: &str = include_str!("../../../config/systemd/tidings.socket");
const SYSUSERS: &str = include_str!("../../../config/systemd/tidings.sysusers");
const TMPFILES: &str = include_str!("../../../config/systemd/tidings.tmpfiles");
const USER_SERVICE: &str = include_str!("../../../config/systemd/user/tidings.service");

/// The first line of each file that is written, and by which it is known again.
pub(super) const MARK: &str = "# Written by `tidings service install`, which writes it anew; \
                               `systemctl edit` makes a file that stays.";

/// Where the service of the machine works: relative paths in its settings begin here.
pub(super) const HOME: &str = "/srv/tidings";

/// A file, and what is in it.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl File {
    fn new(path: impl Into<PathBuf>, text: &str) -> Self {
        Self {
            path: path.into(),
            text: format!("{MARK}\n\n{text}"),
        }
    }
}

/// How the program is started.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) folder: PathBuf,
}

/// The service of one user, in their folder of units.
pub(super) fn of_user(folder: &Path, start: &Start) -> Result<Vec<File>, UsageError> {
    let text = started(USER_SERVICE, start)?;
    Ok(vec![File::new(folder.join("tidings.service"), &text)])
}

/// The service of the machine, and its socket, if a unit can have the places of `config`.
pub(super) fn of_machine(start: &Start, config: &Config) -> Result<Vec<File>, UsageError> {
    let units = Path::new("/etc/systemd/system");
    let service = started(SERVICE, start)?;
    let mut files = vec![
        File::new(BESIDE[0], SYSUSERS),
        File::new(BESIDE[1], TMPFILES),
        File::new(units.join("tidings.service"), &service),
    ];
    if let Some(streams) = streams(config)? {
        let text = with_lines(SOCKET, "ListenStream=", &streams);
        files.push(File::new(units.join("tidings.socket"), &text));
    }
    Ok(files)
}

/// Where a socket unit listens for readers of `config`; `None` if it can't: at a port that is free, or at
/// a path that is not absolute.
fn streams(config: &Config) -> Result<Option<String>, UsageError> {
    let redirect = config.tls.as_ref().and_then(|tls| tls.redirect_listen);
    let redirect = redirect.map(Listen::At);
    let mut streams = String::new();
    for place in config.listen.iter().chain(&redirect) {
        let stream = match place {
            Listen::At(address) if address.port() != 0 => address.to_string(),
            Listen::Unix(path) if path.is_absolute() => specified(text(path)?),
            _ => return Ok(None),
        };
        // A string takes all that is written to it.
        let _ = writeln!(streams, "ListenStream={stream}");
    }
    Ok(Some(streams))
}

/// A service that is started so.
fn started(service: &str, start: &Start) -> Result<String, UsageError> {
    let mut command = quoted(&specified(text(&start.program)?));
    for argument in &start.arguments {
        let argument = specified(checked(argument)?).replace('$', "$$");
        command.push(' ');
        command.push_str(&quoted(&argument));
    }
    let service = with_lines(service, "ExecStart=", &format!("ExecStart={command}\n"));
    let folder = specified(text(&start.folder)?);
    let line = format!("WorkingDirectory={folder}\n");
    Ok(with_lines(&service, "WorkingDirectory=", &line))
}

/// A unit with `lines` in place of the line that begins with `key`.
fn with_lines(unit: &str, key: &str, lines: &str) -> String {
    let replaced = unit
        .split_inclusive('\n')
        .map(|line| if line.starts_with(key) { lines } else { line });
    replaced.collect()
}

/// A path as text that may stand in a unit.
fn text(path: &Path) -> Result<&str, UsageError> {
    let text = path.to_str().ok_or_else(|| {
        UsageError(format!(
            "{} is not UTF-8: expected a path that can stand in a unit",
            path.display()
        ))
    })?;
    checked(text)
}

fn checked(text: &str) -> Result<&str, UsageError> {
    if text.chars().any(char::is_control) {
        return Err(UsageError(format!(
            "{text:?} can't stand in a unit: expected no line breaks or other control characters"
        )));
    }
    Ok(text)
}

/// `text`, which is meant as it is: systemd takes `%h` for the home folder.
fn specified(text: &str) -> String {
    text.replace('%', "%%")
}

/// One word of a command line, whatever is in it. (systemd.service(5), "Command lines")
fn quoted(word: &str) -> String {
    let is_plain =
        |letter: char| letter.is_ascii_alphanumeric() || "/._-:=,%$@+[]".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(program: &str, arguments: &[&str], folder: &str) -> Start {
        Start {
            program: program.into(),
            arguments: arguments.iter().map(|&it| it.to_owned()).collect(),
            folder: folder.into(),
        }
    }

    fn line<'a>(files: &'a [File], name: &str, key: &str) -> Vec<&'a str> {
        let file = files.iter().find(|file| file.path.ends_with(name)).unwrap();
        assert!(file.text.starts_with(MARK));
        let lines = file.text.lines();
        lines.filter(|line| line.starts_with(key)).collect()
    }

    #[test]
    fn paths_are_taken_as_they_are() {
        let check = |program: &str, argument: &str, expected: &str| {
            let start = start(program, &["serve", argument], "/a b%c");
            let files = of_user(Path::new("/units"), &start).unwrap();
            assert_eq!(line(&files, "tidings.service", "ExecStart="), [expected]);
            let folder = line(&files, "tidings.service", "WorkingDirectory=");
            assert_eq!(folder, ["WorkingDirectory=/a b%%c"]);
        };
        check("/bin/t", "/e", "ExecStart=/bin/t serve /e");
        check("/b in/t", "/e e", "ExecStart=\"/b in/t\" serve \"/e e\"");
        check("/%b$/t", "/%e$e", "ExecStart=/%%b$/t serve /%%e$$e");
        check("/b/t", "/\"e\\'", "ExecStart=/b/t serve \"/\\\"e\\\\'\"");
        check("/b/t", "", "ExecStart=/b/t serve \"\"");
        check("/b/t", "/e;#", "ExecStart=/b/t serve \"/e;#\"");
    }

    #[test]
    fn what_can_not_stand_in_a_unit_is_refused() {
        let refused = |start: &Start| of_user(Path::new("/units"), start).unwrap_err();
        let error = refused(&start("/b", &["a\nUser=root"], "/"));
        assert!(error.to_string().contains("line breaks"), "{error}");
        refused(&start("/b\n", &[], "/"));
        refused(&start("/b", &[], "/a\rb"));
    }

    #[test]
    fn sockets_are_where_the_settings_say() {
        let start = start("/bin/t", &["serve"], HOME);
        let check = |settings: &str, expected: Option<&[&str]>| {
            let config = Config::parse(settings).unwrap();
            let files = of_machine(&start, &config).unwrap();
            let socket = files.iter().any(|it| it.path.ends_with("tidings.socket"));
            let streams = socket.then(|| line(&files, "tidings.socket", "ListenStream="));
            assert_eq!(streams.as_deref(), expected, "{settings}");
        };
        check("", Some(&["ListenStream=127.0.0.1:7373"]));
        check("listen = \"127.0.0.1:0\"", None);
        check("listen = \"unix:http.sock\"", None);
        let tls = "base_url = \"https://a.example/\"\nlisten = [\"0.0.0.0:443\", \"unix:/run/a%.sock\"]\n\
                   [tls]\ncert = \"c\"\nkey = \"k\"\nredirect_listen = \"[::]:80\"";
        let streams = [
            "ListenStream=0.0.0.0:443",
            "ListenStream=/run/a%%.sock",
            "ListenStream=[::]:80",
        ];
        check(tls, Some(&streams));
    }
}
