//! How the daemon is, for its publisher: a page, and the same as text for a terminal.
//!
//! It belongs to the program, not to the site: no theme changes it. Its style sheet is that of the site's pages and a
//! little more, and it shows nothing that it was not given: what others wrote is escaped, and in the text nothing is left
//! that could steer a terminal.

use std::fmt::Write as _;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use super::{PageError, theme};

/// Its style sheet.
pub const STYLE: &str = concat!(include_str!("style.css"), include_str!("status.css"));

/// The page. `status` is what the template names, and times are shown as they are in `zone`.
pub fn html(status: &impl Serialize, zone: &TimeZone) -> Result<String, PageError> {
    render(&HTML, status, zone)
}

/// The same as text. The first word of each line says what it is.
pub fn text(status: &impl Serialize, zone: &TimeZone) -> Result<String, PageError> {
    render(&TEXT, status, zone)
}

type Compiled = Result<Environment<'static>, PageError>;

const NAME: &str = "status";

static HTML: LazyLock<Compiled> = LazyLock::new(|| {
    let environment = theme::environment()?;
    with_template(environment, include_str!("templates/status.html"))
});

static TEXT: LazyLock<Compiled> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) => tame(text).try_for_each(|c| Ok(out.write_char(c)?)),
        None => minijinja::escape_formatter(out, state, value),
    });
    let mut syntax = SyntaxConfig::builder();
    environment.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).build()?);
    with_template(environment, include_str!("templates/status.txt"))
});

fn with_template(mut environment: Environment<'static>, template: &'static str) -> Compiled {
    environment.add_filter("times", times);
    environment.add_filter("number", grouped);
    environment.add_filter("every", every);
    environment.add_filter("percent", percent);
    environment.add_filter("spaces", |count: usize| " ".repeat(count));
    environment.add_template(NAME, template)?;
    Ok(environment)
}

fn render(
    compiled: &Compiled,
    status: &impl Serialize,
    zone: &TimeZone,
) -> Result<String, PageError> {
    let environment = compiled.as_ref().map_err(Clone::clone)?;
    let zone = zone.clone();
    let name = zone.iana_name().unwrap_or("the machine’s zone").to_owned();
    let mut environment = environment.clone();
    environment.add_filter("when", move |moment: &str| when(moment, &zone));
    environment.add_global("zone", name);
    let template = environment.get_template(NAME)?;
    Ok(template.render(Value::from(Serde(status)))?)
}

/// A moment, to the minute.
fn when(moment: &str, zone: &TimeZone) -> Result<String, minijinja::Error> {
    let moment: Timestamp = moment
        .parse()
        .map_err(|_| minijinja::Error::new(ErrorKind::InvalidOperation, "expected an instant"))?;
    let zoned = moment.to_zoned(zone.clone());
    Ok(zoned.strftime("%Y-%m-%d %H:%M").to_string())
}

/// `1 file`, `2 files`: the noun is given in the singular, and has a plural with an `s`, or that.
fn times(count: u64, noun: &str, plural: Option<&str>) -> String {
    match (count, plural) {
        (1, _) => format!("1 {noun}"),
        (_, Some(plural)) => format!("{} {plural}", grouped(count)),
        (_, None) => format!("{} {noun}s", grouped(count)),
    }
}

/// Digits in groups of three.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// How long that many seconds are, roughly.
fn every(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", (seconds + MINUTE / 2) / MINUTE),
        _ => format!("{} h", (seconds + HOUR / 2) / HOUR),
    }
}

/// How many of `all` these are.
fn percent(part: u64, all: u64) -> String {
    match all {
        0 => "–".to_owned(),
        all => format!("{} %", (part * 100 + all / 2) / all),
    }
}

/// What can neither steer a terminal nor turn its text.
fn tame(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|c| match c {
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            '\u{FFFD}'
        }
        c if c.is_control() => '\u{FFFD}',
        c => c,
    })
}

#[cfg(test)]
mod tests;
