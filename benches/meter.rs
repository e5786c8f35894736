//! What a process has used so far, as Linux counts it.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

/// Nanoseconds on a CPU of each thread of some processes, the kernel's work for them included.
pub(crate) struct Cpu(BTreeMap<(u32, u32), u64>);

impl Cpu {
    /// Up to now.
    pub(crate) fn of(processes: &[u32]) -> Result<Self> {
        let mut threads = BTreeMap::new();
        for &process in processes {
            for thread in threads_of(process)? {
                let file = format!("/proc/{process}/task/{thread}/schedstat");
                // A thread may have ended meanwhile.
                let Ok(text) = fs::read_to_string(&file) else {
                    continue;
                };
                let first = text.split(' ').next().unwrap_or_default();
                let nanoseconds = first.parse().with_context(|| file)?;
                threads.insert((process, thread), nanoseconds);
            }
        }
        Ok(Self(threads))
    }

    /// Nanoseconds since `before`. What a thread did that has ended since is not known.
    pub(crate) fn since(&self, before: &Self) -> u64 {
        let threads = self.0.iter();
        threads
            .map(|(thread, now)| now - before.0.get(thread).unwrap_or(&0))
            .sum()
    }
}

/// How often the threads of a process have gone to sleep, and so have been woken.
pub(crate) fn sleeps(process: u32) -> Result<u64> {
    let mut sleeps = 0;
    for thread in threads_of(process)? {
        let path = format!("/proc/{process}/task/{thread}/status");
        sleeps += number(&path, "voluntary_ctxt_switches:")?;
    }
    Ok(sleeps)
}

/// Memory of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Bytes it has in memory, its program and shared ones included.
    pub(crate) resident: u64,
    /// Of these, what is no file's.
    pub(crate) anonymous: u64,
    /// Of these, what no other process shares.
    pub(crate) private: u64,
}

/// The memory of `process` now.
pub(crate) fn memory(process: u32) -> Result<Memory> {
    let path = format!("/proc/{process}/smaps_rollup");
    Ok(Memory {
        resident: number(&path, "Rss:")? * 1024,
        anonymous: number(&path, "Anonymous:")? * 1024,
        private: (number(&path, "Private_Clean:")? + number(&path, "Private_Dirty:")?) * 1024,
    })
}

/// The most bytes that `process` has had in memory.
pub(crate) fn peak(process: u32) -> Result<u64> {
    Ok(number(&format!("/proc/{process}/status"), "VmHWM:")? * 1024)
}

/// Bytes as megabytes of 2²⁰.
#[allow(clippy::cast_precision_loss, reason = "memory is small enough")]
pub(crate) fn in_megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// A process with all its children.
pub(crate) fn family(parent: u32) -> Result<Vec<u32>> {
    let mut family = vec![parent];
    for process in numbers("/proc")? {
        let path = format!("/proc/{process}/status");
        if number(&path, "PPid:").is_ok_and(|of| of == u64::from(parent)) {
            family.push(process);
        }
    }
    Ok(family)
}

fn threads_of(process: u32) -> Result<Vec<u32>> {
    numbers(&format!("/proc/{process}/task"))
}

fn numbers(folder: &str) -> Result<Vec<u32>> {
    let names = fs::read_dir(folder).with_context(|| format!("{folder} can't be read"))?;
    let names = names.flatten().map(|item| item.file_name());
    Ok(names
        .filter_map(|name| name.to_str()?.parse().ok())
        .collect())
}

/// The number behind `key` in a file of the kernel's.
fn number(path: &str, key: &str) -> Result<u64> {
    let text = fs::read_to_string(path).with_context(|| format!("{path} can't be read"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .with_context(|| format!("{path} has no {key}"))
}
