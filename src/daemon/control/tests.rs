use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use super::*;

/// A status that says in which form it was wanted.
fn telling() -> Telling {
    Arc::new(|wanted| Ok(format!("{wanted:?}\nline two")))
}

/// A daemon that answers questions with `answer`, and what a client then gets.
fn check(state: &Path, outcome: Outcome, expected: (bool, &str)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    let questions = Questions::default();
    let hints = Hints::default();
    let control = Control::start(
        state,
        questions.clone(),
        hints.clone(),
        Arc::new(Health::new()),
        telling(),
    )
    .unwrap();
    let mode = std::fs::metadata(state.join(NAME)).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let writer = std::thread::spawn(move || {
        loop {
            if let Some(asked) = questions.take().pop() {
                return asked.to.send(outcome).unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let got = ask(state, Question::ConfirmRemoval).unwrap();
    assert_eq!((got.is_yes, got.text.as_str()), expected);
    writer.join().unwrap();
    drop(control);
    assert!(!state.join(NAME).exists());
}

#[test]
fn a_question_is_answered_and_the_socket_goes_with_the_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    assert!(matches!(
        ask(state, Question::ConfirmRemoval),
        Err(AskError::NoDaemon(_))
    ));
    check(
        state,
        Outcome::Withdrawn(12),
        (true, "12 entries were withdrawn"),
    );
    check(
        state,
        Outcome::Withdrawn(1),
        (true, "1 entry was withdrawn"),
    );
    let nothing = "there is nothing to confirm: no removal is held back";
    check(state, Outcome::NothingGone, (false, nothing));
    let failed = "nothing was withdrawn: the ledger can't be written";
    check(state, Outcome::Failed, (false, failed));
    let fine = "there is nothing to confirm: the machine's clock is believed";
    check(state, Outcome::ClockFine, (false, fine));
}

#[test]
fn what_a_dead_daemon_left_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    drop(UnixListener::bind(folder.path().join(NAME)).unwrap());
    assert!(matches!(
        ask(folder.path(), Question::ConfirmRemoval),
        Err(AskError::NoDaemon(_))
    ));
    check(
        folder.path(),
        Outcome::Withdrawn(2),
        (true, "2 entries were withdrawn"),
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_state_folder_with_a_long_path_has_a_socket_too() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("x".repeat(150));
    std::fs::create_dir(&state).unwrap();
    check(
        &state,
        Outcome::Withdrawn(3),
        (true, "3 entries were withdrawn"),
    );
}

#[test]
fn other_questions_are_refused_and_long_ones_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    let _control = Control::start(
        folder.path(),
        Questions::default(),
        Hints::default(),
        Arc::new(Health::new()),
        telling(),
    )
    .unwrap();
    for question in ["stop\n".to_owned(), "\n".to_owned(), "x".repeat(256)] {
        let mut daemon = UnixStream::connect(folder.path().join(NAME)).unwrap();
        daemon.set_read_timeout(Some(PATIENCE)).unwrap();
        daemon.write_all(question.as_bytes()).unwrap();
        let mut answer = String::new();
        daemon.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("no\nthe daemon knows no such command"));
    }
}

#[test]
fn health_is_told_without_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    let health = Arc::new(Health::new());
    let questions = Questions::default();
    let hints = Hints::default();
    let asked = Arc::clone(&health);
    let _control =
        Control::start(folder.path(), questions.clone(), hints, asked, telling()).unwrap();
    let check = |question, is_yes: bool, text: &str| {
        let answer = ask(folder.path(), question).unwrap();
        assert_eq!((answer.is_yes, answer.text.as_str()), (is_yes, text));
    };
    check(Question::Alive, true, "ok");
    check(Question::Ready, false, "starting");
    check(Question::Status, true, "Text\nline two");
    check(Question::StatusJson, true, "Json\nline two");
    health.set(vec!["the disk is full".into(), "the folder is away".into()]);
    check(Question::Alive, true, "ok");
    let both = "the disk is full\nthe folder is away";
    check(Question::Ready, false, both);
    health.set(Vec::new());
    check(Question::Ready, true, "ready");
    assert!(questions.take().is_empty());
}
