//! Which entry a "Read:" line means, and which lines a change concerns.
//!
//! **The index.** Everything by which an entry can be named is a [`Name`]: its title in an evened-out
//! form, its path, its slug. Three ordered sets of pairs hold the graph:
//!
//! - `holders` (name, entry): who answers to a name. Only live entries do.
//! - `askers` (name, entry): whose references look a name up, whether somebody answers or not. A
//!   forward reference is nothing but an asker without a holder.
//! - `sources` (target, source): who leads to an entry, for back-links and for telling them when the
//!   target's title or address changes.
//!
//! **What it costs.** A line costs one range lookup for each name it may mean (at most three). An
//! entry that appears, leaves or is retitled costs one range lookup per name it gained or lost, which
//! finds exactly the lines concerned; each of those is resolved again. Nothing walks all titles.
//! A pair takes 24 bytes.

use std::sync::Arc;

use imbl::OrdSet;
use unicode_normalization::UnicodeNormalization;

use super::record::{Key, Record, Resolved};
use super::{Catalogue, Standing};
use crate::entry::{Digest, Digester, FolderPath, Reference, RelatedLine, Slug, Wanted};

/// Something by which an entry or file can be meant, as a digest of its kind and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(Digest);

impl Name {
    fn title(title: &str) -> Self {
        Self(
            Digester::new()
                .field("title")
                .field(title_name(title))
                .finish(),
        )
    }

    fn path(path: &FolderPath) -> Self {
        Self(Digester::new().field("path").field(path.as_str()).finish())
    }

    fn slug(slug: &Slug) -> Self {
        Self(Digester::new().field("slug").field(slug.as_str()).finish())
    }
}

const LEAST: Key = Key(0);
const MOST: Key = Key(u64::MAX);

/// See the module's text.
#[derive(Clone, Default)]
pub(super) struct Graph {
    holders: OrdSet<(Name, Key)>,
    askers: OrdSet<(Name, Key)>,
    sources: OrdSet<(Key, Key)>,
}

impl Graph {
    pub(super) fn sources(&self, target: Key) -> impl Iterator<Item = Key> {
        self.sources
            .range((target, LEAST)..=(target, MOST))
            .map(|(_, source)| *source)
    }

    /// The entries that refer to the file at `path`.
    pub(super) fn uses(&self, path: &FolderPath) -> impl Iterator<Item = Key> {
        self.askers_of(Name::path(path))
    }

    fn askers_of(&self, name: Name) -> impl Iterator<Item = Key> {
        self.askers
            .range((name, LEAST)..=(name, MOST))
            .map(|(_, asker)| *asker)
    }

    fn holders_of(&self, name: Name) -> impl Iterator<Item = Key> {
        self.holders
            .range((name, LEAST)..=(name, MOST))
            .map(|(_, holder)| *holder)
    }

    /// Enters what `record` asks for and, when it is live, the names it answers to.
    pub(super) fn enter(&mut self, record: &Record) {
        for name in names_of(record) {
            self.holders.insert((name, record.key));
        }
        for name in record.entry.article.references.iter().flat_map(names_asked) {
            self.askers.insert((name, record.key));
        }
    }

    /// Takes back what [`Graph::enter`] entered, and the links that start at `record`.
    pub(super) fn leave(&mut self, record: &Record) {
        for name in names_of(record) {
            self.holders.remove(&(name, record.key));
        }
        for name in record.entry.article.references.iter().flat_map(names_asked) {
            self.askers.remove(&(name, record.key));
        }
        self.unlink(record);
    }

    fn unlink(&mut self, record: &Record) {
        for target in targets(&record.resolved) {
            self.sources.remove(&(target, record.key));
        }
    }

    fn link(&mut self, record: &Record) {
        for target in targets(&record.resolved) {
            self.sources.insert((target, record.key));
        }
    }

