//! Whatever lies in the folder: nothing breaks, and nothing active comes out.
//!
//! `PROPTEST_CASES=10000 cargo test --release --test it properties` looks for longer.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use jiff::tz::TimeZone;
use proptest::prelude::*;
use scraper::{Html, Selector};
use serde_json::Value;
use tidings::documents::Documents;
use tidings::entry::parse::{Conventions, Defaults, Labels, parse, recording};
use tidings::entry::{Draft, FolderPath, Inlay, Recording};
use tidings::folder::names::Names;
use tidings::folder::scan::Folder;
use tidings::site::Site;

use crate::active_content::faults;
use crate::golden::{document, publish};

/// What somebody who means harm puts together, and what decent people do.
const FRAGMENTS: &[&str] = &[
    "<script>alert(1)</script>",
    "<scr<script>ipt>",
    "</script>",
    "<svg><script>x</script>",
    "<svg onload=x>",
    "<svg><style><img src=x onerror=x>",
    "<math><mtext><table><mglyph><style><!--</style>",
    "<img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<noscript><p title=\"</noscript><img src=x onerror=x>\">",
    "<form><math><mtext></form><form>",
    "<mglyph>",
    "<template><b>",
    "</template>",
    "<plaintext>",
    "<textarea>",
    "</textarea>",
    "<title>",
    "</title>",
    "<xmp>",
    "<noembed>",
    "<noframes>",
    "<iframe srcdoc='<script>x</script>'>",
    "<object data=x>",
    "<embed src=x>",
    "<base href=//e.example>",
    "<meta http-equiv=refresh content='0;url=javascript:x'>",
    "<link rel=stylesheet href=x>",
    "<style>*{}</style>",
    "<![CDATA[",
    "]]>",
    "<?php x ?>",
    "<!--",
    "-->",
    "<!--more-->",
    "<!doctype html>",
    "<body onload=x>",
    "<a href=\"javascript:x\">",
    "<a href=\" java\tscript:x\">",
    "<a href=\"JaVaScRiPt&colon;x\">",
    "<a href=\"&#14; javascript:x\">",
    "<a href='data:text/html,x'>",
    "<a href=//e.example>",
    "<a href=\"a.md\" onclick=x>",
    "</a>",
    "<b style='x:expression(y)'>",
    "</b>",
    "<img src=x onerror=x>",
    "<img src=\"a.png\" srcset=\"javascript:x 1x, b.png 2x\">",
    "<video poster=javascript:x src=a.mp4>",
    "</video>",
    "<audio src=a.mp3 controls autoplay>",
    "<table><td><table>",
    "<td>",
    "</table>",
    "<select><option>",
    "<button formaction=x>",
    "<input type=image src=x>",
    "<input type=checkbox disabled>",
    "<details open ontoggle=x>",
    "<p>",
    "</p>",
    "<div><p><blockquote>",
    "<li>",
    "<h1>Title</h1>",
    "<a b=\"<\" c='>' d=`>",
    "<x-y z>",
    "<a/href=x/onclick=y>",
    "<b",
    "<",
    ">",
    "\"",
    "'",
    "`",
    "```\n",
    "&",
    "&amp;",
    "&lt;script&gt;",
    "&#60;b&#62;",
    "&#3;",
    "&#x4;",
    "&#0;",
    "&#55357;",
    "&nosuch;",
    "\u{0}",
    "\u{1}",
    "\u{3}",
    "\u{4}a",
    "\u{8}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{feff}",
    "\u{202e}",
    "[x](javascript:y)",
    "[x](<javascript:y z>)",
    "[x](data:text/html,y)",
    "![x](javascript:y)",
    "![](a.png)",
    "<javascript:x>",
    "<https://e.example/\">",
    "[r]: javascript:x\n",
    "[r]",
    "[^1]",
    "[^1]: note <b onclick=x>\n",
    "|a|b|\n|-|-|\n|<svg>|2|\n",
    "- [x] a\n",
    "# *a* <b>c\n",
    "> a\n",
    "    code <b>\n",
    "https://e.example/<b>",
    "www.e.example",
    "a@e.example",
    "~~a~~",
    "**",
    "_",
    "[",
    "](",
    ")",
    "\\",
    "\n",
    "\n\n",
    " ",
    "a",
    "words. ",
    "Ü港🙂",
    "Read: Waves and tides\n",
    "Read: javascript:x\n",
    "Read: <b>Waves</b> and tides\n",
    "Read: [x](javascript:y)\n",
    "Read: nothing like it <script>\n",
    "\n\nSee also: https://e.example/?a=1&b=2\n",
    "\n\n**Read:** sea.md\n",
    "— A Name (@name) May 1, 2020\n\n",
];

