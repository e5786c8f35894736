//! Delta feeds (RFC 3229 with the manipulation `feed`): who has a version of a feed and says so is sent
//! what is new since then, and everybody else the whole.

use std::fs;
use std::io::Read;

use crate::support::{PATIENCE, Response, Setup, Tidings, eventually, request};

const FEEDS: [&str; 3] = ["/rss.xml", "/atom.xml", "/feed.json"];

const DELTA: (&str, &str) = ("A-IM", "feed");

fn publish(tidings: &Tidings, name: &str, words: &str) {
    let text = format!("# {name}\n\n{}\n", format!("{words} ").repeat(200));
    tidings.drop_entry(&format!("{name}.md"), &text);
}

/// Three entries, which are there.
fn start() -> Tidings {
    let setup = Setup::new();
    let tidings = setup.start();
    for name in ["One", "Two", "Three"] {
        publish(&tidings, name, "words");
    }
    tidings.feed_when("three are there", |feed| titles_in(feed).len() == 3);
    tidings
}

fn titles_in(feed: &serde_json::Value) -> Vec<&str> {
    let items = feed["items"].as_array().unwrap().iter();
    items.map(|it| it["title"].as_str().unwrap()).collect()
}

/// As a feed library reads it.
fn titles(body: &[u8]) -> Vec<String> {
    let feed = feed_rs::parser::parse(body).unwrap();
    assert!(feed.title.is_some(), "it has a head");
    let entries = feed.entries.into_iter();
    let mut titles: Vec<String> = entries.map(|it| it.title.unwrap().content).collect();
    titles.sort();
    titles
}

fn tag(answer: &Response) -> String {
    answer.header("etag").unwrap().to_owned()
}

/// The tags of the feeds, as a client has them that asks for deltas.
fn tags(tidings: &Tidings) -> [String; 3] {
    FEEDS.map(|path| {
        let answer = tidings.get_with(path, &[DELTA]);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("im"), None);
        assert_eq!(answer.header("vary"), Some("Accept-Encoding, A-IM"));
        tag(&answer)
    })
}

/// Asks for what is new since `tags`, and checks what each answer has besides entries.
fn deltas(tidings: &Tidings, tags: &[String; 3]) -> Vec<Vec<String>> {
    let since = FEEDS.iter().zip(tags);
    let all = since.map(|(path, since)| {
        let fields = [DELTA, ("If-None-Match", since.as_str())];
        let answer = tidings.get_with(path, &fields);
        let whole = tidings.get(path);
        assert_eq!(answer.status, 226, "{path}: {answer:?}");
        for (name, expected) in [
            ("im", Some("feed")),
            ("delta-base", Some(since.as_str())),
            ("cache-control", Some("private, no-store")),
            ("vary", Some("Accept-Encoding, A-IM, If-None-Match")),
            ("etag", whole.header("etag")),
            ("content-type", whole.header("content-type")),
        ] {
            assert_eq!(answer.header(name), expected, "{path}: {name}");
        }
        assert!(answer.body.len() < whole.body.len(), "{path}");
        // HEAD says the same, and has no body.
        let head = request(tidings.address(), "HEAD", path, &fields);
        // Last-Modified is said as soon as its second is over, which may be between the two.
        let is_lasting = |name: &str| !["date", "last-modified"].contains(&name);
        let lasting = |answer: &Response| {
            let fields = answer.headers.iter().filter(|(name, _)| is_lasting(name));
            let mut fields: Vec<_> = fields.cloned().collect();
            fields.sort();
            fields
        };
        assert_eq!((head.status, lasting(&head)), (226, lasting(&answer)));
        // With the tag that came along nothing is new.
        let now = tag(&answer);
        let again = tidings.get_with(path, &[DELTA, ("If-None-Match", &now)]);
        assert_eq!(again.status, 304, "{path}");
        // And without A-IM it is the whole.
        let plain = tidings.get_with(path, &[("If-None-Match", since)]);
        assert_eq!((plain.status, plain.header("im")), (200, None), "{path}");
        assert_eq!(plain.header("vary"), Some("Accept-Encoding"), "{path}");
        assert_eq!(plain.body, whole.body, "{path}");
        titles(&answer.body)
    });
    all.collect()
}

