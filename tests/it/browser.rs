//! Pages as people meet them: in a real Chromium, and before a validator.
//!
//! Both are foreign programs, so they run when `TIDINGS_TOOLS=required` is set; then a missing one is a
//! failure. `.ci/run` installs them and sets it.
//!
//! - Chromium is `$TIDINGS_CHROMIUM`, by default `chromium` on the `PATH`. It is driven by
//!   playwright-core, which node requires from `$NODE_PATH`, by default `target/tools/node_modules`.
//! - html-validate is in the same folder.
//!
//! What the browser saw is in `target/screens/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::support::{Setup, Tidings, bare, repository, run, tools_are_required};

/// How long the browser may take for all its visits, and the validator for all pages.
const PATIENCE: Duration = Duration::from_mins(2);

/// The narrowest phone that people carry.
const PHONE: u32 = 360;

/// The pages, by the names of their pictures: one of each kind.
const PAGES: [(&str, &str); 12] = [
    ("front", "/"),
    ("archive", "/archive/1/"),
    ("tag", "/tags/bridge/"),
    ("section", "/sections/harbour/"),
    ("author", "/authors/jonas-pryce/"),
    ("language", "/languages/pt/"),
    ("own-feed", "/feeds/city/"),
    ("entry", "/entries/harbour-bridge-reopens"),
    ("related", "/entries/harbour-bridge-reopens/related/"),
    ("wide", "/entries/wide"),
    ("subscribe", "/tags/bridge/subscribe"),
    ("subscribe-podcast", "/subscribe"),
];

/// What the browser saw of a page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    name: String,
    /// Of the answers, the last one that of the page.
    statuses: Vec<u16>,
    #[serde(rename = "type")]
    media_type: String,
    /// Messages on the console, what its policy forbade, requests that failed or led elsewhere.
    problems: Vec<String>,
    /// Where it ended.
    address: String,
    heading: String,
    /// By how many pixels it must be scrolled sideways.
    too_wide: u32,
    background: String,
    /// How much of what only a screen needs is not there.
    hidden: u32,
    /// The addresses that are marked as those that were opened.
    asked: Vec<String>,
    /// What a click on the marked address selects.
    selected: String,
}

/// The sample entries, and what is hard to show: words, code, tables and files without end.
fn site() -> Option<Tidings> {
    if !tools_are_required() {
        eprintln!("skipped: a browser is a foreign program; TIDINGS_TOOLS=required runs it");
        return None;
    }
    // Addresses are then those that the browser is to visit.
    let setup = Setup::new().without("base_url").with_sample_entries().with_tables(
        "[site]\ntitle = \"The Saltmere Lantern\"\ndescription = \"News from a small harbour town\"\n\
         copyright = \"© The Saltmere Lantern\"\n\
         [feeds]\nlimit = 6\n\
         [[feed]]\nname = \"city\"\ntitle = \"City desk\"\ndescription = \"What the council decides\"\n\
         tags = [\"council\", \"traffic\"]\n",
    );
    let word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
    let row = "| a long cell that is not broken |".repeat(9);
    let rule = "| --- |".repeat(9);
    let [row, rule] = [row, rule].map(|it| it.replace("||", "|"));
    let wide = format!(
        "---\ntitle: {word}{word}\ndate: 2026-01-01\ntags: [{word}{word}]\nauthors: [{word}{word}]\n\
         enclosures:\n  - url: https://media.example/{word}{word}.mp3\n    type: audio/mpeg\n---\n\n\
         {word}{word} `{word}{word}`\n\n{row}\n{rule}\n{row}\n\n```\n{word}{word}\n```\n\n\
         <https://example.org/{word}{word}>\n"
    );
    let newest = "# Episode one\n\nListen.\n".to_owned();
    fs::write(setup.entries().join("wide.md"), wide).unwrap();
    fs::write(setup.entries().join("episode.md"), newest).unwrap();
    fs::write(setup.entries().join("episode.mp3"), [0xff, 0xfb, 0x90, 0]).unwrap();
    let tidings = setup.start();
    tidings.feed_when("the sample entries are published", |feed| {
        feed["items"].as_array().is_some_and(|it| it.len() == 6)
    });
    Some(tidings)
}

