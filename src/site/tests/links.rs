//! What the field `Link` says of each document.

use super::*;

#[test]
fn each_document_names_itself_and_its_other_forms() {
    let mut world = World::new("https://example.org/news/", 2);
    world.drop_in((0..9).map(|it| dated(&format!("{it}.md"), it)).collect());
    let all = |folder: &str, own: &str| {
        let link = |file: &str, media_type: &str| {
            let rel = if file == own { "self" } else { "alternate" };
            format!(
                "<https://example.org/news/{folder}{file}>; rel=\"{rel}\"; type=\"{media_type}\""
            )
        };
        let mut links = [
            link("atom.xml", "application/atom+xml"),
            link("rss.xml", "application/rss+xml"),
            link("feed.json", "application/feed+json"),
            link("", "text/html"),
        ];
        links.sort_by_key(|it| it.contains("alternate"));
        links.join(", ")
    };
    let own = |path: &str| format!("<https://example.org/news/{path}>; rel=\"self\"");
    for (address, expected) in [
        ("/atom.xml", Some(all("", "atom.xml"))),
        ("/rss.xml", Some(all("", "rss.xml"))),
        ("/feed.json", Some(all("", "feed.json"))),
        ("/", Some(all("", ""))),
        ("/archive/1/rss.xml", Some(all("archive/1/", "rss.xml"))),
        ("/archive/1/", Some(all("archive/1/", ""))),
        ("/updates/atom.xml", Some(all("updates/", "atom.xml"))),
        ("/subscribe", Some(own("subscribe"))),
        ("/feeds.opml", Some(own("feeds.opml"))),
        ("/entries/0", Some(own("entries/0"))),
        ("/favicon.ico", None),
        ("/robots.txt", None),
    ] {
        let key = world.plan(address).key;
        assert_eq!(world.site.links(&key), expected, "{address}");
    }
    assert_eq!(world.site.links(&DocumentKey::Gone), None);
}

/// Whatever an address is made of, nothing in it ends the link or the field.
#[test]
fn addresses_in_links_are_encoded() {
    let mut world = World::new("https://b\u{fc}cher.example/a%20b/", 50);
    let odd = "\u{fc}ber/a>b\"c,d;e";
    let mut draft = dated("odd.md", 0);
    draft.claims.slug = Slug::from_path(odd);
    world.drop_in(vec![draft]);
    let odd = "entries/%C3%BCber/a-b-c-d-e";
    assert!(
        world.site.addresses().iter().any(|it| it == odd),
        "{:?}",
        world.site.addresses()
    );
    let mut seen = 0;
    for address in world.site.addresses() {
        let found = world.site.find(&format!("/{address}"));
        let Found::Document(plan) = found else {
            panic!("{address}: {found:?}");
        };
        let Some(links) = world.site.links(&plan.key) else {
            continue;
        };
        seen += 1;
        assert!(links.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        let expected = format!("<https://xn--bcher-kva.example/a%20b/{address}>; rel=\"self\"");
        assert!(links.starts_with(&expected), "{links} {expected}");
        let (starts, ends) = (links.matches('<').count(), links.matches('>').count());
        assert_eq!(starts, links.matches("rel=").count(), "{links}");
        assert_eq!(starts, ends, "{links}");
    }
    assert!(seen > 10, "{seen}");
}
