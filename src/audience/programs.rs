//! The programs that are known by name.

/// What a program does with a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It reads for many people, and some say for how many.
    Service,
    /// It reads for one person, or for a household.
    Reader,
    /// Nobody knows it; perhaps it reads.
    Unknown,
    /// A browser: somebody looked, which is not to follow.
    Browser,
    /// A tool or library of programmers.
    Tool,
    /// It collects for machines.
    Bot,
}

/// A program, by the name that people know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Program {
    /// What it does.
    pub kind: Kind,
    /// What people call it.
    pub name: &'static str,
}

/// Programs that nobody knows.
pub(super) const UNKNOWN: Program = Program {
    kind: Kind::Unknown,
    name: "other programs",
};

/// All services that nobody knows.
pub(super) const UNVERIFIED: Program = service("unverified services");

/// Those who don't say what they are.
pub(super) const UNNAMED: Program = Program {
    kind: Kind::Unknown,
    name: "programs without a name",
};

/// All browsers: which one is nobody's business.
pub(super) const BROWSER: Program = Program {
    kind: Kind::Browser,
    name: "browsers",
};

/// All bots.
pub(super) const BOT: Program = Program {
    kind: Kind::Bot,
    name: "bots",
};

/// All tools.
const TOOL: Program = Program {
    kind: Kind::Tool,
    name: "tools and scripts",
};

/// The longest word of [`KNOWN`].
const LONGEST: usize = 24;

const fn service(name: &'static str) -> Program {
    let kind = Kind::Service;
    Program { kind, name }
}

const fn reader(name: &'static str) -> Program {
    let kind = Kind::Reader;
    Program { kind, name }
}

