//! The tables, and what their rows hold.

use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value;
use serde::{Deserialize, Deserializer, Serialize};

use super::table::{Columns, Fault, Table};
use crate::catalogue::{Card, Key, Record, Standing};
use crate::entry::{Digest, Entry, FolderPath, Media, Slug, Stamp, Text};

/// What is known by a name.
pub(super) const FACT: Table = Table {
    name: "fact",
    columns: &["name", "value"],
};

/// Identities with their last good versions.
pub(super) const ENTRY: Table = Table {
    name: "entry",
    columns: &[
        "key",
        "id",
        "path",
        "first_path",
        "first_seen",
        "changed",
        "body",
        "version",
    ],
};

/// Files beside entries.
pub(super) const MEDIA: Table = Table {
    name: "media",
    columns: &["path", "bytes", "seconds"],
};

/// When an entry last left a feed.
pub(super) const DEPARTURE: Table = Table {
    name: "departure",
    columns: &["feed", "moment"],
};

/// How the entries of a feed are divided among its documents.
pub(super) const HISTORY: Table = Table {
    name: "history",
    columns: &["feed", "volumes"],
};

/// What a record is besides its columns and its last good version: as the ledger's rows and the
/// lines of the mirror keep it. New fields have a default, for what older versions wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Life {
    pub(super) stamp: Stamp,
    pub(super) standing: Standing,
    #[serde(default, deserialize_with = "kept")]
    #[expect(
        clippy::option_option,
        reason = "not kept in early versions: then the outer one is `None`"
    )]
    pub(super) debut: Option<Option<Timestamp>>,
    #[serde(default)]
    pub(super) displaced: Option<Timestamp>,
    pub(super) content: Digest,
    pub(super) expires: Option<Timestamp>,
    pub(super) former: Vec<Slug>,
    #[serde(default)]
    pub(super) former_titles: Vec<Text>,
    #[serde(default)]
    pub(super) conventions: Option<Digest>,
    pub(super) face: Digest,
}

/// A field that is there, be it `null`.
fn kept<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

impl Life {
    pub(super) fn of(record: &Record) -> Self {
        Self {
            stamp: record.stamp,
            standing: record.standing,
            debut: Some(record.debut),
            displaced: record.displaced,
            content: record.content,
            expires: record.expires,
            former: record.former.clone(),
            former_titles: record.former_titles.clone(),
            conventions: Some(record.conventions),
            face: record.face,
        }
    }

    /// The record of `entry` that has lived so. The links to others are not kept: the catalogue
    /// works them out.
    pub(super) fn record(
        self,
        key: Key,
        entry: Arc<Entry>,
        first_path: FolderPath,
        [first_seen, changed]: [Timestamp; 2],
    ) -> Record {
        // Before this was kept, whatever was not waiting was seen.
        let was_seen = !matches!(self.standing, Standing::Scheduled | Standing::Held(_));
        let debut = self.debut.unwrap_or_else(|| was_seen.then_some(first_seen));
        Record {
            key,
            first_path,
            first_seen,
            stamp: self.stamp,
            standing: self.standing,
            debut,
            displaced: self.displaced,
            card: Arc::new(Card::of(key, &entry)),
            entry,
            content: self.content,
            expires: self.expires,
            former: self.former,
            former_titles: self.former_titles,
            conventions: self.conventions.unwrap_or_else(|| Digest::of(b"")),
            face: self.face,
            changed,
            resolved: Arc::from([]),
            beside: Arc::from([]),
            tagged: None,
        }
    }
}

/// The column `version`.
#[derive(Serialize, Deserialize)]
struct Version {
    entry: Arc<Entry>,
    #[serde(flatten)]
    life: Life,
}

/// The rows of [`ENTRY`] that keep `records`, made on all cores.
pub(super) fn of_records(records: &[Arc<Record>]) -> rusqlite::Result<Vec<Vec<Value>>> {
    match records {
        // To wake another thread takes longer.
        [record] => Ok(vec![of_record(record)?]),
        records => records.par_iter().map(|record| of_record(record)).collect(),
    }
}

