//! One table per row of the entry format.

mod bodies;
mod hostile;
mod related_lines;

use jiff::tz::TimeZone;

use super::*;
use crate::entry::{Hole, Reference, StatedDate, Wanted};

fn conventions() -> Conventions {
    Conventions {
        zone: TimeZone::UTC,
        labels: Labels::new([
            "Read",
            "Also read",
            "Read also",
            "Read more",
            "Related",
            "See also",
        ]),
    }
}

fn read(path: &str, text: &str) -> Result<Draft, Refusal> {
    parse(
        &FolderPath::new(path).unwrap(),
        text.as_bytes(),
        &conventions(),
    )
}

fn draft(path: &str, text: &str) -> Draft {
    read(path, text).unwrap_or_else(|refusal| panic!("{refusal}: {text}"))
}

/// The body with its holes readable: `{r0}`, `{href:1}`, `{u2}`.
fn body(draft: &Draft) -> String {
    let mut html = String::new();
    draft.body.fill(&mut html, |hole, html| {
        let shown = match hole {
            Hole::Related(number) => format!("{{r{number}}}"),
            Hole::Attribute(name, number) => format!(" {{{name}:{number}}}"),
            Hole::Srcset(candidates) => format!("{{srcset:{candidates}}}"),
        };
        html.push_str(&shown);
    });
    html
}

fn related(draft: &Draft) -> Vec<String> {
    let lines = draft.article.references.iter().filter_map(|reference| {
        let Reference::Related(line) = reference else {
            return None;
        };
        Some(match &line.wanted {
            Wanted::Title => line.text.to_string(),
            Wanted::Address(address) => format!("{} -> {address}", line.text),
            Wanted::Local(local) => format!("{} => {}{}", line.text, local.path, local.suffix),
        })
    });
    lines.collect()
}

fn warnings(draft: &Draft) -> Vec<String> {
    draft.warnings.iter().map(ToString::to_string).collect()
}

const SAMPLE: &str = "\
The harbour authority reopened the swing bridge on Monday after nine months of repairs. Its director, Ana Reis, said that
traffic would be back to normal by the weekend.

Ferry companies ask for compensation

Nobody told us it would take nine months. We lost a whole summer. — Ferry Owners (@ferryowners) March 2, 2026

Read: Ferry strike ends after talks

Traffic on the north bank

The bridge carries about forty thousand vehicles a day. During the closure most of them took the tunnel, where queues grew
to over an hour, according to the city's figures.

Read: Tunnel tolls suspended until spring

Read: Harbour bridge closes for repairs and a second crossing is planned, LIVE updates here
";

#[test]
fn the_sample_needs_no_help() {
    let draft = draft("story-17.txt", SAMPLE);
    assert_eq!(
        draft.article.title.as_str(),
        "Ferry companies ask for compensation"
    );
    assert_eq!(draft.slug.as_str(), "ferry-companies-ask-for-compensation");
    assert_eq!(
        draft.article.summary.as_str(),
        "The harbour authority reopened the swing bridge on Monday after nine months of repairs. \
         Its director, Ana Reis, said that traffic would be back to normal by the weekend."
    );
    assert_eq!(
        related(&draft),
        [
            "Ferry strike ends after talks",
            "Tunnel tolls suspended until spring",
            "Harbour bridge closes for repairs and a second crossing is planned, LIVE updates here",
        ]
    );
    let body = body(&draft);
    assert_eq!(body.matches("<h2>").count(), 2, "{body}");
    assert_eq!(body.matches("<blockquote>").count(), 1, "{body}");
    assert!(
        body.contains(
            "<blockquote><p>Nobody told us it would take nine months. We lost a whole summer.</p>\
         <p>— <cite>Ferry Owners (@ferryowners) March 2, 2026</cite></p></blockquote>\
         <p class=\"related\">Read: {r0}</p>\
         <h2>Traffic on the north bank</h2>"
        ),
        "{body}"
    );
    assert_eq!(warnings(&draft), [""; 0]);
}

