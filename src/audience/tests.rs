use std::sync::atomic::AtomicU64;

use super::*;
use crate::entry::Slug;
use crate::feed::{Facet, Join};

const FEEDLY: &str =
    "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers; like FeedFetcher-Google)";
const NEWSBOAT: &str = "newsboat/2.36.0 (Linux 6.8; x86_64)";

/// Salts that tests can foresee; each is another one.
fn salts() -> u128 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) * 0x9e37_79b9_7f4a_7c15
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// So many hours after noon.
fn hours(hours: i64) -> Timestamp {
    at("2026-01-30T12:00:00Z") + jiff::SignedDuration::from_hours(hours)
}

fn audience() -> Audience {
    Audience::new(hours(0), salts)
}

fn poll<'a>(feed: &'a FeedKey, agent: &'a str, household: u64) -> Poll<'a> {
    Poll {
        feed,
        format: Format::Atom,
        agent: agent.as_bytes(),
        household,
        is_not_modified: false,
    }
}

fn tag(number: usize) -> FeedKey {
    FeedKey::Term(Facet::Tag, Slug::from_words(&format!("t{number}")).unwrap())
}

fn only(audience: &Audience, now: Timestamp) -> Reading {
    let report = audience.report(now);
    assert_eq!((report.feeds.len(), report.missed), (1, 0));
    report.feeds.into_iter().next().unwrap()
}

#[test]
fn services_and_single_readers_make_the_estimate() {
    let audience = audience();
    for (agent, household) in [
        (FEEDLY, 1),
        (FEEDLY, 2),
        ("Feedbin feed-id:7 - 10 subscribers", 3),
        ("Feedbin feed-id:8 - 5 subscribers", 3),
        (NEWSBOAT, 4),
        (NEWSBOAT, 4),
        ("newsboat/2.20", 4),
        (NEWSBOAT, 5),
        ("MyOwnThing/1.0", 5),
        ("curl/8.0", 6),
        ("Googlebot", 7),
        ("Mozilla/5.0 (X11) Firefox/133", 8),
        ("Nobody/1.0 (900 subscribers)", 9),
        ("Other/1.0 (900 subscribers)", 9),
    ] {
        audience.note(&poll(&FeedKey::All, agent, household), hours(1));
    }
    // The same service reads another document for others.
    let rss = Poll {
        format: Format::Rss,
        ..poll(&FeedKey::All, "Inoreader/1.0 (2 subscribers)", 1)
    };
    audience.note(&rss, hours(1));
    audience.note(
        &poll(&FeedKey::All, "Inoreader/1.0 (3 subscribers)", 1),
        hours(1),
    );
    let reading = only(&audience, hours(2));
    let services = 42 + 10 + 5 + 2 + 3;
    let singles = 2 + 1;
    assert_eq!(
        reading.estimate,
        Estimate {
            subscribers: services + singles,
            through_services: services,
            single_readers: singles,
            complete_days: 0,
        }
    );
    assert_eq!(reading.polls, 16);
    let rows = reading
        .programs
        .iter()
        .map(|it| (it.name, it.readers, it.polls));
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [
            ("Feedly", Some(42), 2),
            ("Feedbin", Some(15), 2),
            ("Inoreader", Some(5), 2),
            ("unverified services", None, 2),
            ("Newsboat", Some(2), 4),
            ("other programs", Some(1), 1),
            ("browsers", Some(1), 1),
            ("tools and scripts", Some(1), 1),
            ("bots", Some(1), 1),
        ]
    );
    let foreign = reading
        .unverified
        .iter()
        .map(|it| (&*it.name, it.subscribers));
    assert_eq!(
        foreign.collect::<Vec<_>>(),
        [("Nobody", 900), ("Other", 900)]
    );
}

