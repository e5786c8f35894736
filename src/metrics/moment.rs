//! What just is at the moment when somebody looks.

use jiff::Timestamp;
use prometheus_client::registry::Unit;

use super::families::{Family, Kind, Value};
use crate::documents::Figures;
use crate::http::Connected;

/// Entries and files, by how they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// Published.
    pub live: u64,
    /// Waiting for their date, or for the publisher's hold to be over.
    pub scheduled: u64,
    /// "Read:" lines of live entries for which there is no entry yet.
    pub pending_reads: u64,
}

/// Something that may be wrong, in the words of the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What.
    pub name: &'static str,
    /// Since when it is there; `None`: it is not.
    pub since: Option<Timestamp>,
}

/// What the system says of the process, as far as it says anything.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Process {
    /// Seconds of processor time.
    pub cpu_seconds: Option<f64>,
    /// Bytes of its memory that are in memory.
    pub resident_bytes: Option<u64>,
    /// Bytes that it may address.
    pub virtual_bytes: Option<u64>,
    /// Open descriptors.
    pub open_fds: Option<u64>,
    /// How many there may be.
    pub max_fds: Option<u64>,
}

/// All that is to be told of a moment.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The program's version.
    pub version: &'static str,
    /// When the process started.
    pub started: Timestamp,
    /// When readers were given something new last, since then.
    pub published: Option<Timestamp>,
    /// Of the snapshot that readers have; `None`: there is none yet.
    pub entries: Option<Entries>,
    /// Files that can't be published.
    pub rejected: u64,
    /// Whether it does all that it should.
    pub is_ready: bool,
    /// All that may be wrong.
    pub troubles: Vec<Trouble>,
    /// Documents that are kept.
    pub documents: Figures,
    /// Connections of readers.
    pub connections: Connected,
    /// Bytes of the ledger on the disk.
    pub ledger_bytes: Option<u64>,
    /// The process.
    pub process: Process,
}

impl Moment {
    pub(super) fn families(&self) -> Vec<Family> {
        let mut families = self.of_daemon();
        families.extend(self.of_serving());
        families.extend(self.of_process());
        families
    }

    fn of_daemon(&self) -> Vec<Family> {
        let gauge = |name, help| Family::new(Kind::Gauge, name, help);
        let whole = |number: u64| (Vec::new(), Value::Whole(number));
        let entries = |number: fn(Entries) -> u64| self.entries.map(|it| whole(number(it)));
        let troubles = self.troubles.iter().map(|trouble| {
            let is_there = u64::from(trouble.since.is_some());
            (
                vec![("trouble", trouble.name.into())],
                Value::Whole(is_there),
            )
        });
        let since = self.troubles.iter().filter_map(|trouble| {
            let since = seconds(trouble.since?);
            Some((vec![("trouble", trouble.name.into())], Value::Part(since)))
        });
        vec![
            Family::new(Kind::Info, "tidings_build", "Which program this is")
                .with(vec![("version", self.version.into())], Value::Whole(1)),
            gauge("tidings_ready", "Whether it does all that it should: what /readyz says")
                .of(Value::Whole(u64::from(self.is_ready))),
            gauge("tidings_trouble", "What may be wrong: 1 where it is").with_all(troubles),
            gauge("tidings_trouble_since_timestamp", "Since when something is wrong")
                .in_unit(Unit::Seconds)
                .with_all(since),
            gauge(
                "tidings_last_publication_timestamp",
                "When readers were given something new last, since the start",
            )
            .in_unit(Unit::Seconds)
            .with_all(
                self.published
                    .map(|moment| (Vec::new(), Value::Part(seconds(moment)))),
            ),
            gauge("tidings_entries_live", "Entries that are published")
                .with_all(entries(|it| it.live)),
            gauge(
                "tidings_entries_scheduled",
                "Entries that wait for their date, or until they were held back for long enough",
            )
            .with_all(entries(|it| it.scheduled)),
            gauge(
                "tidings_reads_pending",
                "\"Read:\" lines of published entries that name none that is published",
            )
            .with_all(entries(|it| it.pending_reads)),
            gauge(
                "tidings_files_rejected",
                "Files and places of the folder that can't be published as they are; the log says why",
            )
            .of(Value::Whole(self.rejected)),
            gauge("tidings_ledger_size", "The ledger's files on the disk, without copies")
                .in_unit(Unit::Bytes)
                .with_all(self.ledger_bytes.map(whole)),
        ]
    }

