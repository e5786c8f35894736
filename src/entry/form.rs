//! The forms that feeds ask of values: what a reader, or the feed validator, would call wrong is refused
//! when it is read, and judged by the same words in `tidings check`.

/// Whether `text` is a whole URI: a scheme, and only characters that may stand there. (RFC 3986
/// sections 2 and 3)
pub fn is_uri(text: &str) -> bool {
    text.is_ascii() && is_iri(text)
}

/// Whether `text` is a whole IRI. (RFC 3987 section 2.2)
pub fn is_iri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return false;
    };
    if rest.is_empty() || !is_escaped(rest) || rest.matches('#').count() > 1 {
        return false;
    }
    let Some(rest) = rest.strip_prefix("//") else {
        let has_no_host = !["http", "https", "ftp"].contains(&&*scheme.to_ascii_lowercase());
        return has_no_host && !rest.contains(['[', ']']);
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    is_authority(authority) && !path.contains(['[', ']'])
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Whether there are only characters that an IRI may have, and each `%` begins an octet.
fn is_escaped(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let is_right = match c {
            '%' => {
                let octet: Vec<char> = chars.by_ref().take(2).collect();
                octet.len() == 2 && octet.iter().all(char::is_ascii_hexdigit)
            }
            c if c.is_ascii() => c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=".contains(c),
            c => is_ucs(c),
        };
        if !is_right {
            return false;
        }
    }
    true
}

/// `ucschar` of RFC 3987.
fn is_ucs(c: char) -> bool {
    let is_private =
        matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{E0FFF}' | '\u{F0000}'..);
    let is_nothing = u32::from(c) & 0xFFFE == 0xFFFE || ('\u{FDD0}'..='\u{FDEF}').contains(&c);
    let is_special = ('\u{FFF0}'..='\u{FFFF}').contains(&c);
    c >= '\u{A0}' && !c.is_whitespace() && !is_private && !is_nothing && !is_special
}

/// A host, with a port and a user if there are any.
fn is_authority(authority: &str) -> bool {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (host, port) = match host.strip_prefix('[') {
        Some(literal) => match literal.split_once(']') {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => return false,
        },
        None => match host.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host, None),
        },
    };
    !host.is_empty()
        && !host.contains(['[', ']', '@'])
        && port.is_none_or(|port| port.chars().all(|c| c.is_ascii_digit()))
}

/// What an id of its scheme should look like, if `id`, an IRI, does not. (RFC 8141 section 2, RFC 4151
/// section 2.1, RFC 9562 section 4; the feed validator's `InvalidURN`, `InvalidUUID`, `InvalidTAG`)
pub fn id_fault(id: &str) -> Option<&'static str> {
    const WHOLE: &str =
        "an absolute IRI such as urn:uuid:… or https://example.org/?p=12, or a UUID";
    let Some((scheme, rest)) = id.split_once(':') else {
        return Some(WHOLE);
    };
    match &*scheme.to_ascii_lowercase() {
        "urn" => match rest.split_once(':') {
            Some((name, uuid)) if name.eq_ignore_ascii_case("uuid") => {
                let is_uuid = uuid.len() == 36 && uuid::Uuid::try_parse(uuid).is_ok();
                (!is_uuid).then_some("urn:uuid: and 32 hexadecimal digits in five groups")
            }
            Some((name, rest)) if is_urn(name, rest) => None,
            _ => Some("a URN with a registered kind of names, such as urn:isbn:0451450523"),
        },
        "tag" => (!is_tag(rest)).then_some("a tag such as tag:example.org,2026:name"),
        _ => (!is_iri(id)).then_some(WHOLE),
    }
}

