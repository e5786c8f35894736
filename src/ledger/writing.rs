//! The transactions.

use std::io;

use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::Feeds;
use super::census::Census;
use super::mirror::Identity;
use super::progress::Count;
use super::restoring::put_text;
use super::rows;
use super::table::{BATCH, Columns, Fault};
use crate::catalogue::{Changes, Key};

/// Keeps a fact by itself.
pub(super) fn put_fact(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    rows::put_fact(&transaction, name, value)?;
    transaction.commit()
}

/// Writes one turn, and counts. No record after `last` is kept yet.
pub(super) fn write(
    connection: &mut Connection,
    before: Census,
    last: Key,
    changes: &Changes,
    feeds: &Feeds,
) -> rusqlite::Result<Census> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut census = before;
    census.turn += 1;
    let [entries, media_files, left, divided] = &mut census.rows;
    // In their order, so that many are written side by side.
    let mut bodies: Vec<_> = changes.bodies.iter().collect();
    bodies.sort_unstable_by_key(|(digest, _)| *digest);
    for (digest, body) in bodies {
        put_text(&transaction, *digest, body.as_str())?;
    }
    // All go before the first comes: an id may pass from one to another in one turn.
    for record in changes.records.iter().filter(|it| it.key <= last) {
        let key = Value::Integer(rows::number_of(record.key));
        let removed = u64::from(rows::ENTRY.remove(&transaction, &key)?);
        *entries = entries.saturating_sub(removed);
    }
    for some in changes.records.chunks(BATCH) {
        for row in rows::of_records(some)? {
            rows::add_record(&transaction, &row)?;
            *entries += 1;
        }
    }
    for (path, media) in &changes.media {
        if let Some(media) = media {
            *media_files += u64::from(rows::put_media(&transaction, path, *media)?);
        } else {
            let removed = rows::MEDIA.remove(&transaction, &rows::text(path.as_str()))?;
            *media_files = media_files.saturating_sub(u64::from(removed));
        }
    }
    for (feed, moment) in &feeds.departures {
        *left += u64::from(rows::put_departure(&transaction, feed, *moment)?);
    }
    for (feed, volumes) in &feeds.histories {
        *divided += u64::from(
            rows::HISTORY.put(&transaction, vec![rows::text(feed), rows::text(volumes)])?,
        );
    }
    census.put(&transaction)?;
    transaction.commit()?;
    Ok(census)
}

/// Forgets what a commit left that nobody saw succeed: entries after `last`. Counts the rest.
pub(super) fn forget_after(
    connection: &Connection,
    last: Key,
    turn: u64,
) -> rusqlite::Result<Census> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    transaction.execute("DELETE FROM entry WHERE key > ?1", [rows::number_of(last)])?;
    let census = Census::take(&transaction, turn + 1)?;
    census.put(&transaction)?;
    transaction.commit()?;
    Ok(census)
}

/// All identities, for the mirror, after `changes` made what `census` counts.
pub(super) fn identities_after(
    connection: &Connection,
    changes: &Changes,
    census: Census,
) -> io::Result<Vec<Identity>> {
    let [entries, ..] = census.rows;
    if changes.records.len() as u64 == entries {
        // There are no others.
        let records = changes.records.iter();
        return Ok(records.map(|it| Identity::of(it, census.turn)).collect());
    }
    identities(connection, census.turn)
}

/// All identities, for the mirror.
pub(super) fn identities(connection: &Connection, turn: u64) -> io::Result<Vec<Identity>> {
    let read = |row: &Columns| rows::record(row).map(|it| Identity::of(&it, turn));
    rows::ENTRY
        .all(connection, read, &Count::untold())
        .map_err(|fault| match fault {
            Fault::Damage(what) => io::Error::new(io::ErrorKind::InvalidData, what),
            Fault::Sqlite(error) => io::Error::other(error),
        })
}
