use super::*;
use crate::entry::Transcript;
use crate::feed::{Format, sample};

fn address(raw: &str) -> Address {
    Address::parse(raw).unwrap()
}

fn somebody(name: &str) -> Participant {
    Participant {
        name: Text::one_line(name),
        role: None,
        group: None,
        image: None,
        page: None,
    }
}

fn show() -> Podcast {
    Podcast {
        guid: guid("https://news.example.org/rss.xml"),
        categories: vec![
            (Text::one_line("News"), Some(Text::one_line("Daily News"))),
            (Text::one_line("TV & Film"), None),
        ],
        is_explicit: false,
        kind: "serial",
        cover: Some(address("https://news.example.org/cover.jpg?a=1&b=2")),
        author: Text::one_line("The \"Desk\" & <friends>"),
        owner: Some(Person {
            name: Text::one_line("Ann"),
            email: Some(Text::one_line("ann@example.org")),
            uri: None,
            avatar: None,
        }),
        is_complete: true,
        is_blocked: true,
        new_address: Some(address("https://news.example.net/rss.xml")),
        locked: Some(true),
        medium: "podcast",
        funding: vec![Link {
            address: address("https://news.example.org/give?a=1&b=2"),
            title: Some(Text::one_line("Support <us>")),
        }],
        people: vec![Participant {
            role: Some(Text::one_line("Guest")),
            group: Some(Text::one_line("Cast")),
            image: Some(Target::Address(address("https://news.example.org/a.png"))),
            page: Some(address("https://ann.example/")),
            ..somebody("Ann & \"Bo\"")
        }],
        podroll: vec![
            RemoteFeed {
                guid: guid("https://podnews.net/rss"),
                address: Some(address("https://podnews.net/rss")),
                title: Some(Text::one_line("Podnews & \"more\"")),
            },
            RemoteFeed {
                guid: guid("mp3s.nashownotes.com/pc20rss.xml"),
                address: None,
                title: None,
            },
        ],
    }
}

#[test]
fn the_id_of_a_show_follows_the_rule() {
    let check = |address: &str, expected: &str| {
        assert_eq!(guid(address).to_string(), expected, "{address}");
    };
    // The examples of the specification.
    let nashow = "917393e3-1b1e-5cef-ace4-edaa54e1f810";
    check("https://mp3s.nashownotes.com/pc20rss.xml", nashow);
    check("mp3s.nashownotes.com/pc20rss.xml//", nashow);
    check(
        "http://podnews.net/rss/",
        "9b024349-ccf0-5f69-a609-6b82873eab3c",
    );
}

#[test]
fn a_show_and_its_episode_to_the_letter() {
    let mut entry = sample::small_entry();
    entry.article.authors = vec![Person {
        name: Text::one_line("Ana & Bo"),
        email: None,
        uri: None,
        avatar: None,
    }];
    let mut feed = sample::small(&entry);
    feed.podcast = Some(show());
    let shown = &mut feed.entries[0];
    shown.related.clear();
    shown.enclosures = vec![crate::feed::ShownEnclosure {
        address: "https://news.example.org/media/e.mp3".into(),
        media_type: "audio/mpeg".into(),
        length: 1234,
        seconds: Some(61),
    }];
    let media = "https://news.example.org/media";
    shown.episode = Some(ShownEpisode {
        said: Episode {
            number: Some(12),
            season: Some(2),
            kind: Some(EpisodeKind::Trailer),
            explicit: Some(true),
            title: Some(Text::one_line("Tides < \"ferries\"")),
            chapters: Some(Target::Reference(0)),
            transcripts: vec![Transcript {
                target: Target::Reference(1),
                media_type: None,
                language: None,
                is_captions: false,
            }],
            people: vec![somebody("Ana"), somebody("Bo")],
        },
        cover: Some(format!("{media}/e.jpg?a=1&b=2")),
        chapters: Some((
            format!("{media}/e.chapters.json"),
            "application/json+chapters".into(),
        )),
        transcripts: vec![
            ShownTranscript {
                address: format!("{media}/e.srt"),
                media_type: "application/x-subrip".into(),
                language: Language::parse("pt-BR"),
                is_captions: true,
            },
            ShownTranscript {
                address: format!("{media}/e.vtt"),
                media_type: "text/vtt".into(),
                language: None,
                is_captions: false,
            },
        ],
        pictures: vec![None, Some(format!("{media}/bo.png"))],
    });
    let document = String::from_utf8(sample::write(&feed, Format::Rss).unwrap()).unwrap();
    for part in [CHANNEL, ITEM] {
        let part = part.replace('\n', "");
        assert!(document.contains(&part), "{part}\n\n{document}");
    }
    for namespace in ["xmlns:itunes", "xmlns:podcast"] {
        assert_eq!(document.matches(namespace).count(), 1, "{namespace}");
    }
    roxmltree::Document::parse(&document).unwrap();
}

