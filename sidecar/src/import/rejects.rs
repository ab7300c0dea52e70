//! The file of what was refused: every line with its reason and as it was, so that it can be mended
//! and imported again.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use csv::Writer;

use super::error::ImportError;
use super::input::Origin;
use super::lines::MAX_RECORD_BYTES;
use super::mapping::Encoding;
use super::rejected_records::{COLUMNS, HEADER_ROW};

/// How much is kept of a line that was too long to be read whole.
const KEPT_OF_CUT: usize = 4 << 10;

/// A refused line.
#[derive(Debug)]
pub(super) struct Refused<'a> {
    /// The data file.
    pub(super) origin: &'a Arc<Origin>,
    /// The line on which the record starts, counted from 1.
    pub(super) line: u64,
    /// The record's number, counted from 1 after the header.
    pub(super) row: u64,
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
    /// The data file whose header was written last.
    headed: Option<Arc<Origin>>,
    /// How many bytes have reached the disk.
    synced_bytes: u64,
    is_synced: bool,
}

impl Rejects {
    /// Makes nothing yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, writer: None, headed: None, synced_bytes: 0, is_synced: true }
    }

    /// Goes on with what an earlier run kept in its first bytes; what it wrote after those is
    /// dropped, because it will come again. Whether those bytes are there.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn resume(&mut self, bytes: u64) -> Result<bool, ImportError> {
        if bytes == 0 {
            return Ok(true);
        }
        let failed = |cause| ImportError::Rejects { file: self.path.clone(), cause };
        let mut file = match OpenOptions::new().write(true).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(failed(error)),
        };
        if file.metadata().map_err(failed)?.len() < bytes {
            return Ok(false);
        }
        file.set_len(bytes).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        self.writer = Some(Writer::from_writer(file));
        self.synced_bytes = bytes;
        Ok(true)
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
        self.try_keep(refused)
            .map_err(|cause| ImportError::Rejects { file: self.path.clone(), cause })
    }

    fn try_keep(&mut self, refused: &Refused<'_>) -> io::Result<()> {
        self.is_synced = false;
        let writer = if let Some(writer) = &mut self.writer {
            writer
        } else {
            let mut writer = Writer::from_writer(create(&self.path)?);
            writer.write_record(COLUMNS)?;
            self.writer.insert(writer)
        };
        let Refused { origin, line, row, field, reason, raw } = *refused;
        let is_headed = self.headed.as_ref().is_some_and(|it| Arc::ptr_eq(it, origin));
        if !is_headed {
            let header = text(&origin.header, origin.encoding);
            let row = HEADER_ROW.to_string();
            writer.write_record([&*origin.path, "1", &row, "", "the header", &header])?;
            self.headed = Some(Arc::clone(origin));
        }
        let kept = if raw.len() < MAX_RECORD_BYTES { raw } else { &raw[..KEPT_OF_CUT] };
        let raw = text(kept, origin.encoding);
        let (line, row) = (line.to_string(), row.to_string());
        Ok(writer.write_record([&*origin.path, &line, &row, field, reason, &raw])?)
    }

    /// Makes durable what was kept so far; the bytes of all of it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn flush(&mut self) -> Result<u64, ImportError> {
        let failed = |cause| ImportError::Rejects { file: self.path.clone(), cause };
        if let (Some(writer), false) = (&mut self.writer, self.is_synced) {
            writer.flush().map_err(failed)?;
            writer.get_ref().sync_data().map_err(failed)?;
            self.synced_bytes = writer.get_ref().metadata().map_err(failed)?.len();
            self.is_synced = true;
        }
        Ok(self.synced_bytes)
    }
}

/// What can be read of a line, so that the file is text whatever the data files are.
fn text(raw: &[u8], encoding: Encoding) -> Cow<'_, str> {
    match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(raw),
        Encoding::Latin1 => raw.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
    }
}

/// Makes the file readable for its owner alone: the lines are personal.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
