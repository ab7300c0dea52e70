//! Where the row of each subject stands in the key file: some forty bytes a subject, and no key.

use std::collections::HashMap;

use super::Pid;
use super::by_random_bytes::ByRandomBytes;

/// Bytes of a place; more than a key file will ever have.
const PLACE_BYTES: usize = 5;

/// The places of rows, by pseudonym.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<Pid, [u8; PLACE_BYTES], ByRandomBytes>);

impl Places {
    /// An empty one that does not grow soon.
    pub(super) fn with_room_for(subject_count: u64) -> Self {
        let room = usize::try_from(subject_count).unwrap_or(0);
        Self(HashMap::with_capacity_and_hasher(room, ByRandomBytes::default()))
    }

    pub(super) fn add(&mut self, pid: &Pid, place: u64) {
        let [_, _, _, bytes @ ..] = place.to_be_bytes();
        self.0.insert(*pid, bytes);
    }

    pub(super) fn place(&self, pid: &Pid) -> Option<u64> {
        let stored = self.0.get(pid)?;
        let mut bytes = [0; 8];
        bytes[8 - PLACE_BYTES..].copy_from_slice(stored);
        Some(u64::from_be_bytes(bytes))
    }

    pub(super) fn remove(&mut self, pid: &Pid) -> Option<u64> {
        let place = self.place(pid);
        self.0.remove(pid);
        place
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
