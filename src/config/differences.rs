//! In what two settings differ.

use toml::{Table, Value};

use super::Config;

/// What a running daemon can't change: where it is, who it is, and in which form it has begun to log.
const FIXED: [&str; 4] = ["entries", "log.format", "site.id", "state"];

impl Config {
    /// The keys with different values, in order: `feeds.limit`, `listen`.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut keys = Vec::new();
        let tables = [self, other].map(|config| Table::try_from(config).unwrap_or_default());
        compare("", &tables[0], &tables[1], &mut keys);
        keys
    }

    /// Takes these settings back to what `running` has of those that only a start can change. Returns
    /// their keys, if they were others.
    pub fn keep_fixed(&mut self, running: &Self) -> Vec<&'static str> {
        let differences = self.differences(running);
        self.entries.clone_from(&running.entries);
        self.state.clone_from(&running.state);
        self.site.id = running.site.id;
        self.log.format = running.log.format;
        let is_different = |key: &&str| differences.iter().any(|it| it == key);
        FIXED.into_iter().filter(is_different).collect()
    }
}

/// Notes the keys below `prefix` that differ. Tables are gone into, but for one that is not there at all:
/// `tls` says more than what is in it.
fn compare(prefix: &str, one: &Table, other: &Table, keys: &mut Vec<String>) {
    let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let key = format!("{prefix}{name}");
        match (one.get(name), other.get(name)) {
            (Some(Value::Table(one)), Some(Value::Table(other))) => {
                compare(&format!("{key}."), one, other, keys);
            }
            (one, other) if one != other => keys.push(key),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named() {
        let check = |one: &str, other: &str, expected: &[&str]| {
            let [one, other] = [one, other].map(|text| Config::parse(text).unwrap());
            assert_eq!(one.differences(&other), expected);
            assert_eq!(other.differences(&one), expected);
        };
        check("", "", &[]);
        check("", "settle = \"200ms\"", &[]);
        check("", "settle = \"1s\"", &["settle"]);
        check(
            "feeds.limit = 4\nlisten = [\"127.0.0.1:1\"]",
            "feeds.limit = 5\nsite.title = \"A\"",
            &["feeds.limit", "listen", "site.author.name", "site.title"],
        );
        check("", "tls.cert = \"a.pem\"\ntls.key = \"b.pem\"", &["tls"]);
        check(
            "[[feed]]\nname = \"a\"\ntitle = \"A\"",
            "[[feed]]\nname = \"a\"\ntitle = \"B\"",
            &["feed"],
        );
    }

    #[test]
    fn what_only_a_start_can_change_stays() {
        let running = Config::parse("entries = \"a\"\nstate = \"s\"").unwrap();
        let mut new = Config::parse(
            "entries = \"b\"\nfeeds.limit = 4\nsite.id = \"0b2d5a0e-7c7b-4f0e-9f3a-5d2f6c1e8a94\"",
        )
        .unwrap();
        assert_eq!(new.keep_fixed(&running), ["entries", "site.id", "state"]);
        assert_eq!(new.differences(&running), ["feeds.limit"]);
        assert!(new.keep_fixed(&running).is_empty());
    }
}