fn is_urn(name: &str, rest: &str) -> bool {
    let is_name = (2..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !name.eq_ignore_ascii_case("urn");
    // What RFC 8141 allows beyond RFC 2141, the validator does not know.
    let is_known = |c: char| c.is_ascii_alphanumeric() || "()+,-.:=@;$_!*'%".contains(c);
    is_name && !rest.is_empty() && rest.chars().all(is_known) && is_escaped(rest)
}

fn is_tag(rest: &str) -> bool {
    let Some((entity, specific)) = rest.split_once(':') else {
        return false;
    };
    let Some((authority, date)) = entity.split_once(',') else {
        return false;
    };
    let is_date = matches!(date.len(), 4 | 7 | 10)
        && date.chars().enumerate().all(|(at, c)| match at {
            4 | 7 => c == '-',
            _ => c.is_ascii_digit(),
        });
    let host = authority
        .split_once('@')
        .map_or(authority, |(_, host)| host);
    let is_host = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    let is_user = authority
        .split_once('@')
        .is_none_or(|(user, _)| is_dot_atom(user));
    let is_specific = specific.is_ascii() && is_escaped(specific) && !specific.contains(['[', ']']);
    is_date && is_host && is_user && is_specific
}

/// Whether `text` is a mail address as it may stand in a feed: no name, no comment, a host with a dot.
/// (RFC 5322 section 3.4.1; the feed validator's `InvalidAddrSpec`)
pub fn is_mail_address(text: &str) -> bool {
    let Some((user, host)) = text.rsplit_once('@') else {
        return false;
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    user.len() <= 64
        && text.len() <= 254
        && is_dot_atom(user)
        && host.contains('.')
        && host.split('.').all(is_label)
}

fn is_dot_atom(text: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    };
    text.split('.').all(is_atom)
}

/// Whether `text` is a media type, with parameters or without. (RFC 6838 section 4.2, RFC 2045
/// section 5.1)
pub fn is_media_type(text: &str) -> bool {
    let mut parts = text.split(';');
    let Some((kind, name)) = parts.next().and_then(|whole| whole.split_once('/')) else {
        return false;
    };
    let is_name = |name: &str| {
        (1..=127).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    let is_parameter = |parameter: &str| {
        let value = |value: &str| !value.is_empty() && !value.contains(['\n', '\t']);
        parameter
            .trim()
            .split_once('=')
            .is_some_and(|(name, said)| is_name(name) && value(said))
    };
    is_name(kind) && is_name(name.trim_end()) && parts.all(is_parameter)
}

/// Whether `text` is a date of the W3C's profile of ISO 8601, as Dublin Core has it: a year, a month, a
/// day, or a moment with its offset.
pub fn is_w3c_date(text: &str) -> bool {
    let is_shaped = |shape: &str| {
        text.len() == shape.len()
            && text
                .bytes()
                .zip(shape.bytes())
                .all(|(is, shape)| match shape {
                    b'0' => is.is_ascii_digit(),
                    shape => is == shape,
                })
    };
    let whole = match text.len() {
        4 if is_shaped("0000") => format!("{text}-01-01"),
        7 if is_shaped("0000-00") => format!("{text}-01"),
        10 if is_shaped("0000-00-00") => text.to_owned(),
        _ => return is_moment(text),
    };
    whole.parse::<jiff::civil::Date>().is_ok()
}

/// A date and a time with an offset: `2026-01-31T10:00Z`, with seconds and fractions of them if there
/// are any.
fn is_moment(text: &str) -> bool {
    let Some((date, rest)) = text.split_at_checked(10) else {
        return false;
    };
    let Some(clock) = rest.strip_prefix('T') else {
        return false;
    };
    let Some((time, offset)) = clock
        .find(['Z', '+', '-'])
        .and_then(|end| clock.split_at_checked(end))
    else {
        return false;
    };
    let is_time = time.len() >= 5 && time.parse::<jiff::civil::Time>().is_ok();
    let is_offset = offset == "Z" || offset.len() == 6 && offset.as_bytes()[3] == b':';
    let whole = if time.len() == 5 {
        format!("{date}T{time}:00{offset}")
    } else {
        text.to_owned()
    };
    is_time && is_offset && whole.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iris_have_a_scheme_and_a_host_where_one_is_due() {
        let check = |text: &str, expected: bool| assert_eq!(is_iri(text), expected, "{text:?}");
        check("https://example.org/a?b#c", true);
        check("https://ex.example:80/ü", true);
        check("http://[::1]:8080/", true);
        check("mailto:a@example.org", true);
        check("magnet:?xt=urn:btih:1", true);
        check("https:example.org", false);
        check("https:///x", false);
        check("https://example.org:a/", false);
        check("https://example.org/a b", false);
        check("https://example.org/a|b", false);
        check("https://example.org/[b]", false);
        check("https://example.org/%zz", false);
        check("https://example.org/%4", false);
        check("https://example.org/#a#b", false);
        check("https://example.org/\u{e000}", false);
        check("/a", false);
        assert!(!is_uri("https://example.org/ü"));
    }

    #[test]
    fn ids_have_the_form_of_their_scheme() {
        let check = |text: &str, expected: bool| {
            assert_eq!(id_fault(text).is_none(), expected, "{text:?}");
        };
        check("urn:uuid:550e8400-e29b-41d4-a716-446655440000", true);
        check("urn:uuid:550e8400", false);
        check("urn:isbn:0451450523", true);
        check("urn:x:1", false);
        check("urn:isbn:", false);
        check("urn:isbn:a/b", false);
        check("urn:isbn:%4", false);
        check("urn:12", false);
        check("tag:example.org,2026:a/b", true);
        check("tag:ann@example.org,2026-01-31:x", true);
        check("tag:example.org:x", false);
        check("tag:example.org,26:x", false);
        check("tag:example.org,2026:ü", false);
        check("tag:exa mple,2026:x", false);
        check("https://Example.org:443/?p=12", true);
        check("https:12", false);
        check("12", false);
    }

    #[test]
    fn mail_addresses_are_plain() {
        let check =
            |text: &str, expected: bool| assert_eq!(is_mail_address(text), expected, "{text:?}");
        check("ann@example.org", true);
        check("ann.o'neil+news@mail.example.org", true);
        check("ann@localhost", false);
        check("ann@@example.org", false);
        check("ann@example..org", false);
        check("ann@-a.example", false);
        check(".ann@example.org", false);
        check("Ann <ann@example.org>", false);
        check("jörg@example.org", false);
        check(&format!("{}@example.org", "a".repeat(65)), false);
        check("@example.org", false);
    }

    #[test]
    fn media_types_have_two_parts() {
        let check =
            |text: &str, expected: bool| assert_eq!(is_media_type(text), expected, "{text:?}");
        check("audio/mpeg", true);
        check("text/html; charset=utf-8", true);
        check("application/atom+xml;type=entry", true);
        check("audio", false);
        check("audio/", false);
        check("audio mpeg", false);
        check("audio/mp 3", false);
        check("a/b/c", false);
        check("text/html; charset", false);
    }

    #[test]
    fn dates_of_the_w3c_are_whole() {
        let check = |text: &str, expected: bool| assert_eq!(is_w3c_date(text), expected, "{text}");
        check("2026", true);
        check("2026-02", true);
        check("2026-02-28", true);
        check("2026-02-28T10:00Z", true);
        check("2026-02-28T10:00:00.5+01:00", true);
        check("2026-02-30", false);
        check("2026-13", false);
        check("2026-02-28T10:00", false);
        check("2026-02-28 10:00Z", false);
        check("2026-02-28T25:00Z", false);
        check("28 Feb 2026", false);
        check("+026", false);
    }
}