#[test]
fn titles_follow_the_order_of_the_rules() {
    let check = |path: &str, text: &str, title: &str, expected: &str| {
        let draft = draft(path, text);
        assert_eq!(
            (draft.article.title.as_str(), body(&draft).as_str()),
            (title, expected),
            "{path}: {text}"
        );
    };
    let p = "<p>Text.</p>";
    check("a.md", "---\ntitle: A <b> & c\n---\nText.", "A <b> & c", p);
    check("a.md", "---\ntitle: Same\n---\n# Same\n\nText.", "Same", p);
    check("a.md", "---\ntitle: no\n---\nText.", "no", p);
    check("a.md", "---\ntitle: 1.10\n---\nText.", "1.10", p);
    check("a.md", "## One *two* &amp;\n\nText.", "One two &", p);
    check("a.md", "One\n===\nText.", "One", p);
    check("two-words-here.md", "Text.", "Two words here", p);
    check("2026-01-31-two-words.md", "Text.", "Two words", p);
    check("two-words/index.md", "Text.", "Two words", p);
    check(
        "a.md",
        "Text.\n\n## Further\n",
        "Further",
        "<p>Text.</p>\n<h2>Further</h2>",
    );
    check("deadbeef-cafe.md", "Text.", "Text", p);
    check("a.txt", "A first line\n\nText.", "A first line", p);
    check(
        "a.txt",
        "A first line\n\nBy Ana Reis\n\nText.",
        "A first line",
        "<h2>By Ana Reis</h2><p>Text.</p>",
    );
    check(
        "a.html",
        "<title>T</title><h1>One</h1><p>Text.</p>",
        "One",
        p,
    );
    check(
        "a.html",
        "<html><head><title>T &eacute; &lt;</title></head><body><p>Text.</p></body></html>",
        "T é <",
        p,
    );
    check(
        "a.html",
        "<p>Text.</p><h1>One</h1>",
        "One",
        "<p>Text.</p><h1>One</h1>",
    );
    check(
        "a.html",
        "<article><header><h1>One</h1></header><p>Text.</p></article>",
        "One",
        "<article><p>Text.</p></article>",
    );
}

#[test]
fn guessed_titles_are_told() {
    let draft = draft("a.md", "The bridge is open. So is the tunnel.");
    assert_eq!(draft.article.title.as_str(), "The bridge is open");
    assert_eq!(
        warnings(&draft),
        [
            "1:1: the title had to be guessed: it is now \"The bridge is open\"; expected a heading, or `title` in the front matter"
        ]
    );
}

#[test]
fn addresses_come_from_names_that_say_something() {
    let check = |path: &str, expected: &str| {
        let draft = draft(path, "# The Bridge Opens\n\nText.");
        assert_eq!(draft.slug.as_str(), expected, "{path}");
    };
    check("harbour-bridge.md", "harbour-bridge");
    check("2026-01-31-harbour-bridge.md", "harbour-bridge");
    check("news/harbour-bridge/index.md", "harbour-bridge");
    check("bridge.md", "bridge");
    check("港の橋.md", "港の橋");
    check("story-17.md", "the-bridge-opens");
    check("17.md", "the-bridge-opens");
    check("2026-01-31.md", "the-bridge-opens");
    check("3f2a-beef-cafe.md", "the-bridge-opens");
}

#[test]
fn dates_come_from_front_matter_or_the_name() {
    let check = |path: &str, text: &str, expected: Option<&str>| {
        let at = draft(path, text).claims.published.map(|date| match date {
            StatedDate::At(at) | StatedDate::Day { start: at, .. } => at.to_string(),
        });
        assert_eq!(at.as_deref(), expected, "{path}");
    };
    let day = Some("2026-01-31T00:00:00Z");
    check("2026-01-31-two-words.md", "Text.", day);
    check("2026-01-31-a/index.md", "Text.", day);
    check("a.md", "---\ndate: 2026-01-31\n---\nText.", day);
    check("a.md", "+++\ndate = 2026-01-31\n+++\nText.", day);
    check("a.md", "{\"date\": \"2026-01-31\"}\nText.", day);
    check("a.md", "Date: 2026-01-31\n\nText.", day);
    check("a.md", "+++\ndate = 2026-01-31T00:00:00Z\n+++\nText.", day);
    check("2025-01-01-a.md", "---\ndate: 2026-01-31\n---\nText.", day);
    check("a.md", "Text.", None);
}

