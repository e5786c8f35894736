//! How much of an entry's text a feed carries.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How much of an entry's text a feed carries. The summary is always there, and the entry's page
/// always shows the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Content {
    /// All of it.
    #[default]
    Full,
    /// Nothing but the summary.
    Summary,
    /// So many blocks (paragraphs, headings, pictures), and where to read on.
    First(u32),
}

impl Content {
    /// The most blocks that can be asked for.
    pub const MOST_BLOCKS: u32 = 1_000;

    /// What [`Content::parse`] reads.
    pub const EXPECTED: &str = "full, summary or, for so many paragraphs, first 3";

    /// `full`, `summary` or `first 3`. `None` for anything else.
    pub fn parse(raw: &str) -> Option<Self> {
        match raw {
            "full" => Some(Self::Full),
            "summary" => Some(Self::Summary),
            _ => {
                let blocks = raw.strip_prefix("first ")?.trim().parse().ok()?;
                (1..=Self::MOST_BLOCKS)
                    .contains(&blocks)
                    .then_some(Self::First(blocks))
            }
        }
    }

    /// The less of both: what a feed asks for, and what the entry allows.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        match (self, other) {
            (Self::Summary, _) | (_, Self::Summary) => Self::Summary,
            (Self::First(one), Self::First(other)) => Self::First(one.min(other)),
            (Self::First(blocks), Self::Full) | (Self::Full, Self::First(blocks)) => {
                Self::First(blocks)
            }
            (Self::Full, Self::Full) => Self::Full,
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("full"),
            Self::Summary => f.write_str("summary"),
            Self::First(blocks) => write!(f, "first {blocks}"),
        }
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Content {
    /// Reads what is written, and the `true` and `false` by which ledgers of version 0.1 said whether
    /// there is nothing but the summary.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Kept {
            Word(String),
            IsSummaryOnly(bool),
        }
        match Kept::deserialize(deserializer)? {
            Kept::IsSummaryOnly(true) => Ok(Self::Summary),
            Kept::IsSummaryOnly(false) => Ok(Self::Full),
            Kept::Word(word) => Self::parse(&word).ok_or_else(|| {
                serde::de::Error::custom(format!(
                    "`{word}` is unknown: expected {}",
                    Self::EXPECTED
                ))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_written() {
        for (word, content) in [
            ("full", Content::Full),
            ("summary", Content::Summary),
            ("first 3", Content::First(3)),
            ("first 1000", Content::First(1_000)),
        ] {
            assert_eq!(Content::parse(word), Some(content));
            assert_eq!(content.to_string(), word);
        }
        for word in [
            "",
            "Full",
            "first",
            "first 0",
            "first 1001",
            "first -1",
            "last 3",
        ] {
            assert_eq!(Content::parse(word), None, "{word}");
        }
    }

    #[test]
    fn what_older_ledgers_said_is_understood() {
        let read = |json: &str| serde_json::from_str::<Content>(json).unwrap();
        assert_eq!(read("true"), Content::Summary);
        assert_eq!(read("false"), Content::Full);
        assert_eq!(read("\"first 2\""), Content::First(2));
    }

    #[test]
    fn the_less_of_two_counts() {
        let check = |one: Content, other: Content, least: Content| {
            assert_eq!((one.least(other), other.least(one)), (least, least));
        };
        check(Content::Full, Content::Full, Content::Full);
        check(Content::Full, Content::First(3), Content::First(3));
        check(Content::First(2), Content::First(3), Content::First(2));
        check(Content::First(2), Content::Summary, Content::Summary);
    }
}