/// The row of [`ENTRY`] that keeps `record`.
fn of_record(record: &Record) -> rusqlite::Result<Vec<Value>> {
    let version = Version {
        entry: Arc::clone(&record.entry),
        life: Life::of(record),
    };
    let version = serde_json::to_string(&version)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    Ok(ENTRY.summed(vec![
        Value::Integer(number_of(record.key)),
        text(record.entry.id.as_str()),
        text(record.entry.path.as_str()),
        text(record.first_path.as_str()),
        Value::Integer(nanoseconds(record.first_seen)),
        Value::Integer(nanoseconds(record.changed)),
        Value::Blob(record.entry.article.body.as_bytes().to_vec()),
        Value::Text(version),
    ]))
}

/// Writes a row that [`of_records`] made, where there is none with its key. The text that an entry
/// named before stays for now: a snapshot that readers still hold may need it.
pub(super) fn add_record(connection: &Connection, row: &[Value]) -> rusqlite::Result<()> {
    ENTRY.add(connection, row)
}

/// Writes `record` in place of what is kept under its key.
pub(super) fn put_record(connection: &Connection, record: &Record) -> rusqlite::Result<()> {
    ENTRY.remove(connection, &Value::Integer(number_of(record.key)))?;
    ENTRY.add(connection, &of_record(record)?)
}

/// The record in a row of [`ENTRY`].
pub(super) fn record(row: &Columns) -> Result<Record, Fault> {
    let key = Key(row.get(0)?);
    let damaged = |what: &str| Fault::Damage(format!("the entry {} has {what}", key.0));
    let first_path: String = row.get(3)?;
    let first_path = FolderPath::new(&first_path).ok_or_else(|| damaged("no first path"))?;
    let Version { entry, life } =
        serde_json::from_slice(row.bytes(7)).map_err(|error| damaged(&error.to_string()))?;
    let moments = [moment(row.get(4)?), moment(row.get(5)?)];
    Ok(life.record(key, entry, first_path, moments))
}

/// Writes what is known of the file beside entries at `path`. Returns whether it is new.
pub(super) fn put_media(
    connection: &Connection,
    path: &FolderPath,
    media: Media,
) -> rusqlite::Result<bool> {
    let bytes = i64::try_from(media.bytes).unwrap_or(i64::MAX);
    let seconds = media
        .seconds
        .map_or(Value::Null, |seconds| Value::Integer(i64::from(seconds)));
    let values = vec![text(path.as_str()), Value::Integer(bytes), seconds];
    MEDIA.put(connection, values)
}

/// The file in a row of [`MEDIA`].
pub(super) fn media(row: &Columns) -> Result<(FolderPath, Media), Fault> {
    let path: String = row.get(0)?;
    let path = FolderPath::new(&path)
        .ok_or_else(|| Fault::Damage("a file beside entries has no path".to_owned()))?;
    let media = Media {
        bytes: row.get(1)?,
        seconds: row.get(2)?,
    };
    Ok((path, media))
}

/// Writes when an entry last left `feed`. Returns whether that is new.
pub(super) fn put_departure(
    connection: &Connection,
    feed: &str,
    moment: Timestamp,
) -> rusqlite::Result<bool> {
    DEPARTURE.put(
        connection,
        vec![text(feed), Value::Integer(nanoseconds(moment))],
    )
}

/// Feed and moment in a row of [`DEPARTURE`].
pub(super) fn departure(row: &Columns) -> Result<(String, Timestamp), Fault> {
    Ok((row.get(0)?, moment(row.get(1)?)))
}

/// Feed and volumes in a row of [`HISTORY`].
pub(super) fn history(row: &Columns) -> Result<(String, String), Fault> {
    Ok((row.get(0)?, row.get(1)?))
}

/// Writes a fact.
pub(super) fn put_fact(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<bool> {
    FACT.put(connection, vec![text(name), text(value)])
}

/// Name and value in a row of [`FACT`].
pub(super) fn fact(row: &Columns) -> Result<(String, String), Fault> {
    Ok((row.get(0)?, row.get(1)?))
}

/// A text as a column keeps it.
pub(super) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// A key as a column keeps it.
pub(super) fn number_of(key: Key) -> i64 {
    i64::try_from(key.0).unwrap_or(i64::MAX)
}

/// A moment as a column keeps it. Holds until the year 2262, which is checked nowhere else.
fn nanoseconds(moment: Timestamp) -> i64 {
    i64::try_from(moment.as_nanosecond()).unwrap_or(i64::MAX)
}

/// The moment that a column keeps.
fn moment(nanoseconds: i64) -> Timestamp {
    // Every i64 of nanoseconds lies within the years 1677 to 2262, which a timestamp holds.
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or(Timestamp::UNIX_EPOCH)
}
