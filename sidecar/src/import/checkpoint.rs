//! Where an import is, kept in the data folder, so that one that was interrupted goes on near there.
//!
//! A checkpoint is written after the rows before it are durable, and names what it relies on: the
//! mapping, the files with their sizes and times, a checksum of all bytes before the place, how far
//! the records' journal was, and how long the file of rejects. Where any of it is otherwise, the
//! import begins again, which costs time and changes nothing. There is nothing personal in it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::groups::Spot;
use super::lines::Mark;
use super::mapping::Mapping;
use super::report::{Counts, Report};
use super::rows::Kind;

/// Where the checkpoints of a store are, and how it is known that the store is not older than they.
pub struct Checkpoints<'a> {
    /// The folder; made when the first is kept.
    pub folder: PathBuf,
    /// How many records the store has durably; it only grows.
    pub store_position: &'a dyn Fn() -> u64,
    /// Whether to begin from the start whatever there is.
    pub from_start: bool,
}

/// A place in the files and what was counted up to there.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    format: u32,
    basis: Basis,
    store_position: u64,
    /// The file that is being read, by its index.
    pub(super) file: usize,
    /// From where on it is to be read again.
    offset: u64,
    lines: u64,
    rows: u64,
    crc: u32,
    credit: u64,
    /// Up to which row everything has been taken.
    pub(super) taken_rows: u64,
    /// The line that it is about to read.
    pub(super) next_line: u64,
    /// How long the rejects file is.
    pub(super) rejects_bytes: u64,
    line_count: u64,
    broken_count: u64,
    /// By kind: new, changed, same, rejected.
    counts: Vec<(String, [u64; 4])>,
}

/// What a checkpoint holds for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Basis {
    mapping: String,
    rejects: PathBuf,
    files: Vec<FileState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FileState {
    path: PathBuf,
    bytes: u64,
    changed_ns: u64,
}

/// The number of this form; bytes of another are not read.
const FORMAT: u32 = 1;

/// What there is to go on with.
#[derive(Debug)]
pub(super) enum Earlier {
    /// There is nothing, or it is not wanted.
    Nothing,
    /// There is something, but not for this; what is otherwise.
    Unfit(&'static str),
    /// A place to go on from.
    At(Box<Checkpoint>),
}

/// Keeps the checkpoint of one import.
pub(super) struct Keeper<'a> {
    checkpoints: Checkpoints<'a>,
    path: PathBuf,
    basis: Basis,
}

/// How far a run is.
pub(super) struct Progress<'a> {
    pub(super) file: usize,
    pub(super) from: Spot,
    pub(super) taken_rows: u64,
    pub(super) next_line: u64,
    pub(super) rejects_bytes: u64,
    pub(super) report: &'a Report,
}

impl<'a> Keeper<'a> {
    /// Looks at the files; keeps nothing yet.
    ///
    /// # Errors
    /// If a file cannot be looked at.
    pub(super) fn new(
        checkpoints: Checkpoints<'a>,
        mapping: &Mapping,
        files: &[PathBuf],
        rejects: &Path,
    ) -> io::Result<Self> {
        let files = files.iter().map(|file| FileState::of(file)).collect::<io::Result<Vec<_>>>()?;
        let mut names = Sha256::new();
        for file in &files {
            let name = file.path.as_os_str().as_encoded_bytes();
            names.update((name.len() as u64).to_le_bytes());
            names.update(name);
        }
        let name: String = hex(&names.finalize()).chars().take(16).collect();
        let basis =
            Basis { mapping: hex(&mapping.digest), rejects: std::path::absolute(rejects)?, files };
        Ok(Self { path: checkpoints.folder.join(format!("{name}.json")), checkpoints, basis })
    }

