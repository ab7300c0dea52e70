//! The second reading: each entry of the period as rows of the tables and as stored bytes.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::cell::{Cell, Table};
use super::entries;
use super::error::ExportError;
use super::event::Event;
use super::findings;
use super::format::{TableWriter, Workbook, Written, create};
use super::gather::Gathered;
use super::period::{Period, compact};
use super::plain::{Book, Dialect};
use super::report::Figures;
use super::rows::{chart, control, general_ledger, spend_detail, trial_balance, users};
use super::source::Stored;

/// What is written entry by entry.
pub(super) struct EntryFiles<'a> {
    gathered: &'a Gathered,
    detail: TableWriter,
    control: TableWriter,
    spends: TableWriter,
    books: Vec<Book>,
    figures: Figures,
    entries: BufWriter<File>,
    path: PathBuf,
    /// The number of the last journal.
    journal: u64,
}

impl<'a> EntryFiles<'a> {
    /// Begins the files.
    pub(super) fn create(
        folder: &Path,
        period: Period,
        workbook: &Workbook,
        gathered: &'a Gathered,
    ) -> Result<Self, ExportError> {
        let stem = &period.stem();
        let path = folder.join(entries::ENTRIES);
        Ok(Self {
            gathered,
            detail: TableWriter::create(folder, &general_ledger::TABLE, stem, workbook)?,
            control: TableWriter::create(folder, &control::TABLE, stem, workbook)?,
            spends: TableWriter::create(folder, &spend_detail::TABLE, stem, workbook)?,
            books: Dialect::ALL
                .into_iter()
                .map(|dialect| Book::create(folder, dialect, period, &gathered.balances))
                .collect::<Result<_, _>>()?,
            figures: Figures::of(period),
            entries: create(&path)?,
            path,
            journal: gathered.journals_before,
        })
    }

    /// Writes an entry.
    pub(super) fn push(&mut self, stored: &Stored) -> Result<(), ExportError> {
        let entry = &stored.entry;
        let event = Event::of(entry);
        self.figures.see(entry, &event);
        let mut number = None;
        if !entry.postings.is_empty() {
            self.journal += 1;
            number = Some(self.journal);
            let journal = self.gathered.journal(self.journal, stored.position, event.spend);
            push_all(&mut self.detail, &general_ledger::rows(entry, &event, &journal))?;
            let words = general_ledger::header(&entry.body, &event);
            for book in &mut self.books {
                book.push(entry, self.journal, &words)?;
            }
            push_all(&mut self.control, &control::rows(entry, self.journal))?;
        }
        self.spends.push(&spend_detail::row(stored, &event, number, self.gathered))?;
        self.store(&stored.bytes).map_err(ExportError::file(&self.path))
    }

    /// Completes the files; answers with what the report counts.
    pub(super) fn finish(
        mut self,
        workbook: &Workbook,
    ) -> Result<(Vec<Written>, Figures), ExportError> {
        self.entries.flush().map_err(ExportError::file(&self.path))?;
        for book in self.books {
            book.finish(&self.gathered.balances)?;
        }
        let tables = vec![
            self.detail.finish(workbook)?,
            self.control.finish(workbook)?,
            self.spends.finish(workbook)?,
        ];
        Ok((tables, self.figures))
    }

    fn store(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(std::io::Error::other)?;
        self.entries.write_all(&length.to_be_bytes())?;
        self.entries.write_all(bytes)
    }
}

/// The tables that are written at once, from what was gathered.
pub(super) fn summaries(
    folder: &Path,
    gathered: &Gathered,
    period: Period,
    workbook: &Workbook,
) -> Result<Vec<Written>, ExportError> {
    let day = compact(period.to());
    let balances = &gathered.balances;
    let table = |table: &'static Table, suffix: &str, rows: &[Vec<Cell>]| {
        let mut writer = TableWriter::create(folder, table, suffix, workbook)?;
        push_all(&mut writer, rows)?;
        writer.finish(workbook)
    };
    Ok(vec![
        table(&chart::TABLE, "", &chart::rows(balances))?,
        table(&trial_balance::TABLE, &day, &trial_balance::rows(balances, period))?,
        table(&users::TABLE, "", &gathered.users.rows().collect::<Vec<_>>())?,
        table(&findings::TABLE, "", &gathered.findings.rows())?,
    ])
}

fn push_all(table: &mut TableWriter, rows: &[Vec<Cell>]) -> Result<(), ExportError> {
    rows.iter().try_for_each(|row| table.push(row))
}
