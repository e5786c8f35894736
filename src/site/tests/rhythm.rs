//! How long copies are fresh.

use super::*;

#[test]
fn how_long_copies_are_fresh_is_a_matter_of_what_they_show() {
    let hours = |count: i64| (0..count).map(|hour| dated(&format!("{hour}.md"), hour * -3_600));
    let world = |later: i64| {
        let mut world = World::new("https://example.org/", 4);
        world.seconds = later;
        world.drop_in(hours(9).collect());
        world
    };
    let at_once = world(0);
    for (address, minutes) in [
        ("/rss.xml", 6),
        ("/atom.xml", 6),
        ("/", 6),
        ("/updates/rss.xml", 6),
        ("/archive/1/rss.xml", 15),
        ("/entries/0", 15),
        ("/feeds.opml", 15),
        ("/subscribe", 15),
    ] {
        let plan = at_once.plan(address);
        assert_eq!(plan.fresh, Duration::from_mins(minutes), "{address}");
    }
    // What changed last has its own.
    let mut edited = world(0);
    for hour in 0..4 {
        let mut draft = dated(&format!("{hour}.md"), hour * -3_600);
        draft.claims.updated = Some(StatedDate::At(at(60 * hour)));
        draft.content = Digest::of(b"edited");
        edited.drop_in(vec![draft]);
    }
    let fresh = |address: &str| edited.plan(address).fresh;
    assert_eq!(fresh("/updates/rss.xml"), Duration::from_mins(1));
    assert_eq!(fresh("/rss.xml"), Duration::from_mins(6));
    // Whenever it is asked.
    let feed = at_once.plan("/rss.xml");
    assert_eq!(world(500).plan("/rss.xml").tag, feed.tag);
    // The bounds are in the document.
    let Settings { ages, .. } = settings("https://example.org/", 4);
    let other = Settings {
        ages: Ages::new(ages.least(), Duration::from_mins(5)),
        ..settings("https://example.org/", 4)
    };
    let kept = Kept::default();
    let other = Site::new(other, at(0), &at_once.catalogue, &kept, at(500));
    let Found::Document(plan) = other.find("/rss.xml") else {
        panic!("the feed is gone");
    };
    assert_eq!(plan.fresh, Duration::from_mins(5));
    assert_ne!(plan.tag, feed.tag);
}
