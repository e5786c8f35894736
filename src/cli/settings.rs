//! From flags, environment and settings file to the settings in force.

mod environment;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use crate::config::{self, CheckError, Config, Given, Listen, ParseError};
use crate::entry::{Address, Digest};
use crate::ledger::Ledger;

/// What wins over the settings file.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct Overrides {
    /// Read this settings file
    #[arg(long, value_name = "FILE", global = true, env = "TIDINGS_CONFIG")]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) config: Option<PathBuf>,
    /// Publish the articles of this folder
    #[arg(long, value_name = "DIR", global = true, env = "TIDINGS_ENTRIES")]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(super) entries: Option<PathBuf>,
    /// Keep ids and the last good state in this folder
    #[arg(long, value_name = "DIR", global = true, env = "TIDINGS_STATE")]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(super) state: Option<PathBuf>,
    /// Serve readers at this IP address and port, or unix:PATH; port 0 picks a free one. May be
    /// given several times
    #[arg(long, value_name = "ADDR", global = true, env = "TIDINGS_LISTEN")]
    #[arg(value_parser = Listen::parse, value_delimiter = ',')]
    pub(super) listen: Vec<Listen>,
    /// The public address of the site; needed to serve more than this machine
    #[arg(long, value_name = "URL", global = true, env = "TIDINGS_BASE_URL")]
    #[arg(value_parser = config::parse_base_url)]
    pub(super) base_url: Option<Address>,
}

impl Overrides {
    /// Puts what is said here into `config`, which is then checked.
    pub(super) fn win(self, config: &mut Config) -> Result<(), CheckError> {
        if let Some(entries) = self.entries {
            config.entries = entries;
        }
        if !self.listen.is_empty() {
            config.listen = self.listen;
        }
        config.state = self.state.or(config.state.take());
        config.base_url = self.base_url.or(config.base_url.take());
        config.check()
    }
}

/// Why there are no settings to work with.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettingsError {
    #[error("can't read the settings file `{}`", .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// With the whole report, as [`config::ConfigError::render`] writes it, and the same in a line.
    #[error("{report}")]
    Config { report: String, line: String },
    /// A setting in the environment.
    #[error("{name} in the environment: {message}")]
    Variable { name: String, message: String },
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("no folder to keep state in: set --state, or the environment variable HOME")]
    NoStateFolder,
    #[error("RUST_LOG is not a log filter, {0}: expected for example info,tidings=debug")]
    Log(#[from] tracing_subscriber::filter::ParseError),
}

/// The settings in force, and where they come from.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) config: Config,
    /// The file that was read, if there was one.
    pub(super) file: Option<PathBuf>,
    /// The file is that of a checkout, and so are the entries.
    is_checkout: bool,
}

/// The settings file of a checkout: a working directory with `config` and `entries` in it.
const CHECKOUT: &str = "config/tidings.toml";

/// Where a checkout keeps its state.
const CHECKOUT_STATE: &str = "config/state";

impl Settings {
    /// Reads the settings file, lets `overrides` win, and checks the result.
    pub(super) fn load(overrides: Overrides) -> Result<Self, SettingsError> {
        let given = environment::settings(std::env::vars_os())?;
        Self::load_with(overrides, &given, &|name| std::env::var_os(name))
    }

    fn load_with(
        overrides: Overrides,
        given: &[Given],
        env: Environment<'_>,
    ) -> Result<Self, SettingsError> {
        let is_named = overrides.config.is_some();
        let (file, text) = find_file(overrides.config.clone(), env)?.unzip();
        let mut config = parse(file.as_deref(), text.as_deref(), given)?;
        // The state of a checkout is that of its own entries.
        let is_own = |entries: &PathBuf| canonical(entries) == canonical(&config.entries);
        let is_checkout = !is_named
            && file.as_deref() == Some(Path::new(CHECKOUT))
            && overrides.entries.as_ref().is_none_or(is_own);
        overrides.win(&mut config)?;
        Ok(Self {
            config,
            file,
            is_checkout,
        })
    }

    /// The folder that state is kept in.
    pub(super) fn state(&self) -> Result<PathBuf, SettingsError> {
        state_folder(&self.config, self.is_checkout, &|name| {
            std::env::var_os(name)
        })
    }
}

/// The environment as an argument, so that tests need not change the real one.
type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

