//! The log, on stderr: what is told, and in which form.

mod fields;
mod line;

use std::io;
use std::sync::OnceLock;

use clap::Args;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::{MakeWriter, SubscriberBuilder};

use super::output::has_colours;
use super::progress::Stderr;
use super::settings::SettingsError;
use crate::config::{LogConfig, LogFormat};
use fields::Fields;
use line::{Line, LocalTime};

/// How much is told.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Logging")]
pub(super) struct Verbosity {
    /// Log more; twice for everything about Tidings itself, three times for everything
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    #[arg(conflicts_with = "quiet")]
    verbose: u8,
    /// Log warnings only, and show no bar; twice for errors only, three times for nothing
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    quiet: u8,
}

impl Verbosity {
    /// Whether less is to be told than is usual.
    pub(super) fn is_quiet(self) -> bool {
        self.quiet > 0
    }

    /// The filter that the flags stand for, if one was given.
    fn filter(self) -> Option<&'static str> {
        match (self.verbose, self.quiet) {
            (0, 0) => None,
            (0, 1) => Some("warn"),
            (0, 2) => Some("error"),
            (0, _) => Some("off"),
            (1, _) => Some("info,tidings=debug"),
            (2, _) => Some("info,tidings=trace"),
            (_, _) => Some("trace"),
        }
    }
}

/// A log that can be told to tell more or less.
pub(super) struct Logging {
    environment: Option<String>,
    verbosity: Verbosity,
    set: Box<dyn Fn(EnvFilter) + Send>,
}

impl Logging {
    /// Tells from now on what `config` says, where neither `RUST_LOG` nor a flag does.
    pub(super) fn follow(&self, config: &LogConfig) {
        if let Ok(filter) = filter(self.environment.as_deref(), self.verbosity, config) {
            (self.set)(filter);
        }
    }
}

/// The form in which this process logs, as soon as it does.
static FORM: OnceLock<Line> = OnceLock::new();

/// Logs to stderr from now on, as `RUST_LOG` says, else the flags, else the settings.
pub(super) fn start(verbosity: Verbosity, config: &LogConfig) -> Result<Logging, SettingsError> {
    let environment = std::env::var("RUST_LOG").ok();
    let filter = filter(environment.as_deref(), verbosity, config)?;
    let stream = std::env::var("JOURNAL_STREAM").ok();
    let line = line_of(config.format, stream.as_deref(), stderr_file());
    let line = *FORM.get_or_init(|| line);
    let colours = line == Line::Text && has_colours(&io::stderr());
    let writing = writing(line, filter, colours, || Stderr).with_filter_reloading();
    let handle = writing.reload_handle();
    // Only a second start in one process can fail, and then logs flow already.
    let _ = tracing::subscriber::set_global_default(writing.finish());
    Ok(Logging {
        environment,
        verbosity,
        // It fails only when nobody logs any more.
        set: Box::new(move |filter| drop(handle.reload(filter))),
    })
}

/// Whether stderr has nothing but JSON from here to the end of the process.
pub(super) fn is_for_programs() -> bool {
    FORM.get() == Some(&Line::Json)
}

/// Whether stderr has lines for people, as far as anything is logged.
pub(super) fn is_for_people() -> bool {
    FORM.get().is_none_or(|form| *form == Line::Text)
}

fn filter(
    environment: Option<&str>,
    verbosity: Verbosity,
    config: &LogConfig,
) -> Result<EnvFilter, SettingsError> {
    let directives = environment
        .filter(|text| !text.trim().is_empty())
        .or(verbosity.filter())
        .unwrap_or(&config.level);
    Ok(EnvFilter::try_new(directives)?)
}

