//! What keeps a pack from being made.

use std::io;
use std::path::{Path, PathBuf};

use makegood_ledger::checkpoint::IssuedError;
use makegood_ledger::codec::DecodeError;
use makegood_ledger::journal::error::JournalError;
use thiserror::Error;

/// What keeps a pack from being made; nothing of it is left then.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The folder is there and holds something.
    #[error("{} is not empty; name a new folder for the pack", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A file or a folder cannot be used.
    #[error("cannot write {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The ledger cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The checkpoints that were issued cannot be read.
    #[error(transparent)]
    Checkpoints(#[from] IssuedError),
    /// An entry cannot be read.
    #[error("cannot read entry {position}")]
    Entry {
        /// Its position.
        position: u64,
        /// Why.
        source: DecodeError,
    },
    /// The ledger is shorter than the size that was asked for.
    #[error("the ledger has {entry_count} entries; --size {size} must be at most that")]
    Size {
        /// What was asked for.
        size: u64,
        /// How many there are.
        entry_count: u64,
    },
    /// The ledger is not the one that its checkpoint speaks of.
    #[error("the first {size} entries are not those that the checkpoint of that size signed")]
    Fork {
        /// The size.
        size: u64,
    },
    /// The ledger has no entry.
    #[error("the ledger is empty; there is nothing to export")]
    Empty,
    /// The text of a policy is not what its digest says.
    #[error("{} does not hold the policy that its name says; restore it", path.display())]
    Policy {
        /// Its file.
        path: PathBuf,
    },
    /// A spreadsheet cannot be written.
    #[error("cannot write the spreadsheet")]
    Spreadsheet(#[from] rust_xlsxwriter::XlsxError),
    /// A Parquet file cannot be written.
    #[error("cannot write the Parquet file")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The report cannot be laid out.
    #[error("cannot lay out the report")]
    Report(#[from] askama::Error),
}

impl ExportError {
    /// Names the file that an error of the system is about.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
