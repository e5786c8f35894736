//! The corpus, published in memory by the program's own parts: what its other parts are measured with.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hyper::header::{ACCEPT_ENCODING, HOST, HeaderValue, IF_NONE_MATCH, USER_AGENT};
use hyper::http::request;
use hyper::{Request, StatusCode};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tidings::audience::Audience;
use tidings::catalogue::{Catalogue, Changes, Observation};
use tidings::daemon::Readers;
use tidings::documents::Documents;
use tidings::entry::parse::{Conventions, Defaults, Labels, parse};
use tidings::entry::{
    Address, Bodies, Body, Content, Digest, Draft, FolderPath, Language, Person, Stamp, Text,
};
use tidings::http::client::Client;
use tidings::http::conditional::Tag;
use tidings::http::{Answered, Asked, Observer, Saved};
use tidings::metrics::Metrics;
use tidings::site::{Ages, Found, Kept, Plan, Settings, Site, Zone};
use uuid::Uuid;

use crate::corpus::{Article, Corpus};

/// Entries of one feed document.
const SHOWN: usize = 50;

/// So many articles are published in one turn, so that not all texts are in memory at once.
const TURN: usize = 5_000;

/// So many bytes of finished documents are kept: enough for all that is measured.
const CACHE_BYTES: usize = 64 << 20;

/// So many articles, published.
pub(crate) struct Published {
    size: usize,
    corpus: Corpus,
    conventions: Conventions,
    texts: Texts,
    pub(crate) catalogue: Catalogue,
    pub(crate) site: Site,
}

impl Published {
    /// `size` articles of the corpus, published at one moment.
    pub(crate) fn new(size: usize) -> Result<Self> {
        let mut published = Self {
            size,
            corpus: Corpus::new(size),
            conventions: conventions(),
            texts: Texts::default(),
            catalogue: Catalogue::new(Uuid::from_u128(7)),
            site: Site::new(
                settings()?,
                first(),
                &Catalogue::new(Uuid::from_u128(7)),
                &Kept::default(),
                first(),
            ),
        };
        let numbers: Vec<usize> = (0..size).collect();
        let mut texts = HashMap::new();
        for turn in numbers.chunks(TURN) {
            let mut observation = Observation::default();
            for &number in turn {
                let draft = published.draft(&published.article(number))?;
                if number + SHOWN >= size {
                    texts.insert(draft.article.body, draft.body.clone());
                }
                observation.drafts.push((draft, stamp(number)));
            }
            let changes = published.catalogue.plan(observation, first());
            published.catalogue.apply(changes);
        }
        published.texts = Texts(Arc::new(texts));
        published.site = Site::new(
            settings()?,
            first(),
            &published.catalogue,
            &Kept::default(),
            first(),
        );
        Ok(published)
    }

    /// The article with this number.
    pub(crate) fn article(&self, number: usize) -> Article {
        self.corpus.article(number)
    }

    /// An article that is newer than all, the `number`-th of them, with so many lines that name others.
    pub(crate) fn new_article(&self, number: usize, lines: usize) -> Article {
        let mut article = self.article(self.size + number);
        let named = (1..=lines).map(|line| self.article(self.size * line / (lines + 1)).title);
        article.related = named.collect();
        article
    }

    /// What becomes of an article's file.
    pub(crate) fn draft(&self, article: &Article) -> Result<Draft> {
        let path = FolderPath::new(&article.path).context("no path")?;
        Ok(parse(
            &path,
            article.with_yaml().as_bytes(),
            &self.conventions,
        )?)
    }

    /// What a turn decides that finds `draft`, which is new.
    pub(crate) fn changes(&self, draft: Draft) -> Changes {
        self.catalogue.plan(found(draft), now())
    }

    /// `draft`, which is new, is published too.
    pub(crate) fn publish(&mut self, draft: Draft) {
        let texts = Arc::make_mut(&mut self.texts.0);
        texts.insert(draft.article.body, draft.body.clone());
        let changes = self.changes(draft);
        self.site = self.site.with(&changes, now()).0;
        self.catalogue.apply(changes);
    }

    /// What makes the documents of the site.
    pub(crate) fn documents(&self) -> Documents {
        Documents::new(self.texts.clone(), CACHE_BYTES)
    }

