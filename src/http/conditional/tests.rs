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
