use super::*;

/// A limiter, and the moment of its start.
fn limiter() -> (Limiter, Instant) {
    #[expect(
        clippy::disallowed_methods,
        reason = "any moment will do as a beginning"
    )]
    let start = Instant::now();
    (Limiter::new(start), start)
}

fn peer(address: &str) -> Client {
    Client::peer(address.parse().unwrap())
}

/// Some client of the Internet, another one for each number.
fn nth(number: u32) -> Client {
    Client::peer(IpAddr::V4((0x0900_0000 + number).into()))
}

/// A request that is answered, with a 304 or at a cost.
fn ask(limiter: &Limiter, client: Client, cost: Cost, now: Instant) -> Result<(), Wait> {
    limiter.spend(client, Cost::Request, now)?;
    match cost {
        Cost::Request => Ok(()),
        more => limiter.spend(client, more, now),
    }
}

/// How many such requests are answered at once, of so many.
fn answered(limiter: &Limiter, client: Client, cost: Cost, now: Instant, of: usize) -> usize {
    (0..of)
        .filter(|_| ask(limiter, client, cost, now).is_ok())
        .count()
}

const SECOND: Duration = Duration::from_secs(1);

const HAMMERING: Wait = Wait {
    seconds: 1,
    why: Why::Hammering,
};

#[test]
fn so_many_at_once_and_then_so_many_a_second() {
    let check = |cost: Cost, at_once: usize, a_second: usize| {
        let (limiter, start) = limiter();
        let client = peer("203.0.113.1");
        let asked = 2 * at_once;
        assert_eq!(answered(&limiter, client, cost, start, asked), at_once);
        assert_eq!(ask(&limiter, client, cost, start), Err(HAMMERING));
        for seconds in 1..100 {
            let now = start + seconds * SECOND;
            let answered = answered(&limiter, client, cost, now, asked);
            assert_eq!(answered, a_second, "{cost:?} after {seconds} s");
        }
        let rested = start + 200 * SECOND;
        assert_eq!(answered(&limiter, client, cost, rested, asked), at_once);
    };
    check(Cost::Answer, 100, 20);
    check(Cost::File, 500, 100);
    check(Cost::Request, 5000, 1000);
}

#[test]
fn who_asks_so_often_for_ever_is_never_told_to_wait() {
    let (limiter, start) = limiter();
    let client = peer("203.0.113.1");
    for number in 0..20_000 {
        let now = start + number * SECOND / 20;
        assert_eq!(ask(&limiter, client, Cost::Answer, now), Ok(()));
    }
}

#[test]
fn all_feeds_may_be_polled_at_once_by_several_behind_one_address() {
    const FEEDS: usize = 251 * 3;
    let (limiter, start) = limiter();
    let client = peer("203.0.113.1");
    for reader in 0..6 {
        let polled = answered(&limiter, client, Cost::Request, start, FEEDS);
        assert_eq!(polled, FEEDS, "reader {reader}");
    }
    // And what is new is fetched.
    let fetched = answered(&limiter, client, Cost::Answer, start, 9);
    assert_eq!(fetched, 9);
    // Round the clock, every ten seconds.
    for round in 1..1000 {
        let now = start + round * 10 * SECOND;
        let polled = answered(&limiter, client, Cost::Request, now, FEEDS);
        assert_eq!(polled, FEEDS, "round {round}");
    }
}

#[test]
fn what_a_client_has_is_sent_again_so_often() {
    let (limiter, start) = limiter();
    let client = peer("203.0.113.1");
    let tag = Digest::of(b"one");
    let resend = |document: &str, tag, now| limiter.resend(client, document, tag, now);
    let wait = |seconds| {
        let why = Why::Unconditional;
        Err(Wait { seconds, why })
    };
    for _ in 0..RESENDS {
        assert_eq!(resend("/rss.xml", tag, start), Ok(()));
    }
    assert_eq!(resend("/rss.xml", tag, start), wait(60));
    let later = start + Duration::from_millis(58_500);
    assert_eq!(resend("/rss.xml", tag, later), wait(2));
    // Another document, somebody else, and what changed meanwhile.
    assert_eq!(resend("/atom.xml", tag, start), Ok(()));
    let other = peer("203.0.113.2");
    assert_eq!(limiter.resend(other, "/rss.xml", tag, start), Ok(()));
    assert_eq!(resend("/rss.xml", Digest::of(b"two"), start), Ok(()));
    // Who waits as he is told is answered.
    assert_eq!(resend("/rss.xml", tag, start + 60 * SECOND), Ok(()));
    assert_eq!(resend("/rss.xml", tag, start + 60 * SECOND), wait(60));
}

#[test]
fn once_a_minute_is_never_too_often() {
    let (limiter, start) = limiter();
    let client = peer("203.0.113.1");
    let tag = Digest::of(b"one");
    for minute in 0..10_000 {
        let now = start + minute * 60 * SECOND;
        assert_eq!(limiter.resend(client, "/rss.xml", tag, now), Ok(()));
    }
}

#[test]
fn a_client_is_an_address_or_a_household() {
    let check = |one: &str, other: &str, is_same: bool| {
        let (limiter, start) = limiter();
        answered(&limiter, peer(one), Cost::Answer, start, 200);
        let other = ask(&limiter, peer(other), Cost::Answer, start);
        assert_eq!(other.is_err(), is_same, "{one} {other:?}");
    };
    check("203.0.113.1", "203.0.113.1", true);
    check("203.0.113.1", "::ffff:203.0.113.1", true);
    check("203.0.113.1", "203.0.113.2", false);
    check("2001:db8:1:200::1", "2001:db8:1:2ff:1:2:3:4", true);
    check("2001:db8:1:200::1", "2001:db8:1:300::1", false);
    check("2001:db8:1:200::1", "2001:db9:1:200::1", false);
}