    /// The plan of the document at `path`.
    pub(crate) fn plan(&self, path: &str) -> Result<Plan> {
        match self.site.find(path) {
            Found::Document(plan) => Ok(plan),
            other => bail!("{path} is no document: {other:?}"),
        }
    }
}

/// What a look finds that finds `draft`, which is new.
pub(crate) fn found(draft: Draft) -> Observation {
    Observation {
        drafts: vec![(draft, stamp(usize::MAX >> 1))],
        ..Observation::default()
    }
}

/// What a reader asks for the RSS feed of all, who may know the document of a plan.
pub(crate) fn request(known: Option<&Plan>) -> Result<request::Parts> {
    let mut request = Request::get("/rss.xml")
        .header(HOST, "example.org")
        .header(USER_AGENT, "Reader/1.0 (+https://reader.example)")
        .header(ACCEPT_ENCODING, "gzip, br");
    if let Some(plan) = known {
        request = request.header(IF_NONE_MATCH, Tag::Weak(plan.tag).to_header());
    }
    let (parts, ()) = request.body(())?.into_parts();
    Ok(parts)
}

/// What readers say that they are, as they say it.
static AGENTS: [HeaderValue; 5] = [
    HeaderValue::from_static(
        "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers; like FeedFetcher-Google)",
    ),
    HeaderValue::from_static(
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.6.0",
    ),
    HeaderValue::from_static("Mozilla/5.0 (compatible; Miniflux/2.2.3; +https://miniflux.app)"),
    HeaderValue::from_static("NetNewsWire (RSS Reader; https://netnewswire.com/)"),
    HeaderValue::from_static("FreshRSS/1.24.3 (Linux; https://freshrss.org)"),
];

/// What counts answers: what `serve` has for it.
pub(crate) fn observers() -> [Box<dyn Observer>; 2] {
    let audience = Audience::new(now(), || 4711);
    [
        Box::new(Metrics::default()),
        Box::new(Readers::new(Arc::new(audience))),
    ]
}

/// Answers of 304 to five readers who have the document of `plan`, each from its own address.
pub(crate) fn answers(plan: &Plan) -> [Answered<'_>; 5] {
    let mut last = 0;
    AGENTS.each_ref().map(|agent| {
        last += 1;
        Answered {
            request: None,
            asked: Asked::Document(&plan.key),
            status: StatusCode::NOT_MODIFIED,
            coding: None,
            sent: 0,
            saved: Saved {
                not_modified: 10_000,
                ..Saved::default()
            },
            limited: None,
            is_conditional: true,
            client: Client::Peer(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))),
            agent: Some(agent),
            moment: now(),
        }
    })
}

/// The default settings for reading entries.
pub(crate) fn conventions() -> Conventions {
    let labels = Labels::new(["Read", "Also read", "See also"]);
    Conventions::new(TimeZone::UTC, labels, Defaults::default())
}

/// When the articles are published: after the dates of all.
fn first() -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_hours(24 * 365 * 60)
}

/// When what is measured happens.
pub(crate) fn now() -> Timestamp {
    first() + Duration::from_hours(1)
}

/// How long copies may be fresh.
pub(crate) fn ages() -> Ages {
    Ages::new(Duration::from_mins(1), Duration::from_mins(15))
}

fn settings() -> Result<Settings> {
    Ok(Settings {
        base: Address::parse("https://example.org/")?,
        title: Text::new("News"),
        description: Text::new("What is new here"),
        language: Language::parse("en").context("no language")?,
        author: Person {
            name: Text::new("Ann"),
            email: None,
            uri: None,
            avatar: None,
        },
        icon: None,
        copyright: None,
        podcast: None,
        limit: SHOWN,
        max_bytes: 1 << 20,
        content: Content::Full,
        selections: Vec::new(),
        ages: ages(),
        zone: Zone(TimeZone::UTC),
    })
}

/// The stamp of a file that is no other.
fn stamp(number: usize) -> Stamp {
    let number = number as u64;
    Stamp {
        device: 1,
        inode: number,
        size: 1,
        modified: 1,
        changed: 1,
        born: i64::try_from(number).ok(),
    }
}

/// The full texts of the entries that the feed of all shows.
#[derive(Clone, Default)]
struct Texts(Arc<HashMap<Digest, Body>>);

impl Bodies for Texts {
    fn body(&self, digest: Digest) -> io::Result<Body> {
        let body = self.0.get(&digest).cloned();
        body.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
