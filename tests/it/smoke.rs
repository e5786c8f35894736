//! The program as it comes: the sample articles, in three formats, unchanged after a restart.

use std::collections::BTreeSet;

use crate::support::{Setup, Tidings, repository};

const DOCUMENTS: [&str; 3] = ["/rss.xml", "/atom.xml", "/feed.json"];

fn ids(tidings: &Tidings) -> BTreeSet<String> {
    let count = std::fs::read_to_string(repository().join("tests/golden/manifest"))
        .unwrap()
        .lines()
        .count();
    let feed = tidings.feed_when("the sample articles are published", |feed| {
        feed["items"]
            .as_array()
            .is_some_and(|items| items.len() >= count)
    });
    feed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn sample_articles_outlive_a_restart() {
    let mut tidings = Setup::new().with_sample_entries().start();
    let before = ids(&tidings);
    let first = DOCUMENTS.map(|document| tidings.get(document));
    for (document, answer) in DOCUMENTS.iter().zip(&first) {
        assert_eq!(answer.status, 200, "{document}");
        for id in &before {
            assert!(answer.text().contains(id.as_str()), "{document} lacks {id}");
        }
    }
    tidings.restart();
    assert_eq!(ids(&tidings), before);
    for (document, before) in DOCUMENTS.iter().zip(&first) {
        let after = tidings.get(document);
        assert_eq!(after.body, before.body, "{document}");
        let tag = before.header("etag").expect("an ETag");
        assert_eq!(after.header("etag"), Some(tag), "{document}");
        let unchanged = tidings.get_with(document, &[("If-None-Match", tag)]);
        assert_eq!(unchanged.status, 304, "{document}");
    }
    let status = tidings.stop();
    assert!(status.success(), "SIGTERM ends it well: {status}");
}

/// newsboat, like all that fetch with libcurl's time condition, throws a 200 away whose
/// `Last-Modified` is the one it knows: two versions must never share one.
#[test]
fn no_two_versions_share_a_last_modified() {
    let tidings = Setup::new().start();
    let mut versions: Vec<(String, String)> = Vec::new();
    for number in 1..=6 {
        tidings.drop_entry(
            &format!("notice-{number}.md"),
            &format!("# Notice number {number}\n\nThe ferry is late.\n"),
        );
        tidings.feed_when("the notice is published", |feed| {
            feed["items"]
                .as_array()
                .is_some_and(|items| items.len() == number)
        });
        let answer = tidings.get("/rss.xml");
        if let Some(date) = answer.header("last-modified") {
            let tag = answer.header("etag").expect("an ETag");
            versions.push((date.to_owned(), tag.to_owned()));
        }
    }
    for (at, (date, tag)) in versions.iter().enumerate() {
        for (other, other_tag) in &versions[..at] {
            assert!(
                date != other || tag == other_tag,
                "{date} twice: {versions:#?}"
            );
        }
    }
}
