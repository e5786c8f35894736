//! The same load on both servers, in turns, and what became of it.

use anyhow::Result;
use serde_json::json;

use crate::load::Load;
use crate::report::Row;
use crate::server::Server;
use crate::statistics::{median, spread};

/// One load on one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Seconds of the server's core for 100,000 requests.
    pub(crate) cpu: f64,
    /// Requests a second. It says more of the other core, which sends them.
    pub(crate) rate: f64,
    /// Bytes of an answer.
    pub(crate) bytes: f64,
    /// Microseconds within which 99 of 100 requests were answered, where that was looked at.
    pub(crate) p99: f64,
}

/// What `server` has used for a load.
#[allow(
    clippy::cast_precision_loss,
    reason = "a few seconds are no many nanoseconds"
)]
pub(crate) fn sample(server: &Server, load: impl FnOnce() -> Result<Load>) -> Result<Sample> {
    let before = server.cpu()?;
    let load = load()?;
    let nanoseconds = server.cpu()?.since(&before);
    Ok(Sample {
        cpu: nanoseconds as f64 / 1e9 / load.requests * 1e5,
        rate: load.requests / load.seconds,
        bytes: load.bytes / load.requests,
        p99: 0.0,
    })
}

/// Samples of nginx and Tidings, two and two taken one after the other.
pub(crate) struct Pairs(Vec<[Sample; 2]>);

impl Pairs {
    /// Takes `repeats` pairs of nginx and Tidings; each server is the first in every other one.
    pub(crate) fn measure(
        repeats: usize,
        [nginx, tidings]: [&Server; 2],
        mut sample: impl FnMut(&Server) -> Result<Sample>,
    ) -> Result<Self> {
        let mut pairs = Vec::new();
        for turn in 0..repeats {
            pairs.push(if turn % 2 == 0 {
                let first = sample(nginx)?;
                [first, sample(tidings)?]
            } else {
                let first = sample(tidings)?;
                [sample(nginx)?, first]
            });
        }
        Ok(Self(pairs))
    }

    /// The median of a measure, for nginx and for Tidings.
    pub(crate) fn medians(&self, of: impl Fn(&Sample) -> f64) -> [f64; 2] {
        [0, 1].map(|side| median(self.0.iter().map(|pair| of(&pair[side])).collect()))
    }

    /// How many times what Tidings needs nginx does: the least, the median and the most of all pairs.
    fn ratios(&self, of: impl Fn(&Sample) -> f64) -> [f64; 3] {
        let ratios = self
            .0
            .iter()
            .map(|[nginx, tidings]| of(nginx) / of(tidings));
        spread(ratios.collect())
    }

    /// The row for requests per second of CPU.
    pub(crate) fn row(&self, name: &'static str, what: &str, goal: f64) -> Row {
        let [nginx, tidings] = self.medians(|sample| sample.cpu);
        let [least, ratio, most] = self.ratios(|sample| sample.cpu);
        Row {
            name,
            what: what.to_owned(),
            other: format!("{nginx:.2} s"),
            tidings: format!("{tidings:.2} s"),
            ratio: format!("{ratio:.2} ({least:.2}–{most:.2})"),
            goal: format!("{goal:.2}"),
            is_met: Some(ratio >= goal),
            values: self.values(ratio),
        }
    }

    /// The row for delays.
    pub(crate) fn delay_row(&self, name: &'static str, what: &str) -> Row {
        let [nginx, tidings] = self.medians(|sample| sample.p99);
        let [least, ratio, most] = self.ratios(|sample| sample.p99);
        Row {
            name,
            what: what.to_owned(),
            other: format!("{:.2} ms", nginx / 1e3),
            tidings: format!("{:.2} ms", tidings / 1e3),
            ratio: format!("{ratio:.2} ({least:.2}–{most:.2})"),
            goal: "1.00".to_owned(),
            is_met: Some(ratio >= 1.0),
            values: self.values(ratio),
        }
    }

    /// The row for the polling day: CPU, and bytes.
    pub(crate) fn day_row(&self, name: &'static str, what: &str, cpu: f64, bytes: f64) -> Row {
        let [nginx, tidings] = self.medians(|sample| sample.cpu);
        let [nginx_bytes, tidings_bytes] = self.medians(|sample| sample.bytes);
        let [least, ratio, most] = self.ratios(|sample| sample.cpu);
        let [_, fewer, _] = self.ratios(|sample| sample.bytes);
        Row {
            name,
            what: what.to_owned(),
            other: format!("{nginx:.2} s, {:.1} kB each", nginx_bytes / 1e3),
            tidings: format!("{tidings:.2} s, {:.1} kB each", tidings_bytes / 1e3),
            ratio: format!("{ratio:.2} ({least:.2}–{most:.2}), bytes {fewer:.0}"),
            goal: format!("{cpu:.2}, bytes {bytes}"),
            is_met: Some(ratio >= cpu && fewer >= bytes),
            values: self.values(ratio),
        }
    }

    fn values(&self, ratio: f64) -> serde_json::Value {
        let side = |side: usize| {
            let samples = self.0.iter().map(|pair| {
                let Sample {
                    cpu,
                    rate,
                    bytes,
                    p99,
                } = pair[side];
                json!({
                    "cpu_seconds_per_100000": cpu,
                    "requests_per_second": rate,
                    "bytes": bytes,
                    "p99_microseconds": p99,
                })
            });
            samples.collect::<serde_json::Value>()
        };
        json!({ "ratio": ratio, "nginx": side(0), "tidings": side(1) })
    }
}
