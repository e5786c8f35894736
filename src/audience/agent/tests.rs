use super::*;

fn check(
    field: &str,
    name: &'static str,
    kind: Kind,
    subscribers: Option<u32>,
    feed_id: Option<&str>,
) {
    let agent = Agent::read(field.as_bytes());
    assert_eq!(agent.program, Program { kind, name }, "{field}");
    assert_eq!(
        agent.claim.map(|claim| claim.subscribers),
        subscribers,
        "{field}"
    );
    let hashed = feed_id.map(|id| hash(id.as_bytes()));
    assert_eq!(
        agent.claim.and_then(|claim| claim.feed_id),
        hashed,
        "{field}"
    );
}

#[test]
fn services_say_for_how_many_they_read() {
    let service = |field, name, subscribers, feed_id| {
        check(field, name, Kind::Service, Some(subscribers), feed_id);
    };
    service(
        "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers; like FeedFetcher-Google)",
        "Feedly",
        42,
        None,
    );
    service(
        "Feedbin feed-id:1344882 - 122 subscribers",
        "Feedbin",
        122,
        Some("1344882"),
    );
    service("Feedbin feed-id:7 - 1 subscriber", "Feedbin", 1, Some("7"));
    service(
        "Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; 5 subscribers; )",
        "Inoreader",
        5,
        None,
    );
    service(
        "Mozilla/5.0 (compatible; inoreader.com; 7 subscribers)",
        "Inoreader",
        7,
        None,
    );
    service(
        "NewsBlur Feed Fetcher - 12 subscribers - http://www.newsblur.com/site/1234/tidings \
         (Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
         Version/14.0.1 Safari/605.1.15)",
        "NewsBlur",
        12,
        None,
    );
    service(
        "NewsBlur Feed Fetcher - 1 subscriber - http://www.newsblur.com/site/1/x (Mozilla/5.0)",
        "NewsBlur",
        1,
        None,
    );
    service(
        "Mozilla/5.0 (compatible; theoldreader.com; 3 subscribers; feed-id=abc-1)",
        "The Old Reader",
        3,
        Some("abc-1"),
    );
    service(
        "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 9 subscribers)",
        "BazQux Reader",
        9,
        None,
    );
    service(
        "Mozilla/5.0 (compatible; Bloglovin/1.0; http://www.bloglovin.com; 2 subscribers)",
        "Bloglovin’",
        2,
        None,
    );
    service(
        "Overcast/1.0 Podcast Sync (1190 subscribers; feed-id=554901; +http://overcast.fm/)",
        "Overcast",
        1190,
        Some("554901"),
    );
    service(
        "Feedfetcher-Google; (+http://www.google.com/feedfetcher.html; 4 subscribers; feed-id=90)",
        "Google",
        4,
        Some("90"),
    );
    service(
        "PlainFeeder v0.0.1 (+http://plainfeeder.com/about ; Subscriber Count: 6)",
        "PlainFeeder",
        6,
        None,
    );
    service(
        "livedoor FeedFetcher/0.01 (http://reader.livedoor.com/; 8 subscribers)",
        "livedoor Reader",
        8,
        None,
    );
}

#[test]
fn programs_are_known_by_a_word() {
    let is = |field, name, kind| check(field, name, kind, None, None);
    let reader = |field, name| is(field, name, Kind::Reader);
    reader("newsboat/2.36.0 (Linux 6.8; x86_64)", "Newsboat");
    reader("Newsboat/2.21.0 (Linux x86_64)", "Newsboat");
    reader(
        "Mozilla/5.0 (compatible; Miniflux/2.2.3; +https://miniflux.app)",
        "Miniflux",
    );
    reader(
        "NetNewsWire (RSS Reader; https://netnewswire.com/)",
        "NetNewsWire",
    );
    reader(
        "Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10_6_3; de-de) AppleWebKit/531.22.7 (KHTML, like \
         Gecko) NetNewsWire/3.2.7",
        "NetNewsWire",
    );
    reader(
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.2",
        "Thunderbird",
    );
    reader("FreshRSS/1.24.3 (Linux; https://freshrss.org)", "FreshRSS");
    reader("Tiny Tiny RSS/24.02 (https://tt-rss.org/)", "Tiny Tiny RSS");
    reader("Akregator/5.24.0 (23.08.0); syndication", "Akregator");
    reader(
        "Liferea/1.14.5 (Linux; https://lzone.de/liferea/)",
        "Liferea",
    );
    reader("Reeder/5050001 CFNetwork/1568 Darwin/24.1.0", "Reeder");
    reader("Emacs Elfeed 3.4.1", "Elfeed");
    reader("NextCloud-News/1.0", "Nextcloud News");
    reader("CommaFeed/4.6.0 (https://github.com/x/y)", "CommaFeed");
    reader(
        "rss2email/3.14 (https://github.com/rss2email/rss2email)",
        "rss2email",
    );
    is("Blogtrottr/2.0", "Blogtrottr", Kind::Service);
    is(
        "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
        "browsers",
        Kind::Browser,
    );
    is(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/131.0.0.0 Safari/537.36",
        "browsers",
        Kind::Browser,
    );
    is("curl/8.11.0", "tools and scripts", Kind::Tool);
    is("Wget/1.21.4", "tools and scripts", Kind::Tool);
    is("python-requests/2.32.3", "tools and scripts", Kind::Tool);
    is("Go-http-client/2.0", "tools and scripts", Kind::Tool);
    for bot in [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "msnbot/2.0b (+http://search.msn.com/msnbot.htm)",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "facebookexternalhit/1.1",
        "UptimeRobot/2.0; https://uptimerobot.com/",
        "CCBot/2.0 (https://commoncrawl.org/faq/)",
        "Friendly_Crawler/1.0",
        "Mozilla/5.0 (compatible; Baiduspider/2.0)",
    ] {
        is(bot, "bots", Kind::Bot);
    }
    is("MyOwnThing/1.0", "other programs", Kind::Unknown);
    for nameless in ["", "-", "1.0", "()", "\u{1b}[31m", "ü"] {
        let program = Agent::read(nameless.as_bytes()).program;
        assert_eq!(program.kind, Kind::Unknown, "{nameless}");
    }
    is("", "programs without a name", Kind::Unknown);
}

