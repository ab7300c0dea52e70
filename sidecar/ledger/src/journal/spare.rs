//! The next segment, filled with zeros ahead of need: no batch waits for it, and holds can still be
//! settled once the disk is full.
//!
//! It is filled under another name, so that a segment is either absent or whole. Its zeros are
//! written, not only reserved: a later sync that has to turn reserved extents into written ones is
//! several times slower. A start removes it, and another is filled when it is time.

use std::path::PathBuf;

use super::disk::{Disk, SegmentFile};
use super::error::JournalError;
use super::head::Head;
use super::header::Header;
use super::segment::{self, Segment, UNFINISHED_SUFFIX};

/// A file that will be a segment.
#[derive(Debug)]
pub(super) struct Spare {
    path: PathBuf,
    file: Box<dyn SegmentFile>,
    capacity: u64,
    /// Zeros are written up to here.
    filled: u64,
}

fn name() -> String {
    format!("spare{UNFINISHED_SUFFIX}")
}

impl Spare {
    /// Begins a file of no length, in place of any that is left.
    pub(super) fn begin(disk: &dyn Disk, capacity: u64) -> Result<Self, JournalError> {
        segment::remove_unfinished(disk)?;
        let path = disk.path(&name());
        let file = disk.create(&name());
        let file = file.map_err(|source| failed("create", &path, source))?;
        Ok(Self { path, file, capacity, filled: 0 })
    }

    /// How much is still to be filled, in bytes.
    pub(super) fn unfilled(&self) -> u64 {
        self.capacity - self.filled
    }

    /// Fills so many bytes more, at most; durable only once it is synced.
    pub(super) fn fill(&mut self, bytes: u64) -> Result<(), JournalError> {
        let end = self.filled.saturating_add(bytes).min(self.capacity);
        let zeroed = segment::zero(&*self.file, self.filled..end);
        zeroed.map_err(|source| failed("write", &self.path, source))?;
        self.filled = end;
        Ok(())
    }

    pub(super) fn sync(&self) -> Result<(), JournalError> {
        self.file.sync_data().map_err(|source| failed("sync", &self.path, source))
    }

    /// Makes it the segment that this header describes, durably. All of it must be filled.
    pub(super) fn into_segment(
        self,
        disk: &dyn Disk,
        header: Header,
    ) -> Result<(Segment, Head), JournalError> {
        let own = segment::name(header.base);
        let path = disk.path(&own);
        let (segment, head) = Segment::found((path.clone(), self.file), header)?;
        segment.sync()?;
        let renamed = disk.rename(&name(), &own).and_then(|()| disk.sync());
        renamed.map_err(|source| failed("create", &path, source))?;
        Ok((segment, head))
    }
}

fn failed(action: &'static str, path: &std::path::Path, source: std::io::Error) -> JournalError {
    JournalError::Io { action, path: path.to_path_buf(), source }
}
