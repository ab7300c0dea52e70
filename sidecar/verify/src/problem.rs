//! What is wrong, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use makegood_ledger::journal::error::JournalError;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// Where in the file, in bytes, as far as that can be told.
    pub byte: Option<u64>,
    /// The first entry that cannot be trusted for it; `None` where it touches none.
    pub position: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// Why something could not be verified at all: nothing is said about whether it is right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// What a check can come to besides finding all well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Something is wrong.
    #[error("{0}")]
    Bad(Problem),
    /// Something cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

impl Problem {
    /// A problem of a whole file.
    pub fn of(file: &Path, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), byte: None, position: None, what: what.into() }
    }

    /// The same, at a byte of the file.
    #[must_use]
    pub fn at_byte(self, byte: u64) -> Self {
        Self { byte: Some(byte), ..self }
    }

    /// The same, from an entry on.
    #[must_use]
    pub fn at_position(self, position: u64) -> Self {
        Self { position: Some(position), ..self }
    }

    /// What problems are sorted by: those of the earliest entries first, of none last.
    pub(crate) fn rank(&self) -> (u64, Option<u64>) {
        (self.position.unwrap_or(u64::MAX), self.byte)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file.display())?;
        if let Some(byte) = self.byte {
            write!(formatter, ", byte {byte}")?;
        }
        if let Some(position) = self.position {
            write!(formatter, ", position {position}")?;
        }
        write!(formatter, ": {}", self.what)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Bad(problem)
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Damaged { path, offset, position, damage } => {
                let problem = Problem::of(&path, damage.to_string());
                problem.at_byte(offset).at_position(position).into()
            }
            JournalError::MissingSegment { path, first, last } => {
                let what =
                    format!("is missing: positions {first} to {last} are not in this folder");
                Problem::of(&path, what).at_position(first).into()
            }
            JournalError::ForeignName { path } => {
                Problem::of(&path, "is not named by 20 digits like a segment").into()
            }
            other => Unreadable(other.to_string()).into(),
        }
    }
}

/// An error of the file system about a file.
pub(crate) fn unreadable(action: &str, path: &Path, source: &std::io::Error) -> Unreadable {
    Unreadable(format!("cannot {action} {}: {source}", path.display()))
}
