//! From whatever lies in the state folder to a ledger of the present schema that is as it was written.

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::bodies::Source;
use super::census::Census;
use super::examination::{Good, Verdict, check_header, examine};
use super::mirror::{Held, Identity};
use super::place::Place;
use super::progress::UNTOLD;
use super::restoring::{Restored, restore, unknown_to};
use super::rows;
use super::table::{Fault, Table};
use super::{LedgerError, schema};
use crate::entry::{Digest, Digester};

/// A ledger that can be worked with.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) good: Good,
    /// What the mirror held.
    pub(super) held: Held,
    pub(super) restored: Option<Restored>,
}

/// Opens, makes, brings up to date or restores the ledger at `place` for the entries in `folder`. Who
/// calls this holds the lock.
pub(super) fn open(place: &Place, folder: &str, adopt: bool) -> Result<Opened, LedgerError> {
    // A mirror that can't be read is as good as none; that it can't be written will be told.
    let held = Held::read(&place.mirror()).unwrap_or_default();
    let belongs = |owner: Option<&str>| match owner {
        Some(owner) if owner != folder && !adopt => Err(LedgerError::Foreign {
            state: place.state().to_owned(),
            owner: owner.to_owned(),
            asked: folder.to_owned(),
        }),
        _ => Ok(()),
    };
    let mirrored = || belongs(held.head.as_ref().map(|head| head.folder.as_str()));
    let mut restored = None;
    let mut known = None;
    match look(place) {
        Ok(Some(Verdict::Good(good))) => {
            belongs(good.folder())?;
            known = Some(*good);
        }
        Ok(Some(Verdict::Old(version))) => {
            keep_copy(place, version)?;
        }
        Ok(Some(Verdict::Newer(version))) => {
            return Err(LedgerError::Newer(place.state().to_owned(), version));
        }
        Ok(None | Some(Verdict::Empty)) if held.identities.is_empty() => {}
        Ok(found) => {
            mirrored()?;
            let what = found.map_or("gone", |_| "empty");
            let fault = format!("the ledger was {what}, and is made from its mirror");
            restored = Some(restore(place, &held, folder, fault, UNTOLD)?);
        }
        Err(Fault::Damage(what)) => {
            mirrored()?;
            let fault = format!("the ledger was damaged ({what}), and is made anew");
            restored = Some(restore(place, &held, folder, fault, UNTOLD)?);
        }
        Err(Fault::Sqlite(error)) => return Err(LedgerError::Sqlite("read", error)),
    }
    let connection = connect(place)?;
    let mut good = match known {
        Some(good) => good,
        None => good_in(place, &connection)?,
    };
    belongs(good.folder())?;
    let is_new = restored.is_none();
    if let Some(learned) = learn(&connection, &mut good, &held)?.filter(|_| is_new) {
        restored = Some(learned);
    }
    Ok(Opened {
        connection,
        good,
        held,
        restored,
    })
}

/// Reads what is there without changing a byte of it; `None` if nothing is.
fn look(place: &Place) -> Result<Option<Verdict>, Fault> {
    if !place.ledger().exists() {
        return Ok(None);
    }
    check_header(&place.ledger())?;
    examine(&Source::open(&place.ledger())?.connection).map(Some)
}

/// A connection that may write, to a ledger of the present schema.
pub(super) fn connect(place: &Place) -> Result<Connection, LedgerError> {
    place.free_beside().map_err(|error| place.unusable(error))?;
    let connection =
        Connection::open(place.ledger()).map_err(|error| LedgerError::Sqlite("opened", error))?;
    let prepare = || -> rusqlite::Result<()> {
        // SQLite takes a file that it may only read for a wish, and would tell at the first write.
        if connection.is_readonly(rusqlite::MAIN_DB)? {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
            return Err(rusqlite::Error::SqliteFailure(code, None));
        }
        schema::set_up(&connection)?;
        let version: usize =
            connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        schema::migrate(&connection, version, schema::VERSION)
    };
    prepare().map_err(|error| LedgerError::Sqlite("prepared", error))?;
    Ok(connection)
}

/// What `connection` holds, if that is as it was written.
pub(super) fn good_in(place: &Place, connection: &Connection) -> Result<Good, LedgerError> {
    match examine(connection) {
        Ok(Verdict::Good(good)) => Ok(*good),
        Ok(_) => Err(place.damaged("it has no tables".to_owned())),
        Err(fault) => Err(place.fault("read", fault)),
    }
}

