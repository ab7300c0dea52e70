//! Policies as files: TOML in, a policy or every problem out.
//!
//! The text is the policy: its digest is the SHA-256 of the exact bytes, so that a reviewer can
//! hash the file and find it in the ledger.

mod read;
mod report;
mod table;

use std::fmt;
use std::path::{Path, PathBuf};

use makegood_core::ids::Digest;
use makegood_core::policy::{Policy, PolicyProblem};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// The text of the built-in standard policy.
pub const STANDARD: &str = include_str!("../../policy/standard.toml");

/// Every problem of a policy's text, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<PolicyProblem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("policy has problems:")?;
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Why a policy's file was not found sound.
#[derive(Debug, Error)]
pub enum CheckError {
    /// The file cannot be read.
    #[error("policy {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The text is no sound policy.
    #[error("{}: {problems}", path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// Every problem.
        problems: Problems,
    },
}

/// The policy that a text is; its digest is that of the exact text.
///
/// # Errors
/// Every problem of the text, each with its field and its fix.
pub fn read(text: &str) -> Result<Policy, Problems> {
    let digest = Digest::from_bytes(Sha256::digest(text).into());
    read::policy(text, digest).map_err(Problems)
}

/// What a policy means, in lines for people.
pub fn report(policy: &Policy) -> String {
    report::of(policy)
}

/// Reads a policy's file, and says for people what it means.
///
/// # Errors
/// The file cannot be read, or is no sound policy; every problem is named.
pub fn check(path: &Path) -> Result<String, CheckError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| CheckError::Unreadable { path: path.to_owned(), source })?;
    match read(&text) {
        Ok(policy) => Ok(report::of(&policy)),
        Err(problems) => Err(CheckError::Unsound { path: path.to_owned(), problems }),
    }
}

#[cfg(test)]
mod tests;
