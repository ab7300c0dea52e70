//! One segment: a preallocated file that holds the records from its base position on.
//!
//! | bytes | what |
//! |---|---|
//! | 0–511 | header |
//! | 512–1023 | head slot 0 |
//! | 1024–1535 | head slot 1 |
//! | 1536–4095 | zeros |
//! | 4096– | frames, then zeros up to the capacity |

use std::io;
use std::ops::Range;
use std::path::PathBuf;

use super::disk::{Access, Disk, SegmentFile};
use super::error::{Damage, JournalError};
use super::frame::LeafHash;
use super::head::{self, Head, SECTOR_BYTES};
use super::header::Header;
use super::spare::Spare;

/// Where the first frame of a segment begins, in bytes.
pub(super) const FRAMES_START: u64 = 4096;

pub(super) const SLOTS_START: u64 = SECTOR_BYTES as u64;
const SLOTS_BYTES: usize = 2 * SECTOR_BYTES;
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
const SUFFIX: &str = ".seg";
pub(super) const UNFINISHED_SUFFIX: &str = ".seg.new";

/// A place between two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The position of the record that begins here.
    pub(super) position: u64,
    /// Where it begins in its segment, in bytes.
    pub(super) offset: u64,
}

/// An open segment whose header has been verified.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) header: Header,
    /// How far the file can be read; below the capacity only where the file was truncated.
    pub(super) end: u64,
    file: Box<dyn SegmentFile>,
}

/// The file name of the segment that begins at `base`.
pub(super) fn name(base: u64) -> String {
    format!("{base:020}{SUFFIX}")
}

/// The base positions of all segments in the folder, ascending.
pub(super) fn bases(disk: &dyn Disk) -> Result<Vec<u64>, JournalError> {
    let mut bases = Vec::new();
    for file in names(disk)?.iter().filter(|file| file.ends_with(SUFFIX)) {
        let base = file.strip_suffix(SUFFIX).and_then(|digits| digits.parse().ok());
        let base = base.filter(|base| name(*base) == *file);
        bases.push(base.ok_or_else(|| JournalError::ForeignName { path: disk.path(file) })?);
    }
    bases.sort_unstable();
    Ok(bases)
}

/// Verifies that no record lies between the positions `end` and `base`.
pub(super) fn verify_gap(disk: &dyn Disk, end: u64, base: u64) -> Result<(), JournalError> {
    if end == base {
        return Ok(());
    }
    let path = disk.path(&name(end));
    Err(JournalError::MissingSegment { path, first: end, last: base.saturating_sub(1) })
}

/// Removes what a creation left that did not come to its end.
pub(super) fn remove_unfinished(disk: &dyn Disk) -> Result<(), JournalError> {
    for file in names(disk)?.iter().filter(|file| file.ends_with(UNFINISHED_SUFFIX)) {
        let path = disk.path(file);
        disk.remove(file).map_err(|source| JournalError::Io { action: "remove", path, source })?;
    }
    Ok(())
}

fn names(disk: &dyn Disk) -> Result<Vec<String>, JournalError> {
    let failed = |source| JournalError::Io { action: "list", path: disk.path(""), source };
    disk.names().map_err(failed)
}

/// Writes zeros.
pub(super) fn zero(file: &dyn SegmentFile, bytes: Range<u64>) -> io::Result<()> {
    let mut offset = bytes.start;
    while let Some(left) = bytes.end.checked_sub(offset).filter(|left| *left > 0) {
        let length = usize::try_from(left).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
        file.write_at(&ZEROS[..length], offset)?;
        offset += length as u64;
    }
    Ok(())
}

impl Segment {
    /// Creates a segment durably.
    pub(super) fn create(disk: &dyn Disk, header: Header) -> Result<(Self, Head), JournalError> {
        let mut spare = Spare::begin(disk, header.capacity)?;
        spare.fill(u64::MAX)?;
        spare.into_segment(disk, header)
    }

