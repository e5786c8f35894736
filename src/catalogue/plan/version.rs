//! What a draft makes of an entry: its next version, with everything that is remembered of it.

use std::sync::Arc;

use jiff::Timestamp;

use super::Turn;
use crate::catalogue::{Card, Key, Record, Standing, title_name};
use crate::entry::{
    Body, Claims, Draft, Entry, EntryId, FolderPath, Slug, Stamp, StatedDate, Text,
};

impl Turn<'_> {
    /// The record that `draft` makes of `old`, or a new one, and its full text.
    pub(super) fn version(
        &mut self,
        draft: Draft,
        stamp: Stamp,
        old: Option<&Record>,
    ) -> (Record, Body) {
        let Draft {
            path,
            article,
            body,
            claims,
            slug,
            content,
            warnings: _,
            conventions,
        } = draft;
        let first_seen = old.map_or(self.now, |old| old.first_seen);
        let first_path = old.map_or_else(|| path.clone(), |old| old.first_path.clone());
        let key = old.map_or(Key(self.next.next_key), |old| old.key);
        let id = self.id(&claims, &path, old);
        let published = self.published(claims.published, first_seen, key, old);
        // The same bytes, read by other conventions, are no edit; nor is what the writer calls minor.
        let is_read_anew =
            old.is_some_and(|old| old.stamp == stamp && old.conventions != conventions);
        let is_edit =
            old.is_some_and(|old| old.content != content) && !claims.minor && !is_read_anew;
        let updated = self.updated(claims.updated, is_edit, published, key, old);
        let expires = claims.expires.map(|date| date.instant(first_seen));
        let standing = if path.is_front_page() {
            Standing::Front
        } else {
            self.standing(published, expires, old)
        };
        let former_titles = old
            .map(|old| former_titles(old, &article.title))
            .unwrap_or_default();
        let slug = self.slug(&claims, slug, &path, key, old);
        let mut former = old.map(|old| old.former.clone()).unwrap_or_default();
        former.extend(old.map(|old| old.entry.slug.clone()));
        former.extend(claims.aliases);
        former.retain(|former| *former != slug);
        former.sort();
        former.dedup();
        let entry = Entry {
            id,
            path,
            slug,
            published,
            updated,
            article,
        };
        let record = Record {
            key,
            first_path,
            first_seen,
            stamp,
            standing,
            debut: old.and_then(|old| old.debut),
            displaced: None,
            card: Arc::new(Card::of(key, &entry)),
            entry: Arc::new(entry),
            content,
            expires,
            former,
            former_titles,
            conventions,
            face: content,
            changed: old.map_or(self.now, |old| old.changed),
            resolved: Arc::from([]),
            beside: Arc::from([]),
            tagged: None,
        };
        (record, body)
    }

    fn id(&self, claims: &Claims, path: &FolderPath, old: Option<&Record>) -> EntryId {
        claims
            .id
            .clone()
            .or_else(|| old.map(|old| old.entry.id.clone()))
            .unwrap_or_else(|| self.next.new_id(path))
    }

    /// `updated` moves only when the content does, or by the writer's own word; it is never before
    /// `published` and never in the future.
    fn updated(
        &mut self,
        stated: Option<StatedDate>,
        is_edit: bool,
        published: Timestamp,
        key: Key,
        old: Option<&Record>,
    ) -> Timestamp {
        let stated =
            stated.and_then(|date| self.updated_as_stated(date, published, is_edit, key, old));
        let updated = match (stated, old) {
            (Some(stated), _) => stated,
            (None, Some(old)) if !is_edit => old.entry.updated,
            (None, Some(old)) if old.debut.is_some() => {
                self.updated_now(old.entry.updated.max(published), key)
            }
            (None, _) => published,
        };
        updated.max(published)
    }

    /// How an entry stands that was `old` before, by its dates and the publisher's hold.
    pub(super) fn standing(
        &self,
        published: Timestamp,
        expires: Option<Timestamp>,
        old: Option<&Record>,
    ) -> Standing {
        let was_live_then =
            old.is_some_and(|old| old.is_live() && old.entry.published == published);
        if expires.is_some_and(|moment| moment <= self.now) {
            Standing::Retired(old.and_then(Record::withdrawn).unwrap_or(self.now))
        } else if published > self.now && !was_live_then {
            // A clock that jumped back must not withdraw what is out already.
            Standing::Scheduled
        } else {
            let held_until = self.held_until(old).filter(|until| *until > self.now);
            held_until.map_or(Standing::Live, Standing::Held)
        }
    }

    /// Until when an entry that nobody has seen waits by the publisher's hold. The hold of its first
    /// sight holds: an edit does not begin it anew.
    fn held_until(&self, old: Option<&Record>) -> Option<Timestamp> {
        if old.is_some_and(|old| old.debut.is_some()) {
            return None;
        }
        if let Some(Standing::Held(until)) = old.map(|old| old.standing) {
            return Some(until);
        }
        let first_seen = old.map_or(self.now, |old| old.first_seen);
        first_seen.saturating_add(self.next.terms.hold).ok()
    }

    /// The address: the writer's word, else what it was, else the draft's wish; unique. The one seen
    /// first keeps it; another gets its section in front, then a number.
    fn slug(
        &self,
        claims: &Claims,
        wish: Slug,
        path: &FolderPath,
        key: Key,
        old: Option<&Record>,
    ) -> Slug {
        let wanted = claims
            .slug
            .clone()
            .or_else(|| old.map(|old| old.entry.slug.clone()))
            .unwrap_or(wish);
        let is_free = |slug: &Slug| {
            self.next
                .by_slug
                .get(slug)
                .is_none_or(|holder| *holder == key)
        };
        if is_free(&wanted) {
            return wanted;
        }
        let section = path.section().and_then(Slug::from_words);
        let base = section.map_or_else(|| wanted.clone(), |section| wanted.prefixed(&section));
        let mut slug = base.clone();
        let mut number = 1;
        while !is_free(&slug) {
            number += 1;
            slug = base.numbered(number);
        }
        slug
    }
}

/// How many former titles are kept of an entry.
const MAX_FORMER_TITLES: usize = 16;

/// The titles that `old` had before it was called `title`, each once, the latest last.
fn former_titles(old: &Record, title: &Text) -> Vec<Text> {
    let mut titles = old.former_titles.clone();
    let was_seen = old.debut.is_some();
    titles.extend(was_seen.then(|| old.entry.article.title.clone()));
    let current = title_name(title.as_str());
    let mut names: Vec<String> = Vec::new();
    titles.reverse();
    titles.retain(|title| {
        let name = title_name(title.as_str());
        let is_new = name != current && !names.contains(&name);
        names.push(name);
        is_new
    });
    titles.truncate(MAX_FORMER_TITLES);
    titles.reverse();
    titles
}
