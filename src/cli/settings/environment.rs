//! Settings in the environment: `TIDINGS_GRACE=10s`, and below a table `TIDINGS_FEEDS__LIMIT=20`.

use std::ffi::OsString;

use clap::{Args, Command};

use super::{Overrides, SettingsError};
use crate::config::{Config, Given};

/// What the name of each begins with.
const PREFIX: &str = "TIDINGS_";

/// What stands between a table and what is in it.
const BELOW: &str = "__";

/// The settings among `variables`. Those that flags have, too, are left to them. A name without `__` that
/// is no key may mean anything to anybody; one with it means a setting, so that a slip is refused. An
/// empty variable counts as none.
pub(super) fn settings(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<Given>, SettingsError> {
    let flags = Overrides::augment_args(Command::new("tidings"));
    let is_flag = |name: &str| {
        let mut arguments = flags.get_arguments();
        arguments.any(|argument| argument.get_env().is_some_and(|env| env == name))
    };
    let top = Config::top_keys();
    let mut given = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| !is_flag(name)) else {
            continue;
        };
        let Some(key) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let key = key.to_ascii_lowercase();
        if value.is_empty() || !(key.contains(BELOW) || top.contains(&key)) {
            continue;
        }
        let value = value.into_string().map_err(|_| SettingsError::Variable {
            name: name.to_owned(),
            message: "that is no text: expected UTF-8".to_owned(),
        })?;
        given.push(Given {
            name: name.to_owned(),
            keys: key.split(BELOW).map(str::to_owned).collect(),
            value,
        });
    }
    // The order of the environment is anybody's.
    given.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(variables: &[(&str, &str)]) -> Vec<(String, String)> {
        let variables = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        let given = settings(variables).unwrap().into_iter();
        given.map(|one| (one.keys.join("."), one.value)).collect()
    }

    #[test]
    fn names_lead_to_keys() {
        let check = |name: &str, expected: Option<&str>| {
            let expected = expected.map(|keys| (keys.to_owned(), "x".to_owned()));
            let expected: Vec<(String, String)> = expected.into_iter().collect();
            assert_eq!(names(&[(name, "x")]), expected, "{name}");
        };
        check("TIDINGS_GRACE", Some("grace"));
        check("TIDINGS_ADMIN_LISTEN", Some("admin_listen"));
        check("TIDINGS_FEEDS__MAX_BYTES", Some("feeds.max_bytes"));
        check("TIDINGS_SITE__AUTHOR__NAME", Some("site.author.name"));
        check("TIDINGS_FEEDS__LIMT", Some("feeds.limt"));
        // What flags have, what others mean, and what is no key.
        check("TIDINGS_LISTEN", None);
        check("TIDINGS_BASE_URL", None);
        check("TIDINGS_CONFIG", None);
        check("TIDINGS_PORT_7373_TCP", None);
        check("TIDINGS_FEEDS", None);
        check("GRACE", None);
        check("RUST_LOG", None);
        assert_eq!(names(&[("TIDINGS_GRACE", "")]), []);
    }

    #[test]
    #[cfg(unix)]
    fn what_is_no_text_is_refused_by_name() {
        use std::os::unix::ffi::OsStringExt;

        let value = OsString::from_vec(vec![0xFF]);
        let error = settings([("TIDINGS_HOLD".into(), value)].into_iter()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("TIDINGS_HOLD in the environment")
        );
    }
}
