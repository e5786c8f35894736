//! What is measured, one row of the table after the other.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::feeds::{Coding, right};
use crate::load::{self, Asked, H2load};
use crate::offered::{self, Offer};
use crate::pairs::{Pairs, Sample, sample};
use crate::report::Row;
use crate::server::Server;
use crate::site::{self, Site};
use crate::{Options, alone, client};

/// The feed that is asked for where one is enough: that of all articles.
const FEED: &str = "/rss.xml";

/// Of what nginx can answer at most, so much is offered to both where delays are compared.
const OFFERED: f64 = 0.5;

/// What is asked for.
#[derive(Clone, Copy)]
enum Kind {
    NotModified,
    Whole(Coding),
}

const GZIP: Kind = Kind::Whole(Coding::Gzip);
const IDENTITY: Kind = Kind::Whole(Coding::Identity);

/// What a row measures; the number is the least ratio that it is to reach.
#[derive(Clone, Copy)]
enum Measure {
    /// The same request again and again over HTTP/1.1, on so many connections.
    Requests(Kind, usize, f64),
    /// The same, each on a connection of its own.
    Connections(f64),
    /// The same, over HTTP/2 without TLS.
    Http2(Kind, f64),
    /// How long requests take when as many are sent to both.
    Delay(Kind),
    /// All feeds, each with the tag from before one article was added: for CPU, and for bytes.
    Day(f64, f64),
    /// Memory of Tidings when all was asked for once, at most so many megabytes.
    Memory(f64),
    /// Memory of Tidings in megabytes, and its milliseconds on a CPU, when nothing happens.
    Idle(f64, f64),
}

/// All rows. `day` is the last, as it changes what is served.
const ROWS: &[(&str, Measure)] = &[
    ("304-64", Measure::Requests(Kind::NotModified, 64, 1.05)),
    ("304-1000", Measure::Requests(Kind::NotModified, 1000, 1.1)),
    ("gzip-64", Measure::Requests(GZIP, 64, 0.95)),
    ("gzip-1000", Measure::Requests(GZIP, 1000, 0.95)),
    ("identity-64", Measure::Requests(IDENTITY, 64, 0.65)),
    ("identity-1000", Measure::Requests(IDENTITY, 1000, 0.65)),
    ("304-connect", Measure::Connections(0.9)),
    ("304-h2", Measure::Http2(Kind::NotModified, 2.0)),
    ("gzip-h2", Measure::Http2(GZIP, 1.7)),
    ("304-p99", Measure::Delay(Kind::NotModified)),
    ("gzip-p99", Measure::Delay(GZIP)),
    ("memory", Measure::Memory(150.0)),
    ("idle", Measure::Idle(15.0, 10.0)),
    ("day", Measure::Day(2.5, 20.0)),
];

/// Measures the rows whose names have one of the filters in them; without any, all.
pub(crate) fn measure(options: &Options, folder: &Path) -> Result<Vec<Row>> {
    let is_asked = |name: &str| {
        let filters = &options.rows;
        filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
    };
    let asked = ROWS.iter().filter(|(name, _)| is_asked(name));
    let asked: Vec<_> = asked.copied().collect();
    ensure!(!asked.is_empty(), "no row has such a name");
    eprintln!("publishing {} articles", options.articles);
    let mut bench = Bench {
        site: Site::new(folder, options.articles)?,
        options,
    };
    let mut rows = Vec::new();
    for (name, measure) in asked {
        eprint!("{name:<14} ");
        let row = bench.row(name, measure)?;
        eprintln!("{}", row.summary("nginx"));
        rows.push(row);
    }
    Ok(rows)
}

struct Bench<'a> {
    site: Site,
    options: &'a Options,
}

