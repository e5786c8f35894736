//! What is in which archive document, and that walking them finds everything once.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::entry::Category;

fn tag(label: &str) -> Category {
    Category {
        term: Slug::from_words(label).unwrap(),
        label: Text::one_line(label),
    }
}

/// The files that a walk from the newest document of `feed` finds, in the order of the walk. Between
/// two documents, `meanwhile` happens.
fn walk(world: &mut World, feed: &str, mut meanwhile: impl FnMut(&mut World)) -> Vec<String> {
    let mut found = Vec::new();
    let mut view = View::newest(FeedKey::from_path(feed).unwrap());
    loop {
        let path = format!("/{}atom.xml", view.path());
        let plan = world.plan(&path);
        assert_eq!(plan.key, DocumentKey::Feed(view.clone(), Format::Atom));
        let window = world.site.window(&view).unwrap();
        found.extend(window.entries.iter().map(|it| it.entry.path.to_string()));
        let Some(part) = window.previous.clone() else {
            return found;
        };
        view.part = Some(part);
        meanwhile(world);
    }
}

fn live(world: &World) -> Vec<String> {
    let live = world.catalogue.records().filter(|it| it.is_live());
    let mut paths: Vec<_> = live.map(|it| it.entry.path.to_string()).collect();
    paths.sort();
    paths
}

fn sorted(mut paths: Vec<String>) -> Vec<String> {
    paths.sort();
    paths
}

/// The tags of all volumes of the feed of everything, which are complete by definition.
fn volumes(world: &World) -> BTreeMap<usize, (Digest, Vec<Key>)> {
    let volume = |number| {
        let view = View {
            feed: FeedKey::All,
            part: Some(Part::Volume(number)),
        };
        let window = world.site.window(&view)?;
        let keys = window.entries.iter().map(|it| it.key).collect();
        Some((number, (window.tag(Format::Atom), keys)))
    };
    (1..).map_while(volume).collect()
}

#[test]
fn the_newest_are_shown_and_the_others_are_in_volumes() {
    let mut world = World::new("https://example.org/", 3);
    let drafts = (0..10).map(|number| dated(&format!("{number}.md"), number));
    world.drop_in(drafts.collect());
    assert_eq!(shown(&world, "/atom.xml"), ["9.md", "8.md", "7.md"]);
    assert_eq!(
        shown(&world, "/archive/2/atom.xml"),
        ["5.md", "4.md", "3.md"]
    );
    assert_eq!(
        shown(&world, "/archive/1/rss.xml"),
        ["2.md", "1.md", "0.md"]
    );
    for nothing in [
        "/archive/0/atom.xml",
        "/archive/3/atom.xml",
        "/updates/archive/1/atom.xml",
    ] {
        assert_eq!(world.site.find(nothing), Found::Nothing, "{nothing}");
    }
    let window = world.site.window(&View::newest(FeedKey::All)).unwrap();
    assert_eq!(
        window.previous,
        Some(Part::Rest(2, at(7), Slug::from_words("7").unwrap()))
    );
    assert_eq!(walk(&mut world, "", |_| ()).len(), 10);
}

#[test]
fn an_archive_is_called_as_its_own_entries_have_it() {
    let mut world = World::new("https://example.org/", 2);
    let drafts = (0..6).map(|number| {
        let mut draft = dated(&format!("{number}.md"), number);
        draft.article.categories = vec![tag("Stadt & Land")];
        draft
    });
    world.drop_in(drafts.collect());
    let view = View {
        feed: FeedKey::from_path("tags/stadt-land/").unwrap(),
        part: Some(Part::Volume(1)),
    };
    let window = world.site.window(&view).unwrap();
    assert_eq!(window.title.as_str(), "Stadt & Land – News");
}

#[test]
fn an_old_entry_that_comes_late_is_in_a_volume_of_its_time_of_arrival() {
    let mut world = World::new("https://example.org/", 2);
    world.drop_in((0..8).map(|it| dated(&format!("{it}.md"), it)).collect());
    let before = volumes(&world);
    assert_eq!(before.len(), 3);
    world.drop_in(
        (0..3)
            .map(|it| dated(&format!("old-{it}.md"), it - 900))
            .collect(),
    );
    let after = volumes(&world);
    assert_eq!(after.len(), 4);
    for (number, volume) in before {
        assert_eq!(after[&number], volume);
    }
    assert_eq!(shown(&world, "/atom.xml"), ["7.md", "6.md"]);
    assert_eq!(
        shown(&world, "/archive/4/atom.xml"),
        ["old-1.md", "old-0.md"]
    );
}

