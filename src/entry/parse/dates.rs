//! Dates as people, and the names of their files, write them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use crate::entry::StatedDate;

/// What a wrong date is told.
pub(super) const EXPECTED: &str = "expected 2026-01-31 or 2026-01-31T10:00:00Z";

/// The longest text that is looked at as a date. (RUSTSEC-2026-0009 shows why there is one.)
const MAX_BYTES: usize = 64;

/// A date as front matter has it: RFC 3339, RFC 2822, or a date with or without a time and an
/// offset; what names no offset is in `zone`.
pub(super) fn parse(text: &str, zone: &TimeZone) -> Option<StatedDate> {
    read(text, zone).filter(is_writable)
}

/// Whether every format can write the date: RSS has four digits for the year (RFC 2822 section 3.3),
/// in whatever zone.
fn is_writable(date: &StatedDate) -> bool {
    /// 1000-01-02T00:00:00Z and 9999-12-30T00:00:00Z.
    const FOUR_DIGITS: std::ops::Range<i64> = -30_610_137_600..253_402_128_000;
    let (StatedDate::At(at) | StatedDate::Day { start: at, .. }) = date;
    FOUR_DIGITS.contains(&at.as_second())
}

fn read(text: &str, zone: &TimeZone) -> Option<StatedDate> {
    let text = text.trim();
    if text.len() > MAX_BYTES || !text.is_ascii() {
        return None;
    }
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) || !text.contains('-') {
        return rfc2822(text);
    }
    let Some((date, time)) = text
        .split_at_checked(10)
        .filter(|(_, time)| !time.is_empty())
    else {
        return day(civil_date(text)?, zone);
    };
    let Some(date) = civil_date(date) else {
        return rfc2822(text);
    };
    let time = time
        .strip_prefix(['T', 't'])
        .unwrap_or(time)
        .trim_ascii_start();
    let (time, offset) = split_offset(time)?;
    let at = DateTime::from_parts(date, civil_time(time)?);
    instant(at, offset, zone)
}

fn rfc2822(text: &str) -> Option<StatedDate> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(StatedDate::At(zoned.timestamp()))
}

fn instant(at: DateTime, offset: Option<Offset>, zone: &TimeZone) -> Option<StatedDate> {
    let timestamp = match offset {
        Some(offset) => offset.to_timestamp(at).ok()?,
        None => zone.to_timestamp(at).ok()?,
    };
    Some(StatedDate::At(timestamp))
}

fn day(date: Date, zone: &TimeZone) -> Option<StatedDate> {
    let start = date.to_zoned(zone.clone()).ok()?;
    let end = date.tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
    Some(StatedDate::Day {
        start: start.timestamp(),
        end: end.timestamp(),
    })
}

/// `2026-01-31`, nothing else.
fn civil_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    date_of_digits(&text[..4], &text[5..7], &text[8..])
}

fn date_of_digits(year: &str, month: &str, day: &str) -> Option<Date> {
    let year: u16 = digits(year)?;
    Date::new(i16::try_from(year).ok()?, digits(month)?, digits(day)?).ok()
}

/// `10:00`, `10:00:00` or `10:00:00.5`.
fn civil_time(text: &str) -> Option<Time> {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let second: i8 = parts.next().map_or(Some(0), digits)?;
    if parts.next().is_some() || fraction.len() > 9 {
        return None;
    }
    let nanosecond = if fraction.is_empty() {
        0
    } else {
        digits::<i32>(fraction)? * 10_i32.pow(u32::try_from(9 - fraction.len()).ok()?)
    };
    // A leap second can't be told from the second before it. (RFC 3339 section 5.7)
    Time::new(hour, minute, second.min(59), nanosecond)
        .ok()
        .filter(|_| second <= 60)
}

/// The time, and the offset that follows it; `None` for an offset that is none.
fn split_offset(text: &str) -> Option<(&str, Option<Offset>)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ','))
        .unwrap_or(text.len());
    let (time, offset) = (&text[..end], text[end..].trim());
    let offset = match offset {
        "" => None,
        "Z" | "z" | "UTC" | "GMT" => Some(Offset::UTC),
        offset => {
            let sign = match offset.as_bytes()[0] {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let (hours, minutes) = match (&offset[1..], offset.len()) {
                (hours, 3) => (hours, "0"),
                (rest, 5) => rest.split_at(2),
                (rest, 6) => rest.split_once(':')?,
                _ => return None,
            };
            let (hours, minutes): (i32, i32) = (digits(hours)?, digits(minutes)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            Some(Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?)
        }
    };
    Some((time, offset))
}

fn digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

/// The date at the beginning of a file's name, and the name without it: `2026-01-31-name`,
/// `2026-01-31T1015-name` or `20260131-name`.
pub(super) fn of_name<'a>(name: &'a str, zone: &TimeZone) -> (Option<StatedDate>, &'a str) {
    read_name(name, zone)
        .filter(|(date, _)| is_writable(date))
        .map_or((None, name), |(date, rest)| (Some(date), rest))
}

