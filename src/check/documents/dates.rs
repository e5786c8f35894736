//! Dates, as each format writes them.

use jiff::Timestamp;
use jiff::civil::Weekday;

use super::Rule;
use super::shared::Bench;

/// How far ahead of our own clock a date may be: clocks differ.
const AHEAD: i64 = 24 * 60 * 60;

/// Before this no feed told of anything: 1970.
const OLDEST: i64 = 0;

impl Bench<'_> {
    /// A date of RSS. (RFC 2822 section 3.3, with the four digits that RSS 2.0 prefers)
    pub(super) fn rfc2822(&mut self, what: &str, text: &str) {
        let mut words: Vec<&str> = text.split(' ').collect();
        let weekday = words.first().and_then(|word| word.strip_suffix(','));
        if weekday.is_some() {
            words.remove(0);
        }
        // The day alone may be wrong; then the rest still says which one it would be.
        let Ok(date) = jiff::fmt::rfc2822::parse(&words.join(" ")) else {
            let expected = "expected one such as Sat, 31 Jan 2026 10:00:00 +0000";
            self.find(
                Rule::DateForm,
                format!("{what} is `{text}`, which is no date: {expected}"),
            );
            return;
        };
        if let Some(weekday) = weekday {
            let is = name(date.weekday());
            self.must(weekday == is, Rule::WrongWeekday, || {
                format!("{what} is `{text}`, a {weekday}: expected {is}, as the date has it")
            });
        }
        let is_usual = match &*words {
            [day, _, year, time, zone] => {
                day.len() <= 2
                    && year.len() == 4
                    && time.len() == 8
                    && zone.len() == 5
                    && zone.starts_with(['+', '-'])
                    && (zone.ends_with("00") || zone.ends_with("30"))
            }
            _ => false,
        };
        self.must(is_usual, Rule::UnusualDate, || {
            format!(
                "{what} is `{text}`: expected four digits for the year and a zone such as +0000"
            )
        });
        self.plausible(what, date.timestamp());
    }

    /// A date of Atom and JSON Feed; the moment, if it is one. (RFC 3339 section 5.6)
    pub(super) fn rfc3339(&mut self, what: &str, text: &str) -> Option<Timestamp> {
        let bytes = text.as_bytes();
        let is_shaped = bytes.len() >= 20
            && bytes[4] == b'-'
            && bytes[7] == b'-'
            && bytes[10] == b'T'
            && bytes[13] == b':'
            && bytes[16] == b':'
            && bytes[..4].iter().all(u8::is_ascii_digit)
            && (text.ends_with('Z') || matches!(bytes[bytes.len() - 6], b'+' | b'-'));
        let moment = text.parse::<Timestamp>().ok().filter(|_| is_shaped);
        match moment {
            Some(moment) => self.plausible(what, moment),
            None => self.find(
                Rule::DateForm,
                format!("{what} is `{text}`, which is no date: expected one such as 2026-01-31T10:00:00Z"),
            ),
        }
        moment
    }

    fn plausible(&mut self, what: &str, moment: Timestamp) {
        let now = self.document.now.as_second();
        let is_plausible = (OLDEST..=now + AHEAD).contains(&moment.as_second());
        self.must(is_plausible, Rule::ImplausibleDate, || {
            format!("{what} is {moment}: expected a date from 1970 until now")
        });
    }
}

fn name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}
