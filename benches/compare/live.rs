//! A server that articles are dropped into, and how soon they are seen.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use fastrand::Rng;

use crate::bench::{Bench, milliseconds};
use crate::corpus::Article;
use crate::disk::Journal;
use crate::poller::Poller;
use crate::server::{self, Server};

/// Between two polls: without it reader and server together would take one of two cores from the writer
/// for just as long as they wait for it.
const BETWEEN_POLLS: Duration = Duration::from_micros(100);

/// How long something may take to be seen.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server that runs and is quiet.
pub(crate) struct Live {
    pub(crate) server: Server,
    journal: Journal,
    /// Its log.
    log: PathBuf,
    rng: Rng,
}

/// What was measured, in milliseconds.
#[derive(Default)]
pub(crate) struct Times {
    pub(crate) delays: Vec<f64>,
    /// What the disk needed for a page, each measured just before the delay beside it.
    pub(crate) fsyncs: Vec<f64>,
}

impl Bench<'_> {
    /// The server that is there, or else one that is started. Whoever takes it gives it back.
    pub(crate) fn take_live(&mut self) -> Result<Live> {
        if let Some(live) = self.live.take() {
            return Ok(live);
        }
        self.prepare()?;
        let server = self.start()?;
        server.settle()?;
        Ok(Live {
            server,
            journal: Journal::new(&self.folder.join("journal"))?,
            log: self.tidings().join(server::LOG),
            rng: Rng::with_seed(1),
        })
    }

    /// An article that waits beside the folder, complete and on the same disk.
    pub(crate) fn waiting(&self, article: &Article, text: &str) -> Result<Waiting> {
        let name = article.path.replace('/', "-");
        let from = self.folder.join("waiting").join(name);
        let mut file = File::create(&from)?;
        file.write_all(text.as_bytes())?;
        // Else the first to sync anything would write it out, too.
        file.sync_all()?;
        let to = self.entries.join(&article.path);
        Ok(Waiting { from, to })
    }
}

/// A file that is about to be renamed into the folder.
pub(crate) struct Waiting {
    from: PathBuf,
    to: PathBuf,
}

impl Waiting {
    pub(crate) fn place(&self) -> Result<()> {
        Ok(fs::rename(&self.from, &self.to)?)
    }
}

impl Live {
    /// Waits a little, never as long as the last time, so that nothing comes in step with anything;
    /// and measures the disk. The milliseconds that it needs.
    pub(crate) fn pause(&mut self) -> Result<f64> {
        let fsync = self.journal.add()?;
        thread::sleep(Duration::from_micros(self.rng.u64(15_000..30_000)));
        Ok(milliseconds(fsync))
    }

    /// Puts a file into its place, and polls until the document that comes `is_it`.
    pub(crate) fn time(
        &mut self,
        waiting: &Waiting,
        poller: &mut Poller,
        times: &mut Times,
        is_it: impl Fn(&str) -> bool,
    ) -> Result<()> {
        times.fsyncs.push(self.pause()?);
        poller.poll()?;
        let start = Instant::now();
        waiting.place()?;
        let delay = until(poller, start, is_it)?;
        times.delays.push(milliseconds(delay));
        Ok(())
    }

    /// How many articles were published by the last snapshot that the log tells of.
    pub(crate) fn published(&self) -> Result<Option<usize>> {
        let log = fs::read_to_string(&self.log)?;
        let mut lines = log.lines().rev();
        let number = lines.find_map(|line| {
            let (_, rest) = line.rsplit_once(" live=")?;
            rest.split(' ').next()?.parse().ok()
        });
        Ok(number)
    }
}

/// Polls until the document that comes `is_it`, and how long that took from `start`.
pub(crate) fn until(
    poller: &mut Poller,
    start: Instant,
    is_it: impl Fn(&str) -> bool,
) -> Result<Duration> {
    loop {
        let answer = poller.poll()?;
        let now = start.elapsed();
        if let Some(answer) = answer
            && is_it(&poller.text(&answer)?)
        {
            return Ok(now);
        }
        ensure!(now < PATIENCE, "nothing was seen within {PATIENCE:?}");
        thread::sleep(BETWEEN_POLLS);
    }
}