/// Words of a User-Agent, in small letters and in order, and whose they are.
const KNOWN: &[(&str, Program)] = &[
    ("aiohttp", TOOL),
    ("akregator", reader("Akregator")),
    ("antennapod", reader("AntennaPod")),
    ("apache-httpclient", TOOL),
    ("apple-pubsub", reader("Apple PubSub")),
    ("applecoremedia", reader("Apple Podcasts")),
    ("axios", TOOL),
    ("bazqux", service("BazQux Reader")),
    ("bloglovin", service("Bloglovin’")),
    ("blogtrottr", service("Blogtrottr")),
    ("capyreader", reader("Capy Reader")),
    ("castbox", service("Castbox")),
    ("castro", service("Castro")),
    ("commafeed", reader("CommaFeed")),
    ("curl", TOOL),
    ("elfeed", reader("Elfeed")),
    ("facebookexternalhit", BOT),
    ("faraday", TOOL),
    ("feed2imap", reader("feed2imap")),
    ("feedbin", service("Feedbin")),
    ("feedbro", reader("Feedbro")),
    ("feedburner", service("FeedBurner")),
    ("feeder", reader("Feeder")),
    ("feeder.co", service("Feeder.co")),
    ("feedfetcher-google", service("Google")),
    ("feedly", service("Feedly")),
    ("feedlybot", service("Feedly")),
    ("feedmail.org", service("FeedMail")),
    ("feedme", reader("FeedMe")),
    ("feedparser", reader("feedparser (library)")),
    ("feedpress", service("FeedPress")),
    ("feedspot", service("Feedspot")),
    ("feedsubs", service("Feedsubs")),
    ("feedwrangler", service("Feed Wrangler")),
    ("fever", reader("Fever")),
    ("fieryfeeds", reader("Fiery Feeds")),
    ("flipboardproxy", service("Flipboard")),
    ("flipboardrss", service("Flipboard")),
    ("fluent-reader", reader("Fluent Reader")),
    ("fraidycat", reader("Fraidycat")),
    ("freshrss", reader("FreshRSS")),
    ("g2reader-bot", service("G2Reader")),
    ("gfeeds", reader("Gfeeds")),
    ("go-http-client", TOOL),
    ("gofeed", reader("gofeed (library)")),
    ("gpodder", reader("gPodder")),
    ("guzzlehttp", TOOL),
    ("http.rb", TOOL),
    ("httpie", TOOL),
    ("inoreader", service("Inoreader")),
    ("inoreader.com", service("Inoreader")),
    ("itms", service("Apple Podcasts")),
    ("itunes", reader("iTunes")),
    ("java", TOOL),
    ("kasts", reader("Kasts")),
    ("leed", reader("Leed")),
    ("libwww-perl", TOOL),
    ("liferea", reader("Liferea")),
    ("lire", reader("lire")),
    ("livedoor", service("livedoor Reader")),
    ("magpierss", reader("MagpieRSS (library)")),
    ("miniflux", reader("Miniflux")),
    ("netnewswire", reader("NetNewsWire")),
    ("netvibes", service("Netvibes")),
    ("newsbeuter", reader("Newsbeuter")),
    ("newsblur", service("NewsBlur")),
    ("newsboat", reader("Newsboat")),
    ("newsexplorer", reader("News Explorer")),
    ("newsflash", reader("NewsFlash")),
    ("newsraft", reader("Newsraft")),
    ("nextcloud-news", reader("Nextcloud News")),
    ("node-fetch", TOOL),
    ("okhttp", TOOL),
    ("overcast", service("Overcast")),
    ("php", TOOL),
    ("plainfeeder", service("PlainFeeder")),
    ("pocketcasts", service("Pocket Casts")),
    ("podcastaddict", reader("Podcast Addict")),
    ("podcastindex.org", service("Podcast Index")),
    ("podcasts", reader("Apple Podcasts")),
    ("podverse", service("Podverse")),
    ("postmanruntime", TOOL),
    ("python", TOOL),
    ("python-httpx", TOOL),
    ("python-requests", TOOL),
    ("python-urllib", TOOL),
    ("quiterss", reader("QuiteRSS")),
    ("raven-reader", reader("Raven Reader")),
    ("readkit", reader("ReadKit")),
    ("readwise", service("Readwise Reader")),
    ("readyou", reader("Read You")),
    ("reeder", reader("Reeder")),
    ("rss-parrot", service("RSS Parrot")),
    ("rss2email", reader("rss2email")),
    ("rssguard", reader("RSS Guard")),
    ("rssowl", reader("RSSOwl")),
    ("rssowlnix", reader("RSSOwlnix")),
    ("ruby", TOOL),
    ("selfoss", reader("selfoss")),
    ("sfeed", reader("sfeed")),
    ("simplepie", reader("SimplePie (library)")),
    ("snownews", reader("Snownews")),
    ("spotify", service("Spotify")),
    ("stringer", reader("Stringer")),
    ("superfeedr", service("Superfeedr")),
    ("theoldreader.com", service("The Old Reader")),
    ("thunderbird", reader("Thunderbird")),
    ("tt-rss.org", reader("Tiny Tiny RSS")),
    ("undici", TOOL),
    ("unread", reader("Unread")),
    ("vienna", reader("Vienna")),
    ("wget", TOOL),
    ("windows-rss-platform", reader("Windows RSS Platform")),
    ("yarr", reader("yarr")),
];

/// What gives a bot away in its name.
const BOTS: [&[u8]; 4] = [b"bot", b"crawl", b"spider", b"slurp"];

/// Whose word this is, in small or large letters.
pub(super) fn known(word: &[u8]) -> Option<Program> {
    let mut small = [0; LONGEST];
    let small = small.get_mut(..word.len())?;
    small.copy_from_slice(word);
    small.make_ascii_lowercase();
    let at = KNOWN.binary_search_by(|(known, _)| known.as_bytes().cmp(small));
    at.ok().and_then(|at| KNOWN.get(at)).map(|it| it.1)
}

/// Whether a program with this word in its name is a bot.
pub(super) fn is_bot(word: &[u8]) -> bool {
    BOTS.iter().any(|sign| {
        let mut pieces = word.windows(sign.len());
        // Mostly the first letter is another one, and settles it.
        pieces.any(|piece| piece[0] | 0x20 == sign[0] && piece.eq_ignore_ascii_case(sign))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_word_is_found() {
        for pair in KNOWN.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} is out of order", pair[1].0);
        }
        for (word, program) in KNOWN {
            assert_eq!(known(word.as_bytes()), Some(*program));
            assert_eq!(
                known(word.to_uppercase().as_bytes()),
                Some(*program),
                "{word}"
            );
        }
        assert_eq!(known(b""), None);
        assert_eq!(known(&[b'a'; 500]), None);
        assert_eq!(known("näh".as_bytes()), None);
    }
}
