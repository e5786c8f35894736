//! Who answers to which name, who asks for which, and who leads where.

use std::sync::Arc;

use imbl::OrdSet;

use super::names::{Asked, Name, Opening, asked_by, live_title, names_of, title_opening};
use crate::catalogue::bulk::{on_all_cores, set_of};
use crate::catalogue::{Key, Record, Resolved};
use crate::entry::FolderPath;

/// See the text of `catalogue::links`.
#[derive(Clone, Default)]
pub(in crate::catalogue) struct Graph {
    holders: OrdSet<(Name, Key)>,
    askers: OrdSet<(Name, Key)>,
    sources: OrdSet<(Key, Key)>,
    pub(super) titles: Openings,
    lines: Openings,
}

/// Titles or lines by their first words.
#[derive(Clone, Default)]
pub(in crate::catalogue) struct Openings(OrdSet<(Opening, Key)>);

impl Openings {
    /// Those whose first words the words of `opening` continue or shorten; what goes beyond the words that
    /// are looked up is for the caller to compare.
    pub(super) fn near(&self, opening: Opening) -> impl Iterator<Item = Key> {
        opening
            .ranges()
            .into_iter()
            .flat_map(|(first, last)| self.0.range((first, Key::LEAST)..=(last, Key::MOST)))
            .map(|(_, key)| *key)
    }
}

/// What a record has in the graph, but for where it leads.
struct Trail {
    /// The names it answers to.
    names: Vec<Name>,
    title: Option<Opening>,
    /// The names it asks for.
    asked: Vec<Name>,
    lines: Vec<Opening>,
}

impl Trail {
    fn of(record: &Record) -> Self {
        let references = record.entry.article.references.iter();
        let asked: Vec<Asked> = references.map(asked_by).collect();
        let names = asked.iter().flat_map(|it| &it.names);
        Self {
            names: names_of(record),
            title: title_opening(record),
            asked: names.map(|(_, name)| *name).collect(),
            lines: asked.iter().filter_map(|it| it.opening).collect(),
        }
    }
}

impl Graph {
    pub(in crate::catalogue) fn sources(&self, target: Key) -> impl Iterator<Item = Key> {
        self.sources
            .range((target, Key::LEAST)..=(target, Key::MOST))
            .map(|(_, source)| *source)
    }

    /// The entries that refer to the file at `path`.
    pub(in crate::catalogue) fn uses(&self, path: &FolderPath) -> impl Iterator<Item = Key> {
        self.askers_of(Name::path(path))
    }

    fn askers_of(&self, name: Name) -> impl Iterator<Item = Key> {
        self.askers
            .range((name, Key::LEAST)..=(name, Key::MOST))
            .map(|(_, asker)| *asker)
    }

    pub(super) fn holders_of(&self, name: Name) -> impl Iterator<Item = Key> {
        self.holders
            .range((name, Key::LEAST)..=(name, Key::MOST))
            .map(|(_, holder)| *holder)
    }

    /// All of `records` entered.
    pub(in crate::catalogue) fn of(records: &[Arc<Record>]) -> Self {
        let trails = on_all_cores(records, |it| Some((it.key, Trail::of(it))));
        let names = |names: fn(&Trail) -> &[Name]| {
            let all = trails
                .iter()
                .flat_map(|(key, it)| names(it).iter().map(|name| (*name, *key)));
            set_of(all.collect())
        };
        let openings = |openings: fn(&Trail) -> &[Opening]| {
            let all = trails
                .iter()
                .flat_map(|(key, it)| openings(it).iter().map(|opening| (*opening, *key)));
            Openings(set_of(all.collect()))
        };
        let sources = || {
            let all = records
                .iter()
                .flat_map(|it| targets(&it.resolved).map(|target| (target, it.key)));
            set_of(all.collect())
        };
        let mut graph = Self::default();
        rayon::scope(|scope| {
            scope.spawn(|_| graph.askers = names(|it| &it.asked));
            scope.spawn(|_| graph.holders = names(|it| &it.names));
            scope.spawn(|_| graph.lines = openings(|it| &it.lines));
            scope.spawn(|_| graph.titles = openings(|it| it.title.as_slice()));
            scope.spawn(|_| graph.sources = sources());
        });
        graph
    }

    /// Enters what `record` asks for, where it leads and, when it is live, the names it answers to.
    pub(in crate::catalogue) fn enter(&mut self, record: &Record) {
        let key = record.key;
        let Trail {
            names,
            title,
            asked,
            lines,
        } = Trail::of(record);
        self.holders.extend(names.into_iter().map(|it| (it, key)));
        self.titles.0.extend(title.into_iter().map(|it| (it, key)));
        self.askers.extend(asked.into_iter().map(|it| (it, key)));
        self.lines.0.extend(lines.into_iter().map(|it| (it, key)));
        self.link(record);
    }

    /// Takes back what [`Graph::enter`] entered.
    pub(in crate::catalogue) fn leave(&mut self, record: &Record) {
        let key = record.key;
        let trail = Trail::of(record);
        for name in trail.names {
            self.holders.remove(&(name, key));
        }
        if let Some(title) = trail.title {
            self.titles.0.remove(&(title, key));
        }
        for name in trail.asked {
            self.askers.remove(&(name, key));
        }
        for line in trail.lines {
            self.lines.0.remove(&(line, key));
        }
        self.unlink(record);
    }

    pub(super) fn unlink(&mut self, record: &Record) {
        for target in targets(&record.resolved) {
            self.sources.remove(&(target, record.key));
        }
    }

    pub(super) fn link(&mut self, record: &Record) {
        for target in targets(&record.resolved) {
            self.sources.insert((target, record.key));
        }
    }

    /// The entries whose links may change when `old` becomes `new`.
    pub(in crate::catalogue) fn concerned(
        &self,
        old: Option<&Record>,
        new: Option<&Record>,
    ) -> Vec<Key> {
        let names = |record: Option<&Record>| record.map(names_of).unwrap_or_default();
        let (before, after) = (names(old), names(new));
        // Date and address decide between several that answer to one name.
        let rank = |record: &Record| (record.entry.published, record.entry.slug.clone());
        let is_ranked_alike = old.map(rank) == new.map(rank);
        let mut keys: Vec<Key> = before
            .iter()
            .chain(&after)
            .filter(|name| !(is_ranked_alike && before.contains(name) && after.contains(name)))
            .flat_map(|name| self.askers_of(*name))
            .collect();
        let titles = [old, new].map(|record| record.and_then(live_title));
        if titles[0] != titles[1] {
            let openings = [old, new].map(|record| record.and_then(title_opening));
            let openings = openings.into_iter().flatten();
            keys.extend(openings.flat_map(|opening| self.lines.near(opening)));
        }
        if old.map(|record| (&record.card, record.is_live()))
            != new.map(|record| (&record.card, record.is_live()))
            && let Some(record) = old.or(new)
        {
            keys.extend(self.sources(record.key));
        }
        keys
    }
}

fn targets(resolved: &[Resolved]) -> impl Iterator<Item = Key> {
    resolved.iter().filter_map(|resolved| match resolved {
        Resolved::Entry(card) => Some(card.key),
        _ => None,
    })
}
