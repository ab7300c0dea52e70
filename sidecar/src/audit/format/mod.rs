//! Writes tables as CSV, JSON Lines, Parquet, and sheets of one workbook; the same rows in each.

mod csv;
mod json_lines;
mod parquet;
mod workbook;

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use super::cell::{Cell, Table};
use super::error::ExportError;
use csv::CsvFile;
use json_lines::JsonLines;
use parquet::ParquetFile;
use workbook::Sheets;
pub(super) use workbook::Workbook;

/// One table, being written in every format.
pub(super) struct TableWriter {
    table: &'static Table,
    csv: CsvFile,
    json_lines: JsonLines,
    parquet: ParquetFile,
    sheets: Sheets,
    row_count: u64,
}

/// A table that is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    /// Which.
    pub(super) table: &'static Table,
    /// How many rows it has, its header not counted.
    pub(super) row_count: u64,
}

impl TableWriter {
    /// Begins the files of a table below `folder`; `suffix` is the period or the day in their names.
    pub(super) fn create(
        folder: &Path,
        table: &'static Table,
        suffix: &str,
        workbook: &Workbook,
    ) -> Result<Self, ExportError> {
        let stem = file_stem(table, suffix);
        let path = |format: &str| folder.join(format).join(format!("{stem}.{format}"));
        Ok(Self {
            table,
            csv: CsvFile::create(path("csv"), table)?,
            json_lines: JsonLines::create(path("jsonl"), table)?,
            parquet: ParquetFile::create(&path("parquet"), table)?,
            sheets: workbook.sheets(table)?,
            row_count: 0,
        })
    }

    /// Writes a row: a cell for each column, in order, of its column's kind or empty.
    pub(super) fn push(&mut self, row: &[Cell]) -> Result<(), ExportError> {
        debug_assert_eq!(row.len(), self.table.columns.len(), "{}", self.table.name);
        self.csv.push(row)?;
        self.json_lines.push(row)?;
        self.parquet.push(row)?;
        self.sheets.push(row)?;
        self.row_count += 1;
        Ok(())
    }

    /// Completes the files; the sheets stand in the workbook in the order of these calls.
    pub(super) fn finish(self, workbook: &Workbook) -> Result<Written, ExportError> {
        let Self { table, csv, json_lines, parquet, sheets, row_count } = self;
        csv.finish()?;
        json_lines.finish()?;
        parquet.finish()?;
        workbook.take(sheets)?;
        Ok(Written { table, row_count })
    }
}

/// What a table's files are called before the ending.
pub(super) fn file_stem(table: &Table, suffix: &str) -> String {
    if suffix.is_empty() { table.name.to_owned() } else { format!("{}_{suffix}", table.name) }
}

/// Writes a new file that is a text.
pub(super) fn write_text(path: &Path, text: &str) -> Result<(), ExportError> {
    let mut file = create(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(ExportError::file(path))
}

/// A new file, with the folder that it is in.
pub(super) fn create(path: &Path) -> Result<BufWriter<File>, ExportError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(ExportError::file(folder))?;
    }
    Ok(BufWriter::new(File::create_new(path).map_err(ExportError::file(path))?))
}
