//! Room on the disk: how much is left, and the next segment ahead of need.

use super::disk::Space;
use super::error::JournalError;
use super::spare::Spare;
use super::{Journal, frame};

/// The least that is kept free, unless it is configured.
const LEAST_MARGIN_BYTES: u64 = 64 << 20;

/// The part of the file system that is kept free, unless it is configured: one in so many bytes.
const MARGIN_SHARE: u64 = 100;

/// How much of the next segment is filled at once: no batch waits long for it.
const FILL_BYTES: u64 = 1 << 20;

/// What is left of a journal's disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What is free.
    pub available_bytes: u64,
    /// What is to be kept free: below that, new work is to be refused.
    pub margin_bytes: u64,
}

impl Journal {
    /// What is left of the disk; nothing where the file system does not say.
    pub fn room(&self) -> Option<Room> {
        let Space { available, total } = self.disk.space().ok()?;
        let by_default = LEAST_MARGIN_BYTES.max(total / MARGIN_SHARE);
        let margin_bytes = self.config.margin_bytes.unwrap_or(by_default);
        Some(Room { available_bytes: available, margin_bytes })
    }

    /// Makes sure that `payloads` fit as one batch, so that [`Journal::append`] lacks no room.
    ///
    /// # Errors
    /// [`JournalError::DiskFull`] changes nothing. Another failure poisons the journal.
    pub fn make_room(&mut self, payloads: &[impl AsRef<[u8]>]) -> Result<(), JournalError> {
        self.refuse_when_poisoned()?;
        self.make_room_for(frame::batch_bytes(payloads))
    }

    /// Fills a part of the next segment, once this one is half full. To be called after each batch,
    /// and only while there is room to spare.
    ///
    /// # Errors
    /// [`JournalError::DiskFull`] changes nothing. Another failure poisons the journal.
    pub fn prepare(&mut self) -> Result<(), JournalError> {
        self.refuse_when_poisoned()?;
        let is_early = self.end.offset < self.segment.header.capacity / 2;
        if is_early || self.missing_bytes() == 0 {
            return Ok(());
        }
        self.filling(|spare| spare.fill(FILL_BYTES).and_then(|()| spare.sync()))
    }

    /// Whether a batch of so many bytes fits the last segment.
    pub(super) fn fits(&self, bytes: u64) -> bool {
        self.end.offset + bytes <= self.segment.header.capacity
    }

    pub(super) fn make_room_for(&mut self, bytes: u64) -> Result<(), JournalError> {
        let missing = self.missing_bytes();
        if self.fits(bytes) || missing == 0 {
            return Ok(());
        }
        // Whoever fills a disk to its last byte takes it from everybody else on it.
        if self.disk.space().is_ok_and(|space| space.available < missing) {
            return Err(self.disk_full());
        }
        self.filling(|spare| spare.fill(u64::MAX))
    }

    /// What the next segment still lacks, in bytes.
    fn missing_bytes(&self) -> u64 {
        self.spare.as_ref().map_or(self.config.segment_bytes, Spare::unfilled)
    }

    /// Fills the next segment. What was filled is given back where there is no room for more.
    fn filling(
        &mut self,
        fill: impl FnOnce(&mut Spare) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        match self.try_filling(fill) {
            Err(error) if error.is_lack_of_room() => {
                self.spare = None;
                super::segment::remove_unfinished(&*self.disk)?;
                Err(self.disk_full())
            }
            filled => {
                self.poisoned = filled.is_err();
                filled
            }
        }
    }

    fn try_filling(
        &mut self,
        fill: impl FnOnce(&mut Spare) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        if self.spare.is_none() {
            self.spare = Some(Spare::begin(&*self.disk, self.config.segment_bytes)?);
        }
        self.spare.as_mut().map_or(Ok(()), fill)
    }

    fn disk_full(&self) -> JournalError {
        JournalError::DiskFull { path: self.disk.path("") }
    }
}