pub(crate) fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(FRAGMENTS).prop_map(str::to_owned),
        // Lines of their own, for whatever comes next.
        2 => prop::sample::select(&["\n\n", "\n\nRead: ", "\n\n# ", "\n- ", "\n> "][..])
            .prop_map(str::to_owned),
        1 => "\\PC{0,8}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A whole file: of each kind, with front matter of each notation or none.
fn file() -> impl Strategy<Value = (&'static str, String)> {
    let json = |text: &str| Value::from(text).to_string();
    (0..8, soup(), soup()).prop_map(move |(kind, said, text)| {
        let line = said.replace('\n', " ");
        match kind {
            0 | 1 => ("new.md", text),
            2 => ("new.txt", text),
            3 | 4 => ("new.html", text),
            5 => {
                let said = json(&said);
                let keys = [
                    "title", "authors", "tags", "summary", "related", "via", "image", "lang",
                ];
                let mut yaml = String::new();
                for key in keys {
                    let _ = writeln!(yaml, "{key}: {said}");
                }
                ("new.md", format!("---\n{yaml}---\n{text}"))
            }
            6 => ("new.md", format!("---\n{said}\n---\n{text}")),
            _ => (
                "new.md",
                format!("Title: {line}\nTags: {line}\nSummary: {line}\n\n{text}"),
            ),
        }
    })
}

pub(crate) static CONVENTIONS: LazyLock<Conventions> = LazyLock::new(|| {
    let labels = tidings::config::Config::default().related.labels;
    Conventions::new(TimeZone::UTC, Labels::new(labels), Defaults::default())
});

fn read(path: &str, text: &str) -> Option<Draft> {
    let path = FolderPath::new(path).unwrap();
    parse(&path, text.as_bytes(), &CONVENTIONS).ok()
}

/// Entries that others may name.
fn neighbours() -> Vec<Draft> {
    let texts = [
        (
            "sea.md",
            "# Waves and tides\n\nThey come and go.\n\nRead: Title",
        ),
        (
            "land.md",
            "---\ntitle: 'Land <b> & \"sea\"'\nlink: https://e.example/?a=1&b=2\n---\n\nIt stays.",
        ),
    ];
    let drafts = texts
        .into_iter()
        .map(|(path, text)| read(path, text).unwrap());
    drafts.collect()
}

/// Everything that shows the entry, checked.
fn check_documents(draft: Draft) -> Result<(), TestCaseError> {
    let mut drafts = neighbours();
    drafts.push(draft);
    let (site, texts) = publish(drafts);
    let documents = Documents::new(texts, 1 << 20);
    for (path, full) in [("/rss.xml", "encoded"), ("/atom.xml", "content")] {
        check_xml(&document(&site, &documents, path), full)?;
    }
    check_json(&document(&site, &documents, "/feed.json"))?;
    check_pages(&site, &documents)
}

