//! What can be wrong with a snapshot.

use std::io;
use std::path::PathBuf;

use crate::codec::DecodeError;

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The operating system refused an operation.
    #[error("cannot {action} it: {source}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The disk has no room for it beside what the journals may need.
    #[error("it may take {needed} bytes, and the disk has {available} to spare")]
    Room {
        /// What it may take, in bytes.
        needed: u64,
        /// What is free beyond what is left to the journals, in bytes.
        available: u64,
    },
    /// It does not begin like a snapshot.
    #[error("it does not begin like a snapshot")]
    Magic,
    /// It was written in a format that this release does not know.
    #[error("it has format version {found}, which this release does not read")]
    Version {
        /// The version found.
        found: u32,
    },
    /// Bytes do not match their checksum.
    #[error("it does not match its checksum")]
    Checksum,
    /// It ends where it should not.
    #[error("it is cut short")]
    Short,
    /// It is of another journal, or of more than the journal has.
    #[error("it is not of this ledger")]
    Foreign,
    /// A row or a name in it cannot be read.
    #[error("it has no valid {0}; it may come from a newer release")]
    Content(&'static str),
}

/// A snapshot cannot be used; it is derived, so that the journal has all of it.
#[derive(Debug, thiserror::Error)]
#[error("snapshot {} cannot be used: {fault}", path.display())]
pub struct SnapshotError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub fault: Fault,
}

impl Fault {
    pub(super) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::UnexpectedEof => Self::Short,
            _ => Self::Io { action, source },
        }
    }
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        Self::Content(error.field)
    }
}