const CHANNEL: &str = r#"<ttl>60</ttl>
<itunes:author>The &quot;Desk&quot; &amp; &lt;friends&gt;</itunes:author>
<itunes:block>Yes</itunes:block>
<itunes:category text="News"><itunes:category text="Daily News"></itunes:category></itunes:category>
<itunes:category text="TV &amp; Film"></itunes:category>
<itunes:complete>Yes</itunes:complete>
<itunes:explicit>false</itunes:explicit>
<itunes:image href="https://news.example.org/cover.jpg?a=1&amp;b=2"></itunes:image>
<itunes:new-feed-url>https://news.example.net/rss.xml</itunes:new-feed-url>
<itunes:owner><itunes:email>ann@example.org</itunes:email><itunes:name>Ann</itunes:name></itunes:owner>
<itunes:type>serial</itunes:type>
<podcast:funding url="https://news.example.org/give?a=1&amp;b=2">Support &lt;us&gt;</podcast:funding>
<podcast:guid>7079c77f-0738-5638-90d8-b2f13dc13aad</podcast:guid>
<podcast:locked owner="ann@example.org">yes</podcast:locked>
<podcast:medium>podcast</podcast:medium>
<podcast:person group="Cast" href="https://ann.example/" img="https://news.example.org/a.png" role="Guest">Ann &amp; &quot;Bo&quot;</podcast:person>
<podcast:podroll>
<podcast:remoteItem feedGuid="9b024349-ccf0-5f69-a609-6b82873eab3c" feedUrl="https://podnews.net/rss" title="Podnews &amp; &quot;more&quot;"></podcast:remoteItem>
<podcast:remoteItem feedGuid="917393e3-1b1e-5cef-ace4-edaa54e1f810"></podcast:remoteItem>
</podcast:podroll>
<sy:updateFrequency>1</sy:updateFrequency>
<sy:updatePeriod>hourly</sy:updatePeriod>
<atom:link "#;

const ITEM: &str = r#"<itunes:author>Ana &amp; Bo</itunes:author>
<itunes:duration>61</itunes:duration>
<itunes:episode>12</itunes:episode>
<itunes:episodeType>trailer</itunes:episodeType>
<itunes:explicit>true</itunes:explicit>
<itunes:image href="https://news.example.org/media/e.jpg?a=1&amp;b=2"></itunes:image>
<itunes:season>2</itunes:season>
<itunes:title>Tides &lt; &quot;ferries&quot;</itunes:title>
<podcast:chapters type="application/json+chapters" url="https://news.example.org/media/e.chapters.json"></podcast:chapters>
<podcast:person>Ana</podcast:person>
<podcast:person img="https://news.example.org/media/bo.png">Bo</podcast:person>
<podcast:transcript language="pt-BR" rel="captions" type="application/x-subrip" url="https://news.example.org/media/e.srt"></podcast:transcript>
<podcast:transcript type="text/vtt" url="https://news.example.org/media/e.vtt"></podcast:transcript>
<dc:creator>"#;

#[test]
fn what_is_not_said_is_not_there() {
    let entries = sample::entries();
    let mut feed = sample::feed(&entries);
    let plain = String::from_utf8(sample::write(&feed, Format::Rss).unwrap()).unwrap();
    assert!(!plain.contains("podcast:"), "{plain}");
    feed.podcast = Some(Podcast {
        categories: Vec::new(),
        cover: None,
        owner: None,
        is_complete: false,
        is_blocked: false,
        new_address: None,
        locked: None,
        funding: Vec::new(),
        people: Vec::new(),
        podroll: Vec::new(),
        ..show()
    });
    let words = channel(&feed);
    let names = |prefix: &str| words[prefix].keys().cloned().collect::<Vec<_>>();
    assert_eq!(names("itunes"), ["author", "explicit", "image", "type"]);
    assert_eq!(names("podcast"), ["guid", "medium"]);
    // The site's icon stands in for a cover.
    let image = &words["itunes"]["image"][0];
    assert_eq!(
        image.attrs["href"],
        "https://news.example.org/media/icon.png"
    );
}
