//! One table per row of the entry format.

mod attacks;
mod bodies;
mod episodes;
mod files;
mod front_matter;
mod hostile;
mod keys;
mod related_lines;

use jiff::tz::TimeZone;

use super::*;
use crate::entry::{Hole, Recording, Reference, Slug, StatedDate, Wanted};

fn conventions() -> Conventions {
    let labels = [
        "Read",
        "Also read",
        "Read also",
        "Read more",
        "Related",
        "See also",
    ];
    Conventions::new(TimeZone::UTC, Labels::new(labels), Defaults::default())
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

/// The body with its holes readable: `{r0}`, `{href:1}`, `{srcset:#2 2x}`.
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
