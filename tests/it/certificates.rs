//! Renewals while readers come: whatever way they take, no handshake fails, and the new certificate is
//! soon the one that is shown.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::ClientConfig;

use crate::support::{PATIENCE, Setup, Tidings, eventually};
use crate::tls::{Authority, Issued, NAME, TLS, handshake, shown};

/// How long a renewal may take to be used, mostly and at the worst: far from the minute after which
/// the files are read without an event.
const RENEWAL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// Between two steps of whoever writes the files: as long as the program waits for both, and longer.
const BETWEEN: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(30),
    Duration::from_millis(120),
];

/// Waits until `expected` is shown, and says how long that took.
fn is_shown(tidings: &Tidings, client: &Arc<ClientConfig>, expected: &Issued) -> Duration {
    let start = Instant::now();
    eventually("the renewal is used", RENEWAL.1, || {
        let stream = handshake(tidings.address(), client, NAME).expect("no handshake fails");
        (shown(&stream) == expected.der).then_some(())
    });
    start.elapsed()
}

/// A text in place of the file, as a rename does it: never there in part.
fn renamed(folder: &Path, name: &str, text: &str) {
    let beside = folder.join("beside");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, folder.join(name)).unwrap();
}

/// A link in place of what is there.
fn linked(folder: &Path, name: &str, target: &str) {
    let beside = folder.join("beside");
    drop(fs::remove_file(&beside));
    symlink(target, &beside).unwrap();
    fs::rename(beside, folder.join(name)).unwrap();
}

/// Clients that come one after the other until this is dropped. Each handshake must succeed.
struct Crowd {
    stop: Arc<AtomicBool>,
    handshakes: Arc<AtomicU64>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Crowd {
    fn before(tidings: &Tidings, client: &Arc<ClientConfig>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let handshakes = Arc::new(AtomicU64::new(0));
        let address = tidings.address();
        let threads = (0..4).map(|_| {
            let (stop, handshakes) = (Arc::clone(&stop), Arc::clone(&handshakes));
            let client = Arc::clone(client);
            thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    // The client trusts only what the authority issued, and only while it is valid.
                    handshake(address, &client, NAME).expect("no handshake fails");
                    handshakes.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(5));
                }
            })
        });
        Self {
            threads: threads.collect(),
            stop,
            handshakes,
        }
    }

    /// Lets them go, and says how many handshakes there were.
    fn leave(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
        self.handshakes.load(Ordering::Relaxed)
    }
}

#[test]
fn a_hundred_renewals_of_all_kinds_cost_no_handshake() {
    let authority = Authority::new();
    let setup = Setup::new().with_tables(TLS);
    let folder = setup.folder().to_owned();
    let expired = authority.issue_until(&[NAME], 2021);
    let stray = authority.issue(&[NAME]);
    authority
        .issue(&[NAME])
        .write(&folder, "cert.pem", "key.pem");
    let tidings = setup.start();
    let client = authority.client(&["h2"]);
    let crowd = Crowd::before(&tidings, &client);
    let mut times = Vec::new();
    for number in 0..100_usize {
        let good = authority.issue(&[NAME]);
        let pause = BETWEEN[number % BETWEEN.len()];
        match number % 5 {
            // In place, one after the other, either first: torn in between.
            0 => {
                fs::write(folder.join("cert.pem"), &good.cert).unwrap();
                thread::sleep(pause);
                fs::write(folder.join("key.pem"), &good.key).unwrap();
            }
            1 => {
                renamed(&folder, "key.pem", &good.key);
                thread::sleep(pause);
                renamed(&folder, "cert.pem", &good.cert);
            }
            // What is no use comes before: expired, half of it from elsewhere, empty.
            2 => {
                expired.write(&folder, "cert.pem", "key.pem");
                thread::sleep(pause);
                renamed(&folder, "key.pem", &good.key);
                renamed(&folder, "cert.pem", &good.cert);
            }
            3 => {
                renamed(&folder, "cert.pem", &stray.cert);
                thread::sleep(pause);
                fs::write(folder.join("key.pem"), "").unwrap();
                thread::sleep(pause);
                fs::write(folder.join("cert.pem"), "").unwrap();
                good.write(&folder, "cert.pem", "key.pem");
            }
            // Gone, and there again as links to where this version is kept.
            _ => {
                let version = format!("version-{number}");
                let kept = folder.join("archive").join(&version);
                fs::create_dir_all(&kept).unwrap();
                good.write(&kept, "cert.pem", "key.pem");
                fs::remove_file(folder.join("key.pem")).unwrap();
                thread::sleep(pause);
                linked(&folder, "cert.pem", &format!("archive/{version}/cert.pem"));
                linked(&folder, "key.pem", &format!("archive/{version}/key.pem"));
            }
        }
        times.push(is_shown(&tidings, &client, &good));
        if number % 5 == 4 {
            // What comes next is written in the folder itself, not through the links.
            fs::remove_file(folder.join("cert.pem")).unwrap();
            fs::remove_file(folder.join("key.pem")).unwrap();
        }
    }
    let handshakes = crowd.leave();
    assert!(
        handshakes > 100,
        "the clients came all the time: {handshakes}"
    );
    times.sort_unstable();
    let middle = times[times.len() / 2];
    assert!(middle < RENEWAL.0, "mostly at once: {times:?}");
}

