//! Each rule is broken once, by a change to a document that breaks none.
//!
//! **Why this file is long.** It is one table with a row for each of the rules, in their order; whoever adds
//! a rule adds a row, and needs to look nowhere else.

use std::collections::BTreeSet;

use super::*;
use crate::feed::sample;

const RSS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:media="http://search.yahoo.com/mrss/" xmlns:fh="http://purl.org/syndication/history/1.0"><channel>
<title>News</title><link>https://a.example/</link><description>About.</description><language>en</language>
<managingEditor>ann@a.example (Ann)</managingEditor><pubDate>Sat, 31 Jan 2026 10:00:00 +0000</pubDate><ttl>5</ttl>
<image><url>https://a.example/i.png</url><title>News</title><link>https://a.example/</link><width>88</width></image>
<skipDays><day>Monday</day></skipDays><skipHours><hour>4</hour></skipHours>
<atom:link href="https://a.example/rss.xml" rel="self" type="application/rss+xml"/>
<item><title>One</title><link>https://a.example/1</link><description>&lt;p>Text.&lt;/p></description><category>Sea</category>
<enclosure url="https://a.example/1.mp3" length="5" type="audio/mpeg"/><guid isPermaLink="false">urn:isbn:1</guid>
<pubDate>Fri, 30 Jan 2026 10:00:00 +0000</pubDate><content:encoded>&lt;p>Text.&lt;/p></content:encoded>
<atom:link href="https://b.example/" rel="related"/><dc:creator>Ann</dc:creator><itunes:duration>1:02:03</itunes:duration>
<media:content url="https://a.example/1.jpg" medium="image" type="image/jpeg" fileSize="7"/></item>
<item><title>Two</title><guid>https://a.example/2</guid></item>
</channel></rss>"#;

const ATOM: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns:fh="http://purl.org/syndication/history/1.0">
<title>News</title><id>urn:isbn:0</id><updated>2026-01-31T10:00:00Z</updated>
<author><name>Ann</name><email>ann@a.example</email></author>
<link href="https://a.example/" rel="alternate" type="text/html"/>
<link href="https://a.example/atom.xml" rel="self" type="application/atom+xml"/>
<at:deleted-entry ref="urn:isbn:9" when="2026-01-30T10:00:00Z"/>
<entry><title>One</title><id>urn:isbn:1</id><updated>2026-01-30T10:00:00Z</updated>
<link href="https://a.example/1" rel="alternate" type="text/html"/><category term="sea" label="Sea"/>
<summary>Text.</summary><content type="html">&lt;p>Text.&lt;/p></content></entry>
<entry><title>Two</title><id>https://a.example/2</id><updated>2026-01-29T10:00:00Z</updated>
<link href="https://a.example/2"/><summary>Text.</summary></entry>
</feed>"#;

