//! Settings that are given one by one, beside the file: by the environment, say.

use toml::{Table, Value};

use super::error::{self, TABLES};
use super::{Config, ConfigError};
use crate::entry::Text;

/// A setting that wins over the file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// What whoever gave it calls it.
    pub name: String,
    /// Where it stands in a settings file: tables, and the key.
    pub keys: Vec<String>,
    /// Its value. A text needs no quotes; all else is as in a settings file.
    pub value: String,
}

/// Why settings can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// What is in the file.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// What was given beside it.
    #[error("{name}: {message}")]
    Given {
        /// What it is called.
        name: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Config {
    /// The keys above the first table of a settings file.
    pub fn top_keys() -> Vec<String> {
        let mut keys = error::keys_of("");
        keys.retain(|key| !TABLES.contains(&key.as_str()));
        keys
    }

    /// Reads the text of a settings file, which must be right by itself, with `given` in place of what
    /// it says.
    pub fn parse_with(text: &str, given: &[Given]) -> Result<Self, ParseError> {
        let config = Self::parse(text)?;
        if given.is_empty() {
            return Ok(config);
        }
        // Both were read from their text once already, and by tests.
        let mut table = text.parse::<Table>().unwrap_or_default();
        let defaults = Self::default().to_toml().unwrap_or_default();
        let defaults = defaults.parse::<Table>().unwrap_or_default();
        for one in given {
            one.put(&mut table, &defaults);
        }
        serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
            let path: Vec<String> = error.path().iter().map(ToString::to_string).collect();
            let about = given.iter().max_by_key(|one| one.shares(&path));
            let (message, hint) = error::message_of(error.inner());
            let message = hint.map_or(message.clone(), |hint| format!("{message}: {hint}"));
            ParseError::Given {
                name: about.map_or_else(|| path.join("."), |one| one.name.clone()),
                message: Text::one_line(&message).to_string(),
            }
        })
    }
}

impl Given {
    fn put(&self, table: &mut Table, defaults: &Table) {
        let Some((key, tables)) = self.keys.split_last() else {
            return;
        };
        let (mut table, mut defaults) = (table, Some(defaults));
        for name in tables {
            defaults = defaults.and_then(|it| it.get(name)?.as_table());
            let inner = table
                .entry(name.clone())
                .or_insert_with(|| Value::Table(Table::new()));
            if !inner.is_table() {
                *inner = Value::Table(Table::new());
            }
            let Value::Table(inner) = inner else { return };
            table = inner;
        }
        let default = defaults.and_then(|it| it.get(key));
        table.insert(key.clone(), self.value(default));
    }

    /// The value as a settings file has it. That of a key whose default is a text is one, too, even if it
    /// is `1984`; where there is no default, so is all that is no list, no table, and neither true nor
    /// false.
    fn value(&self, default: Option<&Value>) -> Value {
        let raw = self.value.trim();
        let is_text = match default {
            Some(Value::String(_) | Value::Table(_)) => !raw.starts_with(['[', '{']),
            Some(_) => false,
            None => !raw.starts_with(['[', '{']) && !matches!(raw, "true" | "false"),
        };
        let parsed = || {
            format!("value = {raw}")
                .parse::<Table>()
                .ok()?
                .remove("value")
        };
        let parsed = if is_text { None } else { parsed() };
        parsed.unwrap_or_else(|| Value::String(self.value.clone()))
    }

