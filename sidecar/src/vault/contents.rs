//! What a key file has: where each key is, who was erased, and how far the ledger was read.

use super::Pid;
use super::key_file::{LEDGER_READ, erased_at};
use super::places::Places;

/// What stands in a file.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Where the row of each subject is, and of the tenant.
    pub(super) places: Places,
    /// Who was erased, and by the entry at which position.
    pub(super) erased: Vec<(Pid, u64)>,
    /// Where the row is that says how far the ledger was read.
    pub(super) ledger_read: Option<u64>,
}

impl Contents {
    /// Nothing yet, and room for so many subjects.
    pub(super) fn with_room_for(subject_count: u64) -> Self {
        Self { places: Places::with_room_for(subject_count), ..Self::default() }
    }

    /// Takes in the row at a place; it counts instead of those before it.
    pub(super) fn add(&mut self, pid: &Pid, place: u64, row: &[u8]) {
        if *pid == LEDGER_READ {
            self.ledger_read = Some(place);
        } else if let Some(position) = erased_at(row) {
            self.places.remove(pid);
            self.erased.push((*pid, position));
        } else {
            self.places.add(pid, place);
        }
    }
}
