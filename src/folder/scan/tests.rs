//! The folder's promises, on real folders.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use tempfile::TempDir;

use super::*;

const LIMIT: u64 = 100;

fn folder() -> (TempDir, Folder) {
    let place = TempDir::new().unwrap();
    let root = place.path().join("entries");
    fs::create_dir(&root).unwrap();
    let folder = Folder::new(root, Names::new(&[]).unwrap(), LIMIT);
    (place, folder)
}

fn write(folder: &Folder, path: &str, text: &str) {
    let file = folder.root().join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn path(path: &str) -> FolderPath {
    FolderPath::new(path).unwrap()
}

fn found(folder: &Folder, below: Option<&str>) -> Vec<String> {
    let listing = folder.walk(below.map(path).as_ref()).unwrap();
    listing
        .entries
        .iter()
        .map(|(path, _)| path.to_string())
        .collect()
}

#[test]
fn a_walk_finds_entries_and_what_lies_beside() {
    let (_place, folder) = folder();
    for file in [
        "b.md",
        "a.txt",
        "news/c.html",
        "news/x/d.md",
        ".git/e.md",
        "_f.md",
        "g.md~",
        "news/map.png",
    ] {
        write(&folder, file, file);
    }
    assert_eq!(
        found(&folder, None),
        ["a.txt", "b.md", "news/c.html", "news/x/d.md"]
    );
    assert_eq!(found(&folder, Some("news/x")), ["news/x/d.md"]);
    let beside = folder.walk(None).unwrap().beside;
    assert_eq!(beside, [(path("news/map.png"), 12)]);
}

#[test]
fn links_inside_count_once_and_links_out_do_not() {
    let (place, folder) = folder();
    // As Kubernetes lays out a ConfigMap.
    write(&folder, "..2026/a.md", "a");
    symlink("..2026", folder.root().join("..data")).unwrap();
    symlink("..data/a.md", folder.root().join("a.md")).unwrap();
    write(&folder, "real/b.md", "b");
    symlink("real", folder.root().join("linked")).unwrap();
    symlink(".", folder.root().join("loop")).unwrap();
    fs::write(place.path().join("secret.md"), "secret").unwrap();
    symlink("../secret.md", folder.root().join("out.md")).unwrap();
    symlink(place.path(), folder.root().join("outside")).unwrap();
    symlink("nowhere.md", folder.root().join("dangling.md")).unwrap();
    assert_eq!(found(&folder, None), ["real/b.md", "a.md"]);
    assert_eq!(folder.read(&path("a.md")).unwrap().0, b"a");
    assert!(folder.read(&path("out.md")).is_err());
    assert_eq!(folder.look(&path("out.md")).unwrap(), Look::Other);
    assert_eq!(folder.look(&path("dangling.md")).unwrap(), Look::Nothing);
    assert!(folder.read(&path("outside/secret.md")).is_err());
}

#[test]
fn what_is_no_file_never_blocks() {
    let (_place, folder) = folder();
    assert!(
        Command::new("mkfifo")
            .arg(folder.root().join("pipe.md"))
            .status()
            .unwrap()
            .success()
    );
    #[expect(clippy::disallowed_types, reason = "a socket that is in the way")]
    let _socket = std::os::unix::net::UnixListener::bind(folder.root().join("socket.md")).unwrap();
    assert!(found(&folder, None).is_empty());
    for name in ["pipe.md", "socket.md"] {
        assert_eq!(folder.look(&path(name)).unwrap(), Look::Other, "{name}");
        assert!(folder.read(&path(name)).is_err(), "{name}");
    }
    fs::create_dir(folder.root().join("folder.md")).unwrap();
    assert_eq!(folder.look(&path("folder.md")).unwrap(), Look::Folder);
    assert!(matches!(
        folder.read(&path("folder.md")),
        Err(ReadError::NotRegular)
    ));
}

#[test]
fn a_read_is_bounded_and_stamped() {
    let (_place, folder) = folder();
    write(&folder, "a.md", "text");
    let (bytes, stamp) = folder.read(&path("a.md")).unwrap();
    assert_eq!((bytes.as_slice(), stamp.size), (b"text".as_slice(), 4));
    assert_eq!(folder.look(&path("a.md")).unwrap(), Look::File(stamp));
    assert_eq!(folder.walk(None).unwrap().entries, [(path("a.md"), stamp)]);
    write(&folder, "full.md", &"x".repeat(100));
    assert_eq!(folder.read(&path("full.md")).unwrap().0.len(), 100);
    write(&folder, "large.md", &"x".repeat(101));
    assert!(matches!(
        folder.read(&path("large.md")),
        Err(ReadError::TooLarge {
            size: 101,
            limit: LIMIT
        })
    ));
}

#[test]
fn only_files_beside_entries_are_opened_for_readers() {
    let (_place, folder) = folder();
    for file in ["a.md", "map.png", ".secret.png"] {
        write(&folder, file, "x");
    }
    assert!(folder.open_beside(&path("map.png")).is_ok());
    for file in ["a.md", ".secret.png", "no.png"] {
        let error = folder.open_beside(&path(file)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound, "{file}");
    }
}

#[test]
fn names_that_are_not_utf_8_are_reported() {
    use std::os::unix::ffi::OsStrExt;
    let (_place, folder) = folder();
    fs::write(
        folder
            .root()
            .join(std::ffi::OsStr::from_bytes(b"caf\xe9.md")),
        "x",
    )
    .unwrap();
    let listing = folder.walk(None).unwrap();
    assert!(listing.entries.is_empty());
    assert_eq!(listing.troubles.len(), 1);
    assert!(listing.troubles[0].1.contains("UTF-8"));
}

#[test]
fn another_folder_in_its_place_is_noticed() {
    let (_place, folder) = folder();
    let before = folder.identity().unwrap();
    fs::rename(folder.root(), folder.root().with_extension("old")).unwrap();
    assert!(folder.identity().is_err());
    assert!(folder.walk(None).is_err());
    fs::create_dir(folder.root()).unwrap();
    assert_ne!(folder.identity().unwrap(), before);
}