/// The form of lines that the settings ask for. `stream` is the file that the journal reads,
/// `DEVICE:INODE` as `JOURNAL_STREAM` names it: a service's, which whatever it starts with another stderr
/// inherits all the same. So it counts only if `stderr` is that file. (systemd.exec(5))
fn line_of(format: LogFormat, stream: Option<&str>, stderr: Option<(u64, u64)>) -> Line {
    match format {
        LogFormat::Text => Line::Text,
        LogFormat::Json => Line::Json,
        LogFormat::Journald => Line::Journal,
        LogFormat::Auto => {
            let named = stream.and_then(|it| it.split_once(':'));
            let named = named.and_then(|(device, inode)| {
                Some((device.parse::<u64>().ok()?, inode.parse::<u64>().ok()?))
            });
            if named.is_some() && named == stderr {
                Line::Journal
            } else {
                Line::Text
            }
        }
    }
}

/// Device and inode of stderr.
#[cfg(target_os = "linux")]
fn stderr_file() -> Option<(u64, u64)> {
    let found = rustix::fs::fstat(io::stderr()).ok()?;
    Some((found.st_dev, found.st_ino))
}

/// Only Linux has a journal.
#[cfg(not(target_os = "linux"))]
fn stderr_file() -> Option<(u64, u64)> {
    None
}

/// Writes lines in a form.
type Writing<W> = SubscriberBuilder<Fields, Line, EnvFilter, W>;