    /// What an earlier run has left.
    pub(super) fn earlier(&self) -> Earlier {
        if self.checkpoints.from_start {
            return Earlier::Nothing;
        }
        // One that cannot be read is as good as none: it only saves time.
        let Some(checkpoint) = fs::read_to_string(&self.path).ok().and_then(|it| parse(&it)) else {
            return Earlier::Nothing;
        };
        let Basis { mapping, rejects, files } = &checkpoint.basis;
        if *mapping != self.basis.mapping {
            Earlier::Unfit("the mapping has changed")
        } else if *files != self.basis.files {
            Earlier::Unfit("the data has changed")
        } else if *rejects != self.basis.rejects {
            Earlier::Unfit("refused lines are kept elsewhere now")
        } else if checkpoint.store_position > (self.checkpoints.store_position)() {
            Earlier::Unfit("the data folder is older than the interrupted import")
        } else {
            Earlier::At(Box::new(checkpoint))
        }
    }

    /// Keeps how far the run is. What is before it must be durable.
    ///
    /// # Errors
    /// If it cannot be written; the one before it stays.
    pub(super) fn keep(&self, progress: &Progress<'_>) -> io::Result<()> {
        let Progress { file, from, taken_rows, next_line, rejects_bytes, report } = *progress;
        let counts = report
            .kinds
            .iter()
            .map(|(kind, it)| (kind.name().to_owned(), [it.new, it.changed, it.same, it.rejected]));
        let checkpoint = Checkpoint {
            format: FORMAT,
            basis: self.basis.clone(),
            store_position: (self.checkpoints.store_position)(),
            file,
            offset: from.mark.offset,
            lines: from.mark.lines,
            rows: from.rows,
            crc: from.mark.crc,
            credit: from.mark.credit,
            taken_rows,
            next_line,
            rejects_bytes,
            line_count: report.line_count,
            broken_count: report.broken_count,
            counts: counts.collect(),
        };
        let text = serde_json::to_string(&checkpoint)?;
        fs::create_dir_all(&self.checkpoints.folder)?;
        let fresh = self.path.with_extension("new");
        let mut file = create(&fresh)?;
        // The checksum makes a sync superfluous: one that a power cut has torn is not read.
        writeln!(file, "{}\n{text}", hex(&Sha256::digest(text.as_bytes())))?;
        fs::rename(&fresh, &self.path)
    }

    /// Removes what was kept: the import is complete.
    pub(super) fn remove(&self) {
        // One that stays is found unfit or repeats the end of the import, which changes nothing.
        drop(fs::remove_file(&self.path));
        // The folder goes with the last of them.
        drop(fs::remove_dir(&self.checkpoints.folder));
    }
}

fn parse(text: &str) -> Option<Checkpoint> {
    let (checksum, text) = text.trim_end().split_once('\n')?;
    let is_whole = hex(&Sha256::digest(text.as_bytes())) == checksum;
    let checkpoint: Checkpoint = serde_json::from_str(text).ok().filter(|_| is_whole)?;
    (checkpoint.format == FORMAT).then_some(checkpoint)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(|half| DIGITS[usize::from(half)]).collect()
}

fn create(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

// === impl Checkpoint ===

impl Checkpoint {
    /// From where on the file is to be read again.
    pub(super) fn from(&self) -> Spot {
        let Self { offset, lines, crc, credit, .. } = *self;
        Spot { mark: Mark { offset, lines, crc, credit }, rows: self.rows }
    }

    /// Puts what was counted into a report.
    pub(super) fn restore(&self, report: &mut Report) {
        report.line_count = self.line_count;
        report.earlier_line_count = self.line_count;
        report.broken_count = self.broken_count;
        for (name, [new, changed, same, rejected]) in &self.counts {
            if let Some(kind) = Kind::ALL.into_iter().find(|it| it.name() == name) {
                let (new, changed, same, rejected) = (*new, *changed, *same, *rejected);
                let counts = Counts { new, changed, same, rejected, ..Counts::default() };
                report.kinds.insert(kind, counts);
            }
        }
    }
}

// === impl FileState ===

impl FileState {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let changed = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed_ns = u64::try_from(changed.as_nanos()).unwrap_or(u64::MAX);
        let bytes = metadata.len();
        Ok(Self { path: fs::canonicalize(path)?, bytes, changed_ns })
    }
}