/// Node, with what is installed for it.
fn node() -> Command {
    let modules = modules();
    let home = repository().join("target/tmp");
    fs::create_dir_all(&home).unwrap();
    let mut node = bare("node", &home);
    node.env("NODE_PATH", modules);
    node
}

fn modules() -> PathBuf {
    let modules = std::env::var_os("NODE_PATH");
    modules.map_or_else(
        || repository().join("target/tools/node_modules"),
        PathBuf::from,
    )
}

#[test]
fn people_see_the_pages_in_a_browser() {
    let Some(tidings) = site() else { return };
    let mut visits: Vec<_> = PAGES
        .iter()
        .flat_map(|(name, path)| {
            [
                json!({ "name": name, "path": path }),
                json!({ "name": format!("{name}-dark"), "path": path, "scheme": "dark" }),
                json!({ "name": format!("{name}-phone"), "path": path, "width": PHONE }),
                json!({ "name": format!("{name}-print"), "path": path, "media": "print" }),
            ]
        })
        .collect();
    visits.extend([
        json!({ "name": "typed-rss", "path": "/tags/bridge/rss.xml" }),
        json!({ "name": "typed-json", "path": "/feed.json", "width": PHONE }),
        json!({ "name": "typed-archive", "path": "/archive/1/atom.xml" }),
        json!({ "name": "raw", "path": "/rss.xml?raw" }),
    ]);
    let screens = repository().join("target/screens");
    fs::create_dir_all(&screens).unwrap();
    let base = format!("http://{}/", tidings.address());
    let seen = visit(&base, &screens, &visits);
    assert_eq!(seen.len(), visits.len());
    for page in &seen {
        assert_eq!(page.problems, Vec::<String>::new(), "{page:#?}");
        assert_eq!(page.too_wide, 0, "{page:#?}");
        assert!(screens.join(format!("{}.png", page.name)).is_file());
    }
    let seen: BTreeMap<&str, &Seen> = seen.iter().map(|it| (it.name.as_str(), it)).collect();
    for (name, path) in PAGES {
        let page = seen[name];
        assert_eq!(page.statuses, [200], "{page:#?}");
        assert_eq!(page.address, format!("{base}{}", &path[1..]));
        assert!(!page.heading.is_empty(), "{page:#?}");
        assert_eq!(page.asked, Vec::<String>::new(), "{page:#?}");
        let dark = seen[format!("{name}-dark").as_str()];
        assert_ne!(page.background, dark.background, "{name}");
        let print = seen[format!("{name}-print").as_str()];
        assert_eq!(print.background, "rgb(255, 255, 255)", "{name}");
        assert!(
            name != "front" || (page.hidden == 0 && print.hidden > 0),
            "{print:#?}"
        );
    }
    let is_led = |name: &str, to: &str, marked: &str, address: &str| {
        let page = seen[name];
        assert_eq!(page.statuses, [303, 200], "{page:#?}");
        assert_eq!(page.address, format!("{base}{to}"));
        assert_eq!(page.asked.join(" "), marked, "{page:#?}");
        assert_eq!(page.selected, address, "{page:#?}");
    };
    let rss = format!("{base}tags/bridge/rss.xml");
    is_led("typed-rss", "tags/bridge/subscribe#rss", "rss", &rss);
    let json = format!("{base}feed.json");
    is_led("typed-json", "subscribe#json", "json", &json);
    is_led("typed-archive", "archive/1/", "", "");
    let raw = seen["raw"];
    assert_eq!(raw.statuses, [200]);
    assert_eq!(raw.media_type, "application/rss+xml; charset=utf-8");
}

