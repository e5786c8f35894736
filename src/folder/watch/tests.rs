use notify::event::{
    AccessKind, AccessMode, CreateKind, DataChange, Flag, MetadataKind, ModifyKind, RemoveKind,
    RenameMode,
};
use notify::{ErrorKind, Event, EventKind};

use super::*;

fn translator() -> Translator {
    Translator {
        root: "/srv/link".into(),
        real: "/srv/entries".into(),
        echo: None,
        hints: Hints::default(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test needs some instant to count from"
)]
fn now() -> Instant {
    Instant::now()
}

fn taken(events: Vec<Event>) -> Taken {
    let translator = translator();
    for event in events {
        translator.take(Ok(event));
    }
    translator.hints.wait(now(), Some(now()))
}

fn event(kind: EventKind, paths: &[&str]) -> Event {
    paths.iter().fold(Event::new(kind), |event, path| {
        event.add_path((*path).into())
    })
}

#[test]
fn events_become_signs() {
    let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
    let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::Both));
    let taken = taken(vec![
        event(EventKind::Create(CreateKind::File), &["/srv/entries/a.md"]),
        event(written, &["/srv/entries/a.md"]),
        event(written, &["/srv/entries/a.md"]),
        event(closed, &["/srv/entries/a.md"]),
        event(renamed, &["/srv/entries/x/b.tmp", "/srv/link/x/b.md"]),
        event(
            EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)),
            &["/srv/entries"],
        ),
    ]);
    let signs = |path: &str| taken.paths.get(&FolderPath::new(path).unwrap()).cloned();
    assert_eq!(
        signs("a.md"),
        Some(vec![Sign::Touched, Sign::Writing, Sign::Closed])
    );
    assert_eq!(signs("x/b.tmp"), Some(vec![Sign::Left]));
    assert_eq!(signs("x/b.md"), Some(vec![Sign::Arrived]));
    assert!(!taken.everything);
}

#[test]
fn our_own_reads_are_no_hints() {
    let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
    assert!(
        taken(vec![event(opened, &["/srv/entries/a.md"])])
            .paths
            .is_empty()
    );
}

#[test]
fn overflow_and_a_changed_root_mean_everything() {
    assert!(taken(vec![Event::new(EventKind::Other).set_flag(Flag::Rescan)]).everything);
    assert!(
        taken(vec![event(
            EventKind::Create(CreateKind::Folder),
            &["/srv/entries"]
        )])
        .everything
    );
    let outside = event(EventKind::Create(CreateKind::File), &["/srv/other"]);
    assert!(!taken(vec![outside]).everything);
}

#[test]
fn a_watch_that_fails_is_told() {
    let check = |event: notify::Result<Event>, expected: Option<Fault>| {
        let translator = translator();
        translator.take(event);
        let state = translator.hints.lock();
        assert_eq!((state.fault, state.everything), (expected, true));
    };
    let failed = |kind: ErrorKind, path: &str| Err(notify::Error::new(kind).add_path(path.into()));
    let deep = "/srv/entries/new";
    check(failed(ErrorKind::MaxFilesWatch, deep), Some(Fault::UsedUp));
    check(failed(ErrorKind::PathNotFound, deep), None);
    let root = "/srv/entries";
    check(failed(ErrorKind::PathNotFound, root), Some(Fault::Stale));
    let io = std::io::Error::other("broken");
    check(failed(ErrorKind::Io(io), deep), Some(Fault::Stale));
    let removed = event(EventKind::Remove(RemoveKind::Folder), &[root]);
    check(Ok(removed), Some(Fault::Stale));
    let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
    check(Ok(overflow), None);
}

#[test]
fn renames_are_kept_until_what_was_renamed_is_removed() {
    let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::Both));
    let half = EventKind::Modify(ModifyKind::Name(RenameMode::From));
    let path = |path: &str| FolderPath::new(path).unwrap();
    let taken = taken(vec![
        event(renamed, &["/srv/entries/a.md", "/srv/entries/b.md"]),
        event(half, &["/srv/entries/b.md"]),
        event(renamed, &["/srv/entries/b.md", "/srv/link/x/c.md"]),
        event(renamed, &["/srv/entries/d.md", "/srv/entries/e.md"]),
        event(EventKind::Remove(RemoveKind::File), &["/srv/entries/e.md"]),
        event(renamed, &["/srv/other/f.md", "/srv/entries/g.md"]),
    ]);
    let origin = |file: &str| taken.renames.origin(&path(file));
    assert_eq!(origin("x/c.md"), Some(path("a.md")));
    assert_eq!(origin("b.md"), None);
    assert_eq!(origin("e.md"), None);
    assert_eq!(origin("g.md"), None);
}

#[test]
fn of_too_many_signs_the_last_are_kept() {
    let hints = Hints::default();
    let file = FolderPath::new("a.md").unwrap();
    for _ in 0..1000 {
        hints.path(file.clone(), Sign::Writing);
        hints.path(file.clone(), Sign::Closed);
    }
    let state = hints.lock();
    let signs = &state.paths[&file];
    assert!(signs.len() <= MAX_SIGNS && signs.ends_with(&[Sign::Writing, Sign::Closed]));
}

#[test]
fn too_many_paths_mean_everything() {
    let hints = Hints::default();
    for number in 0..=MAX_HINTS {
        hints.path(FolderPath::new(&number.to_string()).unwrap(), Sign::Touched);
    }
    let state = hints.lock();
    assert!(state.everything && state.paths.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn all_that_happened_is_told_before_the_echo() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("entries");
    std::fs::create_dir(&root).unwrap();
    let echo = place.path().join("watch/echo");
    let hints = Hints::with_echo(echo.clone(), now);
    assert!(hints.catch_up(), "nobody watches yet");
    let watch = Watch::start(&root, &hints).unwrap();
    let path = FolderPath::new("a.md").unwrap();
    for step in 0..200 {
        std::fs::write(root.join("a.md"), format!("{step}")).unwrap();
        assert!(hints.catch_up());
        assert!(hints.tells_of_writing(&path), "step {step}");
        hints.wait(now(), Some(now()));
        assert!(!hints.tells_of_writing(&path));
    }
    // Who does not hear it does not wait for ever, and does not think that all was told.
    assert!(hints.is_watch_alive());
    std::fs::remove_file(&echo).unwrap();
    assert!(!hints.catch_up());
    assert!(hints.is_watch_alive(), "it could not be tried");
    std::fs::write(&echo, "").unwrap();
    let before = now();
    assert!(!hints.catch_up());
    assert!(before.elapsed() >= ECHO_PATIENCE);
    assert!(!hints.is_watch_alive());
    drop(watch);
    assert!(hints.catch_up(), "nobody watches any more");
}

#[test]
fn it_is_told_when_the_first_hint_came() {
    let place = tempfile::tempdir().unwrap();
    let hints = Hints::with_echo(place.path().join("echo"), now);
    let path = |name: &str| FolderPath::new(name).unwrap();
    let start = now();
    hints.path(path("a.md"), Sign::Writing);
    let between = now();
    hints.path(path("b.md"), Sign::Arrived);
    let taken = hints.wait(start, Some(start));
    let since = taken.since.unwrap();
    assert!(start <= since && since <= between);
    hints.path(path("a.md"), Sign::Closed);
    assert!(hints.wait(start, Some(start)).since.unwrap() >= between);
    hints.everything();
    assert_eq!(hints.wait(start, Some(start)).since, None);
}
