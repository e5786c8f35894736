//! The first blocks of a text.

/// Elements that have no end tag. (HTML Living Standard, "void elements")
const VOID: [&str; 7] = ["area", "br", "col", "hr", "img", "source", "wbr"];

/// Where the first `blocks` blocks of clean HTML end: elements at its top, or words between them.
/// `None` if there are no more than that.
pub(super) fn end_of_blocks(html: &str, blocks: u32) -> Option<usize> {
    let (mut begun, mut depth, mut at) = (0, 0_u32, 0);
    while at < html.len() {
        let piece = piece(&html[at..]);
        let is_end = piece.starts_with("</");
        let is_blank = piece.trim().is_empty();
        if depth == 0 && !is_end && !is_blank {
            if begun == blocks {
                return Some(at);
            }
            begun += 1;
        }
        if is_end {
            depth = depth.saturating_sub(1);
        } else if piece.starts_with('<') && !is_void(piece) {
            depth += 1;
        }
        at += piece.len();
    }
    None
}

/// The tag with which `html` begins, or the text before the next one.
fn piece(html: &str) -> &str {
    if !html.starts_with('<') {
        return &html[..html.find('<').unwrap_or(html.len())];
    }
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate() {
        match (byte, quote) {
            (b'>', None) => return &html[..=at],
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if open == byte => quote = None,
            _ => {}
        }
    }
    html
}

fn is_void(tag: &str) -> bool {
    let name = tag.trim_start_matches('<');
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next();
    name.is_some_and(|name| VOID.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_blocks() {
        let check = |html: &str, blocks: u32, first: Option<&str>| {
            let end = end_of_blocks(html, blocks);
            assert_eq!(end.map(|end| &html[..end]), first, "{html}");
        };
        let text = "<h2>A</h2>\n<p>B <b>c</b><br>d</p>\n<ul><li>e</li></ul><p>f</p>\n";
        check(text, 1, Some("<h2>A</h2>\n"));
        check(text, 2, Some("<h2>A</h2>\n<p>B <b>c</b><br>d</p>\n"));
        check(
            text,
            3,
            Some("<h2>A</h2>\n<p>B <b>c</b><br>d</p>\n<ul><li>e</li></ul>"),
        );
        check(text, 4, None);
        check("<hr><p>a</p>", 1, Some("<hr>"));
        check("words <p>a</p>", 1, Some("words "));
        let picture = "<p><img alt=\"a > b </p>\"></p>";
        check(&format!("{picture}<p>c</p>"), 1, Some(picture));
        check("", 1, None);
    }
}
