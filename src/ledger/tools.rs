//! What can be done with a ledger without serving it: read it, check it, copy it, rebuild it.

use std::fs::File;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::bodies::{Alarm, LedgerBodies, Source};
use super::examination::{Good, Verdict, check_header, examine, examine_all, prove_all};
use super::mirror::Held;
use super::opening::{copy_to, make_last};
use super::place::{Place, remove, sync_folder};
use super::progress::{Progress, Step};
use super::restoring::{Restored, restore};
use super::table::Fault;
use super::{Ledger, LedgerError, Stored, schema};

/// Examines a ledger beside the one who writes it.
pub struct Inspector {
    place: Place,
    alarm: Alarm,
}

impl Inspector {
    /// Looks at every page, row and text, and raises the alarm of the ledger if one of them is not as it
    /// was written. `pause` is called after every few texts, to leave the processor to others.
    pub fn inspect(&self, pause: &dyn Fn()) -> Result<(), LedgerError> {
        /// How many texts are read between two pauses.
        const BATCH: usize = 64;
        let pause = |step, done: usize, _| {
            if step == Step::Texts && done.is_multiple_of(BATCH) {
                pause();
            }
        };
        let healed = self.alarm.times_healed();
        let source = Source::open(&self.place.ledger())
            .map_err(|error| LedgerError::Sqlite("opened for reading", error))?;
        match prove_all(&source.connection, &pause) {
            Ok(_) => Ok(()),
            Err(Fault::Damage(what)) => {
                self.alarm.raise_since(healed, what);
                Ok(())
            }
            Err(fault) => Err(self.place.fault("read", fault)),
        }
    }
}

/// What a check of a ledger found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many identities it has.
    pub entries: usize,
    /// What is wrong, a sentence each.
    pub findings: Vec<String>,
}

impl Ledger {
    /// Whether a ledger, or the mirror of one, lies in the folder `state`.
    pub fn is_in(state: &Path) -> bool {
        let place = Place::new(state);
        place.ledger().exists() || place.mirror().exists()
    }

    /// How many bytes the ledger in the folder `state` has on the disk, with its mirror and without copies.
    pub fn size(state: &Path) -> std::io::Result<u64> {
        Place::new(state).size()
    }

    /// Who examines this ledger from another thread.
    pub fn inspector(&self) -> Inspector {
        Inspector {
            place: self.place.clone(),
            alarm: self.alarm(),
        }
    }

    /// Everything kept in the folder `state` for the entries in `entries`, and the site's id, without
    /// taking the ledger from a daemon that may hold it and without changing it. `None` if there is no
    /// ledger, or it belongs to other entries.
    pub fn peek(state: &Path, entries: &Path) -> Result<Option<(Uuid, Stored)>, LedgerError> {
        let place = Place::new(state);
        if !place.ledger().is_file() {
            return Ok(None);
        }
        let source = Source::open(&place.ledger())
            .map_err(|error| LedgerError::Sqlite("opened for reading", error))?;
        match examine(&source.connection) {
            Ok(Verdict::Good(good)) => {
                let is_ours = good.folder() == Some(&*entries.to_string_lossy());
                let site = good.site().unwrap_or_default();
                Ok(is_ours.then_some((site, good.stored)))
            }
            // The next daemon brings it up to date.
            Ok(Verdict::Old(_) | Verdict::Empty) => Ok(None),
            Ok(Verdict::Newer(version)) => Err(LedgerError::Newer(state.to_owned(), version)),
            Err(fault) => Err(place.fault("read", fault)),
        }
    }

    /// The full texts of the ledger in the folder `state`, without taking it from a daemon that may hold
    /// it and without changing it.
    pub fn peek_bodies(state: &Path) -> Result<LedgerBodies, LedgerError> {
        let source = Source::open(&Place::new(state).ledger())
            .map_err(|error| LedgerError::Sqlite("opened for reading", error))?;
        Ok(LedgerBodies::new(source))
    }

    /// Looks at every page, row and text of the ledger in the folder `state`, and at its mirror, without
    /// changing anything; a daemon may be serving it.
    pub fn check(state: &Path, progress: &Progress<'_>) -> Result<Checked, LedgerError> {
        /// A commit may come between the look at the ledger and that at the mirror.
        const LOOKS: usize = 5;
        let place = Place::new(state);
        let mut checked = check_ledger(&place, progress)?;
        if !checked.1.findings.is_empty() {
            return Ok(checked.1);
        }
        progress(Step::Mirror, 0, 0);
        for _ in 0..LOOKS {
            let Some(good) = checked.0.as_ref() else {
                break;
            };
            let findings = check_mirror(&place, good);
            if findings.is_empty() {
                break;
            }
            let again = check_rows(&place)?;
            let is_still = again.as_ref().is_some_and(|it| it.census == good.census);
            checked.0 = again;
            if is_still {
                checked.1.findings = findings;
                break;
            }
        }
        Ok(checked.1)
    }