#[test]
fn a_delta_has_what_is_new_and_what_was_edited() {
    let tidings = start();
    let first = tags(&tidings);
    publish(&tidings, "Four", "words");
    tidings.feed_when("it is there", |feed| titles_in(feed).len() == 4);
    assert_eq!(deltas(&tidings, &first), vec![vec!["Four"]; 3]);
    let second = tags(&tidings);

    publish(&tidings, "Two", "other words");
    let is_edited = |feed: &serde_json::Value| feed.to_string().contains("other words");
    tidings.feed_when("it is edited", is_edited);
    assert_eq!(deltas(&tidings, &second), vec![vec!["Two"]; 3]);
    // Who was away for longer gets more.
    assert_eq!(deltas(&tidings, &first), vec![vec!["Four", "Two"]; 3]);

    // Other manipulations beside it, several tags, and tags as proxies change them.
    let weakened = second[0].replace("W/", "");
    let many = format!("\"unknown\", {weakened}");
    let suffixed = format!("{}-gzip\"", second[0].strip_suffix('"').unwrap());
    for (wish, tags) in [
        ("gzip, feed", second[0].as_str()),
        ("vcdiff, FEED;q=0.5", &many),
        ("feed", &suffixed),
    ] {
        let fields = [("A-IM", wish), ("If-None-Match", tags)];
        let answer = tidings.get_with("/rss.xml", &fields);
        assert_eq!(answer.status, 226, "{wish} {tags}");
        assert_eq!(answer.header("delta-base"), Some(second[0].as_str()));
        assert_eq!(titles(&answer.body), ["Two"]);
    }
}

#[test]
fn a_delta_is_coded_too() {
    let tidings = start();
    let [rss, ..] = tags(&tidings);
    publish(&tidings, "Four", "words");
    tidings.feed_when("it is there", |feed| titles_in(feed).len() == 4);
    let ask = |coding: &str| {
        let answer = tidings.get_with(
            "/rss.xml",
            &[DELTA, ("If-None-Match", &rss), ("Accept-Encoding", coding)],
        );
        assert_eq!(answer.status, 226, "{coding}");
        assert_eq!(answer.header("content-encoding"), Some(coding));
        answer.body
    };
    // Often enough that the better coding is there, or comes while we ask.
    for _ in 0..5 {
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&ask("gzip")[..])
            .read_to_end(&mut unpacked)
            .unwrap();
        assert_eq!(titles(&unpacked), ["Four"]);
        let unpacked = zstd::stream::decode_all(&ask("zstd")[..]).unwrap();
        assert_eq!(titles(&unpacked), ["Four"]);
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &ask("br")[..], &mut unpacked).unwrap();
        assert_eq!(titles(&unpacked), ["Four"]);
    }
}