fn writing<W>(line: Line, filter: EnvFilter, colours: bool, writer: W) -> Writing<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_timer(LocalTime)
        // One that can't be written (stderr is closed) would be told on stderr, and panic.
        .log_internal_errors(false)
        .fmt_fields(Fields)
        .event_format(line)
        .with_writer(writer)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(line: Line, filter: &str, colours: bool, log: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let filter = EnvFilter::new(filter);
        let subscriber = writing(line, filter, colours, move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, log);
        String::from_utf8(captured.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_has_time_level_room_message_and_fields() {
        let line = logged(Line::Text, "info", false, || {
            tracing::info!(entries = 3, title = "a b", path = %"x.md", "published");
            tracing::debug!("not told");
        });
        let (time, rest) = line.split_at("2026-01-31 10:00:00".len());
        assert!(
            time.starts_with("20") && time.ends_with(|c: char| c.is_ascii_digit()),
            "{line}"
        );
        assert_eq!(
            rest,
            "  INFO tidings::cli::logging::tests: published entries=3 title=\"a b\" path=x.md\n"
        );
    }

    #[test]
    fn an_error_comes_with_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("can't read {0}")]
        struct Outer(&'static str, #[source] io::Error);

        let line = logged(Line::Text, "info", false, || {
            let error = Outer("x.md", io::Error::other("the disk\nis gone"));
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, entries = 3, "not published");
        });
        assert!(
            line.ends_with(": not published error=can't read x.md: the disk\\nis gone entries=3\n"),
            "{line}"
        );
    }

    /// Logs what steers terminals and begins new lines, in every kind of field.
    fn log_hostile() {
        let hostile = "a\u{1b}[31mb\u{9b}c\rd\ne\u{202e}f\u{7}\u{0}\u{e}\u{2028}";
        let span = tracing::info_span!("request", path = %hostile);
        let _entered = span.enter();
        let error = io::Error::other(hostile);
        let error: &dyn std::error::Error = &error;
        tracing::warn!(shown = %hostile, debug = ?hostile, text = hostile, error, "{hostile}");
    }

    fn steers(c: char) -> bool {
        (c.is_control() && c != '\n') || fields::turns_text(c)
    }

    #[test]
    fn what_comes_from_outside_can_neither_steer_the_terminal_nor_forge_a_line() {
        for colours in [false, true] {
            let line = logged(Line::Text, "info", colours, log_hostile);
            assert_eq!(line.matches('\n').count(), 1, "{line:?}");
            let own = [
                "\u{1b}[2m",
                "\u{1b}[0m",
                "\u{1b}[33m",
                "\u{1b}[1m",
                "\u{1b}[3m",
            ];
            let rest = own
                .iter()
                .fold(line.clone(), |rest, code| rest.replace(code, ""));
            assert!(!rest.contains(steers), "{line:?}");
            assert!(
                line.contains("a\\u{1b}[31mb\\u{9b}c\\rd\\ne\\u{202e}f"),
                "{line:?}"
            );
            assert_eq!(line.contains("\u{1b}["), colours, "{line:?}");
        }
    }

    #[test]
    fn a_line_for_programs_has_its_fields_as_they_are() {
        let line = logged(Line::Json, "info", false, || {
            let error = io::Error::other("the disk is gone");
            let error: &dyn std::error::Error = &error;
            tracing::info!(
                entries = 3,
                late = false,
                share = 0.5,
                title = "a \"b\"",
                error,
                "done"
            );
        });
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        let time = object["timestamp"].as_str().unwrap();
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{line}");
        let expected = serde_json::json!({
            "timestamp": time,
            "level": "INFO",
            "target": "tidings::cli::logging::tests",
            "message": "done",
            "fields": {
                "entries": 3, "late": false, "share": 0.5, "title": "a \"b\"",
                "error": "the disk is gone",
            },
        });
        assert_eq!(object, expected);
    }

    #[test]
    fn a_line_for_programs_holds_nothing_that_steers_what_prints_it() {
        let line = logged(Line::Json, "info", true, log_hostile);
        assert_eq!(line.matches('\n').count(), 1, "{line:?}");
        assert!(!line.contains(steers), "{line:?}");
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        let texts = object["fields"].as_object().unwrap().values();
        let texts: Vec<&serde_json::Value> = texts.chain([&object["message"]]).collect();
        assert_eq!(texts.len(), 5, "{line}");
        for text in texts {
            let text = text.as_str().unwrap();
            assert!(text.contains("[31mb") && !text.contains(steers), "{text:?}");
        }
    }

    #[test]
    fn the_journal_is_told_the_priority_of_each_line() {
        let lines = logged(Line::Journal, "trace", false, || {
            tracing::error!(entries = 3, "one");
            tracing::warn!("two");
            tracing::info!("three");
            tracing::debug!("four");
        });
        let room = "tidings::cli::logging::tests";
        let expected = format!(
            "<3>{room}: one entries=3\n<4>{room}: two\n<6>{room}: three\n<7>{room}: four\n"
        );
        assert_eq!(lines, expected);
        let line = logged(Line::Journal, "info", false, log_hostile);
        assert!(
            line.matches('\n').count() == 1 && !line.contains(steers),
            "{line:?}"
        );
    }

    #[test]
    fn the_journal_is_known_by_the_file_that_stderr_is() {
        let check = |format, stream: Option<&str>, expected| {
            assert_eq!(
                line_of(format, stream, Some((8, 15))),
                expected,
                "{stream:?}"
            );
        };
        check(LogFormat::Auto, None, Line::Text);
        check(LogFormat::Auto, Some("8:15"), Line::Journal);
        check(LogFormat::Auto, Some("8:16"), Line::Text);
        check(LogFormat::Auto, Some("815"), Line::Text);
        check(LogFormat::Text, Some("8:15"), Line::Text);
        check(LogFormat::Json, Some("8:15"), Line::Json);
        check(LogFormat::Journald, None, Line::Journal);
        assert_eq!(line_of(LogFormat::Auto, Some("a:b"), None), Line::Text);
    }

    #[test]
    fn the_environment_wins_over_flags_and_flags_over_the_settings() {
        let config = LogConfig {
            level: "error".to_owned(),
            ..LogConfig::default()
        };
        let check = |environment: Option<&str>, (verbose, quiet): (u8, u8), expected: &str| {
            let filter = filter(environment, Verbosity { verbose, quiet }, &config).unwrap();
            assert_eq!(filter.to_string(), expected);
        };
        check(None, (0, 0), "error");
        check(None, (0, 1), "warn");
        check(None, (0, 3), "off");
        check(None, (3, 0), "trace");
        check(None, (1, 0), "tidings=debug,info");
        check(Some(""), (0, 1), "warn");
        check(Some("trace"), (0, 1), "trace");
        assert!(filter(Some("a=loud"), Verbosity::default(), &config).is_err());
    }
}
