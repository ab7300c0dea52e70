//! A run: every file through the mapping into the sink, with counts and rejects, from the start or
//! from where an interrupted run was.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use super::checkpoint::{self, Checkpoint, Checkpoints, Earlier, Keeper};
use super::error::ImportError;
use super::groups::Spot;
use super::input::Input;
use super::mapping::Mapping;
use super::progress::{Progress, grouped};
use super::rejects::Rejects;
use super::report::Report;
use super::rows::Sink;
use super::take::{Pass, Taker};

/// After how many rows the sink first makes them durable, and the place is kept. Each time it is
/// twice as many, up to the most: waiting for the disk costs less, and a second of work is at stake.
const FIRST_FLUSH_ROWS: u64 = 8_192;
const MOST_FLUSH_ROWS: u64 = 65_536;
/// After how many records the place is kept, where they make few rows.
const FLUSH_RECORDS: u64 = 131_072;
/// After how many records progress is shown.
const SHOW_EVERY: u64 = 256;

/// How a run goes.
#[derive(Debug)]
pub struct Options {
    /// Whether to check every line and put nothing.
    pub is_dry_run: bool,
    /// Where refused lines are kept.
    pub rejects: PathBuf,
}

/// What a run has to do with the world around it.
pub struct Surroundings<'a> {
    /// Where the run keeps how far it is; without it, it always begins at the start.
    pub checkpoints: Option<Checkpoints<'a>>,
    /// Ends the run between two records once it is true.
    pub stop: Option<&'a AtomicBool>,
    /// Whom it shows how far it is.
    pub progress: &'a mut dyn Progress,
}

/// Imports files by a mapping, from the start to the end.
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
    let surroundings = Surroundings { checkpoints: None, stop: None, progress };
    run_in(mapping, files, sink, options, surroundings)
}

/// As [`run`], and it can be stopped, and goes on near where it was when it was interrupted.
///
/// # Errors
/// As there, and [`ImportError::Stopped`].
pub fn run_in(
    mapping: &Mapping,
    files: &[PathBuf],
    sink: &mut dyn Sink,
    options: Options,
    surroundings: Surroundings<'_>,
) -> Result<Report, ImportError> {
    let Surroundings { checkpoints, stop, progress } = surroundings;
    let total_bytes = check(mapping, files, &options.rejects)?;
    let started = Instant::now();
    let keeper = match checkpoints {
        Some(it) => Some(keeper(it, mapping, files, &options.rejects)?),
        None => None,
    };
    let mut taker = Taker::new(mapping, sink, Rejects::new(options.rejects));
    taker.report.is_dry_run = options.is_dry_run;
    let mut run = Run {
        taker,
        keeper,
        files,
        read_bytes: Arc::default(),
        total_bytes,
        stop,
        progress,
        flush_rows: FIRST_FLUSH_ROWS,
        kept: None,
    };
    let outcome = run.all();
    run.progress.finish();
    if outcome.is_err() {
        // What was put stays put as far as it can; what cannot comes again with the next run.
        drop(run.taker.sink.flush());
        drop(run.taker.rejects.flush());
    }
    if let (Err(_), Some((file, line))) = (&outcome, run.kept) {
        let (line, file) = (grouped(line), file.display());
        run.progress.note(&format!(
            "what was taken so far stays; the same command goes on at line {line} of {file}"
        ));
    }
    outcome?;
    if let Some(keeper) = run.keeper {
        keeper.remove();
    }
    let Taker { mut report, rejects, .. } = run.taker;
    report.elapsed = started.elapsed();
    report.rejects_file = rejects.path().map(Path::to_owned);
    Ok(report)
}

/// Checks that every file can be opened and has the columns, and that none of them will be written
/// to; the bytes of all of them.
///
/// # Errors
/// What is wrong with the first file that cannot be used.
pub(super) fn check(
    mapping: &Mapping,
    files: &[PathBuf],
    rejects: &Path,
) -> Result<u64, ImportError> {
    let mut total_bytes = 0;
    for file in files {
        let failed = |cause| ImportError::Read { file: file.clone(), cause };
        Input::open(file, mapping, Arc::default())?.check_columns(mapping, file)?;
        total_bytes += file.metadata().map_err(failed)?.len();
        let same =
            rejects.canonicalize().is_ok_and(|it| file.canonicalize().is_ok_and(|f| f == it));
        if same {
            return Err(ImportError::RejectsAreData { file: file.clone() });
        }
    }
    Ok(total_bytes)
}

fn keeper<'a>(
    checkpoints: Checkpoints<'a>,
    mapping: &Mapping,
    files: &[PathBuf],
    rejects: &Path,
) -> Result<Keeper<'a>, ImportError> {
    let failed =
        |cause| ImportError::Read { file: files.first().cloned().unwrap_or_default(), cause };
    Keeper::new(checkpoints, mapping, files, rejects).map_err(failed)
}

/// A run under way.
struct Run<'a> {
    taker: Taker<'a>,
    keeper: Option<Keeper<'a>>,
    files: &'a [PathBuf],
    read_bytes: Arc<AtomicU64>,
    total_bytes: u64,
    stop: Option<&'a AtomicBool>,
    progress: &'a mut dyn Progress,
    /// After how many rows the place is kept next.
    flush_rows: u64,
    /// Where the run would go on, if that is kept.
    kept: Option<(&'a Path, u64)>,
}

/// A file that is being read.
struct Open<'a> {
    index: usize,
    path: &'a Path,
    input: Input,
    rows: u64,
    /// Records up to this one were taken before an interruption.
    taken_rows: u64,
    /// The start, for a file that cannot be entered in the middle.
    start: Spot,
}

