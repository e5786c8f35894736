//! Other settings while the program runs: what can be used holds soon, what can't changes nothing, and no
//! reader notices.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::{Kept, PATIENCE, Setup, Tidings, eventually, request};

/// What the tests start with.
const KEYS: &str = "base_url = \"https://news.example.org/\"\nlisten = \"127.0.0.1:0\"\n\
                    admin_listen = \"127.0.0.1:0\"\ngrace = \"100ms\"\ntimezone = \"UTC\"\n";

const TABLES: &str = "[http]\nmax_age = \"0s\"\n";

/// Other settings in place of those that are there, as an editor does it.
fn write(tidings: &Tidings, text: &str) {
    let beside = tidings.folder().join("tidings.toml~");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, tidings.folder().join("tidings.toml")).unwrap();
}

fn hang_up(tidings: &Tidings) {
    rustix::process::kill_process(tidings.process(), rustix::process::Signal::HUP).unwrap();
}

/// Waits until the log has said so `times` times.
fn has_said(tidings: &Tidings, what: &str, times: usize) {
    eventually(&format!("the log says {what:?}"), PATIENCE, || {
        (tidings.log().matches(what).count() >= times).then_some(())
    });
}

fn is_ready(tidings: &Tidings) {
    eventually("it is ready", PATIENCE, || {
        (tidings.health().status == 200).then_some(())
    });
}

const TAKEN: &str = "the settings were read anew";
const REFUSED: &str = "the settings can't be used, those from before stay";

#[test]
fn what_the_file_says_holds_without_a_restart() {
    let tidings = Setup::new().start();
    tidings.drop_entry("one.md", "# One\n\nSee also: Two\n");
    tidings.drop_entry("two.md", "# Two\n\nText.\n\nVoir: One\n");
    tidings.drop_entry("drafts/three.md", "# Three\n");
    tidings.has_titles(&["One", "Two", "Three"]);
    let before = tidings.get("/atom.xml");
    let process = tidings.process();

    let more = "ignore = [\"drafts/**\"]\n";
    let tables = "[site]\ntitle = \"The Harbour Times\"\n[feeds]\nlimit = 1\n\
                  [related]\nlabels = [\"Voir\"]\n\
                  [[feed]]\nname = \"city\"\ntitle = \"City desk\"\n";
    write(&tidings, &format!("{KEYS}{more}{TABLES}{tables}"));
    let after = eventually("the title is another one", PATIENCE, || {
        let answer = tidings.get("/atom.xml");
        answer
            .text()
            .contains("The Harbour Times")
            .then_some(answer)
    });
    assert_ne!(before.header("etag"), after.header("etag"));
    eventually("what is ignored now goes", PATIENCE, || {
        (tidings.get("/entries/three").status == 410).then_some(())
    });
    assert_eq!(tidings.titles().len(), 1, "as many as the feed may have");
    eventually("other words begin a link", PATIENCE, || {
        let page = tidings.get("/entries/two");
        page.text().contains("/entries/one\"").then_some(())
    });
    assert!(
        tidings
            .get("/feeds/city/rss.xml")
            .text()
            .contains("City desk")
    );
    has_said(&tidings, "changed=", 1);
    let log = tidings.log();
    let line = log.lines().find(|line| line.contains("changed=")).unwrap();
    assert!(
        line.contains("feed, feeds.limit, ignore, related.labels, site.author.name, site.title"),
        "{line}"
    );

    // And back again, the feed of its own included.
    write(&tidings, &format!("{KEYS}{TABLES}"));
    tidings.has_titles(&["One", "Two", "Three"]);
    assert_eq!(tidings.get("/feeds/city/rss.xml").status, 404);
    eventually("all is as it was", PATIENCE, || {
        let again = tidings.get("/atom.xml");
        let has_title = again.text().contains("<title>Tidings</title>");
        has_title.then_some(())
    });
    assert_eq!(tidings.process(), process);
    is_ready(&tidings);
}

/// A daemon that was told of its settings, and one that began with them, say the same.
#[test]
fn it_is_as_after_a_restart() {
    let mut tidings = Setup::new().with_sample_entries().start();
    eventually("the samples are there", PATIENCE, || {
        (!tidings.titles().is_empty()).then_some(())
    });
    let tables = "[site]\ntitle = \"The Harbour Times\"\nlanguage = \"pt\"\n[feeds]\nlimit = 7\ncontent = \"summary\"\n\
                  [podcast]\ncategory = \"News > Daily News\"\n";
    let late = "timezone = \"America/New_York\"\n";
    let keys = KEYS.replace("timezone = \"UTC\"\n", late);
    write(&tidings, &format!("{keys}{TABLES}{tables}"));
    let paths = [
        "/",
        "/rss.xml",
        "/atom.xml",
        "/feed.json",
        "/feeds.opml",
        "/entries/harbour-bridge-reopens",
    ];
    eventually("the settings hold", PATIENCE, || {
        let log = tidings.log();
        let taken = log.find(TAKEN)?;
        // Dates without a zone are other ones, so that entries were read again.
        log[taken..].contains("published").then_some(())
    });
    let ask = |tidings: &Tidings| {
        paths.map(|path| {
            let answer = tidings.get(path);
            assert_eq!(answer.status, 200, "{path}");
            (answer.header("etag").map(str::to_owned), answer.body)
        })
    };
    let told = ask(&tidings);
    tidings.set("timezone", "\"America/New_York\"");
    tidings.configure(tables);
    tidings.restart();
    let began = ask(&tidings);
    for ((path, told), began) in paths.iter().zip(told).zip(began) {
        let [told, began] =
            [told, began].map(|(tag, body)| (tag, String::from_utf8(body).unwrap()));
        assert_eq!(told.1, began.1, "{path}");
        assert_eq!(told.0, began.0, "{path}");
    }
}

