//! Why an import ends early.

use std::path::{Path, PathBuf};

use super::mapping::MappingError;
use super::progress::grouped;
use super::rows::SinkError;
use super::suggest::hint;

/// Why a run ended early. What was put before stays, and comes out as the same next time.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The mapping cannot be used.
    #[error("mapping {}: {cause}", file.display())]
    Mapping {
        /// The mapping file.
        file: PathBuf,
        /// What is wrong with it.
        cause: MappingError,
    },
    /// A data file cannot be read, or not on.
    #[error("{} cannot be read: {cause}", file.display())]
    Read {
        /// The data file.
        file: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// A data file has no usable header.
    #[error("{} has no usable header: {reason}", file.display())]
    Header {
        /// The data file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The mapping names a column that a data file has not.
    #[error("{} has no column `{column}`; {hint}", file.display())]
    Column {
        /// The data file.
        file: PathBuf,
        /// The column as the mapping names it.
        column: String,
        /// The nearest name, or all of them.
        hint: String,
    },
    /// The mapping names a column that a data file has twice.
    #[error("{} has column `{column}` twice; give the names with columns = […]", file.display())]
    ColumnTwice {
        /// The data file.
        file: PathBuf,
        /// The column.
        column: String,
    },
    /// The rejects cannot be kept.
    #[error("{} cannot be written: {cause}", file.display())]
    Rejects {
        /// The rejects file.
        file: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// A data file is where the rejects would be kept.
    #[error("{} is data here; name another file for what is refused now with --rejects", file.display())]
    RejectsAreData {
        /// The data file.
        file: PathBuf,
    },
    /// The run was asked to end.
    #[error("stopped at line {} of {}", grouped(*line), file.display())]
    Stopped {
        /// The data file.
        file: PathBuf,
        /// The line that would have come next.
        line: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

impl ImportError {
    pub(super) fn column(file: &Path, column: &str, names: &[String]) -> Self {
        let hint = hint(column, names.iter().map(String::as_str));
        Self::Column { file: file.to_owned(), column: column.to_owned(), hint }
    }
}