fn parse(
    path: Option<&Path>,
    text: Option<&str>,
    given: &[Given],
) -> Result<Config, SettingsError> {
    let text = text.unwrap_or_default();
    Config::parse_with(text, given).map_err(|error| match error {
        ParseError::File(error) => {
            let name = path.unwrap_or(Path::new("")).display().to_string();
            let report = if super::output::has_colours(&io::stderr()) {
                error.render_coloured(&name, text)
            } else {
                error.render(&name, text)
            };
            let line = format!("{name}:{error}");
            SettingsError::Config { report, line }
        }
        ParseError::Given { name, message } => SettingsError::Variable { name, message },
    })
}

/// The settings file and its text: the named one, which must be there, else the first that is.
fn find_file(
    named: Option<PathBuf>,
    env: Environment<'_>,
) -> Result<Option<(PathBuf, String)>, SettingsError> {
    let must_be_there = named.is_some();
    let candidates = named.map_or_else(|| usual_files(env), |path| vec![path]);
    for path in candidates {
        #[expect(clippy::disallowed_methods, reason = "the settings file is read here")]
        match std::fs::read_to_string(&path) {
            Ok(text) => return Ok(Some((path, text))),
            Err(error) if !must_be_there && is_absence(&error) => {}
            Err(source) => return Err(SettingsError::Read { path, source }),
        }
    }
    Ok(None)
}

