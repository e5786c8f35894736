//! HTML source → tags, text and comments.
//!
//! It reads like a browser does, in one pass over the text and with a cap on attributes, so that
//! hostile source costs no more than its length. What it can't make sense of is text or nothing.

/// The most attributes that are kept of one tag; a browser-grade parser compares each with all
/// others.
const MAX_ATTRIBUTES: usize = 32;

/// Elements whose content is text up to their own end tag, whatever stands in it.
const RAW_TEXT: [&str; 8] = [
    "script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes",
];

/// A piece of HTML source; text and values are as written, with their character references.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Text(&'a str),
    /// The whole content of an element that holds nothing but raw text.
    Raw {
        name: String,
        content: &'a str,
    },
    Start {
        name: String,
        attributes: Vec<(String, &'a str)>,
    },
    End(String),
    Comment(&'a str),
}

/// Cuts `source` into tokens.
pub(super) struct Lexer<'a> {
    rest: &'a str,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { rest: source }
    }

    fn text(&mut self) -> Token<'a> {
        // A `<` that begins no tag is text, and so is what follows it.
        let end = self.rest[1..]
            .find('<')
            .map_or(self.rest.len(), |found| found + 1);
        Token::Text(self.cut(end))
    }

    fn cut(&mut self, at: usize) -> &'a str {
        let (before, after) = self.rest.split_at(at);
        self.rest = after;
        before
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes.min(self.rest.len())..];
    }

    fn comment(&mut self) -> Token<'a> {
        let (start, end) = if self.rest.starts_with("<!--") {
            (4, "-->")
        } else {
            (2, ">")
        };
        self.skip(start);
        let content = match self.rest.find(end) {
            Some(found) => {
                let content = self.cut(found);
                self.skip(end.len());
                content
            }
            None => self.cut(self.rest.len()),
        };
        Token::Comment(content)
    }

    fn name(&mut self) -> String {
        let end = self
            .rest
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
            .unwrap_or(self.rest.len());
        self.cut(end).to_ascii_lowercase()
    }

    fn white(&mut self) {
        self.rest = self
            .rest
            .trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
    }

    fn attribute(&mut self) -> (String, &'a str) {
        // A leading `=` belongs to the name. (HTML Standard 13.2.5.32)
        let first = self.rest.chars().next().map_or(0, char::len_utf8);
        let end = self.rest[first..]
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '='))
            .map_or(self.rest.len(), |found| found + first);
        let name = self.cut(end).to_ascii_lowercase();
        let after = self.rest.trim_ascii_start();
        let Some(value) = after.strip_prefix('=') else {
            return (name, "");
        };
        self.rest = value.trim_ascii_start();
        let first = self.rest.chars().next();
        let value = if let Some(quote) = first.filter(|c| matches!(c, '"' | '\'')) {
            self.skip(1);
            let end = self.rest.find(quote).unwrap_or(self.rest.len());
            let value = self.cut(end);
            self.skip(1);
            value
        } else {
            let end = self
                .rest
                .find(|c: char| c.is_ascii_whitespace() || c == '>')
                .unwrap_or(self.rest.len());
            self.cut(end)
        };
        (name, value)
    }

    /// `None` when the source ends within the tag.
    fn tag(&mut self) -> Option<Token<'a>> {
        self.skip(1);
        let closing = self.rest.starts_with('/');
        self.skip(usize::from(closing));
        let name = self.name();
        let mut attributes: Vec<(String, &str)> = Vec::new();
        loop {
            self.white();
            match self.rest.chars().next() {
                None => return None,
                Some('>') => break self.skip(1),
                Some(_) => {
                    let (name, value) = self.attribute();
                    let kept = attributes.len() < MAX_ATTRIBUTES
                        && attributes.iter().all(|(other, _)| *other != name);
                    if kept {
                        attributes.push((name, value));
                    }
                }
            }
        }
        if closing {
            return Some(Token::End(name));
        }
        if RAW_TEXT.contains(&name.as_str()) {
            let content = self.raw_text(&name);
            return Some(Token::Raw { name, content });
        }
        Some(Token::Start { name, attributes })
    }

    fn raw_text(&mut self, name: &str) -> &'a str {
        let mut from = 0;
        while let Some(found) = self.rest[from..].find("</") {
            let at = from + found;
            let tag = self.rest.as_bytes().get(at + 2..at + 2 + name.len());
            if tag.is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes())) {
                let content = self.cut(at);
                let end = self.rest.find('>').map_or(self.rest.len(), |end| end + 1);
                self.skip(end);
                return content;
            }
            from = at + 2;
        }
        self.cut(self.rest.len())
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        if first != '<' {
            let end = self.rest.find('<').unwrap_or(self.rest.len());
            return Some(Token::Text(self.cut(end)));
        }
        match chars.next() {
            Some('!' | '?') => Some(self.comment()),
            Some('/') => match chars.next() {
                Some(c) if c.is_ascii_alphabetic() => self.tag(),
                Some(_) => Some(self.comment()),
                None => Some(self.text()),
            },
            Some(c) if c.is_ascii_alphabetic() => self.tag(),
            _ => Some(self.text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start<'a>(name: &str, attributes: &[(&str, &'a str)]) -> Token<'a> {
        Token::Start {
            name: name.to_owned(),
            attributes: attributes
                .iter()
                .map(|&(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }

    #[test]
    fn source_comes_apart_as_in_a_browser() {
        let check = |source: &str, expected: &[Token<'_>]| {
            assert_eq!(
                Lexer::new(source).collect::<Vec<_>>(),
                expected,
                "{source:?}"
            );
        };
        check(
            "a<B Href='x>y' src=z/ checked>b</B >",
            &[
                Token::Text("a"),
                start("b", &[("href", "x>y"), ("src", "z/"), ("checked", "")]),
                Token::Text("b"),
                Token::End("b".into()),
            ],
        );
        check(
            "1 < 2 <3",
            &[Token::Text("1 "), Token::Text("< 2 "), Token::Text("<3")],
        );
        check("<br/><hr />", &[start("br", &[]), start("hr", &[])]);
        check(
            "<!doctype html><!-- a > b --><?x?></ y>",
            &[
                Token::Comment("doctype html"),
                Token::Comment(" a > b "),
                Token::Comment("x?"),
                Token::Comment(" y"),
            ],
        );
        check(
            "<script>if (a</b>c) '</Script >x",
            &[
                Token::Raw {
                    name: "script".into(),
                    content: "if (a</b>c) '",
                },
                Token::Text("x"),
            ],
        );
        check("x<a href=\"never ends", &[Token::Text("x")]);
        check("<", &[Token::Text("<")]);
        check("</", &[Token::Text("</")]);
        check("<a x=1 x=2 =y>", &[start("a", &[("x", "1"), ("=y", "")])]);
    }

    #[test]
    fn attributes_are_capped() {
        let attributes: Vec<String> = (0..50_000).map(|number| format!("a{number}=1")).collect();
        let source = format!("<a {}>", attributes.join(" "));
        let Some(Token::Start { attributes, .. }) = Lexer::new(&source).next() else {
            panic!("a tag");
        };
        assert_eq!(attributes.len(), MAX_ATTRIBUTES);
    }
}
