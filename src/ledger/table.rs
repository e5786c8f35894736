//! Tables: each row carries a sum over its other columns.
//!
//! `SQLite` notices damage to its own structure, not to what we put into it: a flipped bit in an id
//! would go out to readers as another id. So no row is believed without its sum.

use rayon::prelude::*;
use rusqlite::types::{FromSql, Value, ValueRef};
use rusqlite::{Connection, ErrorCode, Row, params_from_iter};

use super::progress::Count;
use crate::entry::{Digest, Digester};

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

    /// The values of a row with their sum.
    pub(super) fn summed(&self, mut values: Vec<Value>) -> Vec<Value> {
        let sum = self.sum(values.iter().map(ValueRef::from));
        values.push(Value::Blob(sum.as_bytes().to_vec()));
        values
    }

    /// Writes a row in place of the one with the same key. Returns whether there was none.
    pub(super) fn put(
        &self,
        connection: &Connection,
        values: Vec<Value>,
    ) -> rusqlite::Result<bool> {
        let is_new = !self.remove(connection, &values[0])?;
        self.add(connection, &self.summed(values))?;
        Ok(is_new)
    }

    /// Writes a row where there is none with the same key, its sum at the end.
    pub(super) fn add(&self, connection: &Connection, summed: &[Value]) -> rusqlite::Result<()> {
        let marks = vec!["?"; summed.len()].join(", ");
        let columns = self.columns.join(", ");
        let insert = format!(
            "INSERT INTO {} ({columns}, sum) VALUES ({marks})",
            self.name
        );
        connection
            .prepare_cached(&insert)?
            .execute(params_from_iter(summed))
            .map(drop)
    }

    /// Takes the row with this key away. Returns whether there was one.
    pub(super) fn remove(&self, connection: &Connection, key: &Value) -> rusqlite::Result<bool> {
        let delete = format!("DELETE FROM {} WHERE {} = ?1", self.name, self.columns[0]);
        let removed = connection.prepare_cached(&delete)?.execute([key])?;
        Ok(removed > 0)
    }

    /// Goes through the rows that `rest` of the query chooses, as long as `SQLite` can step: what
    /// `read` makes of each row with the right sum, and what is wrong with another. Rows are checked and
    /// read on all cores, and taken in their order.
    pub(super) fn each<T: Send>(
        &self,
        connection: &Connection,
        rest: &str,
        read: impl Fn(&Columns) -> Result<T, Fault> + Sync,
        mut take: impl FnMut(Result<T, Fault>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let columns = self.columns.join(", ");
        let select = format!("SELECT {columns}, sum FROM {} {rest}", self.name);
        let mut statement = connection.prepare(&select)?;
        let mut rows = statement.query(())?;
        let read = |row: Result<Columns, Fault>| {
            let row = row?;
            self.believe(&row).and_then(|()| read(&row))
        };
        let mut step = || {
            let mut batch = Vec::new();
            while batch.len() < BATCH {
                match rows.next() {
                    Ok(Some(row)) => batch.push(Columns::of(row, self.columns.len() + 1)),
                    Ok(None) => return (batch, Ok(true)),
                    Err(error) => return (batch, Err(error)),
                }
            }
            (batch, Ok(false))
        };
        let (mut batch, mut is_last) = step();
        loop {
            let mut found = Vec::new();
            let mut next = None;
            // `SQLite` steps on while the rows before are read.
            rayon::in_place_scope(|scope| {
                let batch = std::mem::take(&mut batch);
                scope.spawn(|_| batch.into_par_iter().map(read).collect_into_vec(&mut found));
                next = matches!(is_last, Ok(false)).then(&mut step);
            });
            found.into_iter().try_for_each(&mut take)?;
            match next {
                Some(next) => (batch, is_last) = next,
                None => return is_last.map(drop).map_err(Fault::from),
            }
        }
    }

    /// All rows, counted by `count`; fails at the first that is not as it was written.
    pub(super) fn all<T: Send>(
        &self,
        connection: &Connection,
        read: impl Fn(&Columns) -> Result<T, Fault> + Sync,
        count: &Count<'_>,
    ) -> Result<Vec<T>, Fault> {
        let mut all = Vec::new();
        let order = format!("ORDER BY {}", self.columns[0]);
        self.each(connection, &order, read, |row| {
            all.push(row?);
            count.one();
            Ok(())
        })?;
        Ok(all)
    }

    fn believe(&self, row: &Columns) -> Result<(), Fault> {
        let values = row.0.iter().map(ValueRef::from);
        let sum = self.sum(values.take(self.columns.len()));
        if row.bytes(self.columns.len()) == sum.as_bytes() {
            return Ok(());
        }
        Err(Fault::Damage(format!(
            "a row of `{}` is not as it was written",
            self.name
        )))
    }
}

/// How many rows are read, or made, at a time.
pub(super) const BATCH: usize = 1024;

/// The values of a row.
pub(super) struct Columns(Vec<Value>);

impl Columns {
    fn of(row: &Row<'_>, count: usize) -> Result<Self, Fault> {
        let values: rusqlite::Result<_> = (0..count).map(|at| row.get(at)).collect();
        Ok(Self(values?))
    }

    /// The text or blob in the column at `at`.
    pub(super) fn bytes(&self, at: usize) -> &[u8] {
        match self.0.get(at) {
            Some(Value::Text(text)) => text.as_bytes(),
            Some(Value::Blob(blob)) => blob,
            _ => &[],
        }
    }

    /// The value of the column at `at`.
    pub(super) fn get<T: FromSql>(&self, at: usize) -> Result<T, Fault> {
        let value = self.0.get(at).map_or(ValueRef::Null, ValueRef::from);
        T::column_result(value).map_err(|error| Fault::Damage(format!("the column {at}: {error}")))
    }
}
