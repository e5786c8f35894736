//! What all formats are judged by: the document as a whole, and the forms of values.

use std::collections::HashSet;

use super::{Document, Fault, Rule, html};
use crate::entry::{Language, form};
use crate::feed::Format;

/// The most that the validator reads, in bytes.
const MAX_BYTES: usize = 5_000_000;

/// The schemes of ids that are registered with IANA and in use for ids, or likely to be met.
const SCHEMES: [&str; 13] = [
    "http", "https", "urn", "tag", "mailto", "ftp", "geo", "info", "ni", "acct", "xmpp", "tel",
    "news",
];

/// Where faults of one document are gathered.
pub(super) struct Bench<'a> {
    pub(super) document: &'a Document<'a>,
    faults: Vec<Fault>,
    entry: Option<String>,
    ids: HashSet<String>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(document: &'a Document<'a>) -> Self {
        Self {
            document,
            faults: Vec::new(),
            entry: None,
            ids: HashSet::new(),
        }
    }

    pub(super) fn finish(self) -> Vec<Fault> {
        self.faults
    }

    /// From here on it is about the entry of this id, or about the feed.
    pub(super) fn turn_to(&mut self, entry: Option<&str>) {
        self.entry = entry.map(str::to_owned);
    }

    pub(super) fn is_in_entry(&self) -> bool {
        self.entry.is_some()
    }

    pub(super) fn find(&mut self, rule: Rule, message: impl Into<String>) {
        self.faults.push(Fault {
            rule,
            message: message.into(),
            entry: self.entry.clone(),
        });
    }

    pub(super) fn must(&mut self, is_right: bool, rule: Rule, message: impl FnOnce() -> String) {
        if !is_right {
            self.find(rule, message());
        }
    }

    /// How large it is and how it is served.
    pub(super) fn envelope(&mut self) {
        let document = self.document;
        let size = document.bytes.len();
        self.must(size <= MAX_BYTES, Rule::TooLarge, || {
            format!("the document has {size} bytes: expected at most {MAX_BYTES}")
        });
        let mut parts = document.content_type.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let expected = document.format.media_type();
        self.must(media_type == expected, Rule::MediaType, || {
            format!("it is served as `{media_type}`: expected `{expected}`")
        });
        let is_stated = parts.any(|part| part.eq_ignore_ascii_case("charset=utf-8"));
        self.must(is_stated, Rule::CharsetUnstated, || {
            format!(
                "it is served as `{}`: expected `charset=utf-8` with it",
                document.content_type
            )
        });
    }

    /// Characters that are legal but mean that something went wrong.
    pub(super) fn characters(&mut self, what: &str, text: &str) {
        let bad = text
            .chars()
            .find(|c| ('\u{80}'..='\u{9F}').contains(c) || *c == '\u{FFFD}');
        if let Some(bad) = bad {
            self.find(
                Rule::BadCharacter,
                format!(
                    "{what} holds the character U+{:04X}: expected letters that people wrote",
                    u32::from(bad)
                ),
            );
        }
    }

    /// The id of an entry: of its own among those of the document, and in its form.
    pub(super) fn entry_id(&mut self, id: &str) {
        let is_new = self.ids.insert(id.trim().to_owned());
        self.must(is_new, Rule::RepeatedId, || {
            format!("the id `{id}` is there twice: expected each once")
        });
    }

    pub(super) fn id_form(&mut self, id: &str) {
        if id.trim() != id {
            self.find(
                Rule::IdForm,
                format!("the id `{id}` has blanks around it: expected none"),
            );
        }
        let id = id.trim();
        if let Some(expected) = form::id_fault(id) {
            self.find(
                Rule::IdForm,
                format!("`{id}` is not an id: expected {expected}"),
            );
            return;
        }
        let scheme = id.split(':').next().unwrap_or_default();
        let is_registered = SCHEMES.contains(&&*scheme.to_ascii_lowercase());
        self.must(is_registered, Rule::IdScheme, || {
            format!("the scheme `{scheme}` of the id `{id}` is not registered: expected tag, urn or https")
        });
        if let Some(canonical) = canonical(id) {
            self.must(canonical == id, Rule::IdNotCanonical, || {
                format!("the id `{id}` is not in its canonical form: expected `{canonical}`")
            });
        }
    }

    /// A link that must be an absolute URI.
    pub(super) fn link_form(&mut self, what: &str, link: &str) {
        self.must(form::is_uri(link), Rule::LinkForm, || {
            format!(
                "{what} is `{link}`: expected an absolute URL without blanks, other letters than those of ASCII percent-encoded"
            )
        });
    }

    pub(super) fn media_type(&mut self, what: &str, media_type: &str) {
        self.must(form::is_media_type(media_type), Rule::MediaTypeForm, || {
            format!("{what} is `{media_type}`: expected a media type such as audio/mpeg")
        });
    }

    pub(super) fn language(&mut self, what: &str, language: &str) {
        self.must(
            Language::parse(language).is_some(),
            Rule::LanguageForm,
            || format!("{what} is `{language}`: expected a language tag such as en or pt-BR"),
        );
    }

    pub(super) fn number(&mut self, what: &str, number: &str, least: u64) {
        let is_right = number.bytes().all(|digit| digit.is_ascii_digit())
            && number.parse::<u64>().is_ok_and(|number| number >= least);
        self.must(is_right, Rule::NumberForm, || {
            format!("{what} is `{number}`: expected a whole number from {least}")
        });
    }

    pub(super) fn mail(&mut self, what: &str, mail: &str) {
        self.must(form::is_mail_address(mail), Rule::MailForm, || {
            format!("{what} is `{mail}`: expected a mail address such as ann@example.org")
        });
    }

    pub(super) fn name(&mut self, what: &str, name: &str) {
        self.not_blank(what, name);
        let is_mail = name.split_whitespace().any(form::is_mail_address);
        self.must(!is_mail, Rule::MailInName, || {
            format!("{what} is `{name}`, with a mail address in it: expected a name")
        });
    }

    pub(super) fn not_blank(&mut self, what: &str, text: &str) {
        self.must(!text.trim().is_empty(), Rule::Blank, || {
            format!("{what} is empty: expected some words, or none such")
        });
    }

    /// A text that readers take for HTML although none is meant.
    pub(super) fn no_markup(&mut self, what: &str, text: &str) {
        if let Some(markup) = html::markup(text) {
            self.find(
                Rule::Markup,
                format!("{what} has `{markup}` in it, which some readers take for HTML: expected words alone"),
            );
        }
    }

    /// The address that the document says it has.
    pub(super) fn own_address(&mut self, own: Option<&str>) {
        let served = self.document.address;
        match own {
            None => self.find(
                Rule::MissingSelf,
                format!("the feed does not say its own address: expected {served}"),
            ),
            Some(own) => self.must(own == served, Rule::SelfElsewhere, || {
                format!("the feed says that it is at {own}: expected {served}, where it is served")
            }),
        }
    }

    pub(super) fn is(&self, format: Format) -> bool {
        self.document.format == format
    }
}

/// `id` as RFC 4287 section 4.2.6.1 wants it; `None` where there is nothing to say.
fn canonical(id: &str) -> Option<String> {
    let (scheme, rest) = id.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let Some(rest) = rest.strip_prefix("//") else {
        return Some(format!("{scheme}:{rest}"));
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (format!("{user}@"), host),
        None => (String::new(), authority),
    };
    let host = host.to_ascii_lowercase();
    let port = match &*scheme {
        "http" => ":80",
        "https" => ":443",
        _ => ":",
    };
    let host = host.strip_suffix(port).unwrap_or(&host);
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    Some(format!("{scheme}://{user}{host}{}", unescaped(&path)))
}

/// `path` without escapes of what may stand as it is, and with capitals in the others.
fn unescaped(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let octet = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match octet.map(char::from) {
            Some(c) if c.is_ascii_alphanumeric() || "-._~".contains(c) => plain.push(c),
            _ => {
                plain.push('%');
                plain.push_str(&after.get(..2).unwrap_or_default().to_ascii_uppercase());
            }
        }
        rest = after.get(2..).unwrap_or_default();
    }
    plain + rest
}
