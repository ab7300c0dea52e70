//! Opening a journal: verify all that is confirmed, keep what is complete, cut what is torn.

use makegood_core::mutants::{Mutant, is_on};
use std::sync::Arc;

use super::disk::{Access, Disk};
use super::error::JournalError;
use super::frame::{FrameFault, LeafHash};
use super::head::Head;
use super::header::Header;
use super::scan::{self, Stop};
use super::sealed::Sealed;
use super::segment::{self, Cursor, Segment};
use super::{Config, Journal, Recovery};

/// The last segment of a journal, as found.
struct Found {
    segment: Segment,
    head: Head,
    stop: Stop,
    /// The leaf hash of the record before the end.
    last_leaf: LeafHash,
}

impl Found {
    /// Without what was written after the head: see [`Mutant::StartCutsBatch`].
    fn up_to_head(mut self) -> Self {
        let Head { next_position: position, offset, last_leaf, .. } = self.head;
        self.stop.end = Cursor { position, offset };
        self.last_leaf = last_leaf;
        self
    }
}

/// Opens the journal on `disk`, creating it where there is none. Nothing is written before the last
/// `segments` are verified; those before them are left to be.
pub(super) fn recover(
    disk: Arc<dyn Disk>,
    config: Config,
    segments: usize,
) -> Result<(Journal, Recovery, Sealed), JournalError> {
    let mut bases = segment::bases(&*disk)?;
    let left = bases.len().saturating_sub(segments);
    let found = verify(&*disk, bases.get(left..).unwrap_or_default(), left > 0)?;
    bases.truncate(if left > 0 { left + 1 } else { 0 });
    let sealed = Sealed::new(Arc::clone(&disk), bases);
    let found = match found {
        Some(found) if is_on(Mutant::StartCutsBatch) => Some(found.up_to_head()),
        found => found,
    };
    let torn = match &found {
        Some(found) => scan::torn_bytes(&found.segment, &found.stop)?,
        None => 0,
    };
    tidy(&*disk)?;
    let found = match found {
        Some(found) => found,
        None => create(&*disk, config)?,
    };
    let head = repair(&found)?;
    let end = found.stop.end;
    let recovery = Recovery { entries: end.position, cut_bytes: torn as u64 };
    let journal = Journal {
        disk,
        config,
        segment: found.segment,
        end,
        last_leaf: found.last_leaf,
        head,
        spare: None,
        batch: Vec::new(),
        poisoned: false,
    };
    Ok((journal, recovery, sealed))
}

fn create(disk: &dyn Disk, config: Config) -> Result<Found, JournalError> {
    let last_leaf = LeafHash::default();
    let header = Header { base: 0, capacity: config.segment_bytes, previous_leaf: last_leaf };
    let (segment, head) = Segment::create(disk, header)?;
    let stop = Stop { end: segment.start(), broken_at: segment.start(), fault: FrameFault::Blank };
    Ok(Found { segment, head, stop, last_leaf })
}

/// Verifies each segment and the chain between them; others may come before them.
fn verify(disk: &dyn Disk, bases: &[u64], has_before: bool) -> Result<Option<Found>, JournalError> {
    let mut found: Option<Found> = None;
    for &base in bases {
        let segment = Segment::open(disk, base, Access::Write)?;
        match &found {
            Some(before) => {
                scan::verify_end(disk, &before.segment, &before.stop, base)?;
                segment.verify_chain(&before.last_leaf)?;
            }
            None if has_before => {}
            None => segment::verify_gap(disk, 0, base)?,
        }
        let head = segment.newest_head()?;
        let (stop, last_leaf) = scan::scan(&segment, &head)?;
        found = Some(Found { segment, head, stop, last_leaf });
    }
    Ok(found)
}

/// Removes an unfinished segment, and makes names durable that a crash may have left pending.
fn tidy(disk: &dyn Disk) -> Result<(), JournalError> {
    segment::remove_unfinished(disk)?;
    disk.sync().map_err(|source| JournalError::Io { action: "sync", path: disk.path(""), source })
}

/// Makes the last segment on disk what was found, and confirms its end.
///
/// The newest head, what is kept behind it and the zeros after that are written whether or not
/// they can be read there: after a failed sync, and that may have been one of this very function,
/// the page cache shows bytes that the disk never got.
fn repair(found: &Found) -> Result<Head, JournalError> {
    let Found { segment, head, stop: Stop { end, .. }, last_leaf } = found;
    let kept_bytes = usize::try_from(end.offset - head.offset).unwrap_or(usize::MAX);
    let kept = segment.read(head.offset, kept_bytes)?;
    segment.write_head(head)?;
    segment.write(&kept, head.offset)?;
    segment.zero_from(end.offset)?;
    segment.sync()?;
    if kept.is_empty() {
        return Ok(head.clone());
    }
    let head = head.following(*end, *last_leaf);
    segment.write_head(&head)?;
    segment.sync()?;
    Ok(head)
}
