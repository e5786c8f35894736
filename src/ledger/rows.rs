//! How rows are written and read: each carries a sum over its other columns.
//!
//! `SQLite` notices damage to its own structure, not to what we put into it: a flipped bit in an id
//! would go out to readers as another id. So no row is believed without its sum.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, ErrorCode, Row, params_from_iter};
use serde::{Deserialize, Deserializer, Serialize};

use crate::catalogue::{Card, Key, Record, Standing};
use crate::entry::{Digest, Digester, Entry, FolderPath, Media, Slug, Stamp, Text};

/// Why something can't be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// What is there is not what was written.
    Damage(String),
    /// `SQLite` can't do it, for a reason that says nothing of what is there.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        if is_damage(&error) {
            Self::Damage(error.to_string())
        } else {
            Self::Sqlite(error)
        }
    }
}

/// A file that ends too early (sqlite.org/rescode.html, `SQLITE_IOERR_SHORT_READ`).
const SHORT_READ: i32 = 522;

/// Whether `error` means that the file does not hold what was written.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(
                failure.code,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase
            ) || failure.extended_code == SHORT_READ
        }
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => true,
        _ => false,
    }
}

/// A table whose rows carry sums. Its first column is the primary key.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// All but the sum.
    pub(super) columns: &'static [&'static str],
}

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

impl Table {
    /// The sum of a row with these values. The table's name is part of it, so that a row is of no
    /// use elsewhere; each value goes in with its type.
    pub(super) fn sum<'a>(&self, values: impl IntoIterator<Item = ValueRef<'a>>) -> Digest {
        let digester = Digester::new().field(self.name);
        let add = |digester: Digester, value| match value {
            ValueRef::Null => digester.field("null"),
            ValueRef::Integer(number) => digester.field("integer").field(number.to_le_bytes()),
            ValueRef::Real(number) => digester.field("real").field(number.to_le_bytes()),
            ValueRef::Text(text) => digester.field("text").field(text),
            ValueRef::Blob(bytes) => digester.field("blob").field(bytes),
        };
        values.into_iter().fold(digester, add).finish()
    }

    /// Writes a row in place of the one with the same key. Returns whether there was none.
    pub(super) fn put(
        &self,
        connection: &Connection,
        mut values: Vec<Value>,
    ) -> rusqlite::Result<bool> {
        let sum = self.sum(values.iter().map(ValueRef::from));
        let is_new = !self.remove(connection, &values[0])?;
        values.push(Value::Blob(sum.as_bytes().to_vec()));
        let marks = vec!["?"; values.len()].join(", ");
        let columns = self.columns.join(", ");
        let insert = format!(
            "INSERT INTO {} ({columns}, sum) VALUES ({marks})",
            self.name
        );
        connection
            .prepare_cached(&insert)?
            .execute(params_from_iter(values))?;
        Ok(is_new)
    }

    /// Takes the row with this key away. Returns whether there was one.
    pub(super) fn remove(&self, connection: &Connection, key: &Value) -> rusqlite::Result<bool> {
        let delete = format!("DELETE FROM {} WHERE {} = ?1", self.name, self.columns[0]);
        let removed = connection.prepare_cached(&delete)?.execute([key])?;
        Ok(removed > 0)
    }

    /// Goes through the rows that `rest` of the query chooses, as long as `SQLite` can step: what
    /// `read` makes of each row with the right sum, and what is wrong with another.
    pub(super) fn each<T>(
        &self,
        connection: &Connection,
        rest: &str,
        read: impl Fn(&Row<'_>) -> Result<T, Fault>,
        mut take: impl FnMut(Result<T, Fault>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let columns = self.columns.join(", ");
        let select = format!("SELECT {columns}, sum FROM {} {rest}", self.name);
        let mut statement = connection.prepare(&select)?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            take(self.believe(row).and_then(|()| read(row)))?;
        }
        Ok(())
    }

    /// All rows; fails at the first that is not as it was written.
    pub(super) fn all<T>(
        &self,
        connection: &Connection,
        read: impl Fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let mut all = Vec::new();
        let order = format!("ORDER BY {}", self.columns[0]);
        self.each(connection, &order, read, |row| {
            all.push(row?);
            Ok(())
        })?;
        Ok(all)
    }

    fn believe(&self, row: &Row<'_>) -> Result<(), Fault> {
        let count = self.columns.len();
        let values: Result<Vec<ValueRef<'_>>, _> = (0..count).map(|at| row.get_ref(at)).collect();
        let sum = self.sum(values?);
        if row.get_ref(count)? == ValueRef::Blob(sum.as_bytes()) {
            return Ok(());
        }
        Err(Fault::Damage(format!(
            "a row of `{}` is not as it was written",
            self.name
        )))
    }
}

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
        entry: Entry,
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
            entry: Arc::new(entry),
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
    entry: Entry,
    #[serde(flatten)]
    life: Life,
}

/// Writes `record`. Returns whether it is new. The text that it named before stays for now: a
/// snapshot that readers still hold may need it.
pub(super) fn put_record(connection: &Connection, record: &Record) -> rusqlite::Result<bool> {
    let version = Version {
        entry: (*record.entry).clone(),
        life: Life::of(record),
    };
    let version = serde_json::to_string(&version)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let values = vec![
        Value::Integer(number_of(record.key)),
        text(record.entry.id.as_str()),
        text(record.entry.path.as_str()),
        text(record.first_path.as_str()),
        Value::Integer(nanoseconds(record.first_seen)),
        Value::Integer(nanoseconds(record.changed)),
        Value::Blob(record.entry.article.body.as_bytes().to_vec()),
        Value::Text(version),
    ];
    ENTRY.put(connection, values)
}

/// The record in a row of [`ENTRY`].
pub(super) fn record(row: &Row<'_>) -> Result<Record, Fault> {
    let key = Key(row.get::<_, u64>(0)?);
    let damaged = |what: &str| Fault::Damage(format!("the entry {} has {what}", key.0));
    let first_path: String = row.get(3)?;
    let first_path = FolderPath::new(&first_path).ok_or_else(|| damaged("no first path"))?;
    let version = row.get_ref(7)?.as_bytes().unwrap_or_default();
    let Version { entry, life } =
        serde_json::from_slice(version).map_err(|error| damaged(&error.to_string()))?;
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
pub(super) fn media(row: &Row<'_>) -> Result<(FolderPath, Media), Fault> {
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
pub(super) fn departure(row: &Row<'_>) -> Result<(String, Timestamp), Fault> {
    Ok((row.get(0)?, moment(row.get(1)?)))
}

/// Feed and volumes in a row of [`HISTORY`].
pub(super) fn history(row: &Row<'_>) -> Result<(String, String), Fault> {
    Ok((row.get(0)?, row.get(1)?))
}

/// Writes a fact.
pub(super) fn put_fact(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<bool> {
    FACT.put(connection, vec![text(name), text(value)])
}

/// Name and value in a row of [`FACT`].
pub(super) fn fact(row: &Row<'_>) -> Result<(String, String), Fault> {
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
