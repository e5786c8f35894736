//! RSS 2.0. (Board specification 2.0.11, and the Board's best-practices profile)

use roxmltree::Node;

use super::Rule;
use super::shared::Bench;
use super::xml::{ATOM, Elements, child, children, is, text_of};
use crate::entry::form;

/// RFC 5005.
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// Full texts.
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";

/// The channel, required and optional elements.
const CHANNEL: Elements = &[
    ("category", false, &["domain"]),
    (
        "cloud",
        true,
        &["domain", "port", "path", "registerProcedure", "protocol"],
    ),
    ("copyright", true, &[]),
    ("description", true, &[]),
    ("docs", true, &[]),
    ("generator", true, &[]),
    ("image", true, &[]),
    ("item", false, &[]),
    ("language", true, &[]),
    ("lastBuildDate", true, &[]),
    ("link", true, &[]),
    ("managingEditor", true, &[]),
    ("pubDate", true, &[]),
    ("rating", true, &[]),
    ("skipDays", true, &[]),
    ("skipHours", true, &[]),
    ("textInput", true, &[]),
    ("title", true, &[]),
    ("ttl", true, &[]),
    ("webMaster", true, &[]),
];

/// An item's elements.
const ITEM: Elements = &[
    ("author", true, &[]),
    ("category", false, &["domain"]),
    ("comments", true, &[]),
    ("description", true, &[]),
    ("enclosure", false, &["url", "length", "type"]),
    ("guid", true, &["isPermaLink"]),
    ("link", true, &[]),
    ("pubDate", true, &[]),
    ("source", true, &["url"]),
    ("title", true, &[]),
];

/// The channel's picture.
const IMAGE: Elements = &[
    ("description", true, &[]),
    ("height", true, &[]),
    ("link", true, &[]),
    ("title", true, &[]),
    ("url", true, &[]),
    ("width", true, &[]),
];

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Judges the document.
pub(super) fn judge(bench: &mut Bench<'_>, rss: Node<'_, '_>) {
    let version = rss.attribute("version");
    bench.must(version == Some("2.0"), Rule::RssVersion, || {
        format!(
            "the version is `{}`: expected 2.0",
            version.unwrap_or_default()
        )
    });
    bench.attributes(rss, &["version"]);
    bench.vocabulary(rss, None, &[("channel", true, &[])]);
    bench.must_have(rss, None, "channel");
    let Some(channel) = child(rss, None, "channel") else {
        return;
    };
    bench.vocabulary(channel, None, CHANNEL);
    for name in ["title", "link", "description"] {
        bench.must_have(channel, None, name);
    }
    let is_item = |node: &Node<'_, '_>| is(*node, None, "item");
    let items: Vec<Node<'_, '_>> = children(channel).filter(is_item).collect();
    if let Some(first) = items.first() {
        let mut after = first.next_siblings().filter(Node::is_element);
        let late = after.find(|node| !is_item(node));
        bench.must(late.is_none(), Rule::HeadAfterItems, || {
            format!(
                "`{}` comes after an item: expected what the channel says of itself first",
                late.map_or("", |late| late.tag_name().name())
            )
        });
    }
    let mut links = Vec::new();
    for node in children(channel).filter(|node| !is_item(node)) {
        bench.letters(node);
        if is(node, Some(ATOM), "link") {
            links.extend(bench.atom_link(node));
        } else if node.tag_name().namespace().is_none() {
            of_channel(bench, channel, node);
        }
    }
    let marks = |name: &str| child(channel, Some(HISTORY), name).is_some();
    bench.feed_links(&links, marks("archive"), marks("complete"));
    bench.extensions(channel);
    for item in items {
        let id = child(item, None, "guid").map(text_of);
        bench.turn_to(Some(id.as_deref().unwrap_or_default()));
        judge_item(bench, item);
    }
    bench.turn_to(None);
}

fn of_channel(bench: &mut Bench<'_>, channel: Node<'_, '_>, node: Node<'_, '_>) {
    let name = node.tag_name().name();
    let what = format!("`{name}` of the channel");
    let text = text_of(node);
    match name {
        "title" | "description" | "copyright" | "generator" | "category" => {
            bench.not_blank(&what, &text);
            bench.no_markup(&what, &text);
        }
        "link" | "docs" => bench.link_form(&what, &text),
        "language" => bench.language(&what, &text),
        "lastBuildDate" | "pubDate" => bench.rfc2822(&what, &text),
        "managingEditor" | "webMaster" => contact(bench, &what, &text),
        "ttl" => bench.number(&what, &text, 1),
        "image" => image(bench, channel, node),
        "textInput" => bench.find(
            Rule::TextInput,
            "the channel has a `textInput`, which readers ignore: expected none",
        ),
        "skipHours" => {
            for hour in children(node) {
                let hour = text_of(hour);
                let is_hour = hour.parse::<u8>().is_ok_and(|hour| hour < 24);
                bench.must(is_hour, Rule::NumberForm, || {
                    format!("`{hour}` is no hour: expected 0 to 23")
                });
            }
        }
        "skipDays" => {
            for day in children(node) {
                let day = text_of(day);
                bench.must(DAYS.contains(&&*day), Rule::WordForm, || {
                    format!("`{day}` is no day: expected one such as Monday")
                });
            }
        }
        _ => {}
    }
}