/// Takes over what the mirror alone knows, and takes out of sight what has no text. `None` if that is
/// nothing.
fn learn(
    connection: &Connection,
    good: &mut Good,
    held: &Held,
) -> Result<Option<Restored>, LedgerError> {
    let mut unknown = unknown_to(good, held);
    // An entry whose text is lost would make every document fail that shows it.
    let untold = std::mem::take(&mut good.untold);
    let records = good.stored.records.iter();
    let untold = records.filter(|record| {
        let is_known = unknown.iter().all(|learned| learned.key != record.key);
        is_known && untold.contains(&record.key)
    });
    let untold = untold.map(|record| Identity::of(record, 0).restore(record.key));
    unknown.extend(untold.collect::<Vec<_>>());
    if unknown.is_empty() {
        return Ok(None);
    }
    let latest = held.identities.values().map(|identity| identity.turn).max();
    let write = || -> rusqlite::Result<Census> {
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        for record in &unknown {
            rows::ENTRY.remove(&transaction, &Value::Integer(rows::number_of(record.key)))?;
        }
        for record in &unknown {
            rows::put_record(&transaction, record)?;
        }
        let turn = good.census.turn.max(latest.unwrap_or(0)) + 1;
        let census = Census::take(&transaction, turn)?;
        census.put(&transaction)?;
        transaction.commit()?;
        Ok(census)
    };
    good.census = write().map_err(|error| LedgerError::Sqlite("written", error))?;
    let waiting = unknown.len();
    let records = &mut good.stored.records;
    records.retain(|record| unknown.iter().all(|learned| learned.key != record.key));
    records.extend(unknown);
    records.sort_by_key(|record| record.key);
    Ok(Some(Restored {
        fault: "the ledger lacked identities that its mirror has, or texts".to_owned(),
        aside: None,
        whole: records.len() - waiting,
        waiting,
        damaged_lines: held.damaged,
        has_lost_site: false,
    }))
}

/// Keeps a copy of a ledger of the schema `version`, before it is brought up to date. A copy that is
/// there already is never replaced; one that says the same will do.
fn keep_copy(place: &Place, version: usize) -> Result<(), LedgerError> {
    let copied = |error| LedgerError::Sqlite("copied before it is brought up to date", error);
    let source = Source::open(&place.ledger()).map_err(copied)?;
    let now = said(&source.connection).map_err(copied)?;
    let mut number = 1;
    let target = loop {
        let target = place.backup(version, number);
        if !target.exists() {
            break target;
        }
        let before = Source::open(&target).and_then(|copy| said(&copy.connection));
        if before.is_ok_and(|before| before == now) {
            return Ok(());
        }
        number += 1;
    };
    copy_to(&source.connection, &target).map_err(copied)?;
    make_last(&target).map_err(|error| place.unusable(error))
}

/// Writes all that `connection` reads, at one moment, into a new database at `target`.
pub(super) fn copy_to(connection: &Connection, target: &Path) -> rusqlite::Result<()> {
    let name = target.to_string_lossy();
    connection.execute("VACUUM INTO ?1", [name]).map(drop)
}

/// Makes the file at `path` outlast a power cut.
pub(super) fn make_last(path: &Path) -> std::io::Result<()> {
    std::fs::File::options()
        .write(true)
        .open(path)?
        .sync_all()?;
    let folder: PathBuf = std::path::absolute(path)?
        .parent()
        .map(Into::into)
        .unwrap_or_default();
    super::place::sync_folder(&folder)
}

/// The digest of all that a ledger of an earlier version says.
fn said(connection: &Connection) -> rusqlite::Result<Digest> {
    let mut digester = Digester::new();
    for name in ["fact", "entry", "body", "media", "departure"] {
        let table = Table { name, columns: &[] };
        let mut statement = connection.prepare(&format!("SELECT * FROM {name} ORDER BY 1"))?;
        let columns = statement.column_count();
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|at| row.get_ref(at));
            let values: Vec<_> = values.collect::<rusqlite::Result<_>>()?;
            digester = digester.field(table.sum(values).as_bytes());
        }
    }
    Ok(digester.finish())
}