impl Bench<'_> {
    fn row(&mut self, name: &'static str, measure: Measure) -> Result<Row> {
        match measure {
            Measure::Requests(kind, connections, goal) => {
                let what = format!("{}, {connections} connections", kind.name());
                let pairs = self.requests(kind, connections, &[])?;
                Ok(pairs.row(name, &what, goal))
            }
            Measure::Connections(goal) => {
                let close = ["Connection: close".to_owned()];
                let pairs = self.requests(Kind::NotModified, 64, &close)?;
                Ok(pairs.row(name, "304, a new connection for each", goal))
            }
            Measure::Http2(kind, goal) => self.http2(name, kind, goal),
            Measure::Delay(kind) => self.delay(name, kind),
            Measure::Day(cpu, bytes) => self.day(name, cpu, bytes),
            Measure::Memory(goal) => alone::memory(name, &self.site, goal),
            Measure::Idle(memory, cpu) => alone::idle(name, &self.site.folder, memory, cpu),
        }
    }

    fn pairs(&self, sample: impl FnMut(&Server) -> Result<Sample>) -> Result<Pairs> {
        Pairs::measure(
            self.options.repeats,
            [&self.site.nginx, &self.site.tidings],
            sample,
        )
    }

    fn requests(&self, kind: Kind, connections: usize, more: &[String]) -> Result<Pairs> {
        let seconds = self.options.seconds;
        self.pairs(|server| {
            let (mut fields, length) = kind.checked(server)?;
            fields.extend_from_slice(more);
            let url = format!("http://{}{FEED}", server.address);
            let asked = Asked::One {
                url: &url,
                fields: &fields,
            };
            let sample = sample(server, || {
                load::wrk(&asked, connections, seconds, &self.site.folder)
            })?;
            // The fields about the connection differ, and what was under way at the end counts too.
            let off = (sample.bytes - length).abs();
            ensure!(
                off < 64.0 + length / 10.0,
                "{}: answers of {} bytes, not {length}",
                server.name,
                sample.bytes
            );
            Ok(sample)
        })
    }

    fn http2(&self, name: &'static str, kind: Kind, goal: f64) -> Result<Row> {
        let what = format!("{}, HTTP/2, 32 connections of 8 streams", kind.name());
        if self.site.tidings.http2.is_none() {
            return Ok(Row::not_measured(name, &what, "no HTTP/2 without TLS"));
        }
        let duration = self.options.seconds.to_string();
        let pairs = self.pairs(|server| {
            let (fields, _) = kind.checked(server)?;
            let url = format!("http://{}{FEED}", server.http2.unwrap_or(server.address));
            let options = ["--clients", "32", "--max-concurrent-streams", "8"];
            let options = [&options[..], &["--duration", &duration]].concat();
            sample(server, || {
                load::h2load(&H2load {
                    url: &url,
                    fields: &fields,
                    options: &options,
                    status: kind.status(),
                })
            })
        })?;
        Ok(pairs.row(name, &what, goal))
    }

    fn delay(&self, name: &'static str, kind: Kind) -> Result<Row> {
        const CONNECTIONS: usize = 64;
        let nginx = &self.site.nginx;
        let (fields, _) = kind.checked(nginx)?;
        let asked = Asked::One {
            url: &format!("http://{}{FEED}", nginx.address),
            fields: &fields,
        };
        let seconds = self.options.seconds;
        let most = load::wrk(&asked, CONNECTIONS, seconds, &self.site.folder)?;
        let rate = (most.requests / most.seconds * OFFERED).floor();
        let pairs = self.pairs(|server| {
            let (fields, _) = kind.checked(server)?;
            let mut delays = Vec::new();
            let mut sample = sample(server, || {
                let (load, all) = offered::run(&Offer {
                    server: server.address,
                    path: FEED,
                    fields: &fields,
                    connections: CONNECTIONS,
                    rate,
                    seconds,
                })?;
                delays = all;
                Ok(load)
            })?;
            let p99 = delays.get(delays.len() * 99 / 100);
            sample.p99 = *p99.context("nothing was sent")?;
            Ok(sample)
        })?;
        let what = format!(
            "{}, {CONNECTIONS} connections, {rate} requests a second: p99",
            kind.name()
        );
        Ok(pairs.delay_row(name, &what))
    }

    fn day(&mut self, name: &'static str, cpu_goal: f64, bytes_goal: f64) -> Result<Row> {
        let lists =
            ["nginx", "tidings"].map(|name| self.site.folder.join(name.to_owned() + ".list"));
        for (server, list) in [&self.site.nginx, &self.site.tidings]
            .into_iter()
            .zip(&lists)
        {
            let mut lines = String::new();
            for feed in &self.site.feeds {
                let _ = writeln!(lines, "{feed} {}", site::tag(server, feed)?);
            }
            fs::write(list, lines)?;
        }
        self.site.publish_one()?;
        self.site.tidings.settle()?;
        self.site.rebuild()?;
        let mut changed = [0, 0];
        let servers = [&self.site.nginx, &self.site.tidings];
        for ((server, list), changed) in servers.into_iter().zip(&lists).zip(&mut changed) {
            for line in fs::read_to_string(list)?.lines() {
                let (feed, tag) = line.split_once(' ').unwrap_or_default();
                let fields = [Coding::Gzip.wish(), format!("If-None-Match: {tag}")];
                let answer = client::get(server.address, feed, &fields)?;
                ensure!(
                    matches!(answer.status, 200 | 304),
                    "{feed}: {}",
                    answer.status
                );
                *changed += usize::from(answer.status == 200);
            }
        }
        let seconds = self.options.seconds;
        let pairs = self.pairs(|server| {
            let [nginx, tidings] = &lists;
            let file = if server.name == "nginx" {
                nginx
            } else {
                tidings
            };
            let url = format!("http://{}/", server.address);
            let asked = Asked::List { url: &url, file };
            sample(server, || load::wrk(&asked, 64, seconds, &self.site.folder))
        })?;
        let what = format!(
            "a polling day: {} feeds, of which {} are new from nginx and {} from Tidings",
            self.site.feeds.len(),
            changed[0],
            changed[1]
        );
        Ok(pairs.day_row(name, &what, cpu_goal, bytes_goal))
    }
}

impl Kind {
    fn name(self) -> String {
        match self {
            Self::NotModified => "304".to_owned(),
            Self::Whole(coding) => format!("200 {}", coding.name()),
        }
    }

    fn status(self) -> &'static str {
        match self {
            Self::NotModified => "3xx",
            Self::Whole(_) => "2xx",
        }
    }

    /// The fields that ask for it, and the length of the answer, once it was the right one.
    #[allow(clippy::cast_precision_loss, reason = "documents are small")]
    fn checked(self, server: &Server) -> Result<(Vec<String>, f64)> {
        Ok(match self {
            Self::NotModified => {
                let (wish, answer) = site::not_modified(server, FEED)?;
                (vec![Coding::Gzip.wish(), wish], answer.len() as f64)
            }
            Self::Whole(coding) => {
                let answer = right(server, FEED, coding)?;
                (vec![coding.wish()], answer.len() as f64)
            }
        })
    }
}