#[test]
fn polls_are_counted_with_their_304s_and_how_often() {
    let audience = audience();
    for half_hours in 0..40 {
        let now = hours(0) + jiff::SignedDuration::from_mins(30 * half_hours);
        let poll = Poll {
            is_not_modified: half_hours % 10 != 0,
            ..poll(&FeedKey::All, NEWSBOAT, 1)
        };
        audience.note(&poll, now);
        audience.note(
            &Poll {
                household: 2,
                ..poll
            },
            now,
        );
    }
    audience.note(&poll(&FeedKey::All, "Miniflux/2", 1), hours(0));
    let reading = only(&audience, hours(20));
    assert_eq!((reading.polls, reading.not_modified), (81, 72));
    let rows = reading
        .programs
        .iter()
        .map(|it| (it.name, it.polls, it.not_modified, it.every_seconds));
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [("Newsboat", 80, 72, Some(1800)), ("Miniflux", 1, 0, None)]
    );
    let later = only(&audience, hours(50));
    assert_eq!((later.polls, later.not_modified), (0, 0));
}

#[test]
fn the_estimate_is_that_of_a_typical_complete_day() {
    let audience = audience();
    // The first day and the last are not complete.
    for (day, readers) in [100, 3, 5, 40, 4, 5, 90].into_iter().enumerate() {
        for household in 0..readers {
            let now = hours(24 * i64::try_from(day).unwrap());
            audience.note(&poll(&FeedKey::All, NEWSBOAT, household), now);
        }
    }
    let estimate = only(&audience, hours(24 * 6)).estimate;
    assert_eq!((estimate.single_readers, estimate.complete_days), (5, 5));
    // A week of silence.
    let report = audience.report(hours(24 * 20));
    assert!(report.feeds.is_empty());
}

#[test]
fn the_estimate_of_many_is_near() {
    for (readers, per_mille) in [(10, 0), (1_000, 50), (100_000, 50)] {
        let audience = audience();
        for household in 0..readers {
            audience.note(&poll(&FeedKey::All, NEWSBOAT, household), hours(1));
        }
        let found = only(&audience, hours(1)).estimate.single_readers;
        let off = found.abs_diff(readers) * 1000;
        assert!(off <= readers * per_mille, "{readers}: {found}");
    }
}

#[test]
fn the_salt_is_another_one_each_day_and_nothing_of_the_day_before_is_left() {
    let audience = audience();
    let hash = |now: Timestamp| {
        let poll = poll(&FeedKey::All, NEWSBOAT, 0x00c0_0002_0104);
        let today = audience.today(now);
        today.hash(&Agent::read(poll.agent), &poll)
    };
    let first = hash(hours(0));
    assert_eq!(first, hash(hours(11)));
    let second = hash(hours(12));
    assert_ne!(first, second);
    // A thread that read its clock before midnight draws no other salt; a clock that was set back does.
    assert_eq!(second, hash(hours(11)));
    assert_ne!(second, hash(hours(-24)));
    for household in 0..1000 {
        audience.note(&poll(&FeedKey::All, NEWSBOAT, household), hours(13));
    }
    audience.report(hours(36));
    for shard in &audience.shards {
        for (_, counter) in &Audience::lock(shard).feeds[&FeedKey::All].programs {
            assert_eq!(counter.today.count(), 0);
        }
    }
}

#[test]
fn no_address_and_no_user_agent_is_kept() {
    let audience = audience();
    let household = 0xfeed_beef_cafe;
    let agent = "SecretReader/7.1 (of somebody)";
    audience.note(&poll(&FeedKey::All, agent, household), hours(1));
    let everything = format!("{audience:?}");
    assert!(everything.contains("other programs"), "{everything}");
    let address = household.to_string();
    for trace in ["SecretReader", "somebody", &*address, "feedbeefcafe"] {
        assert!(!everything.contains(trace), "{everything}");
    }
    // What is kept instead can't be worked out again without the salt.
    let other = Audience::new(hours(0), salts);
    let kept = |audience: &Audience| {
        let poll = poll(&FeedKey::All, agent, household);
        audience.today.load().hash(&Agent::read(poll.agent), &poll)
    };
    assert_ne!(kept(&audience), kept(&other));
}