#[test]
fn what_cannot_be_used_changes_nothing_and_is_told() {
    let tidings = Setup::new().start();
    tidings.drop_entry("one.md", "# One\n");
    tidings.has_titles(&["One"]);
    let before = tidings.get("/atom.xml");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let occupied = KEYS.replacen("127.0.0.1:0", &taken, 1);
    let cases = [
        ("", "site = [", "tidings.toml:8:9: unclosed array"),
        ("", "[site]\ntitel = \"A\"\n", "did you mean `title`?"),
        ("settle = \"never\"\n", "", "`never` is not a duration"),
        ("ignore = [\"a[\"]\n", "", "`a[` is not a glob"),
        ("", "[tls]\ncert = \"a.pem\"\nkey = \"b.pem\"\n", "a.pem"),
        ("", "[log]\nlevel = \"loud\"\n", "log level"),
    ];
    let mut texts: Vec<(String, &str)> = cases
        .iter()
        .map(|(keys, tables, reason)| (format!("{KEYS}{keys}{TABLES}{tables}"), *reason))
        .collect();
    let tls = "can't listen at";
    texts.push((format!("{occupied}[site]\ntitle = \"A\"\n"), tls));
    for (number, (text, reason)) in texts.iter().enumerate() {
        write(&tidings, text);
        has_said(&tidings, REFUSED, number + 1);
        let log = tidings.log();
        let (_, told) = log.rsplit_once(REFUSED).unwrap();
        assert!(told.contains(reason), "{text}\n{told}");
        let health = tidings.health();
        assert_eq!(health.status, 503);
        assert!(
            health.text().contains("the settings can't be used"),
            "{health:?}"
        );
        let now = tidings.get("/atom.xml");
        assert_eq!(now.header("etag"), before.header("etag"), "{text}");
    }
    // A file that is gone, or has lost its text, says nothing.
    fs::remove_file(tidings.folder().join("tidings.toml")).unwrap();
    has_said(&tidings, REFUSED, texts.len() + 1);
    fs::write(tidings.folder().join("tidings.toml"), "").unwrap();
    has_said(&tidings, "the settings file is empty", 1);
    assert_eq!(
        tidings.get("/atom.xml").header("etag"),
        before.header("etag")
    );
    // As it was before.
    write(&tidings, &format!("{KEYS}{TABLES}"));
    is_ready(&tidings);
    // SIGHUP needs no change, and takes what is there at its word.
    hang_up(&tidings);
    has_said(&tidings, "nothing has changed", 2);
    write(
        &tidings,
        &format!(
            "entries = \"elsewhere\"\n{KEYS}{TABLES}[site]\nid = \"0b2d5a0e-7c7b-4f0e-9f3a-5d2f6c1e8a94\"\n"
        ),
    );
    has_said(&tidings, "these hold from the next start on", 1);
    assert!(
        tidings.log().contains("settings=\"site.id\""),
        "the flag for `entries` wins"
    );
    assert_eq!(tidings.titles().len(), 1);
}

