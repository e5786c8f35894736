//! Pictures, audio and video in Media RSS 1.5.1.

use roxmltree::Node;

use super::Rule;
use super::shared::Bench;
use super::xml::{children, is, name_of};

const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// The elements that have attributes of their own.
const ELEMENTS: [&str; 24] = [
    "adult",
    "backLinks",
    "category",
    "comments",
    "community",
    "content",
    "copyright",
    "credit",
    "description",
    "embed",
    "group",
    "hash",
    "keywords",
    "license",
    "location",
    "peerLink",
    "player",
    "price",
    "rating",
    "restriction",
    "rights",
    "status",
    "text",
    "thumbnail",
];

impl Bench<'_> {
    /// An element of Media RSS, with what is in it.
    pub(super) fn media(&mut self, element: Node<'_, '_>) {
        let name = element.tag_name().name();
        if name != "title" && !ELEMENTS.contains(&name) {
            self.find(
                Rule::UnknownElement,
                format!(
                    "`{}` is no element of Media RSS: expected a known one",
                    name_of(element)
                ),
            );
        }
        match name {
            "content" => self.media_content(element),
            "thumbnail" | "player" => {
                if let Some(url) = self.due(element, "url") {
                    self.link_form(&format!("the address of `media:{name}`"), url);
                }
                self.media_numbers(element, &["width", "height"]);
            }
            "group" => {
                let is_content = |node: &Node<'_, '_>| is(*node, Some(MEDIA), "content");
                let count = children(element).filter(is_content).count();
                self.must(count > 1, Rule::MediaGroup, || {
                    format!("a `media:group` has {count} contents: expected two or more")
                });
            }
            "title" | "description" => self.media_word(element, "type", &["plain", "html"]),
            _ => {}
        }
        for inside in children(element).filter(|it| it.tag_name().namespace() == Some(MEDIA)) {
            self.media(inside);
        }
    }

    fn media_content(&mut self, content: Node<'_, '_>) {
        self.attributes(
            content,
            &[
                "url",
                "fileSize",
                "type",
                "medium",
                "isDefault",
                "expression",
                "bitrate",
                "framerate",
                "samplingrate",
                "channels",
                "duration",
                "height",
                "width",
                "lang",
            ],
        );
        let has_player = children(content).any(|it| is(it, Some(MEDIA), "player"));
        if !has_player && let Some(url) = self.due(content, "url") {
            self.link_form("the address of `media:content`", url);
        }
        if let Some(media_type) = content.attribute("type") {
            self.media_type("the type of `media:content`", media_type);
        }
        if let Some(language) = content.attribute("lang") {
            self.language("the language of `media:content`", language);
        }
        let mediums = ["image", "audio", "video", "document", "executable"];
        self.media_word(content, "medium", &mediums);
        self.media_word(content, "isDefault", &["true", "false"]);
        self.media_word(content, "expression", &["full", "sample", "nonstop"]);
        self.media_numbers(
            content,
            &["fileSize", "duration", "height", "width", "channels"],
        );
    }

    fn media_word(&mut self, element: Node<'_, '_>, attribute: &str, words: &[&str]) {
        if let Some(word) = element.attribute(attribute) {
            self.must(words.contains(&word), Rule::MediaForm, || {
                format!(
                    "`{attribute}` of `{}` is `{word}`: expected one of {}",
                    name_of(element),
                    words.join(", ")
                )
            });
        }
    }

    fn media_numbers(&mut self, element: Node<'_, '_>, attributes: &[&str]) {
        for attribute in attributes {
            let Some(number) = element.attribute(*attribute) else {
                continue;
            };
            let is_number =
                !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
            self.must(is_number, Rule::MediaForm, || {
                format!(
                    "`{attribute}` of `{}` is `{number}`: expected a whole number",
                    name_of(element)
                )
            });
        }
    }
}