#[test]
fn when_the_newest_are_withdrawn_older_ones_take_their_place() {
    let mut world = World::new("https://example.org/", 3);
    world.drop_in((0..9).map(|it| dated(&format!("{it}.md"), it)).collect());
    for file in ["8.md", "7.md", "6.md", "5.md"] {
        world.remove(file);
    }
    assert_eq!(shown(&world, "/atom.xml"), ["4.md", "3.md", "2.md"]);
    assert_eq!(walk(&mut world, "", |_| ()).len(), 5);
}

#[test]
fn a_document_holds_no_more_than_it_may_weigh() {
    let mut world = World::new("https://example.org/", 10);
    let heavy = |number: i64| {
        let mut draft = dated(&format!("{number}.md"), number);
        draft.article.text_bytes = 300_000;
        draft.article.summary = Text::new("Heavy.");
        draft
    };
    world.drop_in((0..9).map(heavy).collect());
    assert_eq!(shown(&world, "/atom.xml").len(), 3);
    assert!(volumes(&world).values().all(|(_, keys)| keys.len() == 3));
    assert_eq!(sorted(walk(&mut world, "", |_| ())), live(&world));
    let mut edited = heavy(8);
    edited.article.text_bytes = 800_000;
    world.drop_in(vec![edited]);
    assert_eq!(shown(&world, "/atom.xml"), ["8.md"]);
    let mut alone = heavy(20);
    alone.article.text_bytes = 9_000_000;
    world.drop_in(vec![alone]);
    assert_eq!(shown(&world, "/atom.xml"), ["20.md"]);
}

/// Something that a writer does.
#[derive(Clone, Debug)]
enum Deed {
    /// So many articles, the first published so many seconds after some moment.
    Publish(u8, i64),
    /// The number of an article, modulo how many there are.
    Edit(usize),
    /// It is of another moment or has another address, and has another tag.
    Move(usize, i64),
    Withdraw(usize),
    Restart,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => (1..6_u8, -1_000..1_000_i64).prop_map(|(count, date)| Deed::Publish(count, date)),
        2 => any::<usize>().prop_map(Deed::Edit),
        1 => (any::<usize>(), -1_000..1_000_i64).prop_map(|(number, date)| Deed::Move(number, date)),
        2 => any::<usize>().prop_map(Deed::Withdraw),
        1 => Just(Deed::Restart),
    ];
    prop::collection::vec(deed, 0..40)
}

/// A world that has lived, and what a store kept of it.
struct Lived {
    world: World,
    kept: Kept,
    made: usize,
}

impl Lived {
    fn new(limit: usize) -> Self {
        Self {
            world: World::new("https://example.org/", limit),
            kept: Kept::default(),
            made: 0,
        }
    }

    fn keep(&mut self, kept: Kept) {
        self.kept
            .departures
            .retain(|(key, _)| !kept.departures.iter().any(|(it, _)| it == key));
        self.kept
            .histories
            .retain(|(key, _)| !kept.histories.iter().any(|(it, _)| it == key));
        self.kept.departures.extend(kept.departures);
        self.kept.histories.extend(kept.histories);
    }

    fn nth(&self, number: usize) -> Option<String> {
        let live = live(&self.world);
        let count = live.len();
        (count > 0).then(|| live[number % count].clone())
    }

    /// A live article as it is.
    fn again(&self, number: usize) -> Option<Draft> {
        let file = self.nth(number)?;
        let record = self.world.catalogue.at_path(&path(&file)).unwrap();
        let mut draft = dated(&file, 0);
        draft.claims.published = Some(StatedDate::At(record.entry.published));
        draft.article = record.entry.article.clone();
        Some(draft)
    }

