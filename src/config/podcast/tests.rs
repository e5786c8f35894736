use super::*;
use crate::config::Config;

fn podcast(table: &str) -> PodcastConfig {
    let config = Config::parse(&format!("[podcast]\n{table}")).unwrap();
    config.podcast.unwrap()
}

const FULL: &str = r#"
category = ["news > daily news", "Society and Culture", "Film Reviews"]
explicit = true
type = "serial"
image = "https://example.org/cover.jpg"
author = "The Desk"
owner = { name = "Ann", email = "ann@example.org" }
complete = true
block = true
new_feed_url = "https://example.org/new.xml"
guid = "917393e3-1b1e-5cef-ace4-edaa54e1f810"
locked = false
medium = "audiobook"
funding = [{ url = "https://example.org/give", title = "Support us" }]
person = ["Ann", { name = "Bo", role = "guest", group = "cast", img = "https://example.org/b.png", href = "https://bo.example/" }]
podroll = [
  "917393e3-1b1e-5cef-ace4-edaa54e1f810",
  "https://podnews.net/rss",
  { guid = "9b024349-ccf0-5f69-a609-6b82873eab3c", url = "https://podnews.net/rss", title = "Podnews" },
]
"#;

#[test]
fn a_show_says_all_of_it() {
    let show = podcast(FULL);
    let categories: Vec<String> = show.category.iter().map(ToString::to_string).collect();
    assert_eq!(
        categories,
        [
            "News > Daily News",
            "Society & Culture",
            "TV & Film > Film Reviews"
        ]
    );
    assert_eq!(
        (show.kind, show.medium),
        (ShowKind::Serial, Medium::Audiobook)
    );
    assert_eq!(show.locked, Some(false));
    assert_eq!(show.person[0].name.as_str(), "Ann");
    assert_eq!(show.person[1].role.as_ref().unwrap().as_str(), "guest");
    assert_eq!(show.podroll[0].url, None);
    assert_eq!(show.podroll[1].guid, None);
    assert_eq!(show.podroll[0].guid, show.guid);
    assert_eq!(show.podroll[2].title.as_ref().unwrap().as_str(), "Podnews");
}

#[test]
fn what_is_shown_reads_back_the_same() {
    for table in ["", FULL, "category = \"Arts\"\nowner = \"a@example.org\""] {
        let config = Config::parse(&format!("[podcast]\n{table}")).unwrap();
        let shown = config.to_toml().unwrap();
        assert_eq!(Config::parse(&shown), Ok(config), "{shown}");
    }
    assert_eq!(Config::default().podcast, None);
    assert_eq!(podcast(""), PodcastConfig::default());
}

#[test]
fn wrong_values_are_refused_with_their_place() {
    let check = |table: &str, expected: &str| {
        let error = Config::parse(&format!("[podcast]\n{table}")).expect_err(table);
        assert!(error.to_string().contains(expected), "{table:?}: {error}");
    };
    check(
        "category = \"Art\"",
        "2:12: `Art` is not one of Apple's categories: did you mean `Arts`?",
    );
    check(
        "category = [\"Arts\", \"News > Dayly News\"]",
        "2:21: `News > Dayly News` is not one of Apple's categories: did you mean `News > Daily News`?",
    );
    check("category = \"Cooking at home\"", "or one of Arts, Business");
    check("category = \"Arts > Books > Old\"", "is not one of Apple's");
    check(
        "type = \"weekly\"",
        "2:8: `weekly` is not known: expected episodic or serial",
    );
    check("medium = \"tv\"", "expected podcast, music, video");
    check("owner = \"ann\"", "2:9: `ann` is not a mail address");
    check("owner = { name = \"Ann\" }", "missing field `email`");
    check("image = \"cover.jpg\"", "is not an absolute URL");
    check("guid = \"12\"", "not a UUID");
    check(
        "funding = \"https://example.org/\"",
        "expected a table such as { url",
    );
    check(
        "funding = [{ url = \"https://example.org/\" }]",
        "missing field `title`",
    );
    check(
        "person = [{ name = \"Bo\", rol = \"x\" }]",
        "unknown key `rol`: did you mean `role`?",
    );
    check(
        &format!("person = \"{}\"", "x".repeat(129)),
        "expected at most 128",
    );
    assert_eq!(
        podcast(&format!("person = \"{}\"", "x".repeat(128)))
            .person
            .len(),
        1
    );
    check(
        "podroll = [{ title = \"x\" }]",
        "expected a `guid` or `url`",
    );
    check("podroll = [\"x\"]", "is not an absolute URL");
    check("locked = \"yes\"", "2:10: ");
    check(
        "categorie = \"Arts\"",
        "2:1: unknown key `categorie`: did you mean `category`?",
    );
}
