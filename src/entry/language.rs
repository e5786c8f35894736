//! Language tags.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The codes of ISO 639-1, with those that it had before (`in`, `iw`, `ji`, `jw`, `mo`, `sh`). Three
/// letters are taken at their word: there are thousands of such codes.
const TWO_LETTERS: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co \
    cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr \
    ht hu hy hz ia id ie ig ii ik in io is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw \
    ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj \
    om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta \
    te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// A language tag of BCP 47 (RFC 5646 section 2.1), beginning with a language that there is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(Arc<str>);

impl Language {
    /// `en`, `pt-BR`, `zh-Hant`; an underscore counts as a hyphen. `None` for anything else.
    pub fn parse(raw: &str) -> Option<Self> {
        let tag = raw.trim().replace('_', "-");
        is_tag(&tag).then(|| Self(tag.into()))
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `langtag` of RFC 5646: the subtags come in one order, and each has a form of its own.
fn is_tag(tag: &str) -> bool {
    let mut subtags = tag.split('-').peekable();
    let letters = |text: &str| text.chars().all(|c| c.is_ascii_alphabetic());
    let word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric());
    let is_language = subtags.next().is_some_and(|language| {
        let language = language.to_ascii_lowercase();
        match language.len() {
            2 => TWO_LETTERS
                .split_ascii_whitespace()
                .any(|it| it == language),
            3 => letters(&language),
            _ => false,
        }
    });
    if !is_language {
        return false;
    }
    for _ in 0..3 {
        subtags.next_if(|it| it.len() == 3 && letters(it)); // an extended language
    }
    subtags.next_if(|it| it.len() == 4 && letters(it)); // a script
    subtags.next_if(|it| {
        let is_number = it.len() == 3 && it.chars().all(|c| c.is_ascii_digit());
        it.len() == 2 && letters(it) || is_number
    }); // a region
    let is_variant = |it: &&str| {
        let is_short = it.len() == 4 && it.starts_with(|c: char| c.is_ascii_digit());
        word(it) && (is_short || (5..=8).contains(&it.len()))
    };
    while subtags.next_if(is_variant).is_some() {}
    while let Some(single) = subtags.next_if(|it| it.len() == 1 && word(it)) {
        let least = if single.eq_ignore_ascii_case("x") {
            1
        } else {
            2
        };
        let is_part = |it: &&str| (least..=8).contains(&it.len()) && word(it);
        if subtags.next_if(is_part).is_none() {
            return false;
        }
        while subtags.next_if(is_part).is_some() {}
    }
    subtags.next().is_none()
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_have_the_form_of_bcp_47() {
        let check = |raw: &str, expected: Option<&str>| {
            assert_eq!(
                Language::parse(raw).as_ref().map(Language::as_str),
                expected,
                "{raw:?}"
            );
        };
        check("pt_BR", Some("pt-BR"));
        check("zh-Hant", Some("zh-Hant"));
        check("zh-cmn-Hans-CN", Some("zh-cmn-Hans-CN"));
        check("es-419", Some("es-419"));
        check("sl-rozaj-biske-1994", Some("sl-rozaj-biske-1994"));
        check("de-u-co-phonebk", Some("de-u-co-phonebk"));
        check("en-x-us", Some("en-x-us"));
        check("no", Some("no"));
        check("gsw", Some("gsw"));
        check("english language", None);
        check("english", None);
        check("xx", None);
        check("e", None);
        check("en-", None);
        check("en-GB-Latn", None);
        check("en-u", None);
        check("en-ü", None);
    }
}
