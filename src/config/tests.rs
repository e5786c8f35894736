//! Settings as they are written, and what is said of those that are wrong.

mod listen;

use super::*;
use crate::entry::{Content, Slug};

#[test]
fn the_file_that_comes_with_tidings_holds_the_defaults() {
    assert_eq!(Config::parse(DEFAULT_FILE), Ok(Config::default()));
    assert_eq!(Config::parse(""), Ok(Config::default()));
}

#[test]
fn the_file_that_comes_with_tidings_names_every_key_of_every_table() {
    let mut table = "";
    let mut written = Vec::new();
    for line in DEFAULT_FILE.lines() {
        let line = line.strip_prefix("# ").unwrap_or(line);
        let array = line.strip_prefix("[[").and_then(|l| l.strip_suffix("]]"));
        if let Some(name) = array {
            table = name;
            written.push((String::new(), name.to_owned()));
        } else if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            table = name;
            written.push((String::new(), name.to_owned()));
        } else if let Some((key, _)) = line.split_once(" = ") {
            written.push((table.to_owned(), key.to_owned()));
        }
    }
    for table in error::TABLES {
        let keys = error::keys_of(table);
        assert!(!keys.is_empty(), "{table}");
        for key in keys {
            let place = (table.to_owned(), key);
            assert!(written.contains(&place), "{place:?} is not in the file");
        }
    }
}

#[test]
fn what_is_shown_reads_back_the_same() {
    let check = |text: &str| {
        let config = Config::parse(text).unwrap();
        let shown = config.to_toml().unwrap();
        assert_eq!(Config::parse(&shown), Ok(config), "{shown}");
    };
    check("");
    check(FULL);
    check(SEVERAL);
}

/// Several listeners, and TLS.
const SEVERAL: &str = r#"
base_url = "https://example.org/"
listen = ["0.0.0.0:443", "[::1]:8443", " unix:/run/tidings/http.sock "]
[tls]
cert = "/etc/tidings/fullchain.pem"
key = "/etc/tidings/privkey.pem"
redirect_listen = "0.0.0.0:80"
[[tls.more]]
cert = "other.pem"
key = "other-key.pem"
[[tls.more]]
cert = "third.pem"
key = "third-key.pem"
"#;

const FULL: &str = r#"
base_url = "HTTPS://Example.org/news"
entries = "/srv/entries"
state = "/var/lib/tidings"
listen = "[::]:80"
admin_listen = "127.0.0.1:9"
settle = "1s 500ms"
grace = "0s"
timezone = "Europe/Berlin"
watch = "scan"
ignore = ["drafts/**", "*.bak"]
theme = "/srv/theme"
[site]
id = "0b2d5a0e-7c7b-4f0e-9f3a-5d2f6c1e8a94"
title = " The  Harbour\nNews "
description = ""
language = "pt_BR"
author = { name = "Ann", email = "ann@example.org", uri = "https://example.org/ann" }
icon = "https://example.org/icon.png"
copyright = "© Ann"
[feeds]
limit = 7
max_bytes = "64KiB"
content = "first 3"
[[feed]]
name = "City Desk"
title = "City"
tags = ["Stadt & Land", "council"]
without = { sections = ["sport"] }
order = "updated"
content = "summary"
limit = 9
[[feed]]
name = "all"
title = "All"
[related]
labels = ["Lies auch:"]
[removal_guard]
share = " 35 %"
wait = "never"
[http]
rate_limit = false
trusted_proxies = ["127.0.0.1", "10.0.0.0/8", "2001:DB8::/32", "unix"]
proxy_protocol = true
min_age = "30s"
max_age = "20m"
[limits]
entry_bytes = 4097
document_cache = "1 GiB"
connections = 1
headers = 16
header_bytes = "8KiB"
header_timeout = "1m"
write_timeout = "100ms"
drain = "1h"
[log]
level = "info,tidings=debug"
format = "json"
access = "addresses"
"#;

