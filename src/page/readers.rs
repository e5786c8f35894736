//! One-click links: addresses that open a feed in somebody's reader.
//!
//! Only those are here whose pattern their makers give out.

use minijinja::context;
use minijinja::value::Value;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a query's value may hold as it is. (RFC 3986 section 2.3)
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The readers that can be told to subscribe to the feed at `address`.
pub(super) fn readers(address: &str) -> Vec<Value> {
    let value = utf8_percent_encode(address, VALUE);
    let bare = bare(address);
    let links = [
        // The button that Feedly's maker page gives to publishers.
        (
            "Feedly",
            format!("https://feedly.com/i/subscription/feed%2F{value}"),
        ),
        // Inoreader's blog, "Add to Inoreader".
        (
            "Inoreader",
            format!("https://www.inoreader.com/?add_feed={value}"),
        ),
        // NewsBlur, Goodies, "Custom Add Site URL".
        ("NewsBlur", format!("https://www.newsblur.com/?url={value}")),
        // The Old Reader, tips: "To subscribe to new feeds with a single click, use …".
        (
            "The Old Reader",
            format!("https://theoldreader.com/feeds/subscribe?url={value}"),
        ),
        // The scheme that programs register with the system: NetNewsWire, Reeder, Thunderbird. They read
        // it as http. (`feed:https://…` would say more, but is no valid URL where HTML wants one.)
        ("A reader on this device", format!("feed://{bare}")),
    ];
    links.map(link).to_vec()
}

/// The podcast apps that can be told to subscribe to the feed at `address`.
pub(super) fn podcast_apps(address: &str) -> Vec<Value> {
    let value = utf8_percent_encode(address, VALUE);
    let bare = bare(address);
    let links = [
        // The scheme that Apple's app registers, in the place of https.
        ("Apple Podcasts", format!("podcast://{bare}")),
        // Overcast, information for podcasters.
        (
            "Overcast",
            format!("overcast://x-callback-url/add?url={value}"),
        ),
        // Pocket Casts, support, "subscribe links".
        ("Pocket Casts", format!("pktc://subscribe/{bare}")),
        // AntennaPod, documentation for podcasters, "subscribe links".
        (
            "AntennaPod",
            format!("https://antennapod.org/deeplink/subscribe?url={value}"),
        ),
    ];
    links.map(link).to_vec()
}

fn bare(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest)
}

fn link((name, address): (&str, String)) -> Value {
    context! { name, address }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(links: &[Value], expected: &[(&str, &str)]) {
        let text = |value: &Value, name: &str| value.get_attr(name).unwrap().to_string();
        let found: Vec<_> = links
            .iter()
            .map(|link| (text(link, "name"), text(link, "address")))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, address)| ((*name).to_owned(), (*address).to_owned()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn addresses_are_handed_over_whole() {
        let feed = "https://a.example/tags/caf%C3%A9+tea/rss.xml";
        let bare = "a.example/tags/caf%C3%A9+tea/rss.xml";
        let value = "https%3A%2F%2Fa.example%2Ftags%2Fcaf%25C3%25A9%2Btea%2Frss.xml";
        check(
            &readers(feed),
            &[
                (
                    "Feedly",
                    &format!("https://feedly.com/i/subscription/feed%2F{value}"),
                ),
                (
                    "Inoreader",
                    &format!("https://www.inoreader.com/?add_feed={value}"),
                ),
                (
                    "NewsBlur",
                    &format!("https://www.newsblur.com/?url={value}"),
                ),
                (
                    "The Old Reader",
                    &format!("https://theoldreader.com/feeds/subscribe?url={value}"),
                ),
                ("A reader on this device", &format!("feed://{bare}")),
            ],
        );
        check(
            &podcast_apps(feed),
            &[
                ("Apple Podcasts", &format!("podcast://{bare}")),
                (
                    "Overcast",
                    &format!("overcast://x-callback-url/add?url={value}"),
                ),
                ("Pocket Casts", &format!("pktc://subscribe/{bare}")),
                (
                    "AntennaPod",
                    &format!("https://antennapod.org/deeplink/subscribe?url={value}"),
                ),
            ],
        );
    }
}