#[test]
fn whose_version_is_not_known_gets_the_whole() {
    let mut tidings = start();
    // It was sent to somebody who did not ask for deltas, so nobody noted it.
    let plain = tag(&tidings.get("/rss.xml"));
    publish(&tidings, "Four", "words");
    tidings.feed_when("it is there", |feed| titles_in(feed).len() == 4);
    let whole = |tidings: &Tidings, fields: &[(&str, &str)], count: usize| {
        let answer = tidings.get_with("/rss.xml", fields);
        assert_eq!((answer.status, answer.header("im")), (200, None));
        assert_eq!(titles(&answer.body).len(), count, "{fields:?}");
        tag(&answer)
    };
    whole(&tidings, &[DELTA, ("If-None-Match", &plain)], 4);
    whole(&tidings, &[DELTA, ("If-None-Match", "\"never\"")], 4);
    // Another feed's tag says nothing of this one.
    let other = tag(&tidings.get_with("/updates/rss.xml", &[DELTA]));
    whole(&tidings, &[DELTA, ("If-None-Match", &other)], 4);
    let noted = whole(&tidings, &[DELTA], 4);

    // Another process knows of nothing, until it is told: here with a 304.
    tidings.restart();
    eventually("it is back", PATIENCE, || {
        (tidings.get("/rss.xml").status == 200).then_some(())
    });
    publish(&tidings, "Five", "words");
    tidings.feed_when("it is there", |feed| titles_in(feed).len() == 5);
    let five = whole(&tidings, &[DELTA, ("If-None-Match", &noted)], 5);
    tidings.restart();
    eventually("it is back", PATIENCE, || {
        (tidings.get("/rss.xml").status == 200).then_some(())
    });
    let fields = [DELTA, ("If-None-Match", five.as_str())];
    assert_eq!(tidings.get_with("/rss.xml", &fields).status, 304);
    publish(&tidings, "Six", "words");
    tidings.feed_when("it is there", |feed| titles_in(feed).len() == 6);
    let answer = tidings.get_with("/rss.xml", &fields);
    assert_eq!(answer.status, 226);
    assert_eq!(titles(&answer.body), ["Six"]);
}

#[test]
fn what_was_withdrawn_is_not_kept_from_anyone() {
    let tidings = start();
    let first = tags(&tidings);
    fs::remove_file(tidings.entries().join("One.md")).unwrap();
    tidings.feed_when("it is gone", |feed| titles_in(feed).len() == 2);
    let ask = |path: &str, since: &str| {
        let answer = tidings.get_with(path, &[DELTA, ("If-None-Match", since)]);
        (answer.status, titles(&answer.body), answer)
    };
    // Nothing is new: the whole says the most.
    for (path, since) in FEEDS.iter().zip(&first) {
        let (status, titles, _) = ask(path, since);
        assert_eq!((status, titles.len()), (200, 2), "{path}");
    }
    // With something new, Atom tells of both; the others have no words for the one.
    publish(&tidings, "Four", "words");
    tidings.feed_when("it is there", |feed| titles_in(feed).len() == 3);
    for (path, since) in FEEDS.iter().zip(&first) {
        let (status, titles, answer) = ask(path, since);
        if *path == "/atom.xml" {
            assert_eq!((status, titles), (226, vec!["Four".to_owned()]));
            assert!(answer.text().contains("deleted-entry"));
        } else {
            assert_eq!((status, titles.len()), (200, 3), "{path}");
        }
    }
}

#[test]
fn only_the_newest_of_a_feed_has_deltas() {
    let tidings = start();
    for path in ["/", "/feeds.opml", "/entries/One", "/style.css"] {
        let answer = tidings.get_with(path, &[DELTA]);
        assert!(
            !answer.header("vary").unwrap_or_default().contains("A-IM"),
            "{path}"
        );
    }
    let [rss, ..] = tags(&tidings);
    publish(&tidings, "Four", "words");
    tidings.feed_when("it is there", |feed| titles_in(feed).len() == 4);
    for path in ["/", "/feeds.opml", "/nothing", "/tags/"] {
        let answer = tidings.get_with(path, &[DELTA, ("If-None-Match", &rss)]);
        assert_ne!(answer.status, 226, "{path}");
    }
    // With nothing that the client has, nothing would be saved.
    for name in ["One", "Two", "Three"] {
        publish(&tidings, name, "quite other words");
    }
    tidings.feed_when("all are others", |feed| {
        feed.to_string().matches("<p>quite other").count() == 3
    });
    let answer = tidings.get_with("/rss.xml", &[DELTA, ("If-None-Match", &rss)]);
    assert_eq!((answer.status, titles(&answer.body).len()), (200, 4));
}