    /// How many keys of `path` lead to this one.
    fn shares(&self, path: &[String]) -> usize {
        let pairs = self.keys.iter().zip(path);
        pairs.take_while(|(own, other)| own == other).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Vec<Given> {
        let one = |(keys, value): &(&str, &str)| Given {
            name: (*keys).to_owned(),
            keys: keys.split('.').map(str::to_owned).collect(),
            value: (*value).to_owned(),
        };
        pairs.iter().map(one).collect()
    }

    #[test]
    fn what_is_given_means_the_same_as_in_a_file() {
        let check = |pairs: &[(&str, &str)], text: &str| {
            let base = "grace = \"1s\"\n[feeds]\nlimit = 7\n[http]\nmin_age = \"5s\"\n";
            let expected = Config::parse(text).unwrap();
            let config = Config::parse_with(base, &given(pairs)).unwrap();
            assert_eq!(config, expected, "{pairs:?}");
        };
        let rest = "grace = \"1s\"\nhttp.min_age = \"5s\"\n";
        check(&[], &format!("{rest}feeds.limit = 7"));
        check(
            &[("feeds.limit", " 20 ")],
            &format!("{rest}feeds.limit = 20"),
        );
        let rest = format!("{rest}feeds.limit = 7\n");
        check(&[("hold", "60s")], &format!("{rest}hold = \"60s\""));
        check(
            &[("limits.entry_bytes", "4096"), ("limits.streams", "3")],
            &format!("{rest}limits.entry_bytes = 4096\nlimits.streams = 3"),
        );
        check(
            &[("site.title", "1984")],
            &format!("{rest}site.title = \"1984\""),
        );
        check(
            &[("site.author", "Ann")],
            &format!("{rest}site.author = \"Ann\""),
        );
        check(
            &[
                ("site.author.name", "Ann"),
                ("site.author.uri", "https://a.example/"),
            ],
            &format!("{rest}site.author = {{ name = \"Ann\", uri = \"https://a.example/\" }}"),
        );
        check(
            &[("http.rate_limit", "false")],
            &format!("{rest}http.rate_limit = false"),
        );
        check(
            &[("ignore", "[\"*.bak\"]")],
            &format!("{rest}ignore = [\"*.bak\"]"),
        );
        check(&[("theme", "mine")], &format!("{rest}theme = \"mine\""));
        check(
            &[
                ("podcast.explicit", "true"),
                ("podcast.category", "News > Daily News"),
            ],
            &format!("{rest}podcast.explicit = true\npodcast.category = \"News > Daily News\""),
        );
        check(
            &[("tls.cert", "a.pem"), ("tls.key", "b.pem")],
            &format!("{rest}tls.cert = \"a.pem\"\ntls.key = \"b.pem\""),
        );
    }

    #[test]
    fn what_is_wrong_with_it_is_said_under_its_name() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            let mut pairs = pairs.to_vec();
            pairs.extend([("hold", "60s"), ("feeds.max_bytes", "1MiB")]);
            let error = Config::parse_with("", &given(&pairs))
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        check(
            &[("feeds.limit", "0")],
            "feeds.limit: 0 is out of range: expected 1 to ",
        );
        check(
            &[("feeds.limit", "many")],
            "feeds.limit: invalid type: string \"many\"",
        );
        check(
            &[("feeds.limt", "20")],
            "feeds.limt: unknown key `limt`: did you mean `limit`?",
        );
        check(
            &[("sites.title", "A")],
            "sites.title: unknown key `sites`: did you mean `site`?",
        );
        check(
            &[("watch", "seldom")],
            "watch: `seldom` is not a way to watch: expected",
        );
        check(&[("tls.cert", "a.pem")], "tls.cert: missing field `key`");
        check(&[("log.level", "in\u{1b}of")], "log.level: `in");
    }

    #[test]
    fn the_file_is_told_of_first() {
        let error = Config::parse_with("lisen = 1", &given(&[("feeds.limit", "0")]));
        assert!(matches!(error, Err(ParseError::File(_))), "{error:?}");
    }

    #[test]
    fn top_keys_are_those_above_the_tables() {
        let keys = Config::top_keys();
        assert!(keys.contains(&"grace".to_owned()) && keys.contains(&"theme".to_owned()));
        assert!(!keys.contains(&"feeds".to_owned()) && !keys.contains(&"feed".to_owned()));
    }
}
