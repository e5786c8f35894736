//! What the machine itself needs: the least that any program could.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

/// As many threads as the machine of the goals has cores.
const THREADS: usize = 2;

/// How long two threads take to find, open and read all files below `folder`.
pub(crate) fn read_all(folder: &Path) -> Result<Duration> {
    with_each_file(folder, |path| {
        let mut file = File::open(path)?;
        file.metadata()?;
        let mut bytes = [0; 16 * 1024];
        while file.read(&mut bytes)? > 0 {}
        Ok(())
    })
}

/// How long two threads take to find all files below `folder` and ask how old and long each is.
pub(crate) fn look_at_all(folder: &Path) -> Result<Duration> {
    with_each_file(folder, |path| fs::symlink_metadata(path).map(|_| ()))
}

fn with_each_file(
    folder: &Path,
    visit: impl Fn(&Path) -> io::Result<()> + Sync,
) -> Result<Duration> {
    let threads = ThreadPoolBuilder::new().num_threads(THREADS).build()?;
    let start = Instant::now();
    threads.install(|| walk(folder, &visit))?;
    Ok(start.elapsed())
}

fn walk(folder: &Path, visit: &(impl Fn(&Path) -> io::Result<()> + Sync)) -> io::Result<()> {
    let mut folders = Vec::new();
    for item in fs::read_dir(folder)? {
        let item = item?;
        if item.file_type()?.is_dir() {
            folders.push(item.path());
        } else {
            visit(&item.path())?;
        }
    }
    folders
        .par_iter()
        .try_for_each(|folder| walk(folder, visit))
}

/// A file that grows by a page at a time, as the log of a database does.
pub(crate) struct Journal {
    file: File,
    end: u64,
}

impl Journal {
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let file = File::create(path)?;
        Ok(Self { file, end: 0 })
    }

    /// How long it takes until one page more is on the disk.
    pub(crate) fn add(&mut self) -> Result<Duration> {
        let page = [0xa5; 4096];
        let start = Instant::now();
        self.file.write_all_at(&page, self.end)?;
        self.file.sync_data()?;
        self.end += 4096;
        Ok(start.elapsed())
    }
}