    fn of_serving(&self) -> Vec<Family> {
        let gauge = |name, help| Family::new(Kind::Gauge, name, help);
        let counter = |name, help| Family::new(Kind::Counter, name, help);
        let Connected {
            now,
            accepted,
            cut_idle,
            cut_stalled,
        } = self.connections;
        let Figures {
            documents,
            bytes,
            hits,
            misses,
        } = self.documents;
        let cut = [("idle", cut_idle), ("stalled", cut_stalled)];
        let cut = cut.map(|(why, count)| (vec![("reason", why.into())], Value::Whole(count)));
        vec![
            gauge("tidings_http_connections", "Connections of readers that are open")
                .of(Value::Whole(now)),
            counter(
                "tidings_http_connections_accepted",
                "Connections of readers that were taken",
            )
            .of(Value::Whole(accepted)),
            counter(
                "tidings_http_connections_cut",
                "Connections of readers that were ended here: idle (asked nothing for long, or while others \
                 waited), stalled (took nothing of an answer)",
            )
            .with_all(cut),
            gauge(
                "tidings_document_cache_documents",
                "Documents that are made and kept in memory, each coding for itself",
            )
            .of(Value::Whole(documents)),
            gauge(
                "tidings_document_cache",
                "Documents that are kept in memory, with their names; `limits.document_cache` at most",
            )
            .in_unit(Unit::Bytes)
            .of(Value::Whole(bytes)),
            counter(
                "tidings_document_cache_hits",
                "Documents that were asked for and were made already",
            )
            .of(Value::Whole(hits)),
            counter(
                "tidings_document_cache_misses",
                "Documents that were asked for and had to be made",
            )
            .of(Value::Whole(misses)),
        ]
    }

    fn of_process(&self) -> Vec<Family> {
        let gauge = |name, help| Family::new(Kind::Gauge, name, help);
        let whole = |number: Option<u64>| number.map(|it| (Vec::new(), Value::Whole(it)));
        let Process {
            cpu_seconds,
            resident_bytes,
            virtual_bytes,
            open_fds,
            max_fds,
        } = self.process;
        vec![
            Family::new(
                Kind::Counter,
                "process_cpu",
                "Processor time of the process, of its own and in the system",
            )
            .in_unit(Unit::Seconds)
            .with_all(cpu_seconds.map(|it| (Vec::new(), Value::Part(it)))),
            gauge(
                "process_resident_memory",
                "Memory of the process that is in memory",
            )
            .in_unit(Unit::Bytes)
            .with_all(whole(resident_bytes)),
            gauge(
                "process_virtual_memory",
                "Memory that the process may address",
            )
            .in_unit(Unit::Bytes)
            .with_all(whole(virtual_bytes)),
            gauge("process_open_fds", "Open file descriptors").with_all(whole(open_fds)),
            gauge("process_max_fds", "File descriptors that may be open").with_all(whole(max_fds)),
            gauge("process_start_time", "When the process started, since 1970")
                .in_unit(Unit::Seconds)
                .of(Value::Part(seconds(self.started))),
        ]
    }
}

/// Seconds since 1970, to the millisecond.
fn seconds(moment: Timestamp) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of the next hundred thousand years have room"
    )]
    let milliseconds = moment.as_millisecond() as f64;
    milliseconds / 1000.0
}