#[test]
fn values_are_read_in_their_normal_form() {
    let config = Config::parse(FULL).unwrap();
    let address = |raw| Some(Address::parse(raw).unwrap());
    assert_eq!(config.base_url, address("https://example.org/news/"));
    assert_eq!(config.settle, Duration::from_millis(1500));
    assert_eq!(config.timezone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(config.watch, WatchMode::Scan);
    assert_eq!(config.site.title.as_str(), "The Harbour News");
    assert_eq!(config.site.language.as_str(), "pt-BR");
    assert_eq!(config.site.author.uri, address("https://example.org/ann"));
    assert_eq!(config.related.labels, ["Lies auch"]);
    assert_eq!(config.feeds.content, Content::First(3));
    let [city, all] = &config.own_feeds[..] else {
        panic!("{:?}", config.own_feeds);
    };
    assert_eq!(city.name.as_str(), "city-desk");
    let tags: Vec<_> = city.tags.iter().map(Slug::as_str).collect();
    assert_eq!(tags, ["stadt-land", "council"]);
    assert_eq!(city.without.sections[0].as_str(), "sport");
    assert_eq!((city.order, city.limit), (FeedOrder::Updated, Some(9)));
    assert_eq!(
        (all.order, all.limit, &all.content),
        (FeedOrder::Published, None, &None)
    );
    assert_eq!(config.removal_guard.share, 35);
    assert_eq!(config.removal_guard.wait, None);
    let proxies = &config.http.trusted_proxies;
    assert!(proxies.trusts(std::net::Ipv4Addr::new(10, 1, 2, 3).into()) && proxies.trusts_unix());
    assert!(!config.http.rate_limit && config.http.proxy_protocol);
    assert_eq!(config.http.min_age, Duration::from_secs(30));
    assert_eq!(config.http.max_age, Duration::from_mins(20));
    assert_eq!(config.limits.entry_bytes, 4097);
    assert_eq!(config.limits.document_cache, 1 << 30);
    assert_eq!(config.check(), Ok(()));
}

#[test]
fn who_names_no_author_is_the_author() {
    let author = |text: &str| Config::parse(text).unwrap().site.author.name.to_string();
    assert_eq!(author("[site]\ntitle = \"Harbour\""), "Harbour");
    assert_eq!(author("[site]\nauthor = \"Ann\""), "Ann");
    assert_eq!(author("[site.author]\nname = \"Ann\""), "Ann");
}

fn check_refused(text: &str, expected: &str) {
    let error = Config::parse(text).expect_err(text).to_string();
    assert!(error.contains(expected), "{text:?}: {error}");
}

#[test]
fn wrong_feeds_are_refused() {
    let check = check_refused;
    check("[[feed]]\ntitle = \"City\"", "missing field `name`");
    check(
        "[[feed]]\nname = \"–\"\ntitle = \"City\"",
        "2:8: `–` can't stand in an address: expected words, such as city desk",
    );
    check(
        "[[feed]]\nname = \"a\"\ntitle = \"City\"\norder = \"random\"",
        "4:9: `random` is no order: expected published or updated",
    );
    check(
        "[[feed]]\nname = \"a\"\ntag = []",
        "3:1: unknown key `tag`: did you mean `tags`?",
    );
    check(
        "[feeds]\ncontent = \"half\"",
        "2:11: `half` is unknown: expected full, summary or, for so many paragraphs, first 3",
    );
    check(
        "[feeds]\nmax_bytes = 1",
        "too small: expected 64KiB to 4MiB",
    );
    let twins = "[[feed]]\nname = \"a\"\ntitle = \"A\"\n".repeat(2);
    let error = Config::parse(&twins).unwrap().check().unwrap_err();
    assert_eq!(
        error.to_string(),
        "two feeds are called `a`: give each `[[feed]]` a `name` of its own"
    );
}

#[test]
fn wrong_proxies_are_refused() {
    let check = |list: &str, expected: &str| {
        check_refused(&format!("[http]\ntrusted_proxies = {list}"), expected);
    };
    check(
        "[\"127.0.0.1\", \"localhost\"]",
        "2:33: `localhost` is no proxy: expected for example 192.0.2.1, 10.0.0.0/8",
    );
    check("[\"10.0.0.0/33\"]", "2:20: `10.0.0.0/33` is no proxy");
    check("[\"10.0.0.0-10.0.0.9\"]", "is no proxy");
    check("[\"127.0.0.1:80\"]", "is no proxy");
    check("[\"\"]", "is no proxy");
    check(
        "[\"10.0.0.1/8\"]",
        "`10.0.0.1/8` is in the middle of a network: expected 10.0.0.0/8, or the address alone",
    );
    check("[\"0.0.0.0/0\"]", "`0.0.0.0/0` is everybody");
    check("[\"::/0\"]", "`::/0` is everybody");
    check("\"127.0.0.1\"", "expected a list of texts");
    check_refused("[http]\nproxy_protocol = \"v2\"", "expected a boolean");
    let alone = Config::parse("[http]\nproxy_protocol = true").unwrap();
    assert_eq!(alone.check(), Err(CheckError::NoTrustedProxy));
}

#[test]
fn what_the_feed_validator_calls_an_error_is_refused() {
    let check = |text: &str, expected: &str| {
        let error = Config::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    };
    check("[site]\nlanguage = \"xx\"", "not a language tag");
    check(
        "[site]\nauthor = { name = \"A\", email = \"a@localhost\" }",
        "not a mail address",
    );
    check(
        "[site]\nauthor = { name = \"A\", uri = \"a.example\" }",
        "not an absolute URL",
    );
}

#[test]
fn wrong_values_of_the_log_are_refused_too() {
    let check = check_refused;
    check(
        "[log]\nlevel = \"inof\"",
        "not a log level: expected one of off, error",
    );
    check("[log]\nlevel = \"tidings=loud\"", "not a log level");
    check(
        "[log]\nformat = \"xml\"",
        "not a form of the log: expected auto, text, json or journald",
    );
    check(
        "[log]\naccess = \"all\"",
        "not what an access log can be: expected off, on or addresses",
    );
}

#[test]
fn wrong_values_are_refused_and_the_error_tells_what_would_be_right() {
    let check = check_refused;
    check(
        "base_url = \"example.org\"",
        "1:12: `example.org` is not an absolute URL: expected for example https://",
    );
    check("base_url = \"ftp://example.org\"", "not a web address");
    check("base_url = \"https://example.org/?a\"", "has a query");
    check("base_url = \"https://example.org/#a\"", "or a fragment");
    check("base_url = \"https://a:b@example.org/\"", "names a user");
    check("entries = \"\"", "not the name of a folder");
    check("state = 1", "expected the name of a folder");
    check("listen = \"7373\"", "expected for example 127.0.0.1:7373");
    check(
        "listen = \"localhost:7373\"",
        "expected for example 127.0.0.1",
    );
    check("listen = 7373", "expected an address and a port");
    check("admin_listen = \"on\"", "expected auto, off, for example");
    check(
        "admin_listen = \"unix:\"",
        "such as unix:/run/tidings/admin.sock",
    );
    check("settle = \"5x\"", "expected for example 200ms");
    check("settle = \"-5s\"", "is not a duration");
    check("settle = 200", "expected a duration such as 200ms");
    check(
        "settle = \"1ms\"",
        "`1ms` is too short: expected 10ms to 1m",
    );
    check("grace = \"25h\"", "`25h` is too long: expected 0s to 24h");
    check(
        "timezone = \"Mars/Base\"",
        "expected for example Europe/Berlin",
    );
    check("watch = \"poll\"", "expected auto or scan");
    check("watch = true", "expected auto or scan");
    check("ignore = [\"ok\", \"a[\"]", "1:17: `a[` is not a glob");
    check("ignore = \"a\"", "expected a list of texts");
    check("ignore = [1]", "1:11: ");
    check("site = 1", "expected");
    check("[site]\nid = \"12\"", "not a UUID: expected for example");
    check("[site]\ntitle = \" \"", "the text is empty");
    check(
        "[site]\nlanguage = \"English, please\"",
        "expected for example en",
    );
    check("[site]\nauthor = \"\"", "2:10: the text is empty");
    check("[site]\nauthor = {}", "missing field `name`");
    check("[site]\nauthor = 1", "expected a name, or a table such as");
    check(
        "[site]\nauthor = { name = \"A\", email = \"a\" }",
        "2:32: `a` is not a mail",
    );
    check("[site]\nicon = \"mailto:a@b.example\"", "not a web address");
    check("[site]\nicon = \"/icon.png\"", "not an absolute URL");
    check(
        "[feeds]\nlimit = 0",
        "2:9: 0 is out of range: expected 1 to 10000",
    );
    check("[feeds]\nlimit = -1", "-1 is out of range");
    check("[related]\nlabels = [\"\"]", "not a label");
    check("[related]\nlabels = [\"a: b\"]", "without a colon");
    check(
        "[removal_guard]\nshare = \"101%\"",
        "2:9: `101%` is not a share: expected 0% to 100%",
    );
    check("[removal_guard]\nshare = \"0.5\"", "for example 50%");
    check(
        "[removal_guard]\nshare = 0.5",
        "expected a share such as 50%",
    );
    check(
        "[removal_guard]\nwait = \"721h\"",
        "`721h` is too long: expected at most 720h, or never",
    );
    check("[removal_guard]\nwait = \"x\"", "is not a duration");
    check(
        "[limits]\nentry_bytes = \"2 MB more\"",
        "not a size: expected for example 2MiB",
    );
    check(
        "[limits]\nentry_bytes = 1",
        "1B is too small: expected 1KiB to 1GiB",
    );
    check(
        "[limits]\nentry_bytes = \"99999999999999999GiB\"",
        "not a size",
    );
    check("[limits]\nentry_bytes = -1", "-1 is not a size");
    check(
        "[limits]\nheader_bytes = 4096",
        "4KiB is too small: expected 8KiB",
    );
    check("[limits]\ndrain = \"0s\"", "too short");
}

#[test]
fn without_a_public_address_only_this_machine_is_served() {
    let check = |text: &str, expected: Result<(), &str>| {
        let result = Config::parse(text).unwrap().check();
        let result = result.map_err(|error| error.to_string());
        match expected {
            Ok(()) => assert_eq!(result, Ok(()), "{text}"),
            Err(part) => assert!(result.unwrap_err().contains(part), "{text}"),
        }
    };
    check("listen = \"127.0.0.1:0\"", Ok(()));
    check("listen = \"127.1.2.3:80\"", Ok(()));
    check("listen = \"[::1]:80\"", Ok(()));
    check("listen = \"[::ffff:127.0.0.1]:80\"", Ok(()));
    check(
        "listen = \"0.0.0.0:80\"",
        Err("set `base_url` or --base-url"),
    );
    check("listen = \"[::]:80\"", Err("[::]:80"));
    check("listen = \"10.0.0.1:80\"", Err("10.0.0.1:80"));
    check(
        "listen = \"0.0.0.0:80\"\nbase_url = \"https://example.org\"",
        Ok(()),
    );
    check(
        "listen = \"127.0.0.1:80\"\nadmin_listen = \"127.0.0.1:80\"",
        Err("another place"),
    );
}
