//! CSV and white-space tables, cut into records.
//!
//! A quote that is never closed would swallow the lines up to the next quote, or the file. Here it
//! costs its own line: a record of several lines that grows beyond the limit, reaches the end of the
//! file, or comes out with too many or too few fields is broken at its first line, and the lines
//! after that are read afresh. What is read ahead in vain is bounded by what was read for good, so
//! that a file of nothing but such lines takes no longer than another.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use super::error::ImportError;
use super::input::{Item, Record};
use super::lines::{Line, Lines, MAX_RECORD_BYTES, Mark, TOO_LONG, without_end};
use super::mapping::{Delimiter, Encoding};

/// What a line takes in memory besides its bytes, roughly: many short lines are no smaller than a
/// long one.
const LINE_BYTES: usize = 64;

/// How a CSV file is written, and what is wanted of it.
pub(super) struct Layout<'a> {
    pub(super) delimiter: Delimiter,
    pub(super) encoding: Encoding,
    /// Whether the first line names the columns.
    pub(super) header: bool,
    /// The names that hold instead of the header's; empty if those hold.
    pub(super) names: &'a [String],
    /// The columns to read.
    pub(super) wanted: &'a [String],
}

/// The records of a CSV file.
pub(super) struct CsvRecords {
    lines: Lines,
    cutter: Cutter,
    encoding: Encoding,
    /// How many fields each record has.
    width: usize,
    /// For each column of the mapping, where it stands.
    positions: Vec<usize>,
    /// The header's line or lines; empty without one.
    header: Vec<u8>,
    /// Whether cells keep the white space around them.
    keeps_space: bool,
}

/// Cuts a record into fields.
enum Cutter {
    Whitespace,
    Byte(Box<Reader>),
}

/// Fields in one buffer.
#[derive(Debug, Default)]
struct Fields {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// How the next record came out.
enum Cut {
    /// Its first line, the others, and its fields.
    Fields(Line, Vec<Line>, Fields),
    Broken(Line, &'static str),
}

impl CsvRecords {
    /// Reads the header and finds the wanted columns.
    ///
    /// # Errors
    /// If the file cannot be read, its header is broken, or a column is missing or there twice.
    pub(super) fn open(
        lines: Lines,
        layout: &Layout<'_>,
        path: &Path,
    ) -> Result<Self, ImportError> {
        let cutter = match layout.delimiter {
            Delimiter::Whitespace => Cutter::Whitespace,
            Delimiter::Byte(byte) => {
                // A carriage return is not an end: before the line feed it is trimmed with the
                // field, elsewhere it is data.
                let mut builder = ReaderBuilder::new();
                builder.delimiter(byte).terminator(Terminator::Any(b'\n'));
                Cutter::Byte(Box::new(builder.build()))
            }
        };
        let encoding = layout.encoding;
        let (positions, header) = (Vec::new(), Vec::new());
        let mut records =
            Self { lines, cutter, encoding, width: 0, positions, header, keeps_space: false };
        let header = if layout.header { records.header(path)? } else { Vec::new() };
        let names = if layout.names.is_empty() { header } else { layout.names.to_vec() };
        records.width = names.len();
        for wanted in layout.wanted {
            let mut places = names.iter().enumerate().filter(|(_, name)| *name == wanted);
            let Some((position, _)) = places.next() else {
                return Err(ImportError::column(path, wanted, &names));
            };
            if places.next().is_some() {
                return Err(ImportError::ColumnTwice {
                    file: path.to_owned(),
                    column: wanted.clone(),
                });
            }
            records.positions.push(position);
        }
        Ok(records)
    }

    /// As [`CsvRecords::open`], and cells keep the white space around them.
    ///
    /// # Errors
    /// As there.
    pub(super) fn open_whole(
        lines: Lines,
        layout: &Layout<'_>,
        path: &Path,
    ) -> Result<Self, ImportError> {
        Ok(Self { keeps_space: true, ..Self::open(lines, layout, path)? })
    }

    /// The next record; absent at the end.
    ///
    /// # Errors
    /// If the file cannot be read on.
    pub(super) fn next_item(&mut self) -> io::Result<Option<Item>> {
        let Some(cut) = self.cut()? else {
            return Ok(None);
        };
        let (first, more, record) = match cut {
            Cut::Broken(line, reason) => (line, Vec::new(), Err(reason.to_owned())),
            Cut::Fields(first, more, fields) if fields.ends.len() != self.width => {
                self.lines.give_back(more.into_iter());
                let (is, should) = (fields.ends.len(), self.width);
                let reason = format!("the line has {is} fields, but there are {should} columns");
                (first, Vec::new(), Err(reason))
            }
            Cut::Fields(first, more, fields) => {
                let record = self.record(&fields);
                (first, more, record)
            }
        };
        let start = first.start;
        let raw = joined(first, &more);
        self.lines.earn(raw.len());
        Ok(Some(Item { record, raw, start }))
    }

    /// The header as it stands in the file, without the line's end; empty without one.
    pub(super) fn header_line(&self) -> &[u8] {
        &self.header
    }

