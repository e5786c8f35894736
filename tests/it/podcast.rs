//! A podcast: recordings dropped into the folder, what lies beside and inside them, and what the settings
//! say of the show.

use std::fs;

use roxmltree::{Document, Node};

use crate::support::{PATIENCE, Response, Setup, Tidings, eventually};

const ITUNES: &str = "http://www.itunes.com/dtds/podcast-1.0.dtd";
const PODCAST: &str = "https://podcastindex.org/namespace/1.0";

/// What the settings say of the show.
pub(crate) const SHOW: &str = r#"
[podcast]
category = ["News > Daily News", "True Crime"]
author = "The Saltmere Lantern"
image = "https://news.example.org/cover.jpg"
owner = { name = "Ana Reis", email = "ana@example.org" }
locked = true
funding = [{ url = "https://news.example.org/give", title = "Support the lantern" }]
person = [{ name = "Ana Reis", role = "host", href = "https://ana.example/" }]
podroll = ["https://podnews.net/rss"]
"#;

/// The first bytes of a JPEG, and some more.
pub(crate) const COVER: &[u8] = b"\xFF\xD8\xFF\xE0 the cover of an episode";

fn synchsafe(size: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| u8::try_from((size >> shift) & 0x7F).unwrap())
}

fn frame(name: &str, content: &[u8]) -> Vec<u8> {
    let size = synchsafe(content.len());
    [name.as_bytes(), &size, &[0, 0], content].concat()
}

fn text(name: &str, text: &str) -> Vec<u8> {
    frame(name, &[&[3], text.as_bytes()].concat())
}

/// An MP3 file of so many seconds, about, with a cover, two chapters and these tags besides. (ID3v2.4;
/// MPEG-1 layer III, 128 kbit/s)
pub(crate) fn recording(title: &str, number: u32, seconds: usize, cover: &[u8]) -> Vec<u8> {
    let chapter = |id: &[u8], start: u32, title: &str| {
        let times = [start, start + 1, u32::MAX, u32::MAX].map(u32::to_be_bytes);
        frame(
            "CHAP",
            &[id, &times.concat(), &text("TIT2", title)].concat(),
        )
    };
    let frames = [
        text("TIT2", title),
        text("TPE1", "Ana Reis"),
        text("TRCK", &number.to_string()),
        text("TPOS", "2"),
        chapter(b"two\0", 1500, "The horn"),
        chapter(b"one\0", 0, "The fog"),
        frame("APIC", &[b"\x03image/jpeg\0\x03\0", cover].concat()),
    ]
    .concat();
    let mut file = [b"ID3\x04\x00\x00", &synchsafe(frames.len())[..], &frames].concat();
    for _ in 0..seconds * 38 {
        file.extend([0xFF, 0xFB, 0x90, 0x64]);
        file.extend([0; 413]);
    }
    file
}

/// Puts a file into the folder at once, as a copy within the file system does it.
fn drop_file(tidings: &Tidings, name: &str, bytes: &[u8]) {
    let aside = tidings.folder().join("aside");
    fs::write(&aside, bytes).unwrap();
    fs::rename(&aside, tidings.entries().join(name)).unwrap();
}

/// The path of an address of ours.
fn path_of(address: &str) -> &str {
    address.strip_prefix("https://news.example.org").unwrap()
}

/// The first element with this name among the children of `parent`.
fn child<'a, 'i>(parent: Node<'a, 'i>, namespace: &str, name: &str) -> Option<Node<'a, 'i>> {
    let mut children = parent.children();
    children.find(|it| it.has_tag_name((namespace, name)))
}

fn text_of<'a>(parent: Node<'a, '_>, namespace: &str, name: &str) -> &'a str {
    let found = child(parent, namespace, name).and_then(|it| it.text());
    found.unwrap_or_default()
}

fn attribute<'a>(parent: Node<'a, '_>, namespace: &str, name: &str, of: &str) -> &'a str {
    let found = child(parent, namespace, name).and_then(|it| it.attribute(of));
    found.unwrap_or_default()
}

fn plain<'a>(parent: Node<'a, '_>, name: &str) -> &'a str {
    let found = parent.children().find(|it| it.has_tag_name(name));
    found.and_then(|it| it.text()).unwrap_or_default()
}

