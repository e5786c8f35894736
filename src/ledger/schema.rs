//! The tables and their history.
//!
//! `user_version` counts the migrations that were applied; the list only ever grows at its end.

use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params_from_iter};

use super::census::Census;
use super::rows;
use super::table::Table;

/// Marks the file as ours (sqlite.org/fileformat.html section 1.3.8): "Tidi".
pub(super) const APPLICATION_ID: i64 = 0x5469_6469;

/// How many migrations this program knows.
pub(super) const VERSION: usize = MIGRATIONS.len();

/// The first version whose rows carry sums, and which keeps its number as a fact, too.
const WITH_SUMS: usize = 3;

/// The fact that keeps the version: a flipped bit in the header is not taken for a newer program.
pub(super) const VERSION_FACT: &str = "schema";

/// How long to wait for another connection of ours. They hold no lock for longer than a checkpoint.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// One step from a version to the next.
struct Migration {
    sql: &'static str,
    /// What SQL alone can't do, after it.
    fill: Option<fn(&Connection) -> rusqlite::Result<()>>,
}

/// Append only.
const MIGRATIONS: [Migration; 4] = [
    Migration {
        sql: "
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
        fill: None,
    },
    Migration {
        sql: "
    -- How long a recording plays.
    ALTER TABLE media ADD COLUMN seconds INTEGER;
",
        fill: None,
    },
    Migration {
        // A digest over the other columns of the row: see `table`. A text has its name for that.
        sql: "
    ALTER TABLE fact ADD COLUMN sum BLOB NOT NULL DEFAULT x'';
    ALTER TABLE entry ADD COLUMN sum BLOB NOT NULL DEFAULT x'';
    ALTER TABLE media ADD COLUMN sum BLOB NOT NULL DEFAULT x'';
    ALTER TABLE departure ADD COLUMN sum BLOB NOT NULL DEFAULT x'';
",
        fill: Some(add_sums),
    },
    Migration {
        // Which of a feed's entries each archive document has, as JSON.
        sql: "
    CREATE TABLE history (feed TEXT PRIMARY KEY, volumes TEXT NOT NULL, sum BLOB NOT NULL)
        STRICT, WITHOUT ROWID;
",
        fill: Some(count),
    },
];

/// Gives each row its sum. The columns are those of version 3, whatever later
/// versions have.
fn add_sums(connection: &Connection) -> rusqlite::Result<()> {
    const TABLES: [Table; 4] = [
        Table {
            name: "fact",
            columns: &["name", "value"],
        },
        Table {
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
        },
        Table {
            name: "media",
            columns: &["path", "bytes", "seconds"],
        },
        Table {
            name: "departure",
            columns: &["feed", "moment"],
        },
    ];
    for table in TABLES {
        let columns = table.columns.join(", ");
        let mut statement = connection.prepare(&format!("SELECT {columns} FROM {}", table.name))?;
        let rows: Vec<Vec<Value>> = statement
            .query_map((), |row| {
                (0..table.columns.len()).map(|at| row.get(at)).collect()
            })?
            .collect::<rusqlite::Result<_>>()?;
        let update = format!(
            "UPDATE {} SET sum = ?2 WHERE {} = ?1",
            table.name, table.columns[0]
        );
        let mut statement = connection.prepare(&update)?;
        for mut row in rows {
            let sum = table.sum(row.iter().map(Into::into));
            let sum = Value::Blob(sum.as_bytes().to_vec());
            statement.execute(params_from_iter([row.swap_remove(0), sum]))?;
        }
    }
    Ok(())
}

/// Counts the rows, with those of the tables that are new.
fn count(connection: &Connection) -> rusqlite::Result<()> {
    let kept = "SELECT value FROM fact WHERE name = ?1";
    let kept: Option<String> = connection
        .query_row(kept, [Census::FACT], |row| row.get(0))
        .optional()?;
    let turn = kept.as_deref().and_then(Census::turn_of).unwrap_or(0);
    Census::take(connection, turn)?.put(connection)
}

/// Sets a connection up that may write.
pub(super) fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")
}

/// Brings the tables from version `from` to the version `to`, each step in a transaction of its own.
pub(super) fn migrate(connection: &Connection, from: usize, to: usize) -> rusqlite::Result<()> {
    let steps = MIGRATIONS.iter().enumerate();
    for (number, migration) in steps.take(to).skip(from) {
        let version = number + 1;
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration.sql)?;
        if let Some(fill) = migration.fill {
            fill(&transaction)?;
        }
        if version >= WITH_SUMS {
            rows::put_fact(&transaction, VERSION_FACT, &version.to_string())?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The names and definitions of what is there, but for what `SQLite` makes by itself.
pub(super) fn definitions(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?
        .query_map((), |row| {
            let sql: String = row.get(1)?;
            let folded: Vec<&str> = sql.split_whitespace().collect();
            Ok((row.get(0)?, folded.join(" ")))
        })?
        .collect()
}

/// What [`definitions`] are in the version `version`.
pub(super) fn expected_definitions(version: usize) -> rusqlite::Result<Vec<(String, String)>> {
    let connection = Connection::open_in_memory()?;
    migrate(&connection, 0, version)?;
    definitions(&connection)
}