    /// The entries whose links may change when `old` becomes `new`.
    pub(super) fn concerned(&self, old: Option<&Record>, new: Option<&Record>) -> Vec<Key> {
        let names = |record: Option<&Record>| record.map(names_of).unwrap_or_default();
        let (before, after) = (names(old), names(new));
        let mut keys: Vec<Key> = before
            .iter()
            .filter(|name| !after.contains(name))
            .chain(after.iter().filter(|name| !before.contains(name)))
            .flat_map(|name| self.askers_of(*name))
            .collect();
        if old.map(|record| (&record.card, record.is_live()))
            != new.map(|record| (&record.card, record.is_live()))
            && let Some(record) = old.or(new)
        {
            keys.extend(self.sources(record.key));
        }
        keys
    }

    /// The entries that look up the file at `path`.
    pub(super) fn concerned_by_media(&self, path: &FolderPath) -> Vec<Key> {
        self.uses(path).collect()
    }
}

/// The names by which a record answers: none unless it is live.
fn names_of(record: &Record) -> Vec<Name> {
    if record.standing != Standing::Live {
        return Vec::new();
    }
    vec![
        Name::title(record.entry.article.title.as_str()),
        Name::path(&record.entry.path),
        Name::slug(&record.entry.slug),
    ]
}

/// The names that a reference may mean, best first.
fn names_asked(reference: &Reference) -> Vec<Name> {
    match reference {
        Reference::Fragment(_) => Vec::new(),
        Reference::Local(local) => names_of_path(&local.path),
        Reference::Related(RelatedLine { wanted, text }) => match wanted {
            Wanted::Address(_) => Vec::new(),
            // People give the path from the folder they write in, or from the root.
            Wanted::Local(local) => names_of_path(&local.path)
                .into_iter()
                .chain(FolderPath::new(text.as_str()).map(|path| Name::path(&path)))
                // And a title may look like a path: AC/DC.
                .chain([Name::title(text.as_str())])
                .collect(),
            Wanted::Title => std::iter::once(Name::title(text.as_str()))
                .chain(bare_slug(text.as_str()).map(|slug| Name::slug(&slug)))
                .collect(),
        },
    }
}

/// A path means the file there, or, as in `/entries/slug`, the page there.
fn names_of_path(path: &FolderPath) -> Vec<Name> {
    let page = path
        .as_str()
        .strip_prefix("entries/")
        .and_then(Slug::from_path);
    std::iter::once(Name::path(path))
        .chain(page.map(|slug| Name::slug(&slug)))
        .collect()
}

/// `text` as a slug, when it is written as one.
fn bare_slug(text: &str) -> Option<Slug> {
    Slug::from_path(text).filter(|slug| slug.as_str() == text)
}

fn targets(resolved: &[Resolved]) -> impl Iterator<Item = Key> {
    resolved.iter().filter_map(|resolved| match resolved {
        Resolved::Entry(card) => Some(card.key),
        _ => None,
    })
}

/// By what a reference means an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The path of its file, or of its page.
    Path,
    /// Its title.
    Title,
    /// A title that it had before.
    FormerTitle,
    /// Its address, written bare.
    Slug,
    /// A title that the line continues or shortens.
    Opening,
}

/// The entries that a reference may mean, for those who want to know why it leads where it does.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// The first rule under which there are any; `None`: there are none.
    pub by: Option<By>,
    /// Best first. The first is meant, unless several have an opening in common: then none is.
    pub entries: Vec<Arc<Record>>,
}

impl Catalogue {
    /// The entries that `reference` of `record` may mean, the entry itself left out.
    pub fn candidates(&self, record: &Record, reference: &Reference) -> Candidates {
        let _ = (record, reference);
        Candidates {
            by: None,
            entries: Vec::new(),
        }
    }