/// Waits until the item with this title is as `is_right` wants it, and lets `judge` look at it.
fn item_when(
    tidings: &Tidings,
    title: &str,
    is_right: impl Fn(Node<'_, '_>) -> bool,
    judge: impl Fn(Node<'_, '_>),
) {
    let rss = eventually(&format!("{title} is as it should be"), PATIENCE, || {
        let answer = tidings.get("/rss.xml");
        let document = Document::parse(answer.text()).ok()?;
        item(&document, title).filter(|item| is_right(*item))?;
        Some(answer.text().to_owned())
    });
    judge(item(&Document::parse(&rss).unwrap(), title).unwrap());
}

fn item<'a>(document: &'a Document<'a>, title: &str) -> Option<Node<'a, 'a>> {
    let mut items = document.descendants().filter(|it| it.has_tag_name("item"));
    items.find(|item| plain(*item, "title") == title)
}

fn is_jpeg(answer: &Response, bytes: &[u8]) {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("image/jpeg"));
    assert_eq!(answer.body, bytes);
}

#[test]
fn a_recording_alone_is_a_whole_episode() {
    let tidings = Setup::new().with_tables(SHOW).start();
    let file = recording("The fog horn", 12, 3, COVER);
    drop_file(&tidings, "episode-12.mp3", &file);
    item_when(
        &tidings,
        "The fog horn",
        |_| true,
        |item| {
            let enclosure = item.children().find(|it| it.has_tag_name("enclosure"));
            let enclosure = |name| enclosure.unwrap().attribute(name).unwrap();
            assert_eq!(enclosure("length"), file.len().to_string());
            assert_eq!(enclosure("type"), "audio/mpeg");
            assert_eq!(tidings.get(path_of(enclosure("url"))).body, file);
            for (name, expected) in [
                ("duration", "3"),
                ("episode", "12"),
                ("season", "2"),
                ("author", "Ana Reis"),
            ] {
                assert_eq!(text_of(item, ITUNES, name), expected, "{name}");
            }
            let cover = attribute(item, ITUNES, "image", "href");
            assert_eq!(path_of(cover), "/media/episode-12.mp3.cover.jpg");
            is_jpeg(&tidings.get(path_of(cover)), COVER);
            let chapters = attribute(item, PODCAST, "chapters", "url");
            assert_eq!(
                attribute(item, PODCAST, "chapters", "type"),
                "application/json+chapters"
            );
            let chapters = tidings.get(path_of(chapters));
            assert_eq!(
                chapters.header("content-type"),
                Some("application/json+chapters")
            );
            assert_eq!(
                chapters.text(),
                "{\"version\":\"1.2.0\",\"chapters\":[{\"startTime\":0,\"title\":\"The fog\"},\
             {\"startTime\":1.5,\"title\":\"The horn\"}]}"
            );
        },
    );
    // In the other formats as far as they have words for it.
    let json: serde_json::Value = serde_json::from_str(tidings.get("/feed.json").text()).unwrap();
    let item = &json["items"][0];
    let cover = "https://news.example.org/media/episode-12.mp3.cover.jpg";
    assert_eq!(item["image"], cover);
    assert_eq!(item["attachments"][0]["duration_in_seconds"], 3);
    assert!(
        tidings
            .get("/atom.xml")
            .text()
            .contains("rel=\"enclosure\"")
    );

    // Parts of the recording and of what is in it, and nothing when it is known already.
    for (path, bytes) in [
        ("/media/episode-12.mp3", &file[..]),
        ("/media/episode-12.mp3.cover.jpg", COVER),
    ] {
        let part = tidings.get_with(path, &[("range", "bytes=4-11")]);
        assert_eq!(part.status, 206, "{path}");
        assert_eq!(part.body, &bytes[4..12], "{path}");
        let range = format!("bytes 4-11/{}", bytes.len());
        assert_eq!(part.header("content-range"), Some(range.as_str()));
        let tag = part.header("etag").unwrap().to_owned();
        assert!(tag.starts_with('"'), "{tag}");
        let known = tidings.get_with(path, &[("if-none-match", &tag)]);
        assert_eq!((known.status, known.body.len()), (304, 0), "{path}");
        let beyond = tidings.get_with(path, &[("range", "bytes=9999999-")]);
        assert_eq!(beyond.status, 416, "{path}");
    }
    assert_eq!(tidings.get("/media/episode-12.mp3.cover.png").status, 404);
    assert_eq!(tidings.get("/media/episode-13.mp3.cover.jpg").status, 404);
}