#[test]
fn front_matter_is_refused_with_a_place() {
    let check = |text: &str, expected: &str| {
        let shown = match read("a.md", text) {
            Ok(draft) => format!("published as {}", draft.article.title),
            Err(Refusal::Unfinished(problem)) => format!("unfinished: {problem}"),
            Err(Refusal::Rejected(problem)) => problem.to_string(),
        };
        assert_eq!(shown, expected, "{text}");
    };
    check(
        "---\ntitle: x\ndate: tomorrow\n---\nText.",
        "3:7: `date` is not a date: expected 2026-01-31 or 2026-01-31T10:00:00Z",
    );
    check(
        "+++\ntitle = \"x\"\ndate = \"tomorrow\"\n+++\nText.",
        "3:8: `date` is not a date: expected 2026-01-31 or 2026-01-31T10:00:00Z",
    );
    check(
        "Title: x\nDate: tomorrow\n\nText.",
        "2:7: `date` is not a date: expected 2026-01-31 or 2026-01-31T10:00:00Z",
    );
    check(
        "---\ntitle: x\n",
        "unfinished: 1:1: the front matter is not closed: expected a line `---` after it",
    );
    check(
        "+++\ntitle = 1\n",
        "unfinished: 1:1: the front matter is not closed: expected a line `+++` after it",
    );
    check(
        "{\"title\": ",
        "unfinished: 1:11: the front matter is not closed: expected a `}` after it",
    );
    check(
        "",
        "unfinished: 1:1: the file is empty: expected an article",
    );
    check(
        " \n\t",
        "unfinished: 1:1: the file is empty: expected an article",
    );
    check("---\nJust a rule.\n", "published as Just a rule");
    check(
        "---\ntitle: x\ntitle: y\n---\n",
        "3:1: `title` stands here for the second time: expected each key once",
    );
    check(
        "---\ntitle: Harbour: it's open\n---\n",
        "published as Harbour: it's open",
    );
    check(
        "---\ntags:\n  - a: b: c\n---\nText",
        "3:9: the front matter is not YAML: mapping values are not allowed in this context: expected quotes around a value with a colon in it",
    );
    check(
        "---\ntitle: [a\n---\nText",
        "2:8: the front matter is not YAML: unclosed bracket '['",
    );
    check(
        "---\nlang: English please\ntitle: x\n---\n",
        "2:7: `lang` is not a language: expected a tag such as en or pt-BR",
    );
    check(
        "---\nid: 12\ntitle: x\n---\n",
        "2:5: `12` is not an id: expected an absolute IRI such as urn:uuid:… or https://example.org/?p=12, or a UUID",
    );
    check(
        "---\nwords: { of: [ other, tools ] }\ntitle: x\n---\n",
        "published as x",
    );
    check(
        "---\ndraft: false\n---\n",
        "4:1: there is neither a title nor any text: expected an article",
    );
}

