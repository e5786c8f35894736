//! The list of all feeds, as OPML 2.0: what readers import.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::WriteError;
use crate::entry::Text;

/// A list of feeds.
#[derive(Clone, Debug)]
pub struct Outline<'a> {
    /// Whose.
    pub title: &'a Text,
    /// The author's name.
    pub owner: &'a Text,
    /// When one of the feeds last changed.
    pub changed: jiff::Timestamp,
    /// In the order in which they are to be shown.
    pub feeds: Vec<OutlineFeed<'a>>,
}

/// A feed in a list.
#[derive(Clone, Debug)]
pub struct OutlineFeed<'a> {
    /// What it is called.
    pub title: &'a Text,
    /// The address of its RSS document: the format that the specification knows.
    pub rss: String,
    /// Its page for people.
    pub page: String,
    /// Its language.
    pub language: &'a str,
}

/// `outline` as an OPML 2.0 document in UTF-8. (<http://opml.org/spec2.opml>)
pub fn write(outline: &Outline<'_>) -> Result<Vec<u8>, WriteError> {
    let mut writer = Writer::new(Vec::new());
    written(&mut writer, outline).map_err(WriteError::format)?;
    Ok(writer.into_inner())
}

fn written(writer: &mut Writer<Vec<u8>>, outline: &Outline<'_>) -> std::io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    let root = BytesStart::new("opml").with_attributes([("version", "2.0")]);
    writer.write_event(Event::Start(root))?;
    writer.write_event(Event::Start(BytesStart::new("head")))?;
    let changed = jiff::fmt::rfc2822::to_string(&outline.changed.to_zoned(jiff::tz::TimeZone::UTC));
    for (name, text) in [
        ("title", Some(outline.title.to_string())),
        ("dateModified", changed.ok()),
        ("ownerName", Some(outline.owner.to_string())),
        ("docs", Some(SPECIFICATION.to_owned())),
    ] {
        let Some(text) = text else { continue };
        writer.write_event(Event::Start(BytesStart::new(name)))?;
        writer.write_event(Event::Text(BytesText::new(&text)))?;
        writer.write_event(Event::End(BytesEnd::new(name)))?;
    }
    writer.write_event(Event::End(BytesEnd::new("head")))?;
    writer.write_event(Event::Start(BytesStart::new("body")))?;
    for feed in &outline.feeds {
        let element = BytesStart::new("outline").with_attributes([
            ("type", "rss"),
            ("text", feed.title.as_str()),
            ("title", feed.title.as_str()),
            ("xmlUrl", &feed.rss),
            ("htmlUrl", &feed.page),
            ("language", feed.language),
            ("version", "RSS"),
        ]);
        writer.write_event(Event::Empty(element))?;
    }
    writer.write_event(Event::End(BytesEnd::new("body")))?;
    writer.write_event(Event::End(BytesEnd::new("opml")))
}

/// What `docs` names.
const SPECIFICATION: &str = "http://opml.org/spec2.opml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_to_the_letter() {
        let [title, owner, feed] =
            ["Harbour & Höfe", "The \"Desk\"", "Tags & <more>"].map(Text::new);
        let outline = Outline {
            title: &title,
            owner: &owner,
            changed: "2026-11-21T08:31:00Z".parse().unwrap(),
            feeds: vec![OutlineFeed {
                title: &feed,
                rss: "https://news.example.org/tags/a+b/rss.xml?x=1&y=2".to_owned(),
                page: "https://news.example.org/tags/a+b/".to_owned(),
                language: "en-GB",
            }],
        };
        let written = String::from_utf8(write(&outline).unwrap()).unwrap();
        assert_eq!(written, LIST.replace('\n', ""));
        let read = roxmltree::Document::parse(&written).unwrap();
        let outline = read
            .descendants()
            .find(|it| it.has_tag_name("outline"))
            .unwrap();
        assert_eq!(outline.attribute("text"), Some(feed.as_str()));
    }

    const LIST: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0"><head>
<title>Harbour &amp; Höfe</title>
<dateModified>Sat, 21 Nov 2026 08:31:00 +0000</dateModified>
<ownerName>The &quot;Desk&quot;</ownerName>
<docs>http://opml.org/spec2.opml</docs>
</head><body>
<outline type="rss" text="Tags &amp; &lt;more&gt;" title="Tags &amp; &lt;more&gt;" 
xmlUrl="https://news.example.org/tags/a+b/rss.xml?x=1&amp;y=2" 
htmlUrl="https://news.example.org/tags/a+b/" language="en-GB" version="RSS"/>
</body></opml>"#;
}