#[test]
fn connections_stay_and_listeners_come_and_go() {
    let setup = Setup::new().with("listen", "[\"127.0.0.1:0\", \"unix:a.sock\"]");
    let tidings = setup.start();
    tidings.drop_entry("one.md", "# One\n");
    tidings.has_titles(&["One"]);
    let first = tidings.address();
    let mut kept = Kept::to(first);
    let answer = kept.ask("/rss.xml").unwrap();
    assert_eq!((answer.status, answer.stays), (200, true));
    let free = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap()
    };
    let listening = |places: &str| {
        let keys = KEYS.replace("\"127.0.0.1:0\"\nadmin", &format!("{places}\nadmin"));
        format!("{keys}{TABLES}")
    };
    let [a, b] = ["a.sock", "b.sock"].map(|name| tidings.folder().join(name));
    assert!(a.exists());
    // One more, and another socket in place of the one that was there.
    write(
        &tidings,
        &listening(&format!("[\"127.0.0.1:0\", \"{free}\", \"unix:b.sock\"]")),
    );
    eventually("the new place answers", PATIENCE, || {
        TcpStream::connect(free).is_ok().then_some(())
    });
    for at in [first, free] {
        assert_eq!(request(at, "GET", "/rss.xml", &[]).status, 200);
    }
    eventually("the sockets have changed", PATIENCE, || {
        (!a.exists() && b.exists()).then_some(())
    });
    let answer = kept.ask("/rss.xml").unwrap();
    assert_eq!(
        (answer.status, answer.stays),
        (200, true),
        "who was there stays"
    );
    // The first one goes.
    write(&tidings, &listening(&format!("\"{free}\"")));
    eventually("the old place is closed", PATIENCE, || {
        TcpStream::connect(first).is_err().then_some(())
    });
    assert_eq!(request(free, "GET", "/rss.xml", &[]).status, 200);
    assert_eq!(
        kept.ask("/rss.xml").unwrap().status,
        200,
        "who was there stays"
    );
    assert!(!b.exists());
    // Limits hold for who comes from now on.
    let tables = "[limits]\nheaders = 16\nconnections = 32\ndocument_cache = \"2MiB\"\n";
    write(
        &tidings,
        &format!("{}{tables}", listening(&format!("\"{free}\""))),
    );
    has_said(&tidings, TAKEN, 3);
    let many: Vec<(String, String)> = (0..20)
        .map(|n| (format!("X-{n}"), "a".to_owned()))
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    eventually("fewer fields may come", PATIENCE, || {
        (request(free, "GET", "/rss.xml", &many).status == 431).then_some(())
    });
}

/// Readers who come all the time, on kept and on new connections, until this is dropped.
struct Crowd {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Crowd {
    fn before(address: SocketAddr) -> Self {
        let (stop, answers) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let threads = (0..4).map(|number| {
            let (stop, answers) = (Arc::clone(&stop), Arc::clone(&answers));
            thread::spawn(move || {
                let paths = ["/rss.xml", "/atom.xml", "/", "/entries/one"];
                let mut kept = Kept::to(address);
                for path in paths.iter().cycle() {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let answer = kept.ask(path).expect("no request fails");
                    assert_eq!(answer.status, 200, "{path}");
                    if number % 2 == 0 || !answer.stays {
                        kept = Kept::to(address);
                    }
                    answers.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(2));
                }
            })
        });
        Self {
            threads: threads.collect(),
            stop,
            answers,
        }
    }

    fn leave(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
        self.answers.load(Ordering::Relaxed)
    }
}

#[test]
fn a_hundred_reloads_under_load_cost_no_request() {
    let tidings = Setup::new().start();
    tidings.drop_entry("one.md", "# One\n\nText.\n");
    tidings.has_titles(&["One"]);
    let crowd = Crowd::before(tidings.address());
    let file = tidings.folder().join("tidings.toml");
    let mut refused = 0;
    for number in 0..100_usize {
        let title = format!("[site]\ntitle = \"Title {number}\"\n");
        match number % 5 {
            // Renamed into place, and with it limits, a listener and the cache.
            0 => {
                let keys = KEYS.replace(
                    "\"127.0.0.1:0\"\nadmin",
                    "[\"127.0.0.1:0\", \"unix:more.sock\"]\nadmin",
                );
                let limits = format!("[limits]\nconnections = {}\n", 64 + number);
                write(&tidings, &format!("{keys}{TABLES}{title}{limits}"));
            }
            // In place, in two halves.
            1 => {
                let text = format!("{KEYS}grace = \"{number}ms\"\n{TABLES}{title}")
                    .replace("grace = \"100ms\"\n", "");
                let (one, other) = text.split_at(text.len() / 2);
                fs::write(&file, one).unwrap();
                thread::sleep(Duration::from_millis(5));
                let mut open = fs::OpenOptions::new().append(true).open(&file).unwrap();
                open.write_all(other.as_bytes()).unwrap();
            }
            // What is no use.
            2 => {
                write(&tidings, &format!("{KEYS}{TABLES}[site]\ntitel = \"A\"\n"));
                refused += 1;
                has_said(&tidings, REFUSED, refused);
                continue;
            }
            // At once.
            3 => {
                write(
                    &tidings,
                    &format!("{KEYS}{TABLES}{title}[feeds]\nlimit = 3\n"),
                );
                hang_up(&tidings);
            }
            _ => write(&tidings, &format!("{KEYS}{title}")),
        }
        let expected = format!("<title>Title {number}</title>");
        eventually(&format!("{expected} is in the feed"), PATIENCE, || {
            tidings
                .get("/rss.xml")
                .text()
                .contains(&expected)
                .then_some(())
        });
    }
    let answers = crowd.leave();
    assert!(answers > 500, "they came all the time: {answers}");
    is_ready(&tidings);
    assert!(!is_there(&tidings.folder().join("more.sock")));
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
