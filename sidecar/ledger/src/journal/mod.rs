//! The journal: an append-only file of records, which is the truth that all else is built from.
//!
//! A journal is a folder of segments. A segment is a preallocated file: a header, two head slots,
//! and frames ([`frame`]), one a record. Records are opaque bytes with a dense position that starts
//! at zero. One process writes, guarded by a [`lock::DataLock`]; any number of readers work beside
//! it ([`reader`]).
//!
//! # What is guaranteed
//! - When [`Journal::append`] returns, its batch is on stable storage.
//! - After any crash or power cut, each acknowledged batch is there, and a batch that was not
//!   acknowledged is there whole or not at all.
//! - Any changed byte of a confirmed record stops [`Journal::open`] with an error that names file,
//!   byte and position. Nothing is ever skipped.
//! - After a failed write or sync nothing more is written ([`JournalError::Poisoned`]), and no sync
//!   is ever tried again: the system may have dropped the very bytes that it failed to store.
//!
//! # Why a head names the batch before
//! A batch is written with one write and made durable with one `fdatasync`. At a start, bytes at
//! the end of the log that are no valid frame have one of two causes: a power cut tore the batch
//! in flight, which nobody was told of, so that it must be cut; or acknowledged bytes were damaged,
//! so that the start must refuse. The head tells the two apart: whatever lies before it was synced.
//!
//! A head written in the same sync as its own batch would lie: the power may fail when the head is
//! on disk and the frames are not, and the start would refuse although nothing was lost. So the
//! head that is written along with batch *k + 1* states that batch *k* was synced, which is true
//! whatever becomes of the write. That leaves the last batch unconfirmed until the next one; when
//! no next one comes, the idle writer calls [`Journal::confirm`], which writes and syncs the head
//! alone. Until then damage to that one batch cannot be told from a torn write; whatever is cut is
//! reported ([`Recovery::cut_bytes`]).
//!
//! Heads alternate between two slots by generation, so that a torn head leaves the one before it.
//!
//! # Recovery
//! 1. Headers, the chain of leaf hashes from segment to segment, and each frame up to the newest
//!    valid head must be intact, and the head must fit the frames; otherwise the start refuses.
//!    A long journal can be opened by its last segments, and the others be verified behind the start
//!    ([`sealed`]): nothing is written to those any more.
//! 2. Behind the head, complete batches are kept. There is at most one, or two where the newest
//!    head was torn.
//! 3. What follows is a torn tail and is cut, unless an intact frame of a *later* batch lies in it.
//!    Each frame carries its index in its batch, so frames of the torn batch itself, whose sectors
//!    may reach the disk in any order, are told from those of a later one. A later batch means that
//!    the broken one had been acknowledged: the start refuses.
//! 4. The newest head, what is kept behind it, and zeros up to the segment's end are written and
//!    synced before a new head confirms the end. They are written whether or not they can be read
//!    there already: after a failed sync the page cache shows bytes that never reached the disk.
//!    The zeros matter because stale bytes must never be read as a frame; even if some were left, a
//!    frame counts only at its exact position and as the next one of its batch.
//!
//! # What is assumed
//! `fdatasync` tells the truth, a write leaves bytes outside its range as they were, and a rename
//! is atomic. Sectors may otherwise be written in any order, in part, or not at all.
//!
//! # What is not seen
//! A folder without a segment is a new journal, and one whose last segments were taken away looks
//! whole: only a checkpoint kept elsewhere tells. A payload whose bytes imitate a frame of a later
//! batch can, if a power cut tears just that record, make the start refuse; it can never hide or
//! change a record.

pub mod disk;
pub mod error;
pub mod frame;
mod head;
mod header;
pub mod lock;
pub mod reader;
mod recovery;
mod scan;
pub mod sealed;
mod segment;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
mod space;
mod spare;
#[cfg(test)]
mod tests;
pub mod whole;

