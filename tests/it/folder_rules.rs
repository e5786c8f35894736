//! What lies in the folder besides texts: what a folder says for its entries, recordings, pictures,
//! drafts, the front page's own text.

use std::fs;

use serde_json::Value;

use crate::support::{PATIENCE, Setup, Tidings, eventually};

fn items(tidings: &Tidings) -> Vec<Value> {
    let feed: Value = serde_json::from_str(tidings.get("/feed.json").text()).unwrap_or_default();
    feed["items"].as_array().cloned().unwrap_or_default()
}

/// Waits until the entry with this title is as `is_right` wants it.
fn item_when(tidings: &Tidings, title: &str, is_right: impl Fn(&Value) -> bool) -> Value {
    eventually(&format!("{title} is as it should be"), PATIENCE, || {
        let mut items = items(tidings).into_iter();
        items.find(|item| item["title"] == title && is_right(item))
    })
}

/// An MP3 file of so many seconds, about, with these tags. (ID3v2.3; MPEG-1 layer III, 128 kbit/s)
fn recording(title: &str, artist: &str, seconds: usize) -> Vec<u8> {
    let frame = |name: &str, text: &str| {
        let length = u32::try_from(text.len() + 1).unwrap().to_be_bytes();
        [name.as_bytes(), &length, &[0, 0, 3], text.as_bytes()].concat()
    };
    let frames = [
        frame("TIT2", title),
        frame("TPE1", artist),
        frame("TRCK", "7"),
    ]
    .concat();
    let size = frames.len();
    let synchsafe = [21, 14, 7, 0].map(|shift| u8::try_from((size >> shift) & 0x7F).unwrap());
    let mut file = [b"ID3\x03\x00\x00".as_slice(), &synchsafe, &frames].concat();
    for _ in 0..seconds * 38 {
        file.extend([0xFF, 0xFB, 0x90, 0x64]);
        file.extend([0; 413]);
    }
    file
}

#[test]
fn a_folder_says_what_its_entries_do_not() {
    let tidings = Setup::new().start();
    tidings.drop_entry("sea/a.md", "# Waves\n\nThey come and go.");
    tidings.drop_entry("land.md", "# Land\n\nIt stays.");
    tidings.has_titles(&["Waves", "Land"]);
    let id = item_when(&tidings, "Waves", |_| true)["id"].clone();

    let said = tidings.entries().join("sea/_feed.toml");
    fs::write(
        &said,
        "authors = [\"Ana Reis\"]\ntags = [\"sea\"]\nlang = \"pt\"\n",
    )
    .unwrap();
    let item = item_when(&tidings, "Waves", |item| item["language"] == "pt");
    assert_eq!(item["authors"][0]["name"], "Ana Reis");
    assert_eq!(item["tags"][0], "sea");
    assert_eq!(item["id"], id);
    assert!(
        item.get("date_modified")
            .is_none_or(|date| *date == item["date_published"])
    );
    assert!(
        item_when(&tidings, "Land", |_| true)
            .get("language")
            .is_none()
    );

    // What can't be followed is told, and what was good still holds.
    fs::write(&said, "langue = \"en\"\n").unwrap();
    eventually("the mistake is told", PATIENCE, || {
        let log = tidings.log();
        (log.contains("sea/_feed.toml:1:") && log.contains("`lang`")).then_some(())
    });
    assert_eq!(item_when(&tidings, "Waves", |_| true)["language"], "pt");

    fs::write(&said, "draft = true\n").unwrap();
    tidings.has_titles(&["Land"]);
    fs::remove_file(&said).unwrap();
    let item = item_when(&tidings, "Waves", |item| item.get("tags").is_none());
    assert_eq!(item["id"], id);
}

