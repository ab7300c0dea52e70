//! What is refused when the disk is nearly full: new work, and never the end of a hold as long as
//! the journals' segments have room.

use std::sync::atomic::Ordering;

use makegood_core::time::Time;

use super::WriteError;
use super::lanes::Lane;
use super::run::WriterLoop;
use makegood_ledger::journal::Journal;
use makegood_ledger::journal::error::JournalError;

/// So much more than the margin must be free before new work is taken again, as one part of the
/// margin: a disk at its margin does not take and refuse by turns.
const RELIEF_SHARE: u64 = 8;

/// What one batch is decided by besides the rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub(super) now: Time,
    /// The time of the first decision: `now`, or just after the last entry where the clock has gone
    /// back. Calendar windows are those of this time.
    pub(super) decided_at: Time,
    /// Whether the disk is nearly full.
    pub(super) lacks_room: bool,
}

impl Turn {
    /// Refuses what would be written for new work; what writes nothing is answered all the same.
    pub(super) fn check_room(self, lane: Lane, is_written: bool) -> Result<(), WriteError> {
        if self.lacks_room && is_written && lane == Lane::Ordinary {
            return Err(WriteError::DiskFull);
        }
        Ok(())
    }
}

impl WriterLoop {
    /// Whether either journal's disk is nearly full; says so when that changes.
    pub(super) fn lacks_room(&self) -> bool {
        let lacked = self.flags.lacks_room.load(Ordering::Acquire);
        let journals = [&self.parts.records, &self.parts.ledger];
        let lacks = journals.into_iter().any(|journal| is_short(journal, lacked));
        self.flags.lacks_room.store(lacks, Ordering::Release);
        match (lacked, lacks) {
            (false, true) => tracing::error!("disk nearly full; new work is refused"),
            (true, false) => tracing::info!("there is room on the disk again"),
            _ => {}
        }
        lacks
    }

    /// Gets the next segments ready while nobody waits for them.
    pub(super) fn prepare(&mut self, turn: Turn) {
        if turn.lacks_room {
            return;
        }
        let prepared = self.parts.records.prepare().and_then(|()| self.parts.ledger.prepare());
        match prepared {
            Ok(()) | Err(JournalError::DiskFull { .. }) => {}
            Err(error) => self.poison(&error),
        }
    }
}

/// Where a file system does not say what is left of it, the write itself will tell.
fn is_short(journal: &Journal, was_short: bool) -> bool {
    journal.room().is_some_and(|room| {
        let relief = if was_short { room.margin_bytes / RELIEF_SHARE } else { 0 };
        room.available_bytes < room.margin_bytes.saturating_add(relief)
    })
}
