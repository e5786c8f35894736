//! Which documents are worth making before anybody asks for them.
//!
//! Readers ask for the same feeds again and again, and for what is new in them as soon as they see that
//! there is something. The writer knows the next snapshot while the disk still writes it; what is made
//! then, nobody has to wait for. It is made under the name that the request for it will have.
//!
//! A feed is a *favourite* when its newest entries had to be made for somebody. It stays one for as long as
//! each version that was made ahead was asked for, too.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Coding;
use super::shelf::{Asked, Name, Shelf};
use crate::entry::{Bodies, Body, Digest};
use crate::site::{DocumentKey, Plan, Site};

/// How many documents are made ahead at most, in all formats and codings: some 20 ms of one core.
pub(super) const FAVOURITES: usize = 16;

/// The documents that were asked for last, the latest first.
#[derive(Default)]
pub(super) struct Favourites(Mutex<VecDeque<Favourite>>);

struct Favourite {
    /// Of its last version.
    name: Name,
    /// That was made before anybody asked.
    is_ahead: bool,
}

impl Favourites {
    /// The document of this name had to be made for somebody.
    pub(super) fn note(&self, name: &Name) {
        if !is_newest(&name.key) || name.since.is_some() {
            return;
        }
        let mut list = self.list();
        list.retain(|known| !known.is_of(name));
        list.truncate(FAVOURITES - 1);
        list.push_front(Favourite {
            name: name.clone(),
            is_ahead: false,
        });
    }

    /// What is to be made of `site`, before it is shown: what readers are going to ask for and do not
    /// find on the shelf.
    pub(super) fn of(&self, site: &Site, kept: &Shelf) -> Vec<(Plan, Coding)> {
        let mut wanted = Vec::new();
        self.list().retain_mut(|known| {
            let Some(plan) = site.plan_of(&known.name.key) else {
                return false;
            };
            let asked = Asked::new(&plan, known.name.coding);
            if asked.is_of(&known.name) {
                return true;
            }
            let is_asked = || kept.peek(&known.name).is_some_and(|it| it.is_asked());
            if known.is_ahead && !is_asked() {
                return false;
            }
            known.name = asked.to_name();
            known.is_ahead = true;
            wanted.push((plan, known.name.coding));
            true
        });
        wanted
    }

    fn list(&self) -> MutexGuard<'_, VecDeque<Favourite>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Favourite {
    /// Whether it is this document, in whatever version.
    fn is_of(&self, name: &Name) -> bool {
        self.name.coding == name.coding && self.name.key == name.key
    }
}

/// Whether it is what readers subscribe to.
fn is_newest(key: &DocumentKey) -> bool {
    matches!(key, DocumentKey::Feed(view, _) if view.part.is_none())
}

/// Texts that are not where the others are yet.
pub(super) struct Texts {
    new: HashMap<Digest, Body>,
    others: Arc<dyn Bodies>,
}

impl Texts {
    pub(super) fn new(new: Vec<(Digest, Body)>, others: &Arc<dyn Bodies>) -> Self {
        Self {
            new: new.into_iter().collect(),
            others: Arc::clone(others),
        }
    }
}

impl Bodies for Texts {
    fn body(&self, digest: Digest) -> io::Result<Body> {
        match self.new.get(&digest) {
            Some(body) => Ok(body.clone()),
            None => self.others.body(digest),
        }
    }
}
