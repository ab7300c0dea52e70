//! A run: every file through the mapping into the sink, with counts and rejects.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::assemble;
use super::block::Keep;
use super::error::ImportError;
use super::input::{self, Item, Place};
use super::mapping::Mapping;
use super::people::People;
use super::progress::Progress;
use super::rejects::{Refused, Rejects};
use super::report::Report;
use super::rows::{Kind, PutError, Reject, Row, Sink};

/// After how many rows the sink makes them durable.
const FLUSH_EVERY: u64 = 8_192;
/// After how many lines progress is shown.
const SHOW_EVERY: u64 = 256;

/// How a run goes.
#[derive(Debug)]
pub struct Options {
    /// Whether to check every line and put nothing.
    pub is_dry_run: bool,
    /// Where refused lines are kept.
    pub rejects: PathBuf,
}

/// Imports files by a mapping.
///
/// The header of every file is checked before the first row is put. A line whose records cannot all
/// be made is refused whole. A customer or agent that a former line of the run already gave in the
/// same words is neither put nor counted again.
///
/// # Errors
/// If a file cannot be read or lacks a column, the rejects cannot be kept, or the store fails.
pub fn run(
    mapping: &Mapping,
    files: &[PathBuf],
    sink: &mut dyn Sink,
    options: Options,
    progress: &mut dyn Progress,
) -> Result<Report, ImportError> {
    let total_bytes = check(mapping, files)?;
    let mut run = Run {
        mapping,
        sink,
        rejects: Rejects::new(options.rejects),
        report: Report { is_dry_run: options.is_dry_run, ..Report::default() },
        people: People::default(),
        waiting: mapping.blocks.iter().map(|_| None).collect(),
        put_count: 0,
    };
    let started = Instant::now();
    let read_bytes = Arc::new(AtomicU64::new(0));
    progress.start(total_bytes);
    let outcome = files.iter().try_for_each(|file| run.file(file, &read_bytes, progress));
    progress.finish();
    // What was put stays put, also when the run ends early.
    let flushed = run.sink.flush();
    run.rejects.flush()?;
    outcome?;
    flushed?;
    run.report.elapsed = started.elapsed();
    run.report.rejects_file = run.rejects.path().map(Path::to_owned);
    Ok(run.report)
}

/// Checks that every file can be opened and has the columns; the bytes of all of them.
fn check(mapping: &Mapping, files: &[PathBuf]) -> Result<u64, ImportError> {
    let mut total_bytes = 0;
    for file in files {
        let mut records = input::open(file, mapping, Arc::default())?;
        input::check_columns(&mut records, mapping, file)?;
        let metadata = file.metadata();
        let metadata = metadata.map_err(|cause| ImportError::Read { file: file.clone(), cause })?;
        total_bytes += metadata.len();
    }
    Ok(total_bytes)
}

/// A run under way.
struct Run<'a> {
    mapping: &'a Mapping,
    sink: &'a mut dyn Sink,
    rejects: Rejects,
    report: Report,
    people: People,
    /// For each block that keeps the last of consecutive lines, the last so far.
    waiting: Vec<Option<Placed>>,
    put_count: u64,
}

/// A data file.
struct DataFile<'a> {
    path: &'a Path,
    /// Its name without folders and without `.gz`.
    name: String,
}

/// A row with the line it came from, for the case that the sink refuses it.
struct Placed {
    row: Row,
    line: Arc<RawLine>,
}

/// A line as it was.
struct RawLine {
    number: u64,
    bytes: Vec<u8>,
}

impl Run<'_> {
    fn file(
        &mut self,
        path: &Path,
        read_bytes: &Arc<AtomicU64>,
        progress: &mut dyn Progress,
    ) -> Result<(), ImportError> {
        let file = DataFile { path, name: file_name(path) };
        let mut records = input::open(path, self.mapping, Arc::clone(read_bytes))?;
        let mut row = 0;
        loop {
            let item = records.next_item();
            let item = item.map_err(|cause| ImportError::Read { file: path.to_owned(), cause })?;
            let Some(item) = item else { break };
            row += 1;
            self.report.line_count += 1;
            self.item(&file, row, item)?;
            if self.report.line_count.is_multiple_of(SHOW_EVERY) {
                progress.advance(read_bytes.load(Ordering::Relaxed), self.report.line_count);
            }
        }
        let last: Vec<_> = self.waiting.iter_mut().filter_map(Option::take).collect();
        last.into_iter().try_for_each(|placed| self.put(&file, placed))
    }

    fn item(&mut self, file: &DataFile<'_>, row: u64, item: Item) -> Result<(), ImportError> {
        let record = match item.record {
            Ok(record) => record,
            Err(broken) => {
                let line = RawLine { number: broken.line, bytes: item.raw };
                let reject = Reject { field: String::new(), reason: broken.reason };
                return self.refuse(file, &line, None, &reject);
            }
        };
        let line = Arc::new(RawLine { number: record.line, bytes: item.raw });
        let missing = &self.mapping.missing;
        let place = Place { record: &record, row, file: &file.name, missing };
        // All rows of the line are made before the first is put, so that it is refused whole.
        let mut made = Vec::new();
        for (index, block) in self.mapping.blocks.iter().enumerate() {
            if !block.applies(&place) {
                continue;
            }
            match assemble::row(self.mapping, block, &place) {
                Ok(row) => made.push((index, Placed { row, line: Arc::clone(&line) })),
                Err(reject) => return self.refuse(file, &line, Some(block.kind), &reject),
            }
        }
        made.into_iter().try_for_each(|(index, placed)| {
            self.due(index, placed).map_or(Ok(()), |placed| self.put(file, placed))
        })
    }

    /// The row that is to be put now that this one has come.
    fn due(&mut self, index: usize, placed: Placed) -> Option<Placed> {
        match self.mapping.blocks[index].keep {
            Keep::All => Some(placed),
            Keep::Last => {
                let id = placed.row.source_id.clone();
                self.waiting[index].replace(placed).filter(|before| before.row.source_id != id)
            }
        }
    }

    fn put(&mut self, file: &DataFile<'_>, placed: Placed) -> Result<(), ImportError> {
        let Placed { row, line } = placed;
        let kind = row.kind();
        if self.people.is_known(&row) {
            return Ok(());
        }
        if self.report.is_dry_run {
            self.report.add_checked(kind);
            return Ok(());
        }
        match self.sink.put(row) {
            Ok(put) => self.report.add(kind, put),
            Err(PutError::Rejected(reject)) => self.refuse(file, &line, Some(kind), &reject)?,
            Err(PutError::Failed(error)) => return Err(error.into()),
        }
        self.put_count += 1;
        if self.put_count.is_multiple_of(FLUSH_EVERY) {
            self.sink.flush()?;
        }
        Ok(())
    }

    fn refuse(
        &mut self,
        file: &DataFile<'_>,
        line: &RawLine,
        kind: Option<Kind>,
        reject: &Reject,
    ) -> Result<(), ImportError> {
        let Reject { field, reason } = reject;
        let RawLine { number, bytes } = line;
        self.report.add_rejected(kind, || {
            let sign = if field.is_empty() { "" } else { ": " };
            format!("{}:{number}: {field}{sign}{reason}", file.path.display())
        });
        let refused = Refused { file: file.path, line: *number, field, reason, raw: bytes };
        self.rejects.keep(&refused)
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    name.strip_suffix(".gz").map_or(name.clone(), str::to_owned)
}
