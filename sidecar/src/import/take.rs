//! What becomes of one record of a file: rows for the sink, or a refusal that is kept.

use std::sync::Arc;

use super::assemble;
use super::error::ImportError;
use super::groups::{Groups, Made, Spot};
use super::input::{Found, Origin, Place};
use super::mapping::Mapping;
use super::people::People;
use super::rejects::{Refused, Rejects};
use super::report::Report;
use super::rows::{Kind, PutError, Reject, Row, Sink};

/// Takes records one by one.
pub(super) struct Taker<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) sink: &'a mut dyn Sink,
    pub(super) rejects: Rejects,
    pub(super) report: Report,
    pub(super) groups: Groups,
    people: People,
    /// Rows put since the sink last made them durable.
    pub(super) unflushed: u64,
}

/// A row with the line it came from, for the case that the sink refuses it.
pub(super) struct Placed {
    pub(super) row: Row,
    line: Arc<RawLine>,
}

/// A line as it was.
struct RawLine {
    origin: Arc<Origin>,
    number: u64,
    row: u64,
    bytes: Vec<u8>,
}

/// Whether a record is new, or read again to know in which groups the import was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    First,
    Again,
}

impl<'a> Taker<'a> {
    /// Nothing has been taken yet.
    pub(super) fn new(mapping: &'a Mapping, sink: &'a mut dyn Sink, rejects: Rejects) -> Self {
        Self {
            mapping,
            sink,
            rejects,
            report: Report::default(),
            groups: Groups::new(mapping.blocks.len()),
            people: People::default(),
            unflushed: 0,
        }
    }

    /// Takes a record.
    ///
    /// # Errors
    /// If the store fails or a refusal cannot be kept; not for what is wrong with the record.
    pub(super) fn take(&mut self, found: Found, pass: Pass) -> Result<(), ImportError> {
        let Found { item, origin, line, row } = found;
        let at = Spot { mark: item.start, rows: row.saturating_sub(1) };
        let line = RawLine { origin, number: line, row, bytes: item.raw };
        let old = self.groups.end_old(row);
        self.put_all(old, pass)?;
        let record = match item.record {
            Ok(record) => record,
            Err(reason) => {
                let reject = Reject { field: String::new(), reason };
                return self.refuse(&line, None, &reject, pass);
            }
        };
        let line = Arc::new(line);
        let place = Place {
            record: &record,
            row,
            line: line.number,
            file: &line.origin.name,
            missing: &self.mapping.missing,
        };
        // All rows of the line are made before the first is put, so that it is refused whole.
        let mut made = Vec::new();
        for (index, block) in self.mapping.blocks.iter().enumerate() {
            if !block.applies(&place) {
                continue;
            }
            let merged = self.groups.merged(index, block, &place);
            let place = Place { record: merged.as_ref().unwrap_or(&record), ..place };
            match assemble::row(self.mapping, block, &place) {
                Ok(row) => {
                    let placed = Placed { row, line: Arc::clone(&line) };
                    made.push(Made { block: index, placed, merged });
                }
                Err(reject) => return self.refuse(&line, Some(block.kind), &reject, pass),
            }
        }
        for made in made {
            let keep = self.mapping.blocks[made.block].keep;
            let due = self.groups.take(made, keep, at);
            self.put_all(due, pass)?;
        }
        Ok(())
    }

    /// Takes what waits for the end of the file.
    ///
    /// # Errors
    /// As [`Taker::take`].
    pub(super) fn end(&mut self) -> Result<(), ImportError> {
        let waiting = self.groups.end();
        self.put_all(waiting, Pass::First)
    }

    fn put_all(
        &mut self,
        placed: impl IntoIterator<Item = Placed>,
        pass: Pass,
    ) -> Result<(), ImportError> {
        // What is read again was put before the interruption.
        let wanted = placed.into_iter().filter(|_| pass == Pass::First);
        wanted.into_iter().try_for_each(|placed| self.put(placed))
    }

    fn put(&mut self, placed: Placed) -> Result<(), ImportError> {
        let Placed { row, line } = placed;
        let kind = row.kind();
        if self.people.is_known(&row) {
            return Ok(());
        }
        if self.report.is_dry_run {
            self.report.add_checked(kind);
            return Ok(());
        }
        self.unflushed += 1;
        match self.sink.put(row) {
            Ok(put) => self.report.add(kind, put),
            Err(PutError::Rejected(reject)) => {
                self.refuse(&line, Some(kind), &reject, Pass::First)?;
            }
            Err(PutError::Failed(error)) => return Err(error.into()),
        }
        Ok(())
    }

    fn refuse(
        &mut self,
        line: &RawLine,
        kind: Option<Kind>,
        reject: &Reject,
        pass: Pass,
    ) -> Result<(), ImportError> {
        if pass == Pass::Again {
            return Ok(());
        }
        let Reject { field, reason } = reject;
        let RawLine { origin, number, row, bytes } = line;
        self.report.add_rejected(kind, || {
            let sign = if field.is_empty() { "" } else { ": " };
            format!("{}:{number}: {field}{sign}{reason}", origin.path)
        });
        let (line, row, raw) = (*number, *row, bytes.as_slice());
        self.rejects.keep(&Refused { origin, line, row, field, reason, raw })
    }
}
