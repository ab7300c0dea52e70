//! Tables as CSV (RFC 4180), with no cell that a spreadsheet would take for a formula.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;

use super::super::cell::{Cell, Table};
use super::super::error::ExportError;
use super::create;

/// A CSV file, being written.
pub(super) struct CsvFile {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
}

impl CsvFile {
    /// Begins the file with its header.
    pub(super) fn create(path: PathBuf, table: &Table) -> Result<Self, ExportError> {
        let writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(create(&path)?);
        let mut file = Self { path, writer };
        let header = table.columns.iter().map(|column| column.name);
        let written = file.writer.write_record(header);
        file.checked(written.map_err(io::Error::from))?;
        Ok(file)
    }

    /// Writes a row.
    pub(super) fn push(&mut self, row: &[Cell]) -> Result<(), ExportError> {
        let written = row
            .iter()
            .try_for_each(|cell| self.writer.write_field(field(cell).as_bytes()))
            .and_then(|()| self.writer.write_record(None::<&[u8]>));
        self.checked(written.map_err(io::Error::from))
    }

    /// Completes the file.
    pub(super) fn finish(mut self) -> Result<(), ExportError> {
        let flushed = self.writer.flush();
        self.checked(flushed)
    }

    fn checked(&self, outcome: io::Result<()>) -> Result<(), ExportError> {
        outcome.map_err(ExportError::file(&self.path))
    }
}

fn field(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Empty => Cow::Borrowed(""),
        Cell::Text(text) => guarded(text),
        Cell::Integer(number) => Cow::Owned(number.to_string()),
        // Numbers begin with a digit, or with the minus sign of a negative amount.
        Cell::Amount(amount) => Cow::Owned(amount.to_string()),
    }
}

/// Text with an apostrophe in front where a spreadsheet would otherwise calculate it.
///
/// These are the first characters that OWASP names for CSV injection, blanks before them left out of
/// account; an apostrophe in front is guarded too, so that taking one away restores every text.
fn guarded(text: &str) -> Cow<'_, str> {
    let is_formula = match text.trim_start_matches([' ', '\u{a0}', '\u{feff}']).chars().next() {
        Some(first) => {
            matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
        }
        None => false,
    };
    if is_formula || text.starts_with('\'') {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_what_a_spreadsheet_would_calculate_and_nothing_else() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1",
            "\u{a0}@a",
            "＝1",
            "'=1",
            "-late",
            "=HYPERLINK(\"http://example.org\")",
        ] {
            assert_eq!(field(&Cell::text(text)), format!("'{text}"), "{text:?}");
        }
        for text in ["", "late", "a=b", "a-b", "1", "20260101", " late", "5100", "A200.house"] {
            assert_eq!(field(&Cell::text(text)), text);
        }
        assert_eq!(field(&Cell::amount(-4_500, 2)), "-45.00");
        assert_eq!(field(&Cell::Integer(-3)), "-3");
    }
}