const JSON: &str = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "News",
"home_page_url": "https://a.example/", "feed_url": "https://a.example/feed.json", "language": "en", "expired": false,
"authors": [{"name": "Ann"}],
"items": [{"id": "1", "url": "https://a.example/1", "content_html": "<p>Text.</p>", "tags": ["sea"],
"date_published": "2026-01-30T10:00:00Z", "_a": {"b": 1},
"attachments": [{"url": "https://a.example/1.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 5}]},
{"id": "2", "content_text": "Text."}]}"#;

/// A rule, and what breaks it in which document: what is there, and what instead.
const BROKEN: &[(Rule, &str, &str, &str)] = &[
    (Rule::EncodingUnstated, RSS, " encoding=\"utf-8\"", ""),
    (Rule::NotWellFormed, RSS, "</channel>", ""),
    (Rule::NotWellFormed, RSS, "<title>One", "<title>A & B"),
    (Rule::NotWellFormed, RSS, "<title>One", "<title><x:y/>One"),
    (Rule::NotWellFormed, RSS, "<rss", "<!DOCTYPE rss><rss"),
    (
        Rule::NotWellFormed,
        ATOM,
        "version=\"1.0\"",
        "version=\"1.1\"",
    ),
    (Rule::BadCharacter, RSS, "One", "O\u{fffd}ne"),
    (Rule::BadCharacter, ATOM, "One", "O\u{93}ne"),
    (Rule::BadCharacter, JSON, "Text.", "T\u{fffd}xt."),
    (Rule::StrayText, RSS, "</item>", "text</item>"),
    (Rule::StrayText, ATOM, "</entry>", "text</entry>"),
    (Rule::WrongRoot, RSS, "", ATOM),
    (Rule::RssVersion, RSS, "version=\"2.0\"", "version=\"0.91\""),
    (Rule::UnknownElement, RSS, "<ttl>", "<tttl/><ttl>"),
    (
        Rule::UnknownElement,
        RSS,
        "<dc:creator>",
        "<dc:autor/><dc:creator>",
    ),
    (
        Rule::UnknownElement,
        RSS,
        "<media:content",
        "<media:image/><media:content",
    ),
    (
        Rule::UnknownElement,
        ATOM,
        "<summary>",
        "<description/><summary>",
    ),
    (Rule::UnknownAttribute, RSS, "isPermaLink", "isPermalink"),
    (Rule::UnknownAttribute, ATOM, " term=", " id=\"x\" term="),
    (
        Rule::UnknownNamespace,
        RSS,
        "<rss",
        "<rss xmlns:x=\"https://x.example/\"",
    ),
    (
        Rule::ReservedPrefix,
        RSS,
        "<rss",
        "<rss xmlns:geo=\"http://www.georss.org/georss\"",
    ),
    (Rule::AtomPrefix, ATOM, "", PREFIXED),
    (Rule::Repeated, RSS, "<ttl>", "<ttl>5</ttl><ttl>"),
    (
        Rule::Repeated,
        RSS,
        "<itunes:duration>",
        "<itunes:duration>5</itunes:duration><itunes:duration>",
    ),
    (
        Rule::Repeated,
        ATOM,
        "<summary>",
        "<summary>A</summary><summary>",
    ),
    (
        Rule::MissingElement,
        RSS,
        "<title>News</title><link>",
        "<link>",
    ),
    (
        Rule::MissingElement,
        RSS,
        "<description>About.</description>",
        "",
    ),
    (Rule::MissingElement, ATOM, "<title>News</title>", ""),
    (Rule::MissingElement, ATOM, "<id>urn:isbn:1</id>", ""),
    (
        Rule::MissingElement,
        ATOM,
        "<updated>2026-01-30T10:00:00Z</updated>",
        "",
    ),
    (
        Rule::MissingElement,
        ATOM,
        "<author><name>Ann</name><email>ann@a.example</email></author>",
        "",
    ),
    (Rule::MissingElement, ATOM, "<name>Ann</name>", ""),
    (Rule::MissingAttribute, RSS, " length=\"5\"", ""),
    (
        Rule::MissingAttribute,
        RSS,
        " url=\"https://a.example/1.jpg\"",
        "",
    ),
    (Rule::MissingAttribute, ATOM, " term=\"sea\"", ""),
    (
        Rule::MissingAttribute,
        ATOM,
        "href=\"https://a.example/2\"",
        "",
    ),
    (
        Rule::HeadAfterEntries,
        ATOM,
        "</entry>\n</feed>",
        "</entry><rights>A</rights></feed>",
    ),
    (
        Rule::HeadAfterItems,
        RSS,
        "</item>\n</channel>",
        "</item><docs>https://a.example/</docs></channel>",
    ),
    (
        Rule::ContentFirst,
        RSS,
        "<description>&lt;p>Text.&lt;/p></description>",
        "",
    ),
    (Rule::RepeatedId, RSS, "https://a.example/2", "urn:isbn:1"),
    (
        Rule::RepeatedId,
        ATOM,
        "<id>https://a.example/2",
        "<id>urn:isbn:1",
    ),
    (Rule::RepeatedId, JSON, "\"id\": \"2\"", "\"id\": \"1\""),
    (
        Rule::MissingGuid,
        RSS,
        "<guid>https://a.example/2</guid>",
        "",
    ),
    (Rule::WeakGuid, RSS, "urn:isbn:1", "17"),
    (Rule::GuidNoAddress, RSS, " isPermaLink=\"false\"", ""),
    (Rule::IdForm, RSS, "urn:isbn:1", "urn:uuid:1"),
    (Rule::IdForm, ATOM, "urn:isbn:1", "tag:a.example:1"),
    (Rule::IdForm, ATOM, "urn:isbn:1", " urn:isbn:1"),
    (Rule::IdForm, ATOM, "urn:isbn:0", "news"),
    (
        Rule::IdNotCanonical,
        ATOM,
        "https://a.example/2</id>",
        "https://A.example:443/%7e2</id>",
    ),
    (Rule::IdScheme, ATOM, "urn:isbn:1", "harbour:1"),
    (Rule::MissingSelf, RSS, "rel=\"self\"", "rel=\"via\""),
    (
        Rule::MissingSelf,
        JSON,
        "\"feed_url\": \"https://a.example/feed.json\",",
        "",
    ),
    (
        Rule::SelfElsewhere,
        ATOM,
        "https://a.example/atom.xml",
        "https://b.example/atom.xml",
    ),
    (
        Rule::SelfElsewhere,
        JSON,
        "https://a.example/feed.json",
        "https://b.example/feed.json",
    ),
    (Rule::LinkForm, RSS, "<link>https://a.example/1", "<link>/1"),
    (
        Rule::LinkForm,
        RSS,
        "https://a.example/1.mp3",
        "https://a.example/ü.mp3",
    ),
    (Rule::LinkForm, RSS, "https://a.example/1.jpg", "1.jpg"),
    (
        Rule::LinkForm,
        ATOM,
        "https://a.example/1\"",
        "https://a.example/a|b\"",
    ),
    (
        Rule::LinkForm,
        JSON,
        "https://a.example/1.mp3",
        "https://a.example/a b.mp3",
    ),
    (
        Rule::RepeatedAlternate,
        ATOM,
        "<link href=\"https://a.example/1\"",
        "<link href=\"https://b.example/\" type=\"text/html\"/><link href=\"https://a.example/1\"",
    ),
    (
        Rule::AlternateNotFirst,
        ATOM,
        "<link href=\"https://a.example/1\"",
        "<link rel=\"via\" href=\"https://b.example/\"/><link href=\"https://a.example/1\"",
    ),
    (Rule::LinkRelation, RSS, "rel=\"related\"", "rel=\"relatd\""),
    (
        Rule::SelfNotAtom,
        ATOM,
        "rel=\"self\" type=\"application/atom+xml\"",
        "rel=\"self\" type=\"application/rss+xml\"",
    ),
    (
        Rule::LinkNotEmpty,
        ATOM,
        "<link href=\"https://a.example/2\"/>",
        "<link href=\"https://a.example/2\">A</link>",
    ),
    (
        Rule::SameDocument,
        ATOM,
        "<link href=\"https://a.example/2\"",
        "<link href=\"https://a.example/atom.xml\"",
    ),
    (
        Rule::MediaTypeForm,
        RSS,
        "type=\"audio/mpeg\"",
        "type=\"mp3\"",
    ),
    (
        Rule::MediaTypeForm,
        ATOM,
        "type=\"text/html\"/><category",
        "type=\"html\"/><category",
    ),
    (
        Rule::MediaTypeForm,
        ATOM,
        "type=\"html\">",
        "type=\"a b/c\">",
    ),
    (Rule::MediaTypeForm, JSON, "audio/mpeg", "audio"),
    (
        Rule::LinkPastEnd,
        ATOM,
        "<at:",
        "<link rel=\"last\" href=\"https://a.example/atom.xml\"/><link rel=\"next\" href=\"https://a.example/a\"/><at:",
    ),
    (
        Rule::PagesInCompleteFeed,
        RSS,
        "<atom:link",
        "<fh:complete/><atom:link rel=\"next\" href=\"https://a.example/a\"/><atom:link",
    ),
    (
        Rule::CurrentNotSelf,
        ATOM,
        "<at:",
        "<fh:complete/><link rel=\"current\" href=\"https://a.example/a\"/><at:",
    ),
    (
        Rule::MissingCurrent,
        ATOM,
        "<at:",
        "<fh:archive/><link rel=\"prev-archive\" href=\"https://a.example/a\"/><at:",
    ),
    (Rule::HistoryInEntry, RSS, "rel=\"related\"", "rel=\"next\""),
    (
        Rule::DateForm,
        RSS,
        "Fri, 30 Jan 2026 10:00:00 +0000",
        "2026-01-30T10:00:00Z",
    ),
    (Rule::DateForm, RSS, "Fri, 30 Jan", "Fri, 30 Foo"),
    (
        Rule::DateForm,
        ATOM,
        "2026-01-30T10:00:00Z</updated>",
        "2026-01-30T10:00:00</updated>",
    ),
    (
        Rule::DateForm,
        ATOM,
        "2026-01-30T10:00:00Z</updated>",
        "2026-01-30</updated>",
    ),
    (Rule::DateForm, JSON, "2026-01-30T10:00:00Z", "30 Jan 2026"),
    (Rule::WrongWeekday, RSS, "Fri, 30", "Sat, 30"),
    (
        Rule::UnusualDate,
        RSS,
        "Fri, 30 Jan 2026 10:00:00 +0000",
        "Fri, 30 Jan 2026 10:00:00 EST",
    ),
    (
        Rule::UnusualDate,
        RSS,
        "Fri, 30 Jan 2026 10:00:00 +0000",
        "Fri, 30 Jan 2026 10:00:00 +0545",
    ),
    (
        Rule::ImplausibleDate,
        RSS,
        "Fri, 30 Jan 2026",
        "Sat, 30 Jan 2027",
    ),
    (
        Rule::ImplausibleDate,
        ATOM,
        "<updated>2026-01-30T10",
        "<updated>1066-01-30T10",
    ),
    (Rule::RepeatedUpdated, ATOM, "2026-01-29", "2026-01-30"),
    (Rule::EmptyItem, RSS, "<title>Two</title>", ""),
    (
        Rule::NothingToRead,
        ATOM,
        "<link href=\"https://a.example/2\"/>",
        "",
    ),
    (
        Rule::MissingSummary,
        ATOM,
        "<link href=\"https://a.example/2\"/><summary>Text.</summary>",
        "<content src=\"https://a.example/2.pdf\" type=\"application/pdf\"/>",
    ),
    (
        Rule::MissingText,
        ATOM,
        "<link href=\"https://a.example/2\"/><summary>Text.</summary>",
        "<link href=\"https://a.example/2\"/>",
    ),
    (
        Rule::MissingType,
        ATOM,
        "<link href=\"https://a.example/2\"/>",
        "<content src=\"https://a.example/2\"/>",
    ),
    (
        Rule::SaidTwice,
        RSS,
        "<dc:creator>",
        "<dc:date>2026-01-30</dc:date><dc:creator>",
    ),
    (
        Rule::TextType,
        ATOM,
        "<summary>",
        "<summary type=\"text/html\">",
    ),
    (
        Rule::MissingDiv,
        ATOM,
        "<summary>",
        "<summary type=\"xhtml\">",
    ),
    (
        Rule::NotEscaped,
        ATOM,
        "<title>One",
        "<title><b xmlns=\"http://www.w3.org/1999/xhtml\">One</b>",
    ),
    (
        Rule::Markup,
        RSS,
        "<title>One",
        "<title>One &lt;b>two&lt;/b>",
    ),
    (Rule::Markup, RSS, "<title>One", "<title>One &amp;amp; two"),
    (
        Rule::Markup,
        ATOM,
        "<title>One",
        "<title>One &lt;b>two&lt;/b>",
    ),
    (Rule::Blank, RSS, "<title>One", "<title> "),
    (Rule::Blank, ATOM, "label=\"Sea\"", "label=\"\""),
    (Rule::Blank, JSON, "\"sea\"", "\"\""),
    (
        Rule::RelativeReference,
        RSS,
        "<content:encoded>&lt;p>",
        "<content:encoded>&lt;p>&lt;img src=\"a.png\">",
    ),
    (
        Rule::RelativeReference,
        JSON,
        "<p>Text.</p>",
        "<a href='/b'>Text.</a>",
    ),
    (
        Rule::RelativeReference,
        ATOM,
        "&lt;p>Text.&lt;/p>",
        "&lt;img srcset=\"https://a.example/a 1x, b.png 2x\">",
    ),
    (
        Rule::ActiveElement,
        ATOM,
        "&lt;p>Text.&lt;/p>",
        "&lt;script>x&lt;/script>",
    ),
    (
        Rule::ActiveElement,
        JSON,
        "<p>Text.</p>",
        "<iframe src='https://b.example/'></iframe>",
    ),
    (
        Rule::ActiveAttribute,
        RSS,
        "<description>&lt;p>",
        "<description>&lt;p onclick=\"x\">",
    ),
    (
        Rule::ActiveAttribute,
        JSON,
        "<p>Text.</p>",
        "<a href='javascript:x'>Text.</a>",
    ),
    (
        Rule::Style,
        RSS,
        "<description>&lt;p>",
        "<description>&lt;p style=\"color: red; position: fixed\">",
    ),
    (
        Rule::Style,
        JSON,
        "<p>Text",
        "<p style='color: url(x)'>Text",
    ),
    (
        Rule::NotHtml,
        RSS,
        "<description>&lt;p>",
        "<description>&lt;harbour>",
    ),
    (Rule::NotHtml, JSON, "<p>Text.</p>", "<p>Text."),
    (Rule::NotHtml, JSON, "<p>Text.</p>", "a < b"),
    (Rule::NotHtml, JSON, "<p>Text.</p>", "<b><i></b></i>"),
    (Rule::NotHtml, ATOM, "type=\"html\">", "type=\"text/html\">"),
    (Rule::ContactForm, RSS, "ann@a.example (Ann)", "Ann"),
    (Rule::MailForm, ATOM, "ann@a.example", "ann"),
    (
        Rule::MissingRealName,
        RSS,
        "ann@a.example (Ann)",
        "ann@a.example",
    ),
    (
        Rule::MailInName,
        ATOM,
        "<name>Ann",
        "<name>Ann ann@a.example",
    ),
    (Rule::NumberForm, RSS, "<ttl>5", "<ttl>0"),
    (Rule::NumberForm, RSS, "length=\"5\"", "length=\"-1\""),
    (Rule::NumberForm, RSS, "<hour>4", "<hour>24"),
    (
        Rule::NumberForm,
        JSON,
        "\"size_in_bytes\": 5",
        "\"size_in_bytes\": -5",
    ),
    (
        Rule::WordForm,
        RSS,
        "isPermaLink=\"false\"",
        "isPermaLink=\"no\"",
    ),
    (Rule::WordForm, RSS, "<day>Monday", "<day>Mon"),
    (Rule::LanguageForm, RSS, "<language>en", "<language>english"),
    (
        Rule::LanguageForm,
        ATOM,
        "<content ",
        "<content xml:lang=\"xx\" ",
    ),
    (Rule::LanguageForm, JSON, "\"en\"", "\"e\""),
    (Rule::ImageSize, RSS, "<width>88", "<width>145"),
    (
        Rule::ImageTitle,
        RSS,
        "<title>News</title><link>https://a.example/</link><width>",
        "<title>Old</title><link>https://a.example/</link><width>",
    ),
    (
        Rule::ImageLink,
        RSS,
        "<link>https://a.example/</link><width>",
        "<link>https://b.example/</link><width>",
    ),
    (Rule::ImageFormat, RSS, "i.png", "i.ico"),
    (
        Rule::Enclosures,
        RSS,
        "<enclosure ",
        "<enclosure url=\"https://a.example/3\" length=\"1\" type=\"a/b\"/><enclosure ",
    ),
    (Rule::TextInput, RSS, "<ttl>", "<textInput/><ttl>"),
    (
        Rule::ValueForm,
        RSS,
        "<itunes:duration>1:02:03",
        "<itunes:duration>long",
    ),
    (
        Rule::ValueForm,
        RSS,
        "<dc:creator>",
        "<dc:language>Portuguese</dc:language><dc:creator>",
    ),
    (
        Rule::ValueForm,
        RSS,
        "<ttl>",
        "<itunes:type>daily</itunes:type><ttl>",
    ),
    (
        Rule::ItunesCategory,
        RSS,
        "<ttl>",
        "<itunes:category text=\"Harbours\"/><ttl>",
    ),
    (
        Rule::ItunesMissing,
        RSS,
        "<ttl>",
        "<itunes:type>serial</itunes:type><ttl>",
    ),
    (
        Rule::ItunesMail,
        RSS,
        "<ttl>",
        "<itunes:owner><itunes:name>Ann</itunes:name></itunes:owner><ttl>",
    ),
    (Rule::ItunesFormat, RSS, "audio/mpeg", "audio/ogg"),
    (
        Rule::MediaForm,
        RSS,
        "medium=\"image\"",
        "medium=\"picture\"",
    ),
    (Rule::MediaForm, RSS, "fileSize=\"7\"", "fileSize=\"7k\""),
    (
        Rule::MediaGroup,
        RSS,
        "<media:content",
        "<media:group/><media:content",
    ),
    (
        Rule::Tombstone,
        ATOM,
        "when=\"2026-01-30T10:00:00Z\"",
        "when=\"yesterday\"",
    ),
    (Rule::Tombstone, ATOM, "ref=\"urn:isbn:9\"", "ref=\"9\""),
    (Rule::NotJson, JSON, "{\"version\"", "{version"),
    (Rule::NotJson, JSON, "", "[]"),
    (Rule::JsonVersion, JSON, "version/1.1", "version/2"),
    (Rule::JsonMissing, JSON, "\"title\": \"News\",", ""),
    (Rule::JsonMissing, JSON, ", \"content_text\": \"Text.\"", ""),
    (Rule::JsonType, JSON, "{\"name\": \"Ann\"}", "5"),
    (Rule::JsonMissing, JSON, "\"id\": \"2\", ", ""),
    (
        Rule::JsonMissing,
        JSON,
        "\"tags\"",
        "\"authors\": [{}], \"tags\"",
    ),
    (Rule::JsonType, JSON, "\"id\": \"2\"", "\"id\": 2"),
    (Rule::JsonType, JSON, "false", "\"no\""),
    (Rule::JsonType, JSON, "[\"sea\"]", "\"sea\""),
    (Rule::JsonUnknown, JSON, "\"language\"", "\"lang\""),
    (Rule::JsonUnknown, JSON, "\"_a\"", "\"_a.b\""),
];

const PREFIXED: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>News</a:title></a:feed>"#;

fn document(whole: &str) -> (Format, &'static str) {
    match whole {
        RSS => (Format::Rss, "https://a.example/rss.xml"),
        ATOM => (Format::Atom, "https://a.example/atom.xml"),
        _ => (Format::Json, "https://a.example/feed.json"),
    }
}

fn content_type(format: Format) -> String {
    format!("{}; charset=utf-8", format.media_type())
}

fn judged(bytes: &[u8], format: Format, address: &str, content_type: &str) -> Vec<Fault> {
    judge(&Document {
        bytes,
        format,
        address,
        content_type,
        now: "2026-02-01T00:00:00Z".parse().unwrap(),
    })
}

#[test]
fn a_sound_document_is_not_blamed() {
    for whole in [RSS, ATOM, JSON] {
        let (format, address) = document(whole);
        let faults = judged(whole.as_bytes(), format, address, &content_type(format));
        assert_eq!(faults, [], "{format:?}");
    }
}

#[test]
fn every_rule_is_broken_by_a_document() {
    let mut broken: BTreeSet<Rule> = BTreeSet::new();
    for (rule, whole, there, instead) in BROKEN {
        let (format, address) = document(whole);
        let text = if there.is_empty() {
            (*instead).to_owned()
        } else {
            assert!(whole.contains(there), "{rule:?}: {there}");
            whole.replacen(there, instead, 1)
        };
        let faults = judged(text.as_bytes(), format, address, &content_type(format));
        let names: Vec<Rule> = faults.iter().map(|fault| fault.rule).collect();
        assert!(names.contains(rule), "{rule:?} by {instead}: {faults:?}");
        broken.insert(*rule);
    }
    let served = |bytes: &[u8], content_type: &str, rule: Rule| {
        let faults = judged(
            bytes,
            Format::Rss,
            "https://a.example/rss.xml",
            content_type,
        );
        let names: Vec<Rule> = faults.iter().map(|fault| fault.rule).collect();
        assert_eq!(names, [rule]);
        rule
    };
    let usual = content_type(Format::Rss);
    let large = format!("{RSS}{}", " ".repeat(5_000_000));
    broken.insert(served(large.as_bytes(), &usual, Rule::TooLarge));
    broken.insert(served(b"\xff", &usual, Rule::NotUtf8));
    let html = "text/html; charset=utf-8";
    broken.insert(served(RSS.as_bytes(), html, Rule::MediaType));
    let bare = "application/rss+xml";
    broken.insert(served(RSS.as_bytes(), bare, Rule::CharsetUnstated));
    let all = Rule::ALL.iter().copied().collect();
    assert_eq!(broken, all, "each rule has a document that breaks it");
}

#[test]
fn a_fault_names_its_entry() {
    let check = |whole: &str, there: &str, instead: &str, expected: Option<&str>| {
        let (format, address) = document(whole);
        let text = whole.replacen(there, instead, 1);
        let faults = judged(text.as_bytes(), format, address, &content_type(format));
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].entry.as_deref(), expected);
        assert!(!faults[0].message.ends_with('.'));
    };
    check(RSS, "length=\"5\"", "length=\"x\"", Some("urn:isbn:1"));
    check(ATOM, "label=\"Sea\"", "label=\" \"", Some("urn:isbn:1"));
    check(JSON, "audio/mpeg", "mp3", Some("1"));
    check(RSS, "<ttl>5", "<ttl>x", None);
    check(JSON, "\"en\"", "\"xx\"", None);
}