impl<'a> Run<'a> {
    fn all(&mut self) -> Result<(), ImportError> {
        let (first, mut entered) = match self.earlier()? {
            Some((checkpoint, open)) => (checkpoint.file, Some(open)),
            None => (0, None),
        };
        let read = self.read_bytes.load(Ordering::Relaxed);
        self.progress.start(self.total_bytes, read, self.taker.report.line_count);
        for index in first..self.files.len() {
            let open = match entered.take() {
                Some(open) => open,
                None => self.open(index)?,
            };
            self.file(open)?;
        }
        self.taker.rejects.flush()?;
        Ok(self.taker.sink.flush()?)
    }

    fn open(&self, index: usize) -> Result<Open<'a>, ImportError> {
        let path: &'a Path = &self.files[index];
        let input = Input::open(path, self.taker.mapping, Arc::clone(&self.read_bytes))?;
        let start = Spot { mark: input.here(), rows: 0 };
        Ok(Open { index, path, input, rows: 0, taken_rows: 0, start })
    }

    /// Goes to where an earlier run was interrupted, if there is such a place and it is what it was.
    fn earlier(&mut self) -> Result<Option<(Checkpoint, Open<'a>)>, ImportError> {
        let checkpoint = match self.keeper.as_ref().map(Keeper::earlier) {
            None | Some(Earlier::Nothing) => return Ok(None),
            Some(Earlier::Unfit(why)) => return Ok(self.begin_again(why)),
            Some(Earlier::At(checkpoint)) => *checkpoint,
        };
        let Some(path) = self.files.get(checkpoint.file) else {
            return Ok(None);
        };
        let line = grouped(checkpoint.next_line);
        let file = path.display();
        self.progress
            .note(&format!("going on at line {line} of {file}; --from-start begins again instead"));
        let mut open = self.open(checkpoint.file)?;
        let from = checkpoint.from();
        let failed = |cause| ImportError::Read { file: path.clone(), cause };
        if from != open.start && !open.input.pass_to(&from.mark, from.rows).map_err(failed)? {
            self.read_bytes.store(0, Ordering::Relaxed);
            return Ok(self.begin_again("the data has changed"));
        }
        if !self.taker.rejects.resume(checkpoint.rejects_bytes)? {
            self.read_bytes.store(0, Ordering::Relaxed);
            return Ok(self.begin_again("the lines refused so far are gone"));
        }
        let passed = self.files.iter().take(checkpoint.file);
        let passed: u64 = passed.filter_map(|it| Some(it.metadata().ok()?.len())).sum();
        self.read_bytes.fetch_add(passed, Ordering::Relaxed);
        checkpoint.restore(&mut self.taker.report);
        open.rows = from.rows;
        open.taken_rows = checkpoint.taken_rows;
        self.kept = Some((path, checkpoint.next_line));
        Ok(Some((checkpoint, open)))
    }

    fn begin_again<T>(&mut self, why: &str) -> Option<T> {
        self.progress.note(&format!("beginning at the start again, because {why}"));
        None
    }

    fn file(&mut self, mut open: Open<'a>) -> Result<(), ImportError> {
        let mut unkept = 0;
        loop {
            if self.stop.is_some_and(|it| it.load(Ordering::Relaxed)) {
                self.keep(&open)?;
                let line = open.input.here().lines + 1;
                return Err(ImportError::Stopped { file: open.path.to_owned(), line });
            }
            let found = match open.input.next_found(self.taker.mapping) {
                Ok(Some(found)) => found,
                Ok(None) => break,
                Err(cause) => {
                    self.keep(&open)?;
                    return Err(ImportError::Read { file: open.path.to_owned(), cause });
                }
            };
            open.rows += 1;
            if open.rows <= open.taken_rows {
                self.taker.take(found, Pass::Again)?;
                continue;
            }
            self.taker.report.line_count += 1;
            self.taker.take(found, Pass::First)?;
            unkept += 1;
            if self.taker.unflushed >= self.flush_rows || unkept >= FLUSH_RECORDS {
                unkept = 0;
                self.keep(&open)?;
                self.flush_rows = (self.flush_rows * 2).min(MOST_FLUSH_ROWS);
            }
            if self.taker.report.line_count.is_multiple_of(SHOW_EVERY) {
                let read = self.read_bytes.load(Ordering::Relaxed);
                self.progress.advance(read, self.taker.report.line_count);
            }
        }
        self.taker.end()
    }

    /// Makes durable what was taken, and then keeps the place.
    fn keep(&mut self, open: &Open<'a>) -> Result<(), ImportError> {
        self.taker.unflushed = 0;
        let rejects_bytes = self.taker.rejects.flush()?;
        self.taker.sink.flush()?;
        let Some(keeper) = &self.keeper else {
            return Ok(());
        };
        let here = Spot { mark: open.input.here(), rows: open.rows };
        let oldest = self.taker.groups.oldest().unwrap_or(here);
        let from = if open.input.can_pass() { oldest } else { open.start };
        let next_line = here.mark.lines + 1;
        let kept = keeper.keep(&checkpoint::Progress {
            file: open.index,
            from,
            taken_rows: open.rows,
            next_line,
            rejects_bytes,
            report: &self.taker.report,
        });
        match kept {
            Ok(()) => self.kept = Some((open.path, next_line)),
            // The import itself is well; only an interruption would cost more.
            Err(error) if self.kept.is_none() => {
                self.progress.note(&format!("how far the import is cannot be kept: {error}"));
            }
            Err(_) => {}
        }
        Ok(())
    }
}
