//! "Read:" lines, in every spelling and notation.

use super::{body, draft, related};

#[test]
fn related_lines_are_spelled_in_many_ways() {
    let check = |path: &str, text: &str, expected: &[&str], html: &str| {
        let draft = draft(path, &format!("---\ntitle: T\n---\n{text}"));
        assert_eq!(related(&draft), expected, "{text}");
        assert_eq!(body(&draft), html, "{text}");
    };
    let one = "<p class=\"related\">Read: {r0}</p>";
    let url = "Harbour bridge reopens -> https://example.org/bridge";
    for path in ["n/a.md", "n/a.txt"] {
        check(path, "Read: Harbour bridge", &["Harbour bridge"], one);
        check(path, "**Read:** Harbour bridge", &["Harbour bridge"], one);
        check(path, "_Read_: Harbour bridge", &["Harbour bridge"], one);
        for spelling in [
            "<https://example.org/bridge>",
            "(https://example.org/bridge)",
            "— https://example.org/bridge",
            "| https://example.org/bridge",
        ] {
            let text = format!("Read: Harbour bridge reopens {spelling}");
            check(path, &text, &[url], one);
        }
        check(
            path,
            "Read: https://example.org/bridge",
            &["https://example.org/bridge -> https://example.org/bridge"],
            one,
        );
        check(path, "Read: ../b.md", &["../b.md => b.md"], one);
        check(
            path,
            "READ ALSO: One\nread: Two",
            &["One", "Two"],
            "<p class=\"related\">READ ALSO: {r0}</p><p class=\"related\">read: {r1}</p>",
        );
        check(
            path,
            "Read the manual: it helps.",
            &[],
            "<p>Read the manual: it helps.</p>",
        );
        check(
            path,
            "Some words.\nRead: One",
            &["One"],
            "<p>Some words.</p><p class=\"related\">Read: {r0}</p>",
        );
    }
}

#[test]
fn related_lines_are_found_in_every_notation() {
    let check = |path: &str, text: &str, expected: &[&str], html: &str| {
        let draft = draft(path, &format!("---\ntitle: T\n---\n{text}"));
        assert_eq!(related(&draft), expected, "{text}");
        assert_eq!(body(&draft), html, "{text}");
    };
    let one = "<p class=\"related\">Read: {r0}</p>";
    check(
        "n/a.md",
        "Read: [Harbour](b%20c.md#x)",
        &["Harbour => n/b c.md#x"],
        one,
    );
    check(
        "n/a.md",
        "Read: [Harbour](https://example.org/)",
        &["Harbour -> https://example.org/"],
        one,
    );
    check(
        "n/a.md",
        "    Read: code",
        &[],
        "<pre><code>Read: code\n</code></pre>",
    );
    check(
        "n/a.md",
        "> Read: quoted",
        &[],
        "<blockquote>\n<p>Read: quoted</p>\n</blockquote>",
    );
    check(
        "n/a.txt",
        "> Read: quoted",
        &[],
        "<blockquote><p>Read: quoted</p></blockquote>",
    );
    check(
        "n/a.html",
        "<p>Read: Harbour &amp; bridge</p>",
        &["Harbour & bridge"],
        one,
    );
    check(
        "n/a.html",
        "<p>Read: Harbour\nbridge</p>",
        &["Harbour bridge"],
        one,
    );
    check(
        "n/a.html",
        "<p><b>Read</b>: <a href=b.html>Harbour</a></p>",
        &["Harbour => n/b.html"],
        one,
    );
    check(
        "n/a.html",
        "<p>Read: One<br>Read: Two</p>",
        &["One", "Two"],
        "<p class=\"related\">Read: {r0}</p><p class=\"related\">Read: {r1}</p>",
    );
    check(
        "n/a.html",
        "<div>Read: One</div>",
        &["One"],
        "<div><p class=\"related\">Read: {r0}</p></div>",
    );
}