fn image(bench: &mut Bench<'_>, channel: Node<'_, '_>, node: Node<'_, '_>) {
    bench.vocabulary(node, None, IMAGE);
    for name in ["url", "title", "link"] {
        bench.must_have(node, None, name);
    }
    let of = |node, name| child(node, None, name).map(text_of).unwrap_or_default();
    let url = of(node, "url");
    bench.link_form("the address of the channel's `image`", &url);
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let media_type = mime_guess::from_path(path).first_raw();
    let is_picture = media_type
        .is_none_or(|media_type| ["image/gif", "image/jpeg", "image/png"].contains(&media_type));
    bench.must(is_picture, Rule::ImageFormat, || {
        format!("the channel's `image` is {url}: expected a GIF, JPEG or PNG")
    });
    bench.must(
        of(node, "title") == of(channel, "title"),
        Rule::ImageTitle,
        || {
            "the title of the channel's `image` is another than the channel's: expected the same"
                .to_owned()
        },
    );
    bench.must(
        of(node, "link") == of(channel, "link"),
        Rule::ImageLink,
        || {
            "the link of the channel's `image` is another than the channel's: expected the same"
                .to_owned()
        },
    );
    for (name, most) in [("width", 144), ("height", 400)] {
        if let Some(size) = child(node, None, name).map(text_of) {
            let is_right = size
                .parse::<u32>()
                .is_ok_and(|size| (1..=most).contains(&size));
            bench.must(is_right, Rule::ImageSize, || {
                format!("the {name} of the channel's `image` is `{size}`: expected 1 to {most}")
            });
        }
    }
}

fn judge_item(bench: &mut Bench<'_>, item: Node<'_, '_>) {
    bench.vocabulary(item, None, ITEM);
    bench.letters(item);
    let has = |name: &str| child(item, None, name).is_some();
    bench.must(has("title") || has("description"), Rule::EmptyItem, || {
        "the item has neither `title` nor `description`: expected one of them".to_owned()
    });
    bench.must(has("guid"), Rule::MissingGuid, || {
        "the item has no `guid`: expected one, so that readers know it again".to_owned()
    });
    for node in children(item).filter(|node| node.tag_name().namespace().is_none()) {
        of_item(bench, node);
    }
    let is_enclosure = |node: &Node<'_, '_>| is(*node, None, "enclosure");
    let enclosures = children(item).filter(is_enclosure).count();
    bench.must(enclosures < 2, Rule::Enclosures, || {
        format!("the item has {enclosures} enclosures: expected one, as readers show just one")
    });
    let is_link = |node: &Node<'_, '_>| is(*node, Some(ATOM), "link");
    let links: Vec<_> = children(item)
        .filter(is_link)
        .filter_map(|node| bench.atom_link(node))
        .collect();
    bench.entry_links(&links);
    if let Some(content) = child(item, Some(CONTENT), "encoded") {
        bench.html("`content:encoded`", &text_of(content));
        let mut before = content.prev_siblings();
        let is_after = before.any(|node| is(node, None, "description"));
        bench.must(is_after, Rule::ContentFirst, || {
            "there is no `description` before `content:encoded`: expected one there".to_owned()
        });
    }
    bench.extensions(item);
}

fn of_item(bench: &mut Bench<'_>, node: Node<'_, '_>) {
    let name = node.tag_name().name();
    let what = format!("`{name}`");
    let text = text_of(node);
    match name {
        "title" | "category" => {
            bench.not_blank(&what, &text);
            bench.no_markup(&what, &text);
        }
        "description" => bench.html(&what, &text),
        "link" | "comments" => bench.link_form(&what, &text),
        "author" => contact(bench, &what, &text),
        "pubDate" => bench.rfc2822(&what, &text),
        "guid" => guid(bench, node, &text),
        "enclosure" => {
            if let Some(url) = bench.due(node, "url") {
                bench.link_form("the address of the enclosure", url);
            }
            if let Some(length) = bench.due(node, "length") {
                bench.number("the length of the enclosure", length, 0);
            }
            if let Some(media_type) = bench.due(node, "type") {
                bench.media_type("the type of the enclosure", media_type);
            }
        }
        "source" => {
            if let Some(url) = bench.due(node, "url") {
                bench.link_form("the address of the `source`", url);
            }
            bench.not_blank(&what, &text);
        }
        _ => {}
    }
}

fn guid(bench: &mut Bench<'_>, node: Node<'_, '_>, text: &str) {
    bench.entry_id(text);
    bench.not_blank("`guid`", text);
    let is_short_number = text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    bench.must(!is_short_number, Rule::WeakGuid, || {
        format!("the guid is `{text}`, which others may have, too: expected an address or a URN")
    });
    let is_address = match node.attribute("isPermaLink") {
        None | Some("true") => true,
        Some("false") => false,
        Some(other) => {
            bench.find(
                Rule::WordForm,
                format!("`isPermaLink` is `{other}`: expected true or false"),
            );
            false
        }
    };
    if is_address {
        let is_page = form::is_uri(text) && text.starts_with("http");
        bench.must(is_page, Rule::GuidNoAddress, || {
            format!(
                "the guid `{text}` is no address of a page: expected isPermaLink=\"false\" with it"
            )
        });
    } else if text.contains(':') {
        bench.id_form(text);
    }
}

/// `ann@example.org (Ann)`.
fn contact(bench: &mut Bench<'_>, what: &str, text: &str) {
    let (mail, rest) = text.split_once(' ').unwrap_or((text, ""));
    bench.must(form::is_mail_address(mail), Rule::ContactForm, || {
        format!(
            "{what} is `{text}`: expected a mail address and a name such as ann@example.org (Ann)"
        )
    });
    let has_name = rest.len() > 2 && rest.starts_with('(') && rest.ends_with(')');
    bench.must(has_name, Rule::MissingRealName, || {
        format!("{what} is `{text}`: expected a name in parentheses after the mail address")
    });
}
