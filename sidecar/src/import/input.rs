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
use super::lines::{Lines, Mark};
use super::mapping::{Encoding, Format, Mapping};
use super::rejected_records::{self, RejectedRecords};

/// How many records are looked at to see which columns a JSON Lines file has.
const PEEKED_RECORDS: usize = 1_000;

/// The cells that the mapping asked for, of one record of a file.
#[derive(Debug, Default)]
pub(super) struct Record {
    text: String,
    cells: Vec<Option<(usize, usize)>>,
}

/// A record, or why it is none; and the bytes it was read from.
#[derive(Debug)]
pub(super) struct Item {
    /// What was read, or what is wrong with it.
    pub(super) record: Result<Record, String>,
    /// The bytes, without the line's end.
    pub(super) raw: Vec<u8>,
    /// Where in the file it starts.
    pub(super) start: Mark,
}

/// Where records come from.
#[derive(Debug)]
pub(super) struct Origin {
    /// The file as the command line names it.
    pub(super) path: String,
    /// Its name without folders and without `.gz`.
    pub(super) name: String,
    /// Its header's line; empty without one.
    pub(super) header: Vec<u8>,
    /// The encoding of header and lines.
    pub(super) encoding: Encoding,
}

/// An item, and what it is called.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) item: Item,
    /// The file that it was first read from.
    pub(super) origin: Arc<Origin>,
    /// The line there on which it starts, counted from 1.
    pub(super) line: u64,
    /// Its number there, counted from 1 after the header.
    pub(super) row: u64,
}

/// A record with everything that a template may ask for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The record.
    pub(super) record: &'a Record,
    /// Its number in the file, counted from 1 after the header.
    pub(super) row: u64,
    /// The line on which it starts, counted from 1.
    pub(super) line: u64,
    /// The file's name without folders and without `.gz`.
    pub(super) file: &'a str,
    /// The texts that mean "no value".
    pub(super) missing: &'a [String],
}

/// An open file.
pub(super) struct Input {
    records: Records,
    origin: Arc<Origin>,
    row: u64,
}

enum Records {
    Csv(CsvRecords),
    Json(JsonRecords),
    /// What an earlier import refused, mended.
    Rejected(Box<RejectedRecords>),
}

/// Passes over the byte order mark of UTF-8, and refuses what is no text.
fn at_text(mut reader: Box<dyn BufRead>) -> io::Result<Box<dyn BufRead>> {
    let invalid = |message: &str| Err(io::Error::new(io::ErrorKind::InvalidData, message));
    let start = reader.fill_buf()?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return invalid("the file is in UTF-16; save it as UTF-8");
    }
    if start.starts_with(b"PK\x03\x04") {
        return invalid("the file is a ZIP archive or a workbook; unpack it, or save it as CSV");
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

// === impl Input ===

impl Input {
    /// Opens a file, reads its header, and finds the mapping's columns in it.
    ///
    /// `read_bytes` counts the bytes taken from the disk, packed or not.
    ///
    /// # Errors
    /// If the file cannot be read, is no text, or has not a column that the mapping names.
    pub(super) fn open(
        path: &Path,
        mapping: &Mapping,
        read_bytes: Arc<AtomicU64>,
    ) -> Result<Self, ImportError> {
        let failed = |cause| ImportError::Read { file: path.to_owned(), cause };
        let file = File::open(path).map_err(failed)?;
        let mut packed = BufReader::with_capacity(1 << 16, Counted { file, read_bytes });
        let is_gzip = packed.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn BufRead> = if is_gzip {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(packed)))
        } else {
            Box::new(packed)
        };
        let mut reader = at_text(reader).map_err(failed)?;
        let is_rejected = rejected_records::starts(reader.fill_buf().map_err(failed)?);
        let lines = Lines::new(reader);
        let mut header = Vec::new();
        let records = match mapping.format {
            _ if is_rejected => {
                RejectedRecords::open(lines, path).map(|it| Records::Rejected(Box::new(it)))?
            }
            Format::Csv => {
                let records = CsvRecords::open(lines, &mapping.layout(), path)?;
                header = records.header_line().to_vec();
                Records::Csv(records)
            }
            Format::Jsonl => Records::Json(JsonRecords::new(lines, mapping)),
        };
        let origin = Origin::new(path.display().to_string(), header, mapping.encoding);
        Ok(Self { records, origin: Arc::new(origin), row: 0 })
    }

    /// Fails at once where the columns of a file only show in its records.
    ///
    /// # Errors
    /// If a column that the mapping names is in none of the file's first 1,000 records.
    pub(super) fn check_columns(
        &mut self,
        mapping: &Mapping,
        path: &Path,
    ) -> Result<(), ImportError> {
        let Records::Json(records) = &mut self.records else {
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

    /// The next record; absent at the end.
    ///
    /// # Errors
    /// If the file cannot be read on; a broken line is no error but a [`Found`].
    pub(super) fn next_found(&mut self, mapping: &Mapping) -> io::Result<Option<Found>> {
        let item = match &mut self.records {
            Records::Csv(it) => it.next_item()?,
            Records::Json(it) => it.next_item()?,
            Records::Rejected(it) => return it.next_found(mapping),
        };
        let Some(item) = item else {
            return Ok(None);
        };
        self.row += 1;
        let line = item.start.lines + 1;
        Ok(Some(Found { item, origin: Arc::clone(&self.origin), line, row: self.row }))
    }

    /// The place before the next record.
    pub(super) fn here(&self) -> Mark {
        match &self.records {
            Records::Csv(it) => it.here(),
            Records::Json(it) => it.here(),
            Records::Rejected(it) => it.here(),
        }
    }

    /// Whether a later reading can go on in the middle of the file.
    pub(super) fn can_pass(&self) -> bool {
        // Rejects only make sense behind the header that stands among them.
        !matches!(self.records, Records::Rejected(_))
    }

    /// Passes over so many records up to a place, without looking at them; whether the bytes up to
    /// there are those of the earlier reading.
    ///
    /// # Errors
    /// If the file cannot be read so far.
    pub(super) fn pass_to(&mut self, mark: &Mark, rows: u64) -> io::Result<bool> {
        self.row = rows;
        match &mut self.records {
            Records::Csv(it) => it.pass_to(mark),
            Records::Json(it) => it.pass_to(mark),
            Records::Rejected(_) => Ok(false),
        }
    }
}

// === impl Origin ===

impl Origin {
    /// A file by its path.
    pub(super) fn new(path: String, header: Vec<u8>, encoding: Encoding) -> Self {
        let name = Path::new(&path).file_name().map(|it| it.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let name = name.strip_suffix(".gz").map_or(name.clone(), str::to_owned);
        Self { path, name, header, encoding }
    }
}

// === impl Record ===

impl Record {
    /// Adds a cell.
    pub(super) fn push(&mut self, cell: Option<&str>) {
        let cell = cell.map(|it| {
            let start = self.text.len();
            self.text.push_str(it);
            (start, self.text.len())
        });
        self.cells.push(cell);
    }

    /// A cell by the index of its column.
    pub(super) fn cell(&self, index: usize) -> Option<&str> {
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
    /// The record with what an earlier one says where this one has no value.
    pub(super) fn over(&self, before: Option<&Record>) -> Record {
        let mut merged = Record::default();
        for index in 0..self.record.cells.len() {
            let cell = self.cell(index).or_else(|| before?.cell(index));
            merged.push(cell.or(self.record.cell(index)));
        }
        merged
    }
}