#[test]
fn what_a_folder_says_is_followed_after_a_restart() {
    let mut tidings = Setup::new().start();
    tidings.drop_entry("sea/a.md", "# Waves\n\nThey come and go.");
    tidings.has_titles(&["Waves"]);
    tidings.stop();
    fs::write(tidings.entries().join("sea/_feed.toml"), "lang = \"pt\"\n").unwrap();
    tidings.start_again();
    item_when(&tidings, "Waves", |item| item["language"] == "pt");
    tidings.stop();
    fs::remove_file(tidings.entries().join("sea/_feed.toml")).unwrap();
    tidings.start_again();
    item_when(&tidings, "Waves", |item| item.get("language").is_none());
}

#[test]
fn a_recording_is_an_entry_until_an_article_has_it() {
    let tidings = Setup::new().start();
    let file = recording("The fog horn", "Ana Reis", 61);
    // Into place at once, as a copy within the file system does it.
    let aside = tidings.folder().join("aside.mp3");
    fs::write(&aside, &file).unwrap();
    fs::create_dir(tidings.entries().join("show")).unwrap();
    fs::rename(&aside, tidings.entries().join("show/2026-01-31-fog.mp3")).unwrap();
    let item = item_when(&tidings, "The fog horn", |_| true);
    assert_eq!(item["authors"][0]["name"], "Ana Reis");
    assert_eq!(item["date_published"], "2026-01-31T00:00:00Z");
    let attachment = item["attachments"][0].clone();
    assert_eq!(attachment["mime_type"], "audio/mpeg");
    assert_eq!(attachment["size_in_bytes"], file.len());
    let seconds = attachment["duration_in_seconds"].as_u64().unwrap();
    assert!((59..=62).contains(&seconds), "{seconds}");
    let rss = tidings.get("/rss.xml");
    assert!(rss.text().contains("<itunes:episode>7</itunes:episode>"));
    let sent = tidings.get("/media/show/2026-01-31-fog.mp3");
    assert_eq!(
        (sent.status, sent.header("content-type")),
        (200, Some("audio/mpeg"))
    );

    tidings.drop_entry(
        "notes.md",
        "---\ntitle: Notes on fog\naudio: show/2026-01-31-fog.mp3\n---\n\nIt was thick.",
    );
    tidings.has_titles(&["Notes on fog"]);
    let item = item_when(&tidings, "Notes on fog", |_| true);
    assert_eq!(item["attachments"][0], attachment);
    assert_eq!(tidings.get("/media/show/2026-01-31-fog.mp3").status, 200);

    fs::remove_file(tidings.entries().join("notes.md")).unwrap();
    tidings.has_titles(&["The fog horn"]);

    // An article of the same name has it without a word.
    tidings.drop_entry("show/2026-01-31-fog.md", "# Fog, in words\n\nIt was thick.");
    tidings.has_titles(&["Fog, in words"]);
    let item = item_when(&tidings, "Fog, in words", |_| true);
    assert_eq!(item["attachments"][0]["url"], attachment["url"]);
    assert_eq!(item["attachments"][0]["duration_in_seconds"], seconds);
}

#[test]
fn a_picture_with_the_name_of_an_entry_is_its_lead_image() {
    let tidings = Setup::new().start();
    fs::write(tidings.entries().join("storm.jpg"), "a picture").unwrap();
    tidings.drop_entry("2026-01-31-storm.md", "# Storm\n\nIt blew.");
    let image = "https://news.example.org/media/storm.jpg";
    // In the text as well, for readers that show no other.
    let picture = format!("<p><img src=\"{image}\" alt=\"\"></p>");
    item_when(&tidings, "Storm", |item| {
        let text = item["content_html"].as_str().unwrap();
        item["image"] == image && text.starts_with(&picture)
    });
    tidings.drop_entry("calm.md", "# Calm\n\nIt did not.");
    fs::write(tidings.entries().join("calm.webp"), "a picture").unwrap();
    item_when(&tidings, "Calm", |item| item.get("image").is_some());
    assert_eq!(tidings.get("/media/calm.webp").status, 200);
    fs::remove_file(tidings.entries().join("calm.webp")).unwrap();
    item_when(&tidings, "Calm", |item| item.get("image").is_none());
}

