//! The clean HTML of Markdown and HTML entries.

use super::{body, draft, warnings};

#[test]
fn references_become_holes() {
    let check = |text: &str, html: &str, references: usize, warned: &[&str]| {
        let draft = draft("n/a.md", &format!("---\ntitle: T\n---\n{text}"));
        assert_eq!(body(&draft), html, "{text}");
        assert_eq!(draft.article.references.len(), references, "{text}");
        assert_eq!(warnings(&draft), warned, "{text}");
    };
    check(
        "[x](b.md) [y](b.md)",
        "<p><a {href:0}>x</a> <a {href:0}>y</a></p>",
        1,
        &[],
    );
    check("[x](#top)", "<p><a {href:0}>x</a></p>", 1, &[]);
    check("![x](b.png)", "<p><img {src:0} alt=\"x\"></p>", 1, &[]);
    check(
        "[x](//example.org/ü)",
        "<p><a href=\"https://example.org/%C3%BC\">x</a></p>",
        0,
        &[],
    );
    check(
        "[x](../../b.md)",
        "<p><a>x</a></p>",
        0,
        &["4:5: `../../b.md` leads out of the folder: expected a path inside it, or a full URL"],
    );
    check("[x](javascript:alert%281%29)", "<p><a>x</a></p>", 0, &[]);
    check(
        "<img src=b.png srcset=\"b.png 1x, c.png 2x,https://example.org/d.png 3x\" alt=x>",
        "<img {src:0}{srcset:#0 1x, #1 2x, https://example.org/d.png 3x} alt=\"x\">",
        2,
        &[],
    );
    check(
        "![](b.png)",
        "<p><img {src:0} alt=\"\"></p>",
        1,
        &["4:5: the image `n/b.png` has no words for those who can't see it: expected an alt text"],
    );
}

#[test]
fn markdown_is_what_git_hub_makes_of_it() {
    let check = |text: &str, html: &str| {
        let draft = draft("a.md", &format!("---\ntitle: T\n---\n{text}"));
        assert_eq!(body(&draft), html, "{text}");
    };
    check(
        "~~a~~ https://example.org",
        "<p><del>a</del> <a href=\"https://example.org/\">https://example.org</a></p>",
    );
    check(
        "- [x] a",
        "<ul>\n<li><input type=\"checkbox\" checked=\"\" disabled=\"\"> a</li>\n</ul>",
    );
    check(
        "|a|\n|-:|\n|b|",
        "<table>\n<thead>\n<tr>\n<th align=\"right\">a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align=\"right\">b</td>\n</tr>\n</tbody>\n</table>",
    );
    check(
        "```rust\nfn <a>\n```",
        "<pre><code class=\"language-rust\">fn &lt;a&gt;\n</code></pre>",
    );
    check(
        "a[^1]\n\n[^1]: note",
        "<p>a<sup class=\"footnote-ref\"><a {href:0} id=\"fnref-1\">1</a></sup></p>\n<section class=\"footnotes\">\n<ol>\n<li id=\"fn-1\">\n<p>note <a {href:1} class=\"footnote-backref\">↩</a></p>\n</li>\n</ol>\n</section>",
    );
    check(
        "a <b onclick=x>b</b> <script>c</script>",
        "<p>a <b>b</b> </p>",
    );
    check(
        "<figure><img src=\"https://example.org/a.png\" alt=\"a\"><figcaption>b</figcaption></figure>",
        "<figure><img src=\"https://example.org/a.png\" alt=\"a\"><figcaption>b</figcaption></figure>",
    );
    check(
        "<details><summary>a</summary>\n\n*b*\n\n</details>",
        "<details><summary>a</summary>\n<p><em>b</em></p>\n</details>",
    );
}

/// The sanitiser works on a text in which two control characters stand for others.
#[test]
fn stand_ins_can_not_be_brought_along() {
    let draft = draft(
        "a.md",
        "# T\n\n<b>x</b> [x](https://a.example/ \"a&#4;\") [y](https://a.example/ \" onclick=x() z=\") &#3;lt;",
    );
    assert_eq!(
        body(&draft),
        "<p><b>x</b> <a href=\"https://a.example/\" title=\"a\">x</a> \
         <a href=\"https://a.example/\" title=\" onclick=x() z=\">y</a> lt;</p>",
    );
}

#[test]
fn nothing_active_is_left() {
    let check = |text: &str, html: &str| {
        let draft = draft("a.html", &format!("---\ntitle: T\n---\n{text}"));
        assert_eq!(body(&draft), html, "{text}");
    };
    check(
        "<p onclick=a style=b>x<script>y</script><style>z</style></p>",
        "<p>x</p>",
    );
    check("<a href=' java&#10;script:x'>y</a>", "<a>y</a>");
    check("<svg><a><script>x</script></svg>y", "y");
    check(
        "<iframe src=x></iframe><form action=x><input name=y>z</form>",
        "z",
    );
    check("<math><mtext></math><img src=x onerror=y>", "<img {src:0}>");
    check("<a href=x><a href=y>z", "<a {href:0}></a><a {href:1}>z</a>");
    check(
        "<img alt='\"><script>' src='https://example.org/'>",
        "<img alt=\"&quot;&gt;&lt;script&gt;\" src=\"https://example.org/\">",
    );
    check(
        "<p>one<p>two<ul><li>a<li>b</ul>",
        "<p>one</p><p>two</p><ul><li>a</li><li>b</li></ul>",
    );
    check("&lt;script&gt;", "&lt;script&gt;");
    check(
        "&eacute;&nosuch; &copy 1&2 &#60;b&#62; &NotEqualTilde;",
        "é&amp;nosuch; &amp;copy 1&amp;2 &lt;b&gt; ≂\u{338}",
    );
    check(
        "<a href='https://example.org/?a=1&copy=2&amp;b'>x</a>",
        "<a href=\"https://example.org/?a=1&amp;copy=2&amp;b\">x</a>",
    );
}