    /// The place before the next record.
    pub(super) fn here(&self) -> Mark {
        self.lines.here()
    }

    /// Passes over everything up to a place; see [`Lines::pass_to`].
    ///
    /// # Errors
    /// If the file cannot be read so far.
    pub(super) fn pass_to(&mut self, mark: &Mark) -> io::Result<bool> {
        self.lines.pass_to(mark)
    }

    /// Goes on with other lines of the same columns.
    pub(super) fn go_on_with(&mut self, lines: Lines) {
        self.lines = lines;
    }

    fn header(&mut self, path: &Path) -> Result<Vec<String>, ImportError> {
        let failed = |cause| ImportError::Read { file: path.to_owned(), cause };
        let bad =
            |reason: &str| ImportError::Header { file: path.to_owned(), reason: reason.to_owned() };
        match self.cut().map_err(failed)? {
            None => {
                Err(bad("the file is empty; it needs a header, or header = false in the mapping"))
            }
            Some(Cut::Broken(_, reason)) => Err(bad(reason)),
            Some(Cut::Fields(first, more, fields)) => {
                self.header = joined(first, &more);
                let names = fields.iter().map(|field| decode(field, self.encoding));
                let names = names.map(|name| name.map(|it| it.trim().to_owned()));
                names.collect::<Result<_, _>>().map_err(|reason| bad(&reason))
            }
        }
    }

    /// Decodes the fields that the mapping asked for; there are as many as columns.
    fn record(&self, fields: &Fields) -> Result<Record, String> {
        let mut record = Record::default();
        for position in &self.positions {
            let cell = decode(fields.get(*position), self.encoding)?;
            record.push(Some(if self.keeps_space { &*cell } else { cell.trim() }));
        }
        Ok(record)
    }

    /// Cuts the next record; empty lines are passed over.
    fn cut(&mut self) -> io::Result<Option<Cut>> {
        loop {
            let Some(line) = self.lines.next_line()? else {
                return Ok(None);
            };
            if line.is_cut {
                return Ok(Some(Cut::Broken(line, TOO_LONG)));
            }
            if line.bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return match &mut self.cutter {
                Cutter::Whitespace => {
                    let fields = Fields::of_words(&line.bytes);
                    Ok(Some(Cut::Fields(line, Vec::new(), fields)))
                }
                Cutter::Byte(reader) => cut_quoted(reader, &mut self.lines, line).map(Some),
            };
        }
    }
}

/// Cuts a record that may go on over several lines inside quotes.
fn cut_quoted(reader: &mut Reader, lines: &mut Lines, first: Line) -> io::Result<Cut> {
    reader.reset();
    let mut fields = Fields::default();
    let mut is_whole = fields.feed(reader, &first.bytes);
    let most = lines.allowance().saturating_add(first.bytes.len()).min(MAX_RECORD_BYTES);
    let mut size = first.bytes.len();
    let mut more = Vec::new();
    while !is_whole && size <= most {
        let Some(line) = lines.next_line()? else {
            break;
        };
        size += line.bytes.len() + LINE_BYTES;
        is_whole = size <= most && !line.is_cut && fields.feed(reader, &line.bytes);
        more.push(line);
    }
    if is_whole {
        return Ok(Cut::Fields(first, more, fields));
    }
    lines.give_back(more.into_iter());
    Ok(Cut::Broken(first, "a quote is opened and not closed"))
}

/// The bytes of a record's lines, without the last one's end.
fn joined(first: Line, more: &[Line]) -> Vec<u8> {
    let mut raw = first.bytes;
    for line in more {
        raw.extend_from_slice(&line.bytes);
    }
    raw.truncate(without_end(&raw).len());
    raw
}

/// The text of a field.
fn decode(bytes: &[u8], encoding: Encoding) -> Result<Cow<'_, str>, String> {
    match encoding {
        Encoding::Latin1 => Ok(bytes.iter().map(|byte| char::from(*byte)).collect()),
        Encoding::Utf8 => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| {
            "the line is not valid UTF-8; if the file is in Latin-1, set encoding = \"latin-1\""
                .to_owned()
        }),
    }
}

// === impl Fields ===

impl Fields {
    fn of_words(line: &[u8]) -> Self {
        let mut fields = Self::default();
        for word in line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            fields.bytes.extend_from_slice(word);
            fields.ends.push(fields.bytes.len());
        }
        fields
    }

    fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[index]]
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|index| self.get(index))
    }

    /// Feeds a line; whether the record ends with it.
    fn feed(&mut self, reader: &mut Reader, line: &[u8]) -> bool {
        let mut input = line;
        // No field is longer than what it was read from.
        let mut output = vec![0; line.len() + 1];
        let mut ends = [0; 64];
        loop {
            let (result, taken, written, ended) = reader.read_record(input, &mut output, &mut ends);
            self.bytes.extend_from_slice(&output[..written]);
            self.ends.extend_from_slice(&ends[..ended]);
            input = &input[taken..];
            match result {
                ReadRecordResult::Record => return true,
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return false,
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
            }
        }
    }
}