#[test]
fn drafts_of_jekyll_are_published_when_they_move() {
    let tidings = Setup::new().start();
    tidings.drop_entry("_drafts/engine.md", "---\ntitle: Engine\n---\n\nIt coughs.");
    tidings.drop_entry(
        "_posts/2026-01-31-rudder.md",
        "---\ntitle: Rudder\n---\n\nOak.",
    );
    tidings.has_titles(&["Rudder"]);
    let posts = tidings.entries().join("_posts");
    fs::rename(
        tidings.entries().join("_drafts/engine.md"),
        posts.join("2026-02-01-engine.md"),
    )
    .unwrap();
    tidings.has_titles(&["Engine", "Rudder"]);
}

#[test]
fn the_front_page_has_a_text_of_its_own() {
    let tidings = Setup::new().start();
    tidings.drop_entry("a.md", "# Waves\n\nThey come and go.");
    tidings.drop_entry(
        "index.md",
        "# Welcome\n\nTo the **harbour**.\n\nRead: Waves",
    );
    tidings.has_titles(&["Waves"]);
    let page = eventually("the text is there", PATIENCE, || {
        let page = tidings.get("/");
        page.text()
            .contains("<strong>harbour</strong>")
            .then_some(page)
    });
    assert!(
        page.text()
            .contains("Read: <a href=\"https://news.example.org/entries/waves\">")
    );
    let tag = page.header("etag").unwrap().to_owned();
    tidings.drop_entry("index.md", "# Welcome\n\nTo the **town**.");
    let page = eventually("the text is another", PATIENCE, || {
        let page = tidings.get("/");
        page.text()
            .contains("<strong>town</strong>")
            .then_some(page)
    });
    assert_ne!(page.header("etag").unwrap(), tag);
    fs::remove_file(tidings.entries().join("index.md")).unwrap();
    eventually("the text is gone", PATIENCE, || {
        (!tidings.get("/").text().contains("town")).then_some(())
    });
}

#[test]
fn what_is_no_entry_of_its_own_stays_so_after_a_restart() {
    let mut tidings = Setup::new().start();
    let entries = tidings.entries();
    fs::write(entries.join("fog.mp3"), recording("The fog horn", "Ana", 3)).unwrap();
    tidings.drop_entry("fog.md", "# Fog, in words\n\nIt was thick.");
    tidings.drop_entry("index.md", "# Welcome\n\nTo the **harbour**.");
    let is_whole = |item: &Value| item["attachments"][0]["duration_in_seconds"].is_u64();
    let before = item_when(&tidings, "Fog, in words", is_whole);
    tidings.stop();
    tidings.start_again();
    tidings.has_titles(&["Fog, in words"]);
    assert_eq!(item_when(&tidings, "Fog, in words", |_| true), before);
    assert!(tidings.get("/").text().contains("<strong>harbour</strong>"));
}

/// As Kubernetes lays out a `ConfigMap`, and exchanges all its files at once.
#[cfg(unix)]
#[test]
fn a_folder_that_is_exchanged_as_a_whole_keeps_its_ids() {
    use std::os::unix::fs::symlink;
    let tidings = Setup::new().start();
    let entries = tidings.entries();
    let lay_out = |version: &str, text: &str| {
        let folder = entries.join(format!("..{version}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a.md"), text).unwrap();
        symlink(format!("..{version}"), entries.join("..data_tmp")).unwrap();
        fs::rename(entries.join("..data_tmp"), entries.join("..data")).unwrap();
    };
    lay_out("2026_1", "# Waves\n\nThey come.");
    symlink("..data/a.md", entries.join("a.md")).unwrap();
    tidings.has_titles(&["Waves"]);
    let before = item_when(&tidings, "Waves", |_| true);
    lay_out("2026_2", "# Waves and tides\n\nThey come and go.");
    fs::remove_dir_all(entries.join("..2026_1")).unwrap();
    tidings.has_titles(&["Waves and tides"]);
    let after = item_when(&tidings, "Waves and tides", |_| true);
    assert_eq!(after["id"], before["id"]);
}

