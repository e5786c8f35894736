//! RSS to the letter, and what other parsers make of it.

use super::*;
use crate::feed::sample;

fn written(feed: &Feed<'_>) -> String {
    String::from_utf8(sample::write(feed, Format::Rss).unwrap()).unwrap()
}

#[test]
fn a_small_feed_to_the_letter() {
    let entry = sample::small_entry();
    assert_eq!(written(&sample::small(&entry)), SMALL.replace('\n', ""));
}

const SMALL: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
<channel>
<title>Harbour &amp; Höfe</title>
<link>https://news.example.org/</link>
<description>Harbour &amp; Höfe</description>
<language>en-GB</language>
<lastBuildDate>Sat, 21 Nov 2026 08:31:00 +0000</lastBuildDate>
<generator>Tidings 0.1</generator>
<docs>https://www.rssboard.org/rss-specification</docs>
<ttl>60</ttl>
<sy:updateFrequency>1</sy:updateFrequency>
<sy:updatePeriod>hourly</sy:updatePeriod>
<atom:link href="https://news.example.org/rss.xml" rel="self" type="application/rss+xml"/>
<atom:link href="https://news.example.org/atom.xml" rel="alternate" type="application/atom+xml"/>
<atom:link href="https://news.example.org/feed.json" rel="alternate" type="application/feed+json"/>
<item>
<title>Ferries &amp; tides</title>
<link>https://news.example.org/entries/ferries-tides</link>
<description><![CDATA[High &lt; low.]]></description>
<guid isPermaLink="false">urn:uuid:6f1c2b9e-8a00-4000-8000-000000000001</guid>
<pubDate>Mon, 2 Mar 2026 09:05:00 +0000</pubDate>
<content:encoded><![CDATA[<p>High &lt; low.</p>]]></content:encoded>
<atom:link href="https://news.example.org/entries/2" rel="related" hreflang="ja" type="text/html" title="港の橋が再開 &quot;soon&quot; &amp; &lt;later&gt;"/>
<dc:creator>The Desk</dc:creator>
</item>
</channel>
</rss>"#;

#[test]
fn the_crate_reads_back_what_was_meant() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let channel = Channel::read_from(&sample::write(&feed, Format::Rss).unwrap()[..]).unwrap();
    assert_eq!(channel.title, feed.title.as_str());
    let image = channel.image.unwrap();
    assert_eq!((image.title, image.link), (channel.title, channel.link));
    for (item, shown) in channel.items.iter().zip(&feed.entries) {
        let article = &shown.entry.article;
        assert_eq!(item.title.as_deref(), Some(article.title.as_str()));
        assert_eq!(item.link.as_deref(), Some(shown.address.as_str()));
        assert_eq!(item.content.as_deref(), Some(shown.content.as_str()));
        let guid = item.guid.as_ref().unwrap();
        assert_eq!(guid.value, shown.entry.id.as_str());
        assert!(!guid.permalink);
    }
    let full = &channel.items[0];
    assert_eq!(
        full.dublin_core_ext.as_ref().unwrap().creators,
        ["Ana Reis", "Jörg Öztürk"]
    );
    assert_eq!(full.categories[0].name, "Stadt & Land");
    assert_eq!(full.enclosure.as_ref().unwrap().length, "1234567");
    let links: Vec<_> = full.atom_ext.as_ref().unwrap().links.iter().collect();
    let rels: Vec<_> = links.iter().map(|link| link.rel.as_str()).collect();
    assert_eq!(rels, ["related", "related", "via", "via", "enclosure"]);
    assert_eq!(links[1].mime_type, None);
    assert_eq!(links[1].href, "https://tolls.example/p?a=1&b=2");
}

#[test]
fn what_else_is_known_is_said_once() {
    let entries = sample::entries();
    let document = written(&sample::feed(&entries));
    for expected in [
        "<comments>https://talk.example/t?id=7&amp;all=1</comments>",
        "<source url=\"https://wire.example/rss.xml\">The &quot;Wire&quot;</source>",
        "<atom:link href=\"https://found.example/?a=1&amp;b=2\" rel=\"via\" title=\"Found &amp; &lt;seen&gt;\"/>",
        "<itunes:duration>754</itunes:duration>",
        "<itunes:season>2</itunes:season>",
        "<itunes:episode>7</itunes:episode>",
        "<itunes:episodeType>bonus</itunes:episodeType>",
        "<itunes:explicit>false</itunes:explicit>",
        "<geo:lat>38.72</geo:lat>",
        "<dc:subject>Trams &amp; &lt;trains&gt;</dc:subject><dc:subject>Bridges</dc:subject>",
    ] {
        assert_eq!(
            document.matches(expected).count(),
            1,
            "{expected}\n{document}"
        );
    }
    for never in ["Nobody", "<itunes:episode>8"] {
        assert!(!document.contains(never), "{never}");
    }
    let small = written(&sample::small(&sample::small_entry()));
    assert!(!small.contains("itunes") && !small.contains("geo"));
}

#[test]
fn a_description_is_html_and_never_empty() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    let check = |shown: &Shown<'_>, expected: &str| assert_eq!(description(shown), expected);
    check(
        &feed.entries[1],
        "1 &lt; 2 &amp;&amp; 3 &gt; 2, said &lt;b&gt;nobody&lt;/b&gt; &amp; \"all\" ]]&gt;",
    );
    check(&feed.entries[2], "<p>橋。</p>");
    let mut silent = feed.entries[2].clone();
    silent.content.clear();
    check(&silent, "港の橋が再開 🙂");
}

#[test]
fn a_picture_is_one_that_rss_knows() {
    let check = |icon: &str, expected: bool| assert_eq!(is_picture(icon), expected, "{icon}");
    check("https://news.example.org/icon.png?v=2", true);
    check("https://news.example.org/icon.JPG", true);
    check("https://news.example.org/icon", true);
    check("https://news.example.org/favicon.ico", false);
    check("https://news.example.org/icon.svg#x", false);
}

#[test]
fn the_rhythm_is_that_of_the_time_to_live() {
    for (minutes, frequency, period) in [
        (0, "60", "hourly"),
        (1, "60", "hourly"),
        (60, "1", "hourly"),
        (61, "23", "daily"),
        (1_440, "1", "daily"),
        (1_441, "6", "weekly"),
        (99_999, "1", "weekly"),
    ] {
        let said = rhythm(minutes);
        let said = |name: &str| said[name][0].value.clone();
        assert_eq!(
            said("updateFrequency").as_deref(),
            Some(frequency),
            "{minutes}"
        );
        assert_eq!(said("updatePeriod").as_deref(), Some(period), "{minutes}");
    }
}

#[test]
fn updated_is_said_only_when_it_differs() {
    let entries = sample::entries();
    let document = written(&sample::feed(&entries));
    assert_eq!(document.matches("<atom:updated>").count(), 1);
    assert!(document.contains("<atom:updated>2026-11-21T08:30:15Z</atom:updated>"));
}

#[test]
fn dates_have_four_digits_and_a_numeric_zone() {
    let check = |instant: &str, expected: &str| {
        assert_eq!(rfc2822(instant.parse().unwrap()).unwrap(), expected);
    };
    check("2026-11-20T10:00:00.9Z", "Fri, 20 Nov 2026 10:00:00 +0000");
    check("0476-09-04T00:00:00Z", "Fri, 4 Sep 0476 00:00:00 +0000");
    assert!(rfc2822(Timestamp::MIN).is_err());
}
