//! That documents are made once, kept in bounds, and made better when they are asked for again.

mod ahead;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::catalogue::sample::{at, draft};
use crate::entry::{Address, Body, Content, Digest, Slug, Text};
use crate::feed::{Filter, Format, OrderBy, Selection};
use crate::site::{Found, Kept as KeptSite, Settings};

const CODED: [Coding; 3] = [Coding::Gzip, Coding::Brotli, Coding::Zstd];

/// Room for all in any part of the cache, wherever hashes that are others in each process put them.
const ROOM: usize = 256 << 20;

/// The texts of a site, and how often they were asked for.
struct Texts {
    text: String,
    asked: Arc<AtomicUsize>,
}

impl Bodies for Texts {
    fn body(&self, _: Digest) -> io::Result<Body> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Body::from_clean_html(self.text.clone()))
    }
}

/// A site of one entry with a long text.
struct World {
    site: Arc<Site>,
    documents: Documents,
    asked: Arc<AtomicUsize>,
}

fn world(cache_bytes: usize) -> World {
    let asked = Arc::new(AtomicUsize::new(0));
    let texts = Texts {
        text: sample::prose(),
        asked: Arc::clone(&asked),
    };
    World {
        site: Arc::new(sample::site(vec![draft("a.md", "A", &[])])),
        documents: Documents::new(texts, cache_bytes),
        asked,
    }
}

impl World {
    fn plan(&self, path: &str) -> Plan {
        match self.site.find(path) {
            Found::Document(plan) => plan,
            other => panic!("{path}: {other:?}"),
        }
    }

    async fn get(&self, plan: &Plan, coding: Coding) -> Document {
        self.documents.get(&self.site, plan, coding).await.unwrap()
    }

