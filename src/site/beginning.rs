//! The first snapshot: of a process, and under other settings.

use std::sync::Arc;

use imbl::HashMap;
use jiff::Timestamp;

use super::history::History;
use super::{Kept, MANNER, Settings, Site, moves};
use crate::catalogue::{Catalogue, Record};
use crate::entry::Digester;
use crate::feed::{FeedKey, Sorting};
use crate::page::Theme;

impl Site {
    /// The first snapshot of a process, at the moment `now`. `kept` is what a store kept; `since` is
    /// when the settings last changed.
    pub fn new(
        settings: Settings,
        since: Timestamp,
        catalogue: &Catalogue,
        kept: &Kept,
        now: Timestamp,
    ) -> Self {
        let manner = Digester::new()
            .field(MANNER)
            .field(settings.digest().as_bytes())
            .finish();
        let selections = settings.selections.clone();
        let sorting = Sorting::new(&settings.author, &settings.language, selections);
        let mut site = Self {
            settings: Arc::new(settings),
            sorting: Arc::new(sorting),
            manner,
            since,
            theme: Theme::built_in(),
            catalogue: catalogue.clone(),
            feeds: HashMap::new(),
            listing: Arc::default(),
            due: Arc::default(),
        };
        let named = site.settings.selections.iter();
        let named = named.map(|it| FeedKey::Named(it.name.clone()));
        let always = [FeedKey::All, FeedKey::Updates].into_iter().chain(named);
        for key in always.collect::<Vec<_>>() {
            site.state(&key);
        }
        // A feed of the publisher's own may have been taken out of the settings.
        let is_there = |key: &FeedKey, sorting: &Sorting| match key {
            FeedKey::Named(name) => sorting.selection(name).is_some(),
            _ => true,
        };
        for (key, bounds) in &kept.histories {
            if !is_there(key, &site.sorting) {
                continue;
            }
            let by = site.sorting.order_of(key);
            let state = site.state(key);
            state.history = History::new(by, bounds.clone());
            state.is_kept = true;
        }
        for (key, moment) in &kept.departures {
            if !is_there(key, &site.sorting) {
                continue;
            }
            site.state(key).departure = Some(*moment);
        }
        let nothing = Catalogue::new(catalogue.site());
        let records: Vec<Arc<Record>> = catalogue.records().cloned().collect();
        let mut moves = moves::of(&nothing, &records, &site.sorting);
        for key in site.feeds.keys() {
            moves.entry(key.clone()).or_default();
        }
        site.make(moves, now);
        site
    }

    /// This snapshot under other settings, which hold since `since`: what a new process would begin
    /// with, at the moment `now`.
    #[must_use]
    pub fn with_settings(&self, settings: Settings, since: Timestamp, now: Timestamp) -> Self {
        let departures = self.feeds.iter();
        let departures = departures.filter_map(|(key, it)| Some((key.clone(), it.departure?)));
        let histories = self.feeds.iter().filter(|(_, state)| state.is_kept);
        let histories = histories
            .map(|(key, state)| (key.clone(), state.history.bounds()))
            // A feed that has nothing else of its own may have nothing at all under these settings.
            .filter(|(_, bounds)| !bounds.is_empty());
        let kept = Kept {
            departures: departures.collect(),
            histories: histories.collect(),
        };
        Self {
            theme: self.theme.clone(),
            ..Self::new(settings, since, &self.catalogue, &kept, now)
        }
    }
}
