//! `tidings build`: the files are what `serve` answers, byte for byte, and no more of them are touched
//! than changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::SystemTime;

use crate::support::{Setup, Tidings, program};

/// Beside the files of the site: compressed twins, and what is for hosts.
fn is_beside(file: &str) -> bool {
    let ending = Path::new(file).extension().and_then(|it| it.to_str());
    matches!(ending, Some("gz" | "br" | "zst")) || file.starts_with(['_', '.'])
}

fn build(setup: &Setup, out: &Path) -> Output {
    Command::new(program())
        .arg("build")
        .args(["--out".as_ref(), out.as_os_str()])
        .args([
            "--config".as_ref(),
            setup.folder().join("tidings.toml").as_os_str(),
        ])
        .args(["--entries".as_ref(), setup.entries().as_os_str()])
        .args(["--state".as_ref(), setup.folder().join("state").as_os_str()])
        .output()
        .unwrap()
}

fn built(setup: &Setup, out: &Path) -> String {
    let output = build(setup, out);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The files below `folder`, by their paths from there, with their stamps.
fn files(folder: &Path) -> BTreeMap<String, SystemTime> {
    let files = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap);
    let files = files.filter(|it| it.file_type().is_file());
    files
        .map(|it| {
            let path = it.path().strip_prefix(folder).unwrap();
            let modified = it.metadata().unwrap().modified().unwrap();
            (path.to_str().unwrap().to_owned(), modified)
        })
        .collect()
}

/// Where the file is on the site.
fn address(file: &str) -> String {
    let file = file.strip_suffix("index.html").unwrap_or(file);
    let address = file.strip_suffix(".html").unwrap_or(file);
    let encode = |segment: &str| {
        percent_encoding::utf8_percent_encode(segment, percent_encoding::NON_ALPHANUMERIC)
            .to_string()
    };
    let segments: Vec<String> = address.split('/').map(encode).collect();
    format!("/{}", segments.join("/"))
}

fn same_as_served(tidings: &Tidings, out: &Path) -> usize {
    let names: Vec<String> = files(out).into_keys().filter(|it| !is_beside(it)).collect();
    for name in &names {
        let response = tidings.get(&address(name));
        assert_eq!(response.status, 200, "{name}");
        let file = fs::read(out.join(name)).unwrap();
        assert!(
            response.body == file,
            "{name} is another than {}",
            address(name)
        );
    }
    names.len()
}

/// Articles, old ones too, so that there are archives.
fn write_articles(folder: &Path, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let text = format!(
            "---\ntitle: Number {number}\ndate: 2026-01-01T00:00:{:02}Z\ntags: [tides, “no{}”]\n---\n\nText {number}.\n\nRead: Number {}\n",
            number % 60,
            number % 3,
            number + 1
        );
        fs::write(folder.join(format!("n-{number}.md")), text).unwrap();
    }
}

#[test]
fn what_is_built_is_what_is_served() {
    let setup = Setup::new()
        .with_sample_entries()
        .with_tables("[feeds]\nlimit = 4\n");
    write_articles(&setup.entries(), 0..13);
    let out = setup.folder().join("public");
    drop(setup.serving());
    assert!(built(&setup, &out).contains(" 0 removed"));
    let before = files(&out);
    assert!(before.contains_key("archive/1/atom.xml"));
    assert!(before.contains_key("tags/tides/index.html"));
    assert!(before.contains_key("media/harbour/swing-bridge.png"));
    for twin in ["rss.xml.gz", "rss.xml.br", "rss.xml.zst"] {
        assert!(before.contains_key(twin), "{twin}");
    }

    // Once more: nothing is touched.
    assert!(built(&setup, &out).contains(" 0 written, 0 removed"));
    assert_eq!(files(&out), before);

    let tidings = setup.start();
    tidings.feed_when("it serves", |feed| feed["items"][0].is_object());
    assert!(same_as_served(&tidings, &out) > 200);
}

#[test]
fn only_what_changed_is_written_and_what_is_gone_is_removed() {
    let setup = Setup::new().with_tables("[feeds]\nlimit = 4\n");
    write_articles(&setup.entries(), 0..13);
    let out = setup.folder().join("public");
    drop(setup.serving());
    built(&setup, &out);
    let before = files(&out);
    fs::write(out.join("mine.txt"), "no file of a build").unwrap();
    fs::remove_file(setup.entries().join("n-12.md")).unwrap();
    write_articles(&setup.entries(), 20..21);
    built(&setup, &out);
    let after = files(&out);
    assert!(before.contains_key("entries/number-12.html"));
    assert!(!after.contains_key("entries/number-12.html"));
    assert!(after.contains_key("entries/number-20.html") && after.contains_key("mine.txt"));
    for same in [
        "archive/1/atom.xml",
        "archive/1/rss.xml",
        "entries/number-1.html",
        "style.css",
    ] {
        assert_eq!(after[same], before[same], "{same}");
    }
    let unpacked = gunzip(&out.join("rss.xml.gz"));
    assert_eq!(unpacked, fs::read(out.join("rss.xml")).unwrap());
}