#[test]
fn markup_is_what_readers_take_for_it() {
    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(html::markup(text), expected, "{text:?}");
    };
    check("a < b > c & d", None);
    check("<3 & <later>", None);
    check("AT&T; Q&A", None);
    check("a <b>c</b>", Some("<b>"));
    check("</p>", Some("</p>"));
    check("<script>", Some("<script>"));
    check("a &nbsp; b", Some("&nbsp;"));
    check("&#8217;", Some("&#8217;"));
    check("&#x26;", Some("&#x26;"));
}

#[test]
fn each_rule_says_where_it_is_from() {
    let mut names = BTreeSet::new();
    for rule in Rule::ALL {
        assert!(!rule.source().is_empty(), "{rule:?}");
        assert!(names.insert(rule.name()), "{rule:?}");
    }
}

/// What the formats write of the sample with all that is hard to write down.
#[test]
fn our_own_formats_break_no_rule() {
    let entries = sample::entries();
    let feed = sample::feed(&entries);
    for format in Format::ALL {
        let bytes = sample::write(&feed, format).unwrap();
        let faults = judge(&Document {
            bytes: &bytes,
            format,
            address: feed.address(format),
            content_type: &content_type(format),
            now: "2026-12-01T00:00:00Z".parse().unwrap(),
        });
        let rules: Vec<_> = faults
            .iter()
            .map(|fault| (fault.rule, &fault.message))
            .collect();
        let errors = faults.iter().filter(|it| it.severity() == Severity::Error);
        assert_eq!(errors.count(), 0, "{format:?}: {rules:?}");
    }
}