    /// The segment that an empty file becomes, and its first head; durable only once it is synced.
    pub(super) fn found(
        (path, file): (PathBuf, Box<dyn SegmentFile>),
        header: Header,
    ) -> Result<(Self, Head), JournalError> {
        let segment = Self { path, end: header.capacity, header, file };
        segment.write(&segment.header.encode(), 0)?;
        let older = segment.first_head();
        let head = Head { generation: older.generation + 1, ..older.clone() };
        segment.write_head(&older)?;
        segment.write_head(&head)?;
        Ok((segment, head))
    }

    /// Opens the segment that begins at `base` and verifies its header.
    pub(super) fn open(disk: &dyn Disk, base: u64, access: Access) -> Result<Self, JournalError> {
        let path = disk.path(&name(base));
        let failed = |source| JournalError::Io { action: "open", path: path.clone(), source };
        let file = disk.open(&name(base), access).map_err(failed)?;
        let size = file.size().map_err(failed)?;
        let mut first = vec![0; SECTOR_BYTES.min(usize::try_from(size).unwrap_or(SECTOR_BYTES))];
        file.read_at(&mut first, 0).map_err(failed)?;
        match Header::decode(&first, base) {
            Ok(header) => Ok(Self { end: size.min(header.capacity), path, header, file }),
            Err(damage) => Err(JournalError::Damaged { path, offset: 0, position: base, damage }),
        }
    }

    /// The place of the segment's first record.
    pub(super) fn start(&self) -> Cursor {
        Cursor { position: self.header.base, offset: FRAMES_START }
    }

    /// The newest valid head.
    pub(super) fn newest_head(&self) -> Result<Head, JournalError> {
        let at = Cursor { offset: SLOTS_START, ..self.start() };
        let head = head::newest(&self.read(at.offset, SLOTS_BYTES)?);
        let head = head.ok_or_else(|| self.damaged(at, Damage::NoHead))?;
        let Head { next_position, offset, .. } = head;
        if next_position < self.header.base {
            let damage = Damage::HeadMismatch { next_position, offset };
            return Err(self.damaged(at, damage));
        }
        Ok(head)
    }

    /// Verifies that this segment continues the record whose leaf hash is `last_leaf`.
    pub(super) fn verify_chain(&self, last_leaf: &LeafHash) -> Result<(), JournalError> {
        if self.header.previous_leaf == *last_leaf {
            return Ok(());
        }
        Err(self.damaged(self.start(), Damage::BrokenChain))
    }

    fn first_head(&self) -> Head {
        let Cursor { position, offset } = self.start();
        let last_leaf = self.header.previous_leaf;
        Head { generation: 0, next_position: position, offset, last_leaf }
    }

    pub(super) fn write_head(&self, head: &Head) -> Result<(), JournalError> {
        self.write(&head.encode(), SLOTS_START + head.slot() * SECTOR_BYTES as u64)
    }

    /// Reads `length` bytes from `offset`, or up to the end where there are fewer.
    pub(super) fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, JournalError> {
        let available = usize::try_from(self.end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(available)];
        self.file.read_at(&mut bytes, offset).map_err(|source| self.failed("read", source))?;
        Ok(bytes)
    }

    pub(super) fn write(&self, bytes: &[u8], offset: u64) -> Result<(), JournalError> {
        self.file.write_at(bytes, offset).map_err(|source| self.failed("write", source))
    }

    /// Writes zeros from `offset` up to the capacity.
    pub(super) fn zero_from(&self, offset: u64) -> Result<(), JournalError> {
        let zeroed = zero(&*self.file, offset..self.header.capacity);
        zeroed.map_err(|source| self.failed("write", source))
    }

    pub(super) fn sync(&self) -> Result<(), JournalError> {
        self.file.sync_data().map_err(|source| self.failed("sync", source))
    }

    pub(super) fn damaged(&self, at: Cursor, damage: Damage) -> JournalError {
        let Cursor { position, offset } = at;
        JournalError::Damaged { path: self.path.clone(), offset, position, damage }
    }

    fn failed(&self, action: &'static str, source: io::Error) -> JournalError {
        JournalError::Io { action, path: self.path.clone(), source }
    }
}
