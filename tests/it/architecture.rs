//! The borders between the rooms of `src/`: who may use whom, which names don't exist, how long a
//! file may be.
//!
//! Each file belongs to the room with the longest path that begins its own. Every `crate::…` and
//! `super::…` path in it, outside comments, strings and test modules (also those in a `tests.rs`),
//! leads to a room in the same way; that room must be its own or stand in the table.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Which rooms a room may use.
enum Uses {
    /// These, and no other.
    Only(&'static [&'static str]),
    /// All but these.
    AllBut(&'static [&'static str]),
}

use Uses::{AllBut, Only};

/// The table. A room is a module with all that lies below it, down to the next room.
const ROOMS: &[(&str, Uses)] = &[
    ("main", Only(&["cli"])),
    ("lib", Only(&[])),
    ("cli", AllBut(&[])),
    ("config", Only(&["entry"])),
    ("entry", Only(&[])),
    ("entry::parse", Only(&["entry"])),
    ("folder", Only(&["entry"])),
    (
        "folder::conventions",
        Only(&["entry", "entry::parse", "folder", "folder::scan"]),
    ),
    (
        "folder::reading",
        Only(&[
            "entry",
            "entry::parse",
            "folder",
            "folder::conventions",
            "folder::scan",
        ]),
    ),
    ("folder::scan", Only(&["entry", "folder"])),
    ("folder::watch", Only(&["folder"])),
    ("ledger", Only(&["entry", "catalogue"])),
    ("catalogue", Only(&["entry"])),
    ("feed", Only(&["entry", "catalogue"])),
    ("feed::rss", Only(&["entry", "feed"])),
    ("feed::atom", Only(&["entry", "feed"])),
    ("feed::json", Only(&["entry", "feed"])),
    ("feed::opml", Only(&["entry", "feed"])),
    ("page", Only(&["entry", "feed"])),
    ("site", Only(&["entry", "catalogue", "feed"])),
    (
        "documents",
        Only(&[
            "site",
            "feed",
            "feed::rss",
            "feed::atom",
            "feed::json",
            "feed::opml",
            "page",
        ]),
    ),
    ("audience", Only(&["feed"])),
    ("http", Only(&["site", "documents"])),
    ("metrics", Only(&["http", "site", "documents", "feed"])),
    ("build", Only(&["site", "documents"])),
    (
        "check",
        AllBut(&["cli", "daemon", "http", "documents", "page"]),
    ),
    ("daemon", AllBut(&["cli", "check"])),
];

/// What a room may use beyond the table, item by item: room, path, and why.
const ARGUED: &[(&str, &str, &str)] = &[
    (
        "documents",
        "entry",
        "texts and addresses pass through on their way into a feed",
    ),
    (
        "documents",
        "catalogue",
        "what an entry's references mean is kept with its record",
    ),
    (
        "site",
        "page",
        "style sheet and icon have addresses too, and a template is part of what a page says",
    ),
    (
        "folder",
        "entry::parse::Kind",
        "which names are entries is which kinds can be parsed",
    ),
    (
        "folder",
        "entry::parse::Defaults",
        "and which name says defaults is the format's word too",
    ),
    (
        "folder::watch",
        "entry::FolderPath",
        "a hint is a path, in the words of who is told",
    ),
    (
        "build",
        "entry::FolderPath",
        "files beside entries are copied by their paths",
    ),
    (
        "http",
        "config::Limits",
        "the numbers, as they were checked",
    ),
    (
        "http",
        "config::TrustedProxies",
        "who may say whom a request comes from, as it was checked",
    ),
    (
        "http",
        "entry::Digest",
        "a validator is a digest; it says nothing of an entry",
    ),
    (
        "http",
        "entry::FolderPath",
        "what is asked for under /media",
    ),
];

/// Names that say nothing about what lives there.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "common", "types", "helper", "helpers", "manager",
];