/// The publisher's own page, on the admin listener, with something in each of its parts.
#[test]
fn publishers_see_the_status_in_a_browser() {
    let Some(tidings) = site() else { return };
    let word = "donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
    let line = format!("{word} {word} {word}");
    tidings.drop_entry(
        &format!("{word}.md"),
        &format!("---\ntitle: <b>{line}</b>\ndate: {line}\n---\n"),
    );
    tidings.drop_entry(
        "later.md",
        &format!("---\ntitle: {word}{word}\ndate: 2091-05-01\n---\nSail.\n\nRead: {word}{word}\n"),
    );
    for (path, agent) in [
        (
            "/atom.xml",
            "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 1234 subscribers)",
        ),
        ("/atom.xml", "Feedbin feed-id:7 - 37 subscribers"),
        ("/atom.xml", "newsboat/2.36"),
        (
            "/rss.xml",
            "Mozilla/5.0 (compatible; Miniflux/2.2.3; +https://miniflux.app)",
        ),
        ("/rss.xml", "Googlebot/2.1"),
        (
            "/rss.xml",
            "AServiceWithANameThatIsLongAndUnknown/1.0 (900 subscribers)",
        ),
        (
            "/tags/bridge/feed.json",
            "NetNewsWire (RSS Reader; https://netnewswire.com/)",
        ),
    ] {
        let first = tidings.get_with(path, &[("User-Agent", agent)]);
        let tag = first.header("etag").unwrap_or_default().to_owned();
        let again = [("User-Agent", agent), ("If-None-Match", &*tag)];
        tidings.get_with(path, &again);
    }
    crate::support::eventually("all of it is known", PATIENCE, || {
        let page = tidings.admin("/status", &[]);
        let has = |part: &str| page.text().contains(part);
        (has(&format!("{word}.md:3:7")) && has("2091-05-01 00:00")).then_some(())
    });
    let base = format!("http://{}/", tidings.admin_address());
    let screens = repository().join("target/screens");
    fs::create_dir_all(&screens).unwrap();
    let visits = [
        json!({ "name": "status", "path": "/status" }),
        json!({ "name": "status-dark", "path": "/status", "scheme": "dark" }),
        json!({ "name": "status-phone", "path": "/status", "width": 390 }),
        json!({ "name": "status-phone-dark", "path": "/status", "width": PHONE, "scheme": "dark" }),
    ];
    let seen = visit(&base, &screens, &visits);
    for page in &seen {
        assert_eq!(page.problems, Vec::<String>::new(), "{page:#?}");
        assert_eq!(page.statuses, [200], "{page:#?}");
        assert_eq!(page.too_wide, 0, "{page:#?}");
        assert_eq!(page.heading, "Running", "{page:#?}");
    }
    let [light, dark, ..] = seen.as_slice() else {
        panic!("{seen:?}");
    };
    // Its style sheet is there.
    assert_ne!(light.background, dark.background);
    assert_eq!(light.background, "rgb(252, 250, 245)");
}

/// What a browser sees at these addresses of the site at `base`; its pictures go to `screens`.
fn visit(base: &str, screens: &Path, visits: &(impl serde::Serialize + ?Sized)) -> Vec<Seen> {
    let chromium = std::env::var_os("TIDINGS_CHROMIUM").unwrap_or_else(|| "chromium".into());
    let said = run(
        node()
            .arg(repository().join("tests/it/browser/visit.js"))
            .arg(which(&chromium))
            .arg(base)
            .arg(screens)
            .arg(serde_json::to_string(visits).unwrap()),
        PATIENCE,
    );
    serde_json::from_str(&said).unwrap()
}

/// Playwright wants the path of the browser.
fn which(program: &std::ffi::OsStr) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program));
    let found = found.into_iter().find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("there is no {}", program.display()))
}

#[test]
fn pages_are_valid_html() {
    let Some(tidings) = site() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, path) in PAGES {
        let page = tidings.get(path);
        assert_eq!(page.status, 200, "{path}");
        fs::write(folder.path().join(format!("{name}.html")), page.body).unwrap();
    }
    fs::remove_file(tidings.entries().join("wide.md")).unwrap();
    let gone = crate::support::eventually("the entry is gone", PATIENCE, || {
        let answer = tidings.get("/entries/wide");
        (answer.status == 410).then_some(answer)
    });
    fs::write(folder.path().join("gone.html"), gone.body).unwrap();
    let status = tidings.admin("/status", &[]);
    fs::write(folder.path().join("status.html"), status.body).unwrap();
    let mut validate = node();
    validate
        .arg(modules().join("html-validate/bin/html-validate.mjs"))
        .arg("--config")
        .arg(repository().join("tests/it/browser/valid.json"));
    for page in fs::read_dir(folder.path()).unwrap() {
        validate.arg(page.unwrap().path());
    }
    run(&mut validate, PATIENCE);
}
