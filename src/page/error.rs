//! What is wrong with a template, and where.

use std::error::Error;
use std::fmt;

/// Why a page could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageError {
    /// The template, and the line if it is known.
    place: String,
    /// What is wrong there.
    reason: String,
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl Error for PageError {}

impl From<minijinja::Error> for PageError {
    fn from(error: minijinja::Error) -> Self {
        // An error in an included template comes wrapped in that of the one that includes it.
        let mut inmost = &error;
        while let Some(inner) = inmost.source().and_then(|it| it.downcast_ref()) {
            inmost = inner;
        }
        let name = inmost.name().unwrap_or("a template");
        Self {
            place: match inmost.line() {
                Some(line) => format!("{name}:{line}"),
                None => name.to_owned(),
            },
            reason: match inmost.detail() {
                Some(detail) => format!("{} ({detail})", inmost.kind()),
                None => inmost.kind().to_string(),
            },
        }
    }
}