fn read_name<'a>(name: &'a str, zone: &TimeZone) -> Option<(StatedDate, &'a str)> {
    let (date, rest) = match name.split_at_checked(10) {
        Some((date, rest)) if civil_date(date).is_some() => (civil_date(date)?, rest),
        _ => {
            let (date, rest) = name.split_at_checked(8)?;
            if !date.is_ascii() {
                return None;
            }
            (date_of_digits(&date[..4], &date[4..6], &date[6..])?, rest)
        }
    };
    let clock = rest
        .strip_prefix(['T', 't'])
        .and_then(|rest| rest.split_at_checked(4));
    let (stated, rest) = match clock {
        Some((clock, rest)) if clock.is_ascii() => {
            let time = Time::new(digits(&clock[..2])?, digits(&clock[2..])?, 0, 0).ok()?;
            (instant(date.to_datetime(time), None, zone)?, rest)
        }
        _ => (day(date, zone)?, rest),
    };
    if rest.is_empty() {
        return Some((stated, rest));
    }
    Some((stated, rest.strip_prefix(['-', '_', ' '])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::fixed(Offset::from_hours(2).unwrap())
    }

    fn shown(date: Option<StatedDate>) -> String {
        match date {
            None => "none".into(),
            Some(StatedDate::At(at)) => at.to_string(),
            Some(StatedDate::Day { start, end }) => format!("{start}/{end}"),
        }
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        let check = |text: &str, expected: &str| {
            assert_eq!(shown(parse(text, &zone())), expected, "{text:?}");
        };
        check("2026-01-31", "2026-01-30T22:00:00Z/2026-01-31T22:00:00Z");
        check("2026-01-31 10:00", "2026-01-31T08:00:00Z");
        check("2026-01-31T10:00:00", "2026-01-31T08:00:00Z");
        check("2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z");
        check("2026-01-31t10:00:00.25z", "2026-01-31T10:00:00.25Z");
        check("2026-01-31 10:00:00 +0200", "2026-01-31T08:00:00Z");
        check("2026-01-31 10:00:00 -05", "2026-01-31T15:00:00Z");
        check("2026-01-31T10:00:00+05:30", "2026-01-31T04:30:00Z");
        check("2026-06-30T23:59:60Z", "2026-06-30T23:59:59Z");
        check("Sat, 31 Jan 2026 10:00:00 GMT", "2026-01-31T10:00:00Z");
        check("31 Jan 2026 10:00:00 +0100", "2026-01-31T09:00:00Z");
        check("2026-02-30", "none");
        check("2026-1-5", "none");
        check("2026-01-31 25:00", "none");
        check("2026-01-31 10", "none");
        check("2026-01-31 10:00 +99:00", "none");
        check("next Tuesday", "none");
        check("", "none");
        check("1500-06-01", "1500-05-31T22:00:00Z/1500-06-01T22:00:00Z");
        check("9999-12-31", "none");
        check("9999-12-30 12:00", "none");
        check("0999-12-31", "none");
        check("0000-01-01T00:00:00+14:00", "none");
        check("-000100-01-01", "none");
        check(&"(".repeat(100_000), "none");
        check("２０２６-01-31", "none");
    }

    #[test]
    fn names_begin_with_dates() {
        let check = |name: &str, expected: &str, rest: &str| {
            let (date, after) = of_name(name, &zone());
            assert_eq!((shown(date).as_str(), after), (expected, rest), "{name:?}");
        };
        let day = "2026-01-30T22:00:00Z/2026-01-31T22:00:00Z";
        check("2026-01-31-bridge", day, "bridge");
        check("2026-01-31_bridge", day, "bridge");
        check("20260131-bridge", day, "bridge");
        check("2026-01-31", day, "");
        check("2026-01-31T1015-bridge", "2026-01-31T08:15:00Z", "bridge");
        check("2026-13-31-bridge", "none", "2026-13-31-bridge");
        check("2026-01-31st", "none", "2026-01-31st");
        check("bridge", "none", "bridge");
        check("日本日本日本", "none", "日本日本日本");
        check("12345678", "none", "12345678");
    }
}