    fn perform(&mut self, deed: &Deed) {
        let kept = match deed {
            Deed::Publish(count, date) => {
                let first = self.made;
                self.made += usize::from(*count);
                let drafts = (first..self.made).map(|number| {
                    let mut draft = dated(
                        &format!("{number}.md"),
                        *date + i64::try_from(number - first).unwrap(),
                    );
                    let title = format!("Number {number}");
                    draft.article.title = Text::one_line(&title);
                    draft
                });
                self.world.drop_in(drafts.collect())
            }
            Deed::Edit(number) => {
                let Some(mut draft) = self.again(*number) else {
                    return;
                };
                draft.article.summary = Text::one_line(&format!("edit at {}", self.world.seconds));
                self.world.drop_in(vec![draft])
            }
            Deed::Move(number, date) => {
                let Some(mut draft) = self.again(*number) else {
                    return;
                };
                if date % 2 == 0 {
                    draft.claims.published = Some(StatedDate::At(at(*date)));
                } else {
                    draft.claims.slug = Slug::from_path(&format!("at/{}", self.world.seconds));
                }
                draft.article.categories = vec![tag(["one", "other"][number % 2])];
                self.world.drop_in(vec![draft])
            }
            Deed::Withdraw(number) => {
                let Some(file) = self.nth(*number) else {
                    return;
                };
                self.world.remove(&file)
            }
            Deed::Restart => {
                let now = at(self.world.seconds);
                let settings = self.world.site.settings().clone();
                let catalogue = &self.world.catalogue;
                let again = Site::new(settings, at(0), catalogue, &self.kept, now);
                let tagged = ["/tags/one/rss.xml", "/tags/other/archive/1/atom.xml"];
                let untagged = ["/atom.xml", "/archive/1/atom.xml", "/updates/rss.xml"];
                for address in untagged.into_iter().chain(tagged) {
                    assert_eq!(
                        again.find(address),
                        self.world.site.find(address),
                        "{address}"
                    );
                }
                self.world.site = again;
                return;
            }
        };
        self.keep(kept);
    }
}

proptest! {
    #[test]
    fn a_walk_finds_every_entry_once(deeds in deeds(), limit in 1..6_usize) {
        let mut kept = Lived::new(limit);
        for deed in &deeds {
            let before = volumes(&kept.world);
            kept.perform(deed);
            let after = volumes(&kept.world);
            if matches!(deed, Deed::Publish(..) | Deed::Restart) {
                for (number, volume) in &before {
                    prop_assert_eq!(&after[number], volume, "volume {}", number);
                }
            }
            let newest = shown(&kept.world, "/atom.xml");
            let count = live(&kept.world).len();
            prop_assert_eq!(newest.len(), count.min(limit));
            for feed in ["", "languages/en/"] {
                if count > 0 {
                    prop_assert_eq!(
                        sorted(walk(&mut kept.world, feed, |_| ())),
                        live(&kept.world)
                    );
                }
            }
        }
    }

    /// Whoever walks while others write misses nothing that is there all the time, and sees nothing
    /// twice.
    #[test]
    fn a_walk_is_not_disturbed(
        before in deeds(),
        meanwhile in deeds(),
        limit in 1..6_usize,
    ) {
        let mut kept = Lived::new(limit);
        for deed in before.iter().chain([&Deed::Publish(5, 0), &Deed::Publish(5, -500)]) {
            kept.perform(deed);
        }
        let at_first = live(&kept.world);
        // What goes elsewhere meanwhile may be met twice.
        let stays = |it: &&Deed| !matches!(it, Deed::Restart | Deed::Move(..));
        let mut deeds = meanwhile.iter().filter(stays).take(OLDEST_REST);
        let Lived { mut world, kept, made } = kept;
        let mut rest = Lived { world: World::new("https://example.org/", limit), kept, made };
        let found = walk(&mut world, "", |world| {
            if let Some(deed) = deeds.next() {
                std::mem::swap(world, &mut rest.world);
                rest.perform(deed);
                std::mem::swap(world, &mut rest.world);
            }
        });
        let at_last = live(&world);
        let once = sorted(found.clone());
        let mut unique = once.clone();
        unique.dedup();
        prop_assert_eq!(&once, &unique, "seen twice");
        for file in at_first.iter().filter(|it| at_last.contains(it)) {
            prop_assert!(found.contains(file), "{} was missed", file);
        }
    }
}