#[test]
fn a_show_says_what_directories_ask_for() {
    let tidings = Setup::new().with_tables(SHOW).start();
    drop_file(&tidings, "a.mp3", &recording("One", 1, 1, COVER));
    tidings.has_titles(&["One"]);
    let rss = tidings.get("/rss.xml");
    let document = Document::parse(rss.text()).unwrap();
    let channel = document.descendants().find(|it| it.has_tag_name("channel"));
    let channel = channel.unwrap();
    assert_eq!(text_of(channel, ITUNES, "explicit"), "false");
    assert_eq!(text_of(channel, ITUNES, "type"), "episodic");
    assert_eq!(text_of(channel, ITUNES, "author"), "The Saltmere Lantern");
    assert_eq!(attribute(channel, ITUNES, "category", "text"), "News");
    assert_eq!(
        attribute(channel, ITUNES, "image", "href"),
        "https://news.example.org/cover.jpg"
    );
    // UUIDv5 of `news.example.org/rss.xml`, worked out by another program.
    assert_eq!(
        text_of(channel, PODCAST, "guid"),
        "7079c77f-0738-5638-90d8-b2f13dc13aad"
    );
    assert_eq!(text_of(channel, PODCAST, "locked"), "yes");
    assert_eq!(
        attribute(channel, PODCAST, "locked", "owner"),
        "ana@example.org"
    );
    let podroll = child(channel, PODCAST, "podroll").unwrap();
    assert_eq!(
        attribute(podroll, PODCAST, "remoteItem", "feedGuid"),
        "9b024349-ccf0-5f69-a609-6b82873eab3c"
    );

    // It moves, and is the same show.
    let mut tidings = tidings;
    let id = text_of(channel, PODCAST, "guid").to_owned();
    tidings.stop();
    tidings.set("base_url", "\"https://elsewhere.example/pod/\"");
    tidings.start_again();
    tidings.has_titles(&["One"]);
    let moved = tidings.get("/rss.xml");
    assert!(
        moved
            .text()
            .contains("https://elsewhere.example/pod/rss.xml")
    );
    assert!(moved.text().contains(&id), "{}", moved.text());

    // Without a word in the settings, nothing is said of a show.
    let tidings = Setup::new().start();
    tidings.drop_entry("a.md", "# Words\n\nMore of them.");
    tidings.has_titles(&["Words"]);
    let rss = tidings.get("/rss.xml");
    assert!(!rss.text().contains("itunes") && !rss.text().contains("podcast"));
}

