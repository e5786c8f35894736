//! Pages for people over the wire: where a browser is led, and what a theme changes.

use std::fs;

use crate::support::{PATIENCE, Setup, Tidings, eventually};

/// What a browser says when somebody types an address.
const NAVIGATION: [(&str, &str); 3] = [
    ("Sec-Fetch-Dest", "document"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
];

fn published() -> Tidings {
    let tidings = Setup::new().with_sample_entries().start();
    ready(&tidings);
    tidings
}

fn ready(tidings: &Tidings) {
    tidings.feed_when("the sample entries are published", |feed| {
        feed["items"].as_array().is_some_and(|it| it.len() >= 12)
    });
}

#[test]
fn a_browser_that_opens_a_feed_is_led_to_its_page() {
    let tidings = published();
    for (path, location) in [
        ("/rss.xml", "subscribe#rss"),
        ("/tags/bridge/atom.xml", "subscribe#atom"),
        (
            "/entries/harbour-bridge-reopens/related/feed.json",
            "subscribe#json",
        ),
    ] {
        let led = tidings.get_with(path, &NAVIGATION);
        assert_eq!(led.status, 303, "{path}");
        assert_eq!(led.header("location"), Some(location));
        assert_eq!(led.header("cache-control"), Some("private, no-store"));
        let folder = path.rsplit_once('/').unwrap().0;
        let page = tidings.get_with(&format!("{folder}/subscribe"), &NAVIGATION);
        assert_eq!(page.status, 200, "{path}");
        let address = format!("<code>https://news.example.org{path}</code>");
        assert!(page.text().contains(&address), "{path}");
        // A reader gets what it always gets, and so does whoever wants to see the source.
        let feed = tidings.get_with(path, &NAVIGATION[2..]);
        assert_eq!(
            (feed.status, feed.header("location")),
            (200, None),
            "{path}"
        );
        let raw = tidings.get_with(&format!("{path}?raw"), &NAVIGATION);
        assert_eq!(raw.body, feed.body, "{path}");
        assert_eq!(raw.header("content-type"), feed.header("content-type"));
        assert_eq!(raw.header("etag"), feed.header("etag"));
    }
}

#[test]
fn a_theme_takes_the_place_of_the_built_in_pages() {
    let setup = Setup::new()
        .with_sample_entries()
        .with("theme", "\"theme\"");
    let theme = setup.folder().join("theme");
    fs::create_dir(&theme).unwrap();
    let write = |name: &str, text: &str| fs::write(theme.join(name), text).unwrap();
    write("style.css", "p { color: #123456 }");
    let tidings = setup.start();
    ready(&tidings);
    let etag = |path: &str| tidings.get(path).header("etag").map(str::to_owned);
    let paths = [
        "/",
        "/tags/bridge/",
        "/subscribe",
        "/entries/harbour-bridge-reopens",
    ];
    let before = paths.map(etag);
    let feed = etag("/atom.xml");
    assert_eq!(tidings.get("/style.css").text(), "p { color: #123456 }");
    let style = etag("/style.css");

    write(
        "base.html",
        "<!doctype html>\n<title>Mine</title>\n{% block body %}{% block main %}{% endblock %}{% endblock %}",
    );
    eventually("the pages are new ones", PATIENCE, || {
        tidings
            .get("/")
            .text()
            .contains("<title>Mine</title>")
            .then_some(())
    });
    for (path, before) in paths.iter().zip(&before) {
        assert_ne!(etag(path), *before, "{path}");
    }
    assert_eq!(etag("/atom.xml"), feed, "a feed is no page");
    assert_eq!(etag("/style.css"), style);

    let good = etag("/");
    write(
        "entry.html",
        "{% extends \"base.html\" %}\n{% block main %}\n{{ entry.titel }}{% endblock %}",
    );
    let reason = eventually("what is wrong is told", PATIENCE, || {
        let (status, said) = tidings.readiness();
        (status == 503).then_some(said)
    });
    let expected =
        "the theme can't be used, the last good one stays: entry.html:3: undefined value";
    assert!(reason.contains(expected), "{reason}");
    tidings.says("entry.html:3: undefined value");
    assert_eq!(etag("/"), good);
    let entry = tidings.get("/entries/harbour-bridge-reopens");
    assert!(
        entry
            .text()
            .contains("<h1 class=\"p-name\">Harbour bridge reopens")
    );

    fs::remove_file(theme.join("entry.html")).unwrap();
    eventually("all is well again", PATIENCE, || {
        (tidings.readiness().0 == 200).then_some(())
    });
}

#[test]
fn a_page_that_no_sample_foresaw_is_shown_by_the_built_in_theme() {
    let setup = Setup::new()
        .with_sample_entries()
        .with("theme", "\"theme\"");
    let theme = setup.folder().join("theme");
    fs::create_dir(&theme).unwrap();
    // Good for the sample, whose title is a short one.
    fs::write(
        theme.join("entry.html"),
        "{% if entry.title|length > 9 %}{{ nothing }}{% endif %}mine",
    )
    .unwrap();
    let tidings = setup.start();
    ready(&tidings);
    let entry = tidings.get("/entries/harbour-bridge-reopens");
    assert_eq!(entry.status, 200);
    assert!(
        entry
            .text()
            .contains("<h1 class=\"p-name\">Harbour bridge reopens")
    );
    tidings.says("the theme can't show this page");
    assert_eq!(tidings.readiness().0, 200);
}
