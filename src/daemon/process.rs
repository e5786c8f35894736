//! What the system says of this process. On Linux it lies in `/proc`; elsewhere little is known.
//!
//! A few lines instead of a crate: `procfs` reads all of `/proc`, and what collects for Prometheus brings a
//! client library of its own.

use crate::metrics::Process;

/// Of this moment.
#[cfg(target_os = "linux")]
pub(super) fn look() -> Process {
    use rustix::process::{Resource, getrlimit};

    #[expect(
        clippy::disallowed_methods,
        reason = "these are no files of the publisher's, but the kernel's words"
    )]
    let (stat, open_fds) = (
        std::fs::read_to_string("/proc/self/stat"),
        std::fs::read_dir("/proc/self/fd"),
    );
    let mut process = stat
        .ok()
        .and_then(|stat| of_stat(&stat))
        .unwrap_or_default();
    // One is the folder's own.
    process.open_fds = open_fds
        .ok()
        .map(|all| (all.count() as u64).saturating_sub(1));
    process.max_fds = getrlimit(Resource::Nofile).current;
    process
}

/// Of this moment.
#[cfg(not(target_os = "linux"))]
pub(super) fn look() -> Process {
    Process::default()
}

/// What a line of `/proc/…/stat` says. (`proc_pid_stat(5)`)
#[cfg(target_os = "linux")]
fn of_stat(stat: &str) -> Option<Process> {
    // The name before may hold anything, also a bracket.
    let (_, rest) = stat.rsplit_once(')')?;
    // The first is the third field.
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    #[expect(clippy::cast_precision_loss, reason = "centuries in ticks have room")]
    let cpu_seconds =
        (field(14)? + field(15)?) as f64 / rustix::param::clock_ticks_per_second() as f64;
    Some(Process {
        cpu_seconds: Some(cpu_seconds),
        virtual_bytes: field(23),
        resident_bytes: Some(field(24)? * rustix::param::page_size() as u64),
        ..Process::default()
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_understood() {
        let line = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 9 9 20 0 1 0 100 8192 3 1844";
        let process = of_stat(line).unwrap();
        let ticks = rustix::param::clock_ticks_per_second();
        #[expect(clippy::cast_precision_loss, reason = "it is 100")]
        let seconds = 300.0 / ticks as f64;
        assert_eq!(process.cpu_seconds, Some(seconds));
        assert_eq!(process.virtual_bytes, Some(8192));
        let pages = rustix::param::page_size() as u64;
        assert_eq!(process.resident_bytes, Some(3 * pages));
        assert_eq!(of_stat("7 (a) S 1"), None);
        assert_eq!(of_stat(""), None);
    }

    #[test]
    fn this_process_is_there() {
        let process = look();
        assert!(process.resident_bytes > Some(1 << 20), "{process:?}");
        assert!(
            process.virtual_bytes > process.resident_bytes,
            "{process:?}"
        );
        assert!(process.cpu_seconds >= Some(0.0), "{process:?}");
        let before = process.open_fds.unwrap();
        assert!(
            before >= 3 && process.max_fds > process.open_fds,
            "{process:?}"
        );
    }
}
