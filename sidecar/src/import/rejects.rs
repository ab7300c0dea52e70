//! The file of what was refused: every line with its reason and as it was, so that it can be mended
//! and imported again.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use csv::Writer;

use super::error::ImportError;

/// A refused line.
#[derive(Debug)]
pub(super) struct Refused<'a> {
    /// The data file.
    pub(super) file: &'a Path,
    /// The line on which the record starts, counted from 1.
    pub(super) line: u64,
    /// The field at fault; empty for a line that is no record.
    pub(super) field: &'a str,
    /// What is wrong.
    pub(super) reason: &'a str,
    /// The line as it was.
    pub(super) raw: &'a [u8],
}

/// Writes refused lines; the file is made with the first of them.
pub(super) struct Rejects {
    path: PathBuf,
    writer: Option<Writer<File>>,
}

impl Rejects {
    /// Makes nothing yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, writer: None }
    }

    /// Where they are kept; absent if there are none.
    pub(super) fn path(&self) -> Option<&Path> {
        self.writer.as_ref().map(|_| self.path.as_path())
    }

    /// Keeps a refused line.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn keep(&mut self, refused: &Refused<'_>) -> Result<(), ImportError> {
        let failed = |cause| ImportError::Rejects { file: self.path.clone(), cause };
        let writer = if let Some(writer) = &mut self.writer {
            writer
        } else {
            let mut writer = Writer::from_writer(create(&self.path).map_err(failed)?);
            let header = ["file", "line", "field", "reason", "raw"];
            writer.write_record(header).map_err(|error| failed(error.into()))?;
            self.writer.insert(writer)
        };
        let file = refused.file.display().to_string();
        let line = refused.line.to_string();
        let (field, reason) = (refused.field.as_bytes(), refused.reason.as_bytes());
        let record = [file.as_bytes(), line.as_bytes(), field, reason, refused.raw];
        writer.write_record(record).map_err(|error| failed(error.into()))
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn flush(&mut self) -> Result<(), ImportError> {
        let failed = |cause| ImportError::Rejects { file: self.path.clone(), cause };
        self.writer.as_mut().map_or(Ok(()), |writer| writer.flush().map_err(failed))
    }
}

/// Makes the file readable for its owner alone: the lines are personal.
fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
