use super::*;
use hyper::header::HeaderName;

/// Saturday, 31 January 2026, 10:00:00 UTC, and some more: HTTP knows no fractions.
const MODIFIED: &str = "2026-01-31T10:00:00.75Z";
const AT: &str = "Sat, 31 Jan 2026 10:00:00 GMT";
const BEFORE: &str = "Sat, 31 Jan 2026 09:59:59 GMT";
const AFTER: &str = "Sat, 31 Jan 2026 10:00:01 GMT";

fn hex() -> String {
    Digest::of(b"feed").to_string()
}

fn document() -> Validators {
    Validators {
        tag: Tag::Weak(Digest::of(b"feed")),
        modified: Some(MODIFIED.parse().unwrap()),
    }
}

fn file() -> Validators {
    Validators {
        tag: Tag::Strong(Digest::of(b"feed")),
        ..document()
    }
}

fn check(current: &Validators, fields: &[(HeaderName, &str)], expected: Verdict) {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        // `HEX` stands for the current tag's digits.
        let value = value.replace("HEX", &hex());
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    assert_eq!(evaluate(&headers, current), expected, "{fields:?}");
}

#[test]
fn tags_have_one_form() {
    let text = |tag: Tag| tag.to_header().to_str().unwrap().to_owned();
    assert_eq!(text(document().tag), format!("W/\"{}\"", hex()));
    assert_eq!(text(file().tag), format!("\"{}\"", hex()));
    assert_eq!(hex().len(), 32);
}

#[test]
fn a_known_tag_is_not_modified() {
    for value in [
        "W/\"HEX\"",
        "\"HEX\"",
        "w/\"HEX\"",
        "*",
        " * ",
        "\"other\", W/\"HEX\"",
        "\"other\",W/\"HEX\",\"more\"",
        "W/\"a,b\", W/\"HEX\"",
        ", ,\"HEX\"",
        "W/\"HEX-gzip\"",
        "\"HEX-gzip\"",
        "\"HEX;gzip\"",
        "\"HEX--gzip\"",
        "\"HEX:br\"",
        "\"HEX-br\"",
        "\"HEX-zstd\"",
        "\"HEX-GZIP\"",
        "W/\"HEX\"-gzip",
        "W/\"HEX\";gzip",
        "\"HEX\"-br, \"other\"",
        "\"other\"-gzip, W/\"HEX\"-gzip",
        "HEX",
        "W/HEX",
        "HEX-gzip",
        "\"HEX",
        "HEX\"",
        "\"HEX-gzip",
        "other, HEX",
    ] {
        check(&document(), &[(IF_NONE_MATCH, value)], Verdict::NotModified);
        check(&file(), &[(IF_NONE_MATCH, value)], Verdict::NotModified);
    }
    let two = [(IF_NONE_MATCH, "\"other\""), (IF_NONE_MATCH, "\"HEX\"")];
    check(&document(), &two, Verdict::NotModified);
}

#[test]
fn another_tag_is_news() {
    for value in [
        "",
        ",",
        "\"\"",
        "\"",
        "W/",
        "W/\"\"",
        "\"other\"",
        "\"HEXx\"",
        "\"HEXgzip\"",
        "\"HEX-\"",
        "\"HEX-lzma\"",
        "\"HEX---gzip\"",
        "\"xHEX\"",
        "\"*\"",
        "\"other\", *",
        "\"a, HEX\"",
        "\u{ff}",
    ] {
        check(&document(), &[(IF_NONE_MATCH, value)], Verdict::Proceed);
    }
}

#[test]
fn dates_are_compared_in_seconds() {
    let since = |value: &str, expected| {
        check(&document(), &[(IF_MODIFIED_SINCE, value)], expected);
    };
    since(AT, Verdict::NotModified);
    since(AFTER, Verdict::NotModified);
    since(BEFORE, Verdict::Proceed);
    since("Saturday, 31-Jan-26 10:00:00 GMT", Verdict::NotModified);
    since("Sat Jan 31 10:00:00 2026", Verdict::NotModified);
    since("2026-01-31T10:00:00Z", Verdict::Proceed);
    since("", Verdict::Proceed);
    since("Thu, 01 Jan 1970 00:00:00 GMT", Verdict::Proceed);
}