use makegood_core::mutants::{Mutant, is_on};
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use disk::{Disk, Folder};
use error::JournalError;
use frame::{LeafHash, leaf_hash};
use head::Head;
use header::Header;
use reader::Reader;
use sealed::Sealed;
use segment::{Cursor, FRAMES_START, Segment};
pub use space::Room;
use spare::Spare;

/// How a journal is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// The size of each new segment in bytes, from 8 KiB to 4 GiB. A batch must fit one segment.
    pub segment_bytes: u64,
    /// Free space in bytes below which new work is to be refused ([`Journal::room`]); by default
    /// 64 MiB or a hundredth of the file system, whichever is more.
    pub margin_bytes: Option<u64>,
}

impl Config {
    const LEAST_SEGMENT_BYTES: u64 = 8 << 10;
    const MOST_SEGMENT_BYTES: u64 = 4 << 30;

    fn verify(self) -> Result<Self, JournalError> {
        let (least, most) = (Self::LEAST_SEGMENT_BYTES, Self::MOST_SEGMENT_BYTES);
        if (least..=most).contains(&self.segment_bytes) {
            return Ok(self);
        }
        Err(JournalError::SegmentBytes { bytes: self.segment_bytes, least, most })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self { segment_bytes: 16 << 20, margin_bytes: None }
    }
}

/// What [`Journal::open`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    /// The number of records.
    pub entries: u64,
    /// The bytes of a torn batch that were cut off the end; none of it was acknowledged.
    pub cut_bytes: u64,
}

/// A journal, open for writing by its one writer.
pub struct Journal {
    disk: Arc<dyn Disk>,
    config: Config,
    /// The last segment.
    segment: Segment,
    /// Where the next record begins.
    end: Cursor,
    /// The leaf hash of the record before `end`.
    last_leaf: LeafHash,
    /// The newest head on stable storage.
    head: Head,
    /// The next segment, as far as it is filled.
    spare: Option<Spare>,
    /// The encoded batch; kept to reuse its memory.
    batch: Vec<u8>,
    poisoned: bool,
}