#[test]
fn what_others_said_before_changes_nothing() {
    let agents = [
        FEEDLY,
        "Feedly/1.0 (43 subscribers)",
        NEWSBOAT,
        "",
        "Nobody/1.0 (7 subscribers)",
        "Nobody/1.0 (8 subscribers)",
        "Somebody/1.0 (7 subscribers)",
    ];
    // Over one connection, as a proxy has it: the agent, the address and at last the day change.
    let mut polls = Vec::new();
    for hour in [1, 1, 11, 12, 13] {
        for household in [1, 2, 1] {
            polls.extend(agents.map(|agent| (agent, household, hour)));
        }
    }
    let (one, each) = (Audience::new(hours(0), || 7), Audience::new(hours(0), || 7));
    for (agent, household, hour) in polls {
        let note = |audience: &Audience| {
            audience.note(&poll(&FeedKey::All, agent, household), hours(hour));
        };
        note(&one);
        // A thread that knows nothing yet.
        std::thread::scope(|scope| scope.spawn(|| note(&each)).join().unwrap());
    }
    let report = |audience: &Audience| format!("{:?}", audience.report(hours(14)));
    assert_eq!(report(&one), report(&each));
    let reading = only(&one, hours(14));
    assert_eq!(reading.polls, 105);
    assert_eq!(reading.estimate.through_services, 42);
    assert_eq!(reading.estimate.single_readers, 4);
}

#[test]
fn nobody_can_fill_the_tables() {
    let audience = audience();
    let mut agents = Vec::new();
    for number in 0..300 {
        agents.push(format!("Program{number}/1.0 (7 subscribers)"));
        agents.push(format!("Feedly/1.0 (7 subscribers; feed-id={number})"));
    }
    for agent in &agents {
        audience.note(&poll(&FeedKey::All, agent, 1), hours(1));
    }
    let named = [
        "Feedly/1.0",
        NEWSBOAT,
        "Miniflux/2",
        "Reeder",
        "Liferea",
        "x/1",
        "bot",
        "curl",
    ];
    for number in 0..2 * FEEDS {
        for agent in named {
            for household in 0..8 {
                audience.note(&poll(&tag(number), agent, household), hours(1));
            }
        }
        let slugs = vec![
            Slug::from_words("a").unwrap(),
            Slug::from_words(&format!("b{number}")).unwrap(),
        ];
        let mix = FeedKey::Mix(Facet::Tag, Join::Any, slugs);
        audience.note(&poll(&mix, NEWSBOAT, 1), hours(1));
    }
    for shard in &audience.shards {
        let shard = Audience::lock(shard);
        let counters: usize = shard.feeds.values().map(|it| it.programs.len()).sum();
        assert_eq!(shard.counters, counters);
        assert!(counters <= COUNTERS);
        let open = shard.feeds.keys().filter(|feed| is_open(feed)).count();
        assert_eq!(shard.open_feeds, open);
        assert!(open <= OPEN_FEEDS && shard.feeds.len() - open <= FEEDS);
        for followed in shard.feeds.values() {
            assert!(followed.claims.iter(0).count() <= CLAIMS);
            assert!(followed.foreign.iter(0).count() <= FOREIGN_CLAIMS);
        }
    }
    let report = audience.report(hours(1));
    assert!(report.turned_away > 0);
    assert!(report.feeds.len() <= SHARDS * (FEEDS + OPEN_FEEDS));
    // Silence makes room.
    audience.report(hours(24 * 10));
    audience.note(&poll(&tag(9999), NEWSBOAT, 1), hours(24 * 10));
    assert_eq!(audience.report(hours(24 * 10)).feeds.len(), 1);
}

#[test]
fn who_finds_a_shard_in_use_goes_on() {
    let audience = audience();
    let guards: Vec<_> = audience.shards.iter().map(Audience::lock).collect();
    audience.note(&poll(&FeedKey::All, NEWSBOAT, 1), hours(1));
    drop(guards);
    assert_eq!(audience.report(hours(1)).missed, 1);
}
