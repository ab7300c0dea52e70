//! Every checkpoint that a ledger has issued, in one file that only grows: notes, each with a blank
//! line behind it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::{CheckpointError, SignedCheckpoint};

/// A start reads no more than this from the end; a note has less than a thousandth of it.
const TAIL_BYTES: u64 = 256 << 10;
/// What begins a signature line, and no line of a checkpoint's text.
const SIGNATURE_START: &[u8] = "\u{2014} ".as_bytes();

/// The file, open for writing.
#[derive(Debug)]
pub struct Issued {
    path: PathBuf,
    file: File,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IssuedError {
    /// The operating system refused an operation.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A whole checkpoint cannot be read.
    #[error("the checkpoint at byte {offset} of {} cannot be read: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the checkpoint begins.
        offset: u64,
        /// What is wrong with it.
        source: CheckpointError,
    },
}

impl Issued {
    /// Opens the file, or creates it, and answers with the last checkpoint in it. What a crash has
    /// left half written behind that is cut off: nobody has seen it. Only the end is read; all of it
    /// is what [`read_issued`] reads.
    ///
    /// # Errors
    /// When it cannot be read or written, or its end was changed.
    pub fn open(path: &Path) -> Result<(Self, Option<SignedCheckpoint>), IssuedError> {
        let io = |action| {
            let path = path.to_owned();
            move |source| IssuedError::Io { action, path, source }
        };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let file = options.open(path).map_err(io("open"))?;
        let length = file.metadata().map_err(io("read"))?.len();
        let start = length.saturating_sub(TAIL_BYTES);
        let mut tail = vec![0; usize::try_from(length - start).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut tail, start).map_err(io("read"))?;
        let skipped = if start == 0 { 0 } else { first_whole(&tail) };
        let start = start + skipped as u64;
        let (checkpoints, whole) = parse(path, start, &tail[skipped..])?;
        if start + whole < length {
            file.set_len(start + whole).and_then(|()| file.sync_data()).map_err(io("cut"))?;
        }
        Ok((Self { path: path.to_owned(), file }, checkpoints.into_iter().last()))
    }

    /// Adds a checkpoint; it is on stable storage when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, checkpoint: &SignedCheckpoint) -> Result<(), IssuedError> {
        let io = |action| {
            let path = self.path.clone();
            move |source| IssuedError::Io { action, path, source }
        };
        let whole = self.file.metadata().map_err(io("read the size of"))?.len();
        let note = format!("{checkpoint}\n");
        if let Err(error) = self.file.write_all(note.as_bytes()) {
            // A torn note in the middle of the file would be taken for damage at every later start.
            self.file.set_len(whole).map_err(io("cut back"))?;
            return Err(io("write")(error));
        }
        self.file.sync_data().map_err(io("sync"))
    }
}

/// Every whole checkpoint in the file at `path`, oldest first.
///
/// # Errors
/// When it cannot be read, or one of the checkpoints was changed.
pub fn read_issued(path: &Path) -> Result<Vec<SignedCheckpoint>, IssuedError> {
    let io = |source| IssuedError::Io { action: "read", path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(io)?;
    Ok(parse(path, 0, &bytes)?.0)
}

/// Where the first note begins that lies wholly in the tail of a file.
fn first_whole(tail: &[u8]) -> usize {
    let ends = tail.windows(2).enumerate().filter(|(_, window)| *window == b"\n\n");
    let starts = ends.map(|(end, _)| end + 2);
    // What follows a blank line is a note, or the signatures of one.
    let mut notes = starts.filter(|start| !tail[*start..].starts_with(SIGNATURE_START));
    notes.next().unwrap_or(tail.len())
}

/// The checkpoints of these bytes, which begin at `offset` of the file, and how many bytes they
/// take.
fn parse(
    path: &Path,
    offset: u64,
    bytes: &[u8],
) -> Result<(Vec<SignedCheckpoint>, u64), IssuedError> {
    let mut checkpoints = Vec::new();
    let mut whole = 0;
    let mut blank = None;
    for (at, _) in bytes.windows(2).enumerate().filter(|(_, window)| *window == b"\n\n") {
        // A note is two blocks with a blank line behind each.
        if blank.take().is_none() {
            blank = Some(at);
            continue;
        }
        // What is no text becomes a note that cannot be read.
        let note = String::from_utf8_lossy(&bytes[whole..=at]);
        let read = SignedCheckpoint::parse(&note).map_err(|source| IssuedError::Damaged {
            path: path.to_owned(),
            offset: offset + whole as u64,
            source,
        })?;
        checkpoints.push(read);
        whole = at + 2;
    }
    Ok((checkpoints, whole as u64))
}