    /// Writes a copy of the ledger in the folder `state` to the new file `target`: complete, checked, and
    /// on the disk when this returns. A daemon may go on serving and writing it.
    pub fn backup(
        state: &Path,
        target: &Path,
        progress: &Progress<'_>,
    ) -> Result<usize, LedgerError> {
        let place = Place::new(state);
        let source = open_to_copy(&place)?;
        let at_target = |error| LedgerError::Copy(target.to_owned(), error);
        // The name is ours from here on.
        match File::create_new(target) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(LedgerError::Exists(target.to_owned()));
            }
            Err(error) => return Err(at_target(error)),
        }
        let beside = beside(target);
        let copied = remove(&beside)
            .map_err(at_target)
            .and_then(|()| copy(&place, &source, &beside, progress))
            .and_then(|entries| {
                std::fs::rename(&beside, target).map_err(at_target)?;
                let folder = std::path::absolute(target).map_err(at_target)?;
                let folder = folder.parent().map(Path::to_owned).unwrap_or_default();
                sync_folder(&folder).map_err(at_target)?;
                Ok(entries)
            });
        if copied.is_err() {
            let _ = remove(&beside);
            let _ = remove(target);
        }
        copied
    }

    /// Sets the ledger in the folder `state` aside and makes a new one from its mirror, and from what can
    /// be proved to be right in the old one. No daemon may be serving it.
    pub fn rebuild(
        state: &Path,
        entries: &Path,
        progress: &Progress<'_>,
    ) -> Result<Restored, LedgerError> {
        let place = Place::new(state);
        if !place.mirror().exists() {
            return Err(LedgerError::NoMirror(state.to_owned()));
        }
        let _lock = place.lock()?;
        progress(Step::Mirror, 0, 0);
        let held = Held::read(&place.mirror()).map_err(|error| place.unusable(error))?;
        let Some(owner) = held.head.as_ref().filter(|_| !held.identities.is_empty()) else {
            return Err(LedgerError::NoMirror(state.to_owned()));
        };
        let folder = entries.to_string_lossy();
        if owner.folder != folder {
            return Err(LedgerError::Foreign {
                state: state.to_owned(),
                owner: owner.folder.clone(),
                asked: folder.into_owned(),
            });
        }
        let fault = "the ledger was made anew from its mirror".to_owned();
        restore(&place, &held, &folder, fault, progress)
    }
}

fn open_to_copy(place: &Place) -> Result<Source, LedgerError> {
    if !place.ledger().is_file() {
        return Err(LedgerError::Missing(place.state().to_owned()));
    }
    Source::open(&place.ledger()).map_err(|error| LedgerError::Sqlite("opened for reading", error))
}

fn beside(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    target.with_file_name(name)
}

/// Copies, and proves the copy.
fn copy(
    place: &Place,
    source: &Source,
    target: &Path,
    progress: &Progress<'_>,
) -> Result<usize, LedgerError> {
    let written = |error| LedgerError::Sqlite("copied", error);
    progress(Step::Copy, 0, 0);
    copy_to(&source.connection, target).map_err(written)?;
    make_last(target).map_err(|error| LedgerError::Copy(target.to_owned(), error))?;
    let copy = Source::open(target).map_err(written)?;
    match prove_all(&copy.connection, progress) {
        Ok(Verdict::Good(entries)) => Ok(usize::try_from(entries).unwrap_or(usize::MAX)),
        Ok(Verdict::Newer(version)) => Err(LedgerError::Newer(place.state().to_owned(), version)),
        // The daemon will bring it up to date; as it is, it is whole.
        Ok(Verdict::Old(_)) => copy
            .connection
            .query_row("SELECT count(*) FROM entry", (), |row| row.get(0))
            .map_err(written),
        Ok(Verdict::Empty) => Err(LedgerError::Missing(place.state().to_owned())),
        Err(fault) => Err(place.fault("copied", fault)),
    }
}

fn check_ledger(
    place: &Place,
    progress: &Progress<'_>,
) -> Result<(Option<Good>, Checked), LedgerError> {
    let source = open_to_copy(place)?;
    let mut checked = Checked::default();
    let verdict =
        check_header(&place.ledger()).and_then(|()| examine_all(&source.connection, progress));
    match verdict {
        Ok(Verdict::Good(good)) => {
            checked.entries = good.stored.records.len();
            let texts = good.untold.len();
            if texts > 0 {
                let lost = format!("{texts} entries have no text until their files are read again");
                checked.findings.push(lost);
            }
            return Ok((Some(*good), checked));
        }
        Ok(Verdict::Empty) => checked.findings.push("nothing is in it".to_owned()),
        Ok(Verdict::Old(version)) => checked.findings.push(format!(
            "it is of schema {version}, this version writes {}: the next start brings it up to date",
            schema::VERSION
        )),
        Ok(Verdict::Newer(version)) => {
            return Err(LedgerError::Newer(place.state().to_owned(), version));
        }
        Err(Fault::Damage(what)) => checked.findings.push(format!("it is damaged: {what}")),
        Err(fault) => return Err(place.fault("read", fault)),
    }
    Ok((None, checked))
}

fn check_rows(place: &Place) -> Result<Option<Good>, LedgerError> {
    let source = open_to_copy(place)?;
    match examine(&source.connection) {
        Ok(Verdict::Good(good)) => Ok(Some(*good)),
        Ok(_) => Ok(None),
        Err(fault) => Err(place.fault("read", fault)),
    }
}

/// What the mirror says otherwise than the ledger.
fn check_mirror(place: &Place, good: &Good) -> Vec<String> {
    let held = match Held::read(&place.mirror()) {
        Ok(held) => held,
        Err(error) => return vec![format!("the mirror can't be read: {error}")],
    };
    let mut findings = Vec::new();
    if held.damaged > 0 {
        findings.push(format!("{} lines of the mirror are damaged", held.damaged));
    }
    let records = &good.stored.records;
    let knows = |key| held.identities.get(key);
    let lacking = records
        .iter()
        .filter(|record| knows(&record.key).is_none_or(|it| !it.is_of(record)))
        .count();
    if lacking > 0 {
        findings.push(format!(
            "the mirror lacks {lacking} of {} entries: the next start writes it anew",
            records.len()
        ));
    }
    let is_ours = held.head.as_ref().is_some_and(|head| {
        Some(head.site) == good.site() && Some(head.folder.as_str()) == good.folder()
    });
    if !is_ours && !records.is_empty() {
        findings.push("the mirror is not that of this site and folder".to_owned());
    }
    findings
}
