//! What is counted is what is written, and labels have a bound.

use jiff::Timestamp;

use super::*;
use crate::documents::Coding;
use crate::entry::Slug;
use crate::feed::{Facet, FeedKey, Format, Join};
use crate::http::client::Client;
use crate::http::limiter::Why;
use crate::http::{Asked, Saved};
use crate::site::{DocumentKey, View};
use hyper::StatusCode;

fn moment() -> Moment {
    Moment {
        version: "1.2.3",
        started: at(0),
        published: Some(at(2500)),
        entries: Some(Entries {
            live: 7,
            scheduled: 2,
            pending_reads: 3,
        }),
        rejected: 4,
        is_ready: false,
        troubles: vec![
            Trouble {
                name: "theme",
                since: Some(at(1500)),
            },
            Trouble {
                name: "no_events",
                since: None,
            },
        ],
        documents: crate::documents::Figures::default(),
        connections: crate::http::Connected::default(),
        ledger_bytes: None,
        process: Process::default(),
    }
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap()
}

fn term(name: &str) -> FeedKey {
    FeedKey::Term(Facet::Tag, Slug::from_words(name).unwrap())
}

fn document(feed: FeedKey, format: Format) -> DocumentKey {
    DocumentKey::Feed(View::newest(feed), format)
}

fn answer(asked: Asked<'_>, status: u16, coding: Option<Coding>, sent: u64) -> Answered<'_> {
    Answered {
        request: None,
        asked,
        status: StatusCode::from_u16(status).unwrap(),
        coding,
        sent,
        saved: Saved::default(),
        limited: None,
        is_conditional: false,
        client: Client::Unix,
        agent: None,
        moment: at(0),
    }
}

/// The samples of the page that begin so.
fn samples(metrics: &Metrics, start: &str) -> Vec<String> {
    let page = metrics.write(Writing::OpenMetrics, &moment()).unwrap();
    assert!(page.ends_with("# EOF\n"), "{page}");
    let lines = page.lines().filter(|line| line.starts_with(start));
    lines.map(ToOwned::to_owned).collect()
}

#[test]
fn answers_are_counted_by_all_that_is_told_of_them() {
    let metrics = Metrics::default();
    let main = document(FeedKey::All, Format::Rss);
    let tag = document(term("ölfass"), Format::Json);
    let asked = Asked::Document(&main);
    for _ in 0..3 {
        let mut same = answer(asked, 304, None, 0);
        same.saved.not_modified = 500;
        metrics.answered(&same);
    }
    let mut whole = answer(asked, 200, Some(Coding::Gzip), 400);
    whole.saved.coding = 1600;
    metrics.answered(&whole);
    let mut delta = answer(Asked::Document(&tag), 226, Some(Coding::Zstd), 50);
    delta.saved.delta = 350;
    metrics.answered(&delta);
    let page = DocumentKey::Page(View::newest(FeedKey::All));
    let identity = Some(Coding::Identity);
    metrics.answered(&answer(Asked::Document(&page), 200, identity, 70));
    metrics.answered(&answer(Asked::File, 206, identity, 10));
    metrics.answered(&answer(Asked::Other, 404, identity, 9));
    metrics.answered(&answer(Asked::Other, 418, identity, 9));
    let mut limited = answer(Asked::Other, 429, identity, 5);
    limited.limited = Some(Why::Unconditional);
    metrics.answered(&limited);
    assert_eq!(
        samples(&metrics, "tidings_http_requests_total"),
        [
            r#"tidings_http_requests_total{feed="/",format="rss",status="200",encoding="gzip"} 1"#,
            r#"tidings_http_requests_total{feed="/",format="rss",status="304",encoding="none"} 3"#,
            r#"tidings_http_requests_total{feed="/tags/%C3%B6lfass/",format="json",status="226",encoding="zstd"} 1"#,
            r#"tidings_http_requests_total{feed="none",format="html",status="200",encoding="identity"} 1"#,
            r#"tidings_http_requests_total{feed="none",format="media",status="206",encoding="identity"} 1"#,
            r#"tidings_http_requests_total{feed="none",format="none",status="404",encoding="identity"} 1"#,
            r#"tidings_http_requests_total{feed="none",format="none",status="429",encoding="identity"} 1"#,
            r#"tidings_http_requests_total{feed="none",format="none",status="other",encoding="identity"} 1"#,
        ]
    );
    let sent = samples(&metrics, "tidings_http_sent_bytes_total");
    let expected = r#"tidings_http_sent_bytes_total{feed="/",format="rss",encoding="gzip"} 400"#;
    assert_eq!((sent.len(), sent[0].as_str()), (5, expected));
    assert_eq!(
        samples(&metrics, "tidings_http_saved_bytes_total"),
        [
            r#"tidings_http_saved_bytes_total{feed="/",format="rss",by="not_modified"} 1500"#,
            r#"tidings_http_saved_bytes_total{feed="/",format="rss",by="encoding"} 1600"#,
            r#"tidings_http_saved_bytes_total{feed="/tags/%C3%B6lfass/",format="json",by="delta"} 350"#,
        ]
    );
    assert_eq!(
        samples(&metrics, "tidings_http_limited_total"),
        [
            r#"tidings_http_limited_total{reason="hammering"} 0"#,
            r#"tidings_http_limited_total{reason="unconditional"} 1"#,
        ]
    );
}

#[test]
fn only_so_many_feeds_have_labels_and_none_that_a_request_makes_up() {
    let metrics = Metrics::default();
    let ask = |feed: FeedKey| {
        let key = document(feed, Format::Atom);
        metrics.answered(&answer(Asked::Document(&key), 304, None, 0));
    };
    let slugs = ["a", "b"].map(|name| Slug::from_words(name).unwrap());
    ask(FeedKey::Mix(Facet::Tag, Join::All, slugs.to_vec()));
    ask(FeedKey::Thread(slugs[0].clone()));
    let labels = || {
        let lines = samples(&metrics, "tidings_http_requests_total");
        let values = lines.iter().filter_map(|line| {
            let (_, rest) = line.split_once("feed=\"")?;
            let (feed, _) = rest.split_once('"')?;
            let (_, count) = line.rsplit_once(' ')?;
            Some((feed.to_owned(), count.parse::<usize>().unwrap()))
        });
        values.collect::<Vec<_>>()
    };
    assert_eq!(labels(), [("other".to_owned(), 2)]);
    let most = MOST_FEEDS + 20;
    for number in 0..most {
        ask(term(&format!("tag {number}")));
    }
    // The two main feeds have their places whether they were asked for or not.
    ask(FeedKey::Updates);
    ask(FeedKey::All);
    let labels = labels();
    assert_eq!(labels.len(), MOST_FEEDS + 1);
    assert!(labels.contains(&("/".to_owned(), 1)));
    assert!(labels.contains(&("/updates/".to_owned(), 1)));
    let rest = 2 + most - (MOST_FEEDS - 2);
    assert_eq!(labels.last(), Some(&("other".to_owned(), rest)));
}

#[test]
fn threads_that_count_at_once_lose_nothing() {
    let metrics = Metrics::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..1000 {
                    let key = document(term(&(number % 50).to_string()), Format::Rss);
                    metrics.answered(&answer(Asked::Document(&key), 304, None, 0));
                }
            });
        }
    });
    let lines = samples(&metrics, "tidings_http_requests_total");
    assert_eq!(lines.len(), 50);
    assert!(lines.iter().all(|line| line.ends_with("} 80")), "{lines:?}");
}

