//! That what readers poll is made before they ask, and nothing else.

use super::*;
use crate::documents::ahead::FAVOURITES;
use crate::entry::Category;

/// The same site with one more entry for each version.
fn version(number: usize) -> Arc<Site> {
    let names = (0..=number).map(|it| (format!("{it}.md"), it.to_string()));
    let drafts = names.map(|(path, title)| draft(&path, &title, &[]));
    Arc::new(sample::site(drafts.collect()))
}

#[tokio::test]
async fn what_readers_poll_is_made_before_they_ask() {
    let mut world = world(ROOM);
    let polled = [("/rss.xml", Coding::Gzip), ("/atom.xml", Coding::Identity)];
    let others = [
        ("/rss.xml", Coding::Identity),
        ("/feed.json", Coding::Gzip),
        ("/", Coding::Gzip),
    ];
    for (path, coding) in polled.into_iter().chain([("/", Coding::Gzip)]) {
        world.get(&world.plan(path), coding).await;
    }
    for number in 1..4 {
        world.site = version(number);
        world.documents.make_ahead(&world.site, Vec::new());
        let (makes, misses) = (world.makes(), world.documents.figures().misses);
        for (path, coding) in others {
            let plan = world.plan(path);
            assert_eq!(world.documents.cached(&plan, coding), None, "{path}");
        }
        for (path, coding) in polled {
            let plan = world.plan(path);
            let made = world.get(&plan, coding).await;
            let alone = world.documents.make(&world.site, &plan).unwrap();
            assert_eq!(compress::unpack(&made).unwrap(), alone, "{path}");
        }
        assert_eq!(world.makes(), makes, "all was there");
        assert_eq!(world.documents.figures().misses, misses);
        // Nothing is new.
        world.documents.make_ahead(&world.site, Vec::new());
        assert_eq!(world.makes(), makes);
    }
}

#[tokio::test]
async fn what_nobody_asked_for_is_not_made_ahead_again() {
    let mut world = world(ROOM);
    world.get(&world.plan("/rss.xml"), Coding::Gzip).await;
    let is_there = |world: &World| {
        let name = Asked::new(&world.plan("/rss.xml"), Coding::Gzip).to_name();
        world.documents.shelf.peek(&name).is_some()
    };
    for (number, is_made) in [(1, true), (2, false), (3, false)] {
        world.site = version(number);
        world.documents.make_ahead(&world.site, Vec::new());
        assert_eq!(is_there(&world), is_made, "{number}");
    }
    world.get(&world.plan("/rss.xml"), Coding::Gzip).await;
    world.site = version(4);
    world.documents.make_ahead(&world.site, Vec::new());
    assert!(is_there(&world), "it is polled again");
}

#[tokio::test]
async fn no_more_is_made_ahead_than_is_worth_it() {
    let mut world = world(ROOM);
    let feeds: Vec<_> = (0..FAVOURITES)
        .flat_map(|it| ["rss.xml", "atom.xml"].map(|file| format!("/tags/{it}/{file}")))
        .collect();
    let version = |articles: usize| {
        let drafts = (0..articles).map(|it| {
            let mut draft = draft(&format!("{it}.md"), &it.to_string(), &[]);
            draft.article.categories = (0..FAVOURITES)
                .map(|tag| Category {
                    term: Slug::from_words(&tag.to_string()).unwrap(),
                    label: Text::new(&tag.to_string()),
                })
                .collect();
            draft
        });
        Arc::new(sample::site(drafts.collect()))
    };
    world.site = version(1);
    for path in &feeds {
        world.get(&world.plan(path), Coding::Identity).await;
    }
    world.site = version(2);
    world.documents.make_ahead(&world.site, Vec::new());
    let is_there = |path: &String| {
        let plan = world.plan(path);
        world.documents.cached(&plan, Coding::Identity).is_some()
    };
    let (earlier, last) = feeds.split_at(feeds.len() - FAVOURITES);
    assert!(last.iter().all(is_there), "those that were asked for last");
    assert!(!earlier.iter().any(is_there));
}

/// A store that has no text yet.
struct Nothing;

impl Bodies for Nothing {
    fn body(&self, _: Digest) -> io::Result<Body> {
        Err(io::Error::other("it is not there"))
    }
}

#[tokio::test]
async fn texts_that_are_still_being_stored_are_known_ahead() {
    let site = version(0);
    let Found::Document(plan) = site.find("/atom.xml") else {
        panic!("no feed");
    };
    let documents = Documents::new(Nothing, ROOM);
    let refused = documents.get(&site, &plan, Coding::Identity).await;
    assert!(matches!(refused, Err(MakeError::Body(_))));
    let next = version(1);
    let Found::Document(plan) = next.find("/atom.xml") else {
        panic!("no feed");
    };
    // Without them it stays as it was, and who asks is told.
    documents.make_ahead(&next, Vec::new());
    assert_eq!(documents.cached(&plan, Coding::Identity), None);
    let refused = documents.get(&next, &plan, Coding::Identity).await;
    assert!(matches!(refused, Err(MakeError::Body(_))));
    let last = version(2);
    let Found::Document(plan) = last.find("/atom.xml") else {
        panic!("no feed");
    };
    let records = last.catalogue().records();
    let texts = records.map(|it| {
        let body = Body::from_clean_html("<p>Here.</p>".to_owned());
        (it.entry.article.body, body)
    });
    documents.make_ahead(&last, texts.collect());
    let made = documents.cached(&plan, Coding::Identity).unwrap();
    let made = String::from_utf8_lossy(&made.bytes);
    assert_eq!(made.matches("Here.").count(), 3);
}
