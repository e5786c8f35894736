//! Fields of a line as they are written, and the cleaning of all that comes from outside.

use std::fmt::{self, Write};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

/// The name of the field that is the line's text.
const MESSAGE: &str = "message";

/// How fields are written: `tracing-subscriber` has only the choice between its own way, and one that
/// leaves out the causes of errors.
pub(super) struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut writing = Writing {
            writer,
            result: Ok(()),
        };
        fields.record(&mut writing);
        writing.result
    }
}

struct Writing<'writer> {
    writer: Writer<'writer>,
    result: fmt::Result,
}

impl Visit for Writing<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.result.is_ok() {
            self.result = write_field(&mut self.writer, field, value);
        }
    }

    /// With all its causes, as at the end of the program.
    fn record_error(&mut self, field: &Field, error: &(dyn std::error::Error + 'static)) {
        self.record_debug(field, &format_args!("{error}"));
        for cause in causes(error) {
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
    if field.name() != MESSAGE {
        write!(writer, " {}=", field.name())?;
    }
    write!(Escaping(writer), "{value:?}")
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |error| error.source())
}

/// The fields of an event by their names, for programs. Texts are cleaned as they are for people: who
/// takes one out of the JSON may well print it.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) message: String,
    pub(super) fields: Map<String, Value>,
}

impl Collected {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.fields.insert(field.name().to_owned(), value.into());
    }

    fn put_text(&mut self, field: &Field, value: &dyn fmt::Display) {
        if field.name() == MESSAGE {
            self.message = cleaned(value);
        } else {
            self.put(field, cleaned(value));
        }
    }
}

impl Visit for Collected {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match u64::try_from(value) {
            Ok(value) => self.put(field, value),
            Err(_) => self.put(field, value.to_string()),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, &value);
    }

    fn record_error(&mut self, field: &Field, error: &(dyn std::error::Error + 'static)) {
        let mut text = cleaned(&error);
        for cause in causes(error) {
            text.push_str(": ");
            text.push_str(&cleaned(&cause));
        }
        self.put(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, &format_args!("{value:?}"));
    }
}

fn cleaned(value: &dyn fmt::Display) -> String {
    let mut text = String::new();
    // Writing to a String can't fail.
    let _ = write!(Escaping(&mut text), "{value}");
    text
}

struct Escaping<'a, W>(&'a mut W);

impl<W: Write> Write for Escaping<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| match c {
            c if c.is_control() || turns_text(c) => write!(self.0, "{}", c.escape_default()),
            c => self.0.write_char(c),
        })
    }
}

/// Line separators, and marks that make a terminal show text in another order than it has
/// (Unicode's `Bidi_Control`).
pub(super) fn turns_text(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
