//! The tables, their history, and how a record is written in them.
//!
//! `user_version` counts the migrations that were applied; the list only ever grows at its end.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};
use serde::{Deserialize, Deserializer, Serialize};

use super::LedgerError;
use crate::catalogue::{Card, Key, Record, Standing};
use crate::entry::{Digest, Entry, FolderPath, Media, Slug, Stamp, Text};

/// Marks the file as ours (sqlite.org/fileformat.html section 1.3.8): "Tidi".
const APPLICATION_ID: i64 = 0x5469_6469;

/// How many migrations this program knows.
pub(super) const VERSION: usize = MIGRATIONS.len();

/// Append only.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    -- Moments are nanoseconds since 1970, UTC.
    CREATE TABLE entry (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        path TEXT NOT NULL,
        first_path TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        body BLOB NOT NULL,
        -- The rest of the last good version, as JSON.
        version TEXT NOT NULL
    ) STRICT;
    CREATE INDEX entry_body ON entry (body);
    -- The full texts, by digest.
    CREATE TABLE body (digest BLOB PRIMARY KEY, html TEXT NOT NULL) STRICT;
    CREATE TABLE media (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    -- When an entry last left a feed.
    CREATE TABLE departure (feed TEXT PRIMARY KEY, moment INTEGER NOT NULL) STRICT, WITHOUT ROWID;
",
    "
    -- How long a recording plays.
    ALTER TABLE media ADD COLUMN seconds INTEGER;
",
];

/// Sets the connection up and brings the tables up to date.
pub(super) fn prepare(connection: &Connection, state: &Path) -> Result<(), LedgerError> {
    let sqlite = |error| LedgerError::Sqlite("prepared", error);
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(sqlite)?;
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(sqlite)?;
    connection
        .busy_timeout(std::time::Duration::from_secs(5))
        .map_err(sqlite)?;
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(sqlite)?;
    let applied = usize::try_from(version)
        .ok()
        .filter(|applied| *applied <= VERSION)
        .ok_or_else(|| LedgerError::Newer(state.to_owned(), version))?;
    for (number, migration) in MIGRATIONS.iter().enumerate().skip(applied) {
        let step = format!(
            "BEGIN IMMEDIATE; {migration} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}; COMMIT;",
            number + 1
        );
        connection.execute_batch(&step).map_err(sqlite)?;
    }
    Ok(())
}

/// What a record is besides its columns.
#[derive(Serialize, Deserialize)]
struct Version {
    stamp: Stamp,
    standing: Standing,
    #[serde(default, deserialize_with = "kept")]
    #[expect(
        clippy::option_option,
        reason = "not kept in early versions: then the outer one is `None`"
    )]
    debut: Option<Option<Timestamp>>,
    #[serde(default)]
    displaced: Option<Timestamp>,
    entry: Entry,
    content: Digest,
    expires: Option<Timestamp>,
    former: Vec<Slug>,
    #[serde(default)]
    former_titles: Vec<Text>,
    #[serde(default)]
    conventions: Option<Digest>,
    face: Digest,
}

/// A field that is there, be it `null`.
fn kept<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

/// Writes `record`. The text that it named before stays for now: a snapshot that readers still hold
/// may need it.
pub(super) fn store(transaction: &Transaction<'_>, record: &Record) -> rusqlite::Result<()> {
    let version = Version {
        stamp: record.stamp,
        standing: record.standing,
        debut: Some(record.debut),
        displaced: record.displaced,
        entry: (*record.entry).clone(),
        content: record.content,
        expires: record.expires,
        former: record.former.clone(),
        former_titles: record.former_titles.clone(),
        conventions: Some(record.conventions),
        face: record.face,
    };
    let version = serde_json::to_string(&version)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let key = i64::try_from(record.key.0).unwrap_or(i64::MAX);
    transaction
        .prepare_cached(
            "INSERT INTO entry (key, id, path, first_path, first_seen, changed, body, version)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (key) DO UPDATE SET id = excluded.id, path = excluded.path,
                 changed = excluded.changed, body = excluded.body, version = excluded.version",
        )?
        .execute(params![
            key,
            record.entry.id.as_str(),
            record.entry.path.as_str(),
            record.first_path.as_str(),
            nanoseconds(record.first_seen),
            nanoseconds(record.changed),
            record.entry.article.body.as_bytes(),
            version,
        ])?;
    Ok(())
}

/// All records, in the order of their keys. The links between them are not kept: the catalogue works
/// them out.
pub(super) fn records(connection: &Connection) -> rusqlite::Result<Vec<Record>> {
    connection
        .prepare("SELECT key, first_path, first_seen, changed, version FROM entry ORDER BY key")?
        .query_map((), record)?
        .collect()
}

/// What is known of files beside entries.
pub(super) fn media(connection: &Connection) -> rusqlite::Result<Vec<(FolderPath, Media)>> {
    connection
        .prepare("SELECT path, bytes, seconds FROM media")?
        .query_map((), |row| {
            let media = Media {
                bytes: row.get(1)?,
                seconds: row.get(2)?,
            };
            Ok((row.get::<_, String>(0)?, media))
        })?
        .filter_map(|row| {
            row.map(|(path, media)| Some((FolderPath::new(&path)?, media)))
                .transpose()
        })
        .collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let damaged = |column: usize, what: &str| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, what.into())
    };
    let first_path: String = row.get(1)?;
    let version: String = row.get(4)?;
    let version: Version =
        serde_json::from_str(&version).map_err(|error| damaged(4, &error.to_string()))?;
    let Version {
        stamp,
        standing,
        debut,
        displaced,
        entry,
        content,
        expires,
        former,
        former_titles,
        conventions,
        face,
    } = version;
    let key = Key(row.get::<_, u64>(0)?);
    let first_seen = moment(row.get(2)?);
    // Before this was kept, whatever was not waiting was seen.
    let was_seen = !matches!(standing, Standing::Scheduled | Standing::Held(_));
    Ok(Record {
        key,
        first_path: FolderPath::new(&first_path).ok_or_else(|| damaged(1, "not a path"))?,
        first_seen,
        stamp,
        standing,
        debut: debut.unwrap_or_else(|| was_seen.then_some(first_seen)),
        displaced,
        card: Arc::new(Card::of(key, &entry)),
        entry: Arc::new(entry),
        content,
        expires,
        former,
        former_titles,
        conventions: conventions.unwrap_or_else(|| Digest::of(b"")),
        face,
        changed: moment(row.get(3)?),
        resolved: Arc::from([]),
        beside: Arc::from([]),
    })
}

/// A moment as a column keeps it. Holds until the year 2262, which is checked nowhere else.
pub(super) fn nanoseconds(moment: Timestamp) -> i64 {
    i64::try_from(moment.as_nanosecond()).unwrap_or(i64::MAX)
}

/// The moment that a column keeps.
pub(super) fn moment(nanoseconds: i64) -> Timestamp {
    // Every i64 of nanoseconds lies within the years 1677 to 2262, which a timestamp holds.
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or(Timestamp::UNIX_EPOCH)
}