fn check_characters(text: &str) -> Result<(), TestCaseError> {
    let is_forbidden = |c: char| {
        (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    prop_assert!(!text.contains(is_forbidden), "{:?}", text);
    Ok(())
}

fn check_xml(text: &str, full: &str) -> Result<(), TestCaseError> {
    check_characters(text)?;
    let parsed = roxmltree::Document::parse(text);
    prop_assert!(parsed.is_ok(), "{:?}\n{}", parsed, text);
    let parsed = parsed.unwrap();
    let html = parsed.descendants().filter(|node| {
        let name = node.tag_name().name();
        name == full
            || (name == "description" && node.parent().is_some_and(|it| it.has_tag_name("item")))
    });
    for html in html.filter_map(|node| node.text()) {
        let faults = faults(html);
        prop_assert!(faults.is_empty(), "{}\n{}", faults, html);
    }
    Ok(())
}

fn check_json(text: &str) -> Result<(), TestCaseError> {
    let feed: Value = serde_json::from_str(text).unwrap();
    for item in feed["items"].as_array().unwrap() {
        for member in ["title", "summary", "content_text", "content_html"] {
            check_characters(item[member].as_str().unwrap_or_default())?;
        }
        let html = item["content_html"].as_str().unwrap_or_default();
        let faults = faults(html);
        prop_assert!(faults.is_empty(), "{}\n{}", faults, html);
    }
    Ok(())
}

/// The pages: what is the writer's stays inside its element, and around it is what we put there.
fn check_pages(site: &Arc<Site>, documents: &Documents) -> Result<(), TestCaseError> {
    static CONTENT: LazyLock<Selector> =
        LazyLock::new(|| Selector::parse("main > article > .e-content").unwrap());
    static ALL: LazyLock<Selector> = LazyLock::new(|| Selector::parse("*").unwrap());
    let live = site.catalogue().records().filter(|record| record.is_live());
    let pages = live.map(|record| format!("/entries/{}", record.entry.slug.to_url_path()));
    let feeds = site.listing().feeds.iter().flat_map(|it| {
        let folder = format!("/{}", it.feed.path());
        [format!("{folder}subscribe"), folder]
    });
    for path in pages.chain(feeds) {
        let text = document(site, documents, &path);
        check_characters(&text)?;
        let page = Html::parse_document(&text);
        let contents: Vec<_> = page.select(&CONTENT).collect();
        prop_assert_eq!(
            contents.len(),
            usize::from(path.starts_with("/entries/")),
            "{}",
            text
        );
        for content in contents {
            let faults = faults(&content.inner_html());
            prop_assert!(faults.is_empty(), "{}\n{}", faults, text);
        }
        for element in page.select(&ALL) {
            let element = element.value();
            prop_assert!(
                !["script", "style", "iframe", "base"].contains(&element.name()),
                "{}",
                text
            );
            let is_bad = |name: &str| name.starts_with("on") || name == "style";
            prop_assert!(!element.attrs().any(|(name, _)| is_bad(name)), "{}", text);
        }
    }
    Ok(())
}

pub(crate) fn config(cases: u32) -> ProptestConfig {
    // More only if somebody asks for it.
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|it| it.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn whatever_is_published_is_well_formed_and_tame((path, text) in file()) {
        if let Some(draft) = read(path, &text) {
            check_documents(draft)?;
        }
    }

    #[test]
    fn any_tags_of_a_recording_are_tame(title in soup(), artist in soup(), description in soup()) {
        let said = Recording {
            title: Some(title),
            artist: Some(artist.clone()),
            album: Some(artist),
            description: Some(description.clone()),
            date: Some(description),
            ..Recording::default()
        };
        let path = FolderPath::new("new.mp3").unwrap();
        if let Ok(draft) = recording(&path, &said, &CONVENTIONS) {
            check_documents(draft)?;
        }
    }
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn any_bytes_are_read_or_refused(
        name in prop::sample::select(vec!["a.md", "a.txt", "a.html"]),
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let _ = parse(&FolderPath::new(name).unwrap(), &bytes, &CONVENTIONS);
        let _ = Defaults::read(&bytes);
    }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn any_bytes_are_a_recording_or_not(
        name in prop::sample::select(vec!["a.mp3", "a.m4a", "a.ogg", "a.opus", "a.flac", "a.mp4"]),
        start in prop::sample::select(vec![&b"ID3\x03\0\0\0\0\x0f\x76TIT2"[..], b"ID3\x04\0\0\0\0\x0f\x76CHAP\0\0\0\x40\0\0a\0", b"ID3\x04\0\0\0\0\x0f\x76APIC\0\0\0\x40\0\0\0image/png\0\x03\0\x89PNG", b"\xff\xfb\x90\x64", b"OggS\0\x02", b"\0\0\0\x18ftypM4A ", b"fLaC", b""]),
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join(name), [start, &bytes].concat()).unwrap();
        let folder = Folder::new(root.path().to_owned(), Names::new(&[]).unwrap(), 1 << 20);
        let path = FolderPath::new(name).unwrap();
        if let Ok((said, _)) = folder.probe(&path) {
            let _ = recording(&path, &said, &CONVENTIONS);
            for inlay in Inlay::ALL {
                let held = said.inlays.iter().find(|(held, _)| *held == inlay);
                let read = folder.read_inlay(&path, inlay).ok();
                let read = read.map(|(bytes, _)| bytes.len() as u64);
                prop_assert_eq!(read, held.map(|(_, bytes)| *bytes));
            }
        }
    }
}