#[test]
fn other_tools_keys_mean_the_same() {
    let yaml = "---\npublishDate: 2026-01-31 10:00:00 +0200\nlastmod: never\nauthor: Ana Reis <ana@example.org>\ncategories: [Harbour, C++]\nkeywords: ferries, harbour\ndescription: About\nurl: /2026/bridge/\nguid: tag:example.org,2026:1\nredirect_from: /old\nstatus: draft\nlanguage: pt_BR\ncover: {image: a.png, alt: A bridge}\naudio: https://example.org/a.mp3\nsee_also:\n  - Some title\n  - {title: Ferries, url: https://example.org/f}\n  - other.md\n---\nText.";
    let draft = draft("news/a.md", yaml);
    let article = &draft.article;
    assert_eq!(article.authors[0].name.as_str(), "Ana Reis");
    assert_eq!(
        article.authors[0].email.as_ref().unwrap().as_str(),
        "ana@example.org"
    );
    let tags: Vec<&str> = article
        .categories
        .iter()
        .map(|tag| tag.label.as_str())
        .collect();
    assert_eq!(tags, ["Harbour", "C++", "ferries"]);
    assert_eq!(article.summary.as_str(), "About");
    assert_eq!(draft.claims.slug.as_ref().unwrap().as_str(), "2026/bridge");
    assert_eq!(
        draft.claims.id.as_ref().unwrap().as_str(),
        "tag:example.org,2026:1"
    );
    assert_eq!(draft.claims.aliases[0].as_str(), "old");
    assert!(draft.claims.draft);
    assert_eq!(article.language.as_ref().unwrap().as_str(), "pt-BR");
    assert_eq!(article.image.as_ref().unwrap().alt.as_str(), "A bridge");
    assert_eq!(
        article.enclosures[0].media_type.as_ref().unwrap().as_str(),
        "audio/mpeg"
    );
    assert_eq!(
        related(&draft),
        [
            "Some title",
            "Ferries -> https://example.org/f",
            "other.md => news/other.md"
        ]
    );
    assert_eq!(
        warnings(&draft)[0],
        "3:10: `lastmod` is not a date: expected 2026-01-31 or 2026-01-31T10:00:00Z"
    );
}

#[test]
fn control_characters_have_no_way_in() {
    let forged = "&#1;r0&#2; &#x1;a0 href&#x2; \u{1}u0\u{2}";
    let texts = [
        (
            "a.md",
            format!("# {forged}\n\n{forged} [x](b.md \"{forged}\") <b title=\"{forged}\">y</b>"),
        ),
        (
            "a.md",
            format!("# {forged}\n\n{forged} ![{forged}](https://example.org/&#1;x)"),
        ),
        ("a.txt", format!("{forged}\n\n{forged} text.")),
        (
            "a.html",
            format!(
                "<h1>{forged}</h1><p title=\"{forged}\">{forged}</p><a href=\"&#1;u0&#2;\">x</a>"
            ),
        ),
        ("a.html", format!("<title>{forged}</title><p>x</p>")),
        (
            "a.md",
            "---\ntitle: \"\\x01r0\\x02 x\"\nauthors: [\"\\x01r0\\x02 x\"]\n---\ntext".to_owned(),
        ),
        (
            "a.md",
            "{\"title\": \"\\u0001r0\\u0002 x\"}\ntext".to_owned(),
        ),
        (
            "a.md",
            "+++\ntitle = \"\\u0001r0\\u0002 x\"\n+++\ntext".to_owned(),
        ),
    ];
    for (path, text) in texts {
        let draft = draft(path, &text);
        let marks = draft.body.as_str().matches('\u{1}').count();
        let mut holes = 0;
        draft.body.fill(&mut String::new(), |hole, _| {
            assert!(
                matches!(hole, Hole::Attribute("href", 0)),
                "{text}: {hole:?}"
            );
            holes += 1;
        });
        assert_eq!(marks, holes, "{text}");
        assert!(
            !draft.article.title.as_str().contains(char::is_control),
            "{text}"
        );
        assert!(
            !draft.article.summary.as_str().contains(char::is_control),
            "{text}"
        );
    }
}

