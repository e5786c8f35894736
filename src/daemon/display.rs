//! What readers see, and what they are about to see.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use arc_swap::{ArcSwap, ArcSwapOption};

use super::StartError;
use crate::entry::{Body, Digest};
use crate::http::Rules;
use crate::site::Site;

/// Of a turn with more bytes of new texts than this nothing is made ahead: they are held twice meanwhile.
const MOST_BYTES: usize = 1 << 20;

/// Where the writer puts snapshots.
pub(super) struct Display {
    shown: Arc<ArcSwapOption<Site>>,
    /// Snapshots that were shown before and that readers may still hold. Who lets go of a snapshot last
    /// takes it apart, a third of a millisecond among ten thousand entries; that is to be the writer
    /// afterwards, and no reader who waits.
    former: Vec<Arc<Site>>,
    ahead: Option<SyncSender<Coming>>,
}

/// A snapshot that will be shown once the ledger has it.
struct Coming {
    site: Arc<Site>,
    /// The texts that the ledger does not have yet.
    texts: Vec<(Digest, Body)>,
}

impl Display {
    /// Shows snapshots in `shown`.
    pub(super) fn new(shown: Arc<ArcSwapOption<Site>>) -> Self {
        Self {
            shown,
            former: Vec::new(),
            ahead: None,
        }
    }

    /// The same, and what readers are going to ask for is made by a thread of its own while the disk still
    /// writes. It ends with the display.
    pub(super) fn with_ahead(
        shown: &Arc<ArcSwapOption<Site>>,
        rules: &Arc<ArcSwap<Rules>>,
    ) -> Result<Self, StartError> {
        let rules = Arc::clone(rules);
        // One that finds the thread at work waits; more would be late.
        let (ahead, coming) = sync_channel(1);
        std::thread::Builder::new()
            .name("ahead".to_owned())
            .spawn(move || make_ahead(&coming, &rules))
            .map_err(|error| StartError::System("a thread for documents", error))?;
        Ok(Self {
            ahead: Some(ahead),
            ..Self::new(Arc::clone(shown))
        })
    }

    /// Whether there is anything to see yet.
    pub(super) fn is_on(&self) -> bool {
        self.shown.load().is_some()
    }

    /// `site` will be shown soon, with `texts` that the ledger is just being given.
    pub(super) fn prepare(&self, site: &Arc<Site>, texts: &[(Digest, Body)]) {
        let Some(ahead) = &self.ahead else {
            return;
        };
        let bytes: usize = texts.iter().map(|(_, body)| body.as_str().len()).sum();
        if bytes <= MOST_BYTES && self.is_on() {
            let site = Arc::clone(site);
            let texts = texts.to_vec();
            // What is not made ahead is made when it is asked for.
            let _ = ahead.try_send(Coming { site, texts });
        }
    }

    /// Shows `site` from now on.
    pub(super) fn show(&mut self, site: Arc<Site>) {
        self.former.extend(self.shown.swap(Some(site)));
    }

    /// Takes apart what nobody sees any more.
    pub(super) fn tidy(&mut self) {
        self.former.retain(|site| Arc::strong_count(site) > 1);
    }
}

fn make_ahead(coming: &Receiver<Coming>, rules: &ArcSwap<Rules>) {
    for Coming { site, texts } in coming {
        // Each answer asks for it.
        site.next_due();
        let documents = Arc::clone(&rules.load().documents);
        documents.make_ahead(&site, texts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::sample;

    #[test]
    fn what_is_held_twice_has_a_limit() {
        let (ahead, coming) = sync_channel(1);
        let mut display = Display {
            ahead: Some(ahead),
            ..Display::new(Arc::default())
        };
        let site = Arc::new(sample::site(Vec::new()));
        let is_prepared = |display: &Display, bytes| {
            let body = Body::from_clean_html(" ".repeat(bytes));
            display.prepare(&site, &[(body.digest(), body)]);
            coming.try_recv().is_ok_and(|it| it.texts.len() == 1)
        };
        assert!(!is_prepared(&display, 0), "nobody reads yet");
        display.show(Arc::clone(&site));
        assert!(is_prepared(&display, MOST_BYTES));
        assert!(!is_prepared(&display, MOST_BYTES + 1));
    }

    #[test]
    fn the_writer_lets_go_of_a_snapshot_last() {
        let shown = Arc::default();
        let mut display = Display::new(Arc::clone(&shown));
        assert!(!display.is_on());
        let next = || Arc::new(sample::site(Vec::new()));
        display.show(next());
        assert!(display.is_on());
        let reader = shown.load_full().unwrap();
        let held = Arc::downgrade(&reader);
        display.show(next());
        display.tidy();
        drop(reader);
        assert!(held.upgrade().is_some(), "not by the reader");
        display.tidy();
        assert!(held.upgrade().is_none());
        // Nobody has this one.
        let held = Arc::downgrade(&shown.load_full().unwrap());
        display.show(next());
        display.tidy();
        assert!(held.upgrade().is_none());
    }
}
