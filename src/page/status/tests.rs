use serde_json::{Value, json};

use super::*;

/// Text of which nothing may come through as it is.
const HOSTILE: &str = "<b>\"&'\u{1b}[31m\u{202e}\u{9b}";

fn sample() -> Value {
    let moment = "2026-01-31T10:00:30.5Z";
    let source = json!({ "line": format!("date: {HOSTILE}"), "column": 7 });
    let programs = json!([
        { "name": "Feedly", "kind": "service", "readers": 1234, "polls": 48, "not_modified": 36,
          "every_seconds": 1800 },
        { "name": "bots", "kind": "bot", "readers": null, "polls": 1, "not_modified": 0,
          "every_seconds": null },
    ]);
    let estimate = json!({ "subscribers": 1235, "through_services": 1234, "single_readers": 1,
        "complete_days": 1 });
    json!({
        "version": "1.2.3",
        "since": moment,
        "now": moment,
        "title": HOSTILE,
        "base_url": "https://example.org/",
        "is_serving": true,
        "troubles": [{ "reason": HOSTILE, "since": moment }],
        "rejected": { "total": 3, "first": [
            { "file": HOSTILE, "line": 3, "column": 7, "reason": HOSTILE, "source": source,
              "since": moment },
            { "file": "away.md", "line": null, "column": null, "reason": "can't be read",
              "source": null, "since": moment },
        ] },
        "pending": { "total": 51, "first": [
            { "file": HOSTILE, "line": 4, "text": HOSTILE },
            { "file": "b.md", "line": null, "text": "x" },
        ] },
        "scheduled": { "total": 1, "first": [{ "title": HOSTILE, "file": HOSTILE, "due": moment }] },
        "live": { "total": 100_000, "first": [
            { "title": HOSTILE, "file": HOSTILE, "address": "https://example.org/a", "published": moment },
        ] },
        "publications": { "total": 1, "first": [
            { "moment": moment, "milliseconds": 12, "new": 2, "edited": 1, "withdrawn": 1,
              "titles": [HOSTILE, "b", "c"] },
        ] },
        "ledger": { "entries": 100_001, "withdrawn": 1 },
        "audience": { "total": 60, "since": moment, "missed": 2, "turned_away": 1, "feeds": [
            { "feed": "tags/a/", "estimate": estimate, "polls": 49, "not_modified": 36,
              "programs": programs, "unverified": [{ "name": "Shiny", "subscribers": 900 }] },
        ] },
    })
}

/// The least that there is to tell.
fn nothing() -> Value {
    let moment = "2026-01-31T10:00:30.5Z";
    let none = json!({ "total": 0, "first": [] });
    json!({
        "version": "1.2.3",
        "since": moment,
        "now": moment,
        "title": "",
        "base_url": "",
        "is_serving": false,
        "troubles": [],
        "rejected": none,
        "pending": none,
        "scheduled": none,
        "live": none,
        "publications": none,
        "ledger": { "entries": 0, "withdrawn": 0 },
        "audience": { "total": 0, "since": moment, "missed": 0, "turned_away": 0, "feeds": [] },
    })
}

#[test]
fn nothing_from_outside_comes_through_as_it_is() {
    let page = html(&sample(), &TimeZone::UTC).unwrap();
    assert!(!page.contains("<b>\""), "{page}");
    assert!(page.contains("&lt;b&gt;&quot;&amp;&#39;"), "{page}");
    let told = text(&sample(), &TimeZone::UTC).unwrap();
    let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!told.contains(steers), "{told:?}");
    assert!(
        told.contains("<b>\"&'\u{fffd}[31m\u{fffd}\u{fffd}"),
        "{told}"
    );
}

#[test]
fn the_page_says_everything() {
    let page = html(&sample(), &TimeZone::UTC).unwrap();
    for part in [
        ":3:7</strong>",
        "<span class=\"number\">3 | </span>date: ",
        "<span class=\"number\">  | </span>      <b>^</b>",
        "and 1 more</p>",
        "about <strong>1\u{202f}235</strong> subscribers",
        "1\u{202f}234 through services",
        "1 single reader yesterday",
        "49 polls in 24 h, 73 % unchanged",
        "<td>1\u{202f}234</td><td>48</td><td>75 %</td><td>30 min</td>",
        "<td>–</td><td>1</td><td>0 %</td><td>–</td>",
        "Shiny (900)",
        "and 59 more feeds",
        "3 polls could not be counted",
        "and 49 more</p>",
        "<strong>100\u{202f}000</strong> <a href=\"#live\">live</a>",
        "<time datetime=\"2026-01-31T10:00:30.5Z\">2026-01-31 10:00</time>",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    let page = html(&sample(), &zone).unwrap();
    assert!(page.contains(">2026-01-31 19:00</time>"), "{page}");
    assert!(page.contains("Asia/Tokyo"), "{page}");
}

#[test]
fn the_text_says_everything() {
    let told = text(&sample(), &TimeZone::UTC).unwrap();
    for part in [
        "tidings 1.2.3, since 2026-01-31 10:00",
        "\nWRONG: ",
        "    3 | date: ",
        "\n      |       ^\n",
        "  away.md: can't be read\n",
        "  and 1 more\n",
        "  /tags/a/  about 1\u{202f}235 subscribers: 1234 through services, 1 single reader yesterday;",
        "    Feedly                      1234 readers      48 polls   75 % unchanged, about every 30 min\n",
        "    bots                           ? readers       1 poll     0 % unchanged\n",
        "    Shiny                    claims 900 subscribers; ",
        "  and 59 more feeds\n",
        "  b.md: Read: x\n",
        "  and 49 more\n",
        "\nTO COME\n  2026-01-31 10:00  ",
    ] {
        assert!(told.contains(part), "no {part:?} in {told}");
    }
    assert!(!told.contains("\n\n\n"), "{told}");
}

#[test]
fn where_there_is_nothing_it_says_so() {
    let page = html(&nothing(), &TimeZone::UTC).unwrap();
    for part in [
        "Starting</span>",
        "Nothing is scheduled.",
        "Nobody has asked for a feed since the start.",
        "None: every “Read:” line leads somewhere.",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let told = text(&nothing(), &TimeZone::UTC).unwrap();
    assert!(told.contains("STARTING"), "{told}");
    assert!(!told.contains("WAITING LINES"), "{told}");
}

#[test]
fn numbers_are_written_for_people() {
    assert_eq!(grouped(7), "7");
    assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
    assert_eq!(times(1, "entry", Some("entries")), "1 entry");
    assert_eq!(times(0, "entry", Some("entries")), "0 entries");
    assert_eq!(times(2, "poll", None), "2 polls");
    assert_eq!(percent(0, 0), "–");
    assert_eq!(percent(2, 3), "67 %");
    for (seconds, expected) in [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (5400, "2 h"),
        (86_400, "24 h"),
    ] {
        assert_eq!(every(seconds), expected);
    }
}
