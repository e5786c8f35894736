//! What a writer should know of a file.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something the writer should know, with the place in the file. The file's name is the caller's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Lower case, no final stop: what is wrong, then what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// Something in a published entry that is perhaps not as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is.
    pub kind: WarningKind,
    /// Where, and what would be right. Line and column 1 when the place is not known.
    pub problem: Problem,
}

/// What a [`Warning`] warns of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    /// Nobody gave the entry a title.
    GuessedTitle,
    /// An image has no words for those who can't see it.
    MissingAlt,
    /// Another tool's key has a value that we can't follow.
    ForeignValue,
    /// A link or file is written in a way that leads nowhere.
    UnusableLink,
}

impl WarningKind {
    /// A warning of this kind.
    pub fn warning(self, problem: Problem) -> Warning {
        Warning {
            kind: self,
            problem,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}