/// Shows no bytes of the records, which may be private.
impl fmt::Debug for Journal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = formatter.debug_struct("Journal");
        fields.field("segment", &self.segment.path).field("end", &self.end);
        fields.field("poisoned", &self.poisoned).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal in folder `dir`, or creates it where there is none, and verifies all of
    /// it. The caller holds the folder's [`lock::DataLock`].
    ///
    /// # Errors
    /// When anything that was confirmed is damaged or missing (nothing is changed then), or when
    /// the folder cannot be read or written.
    pub fn open(dir: &Path, config: Config) -> Result<(Self, Recovery), JournalError> {
        Self::open_on(Self::folder(dir)?, config)
    }

    /// As [`Journal::open`], on any disk.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_on(disk: Arc<dyn Disk>, config: Config) -> Result<(Self, Recovery), JournalError> {
        let (journal, recovery, _) = recovery::recover(disk, config.verify()?, usize::MAX)?;
        Ok((journal, recovery))
    }

    /// As [`Journal::open`], but verifies the last `segments` alone, at least two; whoever opens it
    /// so has the others verified soon.
    ///
    /// # Errors
    /// As [`Journal::open`], for the segments that are verified.
    pub fn open_long(
        dir: &Path,
        config: Config,
        segments: usize,
    ) -> Result<(Self, Recovery, Sealed), JournalError> {
        recovery::recover(Self::folder(dir)?, config.verify()?, segments.max(2))
    }

    fn folder(dir: &Path) -> Result<Arc<dyn Disk>, JournalError> {
        let failed =
            |source| JournalError::Io { action: "create", path: dir.to_path_buf(), source };
        Ok(Arc::new(Folder::create(dir).map_err(failed)?))
    }

    /// The position that the next record will have, which is also the number of records.
    pub fn next_position(&self) -> u64 {
        self.end.position
    }

    /// A reader of this journal; it works even when the journal is poisoned.
    pub fn reader(&self) -> Reader {
        Reader::open_on(Arc::clone(&self.disk))
    }

    /// Appends `payloads` as one batch and returns their positions, once all of them are on stable
    /// storage. After a crash the batch is there whole or, if this call did not return, perhaps not
    /// at all. An empty batch does nothing.
    ///
    /// # Errors
    /// [`JournalError::PayloadTooLarge`], [`JournalError::BatchTooLarge`] and
    /// [`JournalError::DiskFull`] change nothing. Any other failed write or sync poisons the journal
    /// and leaves open whether the batch was stored.
    pub fn append(&mut self, payloads: &[impl AsRef<[u8]>]) -> Result<Range<u64>, JournalError> {
        self.refuse_when_poisoned()?;
        let first = self.end.position;
        let Some(last) = payloads.last() else {
            return Ok(first..first);
        };
        frame::encode_batch(&mut self.batch, first, payloads)?;
        let limit = self.config.segment_bytes - FRAMES_START;
        let bytes = self.batch.len() as u64;
        if bytes > limit {
            return Err(JournalError::BatchTooLarge { bytes, limit });
        }
        self.make_room_for(bytes)?;
        self.poisoned_unless_ok(Self::write_batch)?;
        self.end.position += payloads.len() as u64;
        self.end.offset += bytes;
        self.last_leaf = leaf_hash(last.as_ref());
        Ok(first..self.end.position)
    }

    /// Puts a head on stable storage that confirms the last batch, so that damage to it can no
    /// longer pass for a torn write. To be called when the writer falls idle; does nothing where
    /// all is confirmed.
    ///
    /// # Errors
    /// A failed write or sync poisons the journal.
    pub fn confirm(&mut self) -> Result<(), JournalError> {
        self.refuse_when_poisoned()?;
        if self.is_confirmed() {
            return Ok(());
        }
        self.poisoned_unless_ok(|journal| {
            let head = journal.write_head()?;
            journal.segment.sync()?;
            journal.head = head;
            Ok(())
        })
    }

    /// Confirms the last batch and closes the journal.
    ///
    /// # Errors
    /// As [`Journal::confirm`].
    pub fn close(mut self) -> Result<(), JournalError> {
        self.confirm()
    }

    /// Writes the encoded batch, along with a head that confirms the batch before it.
    fn write_batch(&mut self) -> Result<(), JournalError> {
        if !self.fits(self.batch.len() as u64) {
            self.begin_segment()?;
        }
        let head = self.write_head()?;
        self.segment.write(&self.batch, self.end.offset)?;
        if !is_on(Mutant::SyncSkipped) {
            let synced = self.segment.sync();
            if !is_on(Mutant::SyncErrorIgnored) {
                synced?;
            }
        }
        self.head = head;
        Ok(())
    }

    /// Confirms the last segment's end before another segment can say that it follows.
    fn begin_segment(&mut self) -> Result<(), JournalError> {
        if !self.is_confirmed() {
            self.write_head()?;
            self.segment.sync()?;
        }
        let header = Header {
            base: self.end.position,
            capacity: self.config.segment_bytes,
            previous_leaf: self.last_leaf,
        };
        (self.segment, self.head) = match self.spare.take() {
            Some(spare) => spare.into_segment(&*self.disk, header)?,
            None => Segment::create(&*self.disk, header)?,
        };
        self.end = self.segment.start();
        Ok(())
    }

    /// Writes the head that confirms all up to the end, unless it is on stable storage already.
    fn write_head(&self) -> Result<Head, JournalError> {
        if self.is_confirmed() {
            return Ok(self.head.clone());
        }
        let head = self.head.following(self.end, self.last_leaf);
        self.segment.write_head(&head)?;
        Ok(head)
    }

    fn is_confirmed(&self) -> bool {
        self.head.next_position == self.end.position
    }

    fn refuse_when_poisoned(&self) -> Result<(), JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned { path: self.segment.path.clone() });
        }
        Ok(())
    }

    /// Runs `write` and leaves the journal poisoned however that ends, except by success.
    fn poisoned_unless_ok(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        self.poisoned = true;
        write(self)?;
        self.poisoned = false;
        Ok(())
    }
}