#[test]
fn no_field_says_more_than_can_be() {
    let claim = |field: &str| {
        let claim = Agent::read(field.as_bytes()).claim;
        claim.map(|it| (it.name.as_str().to_owned(), it.subscribers))
    };
    let some = |name: &str, subscribers| Some((name.to_owned(), subscribers));
    // What is sent so as not to be turned away.
    assert_eq!(claim("NewsBlur Feed Fetcher - 1000000 subscribers"), None);
    assert_eq!(claim("Feedly/1.0 (500001 subscribers)"), None);
    assert_eq!(
        claim("Feedly/1.0 (500000 subscribers)"),
        some("Feedly", MOST_SUBSCRIBERS)
    );
    assert_eq!(claim("Feedly/1.0 (99999999999999999999 subscribers)"), None);
    assert_eq!(claim("Feedly/1.0 (-5 subscribers)"), None);
    assert_eq!(claim("Feedly/1.0 (4e5 subscribers)"), None);
    assert_eq!(claim("Feedly/1.0 (subscribers)"), None);
    assert_eq!(
        claim("Feedly (3 subscribers; 400000 subscribers)"),
        some("Feedly", 3)
    );
    // A reader for one person, a bot or a browser has no subscribers.
    assert_eq!(claim("newsboat/2.36 (900 subscribers)"), None);
    assert_eq!(claim("Googlebot (900 subscribers)"), None);
    assert_eq!(claim("900 subscribers"), None);
    // An unknown service is told by a name that can be shown anywhere.
    assert_eq!(
        claim("<script>alert(1)</script> (7 subscribers)"),
        some("script", 7)
    );
    assert_eq!(
        claim(&format!("{} (7 subscribers)", "x".repeat(200))),
        some(&"x".repeat(NAME), 7)
    );
    // Only the beginning is read.
    assert_eq!(
        claim(&format!("Feedly {} 7 subscribers", " ".repeat(READ))),
        None
    );
    assert_eq!(
        claim(&format!("Feedly {} 7 subscribers", "a ".repeat(WORDS))),
        None
    );
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read(field: Vec<u8>) {
        let agent = Agent::read(&field);
        if let Some(claim) = agent.claim {
            let name = claim.name.as_str();
            assert!(name.len() <= NAME && claim.subscribers <= MOST_SUBSCRIBERS);
            assert!(name.bytes().all(|it| it.is_ascii_alphanumeric() || b"._-".contains(&it)));
        }
    }

    #[test]
    fn what_is_remembered_is_what_would_be_read(
        fields in proptest::collection::vec(
            proptest::prop_oneof![
                "Feedly/1.0 \\(4[0-9] subscribers\\)",
                "[A-C]/1.0 \\([0-9] subscribers; feed-id=[0-9]\\)",
                "[a-z]{0,2}",
            ],
            0..500,
        )
    ) {
        let mut memory = Memory::new();
        for field in &fields {
            let field = field.as_bytes();
            assert_eq!(memory.agent(field), Agent::read(field));
            assert_eq!(memory.agent(field), Agent::read(field));
        }
        assert_eq!(memory.rows.len(), ROWS);
    }
}

/// Else two that poll in turns would be read at every poll.
#[test]
fn as_many_as_a_row_has_places_do_not_push_each_other_out() {
    let mut memory = Memory::new();
    let fields = (0..).map(|number: u32| format!("Reader/{number}").into_bytes());
    let row = |field: &[u8]| Memory::row(memory.secret.hash_one(field));
    let of_one: Vec<_> = fields
        .filter(|field| row(field) == 0)
        .take(PLACES + 1)
        .collect();
    let hashes: Vec<_> = of_one
        .iter()
        .map(|field| memory.secret.hash_one(field))
        .collect();
    for field in &of_one[..PLACES] {
        memory.agent(field);
    }
    let known = |memory: &Memory| memory.rows[0].map(|place| place.unwrap().0);
    let before = known(&memory);
    for (field, hash) in of_one.iter().zip(&hashes).take(PLACES) {
        memory.agent(field);
        assert!(before.contains(hash));
    }
    assert_eq!(known(&memory), before, "nobody was read again");
    memory.agent(&of_one[PLACES]);
    assert!(known(&memory).contains(&hashes[PLACES]));
    assert!(
        !known(&memory).contains(&hashes[0]),
        "who came first went first"
    );
}

#[test]
fn what_is_remembered_is_not_the_field() {
    let mut memory = Memory::new();
    memory.agent(b"SecretReader/7.1 (of somebody)");
    memory.agent(b"Feedly/1.0 (somebody; 42 subscribers)");
    let everything = format!("{memory:?}");
    assert!(everything.contains("other programs") && everything.contains("42"));
    for trace in ["SecretReader", "somebody"] {
        assert!(!everything.contains(trace), "{everything}");
        let bytes = format!("{:?}", trace.as_bytes());
        let bytes = bytes.trim_matches(['[', ']']);
        assert!(!everything.contains(bytes), "{everything}");
    }
}
