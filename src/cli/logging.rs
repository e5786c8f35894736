//! Logs for people, on stderr: `2026-01-31 10:00:00  INFO tidings::daemon: published entries=3`.

use std::fmt::{self, Write};
use std::io;

use clap::Args;
use tracing::field::{Field, Visit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{FormatFields, MakeWriter, SubscriberBuilder};

use super::settings::SettingsError;
use crate::config::LogConfig;

/// How much is told.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Logging")]
pub(super) struct Verbosity {
    /// Log more; twice for everything about Tidings itself, three times for everything
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    #[arg(conflicts_with = "quiet")]
    verbose: u8,
    /// Log warnings only; twice for errors only, three times for nothing
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    quiet: u8,
}

impl Verbosity {
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

/// Logs to stderr from now on, as `RUST_LOG` says, else the flags, else the settings.
pub(super) fn start(verbosity: Verbosity, config: &LogConfig) -> Result<Logging, SettingsError> {
    let environment = std::env::var("RUST_LOG").ok();
    let filter = filter(environment.as_deref(), verbosity, config)?;
    let writing = writing(
        filter,
        super::output::has_colours(&io::stderr()),
        io::stderr,
    )
    .with_filter_reloading();
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

/// Writes lines for people.
type Writing<W> = SubscriberBuilder<Fields, Format<Full, LocalTime>, EnvFilter, W>;

fn writing<W>(filter: EnvFilter, colours: bool, writer: W) -> Writing<W>
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
        .with_writer(writer)
}

/// The wall clock where the machine stands, to the second.
struct LocalTime;

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

/// How fields are written: `tracing-subscriber` has only the choice between its own way, and one that
/// leaves out the causes of errors.
struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut writing = FieldWriting {
            writer,
            result: Ok(()),
        };
        fields.record(&mut writing);
        writing.result
    }
}

struct FieldWriting<'writer> {
    writer: Writer<'writer>,
    result: fmt::Result,
}

impl Visit for FieldWriting<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.result.is_ok() {
            self.result = write_field(&mut self.writer, field, value);
        }
    }

    /// With all its causes, as at the end of the program.
    fn record_error(&mut self, field: &Field, error: &(dyn std::error::Error + 'static)) {
        self.record_debug(field, &format_args!("{error}"));
        let causes = std::iter::successors(error.source(), |error| error.source());
        for cause in causes {
            if self.result.is_ok() {
                self.result = write!(Escaping(&mut self.writer), ": {cause}");
            }
        }
    }
}

/// Writes one field. Titles, names of files and request lines come from anybody: as plain text
/// they could steer the terminal or add a line that looks like ours. `tracing-subscriber` alone
/// escapes the former in most cases, the latter in none.
fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    // Fields follow each other with a space; the message is always the first.
    if field.name() != "message" {
        write!(writer, " {}=", field.name())?;
    }
    write!(Escaping(writer), "{value:?}")
}

struct Escaping<'a, 'w>(&'a mut Writer<'w>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| match c {
            c if c.is_control() || turns_text(c) => write!(self.0, "{}", c.escape_default()),
            c => self.0.write_char(c),
        })
    }
}

/// Line separators, and marks that make a terminal show text in another order than it has
/// (Unicode's `Bidi_Control`).
fn turns_text(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
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

    fn logged(filter: &str, colours: bool, log: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let filter = EnvFilter::new(filter);
        let subscriber = writing(filter, colours, move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, log);
        String::from_utf8(captured.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_has_time_level_room_message_and_fields() {
        let line = logged("info", false, || {
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

        let line = logged("info", false, || {
            let error = Outer("x.md", io::Error::other("the disk\nis gone"));
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, entries = 3, "not published");
        });
        assert!(
            line.ends_with(": not published error=can't read x.md: the disk\\nis gone entries=3\n"),
            "{line}"
        );
    }

    #[test]
    fn what_comes_from_outside_can_neither_steer_the_terminal_nor_forge_a_line() {
        let hostile = "a\u{1b}[31mb\u{9b}c\rd\ne\u{202e}f\u{7}\u{0}\u{e}\u{2028}";
        for colours in [false, true] {
            let line = logged("info", colours, || {
                let span = tracing::info_span!("request", path = %hostile);
                let _entered = span.enter();
                let error = io::Error::other(hostile);
                let error: &dyn std::error::Error = &error;
                tracing::warn!(shown = %hostile, debug = ?hostile, text = hostile, error, "{hostile}");
            });
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
            let steers = |c: char| (c.is_control() && c != '\n') || turns_text(c);
            assert!(!rest.contains(steers), "{line:?}");
            assert!(
                line.contains("a\\u{1b}[31mb\\u{9b}c\\rd\\ne\\u{202e}f"),
                "{line:?}"
            );
            assert_eq!(line.contains("\u{1b}["), colours, "{line:?}");
        }
    }

    #[test]
    fn the_environment_wins_over_flags_and_flags_over_the_settings() {
        let config = LogConfig {
            level: "error".to_owned(),
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