#[test]
fn the_work_of_the_writer_is_measured() {
    let metrics = Metrics::default();
    metrics.looked(Look::Regular);
    metrics.looked(Look::Told);
    metrics.looked(Look::Told);
    metrics.kept(Duration::from_millis(3));
    metrics.published([Duration::from_millis(20), Duration::from_secs(70)]);
    metrics.published([]);
    let check = |line: &str| assert_eq!(samples(&metrics, line), [line]);
    for line in [
        "tidings_publications_total 2",
        "tidings_publish_seconds_count 2",
        "tidings_publish_seconds_sum 70.02",
        r#"tidings_publish_seconds_bucket{le="0.01"} 0"#,
        r#"tidings_publish_seconds_bucket{le="0.025"} 1"#,
        r#"tidings_publish_seconds_bucket{le="60.0"} 1"#,
        r#"tidings_publish_seconds_bucket{le="+Inf"} 2"#,
        "tidings_ledger_commit_seconds_count 1",
        r#"tidings_ledger_commit_seconds_bucket{le="0.005"} 1"#,
        r#"tidings_full_scans_total{reason="regular"} 1"#,
        r#"tidings_full_scans_total{reason="told"} 2"#,
        r#"tidings_full_scans_total{reason="asked"} 0"#,
    ] {
        check(line);
    }
}

#[test]
fn a_moment_is_told_as_far_as_it_is_known() {
    let metrics = Metrics::default();
    for line in [
        r#"tidings_build_info{version="1.2.3"} 1"#,
        "tidings_ready 0",
        "tidings_entries_live 7",
        "tidings_entries_scheduled 2",
        "tidings_reads_pending 3",
        "tidings_files_rejected 4",
        r#"tidings_trouble{trouble="theme"} 1"#,
        r#"tidings_trouble{trouble="no_events"} 0"#,
        "process_start_time_seconds 0.0",
        "tidings_last_publication_timestamp_seconds 2.5",
    ] {
        assert_eq!(samples(&metrics, line), [line]);
    }
    assert_eq!(
        samples(&metrics, "tidings_trouble_since"),
        [r#"tidings_trouble_since_timestamp_seconds{trouble="theme"} 1.5"#]
    );
    // What nobody knows has no number, and a family without series is not there.
    for start in [
        "process_cpu",
        "# TYPE process_cpu",
        "# TYPE tidings_ledger_size",
    ] {
        assert_eq!(samples(&metrics, start), [""; 0], "{start}");
    }
}

#[test]
fn who_wants_it_has_the_older_format() {
    let page = Metrics::default().write(Writing::Plain, &moment()).unwrap();
    assert!(
        page.contains("# TYPE tidings_publications_total counter\n"),
        "{page}"
    );
    assert!(
        page.contains("\ntidings_build_info{version=\"1.2.3\"} 1\n"),
        "{page}"
    );
    assert!(
        !page.contains("# EOF") && !page.contains("# UNIT"),
        "{page}"
    );
    assert!(
        Writing::Plain
            .content_type()
            .starts_with("text/plain; version=0.0.4")
    );
}
