//! What an earlier import refused, mended and brought in again.
//!
//! Each line of a rejects file holds a line of a data file and where that stood, so that a record
//! whose id is its row or line gets the id that it would have had.

use std::io::{self, Cursor};
use std::path::Path;
use std::sync::Arc;

use super::csv_records::{CsvRecords, Layout};
use super::error::ImportError;
use super::input::{Found, Item, Origin, Record};
use super::json_records::JsonRecords;
use super::lines::{Lines, Mark};
use super::mapping::{Delimiter, Encoding, Format, Mapping};

/// The columns of a rejects file.
pub(super) const COLUMNS: [&str; 6] = ["file", "line", "row", "field", "reason", "raw"];
/// The row of the line that is a data file's header.
pub(super) const HEADER_ROW: u64 = 0;

const FILE: usize = 0;
const LINE: usize = 1;
const ROW: usize = 2;
const RAW: usize = 5;

/// Whether a text starts as a rejects file does.
pub(super) fn starts(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.trim_ascii_end() == COLUMNS.join(",").as_bytes()
}

/// The records of a rejects file.
pub(super) struct RejectedRecords {
    outer: CsvRecords,
    inner: Option<Inner>,
    origin: Arc<Origin>,
}

/// Cuts the lines of one data file.
enum Inner {
    Csv(CsvRecords),
    Json(JsonRecords),
}

impl RejectedRecords {
    /// Reads from the start.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn open(lines: Lines, path: &Path) -> Result<Self, ImportError> {
        let wanted = COLUMNS.map(str::to_owned);
        let layout = Layout {
            delimiter: Delimiter::Byte(b','),
            encoding: Encoding::Utf8,
            header: true,
            names: &[],
            wanted: &wanted,
        };
        let outer = CsvRecords::open_whole(lines, &layout, path)?;
        let origin = Origin::new(path.display().to_string(), Vec::new(), Encoding::Utf8);
        Ok(Self { outer, inner: None, origin: Arc::new(origin) })
    }

    /// The next record; absent at the end.
    ///
    /// # Errors
    /// If the file cannot be read on.
    pub(super) fn next_found(&mut self, mapping: &Mapping) -> io::Result<Option<Found>> {
        loop {
            let Some(Item { record, raw, start }) = self.outer.next_item()? else {
                return Ok(None);
            };
            let numbers = record.as_ref().ok().and_then(numbers);
            let (record, (line, row)) = match (record, numbers) {
                (Ok(record), Some(numbers)) => (record, numbers),
                (broken, _) => {
                    let record = broken.and(Err("line and row are no numbers".to_owned()));
                    let item = Item { record, raw, start };
                    let origin = Arc::clone(&self.origin);
                    let (line, row) = (start.lines + 1, start.lines);
                    return Ok(Some(Found { item, origin, line, row }));
                }
            };
            let text = record.cell(RAW).unwrap_or_default();
            let file = record.cell(FILE).unwrap_or_default();
            let header = if row == HEADER_ROW { text } else { "" };
            if row == HEADER_ROW || *file != *self.origin.path {
                let header = header.as_bytes().to_vec();
                self.origin = Arc::new(Origin::new(file.to_owned(), header, Encoding::Utf8));
                self.inner = None;
            }
            if row == HEADER_ROW {
                continue;
            }
            let item = Item { record: self.cut(mapping, text)?, raw: text.into(), start };
            return Ok(Some(Found { item, origin: Arc::clone(&self.origin), line, row }));
        }
    }

    /// The place before the next line.
    pub(super) fn here(&self) -> Mark {
        self.outer.here()
    }

    /// Cuts a line of the data file whose header was met last.
    fn cut(&mut self, mapping: &Mapping, text: &str) -> io::Result<Result<Record, String>> {
        let inner = match &mut self.inner {
            Some(inner) => inner,
            None => match Inner::open(mapping, &self.origin) {
                Ok(inner) => self.inner.insert(inner),
                Err(error) => return Ok(Err(error.to_string())),
            },
        };
        inner.go_on_with(of_text(text.as_bytes()));
        let Some(item) = inner.next_item()? else {
            return Ok(Err("`raw` is empty".to_owned()));
        };
        let is_one = inner.next_item()?.is_none();
        Ok(item.record.and_then(|record| {
            is_one.then_some(record).ok_or_else(|| "`raw` holds more than one line".to_owned())
        }))
    }
}

fn numbers(record: &Record) -> Option<(u64, u64)> {
    Some((record.cell(LINE)?.parse().ok()?, record.cell(ROW)?.parse().ok()?))
}

fn of_text(text: &[u8]) -> Lines {
    Lines::new(Box::new(Cursor::new(text.to_vec())))
}

impl Inner {
    fn open(mapping: &Mapping, origin: &Origin) -> Result<Self, ImportError> {
        let header = of_text(&origin.header);
        // What is kept is kept as text, whatever the data file is written in.
        match mapping.format {
            Format::Csv => {
                let layout = Layout { encoding: Encoding::Utf8, ..mapping.layout() };
                CsvRecords::open(header, &layout, Path::new(&origin.path)).map(Self::Csv)
            }
            Format::Jsonl => Ok(Self::Json(JsonRecords::of_text(header, mapping))),
        }
    }

    fn go_on_with(&mut self, lines: Lines) {
        match self {
            Self::Csv(it) => it.go_on_with(lines),
            Self::Json(it) => it.go_on_with(lines),
        }
    }

    fn next_item(&mut self) -> io::Result<Option<Item>> {
        match self {
            Self::Csv(it) => it.next_item(),
            Self::Json(it) => it.next_item(),
        }
    }
}