#[test]
fn the_tag_decides_when_both_come() {
    let both = |tag, date, expected| {
        let fields = [(IF_NONE_MATCH, tag), (IF_MODIFIED_SINCE, date)];
        check(&document(), &fields, expected);
    };
    both("\"other\"", AFTER, Verdict::Proceed);
    both("", AFTER, Verdict::Proceed);
    both("W/\"HEX\"", BEFORE, Verdict::NotModified);
    both("W/\"HEX\"", AT, Verdict::NotModified);
}

#[test]
fn what_has_no_date_has_no_date_conditions() {
    let current = Validators {
        modified: None,
        ..document()
    };
    check(&current, &[(IF_MODIFIED_SINCE, AFTER)], Verdict::Proceed);
    check(&current, &[(IF_UNMODIFIED_SINCE, BEFORE)], Verdict::Proceed);
    assert_eq!(current.last_modified(), None);
}

#[test]
fn if_match_is_strong() {
    check(&file(), &[(IF_MATCH, "\"HEX\"")], Verdict::Proceed);
    check(&file(), &[(IF_MATCH, "*")], Verdict::Proceed);
    check(&file(), &[(IF_MATCH, "W/\"HEX\"")], Verdict::Failed);
    check(&file(), &[(IF_MATCH, "\"HEX-gzip\"")], Verdict::Failed);
    check(&file(), &[(IF_MATCH, "\"other\"")], Verdict::Failed);
    check(&document(), &[(IF_MATCH, "W/\"HEX\"")], Verdict::Failed);
    check(&document(), &[(IF_MATCH, "*")], Verdict::Proceed);
    check(&file(), &[(IF_UNMODIFIED_SINCE, AT)], Verdict::Proceed);
    check(&file(), &[(IF_UNMODIFIED_SINCE, BEFORE)], Verdict::Failed);
    let both = [(IF_MATCH, "\"HEX\""), (IF_UNMODIFIED_SINCE, BEFORE)];
    check(&file(), &both, Verdict::Proceed);
    let then_none = [(IF_MATCH, "\"HEX\""), (IF_NONE_MATCH, "\"HEX\"")];
    check(&file(), &then_none, Verdict::NotModified);
}

#[test]
fn if_range_wants_the_very_same() {
    let holds = |value: &str, current: &Validators| {
        let value = value.replace("HEX", &hex());
        if_range_holds(&HeaderValue::from_str(&value).unwrap(), current)
    };
    assert!(holds("\"HEX\"", &file()));
    assert!(holds(AT, &file()));
    for value in ["W/\"HEX\"", "\"other\"", BEFORE, AFTER, "HEX", ""] {
        assert!(!holds(value, &file()), "{value:?}");
    }
    assert!(!holds("W/\"HEX\"", &document()));
}

