//! Tables as JSON Lines: an object a row, in the order of the columns, empty cells as null.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use super::super::cell::{Cell, Table};
use super::super::error::ExportError;
use super::create;

/// A JSON Lines file, being written.
pub(super) struct JsonLines {
    path: PathBuf,
    table: &'static Table,
    writer: BufWriter<File>,
}

impl JsonLines {
    /// Begins the file.
    pub(super) fn create(path: PathBuf, table: &'static Table) -> Result<Self, ExportError> {
        let writer = create(&path)?;
        Ok(Self { path, table, writer })
    }

    /// Writes a row.
    pub(super) fn push(&mut self, row: &[Cell]) -> Result<(), ExportError> {
        self.write(row).map_err(ExportError::file(&self.path))
    }

    /// Completes the file.
    pub(super) fn finish(mut self) -> Result<(), ExportError> {
        self.writer.flush().map_err(ExportError::file(&self.path))
    }

    fn write(&mut self, row: &[Cell]) -> io::Result<()> {
        let mut opening = '{';
        for (column, cell) in self.table.columns.iter().zip(row) {
            write!(self.writer, "{opening}\"{}\":", column.name)?;
            opening = ',';
            match cell {
                Cell::Empty => self.writer.write_all(b"null")?,
                Cell::Text(text) => serde_json::to_writer(&mut self.writer, text)?,
                Cell::Integer(number) => write!(self.writer, "{number}")?,
                // As text, because readers take numbers for floats.
                Cell::Amount(amount) => write!(self.writer, "\"{amount}\"")?,
            }
        }
        self.writer.write_all(b"}\n")
    }
}
