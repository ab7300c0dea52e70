//! A file opened for reading, whatever its packing, and the records that come out of it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::csv_records::CsvRecords;
use super::error::ImportError;
use super::json_records::JsonRecords;
use super::lines::Lines;
use super::mapping::{Format, Mapping};

/// How many records are looked at to see which columns a JSON Lines file has.
const PEEKED_RECORDS: usize = 1_000;

/// The cells that the mapping asked for, of one record of a file.
#[derive(Debug)]
pub(super) struct Record {
    /// The line on which it starts, counted from 1.
    pub(super) line: u64,
    text: String,
    cells: Vec<Option<(usize, usize)>>,
}

/// A record, or why it is none; and the bytes it was read from.
#[derive(Debug)]
pub(super) struct Item {
    /// What was read.
    pub(super) record: Result<Record, Broken>,
    /// The bytes, without the line's end.
    pub(super) raw: Vec<u8>,
}

/// A line that is no record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// The line, counted from 1.
    pub(super) line: u64,
    /// What is wrong with it.
    pub(super) reason: String,
}

/// A record with everything that a template may ask for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The record.
    pub(super) record: &'a Record,
    /// Its number in the file, counted from 1 after the header.
    pub(super) row: u64,
    /// The file's name without folders and without `.gz`.
    pub(super) file: &'a str,
    /// The texts that mean "no value".
    pub(super) missing: &'a [String],
}

/// The records of a file.
pub(super) enum Records {
    Csv(CsvRecords),
    Json(JsonRecords),
}

/// Opens a file, reads its header, and finds the mapping's columns in it.
///
/// `read_bytes` counts the bytes taken from the disk, packed or not.
///
/// # Errors
/// If the file cannot be read, is in UTF-16, or has not a column that the mapping names.
pub(super) fn open(
    path: &Path,
    mapping: &Mapping,
    read_bytes: Arc<AtomicU64>,
) -> Result<Records, ImportError> {
    let failed = |cause| ImportError::Read { file: path.to_owned(), cause };
    let file = File::open(path).map_err(failed)?;
    let mut packed = BufReader::with_capacity(1 << 16, Counted { file, read_bytes });
    let is_gzip = packed.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
    let reader: Box<dyn BufRead> = if is_gzip {
        Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(packed)))
    } else {
        Box::new(packed)
    };
    let reader = without_mark(reader).map_err(failed)?;
    let lines = Lines::new(reader);
    match mapping.format {
        Format::Csv => CsvRecords::open(lines, mapping, path).map(Records::Csv),
        Format::Jsonl => Ok(Records::Json(JsonRecords::new(lines, mapping))),
    }
}

/// Fails at once where the columns of a file only show in its records.
///
/// # Errors
/// If a column that the mapping names is in none of the file's first 1,000 records.
pub(super) fn check_columns(
    records: &mut Records,
    mapping: &Mapping,
    path: &Path,
) -> Result<(), ImportError> {
    let Records::Json(records) = records else {
        return Ok(());
    };
    for _ in 0..PEEKED_RECORDS {
        let failed = |cause| ImportError::Read { file: path.to_owned(), cause };
        if records.next_item().map_err(failed)?.is_none() {
            break;
        }
    }
    let lacking = records.lacking();
    lacking.map_or(Ok(()), |column| {
        let name = mapping.columns.names[column].clone();
        Err(ImportError::column(path, &name, &records.keys()))
    })
}

/// Passes over the byte order mark of UTF-8, and refuses that of UTF-16.
fn without_mark(mut reader: Box<dyn BufRead>) -> io::Result<Box<dyn BufRead>> {
    let start = reader.fill_buf()?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        let message = "the file is in UTF-16; save it as UTF-8";
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(reader)
}

/// Counts what is read, for the progress bar.
struct Counted {
    file: File,
    read_bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read_bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

// === impl Records ===

impl Records {
    /// The next record; absent at the end.
    ///
    /// # Errors
    /// If the file cannot be read on; a broken line is no error but an [`Item`].
    pub(super) fn next_item(&mut self) -> io::Result<Option<Item>> {
        match self {
            Self::Csv(it) => it.next_item(),
            Self::Json(it) => it.next_item(),
        }
    }
}

// === impl Record ===

impl Record {
    /// A record without cells so far.
    pub(super) fn new(line: u64) -> Self {
        Self { line, text: String::new(), cells: Vec::new() }
    }

    /// Adds a cell; white space around it is dropped.
    pub(super) fn push(&mut self, cell: Option<&str>) {
        let cell = cell.map(str::trim).map(|it| {
            let start = self.text.len();
            self.text.push_str(it);
            (start, self.text.len())
        });
        self.cells.push(cell);
    }

    fn cell(&self, index: usize) -> Option<&str> {
        let (start, end) = (*self.cells.get(index)?)?;
        self.text.get(start..end)
    }
}

// === impl Place ===

impl Place<'_> {
    /// The value of a column; absent if the cell is, or if its text means "no value".
    pub(super) fn cell(&self, index: usize) -> Option<&str> {
        self.record.cell(index).filter(|it| !self.missing.iter().any(|word| word == it))
    }

    /// The line on which the record starts.
    pub(super) fn line(&self) -> u64 {
        self.record.line
    }
}