    /// Works out what the references of `key` mean now. Returns whether anything changed.
    pub(super) fn resolve(&mut self, key: Key) -> bool {
        let Some(record) = self.records.get(&key).cloned() else {
            return false;
        };
        let resolved: Arc<[Resolved]> = record
            .entry
            .article
            .references
            .iter()
            .map(|reference| self.meaning(&record, reference))
            .collect();
        if resolved == record.resolved {
            return false;
        }
        self.graph.unlink(&record);
        let mut record = Record {
            resolved,
            ..(*record).clone()
        };
        record.face = record.work_out_face();
        self.graph.link(&record);
        self.records.insert(key, Arc::new(record));
        true
    }

    fn meaning(&self, record: &Record, reference: &Reference) -> Resolved {
        let local = match reference {
            Reference::Fragment(_)
            | Reference::Related(RelatedLine {
                wanted: Wanted::Address(_),
                ..
            }) => {
                return Resolved::Plain;
            }
            Reference::Local(local)
            | Reference::Related(RelatedLine {
                wanted: Wanted::Local(local),
                ..
            }) => Some(local),
            Reference::Related(RelatedLine {
                wanted: Wanted::Title,
                ..
            }) => None,
        };
        let mut itself = false;
        for name in names_asked(reference) {
            let mut holders: Vec<&Arc<Record>> = self
                .graph
                .holders_of(name)
                .filter_map(|key| self.records.get(&key))
                .collect();
            let others = holders.len();
            holders.retain(|holder| holder.key != record.key);
            itself |= holders.len() < others;
            if let Some(meant) = choose(record, &holders) {
                return Resolved::Entry(Arc::clone(&meant.card));
            }
        }
        if itself {
            return Resolved::Itself;
        }
        local
            .and_then(|local| self.media.get(&local.path))
            .map_or(Resolved::Pending, |media| Resolved::Media(*media))
    }
}

/// Of several entries with one name, the newest published before the one that names it, else the
/// newest; the slug decides between equals, so that the order of arrival does not.
fn choose<'a>(asker: &Record, holders: &[&'a Arc<Record>]) -> Option<&'a Arc<Record>> {
    holders.iter().copied().max_by_key(|holder| {
        let published = holder.entry.published;
        (
            published < asker.entry.published,
            published,
            std::cmp::Reverse(holder.entry.slug.clone()),
        )
    })
}

/// The evened-out form in which titles are compared: NFKC, lower case, quotes, dashes and white space
/// alike, final punctuation dropped. `C++` and `C#` stay what they are.
pub fn title_name(title: &str) -> String {
    let mut name = String::with_capacity(title.len());
    let mut gap = false;
    for c in title.nfkc().flat_map(char::to_lowercase).nfkc() {
        let c = match c {
            '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{201B}' | '\u{2032}' | '`' | '\u{B4}' => '\'',
            '\u{AB}' | '\u{BB}' | '\u{201C}'..='\u{201F}' | '\u{2033}' => '"',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' => continue,
            c => c,
        };
        if c.is_whitespace() {
            gap = true;
            continue;
        }
        if std::mem::take(&mut gap) && !name.is_empty() {
            name.push(' ');
        }
        name.push(c);
    }
    let end = name
        .trim_end_matches(['.', '!', '?', ',', ';', ':', '…', ' '])
        .len();
    if end > 0 {
        name.truncate(end);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_evened_out() {
        let check = |one: &str, other: &str, same: bool| {
            assert_eq!(
                title_name(one) == title_name(other),
                same,
                "{one:?} {other:?}"
            );
        };
        check(
            "Harbour bridge reopens",
            "  harbour\u{a0}Bridge REOPENS. ",
            true,
        );
        check("“Don’t” – he said", "\"Don't\" - he said", true);
        check("Straße", "straße", true);
        check("ﬁnal", "final", true);
        check("C++", "C#", false);
        check("What now?", "What now", true);
        check("?!", "", false);
    }

    #[test]
    fn only_slugs_are_bare_slugs() {
        assert!(bare_slug("harbour-bridge").is_some());
        assert!(bare_slug("Harbour bridge").is_none());
    }
}