#[test]
fn other_conventions_read_the_same_files_again() {
    let mut tidings = Setup::new().start();
    tidings.drop_entry("a.md", "# Waves\n\nLies auch: Tides");
    tidings.drop_entry("b.md", "# Tides\n\nThey come and go.");
    tidings.has_titles(&["Waves", "Tides"]);
    let is_linked = |item: &Value| item["_tidings"]["related"][0]["title"] == "Tides";
    let before = item_when(&tidings, "Waves", |item| !is_linked(item));
    tidings.stop();
    tidings.configure("[related]\nlabels = [\"Read\", \"Lies auch\"]\n");
    tidings.start_again();
    let after = item_when(&tidings, "Waves", is_linked);
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["date_modified"], before["date_modified"]);
}

#[test]
fn media_are_sent_with_true_types_and_strong_tags() {
    let tidings = Setup::new().start();
    for (name, bytes) in [
        ("map.png", "a map"),
        ("notes.pdf", "notes"),
        ("drawing.svg", "<svg/>"),
        ("data.csv", "1,2"),
        ("unused.png", "nobody's"),
        (".hidden.png", "hidden"),
        ("other.md", "# Other\n\nText."),
    ] {
        fs::write(tidings.entries().join(name), bytes).unwrap();
    }
    tidings.drop_entry(
        "a.md",
        "# A\n\n![](map.png) [n](notes.pdf) [d](drawing.svg) [c](data.csv) [h](.hidden.png) [o](other.md)",
    );
    item_when(&tidings, "A", |_| true);
    let check = |name: &str, media_type: &str, is_shown: bool| {
        let sent = tidings.get(&format!("/media/{name}"));
        assert_eq!(sent.status, 200, "{name}");
        assert!(
            sent.header("content-type").unwrap().starts_with(media_type),
            "{name}"
        );
        assert_eq!(sent.header("x-content-type-options"), Some("nosniff"));
        assert!(sent.header("content-security-policy").is_some(), "{name}");
        let disposition = sent.header("content-disposition").unwrap_or("inline");
        assert_eq!(
            disposition.starts_with("inline"),
            is_shown,
            "{name}: {disposition}"
        );
        let tag = sent.header("etag").unwrap();
        assert!(tag.starts_with('"'), "{name}: a strong tag, not {tag}");
        let again = tidings.get_with(&format!("/media/{name}"), &[("If-None-Match", tag)]);
        assert_eq!(again.status, 304, "{name}");
        let part = [("Range", "bytes=0-0"), ("If-Range", tag)];
        assert_eq!(
            tidings.get_with(&format!("/media/{name}"), &part).status,
            206
        );
        let part = [("Range", "bytes=0-0"), ("If-Range", "\"other\"")];
        assert_eq!(
            tidings.get_with(&format!("/media/{name}"), &part).status,
            200
        );
    };
    check("map.png", "image/png", true);
    check("notes.pdf", "application/pdf", true);
    check("drawing.svg", "image/svg+xml", false);
    check("data.csv", "text/csv", false);
    for name in [
        "unused.png",
        ".hidden.png",
        "other.md",
        "a.md",
        "..%2fstate/ledger.sqlite",
    ] {
        assert_eq!(tidings.get(&format!("/media/{name}")).status, 404, "{name}");
    }
    // Equal bytes, equal tag: also in another file, and after the file was written anew.
    let tag = tidings
        .get("/media/map.png")
        .header("etag")
        .unwrap()
        .to_owned();
    fs::remove_file(tidings.entries().join("map.png")).unwrap();
    fs::write(tidings.entries().join("map.png"), "a map").unwrap();
    eventually("the map is back", PATIENCE, || {
        let sent = tidings.get("/media/map.png");
        (sent.status == 200).then(|| assert_eq!(sent.header("etag"), Some(tag.as_str())))
    });
}
