use super::*;
use crate::catalogue::Catalogue;
use crate::catalogue::sample::{at, draft, found, gone};

#[test]
fn a_publication_says_what_changed_for_readers() {
    let mut catalogue = Catalogue::new(uuid::Uuid::from_u128(7));
    let took = Duration::from_millis(5);
    let mut turn = |observation, second: i64| {
        let changes = catalogue.plan(observation, at(second));
        let publication = Publication::of(&changes, at(second), took);
        catalogue.apply(changes);
        publication
    };
    let all = ["a", "b", "c", "d"].map(|name| draft(&format!("{name}.md"), name, &[]));
    let first = turn(found(all.to_vec()), 0).unwrap();
    assert_eq!((first.new, first.edited, first.withdrawn), (4, 0, 0));
    assert_eq!((first.live, first.entries()), (4, 4));
    assert_eq!(first.titles.len(), TITLES_REMEMBERED);
    assert_eq!((first.moment, first.took), (at(0), took));
    let next = vec![draft("a.md", "other", &[]), draft("e.md", "e", &[])];
    let second = turn(found(next), 10).unwrap();
    assert_eq!((second.new, second.edited, second.withdrawn), (1, 1, 0));
    let titles: Vec<&str> = second.titles.iter().map(Text::as_str).collect();
    assert_eq!(titles, ["e", "other"]);
    let third = turn(gone("b.md"), 20).unwrap();
    assert_eq!((third.new, third.edited, third.withdrawn), (0, 0, 1));
    assert_eq!((third.titles[0].as_str(), third.live), ("b", 4));
    assert_eq!(turn(gone("nowhere.md"), 30), None);
}

#[test]
fn the_last_publications_are_remembered() {
    let journal = Journal::default();
    assert_eq!(journal.publications(), []);
    let publication = |new| Publication {
        moment: at(0),
        took: Duration::ZERO,
        new,
        edited: 0,
        withdrawn: 0,
        titles: Vec::new(),
        live: new,
    };
    for number in 1..=MOST_REMEMBERED + 3 {
        journal.published(publication(number), []);
    }
    let all = journal.publications();
    assert_eq!(all.len(), MOST_REMEMBERED);
    assert_eq!(all[0].new, MOST_REMEMBERED + 3);
    assert_eq!(all[MOST_REMEMBERED - 1].new, 4);
}
