//! JSON Feed 1.1. (<https://www.jsonfeed.org/version/1.1/>)

use serde_json::{Map, Value};

use super::Rule;
use super::shared::Bench;

const VERSION: &str = "https://jsonfeed.org/version/1.1";

/// What a member must be.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// Text that is an absolute URL.
    Address,
    Date,
    Language,
    Html,
    MediaType,
    /// A number, not negative.
    Number,
    Flag,
    Texts,
    /// A list of objects with these members.
    Objects(Members),
    /// An object with these members. (Version 1.0's `author`)
    Object(Members),
}

/// The members that an object may have: name, kind, whether it must be there.
type Members = &'static [(&'static str, Kind, bool)];

const AUTHOR: Members = &[
    ("name", Kind::Text, false),
    ("url", Kind::Address, false),
    ("avatar", Kind::Address, false),
];

const FEED: Members = &[
    ("version", Kind::Text, true),
    ("title", Kind::Text, true),
    ("home_page_url", Kind::Address, false),
    ("feed_url", Kind::Address, false),
    ("description", Kind::Text, false),
    ("user_comment", Kind::Text, false),
    ("next_url", Kind::Address, false),
    ("icon", Kind::Address, false),
    ("favicon", Kind::Address, false),
    ("author", Kind::Object(AUTHOR), false),
    ("authors", Kind::Objects(AUTHOR), false),
    ("language", Kind::Language, false),
    ("expired", Kind::Flag, false),
    (
        "hubs",
        Kind::Objects(&[("type", Kind::Text, true), ("url", Kind::Address, true)]),
        false,
    ),
    ("items", Kind::Objects(ITEM), true),
];

const ITEM: Members = &[
    ("id", Kind::Text, true),
    ("url", Kind::Address, false),
    ("external_url", Kind::Address, false),
    ("title", Kind::Text, false),
    ("content_html", Kind::Html, false),
    ("content_text", Kind::Text, false),
    ("summary", Kind::Text, false),
    ("image", Kind::Address, false),
    ("banner_image", Kind::Address, false),
    ("date_published", Kind::Date, false),
    ("date_modified", Kind::Date, false),
    ("author", Kind::Object(AUTHOR), false),
    ("authors", Kind::Objects(AUTHOR), false),
    ("tags", Kind::Texts, false),
    ("language", Kind::Language, false),
    (
        "attachments",
        Kind::Objects(&[
            ("url", Kind::Address, true),
            ("mime_type", Kind::MediaType, true),
            ("title", Kind::Text, false),
            ("size_in_bytes", Kind::Number, false),
            ("duration_in_seconds", Kind::Number, false),
        ]),
        false,
    ),
];

/// Judges `text`.
pub(super) fn judge(bench: &mut Bench<'_>, text: &str) {
    let feed = match serde_json::from_str(text) {
        Ok(Value::Object(feed)) => feed,
        Ok(_) => {
            bench.find(Rule::NotJson, "the document is no object: expected one");
            return;
        }
        Err(error) => {
            bench.find(Rule::NotJson, format!("the document is not JSON: {error}"));
            return;
        }
    };
    let version = feed.get("version").and_then(Value::as_str);
    let is_known = version.is_none_or(|version| version == VERSION);
    bench.must(is_known, Rule::JsonVersion, || {
        format!(
            "the version is `{}`: expected {VERSION}",
            version.unwrap_or_default()
        )
    });
    bench.own_address(feed.get("feed_url").and_then(Value::as_str));
    object(bench, "the feed", &feed, FEED);
}

fn object(bench: &mut Bench<'_>, what: &str, object: &Map<String, Value>, members: Members) {
    for (name, _, is_due) in members {
        bench.must(
            !is_due || object.contains_key(*name),
            Rule::JsonMissing,
            || format!("{what} has no `{name}`: expected one"),
        );
    }
    for (name, value) in object {
        if let Some(extension) = name.strip_prefix('_') {
            let is_named = !extension.is_empty() && !extension.contains('.');
            bench.must(is_named && value.is_object(), Rule::JsonUnknown, || {
                format!("the extension `{name}` of {what} is not an object of a name without dots: expected one")
            });
            continue;
        }
        match members.iter().find(|it| it.0 == name) {
            Some((_, kind, _)) => member(bench, &format!("`{name}` of {what}"), value, *kind),
            None => bench.find(
                Rule::JsonUnknown,
                format!("{what} has a member `{name}`, which the format does not know: expected none such"),
            ),
        }
    }
}

fn member(bench: &mut Bench<'_>, what: &str, value: &Value, kind: Kind) {
    match (kind, value) {
        (Kind::Flag, Value::Bool(_)) => {}
        (Kind::Number, Value::Number(number)) => {
            let is_right = number.as_f64().is_some_and(|number| number >= 0.0);
            bench.must(is_right, Rule::NumberForm, || {
                format!("{what} is {number}: expected a number from 0")
            });
        }
        (Kind::Texts, Value::Array(texts)) => {
            for text in texts {
                member(bench, what, text, Kind::Text);
            }
        }
        (Kind::Object(members), Value::Object(map)) => object(bench, what, map, members),
        (Kind::Objects(members), Value::Array(objects)) => {
            for value in objects {
                let Value::Object(map) = value else {
                    bench.find(
                        Rule::JsonType,
                        format!("{what} holds what is no object: expected objects"),
                    );
                    continue;
                };
                if members.len() == ITEM.len() && members[0].0 == "id" {
                    item(bench, map);
                } else {
                    object(bench, what, map, members);
                }
            }
        }
        (
            Kind::Text | Kind::Address | Kind::Date | Kind::Language | Kind::Html | Kind::MediaType,
            Value::String(text),
        ) => {
            bench.characters(what, text);
            said(bench, what, text, kind);
        }
        _ => bench.find(
            Rule::JsonType,
            format!("{what} is of another type: expected {}", type_of(kind)),
        ),
    }
}

fn said(bench: &mut Bench<'_>, what: &str, text: &str, kind: Kind) {
    match kind {
        Kind::Address => bench.link_form(what, text),
        Kind::Date => {
            bench.rfc3339(what, text);
        }
        Kind::Language => bench.language(what, text),
        Kind::Html => bench.html(what, text),
        Kind::MediaType => bench.media_type(what, text),
        _ => bench.not_blank(what, text),
    }
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "true or false",
        Kind::Number => "a number",
        Kind::Texts => "a list of texts",
        Kind::Objects(_) => "a list of objects",
        Kind::Object(_) => "an object",
        _ => "a text",
    }
}

fn item(bench: &mut Bench<'_>, item: &Map<String, Value>) {
    let id = item.get("id").and_then(Value::as_str);
    bench.turn_to(Some(id.unwrap_or_default()));
    if let Some(id) = id {
        bench.entry_id(id);
    }
    let has_content = item.contains_key("content_html") || item.contains_key("content_text");
    bench.must(has_content, Rule::JsonMissing, || {
        "the item has neither `content_html` nor `content_text`: expected one of them".to_owned()
    });
    let has_person = |person: &Value| {
        let members = ["name", "url", "avatar"];
        members.iter().any(|member| person.get(member).is_some())
    };
    let authors = item.get("authors").and_then(Value::as_array);
    let is_somebody = authors.is_none_or(|authors| authors.iter().all(has_person));
    bench.must(is_somebody, Rule::JsonMissing, || {
        "an author has neither name, page nor picture: expected one of them".to_owned()
    });
    object(bench, "the item", item, ITEM);
    bench.turn_to(None);
}
