//! Policies as files: TOML in, a policy or every problem out.
//!
//! The text is the policy: its digest is the SHA-256 of the exact bytes, so that a reviewer can
//! hash the file and find it in the ledger.

mod check;
mod read;
mod table;

pub use check::CheckArgs;

use std::fmt;
use std::path::{Path, PathBuf};

use makegood_core::ids::Digest;
use makegood_core::policy::{Policy, PolicyProblem};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// The text of the built-in standard policy.
pub const STANDARD: &str = include_str!("../../policy/standard.toml");

/// A policy and the exact text that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// The policy; its digest is that of the text.
    pub policy: Policy,
    /// The text.
    pub text: String,
}

/// Why there is no policy.
#[derive(Debug, Error)]
pub enum PolicyFileError {
    /// The file cannot be read.
    #[error("policy {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The text is no policy.
    #[error("policy {name} has problems:\n{problems}")]
    Unsound {
        /// The file, or `standard`.
        name: String,
        /// Every problem.
        problems: Problems,
    },
}

/// Every problem of a policy, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<PolicyProblem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let end = if index + 1 == self.0.len() { "" } else { "\n" };
            write!(f, "  {problem}{end}")?;
        }
        Ok(())
    }
}

impl PolicyFile {
    /// The policy in a file; without a file, the built-in standard policy.
    ///
    /// # Errors
    /// The file cannot be read, or its text is no sound policy.
    pub fn load(path: Option<&Path>) -> Result<Self, PolicyFileError> {
        let (name, text) = match path {
            Some(path) => (path.display().to_string(), read_text(path)?),
            None => ("standard".to_owned(), STANDARD.to_owned()),
        };
        match Self::parse(text) {
            Ok(file) => Ok(file),
            Err(problems) => Err(PolicyFileError::Unsound { name, problems }),
        }
    }

    /// The policy that a text is.
    ///
    /// # Errors
    /// Every problem of the text, each with its field and its fix.
    pub fn parse(text: String) -> Result<Self, Problems> {
        let digest = Digest::from_bytes(Sha256::digest(&text).into());
        let policy = read::policy(&text, digest).map_err(Problems)?;
        Ok(Self { policy, text })
    }
}

fn read_text(path: &Path) -> Result<String, PolicyFileError> {
    std::fs::read_to_string(path).map_err(|source| PolicyFileError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