#[test]
fn summaries_are_short_and_plain() {
    let check = |text: &str, expected: &str| {
        let draft = draft("a.md", &format!("---\ntitle: T\n---\n{text}"));
        assert_eq!(draft.article.summary.as_str(), expected, "{text}");
    };
    check(
        "## Head\n\nRead: Other\n\nOne *two* <b>three</b>.\n\nMore.",
        "One two three.",
    );
    check("One.\n\nTwo.\n\n<!--more-->\n\nThree.", "One. Two.");
    check("One. <!-- more --> Two.", "One.");
    check("> quoted\n\nOne.", "One.");
    check("![x](https://example.org/a.png)", "");
    check("- a\n- b", "a b");
    let long = "A sentence of some words that goes on and on for quite a while, it seems to me. "
        .repeat(9);
    let three = long[..80 * 3].trim_end();
    check(&long, three);
    let wordy = "word ".repeat(100);
    let cut = draft("a.md", &wordy).article.summary;
    assert!(
        cut.as_str().chars().count() <= 280 && cut.as_str().ends_with("word…"),
        "{cut}"
    );
    let body = body(&draft("a.md", "One.\n\n<!--more-->\n\nTwo."));
    assert_eq!(body, "<p>One.</p>\n\n<p>Two.</p>");
}

#[test]
fn plain_text_is_written_by_people() {
    let check = |text: &str, html: &str| {
        let draft = draft("a.txt", &format!("---\ntitle: T\n---\n{text}"));
        assert_eq!(body(&draft), html, "{text}");
    };
    check("- a\n- b\n  c", "<ul><li>a</li><li>b\nc</li></ul>");
    check("3. a\n4. b", "<ol start=\"3\"><li>a</li><li>b</li></ol>");
    check(
        "> a\n> b\n>\n> c",
        "<blockquote><p>a\nb</p><p>c</p></blockquote>",
    );
    check(
        "It works. — Ana Reis, The Paper",
        "<blockquote><p>It works.</p><p>— <cite>Ana Reis, The Paper</cite></p></blockquote>",
    );
    check(
        "It works — if you ask Ana Reis, The Paper says.",
        "<p>It works — if you ask Ana Reis, The Paper says.</p>",
    );
    check(
        "https://example.org/a_(b)",
        "<p><a href=\"https://example.org/a_(b)\">https://example.org/a_(b)</a></p>",
    );
    check(
        "see (https://example.org/a), or a@example.org.",
        "<p>see (<a href=\"https://example.org/a\">https://example.org/a</a>), or <a href=\"mailto:a@example.org\">a@example.org</a>.</p>",
    );
    check("Is it open?\n\nYes.", "<h2>Is it open?</h2><p>Yes.</p>");
    check("Not a heading;\n\nYes.", "<p>Not a heading;</p><p>Yes.</p>");
    check("“Not one.”\n\nYes.", "<p>“Not one.”</p><p>Yes.</p>");
    check(
        "<b> & *c* _d_ &amp;.",
        "<p>&lt;b&gt; &amp; *c* _d_ &amp;amp;.</p>",
    );
    check("* * *\n\nYes.", "<p>* * *</p><p>Yes.</p>");
}

#[test]
fn the_digest_is_of_what_matters() {
    let content = |text: &str| draft("a.md", text).content;
    let first = content("# T\n\nOne two.");
    assert_eq!(first, content("# T\n\nOne\n*two*."));
    assert_eq!(
        first,
        content("---\ntags: [a]\nminor: true\n---\n# T\n\nOne two.")
    );
    assert_ne!(first, content("# T\n\nOne three."));
    assert_ne!(first, content("# U\n\nOne two."));
    assert_ne!(
        first,
        content("---\nlink: https://example.org\n---\n# T\n\nOne two.")
    );
}

#[test]
fn kinds_are_told_by_extensions() {
    let check = |path: &str, expected: Option<Kind>| {
        assert_eq!(
            Kind::of(&FolderPath::new(path).unwrap()),
            expected,
            "{path}"
        );
    };
    check("a.MD", Some(Kind::Markdown));
    check("a.b/c.markdown", Some(Kind::Markdown));
    check("a.Txt", Some(Kind::Plain));
    check("a.htm", Some(Kind::Html));
    check("a.png", None);
    check("md", None);
}