/// Where a settings file is looked for, the nearest first.
fn usual_files(env: Environment<'_>) -> Vec<PathBuf> {
    let users = base_folder("XDG_CONFIG_HOME", ".config", env);
    [
        Some(PathBuf::from(CHECKOUT)),
        users.map(|folder| folder.join("tidings/tidings.toml")),
        Some(PathBuf::from("/etc/tidings/tidings.toml")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// `--state` or the file's `state`, else the folder that systemd made for the service, else that of the
/// checkout, else one of its own for each entries folder in the user's state folder: two sites never
/// share a ledger. A checkout whose ledger lies there already keeps it.
fn state_folder(
    config: &Config,
    is_checkout: bool,
    env: Environment<'_>,
) -> Result<PathBuf, SettingsError> {
    if let Some(state) = &config.state {
        return Ok(state.clone());
    }
    // systemd joins several `StateDirectory=` with colons; the first is the service's own.
    let from_systemd = env("STATE_DIRECTORY").and_then(|value| {
        let first = std::env::split_paths(&value).next()?;
        first.is_absolute().then_some(first)
    });
    if let Some(state) = from_systemd {
        return Ok(state);
    }
    let entries = canonical(&config.entries);
    let key = Digest::of(entries.as_os_str().as_encoded_bytes()).to_string();
    let users = base_folder("XDG_STATE_HOME", ".local/state", env)
        .map(|base| base.join("tidings").join(key));
    if is_checkout {
        let used = users.filter(|users| Ledger::is_in(users));
        return Ok(used.unwrap_or_else(|| PathBuf::from(CHECKOUT_STATE)));
    }
    users.ok_or(SettingsError::NoStateFolder)
}

/// Where the user's programs keep their settings.
pub(super) fn config_home() -> Option<PathBuf> {
    base_folder("XDG_CONFIG_HOME", ".config", &|name| std::env::var_os(name))
}

/// The folder of the variable `name`, or the usual one below the home folder. Relative ones are
/// not valid. (XDG Base Directory Specification)
fn base_folder(name: &str, below_home: &str, env: Environment<'_>) -> Option<PathBuf> {
    let absolute = |value: OsString| Some(PathBuf::from(value)).filter(|path| path.is_absolute());
    env(name).and_then(absolute).or_else(|| {
        let home = env("HOME").and_then(absolute).or_else(std::env::home_dir)?;
        Some(home.join(below_home))
    })
}

/// `path` without symbolic links, as far as it exists: a folder that is made later must not get
/// another ledger then, and its articles other ids.
fn canonical(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for ancestor in absolute.ancestors() {
        if let Ok(real) = ancestor.canonicalize()
            && let Ok(rest) = absolute.strip_prefix(ancestor)
        {
            // No `join` of an empty path: that would add a slash to the hashed name.
            return real.components().chain(rest.components()).collect();
        }
    }
    absolute
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        move |name| {
            let (_, value) = pairs.iter().find(|(key, _)| *key == name)?;
            Some(OsString::from(value))
        }
    }

    fn write(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let file = write(
            &folder,
            "mine.toml",
            "entries = \"from-file\"\nstate = \"kept\"\n[feeds]\nlimit = 7",
        );
        let overrides = Overrides {
            config: Some(file.clone()),
            entries: Some("from-flag".into()),
            ..Overrides::default()
        };
        let settings = Settings::load_with(overrides, &[], &env(&[])).unwrap();
        assert_eq!(settings.file, Some(file));
        assert_eq!(settings.config.entries, Path::new("from-flag"));
        assert_eq!(settings.config.state.as_deref(), Some(Path::new("kept")));
        assert_eq!(settings.config.feeds.limit, 7);
        assert_eq!(settings.config.listen, Config::default().listen);
    }

    #[test]
    fn a_settings_file_is_looked_for_near_then_far() {
        let check = |pairs: &[(&str, &str)], users: &str| {
            let expected = ["config/tidings.toml", users, "/etc/tidings/tidings.toml"];
            assert_eq!(usual_files(&env(pairs)), expected.map(PathBuf::from));
        };
        check(&[("HOME", "/h")], "/h/.config/tidings/tidings.toml");
        check(
            &[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")],
            "/x/tidings/tidings.toml",
        );
    }

    #[test]
    fn a_named_file_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let named = Some(folder.path().join("none.toml"));
        let error = find_file(named, &env(&[])).unwrap_err();
        assert!(matches!(error, SettingsError::Read { .. }), "{error}");
    }

    #[test]
    fn errors_in_the_file_and_unsafe_listeners_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let load = |text: &str| {
            let overrides = Overrides {
                config: Some(write(&folder, "mine.toml", text)),
                ..Overrides::default()
            };
            Settings::load_with(overrides, &[], &env(&[]))
                .unwrap_err()
                .to_string()
        };
        let shown = load("lisen = 1");
        assert!(
            shown.contains("mine.toml:1:1") && shown.contains("`listen`?"),
            "{shown}"
        );
        let shown = load("listen = \"0.0.0.0:80\"");
        assert!(shown.contains("set `base_url` or --base-url"), "{shown}");
    }

    #[test]
    fn state_has_its_order_of_places() {
        let check = |state: Option<&str>, pairs: &[(&str, &str)], expected: &str| {
            let config = Config {
                state: state.map(PathBuf::from),
                entries: "/nowhere/entries".into(),
                ..Config::default()
            };
            let folder = state_folder(&config, false, &env(pairs)).unwrap();
            assert_eq!(folder, Path::new(expected), "{pairs:?}");
        };
        let key = Digest::of(b"/nowhere/entries").to_string();
        let systemd = ("STATE_DIRECTORY", "/var/lib/tidings:/var/lib/other");
        let state_home = ("XDG_STATE_HOME", "/s");
        let home = ("HOME", "/home/ann");
        check(Some("mine"), &[systemd, state_home, home], "mine");
        check(None, &[systemd, state_home, home], "/var/lib/tidings");
        check(None, &[state_home, home], &format!("/s/tidings/{key}"));
        let below_home = format!("/home/ann/.local/state/tidings/{key}");
        check(None, &[home], &below_home);
        check(None, &[("XDG_STATE_HOME", "relative"), home], &below_home);
    }

    #[test]
    fn a_checkout_keeps_its_state_beside_its_settings_unless_it_has_one_elsewhere() {
        let root = tempfile::tempdir().unwrap();
        let config = Config {
            entries: "/nowhere/entries".into(),
            ..Config::default()
        };
        let state_home = root.path().to_str().unwrap();
        let systemd = ("STATE_DIRECTORY", "/var/lib/tidings");
        let check = |pairs: &[(&str, &str)], expected: &Path| {
            let folder = state_folder(&config, true, &env(pairs)).unwrap();
            assert_eq!(folder, expected, "{pairs:?}");
        };
        let pairs = [("XDG_STATE_HOME", state_home)];
        check(&pairs, Path::new("config/state"));
        check(&[systemd, pairs[0]], Path::new("/var/lib/tidings"));
        let key = Digest::of(b"/nowhere/entries").to_string();
        let users = root.path().join("tidings").join(key);
        std::fs::create_dir_all(&users).unwrap();
        check(&pairs, Path::new("config/state"));
        std::fs::write(users.join("ledger.sqlite"), "").unwrap();
        check(&pairs, &users);
    }

    #[test]
    #[cfg(unix)]
    fn one_folder_has_one_state_by_whatever_name_and_before_it_exists() {
        let root = tempfile::tempdir().unwrap();
        let real = root.path().join("real");
        std::fs::create_dir(&real).unwrap();
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();

        let before = canonical(&link.join("entries"));
        assert_eq!(before, canonical(&real.join("entries")));
        std::fs::create_dir(real.join("entries")).unwrap();
        assert_eq!(before, canonical(&link.join("entries")));
        assert_eq!(before, canonical(&link.join("entries/.")));
    }
}
