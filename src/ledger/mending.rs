//! A ledger that refused to be written, or turned out damaged, under a running daemon.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bodies::Source;
use super::census::Census;
use super::mirror::Identity;
use super::progress::UNTOLD;
use super::restoring::{Contents, build};
use super::writing::forget_after;
use super::{Hold, Ledger, LedgerError, opening, schema};
use crate::catalogue::{Catalogue, Key};
use crate::entry::{FolderPath, Media};

impl Ledger {
    /// Makes it writable again after it could not be written: opens it anew, and proves that it is as
    /// it was left. Does nothing if there is no need.
    pub fn recover(&mut self) -> Result<(), LedgerError> {
        match &mut self.hold {
            Hold::Full {
                is_doubtful: false, ..
            } => Ok(()),
            Hold::Full { connection, .. } => {
                let again = opening::connect(&self.place)?;
                let good = opening::good_in(&self.place, &again)?;
                if good.census.rows[0] < self.census.rows[0] {
                    return Err(self.place.damaged("it lacks entries".to_owned()));
                }
                self.census = forget_after(&again, self.last, self.census.turn)
                    .map_err(|error| LedgerError::Sqlite("written", error))?;
                *connection = again;
                self.trust();
                Ok(())
            }
            Hold::Frozen { lock, .. } => {
                self.place.probe()?;
                lock.take();
                let bodies = self.bodies.clone();
                bodies.closed_during(|| self.thaw())
            }
        }
    }

    fn trust(&mut self) {
        if let Hold::Full { is_doubtful, .. } = &mut self.hold {
            *is_doubtful = false;
        }
    }

    /// Opens it anew, and becomes that. Where to read texts from now is returned, too.
    fn thaw(&mut self) -> (Result<(), LedgerError>, Option<Source>) {
        match Self::open(self.place.state(), Path::new(&self.folder), self.adopt) {
            Ok(again) => {
                let done = self.hand_over_to(&again);
                if done.is_ok() || matches!(again.hold, Hold::Frozen { .. }) {
                    self.hold = again.hold;
                    self.census = again.census;
                }
                (done, again.bodies.into_source())
            }
            Err(error) => (Err(error), Source::without_writing(&self.place).ok()),
        }
    }

    /// Gives `again` the facts that could not be kept meanwhile, if it may be written and is as this one
    /// was left.
    fn hand_over_to(&self, again: &Self) -> Result<(), LedgerError> {
        if let Hold::Frozen { why, .. } = &again.hold {
            return Err(LedgerError::Refused(Arc::clone(why)));
        }
        if again.print != self.print {
            return Err(LedgerError::Changed(self.place.state().to_owned()));
        }
        let facts = self.facts.borrow();
        let ours = facts
            .iter()
            .filter(|(name, _)| ![Census::FACT, schema::VERSION_FACT].contains(&name.as_str()));
        for (name, value) in ours {
            again.set_fact(name, value)?;
        }
        Ok(())
    }

    /// Makes a new ledger under a running daemon, because the present one is damaged: of all that
    /// `catalogue` knows, and of the texts that are still right. Where the old files are now is returned,
    /// and the files whose texts are lost are [`Ledger::untold`].
    pub fn heal(&mut self, catalogue: &Catalogue) -> Result<PathBuf, LedgerError> {
        let old = Source::open(&self.place.ledger()).ok();
        let salvaged = Contents::salvaged(old.as_ref());
        let records = catalogue.records();
        let known = |path: &FolderPath| Some((path.clone(), catalogue.media(path)?));
        let media: BTreeMap<FolderPath, Media> = salvaged
            .media
            .into_iter()
            .chain(catalogue.media_paths().filter_map(known))
            .collect();
        let contents = Contents {
            facts: self.facts.borrow().clone(),
            records: records
                .map(|record| (record.key, (**record).clone()))
                .collect(),
            media: media.into_iter().collect(),
            feeds: salvaged.feeds,
            turn: self.census.turn,
        };
        build(&self.place, &contents, old.as_ref(), UNTOLD)?;
        drop(old);
        let Hold::Full {
            connection,
            mirror,
            is_doubtful,
            ..
        } = &mut self.hold
        else {
            return Err(self.place.damaged("it can't be written".to_owned()));
        };
        // Should a step fail, nothing may be written where the old one was.
        *is_doubtful = true;
        // The old one stays as it is, for whoever wants to know.
        let _ = connection.set_db_config(
            rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
            true,
        );
        let aside = self.place.set_aside()?;
        self.place.put_next()?;
        *connection = opening::connect(&self.place)?;
        let good = opening::good_in(&self.place, connection)?;
        let source = Source::open(&self.place.ledger())
            .map_err(|error| LedgerError::Sqlite("opened for reading", error))?;
        self.bodies.read_from(source);
        self.census = good.census;
        let records = good.stored.records;
        self.last = records.last().map_or(Key(0), |record| record.key);
        let untold = records.iter().filter(|it| good.untold.contains(&it.key));
        self.untold = untold.map(|record| record.entry.path.clone()).collect();
        let turn = good.census.turn;
        let all = || Ok(records.iter().map(|it| Identity::of(it, turn)).collect());
        mirror.get_mut().finish(all);
        self.trust();
        self.alarm.healed();
        Ok(aside)
    }
}