#[test]
fn dates_beyond_http_are_held_back() {
    let shown = |modified: Timestamp| {
        let validators = Validators {
            modified: Some(modified),
            ..document()
        };
        validators
            .last_modified()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(shown(MODIFIED.parse().unwrap()), AT);
    assert_eq!(shown(Timestamp::MIN), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert!(shown(Timestamp::MAX).ends_with("9999 22:00:00 GMT"));
}

/// Each field with each kind of value, all with all, for each kind of representation: what each value
/// means by itself is said beside it, and what they mean together is RFC 9110 section 13.2.2.
#[test]
fn every_combination_is_answered_in_the_order_of_the_standard() {
    let undated = Validators {
        modified: None,
        ..document()
    };
    let mut seen = [0; 3];
    for current in [document(), file(), undated] {
        let is_strong = matches!(current.tag, Tag::Strong(_));
        let is_dated = current.modified.is_some();
        let absent = (None, None);
        let tag = |value, holds| (Some(value), Some(holds));
        // A date condition is none where there is no date, nor where it can't be read.
        let date = |value, holds| (Some(value), is_dated.then_some(holds));
        let unreadable = (Some("soon"), None);
        let matches = [
            absent,
            tag("*", true),
            tag("\"HEX\"", is_strong),
            tag("W/\"HEX\"", false),
            tag("\"other\"", false),
            tag("\"other\", \"HEX\"", is_strong),
            tag("\"HEX-gzip\"", false),
            tag("", false),
        ];
        let unmodified = [
            absent,
            date(BEFORE, false),
            date(AT, true),
            date(AFTER, true),
            unreadable,
        ];
        let none_matches = [
            absent,
            tag("*", false),
            tag("\"HEX\"", false),
            tag("W/\"HEX\"", false),
            tag("\"other\"", true),
            tag("\"other\", W/\"HEX\"", false),
            tag("\"HEX-gzip\"", false),
            tag("W/\"HEX;br\"", false),
            tag("", true),
        ];
        let modified = [
            absent,
            date(BEFORE, true),
            date(AT, false),
            date(AFTER, false),
            unreadable,
        ];
        for (if_match, is_matched) in matches {
            for (if_unmodified, is_unmodified) in unmodified {
                for (if_none_match, is_unmatched) in none_matches {
                    for (if_modified, is_modified) in modified {
                        // Steps 1 and 2, then 3 and 4; a tag takes the place of a date.
                        let may_go_on = is_matched.or(is_unmodified) != Some(false);
                        let is_news = is_unmatched.or(is_modified) != Some(false);
                        let expected = match (may_go_on, is_news) {
                            (false, _) => Verdict::Failed,
                            (true, false) => Verdict::NotModified,
                            (true, true) => Verdict::Proceed,
                        };
                        let fields = [
                            (IF_MATCH, if_match),
                            (IF_UNMODIFIED_SINCE, if_unmodified),
                            (IF_NONE_MATCH, if_none_match),
                            (IF_MODIFIED_SINCE, if_modified),
                        ];
                        let fields: Vec<(HeaderName, &str)> = fields
                            .into_iter()
                            .filter_map(|(name, value)| Some((name, value?)))
                            .collect();
                        check(&current, &fields, expected);
                        seen[expected as usize] += 1;
                    }
                }
            }
        }
    }
    assert_eq!(seen.iter().sum::<usize>(), 3 * 8 * 5 * 9 * 5);
    assert!(seen.iter().all(|count| *count > 500), "{seen:?}");
}

/// What proxies that compress make of a tag, each in its own way.
#[test]
fn each_proxy_gives_back_a_tag_that_we_know() {
    for (weak, strong) in [
        // nginx weakens.
        ("W/\"HEX\"", "W/\"HEX\""),
        // Apache: mod_deflate, mod_brotli, and mod_deflate long ago.
        ("W/\"HEX-gzip\"", "\"HEX-gzip\""),
        ("W/\"HEX-br\"", "\"HEX-br\""),
        ("W/\"HEX\"-gzip", "\"HEX\"-gzip"),
        // Jetty.
        ("W/\"HEX--gzip\"", "\"HEX--gzip\""),
        // Others with other codings.
        ("W/\"HEX-zstd\"", "\"HEX-zstd\""),
        ("W/\"HEX-deflate\"", "\"HEX-deflate\""),
        ("W/\"HEX;gzip\"", "\"HEX:gzip\""),
        // Clients that lose the quotes.
        ("HEX", "HEX"),
    ] {
        for (current, value) in [(document(), weak), (file(), strong)] {
            let fields = [(IF_NONE_MATCH, value), (IF_MODIFIED_SINCE, BEFORE)];
            check(&current, &fields, Verdict::NotModified);
            let other = value.replace("HEX", "0123456789abcdef0123456789abcdef");
            check(&current, &[(IF_NONE_MATCH, &other)], Verdict::Proceed);
        }
    }
}
