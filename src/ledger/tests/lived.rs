//! A site that has lived a while, copies of its state folder, and what comes back from them.
#![expect(
    clippy::disallowed_methods,
    reason = "these files are the ledger's own, and to be damaged"
)]

use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::catalogue::Record;
use crate::entry::{EntryId, Slug, Text};

pub(super) const ENTRIES: &str = "/srv/entries";

/// What must not change of an entry, whatever happens to the ledger.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lasting {
    id: EntryId,
    first_seen: Timestamp,
    first_path: FolderPath,
    published: Timestamp,
    updated: Timestamp,
    changed: Timestamp,
    slug: Slug,
    former: Vec<Slug>,
    former_titles: Vec<Text>,
    is_live: bool,
}

pub(super) type World = BTreeMap<FolderPath, Lasting>;

pub(super) fn world(catalogue: &Catalogue) -> World {
    let lasting = |record: &Arc<Record>| Lasting {
        id: record.entry.id.clone(),
        first_seen: record.first_seen,
        first_path: record.first_path.clone(),
        published: record.entry.published,
        updated: record.entry.updated,
        changed: record.changed,
        slug: record.entry.slug.clone(),
        former: record.former.clone(),
        former_titles: record.former_titles.clone(),
        is_live: record.is_live(),
    };
    let records = catalogue.records();
    records
        .map(|record| (record.entry.path.clone(), lasting(record)))
        .collect()
}

/// A site that has lived a while: its state folder, its files as they are now, what it published.
pub(super) struct Site {
    pub(super) state: TempDir,
    pub(super) id: Uuid,
    pub(super) files: Vec<(Draft, Stamp)>,
    pub(super) world: World,
}

pub(super) fn later(seconds: i64) -> Timestamp {
    moment() + jiff::SignedDuration::from_secs(seconds)
}

/// As the daemon does it: a commit that comes upon damage is tried again when the ledger is healed.
pub(super) fn turn(
    ledger: &mut Ledger,
    catalogue: &mut Catalogue,
    observation: Observation,
    now: Timestamp,
) {
    let changes = catalogue.plan(observation, now);
    match ledger.commit(&changes, &Feeds::default()) {
        Err(error) if error.is_damage() => {
            ledger.heal(catalogue).unwrap();
            ledger.commit(&changes, &Feeds::default()).unwrap();
        }
        committed => committed.unwrap(),
    }
    catalogue.apply(changes);
}

pub(super) fn found(drafts: Vec<(Draft, Stamp)>) -> Observation {
    Observation {
        drafts,
        ..Observation::default()
    }
}

/// Texts fill pages, as real ones do.
pub(super) fn article(number: usize, words: &str) -> (Draft, Stamp) {
    let title = format!("{words} {number}");
    let mut draft = draft(&format!("{number}.md"), &title, &[]);
    let text = format!("<p>{title}: {}</p>", "the tide comes and goes. ".repeat(20));
    draft.body = crate::entry::Body::from_clean_html(text);
    draft.article.body = draft.body.digest();
    let stamp = Stamp {
        device: u64::MAX,
        inode: number as u64,
        born: i64::try_from(number).ok(),
        ..seen(&draft)
    };
    (draft, stamp)
}

/// Forty entries; of each ten two renamed, two edited, one retitled, one gone.
pub(super) fn site() -> Site {
    let state = TempDir::new().unwrap();
    let mut ledger = open(&state, ENTRIES, false).unwrap();
    let id = ledger.site(None).unwrap();
    let mut catalogue = Catalogue::new(id);
    let mut files: Vec<_> = (0..40).map(|number| article(number, "Tides")).collect();
    turn(&mut ledger, &mut catalogue, found(files.clone()), moment());
    for (number, (draft, _)) in files.iter_mut().enumerate() {
        let old = draft.path.clone();
        match number % 10 {
            0 | 1 => {
                draft.path = FolderPath::new(&format!("moved/{number}.md")).unwrap();
            }
            2 | 3 => {
                draft.content = Digest::of(format!("edit {number}").as_bytes());
            }
            4 => {
                (*draft, _) = article(number, "Ebb and flow");
                draft.claims.slug = Slug::from_words(&format!("ebb {number}"));
            }
            _ => continue,
        }
        let observation = Observation {
            missing: vec![old.clone()],
            ..found(vec![(draft.clone(), stamp_of(number))])
        };
        let now = later(100 + i64::try_from(number).unwrap());
        turn(&mut ledger, &mut catalogue, observation, now);
    }
    for number in [5, 15, 25, 35] {
        let gone = FolderPath::new(&format!("{number}.md")).unwrap();
        let observation = Observation {
            absent: vec![gone],
            ..Observation::default()
        };
        turn(&mut ledger, &mut catalogue, observation, later(200));
    }
    files.retain(|(draft, _)| !draft.path.as_str().ends_with("5.md"));
    Site {
        world: world(&catalogue),
        state,
        id,
        files,
    }
}

pub(super) fn stamp_of(number: usize) -> Stamp {
    article(number, "").1
}

pub(super) const FILES: [&str; 3] = ["ledger.sqlite", "ledger.sqlite-wal", "identities.jsonl"];

impl Site {
    /// A copy of its state folder with these files, each with its bytes as `damage` leaves them.
    pub(super) fn copy(
        &self,
        files: &[&str],
        mut damage: impl FnMut(&str, &mut Vec<u8>),
    ) -> TempDir {
        let copy = TempDir::new().unwrap();
        for name in files {
            if let Ok(mut bytes) = fs::read(self.state.path().join(name)) {
                damage(name, &mut bytes);
                fs::write(copy.path().join(name), bytes).unwrap();
            }
        }
        copy
    }

    /// Opens the ledger in `state` and looks at the folder: what is published then.
    pub(super) fn come_back(&self, state: &TempDir, what: &str) -> (World, Option<Restored>) {
        let mut ledger =
            open(state, ENTRIES, false).unwrap_or_else(|error| panic!("{what}: {error}"));
        let restored = ledger.restored().cloned();
        assert_eq!(ledger.site(None).unwrap(), self.id, "{what}");
        let stored = ledger.load().unwrap();
        let mut catalogue = Catalogue::load(self.id, stored.records, stored.media);
        let live = |catalogue: &Catalogue| -> Vec<Digest> {
            let live = catalogue.records().filter(|record| record.is_live());
            live.map(|record| record.entry.article.body).collect()
        };
        let texts = ledger.bodies();
        for body in live(&catalogue) {
            // The right text or none.
            match texts.body(body) {
                Ok(text) => assert_eq!(text.digest(), body, "{what}"),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{what}"),
            }
        }
        if ledger.alarm().take().is_some() {
            ledger.heal(&catalogue).unwrap();
        }
        let files = found(self.files.clone());
        turn(&mut ledger, &mut catalogue, files, later(10_000));
        for body in live(&catalogue) {
            let text = texts.body(body);
            let text = text.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(text.digest(), body, "{what}");
        }
        (world(&catalogue), restored)
    }
}