fn gunzip(file: &Path) -> Vec<u8> {
    let mut unpacked = Vec::new();
    let file = fs::File::open(file).unwrap();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut unpacked).unwrap();
    unpacked
}

fn build_beside(tidings: &Tidings, out: &Path) -> Output {
    build_by(&mut Command::new(program()), tidings, out)
}

fn build_by(command: &mut Command, tidings: &Tidings, out: &Path) -> Output {
    command
        .arg("build")
        .args(["--out".as_ref(), out.as_os_str()])
        .args([
            "--config".as_ref(),
            tidings.folder().join("tidings.toml").as_os_str(),
        ])
        .args(["--entries".as_ref(), tidings.entries().as_os_str()])
        .args([
            "--state".as_ref(),
            tidings.folder().join("state").as_os_str(),
        ])
        .output()
        .unwrap()
}

#[test]
fn beside_a_daemon_what_it_has_published_is_built() {
    let tidings = Setup::new().with_sample_entries().start();
    tidings.feed_when("it serves", |feed| feed["items"][0].is_object());
    let out = tidings.folder().join("public");
    let output = build_beside(&tidings, &out);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(same_as_served(&tidings, &out) > 200);
}

#[test]
fn a_build_that_broke_off_is_gone_on_with() {
    let setup = Setup::new().with("grace", "\"1h\"");
    let words = "A sentence about the tide. ".repeat(100);
    for number in 0..40 {
        let text = format!("# Number {number}\n\n{words}\n\n![It](it.png)\n");
        fs::write(setup.entries().join(format!("n-{number}.md")), text).unwrap();
    }
    fs::write(setup.entries().join("it.png"), "a picture").unwrap();
    let tidings = setup.start();
    tidings.feed_when("it serves", |feed| feed["items"][0].is_object());
    let out = tidings.folder().join("public");
    // The system ends whoever writes a file of more than 64 kB, which the feeds have and no page.
    let mut short = Command::new("sh");
    short
        .args(["-c", "ulimit -f 128; exec \"$0\" \"$@\""])
        .arg(program());
    assert!(!build_by(&mut short, &tidings, &out).status.success());
    let file = out.join("media/it.png");
    assert!(file.exists() && out.join("entries/number-1.html").exists());
    assert!(!out.join("atom.xml").exists());

    // What has just gone is answered with 404, and is no file either.
    let picture = tidings.entries().join("it.png");
    let bytes = fs::read(&picture).unwrap();
    fs::remove_file(&picture).unwrap();
    let output = build_beside(&tidings, &out);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!file.exists() && out.join("rss.xml").exists());

    fs::write(&picture, &bytes).unwrap();
    assert!(build_beside(&tidings, &out).status.success());
    assert_eq!(fs::read(file).unwrap(), bytes);
}

#[test]
fn former_addresses_lead_to_the_present_ones() {
    let setup = Setup::new();
    let text = "---\ntitle: Lamp\naliases: [/2020/01/lamp]\n---\n\nLit.\n";
    fs::write(setup.entries().join("lamp.md"), text).unwrap();
    let out = setup.folder().join("public");
    drop(setup.serving());
    built(&setup, &out);
    let redirects = fs::read_to_string(out.join("_redirects")).unwrap();
    assert!(
        redirects.contains("/2020/01/lamp /entries/lamp 301\n"),
        "{redirects}"
    );
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let setup = Setup::new();
    let out = setup.folder().join("theirs");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("index.html"), "theirs").unwrap();
    drop(setup.serving());
    let output = build(&setup, &out);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("holds files that no build made: expected an empty or a new folder"),
        "{said}"
    );
    assert_eq!(files(&out).len(), 1);
    assert!(!setup.folder().join("state").exists());
}

#[test]
fn what_is_built_has_the_publishers_theme() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("style.css"), "p { color: #123456 }").unwrap();
    fs::write(place.path().join("gone.html"), "{{ site.titel }}").unwrap();
    // Paths in the config are relative to the working directory, which is not the test's own.
    let theme = format!("'{}'", place.path().display());
    let setup = Setup::new()
        .with_sample_entries()
        .with("theme", theme.leak());
    let out = setup.folder().join("public");
    drop(setup.serving());
    let output = build(&setup, &out);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("gone.html:1: undefined value"), "{said}");
    let style = || fs::read_to_string(out.join("style.css")).unwrap();
    assert_ne!(style(), "p { color: #123456 }");
    fs::remove_file(place.path().join("gone.html")).unwrap();
    built(&setup, &out);
    assert_eq!(style(), "p { color: #123456 }");
}
