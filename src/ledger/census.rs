//! How many rows there should be.

use rusqlite::Connection;

use super::rows::{DEPARTURE, ENTRY, HISTORY, MEDIA, put_fact};
use super::table::{Fault, Table};

/// How many rows there are, and the number of the last commit: kept beside the rows, so that lost
/// ones are missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    /// How many commits there were.
    pub(super) turn: u64,
    /// One count for each of [`Census::TABLES`].
    pub(super) rows: [u64; 4],
}

impl Census {
    /// The fact that keeps it.
    pub(super) const FACT: &'static str = "census";

    /// What is counted.
    pub(super) const TABLES: [Table; 4] = [ENTRY, MEDIA, DEPARTURE, HISTORY];

    /// Counts what is there, at this turn.
    pub(super) fn take(connection: &Connection, turn: u64) -> rusqlite::Result<Self> {
        let mut rows = [0; 4];
        for (count, table) in rows.iter_mut().zip(Self::TABLES) {
            let query = format!("SELECT count(*) FROM {}", table.name);
            *count = connection.query_row(&query, (), |row| row.get(0))?;
        }
        Ok(Self { turn, rows })
    }

    /// Fails unless just so many rows were found.
    pub(super) fn expect(&self, found: [u64; 4]) -> Result<(), Fault> {
        for ((table, kept), found) in Self::TABLES.iter().zip(self.rows).zip(found) {
            if kept != found {
                return Err(Fault::Damage(format!(
                    "`{}` has {found} rows where {kept} were written",
                    table.name
                )));
            }
        }
        Ok(())
    }

    /// Keeps it.
    pub(super) fn put(&self, connection: &Connection) -> rusqlite::Result<()> {
        let [entries, media, departures, histories] = self.rows;
        let turn = self.turn;
        let value = format!("{turn} {entries} {media} {departures} {histories}");
        put_fact(connection, Self::FACT, &value).map(drop)
    }

    /// The turn in what any version kept.
    pub(super) fn turn_of(value: &str) -> Option<u64> {
        value.split(' ').next()?.parse().ok()
    }

    /// As it was kept.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut numbers = value.split(' ').map(|number| number.parse().ok());
        let mut next = || numbers.next().flatten();
        Some(Self {
            turn: next()?,
            rows: [next()?, next()?, next()?, next()?],
        })
    }
}
