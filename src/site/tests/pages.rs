//! The pages of feeds and archives: which is before which, and when their validators move.

use super::*;
use crate::page::Theme;

#[test]
fn from_the_oldest_archive_newer_pages_lead_back_to_the_newest() {
    for number in [3, 4, 10, 11, 12] {
        let mut world = World::new("https://example.org/", 3);
        for file in 0..number {
            world.drop_in(vec![dated(&format!("{file}.md"), file)]);
        }
        let mut views = vec![View::newest(FeedKey::All)];
        while let Some(part) = world
            .site
            .window(views.last().unwrap())
            .unwrap()
            .previous
            .clone()
        {
            views.push(View {
                feed: FeedKey::All,
                part: Some(part),
            });
        }
        assert_eq!(world.site.newer(&views[0]), None);
        for pair in views.windows(2) {
            let newer = world.site.newer(&pair[1]);
            assert_eq!(newer.as_ref(), Some(&pair[0]), "{number}: {:?}", pair[1]);
        }
    }
}

#[test]
fn a_page_is_another_one_when_what_it_says_is() {
    let mut world = World::new("https://example.org/", 3);
    let tagged = |file: &str, seconds| {
        let mut draft = dated(file, seconds);
        let category = crate::entry::Category {
            term: Slug::from_words("bridge").unwrap(),
            label: Text::one_line("bridge"),
        };
        draft.article.categories = vec![category];
        draft
    };
    world.drop_in(vec![tagged("a.md", 1), tagged("b.md", 2), dated("c.md", 3)]);
    let tags = |world: &World| {
        let addresses = [
            "/",
            "/tags/bridge/",
            "/subscribe",
            "/entries/a",
            "/atom.xml",
            "/style.css",
        ];
        addresses.map(|address| world.plan(address).tag)
    };
    let before = tags(&world);
    let files = [("style.css".to_owned(), "p {}".to_owned())].into();
    world.site = world.site.with_theme(Theme::with(&files).unwrap());
    let after = tags(&world);
    for (number, (before, after)) in before.iter().zip(&after).enumerate() {
        // A feed is no page.
        assert_eq!(before == after, number == 4, "{number}");
    }
    // It stays with what is published next.
    world.drop_in(vec![dated("d.md", 4)]);
    assert_eq!(world.site.theme().style(), "p {}");
    assert_eq!(tags(&world)[1..4], after[1..4]);
    assert_ne!(tags(&world)[0], after[0]);
    assert_eq!(
        world
            .site
            .entries_in(&FeedKey::from_path("tags/bridge/").unwrap()),
        2
    );
}