/// Where links lead: each certificate by itself as certbot has it, one link for the whole folder as
/// Kubernetes has it, and a link in the middle of the path.
#[test]
fn links_are_followed_wherever_they_are() {
    let authority = Authority::new();
    let tls = "[tls]\ncert = \"live/cert.pem\"\nkey = \"live/key.pem\"\n\
               [[tls.more]]\ncert = \"current/cert.pem\"\nkey = \"current/key.pem\"\n";
    let setup = Setup::new().with_tables(tls);
    let folder = setup.folder().to_owned();
    let other_name = "other.example.org";
    let kept = |place: &str, name: &str| {
        let pair = authority.issue(&[name]);
        fs::create_dir_all(folder.join(place)).unwrap();
        pair.write(&folder.join(place), "cert.pem", "key.pem");
        pair
    };
    let live = |number: usize| {
        let version = format!("..{number}");
        let pair = kept(&format!("live/{version}"), NAME);
        linked(&folder.join("live"), "..data", &version);
        pair
    };
    let other = |number: usize| {
        let version = format!("kept/{number}");
        let pair = kept(&version, other_name);
        linked(&folder, "current", &version);
        pair
    };
    live(0);
    other(0);
    for name in ["cert.pem", "key.pem"] {
        linked(&folder.join("live"), name, &format!("..data/{name}"));
    }
    let tidings = setup.start();
    let client = authority.client(&["h2"]);
    let others = |expected: &Issued| {
        eventually("the other renewal is used", RENEWAL.1, || {
            let stream = handshake(tidings.address(), &client, other_name).unwrap();
            (shown(&stream) == expected.der).then_some(())
        });
    };
    for number in 1..4 {
        // One after the other, so that neither is found by what is told of the other.
        is_shown(&tidings, &client, &live(number));
        others(&other(number));
        // Kubernetes removes what was before.
        fs::remove_dir_all(folder.join(format!("live/..{}", number - 1))).unwrap();
    }
    // In place, where the links lead now.
    let written = authority.issue(&[other_name]);
    written.write(&folder.join("kept/3"), "cert.pem", "key.pem");
    others(&written);
    // The folder with all of it is another one.
    let moved = authority.issue(&[NAME]);
    fs::create_dir(folder.join("next")).unwrap();
    moved.write(&folder.join("next"), "cert.pem", "key.pem");
    fs::rename(folder.join("live"), folder.join("before")).unwrap();
    fs::rename(folder.join("next"), folder.join("live")).unwrap();
    is_shown(&tidings, &client, &moved);
    let again = authority.issue(&[NAME]);
    again.write(&folder.join("live"), "cert.pem", "key.pem");
    is_shown(&tidings, &client, &again);
}

#[test]
fn what_is_no_use_never_replaces_what_works_and_is_told_once() {
    let authority = Authority::new();
    let setup =
        Setup::new().with_tables("[tls]\ncert = \"live/cert.pem\"\nkey = \"live/key.pem\"\n");
    let folder = setup.folder().to_owned();
    let good = authority.issue(&[NAME]);
    fs::create_dir(folder.join("first")).unwrap();
    good.write(&folder.join("first"), "cert.pem", "key.pem");
    linked(&folder, "live", "first");
    let tidings = setup.start();
    let client = authority.client(&["h2"]);
    let told = || {
        let log = tidings.log();
        let lines = log.lines();
        let lines = lines.filter(|line| line.contains("a certificate can't be used"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut expected = 0;
    let mut check = |cert: &str, key: &str, reason: &str| {
        expected += 1;
        // Both at once, so that there is no state in between to be told.
        let version = format!("version-{expected}");
        let kept = folder.join(&version);
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("cert.pem"), cert).unwrap();
        fs::write(kept.join("key.pem"), key).unwrap();
        linked(&folder, "live", &version);
        eventually("it is told", PATIENCE, || {
            (told().len() >= expected).then_some(())
        });
        // More is going on in the folder, and nothing has changed for us.
        for number in 0..3 {
            fs::write(folder.join("else"), number.to_string()).unwrap();
            thread::sleep(Duration::from_millis(150));
            let stream = handshake(tidings.address(), &client, NAME).unwrap();
            assert_eq!(shown(&stream), good.der);
        }
        let told = told();
        assert_eq!(told.len(), expected, "{told:#?}");
        let last = told.last().unwrap();
        assert!(last.contains("cert.pem") && last.contains(reason), "{last}");
    };
    let other = authority.issue(&[NAME]);
    let expired = authority.issue_until(&[NAME], 2021);
    check(&other.cert, &good.key, "don't fit together");
    check(&expired.cert, &expired.key, "expired at 2021-01-01");
    check("", "", "holds no certificate");
    check(&other.cert, "no key", "holds no private key");
    fs::remove_file(folder.join("live/key.pem")).unwrap();
    eventually("that it is gone is told", PATIENCE, || {
        told()
            .last()?
            .contains("can't read `live/key.pem`")
            .then_some(())
    });
    let stream = handshake(tidings.address(), &client, NAME).unwrap();
    assert_eq!(shown(&stream), good.der);
    // And with the next good one all is well again.
    other.write(&folder.join("live"), "cert.pem", "key.pem");
    is_shown(&tidings, &client, &other);
}