/// The longest a file may be, tests aside, without arguing for it.
const LONGEST: usize = 400;

/// What a file over [`LONGEST`] lines must say in its module documentation.
const ARGUMENT: &str = "Why this file is long";

#[test]
fn every_file_keeps_to_its_room() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(!files.is_empty(), "no source under {}", src.display());
    let mut faults = String::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let source = std::fs::read_to_string(&file).unwrap();
        for fault in faults_of(inside, &source) {
            writeln!(faults, "src/{}: {fault}", inside.display()).unwrap();
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut inside: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|item| item.unwrap().path())
        .collect();
    inside.sort();
    for path in inside {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// All that is wrong with one file, given its path below `src/`.
fn faults_of(inside: &Path, source: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let module: Vec<String> = inside
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    let code = without_tests(&without_comments_and_text(source));
    if module.last().is_some_and(|name| name == "mod") {
        faults.push("is a `mod.rs`: name the file after its module".to_owned());
    }
    for name in module.iter().cloned().chain(modules_in(&code)) {
        if EMPTY_NAMES.contains(&name.as_str()) {
            faults.push(format!("`{name}` names no subject"));
        }
    }
    let lines = code.lines().count();
    let argued = source
        .lines()
        .any(|line| line.starts_with("//!") && line.contains(ARGUMENT));
    if lines > LONGEST && !argued {
        faults.push(format!(
            "has {lines} lines without its tests: split it, or argue under \"{ARGUMENT}\""
        ));
    }
    let Some((room, uses)) = room_of(&module) else {
        faults.push("belongs to no room of the table".to_owned());
        return faults;
    };
    for path in paths_in(&code, &module) {
        let written = path.join("::");
        match room_of(&path) {
            None if path.len() == 1 => {} // an item of the crate's root, which holds no code
            None => faults.push(format!("`{written}` leads to no room of the table")),
            Some((other, _)) if other == room => {}
            Some((other, _)) => {
                let allowed = match uses {
                    Only(rooms) => rooms.contains(&other),
                    AllBut(rooms) => !rooms.contains(&other),
                } || ARGUED.iter().any(|(from, to, _)| {
                    // A whole room, or one item of it.
                    *from == room && (*to == other || *to == written)
                });
                if !allowed {
                    faults.push(format!("`{room}` may not use `{other}`: `{written}`"));
                }
            }
        }
    }
    if module == ["lib"]
        && ["fn ", "struct ", "enum ", "impl "]
            .iter()
            .any(|word| code.contains(word))
    {
        faults.push("is the map of the crate and holds no code".to_owned());
    }
    faults
}

/// The room with the longest path that begins `path`.
fn room_of(path: &[String]) -> Option<(&'static str, &'static Uses)> {
    ROOMS
        .iter()
        .filter(|(room, _)| {
            let mut parts = room.split("::");
            parts.clone().count() <= path.len()
                && path
                    .iter()
                    .map_while(|have| parts.next().map(|want| have == want))
                    .all(|same| same)
        })
        .max_by_key(|(room, _)| room.len())
        .map(|(room, uses)| (*room, uses))
}

/// The same text with comments and the insides of literals blanked, line for line.
fn without_comments_and_text(source: &str) -> String {
    let from: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    let blank =
        |code: &mut String, letter: char| code.push(if letter == '\n' { '\n' } else { ' ' });
    while at < from.len() {
        let end = literal_end(&from, at);
        if end == at {
            code.push(from[at]);
            at += 1;
        } else {
            from[at..end]
                .iter()
                .for_each(|&letter| blank(&mut code, letter));
            at = end;
        }
    }
    code
}

/// Where the comment or literal that begins at `at` ends; `at` itself if none begins there.
fn literal_end(from: &[char], at: usize) -> usize {
    let here = |offset: usize| from.get(at + offset).copied().unwrap_or('\0');
    let search = |start: usize, stop: &dyn Fn(usize) -> Option<usize>| {
        (start..from.len()).find_map(stop).unwrap_or(from.len())
    };
    match (here(0), here(1)) {
        ('/', '/') => search(at, &|i| (from[i] == '\n').then_some(i)),
        ('/', '*') => {
            let mut depth = 0;
            let mut i = at;
            while i < from.len() {
                match (from[i], from.get(i + 1)) {
                    ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
                    ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 {
                    break;
                }
            }
            i
        }
        ('r', '"' | '#') if at == 0 || !is_word(from[at - 1]) || from[at - 1] == 'b' => {
            let hashes = from[at + 1..]
                .iter()
                .take_while(|&&letter| letter == '#')
                .count();
            if from.get(at + 1 + hashes) != Some(&'"') {
                return at; // a raw identifier
            }
            search(at + 2 + hashes, &|i| {
                let closed = from[i] == '"'
                    && from[i + 1..]
                        .iter()
                        .take(hashes)
                        .filter(|&&letter| letter == '#')
                        .count()
                        == hashes;
                closed.then_some(i + 1 + hashes)
            })
        }
        ('"', _) => closing(from, at, '"'),
        ('\'', '\\') => closing(from, at, '\''),
        ('\'', _) if here(2) == '\'' => at + 3,
        _ => at,
    }
}

/// The place after the `quote` that ends the literal beginning at `at`.
fn closing(from: &[char], at: usize, quote: char) -> usize {
    let mut i = at + 1;
    while i < from.len() && from[i] != quote {
        i += if from[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(from.len())
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// `code` without the items that exist only in tests. What is between braces goes with its lines.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut rest = code;
    let mut kept = String::new();
    while let Some(start) = rest.find(MARK) {
        kept.push_str(&rest[..start]);
        let item = &rest[start + MARK.len()..];
        let mut depth = 0;
        let end = item.find(|letter: char| {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            depth == 0 && matches!(letter, ';' | '}')
        });
        rest = end.map_or("", |end| &item[end + 1..]);
    }
    kept + rest
}

/// The names after `mod`.
fn modules_in(code: &str) -> Vec<String> {
    let words: Vec<&str> = code
        .split(|letter: char| !is_word(letter))
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(2)
        .filter(|pair| pair[0] == "mod")
        .map(|pair| pair[1].to_owned())
        .collect()
}

/// Every path of this crate that `code` names, from the crate's root, groups taken apart.
fn paths_in(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (root, base) in [
        ("crate::", Vec::new()),
        ("tidings::", Vec::new()),
        ("super::", module[..module.len() - 1].to_vec()),
    ] {
        for (start, _) in code.match_indices(root) {
            let before = code[..start].trim_end();
            let in_a_path = code[..start].ends_with(is_word) || before.ends_with("::");
            if !in_a_path {
                tree(&code[start + root.len()..], &base, &mut found);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Reads one use tree after its prefix; returns how much of `code` it took.
fn tree(code: &str, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    let mut at = 0;
    loop {
        at += code[at..].len() - code[at..].trim_start().len();
        let rest = &code[at..];
        if rest.starts_with('{') {
            at += 1;
            while at < code.len() && !code[at..].starts_with('}') {
                if code[at..]
                    .starts_with(|letter: char| is_word(letter) || matches!(letter, '{' | '*'))
                {
                    at += tree(&code[at..], &path, found);
                } else {
                    at += code[at..].chars().next().map_or(1, char::len_utf8);
                }
            }
            return at + 1;
        }
        let word = &rest[..rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())];
        match word {
            "" => {
                found.push(path);
                return at + usize::from(rest.starts_with('*'));
            }
            "self" => {}
            "super" => drop(path.pop()),
            name => path.push(name.to_owned()),
        }
        at += word.len();
        if !code[at..].starts_with("::") {
            found.push(path);
            return at;
        }
        at += 2;
    }
}

/// File, source, and a part of each fault that must be found, in order.
const PLANTED: &[(&str, &str, &[&str])] = &[
    // Who may use whom.
    ("http.rs", "use crate::site::Site;", &[]),
    ("http.rs", "use crate::entry::Digest;", &[]),
    (
        "http.rs",
        "use crate::entry::Entry;",
        &["`http` may not use `entry`"],
    ),
    (
        "http/respond.rs",
        "use crate::{site::{Site, Plan}, catalogue::{self, Catalogue}};",
        &["`catalogue`", "`catalogue::Catalogue`"],
    ),
    (
        "http.rs",
        "fn f() { let _ = crate::catalogue::plan(); }",
        &["`catalogue::plan`"],
    ),
    ("feed/rss.rs", "use crate::feed::Feed;", &[]),
    (
        "feed/rss.rs",
        "use super::atom::write;",
        &["`feed::rss` may not use `feed::atom`"],
    ),
    ("feed/rss.rs", "use super::{Feed, Format};", &[]),
    (
        "feed/rss.rs",
        "use super::super::http;",
        &["`feed::rss` may not use `http`"],
    ),
    (
        "entry.rs",
        "use crate::entry::parse::parse;",
        &["`entry::parse`"],
    ),
    ("entry/text.rs", "pub use super::Text;", &[]),
    (
        "daemon.rs",
        "use crate::{http, feed, cli};",
        &["may not use `cli`"],
    ),
    (
        "main.rs",
        "fn main() { tidings::cli::run(); tidings::daemon::run(); }",
        &["`daemon"],
    ),
    (
        "config.rs",
        "use crate::elsewhere::Thing;",
        &["leads to no room"],
    ),
    ("elsewhere.rs", "", &["belongs to no room"]),
    // Words in text are no use of anything, and tests may look around.
    (
        "entry.rs",
        "/// See [`crate::http`].\nconst A: &str = \"crate::http\";",
        &[],
    ),
    (
        "entry.rs",
        "/* crate::http /* and */ crate::http */ const B: &str = r#\"\" crate::http\"#;",
        &[],
    ),
    (
        "entry.rs",
        "const C: char = '\"'; use crate::http; // \"",
        &["`http`"],
    ),
    (
        "entry.rs",
        "fn f<'a>(_: &'a str) { crate::http::serve('\\'') }",
        &["`http::serve`"],
    ),
    (
        "entry.rs",
        "#[cfg(test)]\nmod tests { use crate::http; fn f() {} }",
        &[],
    ),
    (
        "entry.rs",
        "#[cfg(test)]\nmod tests { fn f() {} }\nuse crate::http;",
        &["`http`"],
    ),
    // Names.
    ("feed/mod.rs", "", &["is a `mod.rs`"]),
    ("http/utils.rs", "", &["`utils` names no subject"]),
    ("http.rs", "mod helpers;", &["`helpers` names no subject"]),
    // The map of the crate.
    ("lib.rs", "//! The map.\npub mod entry;", &[]),
    ("lib.rs", "pub fn run() {}", &["holds no code"]),
];

#[test]
fn planted_faults_are_found() {
    for &(file, source, expected) in PLANTED {
        check(file, source, expected);
    }
    let long = "const X: u8 = 0;\n".repeat(LONGEST + 1);
    check("site.rs", &long, &["has 401 lines"]);
    check("site.rs", &format!("//! # {ARGUMENT}\n{long}"), &[]);
    check(
        "site.rs",
        &format!("#[cfg(test)]\nmod tests {{\n{long}}}"),
        &[],
    );
}

fn check(file: &str, source: &str, expected: &[&str]) {
    let faults = faults_of(Path::new(file), source);
    assert_eq!(
        faults.len(),
        expected.len(),
        "{file}: {source}\n{faults:#?}"
    );
    for (fault, part) in faults.iter().zip(expected) {
        assert!(fault.contains(part), "{fault} has no {part}");
    }
}
