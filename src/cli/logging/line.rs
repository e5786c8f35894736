//! A line of the log, in each of its forms.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer, format};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Collected;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `2026-01-31 10:00:00  INFO tidings::daemon: ready entries=3`
    Text,
    /// `{"timestamp":"2026-01-31T10:00:00.123456Z","level":"INFO","target":"tidings::daemon",…}`
    Json,
    /// `<6>tidings::daemon: ready entries=3`: the priority as the journal takes it off a line of a
    /// service's stderr (sd-daemon(3)). The journal's own protocol has a field for each of ours, but shows
    /// people the message alone: not which file could not be published, and why. And a service that is
    /// shut in may not reach its socket.
    Journal,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        match self {
            Self::Text => {
                let text = format().with_timer(LocalTime);
                text.format_event(context, writer, event)
            }
            Self::Journal => {
                write!(writer, "<{}>", priority(*event.metadata().level()))?;
                let text = format().without_time().with_level(false);
                text.format_event(context, writer, event)
            }
            Self::Json => {
                let text = json(event).map_err(|_| fmt::Error)?;
                writeln!(writer, "{text}")
            }
        }
    }
}

/// The priority of syslog, which is also the journal's.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

/// A line for programs. Names are only ever added.
#[derive(Serialize)]
struct Object<'a> {
    timestamp: String,
    level: &'a str,
    target: &'a str,
    message: &'a str,
    fields: Map<String, Value>,
}

fn json(event: &Event<'_>) -> serde_json::Result<String> {
    let mut collected = Collected::default();
    event.record(&mut collected);
    #[expect(
        clippy::disallowed_methods,
        reason = "a log line tells when it was written"
    )]
    let now = Timestamp::now();
    serde_json::to_string(&Object {
        timestamp: format!("{now:.6}"),
        level: event.metadata().level().as_str(),
        target: event.metadata().target(),
        message: &collected.message,
        fields: collected.fields,
    })
}

/// The wall clock where the machine stands, to the second.
pub(super) struct LocalTime;

impl FormatTime for LocalTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        #[expect(
            clippy::disallowed_methods,
            reason = "a log line tells when it was written"
        )]
        let now = jiff::Zoned::now();
        write!(writer, "{}", now.strftime("%F %T"))
    }
}
