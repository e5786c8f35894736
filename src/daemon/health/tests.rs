use super::*;

#[test]
fn it_is_told_how_far_a_large_first_scan_is() {
    let health = Health::new();
    let told = || {
        health
            .admin()
            .reasons()
            .first()
            .cloned()
            .unwrap_or_default()
    };
    health.has_read(LARGE - 1, LARGE - 1);
    assert_eq!(told(), "starting");
    health.has_read(1024, LARGE);
    assert!(
        told().ends_with(": 1024 of 5000 files are read"),
        "{}",
        told()
    );
    health.has_read(LARGE, LARGE);
    assert!(told().ends_with("are being published"), "{}", told());
    health.is_serving(0);
    assert_eq!(told(), "");
    health.has_read(1024, LARGE);
    assert_eq!(told(), "");
}

#[test]
fn who_started_us_hears_of_any_first_scan_until_something_is_served() {
    #[derive(Debug, Default)]
    struct Heard(Mutex<Vec<(usize, usize)>>);
    impl FirstScan for Heard {
        fn has_read(&self, read: usize, all: usize) {
            self.0.lock().unwrap().push((read, all));
        }
        fn is_over(&self) {
            self.0.lock().unwrap().push((0, 0));
        }
    }
    let heard = Arc::new(Heard::default());
    let health = Health::telling(Notifier::default(), Arc::clone(&heard) as _);
    health.has_read(1, 2);
    health.has_read(LARGE, LARGE);
    health.is_serving(2);
    health.turn_is_over();
    health.has_read(1, 1);
    assert_eq!(*heard.0.lock().unwrap(), [(1, 2), (LARGE, LARGE), (0, 0)]);
}

#[test]
fn the_status_is_one_line() {
    let moment = |text: &str| Some(text.parse().unwrap());
    let check = |state: State, reasons: &[&str], expected: &str| {
        let reasons: Vec<String> = reasons.iter().map(|&it| it.to_owned()).collect();
        assert_eq!(status(&state, &reasons), expected);
    };
    check(State::default(), &["the first scan"], "the first scan");
    let serving = |live, published| State {
        is_serving: true,
        live,
        published,
        ..State::default()
    };
    check(serving(1, None), &[], "1 entry is published");
    check(
        serving(0, moment("2026-01-31T10:00:00.123Z")),
        &["the disk\nis full", "and old"],
        "0 entries are published; the last change was at 2026-01-31T10:00:00Z; \
         the disk is full; and old",
    );
}

#[test]
fn a_trouble_is_told_with_its_reason_and_since_when() {
    let health = Health::new();
    health.is_serving(0);
    assert!(health.admin().reasons().is_empty());
    let reason = |text: &str| Some(text.to_owned());
    let told = || health.admin().reasons().first().cloned();
    assert!(health.set_because(Trouble::MassRemoval, reason("8 of 14 files are gone")));
    let first = told().unwrap();
    let since = first
        .strip_prefix("8 of 14 files are gone (since ")
        .unwrap();
    assert!(
        since
            .strip_suffix("Z)")
            .unwrap()
            .parse::<jiff::civil::DateTime>()
            .is_ok()
    );
    // Another reason, the same trouble.
    assert!(!health.set_because(Trouble::MassRemoval, reason("9 of 14 files are gone")));
    assert_eq!(
        told(),
        reason(&format!("9 of 14 files are gone (since {since}"))
    );
    let there = health.troubles();
    let there = there.iter().filter(|it| it.since.is_some());
    let there: Vec<_> = there.map(|it| it.name).collect();
    assert_eq!(there, ["mass_removal"]);
    assert!(health.set(Trouble::MassRemoval, false));
    assert!(health.troubles().iter().all(|it| it.since.is_none()));
    assert!(!health.set(Trouble::MassRemoval, false));
    assert_eq!(told(), None);
}

#[test]
fn what_is_not_published_is_listed_until_it_is() {
    let health = Health::new();
    let path = |text: &str| FolderPath::new(text).unwrap();
    let problem = Problem {
        line: 3,
        column: 7,
        message: "not a date".to_owned(),
    };
    let listed = |most| {
        let (first, total) = health.unpublished(most);
        let places: Vec<String> = first.into_iter().map(|(place, _)| place).collect();
        (places, total)
    };
    health.rejected(&path("b.md"), &problem);
    let (first, _) = health.unpublished(1);
    assert_eq!(first[0].1.reason, Reason::Problem(problem.clone()));
    health.report("a.md", "can't be read");
    let hidden = |places: &[&str]| {
        let troubles = places.iter().map(|it| ((*it).to_owned(), "no".to_owned()));
        health.hidden(&troubles.collect::<Vec<_>>());
    };
    hidden(&["c", "d"]);
    let all = |it: &[&str]| it.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
    assert_eq!(listed(9), (all(&["a.md", "b.md", "c", "d"]), 4));
    assert_eq!(listed(2), (all(&["a.md", "b.md"]), 4));
    // The same again: since when it is so does not change.
    let since = |health: &Health| health.unpublished(2).0[1].1.since;
    let before = since(&health);
    health.rejected(&path("b.md"), &problem);
    assert_eq!(since(&health), before);
    // A walk that sees one of the places, and then all.
    hidden(&["d"]);
    assert_eq!(listed(9).1, 3);
    hidden(&[]);
    health.accepted(&path("b.md"));
    assert_eq!(listed(9), (all(&["a.md"]), 1));
}