#[test]
fn an_article_has_what_its_recording_says_and_says_otherwise_where_it_likes() {
    let mut tidings = Setup::new().start();
    fs::create_dir(tidings.entries().join("show")).unwrap();
    drop_file(&tidings, "show/fog.mp3", &recording("Take 3", 12, 2, COVER));
    tidings.drop_entry("show/fog.md", "# Fog, in words\n\nIt was thick.");
    tidings.has_titles(&["Fog, in words"]);
    let is_episode =
        |number: &'static str| move |item: Node<'_, '_>| text_of(item, ITUNES, "episode") == number;
    let inner = "https://news.example.org/media/show/fog.mp3.cover.jpg";
    item_when(&tidings, "Fog, in words", is_episode("12"), |item| {
        assert_eq!(text_of(item, ITUNES, "season"), "2");
        assert_eq!(text_of(item, ITUNES, "duration"), "2");
        assert_eq!(attribute(item, ITUNES, "image", "href"), inner);
        let chapters = attribute(item, PODCAST, "chapters", "url");
        assert_eq!(path_of(chapters), "/media/show/fog.mp3.chapters.json");
    });

    // New tags in as many bytes, as when a tool writes into the space that it left for this.
    drop_file(&tidings, "show/fog.mp3", &recording("Take 4", 13, 2, COVER));
    item_when(&tidings, "Fog, in words", is_episode("13"), |_| ());

    // What lies beside comes first, and may come and go.
    let beside = [
        ("show/fog.jpg", &b"\xFF\xD8\xFF another"[..]),
        (
            "show/fog.chapters.json",
            b"{\"version\":\"1.2.0\",\"chapters\":[]}",
        ),
        ("show/fog.srt", b"1\n00:00:00,000 --> 00:00:01,000\nFog.\n"),
        ("show/fog.vtt", b"WEBVTT\n"),
    ];
    for (name, bytes) in beside {
        drop_file(&tidings, name, bytes);
    }
    let has_all = |item: Node<'_, '_>| {
        let transcripts = item
            .children()
            .filter(|it| it.has_tag_name((PODCAST, "transcript")))
            .map(|it| (it.attribute("url").unwrap(), it.attribute("type").unwrap()));
        let transcripts: Vec<_> = transcripts.collect();
        let media = "https://news.example.org/media/show/fog";
        let [srt, vtt] = ["srt", "vtt"].map(|end| format!("{media}.{end}"));
        transcripts == [(&*srt, "application/x-subrip"), (&*vtt, "text/vtt")]
            && attribute(item, ITUNES, "image", "href") == format!("{media}.jpg")
            && attribute(item, PODCAST, "chapters", "url") == format!("{media}.chapters.json")
    };
    item_when(&tidings, "Fog, in words", has_all, |_| ());
    for (name, bytes) in beside {
        let sent = tidings.get(&format!("/media/{name}"));
        assert_eq!((sent.status, &sent.body[..]), (200, bytes), "{name}");
    }
    tidings.stop();
    tidings.start_again();
    item_when(&tidings, "Fog, in words", has_all, |_| ());

    // What the writer says comes before all of that.
    tidings.drop_entry(
        "show/fog.md",
        "---\ntitle: Fog, in words\nimage: https://pictures.example/fog.jpg\npodcast:\n  \
         episode: 1\n  season: 3\n  title: Fog\n  chapters: https://chapters.example/c.json\n  \
         transcript: {url: \"https://words.example/t\", type: text/vtt, language: pt}\n  \
         person: [{name: Bo, role: guest, img: bo.png}]\n---\n\nIt was thick.",
    );
    drop_file(&tidings, "show/bo.png", b"\x89PNG\r\n\x1a\n");
    let has_picture = |item: Node<'_, '_>| !attribute(item, PODCAST, "person", "img").is_empty();
    item_when(&tidings, "Fog, in words", has_picture, |item| {
        assert_eq!(text_of(item, ITUNES, "episode"), "1");
        assert_eq!(text_of(item, ITUNES, "season"), "3");
        assert_eq!(text_of(item, ITUNES, "title"), "Fog");
        let image = attribute(item, ITUNES, "image", "href");
        assert_eq!(image, "https://pictures.example/fog.jpg");
        let chapters = attribute(item, PODCAST, "chapters", "url");
        assert_eq!(chapters, "https://chapters.example/c.json");
        let transcript = |of| attribute(item, PODCAST, "transcript", of);
        assert_eq!(transcript("url"), "https://words.example/t");
        assert_eq!(
            (transcript("type"), transcript("language")),
            ("text/vtt", "pt")
        );
        let picture = attribute(item, PODCAST, "person", "img");
        assert_eq!(path_of(picture), "/media/show/bo.png");
    });
}

#[test]
fn what_lies_in_a_recording_goes_with_it() {
    let tidings = Setup::new().start();
    drop_file(&tidings, "a.mp3", &recording("One", 1, 1, COVER));
    let inner = "/media/a.mp3.cover.jpg";
    let has_cover = |item: Node<'_, '_>| !attribute(item, ITUNES, "image", "href").is_empty();
    item_when(&tidings, "One", has_cover, |_| ());
    is_jpeg(&tidings.get(inner), COVER);

    // Another cover, in the same place.
    let other = b"\xFF\xD8\xFF\xE0 another cover of an episode";
    drop_file(&tidings, "a.mp3", &recording("One", 1, 1, other));
    eventually("the other cover is served", PATIENCE, || {
        (tidings.get(inner).body == other).then_some(())
    });

    // None any more: what begins like no picture is none.
    drop_file(&tidings, "a.mp3", &recording("One", 1, 1, b"GIF89a"));
    item_when(&tidings, "One", |item| !has_cover(item), |_| ());
    assert_eq!(tidings.get(inner).status, 404);

    fs::remove_file(tidings.entries().join("a.mp3")).unwrap();
    tidings.has_titles(&[]);
    assert_eq!(tidings.get("/media/a.mp3.chapters.json").status, 404);
    assert_eq!(tidings.get("/media/a.mp3").status, 404);
}