#[test]
fn private_peers_are_never_limited_but_whom_a_proxy_names_is() {
    let check = |client: Client, is_limited: bool| {
        let (limiter, start) = limiter();
        let all = answered(&limiter, client, Cost::Answer, start, 200) == 200;
        assert_eq!(!all, is_limited, "{client:?}");
        let tag = Digest::of(b"one");
        let resent = (0..100).all(|_| limiter.resend(client, "/", tag, start).is_ok());
        assert_eq!(!resent, is_limited, "{client:?}");
    };
    for (address, is_limited) in [
        ("127.0.0.1", false),
        ("127.9.9.9", false),
        ("::1", false),
        ("::ffff:127.0.0.1", false),
        ("10.255.0.1", false),
        ("172.16.0.1", false),
        ("172.31.255.255", false),
        ("172.32.0.1", true),
        ("192.168.1.1", false),
        ("192.169.1.1", true),
        ("169.254.1.1", false),
        ("100.63.255.255", true),
        ("100.64.0.0", false),
        ("100.127.255.255", false),
        ("100.128.0.0", true),
        ("fd00::1", false),
        ("fe80::1", false),
        ("fec0::1", true),
        ("2001:db8::1", true),
        ("203.0.113.1", true),
    ] {
        let parsed: IpAddr = address.parse().unwrap();
        check(Client::peer(parsed), is_limited);
        check(Client::Peer(parsed), is_limited);
        check(Client::named(parsed), true);
    }
    check(Client::Unix, false);
    check(Client::Unclear, true);
}

/// Bytes of both tables.
fn bytes(limiter: &Limiter) -> usize {
    let shards = [&limiter.clients, &limiter.resends].map(|table| {
        let sizes = table.0.iter().map(|shard| {
            let shard = shard.lock().unwrap();
            size_of_val(&*shard.keys) + size_of_val(&*shard.full_at)
        });
        sizes.sum::<usize>()
    });
    shards.iter().sum()
}

#[test]
fn a_million_addresses_take_no_memory_and_free_nobody() {
    let (limiter, start) = limiter();
    let tag = Digest::of(b"one");
    assert_eq!(bytes(&limiter), 4 << 20);
    let hammering = peer("203.0.113.1");
    let spent = answered(&limiter, hammering, Cost::Answer, start, 200);
    assert_eq!(spent, 100);
    while limiter.resend(hammering, "/", tag, start).is_ok() {}
    for number in 0..1_000_000 {
        // A stranger is never told to wait, however full the tables are.
        let client = nth(number);
        assert_eq!(limiter.spend(client, Cost::Answer, start), Ok(()));
        assert_eq!(limiter.resend(client, "/", tag, start), Ok(()));
    }
    assert_eq!(bytes(&limiter), 4 << 20);
    assert_eq!(
        ask(&limiter, hammering, Cost::Answer, start),
        Err(HAMMERING)
    );
    assert!(limiter.resend(hammering, "/", tag, start).is_err());
}

#[test]
fn a_hundred_thousand_clients_at_once_are_nearly_all_known() {
    let (limiter, start) = limiter();
    for number in 0..100_000 {
        limiter.spend(nth(number), Cost::Answer, start).unwrap();
    }
    let keys = (0..100_000).filter_map(|number| household(nth(number)));
    let known = keys.map(|client| limiter.secret.hash_one(client));
    let known = known.filter(|&key| {
        let (shard, set) = place(key);
        let shard = limiter.clients.0[shard].lock().unwrap();
        shard.keys[shard.find(key, set)] == key
    });
    let known = known.count();
    assert!(known > 90_000, "{known} of 100000");
}

#[test]
fn all_cores_together_give_no_more() {
    let (limiter, start) = limiter();
    let client = peer("203.0.113.1");
    let given: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    (0..100)
                        .filter(|_| limiter.spend(client, Cost::Answer, start).is_ok())
                        .count()
                })
            })
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(given, 102); // of 49 ms each, in 5 s
}

#[test]
fn who_must_wait_is_told_why_and_how_long() {
    let check = |seconds: u64, why: Why, parts: &[&str]| {
        let response = too_many(Wait { seconds, why });
        assert_eq!(response.status(), 429);
        let field = |name: &str| {
            let mut values = response.headers().get_all(name).iter();
            let value = values.next().map(|value| value.to_str().unwrap());
            assert!(values.next().is_none(), "{name}");
            value
        };
        assert_eq!(field("retry-after"), Some(seconds.to_string().as_str()));
        assert_eq!(field("cache-control"), Some("no-store"));
        assert_eq!(field("access-control-allow-origin"), Some("*"));
        assert_eq!(field("access-control-expose-headers"), Some("Retry-After"));
        assert_eq!(field("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(field("x-content-type-options"), Some("nosniff"));
        let text = std::str::from_utf8(response.body()).unwrap();
        for part in parts {
            assert!(text.contains(part), "{part:?} in {text:?}");
        }
    };
    check(
        1,
        Why::Hammering,
        &[
            "more than 20 things a second",
            "If-None-Match",
            "ask again in 1 second.\n",
        ],
    );
    check(
        57,
        Why::Unconditional,
        &[
            "more than 60 times, faster than once a minute",
            "the ETag of the last answer back as If-None-Match",
            "ask again in 57 seconds.\n",
        ],
    );
}