    fn makes(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_document_is_made_once_and_found_without_making() {
    let world = world(ROOM);
    let plan = world.plan("/rss.xml");
    assert_eq!(world.documents.cached(&plan, Coding::Gzip), None);
    let all = (0..8).map(|_| world.get(&plan, Coding::Gzip));
    let mut all = all.collect::<Vec<_>>().into_iter();
    let (one, two, three) = (
        all.next().unwrap(),
        all.next().unwrap(),
        all.next().unwrap(),
    );
    let (one, two, three) = tokio::join!(one, two, three);
    assert!(one == two && two == three);
    assert_eq!(one.coding, Coding::Gzip);
    assert_eq!(world.makes(), 1, "one made it, the others waited");
    let figures = world.documents.figures();
    assert_eq!((figures.documents, figures.misses, figures.hits), (1, 1, 0));
    assert!(figures.bytes > one.bytes.len() as u64);
    let length = world.documents.length(&plan, Coding::Gzip);
    assert_eq!(length, Some(one.bytes.len()));
    assert_eq!(world.documents.length(&plan, Coding::Zstd), None);
    assert_eq!(world.documents.figures(), figures);
    assert_eq!(world.documents.cached(&plan, Coding::Gzip), Some(one));
    assert_eq!(world.documents.figures().hits, 1);
    assert_eq!(world.documents.cached(&plan, Coding::Zstd), None);
    // JSON has the same tag, and Atom and the page another: none is taken for another.
    for other in ["/feed.json", "/atom.xml", "/"] {
        let other = world.plan(other);
        assert_eq!(world.documents.cached(&other, Coding::Gzip), None);
    }
}

#[tokio::test]
async fn each_coding_unpacks_to_the_same_and_is_made_from_what_is_there() {
    let world = world(ROOM);
    let plan = world.plan("/atom.xml");
    let identity = world.get(&plan, Coding::Identity).await;
    assert_eq!(identity.coding, Coding::Identity);
    for coding in CODED {
        let coded = world.get(&plan, coding).await;
        assert_eq!(coded.coding, coding);
        assert!(coded.bytes.len() < identity.bytes.len() / 2);
        assert_eq!(compress::unpack(&coded).unwrap(), identity.bytes);
    }
    assert_eq!(world.makes(), 1);
    // Without one that is there, each is made anew, of entries that are written already, and only the
    // coded form is kept.
    let world = world_without_identity().await;
    assert_eq!(world.documents.figures().misses, CODED.len() as u64);
    assert_eq!(world.makes(), 1);
}

async fn world_without_identity() -> World {
    let world = world(ROOM);
    let plan = world.plan("/atom.xml");
    for coding in CODED {
        world.get(&plan, coding).await;
    }
    assert_eq!(world.documents.cached(&plan, Coding::Identity), None);
    world
}

#[tokio::test]
async fn what_is_tiny_is_sent_as_it_is() {
    let world = world(ROOM);
    let plan = world.plan("/feeds.opml");
    let identity = world.get(&plan, Coding::Identity).await;
    assert!(identity.bytes.len() < compress::LEAST);
    for coding in CODED {
        assert_eq!(world.get(&plan, coding).await, identity);
        assert_eq!(
            world.documents.cached(&plan, coding),
            Some(identity.clone())
        );
    }
}

#[tokio::test]
async fn what_is_asked_for_again_is_made_better_under_the_same_name() {
    for coding in CODED {
        let world = world(ROOM);
        let plan = world.plan("/rss.xml");
        let quick = world.get(&plan, coding).await;
        let weight = world.documents.shelf.weight();
        // The second request: not yet.
        assert_eq!(world.documents.cached(&plan, coding).as_ref(), Some(&quick));
        assert!(world.documents.improver.is_idle());
        let better = tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                let found = world.documents.cached(&plan, coding).unwrap();
                if found != quick {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let better = better
            .await
            .unwrap_or_else(|_| panic!("{coding:?} stays as it was"));
        assert_eq!(better.coding, coding);
        assert!(better.bytes.len() < quick.bytes.len(), "{coding:?}");
        let unpacked = [&better, &quick].map(|it| compress::unpack(it).unwrap());
        assert_eq!(unpacked[0], unpacked[1], "{coding:?}");
        assert_eq!(world.makes(), 1, "made from the one on the shelf");
        assert!(world.documents.shelf.weight() < weight);
        // And that is that, however often it is asked for.
        for _ in 0..10 {
            assert_eq!(
                world.documents.cached(&plan, coding).as_ref(),
                Some(&better)
            );
        }
    }
}

#[tokio::test]
async fn the_background_ends_with_the_documents() {
    let world = world(ROOM);
    for path in ["/rss.xml", "/atom.xml", "/feed.json", "/"] {
        let plan = world.plan(path);
        for coding in CODED {
            for _ in 0..3 {
                world.get(&plan, coding).await;
            }
        }
    }
    let shelf = Arc::downgrade(&world.documents.shelf);
    drop(world);
    assert!(shelf.upgrade().is_none(), "the thread has ended");
}

#[tokio::test]
async fn a_full_queue_puts_off_what_comes_and_forgets_nothing() {
    let world = world(ROOM);
    let plan = world.plan("/rss.xml");
    world.get(&plan, Coding::Zstd).await;
    let name = Asked::new(&plan, Coding::Zstd).to_name();
    // More than can wait, sooner than they can be done.
    let asked = (0..10_000).map(|_| world.documents.improver.improve(name.clone()));
    assert!(asked.filter(|was_taken| !was_taken).count() > 0);
    let kept = Kept::quick(world.get(&plan, Coding::Zstd).await);
    let due = |kept: &Kept| [(); 4].map(|()| kept.is_due());
    assert_eq!(due(&kept), [false, false, true, false]);
    kept.put_off();
    assert_eq!(due(&kept), [false, true, false, false]);
}

#[tokio::test]
async fn the_shelf_stays_within_its_bytes() {
    const BYTES: usize = 300_000;
    let world = world(BYTES);
    for path in [
        "/rss.xml",
        "/atom.xml",
        "/feed.json",
        "/",
        "/entries/a",
        "/subscribe",
    ] {
        let plan = world.plan(path);
        for coding in [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd] {
            for _ in 0..4 {
                world.get(&plan, coding).await;
                assert!(world.documents.figures().bytes <= BYTES as u64);
            }
        }
    }
    assert!(world.documents.shelf.len() > 3);
}

#[tokio::test]
async fn without_a_cache_everything_is_made_each_time() {
    let world = world(0);
    let plan = world.plan("/rss.xml");
    for times in 1..4 {
        let document = world.get(&plan, Coding::Brotli).await;
        assert_eq!(document.coding, Coding::Brotli);
        assert_eq!(world.makes(), times);
    }
}

#[tokio::test]
async fn a_delta_is_made_once_for_all_who_have_the_same_version() {
    let mut world = world(ROOM);
    let old = world.plan("/rss.xml");
    world.documents.note(&world.site, &old);
    let both = vec![draft("a.md", "A", &[]), draft("b.md", "B", &[])];
    world.site = Arc::new(sample::site(both));
    let new = world.plan("/rss.xml");
    let since = |plan: &Plan, tag| world.documents.since(&world.site, plan, tag);
    let known = since(&new, old.tag).unwrap();
    assert!(since(&new, Digest::of(b"other")).is_none());
    assert!(since(&new, new.tag).is_none(), "not noted");
    world.documents.note(&world.site, &new);
    assert!(since(&new, new.tag).is_none(), "nothing is new");
    assert!(since(&world.plan("/"), old.tag).is_none(), "no feed");

    let delta = || async {
        let delta = world
            .documents
            .delta(&world.site, &new, &known, Coding::Zstd);
        delta.await.unwrap()
    };
    let (one, two) = tokio::join!(delta(), delta());
    assert_eq!((&one, world.makes()), (&two, 1), "one entry, once");
    assert_eq!(delta().await, one);
    let items = |document: &Document| {
        let bytes = compress::unpack(document).unwrap();
        String::from_utf8_lossy(&bytes).matches("<item>").count()
    };
    assert_eq!(items(&one), 1);
    // The whole has another name.
    let whole = world.get(&new, Coding::Zstd).await;
    assert_eq!((items(&whole), world.makes()), (2, 2), "the other entry");
    assert_eq!(delta().await, one);
}

/// Feeds that carry less, or more, of each text.
fn own_feed(name: &str, content: Content) -> Selection {
    Selection {
        name: Slug::from_words(name).unwrap(),
        title: Text::new(name),
        description: Text::new(""),
        filter: Filter::default(),
        order: OrderBy::Published,
        limit: None,
        content: Some(content),
        language: None,
    }
}

#[test]
fn an_entry_is_written_once_for_all_feeds_that_say_the_same_of_it() {
    let selections = vec![
        own_feed("whole", Content::Full),
        own_feed("short", Content::Summary),
        own_feed("one", Content::First(1)),
    ];
    let site = |base: &str| {
        let settings = Settings {
            base: Address::parse(base).unwrap(),
            selections: selections.clone(),
            ..sample::settings()
        };
        let (world, since) = (world(0), at(0));
        Site::new(
            settings,
            since,
            world.site.catalogue(),
            &KeptSite::default(),
            since,
        )
    };
    let (here, elsewhere) = (site("https://example.org/"), site("https://example.net/"));
    let world = world(ROOM);
    for path in ["", "feeds/whole/", "feeds/short/", "feeds/one/"] {
        for format in Format::ALL {
            for site in [&here, &elsewhere, &here] {
                let address = format!("/{path}{}", format.file_name());
                let Found::Document(plan) = site.find(&address) else {
                    panic!("{address}");
                };
                let alone = self::world(0).documents.make(site, &plan).unwrap();
                let made = world.documents.make(site, &plan).unwrap();
                assert_eq!(made, alone, "{address}");
            }
        }
    }
    // Two sites, three formats, and all of the text, or a part; a summary needs none.
    assert_eq!(world.makes(), 2 * Format::ALL.len() * 2);
}
